/* Parameters of a kernel that makes the information terms of given pixels. */
#ifndef TEST_CUDA_DEVICE_VIF_PIXELS_H
#define TEST_CUDA_DEVICE_VIF_PIXELS_H

#include "metric/vif/cuda/vif_kernels.h"

typedef struct VifPixel {
    int32_t s1, s2, s12;       /* in */
    uint32_t count, den;       /* out */
    uint32_t num[3], variance; /* of the first three limits */
    uint32_t exactly;          /* binary64 decided */
} VifPixel;

typedef struct VifPixelsParams {
    VtVifParams vif; /* limits and logarithms */
    VifPixel *pixel;
    uint32_t n;
} VifPixelsParams;

#endif
