#include "float_reference.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

FloatPlane float_plane_new(unsigned w, unsigned h)
{
    FloatPlane p = {w, h, calloc((size_t)w * h, sizeof(float))};
    if (!p.v) abort();
    return p;
}

void float_plane_free(FloatPlane *p)
{
    free(p->v);
    p->v = NULL;
}

FloatPlane float_plane(const VmafPicture *pic, unsigned plane)
{
    FloatPlane p = float_plane_new(pic->w[plane], pic->h[plane]);
    for (unsigned y = 0; y < p.h; y++)
        for (unsigned x = 0; x < p.w; x++) {
            const uint8_t *row =
                (const uint8_t *)pic->data[plane] + (ptrdiff_t)y * pic->stride[plane];
            const unsigned s = pic->bpc > 8 ? ((const uint16_t *)(const void *)row)[x] : row[x];
            p.v[y * p.w + x] = (float)s / (float)(1u << (pic->bpc - 8)) - 128;
        }
    return p;
}

static int mirror_a(int t, int n)
{
    return t < 0 ? -t : t >= n ? 2 * n - 2 - t : t;
}

static int mirror_b(int t, int n)
{
    return t < 0 ? -t : t >= n ? 2 * n - 1 - t : t;
}

/* Down the columns, then along the rows; of the product of two planes if b is not NULL. */
static FloatPlane filtered(const FloatPlane *a, const FloatPlane *b, const float *tap, int taps)
{
    FloatPlane down = float_plane_new(a->w, a->h), out = float_plane_new(a->w, a->h);
    const int w = (int)a->w, h = (int)a->h;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            for (int k = 0; k < taps; k++) {
                const int i = mirror_a(y + k - taps / 2, h) * w + x;
                const float v = b ? a->v[i] * b->v[i] : a->v[i];
                down.v[y * w + x] += tap[k] * v;
            }
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            for (int k = 0; k < taps; k++)
                out.v[y * w + x] += tap[k] * down.v[y * w + mirror_a(x + k - taps / 2, w)];
    float_plane_free(&down);
    return out;
}

/* ---- VIF ---- */

static int gaussian(int scale, double kernel_scale, float *tap)
{
    const float length = (float)((1 << (4 - scale)) + 1) * (float)kernel_scale;
    int n = (int)ceilf(length);
    if (n % 2 == 0) n++;
    if (n < 3) n = 3;
    const float sigma = (float)n / 5.0f;
    float total = 0;
    for (int i = 0; i < n; i++) {
        const int x = i - (n - 1) / 2;
        const float num = (float)exp(((-0.5 * x) / (double)sigma * x) / (double)sigma);
        tap[i] = num / (float)(1 / ((double)sigma * sqrt(2 * M_PI)));
        total += tap[i];
    }
    for (int i = 0; i < n; i++) tap[i] /= total;
    return n;
}

static float log2_of(float x)
{
    static const float p[] = {-0.012671635276421f, 0.064841182402670f,  -0.157048836463065f,
                              0.257167726303123f,  -0.353800560300520f, 0.480131410397451f,
                              -0.721314327952201f, 1.442694803896991f,  0};
    uint32_t bits;
    memcpy(&bits, &x, 4);
    const int e = (int)((bits >> 23) & 255) - 127;
    bits = (bits & 0x7fffff) | 127u << 23;
    memcpy(&x, &bits, 4);
    float r = 0;
    for (int k = 0; k < 9; k++) r = r * (x - 1) + p[k];
    return (float)e + r;
}

static void vif_pixel(float mu1, float mu2, float xx, float yy, float xy, const ReferenceVif *o,
                      float *num, float *den)
{
    const float eps = 1.0e-10f;
    float a = xx - mu1 * mu1, b = yy - mu2 * mu2;
    const float c = xy - mu1 * mu2;
    if (!(a > 0)) a = 0;
    if (!(b > 0)) b = 0;
    float g = c / (a + eps), v = b - g * c;
    if (a < eps) {
        g = 0;
        v = b;
        a = 0;
    }
    if (b < eps) g = v = 0;
    if (g < 0) {
        v = b;
        g = 0;
    }
    if (!(v > eps)) v = eps;
    if (!(g < o->gain_limit)) g = o->gain_limit;
    *num = log2_of((float)(1 + (double)(g * g * a) / ((double)v + o->noise)));
    *den = log2_of((float)(1 + (double)a / o->noise));
    if (c < 0) *num = 0;
    if ((double)a < o->noise) {
        *num = 1 - b * (float)((double)powf((float)o->noise, 2) / (255.0 * 255.0));
        *den = 1;
    }
}

static FloatPlane halved(const FloatPlane *p, const float *tap, int taps)
{
    FloatPlane f = filtered(p, NULL, tap, taps), out = float_plane_new(p->w / 2, p->h / 2);
    for (unsigned y = 0; y < out.h; y++)
        for (unsigned x = 0; x < out.w; x++) out.v[y * out.w + x] = f.v[2 * y * p->w + 2 * x];
    float_plane_free(&f);
    return out;
}

static void vif_scale(const FloatPlane *r, const FloatPlane *d, const float *tap, int taps, int s,
                      ReferenceVif *o)
{
    FloatPlane f[5] = {filtered(r, NULL, tap, taps), filtered(d, NULL, tap, taps),
                       filtered(r, r, tap, taps), filtered(d, d, tap, taps),
                       filtered(r, d, tap, taps)};
    o->num[s] = o->den[s] = 0;
    for (unsigned y = 0; y < r->h; y++) {
        float num = 0, den = 0;
        for (unsigned i = y * r->w; i < (y + 1) * r->w; i++) {
            float n, m;
            vif_pixel(f[0].v[i], f[1].v[i], f[2].v[i], f[3].v[i], f[4].v[i], o, &n, &m);
            num += n;
            den += m;
        }
        o->num[s] += num;
        o->den[s] += den;
    }
    for (int i = 0; i < 5; i++) float_plane_free(&f[i]);
}

static void replace(FloatPlane *p, FloatPlane with)
{
    float_plane_free(p);
    *p = with;
}

void reference_vif(const FloatPlane *ref, const FloatPlane *dis, ReferenceVif *v)
{
    FloatPlane r = float_plane_new(ref->w, ref->h), d = float_plane_new(ref->w, ref->h);
    memcpy(r.v, ref->v, (size_t)r.w * r.h * sizeof(float));
    memcpy(d.v, dis->v, (size_t)r.w * r.h * sizeof(float));
    for (int s = 0; s < 4; s++) {
        float tap[80];
        const int taps = gaussian(s, v->kernel_scale, tap);
        if (s) {
            replace(&r, halved(&r, tap, taps));
            replace(&d, halved(&d, tap, taps));
        }
        if (s || !v->skip_scale0) vif_scale(&r, &d, tap, taps, s, v);
    }
    float_plane_free(&r);
    float_plane_free(&d);
}

/* ---- ADM ---- */

enum { A, H, V, D };

static const float low[4] = {0.482962906f, 0.836516321f, 0.224143863f, -0.129409522f};
static const float high[4] = {-0.129409522f, -0.224143863f, 0.836516321f, -0.482962906f};

static FloatPlane along(const FloatPlane *p, const float *tap, bool down)
{
    const int n = (int)(down ? p->h : p->w), w = (int)p->w;
    FloatPlane out = float_plane_new(down ? p->w : (p->w + 1) / 2, down ? (p->h + 1) / 2 : p->h);
    for (int y = 0; y < (int)out.h; y++)
        for (int x = 0; x < (int)out.w; x++)
            for (int k = 0; k < 4; k++) {
                const int at = mirror_b(2 * (down ? y : x) - 1 + k, n);
                out.v[y * (int)out.w + x] += tap[k] * p->v[down ? at * w + x : y * w + at];
            }
    return out;
}

static void wavelet(const FloatPlane *p, FloatPlane band[4])
{
    FloatPlane lo = along(p, low, true), hi = along(p, high, true);
    band[A] = along(&lo, low, false);
    band[V] = along(&lo, high, false);
    band[H] = along(&hi, low, false);
    band[D] = along(&hi, high, false);
    float_plane_free(&lo);
    float_plane_free(&hi);
}

static void decouple(const FloatPlane o[4], const FloatPlane t[4], double limit, FloatPlane r[4],
                     FloatPlane a[4])
{
    for (unsigned i = 0; i < o[A].w * o[A].h; i++) {
        const float oh = o[H].v[i], ov = o[V].v[i], th = t[H].v[i], tv = t[V].v[i];
        const float dot = oh * th + ov * tv, oo = oh * oh + ov * ov, tt = th * th + tv * tv;
        const bool flag = dot >= 0 && dot * dot >= 0.99969542f * oo * tt;
        for (int b = H; b <= D; b++) {
            float k = t[b].v[i] * (1.0f / (o[b].v[i] + 1e-30f));
            k = k < 0 ? 0 : k > 1 ? 1 : k;
            float rst = k * o[b].v[i];
            const double x = rst * limit, y = t[b].v[i];
            if (flag && rst > 0)
                rst = (float)(x < y ? x : y);
            else if (flag && rst < 0)
                rst = (float)(x > y ? x : y);
            r[b].v[i] = rst;
            a[b].v[i] = t[b].v[i] - rst;
        }
    }
}

typedef struct Window {
    int left, top, right, bottom;
} Window;

static float pooled(const FloatPlane *q, const Window *n, float p, double weight)
{
    float total = 0;
    for (int y = n->top; y < n->bottom; y++) {
        float row = 0;
        for (int x = n->left; x < n->right; x++) {
            const float v = q->v[y * (int)q->w + x];
            row += p == 3 ? v * v * v : powf(v, p);
        }
        total += row;
    }
    const float e = (float)(1.0 / (double)p);
    return powf(total, e) +
           powf((float)(((n->right - n->left) * (n->bottom - n->top)) * weight), e);
}

static float threshold(const FloatPlane y[4], const float *f, int i, int j)
{
    const int w = (int)y[H].w, h = (int)y[H].h;
    float thr = 0;
    for (int b = H; b <= D; b++) {
        float sum = 0;
        for (int di = -1; di <= 1; di++)
            for (int dj = -1; dj <= 1; dj++) {
                const double z =
                    fabsf(f[b] * y[b].v[mirror_b(i + di, h) * w + mirror_b(j + dj, w)]);
                if (di || dj)
                    sum += (float)(0.0333333351 * z);
                else
                    sum = (float)((double)sum + 0.0666666701 * z);
            }
        thr += sum;
    }
    return thr;
}

/* Contrast masking of x by y; y NULL: the plain signal. */
static float masked(const FloatPlane x[4], const FloatPlane *y, const float *f, const Window *n,
                    const ReferenceAdm *o, double weight)
{
    float band[4];
    FloatPlane q = float_plane_new(x[H].w, x[H].h);
    for (int b = H; b <= D; b++) {
        for (int i = n->top; i < n->bottom; i++)
            for (int j = n->left; j < n->right; j++) {
                const int at = i * (int)q.w + j;
                const float thr = y && !o->bypass_masking ? threshold(y, f, i, j) : 0;
                const float v = fabsf(f[b] * x[b].v[at]) - thr;
                q.v[at] = v < 0 ? 0 : v;
            }
        band[b] = pooled(&q, n, o->p, weight);
    }
    float_plane_free(&q);
    return band[H] + band[V] + band[D];
}

static void adm_scale(FloatPlane band[2][4], int s, ReferenceAdm *o)
{
    const int w = (int)band[0][A].w, h = (int)band[0][A].h;
    const int left = (int)(w * 0.1 - 0.5), top = (int)(h * 0.1 - 0.5);
    const Window n = {left, top, w - left, h - top};
    const float f[4] = {0, o->factor1[s], o->factor1[s], o->factor2[s]};
    FloatPlane r[4], a[4];
    for (int b = 0; b < 4; b++) {
        r[b] = float_plane_new(band[0][A].w, band[0][A].h);
        a[b] = float_plane_new(band[0][A].w, band[0][A].h);
    }
    decouple(band[0], band[1], o->gain_limit, r, a);
    o->den[s] = masked(band[0], NULL, f, &n, o, o->noise_weight);
    o->num[s] = masked(r, a, f, &n, o, o->noise_weight);
    o->aim[s] = masked(a, r, f, &n, o, 0);
    for (int b = 0; b < 4; b++) {
        float_plane_free(&r[b]);
        float_plane_free(&a[b]);
    }
}

void reference_adm(const FloatPlane *ref, const FloatPlane *dis, ReferenceAdm *o)
{
    FloatPlane input[2] = {*ref, *dis};
    for (int s = 0; s < 4; s++) {
        FloatPlane band[2][4];
        for (int i = 0; i < 2; i++) {
            wavelet(&input[i], band[i]);
            if (s) float_plane_free(&input[i]);
            input[i] = band[i][A];
        }
        adm_scale(band, s, o);
        for (int i = 0; i < 2; i++)
            for (int b = H; b <= D; b++) float_plane_free(&band[i][b]);
    }
    for (int i = 0; i < 2; i++) float_plane_free(&input[i]);
    if (!o->skip_scale0) return;
    o->num[0] = o->aim[0] = 0;
    o->den[0] = 1e-10f;
}

/* ---- motion ---- */

float reference_motion(const FloatPlane *earlier, const FloatPlane *current, int taps)
{
    static const float tap[3][5] = {
        {1},
        {0.166378498f, 0.667243004f, 0.166378498f},
        {0.054488685f, 0.244201347f, 0.402619958f, 0.244201347f, 0.054488685f}};
    FloatPlane a = filtered(earlier, NULL, tap[taps / 2], taps);
    FloatPlane b = filtered(current, NULL, tap[taps / 2], taps);
    float total = 0;
    for (unsigned y = 0; y < a.h; y++) {
        float row = 0;
        for (unsigned i = y * a.w; i < (y + 1) * a.w; i++) row += fabsf(a.v[i] - b.v[i]);
        total += row;
    }
    float_plane_free(&a);
    float_plane_free(&b);
    return total / (float)(current->w * current->h);
}
