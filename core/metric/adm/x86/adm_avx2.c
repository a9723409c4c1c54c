/* Integer ADM with AVX2: the operations that the kernels are written in. */
#include "metric/adm/adm_dsp.h"

#include <immintrin.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))
#define KERNEL static

enum { N16 = 16, N32 = 8 };

typedef __m256i Vec;
typedef __m256 VecF;
typedef __m256i Mask16, Mask32; /* 0 or -1 in each lane */

#define ALL32 _mm256_set1_epi32(-1)

INLINE Vec load(const void *p)
{
    return _mm256_loadu_si256((const __m256i *)p);
}

INLINE void store(void *p, Vec v)
{
    _mm256_storeu_si256((__m256i *)p, v);
}

INLINE Vec zero(void)
{
    return _mm256_setzero_si256();
}

INLINE Vec set16(int v)
{
    return _mm256_set1_epi16((short)v);
}

INLINE Vec set32(int v)
{
    return _mm256_set1_epi32(v);
}

INLINE Vec set64(int64_t v)
{
    return _mm256_set1_epi64x(v);
}

INLINE Vec dot16(Vec acc, Vec a, Vec b)
{
    return _mm256_add_epi32(acc, _mm256_madd_epi16(a, b));
}

INLINE Mask32 first32(unsigned n)
{
    const Vec order = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(set32(n < N32 ? (int)n : N32), order);
}

INLINE Mask16 first16(unsigned n)
{
    const Vec order = _mm256_setr_epi16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    return _mm256_cmpgt_epi16(set16(n < N16 ? (int)n : N16), order);
}

/* The first n samples, which may be the last of a plane. */
INLINE Vec load_bytes(const uint8_t *p, unsigned n)
{
    uint8_t part[N16] = {0};
    if (n < N16) p = memcpy(part, p, n);
    return _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)p));
}

INLINE Vec load_words(const uint16_t *p, unsigned n)
{
    uint16_t part[N16] = {0};
    if (n < N16) p = memcpy(part, p, n * sizeof(*p));
    return load(p);
}

INLINE Vec load_widened(const uint16_t *p)
{
    return _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)p));
}

INLINE Vec widen_lo(Vec v)
{
    return _mm256_cvtepu16_epi32(_mm256_castsi256_si128(v));
}

INLINE Vec widen_hi(Vec v)
{
    return _mm256_cvtepu16_epi32(_mm256_extracti128_si256(v, 1));
}

#define xor_ _mm256_xor_si256
#define and_ _mm256_and_si256
#define add16 _mm256_add_epi16
#define sub16 _mm256_sub_epi16
#define abs16 _mm256_abs_epi16
#define min_u16 _mm256_min_epu16
#define max_u16 _mm256_max_epu16
#define mullo16 _mm256_mullo_epi16
#define mulhi16 _mm256_mulhi_epi16
#define mulhrs16 _mm256_mulhrs_epi16
#define madd16 _mm256_madd_epi16
#define SRAI16 _mm256_srai_epi16
#define unpacklo16 _mm256_unpacklo_epi16
#define unpackhi16 _mm256_unpackhi_epi16
#define packs32 _mm256_packs_epi32
#define packus32 _mm256_packus_epi32
#define gt16 _mm256_cmpgt_epi16
#define copy_sign16 _mm256_sign_epi16 /* v is not negative, and 0 where s is */

#define add32 _mm256_add_epi32
#define sub32 _mm256_sub_epi32
#define abs32 _mm256_abs_epi32
#define min_u32 _mm256_min_epu32
#define mullo32 _mm256_mullo_epi32
#define mul_u32 _mm256_mul_epu32
#define mul_s32 _mm256_mul_epi32
#define SLLI32 _mm256_slli_epi32
#define SRLI32 _mm256_srli_epi32
#define SRAI32 _mm256_srai_epi32
#define sllv32 _mm256_sllv_epi32
#define srlv32 _mm256_srlv_epi32
#define srav32 _mm256_srav_epi32
#define copy_sign32 _mm256_sign_epi32

#define add64 _mm256_add_epi64
#define SLLI64 _mm256_slli_epi64
#define SRLI64 _mm256_srli_epi64
#define srlv64 _mm256_srlv_epi64

#define to_ps _mm256_cvtepi32_ps
#define set_ps _mm256_set1_ps
#define add_ps _mm256_add_ps
#define mul_ps _mm256_mul_ps
#define max_ps _mm256_max_ps

#define mask_xor _mm256_xor_si256
#define mask_or _mm256_or_si256
#define mask_andnot _mm256_andnot_si256
#define mask_any(m) (!_mm256_testz_si256(m, m))
#define full16(m) (m)
#define full32(m) (m)

#define keep16 _mm256_and_si256
#define keep32 _mm256_and_si256
#define drop16 _mm256_andnot_si256
#define drop32 _mm256_andnot_si256

INLINE Mask16 negative16(Vec v)
{
    return SRAI16(v, 15);
}

INLINE Mask32 negative32(Vec v)
{
    return SRAI32(v, 31);
}

INLINE Mask32 ge_ps(VecF a, VecF b)
{
    return _mm256_castps_si256(_mm256_cmp_ps(a, b, _CMP_GE_OQ));
}

/* b where the mask is set. */
INLINE Vec select16(Mask16 m, Vec a, Vec b)
{
    return _mm256_blendv_epi8(a, b, m);
}

#define select32 select16

/* Even words or lanes from a, odd ones from b. */
INLINE Vec odd16(Vec a, Vec b)
{
    return _mm256_blend_epi16(a, b, 0xaa);
}

INLINE Vec odd32(Vec a, Vec b)
{
    return _mm256_blend_epi32(a, b, 0xaa);
}

/* One more where the condition is not 0. */
INLINE Vec increment_if16(Vec condition, Vec v)
{
    return add16(add16(v, set16(1)), _mm256_cmpeq_epi16(condition, zero()));
}

/* x - thr where that is positive and the lane is kept, else 0. */
INLINE Vec excess(Vec x, Vec thr, Mask32 keep, bool *some)
{
    const Vec left = and_(_mm256_max_epi32(sub32(x, thr), zero()), keep);
    *some = mask_any(left);
    return left;
}

/* The high or low words of the lanes of a, then b. */
INLINE Vec high_words(Vec a, Vec b)
{
    return _mm256_permute4x64_epi64(packs32(SRAI32(a, 16), SRAI32(b, 16)), 0xd8);
}

INLINE Vec low_words(Vec a, Vec b)
{
    const Vec low = set32(0xffff);
    return _mm256_permute4x64_epi64(packus32(and_(a, low), and_(b, low)), 0xd8);
}

/* max(0, bit length - 15): from the exponent as binary32, with the bit cleared that might round the
 * number up to a power of two. */
INLINE Vec exponent(Vec m)
{
    const VecF f = to_ps(_mm256_andnot_si256(SRLI32(m, 1), m));
    const Vec log2 = sub32(SRLI32(_mm256_castps_si256(f), 23), set32(127));
    return _mm256_max_epi32(sub32(log2, set32(14)), zero());
}

/* Stands for floor(2^30 / m), 1 <= m <= 32768: it is that from m = 64 on, after one correction;
 * below, it is off by less than 16, which does not change any ratio (every m and t were tried). */
INLINE Vec reciprocal(Vec m)
{
    const Vec near = _mm256_cvttps_epi32(_mm256_div_ps(set_ps(0x1p30f), to_ps(m)));
    return add32(near, _mm256_cmpgt_epi32(mullo32(near, m), set32(1 << 30)));
}

/* trunc(v g) of lanes that are not negative; 2^31 where it does not fit. */
INLINE Vec mul_trunc(Vec v, double g)
{
    const __m256d f = _mm256_set1_pd(g);
    const __m256d lo = _mm256_cvtepi32_pd(_mm256_castsi256_si128(v));
    const __m256d hi = _mm256_cvtepi32_pd(_mm256_extracti128_si256(v, 1));
    return _mm256_set_m128i(_mm256_cvttpd_epi32(_mm256_mul_pd(hi, f)),
                            _mm256_cvttpd_epi32(_mm256_mul_pd(lo, f)));
}

INLINE uint64_t sum64(Vec v)
{
    const __m128i half = _mm_add_epi64(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    return (uint64_t)_mm_extract_epi64(half, 0) + (uint64_t)_mm_extract_epi64(half, 1);
}

#include "metric/adm/x86/adm_wavelet.h"
#include "metric/adm/adm_detail.h"

void vt_adm_dsp_init_avx2(VtAdmDsp *dsp)
{
    dsp->dwt_plane[0] = dwt_bytes;
    dsp->dwt_plane[1] = dwt_words;
    dsp->dwt_fine = dwt_fine;
    dsp->dwt_coarse = dwt_coarse;
    dsp->den16 = den16;
    dsp->den32 = den32;
    dsp->decouple16 = decouple16;
    dsp->decouple32 = decouple32;
    dsp->csf16 = csf16;
    dsp->csf32 = csf32;
    dsp->mask16 = mask16;
    dsp->mask32 = mask32;
}
