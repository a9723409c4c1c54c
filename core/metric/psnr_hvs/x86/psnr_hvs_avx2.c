/* AVX2 kernels of psnr_hvs. */
#include <immintrin.h>

#define VF __m256
#define VF_LANES 8
#define vf_load _mm256_load_ps
#define vf_store _mm256_store_ps
#define vf_set1 _mm256_set1_ps
#define vf_max _mm256_max_ps
#define vf_sqrt _mm256_sqrt_ps

static inline __m256 vf_abs(__m256 v)
{
    return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), v);
}

static inline __m256 vf_zero_unless_positive(__m256 condition, __m256 v)
{
    return _mm256_and_ps(_mm256_cmp_ps(condition, _mm256_setzero_ps(), _CMP_GT_OQ), v);
}

#include "metric/psnr_hvs/x86/psnr_hvs_x86.h"

/* ---- transform ---- */

static inline __m256i half16(__m256i t)
{
    return _mm256_srai_epi16(_mm256_sub_epi16(t, _mm256_srai_epi16(t, 15)), 1);
}

static inline __m256i half32(__m256i t)
{
    return _mm256_srai_epi32(_mm256_sub_epi32(t, _mm256_srai_epi32(t, 31)), 1);
}

static inline __m256i scaled32(__m256i t, int k)
{
    const __m256i product = _mm256_mullo_epi32(t, _mm256_set1_epi32(k));
    return _mm256_srai_epi32(_mm256_add_epi32(product, _mm256_set1_epi32(1 << 14)), 15);
}

#define SCALED16(t, k) _mm256_mulhrs_epi16(t, _mm256_set1_epi16(k))

DEFINE_TRANSFORM(transform16, __m256i, _mm256_add_epi16, _mm256_sub_epi16, SCALED16, half16)
DEFINE_TRANSFORM(transform32, __m256i, _mm256_add_epi32, _mm256_sub_epi32, scaled32, half32)

static void store_floats(__m256i v, float *dst)
{
    const __m256i low = _mm256_cvtepi16_epi32(_mm256_castsi256_si128(v));
    const __m256i high = _mm256_cvtepi16_epi32(_mm256_extracti128_si256(v, 1));
    _mm256_store_ps(dst, _mm256_cvtepi32_ps(low));
    _mm256_store_ps(dst + 8, _mm256_cvtepi32_ps(high));
}

/* Up to 11 bits, all values fit 16 bits: |t| <= 8.0002 * 2047 + 117 (spec: classic 9.3). */
static void coefficients16(__m256i v[VT_HVS_SIZE], Lanes out)
{
    transform16_block(v);
    for (unsigned k = 0; k < VT_HVS_SIZE; k++) store_floats(v[k], out[k]);
}

static void coefficients32(const __m256i v[VT_HVS_SIZE], Lanes out)
{
    for (unsigned half = 0; half < 2; half++) {
        __m256i wide[VT_HVS_SIZE];
        for (unsigned k = 0; k < VT_HVS_SIZE; k++)
            wide[k] = _mm256_cvtepi16_epi32(((const __m128i *)&v[k])[half]);
        transform32_block(wide);
        for (unsigned k = 0; k < VT_HVS_SIZE; k++)
            _mm256_store_ps(out[k] + 8 * half, _mm256_cvtepi32_ps(wide[k]));
    }
}

/* ---- samples ---- */

/* Rows of blocks i and i + 8 as words. */
static inline __m256i load_bytes(const uint8_t *row, unsigned low, unsigned high)
{
    const __m128i v = _mm_loadl_epi64((const __m128i *)(row + low));
    return _mm256_cvtepu8_epi16(
        _mm_castps_si128(_mm_loadh_pi(_mm_castsi128_ps(v), (const __m64 *)(row + high))));
}

static inline __m256i load_words(const uint16_t *row, unsigned low, unsigned high)
{
    const __m256i v = _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(row + low)));
    return _mm256_inserti128_si256(v, _mm_loadu_si128((const __m128i *)(row + high)), 1);
}

/* From words of blocks i and i + 8 in a[i] to words x of all blocks in a[x]. */
static inline void spread(__m256i a[VT_HVS_SIDE])
{
    __m256i b[8], c[8];
    for (unsigned i = 0; i < 4; i++) {
        b[2 * i] = _mm256_unpacklo_epi16(a[2 * i], a[2 * i + 1]);
        b[2 * i + 1] = _mm256_unpackhi_epi16(a[2 * i], a[2 * i + 1]);
    }
    for (unsigned i = 0; i < 8; i += 4) {
        c[i] = _mm256_unpacklo_epi32(b[i], b[i + 2]);
        c[i + 1] = _mm256_unpackhi_epi32(b[i], b[i + 2]);
        c[i + 2] = _mm256_unpacklo_epi32(b[i + 1], b[i + 3]);
        c[i + 3] = _mm256_unpackhi_epi32(b[i + 1], b[i + 3]);
    }
    for (unsigned i = 0; i < 4; i++) {
        a[2 * i] = _mm256_unpacklo_epi64(c[i], c[i + 4]);
        a[2 * i + 1] = _mm256_unpackhi_epi64(c[i], c[i + 4]);
    }
}

/* The row in the next group of blocks. */
static inline void prefetch_next(const char *row, unsigned bpc)
{
    const unsigned bytes = bpc == 8 ? 128 : 256;
    for (unsigned b = 0; b < bytes; b += 64) __builtin_prefetch(row + bytes + b);
}

void vt_hvs_samples_avx2(const void *plane, ptrdiff_t stride, unsigned blocks, unsigned bpc,
                         uint16_t out[VT_HVS_SIZE][VT_HVS_GROUP])
{
    const __m256i top = _mm256_set1_epi16((short)((1 << bpc) - 1));
    unsigned at[VT_HVS_GROUP];
    for (unsigned i = 0; i < VT_HVS_GROUP; i++) at[i] = VT_HVS_STEP * (i < blocks ? i : blocks - 1);
    for (unsigned y = 0; y < VT_HVS_SIDE; y++) {
        const void *row = (const char *)plane + (ptrdiff_t)y * stride;
        __m256i v[VT_HVS_SIDE];
        prefetch_next((const char *)row, bpc);
        for (unsigned i = 0; i < 8; i++)
            v[i] = bpc == 8 ? load_bytes(row, at[i], at[i + 8]) : load_words(row, at[i], at[i + 8]);
        spread(v);
        for (unsigned x = 0; x < VT_HVS_SIDE; x++)
            _mm256_store_si256((__m256i *)out[y * VT_HVS_SIDE + x], _mm256_min_epu16(v[x], top));
    }
}

/* ---- terms ---- */

static void side_blocks(const void *plane, ptrdiff_t stride, const VtHvsGroup *g, Blocks *b,
                        unsigned side)
{
    __m256i v[VT_HVS_SIZE];
    vt_hvs_samples_avx2(plane, stride, g->blocks, g->bpc, (uint16_t(*)[VT_HVS_GROUP])v);
    for (unsigned k = 0; k < VT_HVS_SIZE; k++) store_floats(v[k], b->sample[side][k]);
    if (g->bpc < 12)
        coefficients16(v, b->coefficient[side]);
    else
        coefficients32(v, b->coefficient[side]);
}

static void terms(const VtHvsGroup *g, const VtHvsTable *table, VtHvsTerms term)
{
    _Alignas(64) Blocks b;
    side_blocks(g->ref, g->ref_stride, g, &b, 0);
    side_blocks(g->dis, g->dis_stride, g, &b, 1);
    block_terms(&b, table, term);
}

/* ---- sum ---- */

static int64_t sum32(__m256i v)
{
    int32_t lane[8];
    int64_t sum = 0;
    _mm256_storeu_si256((__m256i *)lane, v);
    for (unsigned i = 0; i < 8; i++) sum += lane[i];
    return sum;
}

static float largest(__m256 v)
{
    float lane[8], max = 0;
    _mm256_storeu_ps(lane, v);
    for (unsigned i = 0; i < 8; i++) max = lane[i] > max ? lane[i] : max;
    return max;
}

/* While the accumulator stays below a power of two its ulp u is fixed, and adding t adds the
 * integer nearest to t / u, whatever the order; unless t / u lies halfway (spec: classic 9.3). Such
 * groups, and those that pass a power of two, go the long way. */
static float add(float acc, VtHvsTerms term, unsigned blocks)
{
    float scale;
    uint32_t count;
    if (blocks < VT_HVS_GROUP || !vt_hvs_binade(acc, &scale, &count))
        return vt_hvs_add_scalar(acc, term, blocks);
    __m256i sum[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
    __m256 top = _mm256_setzero_ps(), off = top;
    for (unsigned k = 0; k < VT_HVS_SIZE; k++)
        for (unsigned h = 0; h < 2; h++) {
            const __m256 t = _mm256_load_ps(term[k] + 8 * h) * _mm256_set1_ps(scale);
            const __m256i n = _mm256_cvtps_epi32(t);
            sum[h] = _mm256_add_epi32(sum[h], n);
            top = _mm256_max_ps(top, t);
            off = _mm256_max_ps(off, vf_abs(t - _mm256_cvtepi32_ps(n)));
        }
    if (!(largest(top) < 0x1p24f) || largest(off) == 0.5f)
        return vt_hvs_add_scalar(acc, term, blocks);
    const int64_t total = (int64_t)count + sum32(sum[0]) + sum32(sum[1]);
    if (total > 1 << 24) return vt_hvs_add_scalar(acc, term, blocks);
    return (float)total / scale;
}

void vt_hvs_dsp_init_avx2(VtHvsDsp *dsp)
{
    *dsp = (VtHvsDsp){.terms = terms, .add = add};
}
