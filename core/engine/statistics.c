#include "engine/statistics.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int parse_item(VtStatistic *item, const char *text, size_t length)
{
    if (!length || length >= sizeof(item->name)) return -EINVAL;
    memcpy(item->name, text, length);
    item->name[length] = 0;
    item->percentile = -1;
    if (!strcmp(item->name, "stddev")) return 0;
    if (item->name[0] != 'p' || strspn(item->name + 1, "0123456789.") != length - 1) return -EINVAL;
    char *end;
    item->percentile = strtod(item->name + 1, &end);
    return length < 2 || *end || !(item->percentile >= 0 && item->percentile <= 100) ? -EINVAL : 0;
}

int vt_statistics_parse(VtStatistics *s, const char *list)
{
    s->count = 0;
    if (!list || !*list) return 0;
    for (;;) {
        const size_t length = strcspn(list, ",");
        if (s->count == VT_MAX_STATISTICS || parse_item(&s->item[s->count], list, length))
            return -EINVAL;
        for (unsigned i = 0; i < s->count; i++) /* twice would be a duplicate key in the report */
            if (!strcmp(s->item[i].name, s->item[s->count].name)) return -EINVAL;
        s->count++;
        if (!list[length]) return 0;
        list += length + 1;
    }
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double percentile(const double *sorted, unsigned n, double p)
{
    const double rank = p * (n - 1) / 100;
    const unsigned low = (unsigned)rank;
    const double part = rank - low;
    return part > 0 ? sorted[low] * (1 - part) + sorted[low + 1] * part : sorted[low];
}

static double deviation(const double *v, unsigned n)
{
    double sum = 0, squares = 0;
    for (unsigned i = 0; i < n; i++) sum += v[i];
    const double mean = sum / n;
    for (unsigned i = 0; i < n; i++) squares += (v[i] - mean) * (v[i] - mean);
    return sqrt(squares / n);
}

/* The column's values in ascending order; the caller frees them. */
static int collect(VtScores *scores, const char *name, unsigned low, unsigned high,
                   unsigned subsample, double **values, unsigned *count)
{
    const unsigned step = subsample > 1 ? subsample : 1;
    if (low > high || high >= vt_scores_end(scores)) return -EINVAL;
    double *v = malloc(((high - low) / step + 1) * sizeof(*v));
    if (!v) return -ENOMEM;
    unsigned n = 0;
    for (unsigned i = low; i <= high; i++) {
        if (i % step) continue;
        if (vt_scores_get(scores, name, i, &v[n++])) continue;
        free(v);
        return -EINVAL;
    }
    if (!n) {
        free(v);
        return -EINVAL;
    }
    qsort(v, n, sizeof(*v), ascending);
    *values = v;
    *count = n;
    return 0;
}

int vt_statistics_column(VtScores *scores, const char *name, unsigned low, unsigned high,
                         unsigned subsample, const VtStatistics *s, double *out)
{
    double *values;
    unsigned n;
    const int err = collect(scores, name, low, high, subsample, &values, &n);
    if (err) return err;
    for (unsigned i = 0; i < s->count; i++)
        out[i] = s->item[i].percentile < 0 ? deviation(values, n)
                                           : percentile(values, n, s->item[i].percentile);
    free(values);
    return 0;
}
