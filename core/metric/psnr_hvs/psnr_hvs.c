/* PSNR with the contrast sensitivity and masking of human vision (spec: classic 5). */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metric/metric.h"
#include "metric/psnr_hvs/psnr_hvs_dsp.h"

#define MAX_BPC 12

enum { HVS_Y, HVS_CB, HVS_CR, HVS, OUTPUTS };

static const VtOutput outputs[OUTPUTS] = {
    {.base = "psnr_hvs_y"},
    {.base = "psnr_hvs_cb"},
    {.base = "psnr_hvs_cr"},
    {.base = "psnr_hvs"},
};

typedef struct Shared {
    VtHvsDsp dsp;
    VtHvsTable table[3];
} Shared;

static int check_format(const VtGroup *group)
{
    const VtFormat *f = &group->format;
    const unsigned needed_w = f->pix_fmt == VMAF_PIX_FMT_YUV444P ? 8 : 16;
    const unsigned needed_h = f->pix_fmt == VMAF_PIX_FMT_YUV420P ? 16 : 8;
    if (f->pix_fmt == VMAF_PIX_FMT_YUV400P) {
        vt_error(group->log, "psnr_hvs: pictures without chroma are not supported");
        return -EINVAL;
    }
    if (f->bpc > MAX_BPC) {
        vt_error(group->log, "psnr_hvs: %u bits per sample are too many, at most %u are supported",
                 f->bpc, MAX_BPC);
        return -EINVAL;
    }
    if (f->w < needed_w || f->h < needed_h) {
        vt_error(group->log, "psnr_hvs: a picture of %ux%u is too small, it needs %ux%u", f->w,
                 f->h, needed_w, needed_h);
        return -EINVAL;
    }
    return 0;
}

static int init(VtGroup *group)
{
    const int err = check_format(group);
    if (err) return err;
    Shared *s = calloc(1, sizeof(*s));
    if (!s) {
        vt_error(group->log, "psnr_hvs: out of memory");
        return -ENOMEM;
    }
    vt_hvs_dsp_init(&s->dsp, group->cpu_flags);
    for (unsigned p = 0; p < 3; p++) vt_hvs_table(&s->table[p], p);
    group->shared = s;
    return 0;
}

static void close_group(VtGroup *group)
{
    free(group->shared);
    group->shared = NULL;
}

static size_t scratch_size(const VtGroup *group)
{
    (void)group;
    return sizeof(VtHvsTerms);
}

/* Blocks overlap by a sample; what is left at the end is ignored. */
static unsigned block_count(unsigned size)
{
    return (size - 1) / VT_HVS_STEP;
}

/* Are both sides equal? Then all terms are 0. */
static bool equal(const VtHvsGroup *g)
{
    const size_t bytes = (VT_HVS_STEP * (g->blocks - 1) + VT_HVS_SIDE) * (g->bpc > 8 ? 2u : 1u);
    for (ptrdiff_t y = 0; y < VT_HVS_SIDE; y++)
        if (memcmp((const char *)g->ref + y * g->ref_stride,
                   (const char *)g->dis + y * g->dis_stride, bytes))
            return false;
    return true;
}

/* Adds the terms of the blocks from row y on to acc, in order. */
static float block_row(const Shared *s, const VtFrame *frame, unsigned plane, unsigned y, float acc,
                       float (*term)[VT_HVS_GROUP])
{
    const VmafPicture *ref = frame->ref, *dis = frame->dis;
    const unsigned across = block_count(ref->w[plane]), bytes = ref->bpc > 8 ? 2 : 1;
    for (unsigned b = 0; b < across; b += VT_HVS_GROUP) {
        const ptrdiff_t x = (ptrdiff_t)b * VT_HVS_STEP * bytes;
        const unsigned left = across - b;
        const VtHvsGroup group = {
            .ref = (const char *)ref->data[plane] + (ptrdiff_t)y * ref->stride[plane] + x,
            .dis = (const char *)dis->data[plane] + (ptrdiff_t)y * dis->stride[plane] + x,
            .ref_stride = ref->stride[plane],
            .dis_stride = dis->stride[plane],
            .blocks = left < VT_HVS_GROUP ? left : VT_HVS_GROUP,
            .bpc = ref->bpc,
        };
        if (equal(&group)) continue;
        s->dsp.terms(&group, &s->table[plane], term);
        acc = s->dsp.add(acc, term, group.blocks);
    }
    return acc;
}

/* Mean weighted squared error over the squared peak. libvmaf adds all terms of a plane in one
 * float, whose rounding shows in the third decimal of the score: the order matters. */
static double plane_error(const Shared *s, const VtFrame *frame, unsigned plane,
                          float (*term)[VT_HVS_GROUP])
{
    const unsigned across = block_count(frame->ref->w[plane]);
    const unsigned down = block_count(frame->ref->h[plane]);
    const unsigned peak = (1u << frame->ref->bpc) - 1;
    float acc = 0;
    for (unsigned i = 0; i < down; i++)
        acc = block_row(s, frame, plane, i * VT_HVS_STEP, acc, term);
    acc /= (float)((uint64_t)VT_HVS_SIZE * across * down);
    return (double)(acc / (float)(peak * peak));
}

static double decibels(double error)
{
    return 10 * (-1 * log10(error));
}

static int extract(const VtGroup *group, void *scratch, const VtFrame *frame,
                   VtResult *const *results)
{
    double error[3];
    for (unsigned p = 0; p < 3; p++) {
        error[p] = plane_error(group->shared, frame, p, scratch);
        vt_emit(results[0], HVS_Y + p, decibels(error[p]));
    }
    vt_emit(results[0], HVS, decibels(error[0] * 0.8 + 0.1 * (error[1] + error[2])));
    return 0;
}

const VtMetric vt_metric_psnr_hvs = {
    .name = "psnr_hvs",
    .help = "PSNR with contrast sensitivity and masking",
    .outputs = outputs,
    .n_outputs = OUTPUTS,
    .init = init,
    .close = close_group,
    .scratch_size = scratch_size,
    .extract = extract,
};
