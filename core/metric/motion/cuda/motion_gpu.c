/* What motion launches on a GPU. */
#include "metric/motion/cuda/motion_kernels.h"
#include "metric/motion/motion_private.h"

_Static_assert(VT_MOTION_FRAMES == VT_GPU_BATCH, "a launch takes a whole batch");

enum { BITS_8, BITS_14, BITS_16 };
static const char *const kernels[] = {"vt_motion_8", "vt_motion_14", "vt_motion_16", NULL};

static void sizes(const VtGroup *group, size_t *scratch, size_t *sums)
{
    (void)group;
    *scratch = 0;
    *sums = sizeof(uint64_t);
}

static int run(const VtGroup *group, const VtGpuQueue *queue, const VtGpuFrame *frame, unsigned n)
{
    const VtFormat *f = &group->format;
    const unsigned back = vt_motion_distance(group->member[0]->options);
    VtMotionGpuParams p = {.w = f->w, .h = f->h, .bpc = f->bpc};
    unsigned count = 0;
    for (unsigned i = 0; i < n; i++) {
        const VmafPicture *earlier = frame[i].prev_ref[back - 1], *current = frame[i].ref;
        if (!vt_motion_compares(group, frame[i].index) || !earlier) continue; /* finish says so */
        p.frame[count++] =
            (VtMotionGpuFrame){earlier->data[0], current->data[0], earlier->stride[0],
                               current->stride[0], frame[i].sums};
    }
    if (!count) return 0;
    const VtGpuDim grid = {(f->w + VT_MOTION_TILE_W - 1) / VT_MOTION_TILE_W,
                           (f->h + VT_MOTION_TILE_H - 1) / VT_MOTION_TILE_H, count};
    const VtGpuDim block = {VT_MOTION_THREADS, 1, 1};
    const unsigned kernel = f->bpc == 8 ? BITS_8 : f->bpc <= 14 ? BITS_14 : BITS_16;
    return queue->launch(queue->ctx, kernel, grid, block, &p);
}

static int finish(const VtGroup *group, const void *sums, unsigned index,
                  const bool has_prev[VT_MAX_HISTORY], VtResult *const *results)
{
    const unsigned back = vt_motion_distance(group->member[0]->options);
    const int err = vt_motion_check_earlier(group, index, has_prev[back - 1]);
    if (!err) vt_motion_emit(group, *(const uint64_t *)sums, results);
    return err;
}

const VtGpuMetric vt_motion_gpu = {kernels, sizes, run, finish};
