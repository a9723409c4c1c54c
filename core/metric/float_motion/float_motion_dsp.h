/* Kernels of floating-point motion. The scalar one (float_motion_dsp.c) is the formula; every
 * instruction set fills the same table and gives the same bits. */
#ifndef VT_METRIC_FLOAT_MOTION_DSP_H
#define VT_METRIC_FLOAT_MOTION_DSP_H

#include "metric/float_plane/plane.h"

#define VT_FMOTION_BAND 16 /* rows that one kernel call takes, at most */
#define VT_FMOTION_RADIUS 2

/* 2 radius + 1 taps. */
typedef struct VtFmotionFilter {
    unsigned radius;
    float tap[2 * VT_FMOTION_RADIUS + 1];
} VtFmotionFilter;

/* The filter of the option motion_filter_size. */
const VtFmotionFilter *vt_fmotion_filter(int size);

/* Rows y .. y + rows - 1 of two planes. Row pointer i is row y - radius + i, already mirrored, for
 * rows + 2 radius rows. w is more than the radius. */
typedef struct VtFmotionBand {
    const void *earlier[VT_FMOTION_BAND + 2 * VT_FMOTION_RADIUS];
    const void *current[VT_FMOTION_BAND + 2 * VT_FMOTION_RADIUS];
    unsigned rows, w;
    const VtFmotionFilter *filter;
    VtSamples samples;
} VtFmotionBand;

/* Scratch of SIMD kernels: bytes of tiles of up to 16 lanes. */
#define VT_FMOTION_TILES (64 * (16 + 4 + 2 * (4 + 6 * 16)))

typedef struct VtFmotionDsp {
    /* For each row the sum, from left to right, of the absolute differences of the blurred rows.
     * scratch: vt_fmotion_scratch(w) bytes, 64-byte aligned. */
    void (*sad)(const VtFmotionBand *band, void *scratch, float *sum);
} VtFmotionDsp;

size_t vt_fmotion_scratch(unsigned w);

void vt_fmotion_dsp_init(VtFmotionDsp *dsp, unsigned cpu_flags);
void vt_fmotion_dsp_init_avx2(VtFmotionDsp *dsp);
void vt_fmotion_dsp_init_avx512(VtFmotionDsp *dsp);

/* One blurred row; source row i of 2 radius + 1. */
void vt_fmotion_blur(const void *const *source, unsigned w, const VtFmotionFilter *filter,
                     const VtSamples *samples, void *scratch, float *out);

/* Sum of |a - b| from left to right. */
float vt_fmotion_row_sad(const float *a, const float *b, unsigned w);

#endif
