/* Integer motion with 16-bit multiply-adds (spec: motion 10), for any vector width: the including
 * file names the vector type V of 16-bit lanes, LANES and the operations.
 *
 * Vertical: with d of up to 14 bits the sums of symmetric rows stay in 16 bits;
 *     A + 2^(b-1) = (d0 + d4, d1 + d3) . (F0, F1) + (d2, 1) . (F2, 2^(b-1)).
 * Horizontal: when every Y of the row fits 16 bits, pairs (y[x], y[x+1]) in a 32-bit lane serve the
 * even output with the taps as they are and the odd one with the taps moved by one: X[x]     =
 * (y[x-2], y[x-1]) . (F0, F1) + (y[x], y[x+1]) . (F2, F1) + (y[x+2], y[x+3]) . (F0, 0) X[x + 1] =
 * (y[x-2], y[x-1]) . (0, F0) + (y[x], y[x+1]) . (F1, F2) + (y[x+2], y[x+3]) . (F1, F0) Rows that do
 * not fit (differences of half the range, blurred) take the scalar way, as do 15 and 16 bits and
 * pictures narrower than a vector. */
#include "metric/motion/motion_dsp.h"

#include <immintrin.h>
#include <stdbool.h>

#include "base/mem.h"

enum { F0 = 3571, F1 = 16004, F2 = 26386 };

/* Two taps as one 32-bit lane: first for the lower sample. */
#define TAPS(first, second)                                                                        \
    SET32((int)((uint32_t)(uint16_t)(first) | (uint32_t)(uint16_t)(second) << 16))

static inline V difference(const VtMotionPair *p, unsigned y, unsigned x)
{
    const void *a = vt_motion_row(p->earlier, p->earlier_stride, y);
    const void *b = vt_motion_row(p->current, p->current_stride, y);
    if (p->bpc == 8) return SUB16(WIDEN((const uint8_t *)a + x), WIDEN((const uint8_t *)b + x));
    return SUB16(LOAD((const uint16_t *)a + x), LOAD((const uint16_t *)b + x));
}

/* Y of LANES columns, saturated to 16 bits; *wide collects bits above them. */
static inline V vertical(const VtMotionPair *p, const unsigned row[VT_MOTION_TAPS], unsigned x,
                         V *wide)
{
    const V outer = ADD16(difference(p, row[0], x), difference(p, row[4], x));
    const V inner = ADD16(difference(p, row[1], x), difference(p, row[3], x));
    const V centre = difference(p, row[2], x), one = SET16(1);
    const V side = TAPS(F0, F1), middle = TAPS(F2, 1 << (p->bpc - 1));
    const __m128i shift = _mm_cvtsi32_si128((int)p->bpc);
    const V lo = SRA32(ADD32(MADD(LOW(outer, inner), side), MADD(LOW(centre, one), middle)), shift);
    const V hi =
        SRA32(ADD32(MADD(HIGH(outer, inner), side), MADD(HIGH(centre, one), middle)), shift);
    const V half = SET32(32768);
    *wide = OR(*wide, SRL32_16(OR(ADD32(lo, half), ADD32(hi, half))));
    return PACK(lo, hi);
}

/* Blurs one row vertically into y (room for a margin of 2 on both sides); false if it does not fit.
 */
static bool blur_row(const VtMotionPair *p, const unsigned row[VT_MOTION_TAPS], int16_t *y)
{
    V wide = SET16(0);
    for (unsigned x = 0; x + LANES <= p->w; x += LANES) STORE(y + x, vertical(p, row, x, &wide));
    if (p->w % LANES)
        STORE(y + p->w - LANES, vertical(p, row, p->w - LANES, &wide)); /* once more, in part */
    for (int i = 1; i <= VT_MOTION_RADIUS; i++) {
        y[-i] = y[i];
        y[(int)p->w - 1 + i] = y[(int)p->w - 1 - i];
    }
    return ALL_ZERO(wide);
}

static uint64_t sum_row(const int16_t *y, unsigned w)
{
    const V round = SET32(32768);
    V sum = SET16(0);
    unsigned x = 0;
    for (; x + LANES <= w; x += LANES) {
        const V a = LOAD(y + x - 2), b = LOAD(y + x), c = LOAD(y + x + 2);
        const V even =
            ADD32(ADD32(MADD(a, TAPS(F0, F1)), MADD(b, TAPS(F2, F1))), MADD(c, TAPS(F0, 0)));
        const V odd =
            ADD32(ADD32(MADD(a, TAPS(0, F0)), MADD(b, TAPS(F1, F2))), MADD(c, TAPS(F1, F0)));
        sum = ADD32(sum, ABS32(SRA32_16(ADD32(even, round))));
        sum = ADD32(sum, ABS32(SRA32_16(ADD32(odd, round))));
    }
    uint64_t total = REDUCE(sum);
    for (; x < w; x++) {
        const int32_t v = (F0 * (y[(int)x - 2] + y[x + 2]) + F1 * (y[(int)x - 1] + y[x + 1]) +
                           F2 * y[x] + 32768) >>
                          16;
        total += (uint64_t)(v < 0 ? -v : v);
    }
    return total;
}

/* A row that does not fit 16 bits: the scalar kernel on five rows, of which the middle one counts.
 * It blurs a picture of rows 0 .. 4; mirrored rows were resolved before. */
static uint64_t wide_row(const VtMotionPair *p, const unsigned row[VT_MOTION_TAPS], int32_t *y)
{
    for (unsigned x = 0; x < p->w; x++) {
        int32_t d[VT_MOTION_TAPS];
        for (int k = 0; k < VT_MOTION_TAPS; k++) {
            const void *a = vt_motion_row(p->earlier, p->earlier_stride, row[k]);
            const void *b = vt_motion_row(p->current, p->current_stride, row[k]);
            d[k] = p->bpc == 8 ? ((const uint8_t *)a)[x] - ((const uint8_t *)b)[x]
                               : ((const uint16_t *)a)[x] - ((const uint16_t *)b)[x];
        }
        y[x] =
            (F0 * (d[0] + d[4]) + F1 * (d[1] + d[3]) + F2 * d[2] + (1 << (p->bpc - 1))) >> p->bpc;
    }
    return vt_motion_sum_row_scalar(y, p->w);
}

static uint64_t sad(const VtMotionPair *p, void *scratch)
{
    if (p->w < LANES || p->bpc > 14) return vt_motion_sad_scalar(p, scratch);
    VtCarve c = {.base = scratch};
    int16_t *y16 = (int16_t *)vt_carve(&c, (p->w + 3 * 64) * sizeof(int16_t)) + 64;
    int32_t *y32 =
        (int32_t *)vt_carve(&c, (p->w + 2 * VT_MOTION_RADIUS) * sizeof(int32_t)) + VT_MOTION_RADIUS;
    uint64_t total = 0;
    for (unsigned y = 0; y < p->h; y++) {
        unsigned row[VT_MOTION_TAPS];
        for (int k = 0; k < VT_MOTION_TAPS; k++)
            row[k] = vt_motion_mirror((int)y - VT_MOTION_RADIUS + k, p->h);
        total += blur_row(p, row, y16) ? sum_row(y16, p->w) : wide_row(p, row, y32);
    }
    return total;
}
