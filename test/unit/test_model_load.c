/* Loading: built-in models, files, the search path, stored names and overloads. */
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <jansson.h>

#include "model/model_private.h"
#include "comma_locale.h"
#include "model_support.h"

static void all_builtin_models_load(void **state)
{
    (void)state;
    VtScores *scores;
    assert_int_equal(vt_builtin_models_count, 17);
    for (unsigned i = 0; i < vt_builtin_models_count; i++) {
        VmafModelConfig cfg = {.name = "score"};
        VmafModel *m;
        VmafModelCollection *c = NULL;
        double score;
        const char *name = vt_builtin_models[i].name;
        const int err = strstr(name, "_b_") ? vmaf_model_collection_load(&m, &c, &cfg, name)
                                            : vmaf_model_load(&m, &cfg, name);
        if (err) fail_msg("%s does not load", name);
        if (c) assert_int_equal(vt_collection_size(c), 20);
        vmaf_model_collection_destroy(c);
        assert_string_equal(vt_model_name(m), "score");
        assert_int_equal(vt_model_features(m), strstr(vt_builtin_models[i].name, "_v1.") ? 4 : 6);
        assert_int_equal(vt_scores_create(&scores), 0);
        for (unsigned j = 0; j < vt_model_features(m); j++) put_feature(m, scores, j, 0, 0.5);
        assert_int_equal(vt_model_predict(m, scores, 0, &score, NULL), 0);
        assert_true(score >= 0 && score <= 110);
        vt_scores_destroy(scores);
        vmaf_model_destroy(m);
    }
}

/* The texts say the same as libvmaf's own files. */
static void builtin_models_are_libvmafs(void **state)
{
    (void)state;
    unsigned compared = 0;
    for (unsigned i = 0; i < vt_builtin_models_count; i++) {
        const VtBuiltinModel *b = &vt_builtin_models[i];
        const char *path = reference_model(b->name);
        if (!path) continue;
        json_t *theirs = json_load_file(path, 0, NULL),
               *ours = json_loadb(b->json, b->size, 0, NULL);
        assert_non_null(theirs);
        assert_true(json_equal(ours, theirs));
        json_decref(theirs), json_decref(ours);
        compared++;
    }
    if (compared) return;
    print_message("SKIPPED: libvmaf's model files are not here (VMAF_TEST_MODELS)\n");
    skip();
}

static void arguments_are_checked(void **state)
{
    (void)state;
    VmafModelConfig cfg = {0};
    VmafModel *m = (VmafModel *)&cfg;
    VmafModelCollection *c = (VmafModelCollection *)&cfg;
    assert_int_equal(vmaf_model_load(NULL, &cfg, "vmaf_v0.6.1"), -EINVAL);
    assert_int_equal(vmaf_model_load(&m, NULL, "vmaf_v0.6.1"), -EINVAL);
    assert_null(m);
    assert_int_equal(vmaf_model_load(&m, &cfg, NULL), -EINVAL);
    assert_int_equal(vmaf_model_load_from_path(NULL, &cfg, "x"), -EINVAL);
    assert_int_equal(vmaf_model_load_from_path(&m, &cfg, NULL), -EINVAL);
    assert_int_equal(vmaf_model_collection_load(&m, NULL, &cfg, "x"), -EINVAL);
    assert_int_equal(vmaf_model_collection_load(NULL, &c, &cfg, "x"), -EINVAL);
    assert_null(c);
    assert_int_equal(vmaf_model_collection_load_from_path(&m, &c, NULL, "x"), -EINVAL);
    assert_int_equal(vmaf_model_feature_overload(NULL, "vif", NULL), -EINVAL);
    vmaf_model_destroy(NULL);
    vmaf_model_collection_destroy(NULL);
}

static void single_and_collection_are_told_apart(void **state)
{
    (void)state;
    VmafModelConfig cfg = {0};
    VmafModel *m;
    VmafModelCollection *c;
    char text[4096];
    snprintf(text, sizeof(text), "{\"0\":%s,\"1\":%s}", small_model, small_model);
    assert_refused(load_model_text(&m, text, strlen(text), 0), -EINVAL, &m,
                   "is a model collection");
    assert_refused(load_collection_text(&m, &c, small_model), -EINVAL, &m, "is a single model");
    assert_null(c);
    capture_log();
    const int err = vmaf_model_collection_load(&m, &c, &cfg, "vmaf_v0.6.1");
    end_capture();
    assert_refused(err, -EINVAL, &m, "vmaf_v0.6.1 is a single model");
    assert_null(c);
}

static void collections_count_their_members(void **state)
{
    (void)state;
    VmafModel *m;
    VmafModelCollection *c;
    char text[8192];
    const char *s = small_model;
    char *other = replaced(s, "LIBSVMNUSVR", "BOOTSTRAP_LIBSVMNUSVR");
    snprintf(text, sizeof(text), "{\"0\":%s}", s);
    assert_refused(load_collection_text(&m, &c, text), -EINVAL, &m, "not a model collection");
    snprintf(text, sizeof(text), "{\"1\":%s,\"0\":%s}", s, s); /* "1" before its turn is skipped */
    assert_refused(load_collection_text(&m, &c, text), -EINVAL, &m, "not a model collection");
    snprintf(text, sizeof(text), "{\"0\":%s,\"1\":%s,\"2\":%s}", s, s, other);
    assert_refused(load_collection_text(&m, &c, text), -EINVAL, &m, "model_type");
    snprintf(text, sizeof(text), "{\"0\":%s,\"1\":%s,\"2\":{}}", s, s);
    assert_refused(load_collection_text(&m, &c, text), -EINVAL, &m, "model \"2\"");
    assert_null(c);
    snprintf(text, sizeof(text), "{\"info\":0,\"0\":%s,\"2\":%s,\"1\":%s,\"x\":[]} rest", s, s, s);
    assert_int_equal(load_collection_text(&m, &c, text), 0);
    assert_int_equal(vt_collection_size(c), 1);
    vmaf_model_destroy(m);
    vmaf_model_collection_destroy(c);
    free(other);
}

static void load_path(const char *path, int expected, const char *part)
{
    VmafModelConfig cfg = {0};
    VmafModel *m;
    capture_log();
    const int err = vmaf_model_load_from_path(&m, &cfg, path);
    end_capture();
    assert_refused(err, expected, &m, part);
}

static void files_that_are_no_models(void **state)
{
    (void)state;
    load_path("/nonexistent/model.json", -EINVAL, "/nonexistent/model.json: No such file");
    load_path("/", -EINVAL, "folder");
    load_path("/dev/null", -EINVAL, "/dev/null");
    load_path("/dev/zero", -EINVAL, "64 MiB");
    load_path("", -EINVAL, "cannot read");

    VmafModelConfig cfg = {0};
    VmafModel *m;
    capture_log();
    assert_int_equal(vmaf_model_load_from_path(&m, &cfg, "old_model.pkl"), -EINVAL);
    end_capture();
    assert_int_equal(last_log_lines(), 2);
    assert_non_null(strstr(last_log(), "pickle"));

    const char *path = write_model("", 0);
    assert_int_equal(truncate(path, ((off_t)64 << 20) + 1), 0);
    load_path(path, -EINVAL, "64 MiB");
    remove_model();
}

static int load_name(const char *name, VmafModel **m)
{
    VmafModelConfig cfg = {0};
    capture_log();
    const int err = vmaf_model_load(m, &cfg, name);
    end_capture();
    return err;
}

static void models_are_found_on_the_search_path(void **state)
{
    (void)state;
    VmafModel *m;
    VmafModelCollection *c;
    char folder[256], list[512], name[64], text[4096];
    snprintf(folder, sizeof(folder), "%s", write_model(small_model, strlen(small_model)));
    *strrchr(folder, '/') = '\0';
    snprintf(name, sizeof(name), "vmaf-test-model-%d", (int)getpid());
    unsetenv("VMAF_MODEL_PATH");
    assert_refused(load_name(name, &m), -EINVAL, &m, name);

    snprintf(list, sizeof(list), "/nonexistent::%s:/", folder);
    setenv("VMAF_MODEL_PATH", list, 1);
    assert_int_equal(load_name(name, &m), 0);
    assert_int_equal(vt_model_features(m), 2);
    vmaf_model_destroy(m);

    /* Only names, no paths; and a broken file on the path is an error, with its path. */
    snprintf(list, sizeof(list), "../%s/%s", strrchr(folder, '/'), name);
    assert_refused(load_name(list, &m), -EINVAL, &m, "no model");
    assert_refused(load_name("", &m), -EINVAL, &m, "no model");
    write_model("{", 1);
    assert_refused(load_name(name, &m), -EINVAL, &m, folder);

    snprintf(text, sizeof(text), "{\"0\":%s,\"1\":%s}", small_model, small_model);
    write_model(text, strlen(text));
    assert_refused(load_name(name, &m), -EINVAL, &m, "is a model collection");
    VmafModelConfig cfg = {.name = ""};
    assert_int_equal(vmaf_model_collection_load(&m, &c, &cfg, name), 0);
    assert_string_equal(vt_model_name(m), "");
    assert_string_equal(vt_model_name(vt_collection_member(c, 0)), "_0001");
    vmaf_model_destroy(m);
    vmaf_model_collection_destroy(c);
    unsetenv("VMAF_MODEL_PATH");
    remove_model();
}

static void assert_stored(const VmafModel *m, unsigned i, const char *expected)
{
    char *name = stored_name(m, i);
    assert_string_equal(name, expected);
    free(name);
}

static int overload(VmafModel *m, const char *metric, const char *key, const char *value)
{
    VmafFeatureDictionary *opts = NULL;
    assert_int_equal(vmaf_feature_dictionary_set(&opts, key, value), 0);
    capture_log();
    const int err = vmaf_model_feature_overload(m, metric, opts);
    end_capture();
    return err;
}

static void stored_names(void **state)
{
    (void)state;
    VmafModel *m = builtin("vmaf_v0.6.1neg", 0);
    assert_stored(m, 0, "integer_adm2_egl_1");
    assert_stored(m, 1, "VMAF_integer_feature_motion2_score");
    assert_stored(m, 2, "integer_vif_scale0_egl_1");
    vmaf_model_destroy(m);
    m = builtin("vmaf_v1.0.16_5d0h", 0);
    assert_stored(m, 0, "cambi_hrs_1080_cmxv_17_vlt_0.06");
    assert_stored(m, 1, "speed_chroma_uv_mxv_45_nnf_0.1_ps_0.6_psm_bilinear_snn_0.19_wvm_5");
    assert_stored(m, 2, "integer_adm3_csf_2_dlmw_0.7_egl_1_min_0.5_nw_0.02_nvd_5");
    assert_stored(m, 3, "integer_motion3_mmxv_18");
    vmaf_model_destroy(m);
    m = builtin("vmaf_v1.0.16_hfr_1d5h_2160", 0);
    assert_stored(m, 2, "integer_adm3_csf_2_dlmw_0.7_egl_1_min_0.5_nw_0.02_nvd_1.5_rdh_2160");
    assert_stored(m, 3, "integer_motion3_mffw_mmxv_18_mma");
    vmaf_model_destroy(m);
}

static void overloads_change_names(void **state)
{
    (void)state;
    VmafModel *m = builtin("vmaf_v0.6.1", 0);
    assert_stored(m, 2, "VMAF_integer_feature_vif_scale0_score");
    assert_int_equal(overload(m, "vif", "vif_enhn_gain_limit", "100.0"), 0);
    assert_stored(m, 2, "VMAF_integer_feature_vif_scale0_score");
    assert_int_equal(overload(m, "vif", "vif_enhn_gain_limit", "1.0"), 0);
    assert_stored(m, 2, "integer_vif_scale0_egl_1");
    assert_stored(m, 5, "integer_vif_scale3_egl_1");
    assert_stored(m, 0, "VMAF_integer_feature_adm2_score");
    assert_string_equal(m->feature[5].stored, "integer_vif_scale3_egl_1");
    vmaf_model_destroy(m);

    m = builtin("vmaf_v1.0.16_3d0h", 0);
    assert_int_equal(overload(m, "cambi", "enc_width", "1280"), 0);
    assert_int_equal(overload(m, "cambi", "enc_height", "720"), 0);
    assert_int_equal(overload(m, "cambi", "enc_bitdepth", "8"), 0);
    assert_stored(m, 0, "cambi_hrs_1080_cmxv_17_vlt_0.06_encbd_8_ench_720_encw_1280");
    vmaf_model_destroy(m);
}

static void overloads_without_effect(void **state)
{
    (void)state;
    VmafModel *m = builtin("vmaf_v0.6.1", 0);
    assert_int_equal(overload(m, "cambi", "enc_width", "1280"), 0);
    assert_int_equal(last_log_lines(), 0);
    assert_int_equal(overload(m, "no_such_metric", "x", "1"), 0);
    assert_int_equal(last_log_lines(), 1);
    assert_non_null(strstr(last_log(), "WARNING"));
    for (unsigned i = 0; i < 6; i++) assert_null(m->feature[i].options);
    vmaf_model_destroy(m);
}

static void bad_overloads_are_found_at_prediction(void **state)
{
    (void)state;
    VtScores *scores;
    double score;
    VmafModel *m = builtin("vmaf_v0.6.1", 0);
    assert_int_equal(overload(m, "adm", "adm_enhn_gain_limit", "1000"), 0);
    assert_int_equal(last_log_lines(), 0);
    assert_int_equal(vt_scores_create(&scores), 0);
    capture_log();
    assert_int_equal(vt_model_predict(m, scores, 0, &score, NULL), -EINVAL);
    end_capture();
    assert_non_null(strstr(last_log(), "adm_enhn_gain_limit"));
    /* A good value mends it. */
    assert_int_equal(overload(m, "adm", "adm_enhn_gain_limit", "100"), 0);
    assert_string_equal(m->feature[0].stored, "VMAF_integer_feature_adm2_score");
    vt_scores_destroy(scores);
    vmaf_model_destroy(m);
}

static void collections_are_overloaded_whole(void **state)
{
    (void)state;
    VmafModel *lead;
    VmafModelCollection *c;
    VmafFeatureDictionary *opts = NULL;
    char text[4096];
    snprintf(text, sizeof(text), "{\"0\":%s,\"1\":%s,\"2\":%s}", small_model, small_model,
             small_model);
    assert_int_equal(load_collection_text(&lead, &c, text), 0);
    assert_int_equal(vmaf_feature_dictionary_set(&opts, "vif_enhn_gain_limit", "1.5"), 0);
    assert_int_equal(vmaf_model_collection_feature_overload(lead, NULL, "vif", opts), -EINVAL);
    assert_int_equal(vmaf_model_collection_feature_overload(lead, &c, "vif", opts), 0);
    assert_stored(lead, 1, "integer_vif_scale0_egl_1.5");
    for (unsigned i = 0; i < 2; i++)
        assert_stored(vt_collection_member(c, i), 1, "integer_vif_scale0_egl_1.5");
    vmaf_model_destroy(lead);
    vmaf_model_collection_destroy(c);
}

static void options_of_features(void **state)
{
    (void)state;
    VmafModel *m;
    const VmafFeatureDictionary *options;
    char *text = replaced(small_model, "[{},",
                          "[{\"a\":1.23456789,\"b\":true,\"c\":\"1.50\",\"d\":1080,"
                          "\"e\":false,\"f\":0.06},");
    assert_int_equal(load_model_text(&m, text, strlen(text), 0), 0);
    assert_string_equal(vt_model_feature(m, 0, &options), "VMAF_integer_feature_adm2_score");
    static const char *const expected[] = {"1.23457", "true", "1.50", "1080", "false", "0.06"};
    assert_int_equal(options->count, 6);
    for (unsigned i = 0; i < 6; i++) assert_string_equal(options->entry[i].value, expected[i]);
    vmaf_model_destroy(m);
    free(text);
}

static void decimal_comma_does_not_matter(void **state)
{
    (void)state;
    if (!set_comma_locale()) {
        print_message("SKIPPED: no locale with a decimal comma\n");
        skip();
    }
    char comma[8];
    snprintf(comma, sizeof(comma), "%.1f", 0.5);
    assert_string_equal(comma, "0,5");
    static const double f[] = {0.933098, 0, 0.352330, 0.794025, 0.872987, 0.916167};
    VmafModel *m = builtin("vmaf_v0.6.1", 0);
    VtScores *scores;
    double score;
    assert_int_equal(overload(m, "vif", "vif_enhn_gain_limit", "1.5"), 0);
    assert_stored(m, 2, "integer_vif_scale0_egl_1.5");
    assert_int_equal(vt_scores_create(&scores), 0);
    for (unsigned i = 0; i < 6; i++) put_feature(m, scores, i, 0, f[i]);
    assert_int_equal(vt_model_predict(m, scores, 0, &score, NULL), 0);
    assert_true(fabs(score - 72.300882449578836) < 1e-12);
    vt_scores_destroy(scores);
    vmaf_model_destroy(m);
    setlocale(LC_ALL, "C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_builtin_models_load),
        cmocka_unit_test(builtin_models_are_libvmafs),
        cmocka_unit_test(arguments_are_checked),
        cmocka_unit_test(single_and_collection_are_told_apart),
        cmocka_unit_test(collections_count_their_members),
        cmocka_unit_test(files_that_are_no_models),
        cmocka_unit_test(models_are_found_on_the_search_path),
        cmocka_unit_test(stored_names),
        cmocka_unit_test(overloads_change_names),
        cmocka_unit_test(overloads_without_effect),
        cmocka_unit_test(bad_overloads_are_found_at_prediction),
        cmocka_unit_test(collections_are_overloaded_whole),
        cmocka_unit_test(options_of_features),
        cmocka_unit_test(decimal_comma_does_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
