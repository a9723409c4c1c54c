/* Parts of integer motion that its paths on the CPU and on a GPU share. */
#ifndef VT_METRIC_MOTION_PRIVATE_H
#define VT_METRIC_MOTION_PRIVATE_H

#include "metric/gpu.h"
#include "metric/motion/motion_dsp.h"

typedef struct VtMotionOptions {
    bool debug, force_zero, five_frame_window, moving_average;
    double blend_factor, blend_offset, fps_weight, max_val;
} VtMotionOptions;

typedef struct VtMotionShared {
    VtMotionDsp dsp;
    bool all_zero; /* every member has motion_force_zero */
} VtMotionShared;

/* How many frames back the comparison goes; that many first frames score 0. */
static inline unsigned vt_motion_distance(const VtMotionOptions *o)
{
    return o->five_frame_window ? 2 : 1;
}

/* Whether a frame is compared with an earlier one. */
static inline bool vt_motion_compares(const VtGroup *group, unsigned index)
{
    const VtMotionShared *s = group->shared;
    return !s->all_zero && index >= vt_motion_distance(group->member[0]->options);
}

/* 0, or -EINVAL with a log line if a frame that is to be compared lacks the earlier one. */
int vt_motion_check_earlier(const VtGroup *group, unsigned index, bool has_earlier);

/* The members' results of a frame from S. */
void vt_motion_emit(const VtGroup *group, uint64_t sad, VtResult *const *results);

extern const VtGpuMetric vt_motion_gpu;

#endif
