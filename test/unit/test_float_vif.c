/* Floating-point VIF: filters, golden figures, whole-plane reference, options, groups, limits. */
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
#include "metric/float_vif/float_vif_setup.h"

enum { SCALE0, VIF = 4, NUM, DEN, NUM0, DEN0, OUTPUTS = NUM0 + 8 };

static const uint64_t masks[] = {~UINT64_C(0), VT_CPU_AVX512 | VT_CPU_AVX512ICL, 0};
#define MASKS (sizeof(masks) / sizeof(masks[0]))
#define OPTIONS(...) ((const char *const[]){__VA_ARGS__, NULL})

static uint32_t bits_of(float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof(bits));
    return bits;
}

/* spec: float 2, "Kernels" */
static void filters(void **state)
{
    (void)state;
    static const unsigned radius[] = {8, 4, 2, 1};
    static const uint32_t want[4][9] = {
        {0x3bf453b8, 0x3c69b9d9, 0x3ccd0e7b, 0x3d24fecf, 0x3d738495, 0x3da4d021, 0x3dcc9a86,
         0x3de8f3b3, 0x3df33fb2},
        {0x3c9b77ec, 0x3d64f57b, 0x3df7a562, 0x3e44ba13, 0x3e658dc1},
        {0x3d5f2f86, 0x3e7a0fea, 0x3ece2433},
        {0x3e2a5f21, 0x3f2ad06f}};
    VtFvifFilter f[VT_FVIF_SCALES];
    vt_fvif_make_filters(f, 1);
    for (unsigned s = 0; s < VT_FVIF_SCALES; s++) {
        assert_int_equal(f[s].radius, radius[s]);
        for (unsigned i = 0; i <= radius[s]; i++) {
            assert_int_equal(bits_of(f[s].tap[i]), want[s][i]);
            assert_int_equal(bits_of(f[s].tap[2 * radius[s] - i]), want[s][i]);
        }
    }
}

static void kernel_scales(void **state)
{
    (void)state;
    static const double known[] = {1,      0.5,    1.5,    2,      0.6667,   2.4,      3.711,
                                   1.3333, 1.1667, 1.25,   1.4167, 1.66667,  3,        0.4444,
                                   1.4746, 1.54,   1.6009, 1.066,  0.711111, 0.740740, 1.111111};
    static const double unknown[] = {0.1, 0.7, 0.998, 1.002, 1.7, 2.5, 3.5, 4};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        VtFvifFilter f[VT_FVIF_SCALES];
        assert_true(vt_fvif_kernel_scale_known(known[i]));
        vt_fvif_make_filters(f, known[i]);
        for (unsigned s = 0; s < VT_FVIF_SCALES; s++) {
            assert_in_range(f[s].radius, 1, VT_FVIF_RADIUS);
            if (s) assert_true(f[s].radius <= f[s - 1].radius);
            float sum = 0;
            for (unsigned k = 0; k <= 2 * f[s].radius; k++) sum += f[s].tap[k];
            assert_true(fabsf(sum - 1) < 1e-6f);
        }
    }
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
        assert_false(vt_fvif_kernel_scale_known(unknown[i]));
}

static void noise_constants(void **state)
{
    (void)state;
    VtFvifModel m;
    vt_fvif_make_model(&m, 2);
    assert_int_equal(bits_of(m.flat_scale), 0x38810182);
    assert_true(m.inverse == 0.5 && m.flat_below == 2);
    vt_fvif_make_model(&m, 0.8);
    assert_true(m.inverse == 0 && (double)m.flat_below >= 0.8);
    assert_true((double)nextafterf(m.flat_below, 0) < 0.8);
    vt_fvif_make_model(&m, 0);
    assert_true(m.inverse == 0 && m.flat_below == 0);
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
    for (size_t i = 0; i <= sizeof(clips) / sizeof(clips[0]); i++) {
        if (i)
            snprintf(name, sizeof(name), "%s.models-float", clips[i - 1]);
        else
            snprintf(name, sizeof(name), "synth_16x16_420_8b.float-vif-motion");
        for (size_t m = 0; m < MASKS; m++) {
            figures += expect_metric(name, "float_vif", NULL, masks[m], 0);
            figures += expect_metric(name, "float_vif", "vif_enhn_gain_limit=1", masks[m], 0);
        }
    }
    print_message("%u figures equal\n", figures);
}

static void compare(const Clip *c, const char *options, ReferenceVif *want)
{
    FloatPlane ref = float_plane(&c->ref[0], 0), dis = float_plane(&c->dis[0], 0);
    reference_vif(&ref, &dis, want);
    for (size_t m = 0; m < MASKS; m++) {
        static Scores got;
        assert_int_equal(clip_score(c, "float_vif", OPTIONS(options), masks[m], &got), 0);
        for (unsigned s = want->skip_scale0; s < 4; s++) {
            const double num = got.value[0][NUM0 + 2 * s][0], den = got.value[0][DEN0 + 2 * s][0];
            if (num != (double)want->num[s] || den != (double)want->den[s])
                fail_msg("%ux%u, '%s', mask %zu, scale %u: %.9g / %.9g, expected %.9g / %.9g",
                         ref.w, ref.h, options, m, s, num, den, (double)want->num[s],
                         (double)want->den[s]);
            assert_true(got.value[0][SCALE0 + s][0] == num / den);
        }
    }
    float_plane_free(&ref);
    float_plane_free(&dis);
}

static void sizes(void **state)
{
    (void)state;
    static const unsigned depths[] = {8, 9, 10, 11, 12, 13, 14, 15, 16};
    for (unsigned i = 0; i < 40; i++) {
        const unsigned w = i < 20 ? 16 + i : 37 + 17 * (i - 20), h = 16 + i * 37 % 71;
        Clip c;
        if (i % 4)
            clip_make(&c, VMAF_PIX_FMT_YUV400P, depths[i % 9], w, h, 1);
        else
            clip_make_noise(&c, depths[i % 9], w, h, 1);
        ReferenceVif want = {.kernel_scale = 1, .noise = 2, .gain_limit = 100};
        compare(&c, "debug=true", &want);
        clip_free(&c);
    }
}

static void option_values(void **state)
{
    (void)state;
    static const struct {
        const char *options;
        ReferenceVif want;
    } row[] = {
        {"debug=true:vif_enhn_gain_limit=1", {1, 2, 1, false, {0}, {0}}},
        {"debug=true:vif_enhn_gain_limit=1.2", {1, 2, 1.2f, false, {0}, {0}}},
        {"debug=true:vif_sigma_nsq=0.8", {1, 0.8, 100, false, {0}, {0}}},
        {"debug=true:vif_sigma_nsq=0", {1, 0, 100, false, {0}, {0}}},
        {"debug=true:vif_sigma_nsq=0.5", {1, 0.5, 100, false, {0}, {0}}},
        {"debug=true:vif_skip_scale0=true", {1, 2, 100, true, {0}, {0}}},
        {"debug=true:vif_kernelscale=0.5", {0.5, 2, 100, false, {0}, {0}}},
        {"debug=true:vif_kernelscale=0.6667", {0.6667, 2, 100, false, {0}, {0}}},
        {"debug=true:vif_kernelscale=1.5", {1.5, 2, 100, false, {0}, {0}}},
        {"debug=true:vif_kernelscale=3.711", {3.711, 2, 100, false, {0}, {0}}},
    };
    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        Clip c;
        clip_make(&c, VMAF_PIX_FMT_YUV420P, i % 2 ? 10 : 8, 131, 97, 1);
        for (unsigned y = 40; y < 60; y++) /* a flat part */
            memset((char *)c.ref[0].data[0] + y * c.ref[0].stride[0], 1, 131);
        ReferenceVif want = row[i].want;
        compare(&c, row[i].options, &want);
        clip_free(&c);
    }
}

static void floors_and_debug(void **state)
{
    (void)state;
    static Scores plain, raised, skipped;
    Clip c;
    clip_make(&c, VMAF_PIX_FMT_YUV420P, 8, 64, 48, 1);
    assert_int_equal(clip_score(&c, "float_vif", OPTIONS("debug=true"), 0, &plain), 0);
    assert_int_equal(clip_score(&c, "float_vif",
                                OPTIONS("vif_scale1_min_val=0.97:vif_scale2_min_val=0.99:"
                                        "vif_scale3_min_val=0.5"),
                                0, &raised),
                     0);
    for (unsigned o = 0; o < OUTPUTS; o++) assert_true(plain.has[0][o][0]);
    for (unsigned o = VIF; o < OUTPUTS; o++) assert_false(raised.has[0][o][0]);
    static const double floors[] = {0, 0.97, 0.99, 0.5};
    double num = 0, den = 0;
    for (unsigned s = 0; s < 4; s++) {
        const double v = plain.value[0][s][0];
        assert_true(raised.value[0][s][0] == (v > floors[s] ? v : floors[s]));
        num += plain.value[0][NUM0 + 2 * s][0];
        den += plain.value[0][DEN0 + 2 * s][0];
    }
    assert_true(plain.value[0][1][0] < 0.97 && plain.value[0][3][0] > 0.5);
    assert_true(plain.value[0][NUM][0] == num && plain.value[0][DEN][0] == den);
    assert_true(plain.value[0][VIF][0] == num / den);

    assert_int_equal(
        clip_score(&c, "float_vif", OPTIONS("vif_skip_scale0=true:debug=true"), 0, &skipped), 0);
    assert_true(skipped.value[0][SCALE0][0] == 0);
    assert_true(skipped.value[0][NUM0][0] == 0 && skipped.value[0][DEN0][0] == -1);
    assert_true(skipped.value[0][SCALE0 + 1][0] == plain.value[0][SCALE0 + 1][0]);
    assert_true(fabs(skipped.value[0][NUM][0] - (num - plain.value[0][NUM0][0])) < 1e-9);
    clip_free(&c);
}

static void group_members(void **state)
{
    (void)state;
    static const char *const options[] = {"debug=true", "vif_enhn_gain_limit=1",
                                          "vif_skip_scale0=true:debug=true",
                                          "vif_scale3_min_val=0.999:vif_enhn_gain_limit=1", NULL};
    static Scores together, alone;
    Clip c;
    clip_make(&c, VMAF_PIX_FMT_YUV420P, 8, 75, 61, 2);
    for (size_t m = 0; m < MASKS; m++) {
        assert_int_equal(clip_score(&c, "float_vif", options, masks[m], &together), 0);
        for (unsigned i = 0; i < 4; i++) {
            assert_int_equal(clip_score(&c, "float_vif", OPTIONS(options[i]), masks[m], &alone), 0);
            assert_true(scores_equal(&together, i, &alone, 0));
        }
    }
    clip_free(&c);
}

/* nearest at half size takes samples (2x, 2y). */
static void prescale(void **state)
{
    (void)state;
    static const char *const methods[] = {"nearest", "bilinear", "bicubic", "lanczos4"};
    static Scores scaled, direct;
    Clip big, small;
    clip_make(&big, VMAF_PIX_FMT_YUV400P, 8, 96, 80, 1);
    clip_make(&small, VMAF_PIX_FMT_YUV400P, 8, 48, 40, 1);
    for (unsigned i = 0; i < 48 * 40; i++) {
        const unsigned x = i % 48, y = i / 48;
        uint8_t *out[] = {small.ref[0].data[0], small.dis[0].data[0]};
        const uint8_t *in[] = {big.ref[0].data[0], big.dis[0].data[0]};
        for (int k = 0; k < 2; k++)
            out[k][y * small.ref[0].stride[0] + x] = in[k][2 * y * big.ref[0].stride[0] + 2 * x];
    }
    assert_int_equal(
        clip_score(&big, "float_vif", OPTIONS("vif_prescale=0.5:debug=true"), 0, &scaled), 0);
    assert_int_equal(clip_score(&small, "float_vif", OPTIONS("debug=true"), 0, &direct), 0);
    assert_true(scores_equal(&scaled, 0, &direct, 0));

    static const char *const factors[] = {"0.5", "0.77", "1.5", "2"};
    for (unsigned k = 0; k < 4; k++) {
        double first = 0;
        for (unsigned i = 0; i < 4; i++) {
            char text[96];
            snprintf(text, sizeof(text), "vif_prescale=%s:vif_prescale_method=%s", factors[k],
                     methods[i]);
            for (size_t m = 0; m < MASKS; m++) {
                assert_int_equal(
                    clip_score(&big, "float_vif", OPTIONS(text), masks[m], m ? &direct : &scaled),
                    0);
                if (m) assert_true(scores_equal(&scaled, 0, &direct, 0));
            }
            const double v = scaled.value[0][SCALE0][0];
            assert_true(v > 0.05 && v < 1.2);
            if (!i) first = v;
            if (i) assert_true(v != first);
        }
    }
    clip_free(&big);
    clip_free(&small);
}

/* spec: float 8 */
static void resamplers(void **state)
{
    (void)state;
    const float line[2] = {10, 20}, flat[9] = {7, 7, 7, 7, 7, 7, 7, 7, 7};
    float out[36];
    VtResample r = {line, out, 2, 4, 2, 1, 4, 1};
    vt_resample(&r, VT_RESAMPLE_BILINEAR);
    assert_true(out[0] == 2.25f * 20 - 1.25f * 10); /* the border extrapolates */
    assert_true(out[1] == 12.5f && out[2] == 17.5f);
    assert_true(out[3] == 17.5f); /* X = 1.25: 1 and its mirror 0 */
    vt_resample(&r, VT_RESAMPLE_NEAREST);
    assert_true(out[0] == 10 && out[1] == 10 && out[2] == 20 && out[3] == 20);
    vt_resample(&r, VT_RESAMPLE_BICUBIC);
    assert_true(out[1] > 10 && out[1] < 15 && out[2] > 15 && out[2] < 20);

    r = (VtResample){flat, out, 3, 6, 3, 3, 6, 6};
    for (int m = VT_RESAMPLE_NEAREST; m <= VT_RESAMPLE_LANCZOS4; m++) {
        vt_resample(&r, (VtResampleMethod)m);
        for (int i = 0; i < 36; i++) assert_true(fabsf(out[i] - 7) < 1e-5f);
    }
    assert_int_equal(vt_resample_method("bicubic"), VT_RESAMPLE_BICUBIC);
    assert_int_equal(vt_resample_method("Nearest"), -1);
}

static int refused(const char *options, unsigned w, unsigned h)
{
    static Scores scores;
    Clip c;
    clip_make(&c, VMAF_PIX_FMT_YUV400P, 8, w, h, 1);
    const int err = clip_score(&c, "float_vif", OPTIONS(options), 0, &scores);
    clip_free(&c);
    if (err) assert_int_equal(support_lines_logged, 1);
    return err;
}

static void errors(void **state)
{
    (void)state;
    assert_int_equal(refused("", 16, 16), 0);
    assert_int_equal(refused("", 15, 16), -EINVAL);
    assert_int_equal(refused("", 16, 15), -EINVAL);
    assert_int_equal(refused("vif_kernelscale=3", 39, 64), -EINVAL);
    assert_int_equal(refused("vif_kernelscale=3", 40, 64), 0);
    assert_int_equal(refused("vif_prescale=0.5", 30, 64), -EINVAL);
    assert_int_equal(refused("vif_prescale=2", 8, 8), 0);
    assert_int_equal(refused("vif_kernelscale=0.7", 64, 64), -EINVAL);
    assert_int_equal(refused("vif_kernelscale=5", 64, 64), -EINVAL);
    assert_int_equal(refused("vif_prescale_method=cubic", 64, 64), -EINVAL);
    assert_int_equal(refused("vif_enhn_gain_limit=0.5", 64, 64), -EINVAL);
    assert_int_equal(refused("vif_sigma=1", 64, 64), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters),
        cmocka_unit_test(kernel_scales),
        cmocka_unit_test(noise_constants),
        cmocka_unit_test(golden),
        cmocka_unit_test(sizes),
        cmocka_unit_test(option_values),
        cmocka_unit_test(floors_and_debug),
        cmocka_unit_test(group_members),
        cmocka_unit_test(prescale),
        cmocka_unit_test(resamplers),
        cmocka_unit_test(errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
