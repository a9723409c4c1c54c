/* Structural similarity of luma, after decimation to about 256 lines (spec: classic 2, 3). */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "metric/metric.h"
#include "metric/ssim/ssim_level.h"

typedef struct Options {
    bool enable_lcs, enable_db, clip_db;
    int scale;
} Options;

enum { SSIM, SSIM_L, SSIM_C, SSIM_S, OUTPUTS };

static const VtOption options[] = {
    {.name = "enable_lcs",
     .help = "also report the luminance, contrast and structure terms",
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
    {.name = "scale",
     .help = "decimation factor, 1: none, 0: by picture size",
     .type = VT_OPTION_INT,
     .offset = offsetof(Options, scale),
     .max = 10},
    {0},
};

static const VtOutput outputs[OUTPUTS] = {
    {.base = "float_ssim"},
    {.base = "float_ssim_l"},
    {.base = "float_ssim_c"},
    {.base = "float_ssim_s"},
};

typedef struct Shared {
    VtSsimDsp dsp;
    unsigned scale, w, h; /* after decimation */
    double max_db;
} Shared;

/* min(w, h) / 256 to the nearest integer, halves up, at least 1. */
static unsigned automatic_scale(const VtFormat *f)
{
    const unsigned side = f->w < f->h ? f->w : f->h;
    const unsigned scale = (side + 128) / 256;
    return scale ? scale : 1;
}

/* The parity of the size counts, whatever the factor. */
static unsigned decimated(unsigned size, unsigned scale)
{
    return scale == 1 ? size : size / scale + size % 2;
}

static int init(VtGroup *group)
{
    const Options *o = group->member[0]->options;
    const VtFormat *f = &group->format;
    const unsigned scale = o->scale ? (unsigned)o->scale : automatic_scale(f);
    const unsigned w = decimated(f->w, scale), h = decimated(f->h, scale);
    if (w < VT_SSIM_TAPS || h < VT_SSIM_TAPS) {
        vt_error(group->log, "float_ssim: a picture of %ux%u is too small, it needs %ux%u", f->w,
                 f->h, VT_SSIM_TAPS * scale, VT_SSIM_TAPS * scale);
        return -EINVAL;
    }
    Shared *s = calloc(1, sizeof(*s));
    if (!s) {
        vt_error(group->log, "float_ssim: out of memory");
        return -ENOMEM;
    }
    vt_ssim_dsp_init(&s->dsp, group->cpu_flags);
    s->scale = scale;
    s->w = w;
    s->h = h;
    s->max_db = o->clip_db ? vt_ssim_max_db(f) : INFINITY;
    group->shared = s;
    return 0;
}

static void close_group(VtGroup *group)
{
    free(group->shared);
    group->shared = NULL;
}

typedef struct Work {
    VtSsimLevel level;
    double *column;
} Work;

static size_t carve(Work *k, void *base, const Shared *s, const VtFormat *f)
{
    VtCarve c = {.base = base};
    if (s->scale == 1) {
        vt_ssim_level_picture(&k->level, &c, &s->dsp, s->w, s->h);
    } else {
        vt_ssim_level_rows(&k->level, &c, &s->dsp, s->w, s->h);
        k->column = vt_carve(&c, f->w * sizeof(double));
    }
    return c.used;
}

static size_t scratch_size(const VtGroup *group)
{
    Work k;
    return carve(&k, NULL, group->shared, &group->format);
}

static float sample(const void *row, unsigned x, unsigned bpc)
{
    return bpc == 8 ? (float)((const uint8_t *)row)[x]
                    : (float)((const uint16_t *)row)[x] * vt_ssim_depth_scale(bpc);
}

/* An output whose box reaches past the left or right border. */
static float box_at_border(const VtSsimBox *b, int x0, unsigned w)
{
    const float tap = vt_ssim_box_tap(b->scale);
    double sum = 0;
    for (unsigned u = 0; u < b->scale; u++)
        for (unsigned v = 0; v < b->scale; v++)
            sum += (double)(sample(b->row[v], vt_ssim_reflect(x0 + (int)u, w), b->bpc) * tap);
    return (float)sum;
}

/* Row y of a decimated picture: boxes start at x scale - scale / 2 across and likewise down. */
static void decimate_row(const Shared *s, const VmafPicture *pic, unsigned y, double *column,
                         float *dst)
{
    const unsigned w = pic->w[0], half = s->scale / 2, bytes = pic->bpc > 8 ? 2 : 1;
    VtSsimBox b = {.scale = s->scale, .bpc = pic->bpc};
    for (unsigned v = 0; v < s->scale; v++) {
        const unsigned row = vt_ssim_reflect((int)(y * s->scale + v) - (int)half, pic->h[0]);
        b.row[v] = (const char *)pic->data[0] + (ptrdiff_t)row * pic->stride[0];
    }
    const unsigned inside = (w + half) / s->scale; /* boxes 1 to inside - 1 lie in the picture */
    const unsigned end = inside < s->w ? inside : s->w;
    dst[0] = box_at_border(&b, -(int)half, w);
    for (unsigned x = end; x < s->w; x++)
        dst[x] = box_at_border(&b, (int)(x * s->scale) - (int)half, w);

    for (unsigned v = 0; v < s->scale; v++)
        b.row[v] = (const char *)b.row[v] + (size_t)(s->scale - half) * bytes;
    b.n = end - 1;
    s->dsp.box(&b, column, dst + 1);
}

static void decimated_statistics(const Shared *s, Work *k, const VtFrame *frame)
{
    VtSsimLevel *l = &k->level;
    for (unsigned y = 0; y < s->h; y++) {
        decimate_row(s, frame->ref, y, k->column, vt_ssim_level_row(l, 0, y));
        decimate_row(s, frame->dis, y, k->column, vt_ssim_level_row(l, 1, y));
        vt_ssim_level_came(l, 1);
    }
}

static int extract(const VtGroup *group, void *scratch, const VtFrame *frame,
                   VtResult *const *results)
{
    const Shared *s = group->shared;
    const Options *o = group->member[0]->options;
    Work k;
    carve(&k, scratch, s, &group->format);
    vt_ssim_level_reset(&k.level);
    if (s->scale == 1)
        vt_ssim_level_add_picture(&k.level, frame);
    else
        decimated_statistics(s, &k, frame);

    float mean[VT_SSIM_MEANS];
    vt_ssim_level_means(&k.level, mean);
    const double ssim = (double)mean[VT_SSIM_S];
    vt_emit(results[0], SSIM, o->enable_db ? vt_ssim_db(ssim, s->max_db) : ssim);
    if (!o->enable_lcs) return 0;
    vt_emit(results[0], SSIM_L, (double)mean[VT_SSIM_L]);
    vt_emit(results[0], SSIM_C, (double)mean[VT_SSIM_C]);
    vt_emit(results[0], SSIM_S, (double)mean[VT_SSIM_T]);
    return 0;
}

const VtMetric vt_metric_float_ssim = {
    .name = "float_ssim",
    .help = "structural similarity of luma",
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
