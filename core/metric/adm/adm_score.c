/* From a frame's integer sums to its figures (spec: adm 4, 9, 11). */
#include <math.h>

#include "metric/adm/adm_private.h"

static const float third = (float)(1.0 / 3.0);

/* The noise term added to every band of a scale. */
static float noise(const VtAdmScale *sc, double weight)
{
    const unsigned area = (sc->right - sc->left) * (sc->bottom - sc->top);
    return powf((float)(area * weight), third);
}

/* From three bands' values to a scale's figure. */
static float combine(const float v[VT_ADM_BANDS], float n)
{
    const float h = powf(v[VT_ADM_H], third) + n;
    const float vertical = powf(v[VT_ADM_V], third) + n;
    const float d = powf(v[VT_ADM_D], third) + n;
    return h + vertical + d;
}

static float denominator(const VtAdmScale *sc, unsigned s, const VtAdmWeights *weights,
                         const uint64_t acc[VT_ADM_BANDS], double noise_weight)
{
    static const int unit[VT_ADM_SCALES] = {18, 32, 27, 23};
    const int shift = s ? (int)(sc->log2_columns + sc->log2_rows)
                        : (int)(sc->log2_area > 20 ? sc->log2_area - 20 : 0);
    float v[VT_ADM_BANDS];
    for (int b = 0; b < VT_ADM_BANDS; b++) {
        const double f = (double)weights->f[b == VT_ADM_D];
        v[b] = (float)(ldexp((double)acc[b], shift - unit[s]) * pow(f, 3));
    }
    return combine(v, noise(sc, noise_weight));
}

static float numerator(const VtAdmScale *sc, unsigned s, const uint64_t acc[VT_ADM_BANDS],
                       double noise_weight)
{
    static const int unit[VT_ADM_SCALES] = {0, 45, 39, 36};
    const int log2_w = (int)sc->log2_w, log2_h = (int)sc->log2_h;
    float v[VT_ADM_BANDS];
    for (int b = 0; b < VT_ADM_BANDS; b++) {
        const int64_t sum = (int64_t)acc[b];
        if (s)
            v[b] = ldexpf((float)sum, log2_w + log2_h - unit[s]);
        else if (b == VT_ADM_D)
            v[b] = (float)ldexp((double)sum, log2_w - 3 + log2_h - 57);
        else
            v[b] = (float)ldexp((double)sum, log2_w - 4 + log2_h - 52);
    }
    return combine(v, noise(sc, noise_weight));
}

static void total(const VtAdmOptions *opt, double limit, double aim_num, VtAdmScores *out)
{
    if (out->num < limit) out->num = 0;
    if (out->den < limit) out->den = 0;
    if (out->den == 0) {
        out->adm2 = 1;
        out->aim = 0; /* the reference leaves it undefined */
    } else {
        out->adm2 = out->num / out->den;
        out->aim = aim_num / out->den;
    }
    const double adm3 = out->adm2 * opt->dlm_weight + (1 - out->aim) * (1 - opt->dlm_weight);
    out->adm3 = adm3 > opt->min_val ? adm3 : opt->min_val;
}

void vt_adm_scores(const VtAdmOptions *opt, const VtAdmScale scale[VT_ADM_SCALES],
                   const VtAdmWeights weights[VT_ADM_SCALES],
                   const uint64_t den[VT_ADM_SCALES][VT_ADM_BANDS],
                   const uint64_t num[VT_ADM_SCALES][VT_ADM_ROLES][VT_ADM_BANDS], VtAdmScores *out)
{
    double aim_num = 0;
    *out = (VtAdmScores){0};
    for (unsigned s = 0; s < VT_ADM_SCALES; s++) {
        float n = 0, d = 1e-10f, aim = 0;
        if (s || !opt->skip_scale0) {
            n = numerator(&scale[s], s, num[s][VT_ADM_DLM], opt->noise_weight);
            d = denominator(&scale[s], s, &weights[s], den[s], opt->noise_weight);
            if (!opt->skip_aim) aim = numerator(&scale[s], s, num[s][VT_ADM_AIM], 0);
        }
        out->num += out->scale_num[s] = (double)n;
        out->den += out->scale_den[s] = (double)d;
        aim_num += (double)aim;
        out->scale[s] = (double)n / (double)d;
    }
    const double area = (double)(scale[0].w_in * (uint64_t)scale[0].h_in);
    total(opt, 1e-10 * area / (1920.0 * 1080.0), aim_num, out);
}
