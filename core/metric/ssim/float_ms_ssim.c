/* Multi-scale structural similarity of luma (spec: classic 2, 4). */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metric/metric.h"
#include "metric/ssim/ssim_level.h"

#define LEVELS 5
#define SMALLEST 176 /* halves four times, rounding down, to VT_SSIM_TAPS */

typedef struct Options {
    bool enable_lcs, enable_db, clip_db;
} Options;

/* The terms are in the order of the names: term t of level i is TERMS + LEVELS t + i. */
enum { MS_SSIM, TERMS, OUTPUTS = TERMS + 3 * LEVELS };

static const VtOption options[] = {
    {.name = "enable_lcs",
     .help = "also report the luminance, contrast and structure terms of every scale",
     .type = VT_OPTION_BOOL,
     .offset = offsetof(Options, enable_lcs)},
    {.name = "enable_db",
     .help = "report the score in decibels",
     .type = VT_OPTION_BOOL,
     .offset = offsetof(Options, enable_db)},
    {.name = "clip_db",
     .help = "with enable_db, limit it to that of an error of half a step in one sample",
     .type = VT_OPTION_BOOL,
     .offset = offsetof(Options, clip_db)},
    {0},
};

static const VtOutput outputs[OUTPUTS] = {
    {.base = "float_ms_ssim"},          {.base = "float_ms_ssim_l_scale0"},
    {.base = "float_ms_ssim_l_scale1"}, {.base = "float_ms_ssim_l_scale2"},
    {.base = "float_ms_ssim_l_scale3"}, {.base = "float_ms_ssim_l_scale4"},
    {.base = "float_ms_ssim_c_scale0"}, {.base = "float_ms_ssim_c_scale1"},
    {.base = "float_ms_ssim_c_scale2"}, {.base = "float_ms_ssim_c_scale3"},
    {.base = "float_ms_ssim_c_scale4"}, {.base = "float_ms_ssim_s_scale0"},
    {.base = "float_ms_ssim_s_scale1"}, {.base = "float_ms_ssim_s_scale2"},
    {.base = "float_ms_ssim_s_scale3"}, {.base = "float_ms_ssim_s_scale4"},
};

typedef struct Shared {
    VtSsimDsp dsp;
    double max_db;
} Shared;

static int init(VtGroup *group)
{
    const Options *o = group->member[0]->options;
    const VtFormat *f = &group->format;
    if (f->w < SMALLEST || f->h < SMALLEST) {
        vt_error(group->log, "float_ms_ssim: a picture of %ux%u is too small, it needs %ux%u", f->w,
                 f->h, SMALLEST, SMALLEST);
        return -EINVAL;
    }
    Shared *s = calloc(1, sizeof(*s));
    if (!s) {
        vt_error(group->log, "float_ms_ssim: out of memory");
        return -ENOMEM;
    }
    vt_ssim_dsp_init(&s->dsp, group->cpu_flags);
    s->max_db = o->clip_db ? vt_ssim_max_db(f) : INFINITY;
    group->shared = s;
    return 0;
}

static void close_group(VtGroup *group)
{
    free(group->shared);
    group->shared = NULL;
}

/* ---- pyramid ---- */

typedef struct Pyramid {
    const VtSsimDsp *dsp;
    const VtFrame *frame;
    VtSsimLevel level[LEVELS];
    VtSsimHalve *tile;
    double *open[LEVELS][2]; /* of both images of the level they make: lines of outputs */
    size_t open_line[LEVELS];
} Pyramid;

static size_t carve(Pyramid *p, void *base, const Shared *s, const VtFormat *f)
{
    VtCarve c = {.base = base};
    p->dsp = &s->dsp;
    p->tile = vt_carve(&c, sizeof(*p->tile));
    vt_ssim_level_picture(&p->level[0], &c, &s->dsp, f->w, f->h);
    for (unsigned i = 1; i < LEVELS; i++) {
        const unsigned w = (p->level[i - 1].w + 1) / 2, h = (p->level[i - 1].h + 1) / 2;
        vt_ssim_level_rows(&p->level[i], &c, &s->dsp, w, h);
        p->open_line[i] = (w + 7) / 8 * 8;
        for (unsigned side = 0; side < 2; side++)
            p->open[i][side] = vt_carve(&c, VT_SSIM_HALVE_OPEN * p->open_line[i] * sizeof(double));
    }
    return c.used;
}

static void reset(Pyramid *p)
{
    memset(p->tile, 0, sizeof(*p->tile));
    for (unsigned i = 0; i < LEVELS; i++) {
        vt_ssim_level_reset(&p->level[i]);
        for (unsigned side = 0; i && side < 2; side++)
            memset(p->open[i][side], 0, VT_SSIM_HALVE_OPEN * p->open_line[i] * sizeof(double));
    }
}

static size_t scratch_size(const VtGroup *group)
{
    Pyramid p;
    return carve(&p, NULL, group->shared, &group->format);
}

/* Row y of an image of level i; samples are floats but for level 0. */
static const void *source_row(const Pyramid *p, unsigned i, unsigned side, unsigned y)
{
    if (i) return vt_ssim_level_row(&p->level[i], side, y);
    const VmafPicture *pic = side ? p->frame->dis : p->frame->ref;
    return (const char *)pic->data[0] + (ptrdiff_t)y * pic->stride[0];
}

static float source_sample(const Pyramid *p, unsigned i, const void *row, unsigned x)
{
    const unsigned bpc = p->frame->ref->bpc;
    if (i) return ((const float *)row)[x];
    return bpc == 8 ? (float)((const uint8_t *)row)[x]
                    : (float)((const uint16_t *)row)[x] * vt_ssim_depth_scale(bpc);
}

/* Pairs of samples from column 2 pair on, all inside the row. */
static void split(const Pyramid *p, unsigned i, const void *row, unsigned pair, float *even,
                  float *odd, unsigned n)
{
    const unsigned bpc = p->frame->ref->bpc;
    if (i)
        p->dsp->split32((const float *)row + 2 * pair, even, odd, n);
    else if (bpc == 8)
        p->dsp->split8((const uint8_t *)row + 2 * pair, even, odd, n);
    else
        p->dsp->split16((const uint16_t *)row + 2 * pair, even, odd, n, vt_ssim_depth_scale(bpc));
}

/* Pairs from..to - 1 of a row, of which some lie outside. */
static void split_border(const Pyramid *p, unsigned i, const void *row, int from, int to,
                         float *even, float *odd)
{
    const unsigned w = p->level[i].w;
    for (int j = from; j < to; j++) {
        even[j - from] = source_sample(p, i, row, vt_ssim_reflect(2 * j, w));
        odd[j - from] = source_sample(p, i, row, vt_ssim_reflect(2 * j + 1, w));
    }
}

/* Row of the tile for outputs x0 to x0 + n - 1: pairs x0 - 2 to x0 + n + 1, reflected. */
static void split_row(const Pyramid *p, unsigned i, const void *row, unsigned x0, unsigned n,
                      float *even, float *odd)
{
    const int first = (int)x0 - 2, end = (int)(x0 + n) + 2, whole = (int)p->level[i].w / 2;
    const int inside = first < 0 ? 0 : first, inside_end = end < whole ? end : whole;
    split(p, i, row, (unsigned)inside, even + (inside - first), odd + (inside - first),
          (unsigned)(inside_end - inside));
    split_border(p, i, row, first, inside, even, odd);
    split_border(p, i, row, inside_end, end, even + (inside_end - first),
                 odd + (inside_end - first));
}

/* What the next tile needs of a row, from column x on. */
static void prefetch(const Pyramid *p, unsigned i, const void *row, unsigned x)
{
    const unsigned bytes = i ? 4 : p->frame->ref->bpc > 8 ? 2 : 1;
    const unsigned end = x + 2 * VT_SSIM_HALVE_STRIP;
    if (end > p->level[i].w) return;
    for (unsigned b = x * bytes; b < end * bytes; b += VT_ALIGN)
        __builtin_prefetch((const char *)row + b);
}

/* Rows y0 to y0 + rows - 1 of an image of level i + 1. */
static void halve_rows(const Pyramid *p, unsigned i, unsigned side, unsigned y0, unsigned rows)
{
    const VtSsimLevel *from = &p->level[i], *to = &p->level[i + 1];
    VtSsimHalve *t = p->tile;
    t->skip = y0 ? 0 : VT_SSIM_HALVE_PRIME;
    t->pairs = rows + t->skip;
    const int first = 2 * (int)(y0 + 2 - t->skip) - 1; /* source row of the tile */
    for (unsigned x0 = 0; x0 < to->w; x0 += VT_SSIM_HALVE_STRIP) {
        t->n = to->w - x0 < VT_SSIM_HALVE_STRIP ? to->w - x0 : VT_SSIM_HALVE_STRIP;
        for (unsigned r = 0; r < 2 * t->pairs; r++) {
            const void *row = source_row(p, i, side, vt_ssim_reflect(first + (int)r, from->h));
            split_row(p, i, row, x0, t->n, t->even[r], t->odd[r]);
            prefetch(p, i, row, 2 * (x0 + VT_SSIM_HALVE_STRIP));
        }
        for (unsigned r = 0; r < rows; r++) t->dst[r] = vt_ssim_level_row(to, side, y0 + r) + x0;
        for (unsigned k = 0; k < VT_SSIM_HALVE_OPEN; k++)
            t->open[k] = p->open[i + 1][side] + k * p->open_line[i + 1] + x0;
        p->dsp->halve(t);
    }
}

/* Makes all rows of level i + 1 that the rows of level i allow, and then those of further levels.
 */
static void grow(Pyramid *p, unsigned i)
{
    if (i + 1 == LEVELS) return;
    const VtSsimLevel *from = &p->level[i];
    VtSsimLevel *to = &p->level[i + 1];
    while (to->rows < to->h) {
        const unsigned left = to->h - to->rows;
        const unsigned rows = left < VT_SSIM_HALVE_ROWS ? left : VT_SSIM_HALVE_ROWS;
        const unsigned last = 2 * (to->rows + rows - 1) + 4;
        if (from->rows < from->h && from->rows <= last) return;
        for (unsigned side = 0; side < 2; side++) halve_rows(p, i, side, to->rows, rows);
        vt_ssim_level_came(to, rows);
        grow(p, i + 1);
    }
}

/* ---- score ---- */

static double score(float mean[LEVELS][VT_SSIM_MEANS])
{
    static const float alpha[LEVELS] = {0, 0, 0, 0, 0.1333f};
    static const float beta[LEVELS] = {0.0448f, 0.2856f, 0.3001f, 0.2363f, 0.1333f};
    double product = 1;
    for (unsigned i = 0; i < LEVELS; i++) {
        const double b = (double)beta[i];
        product *= pow((double)mean[i][VT_SSIM_L], (double)alpha[i]) *
                   pow((double)mean[i][VT_SSIM_C], b) * pow((double)mean[i][VT_SSIM_T], b);
    }
    return product;
}

static int extract(const VtGroup *group, void *scratch, const VtFrame *frame,
                   VtResult *const *results)
{
    static const unsigned term[3] = {VT_SSIM_L, VT_SSIM_C, VT_SSIM_T};
    const Shared *s = group->shared;
    const Options *o = group->member[0]->options;
    Pyramid p = {.frame = frame};
    carve(&p, scratch, s, &group->format);
    reset(&p);
    vt_ssim_level_add_picture(&p.level[0], frame);
    p.level[0].rows = p.level[0].h;
    grow(&p, 0);

    float mean[LEVELS][VT_SSIM_MEANS];
    for (unsigned i = 0; i < LEVELS; i++) vt_ssim_level_means(&p.level[i], mean[i]);
    const double ratio = score(mean);
    vt_emit(results[0], MS_SSIM, o->enable_db ? vt_ssim_db(ratio, s->max_db) : ratio);
    if (!o->enable_lcs) return 0;
    for (unsigned t = 0; t < 3; t++)
        for (unsigned i = 0; i < LEVELS; i++)
            vt_emit(results[0], TERMS + LEVELS * t + i, (double)mean[i][term[t]]);
    return 0;
}

const VtMetric vt_metric_float_ms_ssim = {
    .name = "float_ms_ssim",
    .help = "multi-scale structural similarity of luma",
    .luma_only = true,
    .options = options,
    .options_size = sizeof(Options),
    .outputs = outputs,
    .n_outputs = OUTPUTS,
    .init = init,
    .close = close_group,
    .scratch_size = scratch_size,
    .extract = extract,
};
