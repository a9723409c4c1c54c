/* The report as lines of JSON, each written as soon as its frame is final. */
#ifndef VMAF_TOOL_NDJSON_H
#define VMAF_TOOL_NDJSON_H

#include <stdatomic.h>
#include <stdio.h>

#include "libvmaf/turbo.h"

typedef struct Ndjson {
    const char *path; /* OUTFILE_STDOUT or a file, made when the first frame comes */
    int precision;
    FILE *file;
    atomic_int error; /* the first failure, a negative errno; nothing is written after it */
} Ndjson;

/* Called from the frame callback. */
void ndjson_frame(Ndjson *n, const VmafTurboFrame *frame);

/* Writes the last line, with the pooled values, and closes; n->error as of all lines. */
int ndjson_end(Ndjson *n, VmafContext *vmaf, const VmafTurboReport *report);

/* Closes what a run without an end left open. */
void ndjson_close(Ndjson *n);

#endif
