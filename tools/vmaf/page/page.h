/* The report as one page for a browser: charts, the worst frames with thumbnails, tables. It
 * gathers while the run goes on and is written at its end. */
#ifndef VMAF_TOOL_PAGE_PAGE_H
#define VMAF_TOOL_PAGE_PAGE_H

#include "input.h"
#include "libvmaf/turbo.h"
#include "options.h"

typedef struct Page Page;

typedef struct PageInfo {
    const Options *options;
    const Input *reference, *distorted;
    unsigned in_flight; /* pairs handed out whose scores may be missing */
} PageInfo;

/* False if the tool was built without what pages need; then page_create must not be called. */
bool page_is_available(void);

/* 0 or a negative errno. info is copied; what it points to must live as long as the page. */
int page_create(Page **out, const PageInfo *info);
void page_free(Page *p); /* NULL allowed */

/* A pair on its way to be scored, before the library takes it. */
void page_pictures(Page *p, unsigned index, const VmafPicture *ref, const VmafPicture *dis);

/* From the frame callback. */
void page_frame(Page *p, const VmafTurboFrame *frame);

/* Writes the page after the last frame was scored; the models' scores are in the context.
 * n_pairs: scored. 0 or the negative errno of what failed. */
int page_write(Page *p, VmafContext *vmaf, unsigned n_pairs, const char *path);

#endif
