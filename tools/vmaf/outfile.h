/* Early checks of the report file: a run should not end with nowhere to put its scores. */
#ifndef VMAF_TOOL_OUTFILE_H
#define VMAF_TOOL_OUTFILE_H

#include "input.h"

/* Can the file be written? Nothing is truncated and no new file stays behind. Refuses a path that
 * is one of the inputs. 0 or a negative errno after a message. */
int outfile_check(const char *path, const Input *inputs, unsigned n_inputs);

#endif
