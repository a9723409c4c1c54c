/* Copies of device pictures on the host, for metrics that run there. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "cuda/device.h"

/* On its way from `source` until somebody waited; hangs on the copy's priv. */
typedef struct Copy {
    const VtCudaOwner *owner;
    CUevent done;
    pthread_mutex_t lock; /* of what follows: any worker may be the first to wait */
    bool pending;
    int error;
    VmafPicture source;
} Copy;

static int copy_prepare(void *ctx, VmafPicture *pic)
{
    const VtCudaOwner *o = ctx;
    VtCuda *c = o->cuda;
    Copy *copy = calloc(1, sizeof(*copy));
    if (!copy) return -ENOMEM;
    copy->owner = o;
    int err = -pthread_mutex_init(&copy->lock, NULL);
    if (err) goto fail_lock;
    err = vt_cuda_enter(c, o->log);
    if (err) goto fail_event;
    const CUresult r = c->driver.EventCreate(&copy->done, CU_EVENT_DISABLE_TIMING);
    vt_cuda_leave(c);
    err = vt_cuda_result(&c->driver, o->log, r, "cannot make an event");
    if (err) goto fail_event;
    pic->priv = copy;
    return 0;

fail_event:
    pthread_mutex_destroy(&copy->lock);
fail_lock:
    free(copy);
    return err;
}

static void copy_dispose(void *ctx, VmafPicture *pic)
{
    VtCuda *c = ((VtCudaOwner *)ctx)->cuda;
    Copy *copy = pic->priv;
    if (vt_cuda_enter_to_free(c)) {
        c->driver.EventDestroy(copy->done);
        vt_cuda_leave(c);
    }
    pthread_mutex_destroy(&copy->lock);
    free(copy);
}

/* Waits for the event; should that fail, for the whole stream, since the device may still be
 * writing to a picture that is about to be used again. */
static int arrive(const VtCudaOwner *o, CUevent done)
{
    VtCuda *c = o->cuda;
    int err = vt_cuda_enter(c, o->log);
    if (err && !vt_cuda_enter_to_free(c)) return err;
    const int wait_err = vt_cuda_result(&c->driver, o->log, c->driver.EventSynchronize(done),
                                        "cannot wait for a picture");
    if (wait_err) vt_cuda_sync(c, c->stream, o->log);
    vt_cuda_leave(c);
    return err ? err : wait_err;
}

static int copy_wait(const VmafPicture *pic)
{
    Copy *copy = pic->priv;
    pthread_mutex_lock(&copy->lock);
    if (copy->pending) {
        copy->error = arrive(copy->owner, copy->done);
        copy->pending = false;
        vt_picture_unref(&copy->source);
    }
    const int err = copy->error;
    pthread_mutex_unlock(&copy->lock);
    return err;
}

static void copy_idle(void *ctx, VmafPicture *pic)
{
    (void)ctx;
    copy_wait(pic);
}

static const VtRingMemory copy_memory = {.alloc = vt_cuda_pinned_alloc,
                                         .free = vt_cuda_pinned_free,
                                         .close_ctx = vt_cuda_close_ring,
                                         .prepare = copy_prepare,
                                         .dispose = copy_dispose,
                                         .idle = copy_idle,
                                         .wait = copy_wait};

static CUresult copy_plane(VtCuda *c, const VmafPicture *from, VmafPicture *to, unsigned p)
{
    const CUDA_MEMCPY2D rect = {.srcMemoryType = CU_MEMORYTYPE_DEVICE,
                                .srcDevice = (CUdeviceptr)(uintptr_t)from->data[p],
                                .srcPitch = (size_t)from->stride[p],
                                .dstMemoryType = CU_MEMORYTYPE_HOST,
                                .dstHost = to->data[p],
                                .dstPitch = (size_t)to->stride[p],
                                .WidthInBytes = (size_t)to->w[p] << (to->bpc > 8),
                                .Height = to->h[p]};
    return rect.WidthInBytes && rect.Height ? c->driver.Memcpy2DAsync(&rect, c->stream)
                                            : CUDA_SUCCESS;
}

/* Inside the context. */
static int queue_copy(VtCudaDevice *d, const VmafPicture *pic, unsigned planes, VmafPicture *host)
{
    VtCuda *c = d->cuda;
    Copy *copy = host->priv;
    int err = vt_cuda_order(c, c->stream, pic->ref->event, d->log);
    if (err) return err;
    CUresult r = CUDA_SUCCESS;
    for (unsigned p = 0; p < planes && r == CUDA_SUCCESS; p++) r = copy_plane(c, pic, host, p);
    if (r == CUDA_SUCCESS) r = c->driver.EventRecord(copy->done, c->stream);
    err = vt_cuda_result(&c->driver, d->log, r, "cannot copy a picture to the host");
    if (err) vt_cuda_sync(c, c->stream, d->log); /* planes queued before must not arrive later */
    return err;
}

int vt_cuda_to_host(VtDevice *device, const VmafPicture *pic, unsigned planes, VmafPicture *host)
{
    VtCudaDevice *d = (VtCudaDevice *)device;
    int err =
        d->copies ? 0 : vt_cuda_make_ring(&d->copies, d, &copy_memory, pic, 2 * device->pairs);
    if (err) {
        vt_error(d->log, "CUDA: cannot make %u page-locked pictures of %ux%u", 2 * device->pairs,
                 pic->w[0], pic->h[0]);
        return err;
    }
    err = vt_cuda_enter(d->cuda, d->log);
    if (err) return err;
    vt_ring_fetch(d->copies, host); /* never waits: there are as many as can be in use */
    Copy *copy = host->priv;
    copy->error = 0;
    err = queue_copy(d, pic, planes, host);
    vt_cuda_leave(d->cuda);
    if (err) {
        vt_picture_unref(host);
        return err;
    }
    copy->pending = true;
    vt_picture_ref(&copy->source, pic);
    return 0;
}
