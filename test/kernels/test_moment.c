/* float_moment: every vector kernel against the scalar one. */
#include <stdlib.h>

#include "kernel_check.h"
#include "metric/moment/moment_dsp.h"

enum { LONGEST = 65536 };

static VtMomentDsp scalar, simd;

static void check(unsigned flags, size_t n, unsigned offset, unsigned bits, KcFill kind)
{
    const unsigned bytes = bits > 8 ? 2 : 1;
    void *row = kc_buffer(n * bytes, offset * bytes);
    kc_fill(row, n, bytes, (1u << bits) - 1, false, kind);
    VtMoments want = {7, 9}, got = want; /* sums go on */
    if (bits == 8) {
        scalar.add8(row, n, &want);
        simd.add8(row, n, &got);
        kc_equal(&want, &got, sizeof(want), "%s add8 n %zu", kc_set_name(flags), n);
    } else {
        scalar.add16(row, n, &want);
        simd.add16(row, n, &got);
        kc_equal(&want, &got, sizeof(want), "%s add16 n %zu", kc_set_name(flags), n);
        scalar.add16_rounded(row, n, &want);
        simd.add16_rounded(row, n, &got);
        kc_equal(&want, &got, sizeof(want), "%s rounded n %zu", kc_set_name(flags), n);
    }
    kc_buffer_free(row, "row");
}

typedef struct Bench {
    const VtMomentDsp *dsp;
    void *row;
    VtMoments sums;
} Bench;

static void bench8(void *arg)
{
    Bench *b = arg;
    b->dsp->add8(b->row, LONGEST, &b->sums);
}

static void bench16(void *arg)
{
    Bench *b = arg;
    b->dsp->add16(b->row, LONGEST, &b->sums);
}

static void bench(const VtMomentDsp *dsp, unsigned flags)
{
    Bench b = {dsp, kc_buffer(LONGEST * 2, 0), {0, 0}};
    kc_time("add8", flags, LONGEST, bench8, &b);
    kc_time("add16", flags, LONGEST, bench16, &b);
    kc_buffer_free(b.row, "row");
}

int main(int argc, char **argv)
{
    kc_init(argc, argv, "moment");
    vt_moment_dsp_init(&scalar, 0);
    if (kc_bench()) bench(&scalar, 0);
    for (const unsigned *set = kc_sets(); *set; set++) {
        vt_moment_dsp_init(&simd, *set);
        for (KcFill kind = 0; kind < KC_FILLS; kind++) {
            for (size_t n = 1; n <= 200; n++) {
                check(*set, n, (unsigned)(n % 5), 8, kind);
                check(*set, n, (unsigned)(n % 7), 16, kind);
            }
            check(*set, LONGEST, 1, 8, kind);
            check(*set, LONGEST, 1, 16, kind);
        }
        if (kc_bench()) bench(&simd, *set);
    }
    return kc_finish();
}
