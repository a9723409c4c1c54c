/* From the denormalised prediction to the score: score_transform and score_clip (spec:
 * models 4.1, 4.2). */
#ifndef VT_MODEL_TRANSFORM_H
#define VT_MODEL_TRANSFORM_H

#include <stdbool.h>

#define VT_MAX_KNOTS 10

typedef struct VtKnot {
    double x, y;
} VtKnot;

typedef struct VtTransform {
    bool enabled;
    bool has_term[3]; /* p0, p1, p2 */
    double term[3];
    unsigned n_knots;
    VtKnot knot[VT_MAX_KNOTS];
    bool out_lte_in, out_gte_in;
} VtTransform;

typedef struct VtClip {
    bool enabled;
    double min, max;
} VtClip;

/* The piecewise-linear map through the knots. */
double vt_piecewise_linear(const VtKnot *knot, unsigned n, double x);

double vt_transform(const VtTransform *t, double score);

double vt_clip(const VtClip *c, double score);

#endif
