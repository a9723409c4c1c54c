/* Kernels of float_ansnr, on pieces of rows. The scalar ones (ansnr_dsp.c) are the formula; every
 * instruction set fills the same table and gives the same bits. */
#ifndef VT_METRIC_ANSNR_DSP_H
#define VT_METRIC_ANSNR_DSP_H

#include <stddef.h>
#include <stdint.h>

#define VT_ANSNR_STRIP 128 /* columns of one piece */
#define VT_ANSNR_ROWS 16   /* rows whose sums advance together */
#define VT_ANSNR_RADIUS 2

/* The distinct rows of the 5x5 kernel: row 0 and 4, row 1 and 3, row 2. */
extern const float vt_ansnr_tap[3][2 * VT_ANSNR_RADIUS + 1];

/* A source row filtered with the distinct kernel rows. */
typedef struct VtAnsnrFiltered {
    float row[3][VT_ANSNR_STRIP];
} VtAnsnrFiltered;

typedef struct VtAnsnrDsp {
    /* dst[i] = src[i] * scale - 128 */
    void (*convert8)(const uint8_t *src, float *dst, unsigned n);
    void (*convert16)(const uint16_t *src, float *dst, unsigned n, float scale);

    /* n outputs of the horizontal passes; src[0] is the sample of output 0, src[-2] to src[n + 1]
     * are read. */
    void (*filter_ref)(const float *src, float *dst, unsigned n);
    void (*filter_dis)(const float *src, VtAnsnrFiltered *dst, unsigned n);

    /* Vertical passes of n columns of one row, from the source rows around it: sig = R^2, noise =
     * (R - D)^2. */
    void (*terms)(const float *const ref[3], const VtAnsnrFiltered *const dis[5], float *sig,
                  float *noise, unsigned n);

    /* sum[r] = (sum[r] + term[r][0]) + term[r][1] ... for VT_ANSNR_ROWS rows of n terms. */
    void (*add)(const float term[VT_ANSNR_ROWS][VT_ANSNR_STRIP], float *sum, unsigned n);
} VtAnsnrDsp;

void vt_ansnr_dsp_init(VtAnsnrDsp *dsp, unsigned cpu_flags);
void vt_ansnr_dsp_init_avx2(VtAnsnrDsp *dsp);
void vt_ansnr_dsp_init_avx512(VtAnsnrDsp *dsp);

#endif
