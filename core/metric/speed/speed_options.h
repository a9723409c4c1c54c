/* Options that both SpEED metrics have (spec: speed 2). */
#ifndef VT_METRIC_SPEED_OPTIONS_H
#define VT_METRIC_SPEED_OPTIONS_H

#include <stddef.h>

#include "metric/option.h"
#include "metric/speed/speed_setup.h"

/* clang-format off */
#define VT_SPEED_COMMON_OPTIONS \
    {"speed_kernelscale", "ks", "scale of the filters", VT_OPTION_DOUBLE, \
     offsetof(VtSpeedOptions, kernelscale), true, 1, NULL, 0.1, 4}, \
    {"speed_prescale", "ps", "resampling factor before everything else", VT_OPTION_DOUBLE, \
     offsetof(VtSpeedOptions, prescale), true, 1, NULL, 0.1, 4}, \
    {"speed_prescale_method", "psm", "nearest, bilinear, bicubic or lanczos4", VT_OPTION_STRING, \
     offsetof(VtSpeedOptions, prescale_method), true, 0, "nearest", 0, 0}, \
    {"speed_sigma_nn", "snn", "neural noise", VT_OPTION_DOUBLE, \
     offsetof(VtSpeedOptions, sigma_nn), true, 0.29, NULL, 0.1, 2}, \
    {"speed_nn_floor", "nnf", "raises the entropy below which blocks are ignored", \
     VT_OPTION_DOUBLE, offsetof(VtSpeedOptions, nn_floor), true, 0, NULL, 0, 1}, \
    {"speed_max_val", "mxv", "upper limit of the scores (no effect in speed_temporal)", \
     VT_OPTION_DOUBLE, offsetof(VtSpeedOptions, max_val), true, 1000, NULL, 0, 1000}

#define VT_SPEED_NO_MORE_OPTIONS {NULL, NULL, NULL, VT_OPTION_BOOL, 0, false, 0, NULL, 0, 0}
/* clang-format on */

#endif
