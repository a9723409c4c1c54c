/* Filters of integer VIF with 16-bit multiply-adds, for any vector width. The including file names
 * the vector type V, WORDS (16-bit lanes), the operations, DOT(acc, a, b), which adds the dot
 * products of pairs of signed 16-bit words to 32-bit lanes, TARGET, a function attribute, REGISTER,
 * the asm constraint of vectors, and GROUP, how many lines the horizontal pass takes at once; and it
 * defines Terms, the sums over pixels.
 *
 * All filters are chains of DOT over 16-bit halves (spec: vif 13.3). Unsigned words u are fed as u
 * - 32768 (top bit flipped), which takes 2^31 off every sum modulo 2^32; a start value of 2^31 puts
 * it back. Two neighbouring samples lie in a 32-bit lane, and the taps are paired in two ways, so
 * that the same loaded vector serves an even output, (f0 f1) (f2 f3) ..., and the odd one after it,
 * (0 f0) (f1 f2) .... */
#include "base/mem.h"

#ifdef __clang__
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif
#define INLINE static inline __attribute__((always_inline)) TARGET
#define KERNEL static __attribute__((noinline)) TARGET

#define FLIP SET16((short)0x8000)

/* Lines of the vertical pass, 16 bits each, top bit flipped: means, and high and low words of the
 * second moments. */
enum { M1, M2, Q1H, Q1L, Q2H, Q2L, Q12H, Q12L, LINES };

/* Column x of the plane lies at x - x0 + MARGIN of a line. */
#define MARGIN VT_VIF_RADIUS
typedef int16_t Lines[LINES][VT_VIF_LINE];

#define MAX_PAIRS (VT_VIF_RADIUS + VT_VIF_BAND / 2)

/* Tap pairs for even and odd outputs; pair k covers samples 2k and 2k + 1. The middle tap of scale
 * 3 exceeds 16 bits: half of it is here and half in `rest`, which is for pair 1. */
typedef struct Taps {
    V even[VT_VIF_RADIUS + 1], odd[VT_VIF_RADIUS + 1], even_rest, odd_rest;
} Taps;

INLINE V tap_pair(unsigned first, unsigned second)
{
    return SET32((int)(first | second << 16));
}

INLINE Taps make_taps(unsigned scale)
{
    const VtVifFilter *f = &vt_vif_filter[scale];
    const unsigned reach = vt_vif_reach(scale), shift = reach - f->radius;
    unsigned tap[2 * VT_VIF_RADIUS + 4] = {0}; /* tap[i + 1] is that of sample i of an even output */
    for (unsigned i = 0; i <= 2 * f->radius; i++) tap[i + shift + 1] = f->tap[i];
    const unsigned rest = scale == 3 ? tap[reach + 1] / 2 : 0;
    tap[reach + 1] -= rest;
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
INLINE V term(V a, V b, Term kind, V flip)
{
    if (kind == SAMPLE) return XOR(a, flip);
    return XOR(kind == LOW ? MULLO16(a, b) : MULHI16(a, b), FLIP);
}

/* Sums of 8 rows, of columns whose samples lie in pairs of rows. Row j covers samples from j on. */
INLINE void filter_rows(const V *a, const V *b, Term kind, V flip, const Taps *t, V start, V *sum,
                        int reach, bool split)
{
    V s[VT_VIF_BAND];
    UNROLL for (int j = 0; j < VT_VIF_BAND; j++) s[j] = start;
    UNROLL for (int p = 0; p < reach + VT_VIF_BAND / 2; p++) {
        const V v = term(a[p], b[p], kind, flip);
        UNROLL for (int j = 0; j < VT_VIF_BAND; j++) {
            const int k = p - j / 2;
            if (k < 0 || k > reach) continue;
            s[j] = DOT(s[j], v, j & 1 ? t->odd[k] : t->even[k]);
            if (split && k == 1) s[j] = DOT(s[j], v, j & 1 ? t->odd_rest : t->even_rest);
        }
    }
    UNROLL for (int j = 0; j < VT_VIF_BAND; j++) sum[j] = s[j];
}

/* Pairs of rows of WORDS columns, for both halves of the unpacked columns. */
enum { R, D, PICTURES };
typedef struct Block {
    V pair[PICTURES][2][MAX_PAIRS];
} Block;

INLINE void load_block(Block *b, const void *const *ref, const void *const *dis, unsigned x,
                       unsigned w, int pairs, bool bytes)
{
    const unsigned n = w - x < WORDS ? w - x : WORDS;
    for (int p = 0; p < pairs; p++) {
        const V r0 = load_samples(ref[2 * p], x, n, bytes);
        const V r1 = load_samples(ref[2 * p + 1], x, n, bytes);
        b->pair[R][0][p] = UNPACK_LOW(r0, r1);
        b->pair[R][1][p] = UNPACK_HIGH(r0, r1);
        const V d0 = load_samples(dis[2 * p], x, n, bytes);
        const V d1 = load_samples(dis[2 * p + 1], x, n, bytes);
        b->pair[D][0][p] = UNPACK_LOW(d0, d1);
        b->pair[D][1][p] = UNPACK_HIGH(d0, d1);
    }
}

/* Rounding of the vertical pass (spec: vif 6), with start values of its sums and shifts that leave
 * high words with the top bit flipped. */
typedef struct Rounding {
    V flip;      /* of samples */
    V mean;      /* start; the shift goes to the left, to the high word */
    V low, high; /* starts of second moments */
    __m128i mean_shift, low_shift, high_shift; /* high_shift to the left */
} Rounding;

INLINE Rounding make_rounding(unsigned scale, unsigned bpc)
{
    const unsigned mean = scale ? 16 : bpc, square = scale ? 16 : 2 * (bpc - 8);
    const bool bytes = bpc == 8;
    const uint32_t bias = UINT32_C(1) << 31;
    const uint32_t start = (bytes ? 0 : bias) + (UINT32_C(1) << (mean - 1));
    Rounding r = {
        .flip = SET16(bytes ? 0 : (short)0x8000),
        .mean = SET32((int)(start + (UINT32_C(1) << (mean + 15)))),
        .low = SET32(bytes ? 0 : (int)(bias + (UINT32_C(1) << (square - 1)))),
        .high = SET32((int)(bias + (UINT32_C(1) << (square + 15)))),
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
    V sum[2][VT_VIF_BAND];
    for (int half = 0; half < 2; half++) {
        const V *pair = b->pair[picture][half];
        filter_rows(pair, pair, SAMPLE, r->flip, t, r->mean, sum[half], reach, split);
    }
    for (int j = 0; j < VT_VIF_BAND; j++)
        STORE(&out[j][line][at], high_words(SLL32(sum[0][j], r->mean_shift),
                                            SLL32(sum[1][j], r->mean_shift)));
}

/* Filters products and stores second moments: (sum of high words << (16 - n_q)) + ((sum of low words
 * + 2^(n_q - 1)) >> n_q); bytes have low words only and n_q = 0. */
INLINE void moment(const Block *b, int picture1, int picture2, int line, Lines *out, unsigned at,
                   const Taps *t, const Rounding *r, int reach, bool split, bool bytes)
{
    V sum[2][VT_VIF_BAND], high[VT_VIF_BAND];
    for (int half = 0; half < 2; half++) {
        const V *p1 = b->pair[picture1][half], *p2 = b->pair[picture2][half];
        filter_rows(p1, p2, LOW, r->flip, t, r->low, sum[half], reach, split);
        if (bytes) continue;
        filter_rows(p1, p2, HIGH, r->flip, t, r->high, high, reach, split);
        for (int j = 0; j < VT_VIF_BAND; j++)
            sum[half][j] =
                ADD32(SRL32(sum[half][j], r->low_shift), SLL32(high[j], r->high_shift));
    }
    for (int j = 0; j < VT_VIF_BAND; j++) {
        STORE(&out[j][line][at], high_words(sum[0][j], sum[1][j]));
        STORE(&out[j][line + 1][at], XOR(low_words(sum[0][j], sum[1][j]), FLIP));
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
    KERNEL void name(const Block *restrict b, Lines *restrict out, unsigned at,                    \
                     const Taps *restrict t, const Rounding *restrict r)                           \
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
    const size_t x = strip->x0 + VT_VIF_STRIP + column;
    if (column * bytes % 64 || x >= strip->w) return;
    for (unsigned i = first; i < first + strip->rows; i++) {
        _mm_prefetch((const char *)strip->ref[i] + x * bytes, _MM_HINT_T0);
        _mm_prefetch((const char *)strip->dis[i] + x * bytes, _MM_HINT_T0);
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
    for (unsigned at = begin, turn = 0; at < end; at += WORDS, turn ^= 1) {
        prefetch(strip, at - begin);
        if (at + WORDS < end)
            load_block(&block[!turn], ref, dis, strip->x0 + at + WORDS - MARGIN, strip->w,
                       (int)pairs, bytes);
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

/* ---- horizontal pass ---- */

/* Sums of WORDS / 2 even and as many odd columns. */
typedef struct Pair {
    V even, odd;
} Pair;

/* GROUP lines at once, for more independent sums in flight. */
INLINE void filter_lines(const Lines *lines, int first, unsigned at, const Taps *t, Pair *sum,
                         int reach, bool split)
{
    UNROLL for (int k = 0; k <= reach; k++) {
        UNROLL for (int i = 0; i < GROUP; i++) {
            V v = LOAD(&lines[0][first + i][at] - reach + 2 * k);
            __asm__("" : "+" REGISTER(v)); /* load once: it crosses cache lines */
            sum[i].even = DOT(sum[i].even, v, t->even[k]);
            sum[i].odd = DOT(sum[i].odd, v, t->odd[k]);
            if (split && k == 1) {
                sum[i].even = DOT(sum[i].even, v, t->even_rest);
                sum[i].odd = DOT(sum[i].odd, v, t->odd_rest);
            }
        }
    }
}

/* (a b + 2^31) >> 32 in every lane */
INLINE V multiply_high(V a, V b)
{
    const V half = SET64(INT64_C(1) << 31);
    const V even = ADD64(MUL32(a, b), half);
    const V odd = ADD64(MUL32(SRL64_32(a), SRL64_32(b)), half);
    return join_high(even, odd);
}

/* Second moments, rounded, less the product of means. */
INLINE V variance(V high, V low, V a, V b)
{
    return SUB32(ADD32(high, SRL32_16(low)), multiply_high(a, b));
}

INLINE void horizontal(const Lines *restrict lines, unsigned columns, const Taps *restrict t,
                       int reach, bool split, Terms *restrict terms)
{
    const V bias = SET32(INT32_MIN), rounded = SET32(INT32_MIN + 32768);
    for (unsigned x = 0; x < columns; x += WORDS) {
        Pair p[LINES];
        UNROLL for (int i = 0; i < LINES; i++)
            p[i].even = p[i].odd = i == Q1L || i == Q2L || i == Q12L ? rounded : bias;
        UNROLL for (int i = 0; i < LINES; i += GROUP)
            filter_lines(lines, i, MARGIN + x, t, p + i, reach, split);
        const unsigned left = columns - x;
        sort_pixels(terms, variance(p[Q1H].even, p[Q1L].even, p[M1].even, p[M1].even),
                    variance(p[Q2H].even, p[Q2L].even, p[M2].even, p[M2].even),
                    variance(p[Q12H].even, p[Q12L].even, p[M1].even, p[M2].even), (left + 1) / 2);
        sort_pixels(terms, variance(p[Q1H].odd, p[Q1L].odd, p[M1].odd, p[M1].odd),
                    variance(p[Q2H].odd, p[Q2L].odd, p[M2].odd, p[M2].odd),
                    variance(p[Q12H].odd, p[Q12L].odd, p[M1].odd, p[M2].odd), left / 2);
    }
}

/* ---- statistics ---- */

/* The list of pixels follows the lines in scratch. */
INLINE void statistics(const VtVifStrip *strip, void *scratch, const VtVifLimits *limits,
                       VtVifSums *sums, FilterBlock filter, int reach, bool split, bool bytes)
{
    Lines *lines = scratch;
    const Taps taps = make_taps(strip->scale);
    Terms terms;
    start_terms(&terms, lines + VT_VIF_BAND);
    /* the window starts MARGIN columns before x0, or at the plane's edge */
    const unsigned begin = strip->x0 ? 0 : MARGIN;
    const unsigned right = strip->w - strip->x1 < MARGIN ? strip->w : strip->x1 + MARGIN;
    vertical(strip, lines, &taps, begin, right - strip->x0 + MARGIN, filter, reach, bytes);
    mirror(strip, lines, reach);
    for (unsigned j = 0; j < strip->rows; j++) {
        horizontal(lines + j, strip->x1 - strip->x0, &taps, reach, split, &terms);
        if (listed(&terms) > VT_VIF_LIST - VT_VIF_STRIP - WORDS) add_listed(&terms, limits);
    }
    add_listed(&terms, limits);
    finish_terms(&terms, limits, sums);
}

#define STATISTICS(name, filter, ...)                                                              \
    KERNEL void name(const VtVifStrip *strip, void *scratch, const VtVifLimits *limits,            \
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

/* Sums of 4 rows two apart; see filter_rows. */
INLINE void filter_thinned(const V *pair, const Taps *t, V start, V *sum, int reach, bool split)
{
    UNROLL for (int j = 0; j < VT_VIF_THINNED; j++) {
        V s = start;
        UNROLL for (int k = 0; k <= reach; k++) s = DOT(s, pair[j + k], t->even[k]);
        if (split) s = DOT(s, pair[j + 1], t->even_rest);
        sum[j] = s;
    }
}

/* Vertical pass of up to 4 rows; words with the top bit flipped. */
INLINE void thin_rows(const VtVifThin *thin, int16_t *out, size_t line, const Taps *t, int reach,
                      bool split, bool bytes)
{
    const int pairs = reach + VT_VIF_THINNED;
    const void *src[2 * (VT_VIF_THINNED + 4)];
    complete(thin->src, 2 * thin->rows - 1 + 2 * (unsigned)reach, src, 2 * (unsigned)pairs);
    const Rounding r = make_rounding(bytes ? 0 : thin->scale - 1, thin->bpc);
    for (unsigned x = 0; x < thin->w; x += WORDS) {
        const unsigned n = thin->w - x < WORDS ? thin->w - x : WORDS;
        V pair[2][VT_VIF_THINNED + 4], sum[2][VT_VIF_THINNED];
        UNROLL for (int p = 0; p < pairs; p++) {
            const V a = XOR(load_samples(src[2 * p], x, n, bytes), r.flip);
            const V b = XOR(load_samples(src[2 * p + 1], x, n, bytes), r.flip);
            pair[0][p] = UNPACK_LOW(a, b);
            pair[1][p] = UNPACK_HIGH(a, b);
        }
        UNROLL for (int half = 0; half < 2; half++)
            filter_thinned(pair[half], t, r.mean, sum[half], reach, split);
        UNROLL for (int j = 0; j < VT_VIF_THINNED; j++)
            STORE(out + (size_t)j * line + x, high_words(SLL32(sum[0][j], r.mean_shift),
                                                         SLL32(sum[1][j], r.mean_shift)));
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
    for (unsigned x = 0; x < w / 2; x += WORDS / 2) {
        V sum = SET32(INT32_MIN + 32768);
        UNROLL for (int k = 0; k <= reach; k++) {
            const V v = LOAD(in + 2 * x - reach + 2 * k);
            sum = DOT(sum, v, t->even[k]);
            if (split && k == 1) sum = DOT(sum, v, t->even_rest);
        }
        store_words(dst + x, SRL32_16(sum), w / 2 - x);
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

KERNEL void thin(const VtVifThin *thin, void *scratch)
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
