/* Kernels of float_ssim and float_ms_ssim. The scalar ones (ssim_dsp.c) are the formula; every
 * instruction set fills the same table and gives the same bits. */
#ifndef VT_METRIC_SSIM_DSP_H
#define VT_METRIC_SSIM_DSP_H

#include <stddef.h>
#include <stdint.h>

#define VT_SSIM_TAPS 11
#define VT_SSIM_REACH (VT_SSIM_TAPS - 1)
#define VT_SSIM_STRIP 128   /* columns of positions that one call makes */
#define VT_SSIM_ROWS 32     /* rows of samples that one call takes */
#define VT_SSIM_OVERREAD 16 /* samples that kernels may read after the last one of a row */
#define VT_SSIM_LANES 8

/* The window's taps; the others mirror them. */
extern const float vt_ssim_tap[VT_SSIM_TAPS / 2 + 1];

/* The images that the window filters: both sides, their squares and their product. */
enum { VT_SSIM_REF, VT_SSIM_DIS, VT_SSIM_REF2, VT_SSIM_DIS2, VT_SSIM_CROSS, VT_SSIM_IMAGES };

/* Vertical windows that are open after some rows, of a strip of columns: open[image][k] is the sum
 * of taps 0 to k over the last k + 1 rows. */
typedef struct VtSsimWindows {
    double open[VT_SSIM_IMAGES][VT_SSIM_REACH][VT_SSIM_STRIP];
} VtSsimWindows;

/* Rows of samples: n + VT_SSIM_REACH of each, on the 8-bit scale, for n positions. */
typedef struct VtSsimTile {
    const float *ref[VT_SSIM_ROWS], *dis[VT_SSIM_ROWS];
    unsigned rows, n;
    unsigned skip; /* rows at the start that end no window yet: fewer than VT_SSIM_TAPS were seen */
} VtSsimTile;

/* The four means of a picture and what adds up to them. Column x of a strip goes to lane x % 8, so
 * that every instruction set adds in the same order. */
enum { VT_SSIM_S, VT_SSIM_L, VT_SSIM_C, VT_SSIM_T, VT_SSIM_MEANS };

typedef struct VtSsimSums {
    _Alignas(64) double lane[VT_SSIM_MEANS][VT_SSIM_LANES];
} VtSsimSums;

/* 9x9 low-pass and decimation by two (spec: classic 4), of a tile of one image. Source rows come in
 * pairs, an odd one and the even one below it; even[i][j] and odd[i][j] are columns 2 (x0 - 2 + j)
 * and the one right of it, j < n + 4. All reflected at the borders; kernels may read 8 more, and
 * write 8 more outputs of a row.
 *
 * Pair p is rows 2p - 1 and 2p, and ends output row p - 2. open[k] holds what output row p - 2 + k
 * has got from the rows up to pair p, so that outputs go on where the tile above ended. */
#define VT_SSIM_HALVE_ROWS 16
#define VT_SSIM_HALVE_PRIME 4 /* pairs before that of the first output: from row -5 on */
#define VT_SSIM_HALVE_PAIRS (VT_SSIM_HALVE_ROWS + VT_SSIM_HALVE_PRIME)
#define VT_SSIM_HALVE_STRIP 64
#define VT_SSIM_HALVE_LINE (VT_SSIM_HALVE_STRIP + 16)
#define VT_SSIM_HALVE_OPEN 5

typedef struct VtSsimHalve {
    float even[2 * VT_SSIM_HALVE_PAIRS][VT_SSIM_HALVE_LINE];
    float odd[2 * VT_SSIM_HALVE_PAIRS][VT_SSIM_HALVE_LINE];
    double *open[VT_SSIM_HALVE_OPEN];
    float *dst[VT_SSIM_HALVE_ROWS];
    unsigned pairs, skip, n; /* the first skip pairs end no output row */
} VtSsimHalve;

extern const float vt_ssim_halve_tap[5][5]; /* by distance down and across */

/* Box decimation of rows of one image (spec: classic 3): output i is the sum over scale rows and
 * columns i * scale to i * scale + scale - 1 of samples * tap. The exact sums of columns come
 * first; for every depth all of it is exact up to the last rounding, so that the order is free. */
#define VT_SSIM_MAX_SCALE 256

typedef struct VtSsimBox {
    const void *row[VT_SSIM_MAX_SCALE];
    unsigned n, scale, bpc; /* samples are bytes if bpc is 8, else 16-bit words */
} VtSsimBox;

static inline float vt_ssim_depth_scale(unsigned bpc)
{
    return 1.0f / (float)(1u << (bpc - 8));
}

static inline float vt_ssim_box_tap(unsigned scale)
{
    return 1.0f / (float)(scale * scale);
}

typedef struct VtSsimDsp {
    /* Samples on the 8-bit scale: dst[i] = src[i] * scale, exact. */
    void (*convert8)(const uint8_t *src, float *dst, unsigned n);
    void (*convert16)(const uint16_t *src, float *dst, unsigned n, float scale);

    /* The same with even and odd samples apart, n pairs. */
    void (*split8)(const uint8_t *src, float *even, float *odd, unsigned n);
    void (*split16)(const uint16_t *src, float *even, float *odd, unsigned n, float scale);
    void (*split32)(const float *src, float *even, float *odd, unsigned n);

    /* Takes rows of samples, updates the open windows and adds l c s, l, c and s of the positions
     * that end in these rows to sums (spec: classic 2). scratch: vt_ssim_positions_scratch(). */
    void (*positions)(const VtSsimTile *tile, VtSsimWindows *windows, void *scratch,
                      VtSsimSums *sums);

    void (*halve)(const VtSsimHalve *tile);

    /* column: room for n * scale doubles. */
    void (*box)(const VtSsimBox *box, double *column, float *dst);
} VtSsimDsp;

size_t vt_ssim_positions_scratch(void);

void vt_ssim_dsp_init(VtSsimDsp *dsp, unsigned cpu_flags);
void vt_ssim_dsp_init_avx2(VtSsimDsp *dsp);
void vt_ssim_dsp_init_avx512(VtSsimDsp *dsp);

/* The constants of the quotients, in float operations (spec: classic 2). */
#define VT_SSIM_A1 (0.01f * 255.0f)
#define VT_SSIM_A2 (0.03f * 255.0f)
#define VT_SSIM_C1 (VT_SSIM_A1 * VT_SSIM_A1)
#define VT_SSIM_C2 (VT_SSIM_A2 * VT_SSIM_A2)
#define VT_SSIM_C3 (VT_SSIM_C2 / 2)

#endif
