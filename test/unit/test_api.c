/* The public API as callers use and misuse it. Scores are compared across thread counts, option
 * orders and picture sources; ownership is checked by what is left (sanitizer runs see leaks). */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
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

#define W 176
#define H 144
#define SAD "VMAF_integer_feature_motion_sad_score"
#define MOTION2 "VMAF_integer_feature_motion2_score"
#define VIF0 "VMAF_integer_feature_vif_scale0_score"

static VmafContext *context(unsigned threads, unsigned subsample)
{
    VmafContext *vmaf = NULL;
    const VmafConfiguration cfg = {
        .log_level = VMAF_LOG_LEVEL_NONE, .n_threads = threads, .n_subsample = subsample};
    assert_int_equal(vmaf_init(&vmaf, cfg), 0);
    assert_non_null(vmaf);
    return vmaf;
}

static int read_frame(VmafContext *vmaf, unsigned index)
{
    VmafPicture ref, dis;
    assert_int_equal(synth_pair(&ref, &dis, VMAF_PIX_FMT_YUV420P, 8, W, H, index), 0);
    const int err = vmaf_read_pictures(vmaf, &ref, &dis, index);
    if (err) { /* still ours */
        assert_int_equal(vmaf_picture_unref(&ref), 0);
        assert_int_equal(vmaf_picture_unref(&dis), 0);
    } else { /* taken */
        assert_null(ref.ref);
        assert_null(dis.data[0]);
    }
    return err;
}

static int flush(VmafContext *vmaf)
{
    return vmaf_read_pictures(vmaf, NULL, NULL, 0);
}

static VmafModel *model(const char *version)
{
    VmafModel *m = NULL;
    VmafModelConfig cfg = {.name = NULL};
    assert_int_equal(vmaf_model_load(&m, &cfg, version), 0);
    return m;
}

static void null_arguments_are_refused(void **state)
{
    (void)state;
    VmafContext *vmaf = context(0, 0);
    VmafModel *m = model("vmaf_v0.6.1");
    VmafModelCollectionScore cs;
    VmafPicture pic = {0};
    double s = 7;
    const VmafConfiguration cfg = {0};
    const VmafPictureConfiguration pcfg = {0};
    assert_int_equal(vmaf_init(NULL, cfg), -EINVAL);
    assert_int_equal(vmaf_close(NULL), -EINVAL);
    assert_int_equal(vmaf_use_feature(NULL, "vif", NULL), -EINVAL);
    assert_int_equal(vmaf_use_feature(vmaf, NULL, NULL), -EINVAL);
    assert_int_equal(vmaf_use_features_from_model(NULL, m), -EINVAL);
    assert_int_equal(vmaf_use_features_from_model(vmaf, NULL), -EINVAL);
    assert_int_equal(vmaf_use_features_from_model_collection(vmaf, NULL), -EINVAL);
    assert_int_equal(vmaf_import_feature_score(NULL, "x", 1, 0), -EINVAL);
    assert_int_equal(vmaf_import_feature_score(vmaf, NULL, 1, 0), -EINVAL);
    assert_int_equal(vmaf_read_pictures(NULL, &pic, &pic, 0), -EINVAL);
    assert_int_equal(vmaf_read_pictures(vmaf, &pic, NULL, 0), -EINVAL);
    assert_int_equal(vmaf_read_pictures(vmaf, NULL, &pic, 0), -EINVAL);
    assert_int_equal(vmaf_read_pictures(vmaf, &pic, &pic, 0), -EINVAL); /* empty pictures */
    assert_int_equal(vmaf_score_at_index(vmaf, NULL, &s, 0), -EINVAL);
    assert_int_equal(vmaf_score_at_index(vmaf, m, NULL, 0), -EINVAL);
    assert_int_equal(vmaf_score_at_index(vmaf, m, &s, 0), -EINVAL);
    assert_int_equal(vmaf_score_at_index_model_collection(vmaf, NULL, &cs, 0), -EINVAL);
    assert_int_equal(vmaf_feature_score_at_index(vmaf, "x", &s, 0), -EINVAL);
    assert_int_equal(vmaf_feature_score_at_index(vmaf, NULL, &s, 0), -EINVAL);
    assert_int_equal(vmaf_feature_score_pooled(vmaf, "x", VMAF_POOL_METHOD_MEAN, NULL, 0, 0),
                     -EINVAL);
    assert_int_equal(vmaf_score_pooled(vmaf, m, VMAF_POOL_METHOD_MEAN, &s, 0, 0), -EINVAL);
    assert_int_equal(
        vmaf_score_pooled_model_collection(vmaf, NULL, VMAF_POOL_METHOD_MEAN, &cs, 0, 0), -EINVAL);
    assert_int_equal(vmaf_preallocate_pictures(NULL, pcfg), -EINVAL);
    assert_int_equal(vmaf_preallocate_pictures(vmaf, pcfg), -EINVAL);
    assert_int_equal(vmaf_fetch_preallocated_picture(vmaf, &pic), -EINVAL); /* no pool */
    assert_int_equal(vmaf_fetch_preallocated_picture(vmaf, NULL), -EINVAL);
    assert_int_equal(vmaf_write_output(vmaf, NULL, VMAF_OUTPUT_FORMAT_XML), -EINVAL);
    assert_int_equal(vmaf_write_output(NULL, "x", VMAF_OUTPUT_FORMAT_XML), -EINVAL);
    assert_true(s == 7);
    vmaf_model_destroy(m);
    assert_int_equal(vmaf_close(vmaf), 0);
}

static void features_are_registered_once_and_checked(void **state)
{
    (void)state;
    VmafContext *vmaf = context(0, 0);
    VmafFeatureDictionary *opts = NULL;
    assert_int_equal(vmaf_use_feature(vmaf, "no_such_metric", NULL), -EINVAL);
    assert_int_equal(vmaf_feature_dictionary_set(&opts, "no_such_option", "1"), 0);
    assert_int_equal(vmaf_use_feature(vmaf, "vif", opts), -EINVAL);
    vmaf_feature_dictionary_free(&opts); /* untouched on failure: ours */
    assert_int_equal(vmaf_feature_dictionary_set(&opts, "vif_enhn_gain_limit", "1000"), 0);
    assert_int_equal(vmaf_use_feature(vmaf, "vif", opts), -EINVAL);
    vmaf_feature_dictionary_free(&opts);

    /* 100 is the default: the same instance as the plain one, so debug of the later one has no
     * effect. */
    assert_int_equal(vmaf_use_feature(vmaf, "vif", NULL), 0);
    assert_int_equal(vmaf_feature_dictionary_set(&opts, "vif_enhn_gain_limit", "100"), 0);
    assert_int_equal(vmaf_feature_dictionary_set(&opts, "debug", "true"), 0);
    assert_int_equal(vmaf_use_feature(vmaf, "vif", opts), 0);
    assert_int_equal(read_frame(vmaf, 0), 0);
    double s;
    assert_int_equal(vmaf_feature_score_at_index(vmaf, VIF0, &s, 0), 0);
    assert_true(s > 0 && s < 1);
    assert_int_equal(vmaf_feature_score_at_index(vmaf, "integer_vif_scale0", &s, 0), -EAGAIN);
    assert_int_equal(vmaf_feature_score_at_index(vmaf, "integer_vif", &s, 0), -EAGAIN);
    assert_int_equal(vmaf_close(vmaf), 0);
}

static void mismatched_pictures_are_refused(void **state)
{
    (void)state;
    VmafContext *vmaf = context(1, 0);
    assert_int_equal(vmaf_use_feature(vmaf, "vif", NULL), 0);
    assert_int_equal(read_frame(vmaf, 0), 0);
    static const struct {
        enum VmafPixelFormat fmt;
        unsigned bpc, w, h;
    } bad[] = {
        {VMAF_PIX_FMT_YUV420P, 8, W + 2, H},
        {VMAF_PIX_FMT_YUV420P, 8, W, H - 2},
        {VMAF_PIX_FMT_YUV420P, 10, W, H},
        {VMAF_PIX_FMT_YUV444P, 8, W, H},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        VmafPicture good, other, other2;
        assert_int_equal(vmaf_picture_alloc(&good, VMAF_PIX_FMT_YUV420P, 8, W, H), 0);
        assert_int_equal(vmaf_picture_alloc(&other, bad[i].fmt, bad[i].bpc, bad[i].w, bad[i].h), 0);
        assert_int_equal(vmaf_picture_alloc(&other2, bad[i].fmt, bad[i].bpc, bad[i].w, bad[i].h),
                         0);
        assert_int_equal(vmaf_read_pictures(vmaf, &good, &other, 1), -EINVAL);
        assert_int_equal(vmaf_read_pictures(vmaf, &other, &good, 1), -EINVAL);
        assert_int_equal(vmaf_read_pictures(vmaf, &other, &other2, 1), -EINVAL);
        assert_int_equal(vmaf_picture_unref(&good), 0);
        assert_int_equal(vmaf_picture_unref(&other), 0);
        assert_int_equal(vmaf_picture_unref(&other2), 0);
    }
    assert_int_equal(read_frame(vmaf, 1), 0); /* the context goes on */
    assert_int_equal(flush(vmaf), 0);
    double s;
    assert_int_equal(vmaf_feature_score_pooled(vmaf, VIF0, VMAF_POOL_METHOD_MEAN, &s, 0, 1), 0);
    assert_int_equal(vmaf_close(vmaf), 0);
}

static void indices_are_used_once(void **state)
{
    (void)state;
    for (unsigned threads = 0; threads <= 2; threads += 2) {
        VmafContext *vmaf = context(threads, 0);
        assert_int_equal(vmaf_use_feature(vmaf, "vif", NULL), 0);
        assert_int_equal(read_frame(vmaf, 5), 0); /* any order, with gaps */
        assert_int_equal(read_frame(vmaf, 2), 0);
        assert_int_equal(read_frame(vmaf, 5), -EINVAL);
        assert_int_equal(read_frame(vmaf, 2), -EINVAL);
        assert_int_equal(read_frame(vmaf, 3), 0);
        assert_int_equal(flush(vmaf), 0);
        double s;
        assert_int_equal(vmaf_feature_score_at_index(vmaf, VIF0, &s, 5), 0);
        assert_int_equal(vmaf_feature_score_at_index(vmaf, VIF0, &s, 3), 0);
        assert_int_equal(vmaf_feature_score_at_index(vmaf, VIF0, &s, 4), -EINVAL);
        assert_int_equal(vmaf_feature_score_pooled(vmaf, VIF0, VMAF_POOL_METHOD_MEAN, &s, 2, 3), 0);
        assert_int_equal(vmaf_feature_score_pooled(vmaf, VIF0, VMAF_POOL_METHOD_MEAN, &s, 2, 5),
                         -EINVAL);
        assert_int_equal(vmaf_feature_score_pooled(vmaf, VIF0, VMAF_POOL_METHOD_MEAN, &s, 3, 2),
                         -EINVAL);
        assert_int_equal(vmaf_feature_score_pooled(vmaf, VIF0, VMAF_POOL_METHOD_NB, &s, 2, 3),
                         -EINVAL);
        assert_int_equal(read_frame(vmaf, 6), -EINVAL); /* after the flush */
        assert_int_equal(flush(vmaf), -EINVAL);
        assert_int_equal(vmaf_close(vmaf), 0);
    }
}

static void flush_without_frames(void **state)
{
    (void)state;
    for (unsigned threads = 0; threads <= 1; threads++) {
        VmafContext *vmaf = context(threads, 0);
        assert_int_equal(vmaf_use_feature(vmaf, "motion", NULL), 0);
        assert_int_equal(flush(vmaf), -EINVAL);
        assert_int_equal(read_frame(vmaf, 0), 0); /* not flushed */
        assert_int_equal(flush(vmaf), 0);
        assert_int_equal(vmaf_close(vmaf), 0);
        vmaf = context(threads, 0);
        assert_int_equal(flush(vmaf), 0); /* nothing registered */
        assert_int_equal(vmaf_close(vmaf), 0);
    }
}

static void scores_that_look_ahead_come_with_the_flush(void **state)
{
    (void)state;
    VmafContext *vmaf = context(0, 0);
    VmafModel *m = model("vmaf_v0.6.1");
    assert_int_equal(vmaf_use_features_from_model(vmaf, m), 0);
    double s = -1;
    assert_int_equal(vmaf_score_at_index(vmaf, m, &s, 0), -EINVAL); /* never read */
    assert_int_equal(read_frame(vmaf, 0), 0);
    assert_int_equal(read_frame(vmaf, 1), 0);
    assert_int_equal(vmaf_feature_score_at_index(vmaf, SAD, &s, 1), 0);
    assert_int_equal(vmaf_feature_score_at_index(vmaf, MOTION2, &s, 0), -EAGAIN);
    assert_int_equal(vmaf_score_at_index(vmaf, m, &s, 0), -EAGAIN); /* later */
    assert_int_equal(flush(vmaf), 0);
    assert_int_equal(vmaf_score_at_index(vmaf, m, &s, 0), 0);
    assert_true(s >= 0 && s <= 100);
    double again;
    assert_int_equal(vmaf_score_at_index(vmaf, m, &again, 0), 0);
    assert_true(again == s);
    assert_int_equal(vmaf_score_at_index(vmaf, m, &s, 2), -EINVAL);
    vmaf_model_destroy(m);
    assert_int_equal(vmaf_close(vmaf), 0);
}

/* An index that holds an imported value already makes the metric's own value fail, on a worker too.
 */
static void errors_of_workers_reach_the_caller(void **state)
{
    (void)state;
    for (unsigned threads = 0; threads <= 3; threads++) {
        VmafContext *vmaf = context(threads, 0);
        assert_int_equal(vmaf_use_feature(vmaf, "vif", NULL), 0);
        assert_int_equal(vmaf_import_feature_score(vmaf, VIF0, 0.25, 1), 0);
        assert_int_equal(vmaf_import_feature_score(vmaf, VIF0, 0.5, 1), -EINVAL);
        int errors = 0;
        for (unsigned i = 0; i < 4; i++) errors += read_frame(vmaf, i) != 0;
        errors += flush(vmaf) != 0;
        assert_int_equal(errors, 1);
        double s;
        assert_int_equal(vmaf_feature_score_at_index(vmaf, VIF0, &s, 1), 0);
        assert_true(s == 0.25);
        assert_int_equal(vmaf_feature_score_at_index(vmaf, VIF0, &s, 0), 0); /* not lost */
        assert_int_equal(
            vmaf_feature_score_at_index(vmaf, "VMAF_integer_feature_vif_scale3_score", &s, 1), 0);
        assert_int_equal(vmaf_close(vmaf), 0);
    }
}

static void small_pictures_name_the_limit_and_take_nothing(void **state)
{
    (void)state;
    for (unsigned threads = 0; threads <= 1; threads++) {
        VmafContext *vmaf = context(threads, 0);
        VmafModel *m = model("vmaf_v0.6.1");
        assert_int_equal(vmaf_use_features_from_model(vmaf, m), 0);
        VmafPicture ref, dis;
        assert_int_equal(synth_pair(&ref, &dis, VMAF_PIX_FMT_YUV420P, 8, 16, 16, 0), 0);
        assert_int_equal(vmaf_read_pictures(vmaf, &ref, &dis, 0), -EINVAL);
        assert_int_equal(vmaf_picture_unref(&ref), 0);
        assert_int_equal(vmaf_picture_unref(&dis), 0);
        vmaf_model_destroy(m);
        assert_int_equal(vmaf_close(vmaf), 0);
    }
}

typedef struct Run {
    unsigned threads, subsample;
    bool pool;
    uint64_t cpumask;
} Run;

/* Scores six frames and returns the report as text. */
static char *report(Run r, const char *path)
{
    VmafContext *vmaf = NULL;
    const VmafConfiguration cfg = {.log_level = VMAF_LOG_LEVEL_WARNING,
                                   .n_threads = r.threads,
                                   .n_subsample = r.subsample,
                                   .cpumask = r.cpumask};
    assert_int_equal(vmaf_init(&vmaf, cfg), 0);
    static const char *const versions[] = {"vmaf_v0.6.1", "vmaf_v0.6.1neg"};
    VmafModel *m[2];
    for (unsigned i = 0; i < 2; i++) {
        VmafModelConfig mcfg = {.name = versions[i]};
        assert_int_equal(vmaf_model_load(&m[i], &mcfg, versions[i]), 0);
        assert_int_equal(vmaf_use_features_from_model(vmaf, m[i]), 0);
    }
    if (r.pool) {
        const VmafPictureConfiguration pcfg = {{W, H, 8, VMAF_PIX_FMT_YUV420P}, 4};
        assert_int_equal(vmaf_preallocate_pictures(vmaf, pcfg), 0);
        assert_int_equal(vmaf_preallocate_pictures(vmaf, pcfg), -EINVAL);
    }
    for (unsigned t = 0; t < 6; t++) {
        VmafPicture ref, dis, pooled[2];
        assert_int_equal(synth_pair(&ref, &dis, VMAF_PIX_FMT_YUV420P, 8, W, H, t), 0);
        if (!r.pool) {
            assert_int_equal(vmaf_read_pictures(vmaf, &ref, &dis, t), 0);
            continue;
        }
        VmafPicture *from[2] = {&ref, &dis};
        for (unsigned i = 0; i < 2; i++) {
            assert_int_equal(vmaf_fetch_preallocated_picture(vmaf, &pooled[i]), 0);
            for (unsigned p = 0; p < 3; p++)
                memcpy(pooled[i].data[p], from[i]->data[p],
                       (size_t)from[i]->stride[p] * from[i]->h[p]);
            vmaf_picture_unref(from[i]);
        }
        assert_int_equal(vmaf_read_pictures(vmaf, &pooled[0], &pooled[1], t), 0);
    }
    assert_int_equal(flush(vmaf), 0);
    for (unsigned i = 0; i < 2; i++) {
        double s;
        assert_int_equal(vmaf_score_pooled(vmaf, m[i], VMAF_POOL_METHOD_MEAN, &s, 0, 5), 0);
        vmaf_model_destroy(m[i]);
    }
    assert_int_equal(
        vmaf_turbo_write_report(vmaf, path, VMAF_OUTPUT_FORMAT_CSV,
                                &(VmafTurboReport){.precision = VMAF_TURBO_PRECISION_MAX}),
        0);
    assert_int_equal(vmaf_close(vmaf), 0);

    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    char *text = calloc(1, 1 << 16);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 16) - 1, f) > 100);
    fclose(f);
    remove(path);
    return text;
}

static void temporary(char *path, size_t size)
{
    const char *dir = getenv("TMPDIR");
    snprintf(path, size, "%s/vmaf-test-XXXXXX", dir ? dir : "/tmp");
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
}

static void reports_do_not_depend_on_threads_or_picture_source(void **state)
{
    (void)state;
    char path[256];
    temporary(path, sizeof(path));
    char *want = report((Run){0}, path);
    static const Run runs[] = {
        {1, 0, false, 0}, {2, 1, false, 0}, {8, 0, false, 0},           {0, 0, true, 0},
        {1, 0, true, 0},  {3, 0, true, 0},  {2, 0, false, ~UINT64_C(0)}};
    for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
        char *got = report(runs[i], path);
        assert_string_equal(got, want);
        free(got);
    }
    free(want);
}

static void subsampling_scores_multiples_with_full_rate_motion(void **state)
{
    (void)state;
    char path[256];
    temporary(path, sizeof(path));
    char *full = report((Run){0}, path), *half = report((Run){.threads = 2, .subsample = 2}, path);
    unsigned rows = 0;
    char *save = NULL;
    for (char *line = strtok_r(half, "\n", &save); line; line = strtok_r(NULL, "\n", &save), rows++)
        assert_non_null(strstr(full, line)); /* the same header and the same rows */
    assert_int_equal(rows, 1 + 3);
    free(full);
    free(half);
}

static void unwritable_output_is_an_error(void **state)
{
    (void)state;
    VmafContext *vmaf = context(0, 0);
    assert_int_equal(vmaf_write_output(vmaf, "/nonexistent/folder/out.xml", VMAF_OUTPUT_FORMAT_XML),
                     -ENOENT);
    char path[256];
    temporary(path, sizeof(path));
    remove(path);
    assert_int_equal(vmaf_write_output(vmaf, path, VMAF_OUTPUT_FORMAT_NONE), -EINVAL);
    assert_int_equal(vmaf_write_output(vmaf, path, (enum VmafOutputFormat)5), -EINVAL);
    assert_int_equal(vmaf_turbo_write_report(vmaf, path, VMAF_OUTPUT_FORMAT_XML,
                                             &(VmafTurboReport){.precision = 18}),
                     -EINVAL);
    assert_int_not_equal(access(path, F_OK), 0); /* nothing was created */
    assert_int_equal(vmaf_write_output(vmaf, "/dev/full", VMAF_OUTPUT_FORMAT_XML), -ENOSPC);
    assert_int_equal(vmaf_close(vmaf), 0);
}

static void statistics_are_percentiles_and_deviation(void **state)
{
    (void)state;
    VmafContext *vmaf = context(0, 0);
    static const double values[] = {3, 1, 4, 1.5, 9};
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(vmaf_import_feature_score(vmaf, "x", values[i], i), 0);
    double v = -1;
    static const struct {
        const char *statistic;
        double want;
    } cases[] = {{"p0", 1},
                 {"p25", 1.5},
                 {"p50", 3},
                 {"p100", 9},
                 {"p12.5", 1.25},
                 {"p90", 7},
                 {"stddev", 2.8565713714171401}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(vmaf_turbo_feature_statistic(vmaf, "x", cases[i].statistic, &v, 0, 4), 0);
        assert_true(fabs(v - cases[i].want) < 1e-12);
    }
    assert_int_equal(vmaf_turbo_feature_statistic(vmaf, "x", "p50", &v, 3, 3), 0);
    assert_true(v == 1.5);
    v = -1;
    static const char *const bad[] = {"",     "p",     "p101", "p-1",  "pX",
                                      "mean", "p5,p6", "p5x",  "p1e1", "p1234567"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(vmaf_turbo_feature_statistic(vmaf, "x", bad[i], &v, 0, 4), -EINVAL);
    assert_int_equal(vmaf_turbo_feature_statistic(vmaf, "x", "p5", &v, 0, 5), -EINVAL);
    assert_int_equal(vmaf_turbo_feature_statistic(vmaf, "y", "p5", &v, 0, 4), -EINVAL);
    assert_true(v == -1);
    assert_int_equal(vmaf_turbo_check_statistics("p1,p5,p99.5,stddev"), 0);
    assert_int_equal(vmaf_turbo_check_statistics(NULL), 0);
    assert_int_equal(vmaf_turbo_check_statistics("p5,p5"), -EINVAL);
    assert_int_equal(vmaf_turbo_check_statistics("p5,"), -EINVAL);
    assert_int_equal(vmaf_close(vmaf), 0);
}

static void late_registration_sees_later_frames(void **state)
{
    (void)state;
    VmafContext *vmaf = context(2, 0);
    assert_int_equal(vmaf_use_feature(vmaf, "motion", NULL), 0);
    assert_int_equal(read_frame(vmaf, 0), 0);
    assert_int_equal(read_frame(vmaf, 1), 0);
    assert_int_equal(vmaf_use_feature(vmaf, "vif", NULL), 0);
    assert_int_equal(read_frame(vmaf, 2), 0);
    assert_int_equal(flush(vmaf), 0);
    double s;
    assert_int_equal(vmaf_feature_score_at_index(vmaf, VIF0, &s, 1), -EINVAL);
    assert_int_equal(vmaf_feature_score_at_index(vmaf, VIF0, &s, 2), 0);
    assert_int_equal(vmaf_feature_score_at_index(vmaf, MOTION2, &s, 2), 0);
    assert_int_equal(vmaf_close(vmaf), 0);
}

static void close_is_allowed_at_any_time(void **state)
{
    (void)state;
    for (unsigned threads = 0; threads <= 4; threads += 2) {
        for (unsigned frames = 0; frames <= 3; frames++) {
            VmafContext *vmaf = context(threads, 0);
            VmafModel *m = model("vmaf_v0.6.1");
            assert_int_equal(vmaf_use_features_from_model(vmaf, m), 0);
            vmaf_model_destroy(m); /* before close, as FFmpeg does */
            const VmafPictureConfiguration pcfg = {{W, H, 8, VMAF_PIX_FMT_YUV420P}, 2};
            assert_int_equal(vmaf_preallocate_pictures(vmaf, pcfg), 0);
            VmafPicture held;
            assert_int_equal(vmaf_fetch_preallocated_picture(vmaf, &held), 0);
            for (unsigned t = 0; t < frames; t++) assert_int_equal(read_frame(vmaf, t), 0);
            assert_int_equal(vmaf_close(vmaf), 0); /* does not wait for the held picture */
            memset(held.data[0], 1, (size_t)held.stride[0] * held.h[0]);
            assert_int_equal(vmaf_picture_unref(&held), 0);
        }
    }
}

typedef struct Lines {
    unsigned count;
    char last[256];
} Lines;

static void collect(void *user, enum VmafLogLevel level, const char *line)
{
    Lines *l = user;
    assert_in_range(level, VMAF_LOG_LEVEL_ERROR, VMAF_LOG_LEVEL_WARNING);
    l->count++;
    snprintf(l->last, sizeof(l->last), "%s", line);
}

static void the_log_callback_gets_the_lines_of_its_context(void **state)
{
    (void)state;
    VmafContext *vmaf = NULL, *quiet = context(0, 0);
    assert_int_equal(vmaf_init(&vmaf, (VmafConfiguration){.log_level = VMAF_LOG_LEVEL_WARNING}), 0);
    Lines lines = {0}, none = {0};
    assert_int_equal(vmaf_turbo_set_log_callback(vmaf, collect, &lines), 0);
    assert_int_equal(vmaf_turbo_set_log_callback(quiet, collect, &none), 0);
    assert_int_equal(vmaf_use_feature(vmaf, "no_such_metric", NULL), -EINVAL);
    assert_int_equal(vmaf_use_feature(quiet, "no_such_metric", NULL), -EINVAL);
    assert_int_equal(lines.count, 1);
    assert_non_null(strstr(lines.last, "no_such_metric"));
    assert_int_equal(none.count, 0); /* its level is NONE */
    vmaf_close(vmaf);
    vmaf_close(quiet);
}

static void lists_name_models_metrics_and_options(void **state)
{
    (void)state;
    assert_non_null(vmaf_turbo_version());
    assert_string_equal(vmaf_version(), "3.2.0");
    bool default_model = false;
    unsigned n = 0;
    for (const char *name; (name = vmaf_turbo_builtin_model(n)); n++)
        default_model |= !strcmp(name, "vmaf_v0.6.1");
    assert_true(default_model);
    const char *name, *help;
    unsigned metrics = 0, options = 0;
    for (; !vmaf_turbo_metric(metrics, &name, &help); metrics++) {
        assert_true(strlen(name) > 2 && strlen(help) > 10);
        VmafTurboOption o;
        for (unsigned j = 0; !vmaf_turbo_metric_option(name, j, &o); j++, options++)
            assert_true(o.name && o.type && o.help && strlen(o.help) > 5 && strlen(name));
    }
    assert_true(metrics >= 4 && options >= 20);
    VmafTurboOption o;
    assert_int_equal(vmaf_turbo_metric_option("no_such_metric", 0, &o), -EINVAL);
    assert_int_equal(vmaf_turbo_metric(0, NULL, &help), -EINVAL);
}

/* With a decimal comma everything reads and writes points still. */
static void a_decimal_comma_locale_changes_nothing(void **state)
{
    (void)state;
    char path[256];
    temporary(path, sizeof(path));
    char *want = report((Run){0}, path);
    const char *names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"};
    const char *set = NULL;
    for (size_t i = 0; i < 3 && !set; i++) set = setlocale(LC_ALL, names[i]);
    if (!set) {
        free(want);
        print_message("no locale with a decimal comma is installed\n");
        skip();
    }
    char text[16];
    snprintf(text, sizeof(text), "%.1f", 0.5);
    assert_string_equal(text, "0,5"); /* the locale is what we think it is */
    char *got = report((Run){.threads = 2}, path);
    setlocale(LC_ALL, "C");
    assert_string_equal(got, want);
    free(got);
    free(want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_arguments_are_refused),
        cmocka_unit_test(features_are_registered_once_and_checked),
        cmocka_unit_test(mismatched_pictures_are_refused),
        cmocka_unit_test(indices_are_used_once),
        cmocka_unit_test(flush_without_frames),
        cmocka_unit_test(scores_that_look_ahead_come_with_the_flush),
        cmocka_unit_test(errors_of_workers_reach_the_caller),
        cmocka_unit_test(small_pictures_name_the_limit_and_take_nothing),
        cmocka_unit_test(reports_do_not_depend_on_threads_or_picture_source),
        cmocka_unit_test(subsampling_scores_multiples_with_full_rate_motion),
        cmocka_unit_test(unwritable_output_is_an_error),
        cmocka_unit_test(statistics_are_percentiles_and_deviation),
        cmocka_unit_test(late_registration_sees_later_frames),
        cmocka_unit_test(close_is_allowed_at_any_time),
        cmocka_unit_test(the_log_callback_gets_the_lines_of_its_context),
        cmocka_unit_test(lists_name_models_metrics_and_options),
        cmocka_unit_test(a_decimal_comma_locale_changes_nothing),
    };
    return cmocka_run_group_tests_name("api", tests, NULL, NULL);
}
