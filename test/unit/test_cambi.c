/* CAMBI against the expected figures, the worked example of its specification, and a second
 * implementation here that counts windows position by position. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/mem.h"
#include "cpu/cpu.h"
#include "expect.h"
#include "metric/cambi/cambi_setup.h"
#include "metric/registry.h"

#define SCALAR UINT64_MAX
#define V1 "cambi_high_res_speedup=1080:cambi_vis_lum_threshold=0.06:cambi_max_val=17"

static const uint64_t cpumasks[] = {SCALAR, VT_CPU_AVX512 | VT_CPU_AVX512ICL, 0};
#define N_MASKS (sizeof(cpumasks) / sizeof(cpumasks[0]))

static void expected_figures(void **state)
{
    (void)state;
    static const char *const clips[] = {
        "synth_240x176_420_12b", "synth_240x176_420_16b", "synth_257x193_420_8b",
        "synth_320x180_420_10b", "synth_320x180_420_8b",  "synth_352x288_422_10b",
    };
    for (size_t i = 0; i < sizeof(clips) / sizeof(clips[0]); i++) {
        char name[64];
        for (size_t m = 0; m < N_MASKS; m++) {
            snprintf(name, sizeof(name), "%s.classic-cambi", clips[i]);
            expect_metric(name, "cambi", "full_ref=true", cpumasks[m], 0);
            snprintf(name, sizeof(name), "%s.models-v1", clips[i]);
            expect_metric(name, "cambi", V1, cpumasks[m], 0);
        }
    }
}

static void visibility_limits(void **state)
{
    (void)state;
    static const unsigned want[] = {178, 305, 432, 559, 686, 813, 1023, 1023};
    for (unsigned d = 1; d <= 8; d++)
        assert_int_equal(vt_cambi_visible_to("bt1886", 0.019, d), want[d - 1]);
    assert_int_equal(vt_cambi_visible_to("pq", 0.019, 1), 233);
    assert_int_equal(vt_cambi_visible_to("pq", 0.019, 2), 1023);
    assert_true(vt_cambi_luminance("bt1886", 77) < 0.06);
    assert_false(vt_cambi_luminance("bt1886", 78) < 0.06);
    assert_true(vt_cambi_luminance("pq", 214) < 1.5);
    assert_false(vt_cambi_luminance("pq", 215) < 1.5);
}

/* One instance of the metric on pictures of one format. */
typedef struct Bench {
    VmafFeatureDictionary *dict;
    VtInstance *inst;
    VtGroup group;
    void *scratch;
} Bench;

static void lose_line(void *user, enum VmafLogLevel level, const char *line)
{
    (void)level;
    snprintf(user, 512, "%s", line);
}

static char last_line[512];
static const VtLog quiet = {VMAF_LOG_LEVEL_ERROR, lose_line, last_line};

/* Returns init's result; on failure there is nothing to close. */
static int bench_open(Bench *b, const char *options, unsigned bpc, unsigned w, unsigned h,
                      uint64_t cpumask)
{
    *b = (Bench){0};
    last_line[0] = 0;
    char *copy = strdup(options), *save = NULL;
    assert_non_null(copy);
    for (char *o = strtok_r(copy, ":", &save); o; o = strtok_r(NULL, ":", &save)) {
        char *eq = strchr(o, '=');
        assert_non_null(eq);
        *eq = 0;
        assert_int_equal(vmaf_feature_dictionary_set(&b->dict, o, eq + 1), 0);
    }
    free(copy);
    const VtMetric *m = vt_metric_find("cambi");
    assert_non_null(m);
    int err = vt_instance_create(&b->inst, m, b->dict, &quiet);
    if (!err) {
        b->group = (VtGroup){.metric = m,
                             .member = &b->inst,
                             .n_members = 1,
                             .format = {VMAF_PIX_FMT_YUV400P, bpc, w, h},
                             .cpu_flags = vt_cpu_flags(cpumask),
                             .log = &quiet};
        err = m->init(&b->group);
    }
    if (!err) {
        b->scratch = vt_aligned_alloc(m->scratch_size(&b->group));
        assert_non_null(b->scratch);
        return 0;
    }
    assert_string_not_equal(last_line, "");
    vt_instance_destroy(b->inst);
    vt_dictionary_free(&b->dict);
    return err;
}

static void bench_close(Bench *b)
{
    b->group.metric->close(&b->group);
    vt_aligned_free(b->scratch);
    vt_instance_destroy(b->inst);
    vt_dictionary_free(&b->dict);
}

static int bench_run(Bench *b, unsigned index, const VmafPicture *ref, const VmafPicture *dis,
                     VtResult *r)
{
    VtResult *results[1] = {r};
    const VtFrame frame = {.index = index, .ref = ref, .dis = dis};
    *r = (VtResult){0};
    return b->group.metric->extract(&b->group, b->scratch, &frame, results);
}

typedef unsigned (*Content)(unsigned x, unsigned y);

static void make_picture(VmafPicture *pic, unsigned bpc, unsigned w, unsigned h, Content f)
{
    assert_int_equal(vmaf_picture_alloc(pic, VMAF_PIX_FMT_YUV400P, bpc, w, h), 0);
    for (unsigned y = 0; y < h; y++) {
        uint8_t *row = (uint8_t *)pic->data[0] + (ptrdiff_t)y * pic->stride[0];
        for (unsigned x = 0; x < w; x++) {
            const unsigned v = f(x, y);
            if (bpc == 8)
                row[x] = (uint8_t)v;
            else
                ((uint16_t *)(void *)row)[x] = (uint16_t)v;
        }
    }
}

/* ---- worked example, read from the heat maps ---- */

static unsigned example(unsigned x, unsigned y)
{
    return 60 + (x >= 24) + (y >= 27);
}

static void worked_example(void **state)
{
    (void)state;
    char folder[] = "/tmp/vmaf_cambi_XXXXXX", path[256], options[256];
    assert_non_null(mkdtemp(folder));
    snprintf(options, sizeof(options), "heatmaps_path=%s/deep/er", folder);
    Bench b;
    assert_int_equal(bench_open(&b, options, 8, 240, 216, 0), 0);
    VmafPicture pic;
    VtResult r;
    make_picture(&pic, 8, 240, 216, example);
    assert_int_equal(bench_run(&b, 1, &pic, &pic, &r), 0);
    assert_int_equal(r.written, 1);
    bench_close(&b);
    vmaf_picture_unref(&pic);

    static uint16_t map[216][240];
    snprintf(path, sizeof(path), "%s/deep/er/cambi_heatmap_scale_0_240x216_16b.gray", folder);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fseek(f, sizeof(map), SEEK_SET), 0); /* frame 1 */
    assert_int_equal(fread(map, 1, sizeof(map), f), sizeof(map));
    assert_int_equal(fgetc(f), EOF);
    fclose(f);
    static const double row40[] = {0, 0, 16, 24, 24, 16, 0, 0};
    for (unsigned x = 0; x < 8; x++)
        assert_int_equal(map[40][20 + x], (int)(row40[x] * 65535 / 25));
    static const double corner[2][3] = {{21.3333, 22.9565, 20.3636}, {22.9565, 20.5714, 16.4211}};
    for (unsigned y = 0; y < 2; y++)
        for (unsigned x = 0; x < 3; x++)
            assert_true(fabs(map[25 + y][22 + x] - corner[y][x] * 65535 / 25) <= 1.2);

    for (unsigned k = 0, w = 240, h = 216; k < 5; k++, w = (w + 1) / 2, h = (h + 1) / 2) {
        snprintf(path, sizeof(path), "%s/deep/er/cambi_heatmap_scale_%u_%ux%u_16b.gray", folder, k,
                 w, h);
        assert_int_equal(unlink(path), 0);
    }
    snprintf(path, sizeof(path), "%s/deep/er", folder);
    assert_int_equal(rmdir(path), 0);
    snprintf(path, sizeof(path), "%s/deep", folder);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

/* ---- a second implementation, for the default set-up of 8-bit pictures ---- */

typedef struct Image {
    unsigned w, h;
    uint16_t *v;
    uint8_t *m;
} Image;

static unsigned mode3(unsigned a, unsigned b, unsigned c)
{
    if (a == b || a == c) return a;
    if (b == c) return b;
    return a < b ? (a < c ? a : c) : (b < c ? b : c);
}

static void simple_mode(Image *im)
{
    const unsigned w = im->w, h = im->h;
    uint16_t *t = malloc(2 * (size_t)w * h);
    assert_non_null(t);
    for (unsigned y = 0; y < h; y++)
        for (unsigned x = 0; x < w; x++) {
            const uint16_t *p = im->v + (size_t)y * w + x;
            t[(size_t)y * w + x] = x && x + 1 < w ? (uint16_t)mode3(p[-1], p[0], p[1]) : *p;
        }
    for (unsigned y = 1; y + 1 < h; y++)
        for (unsigned x = 0; x < w; x++) {
            const uint16_t *p = t + (size_t)y * w + x;
            im->v[(size_t)y * w + x] = (uint16_t)mode3(*(p - w), *p, p[w]);
        }
    free(t);
}

static void simple_halve(Image *im)
{
    const unsigned w = im->w;
    im->w = (w + 1) / 2;
    im->h = (im->h + 1) / 2;
    for (unsigned y = 0; y < im->h; y++)
        for (unsigned x = 0; x < im->w; x++) {
            im->v[(size_t)y * im->w + x] = im->v[(size_t)2 * y * w + 2 * x];
            im->m[(size_t)y * im->w + x] = im->m[(size_t)2 * y * w + 2 * x];
        }
}

/* t[d]: see visibility_limits; dark: V0. */
static float simple_c(const Image *im, unsigned x, unsigned y, int pad, int dark)
{
    static const int limit[] = {178, 305, 432, 559};
    const int v = im->v[(size_t)y * im->w + x];
    unsigned n[9] = {0};
    if (!im->m[(size_t)y * im->w + x]) return 0;
    for (int yy = (int)y - pad; yy <= (int)y + pad; yy++)
        for (int xx = (int)x - pad; xx <= (int)x + pad; xx++) {
            if (yy < 0 || xx < 0 || yy >= (int)im->h || xx >= (int)im->w) continue;
            const int u = im->v[(size_t)yy * im->w + xx] - v + 4;
            if (u >= 0 && u < 9 && im->m[(size_t)yy * im->w + xx]) n[u]++;
        }
    float c = 0;
    for (int d = 1; d <= 4; d++) {
        if (v > limit[d - 1] || v + 4 + d <= dark) continue;
        const unsigned q = n[4 + d] > n[4 - d] ? n[4 + d] : n[4 - d];
        char text[32];
        snprintf(text, sizeof(text), "%.9g", 1.0 / (n[4] + q));
        const float candidate = (float)((unsigned)d * n[4] * q) * strtof(text, NULL);
        if (candidate > c) c = candidate;
    }
    return c;
}

static int descending(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x < y) - (x > y);
}

static double simple_scale(const Image *im, int pad, int dark)
{
    const size_t n = (size_t)im->w * im->h;
    float *c = malloc(n * sizeof(*c));
    assert_non_null(c);
    for (unsigned y = 0; y < im->h; y++)
        for (unsigned x = 0; x < im->w; x++)
            c[(size_t)y * im->w + x] = simple_c(im, x, y, pad, dark);
    qsort(c, n, sizeof(*c), descending);
    const size_t k = (size_t)(0.6 * (double)n);
    double sum = 0;
    for (size_t i = 0; i < k; i++) sum += (double)c[i];
    free(c);
    return sum / (double)k;
}

static void simple_mask(Image *im, unsigned threshold)
{
    const int w = (int)im->w, h = (int)im->h;
    uint8_t *z = malloc((size_t)w * h);
    assert_non_null(z);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            const uint16_t *p = im->v + (size_t)y * w + x;
            z[(size_t)y * w + x] = (x + 1 == w || p[0] == p[1]) && (y + 1 == h || p[0] == p[w]);
        }
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            unsigned s = 0;
            for (int yy = y - 3; yy <= y + 3; yy++)
                for (int xx = x - 3; xx <= x + 3; xx++)
                    if (yy >= 0 && xx >= 0 && yy < h && xx < w) s += z[(size_t)yy * w + xx];
            im->m[(size_t)y * w + x] = s > threshold;
        }
    free(z);
}

static double simple_cambi(unsigned w, unsigned h, Content f, unsigned threshold, int window,
                           bool speedup, int dark)
{
    Image im = {w, h, malloc(2 * (size_t)w * h), malloc((size_t)w * h)};
    assert_non_null(im.v);
    assert_non_null(im.m);
    for (unsigned y = 0; y < h; y++)
        for (unsigned x = 0; x < w; x++) {
            const unsigned x1 = x + 1 < w ? x + 1 : x, y1 = y + 1 < h ? y + 1 : y;
            im.v[(size_t)y * w + x] = (uint16_t)(f(x, y) + f(x1, y) + f(x, y1) + f(x1, y1));
        }
    simple_mask(&im, threshold);
    double score = 0;
    for (int k = 0; k < 5; k++) {
        if (k || speedup) simple_halve(&im);
        simple_mode(&im);
        score += (16 >> k) * simple_scale(&im, window / 2, dark);
    }
    free(im.v);
    free(im.m);
    return score / (window * window);
}

static unsigned hash(unsigned n)
{
    n = (n ^ n >> 16) * 0x7feb352du;
    n = (n ^ n >> 15) * 0x846ca68bu;
    return n ^ n >> 16;
}

static unsigned gradient(unsigned x, unsigned y)
{
    return 40 + x / 9 + y / 13;
}

static unsigned blocks(unsigned x, unsigned y)
{
    return 50 + hash(x / 11 + y / 8 * 1000) % 4;
}

static unsigned grain(unsigned x, unsigned y)
{
    return 30 + x / 30 + (hash(x / 64 + y / 32 * 100) % 3 ? 0 : hash(x + y * 10000) % 12);
}

static unsigned steps(unsigned x, unsigned y)
{
    return x < 3 || y < 2 ? 255 : 14 + (x + y) / 40 % 60 + (hash(x + 999 * y) % 50 == 0);
}

static void check_simple(unsigned w, unsigned h, Content f, unsigned threshold, int window,
                         const char *options, bool speedup, int dark)
{
    VmafPicture pic;
    make_picture(&pic, 8, w, h, f);
    const double want = simple_cambi(w, h, f, threshold, window, speedup, dark);
    if (!(want > 0)) fail_msg("%ux%u %s: nothing to see", w, h, options);
    for (size_t m = 0; m < N_MASKS; m++) {
        Bench b;
        VtResult r;
        assert_int_equal(bench_open(&b, options, 8, w, h, cpumasks[m]), 0);
        memset(b.scratch, 0x5a, b.group.metric->scratch_size(&b.group));
        assert_int_equal(bench_run(&b, 0, &pic, &pic, &r), 0);
        if (r.value[0] != want)
            fail_msg("%ux%u mask %zu: %.17g, counted %.17g", w, h, m, r.value[0], want);
        bench_close(&b);
    }
    vmaf_picture_unref(&pic);
}

static void against_counting(void **state)
{
    (void)state;
    static const Content contents[] = {gradient, blocks, grain, steps};
    for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
        /* t = (49 + 3 * (c - 11) - 1) >> 1 with c = ceil(log2((w >> 6) * (h >> 6))) */
        check_simple(321, 219, contents[i], 13, 5, "window_size=65", false, 0);
        check_simple(283, 230, contents[i], 13, 11, "window_size=127", false, 0);
        check_simple(300, 217, contents[i], 13, 5, "cambi_vis_lum_threshold=0.06", false, 78);
        check_simple(217, 40, contents[i], 7, 3, "window_size=65", false, 0);
    }
    check_simple(700, 530, steps, 18, 13, "window_size=65", false, 0);
    check_simple(1920, 1080, steps, 21, 17, "cambi_high_res_speedup=1080", true, 0);
}

/* ---- errors ---- */

static unsigned too_large(unsigned x, unsigned y)
{
    return x == 100 && y == 215 ? 1024 : 300;
}

static void refusals(void **state)
{
    (void)state;
    Bench b;
    static const struct {
        const char *options, *says;
        unsigned w, h;
    } cases[] = {
        {"window_size=65", "216", 215, 215},
        {"eotf=hlg", "hlg", 640, 480},
        {"cambi_eotf=", "eotf", 640, 480},
        {"enc_width=200:enc_height=200", "216", 640, 480},
        {"src_width=700:src_height=400", "source", 640, 480},
        {"window_size=127", "window", 3840, 2160},
        {"heatmaps_path=/dev/null/maps", "/dev/null/maps", 640, 480},
        {"max_log_contrast=6", "max_log_contrast", 640, 480},
        {"no_such_option=1", "no_such_option", 640, 480},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(bench_open(&b, cases[i].options, 8, cases[i].w, cases[i].h, 0), -EINVAL);
        if (!strstr(last_line, cases[i].says)) fail_msg("%s: %s", cases[i].options, last_line);
    }

    VmafPicture pic;
    VtResult r;
    make_picture(&pic, 10, 240, 216, too_large);
    for (size_t m = 0; m < N_MASKS; m++) {
        assert_int_equal(bench_open(&b, "window_size=65", 10, 240, 216, cpumasks[m]), 0);
        assert_int_equal(bench_run(&b, 0, &pic, &pic, &r), -EINVAL);
        assert_non_null(strstr(last_line, "1023"));
        assert_int_equal(r.written, 0);
        bench_close(&b);
    }
    vmaf_picture_unref(&pic);
}

static unsigned fine(unsigned x, unsigned y)
{
    return 8 * gradient(x, y);
}

/* 11 bits: as 10 bits of the same codes, and not anti-dithered. */
static unsigned fine_10(unsigned x, unsigned y)
{
    return 4 * gradient(x, y);
}

static void other_depths(void **state)
{
    (void)state;
    double score[2];
    for (unsigned i = 0; i < 2; i++) {
        Bench b;
        VtResult r;
        VmafPicture pic;
        const unsigned bpc = i ? 11 : 10;
        make_picture(&pic, bpc, 240, 216, i ? fine : fine_10);
        assert_int_equal(bench_open(&b, "full_ref=true", bpc, 240, 216, 0), 0);
        assert_int_equal(bench_run(&b, 0, &pic, &pic, &r), 0);
        assert_int_equal(r.written, 7);
        score[i] = r.value[0];
        assert_true(r.value[0] > 0 && r.value[0] == r.value[1] && r.value[2] == 0);
        bench_close(&b);
        vmaf_picture_unref(&pic);
    }
    assert_true(score[0] == score[1]);
}

/* A smaller encode: nearest neighbour, every second sample here. */
static unsigned doubled(unsigned x, unsigned y)
{
    return gradient(x / 2, y / 2);
}

static void encode_size(void **state)
{
    (void)state;
    double score[2];
    for (unsigned i = 0; i < 2; i++) {
        Bench b;
        VtResult r;
        VmafPicture pic;
        const unsigned w = i ? 480 : 240, h = i ? 432 : 216;
        make_picture(&pic, 8, w, h, i ? doubled : gradient);
        assert_int_equal(
            bench_open(&b, i ? "enc_width=240:enc_height=216" : "cambi_max_val=1000", 8, w, h, 0),
            0);
        assert_int_equal(bench_run(&b, 0, &pic, &pic, &r), 0);
        score[i] = r.value[0];
        bench_close(&b);
        vmaf_picture_unref(&pic);
    }
    assert_true(score[0] > 0);
    assert_true(score[0] == score[1]);
}

/* Two instances that differ in the limit only are computed at once. */
static void shared_group(void **state)
{
    (void)state;
    Bench a, b;
    VmafPicture pic;
    VtResult r[2] = {{0}, {0}}, *results[2] = {&r[0], &r[1]};
    make_picture(&pic, 8, 240, 216, gradient);
    const VtFrame frame = {.ref = &pic, .dis = &pic};
    assert_int_equal(bench_open(&a, "window_size=65", 8, 240, 216, 0), 0);
    assert_int_equal(bench_open(&b, "cambi_max_val=0.5", 8, 240, 216, 0), 0);
    assert_true(a.group.metric->shares(a.inst->options, b.inst->options));
    VtInstance *both[2] = {a.inst, b.inst};
    a.group.member = both;
    a.group.n_members = 2;
    assert_int_equal(a.group.metric->extract(&a.group, a.scratch, &frame, results), 0);
    assert_int_equal(r[0].written, 1);
    assert_int_equal(r[1].written, 1);
    assert_true(r[0].value[0] > 0.5);
    assert_true(r[1].value[0] == 0.5);
    bench_close(&b);
    assert_int_equal(bench_open(&b, "topk=0.5", 8, 240, 216, 0), 0);
    assert_false(a.group.metric->shares(a.inst->options, b.inst->options));
    bench_close(&b);
    bench_close(&a);
    vmaf_picture_unref(&pic);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expected_figures), cmocka_unit_test(visibility_limits),
        cmocka_unit_test(worked_example),   cmocka_unit_test(against_counting),
        cmocka_unit_test(refusals),         cmocka_unit_test(other_depths),
        cmocka_unit_test(encode_size),      cmocka_unit_test(shared_group),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
