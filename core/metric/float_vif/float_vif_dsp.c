/* Scalar kernels of floating-point VIF: the formulas as they are (spec: float 2). */
#include "metric/float_vif/float_vif_dsp.h"

#include <string.h>

#include "base/mem.h"
#include "cpu/cpu.h"

enum { MU1, MU2, XX, YY, XY, IMAGES };

const float vt_fvif_log_coefficient[VT_FVIF_LOG_TERMS] = {
    -0.012671635276421f, 0.064841182402670f, -0.157048836463065f, 0.257167726303123f,
    -0.353800560300520f, 0.480131410397451f, -0.721314327952201f, 1.442694803896991f,
};

/* Binary logarithm of x >= 1. Infinity and NaN are not treated apart: they give 128 and more. */
static float log_base_2(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof(bits));
    const int exponent = (int)(bits >> 23 & 0xff) - 127;
    bits = (bits & 0x7fffff) | 0x3f800000;
    memcpy(&x, &bits, sizeof(x));
    const float t = x - 1;
    float r = vt_fvif_log_coefficient[0];
    for (int k = 1; k < VT_FVIF_LOG_TERMS; k++) r = r * t + vt_fvif_log_coefficient[k];
    return (float)exponent + r * t;
}

static float maximum(float a, float b)
{
    return a > b ? a : b;
}

float vt_fvif_pixel(VtFvifMoments p, const VtFvifModel *model, float *num)
{
    const float eps = 1.0e-10f;
    float a = maximum(p.xx - p.mu1 * p.mu1, 0);
    const float b = maximum(p.yy - p.mu2 * p.mu2, 0);
    const float c = p.xy - p.mu1 * p.mu2;
    float g = c / (a + eps); /* gain of the distortion channel */
    float v = b - g * c;     /* variance of its additive noise */
    if (a < eps) g = 0, v = b, a = 0;
    if (b < eps) g = 0, v = 0;
    if (g < 0) v = b, g = 0;
    v = maximum(v, eps);

    const bool flat = a < model->flat_below;
    const double noise = (double)v + model->noise;
    for (unsigned i = 0; i < model->n_limits; i++) {
        const float limited = g < model->limit[i] ? g : model->limit[i];
        const float signal = limited * limited * a;
        num[i] = log_base_2((float)(1 + (double)signal / noise));
        if (c < 0) num[i] = 0;
        if (flat) num[i] = 1 - b * model->flat_scale;
    }
    return flat ? 1 : log_base_2((float)(1 + (double)a / model->noise));
}

/* acc[x] += tap * value[x]; starts the sum for the first tap. */
static void accumulate(float *acc, float tap, const float *value, unsigned w, bool first)
{
    if (first)
        for (unsigned x = 0; x < w; x++) acc[x] = tap * value[x];
    else
        for (unsigned x = 0; x < w; x++) acc[x] += tap * value[x];
}

static void product(float *out, const float *a, const float *b, unsigned w)
{
    for (unsigned x = 0; x < w; x++) out[x] = a[x] * b[x];
}

/* The line continues mirrored for radius samples on both sides. */
static void mirror_ends(float *line, unsigned w, unsigned radius)
{
    for (int i = 1; i <= (int)radius; i++) {
        line[-i] = line[i];
        line[(int)w - 1 + i] = line[(int)w - 1 - i];
    }
}

/* Sum of taps around x. */
static float filtered(const float *line, int x, const VtFvifFilter *f)
{
    float sum = 0;
    for (int k = 0; k <= 2 * (int)f->radius; k++) sum += f->tap[k] * line[x - (int)f->radius + k];
    return sum;
}

typedef struct Lines {
    float *value[2], *product;
    float *image[IMAGES]; /* with room for the mirrored ends */
} Lines;

static size_t layout(Lines *l, unsigned w, void *scratch)
{
    VtCarve c = {.base = scratch};
    const size_t padded = VT_ALIGN_UP((w + VT_FVIF_RADIUS) * sizeof(float));
    for (int i = 0; i < 2; i++) l->value[i] = vt_carve(&c, VT_FLOAT_ROW(w));
    l->product = vt_carve(&c, VT_FLOAT_ROW(w));
    for (int i = 0; i < IMAGES; i++) {
        float *start = vt_carve(&c, VT_FVIF_RADIUS * sizeof(float) + padded);
        l->image[i] = start ? start + VT_FVIF_RADIUS : NULL;
    }
    return c.used;
}

/* Row j of the band, filtered down the columns. */
static void filter_columns(const VtFvifBand *band, unsigned j, Lines *l)
{
    const VtFvifFilter *f = band->filter;
    const unsigned w = band->w;
    float *r = l->value[0], *d = l->value[1];
    for (unsigned k = 0; k <= 2 * f->radius; k++) {
        const float tap = f->tap[k];
        vt_float_read_row(&band->samples, band->ref[j + k], w, r);
        vt_float_read_row(&band->samples, band->dis[j + k], w, d);
        accumulate(l->image[MU1], tap, r, w, !k);
        accumulate(l->image[MU2], tap, d, w, !k);
        product(l->product, r, r, w);
        accumulate(l->image[XX], tap, l->product, w, !k);
        product(l->product, d, d, w);
        accumulate(l->image[YY], tap, l->product, w, !k);
        product(l->product, r, d, w);
        accumulate(l->image[XY], tap, l->product, w, !k);
    }
    for (int i = 0; i < IMAGES; i++) mirror_ends(l->image[i], w, f->radius);
}

static void statistics(const VtFvifBand *band, const VtFvifModel *model, void *scratch,
                       VtFvifSums *sums)
{
    Lines l;
    layout(&l, band->w, scratch);
    const VtFvifFilter *f = band->filter;
    for (unsigned j = 0; j < band->rows; j++) {
        filter_columns(band, j, &l);
        float den = 0, num[VT_MAX_MEMBERS] = {0};
        for (int x = 0; x < (int)band->w; x++) {
            const VtFvifMoments p = {filtered(l.image[MU1], x, f), filtered(l.image[MU2], x, f),
                                     filtered(l.image[XX], x, f), filtered(l.image[YY], x, f),
                                     filtered(l.image[XY], x, f)};
            float term[VT_MAX_MEMBERS];
            den += vt_fvif_pixel(p, model, term);
            for (unsigned i = 0; i < model->n_limits; i++) num[i] += term[i];
        }
        sums->den[j] = den;
        for (unsigned i = 0; i < model->n_limits; i++) sums->num[i][j] = num[i];
    }
}

static void thin(const VtFvifThin *t, void *scratch)
{
    Lines l;
    layout(&l, t->w, scratch);
    const VtFvifFilter *f = t->filter;
    for (unsigned j = 0; j < t->rows; j++) {
        for (unsigned k = 0; k <= 2 * f->radius; k++) {
            vt_float_read_row(&t->samples, t->src[2 * j + k], t->w, l.value[0]);
            accumulate(l.image[0], f->tap[k], l.value[0], t->w, !k);
        }
        mirror_ends(l.image[0], t->w, f->radius);
        for (unsigned x = 0; x < t->w / 2; x++) t->dst[j][x] = filtered(l.image[0], 2 * (int)x, f);
    }
}

/* Enough for the scalar kernels' eight lines, and for those that SIMD kernels have beside their
 * tiles of a fixed size. */
size_t vt_fvif_scratch(unsigned w)
{
    Lines l;
    const size_t scalar = layout(&l, w, NULL);
    const size_t simd = VT_FVIF_TILES + VT_FVIF_THINNED * VT_FLOAT_ROW(w + 2 * VT_FVIF_MARGIN);
    return scalar > simd ? scalar : simd;
}

void vt_fvif_dsp_init(VtFvifDsp *dsp, unsigned cpu_flags)
{
    *dsp = (VtFvifDsp){statistics, thin};
    (void)cpu_flags;
#if defined(__x86_64__)
    if (cpu_flags & VT_CPU_AVX2) vt_fvif_dsp_init_avx2(dsp);
    if (cpu_flags & VT_CPU_AVX512) vt_fvif_dsp_init_avx512(dsp);
#endif
}
