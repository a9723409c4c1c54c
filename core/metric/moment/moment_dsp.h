/* Kernels of float_moment: exact integer sums over a row of at most 65536 samples. The scalar ones
 * (moment_dsp.c) are the formula; every instruction set fills the same table and gives the same
 * integers. */
#ifndef VT_METRIC_MOMENT_DSP_H
#define VT_METRIC_MOMENT_DSP_H

#include <stddef.h>
#include <stdint.h>

typedef struct VtMoments {
    uint64_t first, second; /* sums of samples and of their squares */
} VtMoments;

typedef struct VtMomentDsp {
    /* Adds n samples. */
    void (*add8)(const uint8_t *row, size_t n, VtMoments *sums);
    void (*add16)(const uint16_t *row, size_t n, VtMoments *sums);
    /* The same with every square rounded to the 24 significant bits of a float. */
    void (*add16_rounded)(const uint16_t *row, size_t n, VtMoments *sums);
} VtMomentDsp;

void vt_moment_dsp_init(VtMomentDsp *dsp, unsigned cpu_flags);
void vt_moment_dsp_init_avx2(VtMomentDsp *dsp);
void vt_moment_dsp_init_avx512(VtMomentDsp *dsp);

#endif
