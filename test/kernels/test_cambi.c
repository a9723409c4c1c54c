/* CAMBI's kernels: every instruction set against scalar. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel_check.h"
#include "metric/cambi/cambi_dsp.h"

#define MAX_W 200
#define SLACK VT_CAMBI_SLACK
#define HIST_CODES 12

static VtCambiDsp scalar, simd;
static const char *set;

/* A row of n samples with padding behind; codes 0..max. */
static uint16_t *make_row(unsigned n, uint32_t max, KcFill fill, unsigned offset)
{
    uint16_t *row = kc_buffer((n + SLACK) * sizeof(*row), offset);
    kc_fill(row, n + SLACK, sizeof(*row), max, false, fill);
    return row;
}

static void check_from_8bit(unsigned w, KcFill fill)
{
    uint8_t *in = kc_buffer(w, w % 64);
    uint16_t *want = make_row(w, 9, KC_ZERO, 0), *got = make_row(w, 9, KC_ZERO, 2);
    kc_fill(in, w, 1, 255, false, fill);
    const unsigned a = scalar.from_8bit(want, in, w), b = simd.from_8bit(got, in, w);
    kc_equal(&a, &b, sizeof(a), "%s from_8bit w %u: largest", set, w);
    kc_equal(want, got, w * sizeof(*want), "%s from_8bit w %u", set, w);
    kc_buffer_free(in, "from_8bit in");
    kc_buffer_free(want, "from_8bit");
    kc_buffer_free(got, "from_8bit");
}

static void check_from_words(unsigned w, KcFill fill)
{
    for (unsigned bpc = 9; bpc <= 16; bpc++) {
        uint16_t *in = kc_buffer(w * sizeof(*in), (w * 2) % 64);
        uint16_t *want = make_row(w, 9, KC_ZERO, 0), *got = make_row(w, 9, KC_ZERO, 2);
        kc_fill(in, w, 2, kc_random() % 2 ? 65535 : (1u << bpc) - 1, false, fill);
        const unsigned a = scalar.from_words(want, in, w, bpc);
        const unsigned b = simd.from_words(got, in, w, bpc);
        kc_equal(&a, &b, sizeof(a), "%s from_words %u bits w %u: largest", set, bpc, w);
        kc_equal(want, got, w * sizeof(*want), "%s from_words %u bits w %u", set, bpc, w);
        kc_buffer_free(in, "from_words in");
        kc_buffer_free(want, "from_words");
        kc_buffer_free(got, "from_words");
    }
}

static void check_anti_dither(unsigned w, KcFill fill)
{
    uint16_t *below = make_row(w, 1023, fill, 0), *want = make_row(w, 1023, fill, 2);
    for (unsigned last_row = 0; last_row < 2; last_row++) {
        uint16_t *got = make_row(w, 0, KC_ZERO, 6);
        memcpy(got, want, (w + SLACK) * sizeof(*got));
        scalar.anti_dither(want, last_row ? want : below, w);
        simd.anti_dither(got, last_row ? got : below, w);
        kc_equal(want, got, w * sizeof(*want), "%s anti_dither w %u", set, w);
        kc_buffer_free(got, "anti_dither");
    }
    kc_buffer_free(below, "anti_dither below");
    kc_buffer_free(want, "anti_dither");
}

static void check_flat(unsigned w, KcFill fill)
{
    uint16_t *row = make_row(w, 3, fill, 2), *below = make_row(w, 3, fill, 0);
    uint8_t *want = kc_buffer(w + SLACK, 0), *got = kc_buffer(w + SLACK, 1);
    for (unsigned last_row = 0; last_row < 2; last_row++) {
        scalar.flat(want, row, last_row ? row : below, w);
        simd.flat(got, row, last_row ? row : below, w);
        kc_equal(want, got, w, "%s flat w %u", set, w);
    }
    kc_buffer_free(row, "flat row");
    kc_buffer_free(below, "flat below");
    kc_buffer_free(want, "flat");
    kc_buffer_free(got, "flat");
}

/* Nine rows of z go through the sums as in use; what lies behind a row is garbage. */
static void check_mask_row(unsigned w, KcFill fill)
{
    enum { ROWS = 9 };
    uint8_t *z = kc_buffer((size_t)ROWS * (w + SLACK), 3), *none = kc_buffer(w + SLACK, 0);
    uint8_t *sum[2] = {kc_buffer(w + 3 + SLACK, 0), kc_buffer(w + 3 + SLACK, 0)};
    const unsigned words = (w + 63) / 64;
    uint64_t *want = kc_buffer(words * 8, 0), *got = kc_buffer(words * 8, 8);
    kc_fill(z, (size_t)ROWS * (w + SLACK), 1, 1, false, fill);
    for (unsigned y = 0; y < ROWS; y++) {
        const uint8_t *enter = z + y * (w + SLACK), *leave = y < 7 ? none : enter - 7 * (w + SLACK);
        const unsigned threshold = kc_random() % 50;
        scalar.mask_row(want, sum[0] + 3, enter, leave, w, threshold);
        simd.mask_row(got, sum[1] + 3, enter, leave, w, threshold);
        kc_equal(want, got, words * 8, "%s mask_row w %u row %u", set, w, y);
        kc_equal(sum[0], sum[1], w + 3 + SLACK, "%s mask_row w %u row %u: sums", set, w, y);
    }
    kc_buffer_free(z, "mask_row z");
    kc_buffer_free(none, "mask_row none");
    kc_buffer_free(sum[0], "mask_row sum");
    kc_buffer_free(sum[1], "mask_row sum");
    kc_buffer_free(want, "mask_row");
    kc_buffer_free(got, "mask_row");
}

static void check_decimate(unsigned w, KcFill fill)
{
    uint16_t *in = make_row(2 * w - 1, 1024, fill, 2);
    uint16_t *want = make_row(w, 0, KC_ZERO, 0), *got = make_row(w, 0, KC_ZERO, 2);
    scalar.decimate(want, in, w);
    simd.decimate(got, in, w);
    kc_equal(want, got, w * sizeof(*want), "%s decimate w %u", set, w);
    kc_buffer_free(in, "decimate in");
    kc_buffer_free(want, "decimate");
    kc_buffer_free(got, "decimate");
}

static void check_mode(unsigned w, KcFill fill)
{
    uint16_t *in[3], *want = make_row(w, 0, KC_ZERO, 0), *got = make_row(w, 0, KC_ZERO, 2);
    for (unsigned i = 0; i < 3; i++) in[i] = make_row(w, kc_random() % 2 ? 3 : 1024, fill, 2 * i);
    scalar.mode_horizontal(want, in[0], w);
    simd.mode_horizontal(got, in[0], w);
    kc_equal(want, got, w * sizeof(*want), "%s mode_horizontal w %u", set, w);
    scalar.mode_vertical(want, in[0], in[1], in[2], w);
    simd.mode_vertical(got, in[0], in[1], in[2], w);
    kc_equal(want, got, w * sizeof(*want), "%s mode_vertical w %u", set, w);
    for (unsigned i = 0; i < 3; i++) kc_buffer_free(in[i], "mode in");
    kc_buffer_free(want, "mode");
    kc_buffer_free(got, "mode");
}

static void check_code_row(unsigned w, KcFill fill)
{
    const unsigned first = kc_random() % 130, lowest = kc_random() % 200;
    const unsigned n_codes = kc_random() % 3 ? 1 + kc_random() % 700 : 1025;
    uint64_t *mask = kc_buffer(((first + w) / 64 + 2) * 8, 0);
    uint16_t *in = make_row(w, 1024, fill, 2);
    uint16_t *want = kc_buffer(w * sizeof(*want), 0), *got = kc_buffer(w * sizeof(*got), 2);
    kc_fill(mask, ((first + w) / 64 + 2) * 2, 4, UINT32_MAX, false,
            kc_random() % 2 ? KC_RANDOM : KC_MAX);
    scalar.code_row(want, in, mask, first, w, lowest, n_codes);
    simd.code_row(got, in, mask, first, w, lowest, n_codes);
    kc_equal(want, got, w * sizeof(*want), "%s code_row w %u first %u", set, w, first);
    kc_buffer_free(mask, "code_row mask");
    kc_buffer_free(in, "code_row in");
    kc_buffer_free(want, "code_row");
    kc_buffer_free(got, "code_row");
}

/* Runs of random length of codes and NONE. */
static uint16_t *make_codes(unsigned n, unsigned longest)
{
    uint16_t *row = make_row(n, 0, KC_ZERO, 2 * (kc_random() % 8));
    for (unsigned i = 0; i < n;) {
        const unsigned run = 1 + kc_random() % longest, v = kc_random() % (HIST_CODES + 2);
        for (unsigned end = i + run; i < end && i < n; i++)
            row[i] = v < HIST_CODES ? (uint16_t)v : VT_CAMBI_NONE;
    }
    for (unsigned i = n; i < n + SLACK; i++) row[i] = VT_CAMBI_NONE;
    return row;
}

static void compare_hist(const uint16_t *want, const uint16_t *got, unsigned n, unsigned pad)
{
    for (unsigned v = 0; v < HIST_CODES; v++) {
        const size_t at = v * VT_CAMBI_HIST_ROW + VT_CAMBI_MARGIN;
        kc_equal(want + at, got + at, n * sizeof(*want), "%s update n %u pad %u code %u", set, n,
                 pad, v);
    }
}

static void check_update(unsigned n, unsigned pad)
{
    const size_t size = HIST_CODES * VT_CAMBI_HIST_ROW * sizeof(uint16_t);
    uint16_t *want = kc_buffer(size, 0), *got = kc_buffer(size, 0), *rows[4];
    uint16_t *none = make_row(n + 2 * pad, 0, KC_ZERO, 0);
    memset(none, 0xff, (n + 2 * pad + SLACK) * sizeof(*none));
    const unsigned longest = kc_random() % 3 ? 1 + kc_random() % 40 : 200;
    for (unsigned i = 0; i < 4; i++) rows[i] = make_codes(n + 2 * pad, longest);
    for (unsigned i = 0; i < 6; i++) {
        const uint16_t *enter = i < 4 ? rows[i] : none, *leave = i < 2 ? none : rows[i - 2];
        scalar.update(want, enter, leave, n, pad);
        simd.update(got, enter, leave, n, pad);
        compare_hist(want, got, n, pad);
    }
    memset(want, 0, size); /* and all of it, margins too, is 0 again */
    kc_equal(want, got, size, "%s update n %u pad %u: not 0 at the end", set, n, pad);
    for (unsigned i = 0; i < 4; i++) kc_buffer_free(rows[i], "update row");
    kc_buffer_free(none, "update none");
    kc_buffer_free(want, "update");
    kc_buffer_free(got, "update");
}

static float reciprocal[4226];

static void make_reciprocals(void)
{
    for (int i = 1; i <= 4225; i++) {
        char text[32];
        snprintf(text, sizeof(text), "%.9g", 1.0 / i);
        reciprocal[i] = strtof(text, NULL);
    }
}

static VtCambiContrast make_contrast(unsigned n)
{
    static const uint8_t weight[] = {1, 2, 3, 4, 4, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7, 8};
    VtCambiContrast k = {.n = n, .n_codes = HIST_CODES, .reciprocal = reciprocal};
    k.last_eval = (uint16_t)(kc_random() % HIST_CODES);
    for (unsigned d = 0; d < n; d++) {
        k.weight[d] = weight[d];
        k.float_weight[d] = weight[d];
        k.from[d] = (uint16_t)(kc_random() % 3);
        k.to[d] = (uint16_t)(kc_random() % HIST_CODES);
    }
    return k;
}

static void compare_c_row(const uint16_t *hist, const uint16_t *code, unsigned n,
                          const VtCambiContrast *k)
{
    float *want = kc_buffer((n + 31) * sizeof(*want), 0),
          *got = kc_buffer((n + 31) * sizeof(*got), 4);
    const bool a = scalar.c_row(want, hist, code, n, k), b = simd.c_row(got, hist, code, n, k);
    kc_equal(&a, &b, sizeof(a), "%s c_row n %u: any", set, n);
    kc_equal(want, got, n * sizeof(*want), "%s c_row n %u contrasts %u", set, n, k->n);
    kc_buffer_free(want, "c_row");
    kc_buffer_free(got, "c_row");
}

static void check_c_row(unsigned n, unsigned contrasts)
{
    const size_t codes = HIST_CODES + 2 * contrasts;
    uint16_t *hist = kc_buffer(codes * VT_CAMBI_HIST_ROW * sizeof(*hist), 0);
    uint16_t *first = hist + contrasts * VT_CAMBI_HIST_ROW;
    static const uint32_t max[] = {2112, 500, 60, 3};
    kc_fill(hist, codes * VT_CAMBI_HIST_ROW, 2, max[kc_random() % 4], false,
            kc_random() % 4 ? KC_RANDOM : KC_SMALL);
    const VtCambiContrast k = make_contrast(contrasts);
    uint16_t *code = make_codes(n, 1 + kc_random() % 40);
    compare_c_row(first, code, n, &k);
    kc_buffer_free(code, "c_row code");
    kc_buffer_free(hist, "c_row hist");
}

/* Every sum p0 + q, so every reciprocal. */
static void check_reciprocals(void)
{
    uint16_t *hist = kc_buffer(9 * VT_CAMBI_HIST_ROW * sizeof(*hist), 0);
    uint16_t *code = make_row(VT_CAMBI_STRIP, 0, KC_ZERO, 0);
    uint16_t *own = hist + 4 * VT_CAMBI_HIST_ROW + VT_CAMBI_MARGIN;
    uint16_t *next = own + VT_CAMBI_HIST_ROW;
    VtCambiContrast k = make_contrast(4);
    k.from[0] = 0;
    for (unsigned q = 1; q < 2000; q = q * 7 + 3)
        for (unsigned p0 = 1; p0 + q <= 4225; p0 += VT_CAMBI_STRIP) {
            for (unsigned x = 0; x < VT_CAMBI_STRIP; x++) {
                own[x] = (uint16_t)(p0 + x + q <= 4225 ? p0 + x : 1);
                next[x] = (uint16_t)q;
            }
            compare_c_row(hist + 4 * VT_CAMBI_HIST_ROW, code, VT_CAMBI_STRIP, &k);
        }
    kc_buffer_free(code, "reciprocals code");
    kc_buffer_free(hist, "reciprocals hist");
}

static float *make_values(unsigned n, unsigned zeros)
{
    float *c = kc_buffer((n + 31) * sizeof(*c), 4);
    for (unsigned i = 0; i < n; i++)
        c[i] =
            kc_random() % 100 < zeros ? 0 : (float)(8388608 + kc_random() % 100000000) * 0x1p-24f;
    return c;
}

static void check_collect(unsigned n)
{
    static const unsigned zeros[] = {0, 50, 97, 100};
    for (unsigned i = 0; i < 4; i++) {
        float *c = make_values(n, zeros[i]);
        float *want = kc_buffer((n + 16) * sizeof(*want), 0),
              *got = kc_buffer((n + 16) * sizeof(*got), 4);
        const size_t a = scalar.collect(want, c, n), b = simd.collect(got, c, n);
        kc_equal(&a, &b, sizeof(a), "%s collect n %u: count", set, n);
        kc_equal(want, got, a * sizeof(*want), "%s collect n %u", set, n);
        kc_buffer_free(c, "collect c");
        kc_buffer_free(want, "collect");
        kc_buffer_free(got, "collect");
    }
}

static void check_sum(unsigned n)
{
    float *v = make_values(n, 5);
    static const float above[] = {0, 2.5f, 10};
    for (unsigned i = 0; i < 3; i++) {
        size_t count[2];
        const uint64_t want = scalar.sum_above(v, n, above[i], &count[0]);
        const uint64_t got = simd.sum_above(v, n, above[i], &count[1]);
        kc_equal(&want, &got, sizeof(want), "%s sum_above n %u", set, n);
        kc_equal(&count[0], &count[1], sizeof(count[0]), "%s sum_above n %u: count", set, n);
    }
    kc_buffer_free(v, "sum_above");
}

static void check_width(unsigned w)
{
    for (KcFill fill = KC_RANDOM; fill < KC_FILLS; fill++) {
        check_from_8bit(w, fill);
        check_from_words(w, fill);
        check_anti_dither(w, fill);
        check_flat(w, fill);
        check_mask_row(w, fill);
        check_decimate(w, fill);
        check_mode(w, fill);
        check_code_row(w, fill);
    }
    static const unsigned pads[] = {0, 2, 8, 16, 29, 32}, contrasts[] = {1, 2, 4, 8, 16};
    for (unsigned i = 0; i < 6; i++) check_update(w, pads[i]);
    for (unsigned i = 0; i < 5; i++) check_c_row(w, contrasts[i]);
    check_collect(w);
    check_sum(w);
}

/* ---- timing ---- */

enum { BENCH_W = 1920 };

typedef struct Bench {
    const VtCambiDsp *dsp;
    uint8_t *bytes, *bytes2, *sum;
    uint16_t *row[3], *out, *hist;
    uint64_t mask[BENCH_W / 64 + 2];
    uint16_t *codes[2];
    float *c, *list;
    VtCambiContrast contrast;
    size_t count;
} Bench;

static void time_from_8bit(void *p)
{
    Bench *b = p;
    b->dsp->from_8bit(b->out, b->bytes, BENCH_W);
}

static void time_anti_dither(void *p)
{
    Bench *b = p;
    b->dsp->anti_dither(b->row[0], b->row[1], BENCH_W);
}

static void time_flat(void *p)
{
    Bench *b = p;
    b->dsp->flat(b->bytes2, b->row[0], b->row[1], BENCH_W);
}

static void time_mask_row(void *p)
{
    Bench *b = p;
    b->dsp->mask_row(b->mask, b->sum + 3, b->bytes2, b->bytes2, BENCH_W, 21);
}

static void time_decimate(void *p)
{
    Bench *b = p;
    b->dsp->decimate(b->out, b->row[0], BENCH_W / 2);
}

static void time_mode_horizontal(void *p)
{
    Bench *b = p;
    b->dsp->mode_horizontal(b->out, b->row[0], BENCH_W);
}

static void time_mode_vertical(void *p)
{
    Bench *b = p;
    b->dsp->mode_vertical(b->out, b->row[0], b->row[1], b->row[2], BENCH_W);
}

static void time_code_row(void *p)
{
    Bench *b = p;
    b->dsp->code_row(b->out, b->row[0], b->mask, 3, VT_CAMBI_STRIP, 0, 564);
}

static void time_update(void *p)
{
    Bench *b = p;
    b->dsp->update(b->hist, b->codes[0], b->codes[1], VT_CAMBI_STRIP, 16);
}

static void time_c_row(void *p)
{
    Bench *b = p;
    b->dsp->c_row(b->c, b->hist + 4 * VT_CAMBI_HIST_ROW, b->codes[0], VT_CAMBI_STRIP, &b->contrast);
}

static void time_collect(void *p)
{
    Bench *b = p;
    b->count = b->dsp->collect(b->list, b->c, VT_CAMBI_STRIP);
}

static void time_sum_above(void *p)
{
    Bench *b = p;
    b->dsp->sum_above(b->c, VT_CAMBI_STRIP, 1, &b->count);
}

static void time_kernels(const VtCambiDsp *dsp, unsigned flags)
{
    static const struct {
        const char *name;
        KcBody body;
        unsigned pixels;
    } kernels[] = {
        {"from_8bit", time_from_8bit, BENCH_W},
        {"anti_dither", time_anti_dither, BENCH_W},
        {"flat", time_flat, BENCH_W},
        {"mask_row", time_mask_row, BENCH_W},
        {"decimate", time_decimate, BENCH_W / 2},
        {"mode_horizontal", time_mode_horizontal, BENCH_W},
        {"mode_vertical", time_mode_vertical, BENCH_W},
        {"code_row", time_code_row, VT_CAMBI_STRIP},
        {"c_row, runs of 1 to 40", time_c_row, VT_CAMBI_STRIP},
        {"collect", time_collect, VT_CAMBI_STRIP},
        {"sum_above", time_sum_above, VT_CAMBI_STRIP},
        {"update, runs of 1 to 40", time_update, VT_CAMBI_STRIP}, /* spoils hist for c_row */
    };
    const size_t hist = (HIST_CODES + 8) * VT_CAMBI_HIST_ROW;
    Bench b = {.dsp = dsp, .contrast = make_contrast(4)};
    b.contrast.last_eval = HIST_CODES;
    for (unsigned d = 0; d < 4; d++) b.contrast.from[d] = 0, b.contrast.to[d] = HIST_CODES;
    b.bytes = kc_buffer(BENCH_W + SLACK, 0);
    b.bytes2 = kc_buffer(BENCH_W + SLACK, 0);
    b.sum = kc_buffer(BENCH_W + 3 + SLACK, 0);
    for (unsigned i = 0; i < 3; i++) b.row[i] = make_row(BENCH_W, 20, KC_NOISE_ON_FLAT, 0);
    b.out = make_row(BENCH_W, 0, KC_ZERO, 0);
    b.hist = kc_buffer(hist * sizeof(*b.hist), 0);
    kc_fill(b.hist, hist, 2, 500, false, KC_RANDOM);
    for (unsigned i = 0; i < 2; i++) b.codes[i] = make_codes(VT_CAMBI_STRIP + 32, 40);
    b.c = make_values(VT_CAMBI_STRIP, 50);
    b.list = make_values(VT_CAMBI_STRIP, 50);
    for (size_t i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++)
        kc_time(kernels[i].name, flags, kernels[i].pixels, kernels[i].body, &b);
    void *all[] = {b.bytes, b.bytes2, b.sum,      b.row[0],   b.row[1], b.row[2],
                   b.out,   b.hist,   b.codes[0], b.codes[1], b.c,      b.list};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) kc_buffer_free(all[i], "bench");
}

int main(int argc, char **argv)
{
    kc_init(argc, argv, "cambi");
    make_reciprocals();
    vt_cambi_dsp_init(&scalar, 0);
    simd = scalar; /* scalar against itself first, so that there is something to count everywhere */
    set = kc_set_name(0);
    check_width(67);
    if (kc_bench()) time_kernels(&scalar, 0);
    for (const unsigned *flags = kc_sets(); *flags; flags++) {
        vt_cambi_dsp_init(&simd, *flags);
        set = kc_set_name(*flags);
        for (unsigned w = 1; w <= MAX_W; w++) check_width(w);
        for (unsigned w = VT_CAMBI_STRIP - 3; w <= VT_CAMBI_STRIP; w++) check_update(w, 32);
        check_reciprocals();
        check_sum(300000); /* longer than one exact chunk */
        if (kc_bench()) time_kernels(&simd, *flags);
    }
    return kc_finish();
}
