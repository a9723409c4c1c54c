#include "metric/cambi/cambi_picture.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "metric/cambi/cambi_topk.h"

#define HALO (2 * VT_CAMBI_MAX_PAD)
#define CODE_ROW (VT_CAMBI_STRIP + HALO + VT_CAMBI_SLACK)
#define RING (VT_CAMBI_MAX_WINDOW + 1)
#define MASK_ROWS 7 /* of the square that decides about a position */

/* One extract() call's memory, cut from the scratch block. */
typedef struct Work {
    const VtCambiSetup *s;
    const VtCambiSide *side;
    unsigned w, h;      /* of the current scale */
    size_t stride;      /* of plane, in samples */
    size_t mask_stride; /* in words */
    uint16_t *plane;
    uint64_t *mask;
    uint16_t *source;  /* a row before resampling */
    uint16_t *line[3]; /* rows of 10-bit codes */
    uint16_t *mode[3]; /* rows after the horizontal mode filter */
    uint8_t *flat[MASK_ROWS + 1], *no_flat, *column_sum;
    uint16_t *hist;
    uint16_t *ring[RING], *no_codes; /* code rows of a strip; what stands for an empty one */
    float *c;
    float *list;
    uint16_t *heat;
    VtCambiTopK *top;
} Work;

static unsigned larger(unsigned a, unsigned b)
{
    return a > b ? a : b;
}

static size_t hist_size(const VtCambiContrast *k)
{
    return (size_t)(k->n_codes + 2 * k->n) * VT_CAMBI_HIST_ROW * sizeof(uint16_t);
}

static size_t carve(Work *wk, const VtCambiSetup *s, void *base)
{
    VtCarve c = {.base = base};
    const unsigned w = larger(s->dis.w, s->ref.w), h = larger(s->dis.h, s->ref.h);
    const size_t row = w + VT_CAMBI_SLACK;
    wk->s = s;
    wk->stride = VT_ALIGN_UP(row * sizeof(uint16_t)) / sizeof(uint16_t);
    wk->mask_stride = w / 64 + 2; /* one word more than needed, kernels read it */
    wk->plane = vt_carve(&c, wk->stride * h * sizeof(uint16_t));
    wk->mask = vt_carve(&c, wk->mask_stride * h * sizeof(uint64_t));
    wk->source = vt_carve(&c, larger(w, s->picture_w) * sizeof(uint16_t));
    for (unsigned i = 0; i < 3; i++) wk->line[i] = vt_carve(&c, row * sizeof(uint16_t));
    for (unsigned i = 0; i < 3; i++) wk->mode[i] = vt_carve(&c, row * sizeof(uint16_t));
    for (unsigned i = 0; i < MASK_ROWS + 1; i++) wk->flat[i] = vt_carve(&c, row);
    wk->no_flat = vt_carve(&c, row);
    wk->column_sum = vt_carve(&c, row + 3);
    wk->hist = vt_carve(&c, hist_size(&s->dis.contrast));
    for (unsigned i = 0; i < RING; i++) wk->ring[i] = vt_carve(&c, CODE_ROW * sizeof(uint16_t));
    wk->no_codes = vt_carve(&c, CODE_ROW * sizeof(uint16_t));
    wk->c = vt_carve(&c, (VT_CAMBI_STRIP + 32) * sizeof(float));
    wk->list = vt_carve(&c, ((size_t)w * h + 16) * sizeof(float));
    wk->top = vt_carve(&c, sizeof(*wk->top));
    if (s->heatmap[0] >= 0) wk->heat = vt_carve(&c, (size_t)s->dis.w * s->dis.h * sizeof(uint16_t));
    return c.used;
}

size_t vt_cambi_scratch_size(const VtCambiSetup *s)
{
    Work wk = {0};
    return carve(&wk, s, NULL);
}

/* Takes the rows of a scale in order and leaves them mode-filtered in the plane (spec:
 * cambi 4.5.2). Rows 0 and h - 1 stay as they are, in both directions (spec: cambi 8.2). */
static void mode_filter(Work *wk, unsigned y, const uint16_t *row)
{
    const VtCambiDsp *dsp = &wk->s->dsp;
    uint16_t *out = wk->plane + y * wk->stride;
    dsp->mode_horizontal(wk->mode[y % 3], row, wk->w);
    if (y >= 2)
        dsp->mode_vertical(out - wk->stride, wk->mode[(y - 2) % 3], wk->mode[(y - 1) % 3],
                           wk->mode[y % 3], wk->w);
    if (y == 0 || y == wk->h - 1) memcpy(out, row, wk->w * sizeof(*row));
}

/* Row y of the picture as 10-bit codes at the side's size (spec: cambi 4.2); returns the largest
 * sample of the picture's row. */
static unsigned fetch(const Work *wk, const VmafPicture *pic, unsigned y, uint16_t *out)
{
    const VtCambiSide *side = wk->side;
    const VtCambiDsp *dsp = &wk->s->dsp;
    const unsigned from = side->row ? side->row[y] : y;
    const uint8_t *in = (const uint8_t *)pic->data[0] + (ptrdiff_t)from * pic->stride[0];
    uint16_t *codes = side->column ? wk->source : out;
    const unsigned largest =
        pic->bpc == 8
            ? dsp->from_8bit(codes, in, pic->w[0])
            : dsp->from_words(codes, (const uint16_t *)(const void *)in, pic->w[0], pic->bpc);
    if (side->column)
        for (unsigned x = 0; x < side->w; x++) out[x] = codes[side->column[x]];
    return largest;
}

/* Gives the mask one more row of z, NULL beyond the last; row y of z finishes row y - 3 of the mask
 * (spec: cambi 4.4). */
static void mask_push(Work *wk, unsigned y, const uint8_t *z)
{
    const uint8_t *enter = z ? z : wk->no_flat;
    const uint8_t *leave =
        y >= MASK_ROWS ? wk->flat[(y - MASK_ROWS) % (MASK_ROWS + 1)] : wk->no_flat;
    const unsigned row = y >= 3 ? y - 3 : 0; /* rows before the first are overwritten */
    wk->s->dsp.mask_row(wk->mask + row * wk->mask_stride, wk->column_sum + 3, enter, leave,
                        wk->side->w, wk->side->mask_threshold);
}

/* Row y of the full-size picture, final, goes on to the first scale. */
static void first_scale_push(Work *wk, unsigned y, const uint16_t *row)
{
    if (!wk->s->speedup) {
        mode_filter(wk, y, row);
    } else if (y % 2 == 0) {
        wk->s->dsp.decimate(wk->source, row, wk->w);
        mode_filter(wk, y / 2, wk->source);
    }
}

static int check_depth(const VmafPicture *pic, unsigned largest, unsigned frame, const VtLog *log)
{
    const unsigned limit = (1u << pic->bpc) - 1;
    if (largest <= limit) return 0;
    vt_error(log, "cambi: frame %u has a luma sample of %u, the largest of %u bits is %u", frame,
             largest, pic->bpc, limit);
    return -EINVAL;
}

/* Full-size stage, row by row: codes, anti-dithering, mask, and the image of the first scale. */
static int prepare(Work *wk, const VmafPicture *pic, unsigned frame, const VtLog *log)
{
    const VtCambiDsp *dsp = &wk->s->dsp;
    const unsigned w = wk->side->w, h = wk->side->h;
    memset(wk->no_flat, 0, w + VT_CAMBI_SLACK);
    memset(wk->column_sum, 0, w + 3 + VT_CAMBI_SLACK);
    unsigned largest = fetch(wk, pic, 0, wk->line[0]);
    for (unsigned y = 0; y < h; y++) {
        uint16_t *row = wk->line[y % 3], *next = y + 1 < h ? wk->line[(y + 1) % 3] : row;
        if (next != row) largest = larger(largest, fetch(wk, pic, y + 1, next));
        if (wk->s->anti_dither) dsp->anti_dither(row, next, w);
        first_scale_push(wk, y, row);
        if (!y) continue;
        uint8_t *z = wk->flat[(y - 1) % (MASK_ROWS + 1)];
        dsp->flat(z, wk->line[(y - 1) % 3], row, w);
        mask_push(wk, y - 1, z);
    }
    uint8_t *z = wk->flat[(h - 1) % (MASK_ROWS + 1)];
    const uint16_t *last = wk->line[(h - 1) % 3];
    dsp->flat(z, last, last, w);
    mask_push(wk, h - 1, z);
    for (unsigned y = h; y < h + 3; y++) mask_push(wk, y, NULL);
    return check_depth(pic, largest, frame, log);
}

/* Bits 0, 2, 4, ... of x, packed. */
static uint64_t even_bits(uint64_t x)
{
    x &= UINT64_C(0x5555555555555555);
    x = (x | x >> 1) & UINT64_C(0x3333333333333333);
    x = (x | x >> 2) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    x = (x | x >> 4) & UINT64_C(0x00ff00ff00ff00ff);
    x = (x | x >> 8) & UINT64_C(0x0000ffff0000ffff);
    return (x | x >> 16) & UINT64_C(0xffffffff);
}

/* In place: every second bit of every second row of a w x h mask. */
static void decimate_mask(Work *wk, unsigned w, unsigned h)
{
    const unsigned words = (w + 63) / 64, out_words = ((w + 1) / 2 + 63) / 64;
    for (unsigned y = 0; y < (h + 1) / 2; y++) {
        uint64_t *out = wk->mask + y * wk->mask_stride;
        const uint64_t *in = wk->mask + 2 * y * wk->mask_stride;
        for (unsigned i = 0; i < out_words; i++) {
            const uint64_t high = 2 * i + 1 < words ? in[2 * i + 1] : 0;
            out[i] = even_bits(in[2 * i]) | even_bits(high) << 32;
        }
    }
}

/* The next scale's image and mask, in place: an output row never lies below the input rows still to
 * come. */
static void next_scale(Work *wk)
{
    decimate_mask(wk, wk->w, wk->h);
    wk->w = (wk->w + 1) >> 1;
    wk->h = (wk->h + 1) >> 1;
    for (unsigned y = 0; y < wk->h; y++) {
        wk->s->dsp.decimate(wk->line[0], wk->plane + 2 * y * wk->stride, wk->w);
        mode_filter(wk, y, wk->line[0]);
    }
}

/* Are bits first..last-1 all 0? */
static bool is_empty(const uint64_t *mask, unsigned first, unsigned last)
{
    const unsigned a = first / 64, b = (last - 1) / 64;
    const uint64_t head = ~UINT64_C(0) << first % 64, tail = ~UINT64_C(0) >> (63 - (last - 1) % 64);
    if (a == b) return !(mask[a] & head & tail);
    uint64_t any = (mask[a] & head) | (mask[b] & tail);
    for (unsigned i = a + 1; i < b; i++) any |= mask[i];
    return !any;
}

/* A strip of n columns from x on, over the whole height of a scale. */
typedef struct Strip {
    unsigned x, n;
    unsigned first, last; /* picture columns that its windows reach */
    const uint16_t *row[RING];
} Strip;

static void strip_start(const Work *wk, Strip *st, unsigned x, unsigned n)
{
    const unsigned pad = wk->side->contrast.pad;
    st->x = x;
    st->n = n;
    st->first = x > pad ? x - pad : 0;
    st->last = x + n + pad < wk->w ? x + n + pad : wk->w;
    for (unsigned i = 0; i < RING; i++) {
        st->row[i] = wk->no_codes;
        memset(wk->ring[i], 0xff, CODE_ROW * sizeof(uint16_t));
    }
}

/* Makes the code row of picture row y, which takes the place of the one that left the windows. */
static const uint16_t *strip_row(const Work *wk, Strip *st, unsigned y)
{
    const VtCambiContrast *k = &wk->side->contrast;
    const unsigned slot = y % (wk->side->window + 1);
    const uint64_t *mask = wk->mask + y * wk->mask_stride;
    const uint16_t *ahead = wk->plane + (y + 8 < wk->h ? y + 8 : y) * wk->stride;
    for (unsigned x = st->first; x < st->last; x += 32) __builtin_prefetch(ahead + x);
    if (is_empty(mask, st->first, st->last)) return st->row[slot] = wk->no_codes;
    uint16_t *out = wk->ring[slot] + (st->first + k->pad - st->x);
    wk->s->dsp.code_row(out, wk->plane + y * wk->stride + st->first, mask, st->first,
                        st->last - st->first, wk->s->lowest, k->n_codes);
    return st->row[slot] = wk->ring[slot];
}

/* c-values of row y of the strip go to the list. */
static size_t strip_output(const Work *wk, const Strip *st, unsigned y, float *list)
{
    const VtCambiContrast *k = &wk->side->contrast;
    const VtCambiDsp *dsp = &wk->s->dsp;
    const uint16_t *codes = st->row[y % (wk->side->window + 1)];
    const uint16_t *hist = wk->hist + (size_t)k->n * VT_CAMBI_HIST_ROW;
    const bool any = codes != wk->no_codes && dsp->c_row(wk->c, hist, codes + k->pad, st->n, k);
    if (wk->heat) {
        if (!any) memset(wk->c, 0, st->n * sizeof(*wk->c));
        vt_cambi_heat_row(wk->s, wk->heat + (size_t)y * wk->w + st->x, wk->c, st->n);
    }
    return any ? dsp->collect(list, wk->c, st->n) : 0;
}

/* Slides the window down the strip until every row has entered and left, so that the histograms are
 * all 0 again. Returns how many c-values were appended to list. */
static size_t strip_run(const Work *wk, Strip *st, float *list)
{
    const VtCambiContrast *k = &wk->side->contrast;
    const unsigned window = wk->side->window;
    uint16_t *hist = wk->hist + (size_t)k->n * VT_CAMBI_HIST_ROW;
    size_t count = 0;
    for (unsigned y = 0; y < wk->h + window; y++) {
        const uint16_t *leave = y >= window ? st->row[(y - window) % (window + 1)] : wk->no_codes;
        const uint16_t *enter = y < wk->h ? strip_row(wk, st, y) : wk->no_codes;
        if (enter != leave) wk->s->dsp.update(hist, enter, leave, st->n, k->pad);
        if (y >= k->pad && y < wk->h + k->pad)
            count += strip_output(wk, st, y - k->pad, list + count);
    }
    return count;
}

/* Steps 3 and 4 of spec cambi 4.5. */
static double score_scale(const Work *wk)
{
    const unsigned strips = (wk->w + VT_CAMBI_STRIP - 1) / VT_CAMBI_STRIP;
    const unsigned step = ((wk->w + strips - 1) / strips + 31) & ~31u;
    size_t count = 0;
    for (unsigned x = 0; x < wk->w; x += step) {
        Strip st;
        strip_start(wk, &st, x, x + step < wk->w ? step : wk->w - x);
        count += strip_run(wk, &st, wk->list + count);
    }
    const size_t positions = (size_t)wk->w * wk->h;
    size_t k = (size_t)(wk->s->topk * (double)positions);
    if (k < 1) k = 1;
    if (k > positions) k = positions;
    return vt_cambi_top_mean(&wk->s->dsp, wk->list, count, k, wk->top);
}

int vt_cambi_score(const VtCambiSetup *s, const VtCambiSide *side, const VmafPicture *pic,
                   unsigned frame, void *scratch, const VtLog *log, double *score)
{
    Work wk = {0};
    carve(&wk, s, scratch);
    wk.side = side;
    if (side != &s->dis) wk.heat = NULL;
    wk.w = s->speedup ? (side->w + 1) >> 1 : side->w;
    wk.h = s->speedup ? (side->h + 1) >> 1 : side->h;
    memset(wk.hist, 0, hist_size(&side->contrast));
    memset(wk.no_codes, 0xff, CODE_ROW * sizeof(uint16_t));

    int err = prepare(&wk, pic, frame, log);
    if (err) return err;
    if (s->speedup) decimate_mask(&wk, side->w, side->h);
    *score = 0;
    for (unsigned k = 0; k < VT_CAMBI_SCALES; k++) {
        if (k) next_scale(&wk);
        *score += (double)(16 >> k) * score_scale(&wk);
        if (wk.heat) err = vt_cambi_heatmap_write(s, k, frame, wk.heat, wk.w, wk.h, log);
        if (err) return err;
    }
    *score /= (double)(side->window * side->window);
    return 0;
}
