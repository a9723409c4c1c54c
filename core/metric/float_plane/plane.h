/* Pictures as binary32 planes, for the floating-point metrics (spec: float 0 and 1). */
#ifndef VT_METRIC_FLOAT_PLANE_H
#define VT_METRIC_FLOAT_PLANE_H

#include <stddef.h>
#include <stdint.h>

#include "libvmaf/picture.h"

typedef enum { VT_SAMPLE_U8, VT_SAMPLE_U16, VT_SAMPLE_F32 } VtSampleType;

/* How samples read: stored value * scale + offset, exact in binary32 because scale is a power of
 * two. Rows of VT_SAMPLE_F32 are padded to whole 64-byte blocks (any content). */
typedef struct VtSamples {
    VtSampleType type;
    float scale, offset;
} VtSamples;

typedef struct VtFloatPlane {
    const void *data;
    ptrdiff_t stride; /* bytes */
    unsigned w, h;
    VtSamples samples;
} VtFloatPlane;

/* Bytes of a padded row of w floats. */
#define VT_FLOAT_ROW(w) ((((size_t)(w) * sizeof(float)) + 63) & ~(size_t)63)

VtFloatPlane vt_float_plane(const VmafPicture *pic, unsigned plane, float offset);

static inline const void *vt_float_plane_row(const VtFloatPlane *p, unsigned y)
{
    return (const char *)p->data + (ptrdiff_t)y * p->stride;
}

/* out[x] = sample x of the row, x < w. */
void vt_float_read_row(const VtSamples *samples, const void *row, unsigned w, float *out);

/* Whole-sample mirror at both ends ("A"), once: |t| and t - n must stay below n. */
static inline unsigned vt_mirror_a(int t, unsigned n)
{
    const int last = (int)n - 1;
    if (t < 0) t = -t;
    return (unsigned)(t > last ? 2 * last - t : t);
}

/* Whole-sample at the start, edge-repeating at the end ("B"). */
static inline unsigned vt_mirror_b(int t, unsigned n)
{
    if (t < 0) t = -t;
    return (unsigned)(t >= (int)n ? 2 * (int)n - 1 - t : t);
}

/* ---- resampling (spec: float 8) ---- */

typedef enum {
    VT_RESAMPLE_NEAREST,
    VT_RESAMPLE_BILINEAR,
    VT_RESAMPLE_BICUBIC,
    VT_RESAMPLE_LANCZOS4
} VtResampleMethod;

/* By name; -1 if unknown. */
int vt_resample_method(const char *name);

/* Source and target floats; strides in floats. Equal sizes copy. */
typedef struct VtResample {
    const float *src;
    float *dst;
    ptrdiff_t src_stride, dst_stride;
    unsigned src_w, src_h, dst_w, dst_h;
} VtResample;

void vt_resample(const VtResample *r, VtResampleMethod method);

/* n * factor, rounded half up. */
static inline unsigned vt_resampled_size(unsigned n, double factor)
{
    return (unsigned)((double)n * factor + 0.5);
}

#endif
