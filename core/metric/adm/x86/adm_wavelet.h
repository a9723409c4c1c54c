/* The vector kernels of integer ADM, written once for all vector widths: first part, the wavelet.
 * The including file defines N16 and N32 (lanes of 16 and 32 bits), the types Vec (integers), VecF
 * (binary32), Mask16 and Mask32 (a truth value a lane), and the operations used here. Unpacking and
 * packing go in pairs, so that columns are in order again at any width.
 *
 * Exactness rests on the ranges of spec: adm 16.1 and the identities of spec: adm 16.2. */

/* ------------------------------------------------------------------------------- wavelet rows */

/* Tap pairs as the multiply-add wants them: first tap in the low word. */
#define PAIR(a, b) set32((int)((uint32_t)(uint16_t)(int16_t)(a) | (uint32_t)(b) << 16))
#define LO01 PAIR(VT_ADM_LO0, VT_ADM_LO1)
#define LO23 PAIR(VT_ADM_LO2, VT_ADM_LO3)
#define HI01 PAIR(VT_ADM_LO3, -VT_ADM_LO2)
#define HI23 PAIR(VT_ADM_LO1, -VT_ADM_LO0)

#define TAP_SUM 46342 /* of the low-pass; the high-pass has 0 */

/* start plus the sum of four taps' products. */
INLINE Vec filter(Vec start, Vec p01, Vec p23, Vec taps01, Vec taps23)
{
    return dot16(dot16(start, p01, taps01), p23, taps23);
}

/* One filter over four rows of samples, rounded, shifted and narrowed to 16 bits. */
INLINE Vec filter_rows(const Vec p01[2], const Vec p23[2], Vec taps01, Vec taps23, Vec round,
                       Vec shift)
{
    const Vec a = filter(round, p01[0], p23[0], taps01, taps23);
    const Vec b = filter(round, p01[1], p23[1], taps01, taps23);
    return packs32(srav32(a, shift), srav32(b, shift));
}

INLINE void mirror_words(int16_t *t, unsigned n)
{
    t[-1] = t[1];
    t[n] = t[n - 1];
    t[n + 1] = t[n - 2];
}

/* Scale 0, horizontal: two bands from one row of vertically filtered samples. high NULL: only one.
 * rsh(sum, 16) of sums that fit 32 bits. */
INLINE void plane_columns(const int16_t *t, unsigned w, int16_t *low, int16_t *high)
{
    const Vec round = set32(32768);
    for (unsigned j = 0; j < w; j += N16) {
        const int16_t *p = t + 2 * (size_t)j - 1;
        const Vec a01 = load(p), a23 = load(p + 2), b01 = load(p + N16), b23 = load(p + N16 + 2);
        store(low + j,
              high_words(filter(round, a01, a23, LO01, LO23), filter(round, b01, b23, LO01, LO23)));
        if (high)
            store(high + j, high_words(filter(round, a01, a23, HI01, HI23),
                                       filter(round, b01, b23, HI01, HI23)));
    }
}

INLINE void plane_row(const void *const src[4], bool words, unsigned bpc, unsigned w_in,
                      const VtAdmTemp *temp, int16_t *ll, int16_t *const detail[3])
{
    int16_t *tl = (int16_t *)temp->row[0], *th = (int16_t *)temp->row[1];
    const unsigned w = (w_in + 1) / 2;
    const int half = 1 << (bpc - 1);
    /* Bytes are used as they are; what half a range more adds to the low-pass is taken off here. */
    const Vec round_lo = set32(half - (words ? 0 : TAP_SUM * half)), round_hi = set32(half);
    const Vec shift = set32((int)bpc), max = set16(2 * half - 1), offset = set16(half);
    for (unsigned x = 0; x < w_in; x += N16) {
        Vec s[4];
        for (int k = 0; k < 4; k++) {
            if (words)
                s[k] =
                    sub16(min_u16(load_words((const uint16_t *)src[k] + x, w_in - x), max), offset);
            else
                s[k] = load_bytes((const uint8_t *)src[k] + x, w_in - x);
        }
        const Vec p01[2] = {unpacklo16(s[0], s[1]), unpackhi16(s[0], s[1])};
        const Vec p23[2] = {unpacklo16(s[2], s[3]), unpackhi16(s[2], s[3])};
        store(tl + x, filter_rows(p01, p23, LO01, LO23, round_lo, shift));
        if (detail) store(th + x, filter_rows(p01, p23, HI01, HI23, round_hi, shift));
    }
    mirror_words(tl, w_in);
    plane_columns(tl, w, ll, detail ? detail[VT_ADM_V] : NULL);
    if (!detail) return;
    mirror_words(th, w_in);
    plane_columns(th, w, detail[VT_ADM_H], detail[VT_ADM_D]);
}

KERNEL void dwt_bytes(const void *const src[4], unsigned bpc, unsigned w_in, const VtAdmTemp *temp,
                      int16_t *ll, int16_t *const detail[3])
{
    (void)bpc;
    if (detail)
        plane_row(src, false, 8, w_in, temp, ll, detail);
    else
        plane_row(src, false, 8, w_in, temp, ll, NULL);
}

KERNEL void dwt_words(const void *const src[4], unsigned bpc, unsigned w_in, const VtAdmTemp *temp,
                      int16_t *ll, int16_t *const detail[3])
{
    if (detail)
        plane_row(src, true, bpc, w_in, temp, ll, detail);
    else
        plane_row(src, true, bpc, w_in, temp, ll, NULL);
}

/* Scales 1 to 3 use 16 bit multiplications all the same: v = 65536 hi + lo with hi = (v + 32768) >>
 * 16 and lo = the low word as a signed number. With A and B the filtered hi and lo,
 * rsh(sum, 16) = A + ((B + 32768) >> 16) and rsh(sum, 15) = 2 A + ((B + 16384) >> 15). */

typedef struct Split {
    int16_t *hi, *lo;
} Split;

INLINE void mirror_split(Split t, unsigned n)
{
    mirror_words(t.hi, n);
    mirror_words(t.lo, n);
}

INLINE Vec filter_split(Vec hi01, Vec hi23, Vec lo01, Vec lo23, Vec taps01, Vec taps23, bool by16)
{
    const Vec a = filter(zero(), hi01, hi23, taps01, taps23);
    const Vec b = filter(set32(by16 ? 32768 : 16384), lo01, lo23, taps01, taps23);
    return by16 ? add32(a, SRAI32(b, 16)) : add32(add32(a, a), SRAI32(b, 15));
}

/* Two bands from one row of vertically filtered samples; either may be NULL. */
INLINE void split_columns(Split t, unsigned w, bool by16, int32_t *low, int32_t *high)
{
    for (unsigned j = 0; j < w; j += N32) {
        const int16_t *p = t.hi + 2 * (size_t)j - 1, *q = t.lo + 2 * (size_t)j - 1;
        const Vec a01 = load(p), a23 = load(p + 2), b01 = load(q), b23 = load(q + 2);
        if (low) store(low + j, filter_split(a01, a23, b01, b23, LO01, LO23, by16));
        if (high) store(high + j, filter_split(a01, a23, b01, b23, HI01, HI23, by16));
    }
}

INLINE void split_bands(Split tl, Split th, unsigned w_in, bool by16, int32_t *ll,
                        int32_t *const detail[3])
{
    const unsigned w = (w_in + 1) / 2;
    mirror_split(tl, w_in);
    split_columns(tl, w, by16, ll, detail ? detail[VT_ADM_V] : NULL);
    if (!detail) return;
    mirror_split(th, w_in);
    split_columns(th, w, by16, detail[VT_ADM_H], detail[VT_ADM_D]);
}

/* Stores sums of even and odd columns. */
INLINE void store_split_pairs(Split t, unsigned x, Vec even, Vec odd)
{
    const Vec round = set32(32768);
    store(t.lo + x, odd16(even, SLLI32(odd, 16)));
    store(t.hi + x, odd16(SRLI32(add32(even, round), 16), add32(odd, round)));
}

/* Stores sums of consecutive columns. */
INLINE void store_split(Split t, unsigned x, Vec a, Vec b)
{
    const Vec round = set32(32768);
    store(t.lo + x, low_words(a, b));
    store(t.hi + x, high_words(add32(a, round), add32(b, round)));
}

KERNEL void dwt_fine(const int16_t *const src[4], unsigned w_in, const VtAdmTemp *temp, int32_t *ll,
                     int32_t *const detail[3])
{
    const Split tl = {(int16_t *)temp->row[0], (int16_t *)temp->row[1]};
    const Split th = {(int16_t *)temp->row[2], (int16_t *)temp->row[3]};
    for (unsigned x = 0; x < w_in; x += N16) {
        const Vec a = load(src[0] + x), b = load(src[1] + x);
        const Vec c = load(src[2] + x), d = load(src[3] + x);
        const Vec even01 = odd16(a, SLLI32(b, 16)), odd01 = odd16(SRLI32(a, 16), b);
        const Vec even23 = odd16(c, SLLI32(d, 16)), odd23 = odd16(SRLI32(c, 16), d);
        store_split_pairs(tl, x, filter(zero(), even01, even23, LO01, LO23),
                          filter(zero(), odd01, odd23, LO01, LO23));
        if (detail)
            store_split_pairs(th, x, filter(zero(), even01, even23, HI01, HI23),
                              filter(zero(), odd01, odd23, HI01, HI23));
    }
    split_bands(tl, th, w_in, false, ll, detail);
}

/* Word pairs of two rows: high words, low words. */
typedef struct Pairs {
    Vec hi01, hi23, lo01, lo23;
} Pairs;

INLINE Pairs row_pairs(const int32_t *const src[4], unsigned x)
{
    const Vec round = set32(32768);
    const Vec a = load(src[0] + x), b = load(src[1] + x);
    const Vec c = load(src[2] + x), d = load(src[3] + x);
    return (Pairs){.hi01 = odd16(SRLI32(add32(a, round), 16), add32(b, round)),
                   .hi23 = odd16(SRLI32(add32(c, round), 16), add32(d, round)),
                   .lo01 = odd16(a, SLLI32(b, 16)),
                   .lo23 = odd16(c, SLLI32(d, 16))};
}

INLINE Vec filter_pairs(const Pairs *p, Vec taps01, Vec taps23)
{
    return filter_split(p->hi01, p->hi23, p->lo01, p->lo23, taps01, taps23, true);
}

KERNEL void dwt_coarse(const int32_t *const src[4], unsigned w_in, unsigned shift,
                       const VtAdmTemp *temp, int32_t *ll, int32_t *const detail[3])
{
    const Split tl = {(int16_t *)temp->row[0], (int16_t *)temp->row[1]};
    const Split th = {(int16_t *)temp->row[2], (int16_t *)temp->row[3]};
    for (unsigned x = 0; x < w_in; x += N16) {
        const Pairs a = row_pairs(src, x), b = row_pairs(src, x + N32);
        store_split(tl, x, filter_pairs(&a, LO01, LO23), filter_pairs(&b, LO01, LO23));
        if (detail) store_split(th, x, filter_pairs(&a, HI01, HI23), filter_pairs(&b, HI01, HI23));
    }
    if (shift == 16)
        split_bands(tl, th, w_in, true, ll, detail);
    else
        split_bands(tl, th, w_in, false, ll, detail);
}
