/* The progress line on a terminal (spec: cli-and-output 2.1), at most ten times a second. */
#ifndef VMAF_TOOL_PROGRESS_H
#define VMAF_TOOL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct Progress {
    bool enabled, drawn;
    bool on_line;   /* the cursor stands on the progress line */
    uint64_t total; /* frames to come in all, 0 if unknown */
    double start, last;
    unsigned turn;
} Progress;

void progress_start(Progress *p, bool enabled, uint64_t total);
void progress_update(Progress *p, unsigned frames);

/* Draws the last state and leaves the line, so that a message stands on its own. */
void progress_break(Progress *p, unsigned frames);

/* The same for the last time: draws the last state and ends the line. */
void progress_end(Progress *p, unsigned frames);

#endif
