/* Integer motion with 16-bit multiply-adds (spec: motion 10), for any vector width: the including
 * file names the vector type V of 16-bit lanes, LANES and the operations.
 *
 * Vertical: with differences d of up to 14 bits the sums of symmetric rows stay in 16 bits;
 *
 *     A + 2^(b-1) = (d0 + d4, d1 + d3) . (F0, F1) + (d2, 1) . (F2, 2^(b-1))
 *
 * Horizontal: when Y fits 16 bits, pairs (y[x], y[x+1]) in a 32-bit lane serve the even output with
 * the taps as they are and the odd one with the taps moved by one:
 *
 *     X[x]   = (y[x-2], y[x-1]) . (F0, F1) + (y[x], y[x+1]) . (F2, F1) + (y[x+2], y[x+3]) . (F0, 0)
 *
 *     X[x+1] = (y[x-2], y[x-1]) . (0, F0) + (y[x], y[x+1]) . (F1, F2) + (y[x+2], y[x+3]) . (F1, F0)
 *
 * Where it does not fit (differences of half the range, blurred), Y = 2u + c with c of one bit, and
 *
 *     V = (X of u + ((X of c + 2^15) >> 1)) >> 15
 *
 * Pictures of 15 and 16 bits and those narrower than a vector take the scalar way. */
#include "metric/motion/motion_dsp.h"

#include <immintrin.h>
#include <stdbool.h>

enum { F0 = 3571, F1 = 16004, F2 = 26386 };

#define BAND VT_MOTION_BAND
#define REACH (BAND + 2 * VT_MOTION_RADIUS)

#define INLINE static inline __attribute__((always_inline))

#ifdef __clang__
#pragma clang diagnostic ignored "-Wpass-failed" /* a sanitizer build does not unroll */
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

/* Two taps as one 32-bit lane: first for the lower sample. */
#define TAPS(first, second)                                                                        \
    SET32((int)((uint32_t)(uint16_t)(first) | (uint32_t)(uint16_t)(second) << 16))

/* A band: source rows from 2 above it to 2 below it, mirrored, and its lines of u and c or of Y. */
typedef struct Band {
    const void *earlier[REACH], *current[REACH];
    unsigned rows, w, bpc;
    int16_t *y[BAND], *c[BAND];
} Band;

INLINE V difference(const Band *b, unsigned row, unsigned x, bool bytes)
{
    if (bytes)
        return SUB16(WIDEN((const uint8_t *)b->earlier[row] + x),
                     WIDEN((const uint8_t *)b->current[row] + x));
    const V largest = SET16((short)((1 << b->bpc) - 1));
    return SUB16(MIN16(LOAD((const uint16_t *)b->earlier[row] + x), largest),
                 MIN16(LOAD((const uint16_t *)b->current[row] + x), largest));
}

/* Y of LANES columns of one row from its five differences, saturated to 16 bits; or, if c is
 * wanted, u and c. *wide collects bits above 16. */
INLINE void vertical(const V d[VT_MOTION_TAPS], unsigned bpc, V *wide, int16_t *y, int16_t *c)
{
    const V outer = ADD16(d[0], d[4]), inner = ADD16(d[1], d[3]), one = SET16(1);
    const V side = TAPS(F0, F1), middle = TAPS(F2, 1 << (bpc - 1)), half = SET32(32768);
    const __m128i shift = _mm_cvtsi32_si128((int)bpc);
    const V lo = SRA32(ADD32(MADD(LOW(outer, inner), side), MADD(LOW(d[2], one), middle)), shift);
    const V hi = SRA32(ADD32(MADD(HIGH(outer, inner), side), MADD(HIGH(d[2], one), middle)), shift);
    if (c) {
        STORE(y, PACK(SRA32_1(lo), SRA32_1(hi)));
        STORE(c, PACK(AND(lo, SET32(1)), AND(hi, SET32(1))));
    } else {
        *wide = OR(*wide, SRL32_16(OR(ADD32(lo, half), ADD32(hi, half))));
        STORE(y, PACK(lo, hi));
    }
}

INLINE void blur_columns(const Band *b, unsigned x, bool bytes, bool split, V *wide)
{
    V d[VT_MOTION_TAPS];
    for (unsigned i = 0; i < VT_MOTION_TAPS - 1; i++) d[i + 1] = difference(b, i, x, bytes);
    UNROLL for (unsigned j = 0; j < BAND; j++)
    {
        if (j >= b->rows) break;
        UNROLL for (int i = 0; i < VT_MOTION_TAPS - 1; i++) d[i] = d[i + 1];
        d[4] = difference(b, j + 4, x, bytes);
        vertical(d, b->bpc, wide, b->y[j] + x, split ? b->c[j] + x : NULL);
    }
}

static void mirror(int16_t *y, unsigned w)
{
    for (int i = 1; i <= VT_MOTION_RADIUS; i++) {
        y[-i] = y[i];
        y[(int)w - 1 + i] = y[(int)w - 1 - i];
    }
}

/* Blurs a band vertically into its lines y, or y and c; false if Y does not fit 16 bits (which does
 * not matter when split). */
INLINE bool blur_band(const Band *b, bool bytes, bool split)
{
    V wide = SET16(0);
    for (unsigned x = 0; x + LANES <= b->w; x += LANES) blur_columns(b, x, bytes, split, &wide);
    if (b->w % LANES) blur_columns(b, b->w - LANES, bytes, split, &wide); /* once more, in part */
    for (unsigned j = 0; j < b->rows; j++) {
        mirror(b->y[j], b->w);
        if (split) mirror(b->c[j], b->w);
    }
    return ALL_ZERO(wide);
}

/* X of even and of odd columns. */
typedef struct Pair {
    V even, odd;
} Pair;

INLINE Pair horizontal(const int16_t *y)
{
    const V a = LOAD(y - 2), b = LOAD(y), c = LOAD(y + 2);
    return (Pair){
        ADD32(ADD32(MADD(a, TAPS(F0, F1)), MADD(b, TAPS(F2, F1))), MADD(c, TAPS(F0, 0))),
        ADD32(ADD32(MADD(a, TAPS(0, F0)), MADD(b, TAPS(F1, F2))), MADD(c, TAPS(F1, F0))),
    };
}

static int32_t blur(const int16_t *y)
{
    return F0 * (y[-2] + y[2]) + F1 * (y[-1] + y[1]) + F2 * y[0];
}

static uint64_t sum_line(const int16_t *y, unsigned w)
{
    const V round = SET32(32768);
    V sum = SET16(0);
    unsigned x = 0;
    for (; x + LANES <= w; x += LANES) {
        const Pair p = horizontal(y + x);
        sum = ADD32(sum, ABS32(SRA32_16(ADD32(p.even, round))));
        sum = ADD32(sum, ABS32(SRA32_16(ADD32(p.odd, round))));
    }
    uint64_t total = REDUCE(sum);
    for (; x < w; x++) {
        const int32_t v = (blur(y + x) + 32768) >> 16;
        total += (uint64_t)(v < 0 ? -v : v);
    }
    return total;
}

INLINE V join(V u, V c)
{
    return ABS32(SRA32_15(ADD32(u, SRA32_1(ADD32(c, SET32(32768))))));
}

static uint64_t sum_split_line(const int16_t *u, const int16_t *c, unsigned w)
{
    V sum = SET16(0);
    unsigned x = 0;
    for (; x + LANES <= w; x += LANES) {
        const Pair p = horizontal(u + x), q = horizontal(c + x);
        sum = ADD32(sum, ADD32(join(p.even, q.even), join(p.odd, q.odd)));
    }
    uint64_t total = REDUCE(sum);
    for (; x < w; x++) {
        const int32_t v = (blur(u + x) + ((blur(c + x) + 32768) >> 1)) >> 15;
        total += (uint64_t)(v < 0 ? -v : v);
    }
    return total;
}

INLINE uint64_t sum_band(const Band *b, bool bytes)
{
    const bool fits = blur_band(b, bytes, false);
    if (!fits) blur_band(b, bytes, true);
    uint64_t total = 0;
    for (unsigned j = 0; j < b->rows; j++)
        total += fits ? sum_line(b->y[j], b->w) : sum_split_line(b->y[j], b->c[j], b->w);
    return total;
}

static uint64_t sad(const VtMotionPair *p, void *scratch)
{
    if (p->w < LANES || p->bpc > 14) return vt_motion_sad_scalar(p, scratch);
    Band b = {.w = p->w, .bpc = p->bpc};
    const size_t line = VT_MOTION_LINE(p->w);
    for (unsigned j = 0; j < BAND; j++) {
        b.y[j] = (int16_t *)scratch + 2 * j * line + VT_MOTION_MARGIN;
        b.c[j] = b.y[j] + line;
    }
    uint64_t total = 0;
    for (unsigned y = p->first; y < p->end; y += BAND) {
        b.rows = p->end - y < BAND ? p->end - y : BAND;
        for (unsigned i = 0; i < b.rows + 2 * VT_MOTION_RADIUS; i++) {
            const unsigned row = vt_motion_mirror((int)(y + i) - VT_MOTION_RADIUS, p->h);
            b.earlier[i] = vt_motion_row(p->earlier, p->earlier_stride, row);
            b.current[i] = vt_motion_row(p->current, p->current_stride, row);
        }
        total += p->bpc == 8 ? sum_band(&b, true) : sum_band(&b, false);
    }
    return total;
}
