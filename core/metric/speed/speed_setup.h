/* Options of both SpEED metrics, and what is fixed once the picture format is known (spec: speed 2,
 * 3, 5.1). */
#ifndef VT_METRIC_SPEED_SETUP_H
#define VT_METRIC_SPEED_SETUP_H

#include <stdbool.h>

#include "metric/metric.h"
#include "metric/speed/speed_dsp.h"

#define VT_SPEED_MAX_TAPS 37 /* 9 * 4.0 rounded up to odd */
#define VT_SPEED_DECIMATION 16

typedef struct VtSpeedOptions {
    double kernelscale, prescale, sigma_nn, nn_floor, max_val;
    const char *prescale_method;
    int weight_var_mode; /* speed_chroma */
    bool use_ref_diff;   /* speed_temporal */
} VtSpeedOptions;

typedef enum {
    VT_SPEED_NEAREST,
    VT_SPEED_BILINEAR,
    VT_SPEED_BICUBIC,
    VT_SPEED_LANCZOS4
} VtSpeedMethod;

/* A Gaussian filter, normalised. */
typedef struct VtSpeedFilter {
    unsigned n;
    float tap[VT_SPEED_MAX_TAPS];
} VtSpeedFilter;

/* Resampling along one axis: for output position i the `taps` source positions index[i * taps ..],
 * mirrored into the picture, and their weights; for VT_SPEED_BILINEAR one weight a position, that
 * of the second source position. */
typedef struct VtSpeedAxis {
    unsigned taps;
    int32_t *index;
    float *weight;
} VtSpeedAxis;

typedef struct VtSpeedSetup {
    VtSpeedDsp dsp;
    unsigned bpc;
    unsigned w, h;   /* of the planes */
    unsigned sw, sh; /* after resampling */
    unsigned ow, oh; /* after decimation */
    unsigned blocks_x, blocks_y, blocks;
    unsigned padded_blocks; /* a multiple of VT_SPEED_LANES */
    unsigned patches_x, patches_y;
    bool resample;
    VtSpeedMethod method;
    VtSpeedAxis x, y;
    VtSpeedFilter anti_alias, local_mean;
} VtSpeedSetup;

/* Option values that ranges cannot express. -EINVAL with one log line. */
int vt_speed_check(const VtSpeedOptions *o, const char *metric, const VtLog *log);

/* Do both lead to the same covariance matrices? */
bool vt_speed_same_planes(const VtSpeedOptions *a, const VtSpeedOptions *b);

void vt_speed_filter(VtSpeedFilter *f, unsigned length, float kernelscale, bool anti_alias);

/* Planes of w x h. -EINVAL or -ENOMEM with one log line; then nothing is left to free. */
int vt_speed_setup(VtSpeedSetup *s, const VtSpeedOptions *o, unsigned w, unsigned h, unsigned bpc,
                   unsigned cpu_flags, const char *metric, const VtLog *log);
void vt_speed_setup_free(VtSpeedSetup *s);

#endif
