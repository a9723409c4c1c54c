/* AVX2 kernels of float_ansnr. Buffers have room for whole vectors, only pictures do not. */
#include <immintrin.h>

#include "metric/ansnr/ansnr_dsp.h"

static void convert8(const uint8_t *src, float *dst, unsigned n)
{
    const __m256 offset = _mm256_set1_ps(128);
    unsigned i = 0;
    for (; i + 8 <= n; i += 8) {
        const __m256i v = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(src + i)));
        _mm256_storeu_ps(dst + i, _mm256_sub_ps(_mm256_cvtepi32_ps(v), offset));
    }
    for (; i < n; i++) dst[i] = (float)src[i] - 128.0f;
}

static void convert16(const uint16_t *src, float *dst, unsigned n, float scale)
{
    const __m256 offset = _mm256_set1_ps(128), s = _mm256_set1_ps(scale);
    unsigned i = 0;
    for (; i + 8 <= n; i += 8) {
        const __m256i v = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(src + i)));
        const __m256 scaled = _mm256_mul_ps(_mm256_cvtepi32_ps(v), s);
        _mm256_storeu_ps(dst + i, _mm256_sub_ps(scaled, offset));
    }
    for (; i < n; i++) dst[i] = (float)src[i] * scale - 128.0f;
}

/* {1, 2, 1} / 4 */
static __m256 smooth(__m256 a, __m256 b, __m256 c)
{
    const __m256 sum = _mm256_add_ps(_mm256_add_ps(a, _mm256_add_ps(b, b)), c);
    return _mm256_mul_ps(_mm256_set1_ps(0.25f), sum);
}

static void filter_ref(const float *src, float *dst, unsigned n)
{
    for (unsigned i = 0; i < n; i += 8)
        _mm256_storeu_ps(dst + i, smooth(_mm256_loadu_ps(src + i - 1), _mm256_loadu_ps(src + i),
                                         _mm256_loadu_ps(src + i + 1)));
}

static void filter_dis(const float *src, VtAnsnrFiltered *dst, unsigned n)
{
    for (unsigned k = 0; k < 3; k++) {
        const __m256 t0 = _mm256_set1_ps(vt_ansnr_tap[k][0]);
        const __m256 t1 = _mm256_set1_ps(vt_ansnr_tap[k][1]);
        const __m256 t2 = _mm256_set1_ps(vt_ansnr_tap[k][2]);
        for (unsigned i = 0; i < n; i += 8) {
            __m256 sum = _mm256_mul_ps(_mm256_loadu_ps(src + i - 2), t0);
            sum = _mm256_add_ps(sum, _mm256_mul_ps(_mm256_loadu_ps(src + i - 1), t1));
            sum = _mm256_add_ps(sum, _mm256_mul_ps(_mm256_loadu_ps(src + i), t2));
            sum = _mm256_add_ps(sum, _mm256_mul_ps(_mm256_loadu_ps(src + i + 1), t1));
            sum = _mm256_add_ps(sum, _mm256_mul_ps(_mm256_loadu_ps(src + i + 2), t0));
            _mm256_store_ps(dst->row[k] + i, sum);
        }
    }
}

static void terms(const float *const ref[3], const VtAnsnrFiltered *const dis[5], float *sig,
                  float *noise, unsigned n)
{
    for (unsigned i = 0; i < n; i += 8) {
        const __m256 r = smooth(_mm256_load_ps(ref[0] + i), _mm256_load_ps(ref[1] + i),
                                _mm256_load_ps(ref[2] + i));
        __m256 d = _mm256_load_ps(dis[0]->row[0] + i);
        d = _mm256_add_ps(d, _mm256_load_ps(dis[1]->row[1] + i));
        d = _mm256_add_ps(d, _mm256_load_ps(dis[2]->row[2] + i));
        d = _mm256_add_ps(d, _mm256_load_ps(dis[3]->row[1] + i));
        d = _mm256_add_ps(d, _mm256_load_ps(dis[4]->row[0] + i));
        const __m256 diff = _mm256_sub_ps(r, d);
        _mm256_store_ps(sig + i, _mm256_mul_ps(r, r));
        _mm256_store_ps(noise + i, _mm256_mul_ps(diff, diff));
    }
}

/* Columns of 8 terms of 8 rows: column[c] holds one term of every row. */
static inline void transpose(const float (*term)[VT_ANSNR_STRIP], unsigned x, __m256 column[8])
{
    __m256 half[8], pair[8];
    for (unsigned i = 0; i < 4; i++) {
        const __m128 *a = (const __m128 *)(term[i] + x), *b = (const __m128 *)(term[i + 4] + x);
        half[i] = _mm256_insertf128_ps(_mm256_castps128_ps256(a[0]), b[0], 1);
        half[i + 4] = _mm256_insertf128_ps(_mm256_castps128_ps256(a[1]), b[1], 1);
    }
    for (unsigned i = 0; i < 8; i += 4) {
        pair[i] = _mm256_unpacklo_ps(half[i], half[i + 1]);
        pair[i + 1] = _mm256_unpackhi_ps(half[i], half[i + 1]);
        pair[i + 2] = _mm256_unpacklo_ps(half[i + 2], half[i + 3]);
        pair[i + 3] = _mm256_unpackhi_ps(half[i + 2], half[i + 3]);
        column[i] = _mm256_shuffle_ps(pair[i], pair[i + 2], 0x44);
        column[i + 1] = _mm256_shuffle_ps(pair[i], pair[i + 2], 0xee);
        column[i + 2] = _mm256_shuffle_ps(pair[i + 1], pair[i + 3], 0x44);
        column[i + 3] = _mm256_shuffle_ps(pair[i + 1], pair[i + 3], 0xee);
    }
}

/* One lane for each of 16 rows. */
static void add(const float term[VT_ANSNR_ROWS][VT_ANSNR_STRIP], float *sum, unsigned n)
{
    __m256 sum0 = _mm256_loadu_ps(sum), sum1 = _mm256_loadu_ps(sum + 8);
    unsigned i = 0;
    for (; i + 8 <= n; i += 8) {
        __m256 c0[8], c1[8];
        transpose(term, i, c0);
        transpose(term + 8, i, c1);
        for (unsigned c = 0; c < 8; c++) {
            sum0 = _mm256_add_ps(sum0, c0[c]);
            sum1 = _mm256_add_ps(sum1, c1[c]);
        }
    }
    _mm256_storeu_ps(sum, sum0);
    _mm256_storeu_ps(sum + 8, sum1);
    for (unsigned r = 0; r < VT_ANSNR_ROWS; r++)
        for (unsigned x = i; x < n; x++) sum[r] += term[r][x];
}

void vt_ansnr_dsp_init_avx2(VtAnsnrDsp *dsp)
{
    *dsp = (VtAnsnrDsp){.convert8 = convert8,
                        .convert16 = convert16,
                        .filter_ref = filter_ref,
                        .filter_dis = filter_dis,
                        .terms = terms,
                        .add = add};
}
