/* ciede: golden figures, worked example of spec: classic 6, odd sizes, limits. */
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
    static const char *const clips[] = {"16x16_420_8b",    "64x48_420_8b",    "208x192_444_8b",
                                        "240x176_420_12b", "240x176_420_16b", "320x180_420_8b",
                                        "320x180_420_10b", "352x288_422_10b"};
    char name[128];
    for (size_t c = 0; c < sizeof(clips) / sizeof(clips[0]); c++)
        for (unsigned m = 0; m < METRIC_MASKS; m++) {
            snprintf(name, sizeof(name), "synth_%s.classic-ciede", clips[c]);
            expect_metric(name, "ciede", NULL, metric_mask[m], 1e-9);
        }
}

static void same_everywhere(void **state)
{
    (void)state;
    metric_same_everywhere("ciede", NULL, 16, false, 2, 2, 1e-9);
}

static double one_pixel(const uint8_t ref[3], const uint8_t dis[3], uint64_t mask)
{
    VmafPicture pic[2];
    for (unsigned i = 0; i < 2; i++)
        pic[i] = (VmafPicture){.pix_fmt = VMAF_PIX_FMT_YUV444P,
                               .bpc = 8,
                               .w = {1, 1, 1},
                               .h = {1, 1, 1},
                               .stride = {1, 1, 1},
                               .data = {(void *)(i ? dis : ref), (void *)((i ? dis : ref) + 1),
                                        (void *)((i ? dis : ref) + 2)}};
    VtResult r;
    assert_int_equal(metric_once("ciede", NULL, mask, &pic[0], &pic[1], &r), 0);
    return r.value[0];
}

static void worked_example(void **state)
{
    (void)state;
    static const uint8_t ref[3] = {100, 110, 150}, dis[3] = {104, 108, 155};
    for (unsigned m = 0; m < METRIC_MASKS; m++) {
        assert_true(fabs(one_pixel(ref, dis, metric_mask[m]) - 33.653947) < 1e-6);
        const double same = one_pixel(ref, ref, metric_mask[m]);
        assert_true(isinf(same) && same > 0);
    }
}

/* Single pixels all over the cube, also outside of the limited range, against greys and against
 * their neighbours. Where only the last float rounding differs, so does the seventh digit. */
static void colours(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4096; i++) {
        const uint8_t ref[3] = {(uint8_t)(i % 16 * 17), (uint8_t)(i / 16 % 16 * 17),
                                (uint8_t)(i / 256 * 17)};
        const uint8_t dis[3] = {(uint8_t)(ref[0] ^ 3), (uint8_t)(ref[1] ^ (i & 1)),
                                (uint8_t)(ref[2] ^ 2)};
        const uint8_t grey[3] = {ref[0], 128, 128};
        for (unsigned m = 1; m < METRIC_MASKS; m++) {
            const double a = one_pixel(ref, dis, metric_mask[0]);
            assert_true(fabs(one_pixel(ref, dis, metric_mask[m]) - a) < 1e-4);
            const double b = one_pixel(ref, grey, metric_mask[0]);
            assert_true(fabs(one_pixel(ref, grey, metric_mask[m]) - b) < 1e-4);
        }
    }
}

/* An odd height repeats the last chroma row: the same as a picture with one row more in which the
 * last two luma rows are equal, as far as the last row goes. */
static void odd_height(void **state)
{
    (void)state;
    enum { W = 6 };
    static uint8_t y[2][3 * W], c[2][W / 2];
    for (unsigned i = 0; i < 3 * W; i++) y[0][i] = 90, y[1][i] = 100;
    memset(c[0], 120, sizeof(c[0]));
    memset(c[1], 135, sizeof(c[1]));
    VtResult r[2];
    for (unsigned i = 0; i < 2; i++) {
        VmafPicture pic[2];
        for (unsigned s = 0; s < 2; s++)
            pic[s] = (VmafPicture){.pix_fmt = VMAF_PIX_FMT_YUV420P,
                                   .bpc = 8,
                                   .w = {W, W / 2, W / 2},
                                   .h = {2 + i, 1, 1},
                                   .stride = {W, W / 2, W / 2},
                                   .data = {y[s], c[s], c[s]}};
        assert_int_equal(metric_once("ciede", NULL, 0, &pic[0], &pic[1], &r[i]), 0);
    }
    assert_true(fabs(r[0].value[0] - r[1].value[0]) < 1e-12);
}

static void refusals(void **state)
{
    (void)state;
    VtResult r;
    assert_int_equal(metric_synth("ciede", NULL, 0, VMAF_PIX_FMT_YUV400P, 8, 32, 32, 0, &r),
                     -EINVAL);
    assert_int_equal(metric_synth("ciede", "a=1", 0, VMAF_PIX_FMT_YUV420P, 8, 32, 32, 0, &r),
                     -EINVAL);
    assert_int_equal(metric_synth("ciede", NULL, 0, VMAF_PIX_FMT_YUV420P, 8, 1, 1, 0, &r), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden),         cmocka_unit_test(same_everywhere),
        cmocka_unit_test(worked_example), cmocka_unit_test(colours),
        cmocka_unit_test(odd_height),     cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
