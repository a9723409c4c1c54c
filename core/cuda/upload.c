/* Copies of host pictures on the device, for metrics that run there: the luma. Page-locked pictures
 * are copied from where they lie, others by way of page-locked memory of the copy's own, so that
 * nobody waits for a copy. Copies have a stream of their own beside the frames' kernels. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cuda/device.h"

/* Hangs on the picture's priv; other device pictures have none. */
typedef struct Upload {
    CUevent done;
    void *staging; /* made when first needed */
    bool pending;
    VmafPicture source; /* page-locked */
} Upload;

static int prepare(void *ctx, VmafPicture *pic)
{
    const VtCudaOwner *o = ctx;
    Upload *up = calloc(1, sizeof(*up));
    if (!up) return -ENOMEM;
    int err = vt_cuda_enter(o->cuda, o->log);
    if (err) goto fail;
    const CUresult r = o->cuda->driver.EventCreate(&up->done, CU_EVENT_DISABLE_TIMING);
    vt_cuda_leave(o->cuda);
    err = vt_cuda_result(&o->cuda->driver, o->log, r, "cannot make an event");
    if (err) goto fail;
    pic->priv = up;
    pic->ref->event = up->done;
    return 0;

fail:
    free(up);
    return err;
}

static void dispose(void *ctx, VmafPicture *pic)
{
    VtCuda *c = ((VtCudaOwner *)ctx)->cuda;
    Upload *up = pic->priv;
    if (up->staging) vt_cuda_pinned_free(ctx, up->staging);
    if (vt_cuda_enter_to_free(c)) {
        c->driver.EventDestroy(up->done);
        vt_cuda_leave(c);
    }
    free(up);
}

void vt_cuda_upload_arrived(const VmafPicture *pic)
{
    if (pic->priv) ((Upload *)pic->priv)->pending = false;
}

/* The copy is pending only if its frame failed before anything waited for it. */
static void idle(void *ctx, VmafPicture *pic)
{
    VtCuda *c = ((VtCudaOwner *)ctx)->cuda;
    Upload *up = pic->priv;
    if (up->pending && vt_cuda_enter_to_free(c)) {
        if (c->driver.EventSynchronize(up->done) != CUDA_SUCCESS)
            c->driver.StreamSynchronize(c->stream);
        vt_cuda_leave(c);
    }
    up->pending = false;
    vt_picture_unref(&up->source);
}

static const VtRingMemory upload_memory = {.alloc = vt_cuda_device_alloc,
                                           .free = vt_cuda_device_free,
                                           .close_ctx = vt_cuda_close_ring,
                                           .device = true,
                                           .prepare = prepare,
                                           .dispose = dispose,
                                           .idle = idle};

/* The luma in page-locked memory, in the layout of the copy; NULL when there is none to be had. */
static const void *stage(VtCudaDevice *d, Upload *up, const VmafPicture *from,
                         const VmafPicture *to)
{
    VtCudaOwner owner = {d->cuda, d->log};
    const size_t row = (size_t)from->w[0] << (from->bpc > 8);
    if (!up->staging) up->staging = vt_cuda_pinned_alloc(&owner, (size_t)to->stride[0] * to->h[0]);
    if (!up->staging) return NULL;
    for (unsigned y = 0; y < from->h[0]; y++)
        memcpy((char *)up->staging + y * to->stride[0],
               (const char *)from->data[0] + y * from->stride[0], row);
    return up->staging;
}

/* Inside the context. */
static int queue_upload(VtCudaDevice *d, const void *luma, size_t pitch, const VmafPicture *to)
{
    VtCuda *c = d->cuda;
    Upload *up = to->priv;
    const CUDA_MEMCPY2D rect = {.srcMemoryType = CU_MEMORYTYPE_HOST,
                                .srcHost = luma,
                                .srcPitch = pitch,
                                .dstMemoryType = CU_MEMORYTYPE_DEVICE,
                                .dstDevice = (CUdeviceptr)(uintptr_t)to->data[0],
                                .dstPitch = (size_t)to->stride[0],
                                .WidthInBytes = (size_t)to->w[0] << (to->bpc > 8),
                                .Height = to->h[0]};
    CUresult r = c->driver.Memcpy2DAsync(&rect, c->stream);
    if (r == CUDA_SUCCESS) r = c->driver.EventRecord(up->done, c->stream);
    const int err = vt_cuda_result(&c->driver, d->log, r, "cannot copy a picture to the device");
    if (err) vt_cuda_sync(c, c->stream, d->log);
    return err;
}

static int upload(VtCudaDevice *d, const VmafPicture *pic, VmafPicture *to)
{
    Upload *up = to->priv;
    const bool direct = pic->ref->page_locked;
    const void *luma = direct ? pic->data[0] : stage(d, up, pic, to);
    if (!luma) return -ENOMEM;
    int err = vt_cuda_enter(d->cuda, d->log);
    if (err) return err;
    err = queue_upload(d, luma, (size_t)(direct ? pic : to)->stride[0], to);
    vt_cuda_leave(d->cuda);
    if (err) return err;
    up->pending = true;
    if (direct) vt_picture_ref(&up->source, pic);
    return 0;
}

int vt_cuda_to_device(VtDevice *device, const VmafPicture *pic, VmafPicture *on_device)
{
    VtCudaDevice *d = (VtCudaDevice *)device;
    const VmafPicture luma = {
        .pix_fmt = VMAF_PIX_FMT_YUV400P, .bpc = pic->bpc, .w = {pic->w[0]}, .h = {pic->h[0]}};
    int err = 0;
    if (!d->uploads)
        err = vt_cuda_make_ring(&d->uploads, d, &upload_memory, &luma, 2 * device->pairs);
    if (err) {
        vt_error(d->log, "CUDA: cannot make %u pictures of %ux%u on the device", 2 * device->pairs,
                 pic->w[0], pic->h[0]);
        return err;
    }
    vt_ring_fetch(d->uploads, on_device); /* never waits: there are as many as can be in use */
    err = upload(d, pic, on_device);
    if (err) vt_picture_unref(on_device);
    return err;
}
