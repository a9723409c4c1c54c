/* Integer ADM with NEON. The wavelet is written for it, since multiply-adds and loads of pairs
 * differ from x86's; the sums over details are the kernels of all vector widths, in the operations
 * defined here. Vec stands for any integer lanes. */
#include "metric/adm/adm_dsp.h"

#include <arm_neon.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))
#define KERNEL static

enum { N16 = 8, N32 = 4 };

typedef int32x4_t Vec;
typedef float32x4_t VecF;
typedef Vec Mask16, Mask32; /* 0 or -1 in each lane */

#define S16(v) vreinterpretq_s16_s32(v)
#define U16(v) vreinterpretq_u16_s32(v)
#define U32(v) vreinterpretq_u32_s32(v)
#define S64(v) vreinterpretq_s64_s32(v)
#define U64(v) vreinterpretq_u64_s32(v)
#define FROM_S16(v) vreinterpretq_s32_s16(v)
#define FROM_U16(v) vreinterpretq_s32_u16(v)
#define FROM_U32(v) vreinterpretq_s32_u32(v)
#define FROM_S64(v) vreinterpretq_s32_s64(v)
#define FROM_U64(v) vreinterpretq_s32_u64(v)

INLINE Vec load(const void *p)
{
    return vld1q_s32(p);
}

INLINE void store(void *p, Vec v)
{
    vst1q_s32(p, v);
}

INLINE Vec zero(void)
{
    return vdupq_n_s32(0);
}

INLINE Vec set16(int v)
{
    return FROM_S16(vdupq_n_s16((int16_t)v));
}

INLINE Vec set32(int v)
{
    return vdupq_n_s32(v);
}

INLINE Vec set64(int64_t v)
{
    return FROM_S64(vdupq_n_s64(v));
}

#define ALL32 vdupq_n_s32(-1)

INLINE Mask32 first32(unsigned n)
{
    static const uint32_t order[N32] = {0, 1, 2, 3};
    return FROM_U32(vcltq_u32(vld1q_u32(order), vdupq_n_u32(n)));
}

INLINE Mask16 first16(unsigned n)
{
    static const uint16_t order[N16] = {0, 1, 2, 3, 4, 5, 6, 7};
    return FROM_U16(vcltq_u16(vld1q_u16(order), vdupq_n_u16((uint16_t)(n < N16 ? n : N16))));
}

INLINE Vec load_widened(const uint16_t *p)
{
    return FROM_U32(vmovl_u16(vld1_u16(p)));
}

INLINE Vec widen_lo(Vec v)
{
    return FROM_U32(vmovl_u16(vget_low_u16(U16(v))));
}

INLINE Vec widen_hi(Vec v)
{
    return FROM_U32(vmovl_high_u16(U16(v)));
}

#define xor_ veorq_s32
#define and_ vandq_s32
#define add16(a, b) FROM_S16(vaddq_s16(S16(a), S16(b)))
#define sub16(a, b) FROM_S16(vsubq_s16(S16(a), S16(b)))
#define abs16(v) FROM_S16(vabsq_s16(S16(v)))
#define min_u16(a, b) FROM_U16(vminq_u16(U16(a), U16(b)))
#define max_u16(a, b) FROM_U16(vmaxq_u16(U16(a), U16(b)))
#define mullo16(a, b) FROM_S16(vmulq_s16(S16(a), S16(b)))
#define mulhrs16(a, b) FROM_S16(vqrdmulhq_s16(S16(a), S16(b))) /* never both -32768 */
#define SRAI16(v, n) FROM_S16(vshrq_n_s16(S16(v), n))
#define unpacklo16(a, b) FROM_S16(vzip1q_s16(S16(a), S16(b)))
#define unpackhi16(a, b) FROM_S16(vzip2q_s16(S16(a), S16(b)))
#define packs32(a, b) FROM_S16(vqmovn_high_s32(vqmovn_s32(a), b))
#define packus32(a, b) FROM_U16(vqmovun_high_s32(vqmovun_s32(a), b))
#define gt16(a, b) FROM_U16(vcgtq_s16(S16(a), S16(b)))

#define add32 vaddq_s32
#define sub32 vsubq_s32
#define abs32 vabsq_s32
#define min_u32(a, b) FROM_U32(vminq_u32(U32(a), U32(b)))
#define mullo32 vmulq_s32
#define SLLI32 vshlq_n_s32
#define SRLI32(v, n) FROM_U32(vshrq_n_u32(U32(v), n))
#define SRAI32 vshrq_n_s32
#define sllv32 vshlq_s32
#define srlv32(v, n) FROM_U32(vshlq_u32(U32(v), vnegq_s32(n)))

#define add64(a, b) FROM_S64(vaddq_s64(S64(a), S64(b)))
#define SLLI64(v, n) FROM_S64(vshlq_n_s64(S64(v), n))
#define SRLI64(v, n) FROM_U64(vshrq_n_u64(U64(v), n))
#define srlv64(v, n) FROM_U64(vshlq_u64(U64(v), vnegq_s64(S64(n))))

#define to_ps vcvtq_f32_s32
#define set_ps vdupq_n_f32
#define add_ps vaddq_f32
#define mul_ps vmulq_f32
#define max_ps vmaxq_f32

#define mask_xor veorq_s32
#define mask_or vorrq_s32
#define mask_andnot(m, v) vbicq_s32(v, m)
#define mask_any(m) (vmaxvq_u32(U32(m)) != 0)
#define full16(m) (m)
#define full32(m) (m)

#define keep16 vandq_s32
#define keep32 vandq_s32
#define drop16 mask_andnot
#define drop32 mask_andnot

/* Sums of the products of two neighbouring words. */
INLINE Vec madd16(Vec a, Vec b)
{
    return vpaddq_s32(vmull_s16(vget_low_s16(S16(a)), vget_low_s16(S16(b))),
                      vmull_high_s16(S16(a), S16(b)));
}

/* High words of the products. */
INLINE Vec mulhi16(Vec a, Vec b)
{
    const int32x4_t lo = vmull_s16(vget_low_s16(S16(a)), vget_low_s16(S16(b)));
    return FROM_S16(vuzp2q_s16(S16(lo), S16(vmull_high_s16(S16(a), S16(b)))));
}

/* Products of even lanes. */
INLINE Vec mul_u32(Vec a, Vec b)
{
    return FROM_U64(vmull_u32(vmovn_u64(U64(a)), vmovn_u64(U64(b))));
}

INLINE Vec mul_s32(Vec a, Vec b)
{
    return FROM_S64(vmull_s32(vmovn_s64(S64(a)), vmovn_s64(S64(b))));
}

INLINE Mask16 negative16(Vec v)
{
    return SRAI16(v, 15);
}

INLINE Mask32 negative32(Vec v)
{
    return SRAI32(v, 31);
}

/* v, which is 0 where s is, with the sign of s. */
INLINE Vec copy_sign16(Vec v, Vec s)
{
    return sub16(xor_(v, negative16(s)), negative16(s));
}

INLINE Vec copy_sign32(Vec v, Vec s)
{
    return sub32(xor_(v, negative32(s)), negative32(s));
}

INLINE Mask32 ge_ps(VecF a, VecF b)
{
    return FROM_U32(vcgeq_f32(a, b));
}

/* b where the mask is set. */
INLINE Vec select32(Mask32 m, Vec a, Vec b)
{
    return vbslq_s32(U32(m), b, a);
}

#define select16 select32

/* Even lanes from a, odd ones from b. */
INLINE Vec odd32(Vec a, Vec b)
{
    return FROM_U64(vbslq_u64(vdupq_n_u64(UINT32_MAX), U64(a), U64(b)));
}

/* One more where the condition is not 0. */
INLINE Vec increment_if16(Vec condition, Vec v)
{
    return FROM_U16(vsubq_u16(U16(v), vtstq_u16(U16(condition), U16(condition))));
}

/* x - thr where that is positive and the lane is kept, else 0. */
INLINE Vec excess(Vec x, Vec thr, Mask32 keep, bool *some)
{
    const Vec left = and_(vmaxq_s32(sub32(x, thr), zero()), keep);
    *some = mask_any(left);
    return left;
}

/* max(0, bit length - 15) */
INLINE Vec exponent(Vec m)
{
    return vmaxq_s32(sub32(set32(32 - 15), vclzq_s32(m)), zero());
}

/* Stands for floor(2^30 / m), 1 <= m <= 32768: it is that from m = 64 on, after one correction;
 * below, it is off by less than 16, which does not change any ratio (every m and t were tried). */
INLINE Vec reciprocal(Vec m)
{
    const Vec near = vcvtq_s32_f32(vdivq_f32(set_ps(0x1p30f), to_ps(m)));
    return add32(near, FROM_U32(vcgtq_s32(mullo32(near, m), set32(1 << 30))));
}

/* trunc(v g) of lanes that are not negative; 2^31 - 1 where it does not fit. */
INLINE Vec mul_trunc(Vec v, double g)
{
    const float64x2_t lo = vcvtq_f64_s64(vmovl_s32(vget_low_s32(v)));
    const float64x2_t hi = vcvtq_f64_s64(vmovl_high_s32(v));
    return vqmovn_high_s64(vqmovn_s64(vcvtq_s64_f64(vmulq_n_f64(lo, g))),
                           vcvtq_s64_f64(vmulq_n_f64(hi, g)));
}

INLINE uint64_t sum64(Vec v)
{
    return vaddvq_u64(U64(v));
}

#include "metric/adm/arm64/adm_wavelet_neon.h"
#include "metric/adm/adm_detail.h"

void vt_adm_dsp_init_neon(VtAdmDsp *dsp)
{
    dsp->dwt_plane[0] = dwt_bytes;
    dsp->dwt_plane[1] = dwt_words;
    dsp->dwt_fine = dwt_fine;
    dsp->dwt_coarse = dwt_coarse;
    dsp->den16 = den16;
    dsp->den32 = den32;
    dsp->decouple16 = decouple16;
    dsp->decouple32 = decouple32;
    dsp->csf16 = csf16;
    dsp->csf32 = csf32;
    dsp->mask16 = mask16;
    dsp->mask32 = mask32;
}
