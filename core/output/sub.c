/* MicroDVD subtitles, a line per frame (spec: cli-and-output 10). */
#include "output/writer.h"

/* A bar or a line break in a name would end its entry. */
static bool is_plain(char c)
{
    return c != '|' && c != '\n' && c != '\r';
}

static void escape(VtWriter *w, const char *c, unsigned length)
{
    (void)c;
    (void)length;
    vt_write_text(w, "_", 1);
}

void vt_write_sub(VtWriter *w, const VtReport *r)
{
    for (unsigned i = 0; vt_report_row(r, i, &i); i++) {
        vt_write(w, "{%u}{%u}frame: %u|", i, i + 1, i);
        for (unsigned c = 0; c < vt_scores_columns(r->scores); c++) {
            double value;
            if (!vt_scores_column_get(r->scores, c, i, &value)) continue;
            vt_write_escaped(w, vt_report_name(r, c), is_plain, escape);
            vt_write(w, ": ");
            vt_write_number(w, value);
            vt_write(w, "|");
        }
        vt_write(w, "\n");
    }
}
