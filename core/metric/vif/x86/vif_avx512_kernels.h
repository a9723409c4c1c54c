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

/* The vertical pass of one block of 32 columns, for both halves of the unpacked columns. */
enum { R, D, PICTURES };
enum { SUM_R, SUM_D, SUM_RR, SUM_DD, SUM_RD, SUM_RR_HIGH, SUM_DD_HIGH, SUM_RD_HIGH, SUMS };
typedef struct Block {
    __m512i pair[PICTURES][2][MAX_PAIRS];
    __m512i sum[SUMS][2][VT_VIF_BAND];
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

INLINE void store_mean(const Block *b, int sum, int line, Lines *out, unsigned at,
                       const Rounding *r)
{
    for (int j = 0; j < VT_VIF_BAND; j++)
        _mm512_storeu_si512(&out[j][line][at],
                            high_words(_mm512_sll_epi32(b->sum[sum][0][j], r->mean_shift),
                                       _mm512_sll_epi32(b->sum[sum][1][j], r->mean_shift)));
}

/* q = (sum of high words << (16 - n_q)) + ((sum of low words + 2^(n_q - 1)) >> n_q); bytes have low
 * words only and n_q = 0. */
INLINE __m512i moment(const Block *b, int sum, int half, int j, const Rounding *r, bool bytes)
{
    const __m512i low = b->sum[sum][half][j];
    if (bytes) return low;
    return _mm512_add_epi32(
        _mm512_srl_epi32(low, r->low_shift),
        _mm512_sll_epi32(b->sum[sum + SUM_RR_HIGH - SUM_RR][half][j], r->high_shift));
}

INLINE void store_moment(const Block *b, int sum, int line, Lines *out, unsigned at,
                         const Rounding *r, bool bytes)
{
    const __m512i flip = _mm512_set1_epi16((short)0x8000);
    for (int j = 0; j < VT_VIF_BAND; j++) {
        const __m512i q0 = moment(b, sum, 0, j, r, bytes), q1 = moment(b, sum, 1, j, r, bytes);
        _mm512_storeu_si512(&out[j][line][at], high_words(q0, q1));
        _mm512_storeu_si512(&out[j][line + 1][at], _mm512_xor_si512(low_words(q0, q1), flip));
    }
}

/* Pairs of rows may end one past the last row given, and a last band is short: those rows have no
 * taps or are not used, any will do. */
static void complete(const void *const *src, unsigned have, const void **out, unsigned want)
{
    for (unsigned i = 0; i < want; i++) out[i] = src[i < have ? i : have - 1];
}

typedef void (*FilterBlock)(Block *b, const Taps *t, const Rounding *r);

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
    Block b;
    for (unsigned at = begin; at < end; at += 32) {
        load_block(&b, ref, dis, strip->x0 + at - MARGIN, strip->w, (int)pairs, bytes);
        filter(&b, t, &r);
        store_mean(&b, SUM_R, M1, out, at, &r);
        store_mean(&b, SUM_D, M2, out, at, &r);
        store_moment(&b, SUM_RR, Q1H, out, at, &r, bytes);
        store_moment(&b, SUM_DD, Q2H, out, at, &r, bytes);
        store_moment(&b, SUM_RD, Q12H, out, at, &r, bytes);
    }
}

INLINE void filter_products(Block *b, int first, Term kind, const Taps *t, __m512i start, int reach,
                            bool split)
{
    for (int i = 0; i < 3; i++) /* RR, DD, RD */
        for (int half = 0; half < 2; half++)
            filter_rows(b->pair[i == 1 ? D : R][half], b->pair[i ? D : R][half], kind, start, t,
                        start, b->sum[first + i][half], reach, split);
}

INLINE void filter_block(Block *b, const Taps *t, const Rounding *r, int reach, bool split,
                         bool bytes)
{
    for (int i = 0; i < PICTURES; i++)
        for (int half = 0; half < 2; half++)
            filter_rows(b->pair[i][half], b->pair[i][half], SAMPLE, r->flip, t, r->mean,
                        b->sum[SUM_R + i][half], reach, split);
    filter_products(b, SUM_RR, LOW, t, r->low, reach, split);
    if (!bytes) filter_products(b, SUM_RR_HIGH, HIGH, t, r->high, reach, split);
}

/* Real functions, so that taps and sums stay in registers. */
#define FILTER(name, reach, split, bytes)                                                          \
    static __attribute__((noinline)) void name(Block *b, const Taps *t, const Rounding *r)         \
    {                                                                                              \
        filter_block(b, t, r, reach, split, bytes);                                                \
    }

FILTER(filter_bytes, 8, false, true)
FILTER(filter_words, 8, false, false)
FILTER(filter_words1, 4, false, false)
FILTER(filter_words2, 2, false, false)
FILTER(filter_words3, 2, true, false)

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

typedef struct LogTable {
    __m512i c0[2], c[2]; /* c1 in the high half, 16 c2 in the low half */
} LogTable;

static LogTable make_log_table(void)
{
    LogTable t;
    uint32_t c[32];
    for (int i = 0; i < 32; i++) c[i] = (uint32_t)vt_vif_log_c1[i] << 16 | vt_vif_log_c2[i] * 16u;
    for (int i = 0; i < 2; i++) {
        t.c0[i] = _mm512_loadu_si512(vt_vif_log_c0 + 16 * i);
        t.c[i] = _mm512_loadu_si512(c + 16 * i);
    }
    return t;
}

/* 2048 log2(n / 2^17) is fraction + 2048 (14 - zeros). */
typedef struct Log {
    __m512i fraction, zeros;
} Log;

INLINE Log logarithm(__m512i n, const LogTable *t)
{
    const __m512i zeros = _mm512_lzcnt_epi32(n), norm = _mm512_sllv_epi32(n, zeros);
    const __m512i s = _mm512_srli_epi32(norm, 26);
    const __m512i c0 = _mm512_permutex2var_epi32(t->c0[0], s, t->c0[1]);
    const __m512i c = _mm512_permutex2var_epi32(t->c[0], s, t->c[1]);
    const __m512i low = _mm512_and_si512(_mm512_srli_epi32(norm, 16), _mm512_set1_epi32(1023));
    const __m512i u = _mm512_mulhi_epu16(c, low);
    const __m512i slope = _mm512_sub_epi32(_mm512_srli_epi32(c, 16), u);
    return (Log){_mm512_srli_epi32(DOT(c0, slope, low), 18), zeros};
}

/* Sums in 32-bit lanes: one strip adds at most 480 terms a lane, each below 2^15. */
typedef struct Totals {
    __m512i num_fraction, num_zeros, den_fraction, den_zeros, flat_variance;
    __m512i limited[VT_MAX_MEMBERS]; /* what each gain limit changes in the numerator */
    unsigned log_count, flat_count;
} Totals;

/* (a b + 2^31) >> 32 in every lane; a_odd and b_odd are a and b >> 32 in 64-bit lanes. */
INLINE __m512i multiply_high(__m512i a, __m512i b, __m512i a_odd, __m512i b_odd)
{
    const __m512i half = _mm512_set1_epi64(INT64_C(1) << 31);
    const __m512i even = _mm512_add_epi64(_mm512_mul_epu32(a, b), half);
    const __m512i odd = _mm512_add_epi64(_mm512_mul_epu32(a_odd, b_odd), half);
    return _mm512_mask_shuffle_epi32(odd, 0x5555, even, (_MM_PERM_ENUM)0xf5);
}

INLINE __m512i join_halves(__m256i lo, __m256i hi)
{
    return _mm512_inserti64x4(_mm512_castsi256_si512(lo), hi, 1);
}

INLINE __m512d half_to_double(__m512i v, int half)
{
    return _mm512_cvtepi32_pd(half ? _mm512_extracti64x4_epi64(v, 1) : _mm512_castsi512_si256(v));
}

/* The numerator of pixels `which` (s12 > 0 and s2 > 0), spec: vif 8. Every limit starts from the
 * unlimited gain; where the gain exceeds it, the difference is added. */
INLINE void numerator(__m512i s1, __m512i s2, __m512i s12, __mmask16 which, const LogTable *table,
                      const VtVifLimits *limits, Totals *sum)
{
    const __m512d eps = _mm512_set1_pd(65536 * 1.0e-10);
    __m512d g[2], s1d[2];
    __m256i v[2], z[2];
    UNROLL for (int i = 0; i < 2; i++) {
        const __m512d s12d = half_to_double(s12, i);
        s1d[i] = half_to_double(s1, i);
        g[i] = _mm512_div_pd(s12d, _mm512_add_pd(s1d[i], eps));
        v[i] = _mm512_cvttpd_epi32(_mm512_sub_pd(half_to_double(s2, i), _mm512_mul_pd(g[i], s12d)));
        z[i] = _mm512_cvttpd_epi32(_mm512_mul_pd(_mm512_mul_pd(g[i], g[i]), s1d[i]));
    }
    const __m512i n1 = _mm512_add_epi32(
        _mm512_max_epi32(join_halves(v[0], v[1]), _mm512_setzero_si512()),
        _mm512_set1_epi32(VT_VIF_NOISE));
    const Log log1 = logarithm(n1, table);
    const Log log2 = logarithm(_mm512_add_epi32(n1, join_halves(z[0], z[1])), table);
    const __m512i fraction = _mm512_sub_epi32(log2.fraction, log1.fraction);
    const __m512i zeros = _mm512_sub_epi32(log2.zeros, log1.zeros);
    sum->num_fraction = _mm512_mask_add_epi32(sum->num_fraction, which, sum->num_fraction, fraction);
    sum->num_zeros = _mm512_mask_add_epi32(sum->num_zeros, which, sum->num_zeros, zeros);

    for (unsigned i = 0; i < limits->count; i++) {
        const __m512d limit = _mm512_set1_pd(limits->value[i]);
        const __mmask16 over =
            which & _mm512_kunpackb(_mm512_cmp_pd_mask(g[1], limit, _CMP_GT_OQ),
                                    _mm512_cmp_pd_mask(g[0], limit, _CMP_GT_OQ));
        if (!over) continue;
        const __m512d square = _mm512_mul_pd(limit, limit);
        const __m512i signal = join_halves(_mm512_cvttpd_epi32(_mm512_mul_pd(square, s1d[0])),
                                           _mm512_cvttpd_epi32(_mm512_mul_pd(square, s1d[1])));
        const Log log = logarithm(_mm512_add_epi32(n1, signal), table);
        const __m512i change = _mm512_sub_epi32(
            _mm512_sub_epi32(log.fraction, log2.fraction),
            _mm512_slli_epi32(_mm512_sub_epi32(log.zeros, log2.zeros), 11));
        sum->limited[i] = _mm512_mask_add_epi32(sum->limited[i], over, sum->limited[i], change);
    }
}

INLINE void flat_pixels(__m512i s2, __mmask16 flat, Totals *sum)
{
    const __m512i v = _mm512_maskz_mov_epi32(flat, s2);
    sum->flat_count += (unsigned)__builtin_popcount(flat);
    sum->flat_variance = _mm512_add_epi64(
        sum->flat_variance,
        _mm512_add_epi64(_mm512_cvtepu32_epi64(_mm512_castsi512_si256(v)),
                         _mm512_cvtepu32_epi64(_mm512_extracti64x4_epi64(v, 1))));
}

/* Horizontal sums of 16 pixels. */
typedef struct Moments {
    __m512i m[LINES];
} Moments;

INLINE void add_pixels(const Moments *p, __mmask16 valid, const LogTable *table,
                       const VtVifLimits *limits, Totals *sum)
{
    const __m512i m1 = p->m[M1], m2 = p->m[M2];
    const __m512i m1_odd = _mm512_srli_epi64(m1, 32), m2_odd = _mm512_srli_epi64(m2, 32);
    const __m512i xx = _mm512_add_epi32(p->m[Q1H], _mm512_srli_epi32(p->m[Q1L], 16));
    const __m512i yy = _mm512_add_epi32(p->m[Q2H], _mm512_srli_epi32(p->m[Q2L], 16));
    const __m512i xy = _mm512_add_epi32(p->m[Q12H], _mm512_srli_epi32(p->m[Q12L], 16));
    const __m512i s1 = _mm512_sub_epi32(xx, multiply_high(m1, m1, m1_odd, m1_odd));
    const __m512i s2 = _mm512_max_epi32(
        _mm512_sub_epi32(yy, multiply_high(m2, m2, m2_odd, m2_odd)), _mm512_setzero_si512());
    const __m512i s12 = _mm512_sub_epi32(xy, multiply_high(m1, m2, m1_odd, m2_odd));

    const __m512i noise = _mm512_set1_epi32(VT_VIF_NOISE), zero = _mm512_setzero_si512();
    const __mmask16 log = _mm512_mask_cmpge_epi32_mask(valid, s1, noise);
    if (log != valid) flat_pixels(s2, (__mmask16)(valid & ~log), sum);
    if (!log) return;

    sum->log_count += (unsigned)__builtin_popcount(log);
    const Log den = logarithm(_mm512_add_epi32(s1, noise), table);
    sum->den_fraction =
        _mm512_mask_add_epi32(sum->den_fraction, log, sum->den_fraction, den.fraction);
    sum->den_zeros = _mm512_mask_add_epi32(sum->den_zeros, log, sum->den_zeros, den.zeros);
    const __mmask16 both =
        _mm512_mask_cmpgt_epi32_mask(_mm512_mask_cmpgt_epi32_mask(log, s12, zero), s2, zero);
    if (both) numerator(s1, s2, s12, both, table, limits, sum);
}

/* ---- horizontal pass ---- */

INLINE void filter_line(const int16_t *at, const Taps *t, int reach, bool split, __m512i start,
                        __m512i *even, __m512i *odd)
{
    __m512i e = start, o = start;
    UNROLL for (int k = 0; k <= reach; k++) {
        const __m512i v = _mm512_loadu_si512(at - reach + 2 * k);
        e = DOT(e, v, t->even[k]);
        o = DOT(o, v, t->odd[k]);
        if (split && k == 1) {
            e = DOT(e, v, t->even_rest);
            o = DOT(o, v, t->odd_rest);
        }
    }
    *even = e;
    *odd = o;
}

INLINE void horizontal(const Lines *lines, unsigned rows, unsigned columns, const Taps *t,
                       const LogTable *table, const VtVifLimits *limits, Totals *sum, int reach,
                       bool split)
{
    const __m512i start = _mm512_set1_epi32(INT32_MIN);
    const __m512i rounded = _mm512_set1_epi32(INT32_MIN + 32768);
    for (unsigned j = 0; j < rows; j++) {
        for (unsigned x = 0; x < columns; x += 32) {
            Moments even, odd;
            UNROLL for (int i = 0; i < LINES; i++)
                filter_line(&lines[j][i][MARGIN + x], t, reach, split,
                            i == Q1L || i == Q2L || i == Q12L ? rounded : start, &even.m[i],
                            &odd.m[i]);
            const unsigned left = columns - x;
            const unsigned n_even = (left + 1) / 2, n_odd = left / 2;
            add_pixels(&even, n_even < 16 ? (__mmask16)((1u << n_even) - 1) : 0xffff, table, limits,
                       sum);
            add_pixels(&odd, n_odd < 16 ? (__mmask16)((1u << n_odd) - 1) : 0xffff, table, limits,
                       sum);
        }
    }
}

/* ---- table entries ---- */

static int64_t reduce(__m512i v)
{
    return _mm512_reduce_add_epi64(
        _mm512_add_epi64(_mm512_cvtepi32_epi64(_mm512_castsi512_si256(v)),
                         _mm512_cvtepi32_epi64(_mm512_extracti64x4_epi64(v, 1))));
}

static void add_totals(const Totals *t, const VtVifLimits *limits, VtVifSums *sums)
{
    const int64_t num = reduce(t->num_fraction) - 2048 * reduce(t->num_zeros);
    for (unsigned i = 0; i < limits->count; i++) sums->num_log[i] += num + reduce(t->limited[i]);
    sums->den_log +=
        reduce(t->den_fraction) + 2048 * (14 * (int64_t)t->log_count - reduce(t->den_zeros));
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
    horizontal(lines, strip->rows, strip->x1 - strip->x0, &taps, &table, limits, &total, reach,
               split);
    add_totals(&total, limits, sums);
}

static void statistics_bytes(const VtVifStrip *strip, void *scratch, const VtVifLimits *limits,
                             VtVifSums *sums)
{
    statistics(strip, scratch, limits, sums, filter_bytes, 8, false, true);
}

static void statistics_words(const VtVifStrip *strip, void *scratch, const VtVifLimits *limits,
                             VtVifSums *sums)
{
    statistics(strip, scratch, limits, sums, filter_words, 8, false, false);
}

static void statistics1(const VtVifStrip *strip, void *scratch, const VtVifLimits *limits,
                        VtVifSums *sums)
{
    statistics(strip, scratch, limits, sums, filter_words1, 4, false, false);
}

static void statistics2(const VtVifStrip *strip, void *scratch, const VtVifLimits *limits,
                        VtVifSums *sums)
{
    statistics(strip, scratch, limits, sums, filter_words2, 2, false, false);
}

static void statistics3(const VtVifStrip *strip, void *scratch, const VtVifLimits *limits,
                        VtVifSums *sums)
{
    statistics(strip, scratch, limits, sums, filter_words3, 2, true, false);
}

static void any_statistics(const VtVifStrip *strip, void *scratch, const VtVifLimits *limits,
                           VtVifSums *sums)
{
    switch (strip->scale) {
    case 0:
        (strip->bpc == 8 ? statistics_bytes : statistics_words)(strip, scratch, limits, sums);
        break;
    case 1:
        statistics1(strip, scratch, limits, sums);
        break;
    case 2:
        statistics2(strip, scratch, limits, sums);
        break;
    default:
        statistics3(strip, scratch, limits, sums);
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

INLINE void thin_line(int16_t *in, unsigned w, uint16_t *dst, const Taps *t, int reach, bool split)
{
    for (int i = 1; i <= reach; i++) {
        in[-i] = in[vt_vif_mirror(-i, w)];
        in[(int)w - 1 + i] = in[vt_vif_mirror((int)w - 1 + i, w)];
    }
    const __m512i start = _mm512_set1_epi32(INT32_MIN + 32768);
    for (unsigned x = 0; x < w / 2; x += 16) {
        __m512i even, odd;
        filter_line(in + 2 * x, t, reach, split, start, &even, &odd);
        const __m256i v = _mm512_cvtepi32_epi16(_mm512_srli_epi32(even, 16));
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
    for (unsigned j = 0; j < thin->rows; j++)
        thin_line(rows + j * line, thin->w, thin->dst[j], &taps, reach, split);
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
