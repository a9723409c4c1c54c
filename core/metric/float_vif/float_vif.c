/* Floating-point VIF: visual information fidelity on luma at four scales (spec: float 2).
 *
 * One pass down the picture, in bands of 16 rows. Each band also makes 8 rows of the next plane,
 * and a coarser scale does a band of its own as soon as the rows it reaches are there. Planes 1 to
 * 3 are windows of a few rows. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "metric/float_vif/float_vif_setup.h"
#include "metric/metric.h"

#define OFFSET (-128.0f)

typedef struct Options {
    bool debug, skip_scale0;
    double gain_limit, kernel_scale, prescale, noise, floor[3]; /* of scales 1 to 3 */
    const char *prescale_method;
} Options;

enum {
    SCORE,
    COMBINED = SCORE + VT_FVIF_SCALES,
    NUM,
    DEN,
    PER_SCALE,
    OUTPUTS = PER_SCALE + 2 * VT_FVIF_SCALES
};

static const VtOption options[] = {
    {.name = "debug",
     .help = "also report numerators and denominators",
     .type = VT_OPTION_BOOL,
     .offset = offsetof(Options, debug)},
    {.name = "vif_enhn_gain_limit",
     .alias = "egl",
     .help = "largest gain that counts as preserved information (1.0 for NEG models)",
     .type = VT_OPTION_DOUBLE,
     .offset = offsetof(Options, gain_limit),
     .in_name = true,
     .number = 100,
     .min = 1,
     .max = 100},
    {.name = "vif_kernelscale",
     .alias = "ks",
     .help = "factor of the filters' width; only some values are defined",
     .type = VT_OPTION_DOUBLE,
     .offset = offsetof(Options, kernel_scale),
     .in_name = true,
     .number = 1,
     .min = 0.1,
     .max = 4},
    {.name = "vif_prescale",
     .alias = "ps",
     .help = "resample both pictures by this factor first",
     .type = VT_OPTION_DOUBLE,
     .offset = offsetof(Options, prescale),
     .in_name = true,
     .number = 1,
     .min = 0.1,
     .max = 4},
    {.name = "vif_prescale_method",
     .alias = "pm",
     .help = "nearest, bilinear, bicubic or lanczos4",
     .type = VT_OPTION_STRING,
     .offset = offsetof(Options, prescale_method),
     .in_name = true,
     .text = "nearest"},
    {.name = "vif_scale1_min_val",
     .alias = "s1miv",
     .help = "least score of scale 1",
     .type = VT_OPTION_DOUBLE,
     .offset = offsetof(Options, floor[0]),
     .in_name = true,
     .max = 1},
    {.name = "vif_scale2_min_val",
     .alias = "s2miv",
     .help = "least score of scale 2",
     .type = VT_OPTION_DOUBLE,
     .offset = offsetof(Options, floor[1]),
     .in_name = true,
     .max = 1},
    {.name = "vif_scale3_min_val",
     .alias = "s3miv",
     .help = "least score of scale 3",
     .type = VT_OPTION_DOUBLE,
     .offset = offsetof(Options, floor[2]),
     .in_name = true,
     .max = 1},
    {.name = "vif_sigma_nsq",
     .alias = "snsq",
     .help = "variance of the visual noise",
     .type = VT_OPTION_DOUBLE,
     .offset = offsetof(Options, noise),
     .in_name = true,
     .number = 2,
     .max = 5},
    {.name = "vif_skip_scale0",
     .alias = "ssclz",
     .help = "do not compute scale 0; it scores 0",
     .type = VT_OPTION_BOOL,
     .offset = offsetof(Options, skip_scale0),
     .in_name = true},
    {0},
};

static const VtOutput outputs[OUTPUTS] = {
    {.base = "VMAF_feature_vif_scale0_score"},
    {.base = "VMAF_feature_vif_scale1_score"},
    {.base = "VMAF_feature_vif_scale2_score"},
    {.base = "VMAF_feature_vif_scale3_score"},
    {.base = "vif"},
    {.base = "vif_num"},
    {.base = "vif_den"},
    {.base = "vif_num_scale0"},
    {.base = "vif_den_scale0"},
    {.base = "vif_num_scale1"},
    {.base = "vif_den_scale1"},
    {.base = "vif_num_scale2"},
    {.base = "vif_den_scale2"},
    {.base = "vif_num_scale3"},
    {.base = "vif_den_scale3"},
};

typedef struct Shared {
    VtFvifDsp dsp;
    VtFvifFilter filter[VT_FVIF_SCALES];
    VtFvifModel model;
    unsigned limit_of[VT_MAX_MEMBERS]; /* index into the model's limits, by member */
    bool skip_scale0;                  /* no member wants it */
    VtResampleMethod method;
    unsigned w, h; /* of scale 0, after prescaling */
} Shared;

/* One scale of the pair while the frame streams through. */
typedef struct Scale {
    VtFloatPlane plane[2]; /* reference, distorted; of scales 1 to 3 a window */
    unsigned row_mask;     /* row y lies at y & row_mask */
    unsigned w, h;
    unsigned ready; /* rows present */
    unsigned next;  /* first row of the next band */
    float den, num[VT_MAX_MEMBERS];
} Scale;

typedef struct Pass {
    const Shared *shared;
    Scale scale[VT_FVIF_SCALES];
    float *source; /* a picture as floats before prescaling */
    float *prescaled[2];
    void *kernel_scratch;
} Pass;

static const Options *options_of(const VtGroup *group, unsigned member)
{
    return group->member[member]->options;
}

/* ---- set-up ---- */

static int check(const void *opaque, const VtLog *log)
{
    const Options *o = opaque;
    if (!vt_fvif_kernel_scale_known(o->kernel_scale)) {
        vt_error(log, "float_vif: there are no filters for vif_kernelscale %g", o->kernel_scale);
        return -EINVAL;
    }
    if (vt_resample_method(o->prescale_method) < 0) {
        vt_error(log,
                 "float_vif: option vif_prescale_method must be nearest, bilinear, bicubic or "
                 "lanczos4, not '%s'",
                 o->prescale_method);
        return -EINVAL;
    }
    return 0;
}

/* The other options act late, or only save work. */
static bool shares(const void *opaque_a, const void *opaque_b)
{
    const Options *a = opaque_a, *b = opaque_b;
    return a->kernel_scale == b->kernel_scale && a->prescale == b->prescale &&
           a->noise == b->noise && !strcmp(a->prescale_method, b->prescale_method);
}

static unsigned add_limit(VtFvifModel *model, float value)
{
    for (unsigned i = 0; i < model->n_limits; i++)
        if (model->limit[i] == value) return i;
    model->limit[model->n_limits] = value;
    return model->n_limits++;
}

static int check_size(const VtGroup *group, const Shared *s)
{
    const unsigned least = vt_fvif_smallest(s->filter, s->skip_scale0);
    if (s->w >= least && s->h >= least) return 0;
    vt_error(group->log, "float_vif: pictures of %ux%u are too small, at least %ux%u%s are needed",
             group->format.w, group->format.h, least, least,
             options_of(group, 0)->prescale == 1 ? "" : " after prescaling");
    return -EINVAL;
}

static int init(VtGroup *group)
{
    Shared *s = calloc(1, sizeof(*s));
    if (!s) {
        vt_error(group->log, "float_vif: out of memory");
        return -ENOMEM;
    }
    const Options *first = options_of(group, 0);
    vt_fvif_dsp_init(&s->dsp, group->cpu_flags);
    vt_fvif_make_filters(s->filter, first->kernel_scale);
    vt_fvif_make_model(&s->model, first->noise);
    s->method = (VtResampleMethod)vt_resample_method(first->prescale_method);
    s->w = vt_resampled_size(group->format.w, first->prescale);
    s->h = vt_resampled_size(group->format.h, first->prescale);
    s->skip_scale0 = true;
    for (unsigned m = 0; m < group->n_members; m++) {
        s->limit_of[m] = add_limit(&s->model, (float)options_of(group, m)->gain_limit);
        if (!options_of(group, m)->skip_scale0) s->skip_scale0 = false;
    }
    const int err = check_size(group, s);
    if (err) {
        free(s);
        return err;
    }
    group->shared = s;
    return 0;
}

static void close_group(VtGroup *group)
{
    free(group->shared);
    group->shared = NULL;
}

/* Rows of a window: a band, its reach, and the half band that arrives between two bands. */
static unsigned window_rows(unsigned radius)
{
    unsigned n = 1;
    while (n < VT_FVIF_BAND + VT_FVIF_THINNED + 2 * radius) n *= 2;
    return n;
}

static bool is_prescaled(const Shared *s, const VtFormat *f)
{
    return s->w != f->w || s->h != f->h;
}

/* Cuts the scratch block; the planes of scale 0 are the pictures, or prescaled. */
static size_t layout(Pass *p, const VtFormat *f, void *scratch)
{
    const Shared *s = p->shared;
    VtCarve c = {.base = scratch};
    for (unsigned i = 0; i < VT_FVIF_SCALES; i++) {
        Scale *sc = &p->scale[i];
        sc->w = s->w >> i;
        sc->h = s->h >> i;
        const unsigned rows = window_rows(s->filter[i].radius);
        sc->row_mask = i ? rows - 1 : UINT32_MAX;
        for (unsigned k = 0; k < 2 && i; k++) {
            const size_t stride = VT_FLOAT_ROW(sc->w);
            sc->plane[k] = (VtFloatPlane){.data = vt_carve(&c, rows * stride),
                                          .stride = (ptrdiff_t)stride,
                                          .samples = {VT_SAMPLE_F32, 1, 0}};
        }
    }
    p->kernel_scratch = vt_carve(&c, vt_fvif_scratch(s->w));
    if (is_prescaled(s, f)) {
        p->source = vt_carve(&c, f->h * VT_FLOAT_ROW(f->w));
        for (unsigned k = 0; k < 2; k++) p->prescaled[k] = vt_carve(&c, s->h * VT_FLOAT_ROW(s->w));
    }
    return c.used;
}

static size_t scratch_size(const VtGroup *group)
{
    Pass p = {.shared = group->shared};
    return layout(&p, &group->format, NULL);
}

/* ---- one frame ---- */

static VtFloatPlane prescale(const Pass *p, const VtFloatPlane *plane, float *out)
{
    const Shared *s = p->shared;
    const size_t stride = VT_FLOAT_ROW(s->w);
    const VtResample r = {.src = p->source,
                          .dst = out,
                          .src_stride = (ptrdiff_t)(VT_FLOAT_ROW(plane->w) / sizeof(float)),
                          .dst_stride = (ptrdiff_t)(stride / sizeof(float)),
                          .src_w = plane->w,
                          .src_h = plane->h,
                          .dst_w = s->w,
                          .dst_h = s->h};
    for (unsigned y = 0; y < plane->h; y++)
        vt_float_read_row(&plane->samples, vt_float_plane_row(plane, y), plane->w,
                          p->source + y * r.src_stride);
    vt_resample(&r, s->method);
    return (VtFloatPlane){out, (ptrdiff_t)stride, s->w, s->h, {VT_SAMPLE_F32, 1, 0}};
}

static const void *row(const Scale *sc, unsigned picture, unsigned y)
{
    return vt_float_plane_row(&sc->plane[picture], y & sc->row_mask);
}

/* Pointers to rows first .. first + n - 1, mirrored. */
static void collect(const Scale *sc, unsigned picture, int first, unsigned n, const void **out)
{
    for (unsigned i = 0; i < n; i++) out[i] = row(sc, picture, vt_mirror_a(first + (int)i, sc->h));
}

static void band_statistics(Pass *p, unsigned s, unsigned rows)
{
    Scale *sc = &p->scale[s];
    const VtFvifModel *model = &p->shared->model;
    const VtFvifFilter *filter = &p->shared->filter[s];
    VtFvifBand band = {.rows = rows, .w = sc->w, .filter = filter, .samples = sc->plane[0].samples};
    VtFvifSums sums;
    const int first = (int)sc->next - (int)filter->radius;
    collect(sc, 0, first, rows + 2 * filter->radius, band.ref);
    collect(sc, 1, first, rows + 2 * filter->radius, band.dis);
    p->shared->dsp.statistics(&band, model, p->kernel_scratch, &sums);
    for (unsigned j = 0; j < rows; j++) {
        sc->den += sums.den[j];
        for (unsigned i = 0; i < model->n_limits; i++) sc->num[i] += sums.num[i][j];
    }
}

/* The rows of plane s + 1 at the even rows of a band of scale s, which starts at an even row. */
static void band_thin(Pass *p, unsigned s, unsigned rows)
{
    const Scale *sc = &p->scale[s];
    Scale *coarse = &p->scale[s + 1];
    const VtFvifFilter *filter = &p->shared->filter[s + 1];
    const unsigned y = sc->next / 2;
    VtFvifThin t = {
        .rows = (rows + 1) / 2, .w = sc->w, .filter = filter, .samples = sc->plane[0].samples};
    if (t.rows > coarse->h - y) t.rows = coarse->h - y; /* an odd last row is not kept */
    if (!t.rows) return;
    for (unsigned i = 0; i < 2; i++) {
        collect(sc, i, (int)sc->next - (int)filter->radius, 2 * t.rows - 1 + 2 * filter->radius,
                t.src);
        for (unsigned j = 0; j < t.rows; j++) t.dst[j] = (float *)row(coarse, i, y + j);
        p->shared->dsp.thin(&t, p->kernel_scratch);
    }
    coarse->ready = y + t.rows;
}

/* Does every band of scale s that the rows present allow. */
static void advance(Pass *p, unsigned s)
{
    Scale *sc = &p->scale[s];
    while (sc->next < sc->h) {
        const unsigned rows = sc->h - sc->next < VT_FVIF_BAND ? sc->h - sc->next : VT_FVIF_BAND;
        const unsigned last = sc->next + rows + p->shared->filter[s].radius;
        if (sc->ready < (last < sc->h ? last : sc->h)) return;
        if (s || !p->shared->skip_scale0) band_statistics(p, s, rows);
        if (s + 1 < VT_FVIF_SCALES) band_thin(p, s, rows);
        sc->next += rows;
        if (s + 1 < VT_FVIF_SCALES) advance(p, s + 1);
    }
}

static void emit_debug(const Pass *p, const Options *o, unsigned limit, VtResult *out)
{
    double total_num = 0, total_den = 0;
    for (unsigned s = 0; s < VT_FVIF_SCALES; s++) {
        const bool skipped = !s && o->skip_scale0;
        const double num = skipped ? 0 : (double)p->scale[s].num[limit];
        const double den = skipped ? -1 : (double)p->scale[s].den;
        vt_emit(out, PER_SCALE + 2 * s, num);
        vt_emit(out, PER_SCALE + 2 * s + 1, den);
        if (skipped) continue;
        total_num += num;
        total_den += den;
    }
    vt_emit(out, COMBINED, total_den == 0 ? 1 : total_num / total_den);
    vt_emit(out, NUM, total_num);
    vt_emit(out, DEN, total_den);
}

static void emit(const Pass *p, const Options *o, unsigned limit, VtResult *out)
{
    for (unsigned s = 0; s < VT_FVIF_SCALES; s++) {
        const Scale *sc = &p->scale[s];
        const bool skipped = !s && o->skip_scale0;
        double score = skipped ? 0 : (double)sc->num[limit] / (double)sc->den;
        if (s && score < o->floor[s - 1]) score = o->floor[s - 1];
        vt_emit(out, SCORE + s, score);
    }
    if (o->debug) emit_debug(p, o, limit, out);
}

static int extract(const VtGroup *group, void *scratch, const VtFrame *frame,
                   VtResult *const *results)
{
    const Shared *shared = group->shared;
    Pass p = {.shared = shared};
    layout(&p, &group->format, scratch);
    const VmafPicture *const pair[2] = {frame->ref, frame->dis};
    for (unsigned i = 0; i < 2; i++) {
        const VtFloatPlane plane = vt_float_plane(pair[i], 0, OFFSET);
        p.scale[0].plane[i] =
            is_prescaled(shared, &group->format) ? prescale(&p, &plane, p.prescaled[i]) : plane;
    }
    p.scale[0].ready = p.scale[0].h;
    advance(&p, 0);
    for (unsigned m = 0; m < group->n_members; m++)
        emit(&p, options_of(group, m), shared->limit_of[m], results[m]);
    return 0;
}

const VtMetric vt_metric_float_vif = {
    .name = "float_vif",
    .help = "visual information fidelity at four scales (floating point)",
    .luma_only = true,
    .options = options,
    .options_size = sizeof(Options),
    .outputs = outputs,
    .n_outputs = OUTPUTS,
    .check = check,
    .shares = shares,
    .init = init,
    .close = close_group,
    .scratch_size = scratch_size,
    .extract = extract,
};
