/* Integer motion: the worked example of spec: motion 8, the golden figures, flush, groups. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "cpu/cpu.h"
#include "expect.h"
#include "metric/motion/motion_dsp.h"
#include "metric/registry.h"

enum { SAD, MOTION, MOTION2, MOTION3 };
#define FRAMES 8

static const uint64_t masks[] = {~UINT64_C(0), VT_CPU_AVX512 | VT_CPU_AVX512ICL, 0};
#define MASKS (sizeof(masks) / sizeof(masks[0]))

static uint64_t sad(const VtMotionPair *pair, uint64_t mask)
{
    VtMotionDsp dsp;
    vt_motion_dsp_init(&dsp, vt_cpu_flags(mask));
    void *scratch = vt_aligned_alloc(vt_motion_scratch(pair->w));
    assert_non_null(scratch);
    const uint64_t s = dsp.sad(pair, scratch);
    vt_aligned_free(scratch);
    return s;
}

static void worked_example(void **state)
{
    (void)state;
    static const uint8_t p[] = {10, 20, 30, 40, 50, 60, 70, 80, 90, 99, 12, 7};
    static const uint8_t c[] = {13, 20, 25, 40, 50, 64, 70, 90, 80, 99, 12, 9};
    for (size_t i = 0; i < MASKS; i++) {
        const VtMotionPair pair = {p, c, 4, 4, 4, 3, 8, 0, 3};
        assert_int_equal(sad(&pair, masks[i]), 3020);
    }
}

/* A plane of one value against another: every V is the difference on the 16-bit scale. */
static void flat_planes(void **state)
{
    (void)state;
    enum { W = 75, H = 9 };
    static uint16_t a[W * H], b[W * H];
    for (unsigned bpc = 9; bpc <= 16; bpc++) {
        const uint16_t top = (uint16_t)((1u << bpc) - 1);
        for (size_t i = 0; i < W * H; i++) a[i] = top, b[i] = 0;
        const uint64_t want = (uint64_t)W * H * ((uint64_t)top << (16 - bpc));
        for (size_t i = 0; i < MASKS; i++) {
            const VtMotionPair up = {a, b, 2 * W, 2 * W, W, H, bpc, 0, H};
            const VtMotionPair down = {b, a, 2 * W, 2 * W, W, H, bpc, 0, H};
            assert_int_equal(sad(&up, masks[i]), want);
            assert_int_equal(sad(&down, masks[i]), want);
        }
    }
}

/* Samples above the range of the depth count as the largest one. */
static void out_of_range(void **state)
{
    (void)state;
    enum { W = 70, H = 12 };
    static uint16_t a[W * H], b[W * H], limited[W * H];
    for (unsigned bpc = 9; bpc < 16; bpc++) {
        const uint16_t top = (uint16_t)((1u << bpc) - 1);
        for (size_t i = 0; i < W * H; i++) {
            a[i] = (uint16_t)(i * 40503);
            b[i] = (uint16_t)(i * i) & top;
            limited[i] = a[i] < top ? a[i] : top;
        }
        for (size_t i = 0; i < MASKS; i++) {
            const VtMotionPair wild = {a, b, 2 * W, 2 * W, W, H, bpc, 0, H};
            const VtMotionPair tame = {limited, b, 2 * W, 2 * W, W, H, bpc, 0, H};
            assert_int_equal(sad(&wild, masks[i]), sad(&tame, masks[i]));
        }
    }
}

/* Sizes below 3 are safe and the same for every instruction set. */
static void tiny(void **state)
{
    (void)state;
    for (unsigned w = 1; w <= 5; w++) {
        for (unsigned h = 1; h <= 5; h++) {
            uint8_t *a = malloc(w * h), *b = malloc(w * h);
            assert_non_null(a);
            assert_non_null(b);
            for (unsigned i = 0; i < w * h; i++) a[i] = (uint8_t)(i * 37), b[i] = (uint8_t)(i * 91);
            const VtMotionPair pair = {a, b, w, w, w, h, 8, 0, h};
            const uint64_t want = sad(&pair, ~UINT64_C(0));
            for (size_t i = 1; i < MASKS; i++) assert_int_equal(sad(&pair, masks[i]), want);
            free(a);
            free(b);
        }
    }
}

static const char *const clips[] = {
    "synth_33x35_444_10b",   "synth_64x48_420_8b",    "synth_192x176_400_8b",
    "synth_208x192_444_8b",  "synth_240x176_420_12b", "synth_240x176_420_16b",
    "synth_257x193_420_8b",  "synth_320x180_420_8b",  "synth_320x180_420_10b",
    "synth_352x288_422_10b",
};
static const char *const v1_clips[] = {
    "synth_240x176_420_12b", "synth_240x176_420_16b", "synth_257x193_420_8b",
    "synth_320x180_420_8b",  "synth_320x180_420_10b", "synth_352x288_422_10b",
};

static unsigned golden(const char *const *clip, size_t n, const char *group, const char *options)
{
    unsigned figures = 0;
    char name[64];
    for (size_t i = 0; i < n; i++) {
        snprintf(name, sizeof(name), "%s.%s", clip[i], group);
        for (size_t m = 0; m < MASKS; m++)
            figures += expect_metric(name, "motion", options, masks[m], 0);
    }
    return figures;
}

static void golden_figures(void **state)
{
    (void)state;
    const size_t n = sizeof(clips) / sizeof(clips[0]), n1 = sizeof(v1_clips) / sizeof(v1_clips[0]);
    unsigned figures = golden(clips, n, "debug", "debug=true");
    figures += golden(clips, n, "models-v0", NULL);
    figures += golden(v1_clips, n1, "models-v1", "motion_max_val=18");
    figures += golden(v1_clips, n1, "models-v1",
                      "motion_max_val=18:motion_five_frame_window=true:motion_moving_average=true");
    print_message("%u figures equal\n", figures);
}

/* ---- flush over given SAD scores ---- */

typedef struct Table {
    bool has[4][FRAMES];
    double value[4][FRAMES];
    int fail; /* what put returns */
} Table;

static bool get(void *ctx, unsigned output, unsigned index, double *value)
{
    const Table *t = ctx;
    if (index >= FRAMES || !t->has[output][index]) return false;
    *value = t->value[output][index];
    return true;
}

static int put(void *ctx, unsigned output, unsigned index, double value)
{
    Table *t = ctx;
    if (t->fail) return t->fail;
    assert_true(output < 4 && index < FRAMES && !t->has[output][index]);
    t->has[output][index] = true;
    t->value[output][index] = value;
    return 0;
}

static VtInstance *instance(const char *options)
{
    VmafFeatureDictionary *dict = NULL;
    VtInstance *inst = NULL;
    char copy[256], *save = NULL;
    snprintf(copy, sizeof(copy), "%s", options);
    for (char *o = strtok_r(copy, ":", &save); o; o = strtok_r(NULL, ":", &save)) {
        char *value = strchr(o, '=');
        assert_non_null(value);
        *value++ = 0;
        assert_int_equal(vmaf_feature_dictionary_set(&dict, o, value), 0);
    }
    assert_int_equal(vt_instance_create(&inst, vt_metric_find("motion"), dict, NULL), 0);
    vmaf_feature_dictionary_free(&dict);
    return inst;
}

static int flush(Table *t, const char *options, const double *sads, unsigned n)
{
    memset(t->has, 0, sizeof(t->has));
    for (unsigned i = 0; i < n; i++) {
        t->has[SAD][i] = sads[i] >= 0; /* negative: a gap */
        t->value[SAD][i] = sads[i];
    }
    VtInstance *inst = instance(options);
    const VtSeries series = {.ctx = t, .get = get, .put = put};
    const int err = inst->metric->flush(inst, NULL, &series);
    vt_instance_destroy(inst);
    return err;
}

static void check(const Table *t, unsigned n, const double *motion2, const double *motion3)
{
    for (unsigned i = 0; i < FRAMES; i++) {
        assert_int_equal(t->has[MOTION2][i], i < n);
        assert_int_equal(t->has[MOTION3][i], i < n);
        if (i >= n) continue;
        assert_true(t->value[MOTION2][i] == motion2[i]);
        assert_true(t->value[MOTION3][i] == motion3[i]);
    }
}

#define LIST(...) ((const double[]){__VA_ARGS__})

static void flush_default(void **state)
{
    (void)state;
    Table t = {0};
    assert_int_equal(flush(&t, "", NULL, 0), 0);
    check(&t, 0, NULL, NULL);
    assert_int_equal(flush(&t, "", LIST(0), 1), 0);
    check(&t, 1, LIST(0), LIST(0));
    assert_int_equal(flush(&t, "", LIST(0, 5, 3, 7), 4), 0);
    check(&t, 4, LIST(0, 3, 3, 7), LIST(5, 3, 3, 7));
    /* a gap ends the series */
    assert_int_equal(flush(&t, "", LIST(0, 5, -1, 7), 4), 0);
    check(&t, 2, LIST(0, 5), LIST(5, 5));
    assert_int_equal(flush(&t, "", LIST(-1, 5), 2), 0);
    check(&t, 0, NULL, NULL);
}

static void flush_options(void **state)
{
    (void)state;
    Table t = {0};
    assert_int_equal(flush(&t, "motion_five_frame_window=true", LIST(0, 0, 4), 3), 0);
    check(&t, 3, LIST(0, 0, 4), LIST(4, 4, 4));
    assert_int_equal(flush(&t, "motion_five_frame_window=true", LIST(0, 0, 4, 9, 6, 8), 6), 0);
    check(&t, 6, LIST(0, 0, 9, 4, 8, 8), LIST(4, 4, 9, 4, 8, 8));
    assert_int_equal(flush(&t, "motion_moving_average=true", LIST(0, 5, 3, 7), 4), 0);
    check(&t, 4, LIST(0, 3, 3, 7), LIST(5, 4, 3, 5));
    assert_int_equal(flush(&t, "motion_blend_factor=0.5:motion_blend_offset=2:motion_max_val=4",
                           LIST(0, 4, 3, 1), 4),
                     0);
    check(&t, 4, LIST(0, 3, 1, 1), LIST(3, 2.5, 1, 1));
    t.fail = -ENOMEM;
    assert_int_equal(flush(&t, "", LIST(0, 5), 2), -ENOMEM);
}

/* ---- groups and extract ---- */

static void hear(void *user, enum VmafLogLevel level, const char *line)
{
    (void)level;
    snprintf(user, 256, "%s", line);
}

static void groups(void **state)
{
    (void)state;
    enum { N = 4, W = 40, H = 21 };
    static const char *const options[N] = {"", "motion_force_zero=true:debug=true",
                                           "motion_fps_weight=1.5:motion_max_val=2",
                                           "motion_max_val=18:debug=true"};
    VtInstance *member[N];
    for (unsigned m = 0; m < N; m++) member[m] = instance(options[m]);
    VtInstance *five = instance("motion_five_frame_window=true");
    const VtMetric *metric = member[0]->metric;
    for (unsigned m = 1; m < N; m++)
        assert_true(metric->shares(member[0]->options, member[m]->options));
    assert_false(metric->shares(member[0]->options, five->options));
    unsigned n_ref = 9, n_dis = 9;
    metric->history(member[0]->options, &n_ref, &n_dis);
    assert_true(n_ref == 1 && n_dis == 0);
    metric->history(member[1]->options, &n_ref, &n_dis);
    assert_true(n_ref == 0 && n_dis == 0);
    metric->history(five->options, &n_ref, &n_dis);
    assert_true(n_ref == 2 && n_dis == 0);

    static uint8_t a[W * H], b[W * H];
    for (size_t i = 0; i < W * H; i++) a[i] = (uint8_t)(i * i), b[i] = (uint8_t)(3 * i * i);
    const VmafPicture earlier = {.w = {W}, .h = {H}, .bpc = 8, .stride = {W}, .data = {a}};
    const VmafPicture current = {.w = {W}, .h = {H}, .bpc = 8, .stride = {W}, .data = {b}};
    char heard[256] = "";
    const VtLog log = {VMAF_LOG_LEVEL_ERROR, hear, heard};
    VtGroup g = {.metric = metric,
                 .log = &log,
                 .member = member,
                 .n_members = N,
                 .format = {VMAF_PIX_FMT_YUV400P, 8, W, H},
                 .cpu_flags = vt_cpu_flags(0)};
    assert_int_equal(metric->init(&g), 0);
    void *scratch = vt_aligned_alloc(metric->scratch_size(&g));
    VtResult result[N] = {0}, *results[N];
    for (unsigned m = 0; m < N; m++) results[m] = &result[m];
    const VtFrame frame = {.index = 1, .ref = &current, .prev_ref = {&earlier}};
    assert_int_equal(metric->extract(&g, scratch, &frame, results), 0);
    const VtMotionPair pair = {a, b, W, W, W, H, 8, 0, H};
    const double score = (double)sad(&pair, 0) / 256.0 / (W * H);
    assert_true(score > 2);
    assert_true(result[0].value[SAD] == score && result[0].written == 1 << SAD);
    assert_true(result[1].value[SAD] == 0 && result[1].written == (1 << SAD | 1 << MOTION));
    assert_true(result[2].value[SAD] == 2);
    assert_true(result[3].value[SAD] == (score < 18 ? score : 18));
    assert_true(result[3].value[MOTION] == result[3].value[SAD]);

    /* without the earlier picture */
    const VtFrame lone = {.index = 1, .ref = &current};
    assert_int_equal(metric->extract(&g, scratch, &lone, results), -EINVAL);
    assert_non_null(strstr(heard, "frame 1"));
    const VtFrame first = {.index = 0, .ref = &current};
    assert_int_equal(metric->extract(&g, scratch, &first, results), 0);

    metric->close(&g);
    vt_aligned_free(scratch);
    for (unsigned m = 0; m < N; m++) vt_instance_destroy(member[m]);
    vt_instance_destroy(five);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(worked_example), cmocka_unit_test(flat_planes),
        cmocka_unit_test(out_of_range),   cmocka_unit_test(tiny),
        cmocka_unit_test(golden_figures), cmocka_unit_test(flush_default),
        cmocka_unit_test(flush_options),  cmocka_unit_test(groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
