/* AVX-512 kernel of ciede. */
#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>

#define VD __m512d
#define VF __m256
#define VS __m512
#define MD __mmask8
#define MF __mmask8
#define VD_LANES 8
#define VS_LANES 16

#define vd_set1 _mm512_set1_pd
#define vd_load _mm512_load_pd
#define vd_store _mm512_store_pd
#define vd_min _mm512_min_pd
#define vd_max _mm512_max_pd
#define vd_abs _mm512_abs_pd
#define vd_from_f _mm512_cvtps_pd
#define vf_from_d _mm512_cvtpd_ps
#define vf_set1 _mm256_set1_ps
#define vf_sqrt _mm256_sqrt_ps
#define vf_load _mm256_load_ps
#define vf_store _mm256_store_ps
#define vs_set1 _mm512_set1_ps
#define vs_load _mm512_load_ps
#define vs_store _mm512_store_ps

/* a + b c and a - b c, fused */
static inline VD vd_more(VD a, VD b, VD c)
{
    return _mm512_fmadd_pd(b, c, a);
}

static inline VD vd_less(VD a, VD b, VD c)
{
    return _mm512_fnmadd_pd(b, c, a);
}

static inline VS vs_more(VS a, VS b, VS c)
{
    return _mm512_fmadd_ps(b, c, a);
}

static inline VS vs_less(VS a, VS b, VS c)
{
    return _mm512_fnmadd_ps(b, c, a);
}

static inline VD vd_words(const uint16_t *p)
{
    return _mm512_cvtepi32_pd(_mm256_cvtepu16_epi32(_mm_load_si128((const __m128i *)p)));
}

static inline MD vd_greater(VD a, VD b)
{
    return _mm512_cmp_pd_mask(a, b, _CMP_GT_OQ);
}

static inline VD vd_select(MD m, VD a, VD b)
{
    return _mm512_mask_blend_pd(m, b, a);
}

/* limit - v where m, else v */
static inline VD vd_mirror(MD m, double limit, VD v)
{
    return _mm512_mask_sub_pd(v, m, _mm512_set1_pd(limit), v);
}

/* Is the integer in the low bits odd? */
static inline MD vd_odd(VD v)
{
    return _mm512_test_epi64_mask(_mm512_castpd_si512(v), _mm512_set1_epi64(1));
}

/* -v where the integer in the low bits of k, plus `plus`, has bit 1 set. */
static inline VD vd_flip(VD v, VD k, int plus)
{
    const __m512i n = _mm512_add_epi64(_mm512_castpd_si512(k), _mm512_set1_epi64(plus));
    const __m512i bit = _mm512_and_si512(n, _mm512_set1_epi64(2));
    return _mm512_xor_pd(v, _mm512_castsi512_pd(_mm512_slli_epi64(bit, 62)));
}

/* v 2^k, k in the low bits. */
static inline VD vd_scale(VD v, VD k)
{
    const __m512i exponent = _mm512_slli_epi64(_mm512_castpd_si512(k), 52);
    return _mm512_castsi512_pd(_mm512_add_epi64(_mm512_castpd_si512(v), exponent));
}

static inline VF vf_abs(VF v)
{
    return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), v);
}

static inline MF vf_greater(VF a, VF b)
{
    return _mm256_cmp_ps_mask(a, b, _CMP_GT_OQ);
}

static inline MF vf_not_zero(VF v)
{
    return _mm256_cmp_ps_mask(v, _mm256_setzero_ps(), _CMP_NEQ_UQ);
}

static inline MF vf_and(MF a, MF b)
{
    return a & b;
}

static inline MF vf_or(MF a, MF b)
{
    return a | b;
}

static inline VF vf_select(MF m, VF a, VF b)
{
    return _mm256_mask_blend_ps(m, b, a);
}

static inline bool vf_all(MF m)
{
    return m == 0xff;
}

static inline VS vs_bits(VS v)
{
    return _mm512_cvtepi32_ps(_mm512_castps_si512(v));
}

static inline VS vs_from_bits(VS v)
{
    return _mm512_castsi512_ps(_mm512_cvtps_epi32(v));
}

#include "metric/ciede/x86/ciede_x86.h"

static void differences(const VtCiedeRun *run, float *delta)
{
    run_differences(run, delta);
}

void vt_ciede_dsp_init_avx512(VtCiedeDsp *dsp)
{
    *dsp = (VtCiedeDsp){.differences = differences};
}
