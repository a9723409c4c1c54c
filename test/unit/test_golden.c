/* Every file of golden/ end to end through the public API: models and features named in it, all
 * frames, pooled and aggregate values, at several thread counts. */
#include <dirent.h>
#include <fnmatch.h>
#include <math.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "libvmaf/libvmaf.h"
#include "libvmaf/turbo.h"
#include "synth.h"

#define MAX_MODELS 16

/* Allowed absolute difference by printed name, first match wins (the golden set's tolerance.json).
 */
static const struct {
    const char *pattern;
    double tolerance;
} tolerances[] = {
    {"integer_*", 1e-9},   {"VMAF_integer_*", 1e-9}, {"vmaf_float*", 2e-5},
    {"vmaf_v1*", 1e-6},    {"vmaf_v*", 1e-8},        {"vmaf_4k*", 1e-8},
    {"vmaf_b*", 1e-7},     {"cambi*", 1e-9},         {"ansnr*", 2e-5},
    {"float_ansnr", 2e-5}, {"float_anpsnr", 2e-5},   {"psnr_hvs*", 1e-6},
    {"psnr*", 1e-9},       {"apsnr*", 1e-9},         {"mse*", 1e-9},
    {"float_psnr*", 1e-9}, {"float_moment*", 1e-9},  {"aim*", 2e-6},
    {"adm*", 2e-6},        {"VMAF_feature_*", 2e-6}, {"*", 1e-6},
};

static double tolerance_of(const char *name)
{
    size_t i = 0;
    while (fnmatch(tolerances[i].pattern, name, 0)) i++;
    return tolerances[i].tolerance;
}

typedef struct Session {
    VmafContext *vmaf;
    VmafModel *model[MAX_MODELS];
    VmafModelCollection *collection[MAX_MODELS];
    unsigned n_models;
} Session;

/* Built in, or from the folder beside the checkout; false if neither has it. */
static int load_model(Session *s, const char *name)
{
    VmafModelConfig cfg = {.name = name};
    VmafModel **m = &s->model[s->n_models];
    VmafModelCollection **c = &s->collection[s->n_models];
    const char *shared = getenv("VMAF_TEST_SHARED");
    char path[4096];
    snprintf(path, sizeof(path), "%s/models/%s.json", shared ? shared : "", name);
    const int from_path = shared && !access(path, R_OK);
    int err = strstr(name, "_b_") ? vmaf_model_collection_load(m, c, &cfg, name)
                                  : vmaf_model_load(m, &cfg, name);
    if (err && from_path) err = vmaf_model_load_from_path(m, &cfg, path);
    if (err) return 0;
    s->n_models++;
    assert_int_equal(*c ? vmaf_use_features_from_model_collection(s->vmaf, *c)
                        : vmaf_use_features_from_model(s->vmaf, *m),
                     0);
    return 1;
}

static void use_feature(Session *s, const char *text)
{
    char *copy = strdup(text), *save = NULL;
    char *options = strchr(copy, '=');
    if (options) *options++ = 0;
    VmafFeatureDictionary *dict = NULL;
    for (char *o = options ? strtok_r(options, ":", &save) : NULL; o;
         o = strtok_r(NULL, ":", &save)) {
        char *value = strchr(o, '=');
        assert_non_null(value);
        *value++ = 0;
        assert_int_equal(vmaf_feature_dictionary_set(&dict, o, value), 0);
    }
    assert_int_equal(vmaf_use_feature(s->vmaf, copy, dict), 0);
    free(copy);
}

static void close_session(Session *s)
{
    for (unsigned i = 0; i < s->n_models; i++) {
        vmaf_model_destroy(s->model[i]);
        vmaf_model_collection_destroy(s->collection[i]);
    }
    assert_int_equal(vmaf_close(s->vmaf), 0);
}

static void score(Session *s, const char *clip, unsigned frames)
{
    unsigned w, h, chroma, bpc;
    assert_int_equal(sscanf(clip, "synth_%ux%u_%u_%ub", &w, &h, &chroma, &bpc), 4);
    const enum VmafPixelFormat fmt = chroma == 420   ? VMAF_PIX_FMT_YUV420P
                                     : chroma == 422 ? VMAF_PIX_FMT_YUV422P
                                     : chroma == 444 ? VMAF_PIX_FMT_YUV444P
                                                     : VMAF_PIX_FMT_YUV400P;
    for (unsigned t = 0; t < frames; t++) {
        VmafPicture ref, dis;
        assert_int_equal(synth_pair(&ref, &dis, fmt, bpc, w, h, t), 0);
        assert_int_equal(vmaf_read_pictures(s->vmaf, &ref, &dis, t), 0);
    }
    assert_int_equal(vmaf_read_pictures(s->vmaf, NULL, NULL, 0), 0);
    for (unsigned i = 0; i < s->n_models; i++) {
        double v;
        VmafModelCollectionScore cs;
        assert_int_equal(
            vmaf_score_pooled(s->vmaf, s->model[i], VMAF_POOL_METHOD_MEAN, &v, 0, frames - 1), 0);
        if (s->collection[i])
            assert_int_equal(vmaf_score_pooled_model_collection(s->vmaf, s->collection[i],
                                                                VMAF_POOL_METHOD_MEAN, &cs, 0,
                                                                frames - 1),
                             0);
    }
}

/* Every number of want must be in got and near enough. */
static unsigned compare(const json_t *want, const json_t *got, const char *what)
{
    unsigned compared = 0;
    const char *name;
    json_t *w;
    json_object_foreach((json_t *)want, name, w)
    {
        if (!json_is_number(w)) continue;
        const json_t *g = json_object_get(got, name);
        if (!json_is_number(g)) fail_msg("%s: no %s", what, name);
        const double a = json_number_value(w), b = json_number_value(g);
        if (!(fabs(a - b) <= tolerance_of(name)))
            fail_msg("%s: %s is %.17g, expected %.17g", what, name, b, a);
        compared++;
    }
    return compared;
}

static json_t *report(Session *s)
{
    char path[256];
    const char *dir = getenv("TMPDIR");
    snprintf(path, sizeof(path), "%s/vmaf-golden-XXXXXX", dir ? dir : "/tmp");
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(
        vmaf_turbo_write_report(s->vmaf, path, VMAF_OUTPUT_FORMAT_JSON,
                                &(VmafTurboReport){.precision = VMAF_TURBO_PRECISION_MAX}),
        0);
    json_error_t error;
    json_t *doc = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (!doc) fail_msg("report is not JSON: %s", error.text);
    remove(path);
    return doc;
}

static unsigned compare_reports(const json_t *want, const json_t *got, const char *clip)
{
    unsigned compared = 0;
    size_t i;
    json_t *frame;
    const json_t *frames = json_object_get(got, "frames");
    assert_int_equal(json_array_size(frames), json_array_size(json_object_get(want, "frames")));
    json_array_foreach(json_object_get(want, "frames"), i, frame)
    {
        char what[256];
        snprintf(what, sizeof(what), "%s frame %zu", clip, i);
        compared += compare(json_object_get(frame, "metrics"),
                            json_object_get(json_array_get(frames, i), "metrics"), what);
    }
    return compared + compare(json_object_get(want, "aggregate_metrics"),
                              json_object_get(got, "aggregate_metrics"), clip);
}

/* false: a model of the file is to be had nowhere. */
static int check_file(const char *dir, const char *file, unsigned threads, unsigned *compared)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", dir, file);
    json_error_t error;
    json_t *want = json_load_file(path, 0, &error), *item;
    if (!want) fail_msg("%s: %s", path, error.text);
    Session s = {0};
    const VmafConfiguration cfg = {.log_level = VMAF_LOG_LEVEL_WARNING, .n_threads = threads};
    assert_int_equal(vmaf_init(&s.vmaf, cfg), 0);
    size_t i;
    int loaded = 1;
    json_array_foreach(json_object_get(want, "models"), i, item) loaded =
        loaded && load_model(&s, json_string_value(item));
    if (loaded) {
        json_array_foreach(json_object_get(want, "features"), i, item)
            use_feature(&s, json_string_value(item));
        score(&s, file, (unsigned)json_array_size(json_object_get(want, "frames")));
        json_t *got = report(&s);
        const unsigned n = compare_reports(want, got, file);
        assert_int_not_equal(n, 0);
        *compared += n;
        json_decref(got);
    }
    close_session(&s);
    json_decref(want);
    return loaded;
}

static void all_files_at(unsigned threads)
{
    const char *dir = getenv("VMAF_TEST_EXPECTED");
    assert_non_null(dir);
    DIR *d = opendir(dir);
    assert_non_null(d);
    unsigned files = 0, left_out = 0, compared = 0;
    for (struct dirent *e; (e = readdir(d));) {
        if (!strstr(e->d_name, ".json")) continue;
        if (check_file(dir, e->d_name, threads, &compared))
            files++;
        else
            left_out++;
    }
    closedir(d);
    print_message(
        "%u threads: %u files, %u figures compared, %u files need models that are not here\n",
        threads, files, compared, left_out);
    assert_true(files >= 18);
}

static void golden_in_the_calling_thread(void **state)
{
    (void)state;
    all_files_at(0);
}

static void golden_with_1_thread(void **state)
{
    (void)state;
    all_files_at(1);
}

static void golden_with_3_threads(void **state)
{
    (void)state;
    all_files_at(3);
}

static void golden_with_8_threads(void **state)
{
    (void)state;
    all_files_at(8);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_in_the_calling_thread),
        cmocka_unit_test(golden_with_1_thread),
        cmocka_unit_test(golden_with_3_threads),
        cmocka_unit_test(golden_with_8_threads),
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests_name("golden", tests, NULL, NULL);
}
