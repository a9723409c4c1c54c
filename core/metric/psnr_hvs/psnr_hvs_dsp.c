/* Scalar kernels of psnr_hvs: the formula as it is (spec: classic 5). */
#include "metric/psnr_hvs/psnr_hvs_dsp.h"

#include <math.h>
#include <stdlib.h>

#include "cpu/cpu.h"

/* Upper triangles of the symmetric contrast sensitivity tables, row by row. */
static const float csf_triangle[3][36] = {
    {
        /* luma */
        1.6193873005f,   2.2901594831f,   2.08509755623f,  1.48366094411f,  1.00227514334f,
        0.678296995242f, 0.466224900598f, 0.3265091542f,   1.94321815382f,  2.04793073064f,
        1.68731108984f,  1.2305666963f,   0.868920337363f, 0.61280991668f,  0.436405793551f,
        1.34329019223f,  1.09205635862f,  0.875748795257f, 0.670882927016f, 0.501731932449f,
        0.372504254596f, 0.772819797575f, 0.605636379554f, 0.48309405692f,  0.380429446972f,
        0.295774038565f, 0.448996256676f, 0.352889268808f, 0.283006984131f, 0.226951348204f,
        0.27032073436f,  0.215017739696f, 0.17408067321f,  0.168869545842f, 0.136153931001f,
        0.109083846276f,
    },
    {
        /* Cb */
        1.91113096927f,  2.46074210438f,  1.18284184739f,  1.14982565193f,  1.05017074788f,
        0.898018824055f, 0.74725392039f,  0.615105596242f, 1.58529308355f,  1.21363250036f,
        1.38190029285f,  1.33100189972f,  1.17428548929f,  0.996404342439f, 0.830890433625f,
        0.978712413627f, 1.02624506078f,  1.03145147362f,  0.960060382087f, 0.849823426169f,
        0.731221236837f, 0.861317501629f, 0.801821139099f, 0.751437590932f, 0.685398513368f,
        0.608694761374f, 0.676555426187f, 0.605503172737f, 0.55002013668f,  0.495804539034f,
        0.514674450957f, 0.454353482512f, 0.407050308965f, 0.389234902883f, 0.342353999733f,
        0.295530605237f,
    },
    {
        /* Cr */
        2.03871978502f,  2.62502345193f,  1.26180942886f,  1.11019789803f,  1.01397751469f,
        0.867069376285f, 0.721500455585f, 0.593906509971f, 1.69112867013f,  1.17180569821f,
        1.3342742857f,   1.28513006198f,  1.13381474809f,  0.962064122248f, 0.802254508198f,
        0.944981930573f, 0.990876405848f, 0.995903384143f, 0.926972725286f, 0.820534991409f,
        0.706020324706f, 0.831632933426f, 0.77418706195f,  0.725539939514f, 0.661776842059f,
        0.587716619023f, 0.653238524286f, 0.584635025748f, 0.531064164893f, 0.478717061273f,
        0.496936637883f, 0.438694579826f, 0.393021669543f, 0.375820256136f, 0.330555063063f,
        0.285345396658f,
    },
};

void vt_hvs_table(VtHvsTable *t, unsigned plane)
{
    const float *next = csf_triangle[plane];
    for (unsigned i = 0; i < VT_HVS_SIDE; i++)
        for (unsigned j = i; j < VT_HVS_SIDE; j++, next++)
            t->csf[i * VT_HVS_SIDE + j] = t->csf[j * VT_HVS_SIDE + i] = *next;
    for (unsigned k = 0; k < VT_HVS_SIZE; k++) {
        const double m = (double)t->csf[k] * 0.3885746225901003;
        t->mask[k] = (float)(m * m);
    }
}

/* ---- integer cosine transform ---- */

/* Half, rounded toward zero. */
static int32_t half(int32_t t)
{
    return t / 2;
}

/* t k / 2^shift to the nearest integer, halves up. */
static int32_t scaled(int32_t t, int32_t k, int shift)
{
    return (t * k + (1 << (shift - 1))) >> shift;
}

/* One 8-point transform, by lifting steps; a[i * step] for i from 0 to 7. */
static void transform(int32_t *a, unsigned step)
{
    const int32_t a2 = a[2 * step], a4 = a[4 * step], a6 = a[6 * step];
    int32_t d0 = a[0] - a[7 * step], h0 = half(d0), s0 = a[0] - h0;
    int32_t s1 = a[step] + a6, h1 = half(s1), d1 = a6 - h1;
    int32_t d2 = a2 - a[5 * step], s2 = a2 - half(d2);
    int32_t s3 = a[3 * step] + a4, h3 = half(s3), d3 = h3 - a4;

    int32_t e0 = s0 + h3, e3 = e0 - s3, e2 = h1 - s2, e1 = e2 - s1;
    e0 -= scaled(e1, 13573, 15);
    e1 += scaled(e0, 11585, 14);
    e0 -= scaled(e1, 13573, 15);
    e3 -= scaled(e2, 21895, 15);
    e2 += scaled(e3, 15137, 14);
    e3 -= scaled(e2, 21895, 15);

    int32_t o1 = d0, o3 = d2, o5 = d1, o7 = d3;
    o3 += scaled(o5, 19195, 15);
    o5 += scaled(o3, 11585, 14);
    o3 -= scaled(o5, 7489, 13);
    o7 = half(o5) - o7;
    o5 -= o7;
    o3 = h0 - o3;
    o1 -= o3;
    o7 += scaled(o1, 3227, 15);
    o1 -= scaled(o7, 6393, 15);
    o7 += scaled(o1, 3227, 15);
    o5 += scaled(o3, 2485, 13);
    o3 -= scaled(o5, 18205, 15);
    o5 += scaled(o3, 2485, 13);

    const int32_t y[VT_HVS_SIDE] = {e0, o1, e2, o3, e1, o5, e3, o7};
    for (unsigned i = 0; i < VT_HVS_SIDE; i++) a[i * step] = y[i];
}

static void transform_block(int32_t *block)
{
    for (unsigned x = 0; x < VT_HVS_SIDE; x++) transform(block + x, VT_HVS_SIDE);
    for (unsigned y = 0; y < VT_HVS_SIDE; y++) transform(block + y * VT_HVS_SIDE, 1);
}

/* ---- masking ---- */

/* Sum of squared deviations from the mean of a part of a block. */
static float deviation(const int32_t *part, unsigned side)
{
    int32_t sum = 0;
    for (unsigned y = 0; y < side; y++)
        for (unsigned x = 0; x < side; x++) sum += part[y * VT_HVS_SIDE + x];
    const float mean = (float)sum / (float)(side * side);
    float squares = 0;
    for (unsigned y = 0; y < side; y++)
        for (unsigned x = 0; x < side; x++) {
            const float d = (float)part[y * VT_HVS_SIDE + x] - mean;
            squares += d * d;
        }
    return squares;
}

/* Variance of the four quadrants over that of the block: low where an edge runs through it. */
static float variance_ratio(const int32_t *block)
{
    const float v = deviation(block, 8) * (1.0f / 63.0f * 64);
    const unsigned corner[4] = {0, 4 * VT_HVS_SIDE, 4, 4 * VT_HVS_SIDE + 4};
    float q[4];
    for (unsigned i = 0; i < 4; i++) q[i] = deviation(block + corner[i], 4) * (1.0f / 15.0f * 16);
    return v > 0 ? (((q[0] + q[1]) + q[2]) + q[3]) / v : v;
}

/* Transforms the block and returns how much error it masks. */
static float masking(int32_t *block, const VtHvsTable *t)
{
    const float ratio = variance_ratio(block);
    transform_block(block);
    float energy = 0;
    for (unsigned k = 1; k < VT_HVS_SIZE; k++) energy += (float)(block[k] * block[k]) * t->mask[k];
    return sqrtf(energy * ratio) / 32;
}

/* ---- terms ---- */

static int32_t sample(const void *row, unsigned bpc, unsigned i)
{
    const int32_t top = (1 << bpc) - 1; /* the transform's ranges rely on it */
    if (bpc == 8) return ((const uint8_t *)row)[i];
    return ((const uint16_t *)row)[i] < top ? ((const uint16_t *)row)[i] : top;
}

static void load(const void *plane, ptrdiff_t stride, unsigned bpc, unsigned block, int32_t *out)
{
    for (unsigned y = 0; y < VT_HVS_SIDE; y++) {
        const void *row = (const char *)plane + (ptrdiff_t)y * stride;
        for (unsigned x = 0; x < VT_HVS_SIDE; x++)
            out[y * VT_HVS_SIDE + x] = sample(row, bpc, block * VT_HVS_STEP + x);
    }
}

static void block_terms(const VtHvsGroup *g, const VtHvsTable *t, unsigned b, VtHvsTerms term)
{
    int32_t ref[VT_HVS_SIZE], dis[VT_HVS_SIZE];
    load(g->ref, g->ref_stride, g->bpc, b, ref);
    load(g->dis, g->dis_stride, g->bpc, b, dis);
    const float ref_mask = masking(ref, t), dis_mask = masking(dis, t);
    const float mask = ref_mask > dis_mask ? ref_mask : dis_mask;
    for (unsigned k = 0; k < VT_HVS_SIZE; k++) {
        float error = (float)abs(ref[k] - dis[k]);
        const float threshold = mask / t->mask[k];
        if (k) error = error < threshold ? 0 : error - threshold;
        const float weighted = error * t->csf[k];
        term[k][b] = weighted * weighted;
    }
}

static void terms(const VtHvsGroup *group, const VtHvsTable *table, VtHvsTerms term)
{
    for (unsigned b = 0; b < group->blocks; b++) block_terms(group, table, b, term);
}

float vt_hvs_add_scalar(float acc, VtHvsTerms term, unsigned blocks)
{
    for (unsigned b = 0; b < blocks; b++)
        for (unsigned k = 0; k < VT_HVS_SIZE; k++) acc += term[k][b];
    return acc;
}

void vt_hvs_dsp_init(VtHvsDsp *dsp, unsigned cpu_flags)
{
    *dsp = (VtHvsDsp){.terms = terms, .add = vt_hvs_add_scalar};
#if defined(__x86_64__)
    if (cpu_flags & VT_CPU_AVX2) vt_hvs_dsp_init_avx2(dsp);
    if (cpu_flags & VT_CPU_AVX512) vt_hvs_dsp_init_avx512(dsp);
#else
    (void)cpu_flags;
#endif
}
