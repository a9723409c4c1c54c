/* Integer ADM on a GPU: one kernel a scale, which makes the next scale's input and the sums of the
 * details' rows, and one that rounds and adds those.
 *
 * Tile. A block of four warps takes 30 band rows by 4 C columns, C = 15, 7 or 3 (scale 0), 7 or 3:
 * the fewer tiles there are, the smaller. Tiles start with the crop, in which alone details count
 * (spec: adm 6); outside it a block makes LL only.
 *
 * Vertical pass (adm_wavelet.cuh). Two more column pairs on each side and one row above and below
 * are needed: a thread goes down one pair of input columns of both pictures and leaves low-pass and
 * high-pass results in shared memory. [32 rows][4 C + 4 pairs][2 columns][2 sides][low, high]: 16
 * bits each at scale 0, 32 above, and 16 bytes at the end of a row against bank conflicts; at most
 * 32 * 65 * 16 bytes = 32.5 KiB. Border rules are arithmetic on indices.
 *
 * LL. A thread goes down a column again, so that neighbours write next to each other.
 *
 * Details. The lanes of a warp are 32 band rows, the first and the last as neighbours only; the
 * warp goes along its C columns, one more on either side. So a lane has its row's sums in
 * registers, with no reduction, the wavelet's window slides, and F of three rows (spec: adm 10)
 * takes two shuffles. A column's numerator is added one step later, when its right neighbour is
 * there. Model and NEG twin go side by side; more variants two at a time. What lies outside the
 * band, where a lane computes from mirrored samples, is replaced or not added.
 *
 * Sums go to scratch by segment (C columns) and row, because rounding is by whole rows
 * (spec: adm 16.2, 14); vt_adm_rows adds the segments, rounds, and adds the rows.
 *
 * Ranges (spec: adm 16.1). Samples above the range count as the largest. Scale 0: vertical sums
 * below 54822 * 2^15 + rounding < 2^31, bands within 22930, so that products with 16-bit weights
 * and sums of two squares fit 32 bits. Scale 1's vertical sums are exact within 1.2572e9; other
 * wavelet sums have 64 bits. Bands of scales 1 to 3 are below 2^30.5, q and x below 2^31 for
 * weights in their useful range; for others the casts keep low bits as the CPU's do. */
#include "metric/adm/cuda/adm_kernels.h"

#include "metric/adm/cuda/adm_wavelet.cuh"
#include "metric/adm/cuda/adm_detail.cuh"

namespace vt_adm
{
/* Row sums of a segment, for the denominator and up to N variants. */
template <int N> struct Sums {
    uint64_t den[VT_ADM_BANDS], num[N][VT_ADM_ROLES][VT_ADM_BANDS];
};

/* F of the rows above, here and below (spec: adm 10); row -1 is 1 and row h is h - 1. */
static __device__ __forceinline__ uint32_t three_rows(uint32_t f, bool first, bool last)
{
    const uint32_t below = __shfl_down_sync(0xffffffffu, f, 1);
    const uint32_t above = __shfl_up_sync(0xffffffffu, f, 1);
    return f + (first ? below : above) + (last ? f : below);
}

/* Goes along a segment's columns from begin to end, lane by band row. row: the lane's tile row at
 * the pair of column `begin`. When column x is there, column x - 1 has all its neighbours. */
template <bool WIDE, int N>
static __device__ __forceinline__ void walk(const VtAdmGpuLevelParams &p, unsigned first_variant,
                                            const Quad *row, int y, int begin, int end,
                                            Sums<N> &sums)
{
    const unsigned shift = p.scale == 2 ? 16 : 15, square_shift = p.scale == 2 ? 30 : 31;
    const int quads = WIDE ? 2 : 1;
    const bool top = y == 0, bottom = y == p.h - 1;
    Terms before[N];
    uint32_t column[N][VT_ADM_ROLES], older[N][VT_ADM_ROLES]; /* F of three rows: x - 1, x - 2 */
    Column left[2], here[2], right[2];
    read_pair<WIDE>(row - 2 * quads, left);
    read_pair<WIDE>(row - quads, here);
    for (int x = begin - 1; x <= end; x++) {
        read_pair<WIDE>(row + (x - begin + 1) * quads, right);
        Detail d;
        for (int s = 0; s < SIDES; s++) {
            int32_t *band = s == REF ? d.o : d.t;
            band[VT_ADM_V] = across<WIDE, true>(left[1].low[s], here[0].low[s], here[1].low[s],
                                                right[0].low[s], shift);
            band[VT_ADM_H] = across<WIDE, false>(left[1].high[s], here[0].high[s], here[1].high[s],
                                                 right[0].high[s], shift);
            band[VT_ADM_D] = across<WIDE, true>(left[1].high[s], here[0].high[s], here[1].high[s],
                                                right[0].high[s], shift);
        }
        left[1] = here[1];
        here[0] = right[0];
        here[1] = right[1];
        if (x >= begin && x < end) add_denominator<WIDE>(d, square_shift, p.den, sums.den);
        decouple<WIDE>(d);
#pragma unroll
        for (int k = 0; k < N; k++) {
            const VtAdmGpuVariant &v = p.variant[first_variant + k];
            const Terms now = masking_terms<WIDE>(d, v);
            for (int role = 0; role < VT_ADM_ROLES; role++) {
                if (role == VT_ADM_AIM && !v.aim) continue;
                const uint32_t f = three_rows(now.f[role], top, bottom);
                if (x > begin) {
                    /* Column -1 is 1 and column w is w - 1. */
                    const uint32_t thr = (x == 1 ? f : older[k][role]) + column[k][role] +
                                         (x == p.w ? column[k][role] : f) + before[k].e[role];
                    add_numerator<WIDE>(before[k].x[role], thr, v.weight, p.num, sums.num[k][role]);
                }
                older[k][role] = column[k][role];
                column[k][role] = f;
            }
            before[k] = now;
        }
    }
}

/* The details of a warp's segment, N variants from first_variant on. */
template <bool WIDE, int N>
static __device__ __forceinline__ void
sum_segment(const VtAdmGpuLevelParams &p, const VtAdmGpuLevelFrame &f, unsigned first_variant,
            const Quad *row, int y, int segment, int begin, int end)
{
    Sums<N> sums = {};
    walk<WIDE, N>(p, first_variant, row, y, begin, end, sums);
    const unsigned lane = threadIdx.x % 32;
    if (lane < 1 || lane > VT_ADM_GPU_TILE_ROWS || y < p.top || y >= p.bottom) return;
    const int64_t rows = p.bottom - p.top;
    uint64_t *out = f.sums + segment * (int64_t)VT_ADM_GPU_VALUES(p.n_variants) * rows + y - p.top;
    if (first_variant == 0)
        for (int b = 0; b < VT_ADM_BANDS; b++) out[b * rows] = sums.den[b];
    out += VT_ADM_GPU_VALUES(first_variant) * rows;
#pragma unroll
    for (int k = 0; k < N; k++) {
        if (first_variant + k >= p.n_variants) return; /* of a pair, one */
        for (int role = 0; role < VT_ADM_ROLES; role++)
            for (int b = 0; b < VT_ADM_BANDS; b++, out += rows) *out = sums.num[k][role][b];
    }
}

template <bool WIDE, int N>
static __device__ __forceinline__ void sum_details(const VtAdmGpuLevelParams &p,
                                                   const VtAdmGpuLevelFrame &f, const Quad *tile,
                                                   int x, int y)
{
    const int columns = VT_ADM_GPU_SEGMENT((int)p.pairs), warp = (int)(threadIdx.x / 32);
    const unsigned lane = threadIdx.x % 32;
    const int begin = x + warp * columns, end = smaller(begin + columns, p.right);
    if (begin < p.left || begin >= end) return;
    const Quad *row = tile + lane * tile_stride<WIDE>(p.pairs) + (begin - x + 2) * (WIDE ? 2 : 1);
    const int segment = (begin - p.left) / columns;
    for (unsigned v = 0; v < p.n_variants; v += N)
        sum_segment<WIDE, N>(p, f, v, row, y - 1 + (int)lane, segment, begin, end);
}

template <bool WIDE>
static __device__ __forceinline__ void
filter_tile(const VtAdmGpuLevelParams &p, const VtAdmGpuLevelFrame &f, Quad *tile, int x, int y)
{
    const unsigned stride = tile_stride<WIDE>(p.pairs), n = p.pairs * 32 / VT_ADM_GPU_THREADS;
    const unsigned pair = threadIdx.x % p.pairs, lane = threadIdx.x / p.pairs * n;
    const int column = x - 2 + (int)pair, row = y - 1 + (int)lane;
    Quad *out = tile + lane * stride + pair * (WIDE ? 2 : 1);
    if (WIDE) {
        if (p.scale == 1)
            filter_down(BandSource<uint32_t>(p, f, column), row, n, out, stride);
        else
            filter_down(BandSource<unsigned long long>(p, f, column), row, n, out, stride);
    } else {
        if (p.bpc == 8)
            filter_down(PlaneSource<uint8_t>(p, f, column), row, n, out, stride);
        else
            filter_down(PlaneSource<uint16_t>(p, f, column), row, n, out, stride);
    }
    __syncthreads();
    if (f.ll_out)
        write_ll<WIDE>(p, f.ll_out, tile, pair, column, row, lane, n, p.scale == 2 ? 16 : 15);
}

template <bool WIDE, int N>
static __device__ __forceinline__ void level(const VtAdmGpuLevelParams &p)
{
    __shared__ Quad tile[VT_ADM_GPU_TILE_QUADS];
    const VtAdmGpuLevelFrame &f = p.frame[blockIdx.z];
    const int x = p.origin_x + (int)blockIdx.x * (int)(p.pairs - 4);
    const int y = p.origin_y + (int)blockIdx.y * VT_ADM_GPU_TILE_ROWS;
    filter_tile<WIDE>(p, f, tile, x, y);
    if (y + VT_ADM_GPU_TILE_ROWS > p.top && y < p.bottom) sum_details<WIDE, N>(p, f, tile, x, y);
}

} // namespace vt_adm

extern "C" __global__ void __launch_bounds__(VT_ADM_GPU_THREADS) vt_adm_plane(VtAdmGpuLevelParams p)
{
    vt_adm::level<false, 1>(p);
}

extern "C" __global__ void __launch_bounds__(VT_ADM_GPU_THREADS)
    vt_adm_plane_pair(VtAdmGpuLevelParams p)
{
    vt_adm::level<false, 2>(p);
}

extern "C" __global__ void __launch_bounds__(VT_ADM_GPU_THREADS) vt_adm_band(VtAdmGpuLevelParams p)
{
    vt_adm::level<true, 1>(p);
}

extern "C" __global__ void __launch_bounds__(VT_ADM_GPU_THREADS)
    vt_adm_band_pair(VtAdmGpuLevelParams p)
{
    vt_adm::level<true, 2>(p);
}

/* From rows to a frame: each row's sum is rounded by itself (spec: adm 9, 10), then added. A block
 * takes 32 rows of one value; a row's segments are shared out to its warps. */
extern "C" __global__ void __launch_bounds__(32 * VT_ADM_GPU_ROWS_GROUPS)
    vt_adm_rows(VtAdmGpuRowsParams p)
{
    __shared__ uint64_t of_group[VT_ADM_GPU_ROWS_GROUPS][32];
    unsigned s = VT_ADM_SCALES - 1;
    while (s && blockIdx.x < p.scale[s].first_block) s--;
    const VtAdmGpuRowsScale &scale = p.scale[s];
    const unsigned value = blockIdx.y;
    if (value >= scale.n_values) return;
    const unsigned lane = threadIdx.x % 32, group = threadIdx.x / 32;
    const unsigned row = (blockIdx.x - scale.first_block) * 32 + lane;
    const uint64_t *in =
        reinterpret_cast<const uint64_t *>(static_cast<const char *>(p.frame[blockIdx.z].scratch) +
                                           scale.offset) +
        (uint64_t)value * scale.n_rows + row;
    const uint64_t step = (uint64_t)scale.n_values * scale.n_rows;
    uint64_t sum = 0;
    if (row < scale.n_rows)
#pragma unroll 8
        for (unsigned k = group; k < scale.n_segments; k += VT_ADM_GPU_ROWS_GROUPS)
            sum += in[k * step];
    of_group[group][lane] = sum;
    __syncthreads();
    if (group) return;
    for (unsigned k = 1; k < VT_ADM_GPU_ROWS_GROUPS; k++) sum += of_group[k][lane];
    const unsigned shift = value < VT_ADM_BANDS ? scale.den_shift : scale.num_shift;
    sum = (sum + (shift ? UINT64_C(1) << (shift - 1) : 0)) >> shift;
    for (unsigned d = 16; d; d /= 2) sum += __shfl_down_sync(0xffffffffu, sum, d);
    if (lane) return;
    uint64_t *out = p.frame[blockIdx.z].sums + s * VT_ADM_BANDS + value;
    if (value >= VT_ADM_BANDS) {
        const unsigned numerator = value - VT_ADM_BANDS, per_variant = VT_ADM_ROLES * VT_ADM_BANDS;
        const unsigned variant = scale.variant[numerator / per_variant];
        out = p.frame[blockIdx.z].sums + VT_ADM_SCALES * VT_ADM_BANDS +
              (variant * VT_ADM_SCALES + s) * per_variant + numerator % per_variant;
    }
    atomicAdd(reinterpret_cast<unsigned long long *>(out), (unsigned long long)sum);
}
