#include "model/transform.h"

/* p0 + p1 * x + (p2 * x) * x over the terms that are present. */
static double polynomial(const VtTransform *t, double x)
{
    if (!t->has_term[0] && !t->has_term[1] && !t->has_term[2]) return x;
    double sum = 0;
    if (t->has_term[0]) sum += t->term[0];
    if (t->has_term[1]) sum += t->term[1] * x;
    if (t->has_term[2]) sum += t->term[2] * x * x;
    return sum;
}

static double on_segment(VtKnot a, VtKnot b, double x)
{
    if (a.y == b.y) return a.y;
    double alpha, beta;
    if (a.x == 0) {
        beta = a.y;
        alpha = (b.y - beta) / b.x;
    } else {
        alpha = (b.y - a.y) / (b.x - a.x);
        beta = a.y - a.x * alpha;
    }
    return alpha * x + beta;
}

/* The first and the last segment extend to infinity; at an inner knot the right segment wins. Knots
 * that do not ascend end the map: what was found before them counts, else 0. */
double vt_piecewise_linear(const VtKnot *knot, unsigned n, double x)
{
    if (n < 2) return x;
    double result = 0;
    for (unsigned k = 0; k + 1 < n; k++) {
        const VtKnot a = knot[k], b = knot[k + 1];
        if (!(a.x < b.x) || !(a.y <= b.y)) return result;
        const bool inside = a.x <= x && x <= b.x;
        const bool before = k == 0 && x < a.x, after = k + 2 == n && x > b.x;
        if (inside || before || after) result = on_segment(a, b, x);
    }
    return result;
}

double vt_transform(const VtTransform *t, double score)
{
    if (!t->enabled) return score;
    double out = polynomial(t, score);
    if (t->n_knots) out = vt_piecewise_linear(t->knot, t->n_knots, out);
    if (t->out_lte_in && out > score) out = score;
    if (t->out_gte_in && out < score) out = score;
    return out;
}

double vt_clip(const VtClip *c, double score)
{
    if (!c->enabled) return score;
    if (score < c->min) score = c->min;
    return score > c->max ? c->max : score;
}
