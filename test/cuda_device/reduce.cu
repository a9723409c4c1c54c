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
