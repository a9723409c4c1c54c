/* AVX2 kernel of ciede. */
#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>

#define VD __m256d
#define VF __m128
#define VS __m256
#define MD __m256d
#define MF __m128
#define VD_LANES 4
#define VS_LANES 8

#define vd_set1 _mm256_set1_pd
#define vd_load _mm256_load_pd
#define vd_store _mm256_store_pd
#define vd_min _mm256_min_pd
#define vd_max _mm256_max_pd
#define vd_from_f _mm256_cvtps_pd
#define vf_from_d _mm256_cvtpd_ps
#define vf_set1 _mm_set1_ps
#define vf_sqrt _mm_sqrt_ps
#define vf_load _mm_load_ps
#define vf_store _mm_store_ps
#define vf_greater _mm_cmpgt_ps
#define vf_and _mm_and_ps
#define vf_or _mm_or_ps
#define vs_set1 _mm256_set1_ps
#define vs_load _mm256_load_ps
#define vs_store _mm256_store_ps

/* a + b c and a - b c, fused */
static inline VD vd_more(VD a, VD b, VD c)
{
    return _mm256_fmadd_pd(b, c, a);
}

static inline VD vd_less(VD a, VD b, VD c)
{
    return _mm256_fnmadd_pd(b, c, a);
}

static inline VS vs_more(VS a, VS b, VS c)
{
    return _mm256_fmadd_ps(b, c, a);
}

static inline VS vs_less(VS a, VS b, VS c)
{
    return _mm256_fnmadd_ps(b, c, a);
}

static inline VD vd_words(const uint16_t *p)
{
    return _mm256_cvtepi32_pd(_mm_cvtepu16_epi32(_mm_loadl_epi64((const __m128i *)p)));
}

static inline VD vd_abs(VD v)
{
    return _mm256_andnot_pd(_mm256_set1_pd(-0.0), v);
}

static inline MD vd_greater(VD a, VD b)
{
    return _mm256_cmp_pd(a, b, _CMP_GT_OQ);
}

static inline VD vd_select(MD m, VD a, VD b)
{
    return _mm256_blendv_pd(b, a, m);
}

/* limit - v where m, else v */
static inline VD vd_mirror(MD m, double limit, VD v)
{
    return _mm256_blendv_pd(v, _mm256_set1_pd(limit) - v, m);
}

/* Is the integer in the low bits odd? Only the sign of a condition counts. */
static inline MD vd_odd(VD v)
{
    return _mm256_castsi256_pd(_mm256_slli_epi64(_mm256_castpd_si256(v), 63));
}

/* -v where the integer in the low bits of k, plus `plus`, has bit 1 set. */
static inline VD vd_flip(VD v, VD k, int plus)
{
    const __m256i n = _mm256_add_epi64(_mm256_castpd_si256(k), _mm256_set1_epi64x(plus));
    const __m256i bit = _mm256_and_si256(n, _mm256_set1_epi64x(2));
    return _mm256_xor_pd(v, _mm256_castsi256_pd(_mm256_slli_epi64(bit, 62)));
}

/* v 2^k, k in the low bits. */
static inline VD vd_scale(VD v, VD k)
{
    const __m256i exponent = _mm256_slli_epi64(_mm256_castpd_si256(k), 52);
    return _mm256_castsi256_pd(_mm256_add_epi64(_mm256_castpd_si256(v), exponent));
}

static inline VF vf_abs(VF v)
{
    return _mm_andnot_ps(_mm_set1_ps(-0.0f), v);
}

static inline MF vf_not_zero(VF v)
{
    return _mm_cmpneq_ps(v, _mm_setzero_ps());
}

static inline VF vf_select(MF m, VF a, VF b)
{
    return _mm_blendv_ps(b, a, m);
}

static inline bool vf_all(MF m)
{
    return _mm_movemask_ps(m) == 15;
}

static inline VS vs_bits(VS v)
{
    return _mm256_cvtepi32_ps(_mm256_castps_si256(v));
}

static inline VS vs_from_bits(VS v)
{
    return _mm256_castsi256_ps(_mm256_cvtps_epi32(v));
}

#include "metric/ciede/x86/ciede_x86.h"

static void differences(const VtCiedeRun *run, float *delta)
{
    run_differences(run, delta);
}

void vt_ciede_dsp_init_avx2(VtCiedeDsp *dsp)
{
    *dsp = (VtCiedeDsp){.differences = differences};
}
