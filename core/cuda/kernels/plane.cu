#include "cuda/kernels/plane.h"

/* Grid-stride: any grid fills everything. */
extern "C" __global__ void vt_fill(VtFillParams p)
{
    const uint64_t step = (uint64_t)gridDim.x * blockDim.x;
    for (uint64_t i = (uint64_t)blockIdx.x * blockDim.x + threadIdx.x; i < p.n; i += step) {
        if (p.words)
            static_cast<uint16_t *>(p.data)[i] = (uint16_t)p.value;
        else
            static_cast<uint8_t *>(p.data)[i] = (uint8_t)p.value;
    }
}
