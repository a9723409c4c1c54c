/* The 9x9 decimation, for any vector width: the including file names V (LANES doubles), FLOATS (as
 * many floats), the operations, product() and add_by_fma(). */
#include "metric/ssim/ssim_dsp.h"

/* Sample u - 4 of nine around LANES outputs from x, in a row whose even and odd samples are apart.
 */
static inline FLOATS source(const float *even, const float *odd, unsigned x, unsigned u)
{
    return LOAD_FLOATS((u & 1 ? odd : even) + x + u / 2);
}

/* Adds the even row of pair p to the outputs that are 4, 2, 0, -2 and -4 rows from it. */
static inline void even_row(V open[VT_SSIM_HALVE_OPEN], const float *even, const float *odd,
                            unsigned x)
{
    for (unsigned u = 0; u < 9; u++) {
        const FLOATS s = source(even, odd, x, u);
        const unsigned across = u < 4 ? 4 - u : u - 4;
        const V p0 = product(s, SET_FLOATS(vt_ssim_halve_tap[0][across]));
        const V p2 = product(s, SET_FLOATS(vt_ssim_halve_tap[2][across]));
        const V p4 = product(s, SET_FLOATS(vt_ssim_halve_tap[4][across]));
        open[0] = ADD(open[0], p4);
        open[1] = add_by_fma(open[1], p2);
        open[2] = ADD(open[2], p0);
        open[3] = add_by_fma(open[3], p2);
        open[4] = ADD(open[4], p4);
    }
}

/* Adds the odd row of pair p to the outputs that are 3, 1, -1 and -3 rows from it. */
static inline void odd_row(V open[VT_SSIM_HALVE_OPEN], const float *even, const float *odd,
                           unsigned x)
{
    for (unsigned u = 0; u < 9; u++) {
        const FLOATS s = source(even, odd, x, u);
        const unsigned across = u < 4 ? 4 - u : u - 4;
        const V p1 = product(s, SET_FLOATS(vt_ssim_halve_tap[1][across]));
        const V p3 = product(s, SET_FLOATS(vt_ssim_halve_tap[3][across]));
        open[1] = ADD(open[1], p3);
        open[2] = add_by_fma(open[2], p1);
        open[3] = ADD(open[3], p1);
        open[4] = add_by_fma(open[4], p3);
    }
}

static void halve(const VtSsimHalve *t)
{
    for (unsigned x = 0; x < t->n; x += LANES) {
        V open[VT_SSIM_HALVE_OPEN];
        for (unsigned k = 0; k < VT_SSIM_HALVE_OPEN; k++) open[k] = LOAD(t->open[k] + x);
        for (unsigned p = 0; p < t->pairs; p++) {
            odd_row(open, t->even[2 * p], t->odd[2 * p], x);
            for (unsigned k = 0; k + 1 < VT_SSIM_HALVE_OPEN; k++) open[k] = open[k + 1];
            open[VT_SSIM_HALVE_OPEN - 1] = ZERO;
            even_row(open, t->even[2 * p + 1], t->odd[2 * p + 1], x);
            if (p >= t->skip) STORE_FLOATS(t->dst[p - t->skip] + x, NARROW(open[0]));
        }
        for (unsigned k = 0; k < VT_SSIM_HALVE_OPEN; k++) STORE(t->open[k] + x, open[k]);
    }
}
