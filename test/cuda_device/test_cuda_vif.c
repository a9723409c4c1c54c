/* Integer VIF on the device under test against the scalar kernels, to the last bit. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gpu_harness.h"
#include "metric/vif/vif_private.h"
#include "support.h"
#include "vif_pixels.h"

extern const VtMetric vt_metric_vif;

#define EACH_16(m)                                                                                 \
    m("1") m("1.1") m("1.2") m("1.3") m("1.4") m("1.5") m("1.75") m("2") m("3") m("5") m("8")      \
        m("13") m("20") m("50") m("99") m("100")
#define MEMBER(limit) "debug=true:vif_enhn_gain_limit=" limit,

/* Options of groups: one member, a model and its NEG twin, scale 0 left out by all or by one, as
 * many gain limits as fit. */
static const char *const groups[][VT_MAX_MEMBERS] = {
    {"debug=true"},
    {"debug=true", "debug=true:vif_enhn_gain_limit=1.0"},
    {"debug=true:vif_skip_scale0=true"},
    {"vif_enhn_gain_limit=1.2", "debug=true:vif_skip_scale0=true", "", "vif_enhn_gain_limit=1"},
    {EACH_16(MEMBER)},
    {"vif_enhn_gain_limit=1:vif_skip_scale0=true", "vif_skip_scale0=true:debug=true"},
};
enum { GROUPS = sizeof(groups) / sizeof(groups[0]) };
static const unsigned depths[] = {8, 10, 12, 16, 9, 14, 8};

static unsigned cases;

/* Turns through contents, depths, groups and batches. */
static void one(unsigned w, unsigned h, unsigned frames)
{
    static unsigned turn;
    const unsigned i = turn++;
    if (cases++ % gpu_step()) return;
    GpuCase c = {.metric = &vt_metric_vif,
                 .bpc = depths[i % 7],
                 .w = w,
                 .h = h,
                 .frames = frames,
                 .batch = 1 + i % VT_GPU_BATCH,
                 .content = (GpuContent)(i * 5 % GPU_CONTENTS),
                 .mix = true};
    if (c.batch > frames) c.batch = frames;
    memcpy(c.member, groups[i % GROUPS], sizeof(c.member));
    gpu_compare(&c);
}

static void contents(void)
{
    GpuCase c = {.metric = &vt_metric_vif, .w = 67, .h = 53, .frames = 1, .batch = 1};
    for (unsigned i = 0; i < GPU_CONTENTS; i++)
        for (c.bpc = 8; c.bpc <= 16; c.bpc++) {
            if (cases++ % gpu_step()) continue;
            c.content = (GpuContent)i;
            memcpy(c.member, groups[(i + c.bpc) % GROUPS], sizeof(c.member));
            gpu_compare(&c);
        }
}

static void batches(void)
{
    GpuCase c = {.metric = &vt_metric_vif, .w = 35, .h = 29, .frames = 9, .mix = true};
    for (c.batch = 1; c.batch <= VT_GPU_BATCH; c.batch++)
        for (unsigned g = 0; g < 2; g++) {
            c.bpc = g ? 10 : 8;
            memcpy(c.member, groups[g], sizeof(c.member));
            gpu_compare(&c);
        }
}

static void sizes(void)
{
    for (unsigned n = 16; n <= 72; n++) {
        one(n, 16 + n * 7 % 57, 1);
        one(16 + n * 11 % 57, n, 2);
    }
    /* Edges of tiles, at each scale. */
    static const unsigned edges[] = {239, 240, 241, 247, 248, 249, 255, 256, 257,
                                     479, 480, 481, 495, 496, 497, 498, 499, 500,
                                     511, 512, 513, 991, 992, 999, 1000};
    for (unsigned i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) one(edges[i], 17 + i, 1);
    one(17, 523, 1);
    one(351, 289, 2);
    if (gpu_step() == 1) one(1921, 1081, 1);
}

/* ---- the information terms alone ---- */

enum { PIXELS = 200000, ROUNDS = 60 };

static int32_t log_uniform(int32_t least, int32_t largest)
{
    const int32_t v = (int32_t)(gpu_random() & 0x7fffffff) >> gpu_random() % 31;
    return v < least ? least + (int32_t)(gpu_random() % 64) : v > largest ? largest : v;
}

/* Variances and a covariance that may be; many at the edges of decisions. */
static VifPixel pixel(unsigned i)
{
    static const double gains[] = {1, 1.2, 100, 0.5, 2};
    VifPixel k = {.s1 = log_uniform(VT_VIF_NOISE, 1 << 30)};
    const double most = 1.6e9 / (double)k.s1; /* of the gain squared */
    double gain = gains[i % 5] + ((double)(gpu_random() % 2001) - 1000) * 1e-9 * (double)(i % 1000);
    if (i % 3 == 0) gain = (double)gpu_random() / 16777216 * 1.5;
    if (i % 7 == 0) gain *= 30;
    while (gain * gain >= most) gain *= 0.7;
    k.s12 = (int32_t)(gain * k.s1);
    if (i % 16 == 0) k.s12 = -k.s12;
    const int64_t q = (int64_t)k.s12 * k.s12 / k.s1;
    k.s2 = i % 2 ? (int32_t)q + (int32_t)(gpu_random() % 5) - 2 : log_uniform(0, 1 << 30);
    if (i % 32 == 1) k.s2 = k.s12 = k.s1;
    if (i % 64 == 2) k.s1 = log_uniform(0, VT_VIF_NOISE + 2) - 3;
    if (i % 128 == 3) k.s12 = 0;
    return k;
}

static void compare_pixels(const VifPixel *k, const VtVifLimits *limits)
{
    for (unsigned i = 0; i < PIXELS; i++) {
        VtVifSums want = {.den_log = 0};
        vt_vif_pixel(k[i].s1, k[i].s2 > 0 ? k[i].s2 : 0, k[i].s12, limits, &want);
        bool same = k[i].den == want.den_log && k[i].count == want.flat_count &&
                    k[i].variance == want.flat_variance;
        for (unsigned j = 0; j < limits->count; j++) same = same && k[i].num[j] == want.num_log[j];
        gpu_check(same, "pixel %d %d %d: numerators %u %u %u, CPU %lld %lld %lld", k[i].s1, k[i].s2,
                  k[i].s12, k[i].num[0], k[i].num[1], k[i].num[2], (long long)want.num_log[0],
                  (long long)want.num_log[1], (long long)want.num_log[2]);
    }
}

static void check_pixels(CUfunction kernel, const VtVifLimits *limits)
{
    VifPixelsParams p = {.n = PIXELS};
    VifPixel *k = malloc(PIXELS * sizeof(*k));
    CUdeviceptr device = 0;
    void *list[] = {&p};
    if (!k || driver.alloc(&device, PIXELS * sizeof(*k))) exit(1);
    for (unsigned i = 0; i < PIXELS; i++) k[i] = pixel(i);
    vt_vif_gpu_constants(&p.vif, limits);
    p.pixel = (VifPixel *)(uintptr_t)device;
    driver.upload(device, k, PIXELS * sizeof(*k));
    gpu_check(!driver.launch(kernel, 100, 1, 1, 128, 1, 1, 0, NULL, list, NULL), "launch");
    driver.download(k, device, PIXELS * sizeof(*k));
    compare_pixels(k, limits);
    driver.free(device);
    free(k);
}

/* On the software device only: the test's kernel is not in the library. */
static void pixels(void)
{
    static const VtVifLimits limits[] = {{2, {100, 1}}, {3, {100, 1.2, 1}}, {3, {1.001, 1, 1.2}}};
    CUmodule module;
    CUfunction kernel;
    if (!software) return;
    if (driver.module_load(&module, "image") ||
        driver.module_function(&kernel, module, "test_vif_pixels"))
        exit(1);
    for (unsigned i = 0; i < ROUNDS; i += gpu_step()) check_pixels(kernel, &limits[i % 3]);
    driver.module_unload(module);
}

int main(int argc, char **argv)
{
    gpu_begin(argc, argv, "cuda_vif");
    pixels();
    contents();
    batches();
    sizes();
    return gpu_end();
}
