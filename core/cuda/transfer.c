/* Copies between pictures on the host and on the device, waited for. */
#include <stdint.h>

#include "cuda/device.h"

static CUDA_MEMCPY2D rect_of(const VmafPicture *to, const VmafPicture *from, unsigned p)
{
    const bool source = from->ref->device, target = to->ref->device;
    return (CUDA_MEMCPY2D){.srcMemoryType = source ? CU_MEMORYTYPE_DEVICE : CU_MEMORYTYPE_HOST,
                           .srcDevice = source ? (CUdeviceptr)(uintptr_t)from->data[p] : 0,
                           .srcHost = source ? NULL : from->data[p],
                           .srcPitch = (size_t)from->stride[p],
                           .dstMemoryType = target ? CU_MEMORYTYPE_DEVICE : CU_MEMORYTYPE_HOST,
                           .dstDevice = target ? (CUdeviceptr)(uintptr_t)to->data[p] : 0,
                           .dstHost = target ? NULL : to->data[p],
                           .dstPitch = (size_t)to->stride[p],
                           .WidthInBytes = (size_t)to->w[p] << (to->bpc > 8),
                           .Height = to->h[p]};
}

/* Inside the context. */
static int queue(VtCudaDevice *d, const VmafPicture *to, const VmafPicture *from)
{
    VtCuda *c = d->cuda;
    int err = from->ref->device ? vt_cuda_order(c, c->stream, from->ref->event, d->log) : 0;
    /* What was queued for the target's old samples comes first, too. */
    if (!err && to->ref->device) err = vt_cuda_order(c, c->stream, to->ref->event, d->log);
    for (unsigned p = 0; p < 3 && !err; p++) {
        const CUDA_MEMCPY2D rect = rect_of(to, from, p);
        if (!rect.WidthInBytes || !rect.Height) continue;
        err = vt_cuda_result(&c->driver, d->log, c->driver.Memcpy2DAsync(&rect, c->stream),
                             "cannot copy a picture");
    }
    return err;
}

int vt_cuda_transfer(VtDevice *device, const VmafPicture *to, const VmafPicture *from)
{
    VtCudaDevice *d = (VtCudaDevice *)device;
    int err = vt_cuda_enter(d->cuda, d->log);
    if (err) return err;
    err = queue(d, to, from);
    const int sync_err = vt_cuda_sync(d->cuda, d->cuda->stream, d->log);
    vt_cuda_leave(d->cuda);
    return err ? err : sync_err;
}
