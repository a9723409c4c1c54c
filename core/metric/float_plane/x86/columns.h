/* Separable filters on bands of LANES rows, one row a lane.
 *
 * A band is filtered down its columns in blocks of LANES columns, each lane a column. The result is
 * transposed: from then on each lane is a row, and a vector is a column. So the filter along the
 * rows reads aligned vectors, and sums over a row, whose order counts, are made by all rows at
 * once. Included after one of the lanes_*.h. */
#ifndef VT_METRIC_FLOAT_PLANE_COLUMNS_H
#define VT_METRIC_FLOAT_PLANE_COLUMNS_H

#include <stdbool.h>
#include <string.h>

#include "metric/float_plane/plane.h"

#define MAX_IMAGES 5

/* Samples x .. x + LANES - 1 of a row of w; any values behind the last one. */
static inline Lanes read_block(const VtSamples *samples, const void *row, unsigned x, unsigned w)
{
    if (samples->type == VT_SAMPLE_F32) return load((const float *)row + x);
    const Lanes offset = all(samples->offset), scale = all(samples->scale);
    const unsigned n = w - x < LANES ? w - x : LANES;
    if (samples->type == VT_SAMPLE_U8) {
        const uint8_t *at = (const uint8_t *)row + x;
        uint8_t rest[LANES] = {0};
        if (n < LANES) at = memcpy(rest, at, n);
        return from_u8(at) + offset;
    }
    const uint16_t *at = (const uint16_t *)row + x;
    uint16_t rest[LANES] = {0};
    if (n < LANES) at = memcpy(rest, at, n * sizeof(*rest));
    return from_u16(at) * scale + offset;
}

/* out[i] = tap[0] src[i] + tap[1] src[i + 1] + ..., added in this order, for LANES successive i;
 * step says how many vectors lie between src[i] and src[i + 1], counted for the taps as 1. */
static inline __attribute__((always_inline)) void filter_vectors(const float *src,
                                                                 const unsigned step,
                                                                 const float *tap, unsigned taps,
                                                                 Lanes *out, const unsigned n)
{
    Lanes sum[LANES];
    const Lanes first = all(tap[0]);
#pragma GCC unroll 16
    for (unsigned i = 0; i < n; i++) sum[i] = first * load(src + i * step * LANES);
    for (unsigned k = 1; k < taps; k++) {
        const Lanes t = all(tap[k]);
        const float *at = src + k * LANES;
#pragma GCC unroll 16
        for (unsigned i = 0; i < n; i++) sum[i] += t * load(at + i * step * LANES);
    }
#pragma GCC unroll 16
    for (unsigned i = 0; i < n; i++) out[i] = sum[i];
}

/* A window of columns per image. Column x lies at (x - base) * LANES. */
typedef struct Columns {
    float *image[MAX_IMAGES];
    unsigned images, radius, w;
    unsigned capacity; /* in columns */
    int base;
    unsigned end, next; /* columns made, columns used */
    bool started;       /* the mirrored columns in front of the first are there */
} Columns;

static inline unsigned columns_capacity(unsigned radius)
{
    return 2 * radius + 6 * LANES;
}

static inline void columns_start(Columns *c)
{
    c->capacity = columns_capacity(c->radius);
    c->base = -(int)c->radius;
    c->end = c->next = 0;
    c->started = false;
}

static inline float *column(const Columns *c, unsigned image, int x)
{
    return c->image[image] + (x - c->base) * LANES;
}

/* Makes room for LANES more columns, the mirrored ones behind the last and an incomplete block. */
static inline void columns_make_room(Columns *c)
{
    if ((int)(c->end + 2 * LANES + c->radius) - c->base <= (int)c->capacity) return;
    const int from = (int)c->next - (int)c->radius;
    for (unsigned i = 0; i < c->images; i++)
        memmove(c->image[i], column(c, i, from),
                (size_t)((int)c->end - from) * LANES * sizeof(float));
    c->base = from;
}

static inline void columns_copy(const Columns *c, int to, int from)
{
    for (unsigned i = 0; i < c->images; i++) store(column(c, i, to), load(column(c, i, from)));
}

/* A block of LANES columns was put at c->end. */
static inline void columns_added(Columns *c)
{
    c->end = c->end + LANES < c->w ? c->end + LANES : c->w;
    const int last = (int)c->w - 1, radius = (int)c->radius;
    if (c->end == c->w)
        for (int k = 1; k <= radius; k++) columns_copy(c, last + k, last - k);
    if (c->started || c->end <= c->radius) return;
    for (int k = 1; k <= radius; k++) columns_copy(c, -k, k);
    c->started = true;
}

/* How many columns from c->next on, LANES or the last ones, can be filtered now. */
static inline unsigned columns_ready(const Columns *c)
{
    if (!c->started) return 0;
    if (c->next + LANES + c->radius <= c->end) return LANES;
    if (c->end < c->w) return 0;
    return c->w - c->next < LANES ? c->w - c->next : LANES;
}

#endif
