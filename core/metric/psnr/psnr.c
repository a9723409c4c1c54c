/* Peak signal-to-noise ratio of the three planes per frame, and over the whole clip (spec: classic
 * 1). */
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "metric/metric.h"
#include "metric/psnr/psnr_dsp.h"

typedef struct Options {
    bool enable_chroma, enable_mse, enable_apsnr, reduced_hbd_peak;
    double min_sse;
} Options;

/* First of a plane triple; psnr and mse alternate. The sum of squared errors travels to join() in
 * two halves that a double holds exactly. */
enum {
    PSNR_MSE = 0,
    APSNR = 6,
    SSE_HIGH = 9,
    SSE_LOW = 12,
    SAMPLES = 15,
    PEAK2 = 18, /* one for all planes */
    OUTPUTS
};

static const VtOption options[] = {
    {.name = "enable_chroma",
     .help = "also measure Cb and Cr",
     .type = VT_OPTION_BOOL,
     .offset = offsetof(Options, enable_chroma),
     .number = 1},
    {.name = "enable_mse",
     .help = "also report the mean squared error",
     .type = VT_OPTION_BOOL,
     .offset = offsetof(Options, enable_mse)},
    {.name = "enable_apsnr",
     .help = "also report the PSNR of the whole clip as an aggregate",
     .type = VT_OPTION_BOOL,
     .offset = offsetof(Options, enable_apsnr)},
    {.name = "reduced_hbd_peak",
     .help = "peak 255 * 2^(bpc - 8) instead of 2^bpc - 1",
     .type = VT_OPTION_BOOL,
     .offset = offsetof(Options, reduced_hbd_peak)},
    {.name = "min_sse",
     .help = "squared error of a plane below which PSNR does not rise; 0: the usual ceiling",
     .type = VT_OPTION_DOUBLE,
     .offset = offsetof(Options, min_sse),
     .max = DBL_MAX},
    {0},
};

static const VtOutput outputs[OUTPUTS] = {
    {.base = "psnr_y"},
    {.base = "mse_y"},
    {.base = "psnr_cb"},
    {.base = "mse_cb"},
    {.base = "psnr_cr"},
    {.base = "mse_cr"},
    {.base = "apsnr_y", .kind = VT_OUTPUT_AGGREGATE},
    {.base = "apsnr_cb", .kind = VT_OUTPUT_AGGREGATE},
    {.base = "apsnr_cr", .kind = VT_OUTPUT_AGGREGATE},
    {.base = "sse_high_y", .kind = VT_OUTPUT_HIDDEN},
    {.base = "sse_high_cb", .kind = VT_OUTPUT_HIDDEN},
    {.base = "sse_high_cr", .kind = VT_OUTPUT_HIDDEN},
    {.base = "sse_low_y", .kind = VT_OUTPUT_HIDDEN},
    {.base = "sse_low_cb", .kind = VT_OUTPUT_HIDDEN},
    {.base = "sse_low_cr", .kind = VT_OUTPUT_HIDDEN},
    {.base = "samples_y", .kind = VT_OUTPUT_HIDDEN},
    {.base = "samples_cb", .kind = VT_OUTPUT_HIDDEN},
    {.base = "samples_cr", .kind = VT_OUTPUT_HIDDEN},
    {.base = "peak_squared", .kind = VT_OUTPUT_HIDDEN},
};

typedef struct Shared {
    VtPsnrDsp dsp;
    unsigned planes;
    double peak2;      /* peak squared */
    double ceiling[3]; /* of each plane */
    unsigned w[3], h[3];
} Shared;

static double peak_squared(const Options *o, unsigned bpc)
{
    const double peak = o->reduced_hbd_peak ? 255.0 * (1u << (bpc - 8)) : (1u << bpc) - 1;
    return peak * peak;
}

static void plane_sizes(const VtFormat *f, unsigned w[3], unsigned h[3])
{
    const bool half_w = f->pix_fmt == VMAF_PIX_FMT_YUV420P || f->pix_fmt == VMAF_PIX_FMT_YUV422P;
    const bool half_h = f->pix_fmt == VMAF_PIX_FMT_YUV420P;
    for (unsigned p = 0; p < 3; p++) {
        w[p] = p && half_w ? f->w >> 1 : f->w;
        h[p] = p && half_h ? f->h >> 1 : f->h;
    }
}

static int init(VtGroup *group)
{
    const Options *o = group->member[0]->options;
    const VtFormat *f = &group->format;
    Shared *s = calloc(1, sizeof(*s));
    if (!s) {
        vt_error(group->log, "psnr: out of memory");
        return -ENOMEM;
    }
    vt_psnr_dsp_init(&s->dsp, group->cpu_flags);
    s->planes = o->enable_chroma && f->pix_fmt != VMAF_PIX_FMT_YUV400P ? 3 : 1;
    s->peak2 = peak_squared(o, f->bpc);
    plane_sizes(f, s->w, s->h);
    for (unsigned p = 0; p < s->planes; p++) {
        const double size = (double)((uint64_t)s->w[p] * s->h[p]);
        s->ceiling[p] =
            o->min_sse != 0 ? ceil(10 * log10(s->peak2 / (o->min_sse / size))) : 6.0 * f->bpc + 12;
    }
    group->shared = s;
    return 0;
}

static void close_group(VtGroup *group)
{
    free(group->shared);
    group->shared = NULL;
}

static double psnr(const Shared *s, unsigned plane, double mse)
{
    const double db = 10 * log10(s->peak2 / (mse > 1e-16 ? mse : 1e-16));
    return db < s->ceiling[plane] ? db : s->ceiling[plane];
}

/* What join() needs. */
static void emit_sums(VtResult *r, unsigned plane, uint64_t sse, uint64_t samples)
{
    vt_emit(r, SSE_HIGH + plane, (double)(sse >> 32));
    vt_emit(r, SSE_LOW + plane, (double)(sse & UINT32_MAX));
    vt_emit(r, SAMPLES + plane, (double)samples);
}

static int extract(const VtGroup *group, void *scratch, const VtFrame *frame,
                   VtResult *const *results)
{
    (void)scratch;
    const Shared *s = group->shared;
    const Options *o = group->member[0]->options;
    const VmafPicture *ref = frame->ref, *dis = frame->dis;
    for (unsigned p = 0; p < s->planes; p++) {
        const VtPsnrPlane plane = {.ref = ref->data[p],
                                   .dis = dis->data[p],
                                   .ref_stride = ref->stride[p],
                                   .dis_stride = dis->stride[p],
                                   .w = s->w[p],
                                   .h = s->h[p],
                                   .bpc = group->format.bpc};
        const uint64_t samples = (uint64_t)s->w[p] * s->h[p];
        const uint64_t sse = vt_psnr_sse(&s->dsp, &plane);
        const double mse = (double)sse / (double)samples;
        vt_emit(results[0], PSNR_MSE + 2 * p, psnr(s, p, mse));
        if (o->enable_mse) vt_emit(results[0], PSNR_MSE + 2 * p + 1, mse);
        if (o->enable_apsnr) emit_sums(results[0], p, sse, samples);
    }
    vt_emit(results[0], PEAK2, s->peak2);
    return 0;
}

/* ---- whole clip ---- */

/* Sums over the frames so far. sse_high counts 2^64: no clip is too long. */
typedef struct State {
    uint64_t sse_low[3], sse_high[3], samples[3];
    double peak2;
} State;

static int join(const VtInstance *inst, void *state, unsigned index, VtResult *r,
                const VtSeries *series)
{
    (void)inst, (void)index, (void)series;
    State *s = state;
    s->peak2 = r->value[PEAK2];
    for (unsigned p = 0; p < 3; p++) {
        if (!(r->written & UINT32_C(1) << (SAMPLES + p))) continue;
        const uint64_t sse =
            (uint64_t)r->value[SSE_HIGH + p] << 32 | (uint64_t)r->value[SSE_LOW + p];
        s->sse_low[p] += sse;
        s->sse_high[p] += s->sse_low[p] < sse;
        s->samples[p] += (uint64_t)r->value[SAMPLES + p];
    }
    return 0;
}

/* A plane that was not measured gets -inf, as in libvmaf. The cap is that of libvmaf except where
 * its 64-bit product overflows (16-bit clips of 2^31 samples). */
static double apsnr(const State *s, unsigned plane)
{
    const double sse = (double)s->sse_high[plane] * 0x1p64 + (double)s->sse_low[plane];
    const double samples = (double)s->samples[plane];
    const double db = 10 * (log10(s->peak2) + log10(samples) - log10(sse));
    const double cap = ceil(10 * log10(s->peak2 * samples * 2));
    return db < cap ? db : cap;
}

static int flush(const VtInstance *inst, void *state, const VtSeries *series)
{
    if (!((const Options *)inst->options)->enable_apsnr) return 0;
    int first_error = 0;
    for (unsigned p = 0; p < 3; p++) {
        const int err = series->put_aggregate(series->ctx, APSNR + p, apsnr(state, p));
        if (err && !first_error) first_error = err;
    }
    return first_error;
}

/* APSNR is one figure of all frames. */
static void window(const void *opaque, unsigned *before, unsigned *after)
{
    *before = *after = ((const Options *)opaque)->enable_apsnr ? VT_WHOLE_CLIP : 0;
}

const VtMetric vt_metric_psnr = {
    .name = "psnr",
    .help = "peak signal-to-noise ratio of luma and chroma",
    .options = options,
    .options_size = sizeof(Options),
    .outputs = outputs,
    .n_outputs = OUTPUTS,
    .every_frame = true,
    .window = window,
    .init = init,
    .close = close_group,
    .extract = extract,
    .state_size = sizeof(State),
    .join = join,
    .flush = flush,
};
