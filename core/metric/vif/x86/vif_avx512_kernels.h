/* AVX-512 kernels of integer VIF, compiled once per instruction set: the including file defines
 * DOT(acc, a, b), which adds the dot products of pairs of signed 16-bit words to 32-bit lanes, and
 * INIT, the name of the table's filler.
 *
 * All filters are chains of DOT over 16-bit halves (spec: vif 13.3). Unsigned words u are fed as u
 * - 32768 (top bit flipped), which takes 2^31 off every sum modulo 2^32; a start value of 2^31 puts
 * it back. Two neighbouring samples lie in a 32-bit lane, and the taps are paired in two ways, so
 * that the same loaded vector serves an even output, (f0 f1) (f2 f3) ..., and the odd one after it,
 * (0 f0) (f1 f2) .... */
#include <immintrin.h>
#include <stdbool.h>
#include <string.h>

#include "metric/vif/vif_dsp.h"

#ifdef __clang__
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif
#define INLINE static inline __attribute__((always_inline))

/* Products of the vertical pass, 16 bits each, top bit flipped: means, and high and low halves of
 * the second moments. */
enum { M1, M2, Q1H, Q1L, Q2H, Q2L, Q12H, Q12L, LINES };

/* Column x of the plane lies at x - x0 + MARGIN of a line. */
#define MARGIN VT_VIF_RADIUS
typedef int16_t Lines[LINES][VT_VIF_LINE];

#define MAX_PAIRS (VT_VIF_RADIUS + VT_VIF_BAND / 2)

/* Tap pairs for even and odd outputs; pair k covers samples 2k and 2k + 1. The middle tap of scale
 * 3 exceeds 16 bits: half of it is here and half in `rest`, which is for pair 1. */
typedef struct Taps {
    __m512i even[VT_VIF_RADIUS + 1], odd[VT_VIF_RADIUS + 1], even_rest, odd_rest;
} Taps;

static __m512i tap_pair(unsigned first, unsigned second)
{
    return _mm512_set1_epi32((int)(first | second << 16));
}

static Taps make_taps(unsigned scale)
{
    const VtVifFilter *f = &vt_vif_filter[scale];
    const unsigned reach = vt_vif_reach(scale), shift = reach - f->radius;
    unsigned tap[2 * VT_VIF_RADIUS + 4] = {0}; /* tap[i + 1] is that of sample i of an even output */
    for (unsigned i = 0; i <= 2 * f->radius; i++) tap[i + shift + 1] = f->tap[i];
    unsigned rest = 0;
    if (scale == 3) {
        rest = tap[reach + 1] / 2;
        tap[reach + 1] -= rest;
    }
    Taps t;
    for (unsigned k = 0; k <= reach; k++) {
        t.even[k] = tap_pair(tap[2 * k + 1], tap[2 * k + 2]);
        t.odd[k] = tap_pair(tap[2 * k], tap[2 * k + 1]);
    }
    t.even_rest = tap_pair(rest, 0);
    t.odd_rest = tap_pair(0, rest);
    return t;
}

/* ---- vertical pass ---- */

/* What a chain of the vertical pass adds up: samples, or the low or high words of products. */
typedef enum { SAMPLE, LOW, HIGH } Term;

/* Samples of bytes need no flip of the top bit; flip is 0 for them. */
INLINE __m512i term(__m512i a, __m512i b, Term kind, __m512i flip)
{
    if (kind == SAMPLE) return _mm512_xor_si512(a, flip);
    return _mm512_xor_si512(kind == LOW ? _mm512_mullo_epi16(a, b) : _mm512_mulhi_epu16(a, b),
                            _mm512_set1_epi16((short)0x8000));
}

/* Sums of 8 rows, of 16 columns whose samples lie in pairs of rows. Row j covers samples from j
 * on. */
INLINE void filter_rows(const __m512i *a, const __m512i *b, Term kind, __m512i flip, const Taps *t,
                        __m512i start, __m512i *sum, int reach, bool split)
{
    __m512i s[VT_VIF_BAND];
    UNROLL for (int j = 0; j < VT_VIF_BAND; j++) s[j] = start;
    UNROLL for (int p = 0; p < reach + VT_VIF_BAND / 2; p++) {
        const __m512i v = term(a[p], b[p], kind, flip);
        UNROLL for (int j = 0; j < VT_VIF_BAND; j++) {
            const int k = p - j / 2;
            if (k < 0 || k > reach) continue;
            s[j] = DOT(s[j], v, j & 1 ? t->odd[k] : t->even[k]);
            if (split && k == 1) s[j] = DOT(s[j], v, j & 1 ? t->odd_rest : t->even_rest);
        }
    }
    UNROLL for (int j = 0; j < VT_VIF_BAND; j++) sum[j] = s[j];
}

/* Even or odd words of two vectors whose lanes come from unpacklo and unpackhi, in column order. */
INLINE __m512i low_words(__m512i lo, __m512i hi)
{
    const __m512i index = _mm512_set_epi16(62, 60, 58, 56, 30, 28, 26, 24, 54, 52, 50, 48, 22, 20,
                                           18, 16, 46, 44, 42, 40, 14, 12, 10, 8, 38, 36, 34, 32, 6,
                                           4, 2, 0);
    return _mm512_permutex2var_epi16(lo, index, hi);
}

INLINE __m512i high_words(__m512i lo, __m512i hi)
{
    const __m512i index = _mm512_set_epi16(63, 61, 59, 57, 31, 29, 27, 25, 55, 53, 51, 49, 23, 21,
                                           19, 17, 47, 45, 43, 41, 15, 13, 11, 9, 39, 37, 35, 33, 7,
                                           5, 3, 1);
    return _mm512_permutex2var_epi16(lo, index, hi);
}

INLINE __m512i load_samples(const void *row, unsigned x, __mmask32 valid, bool bytes)
{
    if (bytes) return _mm512_cvtepu8_epi16(_mm256_maskz_loadu_epi8(valid, (const uint8_t *)row + x));
    return _mm512_maskz_loadu_epi16(valid, (const uint16_t *)row + x);
}

/* Pairs of rows of 32 columns, for both halves of the unpacked columns. */
enum { R, D, PICTURES };
typedef struct Block {
    __m512i pair[PICTURES][2][MAX_PAIRS];
} Block;

INLINE void load_block(Block *b, const void *const *ref, const void *const *dis, unsigned x,
                       unsigned w, int pairs, bool bytes)
{
    const __mmask32 valid = w - x < 32 ? (1u << (w - x)) - 1 : ~0u;
    for (int p = 0; p < pairs; p++) {
        const __m512i r0 = load_samples(ref[2 * p], x, valid, bytes);
        const __m512i r1 = load_samples(ref[2 * p + 1], x, valid, bytes);
        b->pair[R][0][p] = _mm512_unpacklo_epi16(r0, r1);
        b->pair[R][1][p] = _mm512_unpackhi_epi16(r0, r1);
        const __m512i d0 = load_samples(dis[2 * p], x, valid, bytes);
        const __m512i d1 = load_samples(dis[2 * p + 1], x, valid, bytes);
        b->pair[D][0][p] = _mm512_unpacklo_epi16(d0, d1);
        b->pair[D][1][p] = _mm512_unpackhi_epi16(d0, d1);
    }
}

/* Rounding of the vertical pass (spec: vif 6), with start values of its sums and shifts that leave
 * high words with the top bit flipped. */
typedef struct Rounding {
    __m512i flip;      /* of samples */
    __m512i mean;      /* start; the shift goes to the left, to the high word */
    __m512i low, high; /* starts of second moments */
    __m128i mean_shift, low_shift, high_shift; /* high_shift to the left */
} Rounding;

static Rounding make_rounding(unsigned scale, unsigned bpc)
{
    const unsigned mean = scale ? 16 : bpc, square = scale ? 16 : 2 * (bpc - 8);
    const bool bytes = bpc == 8;
    const uint32_t bias = UINT32_C(1) << 31;
    const uint32_t start = (bytes ? 0 : bias) + (UINT32_C(1) << (mean - 1));
    Rounding r = {
        .flip = _mm512_set1_epi16(bytes ? 0 : (short)0x8000),
        .mean = _mm512_set1_epi32((int)(start + (UINT32_C(1) << (mean + 15)))),
        .low = _mm512_set1_epi32(bytes ? 0 : (int)(bias + (UINT32_C(1) << (square - 1)))),
        .high = _mm512_set1_epi32((int)(bias + (UINT32_C(1) << (square + 15)))),
        .mean_shift = _mm_cvtsi32_si128((int)(16 - mean)),
        .low_shift = _mm_cvtsi32_si128((int)square),
        .high_shift = _mm_cvtsi32_si128((int)(16 - square)),
    };
    return r;
}

/* Filters one picture's samples and stores their means. */
INLINE void mean(const Block *b, int picture, int line, Lines *out, unsigned at, const Taps *t,
                 const Rounding *r, int reach, bool split)
{
    __m512i sum[2][VT_VIF_BAND];
    for (int half = 0; half < 2; half++) {
        const __m512i *pair = b->pair[picture][half];
        filter_rows(pair, pair, SAMPLE, r->flip, t, r->mean, sum[half], reach, split);
    }
    for (int j = 0; j < VT_VIF_BAND; j++)
        _mm512_storeu_si512(&out[j][line][at],
                            high_words(_mm512_sll_epi32(sum[0][j], r->mean_shift),
                                       _mm512_sll_epi32(sum[1][j], r->mean_shift)));
}

/* Filters products and stores second moments: (sum of high words << (16 - n_q)) + ((sum of low words
 * + 2^(n_q - 1)) >> n_q); bytes have low words only and n_q = 0. */
INLINE void moment(const Block *b, int picture1, int picture2, int line, Lines *out, unsigned at,
                   const Taps *t, const Rounding *r, int reach, bool split, bool bytes)
{
    __m512i sum[2][VT_VIF_BAND], high[VT_VIF_BAND];
    for (int half = 0; half < 2; half++) {
        const __m512i *p1 = b->pair[picture1][half], *p2 = b->pair[picture2][half];
        filter_rows(p1, p2, LOW, r->flip, t, r->low, sum[half], reach, split);
        if (bytes) continue;
        filter_rows(p1, p2, HIGH, r->flip, t, r->high, high, reach, split);
        for (int j = 0; j < VT_VIF_BAND; j++)
            sum[half][j] = _mm512_add_epi32(_mm512_srl_epi32(sum[half][j], r->low_shift),
                                            _mm512_sll_epi32(high[j], r->high_shift));
    }
    const __m512i flip = _mm512_set1_epi16((short)0x8000);
    for (int j = 0; j < VT_VIF_BAND; j++) {
        _mm512_storeu_si512(&out[j][line][at], high_words(sum[0][j], sum[1][j]));
        _mm512_storeu_si512(&out[j][line + 1][at],
                            _mm512_xor_si512(low_words(sum[0][j], sum[1][j]), flip));
    }
}

INLINE void filter_block(const Block *b, Lines *out, unsigned at, const Taps *t, const Rounding *r,
                         int reach, bool split, bool bytes)
{
    for (int i = 0; i < PICTURES; i++) mean(b, i, M1 + i, out, at, t, r, reach, split);
    for (int i = 0; i < 3; i++)
        moment(b, i == 1 ? D : R, i ? D : R, Q1H + 2 * i, out, at, t, r, reach, split, bytes);
}

/* Real functions, so that taps and sums stay in registers. */
typedef void (*FilterBlock)(const Block *b, Lines *out, unsigned at, const Taps *t,
                            const Rounding *r);
#define FILTER(name, ...)                                                                          \
    static __attribute__((noinline)) void name(const Block *restrict b, Lines *restrict out,       \
                                               unsigned at, const Taps *restrict t,                \
                                               const Rounding *restrict r)                         \
    {                                                                                              \
        filter_block(b, out, at, t, r, __VA_ARGS__);                                               \
    }

FILTER(filter_bytes, 8, false, true)
FILTER(filter_words, 8, false, false)
FILTER(filter_words1, 4, false, false)
FILTER(filter_words2, 2, false, false)
FILTER(filter_words3, 2, true, false)

/* Pairs of rows may end one past the last row given, and a last band is short: those rows have no
 * taps or are not used, any will do. */
static void complete(const void *const *src, unsigned have, const void **out, unsigned want)
{
    for (unsigned i = 0; i < want; i++) out[i] = src[i < have ? i : have - 1];
}

/* The last rows of a band have not been seen before; the next strip will want them. */
INLINE void prefetch(const VtVifStrip *strip, unsigned column)
{
    const unsigned bytes = strip->bpc == 8 ? 1 : 2, first = 2 * vt_vif_reach(strip->scale);
    if (column * bytes % 64) return;
    const size_t at = ((size_t)strip->x0 + VT_VIF_STRIP + column) * bytes;
    for (unsigned i = first; i < first + strip->rows; i++) {
        _mm_prefetch((const char *)strip->ref[i] + at, _MM_HINT_T0);
        _mm_prefetch((const char *)strip->dis[i] + at, _MM_HINT_T0);
    }
}

/* The vertical pass of lines' columns begin to end - 1. */
INLINE void vertical(const VtVifStrip *strip, Lines *out, const Taps *t, unsigned begin,
                     unsigned end, FilterBlock filter, int reach, bool bytes)
{
    const Rounding r = make_rounding(strip->scale, strip->bpc);
    const unsigned pairs = (unsigned)reach + VT_VIF_BAND / 2;
    const unsigned have = strip->rows + 2 * (unsigned)reach;
    const void *ref[2 * MAX_PAIRS], *dis[2 * MAX_PAIRS];
    complete(strip->ref, have, ref, 2 * pairs);
    complete(strip->dis, have, dis, 2 * pairs);
    /* one block is loaded while another is filtered: what was just stored is slow to load */
    Block block[2];
    load_block(&block[0], ref, dis, strip->x0 + begin - MARGIN, strip->w, (int)pairs, bytes);
    for (unsigned at = begin, turn = 0; at < end; at += 32, turn ^= 1) {
        prefetch(strip, at - begin);
        if (at + 32 < end)
            load_block(&block[!turn], ref, dis, strip->x0 + at + 32 - MARGIN, strip->w, (int)pairs,
                       bytes);
        filter(&block[turn], out, at, t, &r);
    }
}

/* Mirrors what lies outside the plane within reach of columns x0 to x1 - 1. */
static void mirror(const VtVifStrip *strip, Lines *out, int reach)
{
    const int x0 = (int)strip->x0, w = (int)strip->w;
    int outside[2 * VT_VIF_RADIUS], inside[2 * VT_VIF_RADIUS], n = 0;
    for (int i = -reach; i < reach; i++) {
        const int x = i < 0 ? x0 + i : (int)strip->x1 + i;
        if (x >= 0 && x < w) continue;
        outside[n] = x - x0 + MARGIN;
        inside[n++] = (int)vt_vif_mirror(x, strip->w) - x0 + MARGIN;
    }
    for (unsigned j = 0; j < strip->rows && n; j++)
        for (int line = 0; line < LINES; line++)
            for (int i = 0; i < n; i++) out[j][line][outside[i]] = out[j][line][inside[i]];
}

/* ---- information terms ---- */

/* Rows of coefficients for vt_vif_log. */
typedef struct LogTable {
    __m512i c0[2], c[2]; /* 16 c2 in the high half, c1 in the low half */
} LogTable;

static LogTable make_log_table(void)
{
    LogTable t;
    uint32_t c[32];
    for (int i = 0; i < 32; i++) c[i] = (uint32_t)vt_vif_log_c2[i] << 20 | vt_vif_log_c1[i];
    for (int i = 0; i < 2; i++) {
        t.c0[i] = _mm512_loadu_si512(vt_vif_log_c0 + 16 * i);
        t.c[i] = _mm512_loadu_si512(c + 16 * i);
    }
    return t;
}

/* Sum of logarithms: 2048 log2(n / 2^17) is fraction + 2048 (14 - zeros). 32-bit lanes are wide
 * enough: a strip adds at most 256 terms a lane. */
typedef struct LogSum {
    __m512i fraction, zeros; /* fraction is 4 times too large */
} LogSum;

/* Adds count values from 2^17 to 2^31 - 1 (count is a multiple of 16). All terms stand in the high
 * words of lanes. */
INLINE void add_logs(LogSum *sum, const int32_t *value, unsigned count, const LogTable *t)
{
    LogSum s = *sum;
    for (unsigned i = 0; i < count; i += 16) {
        const __m512i n = _mm512_load_si512(value + i), zeros = _mm512_lzcnt_epi32(n);
        const __m512i norm = _mm512_sllv_epi32(n, zeros), segment = _mm512_srli_epi32(norm, 26);
        const __m512i low = _mm512_and_si512(norm, _mm512_set1_epi32(1023 << 16));
        const __m512i c0 = _mm512_permutex2var_epi32(t->c0[0], segment, t->c0[1]);
        const __m512i c = _mm512_permutex2var_epi32(t->c[0], segment, t->c[1]);
        const __m512i u = _mm512_mulhi_epu16(c, low);
        const __m512i slope = _mm512_sub_epi32(_mm512_slli_epi32(c, 16), u);
        const __m512i level = _mm512_and_si512(DOT(c0, slope, low), _mm512_set1_epi32(~0x3ffff));
        s.fraction = DOT(s.fraction, level, _mm512_set1_epi32(1 << 16));
        s.zeros = _mm512_add_epi32(s.zeros, zeros);
    }
    *sum = s;
}

#define ROW ((VT_VIF_STRIP + 31) / 32 * 32)

/* Pixels of a row that have information terms, in groups of 16; other pixels of a group are 0,
 * which adds nothing. Arguments of logarithms take the place of s1 and s2. */
typedef struct Row {
    int32_t s1[ROW], s2[ROW], s12[ROW], n2[VT_MAX_MEMBERS][ROW];
    unsigned count;
} Row;

typedef struct Totals {
    LogSum den, n1, n2[VT_MAX_MEMBERS];
    __m512i flat_variance;
    unsigned flat_count, log_count;
} Totals;

/* Puts 16 pixels into the row, or counts them as flat (spec: vif 8). */
INLINE void sort_pixels(Row *row, __m512i s1, __m512i s2, __m512i s12, __mmask16 valid,
                        Totals *sum)
{
    const __mmask16 log =
        _mm512_mask_cmpge_epi32_mask(valid, s1, _mm512_set1_epi32(VT_VIF_NOISE));
    const __mmask16 flat = (__mmask16)(valid & ~log);
    s2 = _mm512_max_epi32(s2, _mm512_setzero_si512());
    _mm512_store_si512(row->s1 + row->count, _mm512_maskz_mov_epi32(log, s1));
    _mm512_store_si512(row->s2 + row->count, _mm512_maskz_mov_epi32(log, s2));
    _mm512_store_si512(row->s12 + row->count, _mm512_maskz_mov_epi32(log, s12));
    row->count += log ? 16 : 0;

    const __m512i variance = _mm512_maskz_mov_epi32(flat, s2);
    sum->flat_count += (unsigned)__builtin_popcount(flat);
    sum->flat_variance = _mm512_add_epi64(
        sum->flat_variance,
        _mm512_add_epi64(_mm512_and_si512(variance, _mm512_set1_epi64(UINT32_MAX)),
                         _mm512_srli_epi64(variance, 32)));
}

INLINE __m512d load_double(const int32_t *v)
{
    return _mm512_cvtepi32_pd(_mm256_load_si256((const __m256i *)(const void *)v));
}

INLINE void store_int(int32_t *p, __m256i v)
{
    _mm256_store_si256((__m256i *)(void *)p, v);
}

/* Gains of 8 pixels. */
typedef struct Gain {
    __m512d s1, s12, g;
} Gain;

INLINE Gain gain(const Row *row, unsigned k)
{
    const __m512d s1 = load_double(row->s1 + k), s12 = load_double(row->s12 + k);
    const __m512d eps = _mm512_set1_pd(65536 * 1.0e-10);
    return (Gain){s1, s12, _mm512_div_pd(s12, _mm512_add_pd(s1, eps))};
}

/* From variances to arguments of logarithms: NSQ + s1 in place of s1, n1 in place of s2, n2 for
 * every gain limit (spec: vif 8). Pixels with s12 <= 0 or s2 = 0 get n1 = n2. The division of the
 * next 8 pixels starts before these 8 are done, since it takes long. */
INLINE void log_arguments(Row *row, const VtVifLimits *limits)
{
    const __m256i noise = _mm256_set1_epi32(VT_VIF_NOISE), zero = _mm256_setzero_si256();
    Gain next = gain(row, 0);
    for (unsigned k = 0; k < row->count; k += 8) {
        const Gain now = next;
        next = gain(row, k + 8 < row->count ? k + 8 : k);
        const __m256i s2 = _mm256_load_si256((const __m256i *)(const void *)(row->s2 + k));
        const __mmask8 both = _mm512_cmp_pd_mask(now.s12, _mm512_setzero_pd(), _CMP_GT_OQ) &
                              _mm256_cmpgt_epi32_mask(s2, zero);
        const __m256i v = _mm512_cvttpd_epi32(
            _mm512_sub_pd(_mm512_cvtepi32_pd(s2), _mm512_mul_pd(now.g, now.s12)));
        const __m256i n1 = _mm256_add_epi32(_mm256_maskz_max_epi32(both, v, zero), noise);
        for (unsigned l = 0; l < limits->count; l++) {
            const __m512d g = _mm512_min_pd(now.g, _mm512_set1_pd(limits->value[l]));
            const __m256i z = _mm512_cvttpd_epi32(_mm512_mul_pd(_mm512_mul_pd(g, g), now.s1));
            store_int(row->n2[l] + k, _mm256_mask_add_epi32(n1, both, n1, z));
        }
        store_int(row->s2 + k, n1);
    }
}

INLINE void add_row(Row *row, const LogTable *table, const VtVifLimits *limits, Totals *sum)
{
    if (!row->count) return;
    log_arguments(row, limits);
    for (unsigned k = 0; k < row->count; k += 16)
        _mm512_store_si512(row->s1 + k, _mm512_add_epi32(_mm512_load_si512(row->s1 + k),
                                                         _mm512_set1_epi32(VT_VIF_NOISE)));
    add_logs(&sum->den, row->s1, row->count, table);
    add_logs(&sum->n1, row->s2, row->count, table);
    for (unsigned l = 0; l < limits->count; l++)
        add_logs(&sum->n2[l], row->n2[l], row->count, table);
    sum->log_count += row->count;
}

/* ---- horizontal pass ---- */

/* Filter sums of 16 even and 16 odd columns. */
typedef struct Pair {
    __m512i even, odd;
} Pair;

/* Two lines at once, for more independent sums in flight. */
INLINE void filter_lines(const int16_t *a, const int16_t *b, const Taps *t, int reach, bool split,
                         Pair *sum_a, Pair *sum_b)
{
    UNROLL for (int k = 0; k <= reach; k++) {
        const __m512i va = _mm512_loadu_si512(a - reach + 2 * k);
        const __m512i vb = _mm512_loadu_si512(b - reach + 2 * k);
        sum_a->even = DOT(sum_a->even, va, t->even[k]);
        sum_a->odd = DOT(sum_a->odd, va, t->odd[k]);
        sum_b->even = DOT(sum_b->even, vb, t->even[k]);
        sum_b->odd = DOT(sum_b->odd, vb, t->odd[k]);
        if (split && k == 1) {
            sum_a->even = DOT(sum_a->even, va, t->even_rest);
            sum_a->odd = DOT(sum_a->odd, va, t->odd_rest);
            sum_b->even = DOT(sum_b->even, vb, t->even_rest);
            sum_b->odd = DOT(sum_b->odd, vb, t->odd_rest);
        }
    }
}

/* (a b + 2^31) >> 32 in every lane */
INLINE __m512i multiply_high(__m512i a, __m512i b)
{
    const __m512i half = _mm512_set1_epi64(INT64_C(1) << 31);
    const __m512i even = _mm512_add_epi64(_mm512_mul_epu32(a, b), half);
    const __m512i odd = _mm512_add_epi64(
        _mm512_mul_epu32(_mm512_srli_epi64(a, 32), _mm512_srli_epi64(b, 32)), half);
    return _mm512_mask_shuffle_epi32(odd, 0x5555, even, (_MM_PERM_ENUM)0xf5);
}

/* Second moments of lines `line` (high words) and line + 1, less the product of means. */
INLINE Pair variance(const Lines *lines, int line, unsigned at, const Pair *a, const Pair *b,
                     const Taps *t, int reach, bool split)
{
    const __m512i bias = _mm512_set1_epi32(INT32_MIN), round = _mm512_set1_epi32(INT32_MIN + 32768);
    Pair high = {bias, bias}, low = {round, round};
    filter_lines(&lines[0][line][at], &lines[0][line + 1][at], t, reach, split, &high, &low);
    return (Pair){
        _mm512_sub_epi32(_mm512_add_epi32(high.even, _mm512_srli_epi32(low.even, 16)),
                         multiply_high(a->even, b->even)),
        _mm512_sub_epi32(_mm512_add_epi32(high.odd, _mm512_srli_epi32(low.odd, 16)),
                         multiply_high(a->odd, b->odd)),
    };
}

INLINE __mmask16 first_lanes(unsigned n)
{
    return n < 16 ? (__mmask16)((1u << n) - 1) : 0xffff;
}

INLINE void horizontal(const Lines *restrict lines, unsigned columns, Row *restrict row,
                       const Taps *restrict t, int reach, bool split, Totals *restrict sum)
{
    const __m512i bias = _mm512_set1_epi32(INT32_MIN);
    row->count = 0;
    for (unsigned x = 0; x < columns; x += 32) {
        const unsigned at = MARGIN + x, left = columns - x;
        Pair m1 = {bias, bias}, m2 = {bias, bias};
        filter_lines(&lines[0][M1][at], &lines[0][M2][at], t, reach, split, &m1, &m2);
        const Pair s1 = variance(lines, Q1H, at, &m1, &m1, t, reach, split);
        const Pair s2 = variance(lines, Q2H, at, &m2, &m2, t, reach, split);
        const Pair s12 = variance(lines, Q12H, at, &m1, &m2, t, reach, split);
        sort_pixels(row, s1.even, s2.even, s12.even, first_lanes((left + 1) / 2), sum);
        sort_pixels(row, s1.odd, s2.odd, s12.odd, first_lanes(left / 2), sum);
    }
}

/* ---- table entries ---- */

static int64_t reduce(__m512i v)
{
    return _mm512_reduce_add_epi64(
        _mm512_add_epi64(_mm512_cvtepi32_epi64(_mm512_castsi512_si256(v)),
                         _mm512_cvtepi32_epi64(_mm512_extracti64x4_epi64(v, 1))));
}

static int64_t reduce_logs(const LogSum *s, unsigned count)
{
    return reduce(s->fraction) / 4 + 2048 * (14 * (int64_t)count - reduce(s->zeros));
}

static void add_totals(const Totals *t, const VtVifLimits *limits, VtVifSums *sums)
{
    const int64_t n1 = reduce_logs(&t->n1, t->log_count);
    for (unsigned l = 0; l < limits->count; l++)
        sums->num_log[l] += reduce_logs(&t->n2[l], t->log_count) - n1;
    sums->den_log += reduce_logs(&t->den, t->log_count);
    sums->flat_variance += _mm512_reduce_add_epi64(t->flat_variance);
    sums->flat_count += t->flat_count;
}

INLINE void statistics(const VtVifStrip *strip, void *scratch, const VtVifLimits *limits,
                       VtVifSums *sums, FilterBlock filter, int reach, bool split, bool bytes)
{
    Lines *lines = scratch;
    const Taps taps = make_taps(strip->scale);
    const LogTable table = make_log_table();
    Totals total;
    memset(&total, 0, sizeof(total));
    /* the window starts MARGIN columns before x0, or at the plane's edge */
    const unsigned begin = strip->x0 ? 0 : MARGIN;
    const unsigned right = strip->w - strip->x1 < MARGIN ? strip->w : strip->x1 + MARGIN;
    vertical(strip, lines, &taps, begin, right - strip->x0 + MARGIN, filter, reach, bytes);
    mirror(strip, lines, reach);
    for (unsigned j = 0; j < strip->rows; j++) {
        Row row __attribute__((aligned(64)));
        horizontal(lines + j, strip->x1 - strip->x0, &row, &taps, reach, split, &total);
        add_row(&row, &table, limits, &total);
    }
    add_totals(&total, limits, sums);
}

#define STATISTICS(name, filter, ...)                                                              \
    static void name(const VtVifStrip *strip, void *scratch, const VtVifLimits *limits,            \
                     VtVifSums *sums)                                                              \
    {                                                                                              \
        statistics(strip, scratch, limits, sums, filter, __VA_ARGS__);                             \
    }

STATISTICS(statistics_bytes, filter_bytes, 8, false, true)
STATISTICS(statistics_words, filter_words, 8, false, false)
STATISTICS(statistics_words1, filter_words1, 4, false, false)
STATISTICS(statistics_words2, filter_words2, 2, false, false)
STATISTICS(statistics_words3, filter_words3, 2, true, false)

static void any_statistics(const VtVifStrip *strip, void *scratch, const VtVifLimits *limits,
                           VtVifSums *sums)
{
    switch (strip->scale) {
    case 0:
        (strip->bpc == 8 ? statistics_bytes : statistics_words)(strip, scratch, limits, sums);
        break;
    case 1:
        statistics_words1(strip, scratch, limits, sums);
        break;
    case 2:
        statistics_words2(strip, scratch, limits, sums);
        break;
    default:
        statistics_words3(strip, scratch, limits, sums);
    }
}

/* ---- decimation ---- */

/* Sums of 4 rows two apart, of 16 columns; see filter_rows. */
INLINE void filter_thinned(const __m512i *pair, const Taps *t, __m512i start, __m512i *sum,
                           int reach, bool split)
{
    UNROLL for (int j = 0; j < VT_VIF_THINNED; j++) {
        __m512i s = start;
        UNROLL for (int k = 0; k <= reach; k++) s = DOT(s, pair[j + k], t->even[k]);
        if (split) s = DOT(s, pair[j + 1], t->even_rest);
        sum[j] = s;
    }
}

/* Vertical pass of up to 4 rows, 32 columns at a time; words with the top bit flipped. */
INLINE void thin_rows(const VtVifThin *thin, int16_t *out, size_t line, const Taps *t, int reach,
                      bool split, bool bytes)
{
    const int pairs = reach + VT_VIF_THINNED;
    const void *src[2 * (VT_VIF_THINNED + 4)];
    complete(thin->src, 2 * thin->rows - 1 + 2 * (unsigned)reach, src, 2 * (unsigned)pairs);
    const __m512i flip = _mm512_set1_epi16((short)0x8000);
    const __m128i shift = _mm_cvtsi32_si128((int)thin->bpc);
    const __m512i start = _mm512_set1_epi32(
        (int)((bytes ? 0 : UINT32_C(1) << 31) + (UINT32_C(1) << (thin->bpc - 1))));
    for (unsigned x = 0; x < thin->w; x += 32) {
        const __mmask32 valid = thin->w - x < 32 ? (1u << (thin->w - x)) - 1 : ~0u;
        __m512i pair[2][VT_VIF_THINNED + 4], sum[2][VT_VIF_THINNED];
        UNROLL for (int p = 0; p < pairs; p++) {
            __m512i a = load_samples(src[2 * p], x, valid, bytes);
            __m512i b = load_samples(src[2 * p + 1], x, valid, bytes);
            if (!bytes) a = _mm512_xor_si512(a, flip), b = _mm512_xor_si512(b, flip);
            pair[0][p] = _mm512_unpacklo_epi16(a, b);
            pair[1][p] = _mm512_unpackhi_epi16(a, b);
        }
        UNROLL for (int half = 0; half < 2; half++)
            filter_thinned(pair[half], t, start, sum[half], reach, split);
        UNROLL for (int j = 0; j < VT_VIF_THINNED; j++) {
            const __m512i m = low_words(_mm512_srl_epi32(sum[0][j], shift),
                                        _mm512_srl_epi32(sum[1][j], shift));
            _mm512_storeu_si512(out + (size_t)j * line + x, _mm512_xor_si512(m, flip));
        }
    }
}

static void mirror_line(int16_t *line, unsigned w, int reach)
{
    for (int i = 1; i <= reach; i++) {
        line[-i] = line[vt_vif_mirror(-i, w)];
        line[(int)w - 1 + i] = line[vt_vif_mirror((int)w - 1 + i, w)];
    }
}

/* Horizontal pass: even columns only. */
INLINE void thin_line(const int16_t *in, unsigned w, uint16_t *dst, const Taps *t, int reach,
                      bool split)
{
    for (unsigned x = 0; x < w / 2; x += 16) {
        __m512i sum = _mm512_set1_epi32(INT32_MIN + 32768);
        UNROLL for (int k = 0; k <= reach; k++) {
            const __m512i v = _mm512_loadu_si512(in + 2 * x - reach + 2 * k);
            sum = DOT(sum, v, t->even[k]);
            if (split && k == 1) sum = DOT(sum, v, t->even_rest);
        }
        const __m256i v = _mm512_cvtepi32_epi16(_mm512_srli_epi32(sum, 16));
        const unsigned left = w / 2 - x;
        if (left >= 16)
            _mm256_storeu_si256((__m256i *)(void *)(dst + x), v);
        else
            _mm256_mask_storeu_epi16(dst + x, (__mmask16)((1u << left) - 1), v);
    }
}

INLINE void thin_scale(const VtVifThin *thin, void *scratch, int reach, bool split, bool bytes)
{
    const Taps taps = make_taps(thin->scale);
    const size_t line = (thin->w + 2 * MARGIN + 63) & ~(size_t)31;
    int16_t *rows = (int16_t *)scratch + MARGIN;
    thin_rows(thin, rows, line, &taps, reach, split, bytes);
    for (unsigned j = 0; j < thin->rows; j++) {
        mirror_line(rows + j * line, thin->w, reach);
        thin_line(rows + j * line, thin->w, thin->dst[j], &taps, reach, split);
    }
}

static void thin(const VtVifThin *thin, void *scratch)
{
    if (thin->scale == 1 && thin->bpc == 8)
        thin_scale(thin, scratch, 4, false, true);
    else if (thin->scale == 1)
        thin_scale(thin, scratch, 4, false, false);
    else if (thin->scale == 2)
        thin_scale(thin, scratch, 2, false, false);
    else
        thin_scale(thin, scratch, 2, true, false);
}

void INIT(VtVifDsp *dsp)
{
    *dsp = (VtVifDsp){any_statistics, thin};
}
