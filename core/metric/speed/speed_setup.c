#include "metric/speed/speed_setup.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SMALLEST_SIDE (VT_SPEED_DECIMATION * VT_SPEED_PATCH)

static const char *const methods[] = {
    [VT_SPEED_NEAREST] = "nearest",
    [VT_SPEED_BILINEAR] = "bilinear",
    [VT_SPEED_BICUBIC] = "bicubic",
    [VT_SPEED_LANCZOS4] = "lanczos4",
};
#define N_METHODS (sizeof(methods) / sizeof(methods[0]))

static unsigned find_method(const char *name)
{
    unsigned m = 0;
    while (m < N_METHODS && strcmp(methods[m], name)) m++;
    return m;
}

static bool known_scale(double kernelscale)
{
    static const float known[] = {
        1,        1.0f / 2, 3.0f / 2,  2,         2.0f / 3,  24.0f / 10, 360.0f / 97,
        4.0f / 3, 3.5f / 3, 3.75f / 3, 4.25f / 3, 5.0f / 3,  3,          1 / 2.25f,
        1.4746f,  1.54f,    1.6f,      1.06667f,  0.711111f, 0.740740f,  1.111111f};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if ((double)fabsf((float)kernelscale - known[i]) < 1e-3) return true;
    return false;
}

int vt_speed_check(const VtSpeedOptions *o, const char *metric, const VtLog *log)
{
    if (find_method(o->prescale_method) == N_METHODS) {
        vt_error(log,
                 "%s: speed_prescale_method must be nearest, bilinear, bicubic or lanczos4, not "
                 "'%s'",
                 metric, o->prescale_method);
        return -EINVAL;
    }
    if (!known_scale(o->kernelscale)) {
        vt_error(log, "%s: speed_kernelscale %g is not one of the supported values", metric,
                 o->kernelscale);
        return -EINVAL;
    }
    return 0;
}

bool vt_speed_same_planes(const VtSpeedOptions *a, const VtSpeedOptions *b)
{
    return a->kernelscale == b->kernelscale && a->prescale == b->prescale &&
           !strcmp(a->prescale_method, b->prescale_method) && a->use_ref_diff == b->use_ref_diff;
}

/* length * kernelscale, rounded up to an odd number (spec: speed 5.1). */
void vt_speed_filter(VtSpeedFilter *f, unsigned length, float kernelscale, bool anti_alias)
{
    f->n = (unsigned)ceilf((float)length * kernelscale) | 1;
    if (f->n < 3) f->n = 3;
    const float sd = anti_alias ? (float)(2.0 * f->n / 5.0) : (float)f->n / 5.0f;
    const float den = (float)(1 / ((double)sd * sqrt(2 * M_PI)));
    float sum = 0;
    for (unsigned i = 0; i < f->n; i++) {
        const double x = (double)i - (f->n - 1) / 2;
        f->tap[i] = (float)exp(-0.5 * x / (double)sd * x / (double)sd) / den;
        sum += f->tap[i];
    }
    for (unsigned i = 0; i < f->n; i++) f->tap[i] /= sum;
}

static int32_t mirror(int i, unsigned n)
{
    const int last = (int)n - 1;
    return i < 0 ? -i : i > last ? 2 * last - i : i;
}

static float bicubic_weight(int i, float dx)
{
    const float a = -0.75f, t = fabsf((float)i - dx);
    if (t < 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
    if (t < 2) return (((t - 5) * t + 8) * t - 4) * a;
    return 0;
}

static float lanczos_weight(int i, float dx)
{
    const double t = (double)((float)i - dx);
    if (t == 0) return 1;
    if (!(t > -4 && t < 4)) return 0;
    return (float)(4 * sin(M_PI * t) * sin(M_PI * t / 4) / (M_PI * M_PI * t * t));
}

/* Source positions and weights of output position i (spec: speed 4). */
static void resample_position(VtSpeedAxis *axis, VtSpeedMethod method, unsigned i, unsigned in,
                              float ratio)
{
    int32_t *index = axis->index + (size_t)i * axis->taps;
    if (method == VT_SPEED_NEAREST) {
        index[0] = (int32_t)((float)i * ratio);
        return;
    }
    const float at = (float)(((double)i + 0.5) * (double)ratio - 0.5);
    const int first = (int)floorf(at);
    if (method == VT_SPEED_BILINEAR) {
        index[0] = mirror(first, in);
        index[1] = mirror((int)ceilf(at), in);
        axis->weight[i] = at - (float)index[0]; /* from the mirrored position, as libvmaf does */
        return;
    }
    const int reach = method == VT_SPEED_BICUBIC ? 1 : 4;
    const float dx = at - (float)first;
    for (unsigned t = 0; t < axis->taps; t++) {
        const int offset = (int)t - reach;
        index[t] = mirror(first + offset, in);
        axis->weight[(size_t)i * axis->taps + t] =
            method == VT_SPEED_BICUBIC ? bicubic_weight(offset, dx) : lanczos_weight(offset, dx);
    }
}

static int make_axis(VtSpeedAxis *axis, VtSpeedMethod method, unsigned in, unsigned out)
{
    static const unsigned taps[] = {1, 2, 4, 9};
    const float ratio = (float)in / (float)out;
    axis->taps = taps[method];
    axis->index = calloc((size_t)out * axis->taps, sizeof(*axis->index));
    axis->weight = calloc((size_t)out * axis->taps, sizeof(*axis->weight));
    if (!axis->index || !axis->weight) return -ENOMEM;
    for (unsigned i = 0; i < out; i++) resample_position(axis, method, i, in, ratio);
    return 0;
}

static unsigned smaller(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Sizes of all stages (spec: speed 3.2). */
static void choose_sizes(VtSpeedSetup *s, const VtSpeedOptions *o, unsigned w, unsigned h)
{
    s->w = w;
    s->h = h;
    s->sw = (unsigned)(w * o->prescale + 0.5);
    s->sh = (unsigned)(h * o->prescale + 0.5);
    s->resample = fabs(o->prescale - 1) >= 1e-3;
    if (!s->resample) { /* a prescale next to 1 crops */
        s->sw = smaller(s->sw, w);
        s->sh = smaller(s->sh, h);
    }
    s->resample = s->resample && (s->sw != w || s->sh != h);
    s->ow = s->sw / VT_SPEED_DECIMATION;
    s->oh = s->sh / VT_SPEED_DECIMATION;
    s->blocks_x = s->ow / VT_SPEED_PATCH;
    s->blocks_y = s->oh / VT_SPEED_PATCH;
    s->blocks = s->blocks_x * s->blocks_y;
    s->padded_blocks = (s->blocks + VT_SPEED_LANES - 1) / VT_SPEED_LANES * VT_SPEED_LANES;
}

int vt_speed_setup(VtSpeedSetup *s, const VtSpeedOptions *o, unsigned w, unsigned h, unsigned bpc,
                   unsigned cpu_flags, const char *metric, const VtLog *log)
{
    *s = (VtSpeedSetup){.bpc = bpc, .method = (VtSpeedMethod)find_method(o->prescale_method)};
    choose_sizes(s, o, w, h);
    if (!s->blocks) {
        vt_error(log,
                 "%s: planes of %ux%u, %ux%u at a prescale of %g, are too small: the smallest "
                 "are %dx%d",
                 metric, w, h, s->sw, s->sh, o->prescale, SMALLEST_SIDE, SMALLEST_SIDE);
        return -EINVAL;
    }
    s->patches_x = VT_SPEED_PATCH * s->blocks_x - (VT_SPEED_PATCH - 1);
    s->patches_y = VT_SPEED_PATCH * s->blocks_y - (VT_SPEED_PATCH - 1);
    vt_speed_dsp_init(&s->dsp, cpu_flags);
    vt_speed_filter(&s->anti_alias, 9, (float)o->kernelscale, true);
    vt_speed_filter(&s->local_mean, 2, (float)o->kernelscale, false);
    if (!s->resample) return 0;
    int err = make_axis(&s->x, s->method, w, s->sw);
    if (!err) err = make_axis(&s->y, s->method, h, s->sh);
    if (!err) return 0;
    vt_error(log, "%s: out of memory", metric);
    vt_speed_setup_free(s);
    return err;
}

void vt_speed_setup_free(VtSpeedSetup *s)
{
    free(s->x.index);
    free(s->x.weight);
    free(s->y.index);
    free(s->y.weight);
    s->x = s->y = (VtSpeedAxis){0};
}
