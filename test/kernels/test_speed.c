/* SpEED's kernels: every instruction set against scalar, bit by bit. */
#include <string.h>

#include "kernel_check.h"
#include "metric/speed/speed_dsp.h"

#define N VT_SPEED_N
#define ROW VT_SPEED_ROW
#define MAX_W 200

static VtSpeedDsp scalar, simd;
static const char *set;

static float random_float(KcFill fill)
{
    switch (fill) {
    case KC_ZERO:
        return 0;
    case KC_MAX:
        return 256;
    case KC_EXTREMES:
        return kc_random() & 1 ? 511.9375f : -512;
    case KC_SMALL:
        return (float)(int)(kc_random() % 5) * 0x1p-20f;
    default:
        return (float)((int)(kc_random() % 2097152) - 1048576) / 4096;
    }
}

static float *make_floats(size_t n, unsigned offset, KcFill fill)
{
    float *p = kc_buffer(n * sizeof(*p), offset);
    for (size_t i = 0; i < n; i++) p[i] = random_float(fill);
    return p;
}

static float *copy_floats(const float *from, size_t n)
{
    float *p = kc_buffer(n * sizeof(*p), 4);
    memcpy(p, from, n * sizeof(*p));
    return p;
}

static void check_add(unsigned w, KcFill fill)
{
    const float tap = random_float(KC_RANDOM) / 4096;
    uint8_t *a8 = kc_buffer(w, w % 64), *b8 = kc_buffer(w, 0);
    uint16_t *a16 = kc_buffer(w * 2, 2), *b16 = kc_buffer(w * 2, 0);
    float *want = make_floats(w, 0, KC_RANDOM), *got = copy_floats(want, w);
    float *in = make_floats(w, 8, fill);
    kc_fill(a8, w, 1, 255, false, fill);
    kc_fill(b8, w, 1, 255, false, fill);
    scalar.add_8bit(want, a8, tap, w);
    simd.add_8bit(got, a8, tap, w);
    kc_equal(want, got, w * sizeof(*want), "%s add_8bit w %u", set, w);
    scalar.add_difference_8bit(want, a8, b8, tap, w);
    simd.add_difference_8bit(got, a8, b8, tap, w);
    kc_equal(want, got, w * sizeof(*want), "%s add_difference_8bit w %u", set, w);
    for (unsigned bpc = 9; bpc <= 16; bpc++) {
        const float scale = 1.0f / (float)(1 << (bpc - 8));
        kc_fill(a16, w, 2, (1u << bpc) - 1, false, fill);
        kc_fill(b16, w, 2, (1u << bpc) - 1, false, fill);
        scalar.add_words(want, a16, scale, tap, w);
        simd.add_words(got, a16, scale, tap, w);
        kc_equal(want, got, w * sizeof(*want), "%s add_words %u bits w %u", set, bpc, w);
        scalar.add_difference_words(want, a16, b16, scale, tap, w);
        simd.add_difference_words(got, a16, b16, scale, tap, w);
        kc_equal(want, got, w * sizeof(*want), "%s add_difference_words %u bits w %u", set, bpc, w);
    }
    scalar.add(want, in, tap, w);
    simd.add(got, in, tap, w);
    kc_equal(want, got, w * sizeof(*want), "%s add w %u", set, w);
    void *all[] = {a8, b8, a16, b16, want, got, in};
    for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) kc_buffer_free(all[i], "add");
}

/* From in to w positions, as the metric's tables have them: mirrored at the ends. */
static void check_bilinear(unsigned w, unsigned in, KcFill fill)
{
    float *top = make_floats(in + 32, 0, fill), *bottom = make_floats(in + 32, 4, fill);
    float *want = make_floats(w, 0, KC_ZERO), *got = make_floats(w, 4, KC_ZERO);
    float *weight = make_floats(w, 0, KC_ZERO);
    int32_t *index = kc_buffer(2 * w * sizeof(*index), 4);
    for (unsigned x = 0; x < w; x++) {
        const float at = ((float)x + 0.5f) * (float)in / (float)w - 0.5f;
        const int i = at < 0 ? -1 : (int)at, j = at == (float)i ? i : i + 1;
        index[2 * x] = i < 0 ? 1 : i;
        index[2 * x + 1] = j > (int)in - 1 ? (int)in - 2 : j;
        weight[x] = at - (float)index[2 * x];
    }
    const float dy = random_float(KC_RANDOM) / 256;
    scalar.bilinear(want, top, bottom, index, weight, dy, w);
    simd.bilinear(got, top, bottom, index, weight, dy, w);
    kc_equal(want, got, w * sizeof(*want), "%s bilinear %u to %u", set, in, w);
    void *all[] = {top, bottom, want, got, weight, index};
    for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) kc_buffer_free(all[i], "bilinear");
}

static void check_covariance(unsigned pw, unsigned ph, KcFill fill)
{
    const size_t stride = pw + 4 + 8;
    float *b = make_floats(stride * (ph + 4), 0, fill);
    float mean[2][N];
    double want[N * ROW], got[N * ROW];
    double *row = kc_buffer(ROW * pw * sizeof(*row), 0);
    memset(row, 0xff, ROW * pw * sizeof(*row));
    scalar.sums(mean[0], b, stride, pw, ph);
    simd.sums(mean[1], b, stride, pw, ph);
    kc_equal(mean[0], mean[1], sizeof(mean[0]), "%s sums %ux%u", set, pw, ph);
    for (unsigned k = 0; k < N; k++) mean[0][k] /= (float)(pw * ph);
    scalar.covariance(want, b, stride, pw, ph, mean[0], row);
    memset(row, 0xff, ROW * pw * sizeof(*row));
    simd.covariance(got, b, stride, pw, ph, mean[0], row);
    for (unsigned k = 0; k < N; k++)
        kc_equal(want + k * ROW, got + k * ROW, (k + 1) * sizeof(*want),
                 "%s covariance %ux%u row %u", set, pw, ph, k);
    kc_buffer_free(b, "covariance b");
    kc_buffer_free(row, "covariance row");
}

static void check_reflect(KcFill fill)
{
    for (unsigned k = 0; k < N; k++) {
        float *want = make_floats(N * ROW, 0, fill), *got = copy_floats(want, N * ROW);
        float *v = make_floats(ROW, 0, KC_RANDOM);
        const unsigned first = kc_random() % 2 ? 0 : k;
        for (unsigned i = 0; i < ROW; i++) v[i] /= 256;
        scalar.reflect(want, v, k, first);
        simd.reflect(got, v, k, first);
        kc_equal(want, got, k * ROW * sizeof(*want), "%s reflect %u: rows above", set, k);
        for (unsigned i = k; i < N; i++)
            kc_equal(want + i * ROW + first, got + i * ROW + first, (N - first) * sizeof(*want),
                     "%s reflect %u row %u", set, k, i);
        kc_buffer_free(want, "reflect");
        kc_buffer_free(got, "reflect");
        kc_buffer_free(v, "reflect v");
    }
}

static void check_solve(unsigned n, KcFill fill)
{
    float *a = make_floats(N * ROW, 0, fill), *b = make_floats((size_t)N * n, 4, KC_RANDOM);
    float *want = make_floats((size_t)N * n, 0, KC_ZERO),
          *got = make_floats((size_t)N * n, 8, KC_ZERO);
    float *s[2] = {make_floats(n, 0, KC_ZERO), make_floats(n, 4, KC_ZERO)};
    scalar.product(want, a, b, n);
    simd.product(got, a, b, n);
    kc_equal(want, got, (size_t)N * n * sizeof(*want), "%s product n %u", set, n);
    for (unsigned i = 0; i < N; i++) a[i * ROW + i] = 300 + (float)i / 7;
    scalar.back_substitute(want, a, n);
    simd.back_substitute(got, a, n);
    kc_equal(want, got, (size_t)N * n * sizeof(*want), "%s back_substitute n %u", set, n);
    scalar.variance(s[0], want, b, n);
    simd.variance(s[1], want, b, n);
    kc_equal(s[0], s[1], n * sizeof(*s[0]), "%s variance n %u", set, n);
    void *all[] = {a, b, want, got, s[0], s[1]};
    for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) kc_buffer_free(all[i], "solve");
}

static void check_all(unsigned w)
{
    for (KcFill fill = KC_RANDOM; fill < KC_FILLS; fill++) {
        check_add(w, fill);
        check_bilinear(w, w + 1 + kc_random() % (2 * w), fill); /* smaller, by up to 3 */
        check_bilinear(w, 2 * w, fill);
        if (w > 4) check_bilinear(w, w / 2, fill);
    }
}

static void check_matrices(void)
{
    for (KcFill fill = KC_RANDOM; fill < KC_FILLS; fill++) {
        check_reflect(fill);
        for (unsigned n = VT_SPEED_LANES; n <= 80; n += VT_SPEED_LANES) check_solve(n, fill);
        for (unsigned pw = 1; pw < 30; pw += 1 + pw / 4)
            for (unsigned ph = 1; ph < 12; ph += 3) check_covariance(pw, ph, fill);
    }
}

/* ---- timing: the sizes of 1080p chroma ---- */

enum { BENCH_W = 960, OUT_W = 576, PW = 56, PH = 26, BLOCKS = 80, STRIDE = PW + 4 + 8 };

typedef struct Bench {
    const VtSpeedDsp *dsp;
    uint8_t bytes[BENCH_W];
    uint16_t words[BENCH_W];
    float acc[BENCH_W + 32], in[BENCH_W + 32];
    int32_t index[2 * OUT_W];
    float image[STRIDE * (PH + 4)], mean[N], m[N * ROW], v[ROW];
    double c[N * ROW], row[PW * ROW];
    float x[N * BLOCKS], y[N * BLOCKS], s[BLOCKS];
} Bench;

static void time_add_8bit(void *p)
{
    Bench *b = p;
    b->dsp->add_8bit(b->acc, b->bytes, 0.1f, BENCH_W);
}

static void time_add_words(void *p)
{
    Bench *b = p;
    b->dsp->add_words(b->acc, b->words, 0.25f, 0.1f, BENCH_W);
}

static void time_bilinear(void *p)
{
    Bench *b = p;
    b->dsp->bilinear(b->acc, b->in, b->in, b->index, b->in, 0.25f, OUT_W);
}

static void time_sums(void *p)
{
    Bench *b = p;
    b->dsp->sums(b->mean, b->image, STRIDE, PW, PH);
}

static void time_covariance(void *p)
{
    Bench *b = p;
    b->dsp->covariance(b->c, b->image, STRIDE, PW, PH, b->mean, b->row);
}

static void time_reflect(void *p)
{
    Bench *b = p;
    b->dsp->reflect(b->m, b->v, 0, 0);
}

static void time_product(void *p)
{
    Bench *b = p;
    b->dsp->product(b->x, b->m, b->y, BLOCKS);
}

static void time_back_substitute(void *p)
{
    Bench *b = p;
    memcpy(b->x, b->y, sizeof(b->x));
    b->dsp->back_substitute(b->x, b->m, BLOCKS);
}

static void time_variance(void *p)
{
    Bench *b = p;
    b->dsp->variance(b->s, b->x, b->y, BLOCKS);
}

static void time_kernels(const VtSpeedDsp *dsp, unsigned flags)
{
    static const struct {
        const char *name;
        KcBody body;
        unsigned items;
    } kernels[] = {
        {"add_8bit", time_add_8bit, BENCH_W},
        {"add_words", time_add_words, BENCH_W},
        {"bilinear 0.6", time_bilinear, OUT_W},
        {"sums, by patch", time_sums, PW * PH},
        {"covariance, by patch", time_covariance, PW * PH},
        {"reflect, by element", time_reflect, N * N},
        {"product, by block", time_product, BLOCKS},
        {"back_substitute, by block", time_back_substitute, BLOCKS},
        {"variance, by block", time_variance, BLOCKS},
    };
    static Bench b;
    memset(&b, 0, sizeof(b));
    b.dsp = dsp;
    for (unsigned i = 0; i < 2 * OUT_W; i++) b.index[i] = (int32_t)(i / 2 * 5 / 3 + i % 2);
    for (unsigned i = 0; i < STRIDE * (PH + 4); i++) b.image[i] = random_float(KC_RANDOM);
    for (unsigned i = 0; i < N * BLOCKS; i++) b.y[i] = random_float(KC_RANDOM);
    for (unsigned i = 0; i < N; i++) b.m[i * ROW + i] = 1;
    for (size_t i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++)
        kc_time(kernels[i].name, flags, kernels[i].items, kernels[i].body, &b);
}

int main(int argc, char **argv)
{
    kc_init(argc, argv, "speed");
    vt_speed_dsp_init(&scalar, 0);
    simd = scalar;
    set = kc_set_name(0);
    check_all(67);
    if (kc_bench()) time_kernels(&scalar, 0);
    for (const unsigned *flags = kc_sets(); *flags; flags++) {
        vt_speed_dsp_init(&simd, *flags);
        set = kc_set_name(*flags);
        for (unsigned w = 1; w <= MAX_W; w++) check_all(w);
        check_matrices();
        if (kc_bench()) time_kernels(&simd, *flags);
    }
    return kc_finish();
}
