/* SIMD kernel of floating-point motion, for any number of lanes; formulas: float_motion_dsp.c. */
#include "base/mem.h"
#include "metric/float_motion/float_motion_dsp.h"
#include "metric/float_plane/x86/columns.h"

enum { EARLIER, CURRENT, IMAGES };

typedef struct Work {
    float *tile; /* rows of LANES samples */
    Columns columns;
    const VtFmotionBand *band;
    Lanes sum;
} Work;

/* LANES columns from x on of the rows from j on, filtered down and transposed. */
static void make_columns(Work *k, unsigned j, unsigned x)
{
    const VtFmotionBand *band = k->band;
    const unsigned radius = band->filter->radius, last = band->rows + 2 * radius - 1;
    for (unsigned image = 0; image < IMAGES; image++) {
        const void *const *source = image == EARLIER ? band->earlier : band->current;
        for (unsigned i = 0; i < LANES + 2 * radius; i++)
            store(k->tile + i * LANES,
                  read_block(&band->samples, source[j + i < last ? j + i : last], x, band->w));
        Lanes v[LANES];
        filter_vectors(k->tile, 1, band->filter->tap, 2 * radius + 1, v, LANES);
        transpose(v);
        float *out = column(&k->columns, image, (int)x);
        for (unsigned i = 0; i < LANES; i++) store(out + i * LANES, v[i]);
    }
}

static void use_columns(Work *k, unsigned n)
{
    const VtFmotionFilter *f = k->band->filter;
    const int x = (int)k->columns.next - (int)f->radius;
    Lanes v[IMAGES][LANES];
    for (unsigned image = 0; image < IMAGES; image++)
        filter_vectors(column(&k->columns, image, x), 1, f->tap, 2 * f->radius + 1, v[image],
                       LANES);
    for (unsigned i = 0; i < n; i++) k->sum += absolute(v[EARLIER][i] - v[CURRENT][i]);
    k->columns.next += n;
}

/* Rows j .. j + LANES - 1 of the band. */
static void sum_rows(Work *k, unsigned j)
{
    Columns *c = &k->columns;
    columns_start(c);
    k->sum = all(0);
    while (c->next < c->w) {
        if (c->end < c->w) {
            columns_make_room(c);
            make_columns(k, j, c->end);
            columns_added(c);
        }
        for (unsigned n; (n = columns_ready(c));) use_columns(k, n);
    }
}

static void sad(const VtFmotionBand *band, void *scratch, float *sum)
{
    const unsigned radius = band->filter->radius;
    Work k = {.band = band, .columns = {.images = IMAGES, .radius = radius, .w = band->w}};
    VtCarve carve = {.base = scratch};
    k.tile = vt_carve(&carve, (LANES + 2 * radius) * sizeof(Lanes));
    for (int i = 0; i < IMAGES; i++)
        k.columns.image[i] = vt_carve(&carve, columns_capacity(radius) * sizeof(Lanes));
    for (unsigned j = 0; j < band->rows; j += LANES) {
        const unsigned n = band->rows - j < LANES ? band->rows - j : LANES;
        float lane[LANES] __attribute__((aligned(64)));
        sum_rows(&k, j);
        store(lane, k.sum);
        memcpy(sum + j, lane, n * sizeof(*sum));
    }
}
