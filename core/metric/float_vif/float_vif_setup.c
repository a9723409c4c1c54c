#include "metric/float_vif/float_vif_setup.h"

#include <math.h>

bool vt_fvif_kernel_scale_known(double kernel_scale)
{
    static const float known[] = {
        1.0f,     1.0f / 2, 3.0f / 2,  2.0f,      2.0f / 3,  2.4f,      360.0f / 97,
        4.0f / 3, 3.5f / 3, 3.75f / 3, 4.25f / 3, 5.0f / 3,  3.0f,      1.0f / 2.25f,
        1.4746f,  1.54f,    1.6f,      1.06667f,  0.711111f, 0.740740f, 1.111111f,
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (fabsf((float)kernel_scale - known[i]) < 0.001f) return true;
    return false;
}

/* n taps of a Gaussian of deviation n / 5, normalised to a sum of about 1. */
static void gaussian(VtFvifFilter *f, int n)
{
    const float sigma = (float)n / 5.0f;
    f->radius = (unsigned)(n - 1) / 2;
    float total = 0;
    for (int i = 0; i < n; i++) {
        const double x = i - (n - 1) / 2;
        const float num = (float)exp(-0.5 * x / (double)sigma * x / (double)sigma);
        const float den = (float)(1 / ((double)sigma * sqrt(2 * M_PI)));
        f->tap[i] = num / den;
        total += f->tap[i];
    }
    for (int i = 0; i < n; i++) f->tap[i] /= total;
}

void vt_fvif_make_filters(VtFvifFilter filter[VT_FVIF_SCALES], double kernel_scale)
{
    for (int s = 0; s < VT_FVIF_SCALES; s++) {
        const float length = (float)((1 << (VT_FVIF_SCALES - s)) + 1) * (float)kernel_scale;
        const int n = (int)ceilf(length) | 1; /* odd */
        gaussian(&filter[s], n < 3 ? 3 : n);
    }
}

void vt_fvif_make_model(VtFvifModel *model, double noise)
{
    int exponent;
    const float nearest = (float)noise;
    *model = (VtFvifModel){.noise = noise};
    model->inverse = noise > 1e-30 && frexp(noise, &exponent) == 0.5 ? 1 / noise : 0;
    model->flat_below = (double)nearest < noise ? nextafterf(nearest, INFINITY) : nearest;
    model->flat_scale = (float)((double)powf(nearest, 2) / (255.0 * 255.0));
}

static bool fits(unsigned n, const VtFvifFilter filter[VT_FVIF_SCALES], bool skip_scale0)
{
    if (!skip_scale0 && n <= filter[0].radius) return false;
    for (int s = 1; s < VT_FVIF_SCALES; s++, n /= 2)
        if (n <= filter[s].radius || n / 2 <= filter[s].radius) return false;
    return true;
}

unsigned vt_fvif_smallest(const VtFvifFilter filter[VT_FVIF_SCALES], bool skip_scale0)
{
    unsigned n = 1;
    while (!fits(n, filter, skip_scale0)) n++;
    return n;
}
