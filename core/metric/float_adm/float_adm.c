/* Floating-point ADM: detail loss and additive impairment in four wavelet scales of luma (spec:
 * float 3). */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "metric/float_adm/float_adm_private.h"

typedef VtFadmOptions Options;

enum {
    ADM2,
    AIM,
    ADM3,
    SCALE,
    ADM = SCALE + VT_FADM_SCALES,
    NUM,
    DEN,
    PER_SCALE,
    OUTPUTS = PER_SCALE + 2 * VT_FADM_SCALES
};

#define NUMBER(field_, name_, alias_, default_, min_, max_, help_)                                 \
    {                                                                                              \
        .name = name_, .alias = alias_, .help = help_, .type = VT_OPTION_DOUBLE,                   \
        .offset = offsetof(Options, field_), .in_name = true, .number = default_, .min = min_,     \
        .max = max_                                                                                \
    }
#define INTEGER(field_, name_, alias_, default_, min_, max_, help_)                                \
    {                                                                                              \
        .name = name_, .alias = alias_, .help = help_, .type = VT_OPTION_INT,                      \
        .offset = offsetof(Options, field_), .in_name = true, .number = default_, .min = min_,     \
        .max = max_                                                                                \
    }
#define SWITCH(field_, name_, alias_, help_)                                                       \
    {                                                                                              \
        .name = name_, .alias = alias_, .help = help_, .type = VT_OPTION_BOOL,                     \
        .offset = offsetof(Options, field_), .in_name = true                                       \
    }
#define FACTOR1(s)                                                                                 \
    NUMBER(factor1[s], "adm_f1s" #s, "f1s" #s, -1, -1, 10,                                         \
           "contrast sensitivity of the h and v bands of scale " #s ", if not negative")
#define FACTOR2(s)                                                                                 \
    NUMBER(factor2[s], "adm_f2s" #s, "f2s" #s, -1, -1, 10,                                         \
           "contrast sensitivity of the d band of scale " #s ", if not negative")

static const VtOption options[] = {
    {.name = "debug",
     .help = "also report numerators and denominators",
     .type = VT_OPTION_BOOL,
     .offset = offsetof(Options, debug)},
    NUMBER(gain_limit, "adm_enhn_gain_limit", "egl", 100, 1, 100,
           "how far enhancement of the reference counts (1.0 for NEG models)"),
    NUMBER(view_dist, "adm_norm_view_dist", "nvd", 3, 0.75, 24,
           "viewing distance in display heights"),
    NUMBER(noise_weight, "adm_noise_weight", "nw", 0.03125, 0, 1500,
           "constant that keeps weak bands from deciding"),
    NUMBER(csf_scale, "adm_csf_scale", "scf", 1, 0, 50, "factor of CSF mode 1, h and v bands"),
    NUMBER(csf_diag_scale, "adm_csf_diag_scale", "scfd", 1, 0, 50, "factor of CSF mode 1, d band"),
    INTEGER(display_height, "adm_ref_display_height", "rdf", 1080, 1, 4320,
            "display height in pixels"),
    INTEGER(csf_mode, "adm_csf_mode", "csf", 0, 0, 9,
            "contrast sensitivity: 0 Watson, 1 Barten, 2 native"),
    INTEGER(bypass_cm, "adm_bypass_cm", "bcm", 0, 0, 1, "1: no contrast masking"),
    SWITCH(apply_hm, "adm_adm3_apply_hm", "aah", "harmonic mean in adm3"),
    NUMBER(p_norm, "adm_p_norm", "apn", 3, 1, 20, "exponent of the pooling"),
    NUMBER(dlm_weight, "adm_dlm_weight", "dlmw", 0.5, 0, 1, "weight of adm2 in adm3"),
    NUMBER(min_val, "adm_min_val", "min", 0, 0, 1, "least adm3"),
    FACTOR1(0),
    FACTOR1(1),
    FACTOR1(2),
    FACTOR1(3),
    FACTOR2(0),
    FACTOR2(1),
    FACTOR2(2),
    FACTOR2(3),
    INTEGER(skip_aim_scale, "adm_skip_aim_scale", "sasc", -1, 0, 3, "leave this scale out of aim"),
    SWITCH(skip_scale0, "adm_skip_scale0", "ssz", "scale 0 makes scale 1 but does not count"),
    {0},
};

static const VtOutput outputs[OUTPUTS] = {
    {.base = "VMAF_feature_adm2_score"},
    {.base = "VMAF_feature_aim_score"},
    {.base = "VMAF_feature_adm3_score"},
    {.base = "VMAF_feature_adm_scale0_score"},
    {.base = "VMAF_feature_adm_scale1_score"},
    {.base = "VMAF_feature_adm_scale2_score"},
    {.base = "VMAF_feature_adm_scale3_score"},
    {.base = "adm", .fixed_name = true},
    {.base = "adm_num"},
    {.base = "adm_den"},
    {.base = "adm_num_scale0"},
    {.base = "adm_den_scale0"},
    {.base = "adm_num_scale1"},
    {.base = "adm_den_scale1"},
    {.base = "adm_num_scale2"},
    {.base = "adm_den_scale2"},
    {.base = "adm_num_scale3"},
    {.base = "adm_den_scale3"},
};

static const Options *options_of(const VtGroup *group, unsigned member)
{
    return group->member[member]->options;
}

/* ---- set-up ---- */

/* All options act behind the wavelet, which is common to all instances. */
static bool shares(const void *a, const void *b)
{
    (void)a, (void)b;
    return true;
}

static void make_variant(const Options *o, VtFadmVariant *v)
{
    *v = (VtFadmVariant){.skip_scale0 = o->skip_scale0};
    for (int s = 0; s < VT_FADM_SCALES; s++) {
        VtFadmModel *m = &v->model[s];
        vt_fadm_csf(o, s, m->factor);
        m->gain_limit = o->gain_limit;
        m->exact_limit = (double)(float)o->gain_limit == o->gain_limit;
        m->masking = !o->bypass_cm;
        m->p = (float)o->p_norm;
    }
}

static bool same_model(const VtFadmModel *a, const VtFadmModel *b)
{
    for (int i = 0; i < VT_FADM_BANDS; i++)
        if (a->factor[i] != b->factor[i]) return false;
    return a->gain_limit == b->gain_limit && a->masking == b->masking && a->p == b->p;
}

static bool same_variant(const VtFadmVariant *a, const VtFadmVariant *b)
{
    for (int s = 0; s < VT_FADM_SCALES; s++)
        if (!same_model(&a->model[s], &b->model[s])) return false;
    return a->skip_scale0 == b->skip_scale0;
}

static unsigned add_variant(VtFadmShared *s, const Options *o)
{
    VtFadmVariant *v = &s->variant[s->n_variants];
    make_variant(o, v);
    for (unsigned i = 0; i < s->n_variants; i++)
        if (same_variant(&s->variant[i], v)) return i;
    return s->n_variants++;
}

static int init(VtGroup *group)
{
    const VtFormat *f = &group->format;
    if (f->w < VT_FADM_SMALLEST || f->h < VT_FADM_SMALLEST) {
        vt_error(group->log,
                 "float_adm: pictures of %ux%u are too small, at least %dx%d are needed", f->w,
                 f->h, VT_FADM_SMALLEST, VT_FADM_SMALLEST);
        return -EINVAL;
    }
    VtFadmShared *s = calloc(1, sizeof(*s));
    if (!s) {
        vt_error(group->log, "float_adm: out of memory");
        return -ENOMEM;
    }
    vt_fadm_dsp_init(&s->dsp, group->cpu_flags);
    for (unsigned m = 0; m < group->n_members; m++)
        s->variant_of[m] = add_variant(s, options_of(group, m));
    unsigned w = f->w, h = f->h;
    for (int i = 0; i < VT_FADM_SCALES; i++) {
        w = (w + 1) / 2;
        h = (h + 1) / 2;
        s->window[i] = vt_fadm_window(w, h);
    }
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
    return vt_fadm_frame_scratch(group->shared, group->format.w);
}

/* ---- scores (spec: float 3, "Pooling" and "Scores") ---- */

typedef struct Scores {
    double num[VT_FADM_SCALES], den[VT_FADM_SCALES], aim_num[VT_FADM_SCALES];
} Scores;

static float noise(const VtFadmWindow *n, double weight, float exponent)
{
    const unsigned area = (n->right - n->left) * (n->bottom - n->top);
    return powf((float)((double)area * weight), exponent);
}

static double pooled(const float *sum, float exponent, float noise_term)
{
    float band[VT_FADM_BANDS];
    for (int b = 0; b < VT_FADM_BANDS; b++) band[b] = powf(sum[b], exponent) + noise_term;
    return (double)(band[0] + band[1] + band[2]);
}

static void pool_scales(const VtFadmShared *s, const VtFadmSums *sums, const Options *o,
                        Scores *out)
{
    const float exponent = (float)(1 / o->p_norm);
    for (int i = 0; i < VT_FADM_SCALES; i++) {
        const float n = noise(&s->window[i], o->noise_weight, exponent);
        const bool skipped = !i && o->skip_scale0;
        out->num[i] = skipped ? 0 : pooled(sums[i].restored, exponent, n);
        out->den[i] = skipped ? (double)1e-10f : pooled(sums[i].reference, exponent, n);
        out->aim_num[i] = skipped ? 0 : pooled(sums[i].added, exponent, 0);
    }
}

typedef struct Sums {
    double num, den, aim_num, aim_den;
} Sums;

static Sums add_scales(const Scores *s, const Options *o, const VtFormat *f)
{
    Sums sums = {0};
    for (int i = 0; i < VT_FADM_SCALES; i++) {
        sums.num += s->num[i];
        sums.den += s->den[i];
        if (i == o->skip_aim_scale) continue;
        sums.aim_num += s->aim_num[i];
        sums.aim_den += s->den[i];
    }
    const double limit = 1e-10 * ((double)f->w * f->h) / (1920.0 * 1080.0);
    if (sums.num < limit) sums.num = 0;
    if (sums.den < limit) sums.den = 0;
    return sums;
}

static double adm3(const Options *o, double adm2, double aim)
{
    double score = adm2 * o->dlm_weight + (1 - aim) * (1 - o->dlm_weight);
    if (o->apply_hm) score = 2 * adm2 * aim / (adm2 + aim);
    return score > o->min_val ? score : o->min_val;
}

static void emit(const VtGroup *group, const Scores *s, const Options *o, VtResult *out)
{
    const Sums sums = add_scales(s, o, &group->format);
    const double adm2 = sums.den == 0 ? 1 : sums.num / sums.den;
    double aim = sums.den == 0 ? 0 : sums.aim_num / sums.aim_den;
    if (aim > 1) aim = 1;
    vt_emit(out, ADM2, adm2);
    vt_emit(out, AIM, aim);
    vt_emit(out, ADM3, adm3(o, adm2, aim));
    for (unsigned i = 0; i < VT_FADM_SCALES; i++) vt_emit(out, SCALE + i, s->num[i] / s->den[i]);
    if (!o->debug) return;
    vt_emit(out, ADM, adm2);
    vt_emit(out, NUM, sums.num);
    vt_emit(out, DEN, sums.den);
    for (unsigned i = 0; i < VT_FADM_SCALES; i++) {
        vt_emit(out, PER_SCALE + 2 * i, s->num[i]);
        vt_emit(out, PER_SCALE + 2 * i + 1, s->den[i]);
    }
}

static int extract(const VtGroup *group, void *scratch, const VtFrame *frame,
                   VtResult *const *results)
{
    const VtFadmShared *shared = group->shared;
    VtFadmTotals totals;
    vt_fadm_frame(shared, frame, scratch, &totals);
    for (unsigned m = 0; m < group->n_members; m++) {
        const Options *o = options_of(group, m);
        Scores scores;
        pool_scales(shared, totals.scale[shared->variant_of[m]], o, &scores);
        emit(group, &scores, o, results[m]);
    }
    return 0;
}

/* The name of the debug output "adm" carries no options. Where two instances report it, the first
 * one's value stays (libvmaf ends the run, spec: float 10, quirk 2). */
static int join(const VtInstance *inst, void *state, unsigned index, VtResult *result,
                const VtSeries *series)
{
    (void)inst, (void)state;
    double ignored;
    if (series->get(series->ctx, ADM, index, &ignored)) result->written &= ~(UINT32_C(1) << ADM);
    return 0;
}

const VtMetric vt_metric_float_adm = {
    .name = "float_adm",
    .help = "detail loss and additive impairment in wavelet scales (floating point)",
    .luma_only = true,
    .options = options,
    .options_size = sizeof(Options),
    .outputs = outputs,
    .n_outputs = OUTPUTS,
    .shares = shares,
    .init = init,
    .close = close_group,
    .scratch_size = scratch_size,
    .extract = extract,
    .join = join,
};
