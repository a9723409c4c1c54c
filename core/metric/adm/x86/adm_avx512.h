/* The operations that the vector kernels of integer ADM are written in, with AVX-512 F, CD, BW, DQ
 * and VL. The including file defines INLINE, KERNEL and dot16. */
#include "metric/adm/adm_dsp.h"

enum { N16 = 32, N32 = 16 };

typedef __m512 VecF;
typedef __mmask32 Mask16;
typedef __mmask16 Mask32;

#define ALL32 ((Mask32)0xffff)

INLINE Vec load(const void *p)
{
    return _mm512_loadu_si512(p);
}

INLINE void store(void *p, Vec v)
{
    _mm512_storeu_si512(p, v);
}

INLINE Mask32 first32(unsigned n)
{
    return (Mask32)(n < N32 ? (1u << n) - 1 : 0xffff);
}

INLINE Mask16 first16(unsigned n)
{
    return n < N16 ? (1u << n) - 1 : UINT32_MAX;
}

INLINE Vec load_bytes(const uint8_t *p, unsigned n)
{
    return _mm512_cvtepu8_epi16(_mm256_maskz_loadu_epi8(first16(n), p));
}

INLINE Vec load_words(const uint16_t *p, unsigned n)
{
    return _mm512_maskz_loadu_epi16(first16(n), p);
}

INLINE Vec load_widened(const uint16_t *p)
{
    return _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)p));
}

INLINE Vec widen_lo(Vec v)
{
    return _mm512_cvtepu16_epi32(_mm512_castsi512_si256(v));
}

INLINE Vec widen_hi(Vec v)
{
    return _mm512_cvtepu16_epi32(_mm512_extracti64x4_epi64(v, 1));
}

INLINE Vec zero(void)
{
    return _mm512_setzero_si512();
}

INLINE Vec set16(int v)
{
    return _mm512_set1_epi16((short)v);
}

INLINE Vec set32(int v)
{
    return _mm512_set1_epi32(v);
}

INLINE Vec set64(int64_t v)
{
    return _mm512_set1_epi64(v);
}

#define xor_ _mm512_xor_si512
#define and_ _mm512_and_si512
#define add16 _mm512_add_epi16
#define sub16 _mm512_sub_epi16
#define abs16 _mm512_abs_epi16
#define min_u16 _mm512_min_epu16
#define max_u16 _mm512_max_epu16
#define mullo16 _mm512_mullo_epi16
#define mulhi16 _mm512_mulhi_epi16
#define mulhrs16 _mm512_mulhrs_epi16
#define madd16 _mm512_madd_epi16
#define SRAI16 _mm512_srai_epi16
#define unpacklo16 _mm512_unpacklo_epi16
#define unpackhi16 _mm512_unpackhi_epi16
#define packs32 _mm512_packs_epi32
#define packus32 _mm512_packus_epi32
#define gt16 _mm512_cmpgt_epi16_mask
#define negative16 _mm512_movepi16_mask
#define full16 _mm512_movm_epi16

#define add32 _mm512_add_epi32
#define sub32 _mm512_sub_epi32
#define abs32 _mm512_abs_epi32
#define min_u32 _mm512_min_epu32
#define mullo32 _mm512_mullo_epi32
#define mul_u32 _mm512_mul_epu32
#define mul_s32 _mm512_mul_epi32
#define SLLI32 _mm512_slli_epi32
#define SRLI32 _mm512_srli_epi32
#define SRAI32 _mm512_srai_epi32
#define sllv32 _mm512_sllv_epi32
#define srlv32 _mm512_srlv_epi32
#define srav32 _mm512_srav_epi32
#define negative32 _mm512_movepi32_mask
#define full32 _mm512_movm_epi32

#define add64 _mm512_add_epi64
#define SLLI64 _mm512_slli_epi64
#define SRLI64 _mm512_srli_epi64
#define srlv64 _mm512_srlv_epi64

#define to_ps _mm512_cvtepi32_ps
#define set_ps _mm512_set1_ps
#define add_ps _mm512_add_ps
#define mul_ps _mm512_mul_ps
#define max_ps _mm512_max_ps

/* Masks are numbers. */
#define mask_xor(a, b) ((a) ^ (b))
#define mask_or(a, b) ((a) | (b))
#define mask_andnot(a, b) (~(a) & (b))
#define mask_any(m) ((m) != 0)

INLINE Mask32 ge_ps(VecF a, VecF b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_GE_OQ);
}

INLINE Vec keep16(Mask16 m, Vec v)
{
    return _mm512_maskz_mov_epi16(m, v);
}

INLINE Vec keep32(Mask32 m, Vec v)
{
    return _mm512_maskz_mov_epi32(m, v);
}

INLINE Vec drop16(Mask16 m, Vec v)
{
    return _mm512_maskz_mov_epi16(~m, v);
}

INLINE Vec drop32(Mask32 m, Vec v)
{
    return _mm512_maskz_mov_epi32((Mask32)~m, v);
}

/* b where the mask is set. */
INLINE Vec select16(Mask16 m, Vec a, Vec b)
{
    return _mm512_mask_mov_epi16(a, m, b);
}

INLINE Vec select32(Mask32 m, Vec a, Vec b)
{
    return _mm512_mask_mov_epi32(a, m, b);
}

/* Even words or lanes from a, odd ones from b. */
INLINE Vec odd16(Vec a, Vec b)
{
    return _mm512_mask_mov_epi16(a, 0xaaaaaaaa, b);
}

INLINE Vec odd32(Vec a, Vec b)
{
    return _mm512_mask_mov_epi32(a, 0xaaaa, b);
}

/* v is not negative; the result has the sign of s. */
INLINE Vec copy_sign16(Vec v, Vec s)
{
    return _mm512_mask_sub_epi16(v, negative16(s), zero(), v);
}

INLINE Vec copy_sign32(Vec v, Vec s)
{
    return _mm512_mask_sub_epi32(v, negative32(s), zero(), v);
}

/* One more where the condition is not 0. */
INLINE Vec increment_if16(Vec condition, Vec v)
{
    return _mm512_mask_add_epi16(v, _mm512_test_epi16_mask(condition, condition), v, set16(1));
}

/* x - thr where that is positive and the lane is kept, else 0. */
INLINE Vec excess(Vec x, Vec thr, Mask32 keep, bool *some)
{
    const Vec left = sub32(x, thr);
    const Mask32 m = _mm512_mask_cmpgt_epi32_mask(keep, left, zero());
    *some = m != 0;
    return keep32(m, left);
}

/* The high or low words of the lanes of a, then b. */
INLINE Vec word_order(int first)
{
    const Vec twice =
        _mm512_set_epi16(62, 60, 58, 56, 54, 52, 50, 48, 46, 44, 42, 40, 38, 36, 34, 32, 30, 28, 26,
                         24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
    return add16(twice, set16(first));
}

INLINE Vec high_words(Vec a, Vec b)
{
    return _mm512_permutex2var_epi16(a, word_order(1), b);
}

INLINE Vec low_words(Vec a, Vec b)
{
    return _mm512_permutex2var_epi16(a, word_order(0), b);
}

/* max(0, bit length - 15) */
INLINE Vec exponent(Vec m)
{
    return _mm512_max_epi32(sub32(set32(17), _mm512_lzcnt_epi32(m)), zero());
}

/* Stands for floor(2^30 / m), 1 <= m <= 32768: rounded toward zero it is that from m = 64 on;
 * below, it lacks less than 4, which does not change any ratio (every m and t were tried). */
INLINE Vec reciprocal(Vec m)
{
    return _mm512_cvttps_epi32(
        _mm512_div_round_ps(set_ps(0x1p30f), to_ps(m), _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC));
}

/* trunc(v g) of lanes that are not negative; 2^31 where it does not fit. */
INLINE Vec mul_trunc(Vec v, double g)
{
    const __m512d f = _mm512_set1_pd(g);
    const __m512d lo = _mm512_cvtepi32_pd(_mm512_castsi512_si256(v));
    const __m512d hi = _mm512_cvtepi32_pd(_mm512_extracti64x4_epi64(v, 1));
    return _mm512_inserti64x4(_mm512_castsi256_si512(_mm512_cvttpd_epi32(_mm512_mul_pd(lo, f))),
                              _mm512_cvttpd_epi32(_mm512_mul_pd(hi, f)), 1);
}

INLINE uint64_t sum64(Vec v)
{
    const __m256i half =
        _mm256_add_epi64(_mm512_castsi512_si256(v), _mm512_extracti64x4_epi64(v, 1));
    const __m128i pair =
        _mm_add_epi64(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
    return (uint64_t)_mm_extract_epi64(pair, 0) + (uint64_t)_mm_extract_epi64(pair, 1);
}
