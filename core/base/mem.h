/* Aligned memory: 64 bytes serve every SIMD load and a cache line. */
#ifndef VT_BASE_MEM_H
#define VT_BASE_MEM_H

#include <stddef.h>

#define VT_ALIGN 64
#define VT_ALIGN_UP(n) (((size_t)(n) + (VT_ALIGN - 1)) & ~(size_t)(VT_ALIGN - 1))

/* 64-byte aligned; NULL when out of memory. Free with vt_aligned_free (NULL allowed). calloc's
 * memory is zero and takes room only as it is touched, which matters for pools of large pictures.
 */
void *vt_aligned_alloc(size_t size);
void *vt_aligned_calloc(size_t size);
void vt_aligned_free(void *p);

/* Cuts a scratch block into aligned pieces: first run it on a NULL base to learn the size, then on
 * the block. VtCarve c = {.base = base}; float *row = vt_carve(&c, w * sizeof(*row)); size =
 * c.used; */
typedef struct VtCarve {
    char *base;
    size_t used;
} VtCarve;

static inline void *vt_carve(VtCarve *c, size_t size)
{
    void *p = c->base ? c->base + c->used : NULL;
    c->used += VT_ALIGN_UP(size);
    return p;
}

#endif
