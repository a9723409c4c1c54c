/* Dictionaries, options and feature names. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "metric/option.h"

typedef struct Options {
    bool flag, quiet;
    int number;
    double limit;
    const char *text;
} Options;

static const VtOption table[] = {
    {.name = "limit",
     .alias = "egl",
     .type = VT_OPTION_DOUBLE,
     .offset = offsetof(Options, limit),
     .in_name = true,
     .number = 100,
     .min = 1,
     .max = 100},
    {.name = "a_flag",
     .alias = "zz",
     .type = VT_OPTION_BOOL,
     .offset = offsetof(Options, flag),
     .in_name = true},
    {.name = "number",
     .type = VT_OPTION_INT,
     .offset = offsetof(Options, number),
     .in_name = true,
     .number = 3,
     .min = -5,
     .max = 9},
    {.name = "text",
     .type = VT_OPTION_STRING,
     .offset = offsetof(Options, text),
     .in_name = true,
     .text = "abc"},
    {.name = "quiet", .alias = "q", .type = VT_OPTION_BOOL, .offset = offsetof(Options, quiet)},
    {.name = NULL},
};

static const VtLog silent = {.level = VMAF_LOG_LEVEL_NONE};

static int parse(Options *o, const char *key, const char *value)
{
    VmafFeatureDictionary *dict = NULL;
    assert_int_equal(vmaf_feature_dictionary_set(&dict, key, value), 0);
    memset(o, 0, sizeof(*o));
    const int err = vt_options_parse(table, dict, o, "test", &silent);
    vmaf_feature_dictionary_free(&dict);
    return err;
}

static void dictionary_normalises_numbers(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"1.23456789", "1.23457"},
        {"0x1", "1"},
        {"1.50000001", "1.5"},
        {" 1", "1"},
        {"1 ", "1"},
        {"true", "true"},
        {"1x", "1x"},
        {"", ""},
        {"100.0", "100"},
        {".9", "0.9"},
        {"0.06", "0.06"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        VmafFeatureDictionary *dict = NULL;
        assert_int_equal(vmaf_feature_dictionary_set(&dict, "k", cases[i][0]), 0);
        assert_string_equal(vt_dictionary_get(dict, "k"), cases[i][1]);
        assert_int_equal(vmaf_feature_dictionary_free(&dict), 0);
        assert_null(dict);
    }
}

static void dictionary_replaces_and_refuses(void **state)
{
    (void)state;
    VmafFeatureDictionary *dict = NULL;
    assert_int_equal(vmaf_feature_dictionary_set(NULL, "k", "v"), -EINVAL);
    assert_int_equal(vmaf_feature_dictionary_set(&dict, NULL, "v"), -EINVAL);
    assert_int_equal(vmaf_feature_dictionary_set(&dict, "k", NULL), -EINVAL);
    assert_null(dict);
    for (char key[2] = "a"; key[0] <= 'z'; key[0]++)
        assert_int_equal(vmaf_feature_dictionary_set(&dict, key, "v"), 0);
    assert_int_equal(vmaf_feature_dictionary_set(&dict, "c", "w"), 0);
    assert_int_equal(dict->count, 26);
    assert_string_equal(vt_dictionary_get(dict, "c"), "w");
    assert_null(vt_dictionary_get(dict, "missing"));
    vmaf_feature_dictionary_free(&dict);
    assert_int_equal(vmaf_feature_dictionary_free(&dict), 0);
    assert_int_equal(vmaf_feature_dictionary_free(NULL), -EINVAL);
}

static void options_take_good_values(void **state)
{
    (void)state;
    Options o;
    assert_int_equal(parse(&o, "limit", "1.0"), 0);
    assert_true(o.limit == 1.0);
    assert_int_equal(o.number, 3);
    assert_false(o.flag);
    assert_string_equal(o.text, "abc");
    assert_int_equal(parse(&o, "number", "1.9"), 0);
    assert_int_equal(o.number, 1);
    assert_int_equal(parse(&o, "number", ".9"), 0);
    assert_int_equal(o.number, 0);
    assert_int_equal(parse(&o, "a_flag", "true"), 0);
    assert_true(o.flag);
    assert_int_equal(parse(&o, "number", "-5"), 0);
    assert_int_equal(o.number, -5);
}

static void options_refuse_bad_values(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"limit", "0.9"}, {"limit", "101"}, {"limit", "abc"}, {"limit", "nan"},
        {"limit", ""},    {"limit", "5x"},  {"a_flag", "1"},  {"a_flag", "TRUE"},
        {"a_flag", ""},   {"number", "10"}, {"number", "-6"}, {"number", "four"},
        {"number", "-0"}, {"unknown", "1"}, {"egl", "1"},
    };
    Options o;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(parse(&o, bad[i][0], bad[i][1]), -EINVAL);
}

static void names_get_suffixes(void **state)
{
    (void)state;
    const char *base = "VMAF_integer_feature_vif_scale0_score";
    char name[64];
    Options o = {0};
    assert_int_equal(vt_options_parse(table, NULL, &o, "test", &silent), 0);
    vt_feature_name(name, sizeof(name), base, table, &o);
    assert_string_equal(name, base);
    o.quiet = true; /* not part of names */
    vt_feature_name(name, sizeof(name), base, table, &o);
    assert_string_equal(name, base);
    o.limit = 1.2000001;
    o.flag = true;
    o.number = -1;
    o.text = "xyz";
    vt_feature_name(name, sizeof(name), base, table, &o);
    assert_string_equal(name, "integer_vif_scale0_zz_egl_1.2_number_-1_text_xyz");
    vt_feature_name(name, 24, base, table, &o);
    assert_string_equal(name, "integer_vif_scale0_zz_e");
    assert_string_equal(vt_feature_alias("Cambi_feature_cambi_score"), "cambi");
    assert_string_equal(vt_feature_alias("psnr_y"), "psnr_y");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dictionary_normalises_numbers),
        cmocka_unit_test(dictionary_replaces_and_refuses),
        cmocka_unit_test(options_take_good_values),
        cmocka_unit_test(options_refuse_bad_values),
        cmocka_unit_test(names_get_suffixes),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
