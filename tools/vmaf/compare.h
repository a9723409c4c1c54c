/* Whether two videos can be compared frame by frame. */
#ifndef VMAF_TOOL_COMPARE_H
#define VMAF_TOOL_COMPARE_H

#include "input.h"
#include "options.h"

/* Whether pictures can hold its frames: 0, or -EINVAL after a message. */
int compare_check_format(const Input *in);

/* 0, or -EINVAL after a line for each difference that forbids it; warns of others. */
int compare_inputs(const Input *ref, const Input *dis, const Options *o);

#endif
