/* The vector kernels of integer ADM, second part, after adm_wavelet.h: sums over details. */

/* -------------------------------------------------------------------------------- denominator */

/* Even and odd lanes of 32 bits make two vectors of 64 bit products. */
INLINE Vec odd_lanes(Vec v)
{
    return SRLI64(v, 32);
}

KERNEL void den16(const int16_t *const o[3], unsigned n, uint64_t sum[3])
{
    for (int b = 0; b < 3; b++) {
        Vec acc = zero();
        for (unsigned j = 0; j < n; j += N16) {
            const Vec m = keep16(first16(n - j), abs16(load(o[b] + j)));
            for (int part = 0; part < 2; part++) {
                const Vec v = part ? unpackhi16(m, zero()) : unpacklo16(m, zero());
                const Vec square = madd16(v, v);
                acc = add64(acc, mul_u32(square, v));
                acc = add64(acc, mul_u32(odd_lanes(square), odd_lanes(v)));
            }
        }
        sum[b] += sum64(acc);
    }
}

typedef struct Rounding {
    Vec half, shift;
} Rounding;

INLINE Rounding rounding(unsigned shift)
{
    return (Rounding){set64(shift ? INT64_C(1) << (shift - 1) : 0), set64(shift)};
}

INLINE Vec rsh64(Vec v, Rounding r)
{
    return srlv64(add64(v, r.half), r.shift);
}

KERNEL void den32(const int32_t *const o[3], unsigned n, unsigned square_shift, unsigned shift,
                  uint64_t sum[3])
{
    /* A whole unit is added, not half of one. */
    const Rounding square = {set64(INT64_C(1) << square_shift), set64(square_shift)};
    const Rounding last = rounding(shift);
    for (int b = 0; b < 3; b++) {
        Vec acc = zero();
        for (unsigned j = 0; j < n; j += N32) {
            const Vec m = keep32(first32(n - j), abs32(load(o[b] + j))), m2 = odd_lanes(m);
            acc = add64(acc, rsh64(mul_u32(rsh64(mul_u32(m, m), square), m), last));
            acc = add64(acc, rsh64(mul_u32(rsh64(mul_u32(m2, m2), square), m2), last));
        }
        sum[b] += sum64(acc);
    }
}

/* ----------------------------------------------------------------------------------- decouple */

/* A binary32 test with a margin for what rounding may do decides nearly all angle flags; where it
 * cannot, *unsure is set. dp below 0 counts as 0, which is then below the bound unless that is 0
 * too. */
INLINE Mask32 angle_flag(VecF dp, VecF oo, VecF tt, float margin, Mask32 *unsure)
{
    const VecF positive = max_ps(dp, set_ps(0));
    const VecF square = mul_ps(positive, positive);
    const VecF bound = mul_ps(mul_ps(oo, set_ps(VT_ADM_COS2)), tt);
    const Mask32 sure = ge_ps(square, mul_ps(bound, set_ps(1 + margin)));
    const Mask32 possible = ge_ps(square, mul_ps(bound, set_ps(1 - margin)));
    *unsure = mask_xor(sure, possible);
    return sure;
}

/* Sums of products are exact here. */
INLINE Mask32 angle_flag16(Vec o, Vec t, Mask32 *unsure)
{
    return angle_flag(to_ps(madd16(o, t)), to_ps(madd16(o, o)), to_ps(madd16(t, t)), 0x1p-20f,
                      unsure);
}

/* Each term is off by at most 2^-22 of |o||t|. */
INLINE Mask32 angle_flag32(Vec oh, Vec ov, Vec th, Vec tv, Mask32 *unsure)
{
    const VecF fh = to_ps(oh), fv = to_ps(ov), gh = to_ps(th), gv = to_ps(tv);
    return angle_flag(add_ps(mul_ps(fh, gh), mul_ps(fv, gv)),
                      add_ps(mul_ps(fh, fh), mul_ps(fv, fv)),
                      add_ps(mul_ps(gh, gh), mul_ps(gv, gv)), 0x1p-18f, unsure);
}

/* -k, and then r, without gain. Same signs and |t| > |o|: k = 32768. Opposite signs: k = 0. Else
 * Rec |t| < 2^31 (spec: adm 16.2, 4). r = (k o + 2^14) >> 15 is what mulhrs makes of -k and -o. */
INLINE Vec restore16(Vec o, Vec t)
{
    const Vec ao = abs16(o), at = abs16(t);
    const Mask16 opposite = negative16(xor_(o, t));
    const Vec part = drop16(opposite, min_u16(ao, at));
    const Mask16 larger = mask_andnot(opposite, gt16(at, ao));
    Vec k[2];
    for (int i = 0; i < 2; i++) {
        const Vec m = i ? unpackhi16(ao, zero()) : unpacklo16(ao, zero());
        const Vec p = i ? unpackhi16(part, zero()) : unpacklo16(part, zero());
        k[i] = SRAI32(sub32(set32(16383), mullo32(reciprocal(m), p)), 15);
    }
    const Vec minus_k = select16(larger, packs32(k[0], k[1]), set16(-32768));
    return mulhrs16(minus_k, sub16(zero(), o));
}

KERNEL void decouple16(const int16_t *const o[3], const int16_t *const t[3], unsigned n,
                       int16_t *const r[3], int16_t *flag)
{
    for (unsigned j = 0; j < n; j += N16) {
        Vec ov[2], tv[2];
        Mask32 unsure[2], f[2];
        ov[0] = load(o[VT_ADM_H] + j), ov[1] = load(o[VT_ADM_V] + j);
        tv[0] = load(t[VT_ADM_H] + j), tv[1] = load(t[VT_ADM_V] + j);
        f[0] = angle_flag16(unpacklo16(ov[0], ov[1]), unpacklo16(tv[0], tv[1]), &unsure[0]);
        f[1] = angle_flag16(unpackhi16(ov[0], ov[1]), unpackhi16(tv[0], tv[1]), &unsure[1]);
        store(flag + j, packs32(full32(f[0]), full32(f[1])));
        store(r[VT_ADM_H] + j, restore16(ov[0], tv[0]));
        store(r[VT_ADM_V] + j, restore16(ov[1], tv[1]));
        store(r[VT_ADM_D] + j, restore16(load(o[VT_ADM_D] + j), load(t[VT_ADM_D] + j)));
        if (!mask_any(mask_or(unsure[0], unsure[1]))) continue;
        for (unsigned i = j; i < n && i < j + N16; i++)
            flag[i] = vt_adm_angle_flag(o[0][i], o[1][i], t[0][i], t[1][i]) ? -1 : 0;
    }
}

/* The same for 32 bits, where o has an exponent e and 15 bits left: k = (Rec |t| + 2^(14+e)) >>
 * (15+e), |t| limited to 2 |o| (spec: adm 16.2, 5). */
INLINE Vec restore32(Vec o, Vec t)
{
    const Vec m = abs32(o);
    const Vec part = drop32(negative32(xor_(o, t)), min_u32(abs32(t), add32(m, m)));
    const Vec e = exponent(m), half = SRLI32(sllv32(set32(1), e), 1);
    const Vec rec = reciprocal(srlv32(add32(m, half), e));
    const Vec shift = add32(e, set32(14));
    const Vec k_even = srlv64(mul_u32(rec, part), and_(shift, set64(UINT32_MAX)));
    const Vec k_odd = srlv64(mul_u32(odd_lanes(rec), odd_lanes(part)), odd_lanes(shift));
    const Vec twice = odd32(k_even, SLLI64(k_odd, 32));
    const Vec k = min_u32(SRLI32(add32(twice, set32(1)), 1), set32(32768));

    const Vec half_unit = set64(16384);
    const Vec r_even = add64(mul_s32(k, o), half_unit);
    const Vec r_odd = add64(mul_s32(odd_lanes(k), odd_lanes(o)), half_unit);
    return odd32(SRLI64(r_even, 15), SLLI64(r_odd, 17));
}

KERNEL void decouple32(const int32_t *const o[3], const int32_t *const t[3], unsigned n,
                       int32_t *const r[3], int32_t *flag)
{
    for (unsigned j = 0; j < n; j += N32) {
        const Vec oh = load(o[VT_ADM_H] + j), ov = load(o[VT_ADM_V] + j);
        const Vec th = load(t[VT_ADM_H] + j), tv = load(t[VT_ADM_V] + j);
        Mask32 unsure;
        store(flag + j, full32(angle_flag32(oh, ov, th, tv, &unsure)));
        store(r[VT_ADM_H] + j, restore32(oh, th));
        store(r[VT_ADM_V] + j, restore32(ov, tv));
        store(r[VT_ADM_D] + j, restore32(load(o[VT_ADM_D] + j), load(t[VT_ADM_D] + j)));
        if (!mask_any(unsure)) continue;
        for (unsigned i = j; i < n && i < j + N32; i++)
            flag[i] = vt_adm_angle_flag(o[0][i], o[1][i], t[0][i], t[1][i]) ? -1 : 0;
    }
}

/* ------------------------------------------------------------------------------------- weights */

/* Where the flag is set, |r| becomes min(trunc(|r| g), |t|): r has the sign of t or is 0. */
typedef enum { GAIN_ONE, GAIN_WHOLE, GAIN_REAL } GainKind;

typedef struct Gain {
    GainKind kind;
    Vec factor, limit; /* whole: |r| is cut to limit first, so that the product fits the lane */
    double real;
} Gain;

INLINE GainKind gain_kind(double g)
{
    return g == 1 ? GAIN_ONE : g == (int)g ? GAIN_WHOLE : GAIN_REAL;
}

INLINE Gain gain16(double g, GainKind kind)
{
    return (Gain){kind, set16((int)g), set16(32767 / (int)g), g};
}

INLINE Gain gain32(double g, GainKind kind)
{
    return (Gain){kind, set32((int)g), set32(INT32_MAX / (int)g), g};
}

INLINE Vec enhanced16(const Gain *g, Vec ar, Vec at)
{
    if (g->kind == GAIN_ONE) return min_u16(ar, at);
    if (g->kind == GAIN_WHOLE) return min_u16(mullo16(min_u16(ar, g->limit), g->factor), at);
    const Vec lo = mul_trunc(unpacklo16(ar, zero()), g->real);
    const Vec hi = mul_trunc(unpackhi16(ar, zero()), g->real);
    return packus32(min_u32(lo, unpacklo16(at, zero())), min_u32(hi, unpackhi16(at, zero())));
}

INLINE Vec enhanced32(const Gain *g, Vec ar, Vec at)
{
    if (g->kind == GAIN_ONE) return min_u32(ar, at);
    if (g->kind == GAIN_WHOLE) return min_u32(mullo32(min_u32(ar, g->limit), g->factor), at);
    return min_u32(mul_trunc(ar, g->real), at);
}

/* A weight of scale 0, up to 65535: y weight >> 16 (or rounded >> 15) = high part of y rest, plus
 * y where the rest is the weight less a power of two. */
typedef struct Weight16 {
    Vec rest, whole; /* whole: -1 if y is to be added */
} Weight16;

INLINE Weight16 weight16(uint32_t weight)
{
    return (Weight16){set16((int)(weight & 32767)), set16(weight & 32768 ? -1 : 0)};
}

/* |(y c + 2^14) >> 15|: mulhrs rounds so. */
INLINE Vec masking_hv(Vec y, const Weight16 *w)
{
    return abs16(add16(mulhrs16(y, w->rest), and_(y, w->whole)));
}

/* |(y c + 65535) >> 17|: the product's high word, one more unless the low word is 0, halved. The
 * multiplications take the weight as a signed number, which lacks y << 16 if its top bit is set. */
INLINE Vec masking_d(Vec y, Vec weight, Vec whole)
{
    const Vec high = add16(mulhi16(y, weight), and_(y, whole));
    return abs16(SRAI16(increment_if16(mullo16(y, weight), high), 1));
}

/* F and G - F of the three bands: F = Y + mulhrs(Y, 2184), G = 2 Y + mulhrs(Y, 4368). */
typedef struct Neighbour {
    Vec f, e;    /* unsigned sums of 16 bits */
    Vec largest; /* of the H and V bands */
} Neighbour;

INLINE Neighbour neighbour16(Vec h, Vec v, Vec d)
{
    const Vec c1 = set16(2184), c2 = set16(4368);
    const Vec sum = add16(add16(h, v), d);
    const Vec f = add16(add16(mulhrs16(h, c1), mulhrs16(v, c1)), mulhrs16(d, c1));
    const Vec g = add16(add16(mulhrs16(h, c2), mulhrs16(v, c2)), mulhrs16(d, c2));
    return (Neighbour){add16(sum, f), add16(sum, sub16(g, f)), max_u16(h, v)};
}

/* G narrowed to 16 bits wraps from Y = 15360 on; it can in the H and V bands only. */
INLINE void store_neighbours(Vec h, Vec v, Vec d, int32_t *f, int32_t *e)
{
    const Neighbour nb = neighbour16(h, v, d);
    Vec e_lo = widen_lo(nb.e), e_hi = widen_hi(nb.e);
    const Vec last = set16(15359);
    if (mask_any(gt16(nb.largest, last))) {
        /* Minus the number of wraps, times 65536. */
        const Vec wraps = add16(full16(gt16(h, last)), full16(gt16(v, last)));
        e_lo = add32(e_lo, SLLI32(widen_lo(wraps), 16));
        e_hi = add32(e_hi, SLLI32(widen_hi(wraps), 16));
    }
    store(f, widen_lo(nb.f));
    store(f + N32, widen_hi(nb.f));
    store(e, e_lo);
    store(e + N32, e_hi);
}

INLINE void csf16_kind(const VtAdmCsf *csf, GainKind kind, const int16_t *const r[3],
                       const int16_t *const t[3], const int16_t *flag, unsigned n,
                       const VtAdmMasked16 *out)
{
    const Gain gain = gain16(csf->gain, kind);
    const Weight16 hv = weight16(csf->weight[VT_ADM_H]);
    const Vec d = set16((int)csf->weight[VT_ADM_D]);
    const Vec d_whole = set16(csf->weight[VT_ADM_D] & 32768 ? -1 : 0);
    for (unsigned j = 0; j < n; j += N16) {
        const Mask16 fl = negative16(load(flag + j));
        Vec y[2][3];
        for (int b = 0; b < 3; b++) {
            const Vec rv = load(r[b] + j), tv = load(t[b] + j), ar = abs16(rv);
            const Vec m = select16(fl, ar, enhanced16(&gain, ar, abs16(tv)));
            const Vec restored = copy_sign16(m, rv), additive = sub16(tv, restored);
            store(out->z[VT_ADM_DLM][b] + j, m);
            store(out->z[VT_ADM_AIM][b] + j, abs16(additive));
            y[VT_ADM_DLM][b] =
                b == VT_ADM_D ? masking_d(additive, d, d_whole) : masking_hv(additive, &hv);
            y[VT_ADM_AIM][b] =
                b == VT_ADM_D ? masking_d(restored, d, d_whole) : masking_hv(restored, &hv);
        }
        store_neighbours(y[0][0], y[0][1], y[0][2], out->f[0] + j, out->e[0] + j);
        if (csf->aim) store_neighbours(y[1][0], y[1][1], y[1][2], out->f[1] + j, out->e[1] + j);
    }
}

KERNEL void csf16(const VtAdmCsf *csf, const int16_t *const r[3], const int16_t *const t[3],
                  const int16_t *flag, unsigned n, const VtAdmMasked16 *out)
{
    const GainKind kind = gain_kind(csf->gain);
    if (kind == GAIN_ONE)
        csf16_kind(csf, GAIN_ONE, r, t, flag, n, out);
    else if (kind == GAIN_WHOLE)
        csf16_kind(csf, GAIN_WHOLE, r, t, flag, n, out);
    else
        csf16_kind(csf, GAIN_REAL, r, t, flag, n, out);
}

/* |(z c + 2^27) >> 28| with |z c| < 2^58. */
INLINE Vec weighted32(Vec z, Vec weight)
{
    const Vec half = set64(1 << 27);
    const Vec even = add64(mul_s32(z, weight), half);
    const Vec odd = add64(mul_s32(odd_lanes(z), weight), half);
    return abs32(odd32(SRLI64(even, 28), SLLI64(odd, 4)));
}

/* Sum over three bands of the high halves of y factor + 2^31: one more each than F or G. Adding the
 * 64 bit numbers as pairs of 32 keeps the low halves' carries out. */
INLINE Vec high_sum(const Vec y[3], Vec factor)
{
    const Vec half = set64(INT64_C(1) << 31);
    Vec even = zero(), odd = zero();
    for (int b = 0; b < 3; b++) {
        even = add32(even, add64(mul_u32(y[b], factor), half));
        odd = add32(odd, add64(mul_u32(odd_lanes(y[b]), factor), half));
    }
    return odd32(odd_lanes(even), odd);
}

INLINE void csf32_kind(const VtAdmCsf *csf, GainKind kind, const int32_t *const r[3],
                       const int32_t *const t[3], const int32_t *flag, unsigned n,
                       const VtAdmMasked32 *out)
{
    const Gain gain = gain32(csf->gain, kind);
    const Vec weight[3] = {set64(csf->weight[0]), set64(csf->weight[1]), set64(csf->weight[2])};
    for (unsigned j = 0; j < n; j += N32) {
        const Mask32 fl = negative32(load(flag + j));
        Vec x[2][3];
        for (int b = 0; b < 3; b++) {
            const Vec rv = load(r[b] + j), tv = load(t[b] + j), ar = abs32(rv);
            const Vec m = select32(fl, ar, enhanced32(&gain, ar, abs32(tv)));
            const Vec restored = copy_sign32(m, rv);
            x[VT_ADM_DLM][b] = weighted32(restored, weight[b]);
            x[VT_ADM_AIM][b] = weighted32(sub32(tv, restored), weight[b]);
            store(out->z[VT_ADM_DLM][b] + j, x[VT_ADM_DLM][b]);
            store(out->z[VT_ADM_AIM][b] + j, x[VT_ADM_AIM][b]);
        }
        for (int role = 0; role < (csf->aim ? 2 : 1); role++) {
            const Vec *y = x[1 - role]; /* one role's signal is the other's mask */
            const Vec f = high_sum(y, set64(143165577)), g = high_sum(y, set64(286331153));
            store(out->f[role] + j, sub32(f, set32(3)));
            store(out->e[role] + j, sub32(g, f));
        }
    }
}

KERNEL void csf32(const VtAdmCsf *csf, const int32_t *const r[3], const int32_t *const t[3],
                  const int32_t *flag, unsigned n, const VtAdmMasked32 *out)
{
    const GainKind kind = gain_kind(csf->gain);
    if (kind == GAIN_ONE)
        csf32_kind(csf, GAIN_ONE, r, t, flag, n, out);
    else if (kind == GAIN_WHOLE)
        csf32_kind(csf, GAIN_WHOLE, r, t, flag, n, out);
    else
        csf32_kind(csf, GAIN_REAL, r, t, flag, n, out);
}

/* ----------------------------------------------------------------------------------- numerator */

/* Column sums of three rows, a piece at a time; column -1 is at 0. */
enum { PIECE = 256 };

INLINE void column_sums(const int32_t *const f[3], unsigned j, unsigned n, int32_t *column)
{
    for (unsigned i = 0; i < n + 2; i += N32) {
        const ptrdiff_t k = (ptrdiff_t)(j + i) - 1;
        store(column + i, add32(add32(load(f[0] + k), load(f[1] + k)), load(f[2] + k)));
    }
}

INLINE Vec thresholds(const int32_t *column, Vec e)
{
    return add32(add32(load(column), load(column + 1)), add32(load(column + 2), e));
}

/* rsh(rsh(x^2, square) x, last), both lanes' sum; q and x fit 31 bits. */
INLINE Vec cubes(Vec x, Rounding square, Rounding last)
{
    const Vec x2 = odd_lanes(x);
    return add64(rsh64(mul_u32(rsh64(mul_u32(x, x), square), x), last),
                 rsh64(mul_u32(rsh64(mul_u32(x2, x2), square), x2), last));
}

typedef struct MaskState {
    Rounding square[3], last[3];
    Vec weight[3], acc[3];
} MaskState;

INLINE void add_excess(MaskState *s, int b, Vec x, Vec thr, Mask32 keep)
{
    bool some;
    const Vec left = excess(x, thr, keep, &some);
    if (some) s->acc[b] = add64(s->acc[b], cubes(left, s->square[b], s->last[b]));
}

INLINE void mask16_step(MaskState *s, const int32_t *column, const int32_t *e,
                        const uint16_t *const z[3], unsigned j, Mask32 keep)
{
    const Vec thr = thresholds(column, load(e + j));
    for (int b = 0; b < 3; b++) {
        const Vec x = mullo32(load_widened(z[b] + j), s->weight[b]);
        add_excess(s, b, x, b == VT_ADM_D ? SLLI32(thr, 12) : SLLI32(thr, 10), keep);
    }
}

KERNEL void mask16(const uint32_t weight[3], const int32_t *const f[3], const int32_t *e,
                   const uint16_t *const z[3], unsigned n, unsigned log2_w, uint64_t sum[3])
{
    int32_t column[PIECE + 2 * N32];
    MaskState s;
    for (int b = 0; b < 3; b++) {
        s.square[b] = rounding(b == VT_ADM_D ? 30 : 29);
        s.last[b] = rounding(b == VT_ADM_D ? log2_w - 3 : log2_w - 4);
        s.weight[b] = set32((int)weight[b]);
        s.acc[b] = zero();
    }
    for (unsigned start = 0; start < n; start += PIECE) {
        const unsigned end = n - start < PIECE ? n : start + PIECE;
        column_sums(f, start, end - start, column);
        unsigned j = start;
        for (; j + N32 <= end; j += N32) mask16_step(&s, column + (j - start), e, z, j, ALL32);
        if (j < end) mask16_step(&s, column + (j - start), e, z, j, first32(end - j));
    }
    for (int b = 0; b < 3; b++) sum[b] += sum64(s.acc[b]);
}

INLINE void mask32_step(MaskState *s, const int32_t *column, const int32_t *e,
                        const int32_t *const z[3], unsigned j, Mask32 keep)
{
    const Vec thr = thresholds(column, load(e + j));
    for (int b = 0; b < 3; b++) add_excess(s, b, load(z[b] + j), thr, keep);
}

KERNEL void mask32(const int32_t *const f[3], const int32_t *e, const int32_t *const z[3],
                   unsigned n, unsigned log2_w, uint64_t sum[3])
{
    int32_t column[PIECE + 2 * N32];
    MaskState s;
    for (int b = 0; b < 3; b++) {
        s.square[b] = rounding(30);
        s.last[b] = rounding(log2_w);
        s.acc[b] = zero();
    }
    for (unsigned start = 0; start < n; start += PIECE) {
        const unsigned end = n - start < PIECE ? n : start + PIECE;
        column_sums(f, start, end - start, column);
        unsigned j = start;
        for (; j + N32 <= end; j += N32) mask32_step(&s, column + (j - start), e, z, j, ALL32);
        if (j < end) mask32_step(&s, column + (j - start), e, z, j, first32(end - j));
    }
    for (int b = 0; b < 3; b++) sum[b] += sum64(s.acc[b]);
}
