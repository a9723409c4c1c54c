/* The device of one context: pictures in device and page-locked memory, copies to the host. */
#include "cuda/cuda.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cuda/resource.h"

#define PORTABLE 1 /* CU_MEMHOSTALLOC_PORTABLE: page-locked for every context */

const bool vt_cuda_enabled = true;

typedef struct CudaDevice {
    VtDevice device; /* first */
    VtCuda *cuda;
    const VtLog *log;
    unsigned pairs;
    VtRing *copies; /* on the host, made with the first device picture */
} CudaDevice;

/* ---- memory of rings ---- */

/* What a ring's memory belongs to: a user of the resources. The log is the context's, so it is for
 * what happens while that is open; pictures may come back later, and are freed silently. */
typedef struct Owner {
    VtCuda *cuda;
    const VtLog *log;
} Owner;

static void *device_alloc(void *ctx, size_t size)
{
    const Owner *o = ctx;
    VtCuda *c = o->cuda;
    CUdeviceptr p = 0;
    if (vt_cuda_enter(c, o->log)) return NULL;
    const CUresult r = c->driver.MemAlloc(&p, size);
    vt_cuda_leave(c);
    return vt_cuda_result(&c->driver, o->log, r, "cannot allocate a device picture")
               ? NULL
               : (void *)(uintptr_t)p;
}

static void device_free(void *ctx, void *memory)
{
    VtCuda *c = ((Owner *)ctx)->cuda;
    if (!vt_cuda_enter_to_free(c)) return;
    /* The caller may have queued a copy into a picture that was then given back unread. */
    if (c->driver.StreamSynchronize(NULL) != CUDA_SUCCESS) c->driver.StreamSynchronize(NULL);
    c->driver.MemFree((CUdeviceptr)(uintptr_t)memory);
    vt_cuda_leave(c);
}

static void *pinned_alloc(void *ctx, size_t size)
{
    const Owner *o = ctx;
    VtCuda *c = o->cuda;
    void *p = NULL;
    if (vt_cuda_enter(c, o->log)) return NULL;
    const CUresult r = c->driver.MemHostAlloc(&p, size, PORTABLE);
    vt_cuda_leave(c);
    if (vt_cuda_result(&c->driver, o->log, r, "cannot allocate a page-locked picture")) return NULL;
    return memset(p, 0, size);
}

static void pinned_free(void *ctx, void *memory)
{
    VtCuda *c = ((Owner *)ctx)->cuda;
    if (!vt_cuda_enter_to_free(c)) return;
    c->driver.MemFreeHost(memory);
    vt_cuda_leave(c);
}

static void close_ring(void *ctx)
{
    Owner *o = ctx;
    vt_cuda_unuse(o->cuda);
    free(o);
}

/* Black luma, neutral chroma. */
static int blank(void *ctx, VmafPicture *pic)
{
    const Owner *o = ctx;
    VtCuda *c = o->cuda;
    const bool words = pic->bpc > 8;
    int err = vt_cuda_enter(c, o->log);
    if (err) return err;
    for (unsigned p = 0; p < 3 && !err; p++) {
        const size_t bytes = (size_t)pic->stride[p] * pic->h[p];
        if (!bytes) continue;
        err = vt_cuda_fill(c, (CUdeviceptr)(uintptr_t)pic->data[p], p ? 1u << (pic->bpc - 1) : 0,
                           bytes >> words, words, o->log);
    }
    /* Whoever fetches it may write at once, on another stream. */
    const int sync_err = vt_cuda_sync(c, o->log);
    vt_cuda_leave(c);
    return err ? err : sync_err;
}

static const VtRingMemory device_memory = {.alloc = device_alloc,
                                           .free = device_free,
                                           .close_ctx = close_ring,
                                           .device = true,
                                           .prepare = blank};
static const VtRingMemory pinned_memory = {
    .alloc = pinned_alloc, .free = pinned_free, .close_ctx = close_ring};

static int make_ring(VtRing **out, const CudaDevice *d, const VtRingMemory *kind,
                     const VmafPicture *shape, unsigned count)
{
    VtRingMemory memory = *kind;
    Owner *owner = malloc(sizeof(*owner));
    if (!owner) return -ENOMEM;
    *owner = (Owner){d->cuda, d->log};
    memory.ctx = owner;
    int err = vt_cuda_use(d->cuda);
    if (err) goto fail_use;
    err = vt_ring_create(out, &memory, shape->pix_fmt, shape->bpc, shape->w[0], shape->h[0], count);
    if (err) goto fail_ring;
    return 0;

fail_ring:
    vt_cuda_unuse(d->cuda);
fail_use:
    free(owner);
    return err;
}

int vt_cuda_ring(VtRing **out, VtDevice *device, bool on_device, const VmafPicture *shape,
                 unsigned count)
{
    return make_ring(out, (CudaDevice *)device, on_device ? &device_memory : &pinned_memory, shape,
                     count);
}

/* ---- copies of device pictures on the host ---- */

/* On its way from `source` until somebody waited; hangs on the copy's priv. */
typedef struct Copy {
    const Owner *owner;
    CUevent done;
    pthread_mutex_t lock; /* of what follows: any worker may be the first to wait */
    bool pending;
    int error;
    VmafPicture source;
} Copy;

static int copy_prepare(void *ctx, VmafPicture *pic)
{
    const Owner *o = ctx;
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
    VtCuda *c = ((Owner *)ctx)->cuda;
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
static int arrive(const Owner *o, CUevent done)
{
    VtCuda *c = o->cuda;
    int err = vt_cuda_enter(c, o->log);
    if (err && !vt_cuda_enter_to_free(c)) return err;
    const int wait_err = vt_cuda_result(&c->driver, o->log, c->driver.EventSynchronize(done),
                                        "cannot wait for a picture");
    if (wait_err) vt_cuda_sync(c, o->log);
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

static const VtRingMemory copy_memory = {.alloc = pinned_alloc,
                                         .free = pinned_free,
                                         .close_ctx = close_ring,
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
static int queue_copy(CudaDevice *d, const VmafPicture *pic, unsigned planes, VmafPicture *host)
{
    VtCuda *c = d->cuda;
    Copy *copy = host->priv;
    int err = vt_cuda_order(c, pic->ref->event, d->log);
    if (err) return err;
    CUresult r = CUDA_SUCCESS;
    for (unsigned p = 0; p < planes && r == CUDA_SUCCESS; p++) r = copy_plane(c, pic, host, p);
    if (r == CUDA_SUCCESS) r = c->driver.EventRecord(copy->done, c->stream);
    err = vt_cuda_result(&c->driver, d->log, r, "cannot copy a picture to the host");
    if (err) vt_cuda_sync(c, d->log); /* planes queued before must not arrive later */
    return err;
}

static int to_host(VtDevice *device, const VmafPicture *pic, unsigned planes, VmafPicture *host)
{
    CudaDevice *d = (CudaDevice *)device;
    int err = d->copies ? 0 : make_ring(&d->copies, d, &copy_memory, pic, 2 * d->pairs);
    if (err) {
        vt_error(d->log, "CUDA: cannot make %u page-locked pictures of %ux%u", 2 * d->pairs,
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

static void close_one(VtDevice *device)
{
    CudaDevice *d = (CudaDevice *)device;
    vt_ring_close(d->copies);
    vt_cuda_unuse(d->cuda);
    free(d);
}

int vt_cuda_import(VtDevice **out, VmafCudaState *state, unsigned pairs, const VtLog *log)
{
    *out = NULL;
    CudaDevice *d = calloc(1, sizeof(*d));
    if (!d) return -ENOMEM;
    const int err = vt_cuda_use(state->cuda);
    if (err) {
        vt_error(log, "CUDA: every context that imported this state was closed; make a new one");
        free(d);
        return err;
    }
    *d = (CudaDevice){
        .device = {to_host, close_one}, .cuda = state->cuda, .log = log, .pairs = pairs};
    vt_cuda_hand_over(state->cuda);
    *out = &d->device;
    return 0;
}

int vt_cuda_state_create(VmafCudaState **out, void *cu_ctx, const VtLog *log)
{
    *out = NULL;
    VmafCudaState *s = calloc(1, sizeof(*s));
    if (!s) return -ENOMEM;
    const int err = vt_cuda_open(&s->cuda, cu_ctx, log);
    if (err) {
        free(s);
        return err;
    }
    *out = s;
    return 0;
}

void vt_cuda_state_destroy(VmafCudaState *state)
{
    vt_cuda_let_go(state->cuda);
    free(state);
}
