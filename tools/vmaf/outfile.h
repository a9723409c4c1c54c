/* Early checks of the report file: a run should not end with nowhere to put its scores. */
#ifndef VMAF_TOOL_OUTFILE_H
#define VMAF_TOOL_OUTFILE_H

#include <stdbool.h>

#include "input.h"

/* "-" stands for standard output. */
bool outfile_is_stdout(const char *path);

/* What messages call it. */
const char *outfile_label(const char *path);

/* A name with {name} or {number} in it: one for all distorted videos. */
bool outfile_is_template(const char *text);

/* The name with {name} replaced by the distorted video's without folder and extension, and {number}
 * by its place on the command line, from 1. The caller frees it; NULL when out of memory. */
char *outfile_name(const char *text, const char *distorted, unsigned number);

/* Can the file be written? Nothing is truncated and no new file stays behind. 0 or a negative errno
 * after a message. */
int outfile_check(const char *path);

/* Whether a file is the one that an input is read from; after a message. */
bool outfile_is_input(const char *path, const Input *input);

#endif
