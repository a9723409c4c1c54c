/* AVX-512 kernels of psnr and float_psnr. */
#include <immintrin.h>

#include "metric/psnr/psnr_dsp.h"

/* Mask of the first n lanes of up to 64. */
static uint64_t first(size_t n)
{
    return n >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << n) - 1;
}

/* Sums of 32-bit lanes in 64-bit lanes. */
static __m512i widen(__m512i v)
{
    return _mm512_add_epi64(_mm512_maskz_mov_epi32(0x5555, v), _mm512_srli_epi64(v, 32));
}

static __m512i add_squares8(__m512i sum, __m512i r, __m512i d)
{
    const __m512i zero = _mm512_setzero_si512();
    const __m512i diff = _mm512_or_si512(_mm512_subs_epu8(r, d), _mm512_subs_epu8(d, r));
    const __m512i low = _mm512_unpacklo_epi8(diff, zero), high = _mm512_unpackhi_epi8(diff, zero);
    sum = _mm512_add_epi32(sum, _mm512_madd_epi16(low, low));
    return _mm512_add_epi32(sum, _mm512_madd_epi16(high, high));
}

/* A 32-bit lane gets four squares a step: at most 2^10 steps a row, so 2^12 squares, of 2^16. */
static uint64_t sse8(const uint8_t *ref, const uint8_t *dis, size_t n)
{
    __m512i sum = _mm512_setzero_si512();
    size_t i = 0;
    for (; i + 64 <= n; i += 64)
        sum = add_squares8(sum, _mm512_loadu_si512(ref + i), _mm512_loadu_si512(dis + i));
    const __mmask64 rest = first(n - i);
    sum = add_squares8(sum, _mm512_maskz_loadu_epi8(rest, ref + i),
                       _mm512_maskz_loadu_epi8(rest, dis + i));
    return (uint64_t)_mm512_reduce_add_epi64(widen(sum));
}

static uint64_t sse16(const uint16_t *ref, const uint16_t *dis, size_t n)
{
    __m512i sum = _mm512_setzero_si512();
    for (size_t i = 0; i < n; i += 32) {
        const __mmask32 lanes = (__mmask32)first(n - i);
        const __m512i r = _mm512_maskz_loadu_epi16(lanes, ref + i);
        const __m512i d = _mm512_maskz_loadu_epi16(lanes, dis + i);
        const __m512i diff = _mm512_or_si512(_mm512_subs_epu16(r, d), _mm512_subs_epu16(d, r));
        const __m512i low = _mm512_mullo_epi16(diff, diff), high = _mm512_mulhi_epu16(diff, diff);
        sum = _mm512_add_epi64(sum, widen(_mm512_unpacklo_epi16(low, high)));
        sum = _mm512_add_epi64(sum, widen(_mm512_unpackhi_epi16(low, high)));
    }
    return (uint64_t)_mm512_reduce_add_epi64(sum);
}

/* Sums of a row stay below 2^48: exact in doubles. */
static uint64_t sse16_rounded(const uint16_t *ref, const uint16_t *dis, size_t n)
{
    __m512d sum0 = _mm512_setzero_pd(), sum1 = sum0;
    for (size_t i = 0; i < n; i += 16) {
        const __mmask16 lanes = (__mmask16)first(n - i);
        const __m512i r = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(lanes, ref + i));
        const __m512i d = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(lanes, dis + i));
        const __m512 diff = _mm512_cvtepi32_ps(_mm512_sub_epi32(r, d));
        const __m512 sq = _mm512_mul_ps(diff, diff);
        sum0 = _mm512_add_pd(sum0, _mm512_cvtps_pd(_mm512_castps512_ps256(sq)));
        sum1 = _mm512_add_pd(sum1, _mm512_cvtps_pd(_mm512_extractf32x8_ps(sq, 1)));
    }
    return (uint64_t)_mm512_reduce_add_pd(_mm512_add_pd(sum0, sum1));
}

void vt_psnr_dsp_init_avx512(VtPsnrDsp *dsp)
{
    *dsp = (VtPsnrDsp){.sse8 = sse8, .sse16 = sse16, .sse16_rounded = sse16_rounded};
}
