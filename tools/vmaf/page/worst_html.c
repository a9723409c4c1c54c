/* The worst frames: score, and thumbnails of both pictures and of their difference. */
#include <errno.h>
#include <stdlib.h>

#include "page/page_private.h"

static void write_picture(FILE *to, PageSource *s, const uint8_t *rgb, const char *what,
                          unsigned index, unsigned gain)
{
    const ThumbnailMaker *m = &s->page->worst.maker;

    fputs("<figure><img src=\"", to);
    const int err = html_png(to, rgb, m->tw, m->th);
    if (err && !s->error) s->error = err;
    fprintf(to, "\" width=\"%u\" height=\"%u\" alt=\"%s, frame %u\"><figcaption>%s", m->tw, m->th,
            what, index, what);
    if (gain > 1) fprintf(to, " &times;%u", gain);
    fputs("</figcaption></figure>\n", to);
}

static void write_pictures(FILE *to, PageSource *s, const WorstFrame *f, uint8_t *rgb)
{
    const ThumbnailMaker *m = &s->page->worst.maker;
    const Thumbnail *t = &f->cell->thumbnail;

    const InputTraits *traits = &s->page->info.reference->traits;
    const ThumbnailColours colours = thumbnail_colours(
        traits->is_known ? traits->matrix : NULL, traits->is_known && traits->full_range, m->h);

    fputs("<div class=\"pictures\">\n", to);
    thumbnail_rgb(t, m, &colours, 0, rgb);
    write_picture(to, s, rgb, "Reference", f->index, 0);
    thumbnail_rgb(t, m, &colours, 1, rgb);
    write_picture(to, s, rgb, "Distorted", f->index, 0);
    const unsigned gain = thumbnail_difference(t, m, rgb);
    write_picture(to, s, rgb, "Difference", f->index, gain);
    fputs("</div>\n", to);
}

static void write_frame(FILE *to, PageSource *s, unsigned rank, uint8_t *rgb)
{
    const WorstFrame *f = &s->page->worst.frame[rank];
    char time[32];

    page_time(s->page, f->index, time);
    fprintf(to, "<article class=\"worst\"><header><h3><span class=\"rank\">%u</span> Frame %u",
            rank + 1, f->index);
    if (*time) fprintf(to, " <span class=\"time\">%s</span>", time);
    fprintf(to, "</h3><strong>%.2f</strong><button type=\"button\" data-frame=\"%u\">", f->score,
            f->index);
    fputs("Show in chart</button></header>\n", to);
    if (f->cell)
        write_pictures(to, s, f, rgb);
    else
        fputs("<p class=\"note\">The pictures of this frame were not kept.</p>\n", to);
    fputs("</article>\n", to);
}

void page_write_worst(FILE *to, PageSource *s)
{
    const Worst *w = &s->page->worst;
    uint8_t *rgb = malloc((size_t)3 * w->maker.tw * w->maker.th);

    if (!rgb && !s->error) s->error = -ENOMEM;
    if (!rgb || !w->n_frames) {
        free(rgb);
        return;
    }
    fputs("<section aria-labelledby=\"h-worst\"><h2 id=\"h-worst\">Worst frames</h2>\n", to);
    if (w->distance > 1)
        fprintf(to, "<p class=\"note\">At least %u frames apart.</p>\n", w->distance);
    for (unsigned i = 0; i < w->n_frames; i++) write_frame(to, s, i, rgb);
    fputs("</section>\n", to);
    free(rgb);
}
