/* Integer VIF with NEON. All filters are chains of 16 by 16 bit multiply-adds to 32 bits; products
 * and squares go in as their high and low words (spec: vif 13.3). Words are unsigned here, and no
 * sum of a filter leaves 32 bits. Taps are symmetric: at most nine registers hold them. */
#include "metric/vif/vif_dsp.h"

#include <arm_neon.h>
#include <stdbool.h>
#include <string.h>

#ifdef __clang__
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 24")
#endif
#define INLINE static inline __attribute__((always_inline))

enum { COLUMNS = 8 };

/* Results of the vertical pass: means, and high and low words of the second moments. */
enum { M1, M2, Q1H, Q1L, Q2H, Q2L, Q12H, Q12L, LINES };

/* Column x of the plane lies at x - x0 + MARGIN of a line. */
#define MARGIN VT_VIF_RADIUS
typedef uint16_t Lines[LINES][VT_VIF_LINE];

typedef struct Taps {
    uint16x8_t tap[VT_VIF_RADIUS + 1];
} Taps;

static Taps make_taps(unsigned scale)
{
    const VtVifFilter *f = &vt_vif_filter[scale];
    Taps t;
    for (unsigned k = 0; k <= VT_VIF_RADIUS; k++)
        t.tap[k] = vdupq_n_u16(k <= f->radius ? f->tap[k] : 0);
    return t;
}

/* Tap k of 2 radius + 1. */
INLINE uint16x8_t tap_of(const Taps *t, int k, int radius)
{
    return t->tap[k <= radius ? k : 2 * radius - k];
}

/* Sums of 8 columns. */
typedef struct Sum {
    uint32x4_t lo, hi;
} Sum;

INLINE Sum zero_sum(void)
{
    return (Sum){vdupq_n_u32(0), vdupq_n_u32(0)};
}

INLINE Sum add_product(Sum s, uint16x8_t v, uint16x8_t tap)
{
    return (Sum){vmlal_u16(s.lo, vget_low_u16(v), vget_low_u16(tap)), vmlal_high_u16(s.hi, v, tap)};
}

INLINE uint16x8_t low_words(Sum s)
{
    return vuzp1q_u16(vreinterpretq_u16_u32(s.lo), vreinterpretq_u16_u32(s.hi));
}

INLINE uint16x8_t high_words(Sum s)
{
    return vuzp2q_u16(vreinterpretq_u16_u32(s.lo), vreinterpretq_u16_u32(s.hi));
}

/* Rounded where the shift, given as a negative count, is to the right. */
INLINE Sum shifted(Sum s, int32x4_t count)
{
    return (Sum){vrshlq_u32(s.lo, count), vrshlq_u32(s.hi, count)};
}

/* Columns x .. x + 7, of which the last may lie behind the row's end. */
INLINE uint16x8_t load_samples(const void *row, unsigned x, unsigned w, bool bytes)
{
    const size_t size = bytes ? 1 : 2;
    const void *p = (const char *)row + x * size;
    uint16_t part[COLUMNS] = {0};
    if (w - x < COLUMNS) p = memcpy(part, p, (w - x) * size);
    return bytes ? vmovl_u8(vld1_u8(p)) : vld1q_u16(p);
}

/* A last band is short: rows that are not there are not used, any will do. */
static void complete(const void *const *src, unsigned have, const void **out, unsigned want)
{
    for (unsigned i = 0; i < want; i++) out[i] = src[i < have ? i : have - 1];
}

/* ---- vertical pass of the statistics ---- */

enum { R, D, RR_LOW, DD_LOW, RD_LOW, RR_HIGH, DD_HIGH, RD_HIGH, TERMS };

/* Samples and products of 8 columns. */
typedef struct Block {
    uint16x8_t term[TERMS][VT_VIF_BAND + 2 * VT_VIF_RADIUS];
} Block;

INLINE Sum product(uint16x8_t a, uint16x8_t b)
{
    return (Sum){vmull_u16(vget_low_u16(a), vget_low_u16(b)), vmull_high_u16(a, b)};
}

INLINE void load_block(Block *b, const void *const *ref, const void *const *dis, unsigned x,
                       unsigned w, int rows, bool bytes)
{
    for (int i = 0; i < rows; i++) {
        const uint16x8_t r = load_samples(ref[i], x, w, bytes),
                         d = load_samples(dis[i], x, w, bytes);
        b->term[R][i] = r;
        b->term[D][i] = d;
        if (bytes) {
            b->term[RR_LOW][i] = vmulq_u16(r, r);
            b->term[DD_LOW][i] = vmulq_u16(d, d);
            b->term[RD_LOW][i] = vmulq_u16(r, d);
            continue;
        }
        const Sum rr = product(r, r), dd = product(d, d), rd = product(r, d);
        b->term[RR_LOW][i] = low_words(rr);
        b->term[RR_HIGH][i] = high_words(rr);
        b->term[DD_LOW][i] = low_words(dd);
        b->term[DD_HIGH][i] = high_words(dd);
        b->term[RD_LOW][i] = low_words(rd);
        b->term[RD_HIGH][i] = high_words(rd);
    }
}

/* Sums of four rows, the first of which reaches from v[0] on. */
INLINE void filter_rows(const uint16x8_t *v, const Taps *t, int radius, Sum sum[4])
{
    UNROLL for (int j = 0; j < 4; j++) sum[j] = zero_sum();
    UNROLL for (int i = 0; i < 2 * radius + 4; i++)
    {
        const uint16x8_t a = v[i];
        UNROLL for (int j = 0; j < 4; j++)
        {
            const int k = i - j;
            if (k < 0 || k > 2 * radius) continue;
            sum[j] = add_product(sum[j], a, tap_of(t, k, radius));
        }
    }
}

/* Rounding of the vertical pass (spec: vif 6), as shift counts to the left. */
typedef struct Rounding {
    int32x4_t mean, low, high;
} Rounding;

static Rounding make_rounding(unsigned scale, unsigned bpc)
{
    const int mean = (int)(scale ? 16 : bpc), square = (int)(scale ? 16 : 2 * (bpc - 8));
    return (Rounding){vdupq_n_s32(-mean), vdupq_n_s32(-square), vdupq_n_s32(16 - square)};
}

INLINE void filter_mean(const uint16x8_t *v, const Taps *t, const Rounding *r, int radius,
                        Lines *out, int line, unsigned at)
{
    Sum sum[4];
    filter_rows(v, t, radius, sum);
    UNROLL for (int j = 0; j < 4; j++)
        vst1q_u16(&out[j][line][at], low_words(shifted(sum[j], r->mean)));
}

/* q = (sum of high words << (16 - n_q)) + ((sum of low words + 2^(n_q - 1)) >> n_q); bytes have low
 * words only and n_q = 0. */
INLINE void filter_moment(const uint16x8_t *low, const uint16x8_t *high, const Taps *t,
                          const Rounding *r, int radius, bool bytes, Lines *out, int line,
                          unsigned at)
{
    Sum sum[4], more[4];
    filter_rows(low, t, radius, sum);
    if (!bytes) filter_rows(high, t, radius, more);
    UNROLL for (int j = 0; j < 4; j++)
    {
        Sum q = sum[j];
        if (!bytes) {
            const Sum a = shifted(q, r->low), b = shifted(more[j], r->high);
            q = (Sum){vaddq_u32(a.lo, b.lo), vaddq_u32(a.hi, b.hi)};
        }
        vst1q_u16(&out[j][line][at], high_words(q));
        vst1q_u16(&out[j][line + 1][at], low_words(q));
    }
}

INLINE void filter_block(const Block *b, const Taps *t, const Rounding *r, Lines *lines,
                         unsigned at, int radius, bool bytes)
{
    for (int j = 0; j < VT_VIF_BAND; j += 4) {
        Lines *out = lines + j;
        filter_mean(&b->term[R][j], t, r, radius, out, M1, at);
        filter_mean(&b->term[D][j], t, r, radius, out, M2, at);
        for (int i = 0; i < 3; i++)
            filter_moment(&b->term[RR_LOW + i][j], &b->term[RR_HIGH + i][j], t, r, radius, bytes,
                          out, Q1H + 2 * i, at);
    }
}

/* The vertical pass of lines' columns begin to end - 1. */
INLINE void vertical(const VtVifStrip *strip, Lines *lines, const Taps *t, unsigned begin,
                     unsigned end, int radius, bool bytes)
{
    const Rounding r = make_rounding(strip->scale, strip->bpc);
    const unsigned first = vt_vif_reach(strip->scale) - (unsigned)radius;
    const unsigned want = VT_VIF_BAND + 2 * (unsigned)radius;
    const unsigned have = strip->rows + 2 * (unsigned)radius;
    const void *ref[VT_VIF_BAND + 2 * VT_VIF_RADIUS], *dis[VT_VIF_BAND + 2 * VT_VIF_RADIUS];
    complete(strip->ref + first, have, ref, want);
    complete(strip->dis + first, have, dis, want);
    Block b;
    for (unsigned at = begin; at < end; at += COLUMNS) {
        load_block(&b, ref, dis, strip->x0 + at - MARGIN, strip->w, (int)want, bytes);
        filter_block(&b, t, &r, lines, at, radius, bytes);
    }
}

/* Mirrors what lies outside the plane within the radius of columns x0 to x1 - 1. */
static void mirror(const VtVifStrip *strip, Lines *lines, int radius)
{
    const int x0 = (int)strip->x0, w = (int)strip->w;
    for (int i = -radius; i < radius; i++) {
        const int x = i < 0 ? x0 + i : (int)strip->x1 + i;
        if (x >= 0 && x < w) continue;
        const int outside = x - x0 + MARGIN, inside = (int)vt_vif_mirror(x, strip->w) - x0 + MARGIN;
        for (unsigned j = 0; j < strip->rows; j++)
            for (int line = 0; line < LINES; line++)
                lines[j][line][outside] = lines[j][line][inside];
    }
}

/* ---- information terms ---- */

/* Rows of coefficients for vt_vif_log, as tables of bytes. */
typedef struct LogTable {
    uint8x16x4_t c0[2];
    uint8x16x4_t c1, c2;
} LogTable;

static uint8x16x4_t load_table(const void *p)
{
    return vld1q_u8_x4(p);
}

static LogTable make_log_table(void)
{
    return (LogTable){{load_table(vt_vif_log_c0), load_table(vt_vif_log_c0 + 16)},
                      load_table(vt_vif_log_c1),
                      load_table(vt_vif_log_c2)};
}

/* Entry of a table of words, zero-extended; the upper bytes' indices lie outside. */
INLINE uint32x4_t look_up_word(uint8x16x4_t table, uint32x4_t segment)
{
    const uint32x4_t index = vmlaq_u32(vdupq_n_u32(0xffff0100), segment, vdupq_n_u32(0x0202));
    return vreinterpretq_u32_u8(vqtbl4q_u8(table, vreinterpretq_u8_u32(index)));
}

INLINE uint32x4_t look_up(const uint8x16x4_t table[2], uint32x4_t segment)
{
    const uint8x16_t index =
        vreinterpretq_u8_u32(vmlaq_u32(vdupq_n_u32(0x03020100), segment, vdupq_n_u32(0x04040404)));
    const uint8x16_t first = vqtbl4q_u8(table[0], index);
    return vreinterpretq_u32_u8(vqtbx4q_u8(first, table[1], vsubq_u8(index, vdupq_n_u8(64))));
}

/* vt_vif_log of four numbers from 2^17 to 2^31 - 1. */
INLINE int32x4_t logs(uint32x4_t n, const LogTable *t)
{
    const uint32x4_t zeros = vclzq_u32(n);
    const uint32x4_t norm = vshlq_u32(n, vreinterpretq_s32_u32(zeros));
    const uint32x4_t segment = vandq_u32(vshrq_n_u32(norm, 26), vdupq_n_u32(31));
    const uint32x4_t low = vandq_u32(vshrq_n_u32(norm, 16), vdupq_n_u32(1023));
    const uint32x4_t u = vshrq_n_u32(vmulq_u32(look_up_word(t->c2, segment), low), 12);
    const uint32x4_t slope = vsubq_u32(look_up_word(t->c1, segment), u);
    const uint32x4_t level = vshrq_n_u32(vmlaq_u32(look_up(t->c0, segment), slope, low), 18);
    const uint32x4_t octave = vshlq_n_u32(vsubq_u32(vdupq_n_u32(14), zeros), 11);
    return vreinterpretq_s32_u32(vaddq_u32(level, octave));
}

/* 32-bit lanes are wide enough: a strip adds at most 1024 terms a lane, each below 2^15. */
typedef struct Totals {
    int32x4_t den, num[VT_MAX_MEMBERS];
    uint64x2_t flat_variance;
    uint32x4_t flat_count;
} Totals;

INLINE float64x2_t low_doubles(int32x4_t v)
{
    return vcvtq_f64_s64(vmovl_s32(vget_low_s32(v)));
}

INLINE float64x2_t high_doubles(int32x4_t v)
{
    return vcvtq_f64_s64(vmovl_high_s32(v));
}

/* Towards zero. */
INLINE int32x4_t truncated(float64x2_t lo, float64x2_t hi)
{
    return vcombine_s32(vmovn_s64(vcvtq_s64_f64(lo)), vmovn_s64(vcvtq_s64_f64(hi)));
}

/* The numerator's terms of four pixels, of those where `both` is set (spec: vif 8). */
INLINE void add_numerator(int32x4_t s1, int32x4_t s2, int32x4_t s12, uint32x4_t both,
                          const LogTable *table, const VtVifLimits *limits, Totals *sum)
{
    const int32x4_t noise = vdupq_n_s32(VT_VIF_NOISE), keep = vreinterpretq_s32_u32(both);
    const float64x2_t eps = vdupq_n_f64(65536 * 1.0e-10);
    const float64x2_t s1_lo = low_doubles(s1), s1_hi = high_doubles(s1);
    const float64x2_t s12_lo = low_doubles(s12), s12_hi = high_doubles(s12);
    const float64x2_t g_lo = vdivq_f64(s12_lo, vaddq_f64(s1_lo, eps));
    const float64x2_t g_hi = vdivq_f64(s12_hi, vaddq_f64(s1_hi, eps));
    const int32x4_t v = truncated(vsubq_f64(low_doubles(s2), vmulq_f64(g_lo, s12_lo)),
                                  vsubq_f64(high_doubles(s2), vmulq_f64(g_hi, s12_hi)));
    const int32x4_t n1 = vaddq_s32(vandq_s32(vmaxq_s32(v, vdupq_n_s32(0)), keep), noise);
    const int32x4_t log_n1 = logs(vreinterpretq_u32_s32(n1), table);
    for (unsigned l = 0; l < limits->count; l++) {
        const float64x2_t limit = vdupq_n_f64(limits->value[l]);
        const float64x2_t lo = vminq_f64(g_lo, limit), hi = vminq_f64(g_hi, limit);
        const int32x4_t z =
            truncated(vmulq_f64(vmulq_f64(lo, lo), s1_lo), vmulq_f64(vmulq_f64(hi, hi), s1_hi));
        const int32x4_t n2 = vaddq_s32(n1, vandq_s32(z, keep));
        const int32x4_t gained = vsubq_s32(logs(vreinterpretq_u32_s32(n2), table), log_n1);
        sum->num[l] = vaddq_s32(sum->num[l], gained);
    }
}

/* Adds four pixels, of those where `valid` is set. */
INLINE void add_pixels(int32x4_t s1, int32x4_t s2, int32x4_t s12, uint32x4_t valid,
                       const LogTable *table, const VtVifLimits *limits, Totals *sum)
{
    const int32x4_t noise = vdupq_n_s32(VT_VIF_NOISE), zero = vdupq_n_s32(0);
    const uint32x4_t textured = vandq_u32(vcgeq_s32(s1, noise), valid);
    const uint32x4_t flat = vbicq_u32(valid, textured);
    s2 = vmaxq_s32(s2, zero);
    sum->flat_count = vsubq_u32(sum->flat_count, flat);
    sum->flat_variance =
        vpadalq_u32(sum->flat_variance, vandq_u32(vreinterpretq_u32_s32(s2), flat));
    if (!vmaxvq_u32(textured)) return;
    /* The logarithm of the noise alone is 0. */
    const int32x4_t n = vaddq_s32(noise, vandq_s32(s1, vreinterpretq_s32_u32(textured)));
    sum->den = vaddq_s32(sum->den, logs(vreinterpretq_u32_s32(n), table));
    const uint32x4_t both =
        vandq_u32(textured, vandq_u32(vcgtq_s32(s12, zero), vcgtq_s32(s2, zero)));
    if (vmaxvq_u32(both)) add_numerator(s1, s2, s12, both, table, limits, sum);
}

/* ---- horizontal pass ---- */

INLINE Sum filter_line(const uint16_t *line, const Taps *t, int radius)
{
    Sum s = zero_sum();
    UNROLL for (int k = 0; k <= 2 * radius; k++) s =
        add_product(s, vld1q_u16(line + k - radius), tap_of(t, k, radius));
    return s;
}

/* (a b + 2^31) >> 32 */
INLINE uint32x4_t multiply_high(uint32x4_t a, uint32x4_t b)
{
    return vcombine_u32(vrshrn_n_u64(vmull_u32(vget_low_u32(a), vget_low_u32(b)), 32),
                        vrshrn_n_u64(vmull_high_u32(a, b), 32));
}

/* Second moments of lines `line` (high words) and line + 1, less the product of means. */
INLINE void variance(const Lines *lines, int line, unsigned at, Sum a, Sum b, const Taps *t,
                     int radius, int32x4_t out[2])
{
    const Sum high = filter_line(&lines[0][line][at], t, radius);
    const Sum low = filter_line(&lines[0][line + 1][at], t, radius);
    const uint32x4_t lo = vaddq_u32(high.lo, vrshrq_n_u32(low.lo, 16));
    const uint32x4_t hi = vaddq_u32(high.hi, vrshrq_n_u32(low.hi, 16));
    out[0] = vreinterpretq_s32_u32(vsubq_u32(lo, multiply_high(a.lo, b.lo)));
    out[1] = vreinterpretq_s32_u32(vsubq_u32(hi, multiply_high(a.hi, b.hi)));
}

INLINE uint32x4_t first_lanes(unsigned n)
{
    static const uint32_t order[4] = {0, 1, 2, 3};
    return vcltq_u32(vld1q_u32(order), vdupq_n_u32(n));
}

/* Variances of a row of a strip; a filter at a time, so that taps stay in registers. */
typedef struct Row {
    int32_t s1[VT_VIF_STRIP + COLUMNS], s2[VT_VIF_STRIP + COLUMNS], s12[VT_VIF_STRIP + COLUMNS];
} Row;

INLINE void store_pair(int32_t *p, const int32x4_t v[2])
{
    vst1q_s32(p, v[0]);
    vst1q_s32(p + 4, v[1]);
}

INLINE void horizontal(const Lines *lines, unsigned columns, const Taps *t, int radius, Row *row)
{
    for (unsigned x = 0; x < columns; x += COLUMNS) {
        const unsigned at = MARGIN + x;
        const Sum m1 = filter_line(&lines[0][M1][at], t, radius);
        const Sum m2 = filter_line(&lines[0][M2][at], t, radius);
        int32x4_t s[2];
        variance(lines, Q1H, at, m1, m1, t, radius, s);
        store_pair(row->s1 + x, s);
        variance(lines, Q2H, at, m2, m2, t, radius, s);
        store_pair(row->s2 + x, s);
        variance(lines, Q12H, at, m1, m2, t, radius, s);
        store_pair(row->s12 + x, s);
    }
}

static void add_row(const Row *row, unsigned columns, const LogTable *table,
                    const VtVifLimits *limits, Totals *sum)
{
    for (unsigned x = 0; x < columns; x += 4)
        add_pixels(vld1q_s32(row->s1 + x), vld1q_s32(row->s2 + x), vld1q_s32(row->s12 + x),
                   first_lanes(columns - x), table, limits, sum);
}

/* ---- table entries ---- */

static void add_totals(const Totals *t, const VtVifLimits *limits, VtVifSums *sums)
{
    for (unsigned l = 0; l < limits->count; l++) sums->num_log[l] += vaddlvq_s32(t->num[l]);
    sums->den_log += vaddlvq_s32(t->den);
    sums->flat_variance += (int64_t)vaddvq_u64(t->flat_variance);
    sums->flat_count += vaddvq_u32(t->flat_count);
}

INLINE void statistics_of(const VtVifStrip *strip, void *scratch, const VtVifLimits *limits,
                          VtVifSums *sums, int radius, bool bytes)
{
    Lines *lines = scratch;
    const Taps taps = make_taps(strip->scale);
    const LogTable table = make_log_table();
    const unsigned columns = strip->x1 - strip->x0;
    Totals total;
    memset(&total, 0, sizeof(total));
    /* The window starts MARGIN columns before x0, or at the plane's edge. */
    const unsigned begin = strip->x0 ? 0 : MARGIN;
    const unsigned right = strip->w - strip->x1 < MARGIN ? strip->w : strip->x1 + MARGIN;
    vertical(strip, lines, &taps, begin, right - strip->x0 + MARGIN, radius, bytes);
    mirror(strip, lines, radius);
    for (unsigned j = 0; j < strip->rows; j++) {
        Row row;
        horizontal(lines + j, columns, &taps, radius, &row);
        add_row(&row, columns, &table, limits, &total);
    }
    add_totals(&total, limits, sums);
}

/* Real functions, one for every filter, so that loops over taps unroll. */
#define STATISTICS(name, radius, bytes)                                                            \
    static __attribute__((noinline)) void name(const VtVifStrip *strip, void *scratch,             \
                                               const VtVifLimits *limits, VtVifSums *sums)         \
    {                                                                                              \
        statistics_of(strip, scratch, limits, sums, radius, bytes);                                \
    }

STATISTICS(statistics_bytes, 8, true)
STATISTICS(statistics_words, 8, false)
STATISTICS(statistics_words1, 4, false)
STATISTICS(statistics_words2, 2, false)
STATISTICS(statistics_words3, 1, false)

static void statistics(const VtVifStrip *strip, void *scratch, const VtVifLimits *limits,
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

/* Vertical pass of up to 4 rows, two apart. */
INLINE void thin_rows(const VtVifThin *thin, uint16_t *out, size_t line, const Taps *t, int radius,
                      bool bytes)
{
    const int rows = 2 * VT_VIF_THINNED - 1 + 2 * radius;
    const unsigned first = vt_vif_reach(thin->scale) - (unsigned)radius;
    const void *src[2 * VT_VIF_THINNED - 1 + 2 * 4];
    complete(thin->src + first, 2 * thin->rows - 1 + 2 * (unsigned)radius, src, (unsigned)rows);
    const int32x4_t shift = vdupq_n_s32(-(int)thin->bpc);
    for (unsigned x = 0; x < thin->w; x += COLUMNS) {
        Sum sum[VT_VIF_THINNED];
        UNROLL for (int j = 0; j < VT_VIF_THINNED; j++) sum[j] = zero_sum();
        UNROLL for (int i = 0; i < rows; i++)
        {
            const uint16x8_t v = load_samples(src[i], x, thin->w, bytes);
            UNROLL for (int j = 0; j < VT_VIF_THINNED; j++)
            {
                const int k = i - 2 * j;
                if (k < 0 || k > 2 * radius) continue;
                sum[j] = add_product(sum[j], v, tap_of(t, k, radius));
            }
        }
        UNROLL for (int j = 0; j < VT_VIF_THINNED; j++)
            vst1q_u16(out + (size_t)j * line + x, low_words(shifted(sum[j], shift)));
    }
}

static void mirror_line(uint16_t *line, unsigned w, int radius)
{
    for (int i = 1; i <= radius; i++) {
        line[-i] = line[vt_vif_mirror(-i, w)];
        line[(int)w - 1 + i] = line[vt_vif_mirror((int)w - 1 + i, w)];
    }
}

/* Horizontal pass: even columns only. Every load of pairs serves two taps. */
INLINE void thin_line(const uint16_t *in, unsigned w, uint16_t *dst, const Taps *t, int radius)
{
    for (unsigned x = 0; x < w / 2; x += COLUMNS) {
        Sum s = zero_sum();
        UNROLL for (int k = 0; k <= 2 * radius; k += 2)
        {
            const uint16x8x2_t v = vld2q_u16(in + 2 * (ptrdiff_t)x + k - radius);
            s = add_product(s, v.val[0], tap_of(t, k, radius));
            if (k < 2 * radius) s = add_product(s, v.val[1], tap_of(t, k + 1, radius));
        }
        const uint16x8_t thinned = vcombine_u16(vrshrn_n_u32(s.lo, 16), vrshrn_n_u32(s.hi, 16));
        const unsigned left = w / 2 - x;
        uint16_t part[COLUMNS];
        vst1q_u16(left < COLUMNS ? part : dst + x, thinned);
        if (left < COLUMNS) memcpy(dst + x, part, left * sizeof(*part));
    }
}

INLINE void thin_scale(const VtVifThin *thin, void *scratch, int radius, bool bytes)
{
    const Taps taps = make_taps(thin->scale);
    const size_t line = (thin->w + 2 * MARGIN + 63) & ~(size_t)31;
    uint16_t *rows = (uint16_t *)scratch + MARGIN;
    thin_rows(thin, rows, line, &taps, radius, bytes);
    for (unsigned j = 0; j < thin->rows; j++) {
        mirror_line(rows + j * line, thin->w, radius);
        thin_line(rows + j * line, thin->w, thin->dst[j], &taps, radius);
    }
}

static void thin(const VtVifThin *thin, void *scratch)
{
    if (thin->scale == 1 && thin->bpc == 8)
        thin_scale(thin, scratch, 4, true);
    else if (thin->scale == 1)
        thin_scale(thin, scratch, 4, false);
    else if (thin->scale == 2)
        thin_scale(thin, scratch, 2, false);
    else
        thin_scale(thin, scratch, 1, false);
}

void vt_vif_dsp_init_neon(VtVifDsp *dsp)
{
    *dsp = (VtVifDsp){statistics, thin};
}
