/* Scalar kernel of floating-point motion: the formula as it is (spec: float 4). */
#include "metric/float_motion/float_motion_dsp.h"

#include <math.h>

#include "base/mem.h"
#include "cpu/cpu.h"

static const VtFmotionFilter five_taps = {
    2, {0.054488685f, 0.244201347f, 0.402619958f, 0.244201347f, 0.054488685f}};
static const VtFmotionFilter three_taps = {1, {0.166378498f, 0.667243004f, 0.166378498f}};
static const VtFmotionFilter identity = {0, {1}};

const VtFmotionFilter *vt_fmotion_filter(int size)
{
    return size == 1 ? &identity : size == 3 ? &three_taps : &five_taps;
}

typedef struct Lines {
    float *value;
    float *down; /* filtered down the columns, with room for the mirrored ends */
    float *blurred[2];
} Lines;

static size_t layout(Lines *l, unsigned w, void *scratch)
{
    VtCarve c = {.base = scratch};
    l->value = vt_carve(&c, VT_FLOAT_ROW(w));
    float *start = vt_carve(&c, VT_FLOAT_ROW(w + 2 * VT_FMOTION_RADIUS));
    l->down = start ? start + VT_FMOTION_RADIUS : NULL;
    for (int i = 0; i < 2; i++) l->blurred[i] = vt_carve(&c, VT_FLOAT_ROW(w));
    return c.used;
}

/* The scalar kernel's lines, or the SIMD kernels' tiles, which have a fixed size. */
size_t vt_fmotion_scratch(unsigned w)
{
    Lines l;
    const size_t scalar = layout(&l, w, NULL);
    return scalar > VT_FMOTION_TILES ? scalar : VT_FMOTION_TILES;
}

void vt_fmotion_blur(const void *const *source, unsigned w, const VtFmotionFilter *filter,
                     const VtSamples *samples, void *scratch, float *out)
{
    Lines l;
    layout(&l, w, scratch);
    const int r = (int)filter->radius;
    for (unsigned x = 0; x < w; x++) l.down[x] = 0;
    for (int k = 0; k <= 2 * r; k++) {
        vt_float_read_row(samples, source[k], w, l.value);
        for (unsigned x = 0; x < w; x++) l.down[x] += filter->tap[k] * l.value[x];
    }
    for (int i = 1; i <= r; i++) {
        l.down[-i] = l.down[i];
        l.down[(int)w - 1 + i] = l.down[(int)w - 1 - i];
    }
    for (int x = 0; x < (int)w; x++) {
        float sum = 0;
        for (int k = 0; k <= 2 * r; k++) sum += filter->tap[k] * l.down[x - r + k];
        out[x] = sum;
    }
}

float vt_fmotion_row_sad(const float *a, const float *b, unsigned w)
{
    float sum = 0;
    for (unsigned x = 0; x < w; x++) sum += fabsf(a[x] - b[x]);
    return sum;
}

static void sad(const VtFmotionBand *band, void *scratch, float *sum)
{
    Lines l;
    layout(&l, band->w, scratch);
    for (unsigned j = 0; j < band->rows; j++) {
        vt_fmotion_blur(band->earlier + j, band->w, band->filter, &band->samples, scratch,
                        l.blurred[0]);
        vt_fmotion_blur(band->current + j, band->w, band->filter, &band->samples, scratch,
                        l.blurred[1]);
        sum[j] = vt_fmotion_row_sad(l.blurred[0], l.blurred[1], band->w);
    }
}

void vt_fmotion_dsp_init(VtFmotionDsp *dsp, unsigned cpu_flags)
{
    dsp->sad = sad;
    (void)cpu_flags;
#if defined(__x86_64__)
    if (cpu_flags & VT_CPU_AVX2) vt_fmotion_dsp_init_avx2(dsp);
    if (cpu_flags & VT_CPU_AVX512) vt_fmotion_dsp_init_avx512(dsp);
#endif
}
