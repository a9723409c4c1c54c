/* The report writers: number rule, the bytes of the four formats, odd names and values, errors. */
#include <errno.h>
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

#include "comma_locale.h"
#include "libvmaf/turbo.h"
#include "output/number.h"
#include "output/report.h"

static void expect_number(double x, int precision, const char *want)
{
    char got[VT_NUMBER_SIZE];

    vt_number_format(got, x, precision);
    assert_string_equal(got, want);
}

static void default_rule(void **state)
{
    (void)state;
    static const struct {
        double x;
        const char *text;
    } cases[] = {
        {0.0000001, "0.0000001000000000"},
        {3.0000001, "3.0000000999999998"},
        {0.000001, "0.000001"},
        {0.0000009999999, "0.0000009999999000"},
        {1e-300, "0.0000000000000000"},
        {1234567.00000012, "1234567.0000001199077815"},
        {-0.0, "-0.000000"},
        {0.0, "0.000000"},
        {-3.0000001, "-3.0000000999999998"},
        {76.668905, "76.668905"},
        {2147483648.00000012, "2147483648.000000"}, /* from 2^31 on always 6 */
        {4294967296.5, "4294967296.500000"},
        {0.5e-6 + 0x1p-40, "0.0000005000009095"},
        {2.5, "2.500000"},
        {INFINITY, "inf"},
        {-INFINITY, "-inf"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect_number(cases[i].x, VMAF_TURBO_PRECISION_DEFAULT, cases[i].text);
}

static void chosen_precision(void **state)
{
    (void)state;
    expect_number(2.0 / 3, 0, "1");
    expect_number(2.0 / 3, 3, "0.667");
    expect_number(2.0 / 3, 17, "0.66666666666666663");
    expect_number(1e-9, 6, "0.000000");
    expect_number(0.1, VMAF_TURBO_PRECISION_MAX, "0.1");
    expect_number(0.1 + 0.2, VMAF_TURBO_PRECISION_MAX, "0.30000000000000004");
    expect_number(100, VMAF_TURBO_PRECISION_MAX, "100");
    expect_number(1.7976931348623157e308, VMAF_TURBO_PRECISION_MAX, "1.7976931348623157e+308");
    assert_true(vt_precision_valid(VMAF_TURBO_PRECISION_DEFAULT));
    assert_true(vt_precision_valid(VMAF_TURBO_PRECISION_MAX));
    assert_true(vt_precision_valid(0) && vt_precision_valid(17));
    assert_false(vt_precision_valid(18) || vt_precision_valid(-3));
}

/* The longest text of all fits, and the shortest reads back as the same number. */
static void extremes_fit_and_read_back(void **state)
{
    (void)state;
    char text[VT_NUMBER_SIZE];
    uint64_t seed = 1;

    vt_number_format(text, -1.7976931348623157e308, 17);
    assert_int_equal(strlen(text), 1 + 309 + 1 + 17);
    for (int i = 0; i < 20000; i++) {
        double x;
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        memcpy(&x, &seed, sizeof(x));
        if (!isfinite(x)) continue;
        vt_number_format(text, x, VMAF_TURBO_PRECISION_MAX);
        assert_true(strtod(text, NULL) == x);
    }
}

/* A table, a temporary file, and its text after writing. */
typedef struct Fixture {
    VtReport report;
    char path[64];
    char *text;
} Fixture;

static int set_up(void **state)
{
    Fixture *f = calloc(1, sizeof(*f));

    if (!f || vt_scores_create(&f->report.scores)) return -1;
    f->report.precision = VMAF_TURBO_PRECISION_DEFAULT;
    strcpy(f->path, "test_report_XXXXXX");
    int fd = mkstemp(f->path);
    if (fd < 0) return -1;
    close(fd);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    Fixture *f = *state;

    unlink(f->path);
    vt_scores_destroy(f->report.scores);
    free(f->text);
    free(f);
    return 0;
}

static const char *written(Fixture *f, enum VmafOutputFormat format)
{
    struct stat st;

    assert_int_equal(vt_report_write(&f->report, f->path, format, NULL), 0);
    FILE *file = fopen(f->path, "rb");
    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &st), 0);
    free(f->text);
    f->text = calloc(1, (size_t)st.st_size + 1);
    assert_non_null(f->text);
    assert_int_equal(fread(f->text, 1, (size_t)st.st_size, file), st.st_size);
    fclose(file);
    return f->text;
}

static void put(Fixture *f, const char *name, unsigned index, double value)
{
    assert_int_equal(vt_scores_put(f->report.scores, name, index, value), 0);
}

/* Two frames, an aliased name, a feature that is missing in frame 1, an aggregate. */
static void fill(Fixture *f)
{
    f->report.n_pairs = 2;
    f->report.w = 352;
    f->report.h = 288;
    f->report.fps = 472.888;
    put(f, "VMAF_integer_feature_adm2_score", 0, 0.5);
    put(f, "once", 0, 0.0000001);
    put(f, "vmaf", 0, 72.300886);
    put(f, "VMAF_integer_feature_adm2_score", 1, 1);
    put(f, "vmaf", 1, 70);
    assert_int_equal(vt_scores_put_aggregate(f->report.scores, "apsnr_y", 36.013482), 0);
    assert_int_equal(vt_scores_put_aggregate(f->report.scores, "apsnr_cb", 40), 0);
}

static void xml_bytes(void **state)
{
    Fixture *f = *state;

    fill(f);
    assert_string_equal(
        written(f, VMAF_OUTPUT_FORMAT_XML),
        "<VMAF version=\"3.2.0\">\n"
        "  <params qualityWidth=\"352\" qualityHeight=\"288\" />\n"
        "  <fyi fps=\"472.89\" />\n"
        "  <frames>\n"
        "    <frame frameNum=\"0\" integer_adm2=\"0.500000\" once=\"0.0000001000000000\" "
        "vmaf=\"72.300886\" />\n"
        "    <frame frameNum=\"1\" integer_adm2=\"1.000000\" vmaf=\"70.000000\" />\n"
        "  </frames>\n"
        "  <pooled_metrics>\n"
        "    <metric name=\"integer_adm2\" min=\"0.500000\" max=\"1.000000\" mean=\"0.750000\" "
        "harmonic_mean=\"0.714286\" />\n"
        "    <metric name=\"once\" />\n"
        "    <metric name=\"vmaf\" min=\"70.000000\" max=\"72.300886\" mean=\"71.150443\" "
        "harmonic_mean=\"71.132099\" />\n"
        "  </pooled_metrics>\n"
        "  <aggregate_metrics apsnr_y=\"36.013482\" apsnr_cb=\"40.000000\" />\n"
        "</VMAF>\n");
}

static void json_bytes(void **state)
{
    Fixture *f = *state;

    fill(f);
    assert_string_equal(written(f, VMAF_OUTPUT_FORMAT_JSON),
                        "{\n"
                        "  \"version\": \"3.2.0\",\n"
                        "  \"fps\": 472.89,\n"
                        "  \"frames\": [\n"
                        "    {\n"
                        "      \"frameNum\": 0,\n"
                        "      \"metrics\": {\n"
                        "        \"integer_adm2\": 0.500000,\n"
                        "        \"once\": 0.0000001000000000,\n"
                        "        \"vmaf\": 72.300886\n"
                        "      }\n"
                        "    },\n"
                        "    {\n"
                        "      \"frameNum\": 1,\n"
                        "      \"metrics\": {\n"
                        "        \"integer_adm2\": 1.000000,\n"
                        "        \"vmaf\": 70.000000\n"
                        "      }\n"
                        "    }\n"
                        "  ],\n"
                        "  \"pooled_metrics\": {\n"
                        "    \"integer_adm2\": {\n"
                        "      \"min\": 0.500000,\n"
                        "      \"max\": 1.000000,\n"
                        "      \"mean\": 0.750000,\n"
                        "      \"harmonic_mean\": 0.714286\n"
                        "    },\n"
                        "    \"once\": {\n"
                        "    },\n"
                        "    \"vmaf\": {\n"
                        "      \"min\": 70.000000,\n"
                        "      \"max\": 72.300886,\n"
                        "      \"mean\": 71.150443,\n"
                        "      \"harmonic_mean\": 71.132099\n"
                        "    }\n"
                        "  },\n"
                        "  \"aggregate_metrics\": {\n"
                        "    \"apsnr_y\": 36.013482,\n"
                        "    \"apsnr_cb\": 40.000000\n"
                        "  }\n"
                        "}\n");
}

static void csv_and_sub_bytes(void **state)
{
    Fixture *f = *state;

    fill(f);
    assert_string_equal(written(f, VMAF_OUTPUT_FORMAT_CSV),
                        "Frame,integer_adm2,once,vmaf,\n"
                        "0,0.500000,0.0000001000000000,72.300886,\n"
                        "1,1.000000,,70.000000,\n");
    assert_string_equal(
        written(f, VMAF_OUTPUT_FORMAT_SUB),
        "{0}{1}frame: 0|integer_adm2: 0.500000|once: 0.0000001000000000|vmaf: 72.300886|\n"
        "{1}{2}frame: 1|integer_adm2: 1.000000|vmaf: 70.000000|\n");
}

static void empty_table(void **state)
{
    Fixture *f = *state;

    f->report.fps = NAN;
    assert_string_equal(written(f, VMAF_OUTPUT_FORMAT_JSON),
                        "{\n  \"version\": \"3.2.0\",\n  \"fps\": null,\n  \"frames\": [\n  ],\n"
                        "  \"pooled_metrics\": {\n  },\n  \"aggregate_metrics\": {\n  }\n}\n");
    f->report.fps = INFINITY;
    assert_string_equal(written(f, VMAF_OUTPUT_FORMAT_XML),
                        "<VMAF version=\"3.2.0\">\n"
                        "  <params qualityWidth=\"0\" qualityHeight=\"0\" />\n"
                        "  <fyi fps=\"inf\" />\n"
                        "  <frames>\n  </frames>\n"
                        "  <pooled_metrics>\n  </pooled_metrics>\n"
                        "  <aggregate_metrics />\n</VMAF>\n");
    assert_string_equal(written(f, VMAF_OUTPUT_FORMAT_CSV), "Frame,\n");
    assert_string_equal(written(f, VMAF_OUTPUT_FORMAT_SUB), "");
}

/* Rows off the grid are left out even where a temporal feature has a value, and so are rows with no
 * value at all; pooling counts the grid only. */
static void subsampled_rows(void **state)
{
    Fixture *f = *state;

    f->report.n_pairs = 5;
    f->report.n_subsample = 2;
    for (unsigned i = 0; i < 5; i++) put(f, "motion", i, i);
    put(f, "gap", 0, 1);
    put(f, "gap", 4, 3);
    assert_string_equal(written(f, VMAF_OUTPUT_FORMAT_CSV), "Frame,motion,gap,\n"
                                                            "0,0.000000,1.000000,\n"
                                                            "2,2.000000,,\n"
                                                            "4,4.000000,3.000000,\n");
    const char *xml = written(f, VMAF_OUTPUT_FORMAT_XML);
    assert_non_null(strstr(xml, "<metric name=\"motion\" min=\"0.000000\" max=\"4.000000\" "
                                "mean=\"2.000000\" harmonic_mean=\"0.956522\" />\n"
                                "    <metric name=\"gap\" />\n"));
}

/* libvmaf writes a comma before a first row that is not frame 0, and joins lines after a null. */
static void json_is_valid_without_frame_0_and_with_nan(void **state)
{
    Fixture *f = *state;

    f->report.n_pairs = 4;
    put(f, "x", 3, NAN);
    put(f, "y", 3, -INFINITY);
    put(f, "z", 3, 1);
    assert_int_equal(vt_scores_put_aggregate(f->report.scores, "a", INFINITY), 0);
    assert_int_equal(vt_scores_put_aggregate(f->report.scores, "b", 1), 0);
    const char *json = written(f, VMAF_OUTPUT_FORMAT_JSON);
    assert_non_null(strstr(json, "  \"frames\": [\n    {\n      \"frameNum\": 3,\n"
                                 "      \"metrics\": {\n        \"x\": null,\n"
                                 "        \"y\": null,\n        \"z\": 1.000000\n      }\n    }\n"
                                 "  ],\n"));
    assert_non_null(strstr(json, "    \"a\": null,\n    \"b\": 1.000000\n"));
    assert_string_equal(written(f, VMAF_OUTPUT_FORMAT_SUB),
                        "{3}{4}frame: 3|x: nan|y: -inf|z: 1.000000|\n");
}

static void pooled_infinity_is_null(void **state)
{
    Fixture *f = *state;

    f->report.n_pairs = 2;
    put(f, "x", 0, INFINITY);
    put(f, "x", 1, 1);
    const char *json = written(f, VMAF_OUTPUT_FORMAT_JSON);
    assert_non_null(strstr(json, "      \"min\": 1.000000,\n      \"max\": null,\n"
                                 "      \"mean\": null,\n      \"harmonic_mean\": 3.000000\n"));
}

/* Any bytes can be a model's name. */
static void names_are_escaped(void **state)
{
    static const char *const names[] = {"a\"b\\c", "line\nbreak\ttab", "<4k> & 'more'", "9lives",
                                        "",        "caf\xc3\xa9",      "bad\xff\xc3(",  "x,|y"};
    Fixture *f = *state;
    json_error_t error;

    f->report.n_pairs = 1;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) put(f, names[i], 0, 1);
    json_t *root = json_loads(written(f, VMAF_OUTPUT_FORMAT_JSON), 0, &error);
    assert_non_null(root);
    json_t *pooled = json_object_get(root, "pooled_metrics");
    assert_int_equal(json_object_size(pooled), 8);
    for (size_t i = 0; i < 6; i++) assert_non_null(json_object_get(pooled, names[i]));
    assert_non_null(json_object_get(pooled, "bad\xef\xbf\xbd\xef\xbf\xbd("));
    json_decref(root);

    const char *xml = written(f, VMAF_OUTPUT_FORMAT_XML);
    assert_non_null(strstr(xml, "<frame frameNum=\"0\" a_b_c=\"1.000000\" "
                                "line_break_tab=\"1.000000\" _4k_____more_=\"1.000000\" "
                                "_9lives=\"1.000000\" _=\"1.000000\" caf\xc3\xa9=\"1.000000\" "
                                "bad___=\"1.000000\" x__y=\"1.000000\" />"));
    assert_non_null(strstr(xml, "name=\"a&#34;b\\c\""));
    assert_non_null(strstr(xml, "name=\"line&#10;break&#9;tab\""));
    assert_non_null(strstr(xml, "name=\"&#60;4k&#62; &#38; 'more'\""));

    assert_non_null(strstr(written(f, VMAF_OUTPUT_FORMAT_CSV),
                           "Frame,\"a\"\"b\\c\",\"line\nbreak\ttab\",<4k> & 'more',9lives,,"));
    assert_non_null(strstr(written(f, VMAF_OUTPUT_FORMAT_SUB), "|x,_y: 1.000000|"));
}

static void precision_reaches_every_number(void **state)
{
    Fixture *f = *state;

    f->report.n_pairs = 1;
    f->report.precision = VMAF_TURBO_PRECISION_MAX;
    put(f, "x", 0, 1.0 / 3);
    assert_int_equal(vt_scores_put_aggregate(f->report.scores, "a", 0.1), 0);
    const char *json = written(f, VMAF_OUTPUT_FORMAT_JSON);
    assert_non_null(strstr(json, "        \"x\": 0.333333333333333")); /* per frame, 8 spaces */
    assert_non_null(strstr(json, "\"mean\": 0.333333333333333"));
    assert_non_null(strstr(json, "\"a\": 0.1\n"));
    f->report.precision = 2;
    assert_string_equal(written(f, VMAF_OUTPUT_FORMAT_CSV), "Frame,x,\n0,0.33,\n");
}

/* The process's decimal comma does not get into a report, and the process keeps it. */
static void locale_does_not_matter(void **state)
{
    Fixture *f = *state;

    if (!set_comma_locale()) skip();
    assert_string_equal(localeconv()->decimal_point, ",");
    f->report.n_pairs = 1;
    put(f, "x", 0, 0.5);
    assert_string_equal(written(f, VMAF_OUTPUT_FORMAT_CSV), "Frame,x,\n0,0.500000,\n");
    assert_string_equal(localeconv()->decimal_point, ",");
    setlocale(LC_ALL, "C");
}

static void count_line(void *user, enum VmafLogLevel level, const char *line)
{
    assert_int_equal(level, VMAF_LOG_LEVEL_ERROR);
    assert_non_null(strstr(line, "report "));
    ++*(unsigned *)user;
}

static void errors_are_reported(void **state)
{
    Fixture *f = *state;
    unsigned lines = 0;
    const VtLog log = {VMAF_LOG_LEVEL_ERROR, count_line, &lines};
    struct stat st;

    fill(f);
    assert_int_equal(vt_report_write(&f->report, "none/x.xml", VMAF_OUTPUT_FORMAT_XML, &log),
                     -ENOENT);
    assert_int_equal(vt_report_write(&f->report, "/dev/full", VMAF_OUTPUT_FORMAT_JSON, &log),
                     -ENOSPC);
    assert_int_equal(vt_report_write(&f->report, ".", VMAF_OUTPUT_FORMAT_CSV, &log), -EISDIR);
    assert_int_equal(lines, 3);

    assert_int_equal(unlink(f->path), 0);
    assert_int_equal(vt_report_write(&f->report, f->path, VMAF_OUTPUT_FORMAT_NONE, &log), -EINVAL);
    assert_int_equal(vt_report_write(&f->report, f->path, (enum VmafOutputFormat)5, &log), -EINVAL);
    f->report.precision = 18;
    assert_int_equal(vt_report_write(&f->report, f->path, VMAF_OUTPUT_FORMAT_XML, &log), -EINVAL);
    assert_int_equal(lines, 6);
    assert_int_equal(stat(f->path, &st), -1); /* nothing was created */
}

/* A report longer than stdio's buffer fails while it is written, not only when it is closed. */
static void long_report_to_a_full_device(void **state)
{
    Fixture *f = *state;
    unsigned lines = 0;
    const VtLog log = {VMAF_LOG_LEVEL_ERROR, count_line, &lines};

    f->report.n_pairs = 5000;
    for (unsigned i = 0; i < 5000; i++) put(f, "x", i, i);
    for (int format = VMAF_OUTPUT_FORMAT_XML; format <= VMAF_OUTPUT_FORMAT_SUB; format++)
        assert_int_equal(
            vt_report_write(&f->report, "/dev/full", (enum VmafOutputFormat)format, &log), -ENOSPC);
    assert_int_equal(lines, 4);
}

#define WITH_TABLE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(default_rule),
        cmocka_unit_test(chosen_precision),
        cmocka_unit_test(extremes_fit_and_read_back),
        WITH_TABLE(xml_bytes),
        WITH_TABLE(json_bytes),
        WITH_TABLE(csv_and_sub_bytes),
        WITH_TABLE(empty_table),
        WITH_TABLE(subsampled_rows),
        WITH_TABLE(json_is_valid_without_frame_0_and_with_nan),
        WITH_TABLE(pooled_infinity_is_null),
        WITH_TABLE(names_are_escaped),
        WITH_TABLE(precision_reaches_every_number),
        WITH_TABLE(locale_does_not_matter),
        WITH_TABLE(errors_are_reported),
        WITH_TABLE(long_report_to_a_full_device),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
