/* The score table: named columns of one double per frame index, in the order in which names first
 * got a value, and aggregate values of the whole clip. Thread-safe. */
#ifndef VT_ENGINE_SCORE_STORE_H
#define VT_ENGINE_SCORE_STORE_H

#include <stdbool.h>

#include "libvmaf/libvmaf.h"

typedef struct VtScores VtScores;

int vt_scores_create(VtScores **out);
void vt_scores_destroy(VtScores *s);

/* A store over another, which must outlive it: vt_scores_get finds the other's values too, its own
 * first; everything else, vt_scores_put included, sees its own only. */
int vt_scores_create_over(VtScores **out, VtScores *base);

/* Stores a value. -EINVAL if this name has one at this index already; -ENOMEM. */
int vt_scores_put(VtScores *s, const char *name, unsigned index, double value);

/* false if there is none. */
bool vt_scores_get(VtScores *s, const char *name, unsigned index, double *value);

/* Aggregates keep their order of creation; -EINVAL if the name exists. */
int vt_scores_put_aggregate(VtScores *s, const char *name, double value);

/* Columns by number, for writers: the number of columns, one's name (stable until destroy) and
 * value. */
unsigned vt_scores_columns(VtScores *s);
const char *vt_scores_column_name(VtScores *s, unsigned column);
bool vt_scores_column_get(VtScores *s, unsigned column, unsigned index, double *value);

/* One past the highest index that has any value; 0 if empty. */
unsigned vt_scores_end(VtScores *s);

unsigned vt_scores_aggregates(VtScores *s);
const char *vt_scores_aggregate(VtScores *s, unsigned i, double *value);

#endif
