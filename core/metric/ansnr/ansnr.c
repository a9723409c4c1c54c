/* Anti-noise signal-to-noise ratio: luma of both sides is low-pass filtered, the reference weakly
 * and the distorted side strongly, before they are compared (spec: float 6).
 *
 * The squares of a row are summed in floats from left to right. So the picture is walked in strips
 * of columns whose filtered rows stay in cache, and the running sum of every row is kept from strip
 * to strip; the sums of VT_ANSNR_ROWS rows advance together. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "metric/ansnr/ansnr_dsp.h"
#include "metric/metric.h"

#define REF_RING 4 /* at least 3 */
#define DIS_RING 8 /* at least 5 */

enum { ANSNR, ANPSNR, OUTPUTS };

static const VtOutput outputs[OUTPUTS] = {{.base = "float_ansnr"}, {.base = "float_anpsnr"}};

typedef struct Walk {
    const VtAnsnrDsp *dsp;
    const VtFrame *frame;
    const VtFormat *format;
    unsigned x0, n; /* columns of the strip */
    float *line;    /* a source row with VT_ANSNR_RADIUS mirrored samples on both sides */
    float (*ref)[VT_ANSNR_STRIP];
    VtAnsnrFiltered *dis;
    float (*sig)[VT_ANSNR_STRIP], (*noise)[VT_ANSNR_STRIP];
    float *sig_sum, *noise_sum; /* of every row */
} Walk;

static size_t carve(Walk *k, void *base, unsigned h)
{
    VtCarve c = {.base = base};
    const size_t rows = (h + VT_ANSNR_ROWS - 1) / VT_ANSNR_ROWS * VT_ANSNR_ROWS;
    k->line = vt_carve(&c, (VT_ANSNR_STRIP + 2 * VT_ANSNR_RADIUS) * sizeof(float));
    k->ref = vt_carve(&c, REF_RING * sizeof(*k->ref));
    k->dis = vt_carve(&c, DIS_RING * sizeof(*k->dis));
    k->sig = vt_carve(&c, VT_ANSNR_ROWS * sizeof(*k->sig));
    k->noise = vt_carve(&c, VT_ANSNR_ROWS * sizeof(*k->noise));
    k->sig_sum = vt_carve(&c, rows * sizeof(float));
    k->noise_sum = vt_carve(&c, rows * sizeof(float));
    return c.used;
}

/* Mirror B: the edge sample is repeated at the end only. */
static unsigned mirror(int i, unsigned n)
{
    return (unsigned)(i < 0 ? -i : i >= (int)n ? 2 * (int)n - 1 - i : i);
}

static float sample(const Walk *k, const void *row, unsigned x)
{
    if (k->format->bpc == 8) return (float)((const uint8_t *)row)[x] - 128.0f;
    return (float)((const uint16_t *)row)[x] / (float)(1u << (k->format->bpc - 8)) - 128.0f;
}

/* Row y of the strip as floats; the result points at the sample of column x0. */
static const float *source(const Walk *k, const VmafPicture *pic, unsigned y)
{
    const void *row = (const char *)pic->data[0] + (ptrdiff_t)y * pic->stride[0];
    const int x0 = (int)k->x0, n = (int)k->n;
    float *line = k->line + VT_ANSNR_RADIUS;
    for (int i = 1; i <= VT_ANSNR_RADIUS; i++) {
        line[-i] = sample(k, row, mirror(x0 - i, k->format->w));
        line[n - 1 + i] = sample(k, row, mirror(x0 + n - 1 + i, k->format->w));
    }
    if (k->format->bpc == 8)
        k->dsp->convert8((const uint8_t *)row + x0, line, k->n);
    else
        k->dsp->convert16((const uint16_t *)row + x0, line, k->n,
                          1.0f / (float)(1u << (k->format->bpc - 8)));
    return line;
}

/* Filters source rows up to and including last that are not in the rings yet. */
static void advance(const Walk *k, int last, int *ref_have, int *dis_have)
{
    const int h = (int)k->format->h;
    for (; *ref_have < h && *ref_have < last; ++*ref_have)
        k->dsp->filter_ref(source(k, k->frame->ref, (unsigned)*ref_have),
                           k->ref[*ref_have % REF_RING], k->n);
    for (; *dis_have < h && *dis_have <= last; ++*dis_have)
        k->dsp->filter_dis(source(k, k->frame->dis, (unsigned)*dis_have),
                           &k->dis[*dis_have % DIS_RING], k->n);
}

static void row_terms(const Walk *k, int y)
{
    const unsigned h = k->format->h, slot = (unsigned)y % VT_ANSNR_ROWS;
    const float *ref[3];
    const VtAnsnrFiltered *dis[5];
    for (int i = 0; i < 3; i++) ref[i] = k->ref[mirror(y - 1 + i, h) % REF_RING];
    for (int i = 0; i < 5; i++) dis[i] = &k->dis[mirror(y - 2 + i, h) % DIS_RING];
    k->dsp->terms(ref, dis, k->sig[slot], k->noise[slot], k->n);
}

/* Adds the terms of one strip to the sums of all rows. The last group of rows may be short: the
 * rest of its buffer is old terms whose sums nobody reads. */
static void strip(const Walk *k)
{
    const int h = (int)k->format->h;
    int ref_have = 0, dis_have = 0;
    for (int y = 0; y < h; y++) {
        advance(k, y + VT_ANSNR_RADIUS, &ref_have, &dis_have);
        row_terms(k, y);
        if ((y + 1) % VT_ANSNR_ROWS && y + 1 < h) continue;
        const int first = y / VT_ANSNR_ROWS * VT_ANSNR_ROWS;
        k->dsp->add(k->sig, k->sig_sum + first, k->n);
        k->dsp->add(k->noise, k->noise_sum + first, k->n);
    }
}

static float total(const float *row_sum, unsigned h)
{
    float sum = 0;
    for (unsigned y = 0; y < h; y++) sum += row_sum[y];
    return sum;
}

static int extract(const VtGroup *group, void *scratch, const VtFrame *frame,
                   VtResult *const *results)
{
    const VtFormat *f = &group->format;
    Walk k = {.dsp = group->shared, .frame = frame, .format = f};
    memset(scratch, 0, carve(&k, scratch, f->h));
    for (k.x0 = 0; k.x0 < f->w; k.x0 += VT_ANSNR_STRIP) {
        k.n = f->w - k.x0 < VT_ANSNR_STRIP ? f->w - k.x0 : VT_ANSNR_STRIP;
        strip(&k);
    }
    const float sig = total(k.sig_sum, f->h), noise = total(k.noise_sum, f->h);

    const double peak = ((1u << f->bpc) - 1) / (double)(1u << (f->bpc - 8));
    const double cap = 6.0 * f->bpc + 12;
    const double floored = noise > 1e-10 ? (double)noise : 1e-10;
    const double psnr = 10 * log10(peak * peak * f->w * f->h / floored);
    vt_emit(results[0], ANSNR, noise == 0 ? cap : 10.0 * log10((double)(sig / noise)));
    vt_emit(results[0], ANPSNR, psnr < cap ? psnr : cap);
    return 0;
}

static int init(VtGroup *group)
{
    const VtFormat *f = &group->format;
    if (f->w <= VT_ANSNR_RADIUS || f->h <= VT_ANSNR_RADIUS) {
        vt_error(group->log, "float_ansnr: a picture of %ux%u is too small, it needs 3x3", f->w,
                 f->h);
        return -EINVAL;
    }
    VtAnsnrDsp *dsp = malloc(sizeof(*dsp));
    if (!dsp) {
        vt_error(group->log, "float_ansnr: out of memory");
        return -ENOMEM;
    }
    vt_ansnr_dsp_init(dsp, group->cpu_flags);
    group->shared = dsp;
    return 0;
}

static void close_group(VtGroup *group)
{
    free(group->shared);
    group->shared = NULL;
}

static size_t scratch_size(const VtGroup *group)
{
    Walk k;
    return carve(&k, NULL, group->format.h);
}

const VtMetric vt_metric_float_ansnr = {
    .name = "float_ansnr",
    .help = "anti-noise signal-to-noise ratio of luma",
    .luma_only = true,
    .outputs = outputs,
    .n_outputs = OUTPUTS,
    .init = init,
    .close = close_group,
    .scratch_size = scratch_size,
    .extract = extract,
};
