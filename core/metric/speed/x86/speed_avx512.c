/* SpEED's kernels with AVX-512 (F, DQ, VL). Multiplications and additions stay separate, and every
 * sum keeps its order: lanes run over columns, blocks or pairs, never along a sum. */
#include <immintrin.h>
#include <stdbool.h>
#include <string.h>

#include "metric/speed/speed_dsp.h"

#define N VT_SPEED_N
#define ROW VT_SPEED_ROW
#define PATCH VT_SPEED_PATCH
#define INLINE static inline __attribute__((always_inline))

INLINE __mmask16 first16(unsigned n)
{
    return n >= 16 ? (__mmask16)0xffff : (__mmask16)((1u << n) - 1);
}

/* acc[0..15] += tap * p in the lanes of k. */
INLINE void accumulate(float *acc, __mmask16 k, __m512 tap, __m512 p)
{
    const __m512 old = _mm512_maskz_loadu_ps(k, acc);
    _mm512_mask_storeu_ps(acc, k, _mm512_add_ps(old, _mm512_mul_ps(tap, p)));
}

INLINE __m512i bytes(const uint8_t *in, __mmask16 k)
{
    return _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(k, in));
}

INLINE __m512i words(const uint16_t *in, __mmask16 k)
{
    return _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(k, in));
}

static void add_8bit(float *acc, const uint8_t *in, float tap, unsigned w)
{
    const __m512i middle = _mm512_set1_epi32(128);
    for (unsigned x = 0; x < w; x += 16) {
        const __mmask16 k = first16(w - x);
        const __m512 p = _mm512_cvtepi32_ps(_mm512_sub_epi32(bytes(in + x, k), middle));
        accumulate(acc + x, k, _mm512_set1_ps(tap), p);
    }
}

static void add_words(float *acc, const uint16_t *in, float scale, float tap, unsigned w)
{
    const __m512 s = _mm512_set1_ps(scale), middle = _mm512_set1_ps(128);
    for (unsigned x = 0; x < w; x += 16) {
        const __mmask16 k = first16(w - x);
        const __m512 v = _mm512_mul_ps(_mm512_cvtepi32_ps(words(in + x, k)), s);
        accumulate(acc + x, k, _mm512_set1_ps(tap), _mm512_sub_ps(v, middle));
    }
}

static void add_difference_8bit(float *acc, const uint8_t *a, const uint8_t *b, float tap,
                                unsigned w)
{
    for (unsigned x = 0; x < w; x += 16) {
        const __mmask16 k = first16(w - x);
        const __m512i d = _mm512_sub_epi32(bytes(a + x, k), bytes(b + x, k));
        accumulate(acc + x, k, _mm512_set1_ps(tap), _mm512_cvtepi32_ps(d));
    }
}

static void add_difference_words(float *acc, const uint16_t *a, const uint16_t *b, float scale,
                                 float tap, unsigned w)
{
    for (unsigned x = 0; x < w; x += 16) {
        const __mmask16 k = first16(w - x);
        const __m512 d = _mm512_cvtepi32_ps(_mm512_sub_epi32(words(a + x, k), words(b + x, k)));
        accumulate(acc + x, k, _mm512_set1_ps(tap), _mm512_mul_ps(d, _mm512_set1_ps(scale)));
    }
}

static void add(float *acc, const float *in, float tap, unsigned w)
{
    for (unsigned x = 0; x < w; x += 16) {
        const __mmask16 k = first16(w - x);
        accumulate(acc + x, k, _mm512_set1_ps(tap), _mm512_maskz_loadu_ps(k, in + x));
    }
}

/* Where 16 outputs are made from: the source positions less `base`. */
typedef struct Taps {
    __m512i i, j;
    int32_t base;
    bool near; /* all within 32 floats */
} Taps;

INLINE Taps taps_of(const int32_t *index, unsigned left)
{
    const __m512i even =
        _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
    const __m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
    Taps t = {.base = index[0] < index[1] ? index[0] : index[1]};
    const __m512i base = _mm512_set1_epi32(t.base);
    const __mmask16 k = first16(left), low = first16(2 * left);
    const __mmask16 high = first16(left > 8 ? 2 * left - 16 : 0);
    const __m512i a = _mm512_mask_loadu_epi32(base, low, index);
    const __m512i b = _mm512_mask_loadu_epi32(base, high, index + 16);
    t.i = _mm512_sub_epi32(_mm512_permutex2var_epi32(a, even, b), base);
    t.j = _mm512_sub_epi32(_mm512_permutex2var_epi32(a, odd, b), base);
    const __m512i reach = _mm512_max_epu32(t.i, t.j);
    t.near = !_mm512_mask_cmpge_epu32_mask(k, reach, _mm512_set1_epi32(32));
    return t;
}

INLINE __m512 fetch(const float *row, const Taps *t, __m512i which)
{
    row += t->base;
    if (!t->near) return _mm512_i32gather_ps(which, row, 4);
    return _mm512_permutex2var_ps(_mm512_loadu_ps(row), which, _mm512_loadu_ps(row + 16));
}

static void bilinear(float *out, const float *top, const float *bottom, const int32_t *index,
                     const float *weight, float dy, unsigned w)
{
    const __m512 one = _mm512_set1_ps(1), y1 = _mm512_set1_ps(dy), y0 = _mm512_sub_ps(one, y1);
    for (unsigned x = 0; x < w; x += 16) {
        const __mmask16 k = first16(w - x);
        const Taps t = taps_of(index + 2 * (size_t)x, w - x);
        const __m512 x1 = _mm512_maskz_loadu_ps(k, weight + x), x0 = _mm512_sub_ps(one, x1);
        const __m512 a = _mm512_mul_ps(_mm512_mul_ps(y0, x0), fetch(top, &t, t.i));
        const __m512 b = _mm512_mul_ps(_mm512_mul_ps(y0, x1), fetch(top, &t, t.j));
        const __m512 c = _mm512_mul_ps(_mm512_mul_ps(y1, x0), fetch(bottom, &t, t.i));
        const __m512 d = _mm512_mul_ps(_mm512_mul_ps(y1, x1), fetch(bottom, &t, t.j));
        const __m512 sum = _mm512_add_ps(_mm512_add_ps(_mm512_add_ps(a, b), c), d);
        _mm512_mask_storeu_ps(out + x, k, sum);
    }
}

/* Eight lanes from each row of the patch, of which five count. */
static void sums(float *sum, const float *b, size_t stride, unsigned pw, unsigned ph)
{
    __m256 acc[PATCH];
    for (unsigned r = 0; r < PATCH; r++) acc[r] = _mm256_setzero_ps();
    for (unsigned i = 0; i < ph; i++)
        for (unsigned j = 0; j < pw; j++)
            for (unsigned r = 0; r < PATCH; r++)
                acc[r] = _mm256_add_ps(acc[r], _mm256_loadu_ps(b + (i + r) * stride + j));
    for (unsigned r = 0; r < PATCH; r++) _mm256_mask_storeu_ps(sum + PATCH * r, 0x1f, acc[r]);
}

/* The 25 elements of every patch in a row of patches, less their means, in f64. Each store's last
 * three lanes are overwritten by the next one. */
INLINE void centre(double *a, const float *b, size_t stride, unsigned pw, const __m512d *mean)
{
    for (unsigned j = 0; j < pw; j++)
        for (unsigned r = 0; r < PATCH; r++) {
            const __m512d v = _mm512_cvtps_pd(_mm256_loadu_ps(b + r * stride + j));
            _mm512_storeu_pd(a + j * ROW + PATCH * r, _mm512_sub_pd(v, mean[r]));
        }
}

/* Adds a row of patches to c[k..k+n-1][l..l+7]. */
INLINE void add_products(double *c, const double *a, unsigned pw, unsigned k, unsigned l,
                         const unsigned n)
{
    __m512d acc[13];
    for (unsigned i = 0; i < n; i++) acc[i] = _mm512_loadu_pd(c + (k + i) * ROW + l);
    for (unsigned j = 0; j < pw; j++, a += ROW) {
        const __m512d v = _mm512_loadu_pd(a + l);
        for (unsigned i = 0; i < n; i++)
            acc[i] = _mm512_add_pd(acc[i], _mm512_mul_pd(_mm512_set1_pd(a[k + i]), v));
    }
    for (unsigned i = 0; i < n; i++) _mm512_storeu_pd(c + (k + i) * ROW + l, acc[i]);
}

static void covariance(double *c, const float *b, size_t stride, unsigned pw, unsigned ph,
                       const float *mean, double *row)
{
    __m512d m[PATCH];
    for (unsigned r = 0; r < PATCH; r++)
        m[r] = _mm512_cvtps_pd(_mm256_maskz_loadu_ps(0x1f, mean + PATCH * r));
    memset(c, 0, N * ROW * sizeof(*c));
    memset(row, 0, pw * ROW * sizeof(*row)); /* what is computed on padding should be harmless */
    for (unsigned i = 0; i < ph; i++) {
        centre(row, b + i * stride, stride, pw, m);
        add_products(c, row, pw, 0, 0, 13);
        add_products(c, row, pw, 13, 0, 12);
        add_products(c, row, pw, 8, 8, 9);
        add_products(c, row, pw, 17, 8, 8);
        add_products(c, row, pw, 16, 16, 9);
        add_products(c, row, pw, 24, 24, 1);
    }
}

/* Rows i..i+n-1 of (I - 2 v v') m, columns from `first` (0 or 16) on. */
INLINE void reflect_rows(float *out, const float *m, const float *v, unsigned k, unsigned i,
                         unsigned first, const unsigned n)
{
    float r[4][ROW];
    __m512 acc[4][2];
    for (unsigned t = 0; t < n; t++) {
        const __m512 factor = _mm512_set1_ps(-2 * v[i + t]);
        _mm512_storeu_ps(r[t], _mm512_mul_ps(factor, _mm512_loadu_ps(v)));
        _mm512_storeu_ps(r[t] + 16, _mm512_mul_ps(factor, _mm512_loadu_ps(v + 16)));
        r[t][i + t] += 1;
        acc[t][0] = acc[t][1] = _mm512_setzero_ps();
    }
    for (unsigned l = k; l < N; l++)
        for (unsigned h = first / 16; h < 2; h++) {
            const __m512 row = _mm512_loadu_ps(m + l * ROW + 16 * h);
            for (unsigned t = 0; t < n; t++)
                acc[t][h] = _mm512_add_ps(acc[t][h], _mm512_mul_ps(_mm512_set1_ps(r[t][l]), row));
        }
    for (unsigned t = 0; t < n; t++)
        for (unsigned h = first / 16; h < 2; h++)
            _mm512_storeu_ps(out + (i + t) * ROW + 16 * h, acc[t][h]);
}

INLINE void reflect_from(float *m, const float *v, unsigned k, const unsigned first)
{
    float out[N * ROW];
    unsigned i = k;
    for (; i + 4 <= N; i += 4) reflect_rows(out, m, v, k, i, first, 4);
    for (; i < N; i++) reflect_rows(out, m, v, k, i, first, 1);
    for (i = k; i < N; i++)
        for (unsigned h = first; h < ROW; h += 16)
            _mm512_storeu_ps(m + i * ROW + h, _mm512_loadu_ps(out + i * ROW + h));
}

static void reflect(float *m, const float *v, unsigned k, unsigned first_column)
{
    if (first_column < 16)
        reflect_from(m, v, k, 0);
    else
        reflect_from(m, v, k, 16);
}

static void product(float *out, const float *a, const float *b, unsigned n)
{
    for (unsigned q = 0; q < n; q += 16)
        for (unsigned i = 0; i < N; i += PATCH) {
            __m512 acc[PATCH];
            for (unsigned t = 0; t < PATCH; t++) acc[t] = _mm512_setzero_ps();
            for (unsigned m = 0; m < N; m++) {
                const __m512 v = _mm512_loadu_ps(b + (size_t)m * n + q);
                for (unsigned t = 0; t < PATCH; t++) {
                    const __m512 f = _mm512_set1_ps(a[(i + t) * ROW + m]);
                    acc[t] = _mm512_add_ps(acc[t], _mm512_mul_ps(f, v));
                }
            }
            for (unsigned t = 0; t < PATCH; t++)
                _mm512_storeu_ps(out + (size_t)(i + t) * n + q, acc[t]);
        }
}

static void back_substitute(float *x, const float *r, unsigned n)
{
    for (unsigned q = 0; q < n; q += 16)
        for (unsigned i = N; i-- > 0;) {
            __m512 a = _mm512_loadu_ps(x + (size_t)i * n + q);
            for (unsigned m = i + 1; m < N; m++) {
                const __m512 v = _mm512_loadu_ps(x + (size_t)m * n + q);
                a = _mm512_sub_ps(a, _mm512_mul_ps(v, _mm512_set1_ps(r[i * ROW + m])));
            }
            a = _mm512_div_ps(a, _mm512_set1_ps(r[i * ROW + i]));
            _mm512_storeu_ps(x + (size_t)i * n + q, a);
        }
}

static void variance(float *s, const float *x, const float *y, unsigned n)
{
    for (unsigned q = 0; q < n; q += 16) {
        __m512 sum = _mm512_setzero_ps();
        for (unsigned k = 0; k < N; k++) {
            const __m512 z = _mm512_div_ps(_mm512_mul_ps(_mm512_loadu_ps(x + (size_t)k * n + q),
                                                         _mm512_loadu_ps(y + (size_t)k * n + q)),
                                           _mm512_set1_ps(25));
            sum = k ? _mm512_add_ps(sum, z) : z;
        }
        _mm512_storeu_ps(s + q, sum);
    }
}

void vt_speed_dsp_init_avx512(VtSpeedDsp *dsp)
{
    dsp->add_8bit = add_8bit;
    dsp->add_words = add_words;
    dsp->add_difference_8bit = add_difference_8bit;
    dsp->add_difference_words = add_difference_words;
    dsp->add = add;
    dsp->bilinear = bilinear;
    dsp->sums = sums;
    dsp->covariance = covariance;
    dsp->reflect = reflect;
    dsp->product = product;
    dsp->back_substitute = back_substitute;
    dsp->variance = variance;
}
