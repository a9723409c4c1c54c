/* AVX2 kernels of psnr and float_psnr. */
#include <immintrin.h>

#include "metric/psnr/psnr_dsp.h"

static __m256i load(const void *p)
{
    return _mm256_loadu_si256(p);
}

static uint64_t sum64(__m256i v)
{
    uint64_t lane[4];
    _mm256_storeu_si256((__m256i *)lane, v);
    return lane[0] + lane[1] + lane[2] + lane[3];
}

/* Sums of 32-bit lanes in 64-bit lanes. */
static __m256i widen(__m256i v)
{
    return _mm256_add_epi64(_mm256_blend_epi32(v, _mm256_setzero_si256(), 0xaa),
                            _mm256_srli_epi64(v, 32));
}

static uint64_t square(unsigned a, unsigned b)
{
    const uint64_t d = a > b ? a - b : b - a;
    return d * d;
}

/* A 32-bit lane gets four squares a step: at most 2^11 steps a row, so 2^13 squares, of 2^16. */
static uint64_t sse8(const uint8_t *ref, const uint8_t *dis, size_t n)
{
    const __m256i zero = _mm256_setzero_si256();
    __m256i sum = zero;
    size_t i = 0;
    for (; i + 32 <= n; i += 32) {
        const __m256i r = load(ref + i), d = load(dis + i);
        const __m256i diff = _mm256_or_si256(_mm256_subs_epu8(r, d), _mm256_subs_epu8(d, r));
        const __m256i low = _mm256_unpacklo_epi8(diff, zero);
        const __m256i high = _mm256_unpackhi_epi8(diff, zero);
        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(low, low));
        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(high, high));
    }
    uint64_t total = sum64(widen(sum));
    for (; i < n; i++) total += square(ref[i], dis[i]);
    return total;
}

static uint64_t sse16(const uint16_t *ref, const uint16_t *dis, size_t n)
{
    __m256i sum = _mm256_setzero_si256();
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        const __m256i r = load(ref + i), d = load(dis + i);
        const __m256i diff = _mm256_or_si256(_mm256_subs_epu16(r, d), _mm256_subs_epu16(d, r));
        const __m256i low = _mm256_mullo_epi16(diff, diff), high = _mm256_mulhi_epu16(diff, diff);
        sum = _mm256_add_epi64(sum, widen(_mm256_unpacklo_epi16(low, high)));
        sum = _mm256_add_epi64(sum, widen(_mm256_unpackhi_epi16(low, high)));
    }
    uint64_t total = sum64(sum);
    for (; i < n; i++) total += square(ref[i], dis[i]);
    return total;
}

/* Sums of a row stay below 2^48: exact in doubles. */
static uint64_t sse16_rounded(const uint16_t *ref, const uint16_t *dis, size_t n)
{
    __m256d sum0 = _mm256_setzero_pd(), sum1 = sum0;
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        const __m256i r = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(ref + i)));
        const __m256i d = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(dis + i)));
        const __m256 diff = _mm256_cvtepi32_ps(_mm256_sub_epi32(r, d));
        const __m256 sq = _mm256_mul_ps(diff, diff);
        sum0 = _mm256_add_pd(sum0, _mm256_cvtps_pd(_mm256_castps256_ps128(sq)));
        sum1 = _mm256_add_pd(sum1, _mm256_cvtps_pd(_mm256_extractf128_ps(sq, 1)));
    }
    double lane[4];
    _mm256_storeu_pd(lane, _mm256_add_pd(sum0, sum1));
    uint64_t total = (uint64_t)(lane[0] + lane[1] + lane[2] + lane[3]);
    for (; i < n; i++) total += (uint64_t)(float)square(ref[i], dis[i]);
    return total;
}

void vt_psnr_dsp_init_avx2(VtPsnrDsp *dsp)
{
    *dsp = (VtPsnrDsp){.sse8 = sse8, .sse16 = sse16, .sse16_rounded = sse16_rounded};
}
