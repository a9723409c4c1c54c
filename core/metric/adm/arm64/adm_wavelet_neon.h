/* The wavelet rows of integer ADM with NEON; included by adm_neon.c. Sums of words are 32 bits
 * (spec: adm 16.1), those of 32-bit numbers 64. */

enum { W16 = 8, W32 = 4 };

/* ---- scale 0 ---- */

typedef struct Sum16 {
    int32x4_t lo, hi; /* columns 0 to 3, 4 to 7 */
} Sum16;

INLINE Sum16 filter16(const int16x8_t v[4], int t0, int t1, int t2, int t3)
{
    Sum16 s = {vmull_n_s16(vget_low_s16(v[0]), (int16_t)t0), vmull_high_n_s16(v[0], (int16_t)t0)};
    s.lo = vmlal_n_s16(s.lo, vget_low_s16(v[1]), (int16_t)t1);
    s.hi = vmlal_high_n_s16(s.hi, v[1], (int16_t)t1);
    s.lo = vmlal_n_s16(s.lo, vget_low_s16(v[2]), (int16_t)t2);
    s.hi = vmlal_high_n_s16(s.hi, v[2], (int16_t)t2);
    s.lo = vmlal_n_s16(s.lo, vget_low_s16(v[3]), (int16_t)t3);
    s.hi = vmlal_high_n_s16(s.hi, v[3], (int16_t)t3);
    return s;
}

INLINE Sum16 low_pass16(const int16x8_t v[4])
{
    return filter16(v, VT_ADM_LO0, VT_ADM_LO1, VT_ADM_LO2, VT_ADM_LO3);
}

INLINE Sum16 high_pass16(const int16x8_t v[4])
{
    return filter16(v, VT_ADM_LO3, -VT_ADM_LO2, VT_ADM_LO1, -VT_ADM_LO0);
}

/* Rounded, shifted by -count and narrowed. */
INLINE int16x8_t narrowed(Sum16 s, int32x4_t count)
{
    return vcombine_s16(vmovn_s32(vrshlq_s32(s.lo, count)), vmovn_s32(vrshlq_s32(s.hi, count)));
}

/* Eight samples, of which n are there, less half the range; too large ones count as the largest. */
INLINE int16x8_t load_centred(const void *row, unsigned x, unsigned n, bool is_word, unsigned bpc)
{
    const size_t size = is_word ? 2 : 1;
    const void *p = (const char *)row + x * size;
    uint16_t part[W16] = {0};
    if (n < W16) p = memcpy(part, p, n * size);
    uint16x8_t v = is_word ? vld1q_u16(p) : vmovl_u8(vld1_u8(p));
    if (is_word) v = vminq_u16(v, vdupq_n_u16((uint16_t)((1u << bpc) - 1)));
    return vreinterpretq_s16_u16(vsubq_u16(v, vdupq_n_u16((uint16_t)(1u << (bpc - 1)))));
}

/* Index -1 is 1; n is n - 1 and n + 1 is n - 2. */
INLINE void mirror16(int16_t *t, unsigned n)
{
    t[-1] = t[1];
    t[n] = t[n - 1];
    t[n + 1] = t[n - 2];
}

/* Two bands from one row of vertically filtered samples. high NULL: only one. */
INLINE void plane_columns(const int16_t *t, unsigned w, int16_t *low, int16_t *high)
{
    for (unsigned j = 0; j < w; j += W16) {
        const int16_t *p = t + 2 * (size_t)j - 1;
        const int16x8x2_t a = vld2q_s16(p), b = vld2q_s16(p + 2);
        const int16x8_t v[4] = {a.val[0], a.val[1], b.val[0], b.val[1]};
        const Sum16 l = low_pass16(v);
        vst1q_s16(low + j, vcombine_s16(vrshrn_n_s32(l.lo, 16), vrshrn_n_s32(l.hi, 16)));
        if (!high) continue;
        const Sum16 h = high_pass16(v);
        vst1q_s16(high + j, vcombine_s16(vrshrn_n_s32(h.lo, 16), vrshrn_n_s32(h.hi, 16)));
    }
}

INLINE void plane_row(const void *const src[4], bool is_word, unsigned bpc, unsigned w_in,
                      const VtAdmTemp *temp, int16_t *ll, int16_t *const detail[3])
{
    int16_t *tl = (int16_t *)temp->row[0], *th = (int16_t *)temp->row[1];
    const unsigned w = (w_in + 1) / 2;
    const int32x4_t count = vdupq_n_s32(-(int)bpc);
    for (unsigned x = 0; x < w_in; x += W16) {
        int16x8_t v[4];
        for (int k = 0; k < 4; k++) v[k] = load_centred(src[k], x, w_in - x, is_word, bpc);
        vst1q_s16(tl + x, narrowed(low_pass16(v), count));
        if (detail) vst1q_s16(th + x, narrowed(high_pass16(v), count));
    }
    mirror16(tl, w_in);
    plane_columns(tl, w, ll, detail ? detail[VT_ADM_V] : NULL);
    if (!detail) return;
    mirror16(th, w_in);
    plane_columns(th, w, detail[VT_ADM_H], detail[VT_ADM_D]);
}

static void dwt_bytes(const void *const src[4], unsigned bpc, unsigned w_in, const VtAdmTemp *temp,
                      int16_t *ll, int16_t *const detail[3])
{
    (void)bpc;
    plane_row(src, false, 8, w_in, temp, ll, detail);
}

static void dwt_words(const void *const src[4], unsigned bpc, unsigned w_in, const VtAdmTemp *temp,
                      int16_t *ll, int16_t *const detail[3])
{
    plane_row(src, true, bpc, w_in, temp, ll, detail);
}

/* ---- scales 1 to 3 ---- */

typedef struct Sum32 {
    int64x2_t lo, hi; /* columns 0 and 1, 2 and 3 */
} Sum32;

INLINE Sum32 filter32(const int32x4_t v[4], int t0, int t1, int t2, int t3)
{
    Sum32 s = {vmull_n_s32(vget_low_s32(v[0]), t0), vmull_high_n_s32(v[0], t0)};
    s.lo = vmlal_n_s32(s.lo, vget_low_s32(v[1]), t1);
    s.hi = vmlal_high_n_s32(s.hi, v[1], t1);
    s.lo = vmlal_n_s32(s.lo, vget_low_s32(v[2]), t2);
    s.hi = vmlal_high_n_s32(s.hi, v[2], t2);
    s.lo = vmlal_n_s32(s.lo, vget_low_s32(v[3]), t3);
    s.hi = vmlal_high_n_s32(s.hi, v[3], t3);
    return s;
}

INLINE Sum32 low_pass32(const int32x4_t v[4])
{
    return filter32(v, VT_ADM_LO0, VT_ADM_LO1, VT_ADM_LO2, VT_ADM_LO3);
}

INLINE Sum32 high_pass32(const int32x4_t v[4])
{
    return filter32(v, VT_ADM_LO3, -VT_ADM_LO2, VT_ADM_LO1, -VT_ADM_LO0);
}

/* by16: the shift is 16, else 15. */
INLINE int32x4_t rounded(Sum32 s, bool by16)
{
    return by16 ? vcombine_s32(vrshrn_n_s64(s.lo, 16), vrshrn_n_s64(s.hi, 16))
                : vcombine_s32(vrshrn_n_s64(s.lo, 15), vrshrn_n_s64(s.hi, 15));
}

INLINE void mirror32(int32_t *t, unsigned n)
{
    t[-1] = t[1];
    t[n] = t[n - 1];
    t[n + 1] = t[n - 2];
}

/* Two bands from one row of vertically filtered samples; either may be NULL. */
INLINE void wide_columns(const int32_t *t, unsigned w, bool by16, int32_t *low, int32_t *high)
{
    for (unsigned j = 0; j < w; j += W32) {
        const int32_t *p = t + 2 * (size_t)j - 1;
        const int32x4x2_t a = vld2q_s32(p), b = vld2q_s32(p + 2);
        const int32x4_t v[4] = {a.val[0], a.val[1], b.val[0], b.val[1]};
        if (low) vst1q_s32(low + j, rounded(low_pass32(v), by16));
        if (high) vst1q_s32(high + j, rounded(high_pass32(v), by16));
    }
}

INLINE void wide_bands(const VtAdmTemp *temp, unsigned w_in, bool by16, int32_t *ll,
                       int32_t *const detail[3])
{
    const unsigned w = (w_in + 1) / 2;
    mirror32(temp->row[0], w_in);
    wide_columns(temp->row[0], w, by16, ll, detail ? detail[VT_ADM_V] : NULL);
    if (!detail) return;
    mirror32(temp->row[1], w_in);
    wide_columns(temp->row[1], w, by16, detail[VT_ADM_H], detail[VT_ADM_D]);
}

static void dwt_fine(const int16_t *const src[4], unsigned w_in, const VtAdmTemp *temp, int32_t *ll,
                     int32_t *const detail[3])
{
    int32_t *tl = temp->row[0], *th = temp->row[1];
    for (unsigned x = 0; x < w_in; x += W16) {
        const int16x8_t v[4] = {vld1q_s16(src[0] + x), vld1q_s16(src[1] + x), vld1q_s16(src[2] + x),
                                vld1q_s16(src[3] + x)};
        const Sum16 l = low_pass16(v);
        vst1q_s32(tl + x, l.lo);
        vst1q_s32(tl + x + W32, l.hi);
        if (!detail) continue;
        const Sum16 h = high_pass16(v);
        vst1q_s32(th + x, h.lo);
        vst1q_s32(th + x + W32, h.hi);
    }
    wide_bands(temp, w_in, false, ll, detail);
}

static void dwt_coarse(const int32_t *const src[4], unsigned w_in, unsigned shift,
                       const VtAdmTemp *temp, int32_t *ll, int32_t *const detail[3])
{
    for (unsigned x = 0; x < w_in; x += W32) {
        const int32x4_t v[4] = {vld1q_s32(src[0] + x), vld1q_s32(src[1] + x), vld1q_s32(src[2] + x),
                                vld1q_s32(src[3] + x)};
        vst1q_s32(temp->row[0] + x, rounded(low_pass32(v), true));
        if (detail) vst1q_s32(temp->row[1] + x, rounded(high_pass32(v), true));
    }
    wide_bands(temp, w_in, shift == 16, ll, detail);
}
