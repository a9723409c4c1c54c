/* Devices, contexts, memory, modules, launches. */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define MAX_PUSHED 16
#define TOTAL_MEMORY ((size_t)1 << 33)

struct CUctx_st {
    unsigned retained; /* of the primary context */
};

struct CUmod_st {
    int unused;
};

static struct CUctx_st primary;
static _Thread_local CUcontext pushed[MAX_PUSHED];
static _Thread_local unsigned n_pushed;

CUcontext sw_current(void)
{
    return n_pushed ? pushed[n_pushed - 1] : NULL;
}

#define BEGIN_ANYWHERE(name)                                                                       \
    if (sw_begin(#name, false)) return CUDA_ERROR_UNKNOWN
#define BEGIN(name)                                                                                \
    BEGIN_ANYWHERE(name);                                                                          \
    if (!sw_current()) return SW_INVALID_CONTEXT

SW_EXPORT tcuInit cuInit;
SW_EXPORT tcuDeviceGetCount cuDeviceGetCount;
SW_EXPORT tcuDeviceGet cuDeviceGet;
SW_EXPORT tcuDeviceGetName cuDeviceGetName;
SW_EXPORT tcuDevicePrimaryCtxRetain cuDevicePrimaryCtxRetain;
SW_EXPORT tcuDevicePrimaryCtxRelease cuDevicePrimaryCtxRelease;
SW_EXPORT tcuCtxCreate_v2 cuCtxCreate_v2;
SW_EXPORT tcuCtxDestroy_v2 cuCtxDestroy_v2;
SW_EXPORT tcuCtxPushCurrent_v2 cuCtxPushCurrent_v2;
SW_EXPORT tcuCtxPopCurrent_v2 cuCtxPopCurrent_v2;
SW_EXPORT CUresult cuCtxGetCurrent(CUcontext *ctx);
SW_EXPORT CUresult cuCtxSynchronize(void);
SW_EXPORT CUresult cuCtxGetStreamPriorityRange(int *least, int *greatest);
SW_EXPORT CUresult cuMemGetInfo_v2(size_t *left, size_t *total);
SW_EXPORT tcuMemAlloc_v2 cuMemAlloc_v2;
SW_EXPORT tcuMemFree_v2 cuMemFree_v2;
SW_EXPORT CUresult cuMemHostAlloc(void **p, size_t size, unsigned flags);
SW_EXPORT CUresult cuMemFreeHost(void *p);
SW_EXPORT tcuMemcpy2D_v2 cuMemcpy2D_v2;
SW_EXPORT tcuMemcpy2DAsync_v2 cuMemcpy2DAsync_v2;
SW_EXPORT tcuMemcpyHtoD_v2 cuMemcpyHtoD_v2;
SW_EXPORT tcuMemcpyDtoH_v2 cuMemcpyDtoH_v2;
SW_EXPORT tcuMemsetD8Async cuMemsetD8Async;
SW_EXPORT CUresult cuMemsetD16Async(CUdeviceptr p, unsigned short value, size_t n, CUstream stream);
SW_EXPORT tcuModuleLoadData cuModuleLoadData;
SW_EXPORT tcuModuleUnload cuModuleUnload;
SW_EXPORT tcuModuleGetFunction cuModuleGetFunction;
SW_EXPORT tcuLaunchKernel cuLaunchKernel;
SW_EXPORT tcuGetErrorName cuGetErrorName;

CUresult cuInit(unsigned flags)
{
    BEGIN_ANYWHERE(cuInit);
    return flags ? SW_INVALID_VALUE : CUDA_SUCCESS;
}

CUresult cuDeviceGetCount(int *count)
{
    BEGIN_ANYWHERE(cuDeviceGetCount);
    *count = !sw_planted(SW_NO_DEVICE);
    return CUDA_SUCCESS;
}

CUresult cuDeviceGet(CUdevice *device, int ordinal)
{
    BEGIN_ANYWHERE(cuDeviceGet);
    *device = 0;
    return ordinal ? SW_NO_SUCH_DEVICE : CUDA_SUCCESS;
}

CUresult cuDeviceGetName(char *name, int size, CUdevice device)
{
    BEGIN_ANYWHERE(cuDeviceGetName);
    snprintf(name, (size_t)size, "software device");
    return device ? SW_NO_SUCH_DEVICE : CUDA_SUCCESS;
}

CUresult cuDevicePrimaryCtxRetain(CUcontext *ctx, CUdevice device)
{
    BEGIN_ANYWHERE(cuDevicePrimaryCtxRetain);
    if (device) return SW_NO_SUCH_DEVICE;
    sw_lock();
    primary.retained++;
    sw_add(SW_CONTEXT, &primary, 0);
    sw_unlock();
    *ctx = &primary;
    return CUDA_SUCCESS;
}

CUresult cuDevicePrimaryCtxRelease(CUdevice device)
{
    const bool failed = sw_begin("cuDevicePrimaryCtxRelease", true);
    if (device) return SW_NO_SUCH_DEVICE;
    if (!sw_remove(SW_CONTEXT, &primary)) return SW_INVALID_CONTEXT;
    sw_lock();
    primary.retained--;
    sw_unlock();
    return failed ? CUDA_ERROR_UNKNOWN : CUDA_SUCCESS;
}

bool sw_primary_active(void)
{
    sw_lock();
    const bool active = primary.retained;
    sw_unlock();
    return active;
}

/* A new context is current, as with the real driver. */
CUresult cuCtxCreate_v2(CUcontext *ctx, unsigned flags, CUdevice device)
{
    BEGIN_ANYWHERE(cuCtxCreate_v2);
    (void)flags;
    if (device || n_pushed == MAX_PUSHED) return SW_INVALID_VALUE;
    *ctx = calloc(1, sizeof(**ctx));
    if (!*ctx) return SW_OUT_OF_MEMORY;
    sw_add(SW_CONTEXT, *ctx, 0);
    pushed[n_pushed++] = *ctx;
    sw_add(SW_PUSH, *ctx, 0);
    return CUDA_SUCCESS;
}

CUresult cuCtxDestroy_v2(CUcontext ctx)
{
    const bool failed = sw_begin("cuCtxDestroy_v2", true);
    if (sw_current() == ctx) {
        n_pushed--;
        sw_remove(SW_PUSH, ctx);
    }
    if (!sw_remove(SW_CONTEXT, ctx)) return SW_INVALID_CONTEXT;
    free(ctx);
    return failed ? CUDA_ERROR_UNKNOWN : CUDA_SUCCESS;
}

CUresult cuCtxPushCurrent_v2(CUcontext ctx)
{
    BEGIN_ANYWHERE(cuCtxPushCurrent_v2);
    if (n_pushed == MAX_PUSHED) return SW_INVALID_VALUE;
    if (!sw_live(SW_CONTEXT, ctx)) {
        sw_misuse("cuCtxPushCurrent of a context that is not live");
        return SW_INVALID_CONTEXT;
    }
    pushed[n_pushed++] = ctx;
    sw_add(SW_PUSH, ctx, 0);
    return CUDA_SUCCESS;
}

CUresult cuCtxPopCurrent_v2(CUcontext *ctx)
{
    const bool failed = sw_begin("cuCtxPopCurrent_v2", true);
    if (!n_pushed) {
        sw_misuse("cuCtxPopCurrent without a context");
        return SW_INVALID_CONTEXT;
    }
    CUcontext popped = pushed[--n_pushed];
    sw_remove(SW_PUSH, popped);
    if (ctx) *ctx = popped; /* FFmpeg passes NULL, which the real driver takes */
    return failed ? CUDA_ERROR_UNKNOWN : CUDA_SUCCESS;
}

CUresult cuCtxGetCurrent(CUcontext *ctx)
{
    *ctx = sw_current();
    return CUDA_SUCCESS;
}

CUresult cuCtxSynchronize(void)
{
    BEGIN(cuCtxSynchronize);
    sw_run_all();
    return CUDA_SUCCESS;
}

CUresult cuCtxGetStreamPriorityRange(int *least, int *greatest)
{
    BEGIN(cuCtxGetStreamPriorityRange);
    *least = 0;
    *greatest = -5;
    return CUDA_SUCCESS;
}

CUresult cuMemGetInfo_v2(size_t *left, size_t *total)
{
    BEGIN(cuMemGetInfo_v2);
    SwCounts c;
    extern const SoftwareDevice sw_device;
    sw_device.counts(&c);
    *total = TOTAL_MEMORY;
    *left = TOTAL_MEMORY - c.device_bytes;
    return CUDA_SUCCESS;
}

static CUresult get_memory(void **p, size_t size, SwKind kind)
{
    if (!size) return SW_INVALID_VALUE;
    if (size > TOTAL_MEMORY || posix_memalign(p, 256, size)) return SW_OUT_OF_MEMORY;
    memset(*p, 0xa5, size);
    sw_lock();
    sw_add(kind, *p, size);
    sw_device_memory_close();
    sw_unlock();
    return CUDA_SUCCESS;
}

static size_t wanted_size;
static const void *wanted;

static void look(const void *handle, size_t size)
{
    if (handle == wanted) wanted_size = size;
}

static CUresult free_memory(void *p, SwKind kind, const char *call)
{
    sw_lock();
    wanted = p;
    wanted_size = 0;
    sw_each(kind, look);
    if (wanted_size && sw_queue_touches(p, wanted_size))
        sw_misuse("%s while queued work uses the memory", call);
    sw_device_memory_open();
    const bool known = sw_remove(kind, p);
    if (known) free(p);
    sw_device_memory_close();
    sw_unlock();
    return known ? CUDA_SUCCESS : SW_INVALID_VALUE;
}

CUresult cuMemAlloc_v2(CUdeviceptr *p, size_t size)
{
    BEGIN(cuMemAlloc_v2);
    void *block = NULL;
    const CUresult r = get_memory(&block, size, SW_DEVICE_MEMORY);
    if (r == CUDA_SUCCESS) *p = (CUdeviceptr)(uintptr_t)block;
    return r;
}

CUresult cuMemFree_v2(CUdeviceptr p)
{
    const bool failed = sw_begin("cuMemFree_v2", true);
    if (!sw_current()) return SW_INVALID_CONTEXT;
    const CUresult r = free_memory((void *)(uintptr_t)p, SW_DEVICE_MEMORY, "cuMemFree");
    return failed ? CUDA_ERROR_UNKNOWN : r;
}

CUresult cuMemHostAlloc(void **p, size_t size, unsigned flags)
{
    BEGIN(cuMemHostAlloc);
    (void)flags;
    return get_memory(p, size, SW_PINNED_MEMORY);
}

CUresult cuMemFreeHost(void *p)
{
    const bool failed = sw_begin("cuMemFreeHost", true);
    if (!sw_current()) return SW_INVALID_CONTEXT;
    const CUresult r = free_memory(p, SW_PINNED_MEMORY, "cuMemFreeHost");
    return failed ? CUDA_ERROR_UNKNOWN : r;
}

CUresult cuMemcpy2DAsync_v2(const CUDA_MEMCPY2D *copy, CUstream stream)
{
    BEGIN(cuMemcpy2DAsync_v2);
    if (copy->WidthInBytes > copy->srcPitch || copy->WidthInBytes > copy->dstPitch)
        return SW_INVALID_VALUE;
    SwOp op = {.kind = SW_COPY, .copy = *copy};
    sw_stage(&op);
    return sw_enqueue(stream, &op);
}

/* Between device memories the real call, too, returns before the copy is done. */
CUresult cuMemcpy2D_v2(const CUDA_MEMCPY2D *copy)
{
    BEGIN(cuMemcpy2D_v2);
    const SwOp op = {.kind = SW_COPY, .copy = *copy};
    const CUresult r = sw_enqueue(NULL, &op);
    if (copy->srcMemoryType != CU_MEMORYTYPE_DEVICE || copy->dstMemoryType != CU_MEMORYTYPE_DEVICE)
        sw_run_stream(NULL);
    return r;
}

static void copy_block(void *dst, const void *src, size_t size)
{
    sw_lock();
    sw_run_stream(NULL);
    sw_device_memory_open();
    memcpy(dst, src, size);
    sw_device_memory_close();
    sw_unlock();
}

CUresult cuMemcpyHtoD_v2(CUdeviceptr dst, const void *src, size_t size)
{
    BEGIN(cuMemcpyHtoD_v2);
    copy_block((void *)(uintptr_t)dst, src, size);
    return CUDA_SUCCESS;
}

CUresult cuMemcpyDtoH_v2(void *dst, CUdeviceptr src, size_t size)
{
    BEGIN(cuMemcpyDtoH_v2);
    copy_block(dst, (const void *)(uintptr_t)src, size);
    return CUDA_SUCCESS;
}

static CUresult set(CUdeviceptr p, unsigned value, unsigned bytes, size_t n, CUstream stream)
{
    const SwOp op = {.kind = SW_SET, .set = {(void *)(uintptr_t)p, value, bytes, n}};
    return sw_enqueue(stream, &op);
}

CUresult cuMemsetD8Async(CUdeviceptr p, unsigned char value, size_t n, CUstream stream)
{
    BEGIN(cuMemsetD8Async);
    return set(p, value, 1, n, stream);
}

CUresult cuMemsetD16Async(CUdeviceptr p, unsigned short value, size_t n, CUstream stream)
{
    BEGIN(cuMemsetD16Async);
    return set(p, value, 2, n, stream);
}

/* The image is for real devices; here its kernels are those compiled in. */
CUresult cuModuleLoadData(CUmodule *module, const void *image)
{
    BEGIN(cuModuleLoadData);
    if (sw_planted(SW_NO_KERNELS)) return SW_NO_BINARY;
    if (!image) return SW_INVALID_VALUE;
    *module = calloc(1, sizeof(**module));
    if (!*module) return SW_OUT_OF_MEMORY;
    sw_add(SW_MODULE, *module, 0);
    return CUDA_SUCCESS;
}

CUresult cuModuleUnload(CUmodule module)
{
    const bool failed = sw_begin("cuModuleUnload", true);
    if (!sw_current()) return SW_INVALID_CONTEXT;
    if (!sw_remove(SW_MODULE, module)) return SW_INVALID_HANDLE;
    free(module);
    return failed ? CUDA_ERROR_UNKNOWN : CUDA_SUCCESS;
}

CUresult cuModuleGetFunction(CUfunction *function, CUmodule module, const char *name)
{
    BEGIN(cuModuleGetFunction);
    if (!sw_live(SW_MODULE, module)) return SW_INVALID_HANDLE;
    for (const SwFunction *f = sw_functions; f->name; f++) {
        if (strcmp(f->name, name)) continue;
        *function = (CUfunction)(uintptr_t)f;
        return CUDA_SUCCESS;
    }
    return SW_NOT_FOUND;
}

CUresult cuLaunchKernel(CUfunction function, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                        unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared,
                        CUstream stream, void **params, void **extra)
{
    BEGIN(cuLaunchKernel);
    const SwFunction *f = (const SwFunction *)(const void *)function;
    const size_t threads = (size_t)block_x * block_y * block_z;
    if (!f || shared || extra || !grid_x || !grid_y || !grid_z || !threads || threads > 1024)
        return SW_INVALID_VALUE;
    SwOp op = {.kind = SW_LAUNCH,
               .launch = {f, {grid_x, grid_y, grid_z}, {block_x, block_y, block_z}, NULL}};
    op.launch.params = malloc(f->size);
    if (!op.launch.params) return SW_OUT_OF_MEMORY;
    memcpy(op.launch.params, params[0], f->size);
    return sw_enqueue(stream, &op);
}

CUresult cuGetErrorName(CUresult error, const char **name)
{
    if (sw_begin("cuGetErrorName", true)) return CUDA_ERROR_UNKNOWN;
    *name = error == SW_OUT_OF_MEMORY ? "CUDA_ERROR_OUT_OF_MEMORY" : "CUDA_ERROR_UNKNOWN";
    return CUDA_SUCCESS;
}
