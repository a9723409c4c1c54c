/* Floating-point ADM: contrast sensitivity, golden figures, whole-plane reference, options, groups,
 * limits. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cpu/cpu.h"
#include "expect.h"
#include "float_reference.h"
#include "float_support.h"
#include "metric/float_adm/float_adm_private.h"
#include "metric/registry.h"

enum { ADM2, AIM, ADM3, SCALE0, ADM = 7, NUM, DEN, NUM0, OUTPUTS = NUM0 + 8 };

static const uint64_t masks[] = {~UINT64_C(0), VT_CPU_AVX512 | VT_CPU_AVX512ICL, 0};
#define MASKS (sizeof(masks) / sizeof(masks[0]))
#define OPTIONS(...) ((const char *const[]){__VA_ARGS__, NULL})

static uint32_t bits_of(float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof(bits));
    return bits;
}

static VtFadmOptions default_options(void)
{
    VtFadmOptions o = {0};
    assert_int_equal(
        vt_options_parse(vt_metric_find("float_adm")->options, NULL, &o, "float_adm", NULL), 0);
    return o;
}

/* spec: float 3, "CSF factors" */
static void contrast_sensitivity(void **state)
{
    (void)state;
    static const uint32_t watson[2][4] = {{0x3c8e63ba, 0x3d030286, 0x3d31a788, 0x3d3b140b},
                                          {0x3bc106aa, 0x3c6a46a3, 0x3cc7dc06, 0x3d0041c9}};
    static const float barten[4] = {1.21049654f, 5.0422225f, 14.6270647f, 26.9758816f};
    static const float native[2][4] = {
        {0.00544585148f, 0.166835055f, 0.667863488f, 0.986264586f},
        {0.000230553938f, 0.0407456607f, 0.389219612f, 0.877359927f}};
    VtFadmOptions o = default_options();
    float f[VT_FADM_BANDS];
    for (int s = 0; s < VT_FADM_SCALES; s++) {
        for (o.csf_mode = 0; o.csf_mode <= 9; o.csf_mode++) {
            vt_fadm_csf(&o, s, f);
            assert_true(f[VT_FADM_H] == f[VT_FADM_V]);
            if (o.csf_mode == 1) {
                assert_true(f[VT_FADM_H] == barten[s] && f[VT_FADM_D] == barten[s]);
            } else if (o.csf_mode == 2) {
                assert_true(f[VT_FADM_H] == native[0][s] && f[VT_FADM_D] == native[1][s]);
            } else {
                assert_int_equal(bits_of(f[VT_FADM_H]), watson[0][s]);
                assert_int_equal(bits_of(f[VT_FADM_D]), watson[1][s]);
            }
        }
        o.csf_mode = 1;
        o.csf_scale = 2;
        o.csf_diag_scale = 0.5;
        vt_fadm_csf(&o, s, f);
        assert_true(f[VT_FADM_H] == 2 * barten[s] && f[VT_FADM_D] == 0.5f * barten[s]);
        o.factor1[s] = 0;
        o.factor2[s] = 0.3;
        vt_fadm_csf(&o, s, f);
        assert_true(f[VT_FADM_H] == 0 && f[VT_FADM_D] == 0.3f);
        o = default_options();
    }
}

static void windows(void **state)
{
    (void)state;
    static const unsigned size[][2] = {{2, 0}, {14, 0}, {15, 1}, {24, 1}, {25, 2}, {960, 95}};
    for (size_t i = 0; i < sizeof(size) / sizeof(size[0]); i++) {
        const unsigned n = size[i][0], start = size[i][1];
        const VtFadmWindow a = vt_fadm_window(n, 40), b = vt_fadm_window(40, n);
        assert_true(a.left == start && a.right == n - start && a.w == n && a.h == 40);
        assert_true(b.top == start && b.bottom == n - start);
    }
}

static const char *const clips[] = {
    "synth_33x35_444_10b",   "synth_64x48_420_8b",    "synth_192x176_400_8b",
    "synth_208x192_444_8b",  "synth_240x176_420_12b", "synth_240x176_420_16b",
    "synth_257x193_420_8b",  "synth_320x180_420_8b",  "synth_320x180_420_10b",
    "synth_352x288_422_10b",
};

static void golden(void **state)
{
    (void)state;
    unsigned figures = 0;
    char name[64];
    for (size_t i = 0; i < sizeof(clips) / sizeof(clips[0]); i++)
        for (size_t m = 0; m < MASKS; m++) {
            snprintf(name, sizeof(name), "%s.models-float", clips[i]);
            figures += expect_metric(name, "float_adm", NULL, masks[m], 5e-7);
            figures += expect_metric(name, "float_adm", "adm_enhn_gain_limit=1", masks[m], 5e-7);
        }
    print_message("%u figures within 5e-7\n", figures);
}

static ReferenceAdm plain_reference(void)
{
    ReferenceAdm r = {.p = 3, .gain_limit = 100, .noise_weight = 0.03125};
    const VtFadmOptions o = default_options();
    for (int s = 0; s < VT_FADM_SCALES; s++) {
        float f[VT_FADM_BANDS];
        vt_fadm_csf(&o, s, f);
        r.factor1[s] = f[VT_FADM_H];
        r.factor2[s] = f[VT_FADM_D];
    }
    return r;
}

static void compare(const Clip *c, const char *options, ReferenceAdm want)
{
    FloatPlane ref = float_plane(&c->ref[0], 0), dis = float_plane(&c->dis[0], 0);
    reference_adm(&ref, &dis, &want);
    const double aim_num =
        (double)want.aim[0] + (double)want.aim[1] + (double)want.aim[2] + (double)want.aim[3];
    for (size_t m = 0; m < MASKS; m++) {
        static Scores got;
        assert_int_equal(clip_score(c, "float_adm", OPTIONS(options), masks[m], &got), 0);
        for (unsigned s = 0; s < 4; s++) {
            const double num = got.value[0][NUM0 + 2 * s][0];
            const double den = got.value[0][NUM0 + 2 * s + 1][0];
            if (num != (double)want.num[s] || den != (double)want.den[s])
                fail_msg("%ux%u, '%s', mask %zu, scale %u: %.9g / %.9g, expected %.9g / %.9g",
                         ref.w, ref.h, options, m, s, num, den, (double)want.num[s],
                         (double)want.den[s]);
            assert_true(got.value[0][SCALE0 + s][0] == num / den);
        }
        const double aim = aim_num / got.value[0][DEN][0];
        if (got.value[0][AIM][0] != (aim < 1 ? aim : 1))
            fail_msg("%ux%u, '%s', mask %zu: aim %.17g, expected %.17g", ref.w, ref.h, options, m,
                     got.value[0][AIM][0], aim);
    }
    float_plane_free(&ref);
    float_plane_free(&dis);
}

static void sizes(void **state)
{
    (void)state;
    static const unsigned depths[] = {8, 9, 10, 11, 12, 13, 14, 15, 16};
    for (unsigned i = 0; i < 60; i++) {
        const unsigned w = i < 30 ? 17 + i : 47 + 13 * (i - 30), h = 17 + i * 37 % 71;
        Clip c;
        if (i % 4)
            clip_make(&c, VMAF_PIX_FMT_YUV400P, depths[i % 9], w, h, 1);
        else
            clip_make_noise(&c, depths[i % 9], w, h, 1);
        compare(&c, "debug=true", plain_reference());
        clip_free(&c);
    }
}

static void option_values(void **state)
{
    (void)state;
    Clip c;
    clip_make(&c, VMAF_PIX_FMT_YUV420P, 8, 151, 117, 1);
    for (unsigned y = 40; y < 70; y++) /* a flat part */
        memset((char *)c.ref[0].data[0] + y * c.ref[0].stride[0], 1, 151);
    ReferenceAdm r = plain_reference();
    r.gain_limit = 1;
    compare(&c, "debug=true:adm_enhn_gain_limit=1", r);
    r.gain_limit = 1.2; /* no float: products round in binary64 */
    compare(&c, "debug=true:adm_enhn_gain_limit=1.2", r);
    r = plain_reference();
    r.noise_weight = 0.5;
    r.bypass_masking = true;
    compare(&c, "debug=true:adm_bypass_cm=1:adm_noise_weight=0.5", r);
    r = plain_reference();
    r.p = 2.5f;
    compare(&c, "debug=true:adm_p_norm=2.5", r);
    r = plain_reference();
    r.skip_scale0 = true;
    compare(&c, "debug=true:adm_skip_scale0=true", r);
    r = plain_reference();
    for (int s = 0; s < 4; s++) {
        r.factor1[s] = 0.1f * (float)(s + 1);
        r.factor2[s] = 0.05f;
    }
    r.factor1[2] = 0.3f;
    compare(&c,
            "debug=true:adm_f1s0=0.1:adm_f1s1=0.2:adm_f1s2=0.3:adm_f1s3=0.4:adm_f2s0=0.05:"
            "adm_f2s1=0.05:adm_f2s2=0.05:adm_f2s3=0.05",
            r);
    clip_free(&c);
}

static Scores score(const Clip *c, const char *options)
{
    Scores s;
    assert_int_equal(clip_score(c, "float_adm", OPTIONS(options), 0, &s), 0);
    return s;
}

static void late_options(void **state)
{
    (void)state;
    Clip c;
    clip_make(&c, VMAF_PIX_FMT_YUV420P, 8, 64, 48, 1);
    const Scores plain = score(&c, "debug=true");
    for (unsigned o = 0; o < OUTPUTS; o++) assert_true(plain.has[0][o][0]);
    const double adm2 = plain.value[0][ADM2][0], aim = plain.value[0][AIM][0];
    assert_true(adm2 == plain.value[0][NUM][0] / plain.value[0][DEN][0]);
    assert_true(plain.value[0][ADM][0] == adm2);
    assert_true(plain.value[0][ADM3][0] == adm2 * 0.5 + (1 - aim) * 0.5);

    const Scores weighted = score(&c, "adm_dlm_weight=0.7");
    for (unsigned o = ADM; o < OUTPUTS; o++) assert_false(weighted.has[0][o][0]);
    assert_true(weighted.value[0][ADM3][0] == adm2 * 0.7 + (1 - aim) * (1 - 0.7));
    const Scores harmonic = score(&c, "adm_adm3_apply_hm=true");
    assert_true(harmonic.value[0][ADM3][0] == 2 * adm2 * aim / (adm2 + aim));
    const Scores raised = score(&c, "adm_min_val=0.99");
    assert_true(raised.value[0][ADM3][0] == 0.99 && raised.value[0][ADM2][0] == adm2);

    double den = 0;
    for (unsigned s = 0; s < 4; s++)
        if (s != 2) den += plain.value[0][NUM0 + 2 * s + 1][0];
    const Scores skipped = score(&c, "adm_skip_aim_scale=2:debug=true");
    assert_true(skipped.value[0][ADM2][0] == adm2);
    const double rest = skipped.value[0][AIM][0] * den;
    assert_true(rest > 0 && rest < aim * plain.value[0][DEN][0]);
    clip_free(&c);
}

/* Mid-grey pictures have no energy: adm2 is 1, aim 0 and the scales are 0/0 without noise. */
static void no_energy(void **state)
{
    (void)state;
    Clip c;
    clip_make(&c, VMAF_PIX_FMT_YUV400P, 8, 40, 40, 1);
    for (unsigned y = 0; y < 40; y++) {
        memset((char *)c.ref[0].data[0] + y * c.ref[0].stride[0], 128, 40);
        memset((char *)c.dis[0].data[0] + y * c.dis[0].stride[0], 128, 40);
    }
    const Scores s = score(&c, "adm_noise_weight=0");
    assert_true(s.value[0][ADM2][0] == 1 && s.value[0][AIM][0] == 0 && s.value[0][ADM3][0] == 1);
    assert_true(isnan(s.value[0][SCALE0][0]));
    clip_free(&c);
}

static void identical(void **state)
{
    (void)state;
    Clip c;
    clip_make(&c, VMAF_PIX_FMT_YUV400P, 10, 90, 70, 1);
    Clip same = {.frames = 1, .ref = {c.ref[0]}, .dis = {c.ref[0]}};
    const Scores s = score(&same, "");
    assert_true(fabs(s.value[0][ADM2][0] - 1) < 1e-6 && s.value[0][AIM][0] < 1e-6);
    clip_free(&c);
}

static void group_members(void **state)
{
    (void)state;
    static const char *const options[] = {"debug=true", "adm_enhn_gain_limit=1",
                                          "adm_skip_scale0=true:adm_csf_mode=1",
                                          "adm_noise_weight=0.02:adm_p_norm=2", NULL};
    static Scores together, alone;
    Clip c;
    clip_make(&c, VMAF_PIX_FMT_YUV420P, 8, 75, 61, 2);
    for (size_t m = 0; m < MASKS; m++) {
        assert_int_equal(clip_score(&c, "float_adm", options, masks[m], &together), 0);
        for (unsigned i = 0; i < 4; i++) {
            assert_int_equal(clip_score(&c, "float_adm", OPTIONS(options[i]), masks[m], &alone), 0);
            assert_true(scores_equal(&together, i, &alone, 0));
        }
    }
    clip_free(&c);
}

static bool stored(void *ctx, unsigned output, unsigned index, double *value)
{
    (void)output, (void)index;
    *value = 0;
    return *(bool *)ctx;
}

/* "adm" has one name for all instances: the first one's value stays. */
static void shared_name(void **state)
{
    (void)state;
    const VtMetric *m = vt_metric_find("float_adm");
    VtInstance *inst = NULL;
    VmafFeatureDictionary *dict = NULL;
    assert_int_equal(vmaf_feature_dictionary_set(&dict, "adm_enhn_gain_limit", "1"), 0);
    assert_int_equal(vt_instance_create(&inst, m, dict, NULL), 0);
    assert_string_equal(inst->name[ADM], "adm");
    assert_string_equal(inst->name[NUM], "adm_num_egl_1");
    assert_string_equal(inst->name[ADM2], "adm2_egl_1");
    for (int i = 0; i < 2; i++) {
        bool has = i;
        const VtSeries series = {.ctx = &has, .get = stored};
        VtResult r = {0};
        vt_emit(&r, ADM, 0.5);
        vt_emit(&r, NUM, 0.5);
        assert_int_equal(m->join(inst, NULL, 0, &r, &series), 0);
        assert_int_equal(r.written, has ? 1 << NUM : 1 << NUM | 1 << ADM);
    }
    vt_instance_destroy(inst);
    vmaf_feature_dictionary_free(&dict);
}

static int refused(const char *options, unsigned w, unsigned h)
{
    static Scores scores;
    Clip c;
    clip_make(&c, VMAF_PIX_FMT_YUV400P, 8, w, h, 1);
    const int err = clip_score(&c, "float_adm", OPTIONS(options), 0, &scores);
    clip_free(&c);
    if (err) assert_int_equal(support_lines_logged, 1);
    return err;
}

static void errors(void **state)
{
    (void)state;
    assert_int_equal(refused("", 17, 17), 0);
    assert_int_equal(refused("", 16, 17), -EINVAL);
    assert_int_equal(refused("", 17, 16), -EINVAL);
    assert_int_equal(refused("adm_csf_mode=10", 32, 32), -EINVAL);
    assert_int_equal(refused("adm_skip_aim_scale=-1", 32, 32), -EINVAL);
    assert_int_equal(refused("adm_enhn_gain_limit=101", 32, 32), -EINVAL);
    assert_int_equal(refused("adm_bypass_cm=2", 32, 32), -EINVAL);
    assert_int_equal(refused("adm_ref_display_height=0", 32, 32), -EINVAL);
    assert_int_equal(refused("nvd=3", 32, 32), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contrast_sensitivity),
        cmocka_unit_test(windows),
        cmocka_unit_test(golden),
        cmocka_unit_test(sizes),
        cmocka_unit_test(option_values),
        cmocka_unit_test(late_options),
        cmocka_unit_test(no_energy),
        cmocka_unit_test(identical),
        cmocka_unit_test(group_members),
        cmocka_unit_test(shared_name),
        cmocka_unit_test(errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
