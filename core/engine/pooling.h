/* Pooling of a range of per-frame values (spec: cli-and-output 6). */
#ifndef VT_ENGINE_POOLING_H
#define VT_ENGINE_POOLING_H

#include "engine/score_store.h"

typedef struct VtPool {
    unsigned count;
    double sum, inverse_sum, min, max; /* inverse_sum: of 1 / (x + 1) */
} VtPool;

void vt_pool_add(VtPool *p, double value); /* start from a zeroed structure */

/* method from VMAF_POOL_METHOD_MIN to HARMONIC_MEAN; count must not be 0. */
double vt_pool_result(const VtPool *p, enum VmafPoolingMethod method);

/* Pools a column over low..high, skipping indices that are not multiples of subsample (0, 1: none).
 * -EINVAL if a needed value is missing or none is counted. */
int vt_pool_column(VtScores *s, const char *name, unsigned low, unsigned high, unsigned subsample,
                   VtPool *pool);

#endif
