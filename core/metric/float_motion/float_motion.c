/* Floating-point motion: mean absolute difference of successive blurred reference frames (spec:
 * float 4). extract() makes the score of a frame; motion2 and motion3 of a frame need the next
 * frame's score too and are made by join() and flush(). */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "base/mem.h"
#include "metric/float_motion/float_motion_plane.h"
#include "metric/metric.h"

#define OFFSET (-128.0f)

typedef struct Options {
    bool debug, force_zero, add_scale1, add_uv;
    int filter_size;
    double fps_weight, blend_factor, blend_offset, max_val;
} Options;

enum { SCORE, MOTION2, MOTION3, MOTION, OUTPUTS };

static const VtOption options[] = {
    {.name = "debug",
     .help = "also report motion, the score of the frame itself",
     .type = VT_OPTION_BOOL,
     .offset = offsetof(Options, debug),
     .number = true},
    {.name = "motion_force_zero",
     .alias = "force_0",
     .help = "all scores are 0",
     .type = VT_OPTION_BOOL,
     .offset = offsetof(Options, force_zero),
     .in_name = true},
    {.name = "motion_fps_weight",
     .alias = "mfw",
     .help = "factor of the scores, to correct for the frame rate",
     .type = VT_OPTION_DOUBLE,
     .offset = offsetof(Options, fps_weight),
     .in_name = true,
     .number = 1,
     .max = 5},
    {.name = "motion_blend_factor",
     .alias = "mbf",
     .help = "weight of a value above the blend offset, for motion3",
     .type = VT_OPTION_DOUBLE,
     .offset = offsetof(Options, blend_factor),
     .in_name = true,
     .number = 1,
     .max = 1},
    {.name = "motion_blend_offset",
     .alias = "mbo",
     .help = "value from which motion3 is blended",
     .type = VT_OPTION_DOUBLE,
     .offset = offsetof(Options, blend_offset),
     .in_name = true,
     .number = 40,
     .max = 1000},
    {.name = "motion_add_scale1",
     .alias = "mdc",
     .help = "add the difference at half size",
     .type = VT_OPTION_BOOL,
     .offset = offsetof(Options, add_scale1),
     .in_name = true},
    {.name = "motion_filter_size",
     .alias = "mfs",
     .help = "taps of the blur: 1 (none), 3, anything else 5",
     .type = VT_OPTION_INT,
     .offset = offsetof(Options, filter_size),
     .in_name = true,
     .number = 5,
     .max = 9},
    {.name = "motion_add_uv",
     .alias = "mau",
     .help = "add the scores of the chroma planes",
     .type = VT_OPTION_BOOL,
     .offset = offsetof(Options, add_uv),
     .in_name = true},
    {.name = "motion_max_val",
     .alias = "mmxv",
     .help = "largest score",
     .type = VT_OPTION_DOUBLE,
     .offset = offsetof(Options, max_val),
     .in_name = true,
     .number = 10000,
     .max = 10000},
    {0},
};

static const VtOutput outputs[OUTPUTS] = {
    {.base = "float_motion_unweighted", .kind = VT_OUTPUT_HIDDEN, .fixed_name = true},
    {.base = "VMAF_feature_motion2_score"},
    {.base = "VMAF_feature_motion3_score"},
    {.base = "VMAF_feature_motion_score"},
};

typedef struct Shared {
    VtFmotionDsp dsp;
    const VtFmotionFilter *filter;
    bool all_zero; /* every member has motion_force_zero */
} Shared;

/* What join() remembers of the frame before. */
typedef struct State {
    unsigned frames, index; /* how many came, the last one */
    double score;
} State;

static void history(const void *opaque, unsigned *n_ref, unsigned *n_dis)
{
    const Options *o = opaque;
    *n_ref = o->force_zero ? 0 : 1;
    *n_dis = 0;
}

/* A score is a minimum over the differences to both neighbours. */
static void window(const void *opaque, unsigned *before, unsigned *after)
{
    const Options *o = opaque;
    *before = *after = o->force_zero ? 0 : 1;
}

/* The other options act on scores. */
static bool shares(const void *opaque_a, const void *opaque_b)
{
    const Options *a = opaque_a, *b = opaque_b;
    return a->add_scale1 == b->add_scale1 && a->add_uv == b->add_uv &&
           vt_fmotion_filter(a->filter_size) == vt_fmotion_filter(b->filter_size);
}

static const Options *options_of(const VtGroup *group, unsigned member)
{
    return group->member[member]->options;
}

/* ---- set-up ---- */

static int check_format(const VtGroup *group, const VtFmotionFilter *filter)
{
    const VtFormat *f = &group->format;
    const bool uv = options_of(group, 0)->add_uv;
    if (uv && f->pix_fmt == VMAF_PIX_FMT_YUV400P) {
        vt_error(group->log, "float_motion: motion_add_uv needs pictures with chroma");
        return -EINVAL;
    }
    const bool half_w = uv && f->pix_fmt != VMAF_PIX_FMT_YUV444P;
    const bool half_h = uv && f->pix_fmt == VMAF_PIX_FMT_YUV420P;
    const unsigned least = filter->radius + 1;
    const unsigned least_w = half_w ? 2 * least : least, least_h = half_h ? 2 * least : least;
    if (f->w >= least_w && f->h >= least_h) return 0;
    vt_error(group->log, "float_motion: pictures of %ux%u are too small, at least %ux%u are needed",
             f->w, f->h, least_w, least_h);
    return -EINVAL;
}

static int init(VtGroup *group)
{
    const VtFmotionFilter *filter = vt_fmotion_filter(options_of(group, 0)->filter_size);
    const int err = check_format(group, filter);
    if (err) return err;
    Shared *s = calloc(1, sizeof(*s));
    if (!s) {
        vt_error(group->log, "float_motion: out of memory");
        return -ENOMEM;
    }
    vt_fmotion_dsp_init(&s->dsp, group->cpu_flags);
    s->filter = filter;
    s->all_zero = true;
    for (unsigned m = 0; m < group->n_members; m++)
        if (!options_of(group, m)->force_zero) s->all_zero = false;
    group->shared = s;
    return 0;
}

static void close_group(VtGroup *group)
{
    free(group->shared);
    group->shared = NULL;
}

static size_t scratch_size(const VtGroup *group)
{
    return vt_fmotion_plane_scratch(group->format.w, group->format.h,
                                    options_of(group, 0)->add_scale1);
}

/* ---- one frame ---- */

/* Score between the previous frame and this one; 0 for the first. */
static double frame_score(const VtGroup *group, void *scratch, const VtFrame *frame)
{
    const Shared *s = group->shared;
    const Options *o = options_of(group, 0);
    if (s->all_zero || !frame->prev_ref[0]) return 0;
    double score = 0;
    for (unsigned p = 0; p < (o->add_uv ? 3 : 1); p++) {
        const VtFmotionPlanes planes = {.earlier = vt_float_plane(frame->prev_ref[0], p, OFFSET),
                                        .current = vt_float_plane(frame->ref, p, OFFSET),
                                        .filter = s->filter,
                                        .luma_w = group->format.w};
        score += (double)vt_fmotion_planes(&planes, &s->dsp, o->add_scale1, scratch);
    }
    return score;
}

static int extract(const VtGroup *group, void *scratch, const VtFrame *frame,
                   VtResult *const *results)
{
    const double score = frame_score(group, scratch, frame);
    for (unsigned m = 0; m < group->n_members; m++) {
        const Options *o = options_of(group, m);
        if (!o->force_zero) {
            vt_emit(results[m], SCORE, score);
            continue;
        }
        vt_emit(results[m], MOTION2, 0);
        vt_emit(results[m], MOTION3, 0);
        if (o->debug) vt_emit(results[m], MOTION, 0);
    }
    return 0;
}

/* ---- in order: spec float 4, "Sequence" ---- */

static double min(double a, double b)
{
    return a < b ? a : b;
}

static double blend(const Options *o, double x)
{
    const double f = o->blend_factor;
    return min(x * f + (1 - f) * min(o->blend_offset, x), o->max_val);
}

/* motion2 and motion3 from the lesser score of a frame and its successor. */
static int put(const Options *o, const VtSeries *series, unsigned index, double score)
{
    const double x = score * o->fps_weight;
    const int err = series->put(series->ctx, MOTION2, index, min(x, o->max_val));
    return err ? err : series->put(series->ctx, MOTION3, index, blend(o, x));
}

static int join(const VtInstance *inst, void *opaque, unsigned index, VtResult *result,
                const VtSeries *series)
{
    const Options *o = inst->options;
    State *s = opaque;
    if (o->force_zero) return 0;
    const double score = s->frames ? result->value[SCORE] : 0;
    if (o->debug) vt_emit(result, MOTION, min(score * o->fps_weight, o->max_val));
    int err = 0;
    if (s->frames == 0)
        vt_emit(result, MOTION2, 0);
    else if (s->frames == 1)
        err = series->put(series->ctx, MOTION3, s->index, blend(o, score * o->fps_weight));
    else
        err = put(o, series, s->index, min(s->score, score));
    if (s->frames < 2) s->frames++;
    s->index = index;
    s->score = score;
    return err;
}

static int flush(const VtInstance *inst, void *opaque, const VtSeries *series)
{
    const State *s = opaque;
    if (s->frames == 0) return 0;
    if (s->frames == 1) return series->put(series->ctx, MOTION3, s->index, 0);
    return put(inst->options, series, s->index, s->score);
}

/* The last frame that came waits for its successor. */
static unsigned settle(const VtInstance *inst, void *opaque, unsigned index, const VtSeries *series)
{
    (void)index;
    (void)series;
    const State *s = opaque;
    return ((const Options *)inst->options)->force_zero || !s->frames ? UINT_MAX : s->index;
}

const VtMetric vt_metric_float_motion = {
    .name = "float_motion",
    .help = "temporal difference of the reference (floating point)",
    .options = options,
    .options_size = sizeof(Options),
    .outputs = outputs,
    .n_outputs = OUTPUTS,
    .every_frame = true,
    .history = history,
    .window = window,
    .shares = shares,
    .init = init,
    .close = close_group,
    .scratch_size = scratch_size,
    .extract = extract,
    .state_size = sizeof(State),
    .join = join,
    .flush = flush,
    .settle = settle,
};
