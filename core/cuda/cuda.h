/* The CUDA backend as the rest of the library sees it; no driver types. Built without CUDA,
 * stub.c stands in and everything returns -ENOSYS. */
#ifndef VT_CUDA_CUDA_H
#define VT_CUDA_CUDA_H

#include <stdbool.h>

#include "base/log.h"
#include "libvmaf/libvmaf_cuda.h"
#include "metric/device.h"
#include "picture/ring.h"

extern const bool vt_cuda_enabled;

/* Loads the driver and makes the device resources; cu_ctx NULL: the primary context of device 0.
 * -EINVAL (no driver, no device, bad context), -ENOMEM, -EIO, one log line. */
int vt_cuda_state_create(VmafCudaState **out, void *cu_ctx, const VtLog *log);

/* Frees the caller's structure; contexts that imported it go on. */
void vt_cuda_state_destroy(VmafCudaState *state);

/* The device for one context, with its own reference to the resources. The first import takes over
 * the state's, so that the last context to close frees them. -EINVAL if the resources are gone,
 * -ENOMEM. */
int vt_cuda_import(VtDevice **out, VmafCudaState *state, const VtLog *log);

/* A ring of pictures in device or in page-locked host memory. Device pictures start as black luma
 * and neutral chroma, so that callers who fill luma only get the same scores every time. */
int vt_cuda_ring(VtRing **out, VtDevice *device, bool on_device, const VmafPicture *shape,
                 unsigned count);

#endif
