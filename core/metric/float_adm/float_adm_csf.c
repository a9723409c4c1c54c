/* Contrast sensitivity of the wavelet bands (spec: float 3, "CSF factors"). */
#include <math.h>

#include "metric/float_adm/float_adm_private.h"

/* Visual resolution of the display, in pixels per degree. */
static float resolution(const VtFadmOptions *o)
{
    return (float)(o->view_dist * o->display_height * M_PI / 180.0);
}

/* Mode 0: detection thresholds of wavelet noise, from the bands' basis function amplitudes. */
static float watson(float r, int scale, bool diagonal)
{
    static const float amplitude[2][VT_FADM_SCALES] = {{0.67234f, 0.41317f, 0.22727f, 0.11792f},
                                                       {0.72709f, 0.49428f, 0.28688f, 0.15214f}};
    const float gain = diagonal ? 0.534f : 1.0f;
    const double octave = 2 << scale;
    const float t = (float)log10(octave * (double)0.401f * (double)gain / (double)r);
    const float u = 0.466f * t * t;
    const float q =
        (float)(2.0 * (double)0.495f * pow(10.0, (double)u) / (double)amplitude[diagonal][scale]);
    return 1 / q;
}

/* Mode 1: Barten's model at a luminance of 100. */
static float barten(float r, int scale, double factor)
{
    const float p0 = 0.382407725f, p1 = 2.9807415f, p2 = 1.147156f, p3 = 7.25679541f;
    const float rods_and_cones = 30.1219521f;
    static const float weight[4] = {0.424838596301290f, 0.572435103936480f, 0.000167576239164937f,
                                    0.00255872352306433f};
    static const float decay[4] = {0.028f, 0.37f, 37, 360};
    const float q = r / (float)(2 << scale);
    const float a = (float)(1 + pow((double)(p0 * q), (double)p1));
    const double lateral = pow((double)(q / 7), 2);
    const float b = (float)(1 / pow(1 - exp(-lateral), (double)p2));
    const float c = (float)((double)p3 / pow((double)(a * b), 0.5));
    float m = 0;
    for (int i = 0; i < 4; i++)
        m = (float)((double)m + (double)weight[i] * exp((double)(-decay[i] * q)));
    return (float)((double)(c * m * rods_and_cones) * factor);
}

/* Mode 2. */
static float native(float r, int scale, bool diagonal)
{
    float q = r / (float)(2 << scale);
    if (diagonal) q = (float)((double)q / 0.7);
    return (float)((0.31 + 0.69 * (double)q) * exp(-0.29 * (double)q));
}

static float band_factor(const VtFadmOptions *o, int scale, bool diagonal)
{
    const double given = diagonal ? o->factor2[scale] : o->factor1[scale];
    if (given >= 0) return (float)given;
    const float r = resolution(o);
    if (o->csf_mode == 1) return barten(r, scale, diagonal ? o->csf_diag_scale : o->csf_scale);
    if (o->csf_mode == 2) return native(r, scale, diagonal);
    return watson(r, scale, diagonal);
}

void vt_fadm_csf(const VtFadmOptions *o, int scale, float factor[VT_FADM_BANDS])
{
    factor[VT_FADM_H] = factor[VT_FADM_V] = band_factor(o, scale, false);
    factor[VT_FADM_D] = band_factor(o, scale, true);
}
