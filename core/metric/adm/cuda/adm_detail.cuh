/* What is done at one band position: decoupling (spec: adm 7), gain limit, weights and masking
 * terms (spec: adm 7, 8, 10), sums (spec: adm 9, 10). WIDE: scales 1 to 3, else scale 0. */
namespace vt_adm
{
/* Of one position: reference, restored and distorted bands. */
struct Detail {
    int32_t o[VT_ADM_BANDS], r[VT_ADM_BANDS], t[VT_ADM_BANDS];
    bool flag;
};

/* ----------------------------------------------------------------------------------- decouple */

/* 1 / v, off by at most 2^-22 of it. */
static __device__ __forceinline__ float about_one_over(float v)
{
#ifdef __CUDA_ARCH__
    float r; /* without the handling of denormals that __fdividef has */
    asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(v));
    return r;
#else
    return __fdividef(1.0f, v);
#endif
}

/* floor(2^30 / m) for 1 <= m <= 32768. The dividend is 2^-21 too small, so q is never too large and
 * what is left of 2^30 is 0 <= rest < m + 1024. (rest + 1/2) / m is at least 1 / 2m away from every
 * whole number; the error of its computation is less than (m + 1025) / m 2^-19. */
static __device__ __forceinline__ uint32_t reciprocal(int32_t m)
{
    const float one_over = about_one_over((float)m);
    const int32_t q = (int32_t)(1073741312.0f * one_over);
    const int32_t rest = (1 << 30) - q * m;
    return (uint32_t)(q + (int32_t)(((float)rest + 0.5f) * one_over));
}

/* r without gain. Opposite signs: k = 0. Same signs and |t| > |o|: k = 32768, so r = o. Else
 * Rec |t| <= 2^30 (spec: adm 16.2, 4). */
static __device__ __forceinline__ int32_t restore(int32_t o, int32_t t)
{
    const int32_t ao = magnitude(o), at = magnitude(t);
    const uint32_t k = (reciprocal(larger(ao, 1)) * (uint32_t)at + 16384) >> 15;
    const int32_t part = (int32_t)(k * (uint32_t)o + 16384) >> 15;
    return (o ^ t) < 0 ? 0 : at > ao ? o : part;
}

/* The same for up to 31 bits, of which 15 remain for the division. With |t| limited to 2 |o|,
 * Rec |t| < 2^48 (spec: adm 16.2, 5); |o| < 2^31, so e <= 16. */
static __device__ __forceinline__ int32_t restore_wide(int32_t o, int32_t t)
{
    const uint32_t m = larger((uint32_t)magnitude(o), 1u);
    const uint32_t part = (o ^ t) < 0 ? 0 : smaller((uint32_t)magnitude(t), 2 * m);
    const int bits = 32 - __clz((int)m);
    const unsigned e = bits > 15 ? (unsigned)(bits - 15) : 0;
    const uint32_t rec = reciprocal((int32_t)((m + ((1u << e) >> 1)) >> e));
    const uint32_t k =
        (uint32_t)(((uint64_t)rec * part + (UINT64_C(1) << (14 + e))) >> ((15 + e) & 31));
    return (int32_t)(((int64_t)smaller(k, UINT32_C(32768)) * o + 16384) >> 15);
}

static __device__ __forceinline__ bool exact_angle_flag(int64_t dp, int64_t oo, int64_t tt)
{
    const float d = (float)dp, o = (float)oo, t = (float)tt;
    return d >= 0 && (double)d * d >= (double)VT_ADM_COS2 * o * t;
}

/* A test in binary32 with a margin for what rounding may do decides nearly always. Scale 0: the
 * three sums are exact, their conversions are those of the formula. */
template <bool WIDE>
static __device__ __forceinline__ bool angle_flag(int32_t oh, int32_t ov, int32_t th, int32_t tv)
{
    const float margin = WIDE ? 0x1p-18f : 0x1p-20f;
    float dp, oo, tt;
    if (WIDE) { /* each sum is off by at most 2^-22 of |o||t| */
        const float fh = (float)oh, fv = (float)ov, gh = (float)th, gv = (float)tv;
        dp = fh * gh + fv * gv;
        oo = fh * fh + fv * fv;
        tt = gh * gh + gv * gv;
    } else {
        dp = (float)(oh * th + ov * tv);
        oo = (float)(oh * oh + ov * ov);
        tt = (float)(th * th + tv * tv);
    }
    const float positive = dp > 0 ? dp : 0;
    const float square = positive * positive, bound = oo * VT_ADM_COS2 * tt;
    const bool sure = square >= bound * (1 + margin), possible = square >= bound * (1 - margin);
    if (sure == possible) return sure;
    return exact_angle_flag((int64_t)oh * th + (int64_t)ov * tv,
                            (int64_t)oh * oh + (int64_t)ov * ov,
                            (int64_t)th * th + (int64_t)tv * tv);
}

template <bool WIDE> static __device__ __forceinline__ void decouple(Detail &d)
{
    for (int b = 0; b < VT_ADM_BANDS; b++)
        d.r[b] = WIDE ? restore_wide(d.o[b], d.t[b]) : restore(d.o[b], d.t[b]);
    d.flag = angle_flag<WIDE>(d.o[VT_ADM_H], d.o[VT_ADM_V], d.t[VT_ADM_H], d.t[VT_ADM_V]);
}

/* -------------------------------------------------------------------------------- denominator */

template <bool WIDE>
static __device__ __forceinline__ void add_denominator(const Detail &d, unsigned square_shift,
                                                       const VtAdmGpuRounding &last,
                                                       uint64_t sum[VT_ADM_BANDS])
{
    for (int b = 0; b < VT_ADM_BANDS; b++) {
        const uint32_t m = (uint32_t)magnitude(d.o[b]);
        if (WIDE) { /* a whole unit is added, not half of one */
            const uint32_t square =
                (uint32_t)(((uint64_t)m * m + (UINT64_C(1) << square_shift)) >> square_shift);
            sum[b] += ((uint64_t)square * m + (uint64_t)last.half) >> last.shift;
        } else {
            sum[b] += (uint64_t)(m * m) * m;
        }
    }
}

/* ------------------------------------------------------------------------------- gain and CSF */

/* Where the flag is set, |r| becomes min(trunc(|r| g), |t|): r has the sign of t or is 0. */
template <bool WIDE>
static __device__ __forceinline__ int32_t limit_gain(int32_t r, int32_t t, const VtAdmGpuVariant &v)
{
    const int32_t g = v.whole_gain;
    if (!WIDE) return t > 0 ? smaller(r * g, t) : larger(r * g, t);
    /* |t| < 2^30.5, which the largest product that fits exceeds. */
    const int32_t most = v.largest;
    return t > 0 ? smaller(smaller(r, most) * g, t) : larger(larger(r, -most) * g, t);
}

static __device__ __forceinline__ int32_t limit_real_gain(int32_t r, int32_t t, double gain)
{
    const double y = (double)r * gain;
    if (t > 0) return y < t ? (int32_t)y : t;
    return y > t ? (int32_t)y : t;
}

template <bool WIDE>
static __device__ __forceinline__ void enhanced(const Detail &d, const VtAdmGpuVariant &v,
                                                int32_t r[VT_ADM_BANDS])
{
    for (int b = 0; b < VT_ADM_BANDS; b++) r[b] = d.r[b];
    if (v.whole_gain) {
        for (int b = 0; b < VT_ADM_BANDS; b++) {
            const int32_t limited = limit_gain<WIDE>(d.r[b], d.t[b], v);
            r[b] = d.flag ? limited : r[b];
        }
    } else if (d.flag) {
        for (int b = 0; b < VT_ADM_BANDS; b++) r[b] = limit_real_gain(d.r[b], d.t[b], v.gain);
    }
}

/* A position's signals and masking terms (VtAdmMasked16, VtAdmMasked32). */
struct Terms {
    uint32_t x[VT_ADM_ROLES][VT_ADM_BANDS], f[VT_ADM_ROLES], e[VT_ADM_ROLES];
};

/* |Y| of scale 0: |y| <= 22930, so that products fit; the narrowing to 16 bits only matters for
 * weights far out of their useful range. */
template <int BAND>
static __device__ __forceinline__ int32_t masking_csf(int32_t y, uint32_t weight)
{
    const int32_t p = y * (int32_t)weight;
    return magnitude((int16_t)(BAND == VT_ADM_D ? (p + 65535) >> 17 : (p + 16384) >> 15));
}

template <int BAND>
static __device__ __forceinline__ void add_terms(int32_t restored, int32_t additive,
                                                 uint32_t weight, Terms &out)
{
    out.x[VT_ADM_DLM][BAND] = (uint32_t)magnitude(restored);
    out.x[VT_ADM_AIM][BAND] = (uint32_t)magnitude(additive);
    for (int role = 0; role < VT_ADM_ROLES; role++) {
        const int32_t y = masking_csf<BAND>(role == VT_ADM_DLM ? additive : restored, weight);
        const int32_t f = (int16_t)((4369 * y + 2048) >> 12);
        const int32_t g = (int16_t)((8738 * y + 2048) >> 12); /* wraps for the largest y */
        out.f[role] += (uint32_t)f;
        out.e[role] += (uint32_t)(g - f);
    }
}

/* |X| of the other scales, modulo 2^32; the weight has 32 bits. */
static __device__ __forceinline__ uint32_t csf_magnitude(int32_t z, uint32_t weight)
{
    const uint32_t top = (uint32_t)((int32_t)weight >> 31) & (uint32_t)z;
    const uint64_t p =
        (uint64_t)((int64_t)z * (int32_t)weight + (INT64_C(1) << 27)) + ((uint64_t)top << 32);
    return (uint32_t)magnitude((int32_t)(uint32_t)(p >> 28));
}

static __device__ __forceinline__ void add_terms_wide(int b, int32_t restored, int32_t additive,
                                                      uint32_t weight, Terms &out)
{
    const int64_t half = INT64_C(1) << 31;
    const uint32_t x[VT_ADM_ROLES] = {csf_magnitude(restored, weight),
                                      csf_magnitude(additive, weight)};
    for (int role = 0; role < VT_ADM_ROLES; role++) {
        out.x[role][b] = x[role];
        const int64_t y = (int32_t)x[1 - role]; /* one role's signal is the other's mask */
        const uint32_t f = (uint32_t)((143165577 * y - half) >> 32);
        const uint32_t g = (uint32_t)((286331153 * y - half) >> 32);
        out.f[role] += f;
        out.e[role] += g - f;
    }
}

template <bool WIDE>
static __device__ __forceinline__ Terms masking_terms(const Detail &d, const VtAdmGpuVariant &v)
{
    Terms out;
    int32_t r[VT_ADM_BANDS], a[VT_ADM_BANDS];
    for (int role = 0; role < VT_ADM_ROLES; role++) out.f[role] = out.e[role] = 0;
    enhanced<WIDE>(d, v, r);
    for (int b = 0; b < VT_ADM_BANDS; b++) {
        a[b] = d.t[b] - r[b];
        if (WIDE) add_terms_wide(b, r[b], a[b], v.weight[b], out);
    }
    if (!WIDE) {
        add_terms<VT_ADM_H>(r[VT_ADM_H], a[VT_ADM_H], v.weight[VT_ADM_H], out);
        add_terms<VT_ADM_V>(r[VT_ADM_V], a[VT_ADM_V], v.weight[VT_ADM_V], out);
        add_terms<VT_ADM_D>(r[VT_ADM_D], a[VT_ADM_D], v.weight[VT_ADM_D], out);
    }
    return out;
}

/* ---------------------------------------------------------------------------------- numerator */

/* What is left of |X| above the threshold, cubed. */
static __device__ __forceinline__ uint64_t excess_cube(int32_t left, unsigned square_shift,
                                                       const VtAdmGpuRounding &last)
{
    if (left <= 0) return 0;
    const int64_t half = INT64_C(1) << (square_shift - 1);
    const int32_t q = (int32_t)(uint32_t)(multiply_add(left, left, half) >> square_shift);
    return (uint64_t)(multiply_add(q, left, last.half) >> last.shift);
}

template <bool WIDE>
static __device__ __forceinline__ void
add_numerator(const uint32_t x[VT_ADM_BANDS], uint32_t thr, const uint32_t weight[VT_ADM_BANDS],
              const VtAdmGpuRounding last[2], uint64_t sum[VT_ADM_BANDS])
{
    int32_t left[VT_ADM_BANDS];
    for (int b = 0; b < VT_ADM_BANDS; b++)
        left[b] =
            (int32_t)(WIDE ? x[b] - thr : x[b] * weight[b] - (thr << (b == VT_ADM_D ? 12 : 10)));
    /* Nothing, for nearly all of AIM in natural pictures. */
    if (larger(larger(left[VT_ADM_H], left[VT_ADM_V]), left[VT_ADM_D]) <= 0) return;
    for (int b = 0; b < VT_ADM_BANDS; b++)
        sum[b] += excess_cube(left[b], WIDE || b == VT_ADM_D ? 30 : 29, last[b == VT_ADM_D]);
}

} // namespace vt_adm
