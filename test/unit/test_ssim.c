/* float_ssim and float_ms_ssim: golden figures, worked example of spec: classic 2, decibels,
 * scales, limits. */
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

static const char *const small_clips[] = {"synth_16x16_420_8b", "synth_33x35_444_10b",
                                          "synth_64x48_420_8b"};
static const char *const clips[] = {
    "synth_192x176_400_8b",  "synth_208x192_444_8b",  "synth_240x176_420_12b",
    "synth_240x176_420_16b", "synth_257x193_420_8b",  "synth_320x180_420_8b",
    "synth_320x180_420_10b", "synth_352x288_422_10b",
};

static void golden(const char *clip, const char *metric)
{
    char name[128];
    snprintf(name, sizeof(name), "%s.classic-%s", clip, metric);
    for (unsigned m = 0; m < METRIC_MASKS; m++)
        expect_metric(name, metric, "enable_lcs=true", metric_mask[m], 1e-12);
}

static void ssim_golden(void **state)
{
    (void)state;
    for (size_t c = 0; c < sizeof(small_clips) / sizeof(small_clips[0]); c++)
        golden(small_clips[c], "float_ssim");
    for (size_t c = 0; c < sizeof(clips) / sizeof(clips[0]); c++) golden(clips[c], "float_ssim");
}

static void ms_ssim_golden(void **state)
{
    (void)state;
    for (size_t c = 0; c < sizeof(clips) / sizeof(clips[0]); c++) golden(clips[c], "float_ms_ssim");
}

static void ssim_same_everywhere(void **state)
{
    (void)state;
    metric_same_everywhere("float_ssim", "scale=1:enable_lcs=true", 16, true, 11, 11, 0);
    metric_same_everywhere("float_ssim", "scale=2:enable_lcs=true", 16, true, 22, 22, 0);
    metric_same_everywhere("float_ssim", "scale=3:enable_lcs=true", 16, true, 33, 33, 0);
    metric_same_everywhere("float_ssim", "scale=4:enable_lcs=true", 16, true, 44, 44, 0);
    metric_same_everywhere("float_ssim", "scale=8:enable_lcs=true", 16, true, 88, 88, 0);
}

static void ms_ssim_same_everywhere(void **state)
{
    (void)state;
    metric_same_everywhere("float_ms_ssim", "enable_lcs=true", 16, true, 176, 176, 0);
}

static void worked_example(void **state)
{
    (void)state;
    VmafPicture ref, dis;
    assert_int_equal(vmaf_picture_alloc(&ref, VMAF_PIX_FMT_YUV400P, 8, 11, 11), 0);
    assert_int_equal(vmaf_picture_alloc(&dis, VMAF_PIX_FMT_YUV400P, 8, 11, 11), 0);
    for (int i = 0; i < 11; i++)
        for (int j = 0; j < 11; j++) {
            const int v = 20 + 10 * i + 5 * j;
            ((uint8_t *)ref.data[0])[i * ref.stride[0] + j] = (uint8_t)v;
            ((uint8_t *)dis.data[0])[i * dis.stride[0] + j] = (uint8_t)(v + ((i + j) % 2 ? 3 : -2));
        }
    static const double want[] = {0.989999, 0.999986, 0.999945, 0.990067};
    for (unsigned m = 0; m < METRIC_MASKS; m++) {
        VtResult r;
        assert_int_equal(
            metric_once("float_ssim", "enable_lcs=true:scale=1", metric_mask[m], &ref, &dis, &r),
            0);
        for (unsigned o = 0; o < 4; o++) assert_true(fabs(r.value[o] - want[o]) < 1e-6);
    }
    vmaf_picture_unref(&ref);
    vmaf_picture_unref(&dis);
}

static double score(const char *metric, const char *options, unsigned w, unsigned h)
{
    VtResult r;
    assert_int_equal(metric_synth(metric, options, 0, VMAF_PIX_FMT_YUV420P, 8, w, h, 0, &r), 0);
    return r.value[0];
}

/* The automatic scale turns at 384 and at 640. */
static void automatic_scale(void **state)
{
    (void)state;
    assert_true(score("float_ssim", NULL, 400, 383) == score("float_ssim", "scale=1", 400, 383));
    assert_true(score("float_ssim", NULL, 400, 384) == score("float_ssim", "scale=2", 400, 384));
    assert_true(score("float_ssim", NULL, 639, 650) == score("float_ssim", "scale=2", 639, 650));
    assert_true(score("float_ssim", NULL, 640, 650) == score("float_ssim", "scale=3", 640, 650));
    assert_true(score("float_ssim", "scale=1", 400, 384) !=
                score("float_ssim", "scale=2", 400, 384));
}

static void decibels(void **state)
{
    (void)state;
    static const char *const metrics[] = {"float_ssim", "float_ms_ssim"};
    for (unsigned i = 0; i < 2; i++) {
        const double ratio = score(metrics[i], NULL, 200, 180);
        assert_true(ratio > 0.5 && ratio < 1);
        const double db = score(metrics[i], "enable_db=true", 200, 180);
        assert_true(fabs(db + 10 * log10(1 - ratio)) < 1e-12);
        assert_true(score(metrics[i], "enable_db=true:clip_db=true", 200, 180) == db);
        assert_true(score(metrics[i], "clip_db=true", 200, 180) == ratio);
    }
}

static void equal_pictures(void **state)
{
    (void)state;
    VmafPicture pic;
    VtResult r;
    assert_int_equal(vmaf_picture_alloc(&pic, VMAF_PIX_FMT_YUV420P, 8, 1920, 1080), 0);
    for (unsigned y = 0; y < 1080; y++)
        for (unsigned x = 0; x < 1920; x++)
            ((uint8_t *)pic.data[0])[y * pic.stride[0] + x] = (uint8_t)(x * y / 64);
    static const char *const metrics[] = {"float_ssim", "float_ms_ssim"};
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(metric_once(metrics[i], NULL, 0, &pic, &pic, &r), 0);
        assert_true(r.value[0] == 1);
        assert_int_equal(metric_once(metrics[i], "enable_db=true", 0, &pic, &pic, &r), 0);
        assert_true(isinf(r.value[0]) && r.value[0] > 0);
        assert_int_equal(metric_once(metrics[i], "enable_db=true:clip_db=true", 0, &pic, &pic, &r),
                         0);
        assert_true(r.value[0] == 115);
    }
    vmaf_picture_unref(&pic);
}

/* A picture against its negative: a negative structure term has no root. */
static void negative_structure(void **state)
{
    (void)state;
    VmafPicture ref, dis;
    VtResult r;
    assert_int_equal(vmaf_picture_alloc(&ref, VMAF_PIX_FMT_YUV400P, 8, 192, 192), 0);
    assert_int_equal(vmaf_picture_alloc(&dis, VMAF_PIX_FMT_YUV400P, 8, 192, 192), 0);
    for (unsigned y = 0; y < 192; y++)
        for (unsigned x = 0; x < 192; x++) {
            const uint8_t v = (uint8_t)((x / 32 + y / 32) % 2 * 200);
            ((uint8_t *)ref.data[0])[y * ref.stride[0] + x] = v;
            ((uint8_t *)dis.data[0])[y * dis.stride[0] + x] = (uint8_t)(255 - v);
        }
    assert_int_equal(metric_once("float_ssim", NULL, 0, &ref, &dis, &r), 0);
    assert_true(r.value[0] < 0.9);
    assert_int_equal(metric_once("float_ms_ssim", NULL, 0, &ref, &dis, &r), 0);
    assert_true(isnan(r.value[0]));
    assert_int_equal(metric_once("float_ms_ssim", "enable_db=true:clip_db=true", 0, &ref, &dis, &r),
                     0);
    assert_true(r.value[0] == ceil(10 * log10(255.0 * 255 / (0.5 / (192 * 192)))));
    vmaf_picture_unref(&ref);
    vmaf_picture_unref(&dis);
}

static void refusals(void **state)
{
    (void)state;
    VtResult r;
    const enum VmafPixelFormat f = VMAF_PIX_FMT_YUV420P;
    assert_int_equal(metric_synth("float_ssim", NULL, 0, f, 8, 10, 11, 0, &r), -EINVAL);
    assert_int_equal(metric_synth("float_ssim", NULL, 0, f, 8, 11, 10, 0, &r), -EINVAL);
    assert_int_equal(metric_synth("float_ssim", NULL, 0, f, 8, 11, 11, 0, &r), 0);
    assert_int_equal(metric_synth("float_ssim", "scale=4", 0, f, 8, 42, 99, 0, &r), -EINVAL);
    assert_int_equal(metric_synth("float_ssim", "scale=4", 0, f, 8, 43, 99, 0, &r), 0);
    assert_int_equal(metric_synth("float_ssim", "scale=11", 0, f, 8, 200, 200, 0, &r), -EINVAL);
    assert_int_equal(metric_synth("float_ms_ssim", NULL, 0, f, 8, 175, 200, 0, &r), -EINVAL);
    assert_int_equal(metric_synth("float_ms_ssim", NULL, 0, f, 8, 200, 175, 0, &r), -EINVAL);
    assert_int_equal(metric_synth("float_ms_ssim", "scale=1", 0, f, 8, 200, 200, 0, &r), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ssim_golden),
        cmocka_unit_test(ms_ssim_golden),
        cmocka_unit_test(ssim_same_everywhere),
        cmocka_unit_test(ms_ssim_same_everywhere),
        cmocka_unit_test(worked_example),
        cmocka_unit_test(automatic_scale),
        cmocka_unit_test(decibels),
        cmocka_unit_test(equal_pictures),
        cmocka_unit_test(negative_structure),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
