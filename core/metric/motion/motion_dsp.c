/* Scalar kernel of integer motion: the formula as it is. */
#include "metric/motion/motion_dsp.h"

#include "base/mem.h"
#include "cpu/cpu.h"

const int16_t vt_motion_tap[VT_MOTION_TAPS] = {3571, 16004, 26386, 16004, 3571};

/* Differences of two rows. */
static void difference(const VtMotionPair *p, unsigned y, int32_t *out)
{
    const void *earlier = vt_motion_row(p->earlier, p->earlier_stride, y);
    const void *current = vt_motion_row(p->current, p->current_stride, y);
    if (p->bpc == 8) {
        for (unsigned x = 0; x < p->w; x++)
            out[x] = ((const uint8_t *)earlier)[x] - ((const uint8_t *)current)[x];
    } else {
        const int32_t largest = (1 << p->bpc) - 1;
        for (unsigned x = 0; x < p->w; x++) {
            const int32_t a = ((const uint16_t *)earlier)[x], b = ((const uint16_t *)current)[x];
            out[x] = (a < largest ? a : largest) - (b < largest ? b : largest);
        }
    }
}

static int64_t blur(int64_t a, int64_t b, int64_t c, int64_t d, int64_t e)
{
    const int16_t *f = vt_motion_tap;
    return f[0] * a + f[1] * b + f[2] * c + f[3] * d + f[4] * e;
}

/* Y = (A + 2^(bpc - 1)) >> bpc, half up for negative values too. A has 33 bits at 16 bits. */
static void vertical(int32_t *const row[VT_MOTION_TAPS], unsigned w, unsigned bpc, int32_t *out)
{
    for (unsigned x = 0; x < w; x++) {
        const int64_t a = blur(row[0][x], row[1][x], row[2][x], row[3][x], row[4][x]);
        out[x] = (int32_t)((a + (INT64_C(1) << (bpc - 1))) >> bpc);
    }
}

/* V = (X + 2^15) >> 16; X has 33 bits. y has room for 2 entries on both sides. */
static uint64_t horizontal(int32_t *y, unsigned w)
{
    for (int i = 1; i <= VT_MOTION_RADIUS; i++) {
        y[-i] = y[vt_motion_mirror(-i, w)];
        y[(int)w - 1 + i] = y[vt_motion_mirror((int)w - 1 + i, w)];
    }
    uint64_t sum = 0;
    for (int x = 0; x < (int)w; x++) {
        const int64_t v = (blur(y[x - 2], y[x - 1], y[x], y[x + 1], y[x + 2]) + 32768) >> 16;
        sum += (uint64_t)(v < 0 ? -v : v);
    }
    return sum;
}

uint64_t vt_motion_sad_scalar(const VtMotionPair *p, void *scratch)
{
    VtCarve c = {.base = scratch};
    const size_t line = (p->w + 2 * VT_MOTION_RADIUS) * sizeof(int32_t);
    int32_t *window[VT_MOTION_TAPS]; /* differences of row y at y % 5 */
    for (unsigned i = 0; i < VT_MOTION_TAPS; i++) window[i] = vt_carve(&c, line);
    int32_t *blurred = (int32_t *)vt_carve(&c, line) + VT_MOTION_RADIUS;

    uint64_t sad = 0;
    unsigned have = p->first > VT_MOTION_RADIUS ? p->first - VT_MOTION_RADIUS : 0; /* next row */
    for (unsigned y = p->first; y < p->end; y++) {
        for (; have < p->h && have <= y + VT_MOTION_RADIUS; have++)
            difference(p, have, window[have % VT_MOTION_TAPS]);
        int32_t *row[VT_MOTION_TAPS];
        for (int k = 0; k < VT_MOTION_TAPS; k++)
            row[k] = window[vt_motion_mirror((int)y - VT_MOTION_RADIUS + k, p->h) % VT_MOTION_TAPS];
        vertical(row, p->w, p->bpc, blurred);
        sad += horizontal(blurred, p->w);
    }
    return sad;
}

/* The scalar kernel has six lines of 32-bit words. */
size_t vt_motion_scratch(unsigned w)
{
    const size_t scalar =
        (VT_MOTION_TAPS + 1) * VT_ALIGN_UP((w + 2 * VT_MOTION_RADIUS) * sizeof(int32_t));
    const size_t simd = 2 * VT_MOTION_BAND * VT_MOTION_LINE(w) * sizeof(int16_t);
    return VT_ALIGN_UP(scalar > simd ? scalar : simd);
}

void vt_motion_dsp_init(VtMotionDsp *dsp, unsigned cpu_flags)
{
    dsp->sad = vt_motion_sad_scalar;
#if defined(__x86_64__)
    if (cpu_flags & VT_CPU_AVX2) vt_motion_dsp_init_avx2(dsp);
    if (cpu_flags & VT_CPU_AVX512) vt_motion_dsp_init_avx512(dsp);
#elif defined(__aarch64__)
    if (cpu_flags & VT_CPU_NEON) vt_motion_dsp_init_neon(dsp);
#else
    (void)cpu_flags;
#endif
}
