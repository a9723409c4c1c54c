#include "metric/ssim/ssim_level.h"

#include <math.h>
#include <string.h>

static unsigned positions_across(const VtSsimLevel *l)
{
    return l->w - VT_SSIM_REACH;
}

static unsigned strips(const VtSsimLevel *l)
{
    return (positions_across(l) + VT_SSIM_STRIP - 1) / VT_SSIM_STRIP;
}

static void carve_common(VtSsimLevel *l, VtCarve *c, const VtSsimDsp *dsp, unsigned w, unsigned h)
{
    *l = (VtSsimLevel){.dsp = dsp, .w = w, .h = h};
    l->sums = vt_carve(c, sizeof(*l->sums));
    l->scratch = vt_carve(c, vt_ssim_positions_scratch());
}

void vt_ssim_level_picture(VtSsimLevel *l, VtCarve *c, const VtSsimDsp *dsp, unsigned w, unsigned h)
{
    carve_common(l, c, dsp, w, h);
    l->windows = vt_carve(c, sizeof(*l->windows));
    l->line = VT_SSIM_STRIP + VT_SSIM_OVERREAD;
    for (unsigned side = 0; side < 2; side++)
        l->tile[side] = vt_carve(c, VT_SSIM_ROWS * l->line * sizeof(float));
}

void vt_ssim_level_rows(VtSsimLevel *l, VtCarve *c, const VtSsimDsp *dsp, unsigned w, unsigned h)
{
    carve_common(l, c, dsp, w, h);
    l->windows = vt_carve(c, strips(l) * sizeof(*l->windows));
    l->line = VT_ALIGN_UP((w + VT_SSIM_OVERREAD) * sizeof(float)) / sizeof(float);
    for (unsigned side = 0; side < 2; side++)
        l->ring[side] = vt_carve(c, VT_SSIM_RING * l->line * sizeof(float));
}

static void clear_ring(VtSsimLevel *l)
{
    for (unsigned side = 0; side < 2; side++)
        memset(l->ring[side], 0, VT_SSIM_RING * l->line * sizeof(float));
}

void vt_ssim_level_reset(VtSsimLevel *l)
{
    l->rows = 0;
    l->used = 0;
    memset(l->sums, 0, sizeof(*l->sums));
    if (!l->ring[0]) return;
    memset(l->windows, 0, strips(l) * sizeof(*l->windows));
    clear_ring(l);
}

/* Gives rows y to y + rows - 1 of a strip to the kernel. */
static void take(VtSsimLevel *l, VtSsimTile *tile, VtSsimWindows *windows, unsigned y,
                 unsigned rows, unsigned n)
{
    tile->rows = rows;
    tile->n = n;
    tile->skip = y >= VT_SSIM_REACH ? 0 : VT_SSIM_REACH - y;
    l->dsp->positions(tile, windows, l->scratch, l->sums);
}

static unsigned strip_width(const VtSsimLevel *l, unsigned strip)
{
    const unsigned left = positions_across(l) - strip * VT_SSIM_STRIP;
    return left < VT_SSIM_STRIP ? left : VT_SSIM_STRIP;
}

static unsigned min(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* ---- pictures: strip by strip, so that the windows of a strip stay in cache ---- */

/* Strips are too narrow for the hardware to see where the next rows will be. */
static void prefetch(const VmafPicture *pic, unsigned x0, unsigned y, unsigned n)
{
    if (y >= pic->h[0]) return;
    const unsigned bytes = pic->bpc > 8 ? 2 : 1;
    const char *row = (const char *)pic->data[0] + (ptrdiff_t)y * pic->stride[0];
    for (unsigned i = x0 * bytes; i < (x0 + n) * bytes; i += VT_ALIGN) __builtin_prefetch(row + i);
}

static void convert(const VtSsimLevel *l, const VmafPicture *pic, unsigned x0, unsigned y,
                    unsigned n, float *dst)
{
    const void *row = (const char *)pic->data[0] + (ptrdiff_t)y * pic->stride[0];
    if (pic->bpc == 8)
        l->dsp->convert8((const uint8_t *)row + x0, dst, n);
    else
        l->dsp->convert16((const uint16_t *)row + x0, dst, n, vt_ssim_depth_scale(pic->bpc));
}

static void picture_strip(VtSsimLevel *l, const VtFrame *frame, unsigned strip)
{
    VtSsimTile tile;
    const unsigned x0 = strip * VT_SSIM_STRIP, n = strip_width(l, strip);
    memset(l->windows, 0, sizeof(*l->windows));
    for (unsigned y = 0; y < l->h; y += VT_SSIM_ROWS) {
        const unsigned rows = min(l->h - y, VT_SSIM_ROWS);
        for (unsigned i = 0; i < rows; i++) {
            tile.ref[i] = l->tile[0] + i * l->line;
            tile.dis[i] = l->tile[1] + i * l->line;
            convert(l, frame->ref, x0, y + i, n + VT_SSIM_REACH, l->tile[0] + i * l->line);
            convert(l, frame->dis, x0, y + i, n + VT_SSIM_REACH, l->tile[1] + i * l->line);
            prefetch(frame->ref, x0, y + i + VT_SSIM_ROWS, n + VT_SSIM_REACH);
            prefetch(frame->dis, x0, y + i + VT_SSIM_ROWS, n + VT_SSIM_REACH);
        }
        take(l, &tile, l->windows, y, rows, n);
    }
}

void vt_ssim_level_add_picture(VtSsimLevel *l, const VtFrame *frame)
{
    for (unsigned side = 0; side < 2; side++)
        memset(l->tile[side], 0, VT_SSIM_ROWS * l->line * sizeof(float));
    for (unsigned strip = 0; strip < strips(l); strip++) picture_strip(l, frame, strip);
}

/* ---- rows ---- */

float *vt_ssim_level_row(const VtSsimLevel *l, unsigned side, unsigned y)
{
    return l->ring[side] + (y % VT_SSIM_RING) * l->line;
}

static void take_rows(VtSsimLevel *l, unsigned rows)
{
    VtSsimTile tile;
    for (unsigned strip = 0; strip < strips(l); strip++) {
        for (unsigned i = 0; i < rows; i++) {
            tile.ref[i] = vt_ssim_level_row(l, 0, l->used + i) + strip * VT_SSIM_STRIP;
            tile.dis[i] = vt_ssim_level_row(l, 1, l->used + i) + strip * VT_SSIM_STRIP;
        }
        take(l, &tile, &l->windows[strip], l->used, rows, strip_width(l, strip));
    }
    l->used += rows;
}

void vt_ssim_level_came(VtSsimLevel *l, unsigned rows)
{
    l->rows += rows;
    while (l->used < l->rows && (l->rows - l->used >= VT_SSIM_ROWS || l->rows == l->h))
        take_rows(l, min(l->rows - l->used, VT_SSIM_ROWS));
}

/* ---- results ---- */

void vt_ssim_level_means(const VtSsimLevel *l, float mean[VT_SSIM_MEANS])
{
    const double n = (double)positions_across(l) * (double)(l->h - VT_SSIM_REACH);
    for (unsigned m = 0; m < VT_SSIM_MEANS; m++) {
        double sum = 0;
        for (unsigned lane = 0; lane < VT_SSIM_LANES; lane++) sum += l->sums->lane[m][lane];
        mean[m] = (float)(sum / n);
    }
}

double vt_ssim_db(double ratio, double max)
{
    const double db = -10 * log10(1 - ratio);
    return db < max ? db : max;
}

double vt_ssim_max_db(const VtFormat *f)
{
    const double peak = (1u << f->bpc) - 1;
    const double mse = 0.5 / ((double)f->w * (double)f->h);
    return ceil(10 * log10(peak * peak / mse));
}
