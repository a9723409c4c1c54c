/* What the charts are drawn from, as JSON in a script element. */
#include <errno.h>
#include <math.h>

#include "page/page_private.h"

#define CHUNK 1024

/* The values of a column at every frame of the grid; null where there is none. */
static void write_values(FILE *to, const PageSource *s, unsigned column)
{
    const unsigned step = page_step(s->page);
    double value[CHUNK];
    unsigned char present[CHUNK];

    for (unsigned low = 0; low < s->n_pairs; low += CHUNK) {
        const unsigned left = s->n_pairs - low, n = left < CHUNK ? left : CHUNK;
        if (vmaf_turbo_column_values(s->vmaf, column, low, low + n - 1, value, present)) return;
        for (unsigned k = 0; k < n; k++) {
            if ((low + k) % step) continue;
            if (low + k) fputc(',', to);
            html_json_number(to, present[k] ? value[k] : NAN);
        }
    }
}

static void write_columns(FILE *to, const PageSource *s)
{
    const char *name, *stored;

    fputs("\"columns\":[", to);
    for (unsigned i = 0; !vmaf_turbo_column(s->vmaf, i, &name, &stored); i++) {
        fprintf(to, "%s\n{\"name\":", i ? "," : "");
        html_json_string(to, name);
        fputs(",\"values\":[", to);
        write_values(to, s, i);
        fputs("]}", to);
    }
    fputs("]", to);
}

void page_write_data(FILE *to, PageSource *s)
{
    const Page *p = s->page;
    const unsigned step = page_step(p);

    fprintf(to, "<script type=\"application/json\" id=\"data\">\n{\"step\":%u,\"count\":%u,", step,
            (s->n_pairs - 1) / step + 1);
    fprintf(to, "\"rate\":%.6g,\"headline\":%u,\"worst\":[", page_rate(p), s->headline);
    for (unsigned i = 0; i < p->worst.n_frames; i++)
        fprintf(to, "%s%u", i ? "," : "", p->worst.frame[i].index);
    fputs("],\"models\":[", to);
    for (unsigned i = 0; page_model(p) && i < p->info.options->n_models; i++) {
        if (i) fputc(',', to);
        html_json_string(to, p->info.options->model[i].name);
    }
    fputs("],", to);
    write_columns(to, s);
    fputs("}\n</script>\n", to);
}
