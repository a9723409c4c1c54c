/* All metrics. A model's feature is provided by the first metric in this order that has an output
 * of its name (spec: models 3.1). */
#include "metric/registry.h"

extern const VtMetric vt_metric_float_psnr, vt_metric_float_ansnr, vt_metric_float_adm,
    vt_metric_float_vif, vt_metric_float_motion, vt_metric_float_moment, vt_metric_speed_chroma,
    vt_metric_speed_temporal, vt_metric_float_ms_ssim, vt_metric_float_ssim, vt_metric_ciede,
    vt_metric_psnr, vt_metric_psnr_hvs, vt_metric_adm, vt_metric_motion, vt_metric_vif,
    vt_metric_cambi, vt_metric_null;

const VtMetric *const vt_metrics[] = {
    &vt_metric_float_psnr, &vt_metric_float_ansnr, &vt_metric_float_adm, &vt_metric_float_vif,
    &vt_metric_float_motion, &vt_metric_float_moment, &vt_metric_speed_chroma,
    &vt_metric_speed_temporal, &vt_metric_float_ms_ssim, &vt_metric_float_ssim, &vt_metric_ciede,
    &vt_metric_psnr, &vt_metric_psnr_hvs, &vt_metric_adm, &vt_metric_motion, &vt_metric_vif,
    &vt_metric_cambi, &vt_metric_null, NULL,
};

static int null_extract(const VtGroup *group, void *scratch, const VtFrame *frame,
                        VtResult *const *results)
{
    (void)group, (void)scratch, (void)frame, (void)results;
    return 0;
}

const VtMetric vt_metric_null = {
    .name = "null",
    .help = "computes nothing; for timing input and scheduling",
    .extract = null_extract,
};
