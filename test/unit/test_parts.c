/* A frame in parts: the sums of any number of parts are those of the whole frame, for every size,
 * depth and option, whatever scratch memory holds before a part. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/dictionary.h"
#include "base/mem.h"
#include "cpu/cpu.h"
#include "metric/registry.h"
#include "synth.h"

#define SCALAR UINT64_MAX

/* A group over one pair of frames and its predecessors. */
typedef struct Bench {
    VtInstance *member[VT_MAX_MEMBERS];
    VtGroup group;
    VmafPicture ref[3], dis[3];
    VtFrame frame;
    void *scratch;
    size_t scratch_size;
} Bench;

/* options: of one member, "name=value:name=value", members separated by spaces. */
static void add_members(Bench *b, const char *metric, const char *options)
{
    char copy[512], *member_end = NULL;
    snprintf(copy, sizeof(copy), "%s", options);
    for (char *m = strtok_r(copy, " ", &member_end); m; m = strtok_r(NULL, " ", &member_end)) {
        VmafFeatureDictionary *dict = NULL;
        char *end = NULL;
        for (char *o = strtok_r(m, ":", &end); o; o = strtok_r(NULL, ":", &end)) {
            char *value = strchr(o, '=');
            if (!value) continue; /* "default" */
            *value++ = 0;
            assert_int_equal(vt_dictionary_set(&dict, o, value), 0);
        }
        VtInstance **inst = &b->member[b->group.n_members++];
        assert_int_equal(vt_instance_create(inst, vt_metric_find(metric), dict, NULL), 0);
        vt_dictionary_free(&dict);
    }
}

static void open_bench(Bench *b, const char *metric, const char *options, unsigned bpc, unsigned w,
                       unsigned h, uint64_t mask)
{
    memset(b, 0, sizeof(*b));
    add_members(b, metric, options);
    b->group.metric = vt_metric_find(metric);
    b->group.member = b->member;
    b->group.format = (VtFormat){VMAF_PIX_FMT_YUV400P, bpc, w, h};
    b->group.cpu_flags = vt_cpu_flags(mask);
    assert_int_equal(b->group.metric->init(&b->group), 0);
    b->scratch_size = b->group.metric->scratch_size(&b->group);
    b->scratch = vt_aligned_alloc(b->scratch_size);
    assert_non_null(b->scratch);
    for (unsigned t = 0; t < 3; t++)
        assert_int_equal(synth_pair(&b->ref[t], &b->dis[t], VMAF_PIX_FMT_YUV400P, bpc, w, h, 2 - t),
                         0);
    b->frame = (VtFrame){2, &b->ref[0], &b->dis[0], {&b->ref[1], &b->ref[2]}, {NULL, NULL}};
}

static void close_bench(Bench *b)
{
    for (unsigned t = 0; t < 3; t++) {
        vmaf_picture_unref(&b->ref[t]);
        vmaf_picture_unref(&b->dis[t]);
    }
    vt_aligned_free(b->scratch);
    b->group.metric->close(&b->group);
    for (unsigned m = 0; m < b->group.n_members; m++) vt_instance_destroy(b->member[m]);
}

static void sum(Bench *b, unsigned n_parts, uint64_t *total)
{
    const VtMetric *m = b->group.metric;
    memset(total, 0, VT_MAX_SUMS * sizeof(*total));
    for (unsigned part = 0; part < n_parts; part++) {
        uint64_t own[VT_MAX_SUMS] = {0};
        memset(b->scratch, part % 3 == 0 ? 0xff : part % 3 == 1 ? 0x5a : 0, b->scratch_size);
        m->extract_part(&b->group, b->scratch, &b->frame, part, n_parts, own);
        for (unsigned i = 0; i < m->n_sums; i++) total[i] += own[i];
    }
}

static bool any(const uint64_t *v)
{
    for (unsigned i = 0; i < VT_MAX_SUMS; i++)
        if (v[i]) return true;
    return false;
}

/* The values that the engine would store. */
static void scores(Bench *b, const uint64_t *total, VtResult *result)
{
    VtResult *results[VT_MAX_MEMBERS];
    memset(result, 0, VT_MAX_MEMBERS * sizeof(*result));
    for (unsigned m = 0; m < VT_MAX_MEMBERS; m++) results[m] = &result[m];
    assert_int_equal(b->group.metric->finish(&b->group, &b->frame, total, results), 0);
}

static void extract(Bench *b, VtResult *result)
{
    VtResult *results[VT_MAX_MEMBERS];
    memset(result, 0, VT_MAX_MEMBERS * sizeof(*result));
    for (unsigned m = 0; m < VT_MAX_MEMBERS; m++) results[m] = &result[m];
    assert_int_equal(b->group.metric->extract(&b->group, b->scratch, &b->frame, results), 0);
}

static void compare(Bench *b, unsigned n_parts, const char *what)
{
    static uint64_t whole[VT_MAX_SUMS], parts[VT_MAX_SUMS];
    static VtResult want[VT_MAX_MEMBERS], got[VT_MAX_MEMBERS];
    sum(b, 1, whole);
    sum(b, n_parts, parts);
    assert_true(any(whole));
    for (unsigned i = 0; i < VT_MAX_SUMS; i++)
        if (whole[i] != parts[i])
            fail_msg("%s, %ux%u %u bit, %u parts: sum %u is %llu, not %llu", what,
                     b->group.format.w, b->group.format.h, b->group.format.bpc, n_parts, i,
                     (unsigned long long)parts[i], (unsigned long long)whole[i]);
    extract(b, want);
    scores(b, parts, got);
    assert_memory_equal(want, got, sizeof(want));
}

typedef struct Case {
    const char *metric, *options;
    unsigned smallest; /* width and height */
} Case;

static const Case cases[] = {
    {"vif", "default", 16},
    {"vif", "debug=true vif_enhn_gain_limit=1.0 vif_enhn_gain_limit=1.3:vif_skip_scale0=true", 16},
    {"vif", "vif_skip_scale0=true", 16},
    {"adm", "default", 17},
    {"adm", "debug=true adm_enhn_gain_limit=1.0 adm_skip_aim=true:adm_csf_mode=2", 17},
    {"adm", "adm_skip_scale0=true:adm_enhn_gain_limit=1.2", 17},
    {"adm", "adm_csf_mode=1:adm_csf_scale=0.5 adm_skip_scale0=true", 17},
    {"motion", "default", 3},
    {"motion", "motion_five_frame_window=true motion_five_frame_window=true:motion_fps_weight=2",
     3},
};
#define CASES (sizeof(cases) / sizeof(cases[0]))

static void try_parts(const Case *c, unsigned bpc, unsigned w, unsigned h, uint64_t mask,
                      const unsigned *counts)
{
    Bench b;
    open_bench(&b, c->metric, c->options, bpc, w, h, mask);
    for (; *counts; counts++) compare(&b, *counts, c->metric);
    close_bench(&b);
}

/* Every height from the smallest on, in as many parts as there can be and more. */
static void every_height(void **state)
{
    (void)state;
    static const unsigned counts[] = {2, 3, 5, 8, 25, 0}, depths[] = {8, 10, 16};
    for (size_t k = 0; k < CASES; k++)
        for (unsigned h = cases[k].smallest; h < cases[k].smallest + 130; h++)
            try_parts(&cases[k], depths[h % 3], cases[k].smallest + h % 41, h, 0, counts);
}

/* All depths, instruction sets and options at some odd sizes, in any number of parts. */
static void every_count(void **state)
{
    (void)state;
    static const unsigned counts[] = {1,  2,  3,  4,  5,  6,  7,  8,  9,  10,  11,
                                      12, 13, 14, 16, 17, 19, 23, 31, 64, 300, 0};
    static const unsigned depths[] = {8, 9, 10, 12, 14, 16};
    static const unsigned sizes[][2] = {{17, 17}, {33, 71}, {61, 131}, {101, 203}};
    static const uint64_t masks[] = {0, SCALAR};
    for (size_t k = 0; k < CASES; k++)
        for (size_t d = 0; d < sizeof(depths) / sizeof(depths[0]); d++)
            for (size_t s = 0; s < 4; s++)
                try_parts(&cases[k], depths[d], sizes[s][0], sizes[s][1], masks[(d + s + k) % 2],
                          counts);
}

/* Some larger ones, in the numbers of parts that are worth it. */
static void large_frames(void **state)
{
    (void)state;
    static const unsigned counts[] = {2, 3, 4, 7, 16, 0};
    static const unsigned sizes[][2] = {{641, 363}, {519, 1080}, {32, 2160}};
    for (size_t k = 0; k < CASES; k++)
        for (size_t s = 0; s < 3; s++)
            try_parts(&cases[k], s % 2 ? 10 : 8, sizes[s][0], sizes[s][1], 0, counts);
}

/* What is worth a part of its own, and what never is. */
static void most_parts(void **state)
{
    (void)state;
    const VtMetric *whole = vt_metric_find("psnr"), *cut = vt_metric_find("vif");
    VtGroup g = {.metric = cut, .format = {VMAF_PIX_FMT_YUV420P, 8, 3840, 2160}};
    assert_int_equal(vt_most_parts(&g), 2160 / VT_PART_ROWS);
    g.format.h = 16;
    assert_int_equal(vt_most_parts(&g), 1);
    g.format.h = 2160;
    g.metric = whole;
    assert_int_equal(vt_most_parts(&g), 1);
}

/* Motion without the earlier picture: no part says so, finish() does. */
static void missing_picture(void **state)
{
    (void)state;
    Bench b;
    open_bench(&b, "motion", "default", 8, 64, 64, 0);
    b.frame.prev_ref[0] = NULL;
    static uint64_t total[VT_MAX_SUMS];
    sum(&b, 3, total);
    VtResult result = {0}, *results[] = {&result};
    assert_int_equal(b.group.metric->finish(&b.group, &b.frame, total, results), -EINVAL);
    assert_int_equal(result.written, 0);
    close_bench(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_height),    cmocka_unit_test(every_count),
        cmocka_unit_test(large_frames),    cmocka_unit_test(most_parts),
        cmocka_unit_test(missing_picture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
