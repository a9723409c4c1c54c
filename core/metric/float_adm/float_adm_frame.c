/* Floating-point ADM of one frame: the wavelet bands stream through row by row. When a row of a
 * scale is there, it is split into restored and added parts for every variant; a row later, its
 * neighbours are known and it is pooled; and every other row makes one of the next scale. */
#include "base/mem.h"
#include "metric/float_adm/float_adm_private.h"

#define OFFSET (-128.0f)
#define INPUT_ROWS 4 /* of a scale's low-pass band, for the next scale's filter */
#define MASK_ROWS 3
#define VALUE_ROWS 2

/* Rows of one variant at one scale, by band; row y lies at y % the number of rows. */
typedef struct Split {
    float *restored[VT_FADM_BANDS][VALUE_ROWS], *added[VT_FADM_BANDS][VALUE_ROWS];
    float *restored_mask[VT_FADM_BANDS][MASK_ROWS], *added_mask[VT_FADM_BANDS][MASK_ROWS];
} Split;

typedef struct Scale {
    float *approximation[2][INPUT_ROWS]; /* of reference and distorted */
    float *detail[2][VT_FADM_BANDS][VALUE_ROWS];
    unsigned next; /* row to make next */
} Scale;

typedef struct Pass {
    const VtFadmShared *shared;
    VtFloatPlane picture[2];
    VtFadmTotals *totals;
    Scale scale[VT_FADM_SCALES];
    Split split[VT_FADM_SCALES][VT_MAX_MEMBERS];
    void *kernel_scratch;
} Pass;

VtFadmWindow vt_fadm_window(unsigned w, unsigned h)
{
    const unsigned left = (unsigned)((double)w * 0.1 - 0.5 > 0 ? (double)w * 0.1 - 0.5 : 0);
    const unsigned top = (unsigned)((double)h * 0.1 - 0.5 > 0 ? (double)h * 0.1 - 0.5 : 0);
    return (VtFadmWindow){w, h, left, top, w - left, h - top};
}

/* ---- scratch ---- */

static float *carve_row(VtCarve *c, unsigned w)
{
    float *row = vt_carve(c, VT_FLOAT_ROW(w + 2 * VT_FADM_MARGIN));
    return row ? row + VT_FADM_MARGIN : NULL;
}

static void carve_rows(VtCarve *c, unsigned w, float **row, unsigned n)
{
    for (unsigned i = 0; i < n; i++) row[i] = carve_row(c, w);
}

static size_t layout(Pass *p, unsigned w, void *scratch)
{
    VtCarve c = {.base = scratch};
    for (unsigned s = 0; s < VT_FADM_SCALES; s++) {
        const unsigned bw = p->shared->window[s].w;
        Scale *sc = &p->scale[s];
        for (int i = 0; i < 2; i++) {
            carve_rows(&c, bw, sc->approximation[i], INPUT_ROWS);
            for (int b = 0; b < VT_FADM_BANDS; b++)
                carve_rows(&c, bw, sc->detail[i][b], VALUE_ROWS);
        }
        for (unsigned v = 0; v < p->shared->n_variants; v++) {
            Split *sp = &p->split[s][v];
            for (int b = 0; b < VT_FADM_BANDS; b++) {
                carve_rows(&c, bw, sp->restored[b], VALUE_ROWS);
                carve_rows(&c, bw, sp->added[b], VALUE_ROWS);
                carve_rows(&c, bw, sp->restored_mask[b], MASK_ROWS);
                carve_rows(&c, bw, sp->added_mask[b], MASK_ROWS);
            }
        }
    }
    p->kernel_scratch = vt_carve(&c, vt_fadm_scratch(w));
    return c.used;
}

size_t vt_fadm_frame_scratch(const VtFadmShared *shared, unsigned w)
{
    Pass p = {.shared = shared};
    return layout(&p, w, NULL);
}

/* ---- a row of one variant ---- */

/* What the 3x3 neighbourhood sees beyond the band's left and right ends. */
static void mirror_ends(float *row, const VtFadmWindow *n)
{
    if (!n->left) row[-1] = row[1];
    if (n->right == n->w) row[n->w] = row[n->w - 1];
}

static void decouple_row(Pass *p, unsigned s, unsigned v, unsigned y)
{
    const VtFadmWindow *n = &p->shared->window[s];
    const Scale *sc = &p->scale[s];
    const Split *sp = &p->split[s][v];
    VtFadmDecouple d = {.x0 = n->left ? n->left - 1 : 0,
                        .x1 = n->right < n->w ? n->right + 1 : n->w};
    for (int b = 0; b < VT_FADM_BANDS; b++) {
        d.ref[b] = sc->detail[0][b][y % VALUE_ROWS];
        d.dis[b] = sc->detail[1][b][y % VALUE_ROWS];
        d.restored[b] = sp->restored[b][y % VALUE_ROWS];
        d.added[b] = sp->added[b][y % VALUE_ROWS];
        d.restored_mask[b] = sp->restored_mask[b][y % MASK_ROWS];
        d.added_mask[b] = sp->added_mask[b][y % MASK_ROWS];
    }
    p->shared->dsp.decouple(&d, &p->shared->variant[v].model[s]);
    for (int b = 0; b < VT_FADM_BANDS; b++) {
        mirror_ends(d.restored_mask[b], n);
        mirror_ends(d.added_mask[b], n);
    }
}

static void add(float *total, const float *sum)
{
    for (int b = 0; b < VT_FADM_BANDS; b++) total[b] += sum[b];
}

static void pool_row(Pass *p, unsigned s, unsigned v, unsigned y)
{
    const VtFadmWindow *n = &p->shared->window[s];
    const Split *sp = &p->split[s][v];
    VtFadmPool pool = {.left = n->left, .right = n->right};
    for (int b = 0; b < VT_FADM_BANDS; b++) {
        pool.ref[b] = p->scale[s].detail[0][b][y % VALUE_ROWS];
        pool.restored[b] = sp->restored[b][y % VALUE_ROWS];
        pool.added[b] = sp->added[b][y % VALUE_ROWS];
        for (int k = 0; k < 3; k++) {
            const unsigned row = vt_mirror_b((int)y - 1 + k, n->h) % MASK_ROWS;
            pool.restored_mask[b][k] = sp->restored_mask[b][row];
            pool.added_mask[b][k] = sp->added_mask[b][row];
        }
    }
    VtFadmSums sums, *total = &p->totals->scale[v][s];
    p->shared->dsp.pool(&pool, &p->shared->variant[v].model[s], &sums);
    add(total->reference, sums.reference);
    add(total->restored, sums.restored);
    add(total->added, sums.added);
}

/* The row's coefficients are there: everything that this allows. */
static void variant_row(Pass *p, unsigned s, unsigned v, unsigned y)
{
    const VtFadmWindow *n = &p->shared->window[s];
    if (!s && p->shared->variant[v].skip_scale0) return;
    if (y + 1 >= n->top && y <= n->bottom) decouple_row(p, s, v, y);
    if (y > n->top && y <= n->bottom) pool_row(p, s, v, y - 1);
    if (y + 1 == n->h && n->bottom == n->h) pool_row(p, s, v, y);
}

/* ---- a row of all ---- */

static const void *input_row(const Pass *p, unsigned s, unsigned picture, unsigned y)
{
    if (!s) return vt_float_plane_row(&p->picture[picture], y);
    return p->scale[s - 1].approximation[picture][y % INPUT_ROWS];
}

static void wavelet_row(Pass *p, unsigned s, unsigned y)
{
    const unsigned w = s ? p->shared->window[s - 1].w : p->picture[0].w;
    const unsigned h = s ? p->shared->window[s - 1].h : p->picture[0].h;
    const VtSamples floats = {VT_SAMPLE_F32, 1, 0};
    for (unsigned i = 0; i < 2; i++) {
        VtFadmWavelet t = {.w = w, .samples = s ? floats : p->picture[0].samples};
        for (int k = 0; k < 4; k++)
            t.row[k] = input_row(p, s, i, vt_mirror_b(2 * (int)y - 1 + k, h));
        if (s + 1 < VT_FADM_SCALES) t.approximation = p->scale[s].approximation[i][y % INPUT_ROWS];
        for (int b = 0; b < VT_FADM_BANDS; b++)
            t.detail[b] = p->scale[s].detail[i][b][y % VALUE_ROWS];
        p->shared->dsp.wavelet(&t, p->kernel_scratch);
    }
}

/* Makes every row of scale s whose input, rows 0 .. ready - 1 of height h, is there. */
static void advance(Pass *p, unsigned s, unsigned ready, unsigned h)
{
    if (s == VT_FADM_SCALES) return;
    Scale *sc = &p->scale[s];
    const VtFadmWindow *n = &p->shared->window[s];
    while (sc->next < n->h) {
        const unsigned reach = 2 * sc->next + 3;
        if (ready < (reach < h ? reach : h)) return;
        wavelet_row(p, s, sc->next);
        for (unsigned v = 0; v < p->shared->n_variants; v++) variant_row(p, s, v, sc->next);
        sc->next++;
        advance(p, s + 1, sc->next, n->h);
    }
}

void vt_fadm_frame(const VtFadmShared *shared, const VtFrame *frame, void *scratch,
                   VtFadmTotals *totals)
{
    Pass p = {
        .shared = shared,
        .picture = {vt_float_plane(frame->ref, 0, OFFSET), vt_float_plane(frame->dis, 0, OFFSET)},
        .totals = totals};
    *totals = (VtFadmTotals){0};
    layout(&p, p.picture[0].w, scratch);
    advance(&p, 0, p.picture[0].h, p.picture[0].h);
}
