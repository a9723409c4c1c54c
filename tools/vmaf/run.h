#ifndef VMAF_TOOL_RUN_H
#define VMAF_TOOL_RUN_H

#include "options.h"

/* Scores the videos as asked; returns the exit status. Feature options of o are handed to the
 * library. */
int run(Options *o);

#endif
