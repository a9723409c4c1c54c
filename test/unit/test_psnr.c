/* psnr, float_psnr, float_moment, float_ansnr: golden figures, worked example of spec: classic 1,
 * options, limits. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "expect.h"
#include "metric_support.h"

enum { PSNR_Y, MSE_Y, PSNR_CB, MSE_CB, PSNR_CR, MSE_CR, APSNR_Y, APSNR_CB, APSNR_CR };

static const char *const clips[] = {
    "synth_16x16_420_8b",   "synth_64x48_420_8b",    "synth_192x176_400_8b",
    "synth_208x192_444_8b", "synth_240x176_420_12b", "synth_240x176_420_16b",
    "synth_257x193_420_8b", "synth_320x180_420_8b",  "synth_320x180_420_10b",
    "synth_33x35_444_10b",  "synth_352x288_422_10b",
};

static void golden(const char *metric, const char *options, double tolerance)
{
    char name[128];
    for (size_t c = 0; c < sizeof(clips) / sizeof(clips[0]); c++)
        for (unsigned m = 0; m < METRIC_MASKS; m++) {
            snprintf(name, sizeof(name), "%s.classic-%s", clips[c], metric);
            expect_metric(name, metric, options, metric_mask[m], tolerance);
        }
}

static void psnr_golden(void **state)
{
    (void)state;
    golden("psnr", "enable_mse=true:enable_apsnr=true", 1e-9);
}

static void float_psnr_golden(void **state)
{
    (void)state;
    golden("float_psnr", NULL, 1e-9);
}

static void moment_golden(void **state)
{
    (void)state;
    golden("float_moment", NULL, 1e-9);
}

static void ansnr_golden(void **state)
{
    (void)state;
    golden("float_ansnr", NULL, 1e-9);
}

static void same_everywhere(void **state)
{
    (void)state;
    metric_same_everywhere("psnr", "enable_mse=true:enable_apsnr=true", 16, true, 1, 1, 0);
    metric_same_everywhere("float_psnr", NULL, 16, true, 1, 1, 0);
    metric_same_everywhere("float_moment", NULL, 16, true, 1, 1, 0);
    metric_same_everywhere("float_ansnr", NULL, 16, true, 3, 3, 0);
}

static void worked_example(void **state)
{
    (void)state;
    static uint8_t y[2][8] = {{10, 20, 30, 40, 50, 60, 70, 80}, {11, 20, 28, 40, 50, 63, 70, 80}};
    static uint8_t cb[2][2] = {{100, 110}, {100, 111}}, cr[2][2] = {{7, 9}, {7, 9}};
    VmafPicture pic[2];
    for (unsigned i = 0; i < 2; i++)
        pic[i] = (VmafPicture){.pix_fmt = VMAF_PIX_FMT_YUV420P,
                               .bpc = 8,
                               .w = {4, 2, 2},
                               .h = {2, 1, 1},
                               .stride = {4, 2, 2},
                               .data = {y[i], cb[i], cr[i]}};
    for (unsigned m = 0; m < METRIC_MASKS; m++) {
        VtResult r;
        assert_int_equal(metric_once("psnr", "enable_mse=true:enable_apsnr=true", metric_mask[m],
                                     &pic[0], &pic[1], &r),
                         0);
        static const double want[] = {45.700423, 1.75,      51.141104, 0.5, 60,
                                      0,         45.700423, 51.141104, 55};
        for (unsigned o = PSNR_Y; o <= APSNR_CR; o++)
            assert_true(fabs(r.value[o] - want[o]) < 1e-6);
    }
}

static double value(const char *options, enum VmafPixelFormat fmt, unsigned bpc, unsigned output)
{
    VtResult r;
    assert_int_equal(metric_synth("psnr", options, 0, fmt, bpc, 96, 64, 0, &r), 0);
    assert_true(r.written & UINT32_C(1) << output);
    return r.value[output];
}

static bool has(const char *options, enum VmafPixelFormat fmt, unsigned output)
{
    VtResult r;
    assert_int_equal(metric_synth("psnr", options, 0, fmt, 8, 96, 64, 0, &r), 0);
    return r.written & UINT32_C(1) << output;
}

static void outputs_follow_options(void **state)
{
    (void)state;
    assert_true(has(NULL, VMAF_PIX_FMT_YUV420P, PSNR_CR));
    assert_false(has(NULL, VMAF_PIX_FMT_YUV420P, MSE_Y));
    assert_false(has(NULL, VMAF_PIX_FMT_YUV420P, APSNR_Y));
    assert_false(has("enable_chroma=false", VMAF_PIX_FMT_YUV420P, PSNR_CB));
    assert_false(has(NULL, VMAF_PIX_FMT_YUV400P, PSNR_CB));
    assert_true(has("enable_apsnr=true:enable_chroma=false", VMAF_PIX_FMT_YUV420P, APSNR_CB));
}

static void peaks(void **state)
{
    (void)state;
    const double full = value(NULL, VMAF_PIX_FMT_YUV420P, 10, PSNR_Y);
    const double reduced = value("reduced_hbd_peak=true", VMAF_PIX_FMT_YUV420P, 10, PSNR_Y);
    assert_true(fabs(full - reduced - 20 * log10(1023.0 / 1020.0)) < 1e-9);
    assert_true(value(NULL, VMAF_PIX_FMT_YUV420P, 8, PSNR_Y) ==
                value("reduced_hbd_peak=true", VMAF_PIX_FMT_YUV420P, 8, PSNR_Y));
    const double apsnr =
        value("enable_apsnr=true:enable_chroma=false", VMAF_PIX_FMT_YUV420P, 8, APSNR_CR);
    assert_true(isinf(apsnr) && apsnr < 0);
}

/* The ceiling of equal pictures: by depth, or by the size of each plane. */
static void ceilings(void **state)
{
    (void)state;
    VmafPicture pic;
    VtResult r;
    assert_int_equal(vmaf_picture_alloc(&pic, VMAF_PIX_FMT_YUV420P, 12, 1920, 1080), 0);
    assert_int_equal(metric_once("psnr", NULL, 0, &pic, &pic, &r), 0);
    assert_true(r.value[PSNR_Y] == 84 && r.value[PSNR_CB] == 84);
    assert_int_equal(metric_once("float_psnr", NULL, 0, &pic, &pic, &r), 0);
    assert_true(r.value[0] == 84);
    assert_int_equal(metric_once("float_ansnr", NULL, 0, &pic, &pic, &r), 0);
    assert_true(r.value[0] >= 84 && r.value[1] == 84);
    vmaf_picture_unref(&pic);
    assert_int_equal(vmaf_picture_alloc(&pic, VMAF_PIX_FMT_YUV420P, 8, 1920, 1080), 0);
    assert_int_equal(metric_once("psnr", "min_sse=0.5", 0, &pic, &pic, &r), 0);
    assert_true(r.value[PSNR_Y] == 115 && r.value[PSNR_CB] == 109);
    vmaf_picture_unref(&pic);
}

/* Black against white: the largest sums. */
static void extremes(void **state)
{
    (void)state;
    static const unsigned depths[] = {8, 10, 12, 14, 16};
    for (unsigned d = 0; d < 5; d++) {
        VmafPicture black, white;
        const unsigned w = 641, h = 67, top = (1u << depths[d]) - 1;
        assert_int_equal(vmaf_picture_alloc(&black, VMAF_PIX_FMT_YUV400P, depths[d], w, h), 0);
        assert_int_equal(vmaf_picture_alloc(&white, VMAF_PIX_FMT_YUV400P, depths[d], w, h), 0);
        for (unsigned y = 0; y < h; y++)
            for (unsigned x = 0; x < w; x++) {
                char *row = (char *)white.data[0] + y * white.stride[0];
                if (depths[d] == 8)
                    ((uint8_t *)row)[x] = (uint8_t)top;
                else
                    ((uint16_t *)row)[x] = (uint16_t)top;
            }
        for (unsigned m = 0; m < METRIC_MASKS; m++) {
            VtResult r;
            assert_int_equal(
                metric_once("psnr", "enable_mse=true", metric_mask[m], &black, &white, &r), 0);
            assert_true(r.value[MSE_Y] == (double)top * top && r.value[PSNR_Y] == 0);
            assert_int_equal(metric_once("float_moment", NULL, metric_mask[m], &white, &black, &r),
                             0);
            const float v = (float)top / (float)(1u << (depths[d] - 8));
            assert_true(fabs(r.value[0] - (double)v) < 1e-9 && r.value[1] == 0);
            assert_true(fabs(r.value[2] - (double)(v * v)) < 1e-9 && r.value[3] == 0);
            assert_int_equal(metric_once("float_psnr", NULL, metric_mask[m], &white, &black, &r),
                             0);
            assert_true(fabs(r.value[0] - 10 * log10((double)v * v / (double)(v * v))) < 1e-12);
        }
        vmaf_picture_unref(&black);
        vmaf_picture_unref(&white);
    }
}

static void refusals(void **state)
{
    (void)state;
    VtResult r;
    const enum VmafPixelFormat fmt = VMAF_PIX_FMT_YUV420P;
    assert_int_equal(metric_synth("psnr", "peak=1", 0, fmt, 8, 32, 32, 0, &r), -EINVAL);
    assert_int_equal(metric_synth("psnr", "min_sse=-1", 0, fmt, 8, 32, 32, 0, &r), -EINVAL);
    assert_int_equal(metric_synth("float_psnr", "enable_mse=true", 0, fmt, 8, 32, 32, 0, &r),
                     -EINVAL);
    assert_int_equal(metric_synth("float_ansnr", NULL, 0, fmt, 8, 2, 3, 0, &r), -EINVAL);
    assert_int_equal(metric_synth("float_ansnr", NULL, 0, fmt, 8, 3, 2, 0, &r), -EINVAL);
    assert_int_equal(metric_synth("float_ansnr", NULL, 0, fmt, 8, 3, 3, 0, &r), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(psnr_golden),
        cmocka_unit_test(float_psnr_golden),
        cmocka_unit_test(moment_golden),
        cmocka_unit_test(ansnr_golden),
        cmocka_unit_test(same_everywhere),
        cmocka_unit_test(worked_example),
        cmocka_unit_test(outputs_follow_options),
        cmocka_unit_test(peaks),
        cmocka_unit_test(ceilings),
        cmocka_unit_test(extremes),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
