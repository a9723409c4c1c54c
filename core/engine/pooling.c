#include "engine/pooling.h"

#include <errno.h>
#include <math.h>

void vt_pool_add(VtPool *p, double value)
{
    if (!p->count || value < p->min) p->min = value;
    if (!p->count || value > p->max) p->max = value;
    p->sum += value;
    p->inverse_sum += 1.0 / (value + 1.0);
    p->count++;
}

double vt_pool_result(const VtPool *p, enum VmafPoolingMethod method)
{
    switch (method) {
    case VMAF_POOL_METHOD_MIN:
        return p->min;
    case VMAF_POOL_METHOD_MAX:
        return p->max;
    case VMAF_POOL_METHOD_MEAN:
        return p->sum / p->count;
    case VMAF_POOL_METHOD_HARMONIC_MEAN:
        return p->count / p->inverse_sum - 1.0;
    default:
        return NAN;
    }
}

int vt_pool_column(VtScores *s, const char *name, unsigned low, unsigned high, unsigned subsample,
                   VtPool *pool)
{
    *pool = (VtPool){0};
    const unsigned end = vt_scores_end(s);
    for (unsigned i = low; i <= high; i++) {
        if (subsample > 1 && i % subsample) continue;
        double value;
        if (i >= end || !vt_scores_get(s, name, i, &value)) return -EINVAL;
        vt_pool_add(pool, value);
    }
    return pool->count ? 0 : -EINVAL;
}
