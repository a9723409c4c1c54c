/* What the four formats share: checked output, the rows and columns of the table, pooled values. */
#ifndef VT_OUTPUT_WRITER_H
#define VT_OUTPUT_WRITER_H

#include <stdbool.h>
#include <stdio.h>

#include "engine/pooling.h"
#include "output/number.h"
#include "output/report.h"

/* The first failed write stops all later ones; error is its negative errno. */
typedef struct VtWriter {
    FILE *file;
    int error;
    int precision;
} VtWriter;

void vt_write(VtWriter *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void vt_write_text(VtWriter *w, const char *text, size_t length);
void vt_write_number(VtWriter *w, double x);

/* The first row at or after `from` that has a value and lies on the subsampling grid; false at the
 * end. */
bool vt_report_row(const VtReport *r, unsigned from, unsigned *index);

const char *vt_report_name(const VtReport *r, unsigned column);

/* A column's pooled values over all pairs, in the order in which reports list them. */
#define VT_MAX_POOLED (4 + VT_MAX_STATISTICS)
typedef struct VtPooled {
    unsigned count; /* 0 if a needed value is missing */
    const char *name[VT_MAX_POOLED];
    double value[VT_MAX_POOLED];
} VtPooled;

/* -ENOMEM goes to w->error. */
void vt_report_pool(VtWriter *w, const VtReport *r, unsigned column, VtPooled *pooled);

/* Writes a name: bytes that `plain` accepts as they are, each other well-formed UTF-8 character or
 * stray byte through `escape` (length 0: a stray byte). */
typedef bool (*VtPlainByte)(char c);
typedef void (*VtEscape)(VtWriter *w, const char *c, unsigned length);
void vt_write_escaped(VtWriter *w, const char *name, VtPlainByte plain, VtEscape escape);

void vt_write_json_string(VtWriter *w, const char *text);
/* JSON has no infinities and no NaN: null. */
void vt_write_json_number(VtWriter *w, double value);

void vt_write_xml(VtWriter *w, const VtReport *r);
void vt_write_json(VtWriter *w, const VtReport *r);
void vt_write_csv(VtWriter *w, const VtReport *r);
void vt_write_sub(VtWriter *w, const VtReport *r);
void vt_write_frame_line(VtWriter *w, const VmafTurboFrame *frame);
void vt_write_summary_line(VtWriter *w, const VtReport *r);

#endif
