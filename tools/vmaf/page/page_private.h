/* Shared by page.c (gathering), write.c (the page), tables.c and data.c (its parts). */
#ifndef VMAF_TOOL_PAGE_PRIVATE_H
#define VMAF_TOOL_PAGE_PRIVATE_H

#include "page/html.h"
#include "page/page.h"
#include "page/worst.h"

#define MAX_NAME 256

struct Page {
    PageInfo info;
    Worst worst;
    /* The column that the page is about: the first model's score, or the first feature's value. */
    char headline[MAX_NAME];
    unsigned failed_frames;
};

/* What the parts of the page are written from. */
typedef struct PageSource {
    const Page *page;
    VmafContext *vmaf;
    unsigned n_pairs;
    unsigned headline; /* its column */
    int error;         /* the first failure besides those of the stream */
} PageSource;

static inline unsigned page_step(const Page *p)
{
    return p->info.options->subsample > 1 ? p->info.options->subsample : 1;
}

/* Frames a second, 0 if unknown. */
double page_rate(const Page *p);

/* The model whose score is the headline, NULL without one. */
const ModelSpec *page_model(const Page *p);

/* "12:34.567" of a frame, where the rate is known; else empty. */
void page_time(const Page *p, unsigned index, char out[32]);

void page_write_tables(FILE *to, PageSource *s); /* tables.c: pooled values, settings */
void page_write_tiles(FILE *to, PageSource *s);  /* tables.c: the figures at the top */
void page_write_worst(FILE *to, PageSource *s);  /* worst_html.c */
void page_write_data(FILE *to, PageSource *s);   /* data.c: what the charts are drawn from */

/* Of page.css and page.js, made by embed.py. */
extern const char page_style[], page_script[];

#endif
