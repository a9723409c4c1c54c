/* Contrast sensitivity weights (spec: adm 8). They depend on options alone and are made once. */
#include <errno.h>
#include <math.h>

#include "metric/adm/adm_private.h"

#define PI 3.14159265358979323846

/* Pixels per degree of visual angle. */
static float visual_resolution(const VtAdmOptions *opt)
{
    return (float)(opt->view_dist * opt->display_height * PI / 180);
}

/* Mode 0: Watson's quantisation thresholds for the wavelet's bands. */
static float watson(const VtAdmOptions *opt, unsigned s, bool diagonal)
{
    static const float amplitude[2][VT_ADM_SCALES] = {{0.67234f, 0.41317f, 0.22727f, 0.11792f},
                                                      {0.72709f, 0.49428f, 0.28688f, 0.15214f}};
    const double g = diagonal ? (double)0.534f : 1.0;
    const double r = (double)visual_resolution(opt);
    const float q = (float)log10((double)(2 << s) * (double)0.401f * g / r);
    const float e = 0.466f * q * q;
    const float threshold =
        (float)(2 * (double)0.495f * pow(10, (double)e) / (double)amplitude[diagonal][s]);
    return (float)(1 / (double)threshold);
}

/* A parameter of Barten's model at 100 cd/m2, between its figures for 20 and 150. */
static float at_100_cd(float v0, float v1)
{
    const float a = (float)log10(20), b = (float)log10(150);
    return v0 + (v1 - v0) / (b - a) * (2.0f - a);
}

/* Mode 1: Barten's contrast sensitivity. */
static float barten(const VtAdmOptions *opt, unsigned s, double scale)
{
    static const float a[4] = {0.424838596301290f, 0.572435103936480f, 0.000167576239164937f,
                               0.00255872352306433f};
    static const float b[4] = {0.028f, 0.37f, 37.0f, 360.0f};
    const float u = visual_resolution(opt) / (float)(2 << s);
    const float p0 = at_100_cd(0.334278f, 0.394533f), p1 = at_100_cd(3.79542f, 2.7755f);
    const float p2 = at_100_cd(1.07327f, 1.16577f), p3 = at_100_cd(6.4635f, 7.45665f);
    const float low = (float)(1 + pow((double)(p0 * u), (double)p1));
    const float high = (float)(1 / pow(1 - exp(-pow((double)(u / 7), 2)), (double)p2));
    const float c = (float)((double)p3 / pow((double)(low * high), 0.5));
    float m = 0;
    for (int i = 0; i < 4; i++) m = (float)((double)m + (double)a[i] * exp((double)(-b[i] * u)));
    const float level =
        (float)((double)30.162f *
                pow(pow((double)(4.0627f / 100), (double)1.6596f) + 1, (double)-0.2712f));
    return (float)((double)(c * m * level) * scale);
}

/* Modes 2 and 3: figures by mode - 2, by H/V or D, by scale ... */
typedef struct Figures {
    float f[2][2][VT_ADM_SCALES];
} Figures;

static const Figures figures[] = {
    {{{{0.01183f, 0.025026f, 0.04295f, 0.058621f}, {0.004302f, 0.011778f, 0.023918f, 0.035901f}},
      {{0.011249f, 0.022606f, 0.03593f, 0.045673f}, {0.004097f, 0.010921f, 0.02143f, 0.031313f}}}},
    {{{{0.004212f, 0.014809f, 0.029642f, 0.047464f}, {0.000984f, 0.005852f, 0.0146f, 0.027574f}},
      {{0.004052f, 0.013939f, 0.026298f, 0.038833f},
       {0.000927f, 0.005544f, 0.013415f, 0.024515f}}}},
    {{{{0.00226f, 0.01183f, 0.025026f, 0.04295f}, {0.000479f, 0.004302f, 0.011778f, 0.023918f}},
      {{0.002166f, 0.011249f, 0.022606f, 0.03593f}, {0.000447f, 0.004097f, 0.010921f, 0.02143f}}}},
    {{{{0.000092f, 0.004212f, 0.014809f, 0.029642f}, {0.00005f, 0.000984f, 0.005852f, 0.0146f}},
      {{0.000077f, 0.004052f, 0.013939f, 0.026298f},
       {0.000045f, 0.000927f, 0.005544f, 0.013415f}}}},
    {{{{0.010144f, 0.022561f, 0.040309f, 0.05672f}, {0.003463f, 0.010282f, 0.021839f, 0.034641f}},
      {{0.009689f, 0.020577f, 0.034162f, 0.044523f},
       {0.003302f, 0.009579f, 0.019661f, 0.030318f}}}},
};

/* ... for these viewing conditions. */
static const struct {
    int display_height;
    double view_dist;
    unsigned figures;
} conditions[] = {{1080, 3.0, 0}, {2160, 1.5, 0}, {1080, 5.0, 1},
                  {2160, 3.0, 2}, {2160, 5.0, 3}, {720, 5.0, 4}};

static const Figures *find_figures(const VtAdmOptions *opt)
{
    for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++)
        if (conditions[i].display_height == opt->display_height &&
            conditions[i].view_dist == opt->view_dist)
            return &figures[conditions[i].figures];
    return NULL;
}

/* Low bits of the weight in fixed point, as the reference keeps them. */
static void to_fixed(const VtAdmOptions *opt, unsigned s, VtAdmWeights *w)
{
    const double unit_hv = s ? 4294967296.0 : 2097152.0, unit_d = s ? 4294967296.0 : 8388608.0;
    uint32_t hv = (uint32_t)(uint64_t)((double)w->f[0] * unit_hv);
    uint32_t d = (uint32_t)(uint64_t)((double)w->f[1] * unit_d);
    if (!s && opt->csf_mode == 0 && fabs(opt->view_dist * opt->display_height - 3240) < 1e-8) {
        hv = 36453; /* not quite the formula's, but what the numerators are made with */
        d = 49417;
    }
    w->fixed[VT_ADM_H] = w->fixed[VT_ADM_V] = s ? hv : (uint16_t)hv;
    w->fixed[VT_ADM_D] = s ? d : (uint16_t)d;
}

int vt_adm_weights(const VtAdmOptions *opt, VtAdmWeights weights[VT_ADM_SCALES])
{
    const Figures *fig = find_figures(opt);
    if (opt->csf_mode >= 2 && !fig) return -EINVAL;
    for (unsigned s = 0; s < VT_ADM_SCALES; s++) {
        VtAdmWeights *w = &weights[s];
        for (int diagonal = 0; diagonal < 2; diagonal++) {
            if (opt->csf_mode == 0)
                w->f[diagonal] = watson(opt, s, diagonal);
            else if (opt->csf_mode == 1)
                w->f[diagonal] = barten(opt, s, diagonal ? opt->csf_diag_scale : opt->csf_scale);
            else
                w->f[diagonal] = fig->f[opt->csf_mode - 2][diagonal][s];
        }
        to_fixed(opt, s, w);
    }
    return 0;
}
