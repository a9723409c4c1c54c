/* Integer motion: mean absolute blurred difference of successive reference frames (spec: motion).
 * A frame makes its SAD score; motion2 and motion3 need their neighbours in time and
 * are made by flush(). */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "metric/motion/motion_private.h"

enum { SAD, MOTION, MOTION2, MOTION3, OUTPUTS };

static const VtOption options[] = {
    {.name = "debug",
     .help = "also report integer_motion, a copy of the SAD score",
     .type = VT_OPTION_BOOL,
     .offset = offsetof(VtMotionOptions, debug)},
    {.name = "motion_force_zero",
     .alias = "force_0",
     .help = "all scores are 0",
     .type = VT_OPTION_BOOL,
     .offset = offsetof(VtMotionOptions, force_zero),
     .in_name = true},
    {.name = "motion_blend_factor",
     .alias = "mbf",
     .help = "weight of a value above the blend offset, for motion3",
     .type = VT_OPTION_DOUBLE,
     .offset = offsetof(VtMotionOptions, blend_factor),
     .in_name = true,
     .number = 1,
     .max = 1},
    {.name = "motion_blend_offset",
     .alias = "mbo",
     .help = "value from which motion3 is blended",
     .type = VT_OPTION_DOUBLE,
     .offset = offsetof(VtMotionOptions, blend_offset),
     .in_name = true,
     .number = 40,
     .max = 1000},
    {.name = "motion_fps_weight",
     .alias = "mfw",
     .help = "factor of the SAD score, to correct for the frame rate",
     .type = VT_OPTION_DOUBLE,
     .offset = offsetof(VtMotionOptions, fps_weight),
     .in_name = true,
     .number = 1,
     .max = 5},
    {.name = "motion_max_val",
     .alias = "mmxv",
     .help = "largest SAD score and motion3",
     .type = VT_OPTION_DOUBLE,
     .offset = offsetof(VtMotionOptions, max_val),
     .in_name = true,
     .number = 10000,
     .max = 10000},
    {.name = "motion_five_frame_window",
     .alias = "mffw",
     .help = "compare with the frame two back instead of one back",
     .type = VT_OPTION_BOOL,
     .offset = offsetof(VtMotionOptions, five_frame_window),
     .in_name = true},
    {.name = "motion_moving_average",
     .alias = "mma",
     .help = "motion3 is the mean of two successive values",
     .type = VT_OPTION_BOOL,
     .offset = offsetof(VtMotionOptions, moving_average),
     .in_name = true},
    {0},
};

static const VtOutput outputs[OUTPUTS] = {
    {.base = "VMAF_integer_feature_motion_sad_score"},
    {.base = "VMAF_integer_feature_motion_score"},
    {.base = "VMAF_integer_feature_motion2_score"},
    {.base = "VMAF_integer_feature_motion3_score"},
};

static void history(const void *opaque, unsigned *n_ref, unsigned *n_dis)
{
    const VtMotionOptions *o = opaque;
    *n_ref = o->force_zero ? 0 : vt_motion_distance(o);
    *n_dis = 0;
}

/* motion2 is a minimum over SAD scores of neighbours, each of which looks `distance` back; motion3
 * of the first frames is made from that of frame `distance` (spec: motion 5). */
static void window(const void *opaque, unsigned *before, unsigned *after)
{
    const VtMotionOptions *o = opaque;
    *before = *after = 0;
    if (o->force_zero) return;
    *before = vt_motion_distance(o) + o->five_frame_window + o->moving_average;
    *after = vt_motion_distance(o);
}

/* Members of a group share S; the other options act on scalars. */
static bool shares(const void *a, const void *b)
{
    return vt_motion_distance(a) == vt_motion_distance(b);
}

static int init(VtGroup *group)
{
    VtMotionShared *s = calloc(1, sizeof(*s));
    if (!s) {
        vt_error(group->log, "motion: out of memory");
        return -ENOMEM;
    }
    vt_motion_dsp_init(&s->dsp, group->cpu_flags);
    s->all_zero = true;
    for (unsigned m = 0; m < group->n_members; m++)
        if (!((const VtMotionOptions *)group->member[m]->options)->force_zero) s->all_zero = false;
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
    return vt_motion_scratch(group->format.w);
}

static double min(double a, double b)
{
    return a < b ? a : b;
}

static double sad_score(const VtMotionOptions *o, uint64_t sad, const VtFormat *f)
{
    if (o->force_zero) return 0;
    const double score = ((double)sad / 256.0) / (double)((uint64_t)f->w * f->h);
    return min(score * o->fps_weight, o->max_val);
}

int vt_motion_check_earlier(const VtGroup *group, unsigned index, bool has_earlier)
{
    const unsigned back = vt_motion_distance(group->member[0]->options);
    if (!vt_motion_compares(group, index) || has_earlier) return 0;
    vt_error(group->log, "motion: frame %u needs the picture %u before it, which is missing", index,
             back);
    return -EINVAL;
}

void vt_motion_emit(const VtGroup *group, uint64_t sad, VtResult *const *results)
{
    for (unsigned m = 0; m < group->n_members; m++) {
        const VtMotionOptions *o = group->member[m]->options;
        const double score = sad_score(o, sad, &group->format);
        vt_emit(results[m], SAD, score);
        if (o->debug) vt_emit(results[m], MOTION, score);
    }
}

static void extract_part(const VtGroup *group, void *scratch, const VtFrame *frame, unsigned part,
                         unsigned n_parts, uint64_t *sums)
{
    const VtMotionShared *s = group->shared;
    const VmafPicture *current = frame->ref;
    const VmafPicture *earlier = frame->prev_ref[vt_motion_distance(group->member[0]->options) - 1];
    if (!vt_motion_compares(group, frame->index) || !earlier) return;
    const unsigned h = group->format.h;
    const VtMotionPair pair = {
        .earlier = earlier->data[0],
        .current = current->data[0],
        .earlier_stride = earlier->stride[0],
        .current_stride = current->stride[0],
        .w = group->format.w,
        .h = h,
        .bpc = group->format.bpc,
        .first = vt_part_row(h, part, n_parts),
        .end = vt_part_row(h, part + 1, n_parts),
    };
    sums[0] = s->dsp.sad(&pair, scratch);
}

static int finish(const VtGroup *group, const VtFrame *frame, const uint64_t *sums,
                  VtResult *const *results)
{
    const unsigned back = vt_motion_distance(group->member[0]->options);
    const int err = vt_motion_check_earlier(group, frame->index, frame->prev_ref[back - 1]);
    if (!err) vt_motion_emit(group, sums[0], results);
    return err;
}

/* ---- motion2 and motion3: spec motion 5 ---- */

/* Blend and clip. */
static double process(const VtMotionOptions *o, double x)
{
    const double f = o->blend_factor;
    return min(x * f + (1 - f) * min(o->blend_offset, x), o->max_val);
}

/* The SAD score of a frame. */
static bool sad_at(const VtSeries *series, unsigned index, double *value)
{
    return series->get(series->ctx, SAD, index, value);
}

/* motion2 from the frame's own SAD score and those before and after it; the five-frame window
 * leaves its own out, except at the end. */
static double temporal_minimum(const VtMotionOptions *o, unsigned index, double before, double own,
                               bool has_after, double after)
{
    if (!has_after) return own;
    if (!o->five_frame_window) return min(own, after);
    return index > 2 ? min(before, after) : after;
}

static bool reaches(const VtSeries *series, unsigned count)
{
    double ignored;
    for (unsigned i = 0; i < count; i++)
        if (!sad_at(series, i, &ignored)) return false;
    return true;
}

/* Where the two series stand: all frames before `next` have their values. */
typedef struct State {
    unsigned next;
    bool ended; /* at a gap, after which no frame gets values */
    bool has_stamp;
    double stamp, previous; /* motion3 of the first frames; the value before, unaveraged */
} State;

typedef int (*Put)(void *ctx, unsigned output, unsigned index, double value);

static int put_frame(const VtMotionOptions *o, State *s, bool has_after, const VtSeries *series,
                     Put put)
{
    const unsigned i = s->next;
    double before = 0, own = 0, after = 0, motion2 = 0, motion3 = s->stamp;
    if (i >= vt_motion_distance(o)) {
        sad_at(series, i - 1, &before);
        sad_at(series, i, &own);
        if (has_after) sad_at(series, i + 1, &after);
        motion2 = temporal_minimum(o, i, before, own, has_after, after);
        const double p = process(o, motion2);
        motion3 = o->moving_average ? (p + s->previous) / 2.0 : p;
        s->previous = p;
    }
    const int err = put(series->ctx, MOTION2, i, motion2);
    return err ? err : put(series->ctx, MOTION3, i, motion3);
}

/* The first frames' motion3 is made of the first SAD score that is not 0 by definition. */
static void find_stamp(const VtMotionOptions *o, State *s, const VtSeries *series)
{
    if (reaches(series, vt_motion_distance(o) + 1)) {
        sad_at(series, vt_motion_distance(o), &s->stamp);
        s->stamp = process(o, s->stamp);
    }
    s->previous = s->stamp;
    s->has_stamp = true;
}

/* Puts the values of all frames that are certain once the frames up to `last` have come. */
static int advance(const VtMotionOptions *o, State *s, unsigned last, const VtSeries *series,
                   Put put)
{
    double ignored;
    if (!s->has_stamp && last >= vt_motion_distance(o)) find_stamp(o, s, series);
    while (s->has_stamp && !s->ended && s->next <= last) {
        const bool has_after = sad_at(series, s->next + 1, &ignored);
        s->ended = !sad_at(series, s->next, &ignored);
        if (s->ended || (!has_after && s->next == last)) break;
        const int err = put_frame(o, s, has_after, series, put);
        if (err) return err;
        s->next++;
    }
    return 0;
}

static unsigned settle(const VtInstance *inst, void *state, unsigned index, const VtSeries *series)
{
    State *s = state;
    advance(inst->options, s, index, series, series->put_early);
    return s->ended ? UINT_MAX : s->next;
}

static int flush(const VtInstance *inst, void *state, const VtSeries *series)
{
    (void)state;
    State s = {0};
    return advance(inst->options, &s, UINT_MAX - 1, series, series->put);
}

const VtMetric vt_metric_motion = {
    .name = "motion",
    .help = "temporal difference of the reference luma (integer)",
    .luma_only = true,
    .options = options,
    .options_size = sizeof(VtMotionOptions),
    .outputs = outputs,
    .n_outputs = OUTPUTS,
    .every_frame = true,
    .history = history,
    .window = window,
    .shares = shares,
    .init = init,
    .close = close_group,
    .scratch_size = scratch_size,
    .extract = vt_extract_whole,
    .n_sums = 1,
    .extract_part = extract_part,
    .finish = finish,
    .state_size = sizeof(State),
    .gpu = &vt_motion_gpu,
    .flush = flush,
    .settle = settle,
};
