/* A test of the fibres: a sum by warp shuffles, a barrier, shared memory and an atomic. */
#include "reduce.h"

extern "C" __global__ void test_reduce(ReduceParams p)
{
    __shared__ unsigned long long of_warp[32];
    const unsigned lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    const uint64_t step = (uint64_t)gridDim.x * blockDim.x;
    unsigned long long sum = 0;
    for (uint64_t i = (uint64_t)blockIdx.x * blockDim.x + threadIdx.x; i < p.n; i += step)
        sum += p.data[i];
    for (unsigned d = 16; d; d /= 2) sum += __shfl_down_sync(0xffffffffu, sum, d);
    if (!lane) of_warp[warp] = sum;
    __syncthreads();
    if (warp) return;
    sum = lane < blockDim.x / 32 ? of_warp[lane] : 0;
    for (unsigned d = 16; d; d /= 2) sum += __shfl_down_sync(0xffffffffu, sum, d);
    if (!lane) atomicAdd(p.sum, sum);
}

extern "C" __global__ void test_toy(ToyParams p)
{
    const auto &f = p.frame[blockIdx.z];
    uint8_t *row = f.data + blockIdx.y * p.stride;
    unsigned long long sum = 0;
    for (unsigned x = threadIdx.x; x < p.w; x += blockDim.x)
        sum += p.bytes == 1 ? row[x] : reinterpret_cast<const uint16_t *>(row)[x];
    for (unsigned d = 16; d; d /= 2) sum += __shfl_down_sync(0xffffffffu, sum, d);
    if (threadIdx.x) return;
    atomicAdd(f.sum, sum);
    if (blockIdx.y) return;
    if (p.fault == TOY_WRONG_SUM && !blockIdx.z) atomicAdd(f.sum, 1ull);
    if (p.fault == TOY_BEYOND_SUMS) f.sum[1] = 0;
    if (p.fault == TOY_BEFORE_SCRATCH) f.scratch[-1] = 0;
    if (p.fault == TOY_IN_PICTURE) row[0] ^= 1;
}

extern "C" __global__ void test_intrinsics(IntrinsicsParams p)
{
    const uint32_t i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= p.n) return;
    Intrinsics &v = p.value[i];
    v.zeros = __clz((int)v.a);
    v.floor = __float2int_rd((v.b & 1 ? -1.0f : 1.0f) * (float)(v.a >> 8) / 256.0f);
    v.bytes = __byte_perm(v.a, v.b, v.b);
    v.quotient = __fdividef((float)v.a, (float)v.b);
}
