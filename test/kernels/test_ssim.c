/* float_ssim and float_ms_ssim: every vector kernel against the scalar one, bit for bit. */
#include <stdlib.h>
#include <string.h>

#include "kernel_check.h"
#include "metric/ssim/ssim_dsp.h"

enum { STRIP = VT_SSIM_STRIP, ROWS = VT_SSIM_ROWS, LINE = STRIP + VT_SSIM_OVERREAD };

static VtSsimDsp scalar, simd;
static unsigned flags;

/* Samples on the 8-bit scale of the given depth; 17 bits stand for pyramid levels, which also have
 * negative samples. */
static void fill_samples(float *p, size_t count, unsigned bits, KcFill kind)
{
    uint16_t *sample = malloc(count * sizeof(*sample));
    if (!sample) abort();
    const unsigned depth = bits > 16 ? 16 : bits;
    kc_fill(sample, count, 2, (1u << depth) - 1, false, kind);
    for (size_t i = 0; i < count; i++) {
        p[i] = (float)sample[i] / (float)(1u << (depth - 8));
        if (bits > 16) p[i] = p[i] * 1.1f - 9.7f;
    }
    free(sample);
}

/* ---- conversions ---- */

static void check_conversions(unsigned n, KcFill kind)
{
    float *want = kc_buffer(2 * n * sizeof(float), 0), *got = kc_buffer(2 * n * sizeof(float), 0);
    uint16_t *src = kc_buffer(2 * n * sizeof(float), (n % 5) * 4);
    const uint8_t *bytes = (const uint8_t *)src;
    const size_t size = 2 * n * sizeof(float);
    const char *set = kc_set_name(flags);
    kc_fill(src, 4 * n, 2, 65535, false, kind);
    scalar.convert8(bytes, want, 2 * n);
    simd.convert8(bytes, got, 2 * n);
    kc_equal(want, got, size, "%s convert8 n %u", set, n);
    scalar.convert16(src, want, 2 * n, 1.0f / 256);
    simd.convert16(src, got, 2 * n, 1.0f / 256);
    kc_equal(want, got, size, "%s convert16 n %u", set, n);
    scalar.split8(bytes, want, want + n, n);
    simd.split8(bytes, got, got + n, n);
    kc_equal(want, got, size, "%s split8 n %u", set, n);
    scalar.split16(src, want, want + n, n, 0.25f);
    simd.split16(src, got, got + n, n, 0.25f);
    kc_equal(want, got, size, "%s split16 n %u", set, n);
    scalar.split32((const float *)src, want, want + n, n);
    simd.split32((const float *)src, got, got + n, n);
    kc_equal(want, got, size, "%s split32 n %u", set, n);
    kc_buffer_free(want, "scalar");
    kc_buffer_free(got, "simd");
    kc_buffer_free(src, "samples");
}

/* ---- window statistics ---- */

typedef struct Windows {
    VtSsimTile tile;
    float *samples[2];
    VtSsimWindows *windows[2];
    VtSsimSums sums[2];
    void *scratch;
} Windows;

static void windows_new(Windows *w)
{
    memset(w, 0, sizeof(*w));
    for (unsigned i = 0; i < 2; i++) {
        w->samples[i] = kc_buffer(ROWS * LINE * sizeof(float), 0);
        w->windows[i] = kc_buffer(sizeof(VtSsimWindows), 0);
    }
    w->scratch = kc_buffer(vt_ssim_positions_scratch(), 0);
    for (unsigned y = 0; y < ROWS; y++) {
        w->tile.ref[y] = w->samples[0] + y * LINE;
        w->tile.dis[y] = w->samples[1] + y * LINE;
    }
}

static void windows_free(Windows *w)
{
    for (unsigned i = 0; i < 2; i++) {
        kc_buffer_free(w->samples[i], "samples");
        kc_buffer_free(w->windows[i], "windows");
    }
    kc_buffer_free(w->scratch, "scratch");
}

/* Two tiles, one below the other; the second one is short. */
static void check_positions(unsigned n, unsigned rows, unsigned bits, KcFill kind)
{
    Windows w;
    windows_new(&w);
    w.tile.n = n;
    for (unsigned t = 0; t < 2; t++) {
        fill_samples(w.samples[0], ROWS * LINE, bits, kind);
        fill_samples(w.samples[1], ROWS * LINE, bits, kind == KC_MAX ? KC_NOISE_ON_FLAT : kind);
        w.tile.rows = t ? rows : ROWS;
        w.tile.skip = t ? 0 : VT_SSIM_REACH;
        scalar.positions(&w.tile, w.windows[0], w.scratch, &w.sums[0]);
        simd.positions(&w.tile, w.windows[1], w.scratch, &w.sums[1]);
        kc_equal(&w.sums[0], &w.sums[1], sizeof(w.sums[0]), "%s sums n %u rows %u %u bits fill %d",
                 kc_set_name(flags), n, rows, bits, (int)kind);
        for (unsigned i = 0; i < VT_SSIM_IMAGES; i++)
            for (unsigned k = 0; k < VT_SSIM_REACH; k++)
                kc_equal(w.windows[0]->open[i][k], w.windows[1]->open[i][k], n * sizeof(double),
                         "%s window %u of image %u n %u", kc_set_name(flags), k, i, n);
    }
    windows_free(&w);
}

/* ---- decimation ---- */

typedef struct Halving {
    VtSsimHalve tile;
    double *open[2];
    float *dst[2];
} Halving;

enum { OPEN_LINE = VT_SSIM_HALVE_STRIP, DST_LINE = VT_SSIM_HALVE_STRIP + 8 };

static void use_side(Halving *h, unsigned side)
{
    for (unsigned k = 0; k < VT_SSIM_HALVE_OPEN; k++)
        h->tile.open[k] = h->open[side] + k * OPEN_LINE;
    for (unsigned y = 0; y < VT_SSIM_HALVE_ROWS; y++) h->tile.dst[y] = h->dst[side] + y * DST_LINE;
}

static Halving *halving_new(void)
{
    Halving *h = kc_buffer(sizeof(*h), 0);
    for (unsigned i = 0; i < 2; i++) {
        h->open[i] = kc_buffer(VT_SSIM_HALVE_OPEN * OPEN_LINE * sizeof(double), 0);
        h->dst[i] = kc_buffer(VT_SSIM_HALVE_ROWS * DST_LINE * sizeof(float), 0);
    }
    return h;
}

static void halving_free(Halving *h)
{
    for (unsigned i = 0; i < 2; i++) {
        kc_buffer_free(h->open[i], "open rows");
        kc_buffer_free(h->dst[i], "outputs");
    }
    kc_buffer_free(h, "tile");
}

static void check_halve(unsigned n, unsigned rows, unsigned bits, KcFill kind)
{
    Halving *h = halving_new();
    h->tile.n = n;
    for (unsigned t = 0; t < 2; t++) {
        fill_samples(h->tile.even[0], sizeof(h->tile.even) / sizeof(float), bits, kind);
        fill_samples(h->tile.odd[0], sizeof(h->tile.odd) / sizeof(float), bits, kind);
        h->tile.skip = t ? 0 : VT_SSIM_HALVE_PRIME;
        h->tile.pairs = rows + h->tile.skip;
        use_side(h, 0);
        scalar.halve(&h->tile);
        use_side(h, 1);
        simd.halve(&h->tile);
        for (unsigned y = 0; y < rows; y++)
            kc_equal(h->dst[0] + y * DST_LINE, h->dst[1] + y * DST_LINE, n * sizeof(float),
                     "%s halve n %u rows %u row %u", kc_set_name(flags), n, rows, y);
        for (unsigned k = 0; k < VT_SSIM_HALVE_OPEN; k++)
            kc_equal(h->open[0] + k * OPEN_LINE, h->open[1] + k * OPEN_LINE, n * sizeof(double),
                     "%s halve n %u rows %u open %u", kc_set_name(flags), n, rows, k);
    }
    halving_free(h);
}

static void check_box(unsigned n, unsigned scale, unsigned bits, KcFill kind)
{
    static VtSsimBox box;
    const unsigned bytes = bits > 8 ? 2 : 1, columns = n * scale;
    box = (VtSsimBox){.n = n, .scale = scale, .bpc = bits};
    uint8_t *rows = kc_buffer((size_t)columns * scale * bytes, bytes);
    kc_fill(rows, (size_t)columns * scale, bytes, (1u << bits) - 1, false, kind);
    for (unsigned v = 0; v < scale; v++) box.row[v] = rows + (size_t)v * columns * bytes;
    double *column = kc_buffer(columns * sizeof(double), 0);
    float *want = kc_buffer(n * sizeof(float), 4), *got = kc_buffer(n * sizeof(float), 4);
    scalar.box(&box, column, want);
    simd.box(&box, column, got);
    kc_equal(want, got, n * sizeof(float), "%s box n %u scale %u %u bits", kc_set_name(flags), n,
             scale, bits);
    kc_buffer_free(rows, "samples");
    kc_buffer_free(column, "columns");
    kc_buffer_free(want, "scalar");
    kc_buffer_free(got, "simd");
}

/* ---- time ---- */

typedef struct Bench {
    const VtSsimDsp *dsp;
    Windows w;
    Halving *h;
} Bench;

static void bench_positions(void *arg)
{
    Bench *b = arg;
    b->dsp->positions(&b->w.tile, b->w.windows[0], b->w.scratch, &b->w.sums[0]);
}

static void bench_halve(void *arg)
{
    const Bench *b = arg;
    b->dsp->halve(&b->h->tile);
}

static void bench(const VtSsimDsp *dsp, unsigned set)
{
    Bench b = {.dsp = dsp, .h = halving_new()};
    windows_new(&b.w);
    fill_samples(b.w.samples[0], ROWS * LINE, 8, KC_RANDOM);
    fill_samples(b.w.samples[1], ROWS * LINE, 8, KC_RANDOM);
    b.w.tile.n = STRIP;
    b.w.tile.rows = ROWS;
    kc_time("positions", set, STRIP * ROWS, bench_positions, &b);
    b.h->tile.n = VT_SSIM_HALVE_STRIP;
    b.h->tile.pairs = VT_SSIM_HALVE_ROWS;
    use_side(b.h, 0);
    kc_time("halve, by output", set, VT_SSIM_HALVE_STRIP * VT_SSIM_HALVE_ROWS, bench_halve, &b);
    windows_free(&b.w);
    halving_free(b.h);
}

static void check_kind(KcFill kind)
{
    static const unsigned bits[] = {8, 10, 12, 16, 17}, scales[] = {2, 3, 4, 5, 8, 10, 17};
    for (unsigned n = 1; n <= 200; n++) check_conversions(n, kind);
    for (unsigned n = 1; n <= STRIP; n++) check_positions(n, 1 + n % ROWS, bits[n % 5], kind);
    for (unsigned n = 1; n <= VT_SSIM_HALVE_STRIP; n++)
        check_halve(n, 1 + n % VT_SSIM_HALVE_ROWS, bits[n % 5], kind);
    for (unsigned n = 1; n <= 70; n++)
        for (unsigned s = 0; s < sizeof(scales) / sizeof(scales[0]); s++)
            check_box(n, scales[s], bits[n % 4], kind);
}

int main(int argc, char **argv)
{
    kc_init(argc, argv, "ssim");
    vt_ssim_dsp_init(&scalar, 0);
    if (kc_bench()) bench(&scalar, 0);
    for (const unsigned *set = kc_sets(); *set; set++) {
        flags = *set;
        vt_ssim_dsp_init(&simd, flags);
        for (KcFill kind = 0; kind < KC_FILLS; kind++) check_kind(kind);
        if (kc_bench()) bench(&simd, flags);
    }
    return kc_finish();
}
