/* CAMBI's row kernels with AVX2; the window kernels are in cambi_window_avx2.c. Rows are padded, so
 * most kernels work on whole vectors. */
#include <immintrin.h>
#include <string.h>

#include "metric/cambi/x86/cambi_avx2.h"

static inline __m256i load(const void *p)
{
    return _mm256_loadu_si256(p);
}

static inline void store(void *p, __m256i v)
{
    _mm256_storeu_si256(p, v);
}

static unsigned from_8bit(uint16_t *out, const uint8_t *in, unsigned w)
{
    unsigned x = 0;
    for (; x + 16 <= w; x += 16) {
        const __m256i v = _mm256_cvtepu8_epi16(_mm_loadu_si128((const void *)(in + x)));
        store(out + x, _mm256_slli_epi16(v, 2));
    }
    for (; x < w; x++) out[x] = (uint16_t)(in[x] << 2);
    return 255;
}

/* For bpc > 10, (v + 2^(s-1)) >> s is ((v >> (s-1)) + 1) >> 1, an average with 0 that cannot
 * overflow. */
static inline __m256i word_to_code(__m256i v, unsigned bpc)
{
    if (bpc <= 10) return _mm256_sll_epi16(v, _mm_cvtsi32_si128(bpc == 9));
    const __m256i shifted = _mm256_srl_epi16(v, _mm_cvtsi32_si128((int)bpc - 11));
    return _mm256_avg_epu16(shifted, _mm256_setzero_si256());
}

static unsigned from_words(uint16_t *out, const uint16_t *in, unsigned w, unsigned bpc)
{
    __m256i largest = _mm256_setzero_si256();
    uint16_t lanes[16], rest[16] = {0};
    unsigned x = 0;
    for (; x + 16 <= w; x += 16) {
        const __m256i v = load(in + x);
        largest = _mm256_max_epu16(largest, v);
        store(out + x, word_to_code(v, bpc));
    }
    memcpy(rest, in + x, (w - x) * sizeof(*in)); /* the picture may end here */
    largest = _mm256_max_epu16(largest, load(rest));
    store(rest, word_to_code(load(rest), bpc));
    memcpy(out + x, rest, (w - x) * sizeof(*out));
    store(lanes, largest);
    unsigned most = 0;
    for (unsigned i = 0; i < 16; i++)
        if (lanes[i] > most) most = lanes[i];
    return most;
}

static void anti_dither(uint16_t *row, const uint16_t *below, unsigned w)
{
    const uint16_t last = (uint16_t)((row[w - 1] + below[w - 1]) >> 1);
    for (unsigned x = 0; x < w; x += 16) {
        const __m256i here = _mm256_add_epi16(load(row + x), load(row + x + 1));
        const __m256i next = _mm256_add_epi16(load(below + x), load(below + x + 1));
        store(row + x, _mm256_srli_epi16(_mm256_add_epi16(here, next), 2));
    }
    row[w - 1] = last;
}

static inline __m256i is_flat(const uint16_t *row, const uint16_t *below)
{
    const __m256i v = load(row);
    return _mm256_and_si256(_mm256_cmpeq_epi16(v, load(row + 1)),
                            _mm256_cmpeq_epi16(v, load(below)));
}

static void flat(uint8_t *z, const uint16_t *row, const uint16_t *below, unsigned w)
{
    for (unsigned x = 0; x < w; x += 32) {
        const __m256i a = is_flat(row + x, below + x), b = is_flat(row + x + 16, below + x + 16);
        const __m256i bytes = _mm256_permute4x64_epi64(_mm256_packs_epi16(a, b), 0xd8);
        store(z + x, _mm256_and_si256(bytes, _mm256_set1_epi8(1)));
    }
    z[w - 1] = row[w - 1] == below[w - 1];
}

static inline uint32_t mask_of_32(const uint8_t *s, __m256i limit)
{
    const __m256i a = _mm256_add_epi8(load(s), load(s + 1));
    const __m256i b = _mm256_add_epi8(load(s + 2), load(s + 3));
    const __m256i c = _mm256_add_epi8(load(s + 4), load(s + 5));
    const __m256i sum = _mm256_add_epi8(_mm256_add_epi8(a, b), _mm256_add_epi8(c, load(s + 6)));
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpgt_epi8(sum, limit));
}

static void mask_row(uint64_t *mask, uint8_t *column_sum, const uint8_t *enter,
                     const uint8_t *leave, unsigned w, unsigned threshold)
{
    const __m256i limit = _mm256_set1_epi8((char)threshold);
    for (unsigned x = 0; x < w; x += 32) {
        const __m256i change = _mm256_sub_epi8(load(enter + x), load(leave + x));
        store(column_sum + x, _mm256_add_epi8(load(column_sum + x), change));
    }
    memset(column_sum + w, 0, 32);
    for (unsigned x = 0; x < w; x += 64) {
        const uint64_t low = mask_of_32(column_sum + x - 3, limit);
        const uint64_t high = x + 32 < w ? mask_of_32(column_sum + x + 29, limit) : 0;
        const uint64_t in_row = w - x >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << (w - x)) - 1;
        mask[x / 64] = (low | high << 32) & in_row;
    }
}

static void decimate(uint16_t *out, const uint16_t *in, unsigned out_w)
{
    const __m256i low = _mm256_set1_epi32(0xffff);
    for (unsigned x = 0; x < out_w; x += 16) {
        const __m256i a = _mm256_and_si256(load(in + 2 * x), low);
        const __m256i b = _mm256_and_si256(load(in + 2 * x + 16), low);
        store(out + x, _mm256_permute4x64_epi64(_mm256_packus_epi32(a, b), 0xd8));
    }
}

static inline __m256i mode3(__m256i a, __m256i b, __m256i c)
{
    const __m256i smallest = _mm256_min_epu16(_mm256_min_epu16(a, b), c);
    const __m256i bc = _mm256_blendv_epi8(smallest, b, _mm256_cmpeq_epi16(b, c));
    const __m256i with_a = _mm256_or_si256(_mm256_cmpeq_epi16(a, b), _mm256_cmpeq_epi16(a, c));
    return _mm256_blendv_epi8(bc, a, with_a);
}

static void mode_horizontal(uint16_t *out, const uint16_t *in, unsigned w)
{
    out[0] = in[0];
    for (unsigned x = 1; x + 1 < w; x += 16)
        store(out + x, mode3(load(in + x - 1), load(in + x), load(in + x + 1)));
    out[w - 1] = in[w - 1];
}

static void mode_vertical(uint16_t *out, const uint16_t *above, const uint16_t *row,
                          const uint16_t *below, unsigned w)
{
    for (unsigned x = 0; x < w; x += 16)
        store(out + x, mode3(load(above + x), load(row + x), load(below + x)));
}

/* Bits of a word to lanes of ones. */
static inline __m256i spread(unsigned bits)
{
    const __m256i bit = _mm256_set_epi16(-32768, 16384, 8192, 4096, 2048, 1024, 512, 256, 128, 64,
                                         32, 16, 8, 4, 2, 1);
    return _mm256_cmpeq_epi16(_mm256_and_si256(_mm256_set1_epi16((short)bits), bit), bit);
}

static void code_row(uint16_t *out, const uint16_t *in, const uint64_t *mask, size_t first,
                     unsigned n, unsigned lowest, unsigned n_codes)
{
    const __m256i base = _mm256_set1_epi16((short)lowest),
                  limit = _mm256_set1_epi16((short)n_codes);
    for (unsigned i = 0; i < n; i += 16) {
        const size_t bit = first + i;
        const uint64_t low = mask[bit / 64] >> bit % 64;
        const uint64_t high = mask[bit / 64 + 1] << 1 << (63 - bit % 64);
        const __m256i index = _mm256_sub_epi16(load(in + i), base);
        const __m256i above = _mm256_cmpeq_epi16(_mm256_max_epu16(index, limit), index);
        const __m256i used = _mm256_andnot_si256(above, spread((unsigned)(low | high) & 0xffff));
        const __m256i code = _mm256_or_si256(index, _mm256_xor_si256(used, _mm256_set1_epi16(-1)));
        if (n - i >= 16) {
            store(out + i, code);
        } else {
            uint16_t rest[16];
            store(rest, code);
            memcpy(out + i, rest, (n - i) * sizeof(*out));
        }
    }
}

static size_t collect(float *list, const float *c, unsigned n)
{
    float *end = list;
    for (unsigned x = 0; x < n; x += 8) {
        const __m256 v = _mm256_loadu_ps(c + x);
        const int above = _mm256_movemask_ps(_mm256_cmp_ps(v, _mm256_setzero_ps(), _CMP_GT_OQ));
        unsigned k = (unsigned)above & (n - x >= 8 ? 0xff : (1u << (n - x)) - 1);
        if (k == 0xff) {
            _mm256_storeu_ps(end, v);
            end += 8;
            continue;
        }
        for (; k; k &= k - 1) *end++ = c[x + _tzcnt_u32(k)];
    }
    return (size_t)(end - list);
}

/* Lanes are sums of multiples of 2^-24 that stay below 2^29, so they are exact. */
#define EXACT_ADDS 16384

static uint64_t exact(__m256d lanes)
{
    double v[4];
    uint64_t sum = 0;
    _mm256_storeu_pd(v, lanes);
    for (unsigned i = 0; i < 4; i++) sum += (uint64_t)(v[i] * 0x1p24);
    return sum;
}

static uint64_t sum_above(const float *v, size_t n, float above, size_t *count)
{
    const __m256 limit = _mm256_set1_ps(above);
    const size_t whole = n / 8 * 8;
    uint64_t sum = 0;
    *count = 0;
    for (size_t i = 0; i < whole;) {
        const size_t end = whole - i > 8 * EXACT_ADDS ? i + 8 * EXACT_ADDS : whole;
        __m256d low = _mm256_setzero_pd(), high = _mm256_setzero_pd();
        for (; i < end; i += 8) {
            const __m256 a = _mm256_loadu_ps(v + i);
            const __m256 k = _mm256_cmp_ps(a, limit, _CMP_GT_OQ);
            const __m256 used = _mm256_and_ps(a, k);
            low = _mm256_add_pd(low, _mm256_cvtps_pd(_mm256_castps256_ps128(used)));
            high = _mm256_add_pd(high, _mm256_cvtps_pd(_mm256_extractf128_ps(used, 1)));
            *count += (size_t)__builtin_popcount((unsigned)_mm256_movemask_ps(k));
        }
        sum += exact(low) + exact(high);
    }
    for (size_t i = whole; i < n; i++) {
        if (!(v[i] > above)) continue;
        sum += (uint64_t)(v[i] * 0x1p24f);
        (*count)++;
    }
    return sum;
}

void vt_cambi_dsp_init_avx2(VtCambiDsp *dsp)
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
    dsp->update = vt_cambi_update_avx2;
    dsp->c_row = vt_cambi_c_row_avx2;
    dsp->collect = collect;
    dsp->sum_above = sum_above;
}
