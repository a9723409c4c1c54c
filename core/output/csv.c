/* spec: cli-and-output 9, with an empty cell for a missing value so that columns stay aligned. */
#include <string.h>

#include "output/writer.h"

/* Names with a separator in them are quoted; names of features and built-in models never are. */
static void write_cell(VtWriter *w, const char *name)
{
    if (!strpbrk(name, ",\"\r\n")) {
        vt_write(w, "%s,", name);
        return;
    }
    vt_write(w, "\"");
    for (; *name; name++) {
        vt_write_text(w, name, 1);
        if (*name == '"') vt_write_text(w, name, 1);
    }
    vt_write(w, "\",");
}

void vt_write_csv(VtWriter *w, const VtReport *r)
{
    unsigned columns = vt_scores_columns(r->scores);

    vt_write(w, "Frame,");
    for (unsigned c = 0; c < columns; c++) write_cell(w, vt_report_name(r, c));
    vt_write(w, "\n");
    for (unsigned i = 0; vt_report_row(r, i, &i); i++) {
        vt_write(w, "%u,", i);
        for (unsigned c = 0; c < columns; c++) {
            double value;
            if (vt_scores_column_get(r->scores, c, i, &value)) vt_write_number(w, value);
            vt_write(w, ",");
        }
        vt_write(w, "\n");
    }
}
