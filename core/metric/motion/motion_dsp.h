/* Kernels of integer motion. The scalar one (motion_dsp.c) is the formula; every instruction set
 * fills the same table and gives the same integers. */
#ifndef VT_METRIC_MOTION_DSP_H
#define VT_METRIC_MOTION_DSP_H

#include <stddef.h>
#include <stdint.h>

#define VT_MOTION_RADIUS 2
#define VT_MOTION_TAPS 5

extern const int16_t vt_motion_tap[VT_MOTION_TAPS]; /* their sum is 2^16 */

/* Two luma planes; samples are bytes if bpc is 8, else 16-bit words, of which those above the range
 * of bpc count as the largest one. Strides are in bytes. Rows first .. end - 1 are wanted. */
typedef struct VtMotionPair {
    const void *earlier, *current;
    ptrdiff_t earlier_stride, current_stride;
    unsigned w, h, bpc, first, end;
} VtMotionPair;

typedef struct VtMotionDsp {
    /* Sum over those rows of the absolute blurred difference, S (spec: motion 4). scratch:
     * vt_motion_scratch(w) bytes, 64-byte aligned. */
    uint64_t (*sad)(const VtMotionPair *pair, void *scratch);
} VtMotionDsp;

size_t vt_motion_scratch(unsigned w);

/* Vector kernels blur a band of rows at a time, into two lines of 16-bit words a row. */
#define VT_MOTION_BAND 8
#define VT_MOTION_MARGIN 64 /* words before a line, of which VT_MOTION_RADIUS are used */
#define VT_MOTION_LINE(w) (((size_t)(w) + VT_MOTION_MARGIN + VT_MOTION_RADIUS + 31) / 32 * 32)

void vt_motion_dsp_init(VtMotionDsp *dsp, unsigned cpu_flags);
void vt_motion_dsp_init_avx2(VtMotionDsp *dsp);
void vt_motion_dsp_init_avx512(VtMotionDsp *dsp);
void vt_motion_dsp_init_neon(VtMotionDsp *dsp);

uint64_t vt_motion_sad_scalar(const VtMotionPair *pair, void *scratch);

/* Index t of a line of n samples, mirrored without repeating the edge. Below 3 samples, where that
 * would leave the line, the nearest sample (our choice: libvmaf reads outside). */
static inline unsigned vt_motion_mirror(int t, unsigned n)
{
    const int last = (int)n - 1;
    if (t < 0) t = -t;
    if (t > last) t = 2 * last - t;
    return (unsigned)(t < 0 ? 0 : t > last ? last : t);
}

static inline const void *vt_motion_row(const void *plane, ptrdiff_t stride, unsigned y)
{
    return (const char *)plane + (ptrdiff_t)y * stride;
}

#endif
