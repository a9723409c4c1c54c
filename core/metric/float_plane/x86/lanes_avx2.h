/* Vectors of 8 floats. The kernel sources that include this or lanes_avx512.h are written once, for
 * LANES floats. Arithmetic is that of C operators, lane by lane. */
#ifndef VT_METRIC_FLOAT_PLANE_LANES_AVX2_H
#define VT_METRIC_FLOAT_PLANE_LANES_AVX2_H

#include <immintrin.h>
#include <stdint.h>

#define LANES 8

typedef __m256 Lanes;
typedef __m256 LaneMask;
typedef struct Wide {
    __m256d lo, hi;
} Wide; /* the same number of doubles */

static inline Lanes load(const float *p)
{
    return _mm256_load_ps(p);
}

static inline Lanes load_unaligned(const float *p)
{
    return _mm256_loadu_ps(p);
}

static inline void store(float *p, Lanes v)
{
    _mm256_store_ps(p, v);
}

static inline Lanes all(float v)
{
    return _mm256_set1_ps(v);
}

static inline Lanes from_u8(const uint8_t *p)
{
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)p)));
}

static inline Lanes from_u16(const uint16_t *p)
{
    return _mm256_cvtepi32_ps(_mm256_cvtepu16_epi32(_mm_loadu_si128((const void *)p)));
}

static inline Lanes absolute(Lanes v)
{
    return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), v);
}

/* a > b ? a : b */
static inline Lanes maximum(Lanes a, Lanes b)
{
    return _mm256_max_ps(a, b);
}

/* a < b ? a : b */
static inline Lanes minimum(Lanes a, Lanes b)
{
    return _mm256_min_ps(a, b);
}

static inline LaneMask less(Lanes a, Lanes b)
{
    return _mm256_cmp_ps(a, b, _CMP_LT_OQ);
}

static inline LaneMask at_least(Lanes a, Lanes b)
{
    return _mm256_cmp_ps(a, b, _CMP_GE_OQ);
}

static inline LaneMask both(LaneMask a, LaneMask b)
{
    return _mm256_and_ps(a, b);
}

/* Lanes first .. end - 1, of all integers. */
static inline LaneMask lanes_from_to(int first, int end)
{
    const __m256i i = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    const __m256i too_low = _mm256_cmpgt_epi32(_mm256_set1_epi32(first), i);
    const __m256i low_enough = _mm256_cmpgt_epi32(_mm256_set1_epi32(end), i);
    return _mm256_castsi256_ps(_mm256_andnot_si256(too_low, low_enough));
}

static inline Lanes choose(LaneMask m, Lanes yes, Lanes no)
{
    return _mm256_blendv_ps(no, yes, m);
}

/* yes, or +0 */
static inline Lanes keep(LaneMask m, Lanes yes)
{
    return _mm256_and_ps(m, yes);
}

/* Exponent of |v|, unbiased, and v's mantissa as a number from 1 to below 2. */
static inline Lanes exponent(Lanes v)
{
    const __m256i e =
        _mm256_and_si256(_mm256_srli_epi32(_mm256_castps_si256(v), 23), _mm256_set1_epi32(0xff));
    return _mm256_cvtepi32_ps(_mm256_sub_epi32(e, _mm256_set1_epi32(127)));
}

static inline Lanes mantissa(Lanes v)
{
    const __m256i m = _mm256_and_si256(_mm256_castps_si256(v), _mm256_set1_epi32(0x7fffff));
    return _mm256_castsi256_ps(_mm256_or_si256(m, _mm256_set1_epi32(0x3f800000)));
}

static inline Wide widen(Lanes v)
{
    return (Wide){_mm256_cvtps_pd(_mm256_castps256_ps128(v)),
                  _mm256_cvtps_pd(_mm256_extractf128_ps(v, 1))};
}

static inline Lanes narrow(Wide v)
{
    return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm256_cvtpd_ps(v.lo)),
                                _mm256_cvtpd_ps(v.hi), 1);
}

static inline Wide all_wide(double v)
{
    return (Wide){_mm256_set1_pd(v), _mm256_set1_pd(v)};
}

/* Even and odd elements of a followed by b. */
static inline Lanes even(Lanes a, Lanes b)
{
    const __m256d v = _mm256_castps_pd(_mm256_shuffle_ps(a, b, _MM_SHUFFLE(2, 0, 2, 0)));
    return _mm256_castpd_ps(_mm256_permute4x64_pd(v, _MM_SHUFFLE(3, 1, 2, 0)));
}

static inline Lanes odd(Lanes a, Lanes b)
{
    const __m256d v = _mm256_castps_pd(_mm256_shuffle_ps(a, b, _MM_SHUFFLE(3, 1, 3, 1)));
    return _mm256_castpd_ps(_mm256_permute4x64_pd(v, _MM_SHUFFLE(3, 1, 2, 0)));
}

/* Eight lanes, of which there is one part. */
static inline __m256 eight_of(Lanes v, int part)
{
    (void)part;
    return v;
}

#include "metric/float_plane/x86/transpose8.h"

/* Lane i of v[j] becomes lane j of v[i]. */
static inline void transpose(Lanes v[LANES])
{
    transpose8(v);
}

#endif
