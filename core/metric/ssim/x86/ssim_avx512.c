/* AVX-512 kernels of float_ssim and float_ms_ssim. A vector of doubles has eight lanes: eight rows
 * in the horizontal pass, eight columns in the vertical one. */
#include <immintrin.h>
#include <stdbool.h>

#include "metric/ssim/ssim_dsp.h"
#include "metric/ssim/x86/ssim_x86.h"

/* acc + p, the sum a vector adder makes, on the multiply-add units: they are idle while conversions
 * keep the adders busy. */
static inline __m512d add_by_fma(__m512d acc, __m512d p)
{
    return _mm512_fmadd_pd(acc, _mm512_set1_pd(1), p);
}

static inline __m512d product(__m256 v, __m256 tap)
{
    return _mm512_cvtps_pd(_mm256_mul_ps(v, tap));
}

/* One sample further: ends the oldest window, returns its value, continues the others and opens
 * one (vertical() and horizontal() of ssim_dsp.c). */
static inline __m256 step(__m512d open[VT_SSIM_REACH], __m256 v, const __m256 tap[6])
{
    const __m512d p0 = product(v, tap[0]), p1 = product(v, tap[1]), p2 = product(v, tap[2]);
    const __m512d p3 = product(v, tap[3]), p4 = product(v, tap[4]), p5 = product(v, tap[5]);
    const __m512d out = _mm512_add_pd(open[9], p0);
    open[9] = add_by_fma(open[8], p1);
    open[8] = add_by_fma(open[7], p2);
    open[7] = add_by_fma(open[6], p3);
    open[6] = add_by_fma(open[5], p4);
    open[5] = add_by_fma(open[4], p5);
    open[4] = add_by_fma(open[3], p4);
    open[3] = add_by_fma(open[2], p3);
    open[2] = add_by_fma(open[1], p2);
    open[1] = add_by_fma(open[0], p1);
    open[0] = p0;
    return _mm512_cvtpd_ps(out);
}

static inline void load_taps(__m256 tap[6])
{
    for (unsigned k = 0; k < 6; k++) tap[k] = _mm256_set1_ps(vt_ssim_tap[k]);
}

/* Sample x of eight rows of an image. */
static inline __m256 sample(const float (*ref)[8], const float (*dis)[8], unsigned x,
                            unsigned image)
{
    const __m256 r = _mm256_load_ps(ref[x]), d = _mm256_load_ps(dis[x]);
    switch (image) {
    case VT_SSIM_REF:
        return r;
    case VT_SSIM_DIS:
        return d;
    case VT_SSIM_REF2:
        return _mm256_mul_ps(r, r);
    case VT_SSIM_DIS2:
        return _mm256_mul_ps(d, d);
    default:
        return _mm256_mul_ps(r, d);
    }
}

/* Eight rows of an image, n columns rounded up to eight. */
static inline void horizontal(const float (*ref)[8], const float (*dis)[8], unsigned image,
                              float (*out)[VT_SSIM_LINE], unsigned n)
{
    __m512d open[VT_SSIM_REACH];
    __m256 tap[6];
    load_taps(tap);
    for (unsigned k = 0; k < VT_SSIM_REACH; k++) open[k] = _mm512_setzero_pd();
    for (unsigned x = 0; x < VT_SSIM_REACH; x++) step(open, sample(ref, dis, x, image), tap);
    for (unsigned x = 0; x < n; x += 8) {
        __m256 column[8];
        for (unsigned i = 0; i < 8; i++)
            column[i] = step(open, sample(ref, dis, x + VT_SSIM_REACH + i, image), tap);
        vt_transpose8(column);
        for (unsigned i = 0; i < 8; i++) _mm256_store_ps(out[i] + x, column[i]);
    }
}

static void horizontal_image(const VtSsimScratch *s, unsigned group, unsigned image,
                             float (*out)[VT_SSIM_LINE], unsigned n)
{
    const float(*ref)[8] = s->ref[group], (*dis)[8] = s->dis[group];
    switch (image) { /* a copy for each image, without the choice inside */
    case VT_SSIM_REF:
        horizontal(ref, dis, VT_SSIM_REF, out, n);
        break;
    case VT_SSIM_DIS:
        horizontal(ref, dis, VT_SSIM_DIS, out, n);
        break;
    case VT_SSIM_REF2:
        horizontal(ref, dis, VT_SSIM_REF2, out, n);
        break;
    case VT_SSIM_DIS2:
        horizontal(ref, dis, VT_SSIM_DIS2, out, n);
        break;
    default:
        horizontal(ref, dis, VT_SSIM_CROSS, out, n);
    }
}

/* Rows of an image in place. */
static void vertical(double windows[VT_SSIM_REACH][VT_SSIM_STRIP], float (*row)[VT_SSIM_LINE],
                     unsigned rows, unsigned n)
{
    __m512d open[VT_SSIM_REACH];
    __m256 tap[6];
    load_taps(tap);
    for (unsigned x = 0; x < n; x += 8) {
        for (unsigned k = 0; k < VT_SSIM_REACH; k++) open[k] = _mm512_load_pd(windows[k] + x);
        for (unsigned y = 0; y < rows; y++)
            _mm256_store_ps(row[y] + x, step(open, _mm256_load_ps(row[y] + x), tap));
        for (unsigned k = 0; k < VT_SSIM_REACH; k++) _mm512_store_pd(windows[k] + x, open[k]);
    }
}

/* Eight positions (position() of ssim_dsp.c). */
static inline void quotients(const VtSsimScratch *s, unsigned y, unsigned x, __mmask8 inside,
                             __m512d sum[VT_SSIM_MEANS])
{
    const __m256 m1 = _mm256_load_ps(s->filtered[VT_SSIM_REF][y] + x);
    const __m256 m2 = _mm256_load_ps(s->filtered[VT_SSIM_DIS][y] + x);
    const __m256 q11 = _mm256_load_ps(s->filtered[VT_SSIM_REF2][y] + x);
    const __m256 q22 = _mm256_load_ps(s->filtered[VT_SSIM_DIS2][y] + x);
    const __m256 q12 = _mm256_load_ps(s->filtered[VT_SSIM_CROSS][y] + x);
    const __m256 zero = _mm256_setzero_ps();
    const __m256 m11 = _mm256_mul_ps(m1, m1), m22 = _mm256_mul_ps(m2, m2);
    const __m256 v1 = _mm256_max_ps(_mm256_sub_ps(q11, m11), zero);
    const __m256 v2 = _mm256_max_ps(_mm256_sub_ps(q22, m22), zero);
    const __m256 v12 = _mm256_sub_ps(q12, _mm256_mul_ps(m1, m2));
    const __m256 g = _mm256_sqrt_ps(_mm256_mul_ps(v1, v2));
    const __m256 l_den = _mm256_add_ps(_mm256_add_ps(m11, m22), _mm256_set1_ps(VT_SSIM_C1));
    const __m256 c_den = _mm256_add_ps(_mm256_add_ps(v1, v2), _mm256_set1_ps(VT_SSIM_C2));

    const __m512d m1d = _mm512_cvtps_pd(m1), m2d = _mm512_cvtps_pd(m2), gd = _mm512_cvtps_pd(g);
    const __m512d cross = _mm512_mul_pd(_mm512_add_pd(m1d, m1d), m2d);
    const __m512d l_num = _mm512_add_pd(cross, _mm512_set1_pd((double)VT_SSIM_C1));
    const __m512d c_num = _mm512_add_pd(_mm512_add_pd(gd, gd), _mm512_set1_pd((double)VT_SSIM_C2));
    const __m512d l_dend = _mm512_cvtps_pd(l_den), c_dend = _mm512_cvtps_pd(c_den);
    const __m512d reciprocal = _mm512_div_pd(_mm512_set1_pd(1), _mm512_mul_pd(l_dend, c_dend));
    const __m512d l = _mm512_mul_pd(l_num, _mm512_mul_pd(c_dend, reciprocal));
    const __m512d c = _mm512_mul_pd(c_num, _mm512_mul_pd(l_dend, reciprocal));
    const __mmask8 no_sign =
        _mm256_cmp_ps_mask(v12, zero, _CMP_LT_OQ) & _mm256_cmp_ps_mask(g, zero, _CMP_LE_OQ);
    const __m256 z = _mm256_mask_mov_ps(v12, no_sign, zero);
    const __m256 c3 = _mm256_set1_ps(VT_SSIM_C3);
    const __m512d t = _mm512_cvtps_pd(_mm256_div_ps(_mm256_add_ps(z, c3), _mm256_add_ps(g, c3)));

    const __m512d product = _mm512_mul_pd(_mm512_mul_pd(l, c), t);
    sum[VT_SSIM_S] = _mm512_mask_add_pd(sum[VT_SSIM_S], inside, sum[VT_SSIM_S], product);
    sum[VT_SSIM_L] = _mm512_mask_add_pd(sum[VT_SSIM_L], inside, sum[VT_SSIM_L], l);
    sum[VT_SSIM_C] = _mm512_mask_add_pd(sum[VT_SSIM_C], inside, sum[VT_SSIM_C], c);
    sum[VT_SSIM_T] = _mm512_mask_add_pd(sum[VT_SSIM_T], inside, sum[VT_SSIM_T], t);
}

static void add_positions(const VtSsimTile *tile, const VtSsimScratch *s, VtSsimSums *sums)
{
    __m512d sum[VT_SSIM_MEANS];
    for (unsigned m = 0; m < VT_SSIM_MEANS; m++) sum[m] = _mm512_load_pd(sums->lane[m]);
    for (unsigned y = tile->skip; y < tile->rows; y++)
        for (unsigned x = 0; x < tile->n; x += 8) {
            const unsigned left = tile->n - x;
            quotients(s, y, x, (__mmask8)(left < 8 ? (1u << left) - 1 : 0xff), sum);
        }
    for (unsigned m = 0; m < VT_SSIM_MEANS; m++) _mm512_store_pd(sums->lane[m], sum[m]);
}

static void positions(const VtSsimTile *tile, VtSsimWindows *windows, void *scratch,
                      VtSsimSums *sums)
{
    VtSsimScratch *s = scratch;
    vt_ssim_columns(tile, s);
    for (unsigned i = 0; i < VT_SSIM_IMAGES; i++) {
        for (unsigned y = 0; y < tile->rows; y += 8)
            horizontal_image(s, y / 8, i, s->filtered[i] + y, tile->n);
        vertical(windows->open[i], s->filtered[i], tile->rows, tile->n);
    }
    add_positions(tile, s, sums);
}

/* ---- 9x9 decimation ---- */

#define V __m512d
#define FLOATS __m256
#define LANES 8
#define LOAD _mm512_load_pd
#define STORE _mm512_store_pd
#define ADD _mm512_add_pd
#define ZERO _mm512_setzero_pd()
#define NARROW _mm512_cvtpd_ps
#define LOAD_FLOATS _mm256_loadu_ps
#define STORE_FLOATS _mm256_storeu_ps
#define SET_FLOATS _mm256_set1_ps
#include "metric/ssim/x86/ssim_halve.h"

void vt_ssim_dsp_init_avx512(VtSsimDsp *dsp)
{
    dsp->positions = positions;
    dsp->halve = halve;
}
