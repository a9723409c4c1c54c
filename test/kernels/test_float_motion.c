/* Floating-point motion: the vector kernels give the scalar one's bits. */
#include "kernel_check.h"
#include "metric/float_motion/float_motion_dsp.h"

enum { MAX_ROWS = VT_FMOTION_BAND + 2 * VT_FMOTION_RADIUS };

static VtFmotionDsp scalar, simd;
static unsigned flags;

static VtFmotionBand band_new(unsigned w, unsigned rows, int filter_size, unsigned bpc, KcFill fill)
{
    VtFmotionBand b = {.rows = rows, .w = w, .filter = vt_fmotion_filter(filter_size)};
    b.samples =
        (VtSamples){bpc > 8 ? VT_SAMPLE_U16 : VT_SAMPLE_U8, 1.0f / (float)(1u << (bpc - 8)), -128};
    const unsigned bytes = bpc > 8 ? 2 : 1;
    for (unsigned i = 0; i < rows + 2 * b.filter->radius; i++) {
        const unsigned offset = i * bytes % 64;
        const uint32_t max = (1u << bpc) - 1;
        void *earlier = kc_buffer(w * bytes, offset), *current = kc_buffer(w * bytes, offset);
        kc_fill(earlier, w, bytes, max, false, fill);
        kc_fill(current, w, bytes, max, false, fill == KC_ZERO ? KC_MAX : fill);
        b.earlier[i] = earlier;
        b.current[i] = current;
    }
    return b;
}

static void band_free(VtFmotionBand *b)
{
    for (unsigned i = 0; i < b->rows + 2 * b->filter->radius; i++) {
        kc_buffer_free((void *)b->earlier[i], "earlier row");
        kc_buffer_free((void *)b->current[i], "current row");
    }
}

static void check(unsigned w, unsigned rows, int filter_size, unsigned bpc, KcFill fill)
{
    VtFmotionBand band = band_new(w, rows, filter_size, bpc, fill);
    void *scratch = kc_buffer(vt_fmotion_scratch(w), 0);
    float a[VT_FMOTION_BAND], b[VT_FMOTION_BAND];
    scalar.sad(&band, scratch, a);
    simd.sad(&band, scratch, b);
    kc_equal(a, b, rows * sizeof(*a), "%s sad, %ux%u, filter %d, %u bit, fill %d",
             kc_set_name(flags), w, rows, filter_size, bpc, (int)fill);
    kc_buffer_free(scratch, "scratch");
    band_free(&band);
}

static void check_all(void)
{
    static const int sizes[] = {1, 3, 5};
    static const unsigned depths[] = {8, 10, 12, 16};
    static const unsigned large[] = {255, 256, 257, 481, 962};
    for (unsigned f = 0; f < 3; f++) {
        for (unsigned w = f + 1; w <= 200; w++)
            check(w, 1 + w * 5 % VT_FMOTION_BAND, sizes[f], depths[w % 4], (KcFill)(w % KC_FILLS));
        for (unsigned i = 0; i < 5; i++)
            for (unsigned d = 0; d < 4; d++)
                for (KcFill fill = 0; fill < KC_FILLS; fill++)
                    check(large[i], VT_FMOTION_BAND, sizes[f], depths[d], fill);
    }
}

typedef struct Bench {
    VtFmotionDsp dsp;
    VtFmotionBand band;
    void *scratch;
} Bench;

static void time_sad(void *arg)
{
    Bench *b = arg;
    float sum[VT_FMOTION_BAND];
    b->dsp.sad(&b->band, b->scratch, sum);
}

static void bench(unsigned set)
{
    enum { W = 1920 };
    Bench b = {.band = band_new(W, VT_FMOTION_BAND, 5, 8, KC_RANDOM),
               .scratch = kc_buffer(vt_fmotion_scratch(W), 0)};
    vt_fmotion_dsp_init(&b.dsp, set);
    kc_time("sad", set, (size_t)W * VT_FMOTION_BAND, time_sad, &b);
    kc_buffer_free(b.scratch, "scratch");
    band_free(&b.band);
}

int main(int argc, char **argv)
{
    kc_init(argc, argv, "float_motion");
    vt_fmotion_dsp_init(&scalar, 0);
    for (const unsigned *set = kc_sets(); *set; set++) {
        flags = *set;
        vt_fmotion_dsp_init(&simd, flags);
        check_all();
    }
    if (kc_bench()) {
        bench(0);
        for (const unsigned *set = kc_sets(); *set; set++) bench(*set);
    }
    return kc_finish();
}
