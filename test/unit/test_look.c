/* What a context shows to programs in other languages: columns, aggregates, log lines of calls
 * without a context, and the window in time, with which clips scored in parts give the same values.
 */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "libvmaf/turbo.h"
#include "synth.h"

#define FRAMES 9
#define MAX_COLUMNS 16

typedef struct Table {
    unsigned columns;
    char name[MAX_COLUMNS][96];
    double value[MAX_COLUMNS][FRAMES];
    unsigned char present[MAX_COLUMNS][FRAMES];
} Table;

static VmafContext *open_with(const char *metric, const char *const *option)
{
    const VmafConfiguration cfg = {.log_level = VMAF_LOG_LEVEL_ERROR, .n_threads = 2};
    VmafFeatureDictionary *dict = NULL;
    VmafContext *vmaf;
    assert_int_equal(vmaf_init(&vmaf, cfg), 0);
    for (; option && *option; option += 2)
        assert_int_equal(vmaf_feature_dictionary_set(&dict, option[0], option[1]), 0);
    assert_int_equal(vmaf_use_feature(vmaf, metric, dict), 0);
    return vmaf;
}

/* Scores frames first .. end - 1 of the synthetic clip. */
static void score(VmafContext *vmaf, unsigned first, unsigned end)
{
    for (unsigned t = first; t < end; t++) {
        VmafPicture ref, dis;
        assert_int_equal(synth_pair(&ref, &dis, VMAF_PIX_FMT_YUV420P, 8, 96, 96, t * 3), 0);
        assert_int_equal(vmaf_read_pictures(vmaf, &ref, &dis, t - first), 0);
    }
    assert_int_equal(vmaf_read_pictures(vmaf, NULL, NULL, 0), 0);
}

/* The values of frames low .. end - 1, which the context numbers from low - first. */
static void look(VmafContext *vmaf, unsigned first, unsigned low, unsigned end, Table *t)
{
    const char *name, *stored;
    for (t->columns = 0; !vmaf_turbo_column(vmaf, t->columns, &name, &stored); t->columns++) {
        assert_true(t->columns < MAX_COLUMNS);
        snprintf(t->name[t->columns], sizeof(t->name[0]), "%s", name);
        assert_int_equal(vmaf_turbo_column_values(vmaf, t->columns, low - first, end - 1 - first,
                                                  &t->value[t->columns][low],
                                                  &t->present[t->columns][low]),
                         0);
    }
}

static void check_parts(const char *metric, const char *const *option, unsigned before,
                        unsigned after)
{
    Table whole = {0};
    VmafContext *vmaf = open_with(metric, option);
    unsigned b, a;
    assert_int_equal(vmaf_turbo_temporal_window(vmaf, &b, &a), 0);
    assert_int_equal(b, before);
    assert_int_equal(a, after);
    score(vmaf, 0, FRAMES);
    look(vmaf, 0, 0, FRAMES, &whole);
    assert_int_equal(vmaf_close(vmaf), 0);
    assert_true(whole.columns > 0);

    for (unsigned size = 1; size < FRAMES; size += 2) {
        Table parts = {0};
        for (unsigned low = 0; low < FRAMES; low += size) {
            const unsigned end = low + size < FRAMES ? low + size : FRAMES;
            const unsigned first = low > before ? low - before : 0;
            vmaf = open_with(metric, option);
            score(vmaf, first, end + after < FRAMES ? end + after : FRAMES);
            look(vmaf, first, low, end, &parts);
            assert_int_equal(vmaf_close(vmaf), 0);
        }
        assert_memory_equal(&parts, &whole, sizeof(whole));
    }
}

static void parts_equal_the_whole(void **state)
{
    static const char *const five[] = {"motion_five_frame_window", "true", NULL};
    static const char *const average[] = {"motion_moving_average", "true", NULL};
    static const char *const both[] = {"motion_five_frame_window",
                                       "true",
                                       "motion_moving_average",
                                       "true",
                                       "motion_blend_factor",
                                       "0.5",
                                       "motion_blend_offset",
                                       "1",
                                       NULL};
    static const char *const zero[] = {"motion_force_zero", "true", NULL};
    static const char *const reference[] = {"speed_use_ref_diff", "true", NULL};
    (void)state;
    check_parts("motion", NULL, 1, 1);
    check_parts("motion", average, 2, 1);
    check_parts("motion", five, 3, 2);
    check_parts("motion", both, 4, 2);
    check_parts("motion", zero, 0, 0);
    check_parts("float_motion", NULL, 1, 1);
    check_parts("float_motion", zero, 0, 0);
    check_parts("speed_temporal", NULL, 1, 0);
    check_parts("speed_temporal", reference, 1, 0);
    check_parts("psnr", NULL, 0, 0);
}

static void aggregates_need_the_whole_clip(void **state)
{
    static const char *const option[] = {"enable_apsnr", "true", NULL};
    VmafContext *vmaf = open_with("psnr", option);
    const char *name;
    double value = -1;
    unsigned before, after;
    (void)state;
    assert_int_equal(vmaf_turbo_temporal_window(vmaf, &before, &after), 0);
    assert_true(before == UINT_MAX && after == UINT_MAX);
    assert_int_equal(vmaf_turbo_aggregate(vmaf, 0, &name, &value), -EINVAL);
    score(vmaf, 0, 2);
    assert_int_equal(vmaf_turbo_aggregate(vmaf, 0, &name, &value), 0);
    assert_string_equal(name, "apsnr_y");
    assert_true(value > 0);
    assert_int_equal(vmaf_turbo_aggregate(vmaf, 3, &name, &value), -EINVAL);
    assert_int_equal(vmaf_close(vmaf), 0);
}

static void columns_show_what_exists(void **state)
{
    VmafContext *vmaf = open_with("motion", NULL);
    const char *name, *stored;
    double value[4] = {-1, -1, -1, -1};
    unsigned char present[4];
    (void)state;
    assert_int_equal(vmaf_turbo_column(vmaf, 0, &name, &stored), -EINVAL);
    assert_int_equal(vmaf_turbo_column_values(vmaf, 0, 0, 0, value, present), -EINVAL);
    score(vmaf, 0, 3);
    assert_int_equal(vmaf_turbo_column(vmaf, 1, &name, &stored), 0);
    assert_string_equal(name, "integer_motion2");
    assert_string_equal(stored, "VMAF_integer_feature_motion2_score");
    assert_int_equal(vmaf_turbo_column_values(vmaf, 1, 0, 3, value, present), 0);
    assert_memory_equal(present, "\1\1\1\0", 4);
    assert_true(value[0] == 0 && value[1] > 0 && value[3] == -1);
    double again;
    assert_int_equal(vmaf_feature_score_at_index(vmaf, stored, &again, 1), 0);
    assert_true(again == value[1]);
    assert_int_equal(vmaf_turbo_column_values(vmaf, 1, 2, 1, value, present), -EINVAL);
    assert_int_equal(vmaf_turbo_column_values(vmaf, 1, 0, 1, NULL, present), -EINVAL);
    assert_int_equal(vmaf_turbo_column(vmaf, 9, &name, &stored), -EINVAL);
    assert_int_equal(vmaf_turbo_column(NULL, 0, &name, &stored), -EINVAL);
    assert_int_equal(vmaf_turbo_temporal_window(NULL, NULL, NULL), -EINVAL);
    assert_int_equal(vmaf_close(vmaf), 0);
}

static void keep(void *user, enum VmafLogLevel level, const char *line)
{
    if (level == VMAF_LOG_LEVEL_ERROR) snprintf(user, 200, "%s", line);
}

static void lines_without_a_context(void **state)
{
    VmafModelConfig cfg = {0};
    VmafModel *model;
    char line[200] = "";
    (void)state;
    vmaf_turbo_set_thread_log_callback(keep, line);
    assert_int_equal(vmaf_model_load(&model, &cfg, "no_such_model"), -EINVAL);
    vmaf_turbo_set_thread_log_callback(NULL, NULL);
    assert_non_null(strstr(line, "no_such_model"));
    *line = '\0';
    assert_int_equal(vmaf_model_load(&model, &cfg, "no_such_model"), -EINVAL);
    assert_string_equal(line, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_equal_the_whole),
        cmocka_unit_test(aggregates_need_the_whole_clip),
        cmocka_unit_test(columns_show_what_exists),
        cmocka_unit_test(lines_without_a_context),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
