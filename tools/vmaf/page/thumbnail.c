#include "page/thumbnail.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MID_GREY 128

/* ---- sizes and memory ---- */

static unsigned factor(unsigned size, unsigned max)
{
    return (size + max - 1) / max;
}

int thumbnail_maker_init(ThumbnailMaker *m, unsigned w, unsigned h)
{
    const unsigned fw = factor(w, THUMBNAIL_MAX_W), fh = factor(h, THUMBNAIL_MAX_H);
    const unsigned f = fw > fh ? fw : fh;

    *m = (ThumbnailMaker){.w = w, .h = h, .tw = w / f ? w / f : 1, .th = h / f ? h / f : 1};
    m->sums = malloc(w * sizeof(*m->sums));
    m->column = malloc((m->tw + 1) * sizeof(*m->column));
    if (m->sums && m->column) return 0;
    thumbnail_maker_free(m);
    return -ENOMEM;
}

void thumbnail_maker_free(ThumbnailMaker *m)
{
    free(m->sums);
    free(m->column);
    *m = (ThumbnailMaker){0};
}

int thumbnail_alloc(Thumbnail *t, const ThumbnailMaker *m)
{
    const size_t samples = (size_t)m->tw * m->th;

    t->block = malloc(samples * 8); /* two bytes of difference, six planes */
    if (!t->block) return -ENOMEM;
    t->difference = (uint16_t *)t->block;
    for (unsigned i = 0; i < 6; i++) t->plane[i / 3][i % 3] = t->block + (2 + i) * samples;
    return 0;
}

void thumbnail_free(Thumbnail *t)
{
    free(t->block);
    *t = (Thumbnail){0};
}

/* ---- averaging ---- */

/* Adds a row to the sums of its columns. */
static void add_row(uint32_t *sums, const void *row, unsigned w, bool wide)
{
    if (wide)
        for (unsigned x = 0; x < w; x++) sums[x] += ((const uint16_t *)row)[x];
    else
        for (unsigned x = 0; x < w; x++) sums[x] += ((const uint8_t *)row)[x];
}

static void add_difference(uint32_t *sums, const void *a, const void *b, unsigned w, bool wide)
{
    if (wide)
        for (unsigned x = 0; x < w; x++)
            sums[x] += (uint32_t)abs(((const uint16_t *)a)[x] - ((const uint16_t *)b)[x]);
    else
        for (unsigned x = 0; x < w; x++)
            sums[x] += (uint32_t)abs(((const uint8_t *)a)[x] - ((const uint8_t *)b)[x]);
}

/* Where box i of n begins among `size` samples; box n would begin at the end. Where there are fewer
 * samples than boxes, boxes share them. */
static unsigned begin(unsigned i, unsigned n, unsigned size)
{
    return (unsigned)((uint64_t)i * size / n);
}

static unsigned end(unsigned from, unsigned next)
{
    return next > from ? next : from + 1;
}

static void set_columns(ThumbnailMaker *m, unsigned w)
{
    for (unsigned i = 0; i <= m->tw; i++) m->column[i] = begin(i, m->tw, w);
}

/* The sum over box i of the current row of boxes. A box has at most 229 x 229 samples, so that 32
 * bits are enough. */
static uint32_t box_sum(const ThumbnailMaker *m, unsigned i, unsigned *columns)
{
    const unsigned from = m->column[i], to = end(from, m->column[i + 1]);
    uint32_t sum = 0;

    for (unsigned x = from; x < to; x++) sum += m->sums[x];
    *columns = to - from;
    return sum;
}

static const uint8_t *row_of(const VmafPicture *p, unsigned plane, unsigned y)
{
    return (const uint8_t *)p->data[plane] + (ptrdiff_t)y * p->stride[plane];
}

/* Means of boxes as 8 bits. */
static void shrink(uint8_t *out, ThumbnailMaker *m, const VmafPicture *p, unsigned plane)
{
    const unsigned w = p->w[plane], h = p->h[plane];
    const float scale = 1.0f / (float)(1u << (p->bpc - 8));

    if (!p->data[plane] || !w || !h) {
        memset(out, MID_GREY, (size_t)m->tw * m->th);
        return;
    }
    set_columns(m, w);
    for (unsigned ty = 0; ty < m->th; ty++) {
        const unsigned y0 = begin(ty, m->th, h), y1 = end(y0, begin(ty + 1, m->th, h));
        memset(m->sums, 0, w * sizeof(*m->sums));
        for (unsigned y = y0; y < y1; y++) add_row(m->sums, row_of(p, plane, y), w, p->bpc > 8);
        for (unsigned tx = 0; tx < m->tw; tx++) {
            unsigned columns;
            const float sum = (float)box_sum(m, tx, &columns);
            const float mean = sum * scale / (float)(columns * (y1 - y0)) + 0.5f;
            *out++ = mean > 255 ? 255 : (uint8_t)mean;
        }
    }
}

static void shrink_difference(uint16_t *out, ThumbnailMaker *m, const VmafPicture *a,
                              const VmafPicture *b)
{
    const float scale = 256.0f / (float)(1u << (a->bpc - 8));

    set_columns(m, m->w);
    for (unsigned ty = 0; ty < m->th; ty++) {
        const unsigned y0 = begin(ty, m->th, m->h), y1 = end(y0, begin(ty + 1, m->th, m->h));
        memset(m->sums, 0, m->w * sizeof(*m->sums));
        for (unsigned y = y0; y < y1; y++)
            add_difference(m->sums, row_of(a, 0, y), row_of(b, 0, y), m->w, a->bpc > 8);
        for (unsigned tx = 0; tx < m->tw; tx++) {
            unsigned columns;
            const float sum = (float)box_sum(m, tx, &columns);
            const float mean = sum * scale / (float)(columns * (y1 - y0)) + 0.5f;
            *out++ = mean > 65535 ? 65535 : (uint16_t)mean;
        }
    }
}

bool thumbnail_fits(const ThumbnailMaker *m, const VmafPicture *ref, const VmafPicture *dis)
{
    return ref->w[0] == m->w && ref->h[0] == m->h && dis->w[0] == m->w && dis->h[0] == m->h &&
           ref->bpc == dis->bpc && ref->pix_fmt == dis->pix_fmt;
}

void thumbnail_make(Thumbnail *t, ThumbnailMaker *m, const VmafPicture *ref, const VmafPicture *dis)
{
    for (unsigned p = 0; p < 3; p++) {
        shrink(t->plane[0][p], m, ref, p);
        shrink(t->plane[1][p], m, dis, p);
    }
    shrink_difference(t->difference, m, ref, dis);
}

/* ---- colours ---- */

static uint8_t clamp(double x)
{
    return x <= 0 ? 0 : x >= 255 ? 255 : (uint8_t)(x + 0.5);
}

ThumbnailColours thumbnail_colours(const char *matrix, bool full_range, unsigned h)
{
    const ThumbnailColours sd = {0.299, 0.114, full_range}, hd = {0.2126, 0.0722, full_range};
    const ThumbnailColours uhd = {0.2627, 0.0593, full_range};

    if (!matrix) return h > 576 ? hd : sd;
    if (!strncmp(matrix, "bt2020", 6)) return uhd;
    if (!strcmp(matrix, "smpte170m") || !strcmp(matrix, "bt470bg") || !strcmp(matrix, "fcc"))
        return sd;
    return !strcmp(matrix, "bt709") || h > 576 ? hd : sd;
}

void thumbnail_rgb(const Thumbnail *t, const ThumbnailMaker *m, const ThumbnailColours *colours,
                   unsigned side, uint8_t *rgb)
{
    const double kr = colours->kr, kb = colours->kb, kg = 1 - kr - kb;
    const double black = colours->full_range ? 0 : 16;
    const double luma = colours->full_range ? 1 : 255.0 / 219;
    const double chroma = colours->full_range ? 1 : 255.0 / 224;

    for (size_t i = 0; i < (size_t)m->tw * m->th; i++, rgb += 3) {
        const double y = (t->plane[side][0][i] - black) * luma;
        const double cb = (t->plane[side][1][i] - 128) * chroma;
        const double cr = (t->plane[side][2][i] - 128) * chroma;
        rgb[0] = clamp(y + 2 * (1 - kr) * cr);
        rgb[1] = clamp(y - 2 * (1 - kb) * kb / kg * cb - 2 * (1 - kr) * kr / kg * cr);
        rgb[2] = clamp(y + 2 * (1 - kb) * cb);
    }
}

/* Stops of the scale, evenly spaced: near black, violet, red, orange, pale yellow. */
static const uint8_t stops[5][3] = {
    {10, 10, 22}, {86, 22, 110}, {196, 52, 84}, {248, 140, 40}, {252, 246, 176}};

static void colour(uint8_t rgb[3], double x)
{
    const double at = (x > 1 ? 1 : x) * 4;
    const unsigned i = at >= 4 ? 3 : (unsigned)at;
    const double part = at - i;

    for (unsigned c = 0; c < 3; c++)
        rgb[c] = clamp(stops[i][c] * (1 - part) + stops[i + 1][c] * part);
}

/* The value that one sample in 200 exceeds. */
static unsigned large_difference(const Thumbnail *t, size_t n)
{
    unsigned count[256] = {0}, left = (unsigned)(n / 200), v = 255;

    for (size_t i = 0; i < n; i++) count[t->difference[i] >> 8]++;
    while (v && count[v] <= left) left -= count[v--];
    return v + 1;
}

unsigned thumbnail_difference(const Thumbnail *t, const ThumbnailMaker *m, uint8_t *rgb)
{
    const size_t n = (size_t)m->tw * m->th;
    const unsigned gain = 256 / large_difference(t, n);

    for (size_t i = 0; i < n; i++, rgb += 3) colour(rgb, t->difference[i] / (256.0 * 255) * gain);
    return gain;
}
