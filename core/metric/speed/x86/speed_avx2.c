/* SpEED's kernels with AVX2. Multiplications and additions stay separate, and every sum keeps its
 * order: lanes run over columns, blocks or pairs, never along a sum. */
#include <immintrin.h>
#include <stdbool.h>
#include <string.h>

#include "metric/speed/speed_dsp.h"

#define N VT_SPEED_N
#define ROW VT_SPEED_ROW
#define PATCH VT_SPEED_PATCH
#define INLINE static inline __attribute__((always_inline))

/* acc[0..7] += tap * p */
INLINE void accumulate(float *acc, float tap, __m256 p)
{
    const __m256 term = _mm256_mul_ps(_mm256_set1_ps(tap), p);
    _mm256_storeu_ps(acc, _mm256_add_ps(_mm256_loadu_ps(acc), term));
}

INLINE __m256i bytes(const uint8_t *in)
{
    return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)in));
}

INLINE __m256i words(const uint16_t *in)
{
    return _mm256_cvtepu16_epi32(_mm_loadu_si128((const void *)in));
}

static void add_8bit(float *acc, const uint8_t *in, float tap, unsigned w)
{
    const __m256i middle = _mm256_set1_epi32(128);
    unsigned x = 0;
    for (; x + 8 <= w; x += 8)
        accumulate(acc + x, tap, _mm256_cvtepi32_ps(_mm256_sub_epi32(bytes(in + x), middle)));
    for (; x < w; x++) acc[x] += tap * (float)(in[x] - 128);
}

static void add_words(float *acc, const uint16_t *in, float scale, float tap, unsigned w)
{
    const __m256 s = _mm256_set1_ps(scale), middle = _mm256_set1_ps(128);
    unsigned x = 0;
    for (; x + 8 <= w; x += 8) {
        const __m256 v = _mm256_mul_ps(_mm256_cvtepi32_ps(words(in + x)), s);
        accumulate(acc + x, tap, _mm256_sub_ps(v, middle));
    }
    for (; x < w; x++) acc[x] += tap * ((float)in[x] * scale - 128);
}

static void add_difference_8bit(float *acc, const uint8_t *a, const uint8_t *b, float tap,
                                unsigned w)
{
    unsigned x = 0;
    for (; x + 8 <= w; x += 8)
        accumulate(acc + x, tap, _mm256_cvtepi32_ps(_mm256_sub_epi32(bytes(a + x), bytes(b + x))));
    for (; x < w; x++) acc[x] += tap * (float)(a[x] - b[x]);
}

static void add_difference_words(float *acc, const uint16_t *a, const uint16_t *b, float scale,
                                 float tap, unsigned w)
{
    unsigned x = 0;
    for (; x + 8 <= w; x += 8) {
        const __m256 d = _mm256_cvtepi32_ps(_mm256_sub_epi32(words(a + x), words(b + x)));
        accumulate(acc + x, tap, _mm256_mul_ps(d, _mm256_set1_ps(scale)));
    }
    for (; x < w; x++) acc[x] += tap * ((float)(a[x] - b[x]) * scale);
}

static void add(float *acc, const float *in, float tap, unsigned w)
{
    unsigned x = 0;
    for (; x + 8 <= w; x += 8) accumulate(acc + x, tap, _mm256_loadu_ps(in + x));
    for (; x < w; x++) acc[x] += tap * in[x];
}

/* Where 8 outputs are made from: the source positions less `base`. */
typedef struct Taps {
    __m256i i, j;
    int32_t base;
    bool near; /* all within 16 floats */
} Taps;

INLINE Taps taps_of(const int32_t *index)
{
    const __m256i pairs = _mm256_set_epi32(7, 5, 3, 1, 6, 4, 2, 0);
    Taps t = {.base = index[0] < index[1] ? index[0] : index[1]};
    const __m256i base = _mm256_set1_epi32(t.base);
    const __m256i a = _mm256_permutevar8x32_epi32(_mm256_loadu_si256((const void *)index), pairs);
    const __m256i b =
        _mm256_permutevar8x32_epi32(_mm256_loadu_si256((const void *)(index + 8)), pairs);
    t.i = _mm256_sub_epi32(_mm256_permute2x128_si256(a, b, 0x20), base);
    t.j = _mm256_sub_epi32(_mm256_permute2x128_si256(a, b, 0x31), base);
    const __m256i far = _mm256_andnot_si256(_mm256_set1_epi32(15), _mm256_or_si256(t.i, t.j));
    t.near = _mm256_testz_si256(far, far);
    return t;
}

INLINE __m256 fetch(const float *row, const Taps *t, __m256i which)
{
    row += t->base;
    if (!t->near) return _mm256_i32gather_ps(row, which, 4);
    const __m256 low = _mm256_permutevar8x32_ps(_mm256_loadu_ps(row), which);
    const __m256 high = _mm256_permutevar8x32_ps(_mm256_loadu_ps(row + 8), which);
    return _mm256_blendv_ps(low, high, _mm256_castsi256_ps(_mm256_slli_epi32(which, 28)));
}

static void bilinear(float *out, const float *top, const float *bottom, const int32_t *index,
                     const float *weight, float dy, unsigned w)
{
    const __m256 one = _mm256_set1_ps(1), y1 = _mm256_set1_ps(dy), y0 = _mm256_sub_ps(one, y1);
    unsigned x = 0;
    for (; x + 8 <= w; x += 8) {
        const Taps t = taps_of(index + 2 * (size_t)x);
        const __m256 x1 = _mm256_loadu_ps(weight + x), x0 = _mm256_sub_ps(one, x1);
        const __m256 a = _mm256_mul_ps(_mm256_mul_ps(y0, x0), fetch(top, &t, t.i));
        const __m256 b = _mm256_mul_ps(_mm256_mul_ps(y0, x1), fetch(top, &t, t.j));
        const __m256 c = _mm256_mul_ps(_mm256_mul_ps(y1, x0), fetch(bottom, &t, t.i));
        const __m256 d = _mm256_mul_ps(_mm256_mul_ps(y1, x1), fetch(bottom, &t, t.j));
        _mm256_storeu_ps(out + x, _mm256_add_ps(_mm256_add_ps(_mm256_add_ps(a, b), c), d));
    }
    for (; x < w; x++) {
        const int32_t i = index[2 * x], j = index[2 * x + 1];
        const float dx = weight[x];
        out[x] = ((1 - dy) * (1 - dx)) * top[i] + ((1 - dy) * dx) * top[j] +
                 (dy * (1 - dx)) * bottom[i] + (dy * dx) * bottom[j];
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
    for (unsigned r = 0; r < PATCH; r++) {
        float lanes[8];
        _mm256_storeu_ps(lanes, acc[r]);
        memcpy(sum + PATCH * r, lanes, PATCH * sizeof(*sum));
    }
}

/* The 25 elements of every patch in a row of patches, less their means, in f64. Each store's last
 * three lanes are overwritten by the next one. mean: 8 a row. */
INLINE void centre(double *a, const float *b, size_t stride, unsigned pw, const double *mean)
{
    for (unsigned j = 0; j < pw; j++)
        for (unsigned r = 0; r < PATCH; r++) {
            const float *p = b + r * stride + j;
            double *out = a + j * ROW + PATCH * r;
            const __m256d low = _mm256_cvtps_pd(_mm_loadu_ps(p));
            const __m256d high = _mm256_cvtps_pd(_mm_loadu_ps(p + 4));
            _mm256_storeu_pd(out, _mm256_sub_pd(low, _mm256_loadu_pd(mean + 8 * r)));
            _mm256_storeu_pd(out + 4, _mm256_sub_pd(high, _mm256_loadu_pd(mean + 8 * r + 4)));
        }
}

/* Adds a row of patches to c[k..k+n-1][l..l+3]. */
INLINE void add_products(double *c, const double *a, unsigned pw, unsigned k, unsigned l,
                         const unsigned n)
{
    __m256d acc[12];
    for (unsigned i = 0; i < n; i++) acc[i] = _mm256_loadu_pd(c + (k + i) * ROW + l);
    for (unsigned j = 0; j < pw; j++, a += ROW) {
        const __m256d v = _mm256_loadu_pd(a + l);
        for (unsigned i = 0; i < n; i++)
            acc[i] = _mm256_add_pd(acc[i], _mm256_mul_pd(_mm256_set1_pd(a[k + i]), v));
    }
    for (unsigned i = 0; i < n; i++) _mm256_storeu_pd(c + (k + i) * ROW + l, acc[i]);
}

static void covariance(double *c, const float *b, size_t stride, unsigned pw, unsigned ph,
                       const float *mean, double *row)
{
    double m[PATCH * 8] = {0};
    for (unsigned k = 0; k < N; k++) m[k / PATCH * 8 + k % PATCH] = (double)mean[k];
    memset(c, 0, N * ROW * sizeof(*c));
    for (unsigned i = 0; i < ph; i++) {
        centre(row, b + i * stride, stride, pw, m);
        add_products(c, row, pw, 0, 0, 12);
        add_products(c, row, pw, 12, 0, 12);
        add_products(c, row, pw, 4, 4, 11);
        add_products(c, row, pw, 15, 4, 10);
        add_products(c, row, pw, 8, 8, 9);
        add_products(c, row, pw, 17, 8, 8);
        add_products(c, row, pw, 12, 12, 7);
        add_products(c, row, pw, 19, 12, 6);
        add_products(c, row, pw, 16, 16, 9);
        add_products(c, row, pw, 20, 20, 5);
        add_products(c, row, pw, 24, 0, 1);
        add_products(c, row, pw, 24, 24, 1);
    }
}

/* Rows i..i+n-1 of (I - 2 v v') m, columns c..c+15. */
INLINE void reflect_rows(float *out, const float *m, const float *v, unsigned k, unsigned i,
                         unsigned c, const unsigned n)
{
    float r[4][ROW];
    __m256 acc[4][2];
    for (unsigned t = 0; t < n; t++) {
        const __m256 factor = _mm256_set1_ps(-2 * v[i + t]);
        for (unsigned l = 0; l < ROW; l += 8)
            _mm256_storeu_ps(r[t] + l, _mm256_mul_ps(factor, _mm256_loadu_ps(v + l)));
        r[t][i + t] += 1;
        acc[t][0] = acc[t][1] = _mm256_setzero_ps();
    }
    for (unsigned l = k; l < N; l++) {
        const __m256 low = _mm256_loadu_ps(m + l * ROW + c);
        const __m256 high = _mm256_loadu_ps(m + l * ROW + c + 8);
        for (unsigned t = 0; t < n; t++) {
            const __m256 f = _mm256_set1_ps(r[t][l]);
            acc[t][0] = _mm256_add_ps(acc[t][0], _mm256_mul_ps(f, low));
            acc[t][1] = _mm256_add_ps(acc[t][1], _mm256_mul_ps(f, high));
        }
    }
    for (unsigned t = 0; t < n; t++) {
        _mm256_storeu_ps(out + (i + t) * ROW + c, acc[t][0]);
        _mm256_storeu_ps(out + (i + t) * ROW + c + 8, acc[t][1]);
    }
}

static void reflect(float *m, const float *v, unsigned k, unsigned first_column)
{
    float out[N * ROW];
    for (unsigned c = first_column & 16; c < ROW; c += 16) {
        unsigned i = k;
        for (; i + 4 <= N; i += 4) reflect_rows(out, m, v, k, i, c, 4);
        for (; i < N; i++) reflect_rows(out, m, v, k, i, c, 1);
        for (i = k; i < N; i++)
            for (unsigned h = c; h < c + 16; h += 8)
                _mm256_storeu_ps(m + i * ROW + h, _mm256_loadu_ps(out + i * ROW + h));
    }
}

static void product(float *out, const float *a, const float *b, unsigned n)
{
    for (unsigned q = 0; q < n; q += 16)
        for (unsigned i = 0; i < N; i += PATCH) {
            __m256 acc[PATCH][2];
            for (unsigned t = 0; t < PATCH; t++) acc[t][0] = acc[t][1] = _mm256_setzero_ps();
            for (unsigned m = 0; m < N; m++) {
                const __m256 low = _mm256_loadu_ps(b + (size_t)m * n + q);
                const __m256 high = _mm256_loadu_ps(b + (size_t)m * n + q + 8);
                for (unsigned t = 0; t < PATCH; t++) {
                    const __m256 f = _mm256_set1_ps(a[(i + t) * ROW + m]);
                    acc[t][0] = _mm256_add_ps(acc[t][0], _mm256_mul_ps(f, low));
                    acc[t][1] = _mm256_add_ps(acc[t][1], _mm256_mul_ps(f, high));
                }
            }
            for (unsigned t = 0; t < PATCH; t++) {
                _mm256_storeu_ps(out + (size_t)(i + t) * n + q, acc[t][0]);
                _mm256_storeu_ps(out + (size_t)(i + t) * n + q + 8, acc[t][1]);
            }
        }
}

static void back_substitute(float *x, const float *r, unsigned n)
{
    for (unsigned q = 0; q < n; q += 16)
        for (unsigned i = N; i-- > 0;) {
            float *xi = x + (size_t)i * n + q;
            __m256 a = _mm256_loadu_ps(xi), b = _mm256_loadu_ps(xi + 8);
            for (unsigned m = i + 1; m < N; m++) {
                const float *v = x + (size_t)m * n + q;
                const __m256 f = _mm256_set1_ps(r[i * ROW + m]);
                a = _mm256_sub_ps(a, _mm256_mul_ps(_mm256_loadu_ps(v), f));
                b = _mm256_sub_ps(b, _mm256_mul_ps(_mm256_loadu_ps(v + 8), f));
            }
            const __m256 d = _mm256_set1_ps(r[i * ROW + i]);
            _mm256_storeu_ps(xi, _mm256_div_ps(a, d));
            _mm256_storeu_ps(xi + 8, _mm256_div_ps(b, d));
        }
}

static void variance(float *s, const float *x, const float *y, unsigned n)
{
    for (unsigned q = 0; q < n; q += 8) {
        __m256 sum = _mm256_setzero_ps();
        for (unsigned k = 0; k < N; k++) {
            const __m256 z = _mm256_div_ps(_mm256_mul_ps(_mm256_loadu_ps(x + (size_t)k * n + q),
                                                         _mm256_loadu_ps(y + (size_t)k * n + q)),
                                           _mm256_set1_ps(25));
            sum = k ? _mm256_add_ps(sum, z) : z;
        }
        _mm256_storeu_ps(s + q, sum);
    }
}

void vt_speed_dsp_init_avx2(VtSpeedDsp *dsp)
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
