/* AVX-512 kernels of psnr_hvs. */
#include <immintrin.h>

#define VF __m512
#define VF_LANES 16
#define vf_load _mm512_load_ps
#define vf_store _mm512_store_ps
#define vf_set1 _mm512_set1_ps
#define vf_max _mm512_max_ps
#define vf_abs _mm512_abs_ps
#define vf_sqrt _mm512_sqrt_ps

static inline __m512 vf_zero_unless_positive(__m512 condition, __m512 v)
{
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(condition, _mm512_setzero_ps(), _CMP_GT_OQ), v);
}

#include "metric/psnr_hvs/x86/psnr_hvs_x86.h"

/* ---- transform: both sides in one vector of words, the reference low ---- */

static inline __m512i half16(__m512i t)
{
    return _mm512_srai_epi16(_mm512_sub_epi16(t, _mm512_srai_epi16(t, 15)), 1);
}

static inline __m512i half32(__m512i t)
{
    return _mm512_srai_epi32(_mm512_sub_epi32(t, _mm512_srai_epi32(t, 31)), 1);
}

static inline __m512i scaled32(__m512i t, int k)
{
    const __m512i product = _mm512_mullo_epi32(t, _mm512_set1_epi32(k));
    return _mm512_srai_epi32(_mm512_add_epi32(product, _mm512_set1_epi32(1 << 14)), 15);
}

#define SCALED16(t, k) _mm512_mulhrs_epi16(t, _mm512_set1_epi16(k))

DEFINE_TRANSFORM(transform16, __m512i, _mm512_add_epi16, _mm512_sub_epi16, SCALED16, half16)
DEFINE_TRANSFORM(transform32, __m512i, _mm512_add_epi32, _mm512_sub_epi32, scaled32, half32)

static __m512i words(const uint16_t *v)
{
    return _mm512_cvtepi16_epi32(_mm256_load_si256((const __m256i *)v));
}

typedef uint16_t Words[VT_HVS_SIZE][VT_HVS_GROUP];

/* Up to 11 bits, all values fit 16 bits: |t| <= 8.0002 * 2047 + 117 (spec: classic 9.3). */
static void coefficients16(Words side[2], Blocks *b)
{
    __m512i v[VT_HVS_SIZE];
    for (unsigned k = 0; k < VT_HVS_SIZE; k++)
        v[k] = _mm512_inserti64x4(
            _mm512_castsi256_si512(_mm256_load_si256((const __m256i *)side[0][k])),
            _mm256_load_si256((const __m256i *)side[1][k]), 1);
    transform16_block(v);
    for (unsigned k = 0; k < VT_HVS_SIZE; k++) {
        const __m512i ref = _mm512_cvtepi16_epi32(_mm512_castsi512_si256(v[k]));
        const __m512i dis = _mm512_cvtepi16_epi32(_mm512_extracti64x4_epi64(v[k], 1));
        _mm512_store_ps(b->coefficient[0][k], _mm512_cvtepi32_ps(ref));
        _mm512_store_ps(b->coefficient[1][k], _mm512_cvtepi32_ps(dis));
    }
}

static void coefficients32(Words side, Lanes out)
{
    __m512i v[VT_HVS_SIZE];
    for (unsigned k = 0; k < VT_HVS_SIZE; k++) v[k] = words(side[k]);
    transform32_block(v);
    for (unsigned k = 0; k < VT_HVS_SIZE; k++) _mm512_store_ps(out[k], _mm512_cvtepi32_ps(v[k]));
}

/* ---- terms ---- */

static void terms(const VtHvsGroup *g, const VtHvsTable *table, VtHvsTerms term)
{
    _Alignas(64) Words side[2];
    _Alignas(64) Blocks b;
    vt_hvs_samples_avx2(g->ref, g->ref_stride, g->blocks, g->bpc, side[0]);
    vt_hvs_samples_avx2(g->dis, g->dis_stride, g->blocks, g->bpc, side[1]);
    for (unsigned s = 0; s < 2; s++)
        for (unsigned k = 0; k < VT_HVS_SIZE; k++)
            _mm512_store_ps(b.sample[s][k], _mm512_cvtepi32_ps(words(side[s][k])));
    if (g->bpc < 12) {
        coefficients16(side, &b);
    } else {
        coefficients32(side[0], b.coefficient[0]);
        coefficients32(side[1], b.coefficient[1]);
    }
    block_terms(&b, table, term);
}

/* See psnr_hvs_avx2.c. */
static float add(float acc, VtHvsTerms term, unsigned blocks)
{
    float scale;
    uint32_t count;
    if (blocks < VT_HVS_GROUP || !vt_hvs_binade(acc, &scale, &count))
        return vt_hvs_add_scalar(acc, term, blocks);
    __m512i sum = _mm512_setzero_si512();
    __m512 top = _mm512_setzero_ps(), off = top;
    for (unsigned k = 0; k < VT_HVS_SIZE; k++) {
        const __m512 t = _mm512_load_ps(term[k]) * _mm512_set1_ps(scale);
        const __m512i n = _mm512_cvtps_epi32(t);
        sum = _mm512_add_epi32(sum, n);
        top = _mm512_max_ps(top, t);
        off = _mm512_max_ps(off, _mm512_abs_ps(t - _mm512_cvtepi32_ps(n)));
    }
    if (!(_mm512_reduce_max_ps(top) < 0x1p24f) || _mm512_reduce_max_ps(off) == 0.5f)
        return vt_hvs_add_scalar(acc, term, blocks);
    const __m512i low = _mm512_cvtepi32_epi64(_mm512_castsi512_si256(sum));
    const __m512i high = _mm512_cvtepi32_epi64(_mm512_extracti64x4_epi64(sum, 1));
    const int64_t total = (int64_t)count + _mm512_reduce_add_epi64(_mm512_add_epi64(low, high));
    if (total > 1 << 24) return vt_hvs_add_scalar(acc, term, blocks);
    return (float)total / scale;
}

void vt_hvs_dsp_init_avx512(VtHvsDsp *dsp)
{
    *dsp = (VtHvsDsp){.terms = terms, .add = add};
}
