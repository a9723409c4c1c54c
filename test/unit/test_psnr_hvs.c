/* psnr_hvs: golden figures, worked example of spec: classic 5, limits. */
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

static void golden(void **state)
{
    (void)state;
    static const char *const clips[] = {"16x16_420_8b",    "64x48_420_8b",   "208x192_444_8b",
                                        "240x176_420_12b", "320x180_420_8b", "320x180_420_10b",
                                        "352x288_422_10b"};
    char name[128];
    for (size_t c = 0; c < sizeof(clips) / sizeof(clips[0]); c++)
        for (unsigned m = 0; m < METRIC_MASKS; m++) {
            snprintf(name, sizeof(name), "synth_%s.classic-psnr_hvs", clips[c]);
            expect_metric(name, "psnr_hvs", NULL, metric_mask[m], 1e-12);
        }
}

static void same_everywhere(void **state)
{
    (void)state;
    metric_same_everywhere("psnr_hvs", NULL, 12, false, 16, 16, 0);
}

static void worked_example(void **state)
{
    (void)state;
    static uint8_t y[2][64], cb[64], cr[2][64];
    for (unsigned i = 0; i < 64; i++) {
        y[0][i] = (uint8_t)(16 * (i / 8) + 8 * (i % 8));
        y[1][i] = (uint8_t)(y[0][i] + 3 * (i / 8 * (i % 8) % 4));
        cb[i] = cr[0][i] = 128;
        cr[1][i] = 131;
    }
    VmafPicture pic[2];
    for (unsigned i = 0; i < 2; i++)
        pic[i] = (VmafPicture){.pix_fmt = VMAF_PIX_FMT_YUV444P,
                               .bpc = 8,
                               .w = {8, 8, 8},
                               .h = {8, 8, 8},
                               .stride = {8, 8, 8},
                               .data = {y[i], cb, cr[i]}};
    for (unsigned m = 0; m < METRIC_MASKS; m++) {
        VtResult r;
        assert_int_equal(metric_once("psnr_hvs", NULL, metric_mask[m], &pic[0], &pic[1], &r), 0);
        assert_true(fabs(r.value[0] - 35.561203) < 1e-6);
        assert_true(isinf(r.value[1]) && r.value[1] > 0);
        assert_true(fabs(r.value[2] - 32.046652) < 1e-6);
        assert_true(fabs(r.value[3] - 35.455560) < 1e-6);
    }
}

/* Noise at full range: the largest coefficients, and sums that pass through many binades. */
static void extremes(void **state)
{
    (void)state;
    static const unsigned depths[] = {8, 10, 12};
    for (unsigned d = 0; d < 3; d++) {
        VmafPicture pic[2];
        uint32_t random = 12345;
        for (unsigned i = 0; i < 2; i++) {
            assert_int_equal(vmaf_picture_alloc(&pic[i], VMAF_PIX_FMT_YUV444P, depths[d], 700, 300),
                             0);
            for (unsigned p = 0; p < 3; p++)
                for (unsigned s = 0; s < 700 * 300; s++) {
                    random = random * 1664525 + 1013904223;
                    const unsigned v = random >> 31 ? (1u << depths[d]) - 1 : 0;
                    char *row = (char *)pic[i].data[p] + s / 700 * pic[i].stride[p];
                    if (depths[d] == 8)
                        ((uint8_t *)row)[s % 700] = (uint8_t)v;
                    else
                        ((uint16_t *)row)[s % 700] = (uint16_t)v;
                }
        }
        VtResult want, got;
        assert_int_equal(metric_once("psnr_hvs", NULL, metric_mask[0], &pic[0], &pic[1], &want), 0);
        assert_true(want.value[3] > 0 && want.value[3] < 20);
        for (unsigned m = 1; m < METRIC_MASKS; m++) {
            assert_int_equal(metric_once("psnr_hvs", NULL, metric_mask[m], &pic[0], &pic[1], &got),
                             0);
            assert_memory_equal(&want, &got, sizeof(want));
        }
        for (unsigned i = 0; i < 2; i++) vmaf_picture_unref(&pic[i]);
    }
}

static void refusals(void **state)
{
    (void)state;
    VtResult r;
    const enum VmafPixelFormat f420 = VMAF_PIX_FMT_YUV420P, f422 = VMAF_PIX_FMT_YUV422P;
    assert_int_equal(metric_synth("psnr_hvs", NULL, 0, f420, 16, 64, 64, 0, &r), -EINVAL);
    assert_int_equal(metric_synth("psnr_hvs", NULL, 0, VMAF_PIX_FMT_YUV400P, 8, 64, 64, 0, &r),
                     -EINVAL);
    assert_int_equal(metric_synth("psnr_hvs", NULL, 0, f420, 8, 15, 16, 0, &r), -EINVAL);
    assert_int_equal(metric_synth("psnr_hvs", NULL, 0, f420, 8, 16, 15, 0, &r), -EINVAL);
    assert_int_equal(metric_synth("psnr_hvs", NULL, 0, f422, 8, 15, 8, 0, &r), -EINVAL);
    assert_int_equal(metric_synth("psnr_hvs", NULL, 0, f422, 8, 16, 8, 0, &r), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden),   cmocka_unit_test(same_everywhere),
        cmocka_unit_test(extremes), cmocka_unit_test(worked_example),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
