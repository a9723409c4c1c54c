/* spec: cli-and-output 7 */
#include <string.h>

#include "libvmaf/libvmaf.h"
#include "metric/option.h"
#include "output/writer.h"

static bool starts_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':';
}

static bool continues_name(char c)
{
    return starts_name(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

static void escape_in_name(VtWriter *w, const char *c, unsigned length)
{
    if (length > 1)
        vt_write_text(w, c, length);
    else
        vt_write_text(w, "_", 1);
}

/* Features are attributes of a frame, and an attribute's name cannot be escaped: what XML does not
 * allow there becomes an underscore. Names of features and of the built-in models pass unchanged.
 */
static void write_attribute_name(VtWriter *w, const char *name)
{
    if (!*name || (continues_name(*name) && !starts_name(*name))) vt_write_text(w, "_", 1);
    vt_write_escaped(w, name, continues_name, escape_in_name);
}

static bool is_plain(char c)
{
    return c >= ' ' && c <= '~' && c != '<' && c != '>' && c != '&' && c != '"';
}

static void escape_in_value(VtWriter *w, const char *c, unsigned length)
{
    if (length > 1)
        vt_write_text(w, c, length);
    else if (length && strchr("<>&\"\t\n\r", *c))
        vt_write(w, "&#%d;", *c);
    else
        vt_write_text(w, "_", 1);
}

static void write_score(VtWriter *w, const char *name, double value)
{
    write_attribute_name(w, name);
    vt_write(w, "=\"");
    vt_write_number(w, value);
    vt_write(w, "\" ");
}

static void write_frames(VtWriter *w, const VtReport *r)
{
    vt_write(w, "  <frames>\n");
    for (unsigned i = 0; vt_report_row(r, i, &i); i++) {
        vt_write(w, "    <frame frameNum=\"%u\" ", i);
        for (unsigned c = 0; c < vt_scores_columns(r->scores); c++) {
            double value;
            if (vt_scores_column_get(r->scores, c, i, &value))
                write_score(w, vt_report_name(r, c), value);
        }
        vt_write(w, "/>\n");
    }
    vt_write(w, "  </frames>\n");
}

static void write_pooled(VtWriter *w, const VtReport *r)
{
    vt_write(w, "  <pooled_metrics>\n");
    for (unsigned c = 0; c < vt_scores_columns(r->scores); c++) {
        VtPooled pooled;

        vt_write(w, "    <metric name=\"");
        vt_write_escaped(w, vt_report_name(r, c), is_plain, escape_in_value);
        vt_write(w, "\" ");
        vt_report_pool(w, r, c, &pooled);
        for (unsigned m = 0; m < pooled.count; m++) write_score(w, pooled.name[m], pooled.value[m]);
        vt_write(w, "/>\n");
    }
    vt_write(w, "  </pooled_metrics>\n");
}

static void write_aggregate(VtWriter *w, const VtReport *r)
{
    vt_write(w, "  <aggregate_metrics ");
    for (unsigned i = 0; i < vt_scores_aggregates(r->scores); i++) {
        double value;
        const char *name = vt_scores_aggregate(r->scores, i, &value);
        write_score(w, vt_feature_alias(name), value);
    }
    vt_write(w, "/>\n");
}

void vt_write_xml(VtWriter *w, const VtReport *r)
{
    vt_write(w, "<VMAF version=\"%s\">\n", vmaf_version());
    vt_write(w, "  <params qualityWidth=\"%u\" qualityHeight=\"%u\" />\n", r->w, r->h);
    vt_write(w, "  <fyi fps=\"%.2f\" />\n", r->fps);
    write_frames(w, r);
    write_pooled(w, r);
    write_aggregate(w, r);
    vt_write(w, "</VMAF>\n");
}
