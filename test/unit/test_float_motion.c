/* Floating-point motion: golden figures, whole-plane reference, the sequence, options, groups,
 * limits. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cpu/cpu.h"
#include "expect.h"
#include "float_reference.h"
#include "float_support.h"

enum { UNWEIGHTED, MOTION2, MOTION3, MOTION, OUTPUTS };

static const uint64_t masks[] = {~UINT64_C(0), VT_CPU_AVX512 | VT_CPU_AVX512ICL, 0};
#define MASKS (sizeof(masks) / sizeof(masks[0]))
#define OPTIONS(...) ((const char *const[]){__VA_ARGS__, NULL})

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
        for (size_t m = 0; m < MASKS; m++)
            figures += expect_metric(name, "float_motion", NULL, masks[m], 0);
    }
    print_message("%u figures equal\n", figures);
}

/* Score between frames 0 and 1, summed over planes. */
static double expected(const Clip *c, int taps, unsigned planes)
{
    double sum = 0;
    for (unsigned p = 0; p < planes; p++) {
        FloatPlane a = float_plane(&c->ref[0], p), b = float_plane(&c->ref[1], p);
        sum += (double)reference_motion(&a, &b, taps);
        float_plane_free(&a);
        float_plane_free(&b);
    }
    return sum;
}

static void check_score(const Clip *c, const char *options, double want)
{
    for (size_t m = 0; m < MASKS; m++) {
        static Scores got;
        assert_int_equal(clip_score(c, "float_motion", OPTIONS(options), masks[m], &got), 0);
        const double motion = got.value[0][MOTION][1];
        if (motion != want)
            fail_msg("%ux%u, '%s', mask %zu: %.17g, expected %.17g", c->ref[0].w[0], c->ref[0].h[0],
                     options, m, motion, want);
    }
}

static void sizes(void **state)
{
    (void)state;
    static const char *const options[] = {"", "motion_filter_size=3", "motion_filter_size=1",
                                          "motion_filter_size=7"};
    static const int taps[] = {5, 3, 1, 5};
    for (unsigned i = 0; i < 40; i++) {
        const unsigned w = i < 20 ? 3 + i : 23 + 17 * (i - 20), h = 3 + i * 37 % 71;
        Clip c;
        if (i % 4)
            clip_make(&c, VMAF_PIX_FMT_YUV400P, 8 + i % 9, w, h, 2);
        else
            clip_make_noise(&c, 8 + i % 9, w, h, 2);
        for (unsigned k = 0; k < 4; k++) check_score(&c, options[k], expected(&c, taps[k], 1));
        clip_free(&c);
    }
}

static void chroma(void **state)
{
    (void)state;
    static const enum VmafPixelFormat formats[] = {VMAF_PIX_FMT_YUV420P, VMAF_PIX_FMT_YUV422P,
                                                   VMAF_PIX_FMT_YUV444P};
    for (unsigned i = 0; i < 3; i++) {
        Clip c;
        clip_make(&c, formats[i], 8, 75, 53, 2);
        check_score(&c, "motion_add_uv=true", expected(&c, 5, 3));
        clip_free(&c);
    }
}

static int mirror(int t, int n)
{
    return t < 0 ? -t : t >= n ? 2 * n - 2 - t : t;
}

/* The plane at half size; rows of the source are read with a pitch of its width rounded up to 8,
 * out of a buffer with the luma's. */
static FloatPlane halved(const FloatPlane *p, unsigned luma_w)
{
    const unsigned pitch = (luma_w + 7) / 8 * 8, wrong_pitch = (p->w + 7) / 8 * 8;
    FloatPlane buffer = float_plane_new(pitch, p->h);
    for (unsigned y = 0; y < p->h; y++)
        memcpy(buffer.v + y * pitch, p->v + y * p->w, p->w * sizeof(float));
    FloatPlane out = float_plane_new((p->w + 1) / 2, (p->h + 1) / 2);
    const float rx = (float)p->w / (float)out.w, ry = (float)p->h / (float)out.h;
    for (unsigned i = 0; i < out.w * out.h; i++) {
        const float px = (float)((i % out.w + 0.5) * (double)rx - 0.5);
        const float py = (float)((i / out.w + 0.5) * (double)ry - 0.5);
        const int x1 = mirror((int)floorf(px), (int)p->w), x2 = mirror((int)ceilf(px), (int)p->w);
        const int y1 = mirror((int)floorf(py), (int)p->h), y2 = mirror((int)ceilf(py), (int)p->h);
        const float dx = px - (float)x1, dy = py - (float)y1;
        const float *r1 = buffer.v + y1 * (int)wrong_pitch, *r2 = buffer.v + y2 * (int)wrong_pitch;
        out.v[i] = (1 - dy) * (1 - dx) * r1[x1] + (1 - dy) * dx * r1[x2] + dy * (1 - dx) * r2[x1] +
                   dy * dx * r2[x2];
    }
    float_plane_free(&buffer);
    return out;
}

/* Without a blur, so that the reference needs none: motion_filter_size=1. */
static double expected_with_half(const Clip *c, unsigned planes)
{
    double sum = 0;
    for (unsigned k = 0; k < planes; k++) {
        FloatPlane a = float_plane(&c->ref[0], k), b = float_plane(&c->ref[1], k);
        FloatPlane ha = halved(&a, c->ref[0].w[0]), hb = halved(&b, c->ref[0].w[0]);
        sum += (double)(reference_motion(&a, &b, 1) + reference_motion(&ha, &hb, 1));
        float_plane_free(&a);
        float_plane_free(&b);
        float_plane_free(&ha);
        float_plane_free(&hb);
    }
    return sum;
}

static void half_size(void **state)
{
    (void)state;
    static const enum VmafPixelFormat formats[] = {VMAF_PIX_FMT_YUV420P, VMAF_PIX_FMT_YUV422P,
                                                   VMAF_PIX_FMT_YUV444P};
    for (unsigned i = 0; i < 3; i++)
        for (unsigned odd = 0; odd < 2; odd++) {
            Clip c;
            clip_make(&c, formats[i], 10, 76 - odd, 52 + odd, 2);
            check_score(&c, "motion_add_scale1=true:motion_filter_size=1",
                        expected_with_half(&c, 1));
            check_score(&c, "motion_add_scale1=true:motion_filter_size=1:motion_add_uv=true",
                        expected_with_half(&c, 3));
            clip_free(&c);
        }
}

static double min(double a, double b)
{
    return a < b ? a : b;
}

static void sequence(void **state)
{
    (void)state;
    enum { N = 6 };
    static Scores plain, s;
    Clip c;
    clip_make_noise(&c, 8, 33, 21, N);
    assert_int_equal(clip_score(&c, "float_motion", OPTIONS(""), 0, &plain), 0);
    const double *e = plain.value[0][MOTION];
    assert_true(e[0] == 0 && plain.value[0][MOTION2][0] == 0 && plain.value[0][MOTION3][0] == e[1]);
    for (int i = 1; i < N; i++) {
        const double want = i + 1 < N ? min(e[i], e[i + 1]) : e[i];
        assert_true(e[i] > 0 && plain.value[0][MOTION2][i] == want);
        assert_true(plain.value[0][MOTION3][i] == want);
        assert_false(plain.has[0][UNWEIGHTED][i]);
    }
    const double top = 1.5 * e[2] - 0.01;
    char options[200];
    snprintf(options, sizeof(options),
             "debug=false:motion_fps_weight=1.5:motion_blend_factor=0.5:motion_blend_offset=1:"
             "motion_max_val=%g",
             top);
    assert_int_equal(clip_score(&c, "float_motion", OPTIONS(options), 0, &s), 0);
    for (int i = 0; i < N; i++) {
        const double x = plain.value[0][i ? MOTION2 : MOTION3][i] * 1.5;
        const double blended = x * 0.5 + (1 - 0.5) * min(1, x);
        assert_false(s.has[0][MOTION][i]);
        assert_true(fabs(s.value[0][MOTION2][i] - (i ? min(x, top) : 0)) < 1e-4);
        assert_true(fabs(s.value[0][MOTION3][i] - min(blended, top)) < 1e-4);
    }
    clip_free(&c);
}

static void short_clips(void **state)
{
    (void)state;
    static Scores s;
    Clip c;
    clip_make(&c, VMAF_PIX_FMT_YUV420P, 8, 40, 30, 1);
    assert_int_equal(clip_score(&c, "float_motion", OPTIONS(""), 0, &s), 0);
    for (int o = MOTION2; o <= MOTION; o++)
        assert_true(s.has[0][o][0] && s.value[0][o][0] == 0 && !s.has[0][o][1]);
    clip_free(&c);
    clip_make(&c, VMAF_PIX_FMT_YUV420P, 8, 40, 30, 2);
    assert_int_equal(clip_score(&c, "float_motion", OPTIONS(""), 0, &s), 0);
    const double e1 = s.value[0][MOTION][1];
    assert_true(e1 > 0 && s.value[0][MOTION2][0] == 0 && s.value[0][MOTION3][0] == e1);
    assert_true(s.value[0][MOTION2][1] == e1 && s.value[0][MOTION3][1] == e1);
    clip_free(&c);
}

static void zero(void **state)
{
    (void)state;
    static Scores s;
    Clip c;
    clip_make(&c, VMAF_PIX_FMT_YUV420P, 8, 40, 30, 3);
    assert_int_equal(clip_score(&c, "float_motion",
                                OPTIONS("motion_force_zero=true",
                                        "motion_force_zero=true:debug=false", "debug=false"),
                                0, &s),
                     0);
    for (int i = 0; i < 3; i++) {
        for (int o = MOTION2; o <= MOTION; o++)
            assert_true(s.has[0][o][i] && s.value[0][o][i] == 0);
        assert_true(s.has[1][MOTION2][i] && s.has[1][MOTION3][i] && !s.has[1][MOTION][i]);
        assert_true(s.has[2][MOTION2][i] && !s.has[2][MOTION][i]);
    }
    assert_true(s.value[2][MOTION2][1] > 0);
    clip_free(&c);
}

static void group_members(void **state)
{
    (void)state;
    static const char *const options[] = {"", "motion_fps_weight=2", "motion_max_val=1",
                                          "motion_blend_factor=0.3:motion_filter_size=7", NULL};
    static Scores together, alone;
    Clip c;
    clip_make(&c, VMAF_PIX_FMT_YUV420P, 8, 75, 61, 4);
    assert_int_equal(clip_score(&c, "float_motion", options, 0, &together), 0);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(clip_score(&c, "float_motion", OPTIONS(options[i]), 0, &alone), 0);
        assert_true(scores_equal(&together, i, &alone, 0));
    }
    clip_free(&c);
}

static int refused(const char *options, enum VmafPixelFormat fmt, unsigned w, unsigned h)
{
    static Scores scores;
    Clip c;
    clip_make(&c, fmt, 8, w, h, 2);
    const int err = clip_score(&c, "float_motion", OPTIONS(options), 0, &scores);
    clip_free(&c);
    if (err) assert_int_equal(support_lines_logged, 1);
    return err;
}

static void errors(void **state)
{
    (void)state;
    const enum VmafPixelFormat mono = VMAF_PIX_FMT_YUV400P, p420 = VMAF_PIX_FMT_YUV420P;
    assert_int_equal(refused("", mono, 3, 3), 0);
    assert_int_equal(refused("", mono, 2, 3), -EINVAL);
    assert_int_equal(refused("", mono, 3, 2), -EINVAL);
    assert_int_equal(refused("motion_filter_size=3", mono, 2, 2), 0);
    assert_int_equal(refused("motion_filter_size=3", mono, 1, 2), -EINVAL);
    assert_int_equal(refused("motion_filter_size=1:motion_add_scale1=true", mono, 1, 1), 0);
    assert_int_equal(refused("motion_add_uv=true", mono, 32, 32), -EINVAL);
    assert_int_equal(refused("motion_add_uv=true", p420, 6, 6), 0);
    assert_int_equal(refused("motion_add_uv=true", p420, 5, 6), -EINVAL);
    assert_int_equal(refused("motion_add_uv=true", VMAF_PIX_FMT_YUV422P, 6, 3), 0);
    assert_int_equal(refused("motion_filter_size=10", mono, 32, 32), -EINVAL);
    assert_int_equal(refused("motion_five_frame_window=true", mono, 32, 32), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden),    cmocka_unit_test(sizes),         cmocka_unit_test(chroma),
        cmocka_unit_test(half_size), cmocka_unit_test(sequence),      cmocka_unit_test(short_clips),
        cmocka_unit_test(zero),      cmocka_unit_test(group_members), cmocka_unit_test(errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
