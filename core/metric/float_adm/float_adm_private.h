/* The parts of floating-point ADM between its options and its kernels. */
#ifndef VT_METRIC_FLOAT_ADM_PRIVATE_H
#define VT_METRIC_FLOAT_ADM_PRIVATE_H

#include "metric/float_adm/float_adm_dsp.h"
#include "metric/metric.h"

#define VT_FADM_SMALLEST 17 /* scale 3 then has at least 2 rows and columns */

typedef struct VtFadmOptions {
    bool debug, apply_hm, skip_scale0;
    double gain_limit, view_dist, noise_weight, csf_scale, csf_diag_scale;
    double p_norm, dlm_weight, min_val;
    double factor1[VT_FADM_SCALES], factor2[VT_FADM_SCALES]; /* negative: not given */
    int display_height, csf_mode, bypass_cm, skip_aim_scale;
} VtFadmOptions;

/* ---- contrast sensitivity (float_adm_csf.c) ---- */

/* Factors of the bands h, v, d of one scale. */
void vt_fadm_csf(const VtFadmOptions *o, int scale, float factor[VT_FADM_BANDS]);

/* ---- one frame (float_adm_frame.c) ---- */

/* What makes the sums of two instances differ. */
typedef struct VtFadmVariant {
    VtFadmModel model[VT_FADM_SCALES];
    bool skip_scale0;
} VtFadmVariant;

/* Which part of a scale's bands is pooled: rows top .. bottom - 1, columns left .. right - 1. */
typedef struct VtFadmWindow {
    unsigned w, h, left, top, right, bottom;
} VtFadmWindow;

VtFadmWindow vt_fadm_window(unsigned w, unsigned h); /* of bands of w x h */

typedef struct VtFadmShared {
    VtFadmDsp dsp;
    unsigned n_variants;
    VtFadmVariant variant[VT_MAX_MEMBERS];
    unsigned variant_of[VT_MAX_MEMBERS]; /* by member */
    VtFadmWindow window[VT_FADM_SCALES];
} VtFadmShared;

/* Sums over the windows, by variant and scale. */
typedef struct VtFadmTotals {
    VtFadmSums scale[VT_MAX_MEMBERS][VT_FADM_SCALES];
} VtFadmTotals;

size_t vt_fadm_frame_scratch(const VtFadmShared *shared, unsigned w);
void vt_fadm_frame(const VtFadmShared *shared, const VtFrame *frame, void *scratch,
                   VtFadmTotals *totals);

#endif
