/* SIMD kernels of floating-point VIF, for any number of lanes; formulas: float_vif_dsp.c. */
#include "base/mem.h"
#include "metric/float_plane/x86/columns.h"
#include "metric/float_vif/float_vif_dsp.h"

enum { MU1, MU2, XX, YY, XY, IMAGES };

#define MAX_TAPS (2 * VT_FVIF_RADIUS + 1)

/* ---- statistics ---- */

typedef struct Work {
    float *tile[IMAGES]; /* rows of LANES samples */
    Columns columns;
    const VtFvifBand *band;
    const VtFvifModel *model;
    Lanes den, num[VT_MAX_MEMBERS];
} Work;

static Lanes log_base_2(Lanes x)
{
    const Lanes t = mantissa(x) - all(1);
    Lanes r = all(vt_fvif_log_coefficient[0]);
#pragma GCC unroll 8
    for (int k = 1; k < VT_FVIF_LOG_TERMS; k++) r = r * t + all(vt_fvif_log_coefficient[k]);
    return exponent(x) + r * t;
}

/* 1 + a / b */
static inline Lanes one_plus_ratio(Wide a, Wide b)
{
    const Wide one = all_wide(1);
    return narrow((Wide){one.lo + a.lo / b.lo, one.hi + a.hi / b.hi});
}

static inline Lanes one_plus_product(Wide a, Wide b)
{
    const Wide one = all_wide(1);
    return narrow((Wide){one.lo + a.lo * b.lo, one.hi + a.hi * b.hi});
}

/* Adds the terms of one column of pixels; see vt_fvif_pixel. */
static inline void add_pixels(Work *k, Lanes mu1, Lanes mu2, Lanes xx, Lanes yy, Lanes xy)
{
    const VtFvifModel *m = k->model;
    const Lanes zero = all(0), one = all(1), eps = all(1.0e-10f);
    Lanes a = maximum(xx - mu1 * mu1, zero);
    const Lanes b = maximum(yy - mu2 * mu2, zero);
    const Lanes c = xy - mu1 * mu2;
    Lanes g = c / (a + eps);
    Lanes v = b - g * c;
    const LaneMask no_ref = less(a, eps), no_dis = less(b, eps);
    g = choose(no_ref, zero, g);
    v = choose(no_ref, b, v);
    a = choose(no_ref, zero, a);
    g = choose(no_dis, zero, g);
    v = choose(no_dis, zero, v);
    const LaneMask inverted = less(g, zero);
    v = choose(inverted, b, v);
    g = choose(inverted, zero, g);
    v = maximum(v, eps);

    const LaneMask flat = less(a, all(m->flat_below)), opposite = less(c, zero);
    const Lanes flat_num = one - b * all(m->flat_scale);
    const Wide nsq = all_wide(m->noise);
    Wide noise = widen(v);
    noise.lo += nsq.lo;
    noise.hi += nsq.hi;
    for (unsigned i = 0; i < m->n_limits; i++) {
        const Lanes limited = minimum(g, all(m->limit[i]));
        Lanes num = log_base_2(one_plus_ratio(widen(limited * limited * a), noise));
        num = choose(opposite, zero, num);
        k->num[i] += choose(flat, flat_num, num);
    }
    const Lanes signal = m->inverse != 0 ? one_plus_product(widen(a), all_wide(m->inverse))
                                         : one_plus_ratio(widen(a), nsq);
    k->den += choose(flat, one, log_base_2(signal));
}

/* LANES columns from x on of the rows from j on, filtered down and transposed. */
static void make_columns(Work *k, unsigned j, unsigned x)
{
    const VtFvifBand *band = k->band;
    const unsigned radius = band->filter->radius, last = band->rows + 2 * radius - 1;
    for (unsigned i = 0; i < LANES + 2 * radius; i++) {
        const unsigned row = j + i < last ? j + i : last;
        const Lanes r = read_block(&band->samples, band->ref[row], x, band->w);
        const Lanes d = read_block(&band->samples, band->dis[row], x, band->w);
        store(k->tile[MU1] + i * LANES, r);
        store(k->tile[MU2] + i * LANES, d);
        store(k->tile[XX] + i * LANES, r * r);
        store(k->tile[YY] + i * LANES, d * d);
        store(k->tile[XY] + i * LANES, r * d);
    }
    for (unsigned image = 0; image < IMAGES; image++) {
        Lanes v[LANES];
        filter_vectors(k->tile[image], 1, band->filter->tap, 2 * radius + 1, v, LANES);
        transpose(v);
        float *out = column(&k->columns, image, (int)x);
        for (unsigned i = 0; i < LANES; i++) store(out + i * LANES, v[i]);
    }
}

static void use_columns(Work *k, unsigned n)
{
    const VtFvifFilter *f = k->band->filter;
    const int x = (int)k->columns.next - (int)f->radius;
    Lanes v[IMAGES][LANES];
    for (unsigned image = 0; image < IMAGES; image++)
        filter_vectors(column(&k->columns, image, x), 1, f->tap, 2 * f->radius + 1, v[image],
                       LANES);
    for (unsigned i = 0; i < n; i++)
        add_pixels(k, v[MU1][i], v[MU2][i], v[XX][i], v[YY][i], v[XY][i]);
    k->columns.next += n;
}

/* Rows j .. j + LANES - 1 of the band. */
static void sum_rows(Work *k, unsigned j)
{
    Columns *c = &k->columns;
    columns_start(c);
    k->den = all(0);
    for (unsigned i = 0; i < k->model->n_limits; i++) k->num[i] = all(0);
    while (c->next < c->w) {
        if (c->end < c->w) {
            columns_make_room(c);
            make_columns(k, j, c->end);
            columns_added(c);
        }
        for (unsigned n; (n = columns_ready(c));) use_columns(k, n);
    }
}

static void put_sums(Lanes v, float *sum, unsigned n)
{
    float lane[LANES] __attribute__((aligned(64)));
    store(lane, v);
    memcpy(sum, lane, n * sizeof(*sum));
}

static void statistics(const VtFvifBand *band, const VtFvifModel *model, void *scratch,
                       VtFvifSums *sums)
{
    const unsigned radius = band->filter->radius;
    Work k = {.band = band,
              .model = model,
              .columns = {.images = IMAGES, .radius = radius, .w = band->w}};
    VtCarve carve = {.base = scratch};
    for (int i = 0; i < IMAGES; i++) {
        k.tile[i] = vt_carve(&carve, (LANES + 2 * radius) * sizeof(Lanes));
        k.columns.image[i] = vt_carve(&carve, columns_capacity(radius) * sizeof(Lanes));
    }
    for (unsigned j = 0; j < band->rows; j += LANES) {
        const unsigned n = band->rows - j < LANES ? band->rows - j : LANES;
        sum_rows(&k, j);
        put_sums(k.den, sums->den + j, n);
        for (unsigned i = 0; i < model->n_limits; i++) put_sums(k.num[i], sums->num[i] + j, n);
    }
}

/* ---- decimation ---- */

/* Every second row, filtered down the columns; each lane is a column. */
static void thin_columns(const VtFvifThin *t, float *tile, float *const *line)
{
    const unsigned taps = 2 * t->filter->radius + 1;
    for (unsigned x = 0; x < t->w; x += LANES) {
        for (unsigned i = 0; i < 2 * t->rows - 2 + taps; i++)
            store(tile + i * LANES, read_block(&t->samples, t->src[i], x, t->w));
        Lanes v[VT_FVIF_THINNED];
        filter_vectors(tile, 2, t->filter->tap, taps, v, VT_FVIF_THINNED);
        for (unsigned j = 0; j < t->rows; j++) store(line[j] + x, v[j]);
    }
}

/* Every second sample of the line, filtered. Taps are taken in pairs, which share their loads. */
static void thin_line(const float *line, const VtFvifFilter *f, unsigned n, float *out)
{
    for (unsigned x = 0; x < n; x += LANES) {
        const float *at = line + 2 * x - f->radius;
        Lanes sum = all(0);
        for (unsigned k = 0; k < 2 * f->radius; k += 2) {
            const Lanes a = load_unaligned(at + k), b = load_unaligned(at + k + LANES);
            sum += all(f->tap[k]) * even(a, b);
            sum += all(f->tap[k + 1]) * odd(a, b);
        }
        at += 2 * f->radius;
        sum += all(f->tap[2 * f->radius]) * even(load_unaligned(at), load_unaligned(at + LANES));
        store(out + x, sum);
    }
}

static void thin(const VtFvifThin *t, void *scratch)
{
    VtCarve carve = {.base = scratch};
    const int radius = (int)t->filter->radius, w = (int)t->w;
    float *tile = vt_carve(&carve, (2 * VT_FVIF_THINNED + MAX_TAPS) * sizeof(Lanes));
    float *line[VT_FVIF_THINNED];
    for (int j = 0; j < VT_FVIF_THINNED; j++) {
        float *start = vt_carve(&carve, VT_FLOAT_ROW(w + 2 * VT_FVIF_MARGIN));
        line[j] = start + VT_FVIF_MARGIN;
    }
    thin_columns(t, tile, line);
    for (unsigned j = 0; j < t->rows; j++) {
        for (int i = 1; i <= radius; i++) {
            line[j][-i] = line[j][i];
            line[j][w - 1 + i] = line[j][w - 1 - i];
        }
        thin_line(line[j], t->filter, t->w / 2, t->dst[j]);
    }
}
