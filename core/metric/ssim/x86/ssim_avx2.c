/* AVX2 kernels of float_ssim and float_ms_ssim. A vector of doubles has four lanes: four rows in
 * the horizontal pass, four columns in the vertical one. */
#include <immintrin.h>

#include "metric/ssim/ssim_dsp.h"
#include "metric/ssim/x86/ssim_x86.h"

/* ---- samples on the 8-bit scale ---- */

static void convert8(const uint8_t *src, float *dst, unsigned n)
{
    unsigned i = 0;
    for (; i + 8 <= n; i += 8) {
        const __m256i v = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(src + i)));
        _mm256_storeu_ps(dst + i, _mm256_cvtepi32_ps(v));
    }
    for (; i < n; i++) dst[i] = (float)src[i];
}

static void convert16(const uint16_t *src, float *dst, unsigned n, float scale)
{
    const __m256 s = _mm256_set1_ps(scale);
    unsigned i = 0;
    for (; i + 8 <= n; i += 8) {
        const __m256i v = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(src + i)));
        _mm256_storeu_ps(dst + i, _mm256_mul_ps(_mm256_cvtepi32_ps(v), s));
    }
    for (; i < n; i++) dst[i] = (float)src[i] * scale;
}

static void split8(const uint8_t *src, float *even, float *odd, unsigned n)
{
    unsigned i = 0;
    for (; i + 8 <= n; i += 8) {
        const __m256i v = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(src + 2 * i)));
        const __m256i low = _mm256_and_si256(v, _mm256_set1_epi32(0xff));
        _mm256_storeu_ps(even + i, _mm256_cvtepi32_ps(low));
        _mm256_storeu_ps(odd + i, _mm256_cvtepi32_ps(_mm256_srli_epi32(v, 8)));
    }
    for (; i < n; i++) {
        even[i] = (float)src[2 * i];
        odd[i] = (float)src[2 * i + 1];
    }
}

static void split16(const uint16_t *src, float *even, float *odd, unsigned n, float scale)
{
    const __m256 s = _mm256_set1_ps(scale);
    unsigned i = 0;
    for (; i + 8 <= n; i += 8) {
        const __m256i v = _mm256_loadu_si256((const __m256i *)(src + 2 * i));
        const __m256 low = _mm256_cvtepi32_ps(_mm256_and_si256(v, _mm256_set1_epi32(0xffff)));
        const __m256 high = _mm256_cvtepi32_ps(_mm256_srli_epi32(v, 16));
        _mm256_storeu_ps(even + i, _mm256_mul_ps(low, s));
        _mm256_storeu_ps(odd + i, _mm256_mul_ps(high, s));
    }
    for (; i < n; i++) {
        even[i] = (float)src[2 * i] * scale;
        odd[i] = (float)src[2 * i + 1] * scale;
    }
}

/* Lanes 0 2 of a, 0 2 of b (or 1 3 of both), within halves, brought into order. */
static __m256 in_order(__m256 v)
{
    return _mm256_castpd_ps(_mm256_permute4x64_pd(_mm256_castps_pd(v), 0xd8));
}

static void split32(const float *src, float *even, float *odd, unsigned n)
{
    unsigned i = 0;
    for (; i + 8 <= n; i += 8) {
        const __m256 a = _mm256_loadu_ps(src + 2 * i), b = _mm256_loadu_ps(src + 2 * i + 8);
        _mm256_storeu_ps(even + i, in_order(_mm256_shuffle_ps(a, b, 0x88)));
        _mm256_storeu_ps(odd + i, in_order(_mm256_shuffle_ps(a, b, 0xdd)));
    }
    for (; i < n; i++) {
        even[i] = src[2 * i];
        odd[i] = src[2 * i + 1];
    }
}

/* ---- window statistics ---- */

/* Rows past the last one repeat it; what they make is not used. */
static void columns(const float *const row[], unsigned rows, unsigned n, float (*out)[8])
{
    for (unsigned x = 0; x < n; x += 8) {
        __m256 v[8];
        for (unsigned i = 0; i < 8; i++) v[i] = _mm256_loadu_ps(row[i < rows ? i : rows - 1] + x);
        vt_transpose8(v);
        for (unsigned i = 0; i < 8; i++) _mm256_store_ps(out[x + i], v[i]);
    }
}

/* The horizontal pass makes whole vectors of outputs. */
void vt_ssim_columns(const VtSsimTile *tile, VtSsimScratch *s)
{
    const unsigned n = (tile->n + 7) / 8 * 8 + VT_SSIM_REACH;
    for (unsigned y = 0; y < tile->rows; y += 8) {
        columns(tile->ref + y, tile->rows - y, n, s->ref[y / 8]);
        columns(tile->dis + y, tile->rows - y, n, s->dis[y / 8]);
    }
}

/* acc + p, the sum a vector adder makes, on the multiply-add units: they are idle while conversions
 * keep the adders busy. */
static inline __m256d add_by_fma(__m256d acc, __m256d p)
{
    return _mm256_fmadd_pd(acc, _mm256_set1_pd(1), p);
}

static inline __m256d product(__m128 v, __m128 tap)
{
    return _mm256_cvtps_pd(_mm_mul_ps(v, tap));
}

/* One sample further: ends the oldest window, returns its value, continues the others and opens
 * one (vertical() and horizontal() of ssim_dsp.c). */
static inline __m128 step(__m256d open[VT_SSIM_REACH], __m128 v, const __m128 tap[6])
{
    const __m256d p0 = product(v, tap[0]);
    const __m256d out = _mm256_add_pd(open[9], p0);
    const __m256d p1 = product(v, tap[1]);
    open[9] = add_by_fma(open[8], p1);
    const __m256d p2 = product(v, tap[2]);
    open[8] = _mm256_add_pd(open[7], p2);
    const __m256d p3 = product(v, tap[3]);
    open[7] = add_by_fma(open[6], p3);
    const __m256d p4 = product(v, tap[4]);
    open[6] = _mm256_add_pd(open[5], p4);
    open[5] = add_by_fma(open[4], product(v, tap[5]));
    open[4] = _mm256_add_pd(open[3], p4);
    open[3] = add_by_fma(open[2], p3);
    open[2] = _mm256_add_pd(open[1], p2);
    open[1] = add_by_fma(open[0], p1);
    open[0] = p0;
    return _mm256_cvtpd_ps(out);
}

static inline void load_taps(__m128 tap[6])
{
    for (unsigned k = 0; k < 6; k++) tap[k] = _mm_set1_ps(vt_ssim_tap[k]);
}

/* Sample x of rows half * 4 to half * 4 + 3 of an image. */
static inline __m128 sample(const float (*ref)[8], const float (*dis)[8], unsigned x, unsigned half,
                            unsigned image)
{
    const __m128 r = _mm_load_ps(ref[x] + 4 * half), d = _mm_load_ps(dis[x] + 4 * half);
    switch (image) {
    case VT_SSIM_REF:
        return r;
    case VT_SSIM_DIS:
        return d;
    case VT_SSIM_REF2:
        return _mm_mul_ps(r, r);
    case VT_SSIM_DIS2:
        return _mm_mul_ps(d, d);
    default:
        return _mm_mul_ps(r, d);
    }
}

/* Four rows of an image, n columns rounded up to four. */
static inline void horizontal(const float (*ref)[8], const float (*dis)[8], unsigned half,
                              unsigned image, float (*out)[VT_SSIM_LINE], unsigned n)
{
    __m256d open[VT_SSIM_REACH];
    __m128 tap[6];
    load_taps(tap);
    for (unsigned k = 0; k < VT_SSIM_REACH; k++) open[k] = _mm256_setzero_pd();
    for (unsigned x = 0; x < VT_SSIM_REACH; x++) step(open, sample(ref, dis, x, half, image), tap);
    for (unsigned x = 0; x < n; x += 4) {
        __m128 c[4];
        for (unsigned i = 0; i < 4; i++)
            c[i] = step(open, sample(ref, dis, x + VT_SSIM_REACH + i, half, image), tap);
        _MM_TRANSPOSE4_PS(c[0], c[1], c[2], c[3]);
        for (unsigned i = 0; i < 4; i++) _mm_store_ps(out[i] + x, c[i]);
    }
}

static void horizontal_image(const VtSsimScratch *s, unsigned y, unsigned image,
                             float (*out)[VT_SSIM_LINE], unsigned n)
{
    const float(*ref)[8] = s->ref[y / 8], (*dis)[8] = s->dis[y / 8];
    const unsigned half = y / 4 % 2;
    switch (image) { /* a copy for each image, without the choice inside */
    case VT_SSIM_REF:
        horizontal(ref, dis, half, VT_SSIM_REF, out, n);
        break;
    case VT_SSIM_DIS:
        horizontal(ref, dis, half, VT_SSIM_DIS, out, n);
        break;
    case VT_SSIM_REF2:
        horizontal(ref, dis, half, VT_SSIM_REF2, out, n);
        break;
    case VT_SSIM_DIS2:
        horizontal(ref, dis, half, VT_SSIM_DIS2, out, n);
        break;
    default:
        horizontal(ref, dis, half, VT_SSIM_CROSS, out, n);
    }
}

/* Rows of an image in place. */
static void vertical(double windows[VT_SSIM_REACH][VT_SSIM_STRIP], float (*row)[VT_SSIM_LINE],
                     unsigned rows, unsigned n)
{
    __m256d open[VT_SSIM_REACH];
    __m128 tap[6];
    load_taps(tap);
    for (unsigned x = 0; x < n; x += 4) {
        for (unsigned k = 0; k < VT_SSIM_REACH; k++) open[k] = _mm256_load_pd(windows[k] + x);
        for (unsigned y = 0; y < rows; y++)
            _mm_store_ps(row[y] + x, step(open, _mm_load_ps(row[y] + x), tap));
        for (unsigned k = 0; k < VT_SSIM_REACH; k++) _mm256_store_pd(windows[k] + x, open[k]);
    }
}

/* Four positions (position() of ssim_dsp.c). Lanes that are not inside add 0. */
static inline void quotients(const VtSsimScratch *s, unsigned y, unsigned x, __m256d inside,
                             __m256d sum[VT_SSIM_MEANS])
{
    const __m128 m1 = _mm_load_ps(s->filtered[VT_SSIM_REF][y] + x);
    const __m128 m2 = _mm_load_ps(s->filtered[VT_SSIM_DIS][y] + x);
    const __m128 q11 = _mm_load_ps(s->filtered[VT_SSIM_REF2][y] + x);
    const __m128 q22 = _mm_load_ps(s->filtered[VT_SSIM_DIS2][y] + x);
    const __m128 q12 = _mm_load_ps(s->filtered[VT_SSIM_CROSS][y] + x);
    const __m128 zero = _mm_setzero_ps();
    const __m128 m11 = _mm_mul_ps(m1, m1), m22 = _mm_mul_ps(m2, m2);
    const __m128 v1 = _mm_max_ps(_mm_sub_ps(q11, m11), zero);
    const __m128 v2 = _mm_max_ps(_mm_sub_ps(q22, m22), zero);
    const __m128 v12 = _mm_sub_ps(q12, _mm_mul_ps(m1, m2));
    const __m128 g = _mm_sqrt_ps(_mm_mul_ps(v1, v2));
    const __m128 l_den = _mm_add_ps(_mm_add_ps(m11, m22), _mm_set1_ps(VT_SSIM_C1));
    const __m128 c_den = _mm_add_ps(_mm_add_ps(v1, v2), _mm_set1_ps(VT_SSIM_C2));

    const __m256d m1d = _mm256_cvtps_pd(m1), m2d = _mm256_cvtps_pd(m2), gd = _mm256_cvtps_pd(g);
    const __m256d cross = _mm256_mul_pd(_mm256_add_pd(m1d, m1d), m2d);
    const __m256d l_num = _mm256_add_pd(cross, _mm256_set1_pd((double)VT_SSIM_C1));
    const __m256d c_num = _mm256_add_pd(_mm256_add_pd(gd, gd), _mm256_set1_pd((double)VT_SSIM_C2));
    const __m256d l_dend = _mm256_cvtps_pd(l_den), c_dend = _mm256_cvtps_pd(c_den);
    const __m256d reciprocal = _mm256_div_pd(_mm256_set1_pd(1), _mm256_mul_pd(l_dend, c_dend));
    const __m256d l = _mm256_mul_pd(l_num, _mm256_mul_pd(c_dend, reciprocal));
    const __m256d c = _mm256_mul_pd(c_num, _mm256_mul_pd(l_dend, reciprocal));
    const __m128 no_sign = _mm_and_ps(_mm_cmplt_ps(v12, zero), _mm_cmple_ps(g, zero));
    const __m128 z = _mm_andnot_ps(no_sign, v12);
    const __m128 c3 = _mm_set1_ps(VT_SSIM_C3);
    const __m256d t = _mm256_cvtps_pd(_mm_div_ps(_mm_add_ps(z, c3), _mm_add_ps(g, c3)));

    const __m256d product = _mm256_mul_pd(_mm256_mul_pd(l, c), t);
    sum[VT_SSIM_S] = _mm256_add_pd(sum[VT_SSIM_S], _mm256_and_pd(inside, product));
    sum[VT_SSIM_L] = _mm256_add_pd(sum[VT_SSIM_L], _mm256_and_pd(inside, l));
    sum[VT_SSIM_C] = _mm256_add_pd(sum[VT_SSIM_C], _mm256_and_pd(inside, c));
    sum[VT_SSIM_T] = _mm256_add_pd(sum[VT_SSIM_T], _mm256_and_pd(inside, t));
}

/* All ones in the first n lanes of four. */
static inline __m256d first_lanes(unsigned n)
{
    const __m256i lane = _mm256_setr_epi64x(0, 1, 2, 3);
    return _mm256_castsi256_pd(_mm256_cmpgt_epi64(_mm256_set1_epi64x(n), lane));
}

static void add_positions(const VtSsimTile *tile, const VtSsimScratch *s, VtSsimSums *sums)
{
    for (unsigned half = 0; half < 8; half += 4) {
        __m256d sum[VT_SSIM_MEANS];
        for (unsigned m = 0; m < VT_SSIM_MEANS; m++) sum[m] = _mm256_load_pd(sums->lane[m] + half);
        for (unsigned y = tile->skip; y < tile->rows; y++)
            for (unsigned x = half; x < tile->n; x += 8)
                quotients(s, y, x, first_lanes(tile->n - x), sum);
        for (unsigned m = 0; m < VT_SSIM_MEANS; m++) _mm256_store_pd(sums->lane[m] + half, sum[m]);
    }
}

static void positions(const VtSsimTile *tile, VtSsimWindows *windows, void *scratch,
                      VtSsimSums *sums)
{
    VtSsimScratch *s = scratch;
    vt_ssim_columns(tile, s);
    for (unsigned i = 0; i < VT_SSIM_IMAGES; i++) {
        for (unsigned y = 0; y < tile->rows; y += 4)
            horizontal_image(s, y, i, s->filtered[i] + y, tile->n);
        vertical(windows->open[i], s->filtered[i], tile->rows, tile->n);
    }
    add_positions(tile, s, sums);
}

/* ---- 9x9 decimation ---- */

#define V __m256d
#define FLOATS __m128
#define LANES 4
#define LOAD _mm256_load_pd
#define STORE _mm256_store_pd
#define ADD _mm256_add_pd
#define ZERO _mm256_setzero_pd()
#define NARROW _mm256_cvtpd_ps
#define LOAD_FLOATS _mm_loadu_ps
#define STORE_FLOATS _mm_storeu_ps
#define SET_FLOATS _mm_set1_ps
#include "metric/ssim/x86/ssim_halve.h"

/* ---- box decimation ---- */

/* column[i] = sum over rows of (double)(sample * tap), rounded products. */
static void box_columns(const VtSsimBox *b, double *column, unsigned n)
{
    const float depth = vt_ssim_depth_scale(b->bpc), tap = vt_ssim_box_tap(b->scale);
    unsigned i = 0;
    for (; i + 8 <= n; i += 8) {
        __m256d low = _mm256_setzero_pd(), high = low;
        for (unsigned v = 0; v < b->scale; v++) {
            const __m256i s = b->bpc == 8 ? _mm256_cvtepu8_epi32(_mm_loadl_epi64(
                                                (const __m128i *)((const uint8_t *)b->row[v] + i)))
                                          : _mm256_cvtepu16_epi32(_mm_loadu_si128((
                                                const __m128i *)((const uint16_t *)b->row[v] + i)));
            const __m256 sample = _mm256_mul_ps(_mm256_cvtepi32_ps(s), _mm256_set1_ps(depth));
            const __m256 p = _mm256_mul_ps(sample, _mm256_set1_ps(tap));
            low = _mm256_add_pd(low, _mm256_cvtps_pd(_mm256_castps256_ps128(p)));
            high = _mm256_add_pd(high, _mm256_cvtps_pd(_mm256_extractf128_ps(p, 1)));
        }
        _mm256_storeu_pd(column + i, low);
        _mm256_storeu_pd(column + i + 4, high);
    }
    for (; i < n; i++) {
        column[i] = 0;
        for (unsigned v = 0; v < b->scale; v++) {
            const float sample = b->bpc == 8 ? (float)((const uint8_t *)b->row[v])[i]
                                             : (float)((const uint16_t *)b->row[v])[i] * depth;
            column[i] += (double)(sample * tap);
        }
    }
}

static void box_any(const VtSsimBox *b, double *column, float *dst)
{
    box_columns(b, column, b->n * b->scale);
    for (unsigned i = 0; i < b->n; i++) {
        const double *c = column + (size_t)i * b->scale;
        double sum = c[0];
        for (unsigned u = 1; u < b->scale; u++) sum += c[u];
        dst[i] = (float)sum;
    }
}

/* Eight sums of four bytes side by side over four rows. */
static void box4_bytes(const VtSsimBox *b, float *dst, unsigned n)
{
    const __m256i one8 = _mm256_set1_epi8(1), one16 = _mm256_set1_epi16(1);
    for (unsigned i = 0; i < n; i += 8) {
        __m256i sum = _mm256_setzero_si256();
        for (unsigned v = 0; v < 4; v++) {
            const __m256i s =
                _mm256_loadu_si256((const __m256i *)((const uint8_t *)b->row[v] + 4 * i));
            sum = _mm256_add_epi16(sum, _mm256_maddubs_epi16(s, one8));
        }
        const __m256 total = _mm256_cvtepi32_ps(_mm256_madd_epi16(sum, one16));
        _mm256_storeu_ps(dst + i, _mm256_mul_ps(total, _mm256_set1_ps(1.0f / 16)));
    }
}

/* For 4 x 4 bytes, the commonest case (1080 lines), the tap is a power of two, so that all is exact
 * in integers. */
static void box(const VtSsimBox *b, double *column, float *dst)
{
    if (b->scale != 4 || b->bpc != 8 || b->n < 8) {
        box_any(b, column, dst);
        return;
    }
    const unsigned whole = b->n / 8 * 8;
    box4_bytes(b, dst, whole);
    if (whole == b->n) return;
    VtSsimBox rest = {.n = b->n - whole, .scale = 4, .bpc = 8};
    for (unsigned v = 0; v < 4; v++) rest.row[v] = (const uint8_t *)b->row[v] + 4 * whole;
    box_any(&rest, column, dst + whole);
}

void vt_ssim_dsp_init_avx2(VtSsimDsp *dsp)
{
    *dsp = (VtSsimDsp){.convert8 = convert8,
                       .convert16 = convert16,
                       .split8 = split8,
                       .split16 = split16,
                       .split32 = split32,
                       .positions = positions,
                       .halve = halve,
                       .box = box};
}
