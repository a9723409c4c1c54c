/* SpEED against the expected figures and the worked example of its specification. */
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
#include "metric/speed/speed_plane.h"

#define SCALAR UINT64_MAX
#define V1 "speed_nn_floor=0.1:speed_sigma_nn=0.19:speed_weight_var_mode=5:speed_max_val=45.0"
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const uint64_t cpumasks[] = {SCALAR, VT_CPU_AVX512 | VT_CPU_AVX512ICL, 0};

static void expect_all(const char *const *clips, size_t n, const char *group, const char *metric,
                       const char *options)
{
    for (size_t i = 0; i < n; i++)
        for (size_t m = 0; m < COUNT(cpumasks); m++) {
            char name[96];
            snprintf(name, sizeof(name), "%s.%s", clips[i], group);
            expect_metric(name, metric, options, cpumasks[m], 0);
        }
}

static void expected_chroma(void **state)
{
    (void)state;
    static const char *const classic[] = {
        "synth_208x192_444_8b",  "synth_240x176_420_12b", "synth_240x176_420_16b",
        "synth_320x180_420_10b", "synth_320x180_420_8b",  "synth_352x288_422_10b",
    };
    static const char *const v1[] = {
        "synth_240x176_420_12b", "synth_240x176_420_16b", "synth_257x193_420_8b",
        "synth_320x180_420_10b", "synth_320x180_420_8b",  "synth_352x288_422_10b",
    };
    expect_all(classic, COUNT(classic), "classic-speed_chroma", "speed_chroma", NULL);
    expect_all(v1, COUNT(v1), "models-v1", "speed_chroma", V1);
}

static void expected_temporal(void **state)
{
    (void)state;
    static const char *const clips[] = {
        "synth_192x176_400_8b",  "synth_208x192_444_8b",  "synth_240x176_420_12b",
        "synth_240x176_420_16b", "synth_257x193_420_8b",  "synth_320x180_420_10b",
        "synth_320x180_420_8b",  "synth_352x288_422_10b",
    };
    expect_all(clips, COUNT(clips), "classic-speed_temporal", "speed_temporal", NULL);
}

/* ---- filters (spec: speed 5.1) ---- */

static void filter_lengths(void **state)
{
    (void)state;
    static const struct {
        double scale;
        unsigned anti_alias, local_mean;
    } want[] = {
        {1, 9, 3},         {0.5, 5, 3},       {1.5, 15, 3},        {2, 19, 5},
        {2.0 / 3, 7, 3},   {2.4, 23, 5},      {360.0 / 97, 35, 9}, {4.0 / 3, 13, 3},
        {3.5 / 3, 11, 3},  {3.75 / 3, 13, 3}, {4.25 / 3, 13, 3},   {5.0 / 3, 15, 5},
        {3, 27, 7},        {1 / 2.25, 5, 3},  {1.4746, 15, 3},     {1.54, 15, 5},
        {1.6, 15, 5},      {1.06667, 11, 3},  {0.711111, 7, 3},    {0.740740, 7, 3},
        {1.111111, 11, 3}, {1.0009, 11, 3},   {3.0005, 29, 7},     {1.6672, 17, 5},
    };
    for (size_t i = 0; i < COUNT(want); i++) {
        VtSpeedFilter f;
        vt_speed_filter(&f, 9, (float)want[i].scale, true);
        assert_int_equal(f.n, want[i].anti_alias);
        vt_speed_filter(&f, 2, (float)want[i].scale, false);
        assert_int_equal(f.n, want[i].local_mean);
    }
}

static void filter_taps(void **state)
{
    (void)state;
    static const float nine[] = {0.0756488293f, 0.0991033912f, 0.120188937f, 0.13493669f,
                                 0.14024429f};
    static const float three[] = {0.166378513f, 0.667242944f};
    static const float last_of_35 = 0.0361257195f;
    VtSpeedFilter f;
    vt_speed_filter(&f, 9, 1, true);
    for (unsigned i = 0; i < 5; i++) {
        assert_true(f.tap[i] == nine[i]);
        assert_true(f.tap[8 - i] == nine[i]);
    }
    vt_speed_filter(&f, 2, 1, false);
    assert_true(f.tap[0] == three[0] && f.tap[1] == three[1] && f.tap[2] == three[0]);
    vt_speed_filter(&f, 9, 360.0f / 97, true);
    assert_true(f.tap[17] == last_of_35);
}

/* ---- eigenvalues ---- */

static void eigenvalues(void **state)
{
    (void)state;
    /* A diagonal matrix, two coupled elements in front: 3 +- 1. */
    float a[VT_SPEED_N * VT_SPEED_ROW] = {0}, lambda[VT_SPEED_N];
    for (unsigned i = 0; i < VT_SPEED_N; i++) a[i * VT_SPEED_ROW + i] = i < 2 ? 3 : (float)(i + 10);
    a[1] = a[VT_SPEED_ROW] = 1;
    vt_speed_eigenvalues(a, lambda);
    float sum = 0;
    for (unsigned i = 2; i < VT_SPEED_N; i++) {
        assert_true(lambda[i] == (float)(i + 10));
        sum += lambda[i];
    }
    assert_true(fabsf(lambda[0] * lambda[1] - 8) < 1e-5f);
    assert_true(fabsf(lambda[0] + lambda[1] - 6) < 1e-5f);
    assert_true(sum > 0);
}

/* ---- running the metrics on made pictures ---- */

typedef struct Bench {
    VmafFeatureDictionary *dict;
    VtInstance *inst[4];
    VtGroup group;
    void *scratch;
} Bench;

static char last_line[512];

static void keep_line(void *user, enum VmafLogLevel level, const char *line)
{
    (void)level;
    snprintf(user, sizeof(last_line), "%s", line);
}

static const VtLog quiet = {VMAF_LOG_LEVEL_ERROR, keep_line, last_line};

static int add_member(Bench *b, const VtMetric *m, const char *options)
{
    VmafFeatureDictionary *dict = NULL;
    char *copy = strdup(options), *save = NULL;
    assert_non_null(copy);
    for (char *o = strtok_r(copy, ":", &save); o; o = strtok_r(NULL, ":", &save)) {
        char *eq = strchr(o, '=');
        assert_non_null(eq);
        *eq = 0;
        assert_int_equal(vmaf_feature_dictionary_set(&dict, o, eq + 1), 0);
    }
    free(copy);
    const int err = vt_instance_create(&b->inst[b->group.n_members], m, dict, &quiet);
    vt_dictionary_free(&dict);
    if (!err) b->group.n_members++;
    return err;
}

static void drop_members(Bench *b)
{
    for (unsigned m = 0; m < b->group.n_members; m++) vt_instance_destroy(b->inst[m]);
}

/* A second set of options, if not NULL, must share the first one's group. Returns init's result; on
 * failure there is nothing to close. */
static int bench_open(Bench *b, const char *metric, const char *options, const char *options2,
                      VtFormat format, uint64_t cpumask)
{
    const VtMetric *m = vt_metric_find(metric);
    assert_non_null(m);
    last_line[0] = 0;
    *b = (Bench){.group = {.metric = m, .format = format, .log = &quiet}};
    b->group.cpu_flags = vt_cpu_flags(cpumask);
    b->group.member = b->inst;
    int err = add_member(b, m, options);
    if (!err && options2) {
        err = add_member(b, m, options2);
        assert_true(m->shares(b->inst[0]->options, b->inst[1]->options));
    }
    if (!err) err = m->init(&b->group);
    if (!err) {
        b->scratch = vt_aligned_alloc(m->scratch_size(&b->group));
        assert_non_null(b->scratch);
        return 0;
    }
    assert_string_not_equal(last_line, "");
    drop_members(b);
    return err;
}

static void bench_close(Bench *b)
{
    b->group.metric->close(&b->group);
    vt_aligned_free(b->scratch);
    drop_members(b);
}

static void bench_run_after(Bench *b, const VmafPicture *prev_ref, const VmafPicture *prev_dis,
                            const VmafPicture *ref, const VmafPicture *dis, VtResult *r)
{
    VtResult *results[4];
    for (unsigned m = 0; m < b->group.n_members; m++) {
        r[m] = (VtResult){0};
        results[m] = &r[m];
    }
    const VtFrame frame = {
        .index = 1, .ref = ref, .dis = dis, .prev_ref = {prev_ref}, .prev_dis = {prev_dis}};
    memset(b->scratch, 0xff, b->group.metric->scratch_size(&b->group)); /* NaN */
    assert_int_equal(b->group.metric->extract(&b->group, b->scratch, &frame, results), 0);
}

static void bench_run(Bench *b, const VmafPicture *ref, const VmafPicture *dis, VtResult *r)
{
    bench_run_after(b, NULL, NULL, ref, dis, r);
}

/* The chroma of spec speed 17, shifted up to the depth. */
static unsigned example(unsigned x, unsigned y, unsigned t)
{
    const unsigned cx = x / 16, cy = y / 16;
    return 20 +
           (73 * cx + 151 * cy + 17 * cx * cx + 29 * cy * cy + 11 * cx * cy + 7 * t * cx * cy) %
               193 +
           (7 * x + 13 * y) % 23;
}

static void fill_plane(VmafPicture *pic, unsigned p, unsigned t)
{
    for (unsigned y = 0; y < pic->h[p]; y++) {
        uint8_t *row = (uint8_t *)pic->data[p] + (ptrdiff_t)y * pic->stride[p];
        for (unsigned x = 0; x < pic->w[p]; x++) {
            const unsigned v = p == 2 ? example(y, x, t) : example(x, y, t);
            if (pic->bpc == 8)
                row[x] = (uint8_t)v;
            else
                ((uint16_t *)(void *)row)[x] = (uint16_t)(v << (pic->bpc - 8));
        }
    }
}

static void make_pair(VmafPicture *ref, VmafPicture *dis, VtFormat f)
{
    assert_int_equal(vmaf_picture_alloc(ref, f.pix_fmt, f.bpc, f.w, f.h), 0);
    assert_int_equal(vmaf_picture_alloc(dis, f.pix_fmt, f.bpc, f.w, f.h), 0);
    for (unsigned p = 0; p < 3 && ref->data[p]; p++) {
        fill_plane(ref, p, 0);
        fill_plane(dis, p, 1);
    }
}

static void worked_example(void **state)
{
    (void)state;
    static const float want[] = {60.0238914f, 60.0239372f, 60.0239143f};
    for (unsigned bpc = 8; bpc <= 16; bpc++) { /* all depths have one value range */
        const VtFormat f = {VMAF_PIX_FMT_YUV444P, bpc, 160, 160};
        VmafPicture ref, dis;
        make_pair(&ref, &dis, f);
        for (size_t m = 0; m < COUNT(cpumasks); m++) {
            Bench b;
            VtResult r;
            assert_int_equal(bench_open(&b, "speed_chroma", "", NULL, f, cpumasks[m]), 0);
            bench_run(&b, &ref, &dis, &r);
            assert_int_equal(r.written, 7);
            for (unsigned o = 0; o < 3; o++) assert_true(r.value[o] == (double)want[o]);
            bench_close(&b);
        }
        vmaf_picture_unref(&ref);
        vmaf_picture_unref(&dis);
    }
}

/* Members of a group get what they get alone. */
static void shared_group(void **state)
{
    (void)state;
    const VtFormat f = {VMAF_PIX_FMT_YUV444P, 8, 320, 176};
    VmafPicture ref, dis, prev[2];
    make_pair(&ref, &dis, f);
    make_pair(&prev[0], &prev[1], f);
    fill_plane(&prev[0], 0, 2);
    fill_plane(&prev[1], 0, 4);
    static const char *const metrics[] = {"speed_chroma", "speed_temporal"};
    for (unsigned i = 0; i < 2; i++) {
        Bench b;
        VtResult both[2], alone[2];
        const char *options = "speed_nn_floor=0.1:speed_sigma_nn=0.19";
        assert_int_equal(bench_open(&b, metrics[i], "", options, f, 0), 0);
        bench_run_after(&b, &prev[0], &prev[1], &ref, &dis, both);
        bench_close(&b);
        for (unsigned k = 0; k < 2; k++) {
            assert_int_equal(bench_open(&b, metrics[i], k ? options : "", NULL, f, 0), 0);
            bench_run_after(&b, &prev[0], &prev[1], &ref, &dis, &alone[k]);
            bench_close(&b);
            assert_memory_equal(&alone[k], &both[k], sizeof(both[k]));
        }
        assert_true(both[0].value[0] != both[1].value[0]);
    }
    vmaf_picture_unref(&prev[0]);
    vmaf_picture_unref(&prev[1]);
    vmaf_picture_unref(&ref);
    vmaf_picture_unref(&dis);
}

/* Every option set gives one figure on all instruction sets, and every option acts. */
static void options_act(void **state)
{
    (void)state;
    static const char *const sets[] = {
        "",
        "speed_kernelscale=0.5",
        "speed_kernelscale=3",
        "speed_prescale=0.5:speed_prescale_method=bilinear",
        "speed_prescale=0.6:speed_prescale_method=bilinear",
        "speed_prescale=0.6",
        "speed_prescale=0.6:speed_prescale_method=bicubic",
        "speed_prescale=0.6:speed_prescale_method=lanczos4",
        "speed_prescale=1.5:speed_prescale_method=bilinear",
        "speed_prescale=1.5:speed_prescale_method=lanczos4",
        "speed_sigma_nn=0.5",
        "speed_nn_floor=1",
        "speed_weight_var_mode=1",
        "speed_weight_var_mode=2",
        "speed_weight_var_mode=3",
        "speed_weight_var_mode=4",
        "speed_weight_var_mode=5",
        "speed_weight_var_mode=6",
    };
    double seen[COUNT(sets)];
    for (unsigned bpc = 8; bpc <= 10; bpc += 2) {
        const VtFormat f = {VMAF_PIX_FMT_YUV444P, bpc, 357, 323};
        VmafPicture ref, dis;
        make_pair(&ref, &dis, f);
        for (size_t i = 0; i < COUNT(sets); i++)
            for (size_t m = 0; m < COUNT(cpumasks); m++) {
                Bench b;
                VtResult r;
                assert_int_equal(bench_open(&b, "speed_chroma", sets[i], NULL, f, cpumasks[m]), 0);
                bench_run(&b, &ref, &dis, &r);
                bench_close(&b);
                if (bpc == 8 && !m) seen[i] = r.value[0];
                if (!(r.value[0] == seen[i]))
                    fail_msg("%s %u bits: %.9g, then %.9g", sets[i], bpc, seen[i], r.value[0]);
                assert_true(seen[i] > 0);
            }
        vmaf_picture_unref(&ref);
        vmaf_picture_unref(&dis);
    }
    for (size_t i = 1; i < COUNT(sets); i++) {
        if (!strcmp(sets[i], "speed_nn_floor=1")) continue; /* no block is that flat here */
        if (seen[i] == seen[0]) fail_msg("%s changes nothing", sets[i]);
    }
}

/* Modes 0 to 3 give 0 for identical planes, 4 to 6 nearly; the limit clips. */
static void identical_and_clipped(void **state)
{
    (void)state;
    const VtFormat f = {VMAF_PIX_FMT_YUV444P, 8, 160, 160};
    VmafPicture ref, dis;
    make_pair(&ref, &dis, f);
    for (unsigned mode = 0; mode < 7; mode++) {
        char options[64];
        snprintf(options, sizeof(options), "speed_weight_var_mode=%u", mode);
        Bench b;
        VtResult r;
        assert_int_equal(bench_open(&b, "speed_chroma", options, NULL, f, 0), 0);
        bench_run(&b, &ref, &ref, &r);
        bench_close(&b);
        assert_true(mode < 4 ? r.value[2] == 0 : r.value[2] > 0 && r.value[2] < 1e-4);
    }
    Bench b;
    VtResult r;
    assert_int_equal(bench_open(&b, "speed_chroma", "speed_max_val=2.5", NULL, f, 0), 0);
    bench_run(&b, &ref, &dis, &r);
    bench_close(&b);
    for (unsigned o = 0; o < 3; o++) assert_true(r.value[o] == 2.5);
    vmaf_picture_unref(&ref);
    vmaf_picture_unref(&dis);
}

/* A singular plane scores 0, and uv is then the other plane's score. */
static void singular_plane(void **state)
{
    (void)state;
    const VtFormat f = {VMAF_PIX_FMT_YUV444P, 8, 160, 160};
    VmafPicture ref, dis;
    make_pair(&ref, &dis, f);
    for (unsigned y = 0; y < 160; y++)
        memset((uint8_t *)dis.data[2] + (ptrdiff_t)y * dis.stride[2], 100, 160);
    Bench b;
    VtResult r;
    assert_int_equal(bench_open(&b, "speed_chroma", "", NULL, f, 0), 0);
    bench_run(&b, &ref, &dis, &r);
    bench_close(&b);
    assert_true(r.value[0] == (double)60.0238914f && r.value[1] == 0 && r.value[2] == r.value[0]);
    vmaf_picture_unref(&ref);
    vmaf_picture_unref(&dis);
}

static void temporal(void **state)
{
    (void)state;
    const VtFormat f = {VMAF_PIX_FMT_YUV400P, 8, 320, 176};
    VmafPicture ref, dis;
    make_pair(&ref, &dis, f);
    Bench b;
    VtResult r[2], first = {0}, *results[1] = {&first};
    const VtFrame frame = {.ref = &ref, .dis = &dis};
    assert_int_equal(bench_open(&b, "speed_temporal", "speed_max_val=1", NULL, f, 0), 0);
    assert_int_equal(b.group.metric->extract(&b.group, b.scratch, &frame, results), 0);
    assert_int_equal(first.written, 1);
    assert_true(first.value[0] == 0);
    /* dis - ref against ref - dis: K, its eigenvalues and X'Y are those of the reference. */
    bench_run_after(&b, &dis, &ref, &ref, &dis, &r[0]);
    assert_true(r[0].value[0] == 0);
    bench_close(&b);
    /* The distorted difference is then ref - ref. */
    assert_int_equal(bench_open(&b, "speed_temporal", "speed_use_ref_diff=true", NULL, f, 0), 0);
    bench_run_after(&b, &dis, &ref, &ref, &dis, &r[1]);
    assert_true(r[1].value[0] == 0);
    bench_close(&b);
    vmaf_picture_unref(&ref);
    vmaf_picture_unref(&dis);
}

static void refusals(void **state)
{
    (void)state;
    static const VtFormat cif = {VMAF_PIX_FMT_YUV420P, 8, 352, 288};
    static const VtFormat tiny = {VMAF_PIX_FMT_YUV420P, 8, 158, 400};
    static const VtFormat grey = {VMAF_PIX_FMT_YUV400P, 8, 352, 288};
    static const struct {
        const char *metric, *options, *says;
        const VtFormat *format;
    } cases[] = {
        {"speed_chroma", "speed_kernelscale=1.01", "kernelscale", &cif},
        {"speed_temporal", "speed_kernelscale=0.3", "kernelscale", &cif},
        {"speed_chroma", "speed_prescale_method=Bicubic", "Bicubic", &cif},
        {"speed_temporal", "speed_prescale_method=", "nearest", &cif},
        {"speed_temporal", "speed_weight_var_mode=1", "speed_weight_var_mode", &cif},
        {"speed_chroma", "speed_use_ref_diff=true", "speed_use_ref_diff", &cif},
        {"speed_chroma", "speed_weight_var_mode=7", "speed_weight_var_mode", &cif},
        {"speed_chroma", "speed_prescale=0.5", "80x80", &cif},
        {"speed_chroma", "", "80x80", &tiny},
        {"speed_chroma", "", "chroma", &grey},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Bench b;
        assert_int_equal(
            bench_open(&b, cases[i].metric, cases[i].options, NULL, *cases[i].format, 0), -EINVAL);
        if (!strstr(last_line, cases[i].says)) fail_msg("%s: %s", cases[i].options, last_line);
    }
    Bench b;
    assert_int_equal(bench_open(&b, "speed_temporal", "", NULL, tiny, 0), 0);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expected_chroma),
        cmocka_unit_test(expected_temporal),
        cmocka_unit_test(filter_lengths),
        cmocka_unit_test(filter_taps),
        cmocka_unit_test(eigenvalues),
        cmocka_unit_test(worked_example),
        cmocka_unit_test(shared_group),
        cmocka_unit_test(options_act),
        cmocka_unit_test(identical_and_clipped),
        cmocka_unit_test(singular_plane),
        cmocka_unit_test(temporal),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
