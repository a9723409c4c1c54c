/* Vectors of 16 floats; see lanes_avx2.h. */
#ifndef VT_METRIC_FLOAT_PLANE_LANES_AVX512_H
#define VT_METRIC_FLOAT_PLANE_LANES_AVX512_H

#include <immintrin.h>
#include <stdint.h>

#define LANES 16

typedef __m512 Lanes;
typedef __mmask16 LaneMask;
typedef struct Wide {
    __m512d lo, hi;
} Wide; /* the same number of doubles */

static inline Lanes load(const float *p)
{
    return _mm512_load_ps(p);
}

static inline Lanes load_unaligned(const float *p)
{
    return _mm512_loadu_ps(p);
}

static inline void store(float *p, Lanes v)
{
    _mm512_store_ps(p, v);
}

static inline Lanes all(float v)
{
    return _mm512_set1_ps(v);
}

static inline Lanes from_u8(const uint8_t *p)
{
    return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const void *)p)));
}

static inline Lanes from_u16(const uint16_t *p)
{
    return _mm512_cvtepi32_ps(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const void *)p)));
}

static inline Lanes absolute(Lanes v)
{
    return _mm512_abs_ps(v);
}

/* a > b ? a : b */
static inline Lanes maximum(Lanes a, Lanes b)
{
    return _mm512_max_ps(a, b);
}

/* a < b ? a : b */
static inline Lanes minimum(Lanes a, Lanes b)
{
    return _mm512_min_ps(a, b);
}

static inline LaneMask less(Lanes a, Lanes b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ);
}

static inline LaneMask at_least(Lanes a, Lanes b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_GE_OQ);
}

static inline LaneMask both(LaneMask a, LaneMask b)
{
    return a & b;
}

/* Lanes first .. end - 1, of all integers. */
static inline LaneMask lanes_from_to(int first, int end)
{
    const __m512i i = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __mmask16 high_enough = _mm512_cmpge_epi32_mask(i, _mm512_set1_epi32(first));
    return _mm512_mask_cmplt_epi32_mask(high_enough, i, _mm512_set1_epi32(end));
}

static inline Lanes choose(LaneMask m, Lanes yes, Lanes no)
{
    return _mm512_mask_blend_ps(m, no, yes);
}

/* yes, or +0 */
static inline Lanes keep(LaneMask m, Lanes yes)
{
    return _mm512_maskz_mov_ps(m, yes);
}

/* Exponent of |v|, unbiased, and v's mantissa as a number from 1 to below 2. */
static inline Lanes exponent(Lanes v)
{
    const __m512i e =
        _mm512_and_si512(_mm512_srli_epi32(_mm512_castps_si512(v), 23), _mm512_set1_epi32(0xff));
    return _mm512_cvtepi32_ps(_mm512_sub_epi32(e, _mm512_set1_epi32(127)));
}

static inline Lanes mantissa(Lanes v)
{
    const __m512i m = _mm512_and_si512(_mm512_castps_si512(v), _mm512_set1_epi32(0x7fffff));
    return _mm512_castsi512_ps(_mm512_or_si512(m, _mm512_set1_epi32(0x3f800000)));
}

static inline Wide widen(Lanes v)
{
    return (Wide){_mm512_cvtps_pd(_mm512_castps512_ps256(v)),
                  _mm512_cvtps_pd(_mm512_extractf32x8_ps(v, 1))};
}

static inline Lanes narrow(Wide v)
{
    return _mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps(v.lo)), _mm512_cvtpd_ps(v.hi),
                              1);
}

static inline Wide all_wide(double v)
{
    return (Wide){_mm512_set1_pd(v), _mm512_set1_pd(v)};
}

/* Even and odd elements of a followed by b. */
static inline Lanes even(Lanes a, Lanes b)
{
    const __m512i i = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    return _mm512_permutex2var_ps(a, i, b);
}

static inline Lanes odd(Lanes a, Lanes b)
{
    const __m512i i = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
    return _mm512_permutex2var_ps(a, i, b);
}

/* Eight lanes: the lower (part 0) or upper ones. */
static inline __m256 eight_of(Lanes v, int part)
{
    return part ? _mm512_extractf32x8_ps(v, 1) : _mm512_castps512_ps256(v);
}

/* Lane i of v[j] becomes lane j of v[i]. */
static inline void transpose(Lanes v[LANES])
{
    __m512 a[16], b[16];
    for (int i = 0; i < 16; i += 2) {
        a[i] = _mm512_unpacklo_ps(v[i], v[i + 1]);
        a[i + 1] = _mm512_unpackhi_ps(v[i], v[i + 1]);
    }
    /* b[i + k], i a multiple of 4: columns k, 4 + k, 8 + k, 12 + k of rows i .. i + 3 */
    for (int i = 0; i < 16; i += 4) {
        b[i] = _mm512_shuffle_ps(a[i], a[i + 2], _MM_SHUFFLE(1, 0, 1, 0));
        b[i + 1] = _mm512_shuffle_ps(a[i], a[i + 2], _MM_SHUFFLE(3, 2, 3, 2));
        b[i + 2] = _mm512_shuffle_ps(a[i + 1], a[i + 3], _MM_SHUFFLE(1, 0, 1, 0));
        b[i + 3] = _mm512_shuffle_ps(a[i + 1], a[i + 3], _MM_SHUFFLE(3, 2, 3, 2));
    }
    for (int k = 0; k < 4; k++) {
        const __m512 lo = _mm512_shuffle_f32x4(b[k], b[4 + k], _MM_SHUFFLE(2, 0, 2, 0));
        const __m512 hi = _mm512_shuffle_f32x4(b[k], b[4 + k], _MM_SHUFFLE(3, 1, 3, 1));
        const __m512 lo2 = _mm512_shuffle_f32x4(b[8 + k], b[12 + k], _MM_SHUFFLE(2, 0, 2, 0));
        const __m512 hi2 = _mm512_shuffle_f32x4(b[8 + k], b[12 + k], _MM_SHUFFLE(3, 1, 3, 1));
        v[k] = _mm512_shuffle_f32x4(lo, lo2, _MM_SHUFFLE(2, 0, 2, 0));
        v[4 + k] = _mm512_shuffle_f32x4(hi, hi2, _MM_SHUFFLE(2, 0, 2, 0));
        v[8 + k] = _mm512_shuffle_f32x4(lo, lo2, _MM_SHUFFLE(3, 1, 3, 1));
        v[12 + k] = _mm512_shuffle_f32x4(hi, hi2, _MM_SHUFFLE(3, 1, 3, 1));
    }
}

#endif
