/* What the host and the kernels of integer VIF agree on. Plain C. */
#ifndef VT_METRIC_VIF_KERNELS_H
#define VT_METRIC_VIF_KERNELS_H

#include <stdint.h>

#define VT_VIF_FRAMES 8  /* of a launch, at least VT_GPU_BATCH */
#define VT_VIF_LIMITS 16 /* distinct gain limits, at least VT_MAX_MEMBERS */

/* A kernel of scale s makes the sums of scale s and plane s + 1. A block has a thread for each of
 * the columns of its tile that the filter sees. */
#define VT_VIF_TILE_ROWS 8
#define VT_VIF_COLUMNS(s) ((s) < 2 ? 256 : 128)
#define VT_VIF_TILE_COLUMNS(s) ((s) == 0 ? 240 : (s) == 1 ? 248 : 124)

/* Order of the kernels in the list: scale 0 of bytes and of words, scales 1 to 3. */
enum { VT_VIF_KERNEL_8, VT_VIF_KERNEL_16, VT_VIF_KERNEL_1 };

/* Sums of one scale of a frame, 64-bit each; then the numerator of each gain limit (spec:
 * vif 8: B, N0, C, A). */
enum { VT_VIF_SUM_DEN, VT_VIF_SUM_COUNT, VT_VIF_SUM_VARIANCE, VT_VIF_SUM_NUM };

/* A gain limit. Gains that are below low or above high in binary32 are so in binary64, too. */
typedef struct VtVifGpuLimit {
    double value, squared;
    float low, high;
} VtVifGpuLimit;

typedef struct VtVifGpuFrame {
    const void *ref, *dis;          /* scale 0 */
    const uint32_t *plane;          /* scales 1 to 3: reference in the low half of a word */
    uint32_t *next;                 /* plane s + 1, likewise */
    unsigned long long *sums;       /* of this scale */
    int32_t ref_stride, dis_stride; /* bytes */
} VtVifGpuFrame;

typedef struct VtVifParams {
    VtVifGpuFrame frame[VT_VIF_FRAMES];
    VtVifGpuLimit limit[VT_VIF_LIMITS];
    uint32_t limits;
    uint32_t ones;           /* bit i: limit i is 1 */
    uint32_t w, h;           /* of this scale */
    uint32_t pitch;          /* of plane, words */
    uint32_t next_w, next_h; /* 0 at scale 3 */
    uint32_t next_pitch;
    uint32_t largest, shift; /* words of scale 0: sample range; to 16 bits */
    uint32_t statistics;     /* 0: only plane s + 1 */
    struct {
        uint32_t c0, c1_c2; /* c2 in the high half */
    } log[32];              /* vt_vif_log_c0 and so on */
} VtVifParams;

#endif
