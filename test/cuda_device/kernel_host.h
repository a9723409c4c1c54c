/* The part of CUDA C++ that our kernels use, for the host's C++ compiler. Blocks run one after the
 * other and the threads of one are fibres, so shared memory is static and atomics are plain. */
#ifndef TEST_CUDA_DEVICE_KERNEL_HOST_H
#define TEST_CUDA_DEVICE_KERNEL_HOST_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "fibre.h"

#define __global__
#define __device__
#define __forceinline__ inline
#define __restrict__ __restrict
#define __shared__ static
#define __launch_bounds__(...)
#define __grid_constant__

#define threadIdx sw_thread
#define blockIdx sw_block
#define blockDim sw_block_size
#define gridDim sw_grid_size

static inline void __syncthreads()
{
    sw_syncthreads();
}

template <typename T> static inline T sw_shuffle_any(T value, unsigned lane)
{
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof(value));
    bits = sw_shuffle(bits, lane);
    memcpy(&value, &bits, sizeof(value));
    return value;
}

/* Full masks only: every living thread of the warp takes part. */
static inline unsigned sw_lane()
{
    return (sw_thread.x + sw_block_size.x * (sw_thread.y + sw_block_size.y * sw_thread.z)) %
           SW_WARP;
}

template <typename T> static inline T __shfl_down_sync(unsigned, T value, unsigned delta)
{
    return sw_shuffle_any(value, sw_lane() + delta);
}

template <typename T> static inline T __shfl_up_sync(unsigned, T value, unsigned delta)
{
    return sw_shuffle_any(value, sw_lane() - delta);
}

template <typename T> static inline T __shfl_xor_sync(unsigned, T value, unsigned mask)
{
    return sw_shuffle_any(value, sw_lane() ^ mask);
}

template <typename T> static inline T __ldg(const T *p)
{
    return *p;
}

static inline int __clz(int v)
{
    return v ? __builtin_clz((unsigned)v) : 32;
}

/* Byte i of the result is the one that nibble i of the selector counts, from a's lowest up. */
static inline unsigned __byte_perm(unsigned a, unsigned b, unsigned selector)
{
    const uint64_t bytes = a | (uint64_t)b << 32;
    unsigned v = 0;
    for (unsigned i = 0; i < 4; i++)
        v |= (unsigned)(bytes >> 8 * (selector >> 4 * i & 7) & 255) << 8 * i;
    return v;
}

static inline int __float2int_rd(float v)
{
    return (int)floorf(v);
}

/* A quotient that a GPU may be 2 units in the last place off. Here it is 2 off, up or down as the
 * bits of the divisor fall, so that code that relies on more shows. */
static inline float __fdividef(float a, float b)
{
    uint32_t bits;
    if (a == 0) return 0;
    memcpy(&bits, &b, sizeof(bits));
    const float towards = (bits * 2654435761u) >> 31 ? INFINITY : -INFINITY;
    return nextafterf(nextafterf(a / b, towards), towards);
}

template <typename T> static inline T atomicAdd(T *p, T value)
{
    const T old = *p;
    *p += value;
    return old;
}

#endif
