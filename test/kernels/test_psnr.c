/* psnr and float_psnr: every vector kernel against the scalar one. */
#include <stdlib.h>

#include "kernel_check.h"
#include "metric/psnr/psnr_dsp.h"

enum { LONGEST = 65536 };

static VtPsnrDsp scalar, simd;

static void check(unsigned flags, size_t n, unsigned offset, unsigned bits, KcFill kind)
{
    const unsigned bytes = bits > 8 ? 2 : 1;
    const uint32_t max = (1u << bits) - 1;
    void *ref = kc_buffer(n * bytes, offset * bytes), *dis = kc_buffer(n * bytes, 0);
    kc_fill(ref, n, bytes, max, false, kind);
    kc_fill(dis, n, bytes, max, false, kind == KC_MAX ? KC_ZERO : kind);
    uint64_t want, got;
    if (bits == 8) {
        want = scalar.sse8(ref, dis, n);
        got = simd.sse8(ref, dis, n);
        kc_equal(&want, &got, 8, "%s sse8 n %zu fill %d", kc_set_name(flags), n, (int)kind);
    } else {
        want = scalar.sse16(ref, dis, n);
        got = simd.sse16(ref, dis, n);
        kc_equal(&want, &got, 8, "%s sse16 n %zu fill %d", kc_set_name(flags), n, (int)kind);
        want = scalar.sse16_rounded(ref, dis, n);
        got = simd.sse16_rounded(ref, dis, n);
        kc_equal(&want, &got, 8, "%s rounded n %zu fill %d", kc_set_name(flags), n, (int)kind);
    }
    kc_buffer_free(ref, "ref");
    kc_buffer_free(dis, "dis");
}

typedef struct Bench {
    const VtPsnrDsp *dsp;
    void *ref, *dis;
} Bench;

static void bench8(void *arg)
{
    const Bench *b = arg;
    volatile uint64_t sum = b->dsp->sse8(b->ref, b->dis, LONGEST);
    (void)sum;
}

static void bench16(void *arg)
{
    const Bench *b = arg;
    volatile uint64_t sum = b->dsp->sse16(b->ref, b->dis, LONGEST);
    (void)sum;
}

static void bench(const VtPsnrDsp *dsp, unsigned flags)
{
    Bench b = {dsp, kc_buffer(LONGEST * 2, 0), kc_buffer(LONGEST * 2, 0)};
    kc_fill(b.ref, LONGEST, 2, 65535, false, KC_RANDOM);
    kc_time("sse8", flags, LONGEST, bench8, &b);
    kc_time("sse16", flags, LONGEST, bench16, &b);
    kc_buffer_free(b.ref, "ref");
    kc_buffer_free(b.dis, "dis");
}

int main(int argc, char **argv)
{
    kc_init(argc, argv, "psnr");
    vt_psnr_dsp_init(&scalar, 0);
    if (kc_bench()) bench(&scalar, 0);
    for (const unsigned *set = kc_sets(); *set; set++) {
        vt_psnr_dsp_init(&simd, *set);
        for (KcFill kind = 0; kind < KC_FILLS; kind++) {
            for (size_t n = 1; n <= 200; n++) {
                check(*set, n, (unsigned)(n % 5), 8, kind);
                check(*set, n, (unsigned)(n % 3), 10, kind);
                check(*set, n, (unsigned)(n % 7), 16, kind);
            }
            check(*set, LONGEST, 1, 8, kind);
            check(*set, LONGEST, 1, 16, kind);
        }
        if (kc_bench()) bench(&simd, *set);
    }
    return kc_finish();
}
