#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>

/* The block that the C library gave lies somewhere in front; where is noted right before ours. */
static void *aligned(void *block)
{
    if (!block) return NULL;
    const uintptr_t start = (uintptr_t)block + sizeof(void *);
    void **p = (void **)((start + VT_ALIGN - 1) & ~(uintptr_t)(VT_ALIGN - 1));
    p[-1] = block;
    return p;
}

static size_t padded(size_t size)
{
    const size_t extra = VT_ALIGN + sizeof(void *);
    return size > SIZE_MAX - extra ? SIZE_MAX : size + extra;
}

void *vt_aligned_alloc(size_t size)
{
    return aligned(malloc(padded(size)));
}

void *vt_aligned_calloc(size_t size)
{
    return aligned(calloc(1, padded(size)));
}

void vt_aligned_free(void *p)
{
    if (p) free(((void **)p)[-1]);
}
