#include "engine/index_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WORDS 64
#define PAGE (WORDS * 64)

bool vt_index_set_has(const VtIndexSet *s, unsigned index)
{
    const unsigned n = index / PAGE, i = index % PAGE;
    return n < s->pages && s->page[n] && (s->page[n][i / 64] >> (i % 64) & 1);
}

int vt_index_set_add(VtIndexSet *s, unsigned index)
{
    const unsigned n = index / PAGE, i = index % PAGE;
    if (n >= s->pages) {
        const unsigned pages = n + 1 > 2 * s->pages ? n + 1 : 2 * s->pages;
        uint64_t **page = realloc(s->page, pages * sizeof(*page));
        if (!page) return -ENOMEM;
        memset(page + s->pages, 0, (pages - s->pages) * sizeof(*page));
        s->page = page;
        s->pages = pages;
    }
    if (!s->page[n]) s->page[n] = calloc(WORDS, sizeof(uint64_t));
    if (!s->page[n]) return -ENOMEM;
    s->page[n][i / 64] |= UINT64_C(1) << (i % 64);
    return 0;
}

void vt_index_set_free(VtIndexSet *s)
{
    for (unsigned i = 0; i < s->pages; i++) free(s->page[i]);
    free(s->page);
    *s = (VtIndexSet){0};
}
