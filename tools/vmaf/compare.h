/* Whether two videos can be compared frame by frame. */
#ifndef VMAF_TOOL_COMPARE_H
#define VMAF_TOOL_COMPARE_H

#include "input.h"

/* 0, or -EINVAL after a line for each difference. any_depth: the bit depths may differ. */
int compare_inputs(const Input *ref, const Input *dis, bool any_depth);

#endif
