/* Statistics of a column beyond libvmaf's pooling: percentiles and the standard deviation. */
#ifndef VT_ENGINE_STATISTICS_H
#define VT_ENGINE_STATISTICS_H

#include "engine/score_store.h"

#define VT_MAX_STATISTICS 16

typedef struct VtStatistic {
    char name[8];      /* as in the list: "p5", "stddev" */
    double percentile; /* 0 .. 100; negative: the population standard deviation */
} VtStatistic;

typedef struct VtStatistics {
    VtStatistic item[VT_MAX_STATISTICS];
    unsigned count;
} VtStatistics;

/* Reads a list such as "p1,p50,p99.5,stddev" (NULL or empty: none). -EINVAL for anything else. Call
 * under the "C" locale. */
int vt_statistics_parse(VtStatistics *s, const char *list);

/* Computes the statistics of a column over low..high, skipping indices that are not multiples of
 * subsample. A percentile p lies at rank p (n - 1) / 100 of the sorted values, interpolated between
 * the two nearest. -EINVAL if a needed value is missing or none is counted, -ENOMEM. */
int vt_statistics_column(VtScores *scores, const char *name, unsigned low, unsigned high,
                         unsigned subsample, const VtStatistics *s, double *out);

#endif
