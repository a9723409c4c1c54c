/* Luma PSNR on the 8-bit scale (spec: float 5). */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "metric/metric.h"
#include "metric/psnr/psnr_dsp.h"

static const VtOutput outputs[] = {{.base = "float_psnr"}};

static int init(VtGroup *group)
{
    VtPsnrDsp *dsp = malloc(sizeof(*dsp));
    if (!dsp) {
        vt_error(group->log, "float_psnr: out of memory");
        return -ENOMEM;
    }
    vt_psnr_dsp_init(dsp, group->cpu_flags);
    group->shared = dsp;
    return 0;
}

static void close_group(VtGroup *group)
{
    free(group->shared);
    group->shared = NULL;
}

/* Samples are v / 2^(bpc - 8) as floats. Their differences are exact, the squares are rounded to
 * float, and the double sum of those is exact, so it can be made of integers. */
static int extract(const VtGroup *group, void *scratch, const VtFrame *frame,
                   VtResult *const *results)
{
    (void)scratch;
    const VmafPicture *ref = frame->ref, *dis = frame->dis;
    const VtFormat *f = &group->format;
    const VtPsnrPlane plane = {.ref = ref->data[0],
                               .dis = dis->data[0],
                               .ref_stride = ref->stride[0],
                               .dis_stride = dis->stride[0],
                               .w = f->w,
                               .h = f->h,
                               .bpc = f->bpc};
    const uint64_t sse = vt_psnr_sse_rounded(group->shared, &plane);
    const double scale = 1.0 / (1u << (f->bpc - 8));
    const double mse = (double)sse * scale * scale / (double)((uint64_t)f->w * f->h);
    const double peak = ((1u << f->bpc) - 1) * scale;
    const double db = 10 * log10(peak * peak / (mse > 1e-10 ? mse : 1e-10));
    const double cap = 6.0 * f->bpc + 12;
    vt_emit(results[0], 0, db < cap ? db : cap);
    return 0;
}

const VtMetric vt_metric_float_psnr = {
    .name = "float_psnr",
    .help = "peak signal-to-noise ratio of luma (floating point)",
    .luma_only = true,
    .outputs = outputs,
    .n_outputs = 1,
    .init = init,
    .close = close_group,
    .extract = extract,
};
