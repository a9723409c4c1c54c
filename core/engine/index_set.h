/* The set of frame indices seen so far: a bitmap in pages. */
#ifndef VT_ENGINE_INDEX_SET_H
#define VT_ENGINE_INDEX_SET_H

#include <stdbool.h>
#include <stdint.h>

typedef struct VtIndexSet {
    uint64_t **page;
    unsigned pages;
} VtIndexSet;

bool vt_index_set_has(const VtIndexSet *s, unsigned index);
int vt_index_set_add(VtIndexSet *s, unsigned index); /* -ENOMEM */
void vt_index_set_free(VtIndexSet *s);

#endif
