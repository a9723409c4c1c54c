#include "metric/speed/speed_plane.h"

#include <math.h>
#include <string.h>

#define N VT_SPEED_N
#define ROW VT_SPEED_ROW
#define PATCH VT_SPEED_PATCH
#define CACHED_ROWS 16 /* any 9 neighbouring rows have different numbers modulo this */

void vt_speed_carve(VtSpeedWork *work, const VtSpeedSetup *s, VtCarve *c)
{
    work->row = vt_carve(c, s->sw * sizeof(float));
    if (s->resample) {
        work->scaled = vt_carve(c, s->sw * sizeof(float));
        work->cache = vt_carve(c, ((size_t)CACHED_ROWS * s->w + 32) * sizeof(float));
    }
    work->image_stride = s->ow + 16; /* covariance reads past the end of a row */
    const size_t size = work->image_stride * s->oh * sizeof(float);
    work->image = vt_carve(c, size);
    work->mean = vt_carve(c, size);
    work->column = vt_carve(c, work->image_stride * sizeof(float));
    work->centred = vt_carve(c, (size_t)s->patches_x * ROW * sizeof(double));
    work->y = vt_carve(c, (size_t)N * s->padded_blocks * sizeof(float));
    work->x = vt_carve(c, (size_t)N * s->padded_blocks * sizeof(float));
}

/* Without repeating the edge. */
static unsigned mirror(int i, unsigned n)
{
    const int last = (int)n - 1;
    return (unsigned)(i < 0 ? -i : i > last ? 2 * last - i : i);
}

/* acc += tap * source row y (spec: speed 3.1, 13). */
static void add_source_row(const VtSpeedSetup *s, const VtSpeedSource *src, unsigned y, float tap,
                           float *acc, unsigned w)
{
    const void *a = (const char *)src->data + (ptrdiff_t)y * src->stride;
    const void *b = src->minus ? (const char *)src->minus + (ptrdiff_t)y * src->minus_stride : NULL;
    const float scale = 1.0f / (float)(1 << (s->bpc - 8));
    if (s->bpc == 8 && b)
        s->dsp.add_difference_8bit(acc, a, b, tap, w);
    else if (s->bpc == 8)
        s->dsp.add_8bit(acc, a, tap, w);
    else if (b)
        s->dsp.add_difference_words(acc, a, b, scale, tap, w);
    else
        s->dsp.add_words(acc, a, scale, tap, w);
}

/* Source rows as floats, the latest ones kept. */
typedef struct RowCache {
    const VtSpeedSetup *s;
    const VtSpeedSource *src;
    float *rows;
    int64_t number[CACHED_ROWS];
} RowCache;

static const float *cached_row(RowCache *c, unsigned y)
{
    const unsigned slot = y % CACHED_ROWS;
    float *row = c->rows + (size_t)slot * c->s->w;
    if (c->number[slot] == y) return row;
    memset(row, 0, c->s->w * sizeof(*row));
    add_source_row(c->s, c->src, y, 1, row, c->s->w);
    c->number[slot] = y;
    return row;
}

/* Bicubic and Lanczos (spec: speed 4): weights of both axes, rows outside. */
static void convolve_row(const VtSpeedSetup *s, const float *const *rows, const float *wy,
                         float *out)
{
    const unsigned taps = s->x.taps;
    for (unsigned x = 0; x < s->sw; x++) {
        const int32_t *index = s->x.index + (size_t)x * taps;
        const float *wx = s->x.weight + (size_t)x * taps;
        float sum = 0, weights = 0;
        for (unsigned j = 0; j < taps; j++) {
            for (unsigned i = 0; i < taps; i++) {
                const float weight = wx[i] * wy[j];
                weights += weight;
                sum += rows[j][index[i]] * weight;
            }
        }
        out[x] = s->method == VT_SPEED_LANCZOS4 ? sum / weights : sum;
    }
}

static void resample_row(const VtSpeedSetup *s, RowCache *cache, unsigned y, float *out)
{
    const float *rows[9];
    const unsigned taps = s->y.taps;
    for (unsigned t = 0; t < taps; t++)
        rows[t] = cached_row(cache, (unsigned)s->y.index[(size_t)y * taps + t]);
    switch (s->method) {
    case VT_SPEED_NEAREST:
        for (unsigned x = 0; x < s->sw; x++) out[x] = rows[0][s->x.index[x]];
        break;
    case VT_SPEED_BILINEAR:
        s->dsp.bilinear(out, rows[0], rows[1], s->x.index, s->x.weight, s->y.weight[y], s->sw);
        break;
    case VT_SPEED_BICUBIC:
    case VT_SPEED_LANCZOS4:
        convolve_row(s, rows, s->y.weight + (size_t)y * taps, out);
        break;
    }
}

/* out[x] = in filtered at `step` * x, for n values of x; in has `width` values. */
static void filter_horizontal(const VtSpeedFilter *f, const float *in, unsigned width,
                              unsigned step, float *out, unsigned n)
{
    const int reach = (int)(f->n - 1) / 2;
    for (unsigned x = 0; x < n; x++) {
        const int first = (int)(step * x) - reach;
        const bool inside = first >= 0 && first + (int)f->n <= (int)width;
        float sum = 0;
        for (unsigned k = 0; k < f->n; k++)
            sum += f->tap[k] * in[inside ? (unsigned)first + k : mirror(first + (int)k, width)];
        out[x] = sum;
    }
}

/* Anti-alias filter, only where decimation keeps the result (spec: speed 5, 19.2). */
static void decimate(const VtSpeedSetup *s, const VtSpeedSource *src, VtSpeedWork *work)
{
    RowCache cache = {.s = s, .src = src, .rows = work->cache};
    for (unsigned i = 0; i < CACHED_ROWS; i++) cache.number[i] = -1;
    const int reach = (int)(s->anti_alias.n - 1) / 2;
    for (unsigned y = 0; y < s->oh; y++) {
        memset(work->row, 0, s->sw * sizeof(*work->row));
        for (unsigned k = 0; k < s->anti_alias.n; k++) {
            const unsigned from = mirror((int)(VT_SPEED_DECIMATION * y + k) - reach, s->sh);
            if (s->resample) {
                resample_row(s, &cache, from, work->scaled);
                s->dsp.add(work->row, work->scaled, s->anti_alias.tap[k], s->sw);
            } else {
                add_source_row(s, src, from, s->anti_alias.tap[k], work->row, s->sw);
            }
        }
        filter_horizontal(&s->anti_alias, work->row, s->sw, VT_SPEED_DECIMATION,
                          work->image + y * work->image_stride, s->ow);
    }
}

/* image -= local mean (spec: speed 6). */
static void remove_local_mean(const VtSpeedSetup *s, VtSpeedWork *work)
{
    const VtSpeedFilter *f = &s->local_mean;
    const int reach = (int)(f->n - 1) / 2;
    for (unsigned y = 0; y < s->oh; y++) {
        memset(work->column, 0, s->ow * sizeof(*work->column));
        for (unsigned k = 0; k < f->n; k++)
            s->dsp.add(work->column,
                       work->image + mirror((int)(y + k) - reach, s->oh) * work->image_stride,
                       f->tap[k], s->ow);
        filter_horizontal(f, work->column, s->ow, 1, work->mean + y * work->image_stride, s->ow);
    }
    for (unsigned y = 0; y < s->oh; y++) {
        float *row = work->image + y * work->image_stride;
        const float *mean = work->mean + y * work->image_stride;
        for (unsigned x = 0; x < s->ow; x++) row[x] -= mean[x];
        memset(row + s->ow, 0, 16 * sizeof(*row));
    }
}

/* K of spec speed 7.2, both halves. */
static void patch_covariance(const VtSpeedSetup *s, VtSpeedWork *work, float *covariance)
{
    float mean[N];
    double sum[N * ROW];
    const unsigned patches = s->patches_x * s->patches_y;
    s->dsp.sums(mean, work->image, work->image_stride, s->patches_x, s->patches_y);
    for (unsigned k = 0; k < N; k++) mean[k] /= (float)patches;
    s->dsp.covariance(sum, work->image, work->image_stride, s->patches_x, s->patches_y, mean,
                      work->centred);
    memset(covariance, 0, N * ROW * sizeof(*covariance));
    for (unsigned k = 0; k < N; k++)
        for (unsigned l = 0; l <= k; l++)
            covariance[k * ROW + l] = covariance[l * ROW + k] =
                (float)(sum[k * ROW + l] / (double)patches);
}

/* Y of spec speed 9; the padding is 0. */
static void gather_blocks(const VtSpeedSetup *s, VtSpeedWork *work)
{
    for (unsigned k = 0; k < N; k++) {
        float *out = work->y + (size_t)k * s->padded_blocks;
        memset(out, 0, s->padded_blocks * sizeof(*out));
        for (unsigned by = 0; by < s->blocks_y; by++) {
            const float *row =
                work->image + (PATCH * by + k / PATCH) * work->image_stride + k % PATCH;
            for (unsigned bx = 0; bx < s->blocks_x; bx++)
                out[by * s->blocks_x + bx] = row[PATCH * bx];
        }
    }
}

static float norm(const float *u, unsigned from)
{
    float sum = 0;
    for (unsigned i = from; i < N; i++) sum += u[i] * u[i];
    return sqrtf(sum);
}

/* Q of K = Q' R by Householder reflections (spec: speed 9). The sign comes from the original
 * diagonal, and R is not kept: both as libvmaf has it (spec: speed 18). */
static void factorise(const VtSpeedSetup *s, const float *k, float *q)
{
    float z[N * ROW];
    memcpy(z, k, sizeof(z));
    memset(q, 0, N * ROW * sizeof(*q));
    for (unsigned i = 0; i < N; i++) q[i * ROW + i] = 1;
    for (unsigned step = 0; step + 1 < N; step++) {
        float v[ROW] = {0};
        for (unsigned i = step; i < N; i++) v[i] = z[i * ROW + step];
        const float length = norm(v, step);
        v[step] += k[step * ROW + step] >= 0 ? length : -length;
        const float length2 = norm(v, step);
        for (unsigned i = step; i < N; i++) v[i] /= length2;
        if (step + 2 < N) s->dsp.reflect(z, v, step, step + 1);
        s->dsp.reflect(q, v, step, 0);
    }
}

/* Solves K X = Y for all blocks; false if K is singular. */
static bool solve(const VtSpeedSetup *s, const float *k, VtSpeedWork *work)
{
    float q[N * ROW], r[N * ROW];
    factorise(s, k, q);
    s->dsp.product(r, q, k, ROW);
    for (unsigned i = 0; i < N; i++)
        if ((double)fabsf(r[i * ROW + i]) < 1e-6) return false;
    gather_blocks(s, work);
    s->dsp.product(work->x, q, work->y, s->padded_blocks);
    s->dsp.back_substitute(work->x, r, s->padded_blocks);
    return true;
}

void vt_speed_plane(const VtSpeedSetup *s, const VtSpeedSource *source, VtSpeedWork *work,
                    VtSpeedStatistics *out)
{
    float k[N * ROW], copy[N * ROW];
    out->singular = true;
    decimate(s, source, work);
    remove_local_mean(s, work);
    patch_covariance(s, work, k);
    memcpy(copy, k, sizeof(copy));
    vt_speed_eigenvalues(copy, out->lambda);
    for (unsigned i = 0; i < N; i++)
        if ((double)out->lambda[i] < 1e-6) return;
    if (!solve(s, k, work)) return;
    out->singular = false;
    s->dsp.variance(out->variance, work->x, work->y, s->padded_blocks);
}
