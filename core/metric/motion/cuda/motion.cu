/* Motion on a GPU: S, the sum of the absolute blurred difference of two planes (spec: motion 4).
 *
 * A block makes a tile of 64 x 16 outputs: differences of the tile and a halo of 2 go to shared
 * memory, are blurred downwards there, then across, and summed. Rows and columns outside the plane
 * are mirrored when they are read. Differences have 1 + bpc bits; the vertical sum stays in 32 bits
 * up to bpc 14 and has 33 at 16; its result has 17 bits, the horizontal sum 33. */
#include "metric/motion/cuda/motion_kernels.h"

namespace vt_motion {

const int radius = 2;
const int columns = VT_MOTION_TILE_W + 2 * radius, rows = VT_MOTION_TILE_H + 2 * radius;

/* As vt_motion_mirror. */
__device__ inline int mirror(int t, int n)
{
    if (t < 0) t = -t;
    if (t > n - 1) t = 2 * (n - 1) - t;
    return t < 0 ? 0 : t > n - 1 ? n - 1 : t;
}

template <typename Sum> __device__ inline Sum blur(Sum a, Sum b, Sum c, Sum d, Sum e)
{
    return 3571 * (a + e) + 16004 * (b + d) + 26386 * c;
}

template <typename Sample>
__device__ inline int sample(const void *plane, int64_t stride, int x, int y, int largest)
{
    const Sample *row = (const Sample *)((const char *)plane + y * stride);
    const int v = row[x];
    return sizeof(Sample) == 1 || v < largest ? v : largest;
}

__device__ inline unsigned long long warp_sum(unsigned long long v)
{
    for (unsigned d = 16; d; d /= 2) v += __shfl_down_sync(0xffffffffu, v, d);
    return v;
}

template <typename Sample, typename Sum> __device__ inline void sad(const VtMotionGpuParams &p)
{
    __shared__ int difference[rows][columns];
    __shared__ int blurred[VT_MOTION_TILE_H][columns];
    __shared__ unsigned long long of_warp[VT_MOTION_THREADS / 32];
    const VtMotionGpuFrame &f = p.frame[blockIdx.z];
    const int w = (int)p.w, h = (int)p.h, largest = (1 << p.bpc) - 1;
    const int x0 = (int)blockIdx.x * VT_MOTION_TILE_W, y0 = (int)blockIdx.y * VT_MOTION_TILE_H;

    for (int i = (int)threadIdx.x; i < rows * columns; i += VT_MOTION_THREADS) {
        const int x = mirror(x0 + i % columns - radius, w);
        const int y = mirror(y0 + i / columns - radius, h);
        difference[i / columns][i % columns] =
            sample<Sample>(f.earlier, f.earlier_stride, x, y, largest) -
            sample<Sample>(f.current, f.current_stride, x, y, largest);
    }
    __syncthreads();
    for (int i = (int)threadIdx.x; i < VT_MOTION_TILE_H * columns; i += VT_MOTION_THREADS) {
        const int x = i % columns, y = i / columns;
        const Sum a = blur<Sum>(difference[y][x], difference[y + 1][x], difference[y + 2][x],
                                difference[y + 3][x], difference[y + 4][x]);
        blurred[y][x] = (int)((a + ((Sum)1 << (p.bpc - 1))) >> p.bpc);
    }
    __syncthreads();
    unsigned long long sum = 0;
    for (int i = (int)threadIdx.x; i < VT_MOTION_TILE_H * VT_MOTION_TILE_W;
         i += VT_MOTION_THREADS) {
        const int x = i % VT_MOTION_TILE_W, y = i / VT_MOTION_TILE_W;
        if (x0 + x >= w || y0 + y >= h) continue;
        const int *b = &blurred[y][x];
        const long long v = (blur<long long>(b[0], b[1], b[2], b[3], b[4]) + 32768) >> 16;
        sum += (unsigned long long)(v < 0 ? -v : v);
    }
    sum = warp_sum(sum);
    if (threadIdx.x % 32 == 0) of_warp[threadIdx.x / 32] = sum;
    __syncthreads();
    if (threadIdx.x >= 32) return;
    sum = warp_sum(threadIdx.x < VT_MOTION_THREADS / 32 ? of_warp[threadIdx.x] : 0);
    if (!threadIdx.x) atomicAdd(f.sad, sum);
}

} // namespace vt_motion

extern "C" __global__ void __launch_bounds__(VT_MOTION_THREADS) vt_motion_8(VtMotionGpuParams p)
{
    vt_motion::sad<uint8_t, int>(p);
}

extern "C" __global__ void __launch_bounds__(VT_MOTION_THREADS) vt_motion_14(VtMotionGpuParams p)
{
    vt_motion::sad<uint16_t, int>(p);
}

extern "C" __global__ void __launch_bounds__(VT_MOTION_THREADS) vt_motion_16(VtMotionGpuParams p)
{
    vt_motion::sad<uint16_t, long long>(p);
}
