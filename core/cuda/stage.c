/* Frames in flight on the device. A frame is noted at submit; once as many wait as share their
 * launches, or one of them is waited for, they are launched together on the stream of the first:
 *
 *     wait for the pictures -> clear the sums -> each group's kernels -> copy the sums -> event
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cuda/device.h"

#define ALIGN(size) (((size) + 255) & ~(size_t)255)
#define PORTABLE 1 /* CU_MEMHOSTALLOC_PORTABLE */

static VtCudaStage *stage_of(VtDevice *device)
{
    return &((VtCudaDevice *)device)->stage;
}

/* ---- groups ---- */

static int find_kernels(VtCudaDevice *d, VtCudaGroup *g)
{
    VtCuda *c = d->cuda;
    const char *const *names = g->group->metric->gpu->kernels;
    int err = vt_cuda_enter(c, d->log);
    if (err) return err;
    for (unsigned i = 0; names[i] && i < VT_GPU_KERNELS && !err; i++)
        err = vt_cuda_result(&c->driver, d->log,
                             c->driver.ModuleGetFunction(&g->kernel[i], c->module, names[i]),
                             "cannot find a kernel");
    vt_cuda_leave(c);
    return err;
}

int vt_cuda_add_group(VtDevice *device, const VtGroup *group, unsigned *number)
{
    VtCudaDevice *d = (VtCudaDevice *)device;
    VtCudaStage *s = &d->stage;
    if (!d->cuda->module || s->n_groups == VT_DEVICE_GROUPS) return -ENOTSUP;
    VtCudaGroup *g = &s->group[s->n_groups];
    *g = (VtCudaGroup){.group = group};
    const int err = find_kernels(d, g);
    if (err) return err;
    group->metric->gpu->sizes(group, &g->scratch, &g->sums);
    *number = s->n_groups++;
    return 0;
}

void vt_cuda_drop_groups(VtDevice *device, unsigned first)
{
    stage_of(device)->n_groups = first;
}

/* ---- slots ---- */

static void free_memory(VtCuda *c, CUdeviceptr scratch, CUdeviceptr sums, void *sums_on_host)
{
    if (sums_on_host) c->driver.MemFreeHost(sums_on_host);
    if (sums) c->driver.MemFree(sums);
    if (scratch) c->driver.MemFree(scratch);
}

static void free_slots(VtCuda *c, VtCudaSlot *slot, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        c->driver.EventDestroy(slot[i].done);
        c->driver.StreamDestroy(slot[i].stream);
    }
}

static int make_slot(VtCudaDevice *d, VtCudaSlot *slot)
{
    VtCuda *c = d->cuda;
    const int err = vt_cuda_stream(c, &slot->stream, d->log);
    if (err) return err;
    const CUresult r = c->driver.EventCreate(&slot->done, CU_EVENT_DISABLE_TIMING);
    if (r != CUDA_SUCCESS) c->driver.StreamDestroy(slot->stream);
    return vt_cuda_result(&c->driver, d->log, r, "cannot make an event");
}

static int make_slots(VtCudaDevice *d, unsigned n)
{
    VtCudaStage *s = &d->stage;
    if (s->slot) return 0;
    VtCudaSlot *slot = calloc(n, sizeof(*slot));
    if (!slot) {
        vt_error(d->log, "CUDA: out of memory");
        return -ENOMEM;
    }
    for (unsigned i = 0; i < n; i++) {
        const int err = make_slot(d, &slot[i]);
        if (!err) continue;
        free_slots(d->cuda, slot, i);
        free(slot);
        return err;
    }
    s->slot = slot;
    s->n_slots = n;
    return 0;
}

/* New memory for all slots takes the place of the old. */
static int make_memory(VtCudaDevice *d, size_t scratch_size, size_t sums_size)
{
    VtCudaStage *s = &d->stage;
    const VtCudaDriver *driver = &d->cuda->driver;
    CUdeviceptr scratch = 0, sums = 0;
    void *on_host = NULL;
    CUresult r =
        scratch_size ? driver->MemAlloc(&scratch, s->n_slots * scratch_size) : CUDA_SUCCESS;
    if (r == CUDA_SUCCESS) r = driver->MemAlloc(&sums, s->n_slots * sums_size);
    if (r == CUDA_SUCCESS) r = driver->MemHostAlloc(&on_host, s->n_slots * sums_size, PORTABLE);
    const int err = vt_cuda_result(driver, d->log, r, "cannot allocate memory for frames");
    if (err) {
        free_memory(d->cuda, scratch, sums, on_host);
        return err;
    }
    free_memory(d->cuda, s->scratch, s->sums, s->sums_on_host);
    s->scratch = scratch;
    s->sums = sums;
    s->sums_on_host = on_host;
    s->scratch_size = scratch_size;
    s->sums_size = sums_size;
    return 0;
}

int vt_cuda_reserve(VtDevice *device, unsigned n_slots, unsigned batch)
{
    VtCudaDevice *d = (VtCudaDevice *)device;
    VtCudaStage *s = &d->stage;
    size_t scratch = 0, sums = 0;
    for (unsigned i = 0; i < s->n_groups; i++) {
        if (s->group[i].scratch > scratch) scratch = s->group[i].scratch;
        s->group[i].sums_at = sums;
        sums += ALIGN(s->group[i].sums);
    }
    int err = vt_cuda_enter(d->cuda, d->log);
    if (err) return err;
    err = make_slots(d, n_slots);
    if (!err) err = make_memory(d, ALIGN(scratch), sums);
    vt_cuda_leave(d->cuda);
    s->batch = batch;
    s->last = s->n_slots - 1;
    return err;
}

void vt_cuda_stage_close(VtCudaStage *s, VtCuda *c)
{
    if (s->slot && vt_cuda_enter_to_free(c)) {
        free_slots(c, s->slot, s->n_slots);
        free_memory(c, s->scratch, s->sums, s->sums_on_host);
        vt_cuda_leave(c);
    }
    free(s->slot);
}

/* ---- a batch ---- */

typedef struct Launch {
    VtCudaDevice *device;
    const VtCudaGroup *group;
    CUstream stream;
} Launch;

static int launch_kernel(void *ctx, unsigned kernel, VtGpuDim grid, VtGpuDim block,
                         const void *params)
{
    const Launch *l = ctx;
    const VtCudaDriver *driver = &l->device->cuda->driver;
    void *pointers[] = {(void *)(uintptr_t)params};
    return vt_cuda_result(driver, l->device->log,
                          driver->LaunchKernel(l->group->kernel[kernel], grid.x, grid.y, grid.z,
                                               block.x, block.y, block.z, 0, l->stream, pointers,
                                               NULL),
                          "cannot launch a kernel");
}

/* Pictures with an event are waited for one by one, all others by one wait for the legacy stream.
 */
static int wait_for_pictures(VtCudaDevice *d, CUstream stream, const VtGpuFrame *f, bool *legacy)
{
    const VmafPicture *pics[2 + 2 * VT_MAX_HISTORY] = {f->ref, f->dis};
    unsigned n = 2;
    for (unsigned k = 0; k < VT_MAX_HISTORY; k++) {
        pics[n++] = f->prev_ref[k];
        pics[n++] = f->prev_dis[k];
    }
    for (unsigned i = 0; i < n; i++) {
        if (!pics[i] || (!pics[i]->ref->event && *legacy)) continue;
        if (!pics[i]->ref->event) *legacy = true;
        const int err = vt_cuda_order(d->cuda, stream, pics[i]->ref->event, d->log);
        if (err) return err;
    }
    return 0;
}

static int run_group(VtCudaDevice *d, unsigned number, CUstream stream, unsigned first, unsigned n)
{
    VtCudaStage *s = &d->stage;
    const VtCudaGroup *g = &s->group[number];
    VtGpuFrame frame[VT_GPU_BATCH];
    unsigned count = 0;
    for (unsigned i = 0; i < n; i++) {
        const unsigned at = (first + i) % s->n_slots;
        if (!(s->slot[at].groups & UINT64_C(1) << number)) continue;
        frame[count] = s->slot[at].frame;
        frame[count].scratch = (void *)(uintptr_t)(s->scratch + at * s->scratch_size);
        frame[count].sums = (void *)(uintptr_t)(s->sums + at * s->sums_size + g->sums_at);
        count++;
    }
    if (!count) return 0;
    Launch launch = {d, g, stream};
    const VtGpuQueue queue = {&launch, launch_kernel};
    return g->group->metric->gpu->run(g->group, &queue, frame, count);
}

/* Slots first .. first + n - 1, which do not wrap. */
static int clear_sums(VtCudaDevice *d, CUstream stream, unsigned first, unsigned n)
{
    const VtCudaStage *s = &d->stage;
    const VtCudaDriver *driver = &d->cuda->driver;
    return vt_cuda_result(
        driver, d->log,
        driver->MemsetD8Async(s->sums + first * s->sums_size, 0, n * s->sums_size, stream),
        "cannot clear a frame's sums");
}

static int copy_sums(VtCudaDevice *d, CUstream stream, unsigned first, unsigned n)
{
    const VtCudaStage *s = &d->stage;
    const VtCudaDriver *driver = &d->cuda->driver;
    const CUDA_MEMCPY2D rect = {.srcMemoryType = CU_MEMORYTYPE_DEVICE,
                                .srcDevice = s->sums + first * s->sums_size,
                                .srcPitch = s->sums_size,
                                .dstMemoryType = CU_MEMORYTYPE_HOST,
                                .dstHost = s->sums_on_host + first * s->sums_size,
                                .dstPitch = s->sums_size,
                                .WidthInBytes = s->sums_size,
                                .Height = n};
    return vt_cuda_result(driver, d->log, driver->Memcpy2DAsync(&rect, stream),
                          "cannot copy a frame's sums");
}

typedef int Range(VtCudaDevice *d, CUstream stream, unsigned first, unsigned n);

/* The same for a batch that may wrap. */
static int for_batch(Range *f, VtCudaDevice *d, CUstream stream, unsigned first, unsigned n)
{
    const unsigned room = d->stage.n_slots - first;
    const int err = f(d, stream, first, n < room ? n : room);
    return err || n <= room ? err : f(d, stream, 0, n - room);
}

static int queue_batch(VtCudaDevice *d, unsigned first, unsigned n)
{
    VtCudaStage *s = &d->stage;
    const CUstream stream = s->slot[first].stream;
    bool legacy = false;
    int err = 0;
    for (unsigned i = 0; i < n && !err; i++)
        err = wait_for_pictures(d, stream, &s->slot[(first + i) % s->n_slots].frame, &legacy);
    if (!err) err = for_batch(clear_sums, d, stream, first, n);
    for (unsigned g = 0; g < s->n_groups && !err; g++) err = run_group(d, g, stream, first, n);
    if (!err) err = for_batch(copy_sums, d, stream, first, n);
    if (!err)
        err = vt_cuda_result(&d->cuda->driver, d->log,
                             d->cuda->driver.EventRecord(s->slot[first].done, stream),
                             "cannot record an event");
    if (err) vt_cuda_sync(d->cuda, stream, d->log); /* the pictures may be given back next */
    return err;
}

static void set_batch(VtCudaStage *s, unsigned first, unsigned n, VtCudaSlotState state, int error)
{
    for (unsigned i = 0; i < n; i++) {
        VtCudaSlot *slot = &s->slot[(first + i) % s->n_slots];
        slot->state = state;
        slot->error = error;
        slot->first = first;
        slot->batched = n;
    }
}

static void launch_pending(VtCudaDevice *d)
{
    VtCudaStage *s = &d->stage;
    const unsigned n = s->pending, first = (s->last + s->n_slots - (n - 1)) % s->n_slots;
    s->pending = 0;
    int err = vt_cuda_enter(d->cuda, d->log);
    if (!err) {
        err = queue_batch(d, first, n);
        vt_cuda_leave(d->cuda);
    }
    set_batch(s, first, n, err ? VT_CUDA_READY : VT_CUDA_LAUNCHED, err);
}

void vt_cuda_submit(VtDevice *device, unsigned slot, const VtGpuFrame *frame, uint64_t groups)
{
    VtCudaDevice *d = (VtCudaDevice *)device;
    VtCudaStage *s = &d->stage;
    s->slot[slot].frame = *frame;
    s->slot[slot].groups = groups;
    s->slot[slot].state = VT_CUDA_PENDING;
    s->last = slot;
    if (++s->pending == s->batch) launch_pending(d);
}

/* Waits for a batch; should that fail, for the stream, since kernels may still read pictures. */
static int arrive(VtCudaDevice *d, const VtCudaSlot *first)
{
    VtCuda *c = d->cuda;
    int err = vt_cuda_enter(c, d->log);
    if (err && !vt_cuda_enter_to_free(c)) return err;
    const int wait_err = vt_cuda_result(&c->driver, d->log, c->driver.EventSynchronize(first->done),
                                        "cannot wait for a frame");
    if (wait_err) vt_cuda_sync(c, first->stream, d->log);
    vt_cuda_leave(c);
    return err ? err : wait_err;
}

int vt_cuda_finish(VtDevice *device, unsigned slot)
{
    VtCudaDevice *d = (VtCudaDevice *)device;
    VtCudaStage *s = &d->stage;
    const VtCudaSlot *at = &s->slot[slot];
    if (at->state == VT_CUDA_PENDING) launch_pending(d);
    if (at->state == VT_CUDA_LAUNCHED)
        set_batch(s, at->first, at->batched, VT_CUDA_READY, arrive(d, &s->slot[at->first]));
    if (at->error) return at->error;
    vt_cuda_upload_arrived(at->frame.ref);
    vt_cuda_upload_arrived(at->frame.dis);
    return 0;
}

const void *vt_cuda_sums(VtDevice *device, unsigned slot, unsigned number)
{
    const VtCudaStage *s = stage_of(device);
    return s->sums_on_host + slot * s->sums_size + s->group[number].sums_at;
}
