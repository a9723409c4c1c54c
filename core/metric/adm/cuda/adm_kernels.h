/* What the host tells the kernels of integer ADM. */
#ifndef VT_METRIC_ADM_CUDA_ADM_KERNELS_H
#define VT_METRIC_ADM_CUDA_ADM_KERNELS_H

#include "metric/adm/adm_dsp.h"

#define VT_ADM_GPU_FRAMES 8    /* of a launch, at least VT_GPU_BATCH */
#define VT_ADM_GPU_VARIANTS 16 /* at least VT_MAX_MEMBERS */

/* A tile of a scale: its band rows are the lanes of a warp, of which the first and the last only
 * serve as neighbours. Its columns are shared out to the block's warps. The block filters `pairs`
 * input column pairs, a power of two: two more than there are columns on either side. */
#define VT_ADM_GPU_WARPS 4
#define VT_ADM_GPU_THREADS (VT_ADM_GPU_WARPS * 32)
#define VT_ADM_GPU_TILE_ROWS 30
#define VT_ADM_GPU_MAX_PAIRS 64      /* at scale 0 */
#define VT_ADM_GPU_MAX_WIDE_PAIRS 32 /* at scales 1 to 3, whose samples take twice the room */
#define VT_ADM_GPU_MIN_PAIRS 16
#define VT_ADM_GPU_SEGMENT(pairs) ((pairs) / VT_ADM_GPU_WARPS - 1) /* columns of a warp */

/* A row's sums in scratch: those of the denominator, then for each variant DLM's and AIM's. */
#define VT_ADM_GPU_VALUES(variants) (VT_ADM_BANDS * (1 + VT_ADM_ROLES * (variants)))

typedef struct VtAdmGpuVariant {
    double gain;
    uint32_t weight[VT_ADM_BANDS];
    int32_t whole_gain; /* the same as a whole number; 0 if it is none */
    int32_t largest;    /* that, times whole_gain, fits 32 bits */
    uint32_t aim;       /* whether AIM's sums are wanted */
} VtAdmGpuVariant;

/* One scale of one frame. LL bands hold a pair of numbers per position: the reference's and the
 * distorted picture's, as two 16-bit halves of a word after scale 0, as two words later. */
typedef struct VtAdmGpuLevelFrame {
    const void *plane[2]; /* scale 0 */
    int32_t stride[2];
    const void *ll_in; /* other scales */
    void *ll_out;      /* NULL at scale 3 */
    uint64_t *sums;    /* [segment of the crop][value][row of the crop] */
} VtAdmGpuLevelFrame;

/* (v + half) >> shift */
typedef struct VtAdmGpuRounding {
    int64_t half;
    uint32_t shift;
} VtAdmGpuRounding;

typedef struct VtAdmGpuLevelParams {
    VtAdmGpuLevelFrame frame[VT_ADM_GPU_FRAMES];
    VtAdmGpuVariant variant[VT_ADM_GPU_VARIANTS];
    uint32_t n_variants; /* 0: only LL is wanted */
    uint32_t scale, bpc;
    int32_t w_in, h_in, w, h;         /* of the input, of a band */
    int32_t left, right, top, bottom; /* crop, half open */
    /* First position of tile (0, 0). Segments and tile rows begin with the crop. */
    int32_t origin_x, origin_y;
    uint32_t pairs;
    VtAdmGpuRounding den, num[2]; /* of a position's sums; numerator: H and V, D */
} VtAdmGpuLevelParams;

/* One scale, for the sums of rows. */
typedef struct VtAdmGpuRowsScale {
    uint64_t offset; /* of the rows' sums in scratch, in bytes */
    uint32_t n_rows, n_segments, n_values;
    uint32_t first_block;          /* its first blockIdx.x */
    uint32_t den_shift, num_shift; /* of a row's sum */
    uint8_t variant[VT_ADM_GPU_VARIANTS];
} VtAdmGpuRowsScale;

#define VT_ADM_GPU_ROWS_GROUPS 8 /* threads that share the segments of a row */

typedef struct VtAdmGpuRowsParams {
    struct {
        const void *scratch;
        uint64_t *sums; /* a VtAdmSums as far as there are variants */
    } frame[VT_ADM_GPU_FRAMES];
    VtAdmGpuRowsScale scale[VT_ADM_SCALES];
} VtAdmGpuRowsParams;

#endif
