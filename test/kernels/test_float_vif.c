/* Floating-point VIF: every vector kernel gives the scalar one's bits. */
#include <string.h>

#include "kernel_check.h"
#include "metric/float_vif/float_vif_setup.h"

enum { MAX_ROWS = VT_FVIF_BAND + 2 * VT_FVIF_RADIUS };

static VtFvifDsp scalar, simd;
static unsigned flags;
static VtFvifFilter filter[VT_FVIF_SCALES];

/* Rows of one plane in any of the three sample types. */
typedef struct Rows {
    void *row[MAX_ROWS];
    unsigned n;
    VtSamples samples;
} Rows;

static size_t sample_size(const VtSamples *s)
{
    return s->type == VT_SAMPLE_U8 ? 1 : s->type == VT_SAMPLE_U16 ? 2 : 4;
}

/* bpc 0: floats. */
static Rows rows_new(unsigned n, unsigned w, unsigned bpc, KcFill fill)
{
    Rows r = {.n = n, .samples = {VT_SAMPLE_F32, 1, 0}};
    if (bpc)
        r.samples = (VtSamples){bpc > 8 ? VT_SAMPLE_U16 : VT_SAMPLE_U8,
                                1.0f / (float)(1u << (bpc - 8)), -128};
    const size_t bytes = sample_size(&r.samples);
    for (unsigned i = 0; i < n; i++) {
        if (bpc) {
            r.row[i] = kc_buffer(w * bytes, (unsigned)(i * bytes) % 64);
            kc_fill(r.row[i], w, (unsigned)bytes, (1u << bpc) - 1, false, fill);
            continue;
        }
        r.row[i] = kc_buffer(VT_FLOAT_ROW(w), 0);
        kc_fill(r.row[i], w, 4, 65535, false, fill);
        float *f = r.row[i];
        const int32_t *v = r.row[i];
        for (unsigned x = 0; x < w; x++) f[x] = (float)v[x] / 256.0f - 128;
    }
    return r;
}

static void rows_free(Rows *r)
{
    for (unsigned i = 0; i < r->n; i++) kc_buffer_free(r->row[i], "source row");
}

/* Widths 1 to 200 above the radius, then some larger ones; 0 ends. */
static unsigned next_width(unsigned w)
{
    static const unsigned large[] = {239, 255, 256, 257, 481, 962, 0};
    if (w < 200) return w + 1;
    if (w == 200) return large[0];
    for (unsigned i = 0;; i++)
        if (large[i] == w) return large[i + 1];
}

static VtFvifModel model_of(double noise, unsigned n_limits)
{
    static const float limits[] = {100, 1, 1.2f};
    VtFvifModel m;
    vt_fvif_make_model(&m, noise);
    m.n_limits = n_limits;
    memcpy(m.limit, limits, sizeof(limits));
    return m;
}

static void compare_sums(const VtFvifSums *a, const VtFvifSums *b, const VtFvifBand *band,
                         unsigned n_limits)
{
    const size_t size = band->rows * sizeof(float);
    kc_equal(a->den, b->den, size, "%s den, %ux%u, radius %u, type %d", kc_set_name(flags), band->w,
             band->rows, band->filter->radius, (int)band->samples.type);
    for (unsigned i = 0; i < n_limits; i++)
        kc_equal(a->num[i], b->num[i], size, "%s num %u, %ux%u, radius %u, type %d",
                 kc_set_name(flags), i, band->w, band->rows, band->filter->radius,
                 (int)band->samples.type);
}

static void check_statistics(unsigned w, unsigned rows, const VtFvifFilter *f, unsigned bpc,
                             KcFill fill, const VtFvifModel *model)
{
    const unsigned n = rows + 2 * f->radius;
    Rows ref = rows_new(n, w, bpc, fill);
    Rows dis = rows_new(n, w, bpc, fill == KC_RANDOM ? KC_NOISE_ON_FLAT : fill);
    VtFvifBand band = {.rows = rows, .w = w, .filter = f, .samples = ref.samples};
    for (unsigned i = 0; i < n; i++) {
        band.ref[i] = ref.row[i];
        band.dis[i] = kc_random() % 4 ? dis.row[i] : ref.row[i];
    }
    void *scratch = kc_buffer(vt_fvif_scratch(w), 0);
    VtFvifSums a, b;
    scalar.statistics(&band, model, scratch, &a);
    simd.statistics(&band, model, scratch, &b);
    compare_sums(&a, &b, &band, model->n_limits);
    kc_buffer_free(scratch, "statistics scratch");
    rows_free(&ref);
    rows_free(&dis);
}

static void check_thin(unsigned w, unsigned rows, const VtFvifFilter *f, unsigned bpc, KcFill fill)
{
    Rows src = rows_new(2 * rows - 1 + 2 * f->radius, w, bpc, fill);
    VtFvifThin t = {.rows = rows, .w = w, .filter = f, .samples = src.samples};
    float *out[2][VT_FVIF_THINNED];
    for (unsigned i = 0; i < src.n; i++) t.src[i] = src.row[i];
    void *scratch = kc_buffer(vt_fvif_scratch(w), 0);
    for (unsigned i = 0; i < 2; i++) {
        for (unsigned j = 0; j < rows; j++)
            t.dst[j] = out[i][j] = kc_buffer(VT_FLOAT_ROW(w / 2), 0);
        (i ? simd : scalar).thin(&t, scratch);
    }
    for (unsigned j = 0; j < rows; j++) {
        kc_equal(out[0][j], out[1][j], w / 2 * sizeof(float), "%s thin, width %u, radius %u",
                 kc_set_name(flags), w, f->radius);
        for (unsigned i = 0; i < 2; i++) kc_buffer_free(out[i][j], "thinned row");
    }
    kc_buffer_free(scratch, "thin scratch");
    rows_free(&src);
}

static void check_widths(void)
{
    static const unsigned depths[] = {8, 10, 0, 16, 12};
    const VtFvifModel model = model_of(2, 1);
    for (unsigned s = 0; s < VT_FVIF_SCALES; s++)
        for (unsigned w = filter[s].radius + 1, i = 0; w; w = next_width(w), i++) {
            const unsigned rows = 1 + i * 5 % VT_FVIF_BAND, bpc = depths[i % 5];
            const KcFill fill = (KcFill)(i % KC_FILLS);
            check_statistics(w, rows, &filter[s], bpc, fill, &model);
            if (s) check_thin(w, 1 + i % VT_FVIF_THINNED, &filter[s], bpc, fill);
        }
}

static void check_fills(void)
{
    static const unsigned depths[] = {8, 10, 12, 16, 0};
    static const double noises[] = {2, 0, 0.8, 5, 0.25};
    for (unsigned d = 0; d < 5; d++)
        for (KcFill fill = 0; fill < KC_FILLS; fill++)
            for (unsigned i = 0; i < 5; i++) {
                const VtFvifModel model = model_of(noises[i], 3);
                check_statistics(77, VT_FVIF_BAND, &filter[i % VT_FVIF_SCALES], depths[d], fill,
                                 &model);
            }
}

static void check_kernel_scales(void)
{
    static const double scales[] = {0.5, 2.0 / 3, 1.5, 2.4, 3, 360.0 / 97};
    const VtFvifModel model = model_of(2, 2);
    for (unsigned i = 0; i < 6; i++) {
        VtFvifFilter wide[VT_FVIF_SCALES];
        vt_fvif_make_filters(wide, scales[i]);
        for (unsigned s = 0; s < VT_FVIF_SCALES; s++)
            for (unsigned w = wide[s].radius + 1; w < 130; w += 1 + kc_random() % 20) {
                check_statistics(w, 1 + kc_random() % VT_FVIF_BAND, &wide[s], 8, KC_RANDOM, &model);
                check_thin(w, 1 + kc_random() % VT_FVIF_THINNED, &wide[s], 10, KC_RANDOM);
            }
    }
}

/* ---- timing ---- */

typedef struct Bench {
    const VtFvifDsp *dsp;
    VtFvifBand band;
    VtFvifThin thin;
    VtFvifModel model;
    void *scratch;
} Bench;

static void time_statistics(void *arg)
{
    Bench *b = arg;
    VtFvifSums sums;
    b->dsp->statistics(&b->band, &b->model, b->scratch, &sums);
}

static void time_thin(void *arg)
{
    Bench *b = arg;
    b->dsp->thin(&b->thin, b->scratch);
}

static void bench(unsigned set)
{
    enum { W = 1920 };
    VtFvifDsp dsp;
    vt_fvif_dsp_init(&dsp, set);
    for (unsigned s = 0; s < VT_FVIF_SCALES; s++) {
        const unsigned w = W >> s, n = VT_FVIF_BAND + 2 * filter[s].radius;
        Rows ref = rows_new(n, w, s ? 0 : 8, KC_RANDOM), dis = rows_new(n, w, s ? 0 : 8, KC_RANDOM);
        Bench b = {&dsp,
                   {.rows = VT_FVIF_BAND, .w = w, .filter = &filter[s], .samples = ref.samples},
                   {.rows = VT_FVIF_THINNED, .w = w, .filter = &filter[s], .samples = ref.samples},
                   model_of(2, 1),
                   kc_buffer(vt_fvif_scratch(w), 0)};
        for (unsigned i = 0; i < n; i++) b.band.ref[i] = ref.row[i], b.band.dis[i] = dis.row[i];
        for (unsigned i = 0; i < n - 1; i++) b.thin.src[i] = ref.row[i];
        float *out = kc_buffer(VT_FVIF_THINNED * VT_FLOAT_ROW(w), 0);
        for (unsigned j = 0; j < VT_FVIF_THINNED; j++)
            b.thin.dst[j] = out + j * (VT_FLOAT_ROW(w) / 4);
        char name[32] = "statistics, scale 0";
        name[18] = (char)('0' + s);
        kc_time(name, set, (size_t)w * VT_FVIF_BAND, time_statistics, &b);
        if (s) kc_time("thin", set, (size_t)w * VT_FVIF_BAND, time_thin, &b);
        kc_buffer_free(out, "thinned rows");
        kc_buffer_free(b.scratch, "scratch");
        rows_free(&ref);
        rows_free(&dis);
    }
}

int main(int argc, char **argv)
{
    kc_init(argc, argv, "float_vif");
    vt_fvif_make_filters(filter, 1);
    vt_fvif_dsp_init(&scalar, 0);
    for (const unsigned *set = kc_sets(); *set; set++) {
        flags = *set;
        vt_fvif_dsp_init(&simd, flags);
        check_widths();
        check_fills();
        check_kernel_scales();
    }
    if (kc_bench()) {
        bench(0);
        for (const unsigned *set = kc_sets(); *set; set++) bench(*set);
    }
    return kc_finish();
}
