/* Kernels of ciede: colour differences of runs of pixels. The scalar one (ciede_dsp.c) is the
 * formula, with the C library's functions; the vector ones agree with each other bit for bit and
 * with the formula but for a float rounding in millions of pixels. */
#ifndef VT_METRIC_CIEDE_DSP_H
#define VT_METRIC_CIEDE_DSP_H

#include <stddef.h>
#include <stdint.h>

#define VT_CIEDE_RUN 256 /* pixels of one call */
#define VT_CIEDE_LANES 8

/* Samples of 1 to VT_CIEDE_RUN pixels, chroma brought to full resolution: y, u and v of the
 * reference and of the distorted side. 64-byte aligned; kernels read whole groups of lanes. */
typedef struct VtCiedeRun {
    uint16_t ref[3][VT_CIEDE_RUN], dis[3][VT_CIEDE_RUN];
    unsigned n, bpc;
} VtCiedeRun;

/* Sums of colour differences: pixel i of a run goes to lane i % 8. */
typedef struct VtCiedeSums {
    double lane[VT_CIEDE_LANES];
} VtCiedeSums;

typedef struct VtCiedeDsp {
    void (*add)(const VtCiedeRun *run, VtCiedeSums *sums);
} VtCiedeDsp;

void vt_ciede_dsp_init(VtCiedeDsp *dsp, unsigned cpu_flags);
void vt_ciede_dsp_init_avx2(VtCiedeDsp *dsp);
void vt_ciede_dsp_init_avx512(VtCiedeDsp *dsp);

#endif
