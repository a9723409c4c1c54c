#include "engine/score_store.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A column is cut in pages, so that a sparse or late index costs one page, not an array up to it.
 */
#define PAGE 512

typedef struct Page {
    uint64_t has[PAGE / 64];
    double value[PAGE];
} Page;

typedef struct Column {
    char *name;
    uint32_t hash;
    Page **page;
    unsigned pages;
} Column;

typedef struct Aggregate {
    char *name;
    double value;
} Aggregate;

struct VtScores {
    pthread_mutex_t lock;
    Column **column; /* in order of creation */
    unsigned columns, capacity;
    unsigned *bucket; /* open addressing, column number + 1, 0 for empty */
    unsigned buckets; /* a power of two, at least twice the columns */
    Aggregate *aggregate;
    unsigned aggregates;
    unsigned end;
    VtScores *base; /* or NULL */
};

int vt_scores_create(VtScores **out)
{
    return vt_scores_create_over(out, NULL);
}

int vt_scores_create_over(VtScores **out, VtScores *base)
{
    *out = NULL;
    VtScores *s = calloc(1, sizeof(*s));
    if (!s) return -ENOMEM;
    const int err = -pthread_mutex_init(&s->lock, NULL);
    if (err) {
        free(s);
        return err;
    }
    s->base = base;
    *out = s;
    return 0;
}

static void column_destroy(Column *c)
{
    for (unsigned i = 0; i < c->pages; i++) free(c->page[i]);
    free(c->page);
    free(c->name);
    free(c);
}

void vt_scores_destroy(VtScores *s)
{
    if (!s) return;
    for (unsigned i = 0; i < s->columns; i++) column_destroy(s->column[i]);
    for (unsigned i = 0; i < s->aggregates; i++) free(s->aggregate[i].name);
    free(s->aggregate);
    free(s->column);
    free(s->bucket);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static uint32_t hash_of(const char *name)
{
    uint32_t h = 2166136261u; /* FNV-1a */
    while (*name) h = (h ^ (unsigned char)*name++) * 16777619u;
    return h;
}

static Column *find(const VtScores *s, const char *name)
{
    if (!s->buckets) return NULL;
    const uint32_t hash = hash_of(name);
    for (unsigned b = hash & (s->buckets - 1); s->bucket[b]; b = (b + 1) & (s->buckets - 1)) {
        Column *c = s->column[s->bucket[b] - 1];
        if (c->hash == hash && !strcmp(c->name, name)) return c;
    }
    return NULL;
}

static void enter(unsigned *bucket, unsigned buckets, uint32_t hash, unsigned column)
{
    unsigned b = hash & (buckets - 1);
    while (bucket[b]) b = (b + 1) & (buckets - 1);
    bucket[b] = column + 1;
}

/* Makes room for one more column. */
static int grow(VtScores *s)
{
    if (s->columns < s->capacity) return 0;
    const unsigned capacity = s->capacity ? 2 * s->capacity : 32;
    Column **column = realloc(s->column, capacity * sizeof(*column));
    if (!column) return -ENOMEM;
    s->column = column;
    unsigned *bucket = calloc(2 * (size_t)capacity, sizeof(*bucket));
    if (!bucket) return -ENOMEM;
    for (unsigned i = 0; i < s->columns; i++) enter(bucket, 2 * capacity, s->column[i]->hash, i);
    free(s->bucket);
    s->bucket = bucket;
    s->buckets = 2 * capacity;
    s->capacity = capacity;
    return 0;
}

static Column *create(VtScores *s, const char *name)
{
    if (grow(s)) return NULL;
    Column *c = calloc(1, sizeof(*c));
    if (!c) return NULL;
    c->name = strdup(name);
    if (!c->name) {
        free(c);
        return NULL;
    }
    c->hash = hash_of(name);
    enter(s->bucket, s->buckets, c->hash, s->columns);
    s->column[s->columns++] = c;
    return c;
}

static Page *page_for(Column *c, unsigned index)
{
    const unsigned n = index / PAGE;
    if (n >= c->pages) {
        const unsigned pages = n + 1 > 2 * c->pages ? n + 1 : 2 * c->pages;
        Page **page = realloc(c->page, pages * sizeof(*page));
        if (!page) return NULL;
        memset(page + c->pages, 0, (pages - c->pages) * sizeof(*page));
        c->page = page;
        c->pages = pages;
    }
    if (!c->page[n]) c->page[n] = calloc(1, sizeof(Page));
    return c->page[n];
}

static bool read_value(const Column *c, unsigned index, double *value)
{
    const unsigned n = index / PAGE, i = index % PAGE;
    if (n >= c->pages || !c->page[n] || !(c->page[n]->has[i / 64] >> (i % 64) & 1)) return false;
    *value = c->page[n]->value[i];
    return true;
}

static int put(VtScores *s, const char *name, unsigned index, double value)
{
    double old;
    Column *c = find(s, name);
    if (index == UINT_MAX || (c && read_value(c, index, &old))) return -EINVAL;
    if (!c) c = create(s, name);
    Page *page = c ? page_for(c, index) : NULL;
    if (!page) return -ENOMEM;
    const unsigned i = index % PAGE;
    page->value[i] = value;
    page->has[i / 64] |= UINT64_C(1) << (i % 64);
    if (index >= s->end) s->end = index + 1;
    return 0;
}

int vt_scores_put(VtScores *s, const char *name, unsigned index, double value)
{
    pthread_mutex_lock(&s->lock);
    const int err = put(s, name, index, value);
    pthread_mutex_unlock(&s->lock);
    return err;
}

bool vt_scores_get(VtScores *s, const char *name, unsigned index, double *value)
{
    pthread_mutex_lock(&s->lock);
    const Column *c = find(s, name);
    const bool found = c && read_value(c, index, value);
    pthread_mutex_unlock(&s->lock);
    return found || (s->base && vt_scores_get(s->base, name, index, value));
}

static int put_aggregate(VtScores *s, const char *name, double value)
{
    for (unsigned i = 0; i < s->aggregates; i++)
        if (!strcmp(s->aggregate[i].name, name)) return -EINVAL;
    Aggregate *a = realloc(s->aggregate, (s->aggregates + 1) * sizeof(*a));
    if (!a) return -ENOMEM;
    s->aggregate = a;
    char *copy = strdup(name);
    if (!copy) return -ENOMEM;
    s->aggregate[s->aggregates++] = (Aggregate){copy, value};
    return 0;
}

int vt_scores_put_aggregate(VtScores *s, const char *name, double value)
{
    pthread_mutex_lock(&s->lock);
    const int err = put_aggregate(s, name, value);
    pthread_mutex_unlock(&s->lock);
    return err;
}

unsigned vt_scores_columns(VtScores *s)
{
    pthread_mutex_lock(&s->lock);
    const unsigned n = s->columns;
    pthread_mutex_unlock(&s->lock);
    return n;
}

const char *vt_scores_column_name(VtScores *s, unsigned column)
{
    pthread_mutex_lock(&s->lock);
    const char *name = column < s->columns ? s->column[column]->name : NULL;
    pthread_mutex_unlock(&s->lock);
    return name;
}

bool vt_scores_column_get(VtScores *s, unsigned column, unsigned index, double *value)
{
    pthread_mutex_lock(&s->lock);
    const bool found = column < s->columns && read_value(s->column[column], index, value);
    pthread_mutex_unlock(&s->lock);
    return found;
}

unsigned vt_scores_end(VtScores *s)
{
    pthread_mutex_lock(&s->lock);
    const unsigned end = s->end;
    pthread_mutex_unlock(&s->lock);
    return end;
}

unsigned vt_scores_aggregates(VtScores *s)
{
    pthread_mutex_lock(&s->lock);
    const unsigned n = s->aggregates;
    pthread_mutex_unlock(&s->lock);
    return n;
}

const char *vt_scores_aggregate(VtScores *s, unsigned i, double *value)
{
    pthread_mutex_lock(&s->lock);
    const char *name = NULL;
    if (i < s->aggregates) {
        name = s->aggregate[i].name;
        *value = s->aggregate[i].value;
    }
    pthread_mutex_unlock(&s->lock);
    return name;
}
