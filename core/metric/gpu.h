/* What a metric's path on a GPU is to the engine. No driver types: a metric's host side says what
 * to launch, the backend launches it.
 *
 * A GPU does the integer work of a group of instances: kernels leave integer sums per frame. The
 * last, floating-point steps are done on the host, by the functions that the CPU path uses, so
 * scores are equal by construction. All calls for one context come from one thread. */
#ifndef VT_METRIC_GPU_H
#define VT_METRIC_GPU_H

#include "metric/metric.h"

#define VT_GPU_BATCH 4    /* most frames that one launch works on (gridDim.z) */
#define VT_GPU_KERNELS 16 /* most kernels of a metric */

/* One frame of a batch. Pictures lie in the device's memory; their data and strides are for kernels
 * only. Earlier pictures: those 1 and 2 calls back, NULL if there were none or the metric's history
 * does not reach there. */
typedef struct VtGpuFrame {
    unsigned index;
    const VmafPicture *ref, *dis;
    const VmafPicture *prev_ref[VT_MAX_HISTORY], *prev_dis[VT_MAX_HISTORY];
    void *scratch; /* device memory of this frame and group; arbitrary content, 256-byte aligned */
    void *sums; /* device memory; zero before the first launch, copied to the host after the last;
                   256-byte aligned */
} VtGpuFrame;

typedef struct VtGpuDim {
    unsigned x, y, z;
} VtGpuDim;

/* Launches kernels one after the other: each sees what the ones before it wrote. */
typedef struct VtGpuQueue {
    void *ctx;
    /* kernel: index into VtGpuMetric.kernels. params: the one structure that the kernel takes by
     * value, copied before return, at most 4096 bytes. 0 or a negative errno, logged. */
    int (*launch)(void *ctx, unsigned kernel, VtGpuDim grid, VtGpuDim block, const void *params);
} VtGpuQueue;

typedef struct VtGpuMetric {
    const char *const *kernels; /* names in the image, ends with NULL */
    /* Bytes of scratch and of sums that one frame of the group needs; constant for a group. */
    void (*sizes)(const VtGroup *group, size_t *scratch, size_t *sums);
    /* Queues the work of n <= VT_GPU_BATCH frames. 0 or a negative errno with one log line, for a
     * whole batch. */
    int (*run)(const VtGroup *group, const VtGpuQueue *queue, const VtGpuFrame *frame, unsigned n);
    /* From one frame's sums, now on the host, to results: what extract() does after its integer
     * work. has_prev[k]: prev_ref[k] was there. 0 or a negative errno with one log line. */
    int (*finish)(const VtGroup *group, const void *sums, unsigned index,
                  const bool has_prev[VT_MAX_HISTORY], VtResult *const *results);
} VtGpuMetric;

#endif
