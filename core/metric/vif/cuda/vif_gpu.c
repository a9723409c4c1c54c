/* The host's side of integer VIF on a GPU: four launches a batch, one a scale. */
#include <math.h>

#include "metric/vif/cuda/vif_kernels.h"
#include "metric/vif/vif_private.h"

_Static_assert(VT_VIF_FRAMES >= VT_GPU_BATCH && VT_VIF_LIMITS >= VT_MAX_MEMBERS &&
                   sizeof(VtVifParams) <= 4096,
               "the kernels take what the engine and groups give");

#define ALIGN 256 /* bytes; rows of a plane begin at half of it */
#define ALIGN_UP(n) (((size_t)(n) + (ALIGN - 1)) & ~(size_t)(ALIGN - 1))

/* Planes 1 to 3 in a frame's scratch. */
typedef struct Planes {
    size_t offset[VT_VIF_SCALES];  /* bytes */
    unsigned pitch[VT_VIF_SCALES]; /* words */
    size_t size;
} Planes;

static Planes planes_of(const VtFormat *f)
{
    Planes p = {.size = 0};
    for (unsigned s = 1; s < VT_VIF_SCALES; s++) {
        p.pitch[s] = ((f->w >> s) + 31) & ~31u;
        p.offset[s] = p.size;
        p.size += ALIGN_UP((size_t)p.pitch[s] * (f->h >> s) * sizeof(uint32_t));
    }
    return p;
}

static size_t sums_of_scale(const VtVifShared *shared)
{
    return VT_VIF_SUM_NUM + shared->limits.count;
}

static void sizes(const VtGroup *group, size_t *scratch, size_t *sums)
{
    *scratch = planes_of(&group->format).size;
    *sums = VT_VIF_SCALES * sums_of_scale(group->shared) * sizeof(uint64_t);
}

void vt_vif_gpu_constants(VtVifParams *p, const VtVifLimits *limits)
{
    for (unsigned i = 0; i < 32; i++) {
        p->log[i].c0 = vt_vif_log_c0[i];
        p->log[i].c1_c2 = vt_vif_log_c1[i] | (uint32_t)vt_vif_log_c2[i] << 16;
    }
    /* A kernel's gain is off by less than 2^-21 of its value. */
    const double margin = 0x1p-19;
    p->limits = limits->count;
    p->limit[1] = (VtVifGpuLimit){INFINITY, INFINITY, INFINITY, INFINITY}; /* never reached */
    for (unsigned i = 0; i < limits->count; i++) {
        const double v = limits->value[i];
        p->limit[i] =
            (VtVifGpuLimit){v, v * v, (float)(v * (1 - margin)), (float)(v * (1 + margin))};
        if (v == 1) p->ones |= UINT32_C(1) << i;
    }
}

/* What all scales have in common. */
static VtVifParams common(const VtGroup *group)
{
    const VtVifShared *shared = group->shared;
    VtVifParams p = {.largest = (UINT32_C(1) << group->format.bpc) - 1,
                     .shift = 16 - group->format.bpc};
    vt_vif_gpu_constants(&p, &shared->limits);
    return p;
}

static void set_frame(VtVifGpuFrame *to, const VtGpuFrame *from, const Planes *planes, unsigned s,
                      size_t n_sums)
{
    char *scratch = from->scratch;
    *to = (VtVifGpuFrame){.sums = (unsigned long long *)from->sums + s * n_sums};
    if (s) {
        to->plane = (const uint32_t *)(void *)(scratch + planes->offset[s]);
    } else {
        to->ref = from->ref->data[0];
        to->dis = from->dis->data[0];
        to->ref_stride = (int32_t)from->ref->stride[0];
        to->dis_stride = (int32_t)from->dis->stride[0];
    }
    if (s + 1 < VT_VIF_SCALES) to->next = (uint32_t *)(void *)(scratch + planes->offset[s + 1]);
}

static int run(const VtGroup *group, const VtGpuQueue *queue, const VtGpuFrame *frame, unsigned n)
{
    const VtVifShared *shared = group->shared;
    const VtFormat *f = &group->format;
    const Planes planes = planes_of(f);
    VtVifParams p = common(group);
    int err = 0;
    for (unsigned s = 0; s < VT_VIF_SCALES && !err; s++) {
        const unsigned columns = VT_VIF_TILE_COLUMNS(s);
        const bool last = s + 1 == VT_VIF_SCALES;
        p.w = f->w >> s;
        p.h = f->h >> s;
        p.pitch = planes.pitch[s];
        p.next_w = last ? 0 : p.w / 2;
        p.next_h = last ? 0 : p.h / 2;
        p.next_pitch = last ? 0 : planes.pitch[s + 1];
        p.statistics = s || !shared->skip_scale0;
        for (unsigned i = 0; i < n; i++)
            set_frame(&p.frame[i], &frame[i], &planes, s, sums_of_scale(shared));
        const VtGpuDim grid = {(p.w + columns - 1) / columns,
                               (p.h + VT_VIF_TILE_ROWS - 1) / VT_VIF_TILE_ROWS, n};
        const VtGpuDim block = {VT_VIF_COLUMNS(s), 1, 1};
        const unsigned kernel = s            ? VT_VIF_KERNEL_1 + s - 1
                                : f->bpc > 8 ? VT_VIF_KERNEL_16
                                             : VT_VIF_KERNEL_8;
        err = queue->launch(queue->ctx, kernel, grid, block, &p);
    }
    return err;
}

static int finish(const VtGroup *group, const void *sums, unsigned index,
                  const bool has_prev[VT_MAX_HISTORY], VtResult *const *results)
{
    const VtVifShared *shared = group->shared;
    const uint64_t *k = sums;
    VtVifSums scale[VT_VIF_SCALES];
    (void)index, (void)has_prev;
    for (unsigned s = 0; s < VT_VIF_SCALES; s++, k += sums_of_scale(shared)) {
        scale[s] = (VtVifSums){.den_log = (int64_t)k[VT_VIF_SUM_DEN],
                               .flat_count = (int64_t)k[VT_VIF_SUM_COUNT],
                               .flat_variance = (int64_t)k[VT_VIF_SUM_VARIANCE]};
        for (unsigned i = 0; i < shared->limits.count; i++)
            scale[s].num_log[i] = (int64_t)k[VT_VIF_SUM_NUM + i];
    }
    for (unsigned m = 0; m < group->n_members; m++)
        vt_vif_scores(scale, group->member[m]->options, shared->limit_of[m], results[m]);
    return 0;
}

static const char *const kernels[] = {"vt_vif_scale0_8", "vt_vif_scale0_16", "vt_vif_scale1",
                                      "vt_vif_scale2",   "vt_vif_scale3",    NULL};
const VtGpuMetric vt_vif_gpu = {kernels, sizes, run, finish};
