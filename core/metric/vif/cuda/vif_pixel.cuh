/* The information terms of one pixel (spec: vif 7 and 8), in integers as far as they decide.
 *
 * With Q = floor(s12^2 / s1) and its remainder, both of binary64's truncations are known unless the
 * quotient's fraction is close to 0 or 1 (spec: vif 13.8):
 *     n1 = 2^17 + max(s2 - Q - 1, 0),   n2 = 2^17 + (s2 > Q ? s2 - 1 : Q)   while the gain is
 * within its limit. The few other pixels, and those whose gain is next to a limit, take the
 * binary64 sequence: a GPU with slow binary64 hardly notices.
 *
 * Ranges (spec: vif 13.1): 2^17 <= s1 <= 2^30 + 1, 0 < s12 < 2^31, Q < 1.63e9, every logarithm's
 * argument below 2^31. The first quotient is off by at most 5.4e-7 Q < 881 (an approximate
 * reciprocal of 2 units in the last place, five roundings), so |rest| < 2^39.8 and rest >> 9 fits
 * 32 bits; the second is at most 1 too small, as 2^9 / s1 is below 1/256, or too large by so little
 * that the remainder is negative and the pixel is left to binary64. */
#ifndef VT_METRIC_VIF_PIXEL_CUH
#define VT_METRIC_VIF_PIXEL_CUH

#include "metric/vif/cuda/vif_kernels.h"

namespace vt_vif
{

constexpr int32_t NOISE = 131072;

/* In shared memory: lanes of a warp look at different rows. */
struct LogRow {
    uint32_t c0, c1_c2;
};

/* Sums of a thread, then of a warp. A warp has at most 256 pixels, so each logarithm's sum stays
 * below 2^23 (256 * 28672). */
struct Sums {
    uint32_t den_count;                 /* B in the low 23 bits, N0 above */
    uint32_t variance_low, variance_up; /* C: sums of the halves of each s2 */
    uint32_t num[2];                    /* A of the first two gain limits */
};
constexpr int COUNT_SHIFT = 23;

/* vt_vif_log: 2048 log2(n / 2^17) for 2^17 <= n < 2^31. */
__device__ __forceinline__ uint32_t log_of(uint32_t n, const LogRow *table)
{
    const uint32_t zeros = (uint32_t)__clz((int)n), top = n << zeros;
    const LogRow row = table[(top >> 26) & 31];
    const uint32_t t = (top >> 16) & 1023, u = ((row.c1_c2 >> 16) * t) >> 12;
    return ((row.c0 + ((row.c1_c2 & 0xffff) - u) * t) >> 18) + 2048 * (14 - zeros);
}

/* A pixel's contribution to the numerators: log n2 - log n1 for each limit. */
struct Split {
    uint32_t n1, n2; /* arguments of the logarithms; n2 without a gain limit */
};

/* more: in shared memory, sums of the limits after the second. */
template <typename Over>
__device__ __forceinline__ void add_numerators(const Split &r, int32_t s1, Over over,
                                               const VtVifParams &p, const LogRow *table,
                                               unsigned *more, Sums &sums)
{
    const uint32_t log_n1 = log_of(r.n1, table), unlimited = log_of(r.n2, table) - log_n1;
    const auto numerator = [&](uint32_t i) {
        if (!over(i)) return unlimited;
        const int32_t z = p.ones >> i & 1 ? s1 : (int32_t)(p.limit[i].squared * s1);
        return log_of(r.n1 + (uint32_t)z, table) - log_n1;
    };
    sums.num[0] += numerator(0);
    sums.num[1] += numerator(1);
#pragma unroll 1
    for (uint32_t i = 2; i < p.limits; i++) atomicAdd(&more[i], numerator(i));
}

/* The formula itself, for s12 > 0 and s2 > 0. */
__device__ __forceinline__ void add_exactly(int32_t s1, int32_t s2, int32_t s12,
                                            const VtVifParams &p, const LogRow *table,
                                            unsigned *more, Sums &sums)
{
    const double eps = 65536 * 1.0e-10, g = s12 / (s1 + eps), explained = g * s12;
    const int32_t v = (int32_t)(s2 - explained);
    Split r = {(uint32_t)((v < 0 ? 0 : v) + NOISE), 0};
    r.n2 = r.n1 + (uint32_t)(int32_t)((g * g) * s1);
    add_numerators(
        r, s1, [&](uint32_t i) { return !(g < p.limit[i].value); }, p, table, more, sums);
}

/* The same in integers; false, and nothing added, if they do not decide. */
__device__ __forceinline__ bool add_surely(int32_t s1, int32_t s2, int32_t s12,
                                           const VtVifParams &p, const LogRow *table,
                                           unsigned *more, Sums &sums)
{
    const float inverse = __fdividef(1.0f, (float)s1), g = (float)s12 * inverse;
    int32_t q = (int32_t)(g * (float)s12);
    const int64_t rest = (int64_t)s12 * s12 - (int64_t)q * s1;
    const int32_t step = __float2int_rd((float)(int32_t)(rest >> 9) * (inverse * 512.0f));
    int32_t left = (int32_t)((uint32_t)rest - (uint32_t)step * (uint32_t)s1);
    q += step;
    if (left >= s1) {
        left -= s1;
        q++;
    }
    const float fraction = (float)left * inverse, doubt = 1.4e-5f * (g * g) + 6e-6f;
    const auto over = [&](uint32_t i) { return g > p.limit[i].high; };
    const auto near = [&](uint32_t i) { return g > p.limit[i].low && !over(i); };
    /* Equal pictures: the gain is just below 1, and n2 one less than a remainder of 0 says (spec:
     * vif 13.7). */
    const bool same = s1 == s2 && s1 == s12;
    bool sure = fraction > doubt && fraction < 1.0f - doubt && !near(0) && !near(1);
#pragma unroll 1
    for (uint32_t i = 2; i < p.limits; i++) sure = sure && !near(i);
    if (!sure && !same) return false;

    Split r = {(uint32_t)NOISE, (uint32_t)(NOISE + q)};
    if (same || s2 > q) r.n2 = (uint32_t)(NOISE + s2 - 1);
    if (!same && s2 > q) r.n1 = r.n2 - (uint32_t)q;
    add_numerators(r, s1, over, p, table, more, sums);
    return true;
}

/* false: the numerators are left to add_exactly. */
__device__ __forceinline__ bool add_pixel(int32_t s1, int32_t s2, int32_t s12, const VtVifParams &p,
                                          const LogRow *table, unsigned *more, Sums &sums)
{
    if (s2 < 0) s2 = 0;
    if (s1 < NOISE) {
        sums.den_count += 1u << COUNT_SHIFT;
        sums.variance_low += (uint32_t)s2 & 0xffff;
        sums.variance_up += (uint32_t)s2 >> 16;
        return true;
    }
    sums.den_count += log_of((uint32_t)(NOISE + s1), table);
    return s12 <= 0 || s2 == 0 || add_surely(s1, s2, s12, p, table, more, sums);
}

} // namespace vt_vif

#endif
