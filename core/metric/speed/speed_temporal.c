/* SpEED on differences of luma frames (spec: speed 13). */
#include <errno.h>
#include <stdlib.h>

#include "metric/registry.h"
#include "metric/speed/speed_options.h"
#include "metric/speed/speed_score.h"

static const VtOption options[] = {
    VT_SPEED_COMMON_OPTIONS,
    {"speed_use_ref_diff", "urd", "take the distorted difference against the reference frame",
     VT_OPTION_BOOL, offsetof(VtSpeedOptions, use_ref_diff), true, 0, NULL, 0, 0},
    VT_SPEED_NO_MORE_OPTIONS,
};

static const VtOutput output = {"Speed_temporal_feature_speed_temporal_score", VT_OUTPUT_FRAME,
                                false};

static void history(const void *o, unsigned *n_ref, unsigned *n_dis)
{
    (void)o;
    *n_ref = *n_dis = 1;
}

static void window(const void *o, unsigned *before, unsigned *after)
{
    (void)o;
    *before = 1;
    *after = 0;
}

static int check(const void *o, const VtLog *log)
{
    return vt_speed_check(o, "speed_temporal", log);
}

static bool shares(const void *a, const void *b)
{
    return vt_speed_same_planes(a, b);
}

static int init(VtGroup *group)
{
    const VtFormat *f = &group->format;
    VtSpeedSetup *s = malloc(sizeof(*s));
    if (!s) {
        vt_error(group->log, "speed_temporal: out of memory");
        return -ENOMEM;
    }
    const int err = vt_speed_setup(s, group->member[0]->options, f->w, f->h, f->bpc,
                                   group->cpu_flags, "speed_temporal", group->log);
    if (err) {
        free(s);
        return err;
    }
    group->shared = s;
    return 0;
}

static void shut(VtGroup *group)
{
    vt_speed_setup_free(group->shared);
    free(group->shared);
    group->shared = NULL;
}

static size_t scratch_size(const VtGroup *group)
{
    return vt_speed_scratch_size(group->shared);
}

/* Luma of a less luma of b. */
static VtSpeedSource difference(const VmafPicture *a, const VmafPicture *b)
{
    return (VtSpeedSource){.data = a->data[0],
                           .stride = a->stride[0],
                           .minus = b->data[0],
                           .minus_stride = b->stride[0]};
}

static int extract(const VtGroup *group, void *scratch, const VtFrame *frame,
                   VtResult *const *results)
{
    const VtSpeedSetup *s = group->shared;
    const VtSpeedOptions *first = group->member[0]->options;
    bool scored = false;
    VtSpeedPair pair;
    if (frame->prev_ref[0] && frame->prev_dis[0]) {
        const VtSpeedSource ref = difference(frame->prev_ref[0], frame->ref);
        const VtSpeedSource dis =
            difference(frame->prev_dis[0], first->use_ref_diff ? frame->ref : frame->dis);
        vt_speed_pair_init(&pair, s, scratch);
        scored = vt_speed_pair_run(s, &pair, &ref, &dis);
    }
    for (unsigned m = 0; m < group->n_members; m++)
        vt_emit(results[m], 0,
                scored ? (double)vt_speed_pair_score(s, &pair, group->member[m]->options) : 0);
    return 0;
}

const VtMetric vt_metric_speed_temporal = {
    .name = "speed_temporal",
    .help = "entropy differences of luma frame differences (SpEED)",
    .luma_only = true,
    .options = options,
    .options_size = sizeof(VtSpeedOptions),
    .outputs = &output,
    .n_outputs = 1,
    .every_frame = true,
    .history = history,
    .window = window,
    .check = check,
    .shares = shares,
    .init = init,
    .close = shut,
    .scratch_size = scratch_size,
    .extract = extract,
};
