/* AVX-512 kernels of float_moment. */
#include <immintrin.h>

#include "metric/moment/moment_dsp.h"

/* Mask of the first n lanes of up to 64. */
static uint64_t lanes(size_t n)
{
    return n >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << n) - 1;
}

/* Sums of 32-bit lanes in 64-bit lanes. */
static __m512i widen(__m512i v)
{
    return _mm512_add_epi64(_mm512_maskz_mov_epi32(0x5555, v), _mm512_srli_epi64(v, 32));
}

static uint64_t sum64(__m512i v)
{
    return (uint64_t)_mm512_reduce_add_epi64(v);
}

/* A 32-bit lane gets four squares a step: at most 2^10 steps a row, so 2^12 squares, of 2^16. */
static void add8(const uint8_t *row, size_t n, VtMoments *sums)
{
    const __m512i zero = _mm512_setzero_si512();
    __m512i first = zero, second = zero;
    for (size_t i = 0; i < n; i += 64) {
        const __m512i v = _mm512_maskz_loadu_epi8(lanes(n - i), row + i);
        const __m512i low = _mm512_unpacklo_epi8(v, zero), high = _mm512_unpackhi_epi8(v, zero);
        first = _mm512_add_epi64(first, _mm512_sad_epu8(v, zero));
        second = _mm512_add_epi32(second, _mm512_madd_epi16(low, low));
        second = _mm512_add_epi32(second, _mm512_madd_epi16(high, high));
    }
    sums->first += sum64(first);
    sums->second += sum64(widen(second));
}

static void add16(const uint16_t *row, size_t n, VtMoments *sums)
{
    const __m512i zero = _mm512_setzero_si512();
    __m512i first = zero, second = zero;
    for (size_t i = 0; i < n; i += 32) {
        const __m512i v = _mm512_maskz_loadu_epi16((__mmask32)lanes(n - i), row + i);
        const __m512i low = _mm512_mullo_epi16(v, v), high = _mm512_mulhi_epu16(v, v);
        first = _mm512_add_epi32(first, _mm512_unpacklo_epi16(v, zero));
        first = _mm512_add_epi32(first, _mm512_unpackhi_epi16(v, zero));
        second = _mm512_add_epi64(second, widen(_mm512_unpacklo_epi16(low, high)));
        second = _mm512_add_epi64(second, widen(_mm512_unpackhi_epi16(low, high)));
    }
    sums->first += sum64(widen(first));
    sums->second += sum64(second);
}

/* Sums of a row stay below 2^48: exact in doubles. */
static void add16_rounded(const uint16_t *row, size_t n, VtMoments *sums)
{
    __m512i first = _mm512_setzero_si512();
    __m512d second0 = _mm512_setzero_pd(), second1 = second0;
    for (size_t i = 0; i < n; i += 16) {
        const __m256i half = _mm256_maskz_loadu_epi16((__mmask16)lanes(n - i), row + i);
        const __m512i v = _mm512_cvtepu16_epi32(half);
        const __m512 f = _mm512_cvtepi32_ps(v), sq = _mm512_mul_ps(f, f);
        first = _mm512_add_epi32(first, v);
        second0 = _mm512_add_pd(second0, _mm512_cvtps_pd(_mm512_castps512_ps256(sq)));
        second1 = _mm512_add_pd(second1, _mm512_cvtps_pd(_mm512_extractf32x8_ps(sq, 1)));
    }
    sums->first += sum64(widen(first));
    sums->second += (uint64_t)_mm512_reduce_add_pd(_mm512_add_pd(second0, second1));
}

void vt_moment_dsp_init_avx512(VtMomentDsp *dsp)
{
    *dsp = (VtMomentDsp){.add8 = add8, .add16 = add16, .add16_rounded = add16_rounded};
}
