#include "metric/option.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/locale_guard.h"

#define MAX_OPTIONS 64

static void *field(const VtOption *o, void *options)
{
    return (char *)options + o->offset;
}

static const void *const_field(const VtOption *o, const void *options)
{
    return (const char *)options + o->offset;
}

static void set_default(const VtOption *o, void *options)
{
    switch (o->type) {
    case VT_OPTION_BOOL:
        *(bool *)field(o, options) = o->number != 0;
        break;
    case VT_OPTION_INT:
        *(int *)field(o, options) = (int)o->number;
        break;
    case VT_OPTION_DOUBLE:
        *(double *)field(o, options) = o->number;
        break;
    case VT_OPTION_STRING:
        *(const char **)field(o, options) = o->text;
        break;
    }
}

/* A text that means 0 must begin with '0'; anything else that evaluates to 0 is no number. */
static bool is_zero_text(const char *text)
{
    return text[0] == '0';
}

static int set_bool(const VtOption *o, const char *text, void *options)
{
    const bool on = !strcmp(text, "true");
    if (!on && strcmp(text, "false")) return -EINVAL;
    *(bool *)field(o, options) = on;
    return 0;
}

/* NaN unless the whole text is one number. */
static double number(const char *text)
{
    char *end;
    const double v = strtod(text, &end);
    return *end ? NAN : v;
}

static int set_int(const VtOption *o, const char *text, void *options)
{
    const double v = trunc(number(text)); /* "1.9" means 1, as for libvmaf */
    if ((v == 0 && !is_zero_text(text)) || !(v >= o->min && v <= o->max)) return -EINVAL;
    *(int *)field(o, options) = (int)v;
    return 0;
}

static int set_double(const VtOption *o, const char *text, void *options)
{
    const double v = number(text);
    if ((v == 0 && !is_zero_text(text)) || !(v >= o->min && v <= o->max)) return -EINVAL;
    *(double *)field(o, options) = v;
    return 0;
}

static int set_value(const VtOption *o, const char *text, void *options)
{
    switch (o->type) {
    case VT_OPTION_BOOL:
        return set_bool(o, text, options);
    case VT_OPTION_INT:
        return set_int(o, text, options);
    case VT_OPTION_DOUBLE:
        return set_double(o, text, options);
    case VT_OPTION_STRING:
        *(const char **)field(o, options) = text;
        return 0;
    }
    return -EINVAL;
}

static void log_bad_value(const VtOption *o, const char *text, const char *metric, const VtLog *log)
{
    if (o->type == VT_OPTION_BOOL)
        vt_error(log, "%s: option %s must be true or false, not '%s'", metric, o->name, text);
    else
        vt_error(log, "%s: option %s must be %s from %g to %g, not '%s'", metric, o->name,
                 o->type == VT_OPTION_INT ? "an integer" : "a number", o->min, o->max, text);
}

static int parse_entry(const VtOption *table, const VtDictionaryEntry *e, void *options,
                       const char *metric, const VtLog *log)
{
    const VtOption *o = table;
    while (o && o->name && strcmp(o->name, e->key)) o++;
    if (!o || !o->name) {
        vt_error(log, "%s has no option '%s'", metric, e->key);
        return -EINVAL;
    }
    const int err = set_value(o, e->value, options);
    if (err) log_bad_value(o, e->value, metric, log);
    return err;
}

int vt_options_parse(const VtOption *table, const VmafFeatureDictionary *dict, void *options,
                     const char *metric, const VtLog *log)
{
    for (const VtOption *o = table; o && o->name; o++) set_default(o, options);
    if (!dict || !dict->count) return 0;

    VtLocaleGuard guard;
    int err = vt_locale_enter(&guard);
    if (err) return err;
    for (unsigned i = 0; i < dict->count && !err; i++)
        err = parse_entry(table, &dict->entry[i], options, metric, log);
    vt_locale_leave(&guard);
    return err;
}

static bool is_default(const VtOption *o, const void *options)
{
    const void *f = const_field(o, options);
    switch (o->type) {
    case VT_OPTION_BOOL:
        return *(const bool *)f == (o->number != 0);
    case VT_OPTION_INT:
        return *(const int *)f == (int)o->number;
    case VT_OPTION_DOUBLE:
        return *(const double *)f == o->number;
    case VT_OPTION_STRING:
        break;
    }
    const char *text = *(const char *const *)f;
    if (!text || !o->text) return text == o->text;
    return !strcmp(text, o->text);
}

/* snprintf at the end of a bounded string. */
static void append(char *out, size_t size, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void append(char *out, size_t size, const char *fmt, ...)
{
    const size_t used = strlen(out);
    va_list args;
    va_start(args, fmt);
    vsnprintf(out + used, size - used, fmt, args);
    va_end(args);
}

static void append_suffix(char *out, size_t size, const VtOption *o, const void *options)
{
    const void *f = const_field(o, options);
    append(out, size, "_%s", o->alias ? o->alias : o->name);
    switch (o->type) {
    case VT_OPTION_BOOL:
        break;
    case VT_OPTION_INT:
        append(out, size, "_%d", *(const int *)f);
        break;
    case VT_OPTION_DOUBLE:
        append(out, size, "_%g", *(const double *)f);
        break;
    case VT_OPTION_STRING:
        append(out, size, "_%s", *(const char *const *)f);
        break;
    }
}

static int by_name(const void *a, const void *b)
{
    const VtOption *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

void vt_feature_name(char *out, size_t size, const char *base, const VtOption *table,
                     const void *options)
{
    const VtOption *changed[MAX_OPTIONS];
    size_t n = 0;
    for (const VtOption *o = table; o && o->name && n < MAX_OPTIONS; o++)
        if (o->in_name && !is_default(o, options)) changed[n++] = o;

    snprintf(out, size, "%s", n ? vt_feature_alias(base) : base);
    if (!n) return;
    qsort(changed, n, sizeof(changed[0]), by_name);

    VtLocaleGuard guard;
    const bool guarded = !vt_locale_enter(&guard);
    for (size_t i = 0; i < n; i++) append_suffix(out, size, changed[i], options);
    if (guarded) vt_locale_leave(&guard);
}
