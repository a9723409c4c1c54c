/* The library built without CUDA. */
#include "cuda/cuda.h"

#include <errno.h>

const bool vt_cuda_enabled = false;

int vt_cuda_state_create(VmafCudaState **out, void *cu_ctx, const VtLog *log)
{
    (void)cu_ctx;
    (void)log;
    *out = NULL;
    return -ENOSYS;
}

void vt_cuda_state_destroy(VmafCudaState *state)
{
    (void)state;
}

int vt_cuda_import(VtDevice **out, VmafCudaState *state, const VtLog *log)
{
    (void)state;
    (void)log;
    *out = NULL;
    return -ENOSYS;
}

int vt_cuda_ring(VtRing **out, VtDevice *device, bool on_device, const VmafPicture *shape,
                 unsigned count)
{
    (void)device;
    (void)on_device;
    (void)shape;
    (void)count;
    *out = NULL;
    return -ENOSYS;
}
