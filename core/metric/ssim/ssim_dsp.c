/* Scalar kernels of float_ssim and float_ms_ssim: the formula as it is (spec: classic 2 to 4). */
#include "metric/ssim/ssim_dsp.h"

#include <math.h>

#include "cpu/cpu.h"

const float vt_ssim_tap[6] = {0.001028f, 0.007599f, 0.036001f, 0.109361f, 0.213006f, 0.266012f};

const float vt_ssim_halve_tap[5][5] = {
    {0.363505f, 0.160885f, -0.047149f, -0.010146f, 0.016114f},
    {0.160885f, 0.071207f, -0.020867f, -0.004490f, 0.007132f},
    {-0.047149f, -0.020867f, 0.006115f, 0.001316f, -0.002090f},
    {-0.010146f, -0.004490f, 0.001316f, 0.000283f, -0.000450f},
    {0.016114f, 0.007132f, -0.002090f, -0.000450f, 0.000714f},
};

static void convert8(const uint8_t *src, float *dst, unsigned n)
{
    for (unsigned i = 0; i < n; i++) dst[i] = (float)src[i];
}

static void convert16(const uint16_t *src, float *dst, unsigned n, float scale)
{
    for (unsigned i = 0; i < n; i++) dst[i] = (float)src[i] * scale;
}

static void split8(const uint8_t *src, float *even, float *odd, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        even[i] = (float)src[2 * i];
        odd[i] = (float)src[2 * i + 1];
    }
}

static void split16(const uint16_t *src, float *even, float *odd, unsigned n, float scale)
{
    for (unsigned i = 0; i < n; i++) {
        even[i] = (float)src[2 * i] * scale;
        odd[i] = (float)src[2 * i + 1] * scale;
    }
}

static void split32(const float *src, float *even, float *odd, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        even[i] = src[2 * i];
        odd[i] = src[2 * i + 1];
    }
}

/* ---- window statistics ---- */

static float tap(unsigned k)
{
    return vt_ssim_tap[k < VT_SSIM_TAPS / 2 ? k : VT_SSIM_REACH - k];
}

static void product(const float *a, const float *b, float *out, unsigned n)
{
    for (unsigned i = 0; i < n; i++) out[i] = a[i] * b[i];
}

/* Products are rounded to float, their sum is double, the result is rounded to float. */
static void horizontal(const float *src, float *out, unsigned n)
{
    for (unsigned x = 0; x < n; x++) {
        double sum = 0;
        for (unsigned k = 0; k < VT_SSIM_TAPS; k++) sum += (double)(src[x + k] * tap(k));
        out[x] = (float)sum;
    }
}

/* The same down the rows: the new row continues every open window, ends the oldest one, whose
 * value replaces it, and opens one. */
static void vertical(double open[VT_SSIM_REACH][VT_SSIM_STRIP], float *row, unsigned n)
{
    for (unsigned x = 0; x < n; x++) {
        const float v = row[x];
        row[x] = (float)(open[VT_SSIM_REACH - 1][x] + (double)(v * tap(VT_SSIM_REACH)));
        for (unsigned k = VT_SSIM_REACH - 1; k > 0; k--)
            open[k][x] = open[k - 1][x] + (double)(v * tap(k));
        open[0][x] = (double)(v * tap(0));
    }
}

static float max0(float v)
{
    return v > 0 ? v : 0;
}

/* Luminance, contrast and structure of one position. m1 and m2 are filtered samples, q11, q22 and
 * q12 filtered products. The quotients l and c share a division: they may be off by an ulp of a
 * double, and only their means, in floats, matter. */
static void position(float m1, float m2, float q11, float q22, float q12, unsigned lane,
                     VtSsimSums *sums)
{
    const float v1 = max0(q11 - m1 * m1), v2 = max0(q22 - m2 * m2), v12 = q12 - m1 * m2;
    const float g = sqrtf(v1 * v2);
    const double l_den = (double)(m1 * m1 + m2 * m2 + VT_SSIM_C1);
    const double c_den = (double)(v1 + v2 + VT_SSIM_C2);
    const double reciprocal = 1 / (l_den * c_den);
    const double l = (2.0 * m1 * m2 + (double)VT_SSIM_C1) * (c_den * reciprocal);
    const double c = (2.0 * g + (double)VT_SSIM_C2) * (l_den * reciprocal);
    const float z = v12 < 0 && g <= 0 ? 0 : v12;
    const double s = (double)((z + VT_SSIM_C3) / (g + VT_SSIM_C3));
    sums->lane[VT_SSIM_S][lane] += l * c * s;
    sums->lane[VT_SSIM_L][lane] += l;
    sums->lane[VT_SSIM_C][lane] += c;
    sums->lane[VT_SSIM_T][lane] += s;
}

static void positions(const VtSsimTile *tile, VtSsimWindows *windows, void *scratch,
                      VtSsimSums *sums)
{
    float *products = scratch,
          (*filtered)[VT_SSIM_STRIP] =
              (float(*)[VT_SSIM_STRIP])(products + VT_SSIM_STRIP + VT_SSIM_OVERREAD);
    const unsigned n = tile->n;
    for (unsigned y = 0; y < tile->rows; y++) {
        const float *r = tile->ref[y], *d = tile->dis[y];
        const float *const factor[VT_SSIM_IMAGES][2] = {
            {r, NULL}, {d, NULL}, {r, r}, {d, d}, {r, d}};
        for (unsigned i = 0; i < VT_SSIM_IMAGES; i++) {
            if (factor[i][1]) product(factor[i][0], factor[i][1], products, n + VT_SSIM_REACH);
            horizontal(factor[i][1] ? products : factor[i][0], filtered[i], n);
            vertical(windows->open[i], filtered[i], n);
        }
        if (y < tile->skip) continue;
        for (unsigned x = 0; x < n; x++)
            position(filtered[VT_SSIM_REF][x], filtered[VT_SSIM_DIS][x], filtered[VT_SSIM_REF2][x],
                     filtered[VT_SSIM_DIS2][x], filtered[VT_SSIM_CROSS][x], x % VT_SSIM_LANES,
                     sums);
    }
}

/* SIMD kernels keep VT_SSIM_ROWS rows of both sides and of every filtered image. */
size_t vt_ssim_positions_scratch(void)
{
    const size_t line = VT_SSIM_STRIP + VT_SSIM_OVERREAD;
    return (2 + VT_SSIM_IMAGES) * VT_SSIM_ROWS * line * sizeof(float);
}

/* ---- decimation ---- */

/* What source row i gives to an output that is v rows below it, or above if negative. */
static double halve_across(const VtSsimHalve *t, unsigned i, unsigned x, int v, double sum)
{
    for (int u = -4; u <= 4; u++) {
        const unsigned column = x + (unsigned)(u + 4) / 2;
        const float sample = u % 2 ? t->odd[i][column] : t->even[i][column];
        sum += (double)(sample * vt_ssim_halve_tap[v < 0 ? -v : v][u < 0 ? -u : u]);
    }
    return sum;
}

/* Every output adds 81 products, rounded to float, in doubles: rows from above, each from the left.
 */
static void halve(const VtSsimHalve *t)
{
    for (unsigned p = 0; p < t->pairs; p++)
        for (unsigned x = 0; x < t->n; x++) {
            for (unsigned k = 1; k < VT_SSIM_HALVE_OPEN; k++)
                t->open[k][x] = halve_across(t, 2 * p, x, 2 * (int)k - 5, t->open[k][x]);
            for (unsigned k = 0; k + 1 < VT_SSIM_HALVE_OPEN; k++) t->open[k][x] = t->open[k + 1][x];
            t->open[VT_SSIM_HALVE_OPEN - 1][x] = 0;
            for (unsigned k = 0; k < VT_SSIM_HALVE_OPEN; k++)
                t->open[k][x] = halve_across(t, 2 * p + 1, x, 2 * (int)k - 4, t->open[k][x]);
            if (p >= t->skip) t->dst[p - t->skip][x] = (float)t->open[0][x];
        }
}

static void box(const VtSsimBox *b, double *column, float *dst)
{
    const float depth = vt_ssim_depth_scale(b->bpc), box_tap = vt_ssim_box_tap(b->scale);
    for (unsigned i = 0; i < b->n * b->scale; i++) {
        column[i] = 0;
        for (unsigned v = 0; v < b->scale; v++) {
            const float sample = b->bpc == 8 ? (float)((const uint8_t *)b->row[v])[i]
                                             : (float)((const uint16_t *)b->row[v])[i] * depth;
            column[i] += (double)(sample * box_tap);
        }
    }
    for (unsigned i = 0; i < b->n; i++) {
        double sum = 0;
        for (unsigned u = 0; u < b->scale; u++) sum += column[i * b->scale + u];
        dst[i] = (float)sum;
    }
}

void vt_ssim_dsp_init(VtSsimDsp *dsp, unsigned cpu_flags)
{
    *dsp = (VtSsimDsp){.convert8 = convert8,
                       .convert16 = convert16,
                       .split8 = split8,
                       .split16 = split16,
                       .split32 = split32,
                       .positions = positions,
                       .halve = halve,
                       .box = box};
#if defined(__x86_64__)
    if (cpu_flags & VT_CPU_AVX2) vt_ssim_dsp_init_avx2(dsp);
    if (cpu_flags & VT_CPU_AVX512) vt_ssim_dsp_init_avx512(dsp);
#else
    (void)cpu_flags;
#endif
}
