/* Scores on the device are those of the CPU to the last bit: whole runs through the API, with
 * models, options, all kinds of pictures, with and without threads. */
#include <stdlib.h>
#include <string.h>

#include "support.h"

#define FRAMES 7 /* more than one batch, and one that is not full */
#define MAX_VALUES 4096

static unsigned long passed, failed;

/* What a run registers, and all values that it stored. */
typedef struct Run {
    const char *model[3];
    const char *feature[4], *option[4]; /* "name=value", or NULL */
    unsigned n_values;
    double value[MAX_VALUES];
} Run;

static void check(bool ok, const char *what, const char *where)
{
    if (ok) {
        passed++;
        return;
    }
    if (failed++ < 20) printf("FAILED: %s: %s\n", where, what);
}

static int use_model(VmafContext *vmaf, const char *name)
{
    VmafModel *model = NULL;
    VmafModelCollection *collection = NULL;
    VmafModelConfig cfg = {.name = "vmaf"};
    int err = vmaf_turbo_model_load(&model, &collection, &cfg, name);
    if (err) return err;
    err = collection ? vmaf_use_features_from_model_collection(vmaf, collection)
                     : vmaf_use_features_from_model(vmaf, model);
    if (model) vmaf_model_destroy(model);
    if (collection) vmaf_model_collection_destroy(collection);
    return err;
}

static int use_feature(VmafContext *vmaf, const char *name, const char *option)
{
    VmafFeatureDictionary *dict = NULL;
    char key[64] = "";
    const char *value = option ? strchr(option, '=') : NULL;
    if (value) {
        snprintf(key, sizeof(key), "%.*s", (int)(value - option), option);
        const int err = vmaf_feature_dictionary_set(&dict, key, value + 1);
        if (err) return err;
    }
    const int err = vmaf_use_feature(vmaf, name, dict);
    if (err) vmaf_feature_dictionary_free(&dict);
    return err;
}

static int use(VmafContext *vmaf, void *user)
{
    const Run *r = user;
    int err = 0;
    for (unsigned i = 0; i < 3 && r->model[i] && !err; i++) err = use_model(vmaf, r->model[i]);
    for (unsigned i = 0; i < 4 && r->feature[i] && !err; i++)
        err = use_feature(vmaf, r->feature[i], r->option[i]);
    return err;
}

static int look(VmafContext *vmaf, void *user)
{
    Run *r = user;
    const char *name, *stored;
    r->n_values = 0;
    for (unsigned i = 0; !vmaf_turbo_column(vmaf, i, &name, &stored); i++)
        for (unsigned t = 0; t < FRAMES && r->n_values < MAX_VALUES; t++) {
            double *v = &r->value[r->n_values];
            if (!vmaf_feature_score_at_index(vmaf, stored, v, t)) r->n_values++;
        }
    return 0;
}

static void compare(const Run *want, const Life *base, const char *what)
{
    Run cpu = *want;
    Life life = *base;
    life.use = use;
    life.look = look;
    life.user = &cpu;
    life.mode = NONE;
    char where[200];
    snprintf(where, sizeof(where), "%s, %ux%u, %u bit, %s, %u threads", what, base->w, base->h,
             base->bpc, mode_names[base->mode], base->threads);
    check(life_on_cpu(&life) == 0, "the CPU does not score", where);
    check(cpu.n_values > FRAMES, "the CPU stores next to nothing", where);

    static Run gpu;
    gpu = *want;
    life.mode = base->mode;
    life.user = &gpu;
    double unused;
    const unsigned long launches = software ? software->calls("cuLaunchKernel") : 0;
    check(!life_run(&life, &unused), "the device does not score", where);
    check(!software || software->calls("cuLaunchKernel") > launches + 8, "few kernels ran", where);
    check(gpu.n_values == cpu.n_values, "there are more values, or fewer", where);
    for (unsigned i = 0; i < cpu.n_values && i < gpu.n_values; i++)
        check(!memcmp(&cpu.value[i], &gpu.value[i], sizeof(double)), "a value differs", where);
}

static const Run runs[] = {
    {.model = {"vmaf_v0.6.1"}},
    {.model = {"vmaf_v0.6.1", "vmaf_v0.6.1neg"}},
    {.model = {"vmaf_4k_v0.6.1", "vmaf_b_v0.6.3"}},
    {.feature = {"vif", "adm", "motion", "psnr"},
     .option = {"debug=true", "debug=true", "debug=true"}},
    {.feature = {"vif", "vif", "vif", "motion"},
     .option = {"vif_skip_scale0=true", "vif_enhn_gain_limit=1.2", NULL,
                "motion_five_frame_window=true"}},
    {.feature = {"adm", "adm", "motion", "motion"},
     .option = {"adm_skip_scale0=true", "adm_csf_mode=1", "motion_force_zero=true",
                "motion_moving_average=true"}},
};

static const Run v1 = {.model = {"vmaf_v1.0.16_3d0h", "vmaf_v1.0.16_5d0h"}};

/* VMAF_TORTURE_STEP=n, under sanitizers: every n-th comparison. */
static bool skip(void)
{
    static unsigned n;
    const char *text = getenv("VMAF_TORTURE_STEP");
    const unsigned step = text && atoi(text) > 0 ? (unsigned)atoi(text) : 1;
    return n++ % step;
}

int main(int argc, char **argv)
{
    cuda_setup(argc, argv, "cuda_parity");
    static const struct {
        unsigned w, h, bpc;
    } formats[] = {{64, 48, 8}, {97, 61, 8}, {70, 51, 10}, {50, 66, 12}, {49, 35, 16}};
    for (unsigned f = 0; f < sizeof(formats) / sizeof(formats[0]); f++)
        for (unsigned i = 0; i < sizeof(runs) / sizeof(runs[0]); i++)
            for (Mode mode = NONE; mode < MODES; mode++) {
                const Life life = {.mode = mode,
                                   .threads = (mode + i + f) % 2 * 2,
                                   .frames = FRAMES,
                                   .bpc = formats[f].bpc,
                                   .w = formats[f].w,
                                   .h = formats[f].h};
                if (!skip()) compare(&runs[i], &life, "v0 and features");
            }
    for (unsigned threads = 0; threads <= 2; threads += 2) {
        const Life life = {.mode = threads ? DEVICE : NONE,
                           .threads = threads,
                           .frames = FRAMES,
                           .bpc = 8,
                           .w = 480,
                           .h = 270};
        if (!skip()) compare(&v1, &life, "v1");
    }
    printf("cuda_parity: %lu passed, %lu failed\n", passed, failed);
    return failed || !passed;
}
