/* CAMBI, the banding detector (spec: cambi). */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metric/cambi/cambi_picture.h"
#include "metric/registry.h"

#define FIELD(f) offsetof(VtCambiOptions, f)

static const VtOption options[] = {
    {"cambi_max_val", "cmxv", "upper limit of the scores", VT_OPTION_DOUBLE, FIELD(max_val), true,
     1000, NULL, 0, 1000},
    {"enc_width", "encw", "width of the encode (0: that of the picture)", VT_OPTION_INT,
     FIELD(enc_width), true, 0, NULL, 180, 7680},
    {"enc_height", "ench", "height of the encode (0: that of the picture)", VT_OPTION_INT,
     FIELD(enc_height), true, 0, NULL, 150, 7680},
    {"enc_bitdepth", "encbd", "bit depth of the encode (0: that of the picture)", VT_OPTION_INT,
     FIELD(enc_bitdepth), true, 0, NULL, 6, 16},
    {"src_width", "srcw", "width of the source, for full_ref (0: that of the picture)",
     VT_OPTION_INT, FIELD(src_width), true, 0, NULL, 320, 7680},
    {"src_height", "srch", "height of the source, for full_ref (0: that of the picture)",
     VT_OPTION_INT, FIELD(src_height), true, 0, NULL, 200, 4320},
    {"window_size", "ws", "side of the window at 3840x2160", VT_OPTION_INT, FIELD(window_size),
     true, 65, NULL, 15, 127},
    {"topk", "topk", "fraction of positions that are pooled", VT_OPTION_DOUBLE, FIELD(topk), true,
     0.6, NULL, 0.0001, 1},
    {"cambi_topk", "ctpk", "the same; used when topk is at its default", VT_OPTION_DOUBLE,
     FIELD(cambi_topk), true, 0.6, NULL, 0.0001, 1},
    {"tvi_threshold", "tvit", "relative luminance difference that is visible", VT_OPTION_DOUBLE,
     FIELD(tvi_threshold), true, 0.019, NULL, 0.0001, 1},
    {"cambi_vis_lum_threshold", "vlt", "luminance in cd/m2 below which banding is invisible",
     VT_OPTION_DOUBLE, FIELD(vis_lum_threshold), true, 0, NULL, 0, 300},
    {"max_log_contrast", "mlc", "steps of 1 to 2^max_log_contrast 10-bit codes are looked at",
     VT_OPTION_INT, FIELD(max_log_contrast), true, 2, NULL, 0, 5},
    {"eotf", NULL, "display curve: bt1886 or pq", VT_OPTION_STRING, FIELD(eotf), true, 0, "bt1886",
     0, 0},
    {"cambi_eotf", "ceot", "the same; takes precedence unless it is bt1886", VT_OPTION_STRING,
     FIELD(cambi_eotf), true, 0, "bt1886", 0, 0},
    {"cambi_high_res_speedup", "hrs",
     "1080, 1440 or 2160: skip full resolution for pictures of at least that format", VT_OPTION_INT,
     FIELD(high_res_speedup), true, 0, NULL, 0, 2160},
    {"full_ref", NULL, "score the reference picture too", VT_OPTION_BOOL, FIELD(full_ref), false, 0,
     NULL, 0, 0},
    {"heatmaps_path", NULL, "folder for heat maps", VT_OPTION_STRING, FIELD(heatmaps_path), false,
     0, NULL, 0, 0},
    {NULL, NULL, NULL, VT_OPTION_BOOL, 0, false, 0, NULL, 0, 0},
};

enum { SCORE, SOURCE, FULL_REFERENCE, N_OUTPUTS };

static const VtOutput outputs[N_OUTPUTS] = {
    [SCORE] = {"Cambi_feature_cambi_score", VT_OUTPUT_FRAME, false},
    [SOURCE] = {"cambi_source", VT_OUTPUT_FRAME, true},
    [FULL_REFERENCE] = {"cambi_full_reference", VT_OUTPUT_FRAME, true},
};

static int check(const void *opaque, const VtLog *log)
{
    const VtCambiOptions *o = opaque;
    const char *const eotf[] = {o->eotf, o->cambi_eotf};
    for (unsigned i = 0; i < 2; i++) {
        if (vt_cambi_knows_eotf(eotf[i])) continue;
        vt_error(log, "cambi: eotf must be bt1886 or pq, not '%s'", eotf[i]);
        return -EINVAL;
    }
    return 0;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

/* Only the upper limit may differ. */
static bool shares(const void *opaque_a, const void *opaque_b)
{
    const VtCambiOptions *a = opaque_a, *b = opaque_b;
    return a->topk == b->topk && a->cambi_topk == b->cambi_topk &&
           a->tvi_threshold == b->tvi_threshold && a->vis_lum_threshold == b->vis_lum_threshold &&
           a->enc_width == b->enc_width && a->enc_height == b->enc_height &&
           a->enc_bitdepth == b->enc_bitdepth && a->src_width == b->src_width &&
           a->src_height == b->src_height && a->window_size == b->window_size &&
           a->max_log_contrast == b->max_log_contrast &&
           a->high_res_speedup == b->high_res_speedup && a->full_ref == b->full_ref &&
           same_text(a->eotf, b->eotf) && same_text(a->cambi_eotf, b->cambi_eotf) &&
           same_text(a->heatmaps_path, b->heatmaps_path);
}

static void shut(VtGroup *group)
{
    VtCambiSetup *s = group->shared;
    vt_cambi_heatmaps_close(s);
    vt_cambi_setup_free(s);
    free(s);
    group->shared = NULL;
}

static int init(VtGroup *group)
{
    const VtCambiOptions *o = group->member[0]->options;
    VtCambiSetup *s = calloc(1, sizeof(*s));
    if (!s) {
        vt_error(group->log, "cambi: out of memory");
        return -ENOMEM;
    }
    int err = vt_cambi_setup(s, o, &group->format, group->cpu_flags, group->log);
    if (err) goto fail;
    err = vt_cambi_heatmaps_open(s, o->heatmaps_path, group->log);
    if (err) goto fail_files;
    group->shared = s;
    return 0;

fail_files:
    vt_cambi_setup_free(s);
fail:
    free(s);
    return err;
}

static size_t scratch_size(const VtGroup *group)
{
    return vt_cambi_scratch_size(group->shared);
}

static int extract(const VtGroup *group, void *scratch, const VtFrame *frame,
                   VtResult *const *results)
{
    const VtCambiSetup *s = group->shared;
    const VtCambiOptions *o = group->member[0]->options;
    double dis = 0, ref = 0;
    int err = vt_cambi_score(s, &s->dis, frame->dis, frame->index, scratch, group->log, &dis);
    if (!err && o->full_ref)
        err = vt_cambi_score(s, &s->ref, frame->ref, frame->index, scratch, group->log, &ref);
    if (err) return err;
    for (unsigned m = 0; m < group->n_members; m++) {
        const double limit = ((const VtCambiOptions *)group->member[m]->options)->max_val;
        vt_emit(results[m], SCORE, fmin(dis, limit));
        if (!o->full_ref) continue;
        vt_emit(results[m], SOURCE, fmin(ref, limit));
        vt_emit(results[m], FULL_REFERENCE, fmin(fmax(0, dis - ref), limit));
    }
    return 0;
}

const VtMetric vt_metric_cambi = {
    .name = "cambi",
    .help = "banding (contouring) in luma",
    .luma_only = true,
    .options = options,
    .options_size = sizeof(VtCambiOptions),
    .outputs = outputs,
    .n_outputs = N_OUTPUTS,
    .check = check,
    .shares = shares,
    .init = init,
    .close = shut,
    .scratch_size = scratch_size,
    .extract = extract,
};
