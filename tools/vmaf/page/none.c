/* In place of the page, in a tool that was built without libpng. */
#include <errno.h>

#include "page/page.h"

bool page_is_available(void)
{
    return false;
}

int page_create(Page **out, const PageInfo *info)
{
    (void)info;
    *out = NULL;
    return -ENOSYS;
}

void page_free(Page *p)
{
    (void)p;
}

void page_pictures(Page *p, unsigned index, const VmafPicture *ref, const VmafPicture *dis)
{
    (void)p;
    (void)index;
    (void)ref;
    (void)dis;
}

void page_frame(Page *p, const VmafTurboFrame *frame)
{
    (void)p;
    (void)frame;
}

int page_write(Page *p, VmafContext *vmaf, unsigned n_pairs, const char *path)
{
    (void)p;
    (void)vmaf;
    (void)n_pairs;
    (void)path;
    return -ENOSYS;
}
