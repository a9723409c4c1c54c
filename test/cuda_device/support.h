/* What the CUDA tests share: the device under test, driver calls of their own, a whole life. */
#ifndef TEST_CUDA_DEVICE_SUPPORT_H
#define TEST_CUDA_DEVICE_SUPPORT_H

#include <ffnvcodec/dynlink_cuda.h>

#include "libvmaf/libvmaf_cuda.h"
#include "libvmaf/turbo.h"
#include "software.h"

/* Loads the software device, or with "--real" on the command line probes the machine's driver and
 * ends the program with a line that says so if there is none. */
void cuda_setup(int argc, char **argv, const char *suite);

extern const SoftwareDevice *software; /* NULL: a real device */

/* The driver as the caller of the library uses it; these calls never fail on demand. */
typedef struct Driver {
    tcuCtxCreate_v2 *ctx_create;
    tcuCtxDestroy_v2 *ctx_destroy;
    tcuCtxPushCurrent_v2 *push;
    tcuCtxPopCurrent_v2 *pop;
    CUresult (*current)(CUcontext *ctx);
    CUresult (*synchronize)(void);
    CUresult (*mem_info)(size_t *left, size_t *total);
    tcuMemAlloc_v2 *alloc;
    tcuMemFree_v2 *free;
    tcuMemcpyHtoD_v2 *upload;
    tcuMemcpyDtoH_v2 *download;
    tcuMemcpy2D_v2 *copy;
    tcuMemcpy2DAsync_v2 *copy_async;
    tcuStreamCreate *stream_create;
    tcuStreamDestroy_v2 *stream_destroy;
    tcuEventCreate *event_create;
    tcuEventDestroy_v2 *event_destroy;
    tcuEventRecord *event_record;
    tcuModuleLoadData *module_load;
    tcuModuleUnload *module_unload;
    tcuModuleGetFunction *module_function;
    tcuLaunchKernel *launch;
    tcuDevicePrimaryCtxRetain *retain;
    tcuDevicePrimaryCtxRelease *release;
} Driver;
extern Driver driver;

/* What is live on the device: handles of the software device, or memory in use of a real one. */
size_t device_in_use(void);

/* The caller's context, which the pictures of a life are filled in; NULL: the primary one. */
typedef enum Mode { NONE, DEVICE, HOST, HOST_PINNED, LENT_HOST, LENT_DEVICE, MODES } Mode;
extern const char *const mode_names[MODES];

typedef struct Life {
    Mode mode;
    unsigned threads, frames;
    unsigned bpc;            /* 0: 8 */
    unsigned w, h;           /* 0: LIFE_W, LIFE_H */
    const char *features[3]; /* NULL: psnr and motion */
    /* Instead of features and their pooled scores: what to register and what to look at. */
    int (*use)(VmafContext *vmaf, void *user);
    int (*look)(VmafContext *vmaf, void *user);
    void *user;
    bool luma_only;  /* the caller fills luma only, as FFmpeg does */
    CUcontext ctx;   /* NULL: the library's own */
    bool keep_state; /* never freed, as FFmpeg does; then `state` has it */
    VmafCudaState *state;
    bool closing; /* set once the life only gives things back */
} Life;

#define LIFE_W 64
#define LIFE_H 48

/* init, state, import, preallocate, frames, flush, scores, close, free. *score: the sum of pooled
 * scores. 0 or a negative errno; a positive number is a broken promise. */
int life_run(Life *life, double *score);

/* The same on the CPU alone, with host pictures. */
double life_on_cpu(const Life *life);

/* Device memory through which fill_picture goes; while the library may still read pictures. */
void staging_begin(void);
void staging_end(void);

/* Copies a host picture into one of any kind, as a caller would. */
void fill_picture(const VmafPicture *to, const VmafPicture *from, bool on_device, bool luma_only);

/* A device copy of a host picture's planes, lent; its release frees it. */
int lend_device(VmafContext *vmaf, const VmafPicture *from, bool own_stream, VmafPicture *pic);
extern int lent_out; /* lent pictures that were not released yet */

/* Between these the driver and the C library do not fail on demand (wrap.c). */
void own_begin(void);
void own_end(void);

#endif
