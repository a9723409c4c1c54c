/* Parameters of motion's kernels. */
#ifndef VT_METRIC_MOTION_CUDA_KERNELS_H
#define VT_METRIC_MOTION_CUDA_KERNELS_H

#include <stdint.h>

#define VT_MOTION_TILE_W 64 /* outputs of a block */
#define VT_MOTION_TILE_H 16
#define VT_MOTION_THREADS 256
#define VT_MOTION_FRAMES 4 /* VT_GPU_BATCH */

typedef struct VtMotionGpuFrame {
    const void *earlier, *current;
    int64_t earlier_stride, current_stride; /* bytes */
    unsigned long long *sad;                /* what the blocks add to */
} VtMotionGpuFrame;

typedef struct VtMotionGpuParams {
    VtMotionGpuFrame frame[VT_MOTION_FRAMES]; /* by blockIdx.z */
    uint32_t w, h, bpc;
} VtMotionGpuParams;

#endif
