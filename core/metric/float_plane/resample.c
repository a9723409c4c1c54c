/* Resamplers of spec: float 8. They serve rarely used options, so they stay as the formulas are:
 * one output sample at a time. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "metric/float_plane/plane.h"

int vt_resample_method(const char *name)
{
    static const char *const names[] = {"nearest", "bilinear", "bicubic", "lanczos4"};
    for (int i = 0; i < 4; i++)
        if (!strcmp(names[i], name)) return i;
    return -1;
}

static int mirrored(int t, unsigned n)
{
    const int last = (int)n - 1;
    if (t < 0) t = -t;
    if (t > last) t = 2 * last - t;
    return t < 0 ? 0 : t; /* only where a source is smaller than the filter */
}

static float at(const VtResample *r, int y, int x)
{
    return r->src[mirrored(y, r->src_h) * r->src_stride + mirrored(x, r->src_w)];
}

/* Where output sample i lies on the source axis. */
static float position(unsigned i, float ratio)
{
    return (float)(((double)i + 0.5) * (double)ratio - 0.5);
}

static float nearest(const VtResample *r, unsigned y, unsigned x, float ratio_y, float ratio_x)
{
    return at(r, (int)((float)y * ratio_y), (int)((float)x * ratio_x));
}

/* The fraction counts from the mirrored neighbour: at a border the weights extrapolate. */
static float bilinear(const VtResample *r, unsigned y, unsigned x, float ratio_y, float ratio_x)
{
    const float py = position(y, ratio_y), px = position(x, ratio_x);
    const int y1 = mirrored((int)floorf(py), r->src_h), y2 = mirrored((int)ceilf(py), r->src_h);
    const int x1 = mirrored((int)floorf(px), r->src_w), x2 = mirrored((int)ceilf(px), r->src_w);
    const float dy = py - (float)y1, dx = px - (float)x1;
    float sum = (1 - dy) * (1 - dx) * at(r, y1, x1);
    sum += (1 - dy) * dx * at(r, y1, x2);
    sum += dy * (1 - dx) * at(r, y2, x1);
    return sum + dy * dx * at(r, y2, x2);
}

static float cubic_weight(float t)
{
    const float a = -0.75f;
    t = fabsf(t);
    if (t < 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
    if (t < 2) return (((t - 5) * t + 8) * t - 4) * a;
    return 0;
}

static float bicubic(const VtResample *r, unsigned y, unsigned x, float ratio_y, float ratio_x)
{
    const float py = position(y, ratio_y), px = position(x, ratio_x);
    const int y0 = (int)floorf(py), x0 = (int)floorf(px);
    const float dy = py - (float)y0, dx = px - (float)x0;
    float sum = 0;
    for (int j = -1; j <= 2; j++) {
        const float ky = cubic_weight((float)j - dy);
        for (int i = -1; i <= 2; i++)
            sum += at(r, y0 + j, x0 + i) * (cubic_weight((float)i - dx) * ky);
    }
    return sum;
}

static float lanczos_weight(float t)
{
    if (t == 0) return 1;
    if (!(t > -4 && t < 4)) return 0;
    const double x = t;
    return (float)(4 * sin(M_PI * x) * sin(M_PI * x / 4) / (M_PI * M_PI * x * x));
}

static float lanczos4(const VtResample *r, unsigned y, unsigned x, float ratio_y, float ratio_x)
{
    const float py = position(y, ratio_y), px = position(x, ratio_x);
    const int y0 = (int)floorf(py), x0 = (int)floorf(px);
    const float dy = py - (float)y0, dx = px - (float)x0;
    float kx[9], sum = 0, weights = 0;
    for (int i = -4; i <= 4; i++) kx[i + 4] = lanczos_weight((float)i - dx);
    for (int j = -4; j <= 4; j++) {
        const float ky = lanczos_weight((float)j - dy);
        for (int i = -4; i <= 4; i++) {
            const float weight = kx[i + 4] * ky;
            sum += at(r, y0 + j, x0 + i) * weight;
            weights += weight;
        }
    }
    return sum / weights;
}

void vt_resample(const VtResample *r, VtResampleMethod method)
{
    typedef float Sampler(const VtResample *r, unsigned y, unsigned x, float ratio_y,
                          float ratio_x);
    static Sampler *const samplers[] = {nearest, bilinear, bicubic, lanczos4};
    Sampler *const sample = samplers[method];
    const bool same = r->src_w == r->dst_w && r->src_h == r->dst_h;
    const float ratio_y = (float)r->src_h / (float)r->dst_h;
    const float ratio_x = (float)r->src_w / (float)r->dst_w;
    for (unsigned y = 0; y < r->dst_h; y++) {
        float *row = r->dst + y * r->dst_stride;
        if (same) {
            memcpy(row, r->src + y * r->src_stride, r->dst_w * sizeof(*row));
            continue;
        }
        for (unsigned x = 0; x < r->dst_w; x++) row[x] = sample(r, y, x, ratio_y, ratio_x);
    }
}
