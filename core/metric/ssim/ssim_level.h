/* Window statistics of one pair of images, which may be pictures or the levels of a pyramid. Rows
 * of a level are made elsewhere and streamed through: only a ring of rows and the open windows of
 * all columns are kept. */
#ifndef VT_METRIC_SSIM_LEVEL_H
#define VT_METRIC_SSIM_LEVEL_H

#include "base/mem.h"
#include "metric/metric.h"
#include "metric/ssim/ssim_dsp.h"

/* Rows that are kept. One taker waits for VT_SSIM_ROWS, the other (vt_ssim_pyramid) for
 * 2 VT_SSIM_HALVE_ROWS + 7, while VT_SSIM_HALVE_ROWS come at a time. */
#define VT_SSIM_RING 64

typedef struct VtSsimLevel {
    const VtSsimDsp *dsp;
    unsigned w, h;
    unsigned rows; /* that came so far */
    unsigned used; /* of these, by the statistics */
    VtSsimWindows *windows;
    VtSsimSums *sums;
    void *scratch; /* for kernels */
    float *tile[2];
    size_t line;    /* samples from row to row of tile or ring */
    float *ring[2]; /* reference and distorted rows; NULL for a picture */
} VtSsimLevel;

/* For pictures. */
void vt_ssim_level_picture(VtSsimLevel *level, VtCarve *carve, const VtSsimDsp *dsp, unsigned w,
                           unsigned h);
/* For rows. */
void vt_ssim_level_rows(VtSsimLevel *level, VtCarve *carve, const VtSsimDsp *dsp, unsigned w,
                        unsigned h);

/* After carving from a real block, once for each pair of images. */
void vt_ssim_level_reset(VtSsimLevel *level);

/* The luma of a frame. */
void vt_ssim_level_add_picture(VtSsimLevel *level, const VtFrame *frame);

/* Where row y of the ring is. A new row is y = level->rows; after both sides of some rows (at most
 * VT_SSIM_HALVE_ROWS) are written, vt_ssim_level_came takes them. */
float *vt_ssim_level_row(const VtSsimLevel *level, unsigned side, unsigned y);
void vt_ssim_level_came(VtSsimLevel *level, unsigned rows);

/* S, L, C and T. */
void vt_ssim_level_means(const VtSsimLevel *level, float mean[VT_SSIM_MEANS]);

/* Index i of a line of n samples, reflected with the edge sample repeated. */
static inline unsigned vt_ssim_reflect(int i, unsigned n)
{
    return (unsigned)(i < 0 ? -1 - i : i >= (int)n ? 2 * (int)n - 1 - i : i);
}

/* A ratio in decibels: -10 log10(1 - ratio), at most max (also for ratios over 1, and NaN). */
double vt_ssim_db(double ratio, double max);

/* The cap for clip_db: that of an error of half a step in one sample. */
double vt_ssim_max_db(const VtFormat *format);

#endif
