/* Integer motion with NEON. Rows of differences are formed where they are used, five loads and
 * subtractions an output row; nothing but one blurred row is stored.
 *
 * Up to 15 bits a difference is a signed word and A (spec: motion 4) fits 32 bits. At 16 bits both
 * pictures, less 32768, are blurred on their own, which fits 32 bits too, and subtracted as 64.
 *
 * The horizontal pass (spec: motion 10): if every Y of the row is a signed word, X fits 32 bits.
 * Else Y = 2 u + c with u a signed word and c 0 or 1, and
 * V = (sum of F u + ((sum of F c + 32768) >> 1)) >> 15. */
#include "metric/motion/motion_dsp.h"

#include <arm_neon.h>
#include <stdbool.h>

#include "base/mem.h"

#define INLINE static inline __attribute__((always_inline))

enum { COLUMNS = 8, MARGIN = 8 };
enum { F0 = 3571, F1 = 16004, F2 = 26386 };

typedef enum { BYTES, WORDS, WORDS16 } Samples;

typedef struct Wide {
    int32x4_t lo, hi; /* columns 0 to 3, 4 to 7 */
} Wide;

/* Rows y - 2 .. y + 2 of both pictures, mirrored. */
typedef struct Rows {
    const void *earlier[VT_MOTION_TAPS], *current[VT_MOTION_TAPS];
} Rows;

INLINE Wide blur(const int16x8_t v[VT_MOTION_TAPS])
{
    Wide a = {vmull_n_s16(vget_low_s16(v[0]), F0), vmull_high_n_s16(v[0], F0)};
    a.lo = vmlal_n_s16(a.lo, vget_low_s16(v[1]), F1);
    a.hi = vmlal_high_n_s16(a.hi, v[1], F1);
    a.lo = vmlal_n_s16(a.lo, vget_low_s16(v[2]), F2);
    a.hi = vmlal_high_n_s16(a.hi, v[2], F2);
    a.lo = vmlal_n_s16(a.lo, vget_low_s16(v[3]), F1);
    a.hi = vmlal_high_n_s16(a.hi, v[3], F1);
    a.lo = vmlal_n_s16(a.lo, vget_low_s16(v[4]), F0);
    a.hi = vmlal_high_n_s16(a.hi, v[4], F0);
    return a;
}

INLINE uint16x8_t words(const void *row, unsigned x)
{
    return vld1q_u16((const uint16_t *)row + x);
}

/* A sample of 16 bits less 32768. */
INLINE int16x8_t centred(const void *row, unsigned x)
{
    return vreinterpretq_s16_u16(veorq_u16(words(row, x), vdupq_n_u16(0x8000)));
}

INLINE int16x8_t difference(const void *earlier, const void *current, unsigned x, unsigned bpc,
                            Samples samples)
{
    if (samples == BYTES)
        return vreinterpretq_s16_u16(
            vsubl_u8(vld1_u8((const uint8_t *)earlier + x), vld1_u8((const uint8_t *)current + x)));
    const uint16x8_t largest = vdupq_n_u16((uint16_t)((1u << bpc) - 1));
    return vreinterpretq_s16_u16(
        vsubq_u16(vminq_u16(words(earlier, x), largest), vminq_u16(words(current, x), largest)));
}

/* (a - b + 2^15) >> 16 */
INLINE int32x4_t rounded_difference(int32x4_t a, int32x4_t b)
{
    return vcombine_s32(vrshrn_n_s64(vsubl_s32(vget_low_s32(a), vget_low_s32(b)), 16),
                        vrshrn_n_s64(vsubl_high_s32(a, b), 16));
}

/* Y of 8 columns. */
INLINE Wide vertical(const Rows *r, unsigned x, unsigned bpc, Samples samples)
{
    int16x8_t v[VT_MOTION_TAPS];
    if (samples == WORDS16) {
        for (int k = 0; k < VT_MOTION_TAPS; k++) v[k] = centred(r->earlier[k], x);
        const Wide a = blur(v);
        for (int k = 0; k < VT_MOTION_TAPS; k++) v[k] = centred(r->current[k], x);
        const Wide b = blur(v);
        return (Wide){rounded_difference(a.lo, b.lo), rounded_difference(a.hi, b.hi)};
    }
    for (int k = 0; k < VT_MOTION_TAPS; k++)
        v[k] = difference(r->earlier[k], r->current[k], x, bpc, samples);
    const Wide a = blur(v);
    const int32x4_t shift = vdupq_n_s32(-(int)bpc);
    return (Wide){vrshlq_s32(a.lo, shift), vrshlq_s32(a.hi, shift)};
}

/* First column of the block after that at x: the last one ends where the row ends. */
INLINE unsigned next_block(unsigned x, unsigned w)
{
    return x + COLUMNS < w && x + 2 * COLUMNS > w ? w - COLUMNS : x + COLUMNS;
}

/* Stores Y; false if one is too large for a word. */
INLINE bool narrow_row(const Rows *r, unsigned w, unsigned bpc, Samples samples, int16_t *y)
{
    int32x4_t largest = vdupq_n_s32(0);
    for (unsigned x = 0; x < w; x = next_block(x, w)) {
        const Wide v = vertical(r, x, bpc, samples);
        largest = vmaxq_s32(largest, vmaxq_s32(vabsq_s32(v.lo), vabsq_s32(v.hi)));
        vst1q_s16(y + x, vcombine_s16(vmovn_s32(v.lo), vmovn_s32(v.hi)));
    }
    return vmaxvq_s32(largest) < 32768;
}

/* Stores Y as u and c. */
INLINE void split_row(const Rows *r, unsigned w, unsigned bpc, Samples samples, int16_t *u,
                      int16_t *c)
{
    for (unsigned x = 0; x < w; x = next_block(x, w)) {
        const Wide v = vertical(r, x, bpc, samples);
        const int16x8_t low = vcombine_s16(vmovn_s32(v.lo), vmovn_s32(v.hi));
        vst1q_s16(u + x, vcombine_s16(vshrn_n_s32(v.lo, 1), vshrn_n_s32(v.hi, 1)));
        vst1q_s16(c + x, vandq_s16(low, vdupq_n_s16(1)));
    }
}

static void mirror(int16_t *y, unsigned w)
{
    for (int i = 1; i <= VT_MOTION_RADIUS; i++) {
        y[-i] = y[vt_motion_mirror(-i, w)];
        y[(int)w - 1 + i] = y[vt_motion_mirror((int)w - 1 + i, w)];
    }
}

/* Filter sums of columns 0 to 7. */
INLINE Wide blur_columns(const int16_t *y)
{
    const int16x8_t v[VT_MOTION_TAPS] = {vld1q_s16(y - 2), vld1q_s16(y - 1), vld1q_s16(y),
                                         vld1q_s16(y + 1), vld1q_s16(y + 2)};
    return blur(v);
}

/* All ones in the first n lanes. */
INLINE uint32x4_t first(unsigned n)
{
    static const uint32_t order[4] = {0, 1, 2, 3};
    return vcltq_u32(vld1q_u32(order), vdupq_n_u32(n));
}

/* Adds the |V| of 8 columns, of which `left` or all 8 count. */
INLINE uint32x4_t add_magnitudes(uint32x4_t sum, int32x4_t lo, int32x4_t hi, unsigned left)
{
    uint32x4_t a = vreinterpretq_u32_s32(vabsq_s32(lo)), b = vreinterpretq_u32_s32(vabsq_s32(hi));
    if (left < COLUMNS) {
        a = vandq_u32(a, first(left));
        b = vandq_u32(b, first(left > 4 ? left - 4 : 0));
    }
    return vaddq_u32(sum, vaddq_u32(a, b));
}

static uint64_t horizontal(int16_t *y, unsigned w)
{
    mirror(y, w);
    uint32x4_t sum = vdupq_n_u32(0);
    for (unsigned x = 0; x < w; x += COLUMNS) {
        const Wide s = blur_columns(y + x);
        sum = add_magnitudes(sum, vrshrq_n_s32(s.lo, 16), vrshrq_n_s32(s.hi, 16), w - x);
    }
    return vaddlvq_u32(sum);
}

INLINE int32x4_t recombine(int32x4_t u, int32x4_t c)
{
    const int32x4_t half = vdupq_n_s32(32768);
    return vshrq_n_s32(vaddq_s32(u, vshrq_n_s32(vaddq_s32(c, half), 1)), 15);
}

static uint64_t horizontal_split(int16_t *u, int16_t *c, unsigned w)
{
    mirror(u, w);
    mirror(c, w);
    uint32x4_t sum = vdupq_n_u32(0);
    for (unsigned x = 0; x < w; x += COLUMNS) {
        const Wide a = blur_columns(u + x), b = blur_columns(c + x);
        sum = add_magnitudes(sum, recombine(a.lo, b.lo), recombine(a.hi, b.hi), w - x);
    }
    return vaddlvq_u32(sum);
}

static Rows rows_around(const VtMotionPair *p, unsigned y)
{
    Rows r;
    for (int k = 0; k < VT_MOTION_TAPS; k++) {
        const unsigned at = vt_motion_mirror((int)y - VT_MOTION_RADIUS + k, p->h);
        r.earlier[k] = vt_motion_row(p->earlier, p->earlier_stride, at);
        r.current[k] = vt_motion_row(p->current, p->current_stride, at);
    }
    return r;
}

INLINE uint64_t sad_of(const VtMotionPair *p, void *scratch, Samples samples)
{
    VtCarve c = {.base = scratch};
    const size_t line = (p->w + 64) * sizeof(int16_t);
    int16_t *y = (int16_t *)vt_carve(&c, line) + MARGIN;
    int16_t *odd = (int16_t *)vt_carve(&c, line) + MARGIN;
    uint64_t sad = 0;
    for (unsigned row = p->first; row < p->end; row++) {
        const Rows r = rows_around(p, row);
        if (narrow_row(&r, p->w, p->bpc, samples, y)) {
            sad += horizontal(y, p->w);
        } else {
            split_row(&r, p->w, p->bpc, samples, y, odd);
            sad += horizontal_split(y, odd, p->w);
        }
    }
    return sad;
}

static uint64_t sad(const VtMotionPair *p, void *scratch)
{
    if (p->w < COLUMNS) return vt_motion_sad_scalar(p, scratch);
    if (p->bpc == 8) return sad_of(p, scratch, BYTES);
    return p->bpc < 16 ? sad_of(p, scratch, WORDS) : sad_of(p, scratch, WORDS16);
}

void vt_motion_dsp_init_neon(VtMotionDsp *dsp)
{
    dsp->sad = sad;
}
