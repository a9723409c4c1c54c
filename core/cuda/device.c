/* The device of one context, and its pictures in device and page-locked memory. */
#include "cuda/cuda.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cuda/device.h"

#define PORTABLE 1 /* CU_MEMHOSTALLOC_PORTABLE: page-locked for every context */

const bool vt_cuda_enabled = true;

/* ---- memory of rings ---- */

void *vt_cuda_device_alloc(void *ctx, size_t size)
{
    const VtCudaOwner *o = ctx;
    VtCuda *c = o->cuda;
    CUdeviceptr p = 0;
    if (vt_cuda_enter(c, o->log)) return NULL;
    const CUresult r = c->driver.MemAlloc(&p, size);
    vt_cuda_leave(c);
    return vt_cuda_result(&c->driver, o->log, r, "cannot allocate a device picture")
               ? NULL
               : (void *)(uintptr_t)p;
}

void vt_cuda_device_free(void *ctx, void *memory)
{
    VtCuda *c = ((VtCudaOwner *)ctx)->cuda;
    if (!vt_cuda_enter_to_free(c)) return;
    /* The caller may have queued a copy into a picture that was then given back unread. */
    if (c->driver.StreamSynchronize(NULL) != CUDA_SUCCESS) c->driver.StreamSynchronize(NULL);
    c->driver.MemFree((CUdeviceptr)(uintptr_t)memory);
    vt_cuda_leave(c);
}

void *vt_cuda_pinned_alloc(void *ctx, size_t size)
{
    const VtCudaOwner *o = ctx;
    VtCuda *c = o->cuda;
    void *p = NULL;
    if (vt_cuda_enter(c, o->log)) return NULL;
    const CUresult r = c->driver.MemHostAlloc(&p, size, PORTABLE);
    vt_cuda_leave(c);
    if (vt_cuda_result(&c->driver, o->log, r, "cannot allocate a page-locked picture")) return NULL;
    return memset(p, 0, size);
}

void vt_cuda_pinned_free(void *ctx, void *memory)
{
    VtCuda *c = ((VtCudaOwner *)ctx)->cuda;
    if (!vt_cuda_enter_to_free(c)) return;
    c->driver.MemFreeHost(memory);
    vt_cuda_leave(c);
}

void vt_cuda_close_ring(void *ctx)
{
    VtCudaOwner *o = ctx;
    vt_cuda_unuse(o->cuda);
    free(o);
}

/* Black luma, neutral chroma. */
static int blank(void *ctx, VmafPicture *pic)
{
    const VtCudaOwner *o = ctx;
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
    const int sync_err = vt_cuda_sync(c, c->stream, o->log);
    vt_cuda_leave(c);
    return err ? err : sync_err;
}

static const VtRingMemory device_memory = {.alloc = vt_cuda_device_alloc,
                                           .free = vt_cuda_device_free,
                                           .close_ctx = vt_cuda_close_ring,
                                           .device = true,
                                           .prepare = blank};
static const VtRingMemory pinned_memory = {.alloc = vt_cuda_pinned_alloc,
                                           .free = vt_cuda_pinned_free,
                                           .close_ctx = vt_cuda_close_ring,
                                           .page_locked = true};

int vt_cuda_make_ring(VtRing **out, const VtCudaDevice *d, const VtRingMemory *kind,
                      const VmafPicture *shape, unsigned count)
{
    VtRingMemory memory = *kind;
    VtCudaOwner *owner = malloc(sizeof(*owner));
    if (!owner) return -ENOMEM;
    *owner = (VtCudaOwner){d->cuda, d->log};
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
    return vt_cuda_make_ring(out, (VtCudaDevice *)device,
                             on_device ? &device_memory : &pinned_memory, shape, count);
}

static void close_one(VtDevice *device)
{
    VtCudaDevice *d = (VtCudaDevice *)device;
    vt_cuda_stage_close(&d->stage, d->cuda);
    vt_ring_close(d->copies);
    vt_ring_close(d->uploads);
    vt_cuda_unuse(d->cuda);
    free(d);
}

int vt_cuda_import(VtDevice **out, VmafCudaState *state, const VtLog *log)
{
    *out = NULL;
    VtCudaDevice *d = calloc(1, sizeof(*d));
    if (!d) return -ENOMEM;
    const int err = vt_cuda_use(state->cuda);
    if (err) {
        vt_error(log, "CUDA: every context that imported this state was closed; make a new one");
        free(d);
        return err;
    }
    d->device = (VtDevice){.to_host = vt_cuda_to_host,
                           .to_device = vt_cuda_to_device,
                           .transfer = vt_cuda_transfer,
                           .add_group = vt_cuda_add_group,
                           .drop_groups = vt_cuda_drop_groups,
                           .reserve = vt_cuda_reserve,
                           .submit = vt_cuda_submit,
                           .finish = vt_cuda_finish,
                           .sums = vt_cuda_sums,
                           .close = close_one};
    d->cuda = state->cuda;
    d->log = log;
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
