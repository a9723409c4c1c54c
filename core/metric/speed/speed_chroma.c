/* SpEED on the chroma planes (spec: speed 12). */
#include <errno.h>
#include <stdlib.h>

#include "metric/registry.h"
#include "metric/speed/speed_options.h"
#include "metric/speed/speed_score.h"

static const VtOption options[] = {
    VT_SPEED_COMMON_OPTIONS,
    {"speed_weight_var_mode", "wvm",
     "which block variances weight the entropies: 0 each its own, 1 "
     "reference, 2 distorted, 3 mean, 4 to 6 reference and a mix",
     VT_OPTION_INT, offsetof(VtSpeedOptions, weight_var_mode), true, 0, NULL, 0, 6},
    VT_SPEED_NO_MORE_OPTIONS,
};

enum { U, V, UV, N_OUTPUTS };

static const VtOutput outputs[N_OUTPUTS] = {
    [U] = {"Speed_chroma_feature_speed_chroma_u_score", VT_OUTPUT_FRAME, false},
    [V] = {"Speed_chroma_feature_speed_chroma_v_score", VT_OUTPUT_FRAME, false},
    [UV] = {"Speed_chroma_feature_speed_chroma_uv_score", VT_OUTPUT_FRAME, false},
};

static int check(const void *o, const VtLog *log)
{
    return vt_speed_check(o, "speed_chroma", log);
}

static bool shares(const void *a, const void *b)
{
    return vt_speed_same_planes(a, b);
}

static int init(VtGroup *group)
{
    const VtFormat *f = &group->format;
    if (f->pix_fmt == VMAF_PIX_FMT_YUV400P) {
        vt_error(group->log, "speed_chroma: pictures without chroma cannot be scored");
        return -EINVAL;
    }
    const unsigned w = f->pix_fmt == VMAF_PIX_FMT_YUV444P ? f->w : f->w / 2;
    const unsigned h = f->pix_fmt == VMAF_PIX_FMT_YUV420P ? f->h / 2 : f->h;
    VtSpeedSetup *s = malloc(sizeof(*s));
    if (!s) {
        vt_error(group->log, "speed_chroma: out of memory");
        return -ENOMEM;
    }
    const int err = vt_speed_setup(s, group->member[0]->options, w, h, f->bpc, group->cpu_flags,
                                   "speed_chroma", group->log);
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

static VtSpeedSource plane(const VmafPicture *pic, unsigned p)
{
    return (VtSpeedSource){.data = pic->data[p], .stride = pic->stride[p]};
}

/* NaN becomes the limit too. */
static double clip(float score, double max_val)
{
    return (double)score < max_val ? (double)score : max_val;
}

static int extract(const VtGroup *group, void *scratch, const VtFrame *frame,
                   VtResult *const *results)
{
    const VtSpeedSetup *s = group->shared;
    float score[2][VT_MAX_MEMBERS] = {{0}};
    bool singular[2];
    VtSpeedPair pair;
    vt_speed_pair_init(&pair, s, scratch);
    for (unsigned p = 0; p < 2; p++) {
        const VtSpeedSource ref = plane(frame->ref, 1 + p), dis = plane(frame->dis, 1 + p);
        singular[p] = !vt_speed_pair_run(s, &pair, &ref, &dis);
        for (unsigned m = 0; m < group->n_members && !singular[p]; m++)
            score[p][m] = vt_speed_pair_score(s, &pair, group->member[m]->options);
    }
    for (unsigned m = 0; m < group->n_members; m++) {
        const VtSpeedOptions *o = group->member[m]->options;
        const float u = score[U][m], v = score[V][m];
        float uv = (float)((double)(u + v) / 2.0);
        if (singular[U] != singular[V]) uv = singular[U] ? v : u;
        vt_emit(results[m], U, clip(u, o->max_val));
        vt_emit(results[m], V, clip(v, o->max_val));
        vt_emit(results[m], UV, clip(uv, o->max_val));
    }
    return 0;
}

const VtMetric vt_metric_speed_chroma = {
    .name = "speed_chroma",
    .help = "entropy differences of chroma (SpEED)",
    .options = options,
    .options_size = sizeof(VtSpeedOptions),
    .outputs = outputs,
    .n_outputs = N_OUTPUTS,
    .check = check,
    .shares = shares,
    .init = init,
    .close = shut,
    .scratch_size = scratch_size,
    .extract = extract,
};
