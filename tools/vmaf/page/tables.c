/* Figures and tables: they are complete without a script. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "page/page_private.h"

/* ---- figures ---- */

static const struct {
    const char *title, *statistic; /* or */
    enum VmafPoolingMethod method; /* the statistic NULL */
} figures[] = {
    {"Mean", NULL, VMAF_POOL_METHOD_MEAN},
    {"Harmonic mean", NULL, VMAF_POOL_METHOD_HARMONIC_MEAN},
    {"Minimum", NULL, VMAF_POOL_METHOD_MIN},
    {"5%", "p5", VMAF_POOL_METHOD_UNKNOWN},
    {"Median", "p50", VMAF_POOL_METHOD_UNKNOWN},
    {"95%", "p95", VMAF_POOL_METHOD_UNKNOWN},
    {"Maximum", NULL, VMAF_POOL_METHOD_MAX},
    {"Deviation", "stddev", VMAF_POOL_METHOD_UNKNOWN},
};
enum { MEAN, HARMONIC, MINIMUM, P5, MEDIAN, P95, MAXIMUM, DEVIATION, FIGURES };

/* NAN if a frame lacks the value. */
static double figure(const PageSource *s, const char *stored, unsigned f)
{
    double value;
    const unsigned last = s->n_pairs - 1;
    const int err =
        figures[f].statistic
            ? vmaf_turbo_feature_statistic(s->vmaf, stored, figures[f].statistic, &value, 0, last)
            : vmaf_feature_score_pooled(s->vmaf, stored, figures[f].method, &value, 0, last);
    return err ? NAN : value;
}

static void write_number(FILE *to, double x, int decimals)
{
    const double least = 0.5 * pow(10, -decimals);

    if (!isfinite(x))
        fputs("&ndash;", to);
    else if (x != 0 && fabs(x) < least)
        fprintf(to, "%.2e", x);
    else
        fprintf(to, "%.*f", decimals, x);
}

static void write_tile(FILE *to, const char *title, double value, const char *note)
{
    fprintf(to, "<div class=\"tile\"><dt>%s</dt><dd>", title);
    write_number(to, value, 2);
    if (*note) fprintf(to, " <small>%s</small>", note);
    fputs("</dd></div>\n", to);
}

/* The means of the other models beside the first. */
static void write_other_models(FILE *to, const PageSource *s)
{
    const Options *o = s->page->info.options;

    for (unsigned i = 1; i < o->n_models && page_model(s->page); i++) {
        fputs("<div class=\"tile\"><dt>", to);
        html_text(to, o->model[i].name);
        fputs(", mean</dt><dd>", to);
        write_number(to, figure(s, o->model[i].name, MEAN), 2);
        fputs("</dd></div>\n", to);
    }
}

void page_write_tiles(FILE *to, PageSource *s)
{
    const Worst *w = &s->page->worst;
    const char *name, *stored;
    char note[48] = "";

    if (vmaf_turbo_column(s->vmaf, s->headline, &name, &stored)) return;
    fputs("<div class=\"summary\"><div class=\"score\"><p class=\"figure\">", to);
    write_number(to, figure(s, stored, MEAN), 2);
    fputs("</p><p class=\"what\">mean <b>", to);
    html_text(to, page_model(s->page) ? model_spec_label(page_model(s->page)) : name);
    fputs("</b></p></div>\n<dl class=\"tiles\">\n", to);
    write_tile(to, "Harmonic mean", figure(s, stored, HARMONIC), "");
    if (w->n_frames && !w->high_is_worse)
        snprintf(note, sizeof(note), "frame %u", w->frame[0].index);
    write_tile(to, "Minimum", figure(s, stored, MINIMUM), note);
    write_tile(to, "5th percentile", figure(s, stored, P5), "");
    write_tile(to, "Median", figure(s, stored, MEDIAN), "");
    write_tile(to, "Maximum", figure(s, stored, MAXIMUM), "");
    write_tile(to, "Standard deviation", figure(s, stored, DEVIATION), "");
    write_other_models(to, s);
    fputs("</dl></div>\n", to);
}

/* ---- pooled values ---- */

static void write_row(FILE *to, const PageSource *s, unsigned column, const char *name,
                      const char *stored)
{
    fprintf(to, "<tr%s><th scope=\"row\">", column == s->headline ? " class=\"headline\"" : "");
    html_text(to, name);
    fputs("</th>", to);
    for (unsigned f = 0; f < FIGURES; f++) {
        fputs("<td>", to);
        write_number(to, figure(s, stored, f), 4);
        fputs("</td>", to);
    }
    fputs("</tr>\n", to);
}

static void write_aggregates(FILE *to, const PageSource *s)
{
    const char *name;
    double value;

    for (unsigned i = 0; !vmaf_turbo_aggregate(s->vmaf, i, &name, &value); i++) {
        fputs("<tr><th scope=\"row\">", to);
        html_text(to, name);
        fputs("</th><td>", to);
        write_number(to, value, 4);
        fprintf(to, "</td><td colspan=\"%d\" class=\"note\">of the whole clip</td></tr>\n",
                FIGURES - 1);
    }
}

static void write_pooled(FILE *to, const PageSource *s)
{
    const char *name, *stored;

    fputs("<section aria-labelledby=\"h-pooled\"><h2 id=\"h-pooled\">Pooled values</h2>\n"
          "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"h-pooled\">"
          "<table class=\"numbers\"><thead><tr><th scope=\"col\">Feature</th>",
          to);
    for (unsigned f = 0; f < FIGURES; f++)
        fprintf(to, "<th scope=\"col\">%s</th>", figures[f].title);
    fputs("</tr></thead><tbody>\n", to);
    if (!vmaf_turbo_column(s->vmaf, s->headline, &name, &stored))
        write_row(to, s, s->headline, name, stored);
    for (unsigned i = 0; !vmaf_turbo_column(s->vmaf, i, &name, &stored); i++)
        if (i != s->headline) write_row(to, s, i, name, stored);
    write_aggregates(to, s);
    fputs("</tbody></table></div></section>\n", to);
}

/* ---- settings ---- */

static void begin_row(FILE *to, const char *title)
{
    fprintf(to, "<tr><th scope=\"row\">%s</th><td>", title);
}

static void end_row(FILE *to)
{
    fputs("</td></tr>\n", to);
}

static void write_format(FILE *to, const InputFormat *f)
{
    static const char *const layouts[] = {"other", "4:2:0", "4:2:2", "4:4:4", "4:0:0"};

    fprintf(to, "%u &times; %u, %s, %u bit", f->w, f->h,
            layouts[f->pix_fmt <= VMAF_PIX_FMT_YUV400P ? f->pix_fmt : 0], f->bpc);
}

static bool is_same_format(const InputFormat *a, const InputFormat *b)
{
    return a->w == b->w && a->h == b->h && a->bpc == b->bpc && a->pix_fmt == b->pix_fmt;
}

static void write_input(FILE *to, const char *title, const Input *in, unsigned skipped)
{
    const InputFormat *file = &in->layout.format;

    begin_row(to, title);
    fputs("<code>", to);
    html_text(to, in->path);
    fputs("</code><br>", to);
    if (file->w && !is_same_format(file, &in->format)) {
        write_format(to, file);
        fputs(", converted to ", to);
    }
    write_format(to, &in->format);
    if (in->fps_num && in->fps_den)
        fprintf(to, ", %.6g frames/s", (double)in->fps_num / in->fps_den);
    if (skipped) fprintf(to, ", first %u frames skipped", skipped);
    end_row(to);
}

static const char *target(ConvertTo to)
{
    return to == CONVERT_TO_REFERENCE   ? "as the reference"
           : to == CONVERT_TO_DISTORTED ? "as the distorted video"
                                        : "as given";
}

/* What --scale and --convert asked for; the formats above are those that were compared. */
static void write_conversion(FILE *to, const Conversion *c)
{
    if (c->scale == CONVERT_NOTHING && c->convert == CONVERT_NOTHING) return;
    begin_row(to, "Converted");
    if (c->scale != CONVERT_NOTHING) fprintf(to, "size %s", target(c->scale));
    if (c->scale != CONVERT_NOTHING && c->convert != CONVERT_NOTHING) fputs(", ", to);
    if (c->convert != CONVERT_NOTHING) fprintf(to, "format %s", target(c->convert));
    end_row(to);
}

static void write_model(FILE *to, const ModelSpec *m)
{
    fputs("<code>", to);
    html_text(to, model_spec_label(m));
    fputs("</code>", to);
    if (strcmp(m->name, "vmaf")) {
        fputs(" as <code>", to);
        html_text(to, m->name);
        fputs("</code>", to);
    }
    if (m->flags & VMAF_MODEL_FLAG_DISABLE_CLIP) fputs(", disable_clip", to);
    if (m->flags & VMAF_MODEL_FLAG_ENABLE_TRANSFORM) fputs(", enable_transform", to);
    for (unsigned i = 0; i < m->n_overloads; i++) {
        const Setting *v = &m->overload[i];
        const char *part[] = {", ", v->extractor, ".", v->option, "=", v->value};
        for (unsigned k = 0; k < 6; k++) html_text(to, part[k]);
    }
    fputs("<br>", to);
}

static void write_models(FILE *to, const Options *o)
{
    if (o->n_models) {
        begin_row(to, o->n_models > 1 ? "Models" : "Model");
        for (unsigned i = 0; i < o->n_models; i++) write_model(to, &o->model[i]);
        if (o->no_prediction) fputs("features only", to);
        end_row(to);
    }
    if (!o->n_features) return;
    begin_row(to, "Further features");
    for (unsigned i = 0; i < o->n_features; i++) {
        fputs("<code>", to);
        html_text(to, o->feature[i].name);
        if (o->feature[i].settings) {
            fputc('=', to);
            html_text(to, o->feature[i].settings);
        }
        fputs("</code><br>", to);
    }
    end_row(to);
}

static void write_frames(FILE *to, const PageSource *s)
{
    const unsigned step = page_step(s->page);

    begin_row(to, "Frames");
    fprintf(to, "%u", (s->n_pairs - 1) / step + 1);
    if (step > 1) fprintf(to, " of %u: those with an index that %u divides", s->n_pairs, step);
    if (s->page->failed_frames)
        fprintf(to, "; of %u not everything could be scored", s->page->failed_frames);
    end_row(to);
}

/* When, and which versions. SOURCE_DATE_EPOCH makes equal runs give equal pages. */
static void write_versions(FILE *to)
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    const time_t now = epoch && *epoch ? (time_t)strtoll(epoch, NULL, 10) : time(NULL);
    struct tm utc;
    char date[64] = "";

    if (gmtime_r(&now, &utc)) strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S UTC", &utc);
    begin_row(to, "Made");
    fprintf(to, "%s by vmaf-turbo %s (libvmaf API %s)", date, vmaf_turbo_version(), vmaf_version());
    end_row(to);
}

static void write_settings(FILE *to, const PageSource *s)
{
    const PageInfo *info = &s->page->info;
    const Options *o = info->options;

    fputs("<section aria-labelledby=\"h-settings\"><h2 id=\"h-settings\">Settings</h2>\n"
          "<table class=\"settings\"><tbody>\n",
          to);
    write_input(to, "Reference", info->reference, o->skip_reference);
    write_input(to, "Distorted", info->distorted, o->skip_distorted);
    write_conversion(to, &o->conversion);
    write_frames(to, s);
    write_models(to, o);
    write_versions(to);
    fputs("</tbody></table></section>\n", to);
}

void page_write_tables(FILE *to, PageSource *s)
{
    write_pooled(to, s);
    write_settings(to, s);
}
