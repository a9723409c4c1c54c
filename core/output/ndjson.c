/* One line of JSON per frame while a run goes on, and a last one with what a report has besides. */
#include <math.h>
#include <string.h>

#include "output/writer.h"

#include "metric/option.h"

static void write_name(VtWriter *w, bool *first, const char *name)
{
    if (!*first) vt_write(w, ",");
    *first = false;
    vt_write_json_string(w, name);
    vt_write(w, ":");
}

void vt_write_frame_line(VtWriter *w, const VmafTurboFrame *frame)
{
    bool first = true;

    vt_write(w, "{\"frameNum\":%u,\"metrics\":{", frame->index);
    for (unsigned i = 0; i < frame->n_values; i++) {
        write_name(w, &first, frame->value[i].name);
        vt_write_json_number(w, frame->value[i].value);
    }
    vt_write(w, "}");
    if (frame->error) {
        vt_write(w, ",\"error\":");
        vt_write_json_string(w, strerror(-frame->error));
    }
    vt_write(w, "}\n");
}

static void write_pooled(VtWriter *w, const VtReport *r, unsigned column)
{
    bool first = true;
    VtPooled pooled;

    vt_write(w, "{");
    vt_report_pool(w, r, column, &pooled);
    for (unsigned m = 0; m < pooled.count; m++) {
        write_name(w, &first, pooled.name[m]);
        vt_write_json_number(w, pooled.value[m]);
    }
    vt_write(w, "}");
}

void vt_write_summary_line(VtWriter *w, const VtReport *r)
{
    bool first = true;

    vt_write(w, "{\"version\":\"%s\",\"fps\":", vmaf_version());
    if (isfinite(r->fps))
        vt_write(w, "%.2f", r->fps);
    else
        vt_write(w, "null");
    vt_write(w, ",\"pooled_metrics\":{");
    for (unsigned c = 0; c < vt_scores_columns(r->scores); c++) {
        write_name(w, &first, vt_report_name(r, c));
        write_pooled(w, r, c);
    }
    vt_write(w, "},\"aggregate_metrics\":{");
    first = true;
    for (unsigned i = 0; i < vt_scores_aggregates(r->scores); i++) {
        double value;
        const char *name = vt_scores_aggregate(r->scores, i, &value);
        write_name(w, &first, vt_feature_alias(name));
        vt_write_json_number(w, value);
    }
    vt_write(w, "}}\n");
}
