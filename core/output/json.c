/* spec: cli-and-output 8; the result is valid JSON whatever the table holds. */
#include <math.h>

#include "libvmaf/libvmaf.h"
#include "metric/option.h"
#include "output/writer.h"

static bool is_plain(char c)
{
    return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

static void escape(VtWriter *w, const char *c, unsigned length)
{
    if (!length)
        vt_write(w, "\\ufffd");
    else if (length > 1)
        vt_write_text(w, c, length);
    else
        vt_write(w, "\\u%04x", (unsigned)*c);
}

void vt_write_json_string(VtWriter *w, const char *text)
{
    vt_write(w, "\"");
    vt_write_escaped(w, text, is_plain, escape);
    vt_write(w, "\"");
}

void vt_write_json_number(VtWriter *w, double value)
{
    if (isfinite(value))
        vt_write_number(w, value);
    else
        vt_write(w, "null");
}

/* Every list here is written the same way: each entry after a line break, a comma before all but
 * the first. */
static void write_member(VtWriter *w, bool *first, const char *indent, const char *name)
{
    vt_write(w, "%s\n%s", *first ? "" : ",", indent);
    *first = false;
    vt_write_json_string(w, name);
    vt_write(w, ": ");
}

static void write_frame(VtWriter *w, const VtReport *r, unsigned index)
{
    bool first = true;

    vt_write(w, "    {\n      \"frameNum\": %u,\n      \"metrics\": {", index);
    for (unsigned c = 0; c < vt_scores_columns(r->scores); c++) {
        double value;
        if (!vt_scores_column_get(r->scores, c, index, &value)) continue;
        write_member(w, &first, "        ", vt_report_name(r, c));
        vt_write_json_number(w, value);
    }
    vt_write(w, "\n      }\n    }");
}

static void write_frames(VtWriter *w, const VtReport *r)
{
    bool first = true;

    vt_write(w, "  \"frames\": [");
    for (unsigned i = 0; vt_report_row(r, i, &i); i++) {
        vt_write(w, "%s\n", first ? "" : ",");
        first = false;
        write_frame(w, r, i);
    }
    vt_write(w, "\n  ],\n");
}

static void write_pooled(VtWriter *w, const VtReport *r)
{
    bool first = true;

    vt_write(w, "  \"pooled_metrics\": {");
    for (unsigned c = 0; c < vt_scores_columns(r->scores); c++) {
        bool first_method = true;
        VtPooled pooled;

        write_member(w, &first, "    ", vt_report_name(r, c));
        vt_write(w, "{");
        vt_report_pool(w, r, c, &pooled);
        for (unsigned m = 0; m < pooled.count; m++) {
            write_member(w, &first_method, "      ", pooled.name[m]);
            vt_write_json_number(w, pooled.value[m]);
        }
        vt_write(w, "\n    }");
    }
    vt_write(w, "\n  },\n");
}

static void write_aggregate(VtWriter *w, const VtReport *r)
{
    bool first = true;

    vt_write(w, "  \"aggregate_metrics\": {");
    for (unsigned i = 0; i < vt_scores_aggregates(r->scores); i++) {
        double value;
        const char *name = vt_scores_aggregate(r->scores, i, &value);
        write_member(w, &first, "    ", vt_feature_alias(name));
        vt_write_json_number(w, value);
    }
    vt_write(w, "\n  }\n");
}

void vt_write_json(VtWriter *w, const VtReport *r)
{
    vt_write(w, "{\n  \"version\": \"%s\",\n", vmaf_version());
    if (isfinite(r->fps))
        vt_write(w, "  \"fps\": %.2f,\n", r->fps);
    else
        vt_write(w, "  \"fps\": null,\n");
    write_frames(w, r);
    write_pooled(w, r);
    write_aggregate(w, r);
    vt_write(w, "}\n");
}
