/* Kernels of integer VIF. The scalar ones (vif_dsp.c) are the formula; every instruction set fills
 * the same table and gives the same integers. */
#ifndef VT_METRIC_VIF_DSP_H
#define VT_METRIC_VIF_DSP_H

#include <stddef.h>
#include <stdint.h>

#include "metric/metric.h"

#define VT_VIF_SCALES 4
#define VT_VIF_BAND 8    /* rows of statistics that one kernel call makes */
#define VT_VIF_RADIUS 8  /* of the widest filter */
#define VT_VIF_STRIP 496 /* most columns of statistics that one kernel call makes */
#define VT_VIF_THINNED 4 /* rows of the next plane that one kernel call makes */
/* Variance of the visual noise, 2 grey levels squared (spec: vif 8). */
#define VT_VIF_NOISE 131072

/* Vector kernels: words of one line of the vertical pass, which are those of a strip, the radius on
 * both sides and a vector; and how many pixels they collect before they make logarithms of them. */
#define VT_VIF_LINE (VT_VIF_STRIP + 2 * VT_VIF_RADIUS + 32)
#define VT_VIF_LIST 1536

/* The filter of scale s has 2 radius + 1 taps; tap k counts from -radius (spec: vif 3). It serves
 * the statistics of scale s and makes plane s from plane s - 1. */
typedef struct VtVifFilter {
    unsigned radius;
    uint16_t tap[2 * VT_VIF_RADIUS + 1];
} VtVifFilter;

extern const VtVifFilter vt_vif_filter[VT_VIF_SCALES];

/* Rows of source that a kernel gets beyond its first and last: the radius, rounded up to even so
 * that SIMD kernels may take rows in pairs. */
static inline unsigned vt_vif_reach(unsigned scale)
{
    return (vt_vif_filter[scale].radius + 1) & ~1u;
}

/* Index k of a line of n >= 2 samples, mirrored without repeating the edge (spec: vif 4). */
static inline unsigned vt_vif_mirror(int k, unsigned n)
{
    const int period = 2 * ((int)n - 1);
    int j = k % period;
    if (j < 0) j += period;
    return (unsigned)(j < (int)n ? j : period - j);
}

/* Columns x0 .. x1 - 1 of a few rows of one scale. Row pointer i is row y - reach + i of the plane,
 * already mirrored, for rows + 2 reach rows. Samples are bytes if bpc is 8, else 16-bit words;
 * those above the range of bpc count as the largest one. */
typedef struct VtVifStrip {
    const void *ref[VT_VIF_BAND + 2 * VT_VIF_RADIUS], *dis[VT_VIF_BAND + 2 * VT_VIF_RADIUS];
    unsigned rows;   /* 1 .. VT_VIF_BAND */
    unsigned w;      /* of the plane, at least 2 */
    unsigned x0, x1; /* x0 is even, x1 - x0 is 1 .. VT_VIF_STRIP */
    unsigned scale;  /* whose filter to use */
    unsigned bpc;    /* of the plane: 16 for scales 1 to 3 */
} VtVifStrip;

/* Distinct gain limits of a group's members. */
typedef struct VtVifLimits {
    unsigned count;
    double value[VT_MAX_MEMBERS];
} VtVifLimits;

/* Sums over pixels (spec: vif 8). */
typedef struct VtVifSums {
    int64_t num_log[VT_MAX_MEMBERS]; /* A, for every gain limit */
    int64_t den_log;                 /* B */
    int64_t flat_variance;           /* C */
    int64_t flat_count;              /* N0 */
} VtVifSums;

/* Up to VT_VIF_THINNED rows of plane scale from plane scale - 1. Source row i is row 2 y - reach +
 * i, mirrored, for 2 rows - 1 + 2 reach rows; w and bpc are those of the source. */
typedef struct VtVifThin {
    const void *src[2 * VT_VIF_THINNED - 1 + 4 * 2];
    uint16_t *dst[VT_VIF_THINNED];
    unsigned rows, w, scale, bpc;
} VtVifThin;

typedef struct VtVifDsp {
    /* Adds the information terms of a strip to sums. scratch: vt_vif_strip_scratch(limits->count)
     * bytes, 64-byte aligned. */
    void (*statistics)(const VtVifStrip *strip, void *scratch, const VtVifLimits *limits,
                       VtVifSums *sums);
    /* Low-pass and decimation by two in both directions. scratch: vt_vif_thin_scratch(w) bytes. */
    void (*thin)(const VtVifThin *thin, void *scratch);
} VtVifDsp;

size_t vt_vif_strip_scratch(unsigned limits);
size_t vt_vif_thin_scratch(unsigned w);

void vt_vif_dsp_init(VtVifDsp *dsp, unsigned cpu_flags);
void vt_vif_dsp_init_avx2(VtVifDsp *dsp);
void vt_vif_dsp_init_avx512(VtVifDsp *dsp);
void vt_vif_dsp_init_avx512icl(VtVifDsp *dsp);
void vt_vif_dsp_init_neon(VtVifDsp *dsp);

/* T(m) - 30720 for m = 32768 + 1024 s + t, t < 1024, where T(m) = floor(2048 log2(m) + 1/2 +
 * 1/1024), is (c0 + (c1 - u) t) >> 18 with u = (c2 t) >> 12, for every m (spec: vif 7 and 13.7). */
extern const uint32_t vt_vif_log_c0[32];
extern const uint16_t vt_vif_log_c1[32], vt_vif_log_c2[32];

/* 2048 log2(n / 2^17) for n from 2^17 to 2^31 - 1, as the table of spec: vif 7 gives it. */
static inline int vt_vif_log(uint32_t n)
{
    const int k = 16 - __builtin_clz(n);
    const uint32_t m = n >> k, s = (m >> 10) - 32, t = m & 1023;
    const uint32_t u = (vt_vif_log_c2[s] * t) >> 12;
    return (int)((vt_vif_log_c0[s] + (vt_vif_log_c1[s] - u) * t) >> 18) + 2048 * (k - 2);
}

/* Adds the information terms of one pixel: variances s1 and s2 (not negative) and covariance s12 in
 * units of 2^-16 grey levels squared. */
void vt_vif_pixel(int32_t s1, int32_t s2, int32_t s12, const VtVifLimits *limits, VtVifSums *sums);

#endif
