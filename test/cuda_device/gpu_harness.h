/* A metric's GPU path against its CPU path, without the engine: the same pictures through
 * extract() with scalar kernels, and through sizes(), run() and finish() on the device under test
 * (support.h: the software device, or with --real the machine's own). All values must have the same
 * bits.
 *
 *     int main(int argc, char **argv)
 *     {
 *         gpu_begin(argc, argv, "cuda_vif");
 *         const GpuCase c = {.metric = &vt_metric_vif, .member = {"", "debug=true"}, ...};
 *         gpu_compare(&c);                      // any number of them
 *         return gpu_end();                     // prints "cuda_vif: N passed, N failed"
 *     }
 */
#ifndef TEST_CUDA_DEVICE_GPU_HARNESS_H
#define TEST_CUDA_DEVICE_GPU_HARNESS_H

#include "metric/gpu.h"

/* What the pictures show; see gpu_fill. */
typedef enum GpuContent {
    GPU_NOISE,        /* unrelated noise */
    GPU_NEAR,         /* noise, and the same with small errors */
    GPU_STRUCTURED,   /* gradients, edges and texture; blurred, quantised and shifted */
    GPU_ENHANCED,     /* structure, and the same with more contrast: gains above 1 */
    GPU_EXTREMES,     /* every sample the least or the largest */
    GPU_CHECKERS,     /* a checkerboard and its opposite */
    GPU_IDENTICAL,    /* structure twice */
    GPU_FLAT,         /* one value each */
    GPU_FLAT_NOISY,   /* a flat reference, a noisy distorted picture */
    GPU_LARGEST,      /* all samples the largest */
    GPU_OUT_OF_RANGE, /* samples above the range of the bit depth, where the container has room */
    GPU_CONTENTS
} GpuContent;

typedef struct GpuCase {
    const VtMetric *metric;
    const char *member[VT_MAX_MEMBERS]; /* options "a=1:b=true", "": defaults; ends with NULL */
    enum VmafPixelFormat pix_fmt;       /* 0: 4:0:0 where the metric reads luma only, else 4:2:0 */
    unsigned bpc, w, h;
    unsigned frames; /* of the clip; each differs */
    unsigned batch;  /* frames a run() call, 1 .. VT_GPU_BATCH; the last may have fewer */
    GpuContent content;
    bool mix; /* each frame has the next content */
} GpuCase;

/* Loads the device, its kernels and a context. In a run under sanitizers VMAF_TORTURE_STEP=n is
 * set: gpu_step() is n then, else 1, for a test to do every n-th case. */
void gpu_begin(int argc, char **argv, const char *suite);
unsigned gpu_step(void);

/* Counts every value of every frame and member as one comparison, and once a case what must not
 * have been written: pictures, and guards around all blocks. A difference is a failure, printed. */
void gpu_compare(const GpuCase *c);

/* For tests of the harness: what gpu_compare would count as failed, neither counted nor printed. */
unsigned long gpu_failures(const GpuCase *c);

/* Counts one check. */
void gpu_check(bool ok, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Frees the device, prints the counts, returns the exit status. */
int gpu_end(void);

/* Deterministic. */
uint32_t gpu_random(void);
void gpu_fill(VmafPicture *ref, VmafPicture *dis, GpuContent content, unsigned frame);

#endif
