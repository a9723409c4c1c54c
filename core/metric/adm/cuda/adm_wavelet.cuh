/* A wavelet level, both pictures at once (spec: adm 5): a vertical pass from the input to a tile in
 * shared memory, a horizontal pass from there. A band position x needs the input columns 2x - 1 to
 * 2x + 2: the second of pair x - 1, pair x and the first of pair x + 1. */
namespace vt_adm
{
enum { REF, DIS, SIDES };

static __device__ __forceinline__ int32_t magnitude(int32_t v)
{
    return v < 0 ? (int32_t)(0u - (uint32_t)v) : v;
}

template <typename T> static __device__ __forceinline__ T smaller(T a, T b)
{
    return b < a ? b : a;
}

template <typename T> static __device__ __forceinline__ T larger(T a, T b)
{
    return a < b ? b : a;
}

/* a b + c: one instruction, where the compiler makes several once it knows a or b not to be
 * negative. */
static __device__ __forceinline__ int64_t multiply_add(int32_t a, int32_t b, int64_t c)
{
#ifdef __CUDA_ARCH__
    int64_t r;
    asm("mul.wide.s32 %0, %1, %2;" : "=l"(r) : "r"(a), "r"(b));
    return r + c;
#else
    return (int64_t)a * b + c;
#endif
}

struct alignas(16) Quad {
    uint32_t v[4];
};

/* A tile's row has one of these per column pair at scale 0 and two at the others: per column and
 * side the low-pass and the high-pass result. The odd number of them in a row lets eight lanes read
 * their rows' without bank conflicts. */
template <bool WIDE> static __device__ __forceinline__ unsigned tile_stride(unsigned pairs)
{
    return (WIDE ? 2 * pairs : pairs) + 1;
}

#define VT_ADM_GPU_TILE_QUADS (32 * (VT_ADM_GPU_MAX_PAIRS + 1))

/* Index -1 is 1; n is n - 1 and n + 1 is n - 2. Further out is never used, but inside. */
static __device__ __forceinline__ int mirrored(int i, int n)
{
    const int a = magnitude(i);
    return larger(smaller(a, 2 * n - 1 - a), 0);
}

/* Low-pass or high-pass sum plus a constant, modulo 2^32, ... */
template <bool HIGH>
static __device__ __forceinline__ int32_t filter(uint32_t c, int32_t x0, int32_t x1, int32_t x2,
                                                 int32_t x3)
{
    const int32_t tap[4] = {HIGH ? VT_ADM_LO3 : VT_ADM_LO0, HIGH ? -VT_ADM_LO2 : VT_ADM_LO1,
                            HIGH ? VT_ADM_LO1 : VT_ADM_LO2, HIGH ? -VT_ADM_LO0 : VT_ADM_LO3};
    return (int32_t)((uint32_t)tap[0] * (uint32_t)x0 + c + (uint32_t)tap[1] * (uint32_t)x1 +
                     (uint32_t)tap[2] * (uint32_t)x2 + (uint32_t)tap[3] * (uint32_t)x3);
}

/* ... or with 64 bits, where |sum| < 2^15.8 |x|. */
template <bool HIGH>
static __device__ __forceinline__ int64_t filter_wide(int64_t c, int32_t x0, int32_t x1, int32_t x2,
                                                      int32_t x3)
{
    const int64_t tap[4] = {HIGH ? VT_ADM_LO3 : VT_ADM_LO0, HIGH ? -VT_ADM_LO2 : VT_ADM_LO1,
                            HIGH ? VT_ADM_LO1 : VT_ADM_LO2, HIGH ? -VT_ADM_LO0 : VT_ADM_LO3};
    return tap[0] * x0 + c + tap[1] * x1 + tap[2] * x2 + tap[3] * x3;
}

/* ------------------------------------------------------------------------------ vertical pass */

/* Both sides' samples of one column pair in an input row. */
struct Samples {
    int32_t v[2][SIDES];
};

/* Bytes or words of a plane. Words above the range count as the largest. Half the range is taken
 * off by way of the sum's constant: the low-pass taps sum to 46342, the others to 0. */
template <typename Sample> struct PlaneSource {
    int64_t column[2][SIDES]; /* addresses */
    int32_t stride[SIDES];
    int h;
    unsigned bpc;

    __device__ __forceinline__ PlaneSource(const VtAdmGpuLevelParams &p,
                                           const VtAdmGpuLevelFrame &f, int pair)
    {
        h = p.h_in;
        bpc = p.bpc;
        for (int s = 0; s < SIDES; s++) {
            stride[s] = f.stride[s];
            for (int c = 0; c < 2; c++)
                column[c][s] = reinterpret_cast<int64_t>(static_cast<const Sample *>(f.plane[s]) +
                                                         mirrored(2 * pair + c, p.w_in));
        }
    }

    __device__ __forceinline__ Samples read(int y) const
    {
        Samples x;
        const int32_t row = mirrored(y, h), largest = (int32_t)((1u << bpc) - 1);
        for (int c = 0; c < 2; c++)
            for (int s = 0; s < SIDES; s++) {
                const int32_t v = __ldg(
                    reinterpret_cast<const Sample *>(multiply_add(row, stride[s], column[c][s])));
                x.v[c][s] = sizeof(Sample) == 1 || v < largest ? v : largest;
            }
        return x;
    }

    /* 16-bit results: low-pass in a word's low half, high-pass in its high half. */
    __device__ __forceinline__ void store(Quad *out, const Samples &x0, const Samples &x1,
                                          const Samples &x2, const Samples &x3) const
    {
        const uint32_t half = 1u << (bpc - 1), offset = half - 46342 * half;
        Quad q;
        for (int c = 0; c < 2; c++)
            for (int s = 0; s < SIDES; s++) {
                const int32_t tl =
                    filter<false>(offset, x0.v[c][s], x1.v[c][s], x2.v[c][s], x3.v[c][s]) >> bpc;
                const int32_t th =
                    filter<true>(half, x0.v[c][s], x1.v[c][s], x2.v[c][s], x3.v[c][s]) >> bpc;
                q.v[2 * c + s] = ((uint32_t)tl & 0xffffu) | (uint32_t)th << 16;
            }
        *out = q;
    }
};

/* The LL band before: a word of two 16-bit numbers per position at scale 1, where the sums are
 * exact, or two 32-bit ones at scales 2 and 3, where they are shifted by 16. */
template <typename Both> struct BandSource {
    static const bool FIRST = sizeof(Both) == sizeof(uint32_t);
    int64_t column[2]; /* addresses */
    int32_t stride;
    int h;

    __device__ __forceinline__ BandSource(const VtAdmGpuLevelParams &p, const VtAdmGpuLevelFrame &f,
                                          int pair)
    {
        stride = p.w_in * (int32_t)sizeof(Both);
        h = p.h_in;
        for (int c = 0; c < 2; c++)
            column[c] = reinterpret_cast<int64_t>(static_cast<const Both *>(f.ll_in) +
                                                  mirrored(2 * pair + c, p.w_in));
    }

    __device__ __forceinline__ Samples read(int y) const
    {
        Samples x;
        const int32_t row = mirrored(y, h);
        for (int c = 0; c < 2; c++) {
            const Both both =
                __ldg(reinterpret_cast<const Both *>(multiply_add(row, stride, column[c])));
            if (FIRST) {
                x.v[c][REF] = (int16_t)both;
                x.v[c][DIS] = (int32_t)both >> 16;
            } else {
                x.v[c][REF] = (int32_t)(uint32_t)both;
                x.v[c][DIS] = (int32_t)(uint32_t)((uint64_t)both >> 32);
            }
        }
        return x;
    }

    template <bool HIGH>
    static __device__ __forceinline__ uint32_t sum(int32_t x0, int32_t x1, int32_t x2, int32_t x3)
    {
        if (FIRST) return (uint32_t)filter<HIGH>(0, x0, x1, x2, x3);
        return (uint32_t)(filter_wide<HIGH>(32768, x0, x1, x2, x3) >> 16);
    }

    __device__ __forceinline__ void store(Quad *out, const Samples &x0, const Samples &x1,
                                          const Samples &x2, const Samples &x3) const
    {
        for (int c = 0; c < 2; c++) {
            Quad q;
            for (int s = 0; s < SIDES; s++) {
                q.v[2 * s] = sum<false>(x0.v[c][s], x1.v[c][s], x2.v[c][s], x3.v[c][s]);
                q.v[2 * s + 1] = sum<true>(x0.v[c][s], x1.v[c][s], x2.v[c][s], x3.v[c][s]);
            }
            out[c] = q;
        }
    }
};

/* One column pair of n band rows from row i on. */
template <class Source>
static __device__ __forceinline__ void filter_down(const Source &src, int i, unsigned n, Quad *out,
                                                   unsigned stride)
{
    Samples x0 = src.read(2 * i - 1), x1 = src.read(2 * i);
#pragma unroll 4
    for (unsigned r = 0; r < n; r++, i++) {
        const Samples x2 = src.read(2 * i + 1), x3 = src.read(2 * i + 2);
        src.store(out + r * stride, x0, x1, x2, x3);
        x0 = x2;
        x1 = x3;
    }
}

/* ---------------------------------------------------------------------------- horizontal pass */

/* One column of a tile's row. */
struct Column {
    int32_t low[SIDES], high[SIDES];
};

template <bool WIDE> static __device__ __forceinline__ void read_pair(const Quad *row, Column c[2])
{
    if (WIDE) {
        const Quad q[2] = {row[0], row[1]};
        for (int k = 0; k < 2; k++)
            for (int s = 0; s < SIDES; s++) {
                c[k].low[s] = (int32_t)q[k].v[2 * s];
                c[k].high[s] = (int32_t)q[k].v[2 * s + 1];
            }
    } else {
        const Quad q = row[0];
        for (int k = 0; k < 2; k++)
            for (int s = 0; s < SIDES; s++) {
                c[k].low[s] = (int16_t)q.v[2 * k + s];
                c[k].high[s] = (int32_t)q.v[2 * k + s] >> 16;
            }
    }
}

template <bool WIDE, bool HIGH>
static __device__ __forceinline__ int32_t across(int32_t x0, int32_t x1, int32_t x2, int32_t x3,
                                                 unsigned shift)
{
    if (WIDE)
        return (int32_t)(filter_wide<HIGH>(INT64_C(1) << (shift - 1), x0, x1, x2, x3) >> shift);
    return filter<HIGH>(32768, x0, x1, x2, x3) >> 16;
}

/* The LL band of a tile's core: a thread goes down a column. */
template <bool WIDE>
static __device__ __forceinline__ void write_ll(const VtAdmGpuLevelParams &p, void *out,
                                                const Quad *tile, unsigned pair, int x, int y,
                                                unsigned lane, unsigned n, unsigned shift)
{
    const unsigned stride = tile_stride<WIDE>(p.pairs), quads = WIDE ? 2 : 1;
    if (pair < 2 || pair >= p.pairs - 2 || x < 0 || x >= p.w) return;
    for (unsigned r = 0; r < n; r++, lane++, y++) {
        if (lane < 1 || lane > VT_ADM_GPU_TILE_ROWS || y < 0 || y >= p.h) continue;
        const Quad *row = tile + lane * stride + pair * quads;
        Column a[2], b[2], c[2];
        read_pair<WIDE>(row - quads, a);
        read_pair<WIDE>(row, b);
        read_pair<WIDE>(row + quads, c);
        int32_t ll[SIDES];
        for (int s = 0; s < SIDES; s++)
            ll[s] = across<WIDE, false>(a[1].low[s], b[0].low[s], b[1].low[s], c[0].low[s], shift);
        const int64_t at = (int64_t)y * p.w + x;
        if (WIDE) {
            static_cast<unsigned long long *>(out)[at] =
                (uint32_t)ll[REF] | (unsigned long long)(uint32_t)ll[DIS] << 32;
        } else {
            static_cast<uint32_t *>(out)[at] = ((uint32_t)ll[REF] & 0xffffu) | (uint32_t)ll[DIS]
                                                                                   << 16;
        }
    }
}

} // namespace vt_adm
