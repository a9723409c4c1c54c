/* What the CPU and GPU paths of integer VIF share. */
#ifndef VT_METRIC_VIF_PRIVATE_H
#define VT_METRIC_VIF_PRIVATE_H

#include "metric/gpu.h"
#include "metric/vif/vif_dsp.h"

typedef struct VtVifOptions {
    bool debug, skip_scale0;
    double gain_limit;
} VtVifOptions;

/* group->shared. */
typedef struct VtVifShared {
    VtVifDsp dsp;
    VtVifLimits limits;
    unsigned limit_of[VT_MAX_MEMBERS]; /* index into limits, by member */
    bool skip_scale0;                  /* no member wants it */
} VtVifShared;

/* A member's outputs from a frame's sums (spec: vif 9). limit: index of its gain limit. */
void vt_vif_scores(const VtVifSums sums[VT_VIF_SCALES], const VtVifOptions *o, unsigned limit,
                   VtResult *out);

/* cuda/vif_gpu.c */
extern const VtGpuMetric vt_vif_gpu;
struct VtVifParams;
/* Gain limits and logarithms; the rest stays as it is. */
void vt_vif_gpu_constants(struct VtVifParams *p, const VtVifLimits *limits);

#endif
