/* Parameters of the test kernels. */
#ifndef TEST_CUDA_DEVICE_REDUCE_H
#define TEST_CUDA_DEVICE_REDUCE_H

#include <stdint.h>

typedef struct ReduceParams {
    const uint32_t *data;
    unsigned long long *sum;
    uint64_t n;
} ReduceParams;

/* What functions of CUDA C++ give for a and b. */
typedef struct Intrinsics {
    uint32_t a, b;
    int32_t zeros, floor; /* __clz(a), __float2int_rd of a / 256 with b's lowest bit as its sign */
    uint32_t bytes;       /* __byte_perm(a, b, b) */
    float quotient;       /* __fdividef(a, b) */
} Intrinsics;

typedef struct IntrinsicsParams {
    Intrinsics *value;
    uint32_t n;
} IntrinsicsParams;

/* What a toy metric's kernel does wrong. */
typedef enum ToyFault {
    TOY_RIGHT,
    TOY_WRONG_SUM,
    TOY_BEYOND_SUMS,
    TOY_BEFORE_SCRATCH,
    TOY_IN_PICTURE,
    TOY_FAULTS
} ToyFault;

/* sum[z] += the samples of picture z, a row a block. */
typedef struct ToyParams {
    struct {
        uint8_t *data, *scratch;
        unsigned long long *sum;
    } frame[8];
    int64_t stride;
    uint32_t w, bytes, fault;
} ToyParams;

#endif
