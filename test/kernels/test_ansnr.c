/* float_ansnr: every vector kernel against the scalar one, bit for bit. */
#include <stdlib.h>
#include <string.h>

#include "kernel_check.h"
#include "metric/ansnr/ansnr_dsp.h"

enum { STRIP = VT_ANSNR_STRIP, ROWS = VT_ANSNR_ROWS, LINE = STRIP + 2 * VT_ANSNR_RADIUS };

static VtAnsnrDsp scalar, simd;
static unsigned flags;

static void fill_floats(float *p, size_t count, KcFill kind)
{
    uint16_t sample[LINE];
    for (size_t i = 0; i < count; i += LINE) {
        const size_t n = count - i < LINE ? count - i : LINE;
        kc_fill(sample, n, 2, 65535, false, kind);
        for (size_t k = 0; k < n; k++) p[i + k] = (float)sample[k] / 256 - 128;
    }
}

static void check_convert(unsigned n, KcFill kind)
{
    float want[STRIP], got[STRIP];
    uint16_t *src = kc_buffer(n * 2, (n % 5) * 2);
    kc_fill(src, n, 2, 65535, false, kind);
    scalar.convert8((const uint8_t *)src, want, n);
    simd.convert8((const uint8_t *)src, got, n);
    kc_equal(want, got, n * sizeof(float), "%s convert8 n %u", kc_set_name(flags), n);
    scalar.convert16(src, want, n, 0.25f);
    simd.convert16(src, got, n, 0.25f);
    kc_equal(want, got, n * sizeof(float), "%s convert16 n %u", kc_set_name(flags), n);
    kc_buffer_free(src, "samples");
}

static void check_filters(unsigned n, KcFill kind)
{
    _Alignas(64) float line[LINE], want[STRIP], got[STRIP];
    _Alignas(64) VtAnsnrFiltered want_dis, got_dis;
    fill_floats(line, LINE, kind);
    const float *src = line + VT_ANSNR_RADIUS;
    scalar.filter_ref(src, want, n);
    simd.filter_ref(src, got, n);
    kc_equal(want, got, n * sizeof(float), "%s filter_ref n %u", kc_set_name(flags), n);
    scalar.filter_dis(src, &want_dis, n);
    simd.filter_dis(src, &got_dis, n);
    for (unsigned k = 0; k < 3; k++)
        kc_equal(want_dis.row[k], got_dis.row[k], n * sizeof(float), "%s filter_dis %u n %u",
                 kc_set_name(flags), k, n);
}

static void check_terms(unsigned n, KcFill kind)
{
    _Alignas(64) float ref[3][STRIP], sig[2][STRIP], noise[2][STRIP];
    _Alignas(64) VtAnsnrFiltered dis[5];
    fill_floats(ref[0], 3 * STRIP, kind);
    fill_floats(dis[0].row[0], sizeof(dis) / (sizeof(float)), kind);
    const float *const r[3] = {ref[0], ref[1], ref[2]};
    const VtAnsnrFiltered *const d[5] = {&dis[0], &dis[1], &dis[2], &dis[3], &dis[4]};
    scalar.terms(r, d, sig[0], noise[0], n);
    simd.terms(r, d, sig[1], noise[1], n);
    kc_equal(sig[0], sig[1], n * sizeof(float), "%s signal n %u", kc_set_name(flags), n);
    kc_equal(noise[0], noise[1], n * sizeof(float), "%s noise n %u", kc_set_name(flags), n);
}

static void check_add(unsigned n, KcFill kind)
{
    _Alignas(64) float term[ROWS][STRIP], want[ROWS], got[ROWS];
    fill_floats(term[0], ROWS * STRIP, kind);
    fill_floats(want, ROWS, kind);
    memcpy(got, want, sizeof(want));
    scalar.add(term, want, n);
    simd.add(term, got, n);
    kc_equal(want, got, sizeof(want), "%s add n %u", kc_set_name(flags), n);
}

typedef struct Bench {
    const VtAnsnrDsp *dsp;
    _Alignas(64) float line[LINE], term[ROWS][STRIP], sum[ROWS];
    VtAnsnrFiltered dis;
} Bench;

static void bench_filter(void *arg)
{
    Bench *b = arg;
    b->dsp->filter_dis(b->line + VT_ANSNR_RADIUS, &b->dis, STRIP);
}

static void bench_add(void *arg)
{
    Bench *b = arg;
    b->dsp->add(b->term, b->sum, STRIP);
}

static void bench(const VtAnsnrDsp *dsp, unsigned set)
{
    static Bench b;
    b.dsp = dsp;
    kc_time("filter_dis", set, STRIP, bench_filter, &b);
    kc_time("add", set, ROWS * STRIP, bench_add, &b);
}

int main(int argc, char **argv)
{
    kc_init(argc, argv, "ansnr");
    vt_ansnr_dsp_init(&scalar, 0);
    if (kc_bench()) bench(&scalar, 0);
    for (const unsigned *set = kc_sets(); *set; set++) {
        flags = *set;
        vt_ansnr_dsp_init(&simd, flags);
        for (KcFill kind = 0; kind < KC_FILLS; kind++)
            for (unsigned n = 1; n <= STRIP; n++) {
                check_convert(n, kind);
                check_filters(n, kind);
                check_terms(n, kind);
                check_add(n, kind);
            }
        if (kc_bench()) bench(&simd, flags);
    }
    return kc_finish();
}
