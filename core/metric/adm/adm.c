/* Integer ADM: detail loss and additive impairment of the luma's wavelet bands (spec: adm).
 *
 * All options act late: members of a group share wavelets, ratios and the denominator's sums, and
 * those with the same gain limit and weights also the numerators' (a variant). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "metric/adm/adm_private.h"

#define N_SUMS (sizeof(VtAdmSums) / sizeof(uint64_t))

_Static_assert(N_SUMS <= VT_MAX_SUMS, "the sums of a part");

#define FIELD(name) offsetof(VtAdmOptions, name)

static const VtOption options[] = {
    {.name = "debug",
     .help = "also report numerators and denominators",
     .type = VT_OPTION_BOOL,
     .offset = FIELD(debug)},
    {.name = "adm_csf_scale",
     .alias = "scf",
     .help = "factor of the weight of horizontal and vertical detail, in CSF mode 1",
     .type = VT_OPTION_DOUBLE,
     .offset = FIELD(csf_scale),
     .in_name = true,
     .number = 1,
     .min = 0,
     .max = 50},
    {.name = "adm_csf_diag_scale",
     .alias = "scfd",
     .help = "factor of the weight of diagonal detail, in CSF mode 1",
     .type = VT_OPTION_DOUBLE,
     .offset = FIELD(csf_diag_scale),
     .in_name = true,
     .number = 1,
     .min = 0,
     .max = 50},
    {.name = "adm_dlm_weight",
     .alias = "dlmw",
     .help = "weight of adm2 in adm3",
     .type = VT_OPTION_DOUBLE,
     .offset = FIELD(dlm_weight),
     .in_name = true,
     .number = 0.5,
     .min = 0,
     .max = 1},
    {.name = "adm_enhn_gain_limit",
     .alias = "egl",
     .help = "how much enhancement of detail may count (1: none)",
     .type = VT_OPTION_DOUBLE,
     .offset = FIELD(gain_limit),
     .in_name = true,
     .number = 100,
     .min = 1,
     .max = 100},
    {.name = "adm_norm_view_dist",
     .alias = "nvd",
     .help = "viewing distance in picture heights",
     .type = VT_OPTION_DOUBLE,
     .offset = FIELD(view_dist),
     .in_name = true,
     .number = 3,
     .min = 0.75,
     .max = 24},
    {.name = "adm_ref_display_height",
     .alias = "rdh",
     .help = "display height in pixels",
     .type = VT_OPTION_INT,
     .offset = FIELD(display_height),
     .in_name = true,
     .number = 1080,
     .min = 1,
     .max = 4320},
    {.name = "adm_csf_mode",
     .alias = "csf",
     .help = "contrast sensitivity: 0 Watson, 1 Barten, 2 and 3 tables",
     .type = VT_OPTION_INT,
     .offset = FIELD(csf_mode),
     .in_name = true,
     .number = 0,
     .min = 0,
     .max = 3},
    {.name = "adm_noise_weight",
     .alias = "nw",
     .help = "constant added to numerator and denominator of every scale",
     .type = VT_OPTION_DOUBLE,
     .offset = FIELD(noise_weight),
     .in_name = true,
     .number = 0.03125,
     .min = 0,
     .max = 1500},
    {.name = "adm_skip_aim",
     .help = "do not compute aim, which is then 0",
     .type = VT_OPTION_BOOL,
     .offset = FIELD(skip_aim)},
    {.name = "adm_skip_scale0",
     .alias = "ssz",
     .help = "leave the finest scale out",
     .type = VT_OPTION_BOOL,
     .offset = FIELD(skip_scale0),
     .in_name = true},
    {.name = "adm_min_val",
     .alias = "min",
     .help = "smallest value of adm3",
     .type = VT_OPTION_DOUBLE,
     .offset = FIELD(min_val),
     .in_name = true,
     .number = 0,
     .min = 0,
     .max = 1},
    {.name = NULL},
};

enum { ADM2, AIM, ADM3, SCALE0, ADM = SCALE0 + VT_ADM_SCALES, NUM, DEN, NUM_SCALE0 };

static const VtOutput outputs[] = {
    {.base = "VMAF_integer_feature_adm2_score"},
    {.base = "VMAF_integer_feature_aim_score"},
    {.base = "VMAF_integer_feature_adm3_score"},
    {.base = "integer_adm_scale0"},
    {.base = "integer_adm_scale1"},
    {.base = "integer_adm_scale2"},
    {.base = "integer_adm_scale3"},
    {.base = "integer_adm"},
    {.base = "integer_adm_num"},
    {.base = "integer_adm_den"},
    {.base = "integer_adm_num_scale0"},
    {.base = "integer_adm_den_scale0"},
    {.base = "integer_adm_num_scale1"},
    {.base = "integer_adm_den_scale1"},
    {.base = "integer_adm_num_scale2"},
    {.base = "integer_adm_den_scale2"},
    {.base = "integer_adm_num_scale3"},
    {.base = "integer_adm_den_scale3"},
};

/* ------------------------------------------------------------------------------------- set-up */

static bool shares(const void *a, const void *b)
{
    (void)a, (void)b;
    return true;
}

static int check_format(const VtGroup *group)
{
    const VtFormat *f = &group->format;
    if (f->w >= VT_ADM_SMALLEST && f->h >= VT_ADM_SMALLEST) return 0;
    vt_error(group->log, "adm: picture of %ux%u is too small, the smallest is %ux%u", f->w, f->h,
             VT_ADM_SMALLEST, VT_ADM_SMALLEST);
    return -EINVAL;
}

static int make_weights(const VtGroup *group, const VtAdmOptions *opt,
                        VtAdmWeights weights[VT_ADM_SCALES])
{
    if (opt->view_dist * opt->display_height < 3240.0) {
        vt_error(group->log,
                 "adm: adm_norm_view_dist times adm_ref_display_height must be at least 3240, not "
                 "%g x %d",
                 opt->view_dist, opt->display_height);
        return -EINVAL;
    }
    const int err = vt_adm_weights(opt, weights);
    if (err)
        vt_error(group->log,
                 "adm: adm_csf_mode %d has no figures for adm_norm_view_dist %g and "
                 "adm_ref_display_height %d",
                 opt->csf_mode, opt->view_dist, opt->display_height);
    return err;
}

static bool same_variant(const VtAdmVariant *variant, const VtAdmVariant *other)
{
    for (unsigned s = 0; s < VT_ADM_SCALES; s++)
        if (variant->csf[s].gain != other->csf[s].gain ||
            memcmp(variant->csf[s].weight, other->csf[s].weight, sizeof(other->csf[s].weight)))
            return false;
    return true;
}

/* Finds or adds the variant that serves a member and widens it to what the member wants. */
static unsigned place_variant(VtAdmShared *shared, const VtAdmOptions *opt,
                              const VtAdmWeights weights[VT_ADM_SCALES])
{
    VtAdmVariant wanted = {.first_scale = VT_ADM_SCALES};
    for (unsigned s = 0; s < VT_ADM_SCALES; s++) {
        wanted.csf[s].gain = opt->gain_limit;
        memcpy(wanted.csf[s].weight, weights[s].fixed, sizeof(weights[s].fixed));
        wanted.dsp[s] =
            vt_adm_weights_in_range(s, weights[s].fixed) ? &shared->dsp : &shared->scalar;
    }
    unsigned v = 0;
    while (v < shared->n_variants && !same_variant(&shared->variant[v], &wanted)) v++;
    if (v == shared->n_variants) shared->variant[shared->n_variants++] = wanted;

    VtAdmVariant *variant = &shared->variant[v];
    const unsigned first = opt->skip_scale0 ? 1 : 0;
    if (first < variant->first_scale) variant->first_scale = first;
    if (first < shared->first_scale) shared->first_scale = first;
    for (unsigned s = first; s < VT_ADM_SCALES; s++) variant->csf[s].aim |= !opt->skip_aim;
    return v;
}

static int init(VtGroup *group)
{
    int err = check_format(group);
    if (err) return err;
    VtAdmShared *shared = calloc(1, sizeof(*shared));
    if (!shared) {
        vt_error(group->log, "adm: out of memory");
        return -ENOMEM;
    }
    vt_adm_dsp_init(&shared->dsp, group->cpu_flags);
    vt_adm_dsp_init(&shared->scalar, 0);
    vt_adm_scales(shared->scale, group->format.w, group->format.h);
    shared->bpc = group->format.bpc;
    shared->first_scale = VT_ADM_SCALES;
    for (unsigned m = 0; m < group->n_members && !err; m++) {
        const VtAdmOptions *opt = group->member[m]->options;
        err = make_weights(group, opt, shared->weights[m]);
        if (!err) shared->variant_of[m] = place_variant(shared, opt, shared->weights[m]);
    }
    if (err) {
        free(shared);
        return err;
    }
    group->shared = shared;
    return 0;
}

static void close_group(VtGroup *group)
{
    free(group->shared);
    group->shared = NULL;
}

static size_t scratch_size(const VtGroup *group)
{
    return vt_adm_scratch_size(group->shared);
}

/* -------------------------------------------------------------------------------------- frame */

static void emit(const VtAdmOptions *opt, const VtAdmScores *s, VtResult *r)
{
    vt_emit(r, ADM2, s->adm2);
    vt_emit(r, AIM, s->aim);
    vt_emit(r, ADM3, s->adm3);
    for (unsigned i = 0; i < VT_ADM_SCALES; i++) vt_emit(r, SCALE0 + i, s->scale[i]);
    if (!opt->debug) return;
    vt_emit(r, ADM, s->adm2);
    vt_emit(r, NUM, s->num);
    vt_emit(r, DEN, s->den);
    for (unsigned i = 0; i < VT_ADM_SCALES; i++) {
        vt_emit(r, NUM_SCALE0 + 2 * i, s->scale_num[i]);
        vt_emit(r, NUM_SCALE0 + 2 * i + 1, s->scale_den[i]);
    }
}

void vt_adm_results(const VtGroup *group, const VtAdmSums *sums, VtResult *const *results)
{
    const VtAdmShared *shared = group->shared;
    for (unsigned m = 0; m < group->n_members; m++) {
        const VtAdmOptions *opt = group->member[m]->options;
        VtAdmScores scores;
        vt_adm_scores(opt, shared->scale, shared->weights[m], sums->den,
                      sums->num[shared->variant_of[m]], &scores);
        emit(opt, &scores, results[m]);
    }
}

static void extract_part(const VtGroup *group, void *scratch, const VtFrame *frame, unsigned part,
                         unsigned n_parts, uint64_t *sums)
{
    VtAdmSums own;
    vt_adm_sum_part(group->shared, scratch, frame->ref, frame->dis, part, n_parts, &own);
    memcpy(sums, &own, sizeof(own));
}

static int finish(const VtGroup *group, const VtFrame *frame, const uint64_t *totals,
                  VtResult *const *results)
{
    (void)frame;
    VtAdmSums sums;
    memcpy(&sums, totals, sizeof(sums));
    vt_adm_results(group, &sums, results);
    return 0;
}

const VtMetric vt_metric_adm = {
    .name = "adm",
    .help = "integer ADM: loss of detail and additive impairment",
    .luma_only = true,
    .options = options,
    .options_size = sizeof(VtAdmOptions),
    .outputs = outputs,
    .n_outputs = sizeof(outputs) / sizeof(outputs[0]),
    .shares = shares,
    .init = init,
    .close = close_group,
    .scratch_size = scratch_size,
    .extract = vt_extract_whole,
    .n_sums = N_SUMS,
    .extract_part = extract_part,
    .finish = finish,
    .gpu = &vt_adm_gpu,
};
