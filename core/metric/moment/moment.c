/* First and second moments of luma, on the 8-bit scale (spec: float 7). */
#include <errno.h>
#include <stdlib.h>

#include "metric/metric.h"
#include "metric/moment/moment_dsp.h"

enum { REF_1ST, DIS_1ST, REF_2ND, DIS_2ND, OUTPUTS };

static const VtOutput outputs[OUTPUTS] = {
    {.base = "float_moment_ref1st"},
    {.base = "float_moment_dis1st"},
    {.base = "float_moment_ref2nd"},
    {.base = "float_moment_dis2nd"},
};

static int init(VtGroup *group)
{
    VtMomentDsp *dsp = malloc(sizeof(*dsp));
    if (!dsp) {
        vt_error(group->log, "float_moment: out of memory");
        return -ENOMEM;
    }
    vt_moment_dsp_init(dsp, group->cpu_flags);
    group->shared = dsp;
    return 0;
}

static void close_group(VtGroup *group)
{
    free(group->shared);
    group->shared = NULL;
}

/* Squares of up to 12-bit samples are exact in a float, those of deeper ones are rounded. */
static VtMoments luma_sums(const VtMomentDsp *dsp, const VmafPicture *pic)
{
    VtMoments sums = {0, 0};
    for (unsigned y = 0; y < pic->h[0]; y++) {
        const void *row = (const char *)pic->data[0] + (ptrdiff_t)y * pic->stride[0];
        if (pic->bpc == 8)
            dsp->add8(row, pic->w[0], &sums);
        else if (pic->bpc <= 12)
            dsp->add16(row, pic->w[0], &sums);
        else
            dsp->add16_rounded(row, pic->w[0], &sums);
    }
    return sums;
}

static void emit(VtResult *r, unsigned first, unsigned second, const VmafPicture *pic,
                 const VtMomentDsp *dsp)
{
    const VtMoments sums = luma_sums(dsp, pic);
    const double n = (double)((uint64_t)pic->w[0] * pic->h[0]);
    const double scale = 1.0 / (1u << (pic->bpc - 8));
    vt_emit(r, first, (double)sums.first * scale / n);
    vt_emit(r, second, (double)sums.second * scale * scale / n);
}

static int extract(const VtGroup *group, void *scratch, const VtFrame *frame,
                   VtResult *const *results)
{
    (void)scratch;
    emit(results[0], REF_1ST, REF_2ND, frame->ref, group->shared);
    emit(results[0], DIS_1ST, DIS_2ND, frame->dis, group->shared);
    return 0;
}

const VtMetric vt_metric_float_moment = {
    .name = "float_moment",
    .help = "mean and mean square of the luma of both sides",
    .luma_only = true,
    .outputs = outputs,
    .n_outputs = OUTPUTS,
    .init = init,
    .close = close_group,
    .extract = extract,
};
