/* The scalar kernels: the formulas as they are (spec: adm 5 to 10). Casts to narrower types keep
 * the low bits, which only happens for weights far out of their useful range (CSF mode 1). */
#include "metric/adm/adm_dsp.h"

#include <stdlib.h>

#include "cpu/cpu.h"

static const int lo_tap[4] = {VT_ADM_LO0, VT_ADM_LO1, VT_ADM_LO2, VT_ADM_LO3};
static const int hi_tap[4] = {VT_ADM_LO3, -VT_ADM_LO2, VT_ADM_LO1, -VT_ADM_LO0};

/* Add half, shift. */
static int64_t rsh(int64_t v, unsigned s)
{
    return s ? (v + (INT64_C(1) << (s - 1))) >> s : v;
}

static int64_t filter(const int tap[4], const int64_t x[4])
{
    return tap[0] * x[0] + tap[1] * x[1] + tap[2] * x[2] + tap[3] * x[3];
}

/* Index -1 is 1; n is n - 1 and n + 1 is n - 2. */
static void mirror_columns(int32_t *row, unsigned n)
{
    row[-1] = row[1];
    row[n] = row[n - 1];
    row[n + 1] = row[n - 2];
}

static int64_t filter_columns(const int tap[4], const int32_t *t, unsigned i)
{
    const int32_t *p = t + 2 * (ptrdiff_t)i - 1;
    const int64_t x[4] = {p[0], p[1], p[2], p[3]};
    return filter(tap, x);
}

/* ------------------------------------------------------------------------------- wavelet rows */

static int64_t plane_sample(const void *row, bool words, unsigned bpc, unsigned x)
{
    const int64_t half = INT64_C(1) << (bpc - 1);
    const int64_t v = words ? ((const uint16_t *)row)[x] : ((const uint8_t *)row)[x];
    return (v < 2 * half ? v : 2 * half - 1) - half;
}

static void dwt_plane(const void *const src[4], bool words, unsigned bpc, unsigned w_in,
                      const VtAdmTemp *temp, int16_t *ll, int16_t *const detail[3])
{
    int32_t *tl = temp->row[0], *th = temp->row[1];
    for (unsigned x = 0; x < w_in; x++) {
        int64_t v[4];
        for (int k = 0; k < 4; k++) v[k] = plane_sample(src[k], words, bpc, x);
        tl[x] = (int16_t)rsh(filter(lo_tap, v), bpc);
        th[x] = (int16_t)rsh(filter(hi_tap, v), bpc);
    }
    mirror_columns(tl, w_in);
    mirror_columns(th, w_in);
    for (unsigned i = 0; i < (w_in + 1) / 2; i++) {
        ll[i] = (int16_t)rsh(filter_columns(lo_tap, tl, i), 16);
        if (!detail) continue;
        detail[VT_ADM_V][i] = (int16_t)rsh(filter_columns(hi_tap, tl, i), 16);
        detail[VT_ADM_H][i] = (int16_t)rsh(filter_columns(lo_tap, th, i), 16);
        detail[VT_ADM_D][i] = (int16_t)rsh(filter_columns(hi_tap, th, i), 16);
    }
}

static void dwt_bytes(const void *const src[4], unsigned bpc, unsigned w_in, const VtAdmTemp *temp,
                      int16_t *ll, int16_t *const detail[3])
{
    dwt_plane(src, false, bpc, w_in, temp, ll, detail);
}

static void dwt_words(const void *const src[4], unsigned bpc, unsigned w_in, const VtAdmTemp *temp,
                      int16_t *ll, int16_t *const detail[3])
{
    dwt_plane(src, true, bpc, w_in, temp, ll, detail);
}

/* The horizontal pass of scales 1 to 3. */
static void bands_from_columns(unsigned w_in, unsigned shift, const VtAdmTemp *temp, int32_t *ll,
                               int32_t *const detail[3])
{
    int32_t *tl = temp->row[0], *th = temp->row[1];
    mirror_columns(tl, w_in);
    mirror_columns(th, w_in);
    for (unsigned i = 0; i < (w_in + 1) / 2; i++) {
        if (ll) ll[i] = (int32_t)rsh(filter_columns(lo_tap, tl, i), shift);
        if (!detail) continue;
        detail[VT_ADM_V][i] = (int32_t)rsh(filter_columns(hi_tap, tl, i), shift);
        detail[VT_ADM_H][i] = (int32_t)rsh(filter_columns(lo_tap, th, i), shift);
        detail[VT_ADM_D][i] = (int32_t)rsh(filter_columns(hi_tap, th, i), shift);
    }
}

static void dwt_fine(const int16_t *const src[4], unsigned w_in, const VtAdmTemp *temp, int32_t *ll,
                     int32_t *const detail[3])
{
    for (unsigned x = 0; x < w_in; x++) {
        const int64_t v[4] = {src[0][x], src[1][x], src[2][x], src[3][x]};
        temp->row[0][x] = (int32_t)filter(lo_tap, v);
        temp->row[1][x] = (int32_t)filter(hi_tap, v);
    }
    bands_from_columns(w_in, 15, temp, ll, detail);
}

static void dwt_coarse(const int32_t *const src[4], unsigned w_in, unsigned shift,
                       const VtAdmTemp *temp, int32_t *ll, int32_t *const detail[3])
{
    for (unsigned x = 0; x < w_in; x++) {
        const int64_t v[4] = {src[0][x], src[1][x], src[2][x], src[3][x]};
        temp->row[0][x] = (int32_t)rsh(filter(lo_tap, v), 16);
        temp->row[1][x] = (int32_t)rsh(filter(hi_tap, v), 16);
    }
    bands_from_columns(w_in, shift, temp, ll, detail);
}

/* -------------------------------------------------------------------------------- denominator */

static void den16(const int16_t *const o[3], unsigned n, uint64_t sum[3])
{
    for (int b = 0; b < 3; b++)
        for (unsigned j = 0; j < n; j++) {
            const uint64_t m = (uint64_t)abs(o[b][j]);
            sum[b] += m * m * m;
        }
}

static void den32(const int32_t *const o[3], unsigned n, unsigned square_shift, unsigned shift,
                  uint64_t sum[3])
{
    for (int b = 0; b < 3; b++)
        for (unsigned j = 0; j < n; j++) {
            const int64_t m = llabs(o[b][j]);
            /* A whole unit is added, not half of one. */
            const int64_t square = (m * m + (INT64_C(1) << square_shift)) >> square_shift;
            sum[b] += (uint64_t)rsh(square * m, shift);
        }
}

/* ----------------------------------------------------------------------------------- decouple */

/* dp >= 0 and dp^2 >= cos^2(1 degree) oo tt, each first rounded to binary32. */
bool vt_adm_angle_flag(int32_t oh, int32_t ov, int32_t th, int32_t tv)
{
    const float dp = (float)((int64_t)oh * th + (int64_t)ov * tv);
    const float oo = (float)((int64_t)oh * oh + (int64_t)ov * ov);
    const float tt = (float)((int64_t)th * th + (int64_t)tv * tv);
    return dp >= 0 && (double)dp * dp >= (double)VT_ADM_COS2 * oo * tt;
}

/* t / o in Q15, by way of a reciprocal of a 15 bit divisor. */
static int64_t ratio(int64_t o, int64_t t, bool wide)
{
    if (!o) return 32768;
    int64_t m = llabs(o);
    unsigned e = 0;
    if (wide && m >= 32768) {
        e = (unsigned)(64 - __builtin_clzll((unsigned long long)m)) - 15;
        m = rsh(m, e);
    }
    const int64_t reciprocal = (INT64_C(1) << 30) / m;
    const int64_t k = rsh(reciprocal * (o > 0 ? t : -t), 15 + e);
    return k < 0 ? 0 : k > 32768 ? 32768 : k;
}

static void decouple16(const int16_t *const o[3], const int16_t *const t[3], unsigned n,
                       int16_t *const r[3], int16_t *flag)
{
    for (unsigned j = 0; j < n; j++) {
        for (int b = 0; b < 3; b++)
            r[b][j] = (int16_t)rsh(ratio(o[b][j], t[b][j], false) * o[b][j], 15);
        flag[j] = vt_adm_angle_flag(o[0][j], o[1][j], t[0][j], t[1][j]) ? -1 : 0;
    }
}

static void decouple32(const int32_t *const o[3], const int32_t *const t[3], unsigned n,
                       int32_t *const r[3], int32_t *flag)
{
    for (unsigned j = 0; j < n; j++) {
        for (int b = 0; b < 3; b++)
            r[b][j] = (int32_t)rsh(ratio(o[b][j], t[b][j], true) * o[b][j], 15);
        flag[j] = vt_adm_angle_flag(o[0][j], o[1][j], t[0][j], t[1][j]) ? -1 : 0;
    }
}

/* ------------------------------------------------------------------------------- gain and CSF */

/* The enhancement-limited r. r has the sign of the reference o wherever it is not 0, and stays 0
 * where it is, so o itself is not needed. */
static int32_t limit_gain(int32_t r, int32_t t, bool flag, double gain)
{
    if (!flag || !r) return r;
    const double y = (double)r * gain;
    if (r > 0) return y < t ? (int32_t)y : t;
    return y > t ? (int32_t)y : t;
}

static int32_t masking_csf16(int b, int32_t y, uint32_t weight)
{
    const int64_t p = (int64_t)y * weight;
    return (int16_t)(b == VT_ADM_D ? (p + 65535) >> 17 : (p + 16384) >> 15);
}

static void csf16(const VtAdmCsf *csf, const int16_t *const r[3], const int16_t *const t[3],
                  const int16_t *flag, unsigned n, const VtAdmMasked16 *out)
{
    for (unsigned j = 0; j < n; j++) {
        int32_t f[2] = {0, 0}, g[2] = {0, 0};
        for (int b = 0; b < 3; b++) {
            const int32_t restored = limit_gain(r[b][j], t[b][j], flag[j], csf->gain);
            const int32_t additive = t[b][j] - restored;
            out->z[VT_ADM_DLM][b][j] = (uint16_t)abs(restored);
            out->z[VT_ADM_AIM][b][j] = (uint16_t)abs(additive);
            const int32_t mask[2] = {additive, restored};
            for (int role = 0; role < 2; role++) {
                const int32_t y = abs(masking_csf16(b, mask[role], csf->weight[b]));
                f[role] += (int16_t)((4369 * y + 2048) >> 12);
                g[role] += (int16_t)((8738 * y + 2048) >> 12); /* wraps for the largest y */
            }
        }
        for (int role = 0; role < (csf->aim ? 2 : 1); role++) {
            out->f[role][j] = f[role];
            out->e[role][j] = g[role] - f[role];
        }
    }
}

static int32_t wrapped_abs(int32_t v)
{
    return (int32_t)(v < 0 ? 0u - (uint32_t)v : (uint32_t)v);
}

static int32_t csf_magnitude32(int32_t z, uint32_t weight)
{
    return wrapped_abs((int32_t)rsh((int64_t)z * weight, 28));
}

static void csf32(const VtAdmCsf *csf, const int32_t *const r[3], const int32_t *const t[3],
                  const int32_t *flag, unsigned n, const VtAdmMasked32 *out)
{
    for (unsigned j = 0; j < n; j++) {
        uint32_t f[2] = {0, 0}, g[2] = {0, 0};
        for (int b = 0; b < 3; b++) {
            const int32_t restored = limit_gain(r[b][j], t[b][j], flag[j], csf->gain);
            const int32_t x[2] = {csf_magnitude32(restored, csf->weight[b]),
                                  csf_magnitude32(t[b][j] - restored, csf->weight[b])};
            for (int role = 0; role < 2; role++) {
                out->z[role][b][j] = x[role];
                const int64_t y = x[1 - role]; /* one role's signal is the other's mask */
                const int64_t half = INT64_C(1) << 31;
                f[role] += (uint32_t)((143165577 * y - half) >> 32);
                g[role] += (uint32_t)((286331153 * y - half) >> 32);
            }
        }
        for (int role = 0; role < (csf->aim ? 2 : 1); role++) {
            out->f[role][j] = (int32_t)f[role];
            out->e[role][j] = (int32_t)(g[role] - f[role]);
        }
    }
}

/* ---------------------------------------------------------------------------------- numerator */

static uint32_t threshold(const int32_t *const f[3], const int32_t *e, unsigned j)
{
    uint32_t thr = (uint32_t)e[j];
    for (int row = 0; row < 3; row++)
        for (ptrdiff_t k = -1; k <= 1; k++) thr += (uint32_t)f[row][(ptrdiff_t)j + k];
    return thr;
}

/* What is left of |X| above the threshold, cubed. */
static uint64_t excess_cube(uint32_t x, uint32_t thr, unsigned square_shift, unsigned shift)
{
    const int32_t left = (int32_t)(x - thr);
    if (left <= 0) return 0;
    const int32_t q = (int32_t)rsh((int64_t)left * left, square_shift);
    return (uint64_t)rsh((int64_t)q * left, shift);
}

static void mask16(const uint32_t weight[3], const int32_t *const f[3], const int32_t *e,
                   const uint16_t *const z[3], unsigned n, unsigned log2_w, uint64_t sum[3])
{
    for (unsigned j = 0; j < n; j++) {
        const uint32_t thr = threshold(f, e, j);
        for (int b = 0; b < 3; b++) {
            const uint32_t x = z[b][j] * weight[b];
            sum[b] += b == VT_ADM_D ? excess_cube(x, thr << 12, 30, log2_w - 3)
                                    : excess_cube(x, thr << 10, 29, log2_w - 4);
        }
    }
}

static void mask32(const int32_t *const f[3], const int32_t *e, const int32_t *const z[3],
                   unsigned n, unsigned log2_w, uint64_t sum[3])
{
    for (unsigned j = 0; j < n; j++) {
        const uint32_t thr = threshold(f, e, j);
        for (int b = 0; b < 3; b++) sum[b] += excess_cube((uint32_t)z[b][j], thr, 30, log2_w);
    }
}

/* -------------------------------------------------------------------------------------- table */

bool vt_adm_weights_in_range(unsigned scale, const uint32_t weight[3])
{
    /* The largest that keep |Y| at scale 0 below 2^15 and |X| at scales 1 to 3 below 2^30. */
    static const uint32_t limit[VT_ADM_SCALES][2] = {
        {36453, 49417}, {193000000, 193000000}, {383000000, 383000000}, {384000000, 384000000}};
    return weight[VT_ADM_H] <= limit[scale][0] && weight[VT_ADM_V] <= limit[scale][0] &&
           weight[VT_ADM_D] <= limit[scale][1];
}

void vt_adm_dsp_init(VtAdmDsp *dsp, unsigned cpu_flags)
{
    *dsp = (VtAdmDsp){
        .dwt_plane = {dwt_bytes, dwt_words},
        .dwt_fine = dwt_fine,
        .dwt_coarse = dwt_coarse,
        .den16 = den16,
        .den32 = den32,
        .decouple16 = decouple16,
        .decouple32 = decouple32,
        .csf16 = csf16,
        .csf32 = csf32,
        .mask16 = mask16,
        .mask32 = mask32,
    };
#if defined(__x86_64__)
    if (cpu_flags & VT_CPU_AVX2) vt_adm_dsp_init_avx2(dsp);
    if (cpu_flags & VT_CPU_AVX512) vt_adm_dsp_init_avx512(dsp);
    if (cpu_flags & VT_CPU_AVX512ICL) vt_adm_dsp_init_avx512icl(dsp);
#elif defined(__aarch64__)
    if (cpu_flags & VT_CPU_NEON) vt_adm_dsp_init_neon(dsp);
#else
    (void)cpu_flags;
#endif
}
