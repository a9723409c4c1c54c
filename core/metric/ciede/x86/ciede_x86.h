/* What the AVX2 and AVX-512 kernels of ciede share (spec: classic 6, 9.4). Every quantity that the
 * formula rounds to float is rounded here too; in between, functions are good to 1e-13, so that
 * only a rounding in millions comes out differently. Nothing depends on the width of the vectors.
 * The including file defines
 *   VD, VF         doubles, and as many floats; + - * / are theirs
 *   VS             floats of full width
 *   MD, MF         conditions on VD and VF
 *   VD_LANES, VS_LANES
 * and functions on them (vd_, vf_, vs_). */
#include <math.h>
#include <string.h>

#include "metric/ciede/ciede_dsp.h"

/* Intermediate values of the pixels of a run. */
typedef struct Component {
    _Alignas(64) double value[VT_CIEDE_RUN];
    _Alignas(64) float seed[VT_CIEDE_RUN]; /* about value^(-1/5) or value^(-1/3) */
} Component;

typedef struct LabRun {
    _Alignas(64) float l[VT_CIEDE_RUN], a[VT_CIEDE_RUN], b[VT_CIEDE_RUN];
} LabRun;

/* ---- roots ---- */

/* t^(-1/5) to 1e-5 for positive floats: dividing the bits of a float divides its logarithm, to
 * 3.2 %; one step of y += y h (1/5 + 3/25 h + ...) with h = 1 - t y^5 does the rest. */
static inline VS seed_fifth(VS t)
{
    const VS y = vs_from_bits(vs_less(vs_set1(1277926000.0f), vs_bits(t), vs_set1(0.2f)));
    const VS y2 = y * y, h = vs_less(vs_set1(1), t, y2 * y2 * y);
    VS series = vs_more(vs_set1(0.088f), vs_set1(0.0704f), h);
    series = vs_more(vs_set1(0.2f), h, vs_more(vs_set1(0.12f), h, series));
    return vs_more(y, y * h, series);
}

/* t^(-1/3) likewise. */
static inline VS seed_third(VS t)
{
    const VS y = vs_from_bits(vs_less(vs_set1(1419919116.0f), vs_bits(t), vs_set1(1.0f / 3)));
    const VS h = vs_less(vs_set1(1), t, y * y * y);
    VS series = vs_more(vs_set1(14.0f / 81), vs_set1(35.0f / 243), h);
    series = vs_more(vs_set1(1.0f / 3), h, vs_more(vs_set1(2.0f / 9), h, series));
    return vs_more(y, y * h, series);
}

/* Replaces values (as floats in seed) by their seeds. */
static inline void seeds(Component component[3], unsigned n, bool third)
{
    for (unsigned c = 0; c < 3; c++)
        for (unsigned i = 0; i < n; i += VS_LANES) {
            float *p = component[c].seed + i;
            vs_store(p, third ? seed_third(vs_load(p)) : seed_fifth(vs_load(p)));
        }
}

/* t^2.4 = (t y)^3 with y = t^(-1/5), after one more step. */
static inline VD power_2_4(VD t, VD y)
{
    const VD y2 = y * y, h = vd_less(vd_set1(1), t, y2 * y2 * y);
    y = vd_more(y, y * h, vd_more(vd_set1(0.2), vd_set1(0.12), h));
    const VD ty = t * y;
    return ty * ty * ty;
}

/* t^(1/3) = t y^2 with y = t^(-1/3), after one more step. */
static inline VD root_3(VD t, VD y)
{
    const VD h = vd_less(vd_set1(1), t, y * y * y);
    y = vd_more(y, y * h, vd_more(vd_set1(1.0 / 3), vd_set1(2.0 / 9), h));
    return t * (y * y);
}

/* t^(-1/2) for t > 0 in the range of a float: one step from the float's. */
static inline VD reciprocal_root(VD t)
{
    const VD y = vd_from_f(vf_set1(1) / vf_sqrt(vf_from_d(t)));
    const VD h = vd_less(vd_set1(1), t, y * y);
    return vd_more(y, y * h, vd_more(vd_set1(0.5), vd_set1(0.375), h));
}

/* t^(1/2) for t >= 0. */
static inline VD root_2(VD t)
{
    const VD zero = vd_set1(0);
    return vd_select(vd_greater(t, zero), t * reciprocal_root(t), zero);
}

/* ---- samples to Lab (lab_of() of ciede_dsp.c) ---- */

/* Gamma-compressed components, and as floats what is to be raised to 2.4. */
static inline void components(const uint16_t sample[3][VT_CIEDE_RUN], unsigned bpc, unsigned n,
                              Component rgb[3])
{
    const double scale = 1 << (bpc - 8);
    const VD luma = vd_set1(1 / (219 * scale)), chroma = vd_set1(1 / (224 * scale));
    const VD black = vd_set1(16 * scale), grey = vd_set1(128 * scale);
    for (unsigned i = 0; i < n; i += VD_LANES) {
        const VD y = (vd_words(sample[0] + i) - black) * luma;
        const VD u = (vd_words(sample[1] + i) - grey) * chroma;
        const VD v = (vd_words(sample[2] + i) - grey) * chroma;
        const VD green = vd_less(y, u, vd_set1(0.21482));
        const VD c[3] = {vd_more(y, v, vd_set1(1.28033)), vd_less(green, v, vd_set1(0.38059)),
                         vd_more(y, u, vd_set1(2.12798))};
        for (unsigned k = 0; k < 3; k++) {
            vd_store(rgb[k].value + i, c[k]);
            vf_store(rgb[k].seed + i, vf_from_d((c[k] + vd_set1(0.055)) * vd_set1(1.0 / 1.055)));
        }
    }
}

static inline VD linear(const Component *c, unsigned i)
{
    const VD v = vd_load(c->value + i), t = (v + vd_set1(0.055)) * vd_set1(1.0 / 1.055);
    const VD power = power_2_4(t, vd_from_f(vf_load(c->seed + i)));
    return vd_select(vd_greater(v, vd_set1(10.0 / 255.0)), power, v * vd_set1(1.0 / 12.92));
}

static inline VD weighted(VD r, double wr, VD g, double wg, VD b, double wb)
{
    return vd_more(vd_more(r * vd_set1(wr), g, vd_set1(wg)), b, vd_set1(wb));
}

/* In place: from r, g, b to X, Y, Z over those of white. */
static inline void tristimulus(Component c[3], unsigned n)
{
    for (unsigned i = 0; i < n; i += VD_LANES) {
        const VD r = linear(&c[0], i), g = linear(&c[1], i), b = linear(&c[2], i);
        const VD x = weighted(r, 0.4124564390896921, g, 0.357576077643909, b, 0.18043748326639894);
        const VD y = weighted(r, 0.21267285140562248, g, 0.715152155287818, b, 0.07217499330655958);
        const VD z = weighted(r, 0.019333895582329317, g, 0.119192025881303, b, 0.9503040785363677);
        const VD t[3] = {x * vd_set1(1 / 0.95047), y, z * vd_set1(1 / 1.08883)};
        for (unsigned k = 0; k < 3; k++) {
            vd_store(c[k].value + i, t[k]);
            vf_store(c[k].seed + i, vf_from_d(t[k]));
        }
    }
}

static inline VD cube_root(const Component *c, unsigned i)
{
    const VD t = vd_load(c->value + i);
    const VD root = root_3(t, vd_from_f(vf_load(c->seed + i)));
    const VD line = vd_more(vd_set1(16.0), t, vd_set1(24389.0 / 27.0)) * vd_set1(1.0 / 116.0);
    const VD f = vd_select(vd_greater(t, vd_set1(216.0 / 24389.0)), root, line);
    return vd_from_f(vf_from_d(f));
}

static inline void lab_run(const uint16_t sample[3][VT_CIEDE_RUN], unsigned bpc, unsigned n,
                           LabRun *lab)
{
    Component c[3];
    components(sample, bpc, n, c);
    seeds(c, n, false);
    tristimulus(c, n);
    seeds(c, n, true);
    for (unsigned i = 0; i < n; i += VD_LANES) {
        const VD fx = cube_root(&c[0], i), fy = cube_root(&c[1], i), fz = cube_root(&c[2], i);
        vf_store(lab->l + i, vf_from_d(vd_set1(116) * fy - vd_set1(16)));
        vf_store(lab->a + i, vf_from_d(vd_set1(500) * (fx - fy)));
        vf_store(lab->b + i, vf_from_d(vd_set1(200) * (fy - fz)));
    }
}

/* ---- functions ---- */

static inline VD polynomial(VD x, const double *coefficient, unsigned degree)
{
    VD sum = vd_set1(coefficient[degree]);
    for (unsigned k = degree; k > 0; k--) sum = vd_more(vd_set1(coefficient[k - 1]), sum, x);
    return sum;
}

/* Angle of (x, y) from -pi to pi; anything if both are 0. The quotient is kept below tan(pi/8):
 * atan(q) = pi/4 + atan((q - 1) / (q + 1)). Polynomial to 1e-15. */
static inline VD angle(VD y, VD x)
{
    static const double atan_[] = {0.999999999999999,    -0.33333333333221427, 0.19999999978391084,
                                   -0.14285712661582245, 0.1111104885043531,   -0.09089529896650987,
                                   0.07673534795274611,  -0.06505979086214511, 0.05024749331722336,
                                   -0.02531630458329938};
    const VD ay = vd_abs(y), ax = vd_abs(x), low = vd_min(ay, ax), high = vd_max(ay, ax);
    const MD turn = vd_greater(low, vd_set1(0.41421356237309503) * high);
    const VD q = vd_select(turn, low - high, low) / vd_select(turn, low + high, high);
    VD r = vd_more(vd_select(turn, vd_set1(M_PI / 4), vd_set1(0)), q, polynomial(q * q, atan_, 9));
    r = vd_mirror(vd_greater(ay, ax), M_PI / 2, r);
    r = vd_mirror(vd_greater(vd_set1(0), x), M_PI, r);
    return vd_mirror(vd_greater(vd_set1(0), y), 0, r);
}

/* For |x| <= pi/2; polynomial to 2e-16. */
static inline VD sine(VD x)
{
    static const double sin_[] = {0.9999999999999999,     -0.16666666666666072,
                                  0.008333333333282752,   -0.0001984126982486108,
                                  2.7557316608969785e-06, -2.5051881939977032e-08,
                                  1.6048168103125068e-10, -7.37438482262908e-13};
    return x * polynomial(x * x, sin_, 7);
}

#define ROUND_MAGIC                                                                                \
    6755399441055744.0 /* 1.5 * 2^52: adding it leaves an integer in the low bits                  \
                        */

/* Sine and cosine for 0 <= x < 100: reduced by multiples of pi/2, polynomials to 5e-15. */
static inline void sine_cosine(VD x, VD *sine_out, VD *cosine_out)
{
    static const double sin_[] = {0.9999999999999957,     -0.1666666666661666,
                                  0.008333333323874375,   -0.00019841263296432765,
                                  2.7555271485395277e-06, -2.475652937959251e-08};
    static const double cos_[] = {1.0,
                                  -0.4999999999999925,
                                  0.04166666666647221,
                                  -0.001388888886997111,
                                  2.4801578535940913e-05,
                                  -2.7555233469269026e-07,
                                  2.063042988376311e-09};
    const VD quarter = vd_more(vd_set1(ROUND_MAGIC), x, vd_set1(2 / M_PI)); /* k in the low bits */
    const VD k = quarter - vd_set1(ROUND_MAGIC);
    const VD r =
        vd_less(vd_less(x, k, vd_set1(0x1.921fb544p+0)), k, vd_set1(0x1.0b4611a626331p-34));
    const VD r2 = r * r, s = r * polynomial(r2, sin_, 5), c = polynomial(r2, cos_, 6);
    const MD odd = vd_odd(quarter);
    *sine_out = vd_flip(vd_select(odd, c, s), quarter, 0);
    *cosine_out = vd_flip(vd_select(odd, s, c), quarter, 1);
}

/* exp(-x) for 0 <= x < 700; polynomial to 2e-14. */
static inline VD exp_minus(VD x)
{
    static const double exp_[] = {
        1.0000000000000135,    1.0000000000000013,   0.4999999999943814,    0.16666666666615607,
        0.041666667040776456,  0.008333333367332009, 0.0013888801714761622, 0.0001984119061583585,
        2.488447635159146e-05, 2.763265575933203e-06};
    const VD power = vd_less(vd_set1(ROUND_MAGIC), x, vd_set1(M_LOG2E));
    const VD k = power - vd_set1(ROUND_MAGIC);
    const VD high = vd_more(x, k, vd_set1(0x1.62e42feep-1));
    const VD r = vd_set1(0) - vd_more(high, k, vd_set1(0x1.a39ef35793c76p-33));
    return vd_scale(polynomial(r, exp_, 9), power);
}

/* ---- colour difference (difference() of ciede_dsp.c, with its names) ---- */

/* What the steps below make of the pixels of a run. Each step has few operations that wait for one
 * another, so that a processor works on several pixels at a time. */
typedef float Floats[VT_CIEDE_RUN];

typedef struct Pixels {
    LabRun lab[2];
    _Alignas(64) Floats chroma[2], a[2], c[2], h[2]; /* sqrt(a^2 + b^2), a', C', hues */
    _Alignas(64) Floats cm, hm, dh;                  /* mean C', mean hue, delta H */
    _Alignas(64) Floats lt, ch, hu, rt;              /* weighted differences and R_T */
} Pixels;

#define FOR_ALL for (unsigned i = 0; i < n; i += VD_LANES)

static inline VF mean(VF a, VF b)
{
    return (a + b) * vf_set1(0.5f);
}

static inline void hypotenuses(const Floats a, const Floats b, Floats out, unsigned n)
{
    FOR_ALL
    {
        const VD ad = vd_from_f(vf_load(a + i)), bd = vd_from_f(vf_load(b + i));
        vf_store(out + i, vf_from_d(root_2(vd_more(ad * ad, bd, bd))));
    }
}

static inline VD seventh_power(VD x)
{
    const VD x2 = x * x;
    return x2 * x2 * x2 * x;
}

/* a' is a stretched where chroma is small, by G = 1 - sqrt(m / (m + 25^7)), m = cm^7. */
static inline void stretch(Pixels *p, unsigned n)
{
    FOR_ALL
    {
        const VF cm = mean(vf_load(p->chroma[0] + i), vf_load(p->chroma[1] + i));
        const VD m = seventh_power(vd_from_f(cm));
        const VD ratio = m * reciprocal_root(m * (m + vd_set1(6103515625.0)));
        const VD g = vd_set1(1) - vd_select(vd_greater(m, vd_set1(0)), ratio, vd_set1(0));
        for (unsigned k = 0; k < 2; k++) {
            const VF a = vf_load(p->lab[k].a + i);
            const VD more = vd_from_f(a * vf_set1(0.5f)) * g;
            vf_store(p->a[k] + i, vf_from_d(vd_from_f(a) + more));
        }
    }
}

/* Angles from 0 to 2 pi. */
static inline void hues(const Floats a, const Floats b, Floats out, unsigned n)
{
    FOR_ALL
    {
        const VF x = vf_load(a + i), y = vf_load(b + i);
        const VF t = vf_from_d(angle(vd_from_f(y), vd_from_f(x)));
        const VF turned = vf_from_d(vd_from_f(t) + vd_set1(2 * M_PI));
        const VF h = vf_select(vf_greater(vf_set1(0), t), turned, t);
        const MF coloured = vf_or(vf_not_zero(x), vf_not_zero(y));
        vf_store(out + i, vf_select(coloured, h, vf_set1(0)));
    }
}

/* Mean hue and difference of hues, the short way round. */
static inline void hue_differences(Pixels *p, unsigned n)
{
    FOR_ALL
    {
        const VF h1 = vf_load(p->h[0] + i), h2 = vf_load(p->h[1] + i);
        const VF d = h2 - h1, sum = h1 + h2, limit = vf_set1(0x1.921fb4p+1f); /* just below pi */
        const MF across = vf_greater(vf_abs(d), limit);
        const VF up = vf_from_d(vd_from_f(d) + vd_set1(2 * M_PI));
        const VF down = vf_from_d(vd_from_f(d) - vd_set1(2 * M_PI));
        const VF turned = vf_select(vf_greater(h2, h1), down, up);
        const MF coloured =
            vf_and(vf_not_zero(vf_load(p->chroma[0] + i)), vf_not_zero(vf_load(p->chroma[1] + i)));
        vf_store(p->dh + i, vf_select(coloured, vf_select(across, turned, d), vf_set1(0)));
        const VF far = vf_from_d((vd_from_f(sum) + vd_set1(2 * M_PI)) * vd_set1(0.5));
        vf_store(p->hm + i, vf_select(across, far, sum * vf_set1(0.5f)));
    }
}

/* From difference of hues to delta H. */
static inline void hue_distances(Pixels *p, unsigned n)
{
    FOR_ALL
    {
        const VF c1 = vf_load(p->c[0] + i), c2 = vf_load(p->c[1] + i);
        const VD s = sine(vd_from_f(vf_load(p->dh + i)) * vd_set1(0.5));
        vf_store(p->dh + i, vf_from_d(vd_set1(2) * root_2(vd_from_f(c1 * c2)) * s));
        vf_store(p->cm + i, mean(c1, c2));
    }
}

static inline VF hue_weight(VF hm)
{
    VD s, c;
    sine_cosine(vd_from_f(hm), &s, &c);
    const VD one = vd_set1(1), two = vd_set1(2), three = vd_set1(3), four = vd_set1(4);
    const VD c2 = vd_more(vd_set1(-1), two * c, c), s2 = two * s * c;
    const VD c3 = vd_more(vd_set1(-3), four * c, c) * c, s3 = vd_less(three, four * s, s) * s;
    const VD c4 = vd_more(vd_set1(-1), two * c2, c2), s4 = two * s2 * c2;
    const VD t1 = vd_more(s * vd_set1(0.5), c, vd_set1(0.8660254037844386));
    const VD t3 = vd_less(c3 * vd_set1(0.9945218953682733), s3, vd_set1(0.10452846326765347));
    const VD t4 = vd_more(s4 * vd_set1(0.8910065241883679), c4, vd_set1(0.4539904997395468));
    const VD t = vd_more(vd_less(one, t1, vd_set1(0.17)), c2, vd_set1(0.24));
    return vf_from_d(vd_less(vd_more(t, t3, vd_set1(0.32)), t4, vd_set1(0.20)));
}

static inline void weigh_hue(Pixels *p, unsigned n)
{
    FOR_ALL
    {
        const VD t = vd_from_f(hue_weight(vf_load(p->hm + i)));
        const VD cm = vd_from_f(vf_load(p->cm + i));
        const VF sh = vf_from_d(vd_set1(1) + vd_set1(0.015) * cm * t);
        vf_store(p->hu + i, vf_load(p->dh + i) / (vf_set1(4) * sh));
    }
}

static inline void weigh_lightness_and_chroma(Pixels *p, unsigned n)
{
    FOR_ALL
    {
        const VF l1 = vf_load(p->lab[0].l + i), l2 = vf_load(p->lab[1].l + i);
        const VD q = vd_from_f(mean(l1, l2) - vf_set1(50)), q2 = q * q;
        const VD weight = vd_set1(0.015) * q2 * reciprocal_root(vd_set1(20) + q2);
        const VF sl = vf_from_d(vd_set1(1) + weight);
        vf_store(p->lt + i, (l2 - l1) / (vf_set1(0.65f) * sl));
        const VF dc = vf_load(p->c[1] + i) - vf_load(p->c[0] + i);
        const VF sc = vf_from_d(vd_set1(1) + vd_set1(0.045) * vd_from_f(vf_load(p->cm + i)));
        vf_store(p->ch + i, dc / sc);
    }
}

/* R_T. Where dg^2 is above 40, it is below 1e-17 and cannot reach the sum. */
static inline VF rotation(VF hm, VF cm)
{
    const VF degrees = vf_from_d(vd_from_f(hm) * vd_set1(180 / M_PI));
    const VF dg = vf_from_d((vd_from_f(degrees) - vd_set1(275)) * vd_set1(1.0 / 25));
    const VF dg2 = dg * dg;
    if (vf_all(vf_greater(dg2, vf_set1(40)))) return vf_set1(0);
    const VF c7 = vf_from_d(seventh_power(vd_from_f(cm)));
    const VF rho = c7 / (c7 + vf_set1(6103515648.0f));
    const VF theta = vf_from_d(vd_set1(60) * exp_minus(vd_from_f(dg2)));
    const VF radians = vf_from_d(vd_from_f(theta) * vd_set1(M_PI / 180));
    return vf_from_d(vd_set1(-2) * root_2(vd_from_f(rho)) * sine(vd_from_f(radians)));
}

static inline void totals(const Pixels *p, unsigned n, float *delta)
{
    FOR_ALL
    {
        const VF ch = vf_load(p->ch + i), hu = vf_load(p->hu + i);
        const VD ltd = vd_from_f(vf_load(p->lt + i)), chd = vd_from_f(ch), hud = vd_from_f(hu);
        const VD turn = vd_from_f(vf_load(p->rt + i) * ch * hu);
        vf_store(delta + i,
                 vf_from_d(root_2(vd_more(vd_more(vd_more(turn, ltd, ltd), chd, chd), hud, hud))));
    }
}

static inline void pixel_differences(Pixels *p, unsigned n, float *delta)
{
    for (unsigned k = 0; k < 2; k++) hypotenuses(p->lab[k].a, p->lab[k].b, p->chroma[k], n);
    stretch(p, n);
    for (unsigned k = 0; k < 2; k++) {
        hypotenuses(p->a[k], p->lab[k].b, p->c[k], n);
        hues(p->a[k], p->lab[k].b, p->h[k], n);
    }
    hue_differences(p, n);
    hue_distances(p, n);
    weigh_hue(p, n);
    weigh_lightness_and_chroma(p, n);
    FOR_ALL vf_store(p->rt + i, rotation(vf_load(p->hm + i), vf_load(p->cm + i)));
    totals(p, n, delta);
}

/* ---- runs ---- */

#define GROUP 16 /* a multiple of all numbers of lanes */

static inline void run_differences(const VtCiedeRun *run, float *delta)
{
    Pixels pixels;
    const unsigned n = (run->n + GROUP - 1) / GROUP * GROUP;
    lab_run(run->ref, run->bpc, n, &pixels.lab[0]);
    lab_run(run->dis, run->bpc, n, &pixels.lab[1]);
    pixel_differences(&pixels, n, delta);
}
