/* Integer VIF: the worked examples of spec: vif 11, the golden figures, groups. */
#include <errno.h>
#include <math.h>
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
#include "metric/registry.h"
#include "metric/vif/vif_dsp.h"
#include "synth.h"

static const uint64_t masks[] = {~UINT64_C(0), VT_CPU_AVX512 | VT_CPU_AVX512ICL, VT_CPU_AVX512ICL,
                                 0};
#define MASKS (sizeof(masks) / sizeof(masks[0]))

static void logarithm(void **state)
{
    (void)state;
    for (uint32_t m = 32768; m < 65536; m++) {
        const int want = (int)floor(2048 * log2(m) + 0.5 + 1.0 / 1024) - 30720;
        for (int k = 2; k < 16; k++) {
            assert_int_equal(vt_vif_log(m << k), want + 2048 * (k - 2));
            assert_int_equal(vt_vif_log((m << k) + (1u << k) - 1), want + 2048 * (k - 2));
        }
    }
}

static void information_terms(void **state)
{
    (void)state;
    static const struct {
        int32_t s1, s2, s12;
        double limit;
        int64_t a, b, c, n0;
    } example[] = {
        {131071, 5000, 4000, 100, 0, 0, 5000, 1},
        {-30000, 0, 7, 100, 0, 0, 0, 1},
        {131072, 0, 5, 100, 0, 2048, 0, 0},
        {131072, 77, 0, 100, 0, 2048, 0, 0},
        {200000, 300000, -5, 100, 0, 2738, 0, 0},
        {131072, 131072, 131072, 100, 2048, 2048, 0, 0},
        {1000000, 1000000, 1000000, 100, 6368, 6368, 0, 0},
        {1000000, 900000, 948683, 100, 6094, 6368, 0, 0},
        {1000000, 900000, 900000, 100, 4549, 6368, 0, 0},
        {500000, 2000000, 990000, 100, 7456, 4644, 0, 0},
        {500000, 2000000, 990000, 1.2, 4879, 4644, 0, 0},
        {500000, 2000000, 990000, 1.0, 4041, 4644, 0, 0},
        {140000, 900000000, 11000000, 100, 9524, 2147, 0, 0},
        {1 << 30, 1 << 30, 1 << 30, 100, 26624, 26624, 0, 0},
    };
    for (size_t i = 0; i < sizeof(example) / sizeof(example[0]); i++) {
        const VtVifLimits limits = {1, {example[i].limit}};
        VtVifSums sums = {0};
        vt_vif_pixel(example[i].s1, example[i].s2, example[i].s12, &limits, &sums);
        assert_int_equal(sums.num_log[0], example[i].a);
        assert_int_equal(sums.den_log, example[i].b);
        assert_int_equal(sums.flat_variance, example[i].c);
        assert_int_equal(sums.flat_count, example[i].n0);
    }
}

typedef struct Run {
    VtGroup group;
    VtInstance *member[VT_MAX_MEMBERS];
    VtResult result[VT_MAX_MEMBERS];
} Run;

/* Instances from texts like "debug=true:vif_enhn_gain_limit=1.0". */
static void add_member(Run *r, const char *options)
{
    VmafFeatureDictionary *dict = NULL;
    char copy[256], *save = NULL;
    snprintf(copy, sizeof(copy), "%s", options);
    for (char *o = strtok_r(copy, ":", &save); o; o = strtok_r(NULL, ":", &save)) {
        char *value = strchr(o, '=');
        assert_non_null(value);
        *value++ = 0;
        assert_int_equal(vmaf_feature_dictionary_set(&dict, o, value), 0);
    }
    const VtMetric *m = vt_metric_find("vif");
    assert_non_null(m);
    assert_int_equal(vt_instance_create(&r->member[r->group.n_members++], m, dict, NULL), 0);
    vmaf_feature_dictionary_free(&dict);
}

static void score(Run *r, const VmafPicture *ref, const VmafPicture *dis, uint64_t mask)
{
    r->group.metric = vt_metric_find("vif");
    r->group.member = r->member;
    r->group.format = (VtFormat){ref->pix_fmt, ref->bpc, ref->w[0], ref->h[0]};
    r->group.cpu_flags = vt_cpu_flags(mask);
    assert_int_equal(r->group.metric->init(&r->group), 0);
    void *scratch = vt_aligned_alloc(r->group.metric->scratch_size(&r->group));
    assert_non_null(scratch);
    const VtFrame frame = {.ref = ref, .dis = dis};
    VtResult *results[VT_MAX_MEMBERS];
    for (unsigned m = 0; m < r->group.n_members; m++) results[m] = &r->result[m];
    assert_int_equal(r->group.metric->extract(&r->group, scratch, &frame, results), 0);
    vt_aligned_free(scratch);
    r->group.metric->close(&r->group);
}

static void drop(Run *r)
{
    for (unsigned m = 0; m < r->group.n_members; m++) vt_instance_destroy(r->member[m]);
}

static unsigned ref_formula(unsigned x, unsigned y)
{
    return (37 * x + 91 * y + 13 * x * y) % 256;
}

static unsigned dis_formula(unsigned x, unsigned y)
{
    return (3 * ref_formula(x, y) + 5 * ((x + y) % 8) + 64) / 4;
}

static void fill_example(VmafPicture *ref, VmafPicture *dis, unsigned bpc)
{
    assert_int_equal(vmaf_picture_alloc(ref, VMAF_PIX_FMT_YUV400P, bpc, 32, 32), 0);
    assert_int_equal(vmaf_picture_alloc(dis, VMAF_PIX_FMT_YUV400P, bpc, 32, 32), 0);
    for (unsigned y = 0; y < 32; y++) {
        char *r = (char *)ref->data[0] + y * ref->stride[0];
        char *d = (char *)dis->data[0] + y * dis->stride[0];
        for (unsigned x = 0; x < 32; x++) {
            const unsigned rv = ref_formula(x, y), dv = dis_formula(x, y);
            if (bpc == 8) {
                ((uint8_t *)r)[x] = (uint8_t)rv;
                ((uint8_t *)d)[x] = (uint8_t)dv;
            } else {
                ((uint16_t *)(void *)r)[x] = (uint16_t)(4 * rv + (3 * x + y) % 4);
                ((uint16_t *)(void *)d)[x] = (uint16_t)(4 * dv + (x + 2 * y) % 4);
            }
        }
    }
}

static void worked_frame(unsigned bpc, const double num_log[4], const double den_log[4],
                         const double scores[5], uint64_t mask)
{
    VmafPicture ref = {0}, dis = {0};
    fill_example(&ref, &dis, bpc);
    Run r = {0};
    add_member(&r, "debug=true");
    score(&r, &ref, &dis, mask);
    const double *v = r.result[0].value;
    for (unsigned s = 0; s < 4; s++) {
        assert_true(v[7 + 2 * s] == (float)(num_log[s] / 2048));
        assert_true(v[8 + 2 * s] == (float)(den_log[s] / 2048));
    }
    for (unsigned i = 0; i < 5; i++) assert_true(fabs(v[i] - scores[i]) < 6e-7);
    drop(&r);
    vmaf_picture_unref(&ref);
    vmaf_picture_unref(&dis);
}

static void worked_frames(void **state)
{
    (void)state;
    for (size_t i = 0; i < MASKS; i++) {
        worked_frame(8, (const double[]){17274252, 2339302, 436536, 96423},
                     (const double[]){23992542, 2815415, 535610, 120178},
                     (const double[]){0.719984, 0.830891, 0.815026, 0.802335, 0.733568}, masks[i]);
        worked_frame(10, (const double[]){17291370, 2339875, 436083, 96530},
                     (const double[]){23993041, 2815304, 535791, 120440},
                     (const double[]){0.720683, 0.831127, 0.813905, 0.801478, 0.734177}, masks[i]);
    }
}

static const char *const clips[] = {
    "synth_33x35_444_10b",   "synth_64x48_420_8b",    "synth_192x176_400_8b",
    "synth_208x192_444_8b",  "synth_240x176_420_12b", "synth_240x176_420_16b",
    "synth_257x193_420_8b",  "synth_320x180_420_8b",  "synth_320x180_420_10b",
    "synth_352x288_422_10b",
};
#define CLIPS (sizeof(clips) / sizeof(clips[0]))

static void golden(const char *group, const char *options)
{
    unsigned figures = 0;
    char name[64];
    for (size_t i = 0; i < CLIPS; i++) {
        snprintf(name, sizeof(name), "%s.%s", clips[i], group);
        for (size_t m = 0; m < MASKS; m++)
            figures += expect_metric(name, "vif", options, masks[m], 0);
    }
    print_message("%u figures equal\n", figures);
}

static void golden_debug(void **state)
{
    (void)state;
    golden("debug", "debug=true");
}

static void golden_models(void **state)
{
    (void)state;
    golden("models-v0", NULL);
    golden("models-v0", "vif_enhn_gain_limit=1.0");
}

/* Members of a group get what they would get alone. */
static void groups(void **state)
{
    (void)state;
    static const char *const options[] = {
        "", "vif_enhn_gain_limit=1.0:debug=true", "vif_enhn_gain_limit=1.05",
        "vif_skip_scale0=true:debug=true", "vif_enhn_gain_limit=1.3:vif_skip_scale0=true"};
    const unsigned n = sizeof(options) / sizeof(options[0]);
    VmafPicture ref = {0}, dis = {0};
    assert_int_equal(synth_pair(&ref, &dis, VMAF_PIX_FMT_YUV420P, 8, 320, 180, 1), 0);
    for (size_t i = 0; i < MASKS; i++) {
        Run together = {0};
        for (unsigned m = 0; m < n; m++) add_member(&together, options[m]);
        const VtMetric *metric = vt_metric_find("vif");
        for (unsigned m = 1; m < n; m++)
            assert_true(metric->shares(together.member[0]->options, together.member[m]->options));
        score(&together, &ref, &dis, masks[i]);
        for (unsigned m = 0; m < n; m++) {
            Run alone = {0};
            add_member(&alone, options[m]);
            score(&alone, &ref, &dis, masks[i]);
            assert_int_equal(alone.result[0].written, together.result[m].written);
            assert_memory_equal(alone.result[0].value, together.result[m].value,
                                sizeof(alone.result[0].value));
            drop(&alone);
        }
        assert_true(together.result[0].value[1] > together.result[1].value[1]);
        assert_true(together.result[3].value[0] == 0 && together.result[3].value[8] == -1);
        drop(&together);
    }
    vmaf_picture_unref(&ref);
    vmaf_picture_unref(&dis);
}

/* An 8-bit clip shifted up scores the same at every depth. */
static void depths(void **state)
{
    (void)state;
    enum { W = 117, H = 67 };
    VmafPicture ref = {0}, dis = {0};
    assert_int_equal(synth_pair(&ref, &dis, VMAF_PIX_FMT_YUV400P, 8, W, H, 0), 0);
    Run r = {0};
    add_member(&r, "debug=true");
    score(&r, &ref, &dis, 0);
    const VtResult want = r.result[0];
    for (unsigned bpc = 9; bpc <= 16; bpc++) {
        VmafPicture deep[2] = {{0}, {0}};
        for (unsigned i = 0; i < 2; i++) {
            const VmafPicture *p = i ? &dis : &ref;
            assert_int_equal(vmaf_picture_alloc(&deep[i], VMAF_PIX_FMT_YUV400P, bpc, W, H), 0);
            for (unsigned y = 0; y < H; y++)
                for (unsigned x = 0; x < W; x++)
                    ((uint16_t *)deep[i].data[0])[y * (deep[i].stride[0] / 2) + x] =
                        (uint16_t)(((uint8_t *)p->data[0])[y * p->stride[0] + x] << (bpc - 8));
        }
        for (size_t i = 0; i < MASKS; i++) {
            score(&r, &deep[0], &deep[1], masks[i]);
            assert_memory_equal(want.value, r.result[0].value, sizeof(want.value));
        }
        vmaf_picture_unref(&deep[0]);
        vmaf_picture_unref(&deep[1]);
    }
    drop(&r);
    vmaf_picture_unref(&ref);
    vmaf_picture_unref(&dis);
}

/* Every instruction set gives the numbers of the scalar path at sizes where strips, bands and
 * windows end in odd places. */
static void sizes(void **state)
{
    (void)state;
    static const unsigned size[][2] = {{16, 16},  {17, 31},  {31, 17},  {495, 18}, {496, 33},
                                       {497, 18}, {498, 19}, {991, 24}, {993, 70}, {2003, 16}};
    for (size_t k = 0; k < sizeof(size) / sizeof(size[0]); k++) {
        for (unsigned bpc = 8; bpc <= 10; bpc += 2) {
            VmafPicture ref = {0}, dis = {0};
            assert_int_equal(synth_pair(&ref, &dis, VMAF_PIX_FMT_YUV400P, bpc, size[k][0],
                                        size[k][1], (unsigned)k),
                             0);
            Run r = {0};
            add_member(&r, "debug=true");
            add_member(&r, "debug=true:vif_enhn_gain_limit=1.0");
            score(&r, &ref, &dis, masks[0]);
            const VtResult want[2] = {r.result[0], r.result[1]};
            for (size_t i = 1; i < MASKS; i++) {
                score(&r, &ref, &dis, masks[i]);
                assert_memory_equal(want, r.result, sizeof(want));
            }
            drop(&r);
            vmaf_picture_unref(&ref);
            vmaf_picture_unref(&dis);
        }
    }
}

/* Samples above the range of the depth count as the largest one. */
static void out_of_range(void **state)
{
    (void)state;
    VmafPicture ref = {0}, dis = {0};
    assert_int_equal(synth_pair(&ref, &dis, VMAF_PIX_FMT_YUV400P, 10, 97, 33, 0), 0);
    for (size_t i = 0; i < MASKS; i++) {
        VtResult result[2];
        for (unsigned tame = 0; tame < 2; tame++) {
            for (unsigned y = 3; y < 33; y += 5)
                for (unsigned x = y; x < 97; x += 7)
                    ((uint16_t *)ref.data[0])[y * (ref.stride[0] / 2) + x] = tame ? 1023 : 65535;
            Run r = {0};
            add_member(&r, "debug=true");
            score(&r, &ref, &dis, masks[i]);
            result[tame] = r.result[0];
            drop(&r);
        }
        assert_memory_equal(&result[0], &result[1], sizeof(result[0]));
    }
    vmaf_picture_unref(&ref);
    vmaf_picture_unref(&dis);
}

static void hear(void *user, enum VmafLogLevel level, const char *line)
{
    (void)level;
    snprintf(user, 256, "%s", line);
}

static void too_small(void **state)
{
    (void)state;
    static const unsigned size[][2] = {{15, 16}, {16, 15}, {1, 1}, {1920, 8}};
    const VtMetric *m = vt_metric_find("vif");
    for (size_t i = 0; i < sizeof(size) / sizeof(size[0]); i++) {
        char heard[256] = "";
        const VtLog log = {VMAF_LOG_LEVEL_ERROR, hear, heard};
        VtGroup g = {
            .metric = m, .format = {VMAF_PIX_FMT_YUV420P, 8, size[i][0], size[i][1]}, .log = &log};
        assert_int_equal(m->init(&g), -EINVAL);
        assert_non_null(strstr(heard, "16x16"));
        assert_null(g.shared);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logarithm),     cmocka_unit_test(information_terms),
        cmocka_unit_test(worked_frames), cmocka_unit_test(golden_debug),
        cmocka_unit_test(golden_models), cmocka_unit_test(groups),
        cmocka_unit_test(depths),        cmocka_unit_test(sizes),
        cmocka_unit_test(out_of_range),  cmocka_unit_test(too_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
