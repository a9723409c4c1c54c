/* Mean of the largest c-values (spec: cambi 4.5.4, 5, 10). */
#ifndef VT_METRIC_CAMBI_TOPK_H
#define VT_METRIC_CAMBI_TOPK_H

#include "metric/cambi/cambi_dsp.h"

#define VT_CAMBI_COARSE 4096    /* buckets by the bits of a c-value: above 2^15, */
#define VT_CAMBI_FINE 32768     /* and below */
#define VT_CAMBI_COARSE_LANES 4 /* tables counted in turn, so that equal neighbours do not wait */

typedef struct VtCambiTopK {
    uint32_t coarse[VT_CAMBI_COARSE_LANES][VT_CAMBI_COARSE];
    uint32_t fine[VT_CAMBI_FINE];
} VtCambiTopK;

/* (Sum of the k largest of n values and as many zeros as needed) / k. The values are c-values above
 * 0. */
double vt_cambi_top_mean(const VtCambiDsp *dsp, const float *v, size_t n, size_t k,
                         VtCambiTopK *scratch);

#endif
