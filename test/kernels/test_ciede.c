/* ciede: the vector kernels against the scalar one. They differ where a double that is off by 1e-14
 * is rounded to the other float: once in millions. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernel_check.h"
#include "metric/ciede/ciede_dsp.h"

enum { RUN = VT_CIEDE_RUN };

static VtCiedeDsp scalar, simd;
static unsigned flags;
static unsigned long pixels, differing;

static void fill_run(VtCiedeRun *run, unsigned bpc, KcFill ref_kind, KcFill dis_kind)
{
    const uint32_t max = (1u << bpc) - 1;
    run->bpc = bpc;
    for (unsigned k = 0; k < 3; k++) {
        kc_fill(run->ref[k], RUN, 2, max, false, ref_kind);
        kc_fill(run->dis[k], RUN, 2, max, false, dis_kind);
    }
    if (dis_kind != KC_SMALL) return; /* a distortion of the reference */
    for (unsigned k = 0; k < 3; k++)
        for (unsigned i = 0; i < RUN; i++) {
            const uint32_t v = run->ref[k][i] + run->dis[k][i];
            run->dis[k][i] = (uint16_t)(v < max ? v : max);
        }
}

/* Absolutely 1e-4 where the angle of a nearly grey pixel hangs on the last bit of its chroma. */
static void compare(const VtCiedeRun *run)
{
    float *want = kc_buffer(RUN * sizeof(float), 0), *got = kc_buffer(RUN * sizeof(float), 0);
    scalar.differences(run, want);
    simd.differences(run, got);
    for (unsigned i = 0; i < run->n; i++) {
        kc_close((double)want[i], (double)got[i], 1e-4, "%s, %u bits: %u %u %u against %u %u %u",
                 kc_set_name(flags), run->bpc, run->ref[0][i], run->ref[1][i], run->ref[2][i],
                 run->dis[0][i], run->dis[1][i], run->dis[2][i]);
        pixels++;
        differing += want[i] != got[i];
    }
    kc_buffer_free(want, "scalar");
    kc_buffer_free(got, "simd");
}

/* Pairs of equal pixels have no difference at all. */
static void check_equal(VtCiedeRun *run)
{
    static const float zero[RUN];
    float *got = kc_buffer(RUN * sizeof(float), 0);
    memcpy(run->dis, run->ref, sizeof(run->ref));
    simd.differences(run, got);
    kc_equal(zero, got, run->n * sizeof(float), "%s: equal pixels differ", kc_set_name(flags));
    kc_buffer_free(got, "differences");
}

static void check(void)
{
    static const unsigned depths[] = {8, 10, 12, 16};
    VtCiedeRun *run = kc_buffer(sizeof(*run), 0);
    for (unsigned d = 0; d < 4; d++)
        for (KcFill ref = 0; ref < KC_FILLS; ref++)
            for (KcFill dis = 0; dis < KC_FILLS; dis++)
                for (unsigned n = 1; n <= RUN; n += n < 20 ? 1 : 59) {
                    fill_run(run, depths[d], ref, dis);
                    run->n = n;
                    compare(run);
                    check_equal(run);
                }
    kc_buffer_free(run, "run");
    const uint32_t few = differing * 100000ul <= pixels, yes = 1;
    kc_equal(&yes, &few, sizeof(yes), "%s: %lu of %lu pixels differ", kc_set_name(flags), differing,
             pixels);
}

/* Every instruction set gives the same floats as the oldest. */
static void check_sets(const VtCiedeDsp *first)
{
    VtCiedeRun *run = kc_buffer(sizeof(*run), 0);
    float *want = kc_buffer(RUN * sizeof(float), 0), *got = kc_buffer(RUN * sizeof(float), 0);
    run->n = RUN;
    for (unsigned i = 0; i < 200; i++) {
        fill_run(run, 8 + 2 * (i % 5), KC_RANDOM, i % 2 ? KC_SMALL : KC_RANDOM);
        first->differences(run, want);
        simd.differences(run, got);
        kc_equal(want, got, RUN * sizeof(float), "%s: run %u", kc_set_name(flags), i);
    }
    kc_buffer_free(run, "run");
    kc_buffer_free(want, "oldest");
    kc_buffer_free(got, "simd");
}

typedef struct Bench {
    const VtCiedeDsp *dsp;
    VtCiedeRun run;
    _Alignas(64) float delta[RUN];
} Bench;

static void bench_run(void *arg)
{
    Bench *b = arg;
    b->dsp->differences(&b->run, b->delta);
}

static void bench(const VtCiedeDsp *dsp, unsigned set)
{
    static Bench b;
    b.dsp = dsp;
    fill_run(&b.run, 8, KC_RANDOM, KC_SMALL);
    b.run.n = RUN;
    kc_time("differences", set, RUN, bench_run, &b);
}

int main(int argc, char **argv)
{
    kc_init(argc, argv, "ciede");
    vt_ciede_dsp_init(&scalar, 0);
    if (kc_bench()) bench(&scalar, 0);
    VtCiedeDsp first = {NULL};
    for (const unsigned *set = kc_sets(); *set; set++) {
        flags = *set;
        vt_ciede_dsp_init(&simd, flags);
        if (set == kc_sets()) first = simd;
        pixels = differing = 0;
        check();
        check_sets(&first);
        if (kc_bench()) bench(&simd, flags);
    }
    return kc_finish();
}
