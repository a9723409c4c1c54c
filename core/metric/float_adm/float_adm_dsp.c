/* Scalar kernels of floating-point ADM: the formulas as they are (spec: float 3). */
#include "metric/float_adm/float_adm_dsp.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "cpu/cpu.h"

const float vt_fadm_low[4] = {0.482962906f, 0.836516321f, 0.224143863f, -0.129409522f};
const float vt_fadm_high[4] = {-0.129409522f, -0.224143863f, 0.836516321f, -0.482962906f};

/* ---- wavelet ---- */

typedef struct Lines {
    float *value[4], *low, *high; /* low and high with room for one mirrored end each side */
} Lines;

static size_t layout(Lines *l, unsigned w, void *scratch)
{
    VtCarve c = {.base = scratch};
    for (int k = 0; k < 4; k++) l->value[k] = vt_carve(&c, VT_FLOAT_ROW(w));
    /* SIMD kernels read whole blocks of pairs */
    const size_t line = VT_FLOAT_ROW(w + 4 * VT_FADM_MARGIN);
    float *low = vt_carve(&c, line), *high = vt_carve(&c, line);
    l->low = low ? low + VT_FADM_MARGIN : NULL;
    l->high = high ? high + VT_FADM_MARGIN : NULL;
    return c.used;
}

size_t vt_fadm_scratch(unsigned w)
{
    Lines l;
    return layout(&l, w, NULL);
}

static float four_taps(const float *tap, float a, float b, float c, float d)
{
    return tap[0] * a + tap[1] * b + tap[2] * c + tap[3] * d;
}

static void mirror_ends(float *line, unsigned w)
{
    line[-1] = line[1];
    for (unsigned x = w; x < w + 2; x++) line[x] = line[vt_mirror_b((int)x, w)];
}

/* Every other sample of the filtered line, or nothing if out is NULL. */
static void filter_line(const float *tap, const float *line, unsigned n, float *out)
{
    for (unsigned i = 0; out && i < n; i++) {
        const float *at = line + 2 * i;
        out[i] = four_taps(tap, at[-1], at[0], at[1], at[2]);
    }
}

static void wavelet(const VtFadmWavelet *t, void *scratch)
{
    Lines l;
    layout(&l, t->w, scratch);
    for (int k = 0; k < 4; k++) vt_float_read_row(&t->samples, t->row[k], t->w, l.value[k]);
    for (unsigned x = 0; x < t->w; x++) {
        const float a = l.value[0][x], b = l.value[1][x], c = l.value[2][x], d = l.value[3][x];
        l.low[x] = four_taps(vt_fadm_low, a, b, c, d);
        l.high[x] = four_taps(vt_fadm_high, a, b, c, d);
    }
    mirror_ends(l.low, t->w);
    mirror_ends(l.high, t->w);
    const unsigned n = (t->w + 1) / 2;
    filter_line(vt_fadm_low, l.low, n, t->approximation);
    filter_line(vt_fadm_high, l.low, n, t->detail[VT_FADM_V]);
    filter_line(vt_fadm_low, l.high, n, t->detail[VT_FADM_H]);
    filter_line(vt_fadm_high, l.high, n, t->detail[VT_FADM_D]);
}

/* ---- decoupling ---- */

/* Do the gradients of both pictures point the same way, within 1 degree? */
static bool same_angle(float oh, float ov, float th, float tv)
{
    const float dot = oh * th + ov * tv;
    const float oo = oh * oh + ov * ov, tt = th * th + tv * tv;
    return dot >= 0 && dot * dot >= VT_FADM_COS_SQUARED * oo * tt;
}

static float restore(float o, float t, bool enhanced, double gain_limit)
{
    float k = t * (1 / (o + 1e-30f));
    k = k < 0 ? 0 : k > 1 ? 1 : k;
    const float rst = k * o;
    if (!enhanced || rst == 0) return rst;
    const double raised = (double)rst * gain_limit;
    if (rst > 0) return (float)(raised < (double)t ? raised : (double)t);
    return (float)(raised > (double)t ? raised : (double)t);
}

void vt_fadm_decouple_scalar(const VtFadmDecouple *d, const VtFadmModel *model)
{
    for (unsigned x = d->x0; x < d->x1; x++) {
        const bool enhanced = same_angle(d->ref[VT_FADM_H][x], d->ref[VT_FADM_V][x],
                                         d->dis[VT_FADM_H][x], d->dis[VT_FADM_V][x]);
        for (int b = 0; b < VT_FADM_BANDS; b++) {
            const float t = d->dis[b][x];
            const float rst = restore(d->ref[b][x], t, enhanced, model->gain_limit);
            const float r = fabsf(model->factor[b] * rst);
            const float a = fabsf(model->factor[b] * (t - rst));
            d->restored[b][x] = r;
            d->added[b][x] = a;
            d->restored_mask[b][x] = (float)(VT_FADM_MASK_WEIGHT * (double)r);
            d->added_mask[b][x] = (float)(VT_FADM_MASK_WEIGHT * (double)a);
        }
    }
}

/* ---- contrast masking and pooling ---- */

/* Threshold at x: weighted 3x3 sums of the masker over all bands. */
static float threshold(const float *const mask[VT_FADM_BANDS][3],
                       const float *const masker[VT_FADM_BANDS], unsigned x)
{
    float total = 0;
    for (int b = 0; b < VT_FADM_BANDS; b++) {
        const float *above = mask[b][0] + x, *beside = mask[b][1] + x, *below = mask[b][2] + x;
        float sum = above[-1] + above[0] + above[1] + beside[-1];
        sum = (float)((double)sum + VT_FADM_CENTRE_WEIGHT * (double)masker[b][x]);
        total += sum + beside[1] + below[-1] + below[0] + below[1];
    }
    return total;
}

static float power(float x, float p)
{
    return p == 3 ? x * x * x : powf(x, p);
}

static float above(float x, float thr)
{
    const float q = x - thr;
    return q < 0 ? 0 : q;
}

void vt_fadm_pool_scalar(const VtFadmPool *pool, const VtFadmModel *model, VtFadmSums *sums)
{
    VtFadmSums s = {0};
    for (unsigned x = pool->left; x < pool->right; x++) {
        float by_added = 0, by_restored = 0;
        if (model->masking) {
            by_added = threshold(pool->added_mask, pool->added, x);
            by_restored = threshold(pool->restored_mask, pool->restored, x);
        }
        for (int b = 0; b < VT_FADM_BANDS; b++) {
            s.reference[b] += power(fabsf(model->factor[b] * pool->ref[b][x]), model->p);
            s.restored[b] += power(above(pool->restored[b][x], by_added), model->p);
            s.added[b] += power(above(pool->added[b][x], by_restored), model->p);
        }
    }
    *sums = s;
}

void vt_fadm_dsp_init(VtFadmDsp *dsp, unsigned cpu_flags)
{
    *dsp = (VtFadmDsp){wavelet, vt_fadm_decouple_scalar, vt_fadm_pool_scalar};
    (void)cpu_flags;
#if defined(__x86_64__)
    if (cpu_flags & VT_CPU_AVX2) vt_fadm_dsp_init_avx2(dsp);
    if (cpu_flags & VT_CPU_AVX512) vt_fadm_dsp_init_avx512(dsp);
#endif
}
