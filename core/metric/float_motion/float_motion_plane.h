/* Motion between two planes (spec: float 4). */
#ifndef VT_METRIC_FLOAT_MOTION_PLANE_H
#define VT_METRIC_FLOAT_MOTION_PLANE_H

#include <stdbool.h>

#include "metric/float_motion/float_motion_dsp.h"

typedef struct VtFmotionPlanes {
    VtFloatPlane earlier, current;
    const VtFmotionFilter *filter;
    unsigned luma_w; /* width of the picture's luma plane */
} VtFmotionPlanes;

/* Mean absolute difference of the blurred planes; with add_half also that of the blurred planes at
 * half size. scratch: vt_fmotion_plane_scratch bytes. */
float vt_fmotion_planes(const VtFmotionPlanes *p, const VtFmotionDsp *dsp, bool add_half,
                        void *scratch);

/* For planes of at most w x h. */
size_t vt_fmotion_plane_scratch(unsigned w, unsigned h, bool add_half);

#endif
