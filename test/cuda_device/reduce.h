/* Parameters of the test kernel. */
#ifndef TEST_CUDA_DEVICE_REDUCE_H
#define TEST_CUDA_DEVICE_REDUCE_H

#include <stdint.h>

typedef struct ReduceParams {
    const uint32_t *data;
    unsigned long long *sum;
    uint64_t n;
} ReduceParams;

#endif
