/* The list of all metrics, in the order in which features of models are looked up. */
#ifndef VT_METRIC_REGISTRY_H
#define VT_METRIC_REGISTRY_H

#include "metric/metric.h"

/* Ends with NULL. */
extern const VtMetric *const vt_metrics[];

/* By extractor name; NULL if unknown. */
const VtMetric *vt_metric_find(const char *name);

/* The first metric that has an output with this base name; NULL if none. */
const VtMetric *vt_metric_of_feature(const char *base);

/* Makes an instance from a copy of dict (may be NULL). -EINVAL for bad or unknown options (one log
 * line), -ENOMEM. */
int vt_instance_create(VtInstance **out, const VtMetric *metric, const VmafFeatureDictionary *dict,
                       const VtLog *log);
void vt_instance_destroy(VtInstance *inst);

#endif
