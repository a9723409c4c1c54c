#include "page/worst.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int worst_init(Worst *w, unsigned width, unsigned height, unsigned in_flight, unsigned distance)
{
    *w = (Worst){.distance = distance ? distance : 1};
    int err = -pthread_mutex_init(&w->lock, NULL);
    if (err) return err;
    err = thumbnail_maker_init(&w->maker, width, height);
    w->cell = err ? NULL : calloc(in_flight + WORST_FRAMES, sizeof(*w->cell));
    if (!w->cell) err = -ENOMEM;
    for (unsigned i = 0; !err && i < in_flight + WORST_FRAMES; i++) {
        err = thumbnail_alloc(&w->cell[i].thumbnail, &w->maker);
        if (!err) w->n_cells++;
    }
    if (err) worst_free(w);
    return err;
}

void worst_free(Worst *w)
{
    for (unsigned i = 0; i < w->n_cells; i++) thumbnail_free(&w->cell[i].thumbnail);
    free(w->cell);
    thumbnail_maker_free(&w->maker);
    pthread_mutex_destroy(&w->lock);
}

/* A free cell, or else the one that has waited longest: then more frames are in flight than were
 * announced. At most WORST_FRAMES are kept, so there is one. */
static Cell *take(Worst *w)
{
    Cell *oldest = NULL;

    for (unsigned i = 0; i < w->n_cells; i++) {
        Cell *c = &w->cell[i];
        if (c->state == CELL_FREE) return c;
        if (c->state == CELL_WAITING && (!oldest || c->index < oldest->index)) oldest = c;
    }
    return oldest;
}

/* A free cell is nobody else's until it waits, so the samples are made without the lock. */
void worst_add(Worst *w, unsigned index, const VmafPicture *ref, const VmafPicture *dis)
{
    if (!thumbnail_fits(&w->maker, ref, dis)) return; /* the library will refuse them */
    pthread_mutex_lock(&w->lock);
    Cell *c = take(w);
    if (c) c->state = CELL_FREE;
    pthread_mutex_unlock(&w->lock);
    if (!c) return;
    thumbnail_make(&c->thumbnail, &w->maker, ref, dis);
    pthread_mutex_lock(&w->lock);
    c->index = index;
    c->state = CELL_WAITING;
    pthread_mutex_unlock(&w->lock);
}

static bool is_worse(const Worst *w, double a, double b)
{
    return w->high_is_worse ? a > b : a < b;
}

static void release(Cell *c)
{
    if (c) c->state = CELL_FREE;
}

static void drop(Worst *w, unsigned i)
{
    release(w->frame[i].cell);
    w->n_frames--;
    memmove(&w->frame[i], &w->frame[i + 1], (w->n_frames - i) * sizeof(w->frame[0]));
}

/* Whether this frame has a place, which is then free. Indices increase, so only the last frame can
 * be near. */
static bool make_room(Worst *w, unsigned index, double score)
{
    if (w->n_frames && index - w->frame[w->n_frames - 1].index < w->distance) {
        if (!is_worse(w, score, w->frame[w->n_frames - 1].score)) return false;
        drop(w, w->n_frames - 1);
        return true;
    }
    if (w->n_frames < WORST_FRAMES) return true;
    unsigned best = 0;
    for (unsigned i = 1; i < w->n_frames; i++)
        if (is_worse(w, w->frame[best].score, w->frame[i].score)) best = i;
    if (!is_worse(w, score, w->frame[best].score)) return false;
    drop(w, best);
    return true;
}

void worst_score(Worst *w, unsigned index, double score)
{
    pthread_mutex_lock(&w->lock);
    Cell *mine = NULL;
    for (unsigned i = 0; i < w->n_cells; i++)
        if (w->cell[i].state == CELL_WAITING && w->cell[i].index == index) mine = &w->cell[i];
    if (isfinite(score) && make_room(w, index, score)) {
        w->frame[w->n_frames++] = (WorstFrame){index, score, mine};
        if (mine) mine->state = CELL_KEPT;
    } else {
        release(mine);
    }
    pthread_mutex_unlock(&w->lock);
}

/* By insertion: there are few. */
void worst_sort(Worst *w)
{
    for (unsigned i = 1; i < w->n_frames; i++) {
        const WorstFrame f = w->frame[i];
        unsigned k = i;
        for (; k && is_worse(w, f.score, w->frame[k - 1].score); k--) w->frame[k] = w->frame[k - 1];
        w->frame[k] = f;
    }
}
