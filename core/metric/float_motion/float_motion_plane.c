#include "metric/float_motion/float_motion_plane.h"

#include <string.h>

#include "base/mem.h"

/* Pointers to rows first .. first + n - 1, mirrored. */
static void collect(const VtFloatPlane *p, int first, unsigned n, const void **out)
{
    for (unsigned i = 0; i < n; i++)
        out[i] = vt_float_plane_row(p, vt_mirror_a(first + (int)i, p->h));
}

static float mean(float total, unsigned w, unsigned h)
{
    return total / (float)((uint64_t)w * h);
}

static float full_size(const VtFmotionPlanes *p, const VtFmotionDsp *dsp, void *scratch)
{
    const unsigned w = p->current.w, h = p->current.h, radius = p->filter->radius;
    float total = 0;
    for (unsigned y = 0; y < h; y += VT_FMOTION_BAND) {
        VtFmotionBand band = {.rows = h - y < VT_FMOTION_BAND ? h - y : VT_FMOTION_BAND,
                              .w = w,
                              .filter = p->filter,
                              .samples = p->current.samples};
        float sum[VT_FMOTION_BAND];
        collect(&p->earlier, (int)y - (int)radius, band.rows + 2 * radius, band.earlier);
        collect(&p->current, (int)y - (int)radius, band.rows + 2 * radius, band.current);
        dsp->sad(&band, scratch, sum);
        for (unsigned j = 0; j < band.rows; j++) total += sum[j];
    }
    return mean(total, w, h);
}

/* ---- at half size: a rarely used option, whole planes ---- */

static unsigned multiple_of_8(unsigned n)
{
    return (n + 7) & ~7u;
}

typedef struct Half {
    float *blurred, *half[2]; /* whole planes */
    void *line_scratch;
} Half;

static size_t layout_half(Half *l, unsigned w, unsigned h, void *scratch)
{
    VtCarve c = {.base = scratch};
    l->line_scratch = vt_carve(&c, vt_fmotion_scratch(w));
    l->blurred = vt_carve(&c, (size_t)multiple_of_8(w) * h * sizeof(float));
    const size_t half = (size_t)vt_resampled_size(w, 0.5) * vt_resampled_size(h, 0.5);
    for (int i = 0; i < 2; i++) l->half[i] = vt_carve(&c, half * sizeof(float));
    return c.used;
}

/* The blurred plane lies in rows of the luma plane's pitch, zero beyond its width, and is read back
 * with the pitch of its own width. For chroma narrower than luma that skews it, as in libvmaf
 * (spec: float 10, quirk 8). */
static void half_size(const VtFmotionPlanes *p, const VtFloatPlane *plane, const Half *l,
                      float *out)
{
    const unsigned w = plane->w, h = plane->h, radius = p->filter->radius;
    const unsigned pitch = multiple_of_8(p->luma_w);
    memset(l->blurred, 0, (size_t)pitch * h * sizeof(float));
    for (unsigned y = 0; y < h; y++) {
        const void *source[2 * VT_FMOTION_RADIUS + 1];
        collect(plane, (int)y - (int)radius, 2 * radius + 1, source);
        vt_fmotion_blur(source, w, p->filter, &plane->samples, l->line_scratch,
                        l->blurred + (size_t)y * pitch);
    }
    const unsigned half_w = vt_resampled_size(w, 0.5), half_h = vt_resampled_size(h, 0.5);
    const VtResample r = {.src = l->blurred,
                          .dst = out,
                          .src_stride = multiple_of_8(w),
                          .dst_stride = half_w,
                          .src_w = w,
                          .src_h = h,
                          .dst_w = half_w,
                          .dst_h = half_h};
    vt_resample(&r, VT_RESAMPLE_BILINEAR);
}

static float at_half_size(const VtFmotionPlanes *p, void *scratch)
{
    const unsigned w = vt_resampled_size(p->current.w, 0.5);
    const unsigned h = vt_resampled_size(p->current.h, 0.5);
    Half l;
    layout_half(&l, p->luma_w, p->current.h, scratch);
    half_size(p, &p->earlier, &l, l.half[0]);
    half_size(p, &p->current, &l, l.half[1]);
    float total = 0;
    for (unsigned y = 0; y < h; y++)
        total += vt_fmotion_row_sad(l.half[0] + (size_t)y * w, l.half[1] + (size_t)y * w, w);
    return mean(total, w, h);
}

float vt_fmotion_planes(const VtFmotionPlanes *p, const VtFmotionDsp *dsp, bool add_half,
                        void *scratch)
{
    const float score = full_size(p, dsp, scratch);
    return add_half ? score + at_half_size(p, scratch) : score;
}

size_t vt_fmotion_plane_scratch(unsigned w, unsigned h, bool add_half)
{
    Half l;
    return add_half ? layout_half(&l, w, h, NULL) : vt_fmotion_scratch(w);
}
