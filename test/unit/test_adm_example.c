/* The worked example of spec: adm 15, step by step, with every instruction set. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "cpu/cpu.h"
#include "metric/adm/adm_private.h"

enum { W = 60, H = 50, REF = 0, DIS = 1 };

static const uint64_t masks[] = {~UINT64_C(0), VT_CPU_AVX512 | VT_CPU_AVX512ICL, VT_CPU_AVX512ICL,
                                 0};
#define MASKS (sizeof(masks) / sizeof(masks[0]))

static const VtAdmOptions defaults = {.display_height = 1080,
                                      .csf_scale = 1,
                                      .csf_diag_scale = 1,
                                      .dlm_weight = 0.5,
                                      .gain_limit = 100,
                                      .view_dist = 3,
                                      .noise_weight = 0.03125};
static const VtAdmOptions v1 = {.display_height = 1080,
                                .csf_mode = 2,
                                .csf_scale = 1,
                                .csf_diag_scale = 1,
                                .dlm_weight = 0.7,
                                .gain_limit = 1,
                                .view_dist = 3,
                                .noise_weight = 0.02,
                                .min_val = 0.5};

static uint8_t plane[2][H][W];

static int make_planes(void **state)
{
    (void)state;
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            const int v = (x * x + 3 * y * y + x * y) % 256;
            int d = x < 30 ? v + 9 * (((5 * x + 11 * y) % 13) - 6) : (9 * v) >> 3;
            d = d < 0 ? 0 : d > 255 ? 255 : d;
            plane[REF][y][x] = (uint8_t)v;
            plane[DIS][y][x] = (uint8_t)d;
        }
    return 0;
}

/* ------------------------------------------------------------------------ bands by the kernels */

enum { COLUMNS = 128 }; /* with the pad */

static int16_t narrow[2][4][H / 2][COLUMNS]; /* LL, H, V, D of scale 0 */
static int32_t wide[4][2][4][H / 4 + 1][COLUMNS];

static int64_t coefficient(unsigned s, int side, int band, unsigned i, unsigned j)
{
    return s ? wide[s][side][band][i][VT_ADM_PAD + j] : narrow[side][band][i][VT_ADM_PAD + j];
}

static void wavelet(const VtAdmDsp *dsp, const VtAdmScale *sc, unsigned s, int side)
{
    static int32_t temp_rows[4][4 * COLUMNS];
    VtAdmTemp temp;
    for (int k = 0; k < 4; k++) temp.row[k] = temp_rows[k] + VT_ADM_PAD;
    for (unsigned i = 0; i < sc->h; i++) {
        const void *src[4];
        for (unsigned k = 0; k < 4; k++) {
            unsigned y = i || k ? 2 * i + k - 1 : 1;
            if (y >= sc->h_in) y = 2 * sc->h_in - 1 - y;
            src[k] = s == 0   ? (const void *)plane[side][y]
                     : s == 1 ? (const void *)(narrow[side][0][y] + VT_ADM_PAD)
                              : (const void *)(wide[s - 1][side][0][y] + VT_ADM_PAD);
        }
        if (!s) {
            int16_t *const d[] = {narrow[side][1][i] + VT_ADM_PAD, narrow[side][2][i] + VT_ADM_PAD,
                                  narrow[side][3][i] + VT_ADM_PAD};
            dsp->dwt_plane[0](src, 8, sc->w_in, &temp, narrow[side][0][i] + VT_ADM_PAD, d);
            continue;
        }
        int32_t *ll = wide[s][side][0][i] + VT_ADM_PAD;
        int32_t *const d[] = {wide[s][side][1][i] + VT_ADM_PAD, wide[s][side][2][i] + VT_ADM_PAD,
                              wide[s][side][3][i] + VT_ADM_PAD};
        if (s == 1)
            dsp->dwt_fine((const int16_t *const *)src, sc->w_in, &temp, ll, d);
        else
            dsp->dwt_coarse((const int32_t *const *)src, sc->w_in, s == 2 ? 16 : 15, &temp, ll, d);
    }
}

static void make_bands(const VtAdmDsp *dsp, const VtAdmScale scale[4])
{
    for (unsigned s = 0; s < 4; s++)
        for (int side = 0; side < 2; side++) wavelet(dsp, &scale[s], s, side);
}

static const struct {
    unsigned s, i, j;
    int64_t band[2][4]; /* LL, H, V, D */
} coefficients[] = {
    {0, 0, 0, {{-16303, -340, -118, 5}, {-15251, 805, -1959, -231}}},
    {0, 24, 29, {{-6916, 1661, 1856, -1558}, {-5784, 1870, 2096, -1760}}},
    {0, 6, 9, {{4701, -2381, 6033, -3547}, {3830, -369, 6256, -4588}}},
    {1,
     0,
     0,
     {{-1063132196, -83121951, -29491481, 1884462}, {-951891720, -61901193, 9947189, 43152976}}},
    {1,
     12,
     14,
     {{-29566037, 27644922, -90938197, -46529229}, {94710275, 30948073, -102211503, -51132660}}},
    {1,
     4,
     7,
     {{-60802746, -11865801, 129525739, 41223262}, {-37545398, -111860455, 165694447, 90788992}}},
    {2,
     0,
     0,
     {{-534859823, -162041999, -78486936, -45662189},
      {-497785601, -151078851, -83050904, -41767763}}},
    {2,
     6,
     7,
     {{6016276, -7712521, -15781425, -21700728}, {65626866, -6154370, -13329023, -21056696}}},
    {2, 2, 3, {{-1839760, -29544088, 14540033, 11226437}, {-5347615, -28163891, -477809, 9490649}}},
    {3,
     0,
     0,
     {{-286146344, 58524945, -29295371, 4634967}, {-269193943, 54025904, -30044632, 3984286}}},
    {3, 3, 3, {{-14341469, -7780517, 3055767, 6240207}, {41820942, -6495763, 3804788, 6200132}}},
    {3, 1, 2, {{-6559583, -2288504, 11807639, -5166900}, {15087433, -3029453, 20678014, -5420884}}},
};

static void bands(void **state)
{
    (void)state;
    VtAdmScale scale[4];
    vt_adm_scales(scale, W, H);
    for (size_t m = 0; m < MASKS; m++) {
        VtAdmDsp dsp;
        vt_adm_dsp_init(&dsp, vt_cpu_flags(masks[m]));
        make_bands(&dsp, scale);
        for (size_t c = 0; c < sizeof(coefficients) / sizeof(coefficients[0]); c++)
            for (int side = 0; side < 2; side++)
                for (int band = 0; band < 4; band++)
                    assert_int_equal(coefficient(coefficients[c].s, side, band, coefficients[c].i,
                                                 coefficients[c].j),
                                     coefficients[c].band[side][band]);
    }
}

/* ------------------------------------------------------------------- one position of each scale */

/* DLM at the inner positions, default options. */
static const struct {
    unsigned s, i, j;
    int64_t r[3], a[3], x[3], thr;
    uint64_t val[3];
} inner[4] = {
    {0,
     6,
     9,
     {-369, 6033, -3547},
     {0, 223, -1041},
     {13451157, 219920949, 175282099},
     22992,
     {0, 7052984484036917, 124226156790979}},
    {1,
     4,
     7,
     {-11865801, 129525739, 41223262},
     {-99994654, 36168708, 49565730},
     {6072410, 66285737, 9431267},
     7968643,
     {0, 11544306135505, 182096688}},
    {2,
     2,
     3,
     {-28162815, 0, 9490464},
     {-1076, -477809, 185},
     {19543940, 0, 3704608},
     973225,
     {745584029838, 0, 2372206136}},
    {3,
     1,
     2,
     {-2288504, 11807639, -5166900},
     {-740949, 8870375, -253984},
     {1672381, 8628722, 2588637},
     1369787,
     {6430123, 89054429314, 421722100}},
};

typedef struct Rows {
    int32_t z[2][3][COLUMNS], f[2][COLUMNS], e[2][COLUMNS];
    int32_t r[3][COLUMNS], flag[COLUMNS];
} Rows;

static Rows rows[3];

/* Rows i-1, i, i+1 of scale 0 into rows[]. */
static void masked_rows16(const VtAdmDsp *dsp, const VtAdmCsf *csf, unsigned i, unsigned n)
{
    for (unsigned k = 0; k < 3; k++) {
        Rows *p = &rows[k];
        const int16_t *o[3], *t[3];
        int16_t *r[3], *flag = (int16_t *)p->flag + VT_ADM_PAD;
        VtAdmMasked16 out;
        for (int b = 0; b < 3; b++) {
            o[b] = narrow[REF][b + 1][i + k - 1] + VT_ADM_PAD;
            t[b] = narrow[DIS][b + 1][i + k - 1] + VT_ADM_PAD;
            r[b] = (int16_t *)p->r[b] + VT_ADM_PAD;
            for (int role = 0; role < 2; role++)
                out.z[role][b] = (uint16_t *)p->z[role][b] + VT_ADM_PAD;
        }
        for (int role = 0; role < 2; role++) {
            out.f[role] = p->f[role] + VT_ADM_PAD;
            out.e[role] = p->e[role] + VT_ADM_PAD;
        }
        dsp->decouple16(o, t, n, r, flag);
        dsp->csf16(csf, (const int16_t *const *)r, t, flag, n, &out);
    }
}

static void masked_rows32(const VtAdmDsp *dsp, const VtAdmCsf *csf, unsigned s, unsigned i,
                          unsigned n)
{
    for (unsigned k = 0; k < 3; k++) {
        Rows *p = &rows[k];
        const int32_t *o[3], *t[3];
        int32_t *r[3], *flag = p->flag + VT_ADM_PAD;
        VtAdmMasked32 out;
        for (int b = 0; b < 3; b++) {
            o[b] = wide[s][REF][b + 1][i + k - 1] + VT_ADM_PAD;
            t[b] = wide[s][DIS][b + 1][i + k - 1] + VT_ADM_PAD;
            r[b] = p->r[b] + VT_ADM_PAD;
            for (int role = 0; role < 2; role++) out.z[role][b] = p->z[role][b] + VT_ADM_PAD;
        }
        for (int role = 0; role < 2; role++) {
            out.f[role] = p->f[role] + VT_ADM_PAD;
            out.e[role] = p->e[role] + VT_ADM_PAD;
        }
        dsp->decouple32(o, t, n, r, flag);
        dsp->csf32(csf, (const int32_t *const *)r, t, flag, n, &out);
    }
}

static int64_t signal(unsigned s, int role, int b, unsigned j)
{
    const int32_t *z = rows[1].z[role][b];
    return s ? (z + VT_ADM_PAD)[j] : ((const uint16_t *)z + VT_ADM_PAD)[j];
}

static int64_t restored(unsigned s, int b, unsigned j)
{
    const int32_t *r = rows[1].r[b];
    return s ? (r + VT_ADM_PAD)[j] : ((const int16_t *)r + VT_ADM_PAD)[j];
}

static void check_inner(const VtAdmDsp *dsp, const VtAdmScale *sc, unsigned s,
                        const VtAdmWeights *weights)
{
    const unsigned i = inner[s].i, j = inner[s].j;
    VtAdmCsf csf = {.gain = 100, .aim = true};
    memcpy(csf.weight, weights->fixed, sizeof(csf.weight));
    if (s)
        masked_rows32(dsp, &csf, s, i, sc->w);
    else
        masked_rows16(dsp, &csf, i, sc->w);
    const int32_t *f[3], *e = rows[1].e[VT_ADM_DLM] + VT_ADM_PAD + j;
    int64_t thr = *e;
    for (int k = 0; k < 3; k++) {
        f[k] = rows[k].f[VT_ADM_DLM] + VT_ADM_PAD + j;
        thr += f[k][-1] + f[k][0] + f[k][1];
    }
    assert_int_equal(thr, inner[s].thr);
    uint64_t sum[3] = {0};
    if (s) {
        const int32_t *const z[] = {rows[1].z[0][0] + VT_ADM_PAD + j,
                                    rows[1].z[0][1] + VT_ADM_PAD + j,
                                    rows[1].z[0][2] + VT_ADM_PAD + j};
        dsp->mask32(f, e, z, 1, sc->log2_w, sum);
    } else {
        const uint16_t *const z[] = {(uint16_t *)rows[1].z[0][0] + VT_ADM_PAD + j,
                                     (uint16_t *)rows[1].z[0][1] + VT_ADM_PAD + j,
                                     (uint16_t *)rows[1].z[0][2] + VT_ADM_PAD + j};
        dsp->mask16(csf.weight, f, e, z, 1, sc->log2_w, sum);
    }
    for (int b = 0; b < 3; b++) {
        assert_int_equal(restored(s, b, j), inner[s].r[b]);
        assert_int_equal(coefficient(s, DIS, b + 1, i, j) - restored(s, b, j), inner[s].a[b]);
        assert_int_equal(signal(s, VT_ADM_DLM, b, j) * (s ? 1 : csf.weight[b]), inner[s].x[b]);
        assert_int_equal(sum[b], inner[s].val[b]);
    }
}

static void inner_positions(void **state)
{
    (void)state;
    VtAdmScale scale[4];
    VtAdmWeights weights[4];
    vt_adm_scales(scale, W, H);
    assert_int_equal(vt_adm_weights(&defaults, weights), 0);
    for (size_t m = 0; m < MASKS; m++) {
        VtAdmDsp dsp;
        vt_adm_dsp_init(&dsp, vt_cpu_flags(masks[m]));
        make_bands(&dsp, scale);
        for (unsigned s = 0; s < 4; s++) check_inner(&dsp, &scale[s], s, &weights[s]);
    }
}

/* ---------------------------------------------------------------------------- sums and figures */

static const VtAdmSums expected = {
    .den = {{68031355692254, 116976533068696, 110165587398435},
            {1186639285965122, 3015745837964312, 1854201992521652},
            {145398057938076, 127903235375311, 23527827449301},
            {8139856640111, 1190039269371, 1516789255131}},
    .num = {{{{59160130711229937, 142091810963942336, 63746401668024670},
              {22283423906676, 619112243855919, 0}},
             {{263905458664882, 630799205584057, 31504926656932}, {110817720523, 2872011671, 0}},
             {{41956740054514, 36978130830792, 936566118046}, {0, 1698529168, 0}},
             {{4471470311731, 618764269696, 245024223735}, {0, 3036011572, 0}}},
            {{{17280734793102898, 37004765652563045, 20912441075102404},
              {6984354954380, 191181705717375, 0}},
             {{107502747226561, 299402549072025, 17049706546604},
              {51257785119, 1181793650, 294169}},
             {{40223994090758, 35829145383235, 856564585415}, {0, 1672551782, 0}},
             {{9434563724358, 1304320291028, 351566444243}, {0, 8192074405, 0}}}},
};

static void sum_example(unsigned flags, const VtAdmOptions *const opt[2], VtAdmShared *shared,
                        VtAdmSums *sums)
{
    *shared = (VtAdmShared){.bpc = 8, .n_variants = 2};
    vt_adm_dsp_init(&shared->dsp, flags);
    vt_adm_scales(shared->scale, W, H);
    for (int v = 0; v < 2; v++) {
        assert_int_equal(vt_adm_weights(opt[v], shared->weights[v]), 0);
        for (unsigned s = 0; s < 4; s++) {
            shared->variant[v].dsp[s] = &shared->dsp;
            shared->variant[v].csf[s] = (VtAdmCsf){.gain = opt[v]->gain_limit, .aim = true};
            memcpy(shared->variant[v].csf[s].weight, shared->weights[v][s].fixed,
                   sizeof(shared->weights[v][s].fixed));
        }
    }
    const VmafPicture ref = {.data = {plane[REF]}, .stride = {W}};
    const VmafPicture dis = {.data = {plane[DIS]}, .stride = {W}};
    void *scratch = vt_aligned_alloc(vt_adm_scratch_size(shared));
    assert_non_null(scratch);
    vt_adm_sum_part(shared, scratch, &ref, &dis, 0, 1, sums);
    vt_aligned_free(scratch);
}

static void crops(void **state)
{
    (void)state;
    static const unsigned want[4][4] = {{30, 25, 2, 2}, {15, 13, 1, 0}, {8, 7, 0, 0}, {4, 4, 0, 0}};
    VtAdmScale scale[4];
    vt_adm_scales(scale, W, H);
    for (int s = 0; s < 4; s++) {
        const VtAdmScale *sc = &scale[s];
        const unsigned got[4] = {sc->w, sc->h, sc->left, sc->top};
        assert_memory_equal(got, want[s], sizeof(got));
        assert_int_equal(sc->right, sc->w - sc->left);
        assert_int_equal(sc->bottom, sc->h - sc->top);
    }
    for (unsigned w = 17; w < 5000; w++) {
        vt_adm_scales(scale, w, w);
        for (int s = 0; s < 4; s++) assert_int_equal(scale[s].left, (int)(scale[s].w * 0.1 - 0.5));
    }
}

static void close_to(double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance)) fail_msg("%.17g, expected %.10g", got, want);
}

static void figures(void **state)
{
    (void)state;
    static const struct {
        double num[4], den[4], adm2, aim, adm3;
    } want[2] = {
        {{33.6407394, 40.3922958, 41.6268845, 21.6081581},
         {36.5048828, 43.3649292, 43.9674149, 24.2393703},
         0.927007241,
         0.036640485,
         0.945183378},
        {{23.6378365, 31.666605, 40.5799522, 26.1148529},
         {26.4639721, 34.6277809, 43.0204811, 29.4956169},
         0.913114354,
         0.034546602,
         0.928816067},
    };
    static const VtAdmOptions *const opt[2] = {&defaults, &v1};
    for (size_t m = 0; m < MASKS; m++) {
        VtAdmShared shared;
        VtAdmSums sums;
        sum_example(vt_cpu_flags(masks[m]), opt, &shared, &sums);
        assert_memory_equal(&sums, &expected, sizeof(sums));
        for (int v = 0; v < 2; v++) {
            VtAdmScores got;
            vt_adm_scores(opt[v], shared.scale, shared.weights[v], sums.den, sums.num[v], &got);
            for (int s = 0; s < 4; s++) {
                close_to(got.scale_num[s], want[v].num[s], 5e-7);
                close_to(got.scale_den[s], want[v].den[s], 5e-7);
            }
            close_to(got.adm2, want[v].adm2, 5e-10);
            close_to(got.aim, want[v].aim, 5e-10);
            close_to(got.adm3, want[v].adm3, 5e-10);
            if (v) continue;
            static const double scale[4] = {0.921541, 0.931451, 0.946767, 0.891449};
            for (int s = 0; s < 4; s++) close_to(got.scale[s], scale[s], 5e-7);
            close_to(got.num, 137.268077850, 5e-10);
            close_to(got.den, 148.076597214, 5e-10);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crops),
        cmocka_unit_test(bands),
        cmocka_unit_test(inner_positions),
        cmocka_unit_test(figures),
    };
    return cmocka_run_group_tests(tests, make_planes, NULL);
}
