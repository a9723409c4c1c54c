/* AVX2 kernels of float_moment. */
#include <immintrin.h>

#include "metric/moment/moment_dsp.h"

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

static uint64_t square(unsigned v)
{
    return (uint64_t)v * v;
}

/* A 32-bit lane gets four squares a step: at most 2^11 steps a row, so 2^13 squares, of 2^16. */
static void add8(const uint8_t *row, size_t n, VtMoments *sums)
{
    const __m256i zero = _mm256_setzero_si256();
    __m256i first = zero, second = zero;
    size_t i = 0;
    for (; i + 32 <= n; i += 32) {
        const __m256i v = _mm256_loadu_si256((const __m256i *)(row + i));
        const __m256i low = _mm256_unpacklo_epi8(v, zero), high = _mm256_unpackhi_epi8(v, zero);
        first = _mm256_add_epi64(first, _mm256_sad_epu8(v, zero));
        second = _mm256_add_epi32(second, _mm256_madd_epi16(low, low));
        second = _mm256_add_epi32(second, _mm256_madd_epi16(high, high));
    }
    sums->first += sum64(first);
    sums->second += sum64(widen(second));
    for (; i < n; i++) {
        sums->first += row[i];
        sums->second += square(row[i]);
    }
}

static void add16(const uint16_t *row, size_t n, VtMoments *sums)
{
    const __m256i zero = _mm256_setzero_si256();
    __m256i first = zero, second = zero;
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        const __m256i v = _mm256_loadu_si256((const __m256i *)(row + i));
        const __m256i low = _mm256_mullo_epi16(v, v), high = _mm256_mulhi_epu16(v, v);
        first = _mm256_add_epi32(first, _mm256_unpacklo_epi16(v, zero));
        first = _mm256_add_epi32(first, _mm256_unpackhi_epi16(v, zero));
        second = _mm256_add_epi64(second, widen(_mm256_unpacklo_epi16(low, high)));
        second = _mm256_add_epi64(second, widen(_mm256_unpackhi_epi16(low, high)));
    }
    sums->first += sum64(widen(first));
    sums->second += sum64(second);
    for (; i < n; i++) {
        sums->first += row[i];
        sums->second += square(row[i]);
    }
}

/* Sums of a row stay below 2^48: exact in doubles. */
static void add16_rounded(const uint16_t *row, size_t n, VtMoments *sums)
{
    __m256i first = _mm256_setzero_si256();
    __m256d second0 = _mm256_setzero_pd(), second1 = second0;
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        const __m256i v = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(row + i)));
        const __m256 f = _mm256_cvtepi32_ps(v), sq = _mm256_mul_ps(f, f);
        first = _mm256_add_epi32(first, v);
        second0 = _mm256_add_pd(second0, _mm256_cvtps_pd(_mm256_castps256_ps128(sq)));
        second1 = _mm256_add_pd(second1, _mm256_cvtps_pd(_mm256_extractf128_ps(sq, 1)));
    }
    double lane[4];
    _mm256_storeu_pd(lane, _mm256_add_pd(second0, second1));
    sums->first += sum64(widen(first));
    sums->second += (uint64_t)(lane[0] + lane[1] + lane[2] + lane[3]);
    for (; i < n; i++) {
        sums->first += row[i];
        sums->second += (uint64_t)(float)square(row[i]);
    }
}

void vt_moment_dsp_init_avx2(VtMomentDsp *dsp)
{
    *dsp = (VtMomentDsp){.add8 = add8, .add16 = add16, .add16_rounded = add16_rounded};
}
