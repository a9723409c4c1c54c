#include "output/report.h"

#include <errno.h>
#include <string.h>

#include "base/locale_guard.h"
#include "output/writer.h"

typedef void (*FormatWriter)(VtWriter *w, const VtReport *r);

static FormatWriter format_writer(enum VmafOutputFormat format)
{
    switch (format) {
    case VMAF_OUTPUT_FORMAT_XML:
        return vt_write_xml;
    case VMAF_OUTPUT_FORMAT_JSON:
        return vt_write_json;
    case VMAF_OUTPUT_FORMAT_CSV:
        return vt_write_csv;
    case VMAF_OUTPUT_FORMAT_SUB:
        return vt_write_sub;
    case VMAF_OUTPUT_FORMAT_NONE:
        break;
    }
    return NULL;
}

/* Data that stdio still holds is written by fclose, so its result counts too. */
static int write_file(const VtReport *r, const char *path, FormatWriter writer)
{
    VtWriter w = {.file = fopen(path, "we"), .precision = r->precision};

    if (!w.file) return -errno;
    writer(&w, r);
    errno = 0;
    if (fclose(w.file) && !w.error) w.error = errno ? -errno : -EIO;
    return w.error;
}

static int flush(VtWriter *w)
{
    errno = 0;
    if (fflush(w->file) && !w->error) w->error = errno ? -errno : -EIO;
    return w->error;
}

static int write_stream(const VtReport *r, FILE *to, FormatWriter writer)
{
    VtWriter w = {.file = to, .precision = r->precision};

    writer(&w, r);
    return flush(&w);
}

/* To the path, or to the stream if path is NULL. */
static int write_any(const VtReport *r, const char *path, FILE *to, FormatWriter writer,
                     const VtLog *log)
{
    const char *label = path ? path : "to a stream";
    VtLocaleGuard locale;

    if (!vt_precision_valid(r->precision)) {
        vt_error(log, "report %s: precision %d is out of range", label, r->precision);
        return -EINVAL;
    }
    int err = vt_locale_enter(&locale);
    if (err) {
        vt_error(log, "report %s: out of memory", label);
        return err;
    }
    err = path ? write_file(r, path, writer) : write_stream(r, to, writer);
    vt_locale_leave(&locale);
    if (err) vt_error(log, "report %s: cannot write: %s", label, strerror(-err));
    return err;
}

static int unknown_format(const char *label, enum VmafOutputFormat format, const VtLog *log)
{
    vt_error(log, "report %s: unknown output format %d", label, (int)format);
    return -EINVAL;
}

int vt_report_write(const VtReport *r, const char *path, enum VmafOutputFormat format,
                    const VtLog *log)
{
    FormatWriter writer = format_writer(format);

    return writer ? write_any(r, path, NULL, writer, log) : unknown_format(path, format, log);
}

int vt_report_print(const VtReport *r, FILE *to, enum VmafOutputFormat format, const VtLog *log)
{
    FormatWriter writer = format_writer(format);

    return writer ? write_any(r, NULL, to, writer, log)
                  : unknown_format("to a stream", format, log);
}

int vt_summary_print(const VtReport *r, FILE *to, const VtLog *log)
{
    return write_any(r, NULL, to, vt_write_summary_line, log);
}

int vt_frame_print(const VmafTurboFrame *frame, FILE *to, int precision)
{
    VtWriter w = {.file = to, .precision = precision};
    VtLocaleGuard locale;

    if (!vt_precision_valid(precision)) return -EINVAL;
    int err = vt_locale_enter(&locale);
    if (err) return err;
    vt_write_frame_line(&w, frame);
    err = flush(&w);
    vt_locale_leave(&locale);
    return err;
}
