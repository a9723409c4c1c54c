/* One pass down the two planes, all four scales in step: as soon as a scale has the four input rows
 * of its next band row, that row is made; its LL row is an input row of the next scale. A band
 * row's details are decoupled and weighted at once, and the row above it, which now has both
 * neighbours, is masked and summed (spec: adm 16.3). Only a few rows of anything are kept.
 *
 * A part of a frame sums whole rows of its own at every scale, so that the rounding of row sums is
 * that of the whole frame, and makes for itself what they need around them: one more row of details
 * on either side, and the LL rows below. Rows that nothing needs are not made: of the whole frame,
 * some at the top and bottom, outside every scale's crop. */
#include <string.h>

#include "base/mem.h"
#include "metric/adm/adm_private.h"

/* Every kind of row exists with 16 bit elements at scale 0 and 32 bit ones above. */
typedef union Row {
    int16_t *narrow;
    int32_t *wide;
    void *any;
} Row;

enum { REF, DIS, SIDES };

/* A variant's rows: of the last two band rows what masking needs, of the last three the neighbour
 * sums. */
typedef struct Rings {
    Row z[2][VT_ADM_ROLES][VT_ADM_BANDS];
    int32_t *e[2][VT_ADM_ROLES];
    int32_t *f[3][VT_ADM_ROLES];
} Rings;

/* Half open; empty if first == end. */
typedef struct Span {
    unsigned first, end;
} Span;

typedef struct ScaleRows {
    Span own;            /* band rows that are summed */
    Span detail;         /* those and their neighbours */
    Span made;           /* those and what the next scale needs; first counts up */
    Row input[SIDES][4]; /* LL rows of the scale before, by row number mod 4; none at scale 0 */
    unsigned n_input;    /* the last row that has arrived, plus 1 */
    Rings ring[VT_MAX_MEMBERS];
} ScaleRows;

typedef struct Work {
    const VtAdmShared *shared;
    const VmafPicture *pic[SIDES];
    VtAdmSums *sums;
    VtAdmTemp temp;
    /* Of the band row being made. */
    Row detail[SIDES][VT_ADM_BANDS], restored[VT_ADM_BANDS], flag;
    ScaleRows scale[VT_ADM_SCALES];
} Work;

static unsigned clog2(unsigned n)
{
    return n > 1 ? 32u - (unsigned)__builtin_clz(n - 1) : 0;
}

static void crop(unsigned n, unsigned *first, unsigned *end)
{
    *first = n >= 5 ? (n - 5) / 10 : 0;
    *end = n - *first;
}

static unsigned before(unsigned n)
{
    return n ? n - 1 : 0;
}

void vt_adm_scales(VtAdmScale scale[VT_ADM_SCALES], unsigned w, unsigned h)
{
    for (unsigned s = 0; s < VT_ADM_SCALES; s++) {
        VtAdmScale *sc = &scale[s];
        *sc = (VtAdmScale){.w_in = w, .h_in = h};
        sc->w = w = (w + 1) / 2;
        sc->h = h = (h + 1) / 2;
        crop(w, &sc->left, &sc->right);
        crop(h, &sc->top, &sc->bottom);
        sc->x0 = before(sc->left);
        sc->y0 = before(sc->top);
        sc->x1 = sc->right < w ? sc->right + 1 : w;
        sc->y1 = sc->bottom < h ? sc->bottom + 1 : h;
        sc->log2_w = clog2(w);
        sc->log2_h = clog2(h);
        sc->log2_columns = clog2(sc->right - sc->left);
        sc->log2_rows = clog2(sc->bottom - sc->top);
        sc->log2_area = clog2((sc->right - sc->left) * (sc->bottom - sc->top));
    }
}

static void *carve_row(VtCarve *c, unsigned columns, size_t element)
{
    char *row = vt_carve(c, vt_adm_row_bytes(columns, element));
    return row ? row + VT_ADM_PAD * element : NULL;
}

static void carve_rings(VtCarve *c, Rings *ring, unsigned columns, size_t element)
{
    for (int i = 0; i < 2; i++)
        for (int role = 0; role < VT_ADM_ROLES; role++) {
            for (int b = 0; b < VT_ADM_BANDS; b++)
                ring->z[i][role][b].any = carve_row(c, columns, element);
            ring->e[i][role] = carve_row(c, columns, sizeof(int32_t));
        }
    for (int i = 0; i < 3; i++)
        for (int role = 0; role < VT_ADM_ROLES; role++)
            ring->f[i][role] = carve_row(c, columns, sizeof(int32_t));
}

static void carve_scale(VtCarve *c, const VtAdmShared *shared, unsigned s, ScaleRows *rows)
{
    const VtAdmScale *sc = &shared->scale[s];
    if (s)
        for (int side = 0; side < SIDES; side++)
            for (int i = 0; i < 4; i++)
                rows->input[side][i].any =
                    carve_row(c, sc->w_in, s == 1 ? sizeof(int16_t) : sizeof(int32_t));
    for (unsigned v = 0; v < shared->n_variants; v++)
        if (s >= shared->variant[v].first_scale)
            carve_rings(c, &rows->ring[v], sc->x1 - sc->x0, s ? sizeof(int32_t) : sizeof(int16_t));
}

/* Lays out the scratch block; with a NULL base only its size is found. */
static void carve_work(VtCarve *c, const VtAdmShared *shared, Work *w)
{
    const unsigned columns = shared->scale[0].w;
    for (int i = 0; i < 4; i++)
        w->temp.row[i] = carve_row(c, 2 * (columns + VT_ADM_PAD), sizeof(int32_t));
    for (int b = 0; b < VT_ADM_BANDS; b++) {
        for (int side = 0; side < SIDES; side++)
            w->detail[side][b].any = carve_row(c, columns, sizeof(int32_t));
        w->restored[b].any = carve_row(c, columns, sizeof(int32_t));
    }
    w->flag.any = carve_row(c, columns, sizeof(int32_t));
    for (unsigned s = 0; s < VT_ADM_SCALES; s++) carve_scale(c, shared, s, &w->scale[s]);
}

size_t vt_adm_scratch_size(const VtAdmShared *shared)
{
    VtCarve c = {0};
    Work w;
    carve_work(&c, shared, &w);
    return c.used;
}

/* --------------------------------------------------------------------------- rows of a part */

static bool is_empty(Span a)
{
    return a.first == a.end;
}

static bool holds(Span a, unsigned i)
{
    return i >= a.first && i < a.end;
}

static Span hull(Span a, Span b)
{
    if (is_empty(a)) return b;
    if (is_empty(b)) return a;
    return (Span){a.first < b.first ? a.first : b.first, a.end > b.end ? a.end : b.end};
}

/* Own rows and their neighbours, which a row at the band's border has on one side only. */
static Span with_neighbours(Span own, const VtAdmScale *sc)
{
    if (is_empty(own)) return own;
    return (Span){own.first > sc->y0 ? own.first - 1 : sc->y0,
                  own.end < sc->y1 ? own.end + 1 : sc->y1};
}

/* Input rows of band rows, mirrored ones included (spec: adm 5). */
static Span sources(Span made, unsigned h_in)
{
    if (is_empty(made)) return made;
    const unsigned end = 2 * made.end + 1;
    return (Span){before(2 * made.first), end < h_in ? end : h_in};
}

/* What is made at every scale. */
static void plan(Work *w, unsigned part, unsigned n_parts)
{
    Span input = {0, 0}; /* of the next scale */
    for (int s = VT_ADM_SCALES - 1; s >= 0; s--) {
        const VtAdmScale *sc = &w->shared->scale[s];
        ScaleRows *rows = &w->scale[s];
        const unsigned n = (unsigned)s >= w->shared->first_scale ? sc->bottom - sc->top : 0;
        rows->own = (Span){sc->top + vt_part_row(n, part, n_parts),
                           sc->top + vt_part_row(n, part + 1, n_parts)};
        rows->detail = with_neighbours(rows->own, sc);
        rows->made = hull(rows->detail, input);
        rows->n_input = s ? 0 : sc->h_in;
        input = sources(rows->made, sc->h_in);
    }
}

/* --------------------------------------------------------------------------------- band rows */

/* Input row numbers of band row i (spec: adm 5). */
static void source_rows(unsigned i, unsigned h_in, unsigned row[4])
{
    row[0] = i ? 2 * i - 1 : 1;
    row[1] = 2 * i;
    row[2] = 2 * i + 1 < h_in ? 2 * i + 1 : h_in - 1;
    row[3] = 2 * i + 2 < h_in ? 2 * i + 2 : 2 * h_in - 1 - (2 * i + 2);
}

/* Makes the LL row, into the next scale's input, and the detail rows of one side. */
static void wavelet_row(Work *w, unsigned s, unsigned i, int side, bool want_detail)
{
    const VtAdmDsp *dsp = &w->shared->dsp;
    const VtAdmScale *sc = &w->shared->scale[s];
    const Row none = {.any = NULL};
    const Row ll = s + 1 < VT_ADM_SCALES ? w->scale[s + 1].input[side][i % 4] : none;
    const Row *d = w->detail[side];
    const Row *in = w->scale[s].input[side];
    unsigned n[4];
    source_rows(i, sc->h_in, n);
    if (s == 0) {
        const VmafPicture *pic = w->pic[side];
        const void *src[4];
        for (int k = 0; k < 4; k++) src[k] = (const char *)pic->data[0] + pic->stride[0] * n[k];
        int16_t *const out[] = {d[0].narrow, d[1].narrow, d[2].narrow};
        dsp->dwt_plane[w->shared->bpc > 8](src, w->shared->bpc, sc->w_in, &w->temp, ll.narrow,
                                           want_detail ? out : NULL);
        return;
    }
    int32_t *const out[] = {d[0].wide, d[1].wide, d[2].wide};
    if (s == 1) {
        const int16_t *const src[4] = {in[n[0] % 4].narrow, in[n[1] % 4].narrow,
                                       in[n[2] % 4].narrow, in[n[3] % 4].narrow};
        dsp->dwt_fine(src, sc->w_in, &w->temp, ll.wide, want_detail ? out : NULL);
    } else {
        const int32_t *const src[4] = {in[n[0] % 4].wide, in[n[1] % 4].wide, in[n[2] % 4].wide,
                                       in[n[3] % 4].wide};
        dsp->dwt_coarse(src, sc->w_in, s == 2 ? 16 : 15, &w->temp, ll.wide,
                        want_detail ? out : NULL);
    }
}

static void add_rounded(uint64_t acc[VT_ADM_BANDS], const uint64_t row[VT_ADM_BANDS],
                        unsigned shift)
{
    const uint64_t half = shift ? UINT64_C(1) << (shift - 1) : 0;
    for (int b = 0; b < VT_ADM_BANDS; b++) acc[b] += (row[b] + half) >> shift;
}

static void denominator_row(Work *w, unsigned s)
{
    static const unsigned square_shift[VT_ADM_SCALES] = {0, 31, 30, 31};
    const VtAdmDsp *dsp = &w->shared->dsp;
    const VtAdmScale *sc = &w->shared->scale[s];
    const unsigned n = sc->right - sc->left;
    const Row *d = w->detail[REF];
    uint64_t row[VT_ADM_BANDS] = {0};
    if (s == 0) {
        const int16_t *const o[] = {d[0].narrow + sc->left, d[1].narrow + sc->left,
                                    d[2].narrow + sc->left};
        dsp->den16(o, n, row);
        add_rounded(w->sums->den[s], row, sc->log2_area > 20 ? sc->log2_area - 20 : 0);
    } else {
        const int32_t *const o[] = {d[0].wide + sc->left, d[1].wide + sc->left,
                                    d[2].wide + sc->left};
        dsp->den32(o, n, square_shift[s], sc->log2_columns, row);
        add_rounded(w->sums->den[s], row, sc->log2_rows);
    }
}

static void decouple_row(Work *w, unsigned s)
{
    const VtAdmDsp *dsp = &w->shared->dsp;
    const VtAdmScale *sc = &w->shared->scale[s];
    const unsigned n = sc->x1 - sc->x0, x0 = sc->x0;
    const Row *o = w->detail[REF], *t = w->detail[DIS], *r = w->restored;
    if (s == 0) {
        const int16_t *const ref[] = {o[0].narrow + x0, o[1].narrow + x0, o[2].narrow + x0};
        const int16_t *const dis[] = {t[0].narrow + x0, t[1].narrow + x0, t[2].narrow + x0};
        int16_t *const out[] = {r[0].narrow, r[1].narrow, r[2].narrow};
        dsp->decouple16(ref, dis, n, out, w->flag.narrow);
    } else {
        const int32_t *const ref[] = {o[0].wide + x0, o[1].wide + x0, o[2].wide + x0};
        const int32_t *const dis[] = {t[0].wide + x0, t[1].wide + x0, t[2].wide + x0};
        int32_t *const out[] = {r[0].wide, r[1].wide, r[2].wide};
        dsp->decouple32(ref, dis, n, out, w->flag.wide);
    }
}

/* ------------------------------------------------------------------------- rows of a variant */

/* Column -1 is column 1 and column n is n - 1 where the ring ends at the band's border. */
static void mirror_sums(const VtAdmScale *sc, int32_t *f)
{
    const unsigned n = sc->x1 - sc->x0;
    if (sc->left == sc->x0) f[-1] = f[1];
    if (sc->right == sc->x1) f[n] = f[n - 1];
}

static void csf_row(Work *w, unsigned s, unsigned i, unsigned v)
{
    const VtAdmVariant *variant = &w->shared->variant[v];
    const VtAdmScale *sc = &w->shared->scale[s];
    const unsigned n = sc->x1 - sc->x0, x0 = sc->x0;
    const Row *t = w->detail[DIS], *r = w->restored;
    const Rings *ring = &w->scale[s].ring[v];
    if (s == 0) {
        const int16_t *const rows[] = {r[0].narrow, r[1].narrow, r[2].narrow};
        const int16_t *const dis[] = {t[0].narrow + x0, t[1].narrow + x0, t[2].narrow + x0};
        VtAdmMasked16 out;
        for (int role = 0; role < VT_ADM_ROLES; role++) {
            for (int b = 0; b < VT_ADM_BANDS; b++) out.z[role][b] = ring->z[i % 2][role][b].any;
            out.f[role] = ring->f[i % 3][role];
            out.e[role] = ring->e[i % 2][role];
        }
        variant->dsp[s]->csf16(&variant->csf[s], rows, dis, w->flag.narrow, n, &out);
    } else {
        const int32_t *const rows[] = {r[0].wide, r[1].wide, r[2].wide};
        const int32_t *const dis[] = {t[0].wide + x0, t[1].wide + x0, t[2].wide + x0};
        VtAdmMasked32 out;
        for (int role = 0; role < VT_ADM_ROLES; role++) {
            for (int b = 0; b < VT_ADM_BANDS; b++) out.z[role][b] = ring->z[i % 2][role][b].wide;
            out.f[role] = ring->f[i % 3][role];
            out.e[role] = ring->e[i % 2][role];
        }
        variant->dsp[s]->csf32(&variant->csf[s], rows, dis, w->flag.wide, n, &out);
    }
    for (int role = 0; role < VT_ADM_ROLES; role++) mirror_sums(sc, ring->f[i % 3][role]);
}

/* Masks and sums band row i; above and below are the numbers of its neighbours. */
static void mask_row(Work *w, unsigned s, unsigned i, unsigned above, unsigned below, unsigned v)
{
    const VtAdmVariant *variant = &w->shared->variant[v];
    const VtAdmScale *sc = &w->shared->scale[s];
    const Rings *ring = &w->scale[s].ring[v];
    const unsigned n = sc->right - sc->left, skip = sc->left - sc->x0;
    for (int role = 0; role < (variant->csf[s].aim ? 2 : 1); role++) {
        const int32_t *const f[3] = {ring->f[above % 3][role] + skip, ring->f[i % 3][role] + skip,
                                     ring->f[below % 3][role] + skip};
        const int32_t *e = ring->e[i % 2][role] + skip;
        const Row *z = ring->z[i % 2][role];
        uint64_t row[VT_ADM_BANDS] = {0};
        if (s == 0) {
            const uint16_t *const signal[] = {(const uint16_t *)z[0].any + skip,
                                              (const uint16_t *)z[1].any + skip,
                                              (const uint16_t *)z[2].any + skip};
            variant->dsp[s]->mask16(variant->csf[s].weight, f, e, signal, n, sc->log2_w, row);
        } else {
            const int32_t *const signal[] = {z[0].wide + skip, z[1].wide + skip, z[2].wide + skip};
            variant->dsp[s]->mask32(f, e, signal, n, sc->log2_w, row);
        }
        add_rounded(w->sums->num[v][s][role], row, sc->log2_h);
    }
}

/* After band row i of the ring is there: masks those rows that now have both neighbours. */
static void variant_rows(Work *w, unsigned s, unsigned i, unsigned v)
{
    const Span own = w->scale[s].own;
    csf_row(w, s, i, v);
    if (i > own.first) mask_row(w, s, i - 1, i >= 2 ? i - 2 : 1, i, v);
    if (i + 1 == w->shared->scale[s].h && holds(own, i)) mask_row(w, s, i, i - 1, i, v);
}

static void detail_rows(Work *w, unsigned s, unsigned i)
{
    const VtAdmShared *shared = w->shared;
    if (holds(w->scale[s].own, i)) denominator_row(w, s);
    decouple_row(w, s);
    for (unsigned v = 0; v < shared->n_variants; v++)
        if (s >= shared->variant[v].first_scale) variant_rows(w, s, i, v);
}

/* Makes every band row whose input has arrived, at this scale and above. */
static void advance(Work *w, unsigned s)
{
    const VtAdmScale *sc = &w->shared->scale[s];
    ScaleRows *rows = &w->scale[s];
    while (!is_empty(rows->made)) {
        const unsigned i = rows->made.first;
        const unsigned last = 2 * i + 2 < sc->h_in ? 2 * i + 2 : sc->h_in - 1;
        if (last >= rows->n_input) return;
        const bool want_detail = holds(rows->detail, i);
        for (int side = 0; side < SIDES; side++) wavelet_row(w, s, i, side, want_detail);
        rows->made.first++;
        if (want_detail) detail_rows(w, s, i);
        if (s + 1 < VT_ADM_SCALES) {
            w->scale[s + 1].n_input = i + 1;
            advance(w, s + 1);
        }
    }
}

void vt_adm_sum_part(const VtAdmShared *shared, void *scratch, const VmafPicture *ref,
                     const VmafPicture *dis, unsigned part, unsigned n_parts, VtAdmSums *sums)
{
    VtCarve c = {.base = scratch};
    Work w = {.shared = shared, .pic = {ref, dis}, .sums = sums};
    memset(sums, 0, sizeof(*sums));
    carve_work(&c, shared, &w);
    plan(&w, part, n_parts);
    advance(&w, 0);
}
