/* For programs in other languages: what a context holds, without a report in between. */
#include <errno.h>

#include "api/export.h"
#include "engine/context.h"
#include "libvmaf/turbo.h"
#include "metric/option.h"

VT_EXPORT void vmaf_turbo_set_thread_log_callback(
    void (*callback)(void *user, enum VmafLogLevel level, const char *line), void *user)
{
    vt_log_set_thread(callback, user);
}

VT_EXPORT int vmaf_turbo_column(VmafContext *vmaf, unsigned i, const char **name,
                                const char **stored_name)
{
    if (!vmaf || !name || !stored_name || i >= vt_scores_columns(vmaf->scores)) return -EINVAL;
    *stored_name = vt_scores_column_name(vmaf->scores, i);
    *name = vt_feature_alias(*stored_name);
    return 0;
}

VT_EXPORT int vmaf_turbo_column_values(VmafContext *vmaf, unsigned i, unsigned index_low,
                                       unsigned index_high, double *values, unsigned char *present)
{
    if (!vmaf || !values || !present || index_low > index_high ||
        i >= vt_scores_columns(vmaf->scores))
        return -EINVAL;
    for (unsigned k = 0; k <= index_high - index_low; k++) {
        present[k] = vt_scores_column_get(vmaf->scores, i, index_low + k, &values[k]);
        if (k == index_high - index_low) break; /* of a range that is all indices */
    }
    return 0;
}

VT_EXPORT int vmaf_turbo_aggregate(VmafContext *vmaf, unsigned i, const char **name, double *value)
{
    if (!vmaf || !name || !value || i >= vt_scores_aggregates(vmaf->scores)) return -EINVAL;
    *name = vt_scores_aggregate(vmaf->scores, i, value);
    return 0;
}

VT_EXPORT int vmaf_turbo_temporal_window(VmafContext *vmaf, unsigned *before, unsigned *after)
{
    if (!vmaf || !before || !after) return -EINVAL;
    *before = *after = 0;
    for (unsigned i = 0; i < vmaf->n_instances; i++) {
        const VtInstance *instance = vmaf->instance[i];
        unsigned b = 0, a = 0;
        if (instance->metric->window) instance->metric->window(instance->options, &b, &a);
        if (b > *before) *before = b;
        if (a > *after) *after = a;
    }
    return 0;
}
