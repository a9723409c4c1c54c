/* The calls that FFmpeg wants of a driver and the library does not: nv-codec-headers loads all it
 * knows or nothing. Those that uploading, copying and libvmaf_cuda lead to do what the real ones
 * do; the others say that they are not supported. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

extern const SoftwareDevice sw_device;

#define SW_NOT_SUPPORTED ((CUresult)801)
#define PITCH_ALIGNMENT 512

#define BEGIN_ANYWHERE(name)                                                                       \
    if (sw_begin(#name, false)) return CUDA_ERROR_UNKNOWN
#define BEGIN(name)                                                                                \
    BEGIN_ANYWHERE(name);                                                                          \
    if (!sw_current()) return SW_INVALID_CONTEXT

/* ---- devices and contexts ---- */

SW_EXPORT CUresult cuDriverGetVersion(int *version);
SW_EXPORT tcuDeviceGetAttribute cuDeviceGetAttribute;
SW_EXPORT tcuDeviceComputeCapability cuDeviceComputeCapability;
SW_EXPORT tcuCtxGetDevice cuCtxGetDevice;
SW_EXPORT tcuDevicePrimaryCtxGetState cuDevicePrimaryCtxGetState;
SW_EXPORT tcuDevicePrimaryCtxSetFlags cuDevicePrimaryCtxSetFlags;
SW_EXPORT tcuGetErrorString cuGetErrorString;

/* CUDA 11.1, like the headers that this is written with. */
CUresult cuDriverGetVersion(int *version)
{
    BEGIN_ANYWHERE(cuDriverGetVersion);
    *version = 11010;
    return CUDA_SUCCESS;
}

CUresult cuDeviceGetAttribute(int *value, CUdevice_attribute attribute, CUdevice device)
{
    enum { MAX_THREADS_PER_BLOCK = 1, WARP_SIZE = 10, TEXTURE_ALIGNMENT = 14 };
    BEGIN_ANYWHERE(cuDeviceGetAttribute);
    if (device) return SW_NO_SUCH_DEVICE;
    switch ((int)attribute) {
    case MAX_THREADS_PER_BLOCK:
        *value = 1024;
        return CUDA_SUCCESS;
    case WARP_SIZE:
        *value = 32;
        return CUDA_SUCCESS;
    case TEXTURE_ALIGNMENT:
        *value = PITCH_ALIGNMENT;
        return CUDA_SUCCESS;
    default:
        return SW_INVALID_VALUE;
    }
}

CUresult cuDeviceComputeCapability(int *major, int *minor, CUdevice device)
{
    BEGIN_ANYWHERE(cuDeviceComputeCapability);
    if (device) return SW_NO_SUCH_DEVICE;
    *major = 5;
    *minor = 0;
    return CUDA_SUCCESS;
}

CUresult cuCtxGetDevice(CUdevice *device)
{
    BEGIN(cuCtxGetDevice);
    *device = 0;
    return CUDA_SUCCESS;
}

CUresult cuDevicePrimaryCtxGetState(CUdevice device, unsigned *flags, int *active)
{
    BEGIN_ANYWHERE(cuDevicePrimaryCtxGetState);
    if (device) return SW_NO_SUCH_DEVICE;
    *flags = 0;
    *active = sw_primary_active();
    return CUDA_SUCCESS;
}

/* The flags say how a waiting processor passes its time, which is nothing to this device. */
CUresult cuDevicePrimaryCtxSetFlags(CUdevice device, unsigned flags)
{
    BEGIN_ANYWHERE(cuDevicePrimaryCtxSetFlags);
    (void)flags;
    return device ? SW_NO_SUCH_DEVICE : CUDA_SUCCESS;
}

CUresult cuGetErrorString(CUresult error, const char **text)
{
    if (sw_begin("cuGetErrorString", true)) return CUDA_ERROR_UNKNOWN;
    *text = error == SW_OUT_OF_MEMORY ? "out of memory" : "error of the software device";
    return CUDA_SUCCESS;
}

/* ---- memory ---- */

SW_EXPORT tcuMemAllocPitch_v2 cuMemAllocPitch_v2;
SW_EXPORT tcuMemcpyHtoDAsync_v2 cuMemcpyHtoDAsync_v2;
SW_EXPORT tcuMemcpyDtoHAsync_v2 cuMemcpyDtoHAsync_v2;
SW_EXPORT tcuMemcpyDtoD_v2 cuMemcpyDtoD_v2;
SW_EXPORT tcuMemcpyDtoDAsync_v2 cuMemcpyDtoDAsync_v2;
tcuMemAlloc_v2 cuMemAlloc_v2;
tcuMemcpy2D_v2 cuMemcpy2D_v2;
tcuMemcpy2DAsync_v2 cuMemcpy2DAsync_v2;

CUresult cuMemAllocPitch_v2(CUdeviceptr *p, size_t *pitch, size_t width, size_t height,
                            unsigned element)
{
    if (element != 4 && element != 8 && element != 16) return SW_INVALID_VALUE;
    *pitch = (width + PITCH_ALIGNMENT - 1) / PITCH_ALIGNMENT * PITCH_ALIGNMENT;
    return cuMemAlloc_v2(p, *pitch * height);
}

static const void *wanted;
static bool pinned;

static void look(const void *handle, size_t size)
{
    pinned |= wanted >= handle && (const char *)wanted < (const char *)handle + size;
}

static bool is_pinned(const void *p)
{
    sw_lock();
    wanted = p;
    pinned = false;
    sw_each(SW_PINNED_MEMORY, look);
    const bool found = pinned;
    sw_unlock();
    return found;
}

/* Memory that can be paged out is read before an asynchronous copy from it returns, so FFmpeg may
 * use its frames again while the copy waits its turn. */
void sw_stage(SwOp *op)
{
    CUDA_MEMCPY2D *c = &op->copy;
    if (c->srcMemoryType != CU_MEMORYTYPE_HOST || !c->Height || is_pinned(c->srcHost)) return;
    char *staged = malloc(c->Height * c->WidthInBytes + 1);
    if (!staged) abort();
    const char *src = (const char *)c->srcHost + c->srcY * c->srcPitch + c->srcXInBytes;
    for (size_t y = 0; y < c->Height; y++)
        memcpy(staged + y * c->WidthInBytes, src + y * c->srcPitch, c->WidthInBytes);
    op->staged = staged;
    c->srcHost = staged;
    c->srcPitch = c->WidthInBytes;
    c->srcXInBytes = c->srcY = 0;
}

static CUDA_MEMCPY2D one_row(size_t size)
{
    return (CUDA_MEMCPY2D){.srcMemoryType = CU_MEMORYTYPE_DEVICE,
                           .srcPitch = size,
                           .dstMemoryType = CU_MEMORYTYPE_DEVICE,
                           .dstPitch = size,
                           .WidthInBytes = size,
                           .Height = 1};
}

CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr dst, const void *src, size_t size, CUstream stream)
{
    CUDA_MEMCPY2D copy = one_row(size);
    copy.srcMemoryType = CU_MEMORYTYPE_HOST;
    copy.srcHost = src;
    copy.dstDevice = dst;
    return cuMemcpy2DAsync_v2(&copy, stream);
}

CUresult cuMemcpyDtoHAsync_v2(void *dst, CUdeviceptr src, size_t size, CUstream stream)
{
    CUDA_MEMCPY2D copy = one_row(size);
    copy.srcDevice = src;
    copy.dstMemoryType = CU_MEMORYTYPE_HOST;
    copy.dstHost = dst;
    return cuMemcpy2DAsync_v2(&copy, stream);
}

CUresult cuMemcpyDtoD_v2(CUdeviceptr dst, CUdeviceptr src, size_t size)
{
    CUDA_MEMCPY2D copy = one_row(size);
    copy.srcDevice = src;
    copy.dstDevice = dst;
    return cuMemcpy2D_v2(&copy);
}

CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr dst, CUdeviceptr src, size_t size, CUstream stream)
{
    CUDA_MEMCPY2D copy = one_row(size);
    copy.srcDevice = src;
    copy.dstDevice = dst;
    return cuMemcpy2DAsync_v2(&copy, stream);
}

/* ---- what nothing here leads to ---- */

#define NOT_SUPPORTED(name)                                                                        \
    SW_EXPORT CUresult name(void);                                                                 \
    CUresult name(void)                                                                            \
    {                                                                                              \
        return SW_NOT_SUPPORTED;                                                                   \
    }
NOT_SUPPORTED(cuArray3DCreate_v2)
NOT_SUPPORTED(cuArrayCreate_v2)
NOT_SUPPORTED(cuArrayDestroy)
NOT_SUPPORTED(cuCtxSetLimit)
NOT_SUPPORTED(cuDevicePrimaryCtxReset)
NOT_SUPPORTED(cuEventQuery)
NOT_SUPPORTED(cuGLGetDevices_v2)
NOT_SUPPORTED(cuGraphicsGLRegisterImage)
NOT_SUPPORTED(cuGraphicsMapResources)
NOT_SUPPORTED(cuGraphicsResourceGetMappedPointer_v2)
NOT_SUPPORTED(cuGraphicsSubResourceGetMappedArray)
NOT_SUPPORTED(cuGraphicsUnmapResources)
NOT_SUPPORTED(cuGraphicsUnregisterResource)
NOT_SUPPORTED(cuLinkAddData)
NOT_SUPPORTED(cuLinkComplete)
NOT_SUPPORTED(cuLinkCreate)
NOT_SUPPORTED(cuLinkDestroy)
NOT_SUPPORTED(cuMemAllocManaged)
NOT_SUPPORTED(cuMemcpy)
NOT_SUPPORTED(cuMemcpyAsync)
NOT_SUPPORTED(cuModuleGetGlobal)
NOT_SUPPORTED(cuStreamAddCallback)
NOT_SUPPORTED(cuStreamQuery)
NOT_SUPPORTED(cuTexObjectCreate)
NOT_SUPPORTED(cuTexObjectDestroy)

/* ---- the account, for programs that cannot ask for it ---- */

/* On leaving: what is left and what was done wrong, appended to the file that
 * SOFTWARE_DEVICE_REPORT names. */
__attribute__((destructor)) static void report_at_exit(void)
{
    const char *path = getenv("SOFTWARE_DEVICE_REPORT");
    FILE *out = path ? fopen(path, "a") : NULL;
    if (!out) return;
    const unsigned bad = sw_device.report(out);
    fprintf(out, "software device: %u left over or misused, %lu copies, %lu launches\n", bad,
            sw_device.calls("cuMemcpy2D_v2") + sw_device.calls("cuMemcpy2DAsync_v2"),
            sw_device.calls("cuLaunchKernel"));
    fclose(out);
}
