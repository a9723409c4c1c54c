/* Integer VIF on a GPU: one kernel a scale, which makes the sums of scale s and plane s + 1.
 *
 * Tile: 8 rows of 240 (scale 0), 248 (1) or 124 (2, 3) columns; gridDim.z counts frames. A block
 * has a thread for each column of the tile and of the filter's reach on both sides (256 or 128).
 *
 * Vertical pass. A thread reads its column, mirrored (spec: vif 4), 8 rows and the reach above and
 * below: up to 24 pairs of samples in registers, reference in the low half of a word, distorted in
 * the high half. From these come, for each of the 8 rows, the two means and three products of spec:
 * vif 6, and for each of the 4 even ones the low-pass of spec: vif 5. They go to shared memory: one
 * word with both means, three with the products, one with both low-passed samples:
 *     8 rows * 4 words + 4 rows * 1 word = 144 bytes a column, 36 KiB a block of 256.
 * Horizontal pass. A thread makes 4 adjacent outputs of a row from 4 + 2 reach words of each kind,
 * read four at a time (neighbouring lanes read neighbouring 16 bytes: no bank conflicts), and adds
 * the information terms (vif_pixel.cuh) to its sums. Then plane s + 1, one word a thread. Sums meet
 * in the warp by shuffles, in the block by 32-bit atomics on shared memory, and in the frame by one
 * 64-bit atomic a sum: at most 1984 pixels of a block, each logarithm at most 28672, below 2^32.
 *
 * Arithmetic. Samples of 9 to 16 bits are first shifted to 16, which makes all shifts those of
 * scales 1 to 3 and changes nothing: (sum + 2^(n-1)) >> n of both forms are equal. Chains are
 * modulo 2^32, so symmetric taps fold (f (a + b)), and:
 *  - Both halves of packed words: H = sum f high, low half = sum f word - 2^16 H. A mean's sum is
 *    below 2^32 (65536 * 65535).
 *  - Sums of products up to 2^48, (sum f p + 2^15) >> 16, in 32 bits: with H = sum f (p >> 16),
 *    below 2^32, the result is H + x, 0 <= x < 2^16, and the low chain sum f p modulo 2^32 gives
 *    the result's low 16 bits (spec: vif 13.3 without the split's mask).
 *  - 8 bits at scale 0: products below 2^16 need the low chain only and no rounding.
 *
 * Coarse planes are mirrored on their own grid (spec: vif 13.6) because each is stored whole. For
 * pictures of 16x16 and more a plane has more rows and columns than its filter reaches, so one
 * reflection is enough. */
#include "metric/vif/cuda/vif_kernels.h"
#include "metric/vif/cuda/vif_pixel.cuh"

namespace vt_vif
{

constexpr int ROWS = VT_VIF_TILE_ROWS;

template <int SCALE> struct Filter {
    static constexpr int RADIUS = SCALE == 0 ? 8 : SCALE == 1 ? 4 : SCALE == 2 ? 2 : 1;
};

/* Tap at distance k from the centre (spec: vif 3). */
template <int SCALE> __device__ __forceinline__ constexpr uint32_t tap(int k)
{
    constexpr uint32_t taps[4][9] = {
        {7784, 7455, 6547, 5274, 3896, 2640, 1640, 935, 489},
        {14692, 12590, 7925, 3663, 1244},
        {26386, 16004, 3571},
        {43728, 10904},
    };
    return taps[SCALE][k];
}

/* Sum of f(k) v[k], k from -radius to radius, modulo 2^32. */
template <int SCALE> __device__ __forceinline__ uint32_t chain(const uint32_t *v)
{
    uint32_t sum = tap<SCALE>(0) * v[0];
#pragma unroll
    for (int k = 1; k <= Filter<SCALE>::RADIUS; k++) sum += tap<SCALE>(k) * (v[-k] + v[k]);
    return sum;
}

/* (sum f p + 2^15) >> 16 from sum f p modulo 2^32 and sum f (p >> 16). */
__device__ __forceinline__ uint32_t joined(uint32_t low, uint32_t high)
{
    return high + ((((low + 0x8000) >> 16) - high) & 0xffff);
}

/* Both halves of a word rounded to 16 bits: from sum f word and sum f (word >> 16). */
template <int SHIFT> __device__ __forceinline__ uint32_t rounded_pair(uint32_t both, uint32_t high)
{
    const uint32_t half = 1u << (SHIFT - 1), low = both - (high << 16);
    return ((low + half) >> SHIFT) | ((high + half) >> SHIFT) << 16;
}

/* Row or column k of n, mirrored; something valid where no filter of the picture reaches. */
__device__ __forceinline__ int mirror(int k, int n)
{
    int j = k < 0 ? -k : k;
    j = j < n ? j : 2 * (n - 1) - j;
    return j < 0 ? 0 : j;
}

/* ---- where samples come from ---- */

/* Pairs of samples from two pictures; Sample is a byte or a word. */
template <typename Sample> struct Pictures {
    static constexpr bool NARROW = sizeof(Sample) == 1; /* products below 2^16 */
    const uint8_t *ref, *dis;
    int32_t ref_stride, dis_stride;
    uint32_t largest, shift;

    __device__ __forceinline__ Pictures(const VtVifParams &p, const VtVifGpuFrame &f)
        : ref(static_cast<const uint8_t *>(f.ref)), dis(static_cast<const uint8_t *>(f.dis)),
          ref_stride(f.ref_stride), dis_stride(f.dis_stride), largest(p.largest), shift(p.shift)
    {
    }
    __device__ __forceinline__ void move(int x, int rows)
    {
        ref += (int64_t)rows * ref_stride + x * (int)sizeof(Sample);
        dis += (int64_t)rows * dis_stride + x * (int)sizeof(Sample);
    }
    __device__ __forceinline__ uint32_t get(int row) const
    {
        const uint32_t r = *reinterpret_cast<const Sample *>(ref + (int64_t)row * ref_stride);
        const uint32_t d = *reinterpret_cast<const Sample *>(dis + (int64_t)row * dis_stride);
        if constexpr (NARROW) return r | d << 16;
        return ((r < largest ? r : largest) | (d < largest ? d : largest) << 16) << shift;
    }
};

/* Planes 1 to 3 lie in pairs. */
struct Plane {
    static constexpr bool NARROW = false;
    const uint32_t *plane;
    int32_t pitch;

    __device__ __forceinline__ Plane(const VtVifParams &p, const VtVifGpuFrame &f)
        : plane(f.plane), pitch((int32_t)p.pitch)
    {
    }
    __device__ __forceinline__ void move(int x, int rows)
    {
        plane += (int64_t)rows * pitch + x;
    }
    __device__ __forceinline__ uint32_t get(int row) const
    {
        return plane[(int64_t)row * pitch];
    }
};

/* ---- vertical pass ---- */

/* The compiler forgets what v is made of, and keeps it instead of its parts: two samples would take
 * two registers. */
__device__ __forceinline__ void forget(uint32_t &v)
{
    asm volatile("" : "+r"(v));
}

struct alignas(16) Quad {
    uint32_t v[4];
};

enum { MEANS, SQUARE_REF, SQUARE_DIS, PRODUCT, KINDS };

/* Results of the vertical pass, by column. */
template <int SCALE> struct Tile {
    static constexpr int RADIUS = Filter<SCALE>::RADIUS, COLUMNS = VT_VIF_COLUMNS(SCALE);
    static constexpr int WINDOW = ROWS + 2 * RADIUS;
    Quad line[KINDS][ROWS][COLUMNS / 4];
    uint32_t low_pass[SCALE < 3 ? ROWS / 2 : 1][COLUMNS];
    LogRow log[32];
    unsigned total[VT_VIF_LIMITS + 4]; /* of the block: numerators, then TOTAL_ */

    __device__ __forceinline__ uint32_t &at(int kind, int row, int column)
    {
        return line[kind][row][column >> 2].v[column & 3];
    }
};
enum { TOTAL_DEN = VT_VIF_LIMITS, TOTAL_COUNT, TOTAL_LOW, TOTAL_UP, TOTALS };

template <int SCALE, typename Source>
__device__ __forceinline__ void read_column(Source s, int x, int y, int w, int h, uint32_t *pair)
{
    constexpr int RADIUS = Tile<SCALE>::RADIUS, WINDOW = Tile<SCALE>::WINDOW;
    s.move(mirror(x, w), 0);
    if (y >= RADIUS && y + ROWS + RADIUS <= h) {
        s.move(0, y - RADIUS);
#pragma unroll
        for (int i = 0; i < WINDOW; i++) pair[i] = s.get(i);
    } else {
#pragma unroll
        for (int i = 0; i < WINDOW; i++) pair[i] = s.get(mirror(y - RADIUS + i, h));
    }
#pragma unroll
    for (int i = 0; i < WINDOW; i++) forget(pair[i]);
}

/* Selectors of __byte_perm: a half of a word. */
constexpr uint32_t LOW_HALF = 0x4410, HIGH_HALF = 0x4432;

/* Filters the three kinds of products of a column. Words at scale 0 take a loop: unrolled, the
 * compiler mixes the kinds and runs out of registers. */
template <int SCALE, bool NARROW>
__device__ __forceinline__ void filter_products(const uint32_t *pair, Tile<SCALE> &tile)
{
    constexpr int RADIUS = Tile<SCALE>::RADIUS, WINDOW = Tile<SCALE>::WINDOW;
    [[maybe_unused]] constexpr int UNROLL = SCALE || NARROW ? 3 : 1;
#pragma unroll UNROLL
    for (int kind = SQUARE_REF; kind <= PRODUCT; kind++) {
        const uint32_t half_a = kind == SQUARE_DIS ? HIGH_HALF : LOW_HALF;
        const uint32_t half_b = kind == SQUARE_REF ? LOW_HALF : HIGH_HALF;
        uint32_t v[WINDOW], low[ROWS];
#pragma unroll
        for (int i = 0; i < WINDOW; i++)
            v[i] = __byte_perm(pair[i], 0, half_a) * __byte_perm(pair[i], 0, half_b);
#pragma unroll
        for (int i = 0; i < ROWS; i++) low[i] = chain<SCALE>(v + RADIUS + i);
        if constexpr (!NARROW) {
#pragma unroll
            for (int i = 0; i < WINDOW; i++) v[i] >>= 16;
#pragma unroll
            for (int i = 0; i < ROWS; i++) low[i] = joined(low[i], chain<SCALE>(v + RADIUS + i));
        }
#pragma unroll
        for (int i = 0; i < ROWS; i++) tile.at(kind, i, (int)threadIdx.x) = low[i];
    }
}

template <int SCALE, bool NARROW>
__device__ __forceinline__ void filter_column(const uint32_t *pair, bool statistics,
                                              Tile<SCALE> &tile)
{
    constexpr int RADIUS = Tile<SCALE>::RADIUS, WINDOW = Tile<SCALE>::WINDOW;
    constexpr int SHIFT = NARROW ? 8 : 16;
    uint32_t dis[WINDOW];
#pragma unroll
    for (int i = 0; i < WINDOW; i++) dis[i] = pair[i] >> 16;
    if constexpr (SCALE < 3) {
#pragma unroll
        for (int i = 0; i < ROWS; i += 2)
            tile.low_pass[i / 2][threadIdx.x] = rounded_pair<SHIFT>(
                chain<SCALE + 1>(pair + RADIUS + i), chain<SCALE + 1>(dis + RADIUS + i));
    }
    if (!statistics) return;
#pragma unroll
    for (int i = 0; i < ROWS; i++)
        tile.at(MEANS, i, (int)threadIdx.x) =
            rounded_pair<SHIFT>(chain<SCALE>(pair + RADIUS + i), chain<SCALE>(dis + RADIUS + i));
    filter_products<SCALE, NARROW>(pair, tile);
}

/* ---- horizontal pass ---- */

/* 4 + 2 RADIUS words of a line, rounded up to quads. */
template <int SCALE>
__device__ __forceinline__ void read_line(const Tile<SCALE> &tile, int kind, int row, int quad,
                                          uint32_t *v)
{
    constexpr int QUADS = (4 + 2 * Tile<SCALE>::RADIUS + 3) / 4;
#pragma unroll
    for (int i = 0; i < QUADS; i++) {
        const Quad q = tile.line[kind][row][quad + i];
#pragma unroll
        for (int j = 0; j < 4; j++) v[4 * i + j] = q.v[j];
    }
}

/* value[i] = filtered products - value[i], for 4 outputs. */
template <int SCALE>
__device__ __forceinline__ void covariance(const Tile<SCALE> &tile, int kind, int row, int quad,
                                           uint32_t *value)
{
    constexpr int RADIUS = Tile<SCALE>::RADIUS, WORDS = (4 + 2 * RADIUS + 3) / 4 * 4;
    uint32_t v[WORDS], low[4];
    read_line<SCALE>(tile, kind, row, quad, v);
#pragma unroll
    for (int i = 0; i < 4; i++) low[i] = chain<SCALE>(v + RADIUS + i);
#pragma unroll
    for (int i = 0; i < WORDS; i++) v[i] >>= 16;
#pragma unroll
    for (int i = 0; i < 4; i++) value[i] = joined(low[i], chain<SCALE>(v + RADIUS + i)) - value[i];
}

/* Upper half of a product of Q16 means, rounded. */
__device__ __forceinline__ uint32_t mean_product(uint32_t a, uint32_t b)
{
    return (uint32_t)(((uint64_t)a * b + 0x80000000u) >> 32);
}

/* s1, s2, s12 of 4 adjacent outputs (spec: vif 6). */
template <int SCALE>
__device__ __forceinline__ void four_pixels(const Tile<SCALE> &tile, int row, int quad,
                                            uint32_t *s1, uint32_t *s2, uint32_t *s12)
{
    constexpr int RADIUS = Tile<SCALE>::RADIUS, WORDS = (4 + 2 * RADIUS + 3) / 4 * 4;
    uint32_t v[WORDS], both[4];
    read_line<SCALE>(tile, MEANS, row, quad, v);
#pragma unroll
    for (int i = 0; i < 4; i++) both[i] = chain<SCALE>(v + RADIUS + i);
#pragma unroll
    for (int i = 0; i < WORDS; i++) v[i] >>= 16;
#pragma unroll
    for (int i = 0; i < 4; i++) {
        const uint32_t m2 = chain<SCALE>(v + RADIUS + i), m1 = both[i] - (m2 << 16);
        s1[i] = mean_product(m1, m1);
        s2[i] = mean_product(m2, m2);
        s12[i] = mean_product(m1, m2);
    }
    covariance<SCALE>(tile, SQUARE_REF, row, quad, s1);
    covariance<SCALE>(tile, SQUARE_DIS, row, quad, s2);
    covariance<SCALE>(tile, PRODUCT, row, quad, s12);
}

template <int SCALE>
__device__ __forceinline__ void add_tile(const VtVifParams &p, Tile<SCALE> &tile, int x0, int y0,
                                         Sums &sums)
{
    constexpr int QUADS = VT_VIF_TILE_COLUMNS(SCALE) / 4, THREADS = Tile<SCALE>::COLUMNS;
#pragma unroll 1
    for (int i = (int)threadIdx.x; i < QUADS * ROWS; i += THREADS) {
        const int row = i / QUADS, quad = i % QUADS, x = x0 + 4 * quad;
        if (y0 + row >= (int)p.h || x >= (int)p.w) continue;
        uint32_t s1[4], s2[4], s12[4];
        four_pixels<SCALE>(tile, row, quad, s1, s2, s12);
        unsigned left = 0; /* pixels that integers do not decide */
#pragma unroll
        for (int k = 0; k < 4; k++)
            if (x + k < (int)p.w && !add_pixel((int32_t)s1[k], (int32_t)s2[k], (int32_t)s12[k], p,
                                               tile.log, tile.total, sums))
                left |= 1u << k;
#pragma unroll 1
        for (int k = 0; left >> k; k++) {
            if (left >> k & 1)
                add_exactly((int32_t)s1[0], (int32_t)s2[0], (int32_t)s12[0], p, tile.log,
                            tile.total, sums);
#pragma unroll
            for (int i = 0; i < 3; i++) {
                s1[i] = s1[i + 1];
                s2[i] = s2[i + 1];
                s12[i] = s12[i + 1];
            }
        }
    }
}

/* Rows and columns of plane s + 1 whose centres lie in the tile. */
template <int SCALE>
__device__ __forceinline__ void write_next(const VtVifParams &p, const VtVifGpuFrame &f,
                                           const Tile<SCALE> &tile, int x0, int y0)
{
    constexpr int NEXT = SCALE + 1, WIDTH = VT_VIF_TILE_COLUMNS(SCALE) / 2;
    constexpr int REACH = Filter<NEXT>::RADIUS, FIRST = Tile<SCALE>::RADIUS - REACH;
    for (int i = (int)threadIdx.x; i < WIDTH * ROWS / 2; i += Tile<SCALE>::COLUMNS) {
        const int row = i / WIDTH, column = i % WIDTH;
        const uint32_t x = (uint32_t)(x0 / 2 + column), y = (uint32_t)(y0 / 2 + row);
        if (x >= p.next_w || y >= p.next_h) continue;
        uint32_t v[2 * REACH + 1];
#pragma unroll
        for (int k = 0; k <= 2 * REACH; k++) v[k] = tile.low_pass[row][2 * column + FIRST + k];
        const uint32_t both = chain<NEXT>(v + REACH);
#pragma unroll
        for (int k = 0; k <= 2 * REACH; k++) v[k] >>= 16;
        f.next[(uint64_t)y * p.next_pitch + x] = rounded_pair<16>(both, chain<NEXT>(v + REACH));
    }
}

/* ---- sums ---- */

__device__ __forceinline__ uint32_t warp_sum(uint32_t v)
{
#pragma unroll
    for (int d = 16; d; d /= 2) v += __shfl_xor_sync(0xffffffffu, v, d);
    return v;
}

/* Adds a warp's sums to the block's. */
__device__ __forceinline__ void add_warp(const VtVifParams &p, const Sums &mine, unsigned *total)
{
    const uint32_t den_count = warp_sum(mine.den_count), count = den_count >> COUNT_SHIFT;
    const uint32_t num0 = warp_sum(mine.num[0]), num1 = p.limits > 1 ? warp_sum(mine.num[1]) : 0;
    const bool leader = threadIdx.x % 32 == 0;
    if (leader) {
        atomicAdd(&total[TOTAL_DEN], den_count & ((1u << COUNT_SHIFT) - 1));
        atomicAdd(&total[0], num0);
        if (p.limits > 1) atomicAdd(&total[1], num1);
    }
    if (!count) return; /* the same for the whole warp */
    const uint32_t low = warp_sum(mine.variance_low), up = warp_sum(mine.variance_up);
    if (leader) {
        atomicAdd(&total[TOTAL_COUNT], count);
        atomicAdd(&total[TOTAL_LOW], low);
        atomicAdd(&total[TOTAL_UP], up);
    }
}

/* Adds the block's sums to the frame's. */
__device__ __forceinline__ void add_block(const VtVifParams &p, const VtVifGpuFrame &f,
                                          const unsigned *total)
{
    const uint32_t i = threadIdx.x;
    if (i >= VT_VIF_SUM_NUM + p.limits) return;
    unsigned long long v;
    if (i == VT_VIF_SUM_DEN)
        v = total[TOTAL_DEN];
    else if (i == VT_VIF_SUM_COUNT)
        v = total[TOTAL_COUNT];
    else if (i == VT_VIF_SUM_VARIANCE)
        v = total[TOTAL_LOW] + ((unsigned long long)total[TOTAL_UP] << 16);
    else
        v = total[i - VT_VIF_SUM_NUM];
    if (v) atomicAdd(&f.sums[i], v);
}

/* ---- the kernel ---- */

template <int SCALE, typename Source> __device__ __forceinline__ void scale(const VtVifParams &p)
{
    __shared__ Tile<SCALE> tile;
    const VtVifGpuFrame &f = p.frame[blockIdx.z];
    const int x0 = (int)blockIdx.x * VT_VIF_TILE_COLUMNS(SCALE), y0 = (int)blockIdx.y * ROWS;
    const unsigned t = threadIdx.x;
    if (t < 32) tile.log[t] = {p.log[t].c0, p.log[t].c1_c2};
    if (t >= 32 && t < 32 + TOTALS) tile.total[t - 32] = 0;
    {
        uint32_t pair[Tile<SCALE>::WINDOW];
        read_column<SCALE>(Source(p, f), x0 + (int)t - Tile<SCALE>::RADIUS, y0, (int)p.w, (int)p.h,
                           pair);
        filter_column<SCALE, Source::NARROW>(pair, p.statistics, tile);
    }
    __syncthreads();
    if constexpr (SCALE < 3) write_next<SCALE>(p, f, tile, x0, y0);
    if (!p.statistics) return;
    Sums sums = {};
    add_tile<SCALE>(p, tile, x0, y0, sums);
    add_warp(p, sums, tile.total);
    __syncthreads();
    add_block(p, f, tile.total);
}

} // namespace vt_vif

#define VT_VIF_KERNEL(name, s, source)                                                             \
    extern "C" __global__ void __launch_bounds__(VT_VIF_COLUMNS(s), VT_VIF_BLOCKS(s))              \
        name(const __grid_constant__ VtVifParams p)                                                \
    {                                                                                              \
        vt_vif::scale<s, vt_vif::source>(p);                                                       \
    }
/* Blocks that fit a multiprocessor: bounds the registers of a thread. */
#define VT_VIF_BLOCKS(s) ((s) < 2 ? 3 : 6)

VT_VIF_KERNEL(vt_vif_scale0_8, 0, Pictures<uint8_t>)
VT_VIF_KERNEL(vt_vif_scale0_16, 0, Pictures<uint16_t>)
VT_VIF_KERNEL(vt_vif_scale1, 1, Plane)
VT_VIF_KERNEL(vt_vif_scale2, 2, Plane)
VT_VIF_KERNEL(vt_vif_scale3, 3, Plane)
