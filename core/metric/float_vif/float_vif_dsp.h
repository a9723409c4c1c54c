/* Kernels of floating-point VIF. The scalar ones (float_vif_dsp.c) are the formula; every
 * instruction set fills the same table and gives the same bits: each pixel goes through the same
 * operations in the same order, and each row's terms are added from left to right. */
#ifndef VT_METRIC_FLOAT_VIF_DSP_H
#define VT_METRIC_FLOAT_VIF_DSP_H

#include "metric/float_plane/plane.h"
#include "metric/metric.h"

#define VT_FVIF_SCALES 4
#define VT_FVIF_BAND 16   /* rows of statistics that one kernel call makes, at most */
#define VT_FVIF_THINNED 8 /* rows of the next plane that one kernel call makes, at most */
#define VT_FVIF_RADIUS 32 /* of the widest filter, kernel scale 360/97 */

/* The filter of a scale: 2 radius + 1 taps, counted from -radius. It serves the statistics of its
 * scale and makes the scale's plane from the one before (spec: float 2). */
typedef struct VtFvifFilter {
    unsigned radius;
    float tap[2 * VT_FVIF_RADIUS + 1];
} VtFvifFilter;

/* Rows y .. y + rows - 1 of the planes. Row pointer i is row y - radius + i, already mirrored, for
 * rows + 2 radius rows. w is more than the radius. */
typedef struct VtFvifBand {
    const void *ref[VT_FVIF_BAND + 2 * VT_FVIF_RADIUS], *dis[VT_FVIF_BAND + 2 * VT_FVIF_RADIUS];
    unsigned rows, w;
    const VtFvifFilter *filter;
    VtSamples samples;
} VtFvifBand;

/* What the terms of a pixel depend on. */
typedef struct VtFvifModel {
    double noise;      /* variance of the visual noise, nsq */
    double inverse;    /* 1 / noise if that is exact (a power of two), else 0 */
    float flat_below;  /* the smallest float not below noise: the same comparison in binary32 */
    float flat_scale;  /* kappa */
    unsigned n_limits; /* distinct gain limits of the group's members */
    float limit[VT_MAX_MEMBERS];
} VtFvifModel;

/* The sums of each row of a band. */
typedef struct VtFvifSums {
    float den[VT_FVIF_BAND];
    float num[VT_MAX_MEMBERS][VT_FVIF_BAND]; /* for every gain limit */
} VtFvifSums;

/* Rows of a plane at half size. Source row pointer i is row 2 y - radius + i, mirrored, for 2 rows
 * - 1 + 2 radius rows; w is the source's. Writes w / 2 samples (and may write the row's padding).
 */
typedef struct VtFvifThin {
    const void *src[2 * VT_FVIF_THINNED - 1 + 2 * VT_FVIF_RADIUS];
    float *dst[VT_FVIF_THINNED];
    unsigned rows, w;
    const VtFvifFilter *filter;
    VtSamples samples;
} VtFvifThin;

/* Scratch of SIMD kernels: bytes of tiles of up to 16 lanes, and floats on both sides of a line. */
#define VT_FVIF_TILES (5 * 64 * (16 + 2 * VT_FVIF_RADIUS + 6 * 16 + 2 * VT_FVIF_RADIUS))
#define VT_FVIF_MARGIN 64

typedef struct VtFvifDsp {
    /* scratch: vt_fvif_scratch(w) bytes, 64-byte aligned. */
    void (*statistics)(const VtFvifBand *band, const VtFvifModel *model, void *scratch,
                       VtFvifSums *sums);
    /* Low-pass and decimation by two in both directions. */
    void (*thin)(const VtFvifThin *thin, void *scratch);
} VtFvifDsp;

size_t vt_fvif_scratch(unsigned w);

void vt_fvif_dsp_init(VtFvifDsp *dsp, unsigned cpu_flags);
void vt_fvif_dsp_init_avx2(VtFvifDsp *dsp);
void vt_fvif_dsp_init_avx512(VtFvifDsp *dsp);

/* Coefficients of the base-2 logarithm, highest power first; the constant term is 0. */
#define VT_FVIF_LOG_TERMS 8
extern const float vt_fvif_log_coefficient[VT_FVIF_LOG_TERMS];

/* Low-pass filtered samples and products of one pixel. */
typedef struct VtFvifMoments {
    float mu1, mu2, xx, yy, xy;
} VtFvifMoments;

/* The terms of one pixel: the denominator's is returned, the numerator's go to num by gain limit.
 */
float vt_fvif_pixel(VtFvifMoments p, const VtFvifModel *model, float *num);

#endif
