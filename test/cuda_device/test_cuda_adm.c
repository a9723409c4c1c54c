/* The CUDA path of integer ADM has the CPU path's bits: all bit depths, sizes and options. */
#include <stdio.h>
#include <string.h>

#include "gpu_harness.h"
#include "metric/registry.h"

/* Model, NEG, the three kinds of v1 models. */
#define V1 "adm_dlm_weight=0.7:adm_enhn_gain_limit=1:adm_noise_weight=0.02:adm_min_val=0.5"
#define V1_3D0H V1 ":adm_csf_mode=2"
#define V1_5D0H V1 ":adm_csf_mode=2:adm_norm_view_dist=5"
#define V1_2160 V1 ":adm_csf_mode=2:adm_ref_display_height=2160"
#define V1_1D5H V1_2160 ":adm_norm_view_dist=1.5"

typedef struct Set {
    const char *member[VT_MAX_MEMBERS];
} Set;

static const Set sets[] = {
    {{"debug=true"}},
    {{"debug=true:adm_enhn_gain_limit=1"}},
    {{"debug=true", "adm_enhn_gain_limit=1", V1_3D0H, V1_5D0H, V1_2160}},
    {{"debug=true:" V1_1D5H}},
    {{"adm_enhn_gain_limit=1.2", "adm_enhn_gain_limit=1.7:adm_skip_aim=true"}},
    {{"adm_csf_mode=3", "adm_csf_mode=3:adm_enhn_gain_limit=37", "adm_skip_scale0=true"}},
    {{"adm_skip_aim=true:debug=true"}},
    {{"adm_skip_scale0=true:debug=true", "adm_enhn_gain_limit=1:adm_skip_scale0=true"}},
    /* Weights far out of their range wrap, as they do on the CPU. */
    {{"adm_csf_mode=1:debug=true"}},
    {{"adm_csf_mode=1:adm_csf_scale=50:adm_csf_diag_scale=0.003:debug=true",
      "adm_csf_mode=1:adm_csf_scale=0:adm_csf_diag_scale=0"}},
    {{"adm_csf_mode=1:adm_csf_scale=2.7:adm_csf_diag_scale=31:adm_enhn_gain_limit=1"}},
    {{"adm_csf_mode=1:adm_csf_scale=0.0031:adm_csf_diag_scale=0.002:adm_noise_weight=0"}},
    {{"adm_noise_weight=0", "adm_norm_view_dist=24:adm_ref_display_height=4320",
      "adm_norm_view_dist=4.3:adm_noise_weight=1500:adm_min_val=1"}},
    /* As many variants as there can be. */
    {{"debug=true", "adm_enhn_gain_limit=1", "adm_enhn_gain_limit=2:adm_skip_scale0=true",
      "adm_enhn_gain_limit=3.5:adm_skip_aim=true", "adm_norm_view_dist=4", "adm_norm_view_dist=5",
      "adm_norm_view_dist=6:adm_skip_scale0=true", "adm_norm_view_dist=7:adm_skip_aim=true",
      V1_3D0H, V1_5D0H, V1_2160, V1_1D5H, "adm_csf_mode=3", "adm_csf_mode=1",
      "adm_csf_mode=1:adm_csf_scale=0.003", "adm_enhn_gain_limit=99.5"}},
};
#define SETS (sizeof(sets) / sizeof(sets[0]))

static const unsigned depths[] = {8, 10, 16, 8, 12, 9, 14};
#define DEPTHS (sizeof(depths) / sizeof(depths[0]))

static GpuCase base(unsigned set)
{
    GpuCase c = {.metric = vt_metric_find("adm"), .bpc = 8, .frames = 1, .batch = 1};
    memcpy(c.member, sets[set].member, sizeof(c.member));
    return c;
}

/* A different picture, depth and set of options every time. */
static void compare_nth(unsigned n, unsigned w, unsigned h)
{
    GpuCase c = base(n % SETS);
    c.bpc = depths[n / SETS % DEPTHS];
    c.w = w;
    c.h = h;
    c.content = (GpuContent)(gpu_random() % GPU_CONTENTS);
    gpu_compare(&c);
}

/* Widths and heights from the smallest on, all combinations of odd and even at every scale. */
static void sizes(void)
{
    static unsigned n;
    for (unsigned w = 17; w <= 80; w += 3)
        for (unsigned h = 17; h <= 80; h += 5, n++)
            if (n % gpu_step() == 0) compare_nth(n, w + h % 3, h + w % 5);
    for (unsigned w = 17; w < 33; w++)
        for (unsigned h = 17; h < 33; h += 2, n++)
            if (n % gpu_step() == 0) compare_nth(n, w, h + w % 2);
}

/* Every content at every depth and with every set of options, in batches of every size. */
static void contents(void)
{
    unsigned n = 0;
    for (unsigned set = 0; set < SETS; set++)
        for (unsigned d = 0; d < DEPTHS; d++, n++) {
            if (n % gpu_step()) continue;
            GpuCase c = base(set);
            c.bpc = depths[d];
            c.w = 40 + n % 9;
            c.h = 34 + n % 7;
            c.frames = GPU_CONTENTS;
            c.mix = true;
            c.batch = 1 + n % VT_GPU_BATCH;
            gpu_compare(&c);
        }
}

/* Many tiles. The larger shapes of tiles come with enough of them for a whole GPU. */
static void large(void)
{
    static const struct {
        unsigned w, h, frames, bpc, set;
        GpuContent content;
    } cases[] = {
        {352, 288, 1, 8, 2, GPU_STRUCTURED},
        {640, 17, 3, 10, 1, GPU_NEAR},
        {17, 640, 2, 8, 0, GPU_NOISE},
        {537, 243, VT_GPU_BATCH, 8, 0, GPU_STRUCTURED},
        {1093, 475, VT_GPU_BATCH, 10, 0, GPU_ENHANCED},
    };
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]) && (gpu_step() == 1 || i < 3); i++) {
        GpuCase c = base(cases[i].set);
        c.w = cases[i].w;
        c.h = cases[i].h;
        c.bpc = cases[i].bpc;
        c.frames = c.batch = cases[i].frames;
        c.content = cases[i].content;
        gpu_compare(&c);
    }
}

int main(int argc, char **argv)
{
    gpu_begin(argc, argv, "cuda_adm");
    sizes();
    contents();
    large();
    return gpu_end();
}
