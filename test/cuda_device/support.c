#include "support.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../synth.h"

const SoftwareDevice *software;
Driver driver;
int lent_out;
const char *const mode_names[MODES] = {"none",        "device",    "host",
                                       "host-pinned", "lent host", "lent device"};

#define STAGING_SIZE ((size_t)1 << 20)

static void *library;

static void find(void *field, const char *symbol)
{
    void *p = dlsym(library, symbol);
    if (!p) {
        printf("the driver has no %s\n", symbol);
        exit(1);
    }
    memcpy(field, &p, sizeof(p));
}

static void find_all(void)
{
    find(&driver.ctx_create, "cuCtxCreate_v2");
    find(&driver.ctx_destroy, "cuCtxDestroy_v2");
    find(&driver.push, "cuCtxPushCurrent_v2");
    find(&driver.pop, "cuCtxPopCurrent_v2");
    find(&driver.current, "cuCtxGetCurrent");
    find(&driver.synchronize, "cuCtxSynchronize");
    find(&driver.mem_info, "cuMemGetInfo_v2");
    find(&driver.alloc, "cuMemAlloc_v2");
    find(&driver.free, "cuMemFree_v2");
    find(&driver.upload, "cuMemcpyHtoD_v2");
    find(&driver.download, "cuMemcpyDtoH_v2");
    find(&driver.copy, "cuMemcpy2D_v2");
    find(&driver.copy_async, "cuMemcpy2DAsync_v2");
    find(&driver.stream_create, "cuStreamCreate");
    find(&driver.stream_destroy, "cuStreamDestroy_v2");
    find(&driver.event_create, "cuEventCreate");
    find(&driver.event_destroy, "cuEventDestroy_v2");
    find(&driver.event_record, "cuEventRecord");
    find(&driver.module_load, "cuModuleLoadData");
    find(&driver.module_unload, "cuModuleUnload");
    find(&driver.module_function, "cuModuleGetFunction");
    find(&driver.launch, "cuLaunchKernel");
    find(&driver.retain, "cuDevicePrimaryCtxRetain");
    find(&driver.release, "cuDevicePrimaryCtxRelease");
}

static void skip(const char *suite, const char *why)
{
    printf("%s: the driver probe skipped the real device: %s\n", suite, why);
    exit(0);
}

static void probe(const char *suite)
{
    library = dlopen("libcuda.so.1", RTLD_NOW);
    if (!library) skip(suite, "there is no driver");
    tcuInit *init;
    tcuDeviceGetCount *count;
    find(&init, "cuInit");
    find(&count, "cuDeviceGetCount");
    int n = 0;
    if (init(0) != CUDA_SUCCESS || count(&n) != CUDA_SUCCESS || !n)
        skip(suite, "the driver has no device");
    find_all();
}

void cuda_setup(int argc, char **argv, const char *suite)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc > 1 && !strcmp(argv[1], "--real")) {
        probe(suite);
        return;
    }
    library = dlopen(SOFTWARE_DEVICE, RTLD_NOW);
    if (!library) {
        printf("cannot load the software device: %s\n", dlerror());
        exit(1);
    }
    software = dlsym(library, SOFTWARE_DEVICE_SYMBOL);
    if (!software) exit(1);
    find_all();
}

/* A worker that waits for a picture has pushed the context for that moment, which is no leak; a
 * push without its pop stays, and is counted at the end. */
static size_t software_in_use(void)
{
    const struct timespec ms = {.tv_nsec = 1000000};
    SwCounts c;
    software->counts(&c);
    for (unsigned i = 0; i < 2000 && c.pushes; i++) {
        nanosleep(&ms, NULL);
        software->counts(&c);
    }
    return c.contexts + c.pushes + c.streams + c.events + c.modules + c.device_blocks +
           c.pinned_blocks + c.misuses;
}

size_t device_in_use(void)
{
    if (software) return software_in_use();
    size_t left = 0, total = 0;
    CUcontext ctx;
    if (driver.retain(&ctx, 0) == CUDA_SUCCESS) {
        driver.push(ctx);
        driver.mem_info(&left, &total);
        driver.pop(&ctx);
        driver.release(0);
    }
    return total - left;
}

/* The primary context around the test's own calls, if the caller has none. */
static CUcontext enter(void)
{
    CUcontext ctx = NULL;
    own_begin();
    driver.current(&ctx);
    if (ctx) return NULL;
    driver.retain(&ctx, 0);
    driver.push(ctx);
    return ctx;
}

static void leave(CUcontext ctx)
{
    if (ctx) {
        driver.pop(&ctx);
        driver.release(0);
    }
    own_end();
}

static CUdeviceptr staging;
static CUcontext staging_ctx;

void staging_begin(void)
{
    staging_ctx = enter();
    driver.alloc(&staging, STAGING_SIZE);
    if (staging_ctx) driver.pop(&staging_ctx);
    own_end();
}

void staging_end(void)
{
    own_begin();
    if (staging_ctx) driver.push(staging_ctx);
    driver.synchronize();
    driver.free(staging);
    leave(staging_ctx);
}

/* As FFmpeg does: device to device on the legacy stream, not waited for. */
static void fill_plane_on_device(const VmafPicture *to, const VmafPicture *from, unsigned p)
{
    driver.upload(staging, from->data[p], (size_t)from->stride[p] * from->h[p]);
    const CUDA_MEMCPY2D copy = {.srcMemoryType = CU_MEMORYTYPE_DEVICE,
                                .srcDevice = staging,
                                .srcPitch = (size_t)from->stride[p],
                                .dstMemoryType = CU_MEMORYTYPE_DEVICE,
                                .dstDevice = (CUdeviceptr)(uintptr_t)to->data[p],
                                .dstPitch = (size_t)to->stride[p],
                                .WidthInBytes = (size_t)from->w[p] << (from->bpc > 8),
                                .Height = from->h[p]};
    driver.copy(&copy);
}

void fill_picture(const VmafPicture *to, const VmafPicture *from, bool on_device, bool luma_only)
{
    const CUcontext ctx = on_device ? enter() : NULL;
    for (unsigned p = 0; p < 3 && from->h[p] && !(luma_only && p); p++) {
        if (on_device) {
            fill_plane_on_device(to, from, p);
            continue;
        }
        for (unsigned y = 0; y < from->h[p]; y++)
            memcpy((char *)to->data[p] + y * to->stride[p],
                   (const char *)from->data[p] + y * from->stride[p],
                   (size_t)from->w[p] << (from->bpc > 8));
    }
    if (on_device) leave(ctx);
}

/* ---- lending ---- */

typedef struct Loan {
    CUdeviceptr planes[3], staging[3];
    CUevent event;
    CUstream stream;
    char *host;
} Loan;

static void end_loan(void *user)
{
    Loan *l = user;
    __atomic_fetch_sub(&lent_out, 1, __ATOMIC_RELAXED);
    if (l->planes[0]) {
        const CUcontext ctx = enter();
        if (l->event) driver.event_destroy(l->event);
        if (l->stream) driver.stream_destroy(l->stream);
        for (unsigned p = 0; p < 3; p++)
            if (l->planes[p]) driver.free(l->planes[p]), driver.free(l->staging[p]);
        leave(ctx);
    }
    own_begin();
    free(l->host);
    free(l);
    own_end();
}

int lend_device(VmafContext *vmaf, const VmafPicture *from, bool own_stream, VmafPicture *pic)
{
    const CUcontext ctx = enter();
    Loan *l = calloc(1, sizeof(*l));
    VmafTurboPlanes planes = {.memory = VMAF_TURBO_MEMORY_CUDA,
                              .pix_fmt = from->pix_fmt,
                              .bpc = from->bpc,
                              .w = from->w[0],
                              .h = from->h[0],
                              .release = end_loan,
                              .user = l};
    __atomic_fetch_add(&lent_out, 1, __ATOMIC_RELAXED);
    if (own_stream) {
        driver.stream_create(&l->stream, CU_STREAM_NON_BLOCKING);
        driver.event_create(&l->event, CU_EVENT_DISABLE_TIMING);
        planes.cuda_event = l->event;
    }
    l->host = malloc(1);
    for (unsigned p = 0; p < 3 && from->h[p]; p++) {
        const size_t size = (size_t)from->stride[p] * from->h[p];
        driver.alloc(&l->planes[p], size);
        driver.alloc(&l->staging[p], size);
        driver.upload(l->staging[p], from->data[p], size);
        const CUDA_MEMCPY2D copy = {.srcMemoryType = CU_MEMORYTYPE_DEVICE,
                                    .srcDevice = l->staging[p],
                                    .srcPitch = (size_t)from->stride[p],
                                    .dstMemoryType = CU_MEMORYTYPE_DEVICE,
                                    .dstDevice = l->planes[p],
                                    .dstPitch = (size_t)from->stride[p],
                                    .WidthInBytes = (size_t)from->stride[p],
                                    .Height = from->h[p]};
        driver.copy_async(&copy, l->stream);
        planes.data[p] = (void *)(uintptr_t)l->planes[p];
        planes.stride[p] = from->stride[p];
    }
    if (own_stream) driver.event_record(l->event, l->stream);
    leave(ctx);
    return vmaf_turbo_lend_planes(vmaf, &planes, pic);
}

/* Planes at odd places, to see that nothing is read beside them. */
static int lend_host(VmafContext *vmaf, const VmafPicture *from, VmafPicture *pic)
{
    own_begin();
    Loan *l = calloc(1, sizeof(*l));
    const size_t size = (size_t)(from->stride[0] + 10) * from->h[0];
    l->host = malloc(3 * size);
    own_end();
    VmafTurboPlanes planes = {.pix_fmt = from->pix_fmt,
                              .bpc = from->bpc,
                              .w = from->w[0],
                              .h = from->h[0],
                              .release = end_loan,
                              .user = l};
    __atomic_fetch_add(&lent_out, 1, __ATOMIC_RELAXED);
    for (unsigned p = 0; p < 3 && from->h[p]; p++) {
        planes.data[p] = l->host + p * size + 6;
        planes.stride[p] = (ptrdiff_t)(from->w[p] << (from->bpc > 8)) + 2;
        for (unsigned y = 0; y < from->h[p]; y++)
            memcpy((char *)planes.data[p] + y * planes.stride[p],
                   (const char *)from->data[p] + y * from->stride[p],
                   (size_t)from->w[p] << (from->bpc > 8));
    }
    return vmaf_turbo_lend_planes(vmaf, &planes, pic);
}

/* ---- a life ---- */

static unsigned width(const Life *life)
{
    return life->w ? life->w : LIFE_W;
}

static unsigned height(const Life *life)
{
    return life->h ? life->h : LIFE_H;
}

static int get_picture(VmafContext *vmaf, const Life *life, VmafPicture *from, VmafPicture *pic)
{
    if (life->mode == NONE) {
        *pic = *from;
        memset(from, 0, sizeof(*from));
        return 0;
    }
    if (life->mode == LENT_HOST) return lend_host(vmaf, from, pic);
    if (life->mode == LENT_DEVICE) return lend_device(vmaf, from, true, pic);
    const int err = vmaf_cuda_fetch_preallocated_picture(vmaf, pic);
    if (!err) fill_picture(pic, from, life->mode == DEVICE, life->luma_only);
    return err;
}

static void drop(VmafPicture *pic)
{
    if (pic->ref) vmaf_picture_unref(pic);
}

static int one_frame(VmafContext *vmaf, const Life *life, unsigned t)
{
    VmafPicture from[2] = {0}, pic[2] = {0};
    int err = synth_pair(&from[0], &from[1], VMAF_PIX_FMT_YUV420P, life->bpc ? life->bpc : 8,
                         width(life), height(life), t);
    if (err) return err;
    for (unsigned i = 0; i < 2 && !err; i++) err = get_picture(vmaf, life, &from[i], &pic[i]);
    if (!err) err = vmaf_read_pictures(vmaf, &pic[0], &pic[1], t);
    for (unsigned i = 0; i < 2; i++) drop(&pic[i]), drop(&from[i]);
    return err;
}

static const char *feature_of(const Life *life, unsigned i)
{
    static const char *const usual[3] = {"psnr", "motion", NULL};
    return life->features[0] ? life->features[i] : usual[i];
}

static int use_features(VmafContext *vmaf, const Life *life)
{
    int err = 0;
    if (life->use) return life->use(vmaf, life->user);
    for (unsigned i = 0; i < 3 && feature_of(life, i) && !err; i++)
        err = vmaf_use_feature(vmaf, feature_of(life, i), NULL);
    return err;
}

static int pool(VmafContext *vmaf, const Life *life, double *sum)
{
    static const char *const names[] = {"psnr_y", "psnr_cb", "psnr_cr",
                                        "VMAF_integer_feature_motion2_score"};
    *sum = 0;
    if (life->look) return life->look(vmaf, life->user);
    for (unsigned i = 0; i < 4; i++) {
        double v;
        if (life->features[0] && strcmp(life->features[0], "psnr") && i < 3) continue;
        const int err = vmaf_feature_score_pooled(vmaf, names[i], VMAF_POOL_METHOD_MEAN, &v, 0,
                                                  life->frames - 1);
        if (err) return err;
        *sum += v * (i + 1);
    }
    return 0;
}

static int read_and_pool(VmafContext *vmaf, const Life *life, double *score)
{
    int err = use_features(vmaf, life);
    if (life->mode == DEVICE) staging_begin();
    for (unsigned t = 0; t < life->frames && !err; t++) err = one_frame(vmaf, life, t);
    const int flush_err = err ? 0 : vmaf_read_pictures(vmaf, NULL, NULL, 0);
    if (life->mode == DEVICE) staging_end();
    if (!err) err = flush_err;
    return err ? err : pool(vmaf, life, score);
}

static int preallocate(VmafContext *vmaf, const Life *life)
{
    if (life->mode > HOST_PINNED) return 0;
    const VmafCudaPictureConfiguration cfg = {
        {width(life), height(life), life->bpc ? life->bpc : 8, VMAF_PIX_FMT_YUV420P},
        (enum VmafCudaPicturePreallocationMethod)life->mode};
    return vmaf_cuda_preallocate_pictures(vmaf, cfg);
}

int life_run(Life *life, double *score)
{
    const VmafConfiguration cfg = {.log_level = VMAF_LOG_LEVEL_NONE, .n_threads = life->threads};
    const VmafCudaConfiguration cuda_cfg = {life->ctx};
    VmafContext *vmaf = (VmafContext *)1;
    VmafCudaState *state = (VmafCudaState *)1;
    life->closing = false;
    int err = vmaf_init(&vmaf, cfg);
    if (err) return vmaf ? 1 : err;
    err = vmaf_cuda_state_init(&state, cuda_cfg);
    if (err && state) return 2;
    if (!err) err = vmaf_cuda_import_state(vmaf, state);
    if (!err) err = preallocate(vmaf, life);
    if (!err) err = read_and_pool(vmaf, life, score);
    life->closing = true;
    if (vmaf_close(vmaf)) return 3;
    life->state = state;
    if (!life->keep_state && vmaf_cuda_state_free(state)) return 4;
    return err;
}

double life_on_cpu(const Life *life)
{
    Life host = *life;
    host.mode = NONE;
    const VmafConfiguration cfg = {.log_level = VMAF_LOG_LEVEL_ERROR, .n_threads = life->threads};
    VmafContext *vmaf;
    double score = -1;
    if (vmaf_init(&vmaf, cfg)) return -1;
    if (read_and_pool(vmaf, &host, &score)) score = -1;
    vmaf_close(vmaf);
    return score;
}
