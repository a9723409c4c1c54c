/* All metrics. A model's feature is provided by the first metric in this order that has an output
 * of its name (spec: models 3.1). */
#include "metric/registry.h"

extern const VtMetric vt_metric_adm, vt_metric_motion, vt_metric_vif, vt_metric_null;

const VtMetric *const vt_metrics[] = {
    &vt_metric_adm, &vt_metric_motion, &vt_metric_vif, &vt_metric_null, NULL,
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
