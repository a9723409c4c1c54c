/* Prediction: worked examples and golden figures, transforms, chroma correction, collections. */
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

#include "metric/option.h"
#include "model/model_private.h"
#include "model_support.h"

static double predict(VmafModel *m, const double *features)
{
    VtScores *scores;
    double score = NAN;
    assert_int_equal(vt_scores_create(&scores), 0);
    for (unsigned i = 0; i < vt_model_features(m); i++) put_feature(m, scores, i, 7, features[i]);
    assert_int_equal(vt_model_predict(m, scores, 7, &score, NULL), 0);
    double stored;
    assert_true(vt_scores_get(scores, vt_model_name(m), 7, &stored));
    assert_true(stored == score);
    vt_scores_destroy(scores);
    return score;
}

static double predict_builtin(const char *name, uint64_t flags, const double *features)
{
    VmafModel *m = builtin(name, flags);
    const double score = predict(m, features);
    vmaf_model_destroy(m);
    return score;
}

static void assert_near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%.17g is not %.17g (off by %g)", value, expected, value - expected);
}

static const double v0_features[] = {0.933098, 0, 0.352330, 0.794025, 0.872987, 0.916167};

static void worked_example_v0(void **state)
{
    (void)state;
    assert_near(predict_builtin("vmaf_v0.6.1", 0, v0_features), 72.300882449578836, 1e-12);
    assert_near(predict_builtin("vmaf_v0.6.1", VMAF_MODEL_FLAG_ENABLE_TRANSFORM, v0_features),
                89.660531902121022, 1e-12);
    assert_near(
        predict_builtin("vmaf_v0.6.1",
                        VMAF_MODEL_FLAG_ENABLE_TRANSFORM | VMAF_MODEL_FLAG_DISABLE_TRANSFORM,
                        v0_features),
        72.300882449578836, 1e-12);
}

static void steps_of_v0(void **state)
{
    (void)state;
    static const double x[] = {0.82242913242460514, -0.0030171980868318972, 0.2580037390011734,
                               0.69021680538898678, 0.78056002777337585,    0.82821310825599137};
    VmafModel *m = builtin("vmaf_v0.6.1", 0);
    for (unsigned i = 0; i < 6; i++)
        assert_true(m->feature[i].slope * v0_features[i] + m->feature[i].intercept == x[i]);
    assert_int_equal(m->svm.n_vectors, 211);
    assert_near(vt_svm_predict(&m->svm, x), 0.55981382081147535, 1e-14);
    vmaf_model_destroy(m);
}

static void worked_example_v1(void **state)
{
    (void)state;
    static const double flat_chroma[] = {2.935169, 0, 0.943063, 4.350350};
    static const double chroma[] = {2.935169, 1.25, 0.943063, 4.350350};
    const char *name = "vmaf_v1.0.16_3d0h";
    assert_near(predict_builtin(name, 0, flat_chroma), 79.01185423857352, 1e-12);
    assert_near(predict_builtin(name, 0, chroma), 84.251131172192757, 1e-12);
    const uint64_t plain = VMAF_MODEL_FLAG_DISABLE_TRANSFORM;
    assert_near(predict_builtin(name, plain, flat_chroma), 78.209775323275565, 1e-12);
    assert_near(predict_builtin(name, plain, chroma), 84.023610821429699, 1e-12);
}

static void clip_can_be_switched_off(void **state)
{
    (void)state;
    static const double perfect[] = {1, 30, 1, 1, 1, 1}, bad[] = {0.4, 0, 0, 0.1, 0.1, 0.1};
    const uint64_t off = VMAF_MODEL_FLAG_DISABLE_CLIP;
    assert_true(predict_builtin("vmaf_v0.6.1", 0, perfect) == 100);
    assert_true(predict_builtin("vmaf_v0.6.1", off, perfect) > 100);
    assert_true(predict_builtin("vmaf_v0.6.1", 0, bad) == 0);
    assert_true(predict_builtin("vmaf_v0.6.1", off, bad) < 0);
}

static void knots(void **state)
{
    (void)state;
    static const VtKnot flat[] = {{0, 10}, {30, 10}, {60, 70}, {90, 70}};
    static const double x1[] = {-5, 0, 15, 30, 45, 60, 75, 100};
    static const double y1[] = {10, 10, 10, 10, 40, 70, 70, 70};
    for (int i = 0; i < 8; i++) assert_true(vt_piecewise_linear(flat, 4, x1[i]) == y1[i]);
    static const VtKnot rising[] = {{10, 5}, {30, 20}, {60, 70}, {90, 90}};
    static const double x2[] = {0, 10, 20, 30, 45, 100};
    static const double y2[] = {-2.5, 5, 12.5, 20, 45, 96.66666666666666};
    for (int i = 0; i < 6; i++) assert_true(vt_piecewise_linear(rising, 4, x2[i]) == y2[i]);
    /* Knots that do not ascend end the map. */
    static const VtKnot broken[] = {{0, 0}, {10, 20}, {10, 30}, {20, 40}};
    assert_true(vt_piecewise_linear(broken, 4, 5) == 10);
    assert_true(vt_piecewise_linear(broken, 4, 15) == 0);
    assert_true(vt_piecewise_linear(broken + 1, 3, 15) == 0);
    assert_true(vt_piecewise_linear(broken, 1, 15) == 15);
}

static void transforms(void **state)
{
    (void)state;
    VtTransform t = {.enabled = true, .out_lte_in = true};
    assert_true(vt_transform(&t, 42) == 42);
    t.has_term[0] = true, t.term[0] = 5;
    assert_true(vt_transform(&t, 42) == 5);
    t.has_term[1] = true, t.term[1] = 2;
    assert_true(vt_transform(&t, 42) == 42);
    t.out_lte_in = false;
    assert_true(vt_transform(&t, 42) == 89);
    t.has_term[1] = false, t.has_term[2] = true, t.term[2] = 0.5;
    assert_true(vt_transform(&t, 4) == 13);
    t.term[2] = -1, t.out_gte_in = true;
    assert_true(vt_transform(&t, 4) == 4);
    t.n_knots = 2, t.knot[1] = (VtKnot){10, 100}, t.has_term[2] = false;
    assert_true(vt_transform(&t, 4) == 50);
    t.enabled = false;
    assert_true(vt_transform(&t, 4) == 4);
}

static void missing_feature_is_named(void **state)
{
    (void)state;
    VmafModel *m = builtin("vmaf_v0.6.1", 0);
    VtScores *scores;
    double score = -1;
    assert_int_equal(vt_scores_create(&scores), 0);
    put_feature(m, scores, 0, 3, 1);
    capture_log();
    assert_int_equal(vt_model_predict(m, scores, 3, &score, NULL), -EINVAL);
    end_capture();
    assert_int_equal(last_log_lines(), 1);
    assert_non_null(strstr(last_log(), "VMAF_integer_feature_motion2_score"));
    assert_true(score == -1);
    assert_false(vt_scores_get(scores, "vmaf", 3, &score));
    vt_scores_destroy(scores);
    vmaf_model_destroy(m);
}

static void stored_score_is_returned(void **state)
{
    (void)state;
    VmafModel *m = builtin("vmaf_v0.6.1", 0);
    VtScores *scores;
    double score;
    assert_int_equal(vt_scores_create(&scores), 0);
    assert_int_equal(vt_scores_put(scores, "vmaf", 0, 12.5), 0);
    assert_int_equal(vt_model_predict(m, scores, 0, &score, NULL), 0);
    assert_true(score == 12.5);
    vt_scores_destroy(scores);
    vmaf_model_destroy(m);
}

/* One model in several contexts at once. */
static void *predict_in_thread(void *model)
{
    VtScores *scores;
    double score, sum = 0;
    if (vt_scores_create(&scores)) return NULL;
    for (unsigned t = 0; t < 50; t++) {
        for (unsigned i = 0; i < 6; i++)
            vt_scores_put(scores, ((VmafModel *)model)->feature[i].stored, t, v0_features[i]);
        if (!vt_model_predict(model, scores, t, &score, NULL)) sum += score;
    }
    vt_scores_destroy(scores);
    return fabs(sum - 50 * 72.300882449578836) < 1e-9 ? model : NULL;
}

static void threads_share_a_model(void **state)
{
    (void)state;
    VmafModel *m = builtin("vmaf_v0.6.1", 0);
    pthread_t thread[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, predict_in_thread, m), 0);
    for (int i = 0; i < 4; i++) {
        void *result;
        assert_int_equal(pthread_join(thread[i], &result), 0);
        assert_ptr_equal(result, m);
    }
    vmaf_model_destroy(m);
}

/* The v1 model with other features around the chroma correction. */
static int predict_edited(const char *from, const char *to, const double *features, double *score)
{
    VmafModel *m;
    VtScores *scores;
    unsigned i = 0;
    while (strcmp(vt_builtin_models[i].name, "vmaf_v1.0.16_3d0h")) i++;
    char *text = replaced(vt_builtin_models[i].json, from, to);
    assert_int_equal(load_model_text(&m, text, strlen(text), VMAF_MODEL_FLAG_DISABLE_TRANSFORM), 0);
    free(text);
    assert_int_equal(vt_scores_create(&scores), 0);
    for (i = 0; i < 4; i++) put_feature(m, scores, i, 0, features[i]);
    capture_log();
    const int err = vt_model_predict(m, scores, 0, score, NULL);
    end_capture();
    vt_scores_destroy(scores);
    vmaf_model_destroy(m);
    return err;
}

static void chroma_correction_cases(void **state)
{
    (void)state;
    static const double f[] = {2.935169, 0, 0.943063, 4.350350};
    const char *parameter = "\"chroma_correction_parameter\": 120.0";
    double none, zero, no_guide, same;
    assert_int_equal(predict_edited(parameter, "\"x\": 120.0", f, &none), 0);
    assert_int_equal(predict_edited(parameter, "\"chroma_correction_parameter\": 0", f, &zero), 0);
    assert_int_equal(predict_edited("VMAF_integer_feature_adm3_score",
                                    "VMAF_integer_feature_adm2_score", f, &no_guide),
                     0);
    assert_int_equal(predict_edited("\"norm_type\"", "\"norm_type\"", f, &same), 0);
    assert_true(none == zero && none == no_guide && none != same);
    assert_near(same, 78.209775323275565, 1e-12);
}

static void chroma_correction_needs_one_guide(void **state)
{
    (void)state;
    VmafModel *m = builtin("vmaf_v1.0.16_3d0h", 0);
    VtScores *scores;
    double score;
    m->feature[0].role = VT_ROLE_GUIDING;
    assert_int_equal(vt_scores_create(&scores), 0);
    for (unsigned i = 0; i < 4; i++) put_feature(m, scores, i, 0, 0);
    capture_log();
    assert_int_equal(vt_model_predict(m, scores, 0, &score, NULL), -EINVAL);
    end_capture();
    assert_int_equal(last_log_lines(), 1);
    vt_scores_destroy(scores);
    vmaf_model_destroy(m);
}

/* Feature values and scores of libvmaf 3.2.0 by printed name. */
static unsigned check_golden(const char *file, const char *score_name, VmafModel *m,
                             double tolerance)
{
    char path[1024];
    json_error_t error;
    unsigned checked = 0;
    snprintf(path, sizeof(path), "%s/%s", getenv("VMAF_TEST_EXPECTED"), file);
    json_t *root = json_load_file(path, JSON_DECODE_INT_AS_REAL, &error), *frame;
    if (!root) fail_msg("%s: %s", path, error.text);
    size_t i;
    json_array_foreach(json_object_get(root, "frames"), i, frame)
    {
        json_t *metrics = json_object_get(frame, "metrics");
        double f[VT_MAX_FEATURES];
        for (unsigned j = 0; j < vt_model_features(m); j++) {
            char *name = stored_name(m, j);
            const json_t *value = json_object_get(metrics, vt_feature_alias(name));
            if (!value) fail_msg("%s has no %s", file, name);
            f[j] = json_number_value(value);
            free(name);
        }
        assert_near(predict(m, f), json_number_value(json_object_get(metrics, score_name)),
                    tolerance);
        checked++;
    }
    json_decref(root);
    return checked;
}

static void golden_v0(void **state)
{
    (void)state;
    static const char *const clips[] = {
        "synth_320x180_420_8b.models-v0.json",
        "synth_240x176_420_16b.models-v0.json",
        "synth_33x35_444_10b.models-v0.json",
    };
    static const char *const models[] = {"vmaf_v0.6.1", "vmaf_v0.6.1neg", "vmaf_4k_v0.6.1"};
    unsigned checked = 0;
    for (int i = 0; i < 3; i++) {
        VmafModel *m = builtin(models[i], 0);
        for (int j = 0; j < 3; j++) checked += check_golden(clips[j], models[i], m, 1e-12);
        vmaf_model_destroy(m);
    }
    assert_true(checked >= 30);
}

static void overloads_reach_the_score(void **state)
{
    (void)state;
    /* The standard model with the NEG options is the NEG model. */
    VmafModel *m = builtin("vmaf_v0.6.1", 0);
    static const char *const keys[] = {"adm_enhn_gain_limit", "vif_enhn_gain_limit"};
    static const char *const metrics[] = {"adm", "vif"};
    for (int i = 0; i < 2; i++) {
        VmafFeatureDictionary *opts = NULL;
        assert_int_equal(vmaf_feature_dictionary_set(&opts, keys[i], "1"), 0);
        assert_int_equal(vmaf_model_feature_overload(m, metrics[i], opts), 0);
    }
    assert_true(check_golden("synth_320x180_420_8b.models-v0.json", "vmaf_v0.6.1neg", m, 1e-12) >
                0);
    vmaf_model_destroy(m);
}

/* Lead and members "1" to "3": the small model with other offsets of the score. */
static char *small_collection(const char *type)
{
    static const char *const rho[] = {"rho -0.25", "rho -0.30", "rho -0.28", "rho -0.35"};
    char *text = calloc(1, 8 * strlen(small_model)), part[64];
    for (int i = 0; i < 4; i++) {
        char *a = replaced(small_model, "rho -0.25", rho[i]);
        char *b = replaced(a, "LIBSVMNUSVR", type);
        snprintf(part, sizeof(part), "%s\"%d\":", i ? "," : "{", i);
        strcat(strcat(text, part), b);
        free(a), free(b);
    }
    return strcat(text, "}");
}

static void collection_arithmetic(void **state)
{
    (void)state;
    char *text = small_collection("BOOTSTRAP_LIBSVMNUSVR");
    VmafModel *lead;
    VmafModelCollection *c;
    VmafModelCollectionScore score, again;
    VtScores *scores;
    double member[3], value;
    assert_int_equal(load_collection_text(&lead, &c, text), 0);
    assert_string_equal(vt_model_name(lead), "vmaf");
    assert_string_equal(vt_collection_name(c), "vmaf");
    assert_int_equal(vt_collection_size(c), 3);
    assert_int_equal(vt_scores_create(&scores), 0);
    put_feature(lead, scores, 0, 0, 0.8), put_feature(lead, scores, 1, 0, 0.5);
    assert_int_equal(vt_collection_predict(c, scores, 0, &score, NULL), 0);
    for (unsigned i = 0; i < 3; i++) {
        char name[32];
        snprintf(name, sizeof(name), "vmaf_%04u", i + 1);
        assert_string_equal(vt_model_name(vt_collection_member(c, i)), name);
        assert_true(vt_scores_get(scores, name, 0, &member[i]));
    }
    /* Members differ only in rho: 2 below and 5 above the first on the scale of the score. */
    assert_near(member[1], member[0] - 2, 1e-9);
    assert_near(member[2], member[0] + 5, 1e-9);
    assert_near(score.bootstrap.bagging_score, (member[0] + member[1] + member[2]) / 3, 1e-9);
    assert_near(score.bootstrap.stddev, sqrt(26.0 / 3), 1e-6);
    assert_near(score.bootstrap.ci.p95.lo, member[1] * 0.95 + member[0] * 0.05, 1e-9);
    assert_near(score.bootstrap.ci.p95.hi, member[0] * 0.05 + member[2] * 0.95, 1e-9);

    /* Order of the columns, and a second call that returns what is stored. */
    static const char *const order[] = {"vmaf_0001",     "vmaf_0002",   "vmaf_0003",
                                        "vmaf_bagging",  "vmaf_stddev", "vmaf_ci_p95_lo",
                                        "vmaf_ci_p95_hi"};
    for (unsigned i = 0; i < 7; i++)
        assert_string_equal(vt_scores_column_name(scores, 2 + i), order[i]);
    assert_int_equal(vt_collection_predict(c, scores, 0, &again, NULL), 0);
    assert_memory_equal(&score, &again, sizeof(score));
    assert_int_equal(vt_scores_columns(scores), 9);
    assert_false(vt_scores_get(scores, "vmaf", 0, &value));

    capture_log();
    assert_int_equal(vt_collection_predict(c, scores, 1, &again, NULL), -EINVAL);
    end_capture();
    assert_int_equal(last_log_lines(), 1);
    vt_scores_destroy(scores);
    vmaf_model_destroy(lead);
    vmaf_model_collection_destroy(c);
    free(text);
}

static void other_collections_do_not_predict(void **state)
{
    (void)state;
    char *text = small_collection("LIBSVMNUSVR");
    VmafModel *lead;
    VmafModelCollection *c;
    VmafModelCollectionScore score;
    VtScores *scores;
    assert_int_equal(load_collection_text(&lead, &c, text), 0);
    assert_int_equal(vt_scores_create(&scores), 0);
    capture_log();
    assert_int_equal(vt_collection_predict(c, scores, 0, &score, NULL), -EINVAL);
    end_capture();
    assert_non_null(strstr(last_log(), "bootstrap"));
    vt_scores_destroy(scores);
    vmaf_model_destroy(lead);
    vmaf_model_collection_destroy(c);
    free(text);
}

static void worked_example_collection(void **state)
{
    (void)state;
    static const double raw[] = {73.290149, 69.113138, 71.596893, 70.470163, 74.830867,
                                 68.565010, 68.288597, 73.081890, 69.834723, 72.652636,
                                 68.324826, 72.205097, 71.866666, 71.236736, 67.708166,
                                 69.841484, 70.595983, 68.458863, 73.803262, 68.137925};
    const char *path = reference_model("vmaf_b_v0.6.3");
    if (!path) {
        print_message("SKIPPED: libvmaf's model files are not here (VMAF_TEST_MODELS)\n");
        skip();
    }
    VmafModelConfig cfg = {.name = "b"};
    VmafModel *lead;
    VmafModelCollection *c;
    VmafModelCollectionScore score;
    VtScores *scores;
    double value;
    assert_int_equal(vmaf_model_collection_load_from_path(&lead, &c, &cfg, path), 0);
    assert_int_equal(vt_scores_create(&scores), 0);
    for (unsigned i = 0; i < 6; i++) put_feature(lead, scores, i, 0, v0_features[i]);
    assert_int_equal(vt_collection_predict(c, scores, 0, &score, NULL), 0);
    assert_int_equal(vt_collection_size(c), 20);
    for (unsigned i = 0; i < 20; i++) {
        assert_true(vt_scores_get(scores, vt_model_name(vt_collection_member(c, i)), 0, &value));
        assert_near(value, raw[i], 6e-7);
    }
    assert_near(score.bootstrap.bagging_score, 70.695153670, 6e-10);
    assert_near(score.bootstrap.stddev, 2.100331419, 6e-10);
    assert_near(score.bootstrap.ci.p95.lo, 67.912301337, 6e-10);
    assert_near(score.bootstrap.ci.p95.hi, 74.342754544, 6e-10);
    assert_int_equal(vt_model_predict(lead, scores, 0, &value, NULL), 0);
    assert_near(value, 71.440288, 6e-7);
    vt_scores_destroy(scores);
    vmaf_model_destroy(lead);
    vmaf_model_collection_destroy(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(worked_example_v0),
        cmocka_unit_test(steps_of_v0),
        cmocka_unit_test(worked_example_v1),
        cmocka_unit_test(clip_can_be_switched_off),
        cmocka_unit_test(knots),
        cmocka_unit_test(transforms),
        cmocka_unit_test(missing_feature_is_named),
        cmocka_unit_test(stored_score_is_returned),
        cmocka_unit_test(threads_share_a_model),
        cmocka_unit_test(chroma_correction_cases),
        cmocka_unit_test(chroma_correction_needs_one_guide),
        cmocka_unit_test(golden_v0),
        cmocka_unit_test(overloads_reach_the_score),
        cmocka_unit_test(collection_arithmetic),
        cmocka_unit_test(other_collections_do_not_predict),
        cmocka_unit_test(worked_example_collection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
