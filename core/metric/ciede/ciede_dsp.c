/* Scalar kernel of ciede: the formula as it is (spec: classic 6). Variables are floats where the
 * formula rounds and doubles where it does not. */
#include "metric/ciede/ciede_dsp.h"

#include <math.h>

#include "cpu/cpu.h"

typedef struct Lab {
    float l, a, b;
} Lab;

/* Gamma-expanded component. */
static double linear(double c)
{
    return c > 10.0 / 255.0 ? pow((c + 0.055) * (1.0 / 1.055), 2.4) : c * (1.0 / 12.92);
}

static float cube_root(double t)
{
    const double f =
        t > 216.0 / 24389.0 ? pow(t, 1.0 / 3.0) : ((24389.0 / 27.0) * t + 16.0) * (1.0 / 116.0);
    return (float)f;
}

/* BT.709, limited range. */
static Lab lab_of(unsigned luma, unsigned cb, unsigned cr, unsigned bpc)
{
    const double scale = 1 << (bpc - 8);
    const double y = (luma - 16 * scale) * (1 / (219 * scale));
    const double u = (cb - 128 * scale) * (1 / (224 * scale));
    const double v = (cr - 128 * scale) * (1 / (224 * scale));
    const double r = linear(y + 1.28033 * v);
    const double g = linear(y - 0.21482 * u - 0.38059 * v);
    const double b = linear(y + 2.12798 * u);
    const double x = r * 0.4124564390896921 + g * 0.357576077643909 + b * 0.18043748326639894;
    const double yy = r * 0.21267285140562248 + g * 0.715152155287818 + b * 0.07217499330655958;
    const double z = r * 0.019333895582329317 + g * 0.119192025881303 + b * 0.9503040785363677;
    const double fx = (double)cube_root(x * (1 / 0.95047)), fy = (double)cube_root(yy);
    const double fz = (double)cube_root(z * (1 / 1.08883));
    return (Lab){(float)(116 * fy - 16), (float)(500 * (fx - fy)), (float)(200 * (fy - fz))};
}

static double square(double v)
{
    return v * v;
}

static float hypotenuse(float a, float b)
{
    return (float)sqrt(square((double)a) + square((double)b));
}

/* Angle from 0 to 2 pi. */
static float hue(float b, float a)
{
    if (a == 0 && b == 0) return 0;
    const float t = (float)atan2((double)b, (double)a);
    return t < 0 ? (float)((double)t + 2 * M_PI) : t;
}

static float hue_difference(float c1, float c2, float h1, float h2)
{
    if (c1 == 0 || c2 == 0) return 0;
    const float d = h2 - h1;
    if (fabs((double)d) <= M_PI) return d;
    return h2 <= h1 ? (float)((double)d + 2 * M_PI) : (float)((double)d - 2 * M_PI);
}

static float hue_mean(float h1, float h2)
{
    const double sum = (double)(h1 + h2);
    return (float)(fabs((double)(h1 - h2)) > M_PI ? (sum + 2 * M_PI) / 2 : sum / 2);
}

/* T: weight of the hue difference. */
static float hue_weight(double hm)
{
    return (float)(1 - 0.17 * cos(hm - M_PI / 6) + 0.24 * cos(2 * hm) +
                   0.32 * cos(3 * hm + M_PI / 30) - 0.20 * cos(4 * hm - 7 * M_PI / 20));
}

/* R_T: interaction of chroma and hue differences in the blue region. */
static float rotation(float hm, float cm)
{
    const float degrees = (float)((double)hm * (180 / M_PI));
    const float dg = (float)(((double)degrees - 275) * (1.0 / 25));
    const float c7 = powf(cm, 7), rho = c7 / (c7 + 6103515648.0f);
    const float theta = (float)(60 * exp(-(double)(dg * dg)));
    const float radians = (float)((double)theta * (M_PI / 180));
    return (float)(-2 * sqrt((double)rho) * sin((double)radians));
}

/* CIEDE2000 with k_L = 0.65, k_C = 1, k_H = 4. */
static float difference(Lab p, Lab q)
{
    const float dl = q.l - p.l, lm = (p.l + q.l) / 2;
    const float chroma1 = hypotenuse(p.a, p.b), chroma2 = hypotenuse(q.a, q.b);
    const double m7 = pow((double)((chroma1 + chroma2) / 2), 7);
    const double g = 1 - sqrt(m7 / (m7 + 6103515625.0)); /* 25^7 */
    const float a1 = (float)((double)p.a + (double)(p.a / 2) * g);
    const float a2 = (float)((double)q.a + (double)(q.a / 2) * g);
    const float c1 = hypotenuse(a1, p.b), c2 = hypotenuse(a2, q.b);
    const float cm = (c1 + c2) / 2, dc = c2 - c1;

    const double q50 = square((double)(lm - 50));
    const float sl = (float)(1 + 0.015 * q50 / sqrt(20 + q50));
    const float sc = (float)(1 + 0.045 * (double)cm);

    const float h1 = hue(p.b, a1), h2 = hue(q.b, a2);
    const float dh = hue_difference(chroma1, chroma2, h1, h2);
    const float dhue = (float)(2 * sqrt((double)(c1 * c2)) * sin((double)dh / 2));
    const float hm = hue_mean(h1, h2);
    const float t = hue_weight((double)hm);
    const float sh = (float)(1 + 0.015 * (double)cm * (double)t);

    const float lt = dl / (0.65f * sl), ch = dc / (1.0f * sc), hu = dhue / (4.0f * sh);
    return (float)sqrt(square((double)lt) + square((double)ch) + square((double)hu) +
                       (double)(rotation(hm, cm) * ch * hu));
}

static void differences(const VtCiedeRun *run, float *delta)
{
    for (unsigned i = 0; i < run->n; i++)
        delta[i] = difference(lab_of(run->ref[0][i], run->ref[1][i], run->ref[2][i], run->bpc),
                              lab_of(run->dis[0][i], run->dis[1][i], run->dis[2][i], run->bpc));
}

void vt_ciede_dsp_init(VtCiedeDsp *dsp, unsigned cpu_flags)
{
    *dsp = (VtCiedeDsp){.differences = differences};
#if defined(__x86_64__)
    if (cpu_flags & VT_CPU_AVX2) vt_ciede_dsp_init_avx2(dsp);
    if (cpu_flags & VT_CPU_AVX512) vt_ciede_dsp_init_avx512(dsp);
#else
    (void)cpu_flags;
#endif
}
