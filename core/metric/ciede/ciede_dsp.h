/* Kernels of ciede: colour differences of pixels. The scalar one (ciede_dsp.c) is the formula, with
 * the C library's functions; the vector ones give the same floats but for a rounding in millions of
 * pixels. */
#ifndef VT_METRIC_CIEDE_DSP_H
#define VT_METRIC_CIEDE_DSP_H

#include <stddef.h>
#include <stdint.h>

#define VT_CIEDE_RUN 256 /* pixels of one call */

/* Samples of n pixels, chroma brought to full resolution: y, u and v of the reference and of the
 * distorted side. */
typedef struct VtCiedeRun {
    _Alignas(64) uint16_t ref[3][VT_CIEDE_RUN], dis[3][VT_CIEDE_RUN];
    unsigned n, bpc;
} VtCiedeRun;

typedef struct VtCiedeDsp {
    /* delta[i] of pixel i. Whole vectors are read and written: up to n rounded up to 16. delta is
     * 64-byte aligned. */
    void (*differences)(const VtCiedeRun *run, float *delta);
} VtCiedeDsp;

void vt_ciede_dsp_init(VtCiedeDsp *dsp, unsigned cpu_flags);
void vt_ciede_dsp_init_avx2(VtCiedeDsp *dsp);
void vt_ciede_dsp_init_avx512(VtCiedeDsp *dsp);

#endif
