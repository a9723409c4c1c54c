/* Scalar kernels of integer VIF: the formula as it is. */
#include "metric/vif/vif_dsp.h"

#include "base/mem.h"
#include "cpu/cpu.h"

const VtVifFilter vt_vif_filter[VT_VIF_SCALES] = {
    {8,
     {489, 935, 1640, 2640, 3896, 5274, 6547, 7455, 7784, 7455, 6547, 5274, 3896, 2640, 1640, 935,
      489}},
    {4, {1244, 3663, 7925, 12590, 14692, 12590, 7925, 3663, 1244}},
    {2, {3571, 16004, 26386, 16004, 3571}},
    {1, {10904, 43728, 10904}},
};

const uint32_t vt_vif_log_c0[32] = {
    131620,    23965072,  47087846,  69539672,  91359279,  112580812, 133237147, 153355154,
    172964558, 192090600, 210755525, 228980722, 246787077, 264193246, 281216533, 297873968,
    314180055, 330151427, 345798820, 361136454, 376177297, 390930342, 405408837, 419620564,
    433576630, 447285749, 460756225, 473996938, 487014541, 499816888, 512411701, 524804762,
};
const uint16_t vt_vif_log_c1[32] = {
    23633, 22917, 22243, 21607, 21007, 20440, 19901, 19392, 18908, 18446, 18006,
    17588, 17188, 16806, 16441, 16092, 15757, 15435, 15127, 14830, 14544, 14271,
    14005, 13751, 13506, 13269, 13040, 12818, 12605, 12399, 12199, 12005,
};
const uint16_t vt_vif_log_c2[32] = {
    1432, 1348, 1271, 1199, 1135, 1076, 1020, 970, 922, 878, 837, 799, 763, 730, 699, 671,
    643,  617,  593,  570,  548,  529,  508,  490, 474, 458, 442, 425, 412, 400, 387, 374,
};

void vt_vif_pixel(int32_t s1, int32_t s2, int32_t s12, const VtVifLimits *limits, VtVifSums *sums)
{
    if (s1 < VT_VIF_NOISE) {
        sums->flat_variance += s2;
        sums->flat_count++;
        return;
    }
    sums->den_log += vt_vif_log((uint32_t)(VT_VIF_NOISE + s1));
    if (s12 <= 0 || s2 <= 0) return;

    /* The distorted picture as gain times reference plus noise of variance v. */
    const double eps = 65536 * 1.0e-10, g = s12 / (s1 + eps);
    const double explained = g * s12;
    int32_t v = (int32_t)(s2 - explained);
    if (v < 0) v = 0;
    const int32_t n1 = v + VT_VIF_NOISE;
    const int log_n1 = vt_vif_log((uint32_t)n1);
    for (unsigned i = 0; i < limits->count; i++) {
        const double limited = g < limits->value[i] ? g : limits->value[i];
        const int32_t signal = (int32_t)((limited * limited) * s1);
        sums->num_log[i] += vt_vif_log((uint32_t)(signal + n1)) - log_n1;
    }
}

static uint32_t sample(const void *row, unsigned x, unsigned bpc)
{
    return bpc == 8 ? ((const uint8_t *)row)[x] : ((const uint16_t *)row)[x];
}

static uint64_t round_shift(uint64_t v, unsigned n)
{
    return n ? (v + (UINT64_C(1) << (n - 1))) >> n : v;
}

/* Results of the vertical pass for one row of a strip and the columns its filter reaches; entry i
 * is column x0 - radius + i. */
typedef struct Line {
    uint16_t m1[VT_VIF_STRIP + 2 * VT_VIF_RADIUS], m2[VT_VIF_STRIP + 2 * VT_VIF_RADIUS];
    uint32_t q1[VT_VIF_STRIP + 2 * VT_VIF_RADIUS], q2[VT_VIF_STRIP + 2 * VT_VIF_RADIUS],
        q12[VT_VIF_STRIP + 2 * VT_VIF_RADIUS];
} Line;

/* spec: vif 6, vertical pass. Sums of products stay below 2^48. */
static void vertical(const VtVifStrip *s, unsigned row, Line *line)
{
    const VtVifFilter *f = &vt_vif_filter[s->scale];
    const unsigned first = row + vt_vif_reach(s->scale) - f->radius, taps = 2 * f->radius + 1;
    const unsigned mean_shift = s->scale ? 16 : s->bpc;
    const unsigned square_shift = s->scale ? 16 : 2 * (s->bpc - 8);
    for (unsigned i = 0; i < s->x1 - s->x0 + 2 * f->radius; i++) {
        const unsigned x = vt_vif_mirror((int)(s->x0 + i) - (int)f->radius, s->w);
        uint64_t m1 = 0, m2 = 0, q1 = 0, q2 = 0, q12 = 0;
        for (unsigned k = 0; k < taps; k++) {
            const uint64_t r = sample(s->ref[first + k], x, s->bpc);
            const uint64_t d = sample(s->dis[first + k], x, s->bpc);
            m1 += f->tap[k] * r;
            m2 += f->tap[k] * d;
            q1 += f->tap[k] * (r * r);
            q2 += f->tap[k] * (d * d);
            q12 += f->tap[k] * (r * d);
        }
        line->m1[i] = (uint16_t)round_shift(m1, mean_shift);
        line->m2[i] = (uint16_t)round_shift(m2, mean_shift);
        line->q1[i] = (uint32_t)round_shift(q1, square_shift);
        line->q2[i] = (uint32_t)round_shift(q2, square_shift);
        line->q12[i] = (uint32_t)round_shift(q12, square_shift);
    }
}

/* spec: vif 6, horizontal pass; the differences are taken modulo 2^32. */
static void horizontal(const VtVifStrip *s, const Line *line, const VtVifLimits *limits,
                       VtVifSums *sums)
{
    const VtVifFilter *f = &vt_vif_filter[s->scale];
    for (unsigned i = 0; i < s->x1 - s->x0; i++) {
        uint64_t m1 = 0, m2 = 0, q1 = 0, q2 = 0, q12 = 0;
        for (unsigned k = 0; k < 2 * f->radius + 1; k++) {
            m1 += (uint64_t)f->tap[k] * line->m1[i + k];
            m2 += (uint64_t)f->tap[k] * line->m2[i + k];
            q1 += (uint64_t)f->tap[k] * line->q1[i + k];
            q2 += (uint64_t)f->tap[k] * line->q2[i + k];
            q12 += (uint64_t)f->tap[k] * line->q12[i + k];
        }
        const uint32_t m11 = (uint32_t)round_shift(m1 * m1, 32);
        const uint32_t m22 = (uint32_t)round_shift(m2 * m2, 32);
        const uint32_t m12 = (uint32_t)round_shift(m1 * m2, 32);
        const int32_t s1 = (int32_t)((uint32_t)round_shift(q1, 16) - m11);
        const int32_t s2 = (int32_t)((uint32_t)round_shift(q2, 16) - m22);
        const int32_t s12 = (int32_t)((uint32_t)round_shift(q12, 16) - m12);
        vt_vif_pixel(s1, s2 > 0 ? s2 : 0, s12, limits, sums);
    }
}

static void statistics(const VtVifStrip *strip, void *scratch, const VtVifLimits *limits,
                       VtVifSums *sums)
{
    for (unsigned row = 0; row < strip->rows; row++) {
        vertical(strip, row, scratch);
        horizontal(strip, scratch, limits, sums);
    }
}

/* Makes entries -n .. -1 and w .. w + n - 1 of a line mirror images (spec: vif 4). */
static void mirror_edges(uint16_t *line, unsigned w, unsigned n)
{
    for (int i = 1; i <= (int)n; i++) {
        line[-i] = line[vt_vif_mirror(-i, w)];
        line[(int)w - 1 + i] = line[vt_vif_mirror((int)w - 1 + i, w)];
    }
}

/* spec: vif 5. Sums stay below 2^32. */
static void thin(const VtVifThin *t, void *scratch)
{
    const VtVifFilter *f = &vt_vif_filter[t->scale];
    const unsigned taps = 2 * f->radius + 1, extra = vt_vif_reach(t->scale) - f->radius;
    uint16_t *filtered = (uint16_t *)scratch + VT_VIF_RADIUS;
    for (unsigned row = 0; row < t->rows; row++) {
        for (unsigned x = 0; x < t->w; x++) {
            uint64_t sum = 0;
            for (unsigned k = 0; k < taps; k++)
                sum += f->tap[k] * sample(t->src[2 * row + extra + k], x, t->bpc);
            filtered[x] = (uint16_t)round_shift(sum, t->bpc);
        }
        mirror_edges(filtered, t->w, f->radius);
        for (unsigned x = 0; x < t->w / 2; x++) {
            uint64_t sum = 0;
            for (unsigned k = 0; k < taps; k++)
                sum += (uint32_t)f->tap[k] * filtered[(int)(2 * x + k) - (int)f->radius];
            t->dst[row][x] = (uint16_t)round_shift(sum, 16);
        }
    }
}

/* SIMD kernels keep the vertical pass of a whole strip, 8 lines of 16-bit words a row, and a list of
 * pixels. */
size_t vt_vif_strip_scratch(unsigned limits)
{
    const size_t lines = VT_VIF_BAND * 8 * VT_VIF_LINE * sizeof(int16_t);
    const size_t list = (3 + limits) * VT_VIF_LIST * sizeof(int32_t) + VT_ALIGN;
    return VT_ALIGN_UP(lines + list > sizeof(Line) ? lines + list : sizeof(Line));
}

size_t vt_vif_thin_scratch(unsigned w)
{
    return VT_ALIGN_UP((w + 2 * VT_VIF_RADIUS + 64) * sizeof(uint16_t) * VT_VIF_THINNED);
}

void vt_vif_dsp_init(VtVifDsp *dsp, unsigned cpu_flags)
{
    *dsp = (VtVifDsp){statistics, thin};
#if defined(__x86_64__)
    if (cpu_flags & VT_CPU_AVX2) vt_vif_dsp_init_avx2(dsp);
    if (cpu_flags & VT_CPU_AVX512) vt_vif_dsp_init_avx512(dsp);
    if (cpu_flags & VT_CPU_AVX512ICL) vt_vif_dsp_init_avx512icl(dsp);
#elif defined(__aarch64__)
    if (cpu_flags & VT_CPU_NEON) vt_vif_dsp_init_neon(dsp);
#else
    (void)cpu_flags;
#endif
}
