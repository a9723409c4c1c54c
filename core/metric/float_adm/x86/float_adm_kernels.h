/* SIMD kernels of floating-point ADM, for any number of lanes; formulas: float_adm_dsp.c. Lanes are
 * columns. */
#include "base/mem.h"
#include "metric/float_adm/float_adm_dsp.h"
#include "metric/float_plane/x86/columns.h"
#include "metric/float_plane/x86/transpose8.h"

/* ---- wavelet ---- */

static inline Lanes four_taps(const float *tap, Lanes a, Lanes b, Lanes c, Lanes d)
{
    return all(tap[0]) * a + all(tap[1]) * b + all(tap[2]) * c + all(tap[3]) * d;
}

static inline void mirror_ends(float *line, unsigned w)
{
    line[-1] = line[1];
    for (unsigned x = w; x < w + 2; x++) line[x] = line[vt_mirror_b((int)x, w)];
}

/* Low and high pass of a line; NULL: not wanted. */
static inline void filter_line(const float *line, unsigned n, float *low, float *high)
{
    for (unsigned i = 0; i < n; i += LANES) {
        const float *at = line + 2 * i;
        const Lanes p = load_unaligned(at - 1), q = load_unaligned(at - 1 + LANES);
        const Lanes r = load_unaligned(at + 1), s = load_unaligned(at + 1 + LANES);
        const Lanes a = even(p, q), b = odd(p, q), c = even(r, s), d = odd(r, s);
        if (low) store(low + i, four_taps(vt_fadm_low, a, b, c, d));
        if (high) store(high + i, four_taps(vt_fadm_high, a, b, c, d));
    }
}

static void wavelet(const VtFadmWavelet *t, void *scratch)
{
    VtCarve carve = {.base = scratch};
    float *line[2];
    for (int i = 0; i < 2; i++) {
        float *start = vt_carve(&carve, VT_FLOAT_ROW(t->w + 4 * VT_FADM_MARGIN));
        line[i] = start + VT_FADM_MARGIN;
    }
    for (unsigned x = 0; x < t->w; x += LANES) {
        Lanes v[4];
        for (int k = 0; k < 4; k++) v[k] = read_block(&t->samples, t->row[k], x, t->w);
        store(line[0] + x, four_taps(vt_fadm_low, v[0], v[1], v[2], v[3]));
        store(line[1] + x, four_taps(vt_fadm_high, v[0], v[1], v[2], v[3]));
    }
    for (int i = 0; i < 2; i++) mirror_ends(line[i], t->w);
    const unsigned n = (t->w + 1) / 2;
    filter_line(line[0], n, t->approximation, t->detail[VT_FADM_V]);
    filter_line(line[1], n, t->detail[VT_FADM_H], t->detail[VT_FADM_D]);
}

/* ---- decoupling ---- */

static inline LaneMask same_angle(Lanes oh, Lanes ov, Lanes th, Lanes tv)
{
    const Lanes dot = oh * th + ov * tv;
    const Lanes oo = oh * oh + ov * ov, tt = th * th + tv * tv;
    return both(at_least(dot, all(0)), at_least(dot * dot, all(VT_FADM_COS_SQUARED) * oo * tt));
}

/* In binary32 throughout: with a limit that is a float, the exact product rounds once, and rounding
 * does not change its order against t. */
static inline Lanes restore(Lanes o, Lanes t, LaneMask enhanced, Lanes gain_limit)
{
    const Lanes zero = all(0), one = all(1);
    const Lanes k = minimum(one, maximum(zero, t * (one / (o + all(1e-30f)))));
    const Lanes rst = k * o, raised = rst * gain_limit;
    const Lanes up = choose(less(zero, rst), minimum(raised, t), rst);
    return choose(enhanced, choose(less(rst, zero), maximum(raised, t), up), rst);
}

static inline Lanes thirtieth(Lanes v)
{
    const Wide weight = all_wide(VT_FADM_MASK_WEIGHT);
    Wide w = widen(v);
    w.lo *= weight.lo;
    w.hi *= weight.hi;
    return narrow(w);
}

static void decouple(const VtFadmDecouple *d, const VtFadmModel *model)
{
    if (!model->exact_limit) {
        vt_fadm_decouple_scalar(d, model);
        return;
    }
    const Lanes limit = all((float)model->gain_limit);
    for (unsigned x = d->x0 & ~(LANES - 1u); x < d->x1; x += LANES) {
        Lanes o[VT_FADM_BANDS], t[VT_FADM_BANDS];
        for (int b = 0; b < VT_FADM_BANDS; b++) {
            o[b] = load(d->ref[b] + x);
            t[b] = load(d->dis[b] + x);
        }
        const LaneMask enhanced =
            same_angle(o[VT_FADM_H], o[VT_FADM_V], t[VT_FADM_H], t[VT_FADM_V]);
        for (int b = 0; b < VT_FADM_BANDS; b++) {
            const Lanes factor = all(model->factor[b]);
            const Lanes rst = restore(o[b], t[b], enhanced, limit);
            const Lanes r = absolute(factor * rst), a = absolute(factor * (t[b] - rst));
            store(d->restored[b] + x, r);
            store(d->added[b] + x, a);
            if (!model->masking) continue;
            store(d->restored_mask[b] + x, thirtieth(r));
            store(d->added_mask[b] + x, thirtieth(a));
        }
    }
}

/* ---- contrast masking and pooling ---- */

/* sum + CENTRE_WEIGHT * v in binary64 */
static inline Lanes add_centre(Lanes sum, Lanes v)
{
    const Wide weight = all_wide(VT_FADM_CENTRE_WEIGHT), x = widen(v);
    Wide s = widen(sum);
    s.lo += weight.lo * x.lo;
    s.hi += weight.hi * x.hi;
    return narrow(s);
}

static inline Lanes threshold(const float *const mask[VT_FADM_BANDS][3],
                              const float *const masker[VT_FADM_BANDS], unsigned x)
{
    Lanes total = all(0);
    for (int b = 0; b < VT_FADM_BANDS; b++) {
        const float *above = mask[b][0] + x, *beside = mask[b][1] + x, *below = mask[b][2] + x;
        Lanes sum = load_unaligned(above - 1) + load(above) + load_unaligned(above + 1) +
                    load_unaligned(beside - 1);
        sum = add_centre(sum, load(masker[b] + x));
        sum += load_unaligned(beside + 1);
        sum += load_unaligned(below - 1);
        sum += load(below);
        total += sum + load_unaligned(below + 1);
    }
    return total;
}

static inline Lanes cube(Lanes x)
{
    return x * x * x;
}

/* The sums of a row: six of the numerators and two of the denominator a lane each, and its last. */
typedef struct RowSums {
    __m256 lanes;
    float diagonal;
} RowSums;

enum { RESTORED = 0, ADDED = 3, REFERENCE = 6 };

/* Adds the terms of LANES columns, from left to right. */
static inline void add_terms(RowSums *s, const Lanes term[9])
{
    float lane[LANES] __attribute__((aligned(64)));
    store(lane, term[8]);
    for (int part = 0; part < LANES / 8; part++) {
        __m256 v[8];
        for (int i = 0; i < 8; i++) v[i] = eight_of(term[i], part);
        s->lanes = add_in_order8(s->lanes, v);
    }
    for (int i = 0; i < LANES; i++) s->diagonal += lane[i];
}

static void put_sums(const RowSums *s, VtFadmSums *sums)
{
    float lane[8] __attribute__((aligned(32)));
    _mm256_store_ps(lane, s->lanes);
    memcpy(sums->restored, lane + RESTORED, sizeof(sums->restored));
    memcpy(sums->added, lane + ADDED, sizeof(sums->added));
    memcpy(sums->reference, lane + REFERENCE, 2 * sizeof(*lane));
    sums->reference[VT_FADM_D] = s->diagonal;
}

static void pool(const VtFadmPool *p, const VtFadmModel *model, VtFadmSums *sums)
{
    if (model->p != 3) {
        vt_fadm_pool_scalar(p, model, sums);
        return;
    }
    RowSums s = {_mm256_setzero_ps(), 0};
    const Lanes zero = all(0);
    for (unsigned x = p->left & ~(LANES - 1u); x < p->right; x += LANES) {
        const LaneMask inside = lanes_from_to((int)p->left - (int)x, (int)p->right - (int)x);
        Lanes by_added = zero, by_restored = zero, term[9];
        if (model->masking) {
            by_added = threshold(p->added_mask, p->added, x);
            by_restored = threshold(p->restored_mask, p->restored, x);
        }
        for (int b = 0; b < VT_FADM_BANDS; b++) {
            const Lanes r = maximum(load(p->restored[b] + x) - by_added, zero);
            const Lanes a = maximum(load(p->added[b] + x) - by_restored, zero);
            const Lanes o = absolute(all(model->factor[b]) * load(p->ref[b] + x));
            term[RESTORED + b] = keep(inside, cube(r));
            term[ADDED + b] = keep(inside, cube(a));
            term[REFERENCE + b] = keep(inside, cube(o));
        }
        add_terms(&s, term);
    }
    put_sums(&s, sums);
}
