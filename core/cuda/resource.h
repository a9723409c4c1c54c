/* The device resources behind a VmafCudaState: driver table, context, stream, modules. Counted,
 * since the caller's state and any number of contexts refer to them.
 *
 * Two counts. `users` (contexts, rings, and the state until it is imported) keep the resources;
 * the last one frees everything on the device, so a caller who never frees the state leaves
 * nothing there. `holders` (the users and the state) keep this block of host memory, so that
 * freeing the state after its contexts closed does not touch the device. */
#ifndef VT_CUDA_RESOURCE_H
#define VT_CUDA_RESOURCE_H

#include <pthread.h>
#include <stdbool.h>

#include "cuda/driver.h"
#include "libvmaf/libvmaf_cuda.h"

typedef struct VtCuda {
    VtCudaDriver driver;
    CUdevice device;
    CUcontext ctx;
    bool primary;    /* ctx is retained by us, not the caller's */
    int priority;    /* of streams: 0, as far as the device has it */
    CUstream stream; /* of fills and copies */
    CUevent legacy;  /* recorded on the legacy default stream, then waited for by ours */
    CUmodule module;
    CUfunction fill;      /* NULL: built without kernels, or none for this GPU */
    pthread_mutex_t lock; /* of the counts, and of pairs of record and wait on `legacy` */
    unsigned users, holders;
    bool state_uses; /* one of users is the state */
} VtCuda;

struct VmafCudaState {
    VtCuda *cuda;
};

/* One user and holder: the state. */
int vt_cuda_open(VtCuda **out, void *cu_ctx, const VtLog *log);

/* Adds a user and holder; -EINVAL if the resources are gone. */
int vt_cuda_use(VtCuda *cuda);
void vt_cuda_unuse(VtCuda *cuda);

/* The state ceases to be a user, if it is one; and it ceases to be a holder. */
void vt_cuda_hand_over(VtCuda *cuda);
void vt_cuda_let_go(VtCuda *cuda);

/* Makes the context current on this thread, and restores what was. Leave only after a successful
 * enter. */
int vt_cuda_enter(VtCuda *cuda, const VtLog *log);
void vt_cuda_leave(VtCuda *cuda);

/* Enters to free something, silently. A driver may report the error of earlier work at any call, so
 * a second attempt is made. false: the context is gone, and everything in it. */
bool vt_cuda_enter_to_free(VtCuda *cuda);

/* Waits for a stream, inside enter and leave; after a failure once more, since memory that queued
 * work uses may be freed next. */
int vt_cuda_sync(VtCuda *cuda, CUstream stream, const VtLog *log);

/* Makes a stream that does not wait for the legacy one; inside enter and leave. */
int vt_cuda_stream(VtCuda *cuda, CUstream *stream, const VtLog *log);

/* Makes a stream wait for `event`, or, if NULL, for what was queued on the legacy default stream,
 * where producers such as FFmpeg copy without waiting. Inside enter and leave. */
int vt_cuda_order(VtCuda *cuda, CUstream stream, CUevent event, const VtLog *log);

/* Queues a fill of n samples with one value; inside enter and leave. */
int vt_cuda_fill(VtCuda *cuda, CUdeviceptr p, unsigned value, size_t n, bool words,
                 const VtLog *log);

/* The kernels, made by nvcc. Built without it, a text that drivers refuse; the software device of
 * the tests has the kernels compiled in and takes anything. */
extern const unsigned char vt_cuda_image[];

#endif
