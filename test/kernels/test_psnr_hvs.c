/* psnr_hvs: every vector kernel against the scalar one, bit for bit. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernel_check.h"
#include "metric/psnr_hvs/psnr_hvs_dsp.h"

enum { GROUP = VT_HVS_GROUP, SIZE = VT_HVS_SIZE };

static VtHvsDsp scalar, simd;
static VtHvsTable table[3];
static unsigned flags;

/* Planes end right after the last block, so that a read past it is seen by an address sanitizer. */
static void check_terms(unsigned blocks, unsigned bpc, uint32_t max, KcFill ref_kind,
                        KcFill dis_kind)
{
    const unsigned bytes = bpc > 8 ? 2 : 1, w = VT_HVS_STEP * (blocks - 1) + VT_HVS_SIDE;
    const size_t count = (size_t)w * VT_HVS_SIDE;
    void *ref = kc_buffer(count * bytes, bytes), *dis = kc_buffer(count * bytes, 0);
    float *want = kc_buffer(sizeof(VtHvsTerms), 0), *got = kc_buffer(sizeof(VtHvsTerms), 0);
    float(*w_term)[GROUP] = (float(*)[GROUP])want, (*g_term)[GROUP] = (float(*)[GROUP])got;
    kc_fill(ref, count, bytes, max, false, ref_kind);
    kc_fill(dis, count, bytes, max, false, dis_kind);
    const VtHvsGroup g = {ref, dis, (ptrdiff_t)(w * bytes), (ptrdiff_t)(w * bytes), blocks, bpc};
    scalar.terms(&g, &table[blocks % 3], w_term);
    simd.terms(&g, &table[blocks % 3], g_term);
    for (unsigned k = 0; k < SIZE; k++)
        kc_equal(w_term[k], g_term[k], blocks * sizeof(float),
                 "%s terms, %u blocks, %u bits, fills %d %d, coefficient %u", kc_set_name(flags),
                 blocks, bpc, (int)ref_kind, (int)dis_kind, k);
    kc_buffer_free(ref, "ref");
    kc_buffer_free(dis, "dis");
    kc_buffer_free(want, "scalar terms");
    kc_buffer_free(got, "simd terms");
}

/* Terms from 2^-low to 2^high, or 0, also with few significant bits (so that they fall half way
 * between the accumulator's steps). */
static void random_terms(VtHvsTerms term, int low, int high, unsigned bits)
{
    for (unsigned k = 0; k < SIZE; k++)
        for (unsigned b = 0; b < GROUP; b++) {
            const float mantissa = (float)(kc_random() >> (32 - bits));
            const int exponent = (int)(kc_random() % (uint32_t)(high - low + 1)) + low;
            term[k][b] = kc_random() % 4 ? ldexpf(mantissa, exponent) : 0;
        }
}

static void check_add(float start, int low, int high, unsigned bits)
{
    _Alignas(64) VtHvsTerms term;
    float want = start, got = start;
    for (unsigned i = 0; i < 40; i++) {
        random_terms(term, low, high, bits);
        const unsigned blocks = i % 8 ? GROUP : 1 + i / 8;
        want = scalar.add(want, term, blocks);
        got = simd.add(got, term, blocks);
        if (!kc_equal(&want, &got, sizeof(want), "%s add to %g, 2^%d to 2^%d, %u bits, group %u",
                      kc_set_name(flags), (double)start, low, high, bits, i))
            return;
    }
}

static void check_sums(void)
{
    static const float starts[] = {0, 1e-30f, 0.5f, 1, 1e3f, 16777215.0f, 3e7f, 1e30f};
    for (unsigned s = 0; s < sizeof(starts) / sizeof(starts[0]); s++)
        for (unsigned bits = 1; bits <= 24; bits += bits < 4 ? 1 : 5) {
            check_add(starts[s], -40, -10, bits);
            check_add(starts[s], -24, 0, bits);
            check_add(starts[s], -6, 4, bits);
            check_add(starts[s], -3, -3, bits);
        }
}

typedef struct Bench {
    const VtHvsDsp *dsp;
    VtHvsGroup group;
    _Alignas(64) VtHvsTerms term;
    float acc;
} Bench;

static void bench_terms(void *arg)
{
    Bench *b = arg;
    b->dsp->terms(&b->group, &table[0], b->term);
}

static void bench_add(void *arg)
{
    Bench *b = arg;
    b->acc = b->dsp->add(1e6f, b->term, GROUP);
}

static void bench(const VtHvsDsp *dsp, unsigned set)
{
    static Bench b;
    static uint16_t plane[2][VT_HVS_SIDE * 128];
    static const unsigned depths[] = {8, 10, 12};
    static const char *const names[] = {"terms, 8 bits, by sample", "terms, 10 bits, by sample",
                                        "terms, 12 bits, by sample"};
    kc_fill(plane, sizeof(plane), 1, 15, false, KC_RANDOM);
    for (unsigned d = 0; d < 3; d++) {
        b.dsp = dsp;
        b.group = (VtHvsGroup){plane[0], plane[1], 256, 256, GROUP, depths[d]};
        kc_time(names[d], set, GROUP * SIZE, bench_terms, &b);
    }
    kc_time("add, by sample", set, GROUP * SIZE, bench_add, &b);
}

int main(int argc, char **argv)
{
    static const unsigned depths[] = {8, 9, 10, 11, 12};
    kc_init(argc, argv, "psnr_hvs");
    for (unsigned p = 0; p < 3; p++) vt_hvs_table(&table[p], p);
    vt_hvs_dsp_init(&scalar, 0);
    if (kc_bench()) bench(&scalar, 0);
    for (const unsigned *set = kc_sets(); *set; set++) {
        flags = *set;
        vt_hvs_dsp_init(&simd, flags);
        for (unsigned d = 0; d < 5; d++)
            for (unsigned blocks = 1; blocks <= GROUP; blocks++)
                for (KcFill ref = 0; ref < KC_FILLS; ref++) {
                    const uint32_t max = (1u << depths[d]) - 1;
                    check_terms(blocks, depths[d], max, ref, ref);
                    check_terms(blocks, depths[d], max, ref, KC_EXTREMES);
                    check_terms(blocks, depths[d], max, ref, KC_ZERO);
                    if (depths[d] > 8) check_terms(blocks, depths[d], 65535, ref, KC_RANDOM);
                }
        check_sums();
        if (kc_bench()) bench(&simd, flags);
    }
    return kc_finish();
}
