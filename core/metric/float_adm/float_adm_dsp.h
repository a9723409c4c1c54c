/* Kernels of floating-point ADM. The scalar ones (float_adm_dsp.c) are the formula; every
 * instruction set fills the same table and gives the same bits: each coefficient goes through the
 * same operations in the same order, and each row's terms are added from left to right. */
#ifndef VT_METRIC_FLOAT_ADM_DSP_H
#define VT_METRIC_FLOAT_ADM_DSP_H

#include <stdbool.h>

#include "metric/float_plane/plane.h"

#define VT_FADM_SCALES 4
#define VT_FADM_BANDS 3 /* detail bands, in the order h, v, d */

enum { VT_FADM_H, VT_FADM_V, VT_FADM_D };

/* Floats that a row of coefficients has before its first one, and behind its last padded block. */
#define VT_FADM_MARGIN 16

/* Taps of the wavelet's low and high pass (spec: float 3). */
extern const float vt_fadm_low[4], vt_fadm_high[4];

/* One row of the four bands. row: input rows 2 i - 1 .. 2 i + 2, mirrored, w samples each. A NULL
 * band is not wanted; bands have (w + 1) / 2 coefficients (and their padding may be written). */
typedef struct VtFadmWavelet {
    const void *row[4];
    unsigned w;
    VtSamples samples;
    float *approximation, *detail[VT_FADM_BANDS];
} VtFadmWavelet;

/* How visible a band's coefficients are and what restoration may do. */
typedef struct VtFadmModel {
    float factor[VT_FADM_BANDS]; /* contrast sensitivity */
    double gain_limit;
    bool exact_limit; /* the limit is a float, so that products with it round once */
    bool masking;     /* false: thresholds are 0 */
    float p;          /* exponent of the pooling */
} VtFadmModel;

/* One row of coefficients, weighted and split: what is left of the reference (restored), and what
 * was added to it. For x0 <= x < x1. */
typedef struct VtFadmDecouple {
    const float *ref[VT_FADM_BANDS], *dis[VT_FADM_BANDS];
    unsigned x0, x1;
    float *restored[VT_FADM_BANDS], *added[VT_FADM_BANDS];           /* |factor * coefficient| */
    float *restored_mask[VT_FADM_BANDS], *added_mask[VT_FADM_BANDS]; /* a thirtieth of that */
} VtFadmDecouple;

/* Pooled terms of one row, left <= x < right. The masks' index [band][k] means row y - 1 + k; they
 * are readable from left - 1 to right. */
typedef struct VtFadmPool {
    const float *ref[VT_FADM_BANDS]; /* coefficients of the reference */
    const float *restored[VT_FADM_BANDS], *added[VT_FADM_BANDS];
    const float *restored_mask[VT_FADM_BANDS][3], *added_mask[VT_FADM_BANDS][3];
    unsigned left, right;
} VtFadmPool;

typedef struct VtFadmSums {
    float reference[VT_FADM_BANDS]; /* of the denominator */
    float restored[VT_FADM_BANDS];  /* of the numerator */
    float added[VT_FADM_BANDS];     /* of the additive impairment's numerator */
} VtFadmSums;

typedef struct VtFadmDsp {
    /* scratch: vt_fadm_scratch(w) bytes, 64-byte aligned. */
    void (*wavelet)(const VtFadmWavelet *wavelet, void *scratch);
    void (*decouple)(const VtFadmDecouple *decouple, const VtFadmModel *model);
    void (*pool)(const VtFadmPool *pool, const VtFadmModel *model, VtFadmSums *sums);
} VtFadmDsp;

size_t vt_fadm_scratch(unsigned w);

void vt_fadm_dsp_init(VtFadmDsp *dsp, unsigned cpu_flags);
void vt_fadm_dsp_init_avx2(VtFadmDsp *dsp);
void vt_fadm_dsp_init_avx512(VtFadmDsp *dsp);

/* For SIMD kernels, which leave exponents other than 3 and limits that are no floats to these. */
void vt_fadm_decouple_scalar(const VtFadmDecouple *decouple, const VtFadmModel *model);
void vt_fadm_pool_scalar(const VtFadmPool *pool, const VtFadmModel *model, VtFadmSums *sums);

#define VT_FADM_MASK_WEIGHT 0.0333333351   /* of a neighbour, about 1/30 */
#define VT_FADM_CENTRE_WEIGHT 0.0666666701 /* of the coefficient itself, about 1/15 */
#define VT_FADM_COS_SQUARED 0.99969542f    /* of 1 degree */

#endif
