/* Floating-point ADM: every vector kernel gives the scalar one's bits. */
#include <string.h>

#include "kernel_check.h"
#include "metric/float_adm/float_adm_dsp.h"

static VtFadmDsp scalar, simd;
static unsigned flags;

/* A row of floats with its margins; the guards lie behind those. */
static float *row_new(unsigned w)
{
    return (float *)kc_buffer(VT_FLOAT_ROW(w + 2 * VT_FADM_MARGIN), 0) + VT_FADM_MARGIN;
}

static void row_free(const float *row, const char *what)
{
    kc_buffer_free((float *)row - VT_FADM_MARGIN, what);
}

/* Numbers from -max to max, or 0 to max. */
static void row_fill(float *row, unsigned w, float max, bool signed_, KcFill fill)
{
    int32_t v[1024];
    kc_fill(v, w, 4, 1 << 20, signed_, fill);
    for (unsigned x = 0; x < w; x++) row[x] = (float)v[x] * max / (1 << 20);
}

static unsigned next_width(unsigned w)
{
    static const unsigned large[] = {239, 255, 256, 257, 481, 962, 0};
    if (w < 200) return w + 1;
    if (w == 200) return large[0];
    for (unsigned i = 0;; i++)
        if (large[i] == w) return large[i + 1];
}

/* ---- wavelet ---- */

static void compare_bands(const VtFadmWavelet *a, const VtFadmWavelet *b)
{
    const size_t size = (a->w + 1) / 2 * sizeof(float);
    if (a->approximation)
        kc_equal(a->approximation, b->approximation, size, "%s approximation, width %u, type %d",
                 kc_set_name(flags), a->w, (int)a->samples.type);
    for (int i = 0; a->detail[0] && i < VT_FADM_BANDS; i++)
        kc_equal(a->detail[i], b->detail[i], size, "%s detail %d, width %u, type %d",
                 kc_set_name(flags), i, a->w, (int)a->samples.type);
}

static VtFadmWavelet wavelet_run(const VtFadmDsp *dsp, VtFadmWavelet t, void *scratch, bool detail,
                                 bool approximation)
{
    const unsigned n = (t.w + 1) / 2;
    t.approximation = approximation ? row_new(n) : NULL;
    for (int i = 0; i < VT_FADM_BANDS; i++) t.detail[i] = detail ? row_new(n) : NULL;
    dsp->wavelet(&t, scratch);
    return t;
}

static void wavelet_free(const VtFadmWavelet *t)
{
    if (t->approximation) row_free(t->approximation, "approximation");
    for (int i = 0; t->detail[0] && i < VT_FADM_BANDS; i++) row_free(t->detail[i], "detail");
}

/* bpc 0: floats. */
static void check_wavelet(unsigned w, unsigned bpc, KcFill fill, unsigned wanted)
{
    VtFadmWavelet t = {.w = w, .samples = {VT_SAMPLE_F32, 1, 0}};
    void *row[4];
    if (bpc)
        t.samples = (VtSamples){bpc > 8 ? VT_SAMPLE_U16 : VT_SAMPLE_U8,
                                1.0f / (float)(1u << (bpc - 8)), -128};
    for (unsigned k = 0; k < 4; k++) {
        const unsigned bytes = bpc > 8 ? 2 : 1;
        row[k] = bpc ? kc_buffer(w * bytes, k * bytes) : kc_buffer(VT_FLOAT_ROW(w), 0);
        if (bpc)
            kc_fill(row[k], w, bytes, (1u << bpc) - 1, false, fill);
        else
            row_fill(row[k], w, 4000, true, fill);
        t.row[k] = row[k];
    }
    void *scratch = kc_buffer(vt_fadm_scratch(w), 0);
    const VtFadmWavelet a = wavelet_run(&scalar, t, scratch, wanted != 1, wanted != 2);
    const VtFadmWavelet b = wavelet_run(&simd, t, scratch, wanted != 1, wanted != 2);
    compare_bands(&a, &b);
    wavelet_free(&a);
    wavelet_free(&b);
    kc_buffer_free(scratch, "scratch");
    for (unsigned k = 0; k < 4; k++) kc_buffer_free(row[k], "input row");
}

/* ---- decoupling and pooling ---- */

/* How the distorted coefficients follow from the reference's. */
typedef enum { INDEPENDENT, ENHANCED, REDUCED, EQUAL, ROTATED, RELATIONS } Relation;

static void relate(const float *const ref[VT_FADM_BANDS], float *const dis[VT_FADM_BANDS],
                   unsigned w, Relation relation)
{
    static const float gain[RELATIONS] = {0, 3.7f, 0.4f, 1, 1};
    if (relation == INDEPENDENT) return;
    for (int b = 0; b < VT_FADM_BANDS; b++)
        for (unsigned x = 0; x < w; x++) dis[b][x] = ref[b][x] * gain[relation];
    for (unsigned x = 0; relation == ROTATED && x < w; x++) { /* by 1 degree, about */
        const float angle = 0.0174f + 1e-5f * (float)(kc_random() % 11);
        dis[0][x] = ref[0][x] - angle * ref[1][x];
        dis[1][x] = ref[1][x] + angle * ref[0][x];
    }
}

static void check_decouple(unsigned w, unsigned x0, const VtFadmModel *model, Relation relation,
                           KcFill fill)
{
    float *ref[VT_FADM_BANDS], *dis[VT_FADM_BANDS], *out[2][4 * VT_FADM_BANDS];
    for (int b = 0; b < VT_FADM_BANDS; b++) {
        row_fill(ref[b] = row_new(w), w, 2000, true, fill);
        row_fill(dis[b] = row_new(w), w, 2000, true, KC_RANDOM);
    }
    relate((const float *const *)ref, dis, w, relation);
    for (int i = 0; i < 2; i++) {
        VtFadmDecouple d = {.x0 = x0, .x1 = w};
        for (int b = 0; b < VT_FADM_BANDS; b++) {
            float **o = &out[i][4 * b];
            for (int k = 0; k < 4; k++) o[k] = row_new(w);
            d.ref[b] = ref[b];
            d.dis[b] = dis[b];
            d.restored[b] = o[0];
            d.added[b] = o[1];
            d.restored_mask[b] = o[2];
            d.added_mask[b] = o[3];
        }
        (i ? simd : scalar).decouple(&d, model);
    }
    for (int k = 0; k < 4 * VT_FADM_BANDS; k++) {
        if (model->masking || k % 4 < 2)
            kc_equal(out[0][k] + x0, out[1][k] + x0, (w - x0) * sizeof(float),
                     "%s decouple output %d, width %u, relation %d, limit %g", kc_set_name(flags),
                     k, w, (int)relation, model->gain_limit);
        for (int i = 0; i < 2; i++) row_free(out[i][k], "decoupled row");
    }
    for (int b = 0; b < VT_FADM_BANDS; b++) {
        row_free(ref[b], "reference row");
        row_free(dis[b], "distorted row");
    }
}

static void pool_new(VtFadmPool *p, unsigned w, KcFill fill)
{
    for (int b = 0; b < VT_FADM_BANDS; b++) {
        float *row[9];
        for (int k = 0; k < 9; k++) {
            row[k] = row_new(w);
            row_fill(row[k], w, k < 3 ? 40 : 4, false, fill);
            row[k][-1] = row[k][w > 1];
            row[k][w] = row[k][w - 1];
        }
        p->ref[b] = row[0];
        p->restored[b] = row[1];
        p->added[b] = row[2];
        for (int k = 0; k < 3; k++) {
            p->restored_mask[b][k] = row[3 + k];
            p->added_mask[b][k] = row[6 + k];
        }
    }
}

static void pool_free(VtFadmPool *p)
{
    for (int b = 0; b < VT_FADM_BANDS; b++) {
        row_free(p->ref[b], "pool row");
        row_free(p->restored[b], "pool row");
        row_free(p->added[b], "pool row");
        for (int k = 0; k < 3; k++) {
            row_free(p->restored_mask[b][k], "pool row");
            row_free(p->added_mask[b][k], "pool row");
        }
    }
}

static void check_pool(unsigned w, unsigned left, const VtFadmModel *model, KcFill fill)
{
    VtFadmPool p = {.left = left, .right = w - left};
    pool_new(&p, w, fill);
    VtFadmSums a, b;
    scalar.pool(&p, model, &a);
    simd.pool(&p, model, &b);
    kc_equal(&a, &b, sizeof(a), "%s pool, width %u, left %u, p %g, fill %d", kc_set_name(flags), w,
             left, (double)model->p, (int)fill);
    pool_free(&p);
}

static VtFadmModel model_of(double gain_limit, bool masking, float p)
{
    return (VtFadmModel){.factor = {0.0173815377f, 0.0173815377f, 0.005890687f},
                         .gain_limit = gain_limit,
                         .exact_limit = (double)(float)gain_limit == gain_limit,
                         .masking = masking,
                         .p = p};
}

static void check_rows(unsigned w, KcFill fill)
{
    static const double limits[] = {100, 1, 1.2, 1.5};
    for (unsigned i = 0; i < 4; i++) {
        const VtFadmModel m = model_of(limits[i], i != 3, 3);
        for (Relation r = 0; r < RELATIONS; r++) check_decouple(w, w / 11, &m, r, fill);
    }
    const unsigned left = w > 15 ? (unsigned)(w * 0.1 - 0.5) : 0;
    const VtFadmModel masked = model_of(100, true, 3), bare = model_of(100, false, 3);
    check_pool(w, left, &masked, fill);
    check_pool(w, left, &bare, fill);
}

static void check_all(void)
{
    static const unsigned depths[] = {8, 0, 10, 16, 12};
    for (unsigned w = 2, i = 0; w; w = next_width(w), i++) {
        check_wavelet(w, depths[i % 5], (KcFill)(i % KC_FILLS), i % 3);
        check_wavelet(w, 0, KC_RANDOM, 0);
        check_rows(w, (KcFill)(i % KC_FILLS));
    }
    for (KcFill fill = 0; fill < KC_FILLS; fill++) {
        for (unsigned d = 0; d < 5; d++) check_wavelet(163, depths[d], fill, 0);
        check_rows(163, fill);
    }
    const VtFadmModel other = model_of(100, true, 2.5f);
    check_pool(163, 15, &other, KC_RANDOM);
}

/* ---- timing ---- */

typedef struct Bench {
    VtFadmDsp dsp;
    VtFadmModel model;
    VtFadmWavelet wavelet;
    VtFadmDecouple decouple;
    VtFadmPool pool;
    void *scratch;
} Bench;

static void time_wavelet(void *arg)
{
    Bench *b = arg;
    b->dsp.wavelet(&b->wavelet, b->scratch);
}

static void time_decouple(void *arg)
{
    Bench *b = arg;
    b->dsp.decouple(&b->decouple, &b->model);
}

static void time_pool(void *arg)
{
    Bench *b = arg;
    VtFadmSums sums;
    b->dsp.pool(&b->pool, &b->model, &sums);
}

static void bench(unsigned set)
{
    enum { W = 960 };
    Bench b = {.model = model_of(100, true, 3), .scratch = kc_buffer(vt_fadm_scratch(2 * W), 0)};
    vt_fadm_dsp_init(&b.dsp, set);
    uint8_t *input = kc_buffer(2 * W, 0);
    kc_fill(input, 2 * W, 1, 255, false, KC_RANDOM);
    b.wavelet = (VtFadmWavelet){
        .row = {input, input, input, input}, .w = 2 * W, .samples = {VT_SAMPLE_U8, 1, -128}};
    b.wavelet.approximation = row_new(W);
    b.decouple = (VtFadmDecouple){.x1 = W};
    for (int i = 0; i < VT_FADM_BANDS; i++) {
        float *row[6];
        for (int k = 0; k < 6; k++) row_fill(row[k] = row_new(W), W, 100, true, KC_RANDOM);
        b.wavelet.detail[i] = row[0];
        b.decouple.ref[i] = row[0];
        b.decouple.dis[i] = row[1];
        b.decouple.restored[i] = row[2];
        b.decouple.added[i] = row[3];
        b.decouple.restored_mask[i] = row[4];
        b.decouple.added_mask[i] = row[5];
    }
    b.pool.right = W;
    pool_new(&b.pool, W, KC_RANDOM);
    kc_time("wavelet", set, W, time_wavelet, &b);
    kc_time("decouple", set, W, time_decouple, &b);
    kc_time("pool", set, W, time_pool, &b);
    pool_free(&b.pool);
    row_free(b.wavelet.approximation, "approximation");
    for (int i = 0; i < VT_FADM_BANDS; i++) {
        row_free(b.decouple.ref[i], "reference row");
        row_free(b.decouple.dis[i], "distorted row");
        row_free(b.decouple.restored[i], "restored row");
        row_free(b.decouple.added[i], "added row");
        row_free(b.decouple.restored_mask[i], "mask row");
        row_free(b.decouple.added_mask[i], "mask row");
    }
    kc_buffer_free(input, "input row");
    kc_buffer_free(b.scratch, "scratch");
}

int main(int argc, char **argv)
{
    kc_init(argc, argv, "float_adm");
    vt_fadm_dsp_init(&scalar, 0);
    for (const unsigned *set = kc_sets(); *set; set++) {
        flags = *set;
        vt_fadm_dsp_init(&simd, flags);
        check_all();
    }
    if (kc_bench()) {
        bench(0);
        for (const unsigned *set = kc_sets(); *set; set++) bench(*set);
    }
    return kc_finish();
}
