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

int vt_report_write(const VtReport *r, const char *path, enum VmafOutputFormat format,
                    const VtLog *log)
{
    FormatWriter writer = format_writer(format);
    VtLocaleGuard locale;

    if (!writer) {
        vt_error(log, "report %s: unknown output format %d", path, (int)format);
        return -EINVAL;
    }
    if (!vt_precision_valid(r->precision)) {
        vt_error(log, "report %s: precision %d is out of range", path, r->precision);
        return -EINVAL;
    }

    int err = vt_locale_enter(&locale);
    if (err) {
        vt_error(log, "report %s: out of memory", path);
        return err;
    }
    err = write_file(r, path, writer);
    vt_locale_leave(&locale);
    if (err) vt_error(log, "report %s: cannot write: %s", path, strerror(-err));
    return err;
}
