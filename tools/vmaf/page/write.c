/* The page around its parts. Nothing in it is loaded from anywhere: the policy in its head has the
 * browser see to that. */
#include <errno.h>
#include <string.h>

#include "outfile.h"
#include "page/page_private.h"

void page_time(const Page *p, unsigned index, char out[32])
{
    const double rate = page_rate(p), seconds = rate > 0 ? index / rate : 0;
    const unsigned minutes = (unsigned)(seconds / 60);

    *out = 0;
    if (rate > 0)
        snprintf(out, 32, "%u:%02u:%06.3f", minutes / 60, minutes % 60, seconds - 60.0 * minutes);
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static void write_head(FILE *to, const PageSource *s)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
          "style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\n"
          "<meta name=\"color-scheme\" content=\"light dark\">\n"
          "<link rel=\"icon\" href=\"data:,\">\n",
          to);
    fprintf(to, "<meta name=\"generator\" content=\"vmaf-turbo %s\">\n<title>",
            vmaf_turbo_version());
    html_text(to, file_name(s->page->info.distorted->path));
    fputs(" &ndash; video quality</title>\n<style>\n", to);
    fputs(page_style, to);
    fputs("</style>\n</head>\n<body>\n", to);
}

static void write_title(FILE *to, const PageSource *s)
{
    const PageInfo *info = &s->page->info;

    fputs("<header class=\"top\"><div><p class=\"kind\">Video quality</p>\n<h1>", to);
    html_text(to, file_name(info->distorted->path));
    fputs("</h1>\n<p class=\"against\">compared with <b>", to);
    html_text(to, file_name(info->reference->path));
    fprintf(to, "</b> &middot; %u &times; %u &middot; %u frames</p></div>\n",
            info->distorted->format.w, info->distorted->format.h,
            (s->n_pairs - 1) / page_step(s->page) + 1);
    fputs("<button type=\"button\" id=\"theme\" hidden>Dark</button></header>\n", to);
}

/* Filled by the script; the labels are for those who do not see the charts. */
static void write_charts(FILE *to)
{
    fputs(
        "<noscript><p class=\"note\">The charts need JavaScript; everything else is here."
        "</p></noscript>\n"
        "<section aria-labelledby=\"h-time\"><div class=\"bar\"><h2 id=\"h-time\">Score over time"
        "</h2><output id=\"readout\" aria-live=\"polite\"></output><span class=\"tools\">"
        "<button type=\"button\" id=\"zoom-in\" title=\"Zoom in (+)\" aria-label=\"Zoom in\">+"
        "</button><button type=\"button\" id=\"zoom-out\" title=\"Zoom out (-)\" "
        "aria-label=\"Zoom out\">&minus;</button><button type=\"button\" id=\"zoom-reset\" "
        "title=\"Whole clip (0)\">Whole clip</button></span></div>\n"
        "<div id=\"main\" class=\"plot large\"></div>\n"
        "<p class=\"note hint\">Drag to zoom. With the chart focused: arrow keys move, Shift "
        "faster, + and &minus; zoom, 0 shows the whole clip, Page Up and Down go through the "
        "worst frames.</p></section>\n"
        "<section aria-labelledby=\"h-distribution\"><h2 id=\"h-distribution\">Distribution</h2>\n"
        "<div id=\"histogram\" class=\"plot medium\"></div></section>\n",
        to);
}

static void write_features(FILE *to)
{
    fputs("<section aria-labelledby=\"h-features\"><h2 id=\"h-features\">Features</h2>\n"
          "<div id=\"features\" class=\"features\"></div></section>\n",
          to);
}

static void write_page(FILE *to, PageSource *s)
{
    write_head(to, s);
    write_title(to, s);
    fputs("<main>\n", to);
    page_write_tiles(to, s);
    write_charts(to);
    page_write_worst(to, s);
    write_features(to);
    page_write_tables(to, s);
    fputs("</main>\n", to);
    page_write_data(to, s);
    fputs("<script>\n", to);
    fputs(page_script, to);
    fputs("</script>\n</body>\n</html>\n", to);
}

/* The headline's column; the first one if no frame had a value of that name. */
static unsigned find_headline(const Page *p, VmafContext *vmaf)
{
    const char *name, *stored;

    for (unsigned i = 0; !vmaf_turbo_column(vmaf, i, &name, &stored); i++)
        if (!strcmp(name, p->headline)) return i;
    return 0;
}

int page_write(Page *p, VmafContext *vmaf, unsigned n_pairs, const char *path)
{
    PageSource s = {.page = p, .vmaf = vmaf, .n_pairs = n_pairs};
    FILE *to = outfile_is_stdout(path) ? stdout : fopen(path, "we");

    if (!to) return -errno;
    worst_sort(&p->worst);
    s.headline = find_headline(p, vmaf);
    write_page(to, &s);
    errno = 0;
    if ((fflush(to) || ferror(to)) && !s.error) s.error = errno ? -errno : -EIO;
    if (to != stdout && fclose(to) && !s.error) s.error = errno ? -errno : -EIO;
    return s.error;
}
