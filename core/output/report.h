/* Writers of the score table: XML, JSON, CSV, SUB. Bytes per spec "cli and output" 5 to 10. */
#ifndef VT_OUTPUT_REPORT_H
#define VT_OUTPUT_REPORT_H

#include <stdio.h>

#include "base/log.h"
#include "engine/score_store.h"
#include "engine/statistics.h"
#include "libvmaf/turbo.h"

typedef struct VtReport {
    VtScores *scores;
    unsigned n_pairs;     /* pairs handed to the library: pooled values are over 0 .. n_pairs - 1 */
    unsigned n_subsample; /* 0 and 1: every frame */
    unsigned w, h;        /* luma size of the first pair, 0 if none */
    double fps;           /* wall clock */
    int precision;        /* enum VmafTurboPrecision or 0..17 decimals */
    VtStatistics statistics; /* in the pooled values of XML and JSON, after libvmaf's four */
} VtReport;

/* Writes the file (truncated first). -EINVAL for an unknown format (nothing is created) or
 * precision; the negative errno of the first failed file operation, with one log line that names
 * the path. */
int vt_report_write(const VtReport *r, const char *path, enum VmafOutputFormat format,
                    const VtLog *log);

/* The same to an open stream, which is flushed. */
int vt_report_print(const VtReport *r, FILE *to, enum VmafOutputFormat format, const VtLog *log);

/* Lines of JSON to an open stream, which is flushed: a frame, and a report without its frames. */
int vt_frame_print(const VmafTurboFrame *frame, FILE *to, int precision);
int vt_summary_print(const VtReport *r, FILE *to, const VtLog *log);

#endif
