#include "base/mem.h"

#include <stdlib.h>

void *vt_aligned_alloc(size_t size)
{
    void *p = NULL;
    return posix_memalign(&p, VT_ALIGN, size ? size : 1) ? NULL : p;
}

void vt_aligned_free(void *p)
{
    free(p);
}
