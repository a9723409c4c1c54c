/* CAMBI's row kernels with AVX-512 (F, BW, DQ, VL); the window kernels are in
 * cambi_window_avx512.c. */
#include <immintrin.h>

#include "metric/cambi/x86/cambi_avx512.h"

/* The first n of 32 or 64 lanes, n >= 0. */
static inline __mmask32 first32(unsigned n)
{
    return n >= 32 ? ~(__mmask32)0 : ((__mmask32)1 << n) - 1;
}

static inline __mmask64 first64(unsigned n)
{
    return n >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << n) - 1;
}

static unsigned from_8bit(uint16_t *out, const uint8_t *in, unsigned w)
{
    for (unsigned x = 0; x < w; x += 32) {
        const __mmask32 k = first32(w - x);
        const __m512i v = _mm512_cvtepu8_epi16(_mm256_maskz_loadu_epi8(k, in + x));
        _mm512_mask_storeu_epi16(out + x, k, _mm512_slli_epi16(v, 2));
    }
    return 255;
}

/* For bpc > 10, (v + 2^(s-1)) >> s is ((v >> (s-1)) + 1) >> 1, an average with 0 that cannot
 * overflow. */
static unsigned from_words(uint16_t *out, const uint16_t *in, unsigned w, unsigned bpc)
{
    const __m128i left = _mm_cvtsi32_si128(bpc == 9), right = _mm_cvtsi32_si128((int)bpc - 11);
    __m512i largest = _mm512_setzero_si512();
    for (unsigned x = 0; x < w; x += 32) {
        const __mmask32 k = first32(w - x);
        const __m512i v = _mm512_maskz_loadu_epi16(k, in + x);
        largest = _mm512_max_epu16(largest, v);
        const __m512i code =
            bpc <= 10 ? _mm512_sll_epi16(v, left)
                      : _mm512_avg_epu16(_mm512_srl_epi16(v, right), _mm512_setzero_si512());
        _mm512_mask_storeu_epi16(out + x, k, code);
    }
    const __m512i even = _mm512_and_si512(largest, _mm512_set1_epi32(0xffff));
    return _mm512_reduce_max_epu32(_mm512_max_epu32(even, _mm512_srli_epi32(largest, 16)));
}

static inline __m512i load(const void *p)
{
    return _mm512_loadu_si512(p);
}

static void anti_dither(uint16_t *row, const uint16_t *below, unsigned w)
{
    const uint16_t last = (uint16_t)((row[w - 1] + below[w - 1]) >> 1);
    for (unsigned x = 0; x < w; x += 32) {
        const __m512i here = _mm512_add_epi16(load(row + x), load(row + x + 1));
        const __m512i next = _mm512_add_epi16(load(below + x), load(below + x + 1));
        _mm512_storeu_si512(row + x, _mm512_srli_epi16(_mm512_add_epi16(here, next), 2));
    }
    row[w - 1] = last;
}

static inline __mmask32 is_flat(const uint16_t *row, const uint16_t *below)
{
    const __m512i v = load(row);
    const __mmask32 right = _mm512_cmpeq_epi16_mask(v, load(row + 1));
    return _mm512_mask_cmpeq_epi16_mask(right, v, load(below));
}

static void flat(uint8_t *z, const uint16_t *row, const uint16_t *below, unsigned w)
{
    for (unsigned x = 0; x < w; x += 64) {
        const __mmask64 both =
            is_flat(row + x, below + x) | (__mmask64)is_flat(row + x + 32, below + x + 32) << 32;
        _mm512_storeu_si512(z + x, _mm512_maskz_set1_epi8(both, 1));
    }
    z[w - 1] = row[w - 1] == below[w - 1];
}

static inline __m512i sum_of_7(const uint8_t *s)
{
    const __m512i a = _mm512_add_epi8(load(s), load(s + 1));
    const __m512i b = _mm512_add_epi8(load(s + 2), load(s + 3));
    const __m512i c = _mm512_add_epi8(load(s + 4), load(s + 5));
    return _mm512_add_epi8(_mm512_add_epi8(a, b), _mm512_add_epi8(c, load(s + 6)));
}

static void mask_row(uint64_t *mask, uint8_t *column_sum, const uint8_t *enter,
                     const uint8_t *leave, unsigned w, unsigned threshold)
{
    const __m512i limit = _mm512_set1_epi8((char)threshold);
    for (unsigned x = 0; x < w; x += 64) {
        const __mmask64 k = first64(w - x);
        const __m512i in = _mm512_loadu_si512(enter + x), out = _mm512_loadu_si512(leave + x);
        const __m512i old = _mm512_loadu_si512(column_sum + x);
        _mm512_mask_storeu_epi8(column_sum + x, k, _mm512_add_epi8(old, _mm512_sub_epi8(in, out)));
    }
    for (unsigned x = 0; x < w; x += 64)
        mask[x / 64] =
            _mm512_mask_cmpgt_epu8_mask(first64(w - x), sum_of_7(column_sum + x - 3), limit);
}

static void decimate(uint16_t *out, const uint16_t *in, unsigned out_w)
{
    const __m512i even =
        _mm512_set_epi16(62, 60, 58, 56, 54, 52, 50, 48, 46, 44, 42, 40, 38, 36, 34, 32, 30, 28, 26,
                         24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
    for (unsigned x = 0; x < out_w; x += 32) {
        const __m512i v = _mm512_permutex2var_epi16(load(in + 2 * x), even, load(in + 2 * x + 32));
        _mm512_storeu_si512(out + x, v);
    }
}

static inline __m512i mode3(__m512i a, __m512i b, __m512i c)
{
    const __m512i smallest = _mm512_min_epu16(_mm512_min_epu16(a, b), c);
    const __m512i bc = _mm512_mask_mov_epi16(smallest, _mm512_cmpeq_epi16_mask(b, c), b);
    const __mmask32 with_a = _mm512_cmpeq_epi16_mask(a, b) | _mm512_cmpeq_epi16_mask(a, c);
    return _mm512_mask_mov_epi16(bc, with_a, a);
}

static void mode_horizontal(uint16_t *out, const uint16_t *in, unsigned w)
{
    out[0] = in[0];
    for (unsigned x = 1; x + 1 < w; x += 32)
        _mm512_storeu_si512(out + x, mode3(load(in + x - 1), load(in + x), load(in + x + 1)));
    out[w - 1] = in[w - 1];
}

static void mode_vertical(uint16_t *out, const uint16_t *above, const uint16_t *row,
                          const uint16_t *below, unsigned w)
{
    for (unsigned x = 0; x < w; x += 32)
        _mm512_storeu_si512(out + x, mode3(load(above + x), load(row + x), load(below + x)));
}

static void code_row(uint16_t *out, const uint16_t *in, const uint64_t *mask, size_t first,
                     unsigned n, unsigned lowest, unsigned n_codes)
{
    const __m512i base = _mm512_set1_epi16((short)lowest),
                  limit = _mm512_set1_epi16((short)n_codes);
    const __m512i none = _mm512_set1_epi16(-1);
    for (unsigned i = 0; i < n; i += 32) {
        const size_t bit = first + i;
        const uint64_t low = mask[bit / 64] >> bit % 64;
        const uint64_t high = mask[bit / 64 + 1] << 1 << (63 - bit % 64);
        const __mmask32 k = first32(n - i);
        const __m512i index = _mm512_sub_epi16(_mm512_maskz_loadu_epi16(k, in + i), base);
        const __mmask32 used = _mm512_mask_cmplt_epu16_mask((__mmask32)(low | high), index, limit);
        _mm512_mask_storeu_epi16(out + i, k, _mm512_mask_mov_epi16(none, used, index));
    }
}

static size_t collect(float *list, const float *c, unsigned n)
{
    float *end = list;
    for (unsigned x = 0; x < n; x += 16) {
        const __mmask16 in_row = (__mmask16)first32(n - x);
        const __m512 v = _mm512_maskz_loadu_ps(in_row, c + x);
        const __mmask16 k = _mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_GT_OQ);
        if (!k) continue;
        _mm512_storeu_ps(end, _mm512_maskz_compress_ps(k, v));
        end += _mm_popcnt_u32(k);
    }
    return (size_t)(end - list);
}

/* Lanes are sums of multiples of 2^-24 that stay below 2^29, so they are exact. */
#define EXACT_ADDS 16384

static uint64_t exact(__m512d lanes)
{
    double v[8];
    uint64_t sum = 0;
    _mm512_storeu_pd(v, lanes);
    for (unsigned i = 0; i < 8; i++) sum += (uint64_t)(v[i] * 0x1p24);
    return sum;
}

static uint64_t sum_above(const float *v, size_t n, float above, size_t *count)
{
    const __m512 limit = _mm512_set1_ps(above);
    uint64_t sum = 0;
    *count = 0;
    for (size_t i = 0; i < n;) {
        const size_t end = n - i > 16 * EXACT_ADDS ? i + 16 * EXACT_ADDS : n;
        __m512d low = _mm512_setzero_pd(), high = _mm512_setzero_pd();
        for (; i < end; i += 16) {
            const __mmask16 in_list = (__mmask16)first32(end - i > 16 ? 16 : (unsigned)(end - i));
            __m512 a = _mm512_maskz_loadu_ps(in_list, v + i);
            const __mmask16 k = _mm512_mask_cmp_ps_mask(in_list, a, limit, _CMP_GT_OQ);
            a = _mm512_maskz_mov_ps(k, a);
            low = _mm512_add_pd(low, _mm512_cvtps_pd(_mm512_castps512_ps256(a)));
            high = _mm512_add_pd(high, _mm512_cvtps_pd(_mm512_extractf32x8_ps(a, 1)));
            *count += (size_t)_mm_popcnt_u32(k);
        }
        sum += exact(low) + exact(high);
    }
    return sum;
}

void vt_cambi_dsp_init_avx512(VtCambiDsp *dsp)
{
    dsp->from_8bit = from_8bit;
    dsp->from_words = from_words;
    dsp->anti_dither = anti_dither;
    dsp->flat = flat;
    dsp->mask_row = mask_row;
    dsp->decimate = decimate;
    dsp->mode_horizontal = mode_horizontal;
    dsp->mode_vertical = mode_vertical;
    dsp->code_row = code_row;
    dsp->update = vt_cambi_update_avx512;
    dsp->c_row = vt_cambi_c_row_avx512;
    dsp->collect = collect;
    dsp->sum_above = sum_above;
}
