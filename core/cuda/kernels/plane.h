/* Kernels on planes. Each kernel takes one structure by value: on the software device, too, which
 * then knows how much to copy at launch. */
#ifndef VT_CUDA_KERNELS_PLANE_H
#define VT_CUDA_KERNELS_PLANE_H

#include <stddef.h>
#include <stdint.h>

/* data[i] = value for i < n; samples are 16-bit words or bytes. */
typedef struct VtFillParams {
    void *data;
    uint64_t n;
    uint32_t value, words;
} VtFillParams;

#endif
