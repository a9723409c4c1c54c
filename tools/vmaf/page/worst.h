/* The frames with the worst scores so far, with thumbnails. Scores come later than pictures, so
 * thumbnails of the frames in flight wait in a ring of fixed size. */
#ifndef VMAF_TOOL_PAGE_WORST_H
#define VMAF_TOOL_PAGE_WORST_H

#include <pthread.h>
#include <stdbool.h>

#include "page/thumbnail.h"

#define WORST_FRAMES 6

typedef enum { CELL_FREE, CELL_WAITING, CELL_KEPT } CellState;

typedef struct Cell {
    CellState state;
    unsigned index;
    Thumbnail thumbnail;
} Cell;

typedef struct WorstFrame {
    unsigned index;
    double score;
    Cell *cell; /* NULL if its thumbnail was not there any more */
} WorstFrame;

typedef struct Worst {
    ThumbnailMaker maker;
    Cell *cell;
    unsigned n_cells;
    bool high_is_worse;
    unsigned distance;              /* frames nearer than this to a worse one are not shown */
    WorstFrame frame[WORST_FRAMES]; /* in order of index */
    unsigned n_frames;
    pthread_mutex_t lock; /* of states and frames */
} Worst;

/* in_flight: pairs handed out whose scores may be missing. -ENOMEM or another negative errno; then
 * nothing is left. */
int worst_init(Worst *w, unsigned width, unsigned height, unsigned in_flight, unsigned distance);
void worst_free(Worst *w);

/* A pair on its way to be scored. */
void worst_add(Worst *w, unsigned index, const VmafPicture *ref, const VmafPicture *dis);

/* A frame's score, NaN for none; may come from another thread, indices increase. */
void worst_score(Worst *w, unsigned index, double score);

/* Orders the frames from the worst on, when all are scored. */
void worst_sort(Worst *w);

#endif
