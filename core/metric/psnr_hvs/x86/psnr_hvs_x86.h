/* What the AVX2 and AVX-512 kernels of psnr_hvs share: lane = block, so that everything inside a
 * block happens in the order of the formula. The including file defines, for its vectors of floats,
 *   VF              the type, which has + - * /
 *   VF_LANES        its lanes
 *   vf_load(p), vf_store(p, v), vf_set1(s), vf_max(a, b), vf_abs(a), vf_sqrt(a)
 *   vf_zero_unless_positive(condition, v)
 */
#include "metric/psnr_hvs/psnr_hvs_dsp.h"

/* Samples or coefficients, by place in the block and by block. */
typedef float Lanes[VT_HVS_SIZE][VT_HVS_GROUP];

typedef struct Blocks {
    Lanes sample[2], coefficient[2]; /* of the reference and of the distorted side */
} Blocks;

/* One 8-point transform (transform() of psnr_hvs_dsp.c) of vectors a[0], a[step], ...: SCALED(t, k)
 * is (t k + 2^14) >> 15, HALF rounds toward zero. */
#define DEFINE_TRANSFORM(NAME, V, ADD, SUB, SCALED, HALF)                                          \
    static inline void NAME(V *a, unsigned step)                                                   \
    {                                                                                              \
        const V a2 = a[2 * step], a4 = a[4 * step], a6 = a[6 * step];                              \
        const V d0 = SUB(a[0], a[7 * step]), h0 = HALF(d0), s0 = SUB(a[0], h0);                    \
        const V s1 = ADD(a[step], a6), h1 = HALF(s1), d1 = SUB(a6, h1);                            \
        const V d2 = SUB(a2, a[5 * step]), s2 = SUB(a2, HALF(d2));                                 \
        const V s3 = ADD(a[3 * step], a4), h3 = HALF(s3), d3 = SUB(h3, a4);                        \
        V e0 = ADD(s0, h3), e3 = SUB(e0, s3), e2 = SUB(h1, s2), e1 = SUB(e2, s1);                  \
        e0 = SUB(e0, SCALED(e1, 13573));                                                           \
        e1 = ADD(e1, SCALED(e0, 23170));                                                           \
        e0 = SUB(e0, SCALED(e1, 13573));                                                           \
        e3 = SUB(e3, SCALED(e2, 21895));                                                           \
        e2 = ADD(e2, SCALED(e3, 30274));                                                           \
        e3 = SUB(e3, SCALED(e2, 21895));                                                           \
        V o1 = d0, o3 = d2, o5 = d1, o7 = d3;                                                      \
        o3 = ADD(o3, SCALED(o5, 19195));                                                           \
        o5 = ADD(o5, SCALED(o3, 23170));                                                           \
        o3 = SUB(o3, SCALED(o5, 29956));                                                           \
        o7 = SUB(HALF(o5), o7);                                                                    \
        o5 = SUB(o5, o7);                                                                          \
        o3 = SUB(h0, o3);                                                                          \
        o1 = SUB(o1, o3);                                                                          \
        o7 = ADD(o7, SCALED(o1, 3227));                                                            \
        o1 = SUB(o1, SCALED(o7, 6393));                                                            \
        o7 = ADD(o7, SCALED(o1, 3227));                                                            \
        o5 = ADD(o5, SCALED(o3, 9940));                                                            \
        o3 = SUB(o3, SCALED(o5, 18205));                                                           \
        o5 = ADD(o5, SCALED(o3, 9940));                                                            \
        a[0] = e0;                                                                                 \
        a[step] = o1;                                                                              \
        a[2 * step] = e2;                                                                          \
        a[3 * step] = o3;                                                                          \
        a[4 * step] = e1;                                                                          \
        a[5 * step] = o5;                                                                          \
        a[6 * step] = e3;                                                                          \
        a[7 * step] = o7;                                                                          \
    }                                                                                              \
    static inline void NAME##_block(V a[VT_HVS_SIZE])                                              \
    {                                                                                              \
        for (unsigned x = 0; x < VT_HVS_SIDE; x++) NAME(a + x, VT_HVS_SIDE);                       \
        for (unsigned y = 0; y < VT_HVS_SIDE; y++) NAME(a + y * VT_HVS_SIDE, 1);                   \
    }

#define FOR_SIDE for (size_t s = 0; s < 2; s++)

static inline VF sample_at(const Blocks *b, size_t s, size_t y, size_t x, size_t lane)
{
    return vf_load(&b->sample[s][y * VT_HVS_SIDE + x][lane]);
}

/* Mean of a quadrant. Sums of samples are below 2^24, so exact. */
static inline VF quadrant_mean(const Blocks *b, size_t s, size_t y0, size_t x0, size_t lane)
{
    VF sum = vf_set1(0);
    for (size_t y = y0; y < y0 + 4; y++)
        for (size_t x = x0; x < x0 + 4; x++) sum = sum + sample_at(b, s, y, x, lane);
    return sum * vf_set1(1.0f / 16);
}

/* Sums of squared deviations, of the block and of its quadrants, each in the order of its samples.
 * Both sides go together, because every sum is one chain of additions. Quadrants are numbered from
 * the top left one downwards. */
typedef struct Deviations {
    VF block[2], quadrant[2][4];
} Deviations;

static inline void add_deviations(const Blocks *b, size_t lane, size_t q, const VF mean[2],
                                  const VF quadrant_mean[2][4], size_t y, Deviations *d)
{
    for (size_t x = q / 2 * 4; x < q / 2 * 4 + 4; x++) FOR_SIDE
        {
            const VF v = sample_at(b, s, y, x, lane);
            const VF whole = v - mean[s], part = v - quadrant_mean[s][q];
            d->block[s] = d->block[s] + whole * whole;
            d->quadrant[s][q] = d->quadrant[s][q] + part * part;
        }
}

/* Variance of the quadrants over that of the block, 0 for a flat block. */
static inline void variance_ratios(const Blocks *b, size_t lane, VF ratio[2])
{
    VF mean[2], part[2][4];
    Deviations d;
    FOR_SIDE
    {
        for (size_t q = 0; q < 4; q++) {
            part[s][q] = quadrant_mean(b, s, q % 2 * 4, q / 2 * 4, lane);
            d.quadrant[s][q] = vf_set1(0);
        }
        mean[s] = (part[s][0] + part[s][1] + part[s][2] + part[s][3]) * vf_set1(0.25f);
        d.block[s] = vf_set1(0);
    }
    for (size_t y = 0; y < 4; y++) {
        add_deviations(b, lane, 0, mean, part, y, &d);
        add_deviations(b, lane, 2, mean, part, y, &d);
    }
    for (size_t y = 4; y < 8; y++) {
        add_deviations(b, lane, 1, mean, part, y, &d);
        add_deviations(b, lane, 3, mean, part, y, &d);
    }
    FOR_SIDE
    {
        VF sum = vf_set1(0);
        for (size_t q = 0; q < 4; q++) sum = sum + d.quadrant[s][q] * vf_set1(1.0f / 15.0f * 16);
        const VF v = d.block[s] * vf_set1(1.0f / 63.0f * 64);
        ratio[s] = vf_zero_unless_positive(v, sum / v);
    }
}

/* How much error a block masks: the larger of both sides (masking() of psnr_hvs_dsp.c). */
static inline VF masking(const Blocks *b, size_t lane, const VtHvsTable *t)
{
    VF ratio[2], energy[2] = {vf_set1(0), vf_set1(0)};
    variance_ratios(b, lane, ratio);
    for (size_t k = 1; k < VT_HVS_SIZE; k++) FOR_SIDE
        {
            const VF c = vf_load(&b->coefficient[s][k][lane]);
            energy[s] = energy[s] + c * c * vf_set1(t->mask[k]);
        }
    FOR_SIDE energy[s] = vf_sqrt(energy[s] * ratio[s]) * vf_set1(1.0f / 32);
    return vf_max(energy[0], energy[1]);
}

/* Terms of VF_LANES blocks from block lane on. A threshold is taken off by a maximum: where the
 * error is smaller, the difference is negative. */
static inline void lane_terms(const Blocks *b, size_t lane, const VtHvsTable *t, VtHvsTerms term)
{
    const VF mask = masking(b, lane, t);
    for (size_t k = 0; k < VT_HVS_SIZE; k++) {
        VF e = vf_abs(vf_load(&b->coefficient[0][k][lane]) - vf_load(&b->coefficient[1][k][lane]));
        if (k) e = vf_max(e - mask / vf_set1(t->mask[k]), vf_set1(0));
        e = e * vf_set1(t->csf[k]);
        vf_store(&term[k][lane], e * e);
    }
}

static inline void block_terms(const Blocks *b, const VtHvsTable *t, VtHvsTerms term)
{
    for (size_t lane = 0; lane < VT_HVS_GROUP; lane += VF_LANES) lane_terms(b, lane, t, term);
}
