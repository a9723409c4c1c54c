/* Parts of integer ADM that its files share. */
#ifndef VT_METRIC_ADM_ADM_PRIVATE_H
#define VT_METRIC_ADM_ADM_PRIVATE_H

#include "metric/adm/adm_dsp.h"
#include "metric/metric.h"

#define VT_ADM_SMALLEST 17 /* luma width and height */

typedef struct VtAdmOptions {
    bool debug, skip_aim, skip_scale0;
    int display_height, csf_mode;
    double csf_scale, csf_diag_scale, dlm_weight, gain_limit, view_dist, noise_weight, min_val;
} VtAdmOptions;

/* CSF weights of one scale: as numbers (H and V, D) and in fixed point (H, V, D). */
typedef struct VtAdmWeights {
    float f[2];
    uint32_t fixed[VT_ADM_BANDS];
} VtAdmWeights;

/* spec: adm 8. -EINVAL if CSF mode 2 or 3 has no figures for this viewing distance and height. */
int vt_adm_weights(const VtAdmOptions *opt, VtAdmWeights weights[VT_ADM_SCALES]);

/* Sizes at one scale. Sums run over the crop; details are made one position further around it. */
typedef struct VtAdmScale {
    unsigned w_in, h_in, w, h;         /* of the input, of a band */
    unsigned left, right, top, bottom; /* crop, half open (spec: adm 6) */
    unsigned x0, x1, y0, y1;           /* crop and ring, as far as they exist */
    unsigned log2_w, log2_h, log2_columns, log2_rows, log2_area; /* clog2 of band and crop */
} VtAdmScale;

/* What members with the same gain limit and weights have in common. */
typedef struct VtAdmVariant {
    VtAdmCsf csf[VT_ADM_SCALES];
    unsigned first_scale;               /* 1 if no member wants scale 0 */
    const VtAdmDsp *dsp[VT_ADM_SCALES]; /* its csf and mask kernels */
} VtAdmVariant;

typedef struct VtAdmShared {
    VtAdmDsp dsp, scalar;
    unsigned bpc;
    VtAdmScale scale[VT_ADM_SCALES];
    unsigned first_scale; /* of all variants */
    unsigned n_variants;
    VtAdmVariant variant[VT_MAX_MEMBERS];
    unsigned variant_of[VT_MAX_MEMBERS]; /* by member */
    VtAdmWeights weights[VT_MAX_MEMBERS][VT_ADM_SCALES];
} VtAdmShared;

void vt_adm_scales(VtAdmScale scale[VT_ADM_SCALES], unsigned w, unsigned h);

/* Integer sums of a frame or a part of it (acc in spec: adm 9 and 10). */
typedef struct VtAdmSums {
    uint64_t den[VT_ADM_SCALES][VT_ADM_BANDS];
    uint64_t num[VT_MAX_MEMBERS][VT_ADM_SCALES][VT_ADM_ROLES][VT_ADM_BANDS]; /* by variant */
} VtAdmSums;

size_t vt_adm_scratch_size(const VtAdmShared *shared);

/* Fills sums from a part of the luma planes; scratch has vt_adm_scratch_size() bytes. */
void vt_adm_sum_part(const VtAdmShared *shared, void *scratch, const VmafPicture *ref,
                     const VmafPicture *dis, unsigned part, unsigned n_parts, VtAdmSums *sums);

/* Figures of one frame and member. */
typedef struct VtAdmScores {
    double adm2, aim, adm3, num, den;
    double scale[VT_ADM_SCALES], scale_num[VT_ADM_SCALES], scale_den[VT_ADM_SCALES];
} VtAdmScores;

/* spec: adm 4, 9, 11. num: the sums of the member's variant. */
void vt_adm_scores(const VtAdmOptions *opt, const VtAdmScale scale[VT_ADM_SCALES],
                   const VtAdmWeights weights[VT_ADM_SCALES],
                   const uint64_t den[VT_ADM_SCALES][VT_ADM_BANDS],
                   const uint64_t num[VT_ADM_SCALES][VT_ADM_ROLES][VT_ADM_BANDS], VtAdmScores *out);

/* From a frame's sums to all members' results. */
void vt_adm_results(const VtGroup *group, const VtAdmSums *sums, VtResult *const *results);

extern const VtGpuMetric vt_adm_gpu; /* cuda/adm_gpu.c */

#endif
