#include "output/writer.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "metric/option.h"

static const struct {
    const char *name;
    enum VmafPoolingMethod method;
} methods[] = {
    {"min", VMAF_POOL_METHOD_MIN},
    {"max", VMAF_POOL_METHOD_MAX},
    {"mean", VMAF_POOL_METHOD_MEAN},
    {"harmonic_mean", VMAF_POOL_METHOD_HARMONIC_MEAN},
};

void vt_write(VtWriter *w, const char *fmt, ...)
{
    if (w->error) return;

    va_list args;
    va_start(args, fmt);
    errno = 0;
    if (vfprintf(w->file, fmt, args) < 0) w->error = errno ? -errno : -EIO;
    va_end(args);
}

void vt_write_text(VtWriter *w, const char *text, size_t length)
{
    if (w->error || !length) return;
    errno = 0;
    if (fwrite(text, 1, length, w->file) != length) w->error = errno ? -errno : -EIO;
}

void vt_write_number(VtWriter *w, double x)
{
    char text[VT_NUMBER_SIZE];

    vt_number_format(text, x, w->precision);
    vt_write_text(w, text, strlen(text));
}

static bool row_has_value(const VtReport *r, unsigned columns, unsigned index)
{
    double value;

    for (unsigned c = 0; c < columns; c++)
        if (vt_scores_column_get(r->scores, c, index, &value)) return true;
    return false;
}

bool vt_report_row(const VtReport *r, unsigned from, unsigned *index)
{
    unsigned columns = vt_scores_columns(r->scores), end = vt_scores_end(r->scores);

    for (unsigned i = from; i < end; i++) {
        if (r->n_subsample > 1 && i % r->n_subsample) continue;
        if (!row_has_value(r, columns, i)) continue;
        *index = i;
        return true;
    }
    return false;
}

const char *vt_report_name(const VtReport *r, unsigned column)
{
    return vt_feature_alias(vt_scores_column_name(r->scores, column));
}

static void add(VtPooled *p, const char *name, double value)
{
    p->name[p->count] = name;
    p->value[p->count++] = value;
}

void vt_report_pool(VtWriter *w, const VtReport *r, unsigned column, VtPooled *pooled)
{
    const char *name = vt_scores_column_name(r->scores, column);
    const unsigned last = r->n_pairs - 1;
    double value[VT_MAX_STATISTICS];
    VtPool pool;

    pooled->count = 0;
    if (!r->n_pairs || vt_pool_column(r->scores, name, 0, last, r->n_subsample, &pool)) return;
    for (unsigned m = 0; m < sizeof(methods) / sizeof(methods[0]); m++)
        add(pooled, methods[m].name, vt_pool_result(&pool, methods[m].method));
    if (!r->statistics.count) return;
    const int err =
        vt_statistics_column(r->scores, name, 0, last, r->n_subsample, &r->statistics, value);
    if (err && !w->error) w->error = err;
    for (unsigned i = 0; i < r->statistics.count && !err; i++)
        add(pooled, r->statistics.item[i].name, value[i]);
}

/* Smallest second byte of the three-byte and four-byte forms that have one (overlong otherwise),
 * and the largest (surrogates, beyond U+10FFFF). */
static bool second_byte_valid(unsigned char lead, unsigned char second)
{
    switch (lead) {
    case 0xe0:
        return second >= 0xa0;
    case 0xed:
        return second <= 0x9f;
    case 0xf0:
        return second >= 0x90;
    case 0xf4:
        return second <= 0x8f;
    default:
        return true;
    }
}

/* Length in bytes of the well-formed UTF-8 character at s, 0 if there is none. */
static unsigned utf8_length(const char *s)
{
    const unsigned char *u = (const unsigned char *)s;
    unsigned length;

    if (!u[0]) return 0;
    if (u[0] < 0x80) return 1;
    if (u[0] >= 0xc2 && u[0] <= 0xdf)
        length = 2;
    else if (u[0] >= 0xe0 && u[0] <= 0xef)
        length = 3;
    else if (u[0] >= 0xf0 && u[0] <= 0xf4)
        length = 4;
    else
        return 0;
    for (unsigned i = 1; i < length; i++)
        if ((u[i] & 0xc0) != 0x80) return 0;
    return second_byte_valid(u[0], u[1]) ? length : 0;
}

void vt_write_escaped(VtWriter *w, const char *name, VtPlainByte plain, VtEscape escape)
{
    while (*name) {
        size_t run = 0;
        while (name[run] && plain(name[run])) run++;
        vt_write_text(w, name, run);
        name += run;
        if (!*name) break;
        unsigned length = utf8_length(name);
        escape(w, name, length);
        name += length ? length : 1;
    }
}
