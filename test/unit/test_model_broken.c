/* Broken and unusual model files: right codes, one line each, no crash. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "model/model_private.h"
#include "model_support.h"

#define E (-EINVAL)
#define SVM (-ENOMEM)

/* One change each to the small model, the code and a part of the line. */
static const struct {
    const char *from, *to;
    int err;
    const char *part;
} broken[] = {
    {"\"model_dict\"", "\"model_dixt\"", E, "model_dict"},
    {"\"model_dict\":{", "\"model_dict\":[],\"x\":{", E, "model_dict"},
    {"{\"param_dict\"", "[{\"param_dict\"", E, "line 1"},
    {"{\"param_dict\"", "[1]{\"param_dict\"", E, "JSON object"},
    {"{\"param_dict\"", "{param_dict", E, "line 1"},
    {"LIBSVMNUSVR", "RANDOMFOREST", E, "model_type"},
    {"\"LIBSVMNUSVR\"", "null", E, "model_type"},
    {"\"linear_rescale\"", "null", E, "norm_type"},
    {"linear_rescale", "linear", E, "norm_type"},
    {"norm_type", "norm_tipe", E, "norm_type"},
    {"\"feature_names\":[", "\"feature_names\":[3,", E, "feature_names[0]"},
    {"\"feature_names\":[", "\"feature_names\":[],\"x\":[", E, "feature_names"},
    {"\"feature_names\"", "\"x\"", E, "feature_names"},
    {"\"VMAF_integer_feature_adm2_score\"", "\"\"", E, "feature_names[0]"},
    {"\"VMAF_integer_feature_adm2_score\"", "\"a\\nb\"", E, "feature_names[0]"},
    {"\"VMAF_integer_feature_adm2_score\",", "", E, "feature_opts_dicts"},
    {"[{},", "[{},{},", E, "feature_opts_dicts"},
    {"[{},", "[[],", E, "feature_opts_dicts[0]"},
    {"[{},", "[null,", E, "feature_opts_dicts[0]"},
    {"\"feature_opts_dicts\":[{},", "\"feature_opts_dicts\":null,\"x\":[{},", E,
     "feature_opts_dicts"},
    {"gain_limit\":1.0", "gain_limit\":null", E, "VMAF_integer_feature_vif_scale0_score"},
    {"gain_limit\":1.0", "gain_limit\":[1]", E, "VMAF_integer_feature_vif_scale0_score"},
    {"gain_limit\":1.0", "gain_limit\":{}", E, "VMAF_integer_feature_vif_scale0_score"},
    {"gain_limit\":1.0", "gain_limit\":1.0,\"vif_enhn_gain_limit\":2", E, "duplicate"},
    {"[0.01,1.5,2]", "[0.01,1.5]", E, "slopes"},
    {"[0.01,1.5,2]", "[0.01,1.5,2,3]", E, "slopes"},
    {"[0.01,1.5,2]", "[0.01,0,2]", E, "slopes[1] is 0"},
    {"[0.01,1.5,2]", "[0.0,1,2]", E, "slopes[0] is 0"},
    {"[0.01,1.5,2]", "[0.01,1.5,\"2\"]", E, "slopes[2]"},
    {"[0.01,1.5,2]", "[0.01,1.5,1e999]", E, "line 1"},
    {"[0.01,1.5,2]", "[0.01,1.5,NaN]", E, "line 1"},
    {"\"slopes\"", "\"slope\"", E, "slopes"},
    {"\"intercepts\":[-0.1", "\"intercepts\":[null", E, "intercepts[0]"},
    {"\"intercepts\"", "\"x\"", E, "intercepts"},
    {"\"intercepts\":[", "\"intercepts\":{},\"x\":[", E, "intercepts"},
    {"[0,100]", "null", E, "score_clip"},
    {"[0,100]", "[0]", E, "score_clip"},
    {"[0,100]", "[\"0\",100]", E, "score_clip"},
    {"[0,100]", "[100,0]", E, "score_clip"},
    {"\"score_transform\":{", "\"score_transform\":[],\"x\":{", E, "score_transform"},
    {"\"score_transform\":{", "\"score_transform\":null,\"x\":{", E, "score_transform"},
    {"\"p0\":1.5", "\"enabled\":\"true\"", E, "enabled"},
    {"\"p0\":1.5", "\"enabled\":1", E, "enabled"},
    {"\"p0\":1.5", "\"p0\":\"1.5\"", E, "p0"},
    {"\"p0\":1.5", "\"knots\":1", E, "knots"},
    {"\"p0\":1.5", "\"knots\":[[1,2],[3]]", E, "knots[1]"},
    {"\"p0\":1.5", "\"knots\":[[1,2,3]]", E, "knots[0]"},
    {"\"p0\":1.5", "\"knots\":[[1,\"2\"]]", E, "knots[0]"},
    {"\"p0\":1.5", "\"knots\":[5,6]", E, "knots[0]"},
    {"\"p0\":1.5",
     "\"knots\":[[0,0],[1,1],[2,2],[3,3],[4,4],[5,5],[6,6],[7,7],[8,8],[9,9],[10,10]]", E,
     "at most 10"},
    {"\"out_gte_in\":\"true\"", "\"out_gte_in\":true", E, "out_gte_in"},
    {"\"out_gte_in\":\"true\"", "\"out_lte_in\":false", E, "out_lte_in"},
    {"\"score_clip\":[0", "\"chroma_correction_parameter\":\"x\",\"score_clip\":[0", E, "chroma"},
    {"\"model\":", "\"mobel\":", E, "model, the support-vector text"},
    {"\"model\":\"", "\"model\":3,\"x\":\"", E, "model, the support-vector text"},
    {"SV\\n1 ", "SV\\u0000", E, "line 1"},
    {"nu_svr", "c_svc", SVM, "svm_type"},
    {"nu_svr", "random", SVM, "svm_type"},
    {"svm_type nu_svr\\n", "", SVM, "svm_type"},
    {"rbf", "linear", SVM, "kernel_type"},
    {"gamma 0.5", "gamma x", SVM, "gamma"},
    {"gamma 0.5", "gamma 0,5", SVM, "gamma"},
    {"gamma 0.5", "gamma inf", SVM, "gamma"},
    {"gamma 0.5", "gama 0.5", SVM, "unknown key"},
    {"gamma 0.5\\n", "", SVM, "gamma"},
    {"nr_class 2", "nr_class 3", SVM, "nr_class"},
    {"nr_class 2\\n", "", SVM, "nr_class"},
    {"total_sv 2", "total_sv 3", SVM, "is missing"},
    {"total_sv 2", "total_sv -1", SVM, "total_sv"},
    {"total_sv 2", "total_sv 0", SVM, "total_sv"},
    {"total_sv 2", "total_sv 1.5", SVM, "total_sv"},
    {"total_sv 2", "total_sv 4000000000", SVM, "total_sv"},
    {"total_sv 2\\n", "", SVM, "total_sv"},
    {"rho -0.25", "rho", SVM, "rho"},
    {"rho -0.25\\nSV", "SV", SVM, "rho"},
    {"\\nSV\\n1 1:0.5 2:0.25 \\n-0.5 1:1 \\n", "", SVM, "ends before"},
    {"SV\\n", "SV 5\\n", SVM, "line 7"},
    {"1:0.5 ", "0:0.5 ", SVM, "ascend"},
    {"1:0.5 ", "2:0.5 ", SVM, "ascend"},
    {"2:0.25", "3:0.25", SVM, "ascend"},
    {"2:0.25", "-2:0.25", SVM, "index:value"},
    {"2:0.25", "2 0.25", SVM, "index:value"},
    {"2:0.25", "2: 0.25", SVM, "value"},
    {"2:0.25", "2:nan", SVM, "value"},
    {"2:0.25", "2:0.25x", SVM, "value"},
    {"2:0.25", "99999999999999999999:1", SVM, "ascend"},
    {"-0.5 1:1", "1:1", SVM, "coefficient"},
};

static void broken_models_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        char *text = replaced(small_model, broken[i].from, broken[i].to);
        VmafModel *m = (VmafModel *)text;
        const int err = load_model_text(&m, text, strlen(text), 0);
        if (err != broken[i].err || m || last_log_lines() != 1 ||
            !strstr(last_log(), broken[i].part) || !strstr(last_log(), "vmaf-test-model"))
            fail_msg("%s -> %s: %d, log: %s", broken[i].from, broken[i].to, err, last_log());
        free(text);
    }
}

/* Unusual, but fine. */
static const char *const accepted[][2] = {
    {"\"model_type\":\"LIBSVMNUSVR\",", ""},
    {"\"model_type\":\"LIBSVMNUSVR\",", "\"model_type\":\"BOOTSTRAP_LIBSVMNUSVR\","},
    {"\"p0\":1.5", "\"p0\":null"},
    {"\"p0\":1.5", "\"knots\":null"},
    {"\"p0\":1.5", "\"knots\":[]"},
    {"\"p0\":1.5", "\"knots\":[[0,0]],\"enabled\":true"},
    {"\"p0\":1.5", "\"enabled\":false,\"anything\":[{}]"},
    {"\"out_gte_in\":\"true\"", "\"out_gte_in\":\"no\""},
    {"[0,100]", "[0,100,\"more\"]"},
    {"\"score_clip\":[0,100],", ""},
    {"\"feature_opts_dicts\":[{},{\"vif_enhn_gain_limit\":1.0}],", ""},
    {"[{},{\"vif_enhn_gain_limit\":1.0}]", "[]"},
    {"linear_rescale", "none"},
    {"\"linear_rescale\",", "\"none\",\"skipped\":null,"},
    {"\\n\"}}", "\\n\"}} and more text {"},
    {"nu_svr", "epsilon_svr"},
    {"rho -0.25\\n", "rho -0.25\\nlabel 1 2\\nprobA 1\\nprobB 1\\nnr_sv 1 1\\n"},
    {"gamma 0.5", "gamma   5e-1\\r"},
    {"gamma 0.5", "degree 3\\ncoef0 0\\ngamma 0.5"},
    {"1:1 \\n", "1:1"},
    {"1:1 \\n", "1:1 \\n5 1:1 \\n"},
    {"-0.5 1:1 ", "-0.5"},
};

static void unusual_models_are_accepted(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
        char *text = replaced(small_model, accepted[i][0], accepted[i][1]);
        VmafModel *m;
        if (load_model_text(&m, text, strlen(text), 0) || last_log_lines())
            fail_msg("%s -> %s: %s", accepted[i][0], accepted[i][1], last_log());
        vmaf_model_destroy(m);
        free(text);
    }
}

/* What loads must also predict or fail cleanly. */
static void try_to_predict(VmafModel *m)
{
    VtScores *scores;
    double score;
    assert_int_equal(vt_scores_create(&scores), 0);
    for (unsigned i = 0; i < m->n_features; i++)
        if (m->feature[i].stored) vt_scores_put(scores, m->feature[i].stored, 0, 0.5);
    capture_log();
    const int err = vt_model_predict(m, scores, 0, &score, NULL);
    end_capture();
    assert_true(err == 0 || err == -EINVAL);
    vt_scores_destroy(scores);
}

static void cut_models_are_refused(void **state)
{
    (void)state;
    const size_t size = strlen(small_model);
    for (size_t n = 0; n < size; n++) {
        VmafModel *m;
        const int err = load_model_text(&m, small_model, n, 0);
        if (err != -EINVAL || m || last_log_lines() != 1) fail_msg("cut at %zu: %d", n, err);
    }
}

static void changed_bytes_do_no_harm(void **state)
{
    (void)state;
    static const char bytes[] = {'\0', ' ', '"', '\\', '9', '-', '{', ']', '\n', (char)0xff};
    char *text = strdup(small_model);
    const size_t size = strlen(small_model);
    unsigned loaded = 0;
    for (size_t i = 0; i < size * sizeof(bytes); i++) {
        VmafModel *m;
        const size_t at = i / sizeof(bytes);
        text[at] = bytes[i % sizeof(bytes)];
        const int err = load_model_text(&m, text, size, 0);
        assert_true(err == 0 || err == -EINVAL || err == -ENOMEM);
        assert_true(!err == !!m);
        if (m) try_to_predict(m), loaded++;
        vmaf_model_destroy(m);
        text[at] = small_model[at];
    }
    assert_true(loaded > 0);
    free(text);
}

static void too_many_features_are_refused(void **state)
{
    (void)state;
    char names[4096] = "\"feature_names\":[";
    VmafModel *m;
    for (int i = 0; i < 63; i++) strcat(names, "\"some_feature_name\",");
    char *text = replaced(small_model, "\"feature_names\":[", names);
    assert_refused(load_model_text(&m, text, strlen(text), 0), -EINVAL, &m, "1 to 64");
    free(text);
}

static void deep_nesting_is_refused(void **state)
{
    (void)state;
    enum { depth = 100000 };
    char *text = malloc(depth + 1);
    VmafModel *m;
    memset(text, '[', depth);
    memcpy(text, "{\"a\":", 5);
    assert_refused(load_model_text(&m, text, depth, 0), -EINVAL, &m, "depth");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(broken_models_are_refused),
        cmocka_unit_test(unusual_models_are_accepted),
        cmocka_unit_test(cut_models_are_refused),
        cmocka_unit_test(changed_bytes_do_no_harm),
        cmocka_unit_test(too_many_features_are_refused),
        cmocka_unit_test(deep_nesting_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
