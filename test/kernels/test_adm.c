/* Integer ADM: every vector kernel against the scalar one. Inputs stay in the ranges that pictures
 * can give (spec: adm 16.1), and reach their ends. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernel_check.h"
#include "metric/adm/adm_dsp.h"

enum { MAX_N = 1024, BAND16 = 22930, BAND32 = 1491500000 };

/* Rows that kernels write, and one set for what scalar kernels write. */
typedef struct Outputs {
    void *row[10];
} Outputs;

static VtAdmDsp scalar, simd;
static unsigned flags;
static void *inputs[8];

static void *row_new(size_t columns, size_t element)
{
    char *p = kc_buffer(vt_adm_row_bytes(columns, element), 0);
    return p + VT_ADM_PAD * element;
}

static void row_free(void *row, size_t element, const char *what)
{
    kc_buffer_free((char *)row - VT_ADM_PAD * element, what);
}

static unsigned clog2(unsigned n)
{
    return n > 1 ? 32u - (unsigned)__builtin_clz(n - 1) : 0;
}

/* Widths 1 to 200, then some larger ones, odd too; 0 ends. */
static unsigned next_width(unsigned n)
{
    static const unsigned large[] = {255, 256, 257, 258, 480, 513, 960, 0};
    if (n < 200) return n + 1;
    if (n == 200) return large[0];
    for (unsigned i = 0;; i++)
        if (large[i] == n) return large[i + 1];
}

/* --------------------------------------------------------------------------------- wavelet rows */

typedef struct Wavelet {
    VtAdmTemp temp[2];
    void *ll[2], *detail[2][3];
} Wavelet;

static Wavelet wavelet_new(unsigned w, size_t element)
{
    Wavelet v;
    for (int i = 0; i < 2; i++) {
        for (int k = 0; k < 4; k++) v.temp[i].row[k] = row_new(2 * (w + VT_ADM_PAD), 4);
        v.ll[i] = row_new(w, element);
        for (int b = 0; b < 3; b++) v.detail[i][b] = row_new(w, element);
    }
    return v;
}

static void wavelet_compare(const Wavelet *v, unsigned w, size_t element, bool ll, bool detail,
                            const char *what, unsigned w_in)
{
    if (ll)
        kc_equal(v->ll[0], v->ll[1], w * element, "%s %s LL, width %u", kc_set_name(flags), what,
                 w_in);
    for (int b = 0; detail && b < 3; b++)
        kc_equal(v->detail[0][b], v->detail[1][b], w * element, "%s %s band %d, width %u",
                 kc_set_name(flags), what, b, w_in);
}

static void wavelet_free(Wavelet *v, size_t element, const char *what)
{
    for (int i = 0; i < 2; i++) {
        for (int k = 0; k < 4; k++) row_free(v->temp[i].row[k], 4, what);
        row_free(v->ll[i], element, what);
        for (int b = 0; b < 3; b++) row_free(v->detail[i][b], element, what);
    }
}

/* bpc 17: words of 16 bits in a picture of 10, which count as the largest sample. */
static void check_plane(unsigned bpc, KcFill fill)
{
    const unsigned depth = bpc > 16 ? 10 : bpc;
    const bool words = depth > 8;
    for (unsigned w_in = 3; w_in; w_in = next_width(w_in)) {
        const unsigned w = (w_in + 1) / 2, bytes = words ? 2 : 1;
        const uint32_t max = bpc > 16 ? 65535 : (1u << bpc) - 1;
        void *src[4];
        for (unsigned k = 0; k < 4; k++) {
            src[k] = kc_buffer(w_in * bytes, k * 2 + 1 - words);
            kc_fill(src[k], w_in, bytes, max, false, fill);
        }
        for (int detail = 0; detail < 2; detail++) {
            Wavelet v = wavelet_new(w, 2);
            for (int i = 0; i < 2; i++) {
                int16_t *const d[] = {v.detail[i][0], v.detail[i][1], v.detail[i][2]};
                (i ? simd : scalar)
                    .dwt_plane[words]((const void *const *)src, depth, w_in, &v.temp[i], v.ll[i],
                                      detail ? d : NULL);
            }
            wavelet_compare(&v, w, 2, true, detail, words ? "dwt words" : "dwt bytes", w_in);
            wavelet_free(&v, 2, "dwt_plane");
        }
        for (unsigned k = 0; k < 4; k++) kc_buffer_free(src[k], "plane");
    }
}

static void run_coarse(const VtAdmDsp *dsp, unsigned s, void *const src[4], unsigned w_in,
                       const Wavelet *v, int i, bool ll, bool detail)
{
    int32_t *const d[] = {v->detail[i][0], v->detail[i][1], v->detail[i][2]};
    int32_t *low = ll ? v->ll[i] : NULL;
    if (s == 1)
        dsp->dwt_fine((const int16_t *const *)src, w_in, &v->temp[i], low, detail ? d : NULL);
    else
        dsp->dwt_coarse((const int32_t *const *)src, w_in, s == 2 ? 16 : 15, &v->temp[i], low,
                        detail ? d : NULL);
}

static void check_coarse(unsigned s, KcFill fill)
{
    const unsigned bytes = s == 1 ? 2 : 4;
    for (unsigned w_in = 3; w_in; w_in = next_width(w_in)) {
        const unsigned w = (w_in + 1) / 2;
        void *src[4];
        for (int k = 0; k < 4; k++) {
            src[k] = row_new(w_in, bytes);
            kc_fill(src[k], w_in, bytes, s == 1 ? BAND16 : s == 2 ? BAND32 : 751600000, true, fill);
        }
        for (int part = 1; part < 4; part++) {
            Wavelet v = wavelet_new(w, 4);
            for (int i = 0; i < 2; i++)
                run_coarse(i ? &simd : &scalar, s, src, w_in, &v, i, part & 1, part & 2);
            wavelet_compare(&v, w, 4, part & 1, part & 2, "coarse dwt", w_in);
            wavelet_free(&v, 4, "dwt_coarse");
        }
        for (int k = 0; k < 4; k++) row_free(src[k], bytes, "dwt input");
    }
}

/* ------------------------------------------------------------------------------ rows of details */

typedef enum { INDEPENDENT, ENHANCED, REDUCED, EQUAL, ROTATED, RELATIONS } Relation;

static int32_t clamp(double v, int32_t max)
{
    return v > max ? max : v < -max ? -max : (int32_t)v;
}

/* Distorted bands from reference bands. ROTATED: by just the angle that decides the flag. */
static void relate(Relation relation, int32_t max, const int32_t o[3], int32_t t[3])
{
    const double c = sqrt((double)VT_ADM_COS2), s = sqrt(1 - (double)VT_ADM_COS2);
    const double gain =
        relation == ENHANCED ? 1.0 + kc_random() % 100 / 64.0 : 1.0 - kc_random() % 100 / 100.0;
    if (relation == INDEPENDENT) return;
    for (int b = 0; b < 3; b++)
        t[b] = relation == EQUAL ? o[b] : clamp(o[b] * gain + kc_random() % 3 - 1, max);
    if (relation != ROTATED) return;
    t[0] = clamp(o[0] * c - o[1] * s + kc_random() % 2, max);
    t[1] = clamp(o[0] * s + o[1] * c, max);
}

/* o and t in bands of three; values of int16 or int32. */
typedef struct Details {
    void *o[3], *t[3], *r[2][3], *flag[2];
    size_t element;
} Details;

static int32_t get(const void *row, size_t element, unsigned j)
{
    return element == 2 ? ((const int16_t *)row)[j] : ((const int32_t *)row)[j];
}

static void put(void *row, size_t element, unsigned j, int32_t v)
{
    if (element == 2)
        ((int16_t *)row)[j] = (int16_t)v;
    else
        ((int32_t *)row)[j] = v;
}

static Details details_new(unsigned n, size_t element, int32_t max, KcFill fill, Relation relation)
{
    Details d = {.element = element};
    for (int b = 0; b < 3; b++) {
        d.o[b] = row_new(n, element);
        d.t[b] = row_new(n, element);
        kc_fill(d.o[b], n, (unsigned)element, (uint32_t)max, true, fill);
        kc_fill(d.t[b], n, (unsigned)element, (uint32_t)max, true, fill);
        for (int i = 0; i < 2; i++) d.r[i][b] = row_new(n, element);
    }
    for (int i = 0; i < 2; i++) d.flag[i] = row_new(n, element);
    for (unsigned j = 0; j < n; j++) {
        int32_t o[3], t[3];
        for (int b = 0; b < 3; b++) {
            /* All magnitudes at 32 bits: coefficients are mostly far below the largest. */
            const unsigned small = element == 4 && fill == KC_RANDOM ? kc_random() % 31 : 0;
            o[b] = get(d.o[b], element, j) / (1 << small);
            t[b] = get(d.t[b], element, j) / (1 << small);
        }
        relate(relation, max, o, t);
        for (int b = 0; b < 3; b++) {
            put(d.o[b], element, j, o[b]);
            put(d.t[b], element, j, t[b]);
        }
    }
    return d;
}

static void details_free(Details *d)
{
    for (int b = 0; b < 3; b++) {
        row_free(d->o[b], d->element, "o");
        row_free(d->t[b], d->element, "t");
        for (int i = 0; i < 2; i++) row_free(d->r[i][b], d->element, "r");
    }
    for (int i = 0; i < 2; i++) row_free(d->flag[i], d->element, "flag");
}

static void decouple(const VtAdmDsp *dsp, const Details *d, unsigned n, int i)
{
    if (d->element == 2)
        dsp->decouple16((const int16_t *const *)d->o, (const int16_t *const *)d->t, n,
                        (int16_t *const *)d->r[i], d->flag[i]);
    else
        dsp->decouple32((const int32_t *const *)d->o, (const int32_t *const *)d->t, n,
                        (int32_t *const *)d->r[i], d->flag[i]);
}

static void denominator(const VtAdmDsp *dsp, const Details *d, unsigned n, uint64_t sum[2][3])
{
    memset(sum, 0, 2 * sizeof(*sum));
    if (d->element == 2) {
        dsp->den16((const int16_t *const *)d->o, n, sum[0]);
        return;
    }
    dsp->den32((const int32_t *const *)d->o, n, 30, 0, sum[0]);
    dsp->den32((const int32_t *const *)d->o, n, 31, clog2(n), sum[1]);
}

/* ----------------------------------------------------------------------------- weights and masks
 */

typedef struct Masked {
    void *z[2][3];
    int32_t *f[2], *e[2];
} Masked;

static Masked masked_new(unsigned n, size_t element)
{
    Masked m;
    for (int role = 0; role < 2; role++) {
        for (int b = 0; b < 3; b++) m.z[role][b] = row_new(n, element);
        m.f[role] = row_new(n, 4);
        m.e[role] = row_new(n, 4);
    }
    return m;
}

static void masked_free(Masked *m, size_t element)
{
    for (int role = 0; role < 2; role++) {
        for (int b = 0; b < 3; b++) row_free(m->z[role][b], element, "z");
        row_free(m->f[role], 4, "f");
        row_free(m->e[role], 4, "e");
    }
}

static void weight(const VtAdmDsp *dsp, const VtAdmCsf *csf, const Details *d, unsigned n,
                   const Masked *m)
{
    if (d->element == 2) {
        VtAdmMasked16 out;
        memcpy(out.z, m->z, sizeof(out.z));
        memcpy(out.f, m->f, sizeof(out.f));
        memcpy(out.e, m->e, sizeof(out.e));
        dsp->csf16(csf, (const int16_t *const *)d->r[0], (const int16_t *const *)d->t, d->flag[0],
                   n, &out);
    } else {
        VtAdmMasked32 out;
        memcpy(out.z, m->z, sizeof(out.z));
        memcpy(out.f, m->f, sizeof(out.f));
        memcpy(out.e, m->e, sizeof(out.e));
        dsp->csf32(csf, (const int32_t *const *)d->r[0], (const int32_t *const *)d->t, d->flag[0],
                   n, &out);
    }
}

static void masked_compare(const Masked m[2], size_t element, unsigned n, bool aim, double gain)
{
    for (int role = 0; role < 2; role++) {
        for (int b = 0; b < 3; b++)
            kc_equal(m[0].z[role][b], m[1].z[role][b], n * element,
                     "%s csf%zu z, gain %g, width %u", kc_set_name(flags), element * 8, gain, n);
        if (role && !aim) continue;
        kc_equal(m[0].f[role], m[1].f[role], n * 4, "%s csf%zu f, gain %g, width %u",
                 kc_set_name(flags), element * 8, gain, n);
        kc_equal(m[0].e[role], m[1].e[role], n * 4, "%s csf%zu e, gain %g, width %u",
                 kc_set_name(flags), element * 8, gain, n);
    }
}

static void mask(const VtAdmDsp *dsp, const VtAdmCsf *csf, const Masked *m, size_t element,
                 const int32_t *const f[3], unsigned n, int role, uint64_t sum[3])
{
    memset(sum, 0, 3 * sizeof(*sum));
    if (element == 2)
        dsp->mask16(csf->weight, f, m->e[role], (const uint16_t *const *)m->z[role], n,
                    clog2(n < 17 ? 17 : n), sum);
    else
        dsp->mask32(f, m->e[role], (const int32_t *const *)m->z[role], n, clog2(n), sum);
}

/* One signal between rows of its own kind: the neighbours are the row itself, shifted. */
static void check_mask(const VtAdmCsf *csf, const Masked *m, size_t element, unsigned n)
{
    for (int role = 0; role < (csf->aim ? 2 : 1); role++) {
        int32_t *f = m->f[role], *above = row_new(n, 4), *below = row_new(n, 4);
        f[-1] = f[n / 2];
        f[n] = f[0];
        for (unsigned j = 0; j < n + 2; j++) {
            above[(int)j - 1] = f[(j + 5) % n];
            below[(int)j - 1] = kc_random() & 1 ? f[j * 7 % n] : 0;
        }
        const int32_t *const rows[] = {above, f, below};
        uint64_t want[3], got[3];
        mask(&scalar, csf, m, element, rows, n, role, want);
        mask(&simd, csf, m, element, rows, n, role, got);
        kc_equal(want, got, sizeof(want), "%s mask%zu, role %d, width %u", kc_set_name(flags),
                 element * 8, role, n);
        row_free(above, 4, "above");
        row_free(below, 4, "below");
    }
}

static const VtAdmCsf csfs16[] = {
    {100, {36453, 36453, 49417}, true}, {1, {36453, 36453, 49417}, true},
    {1, {32768, 32768, 32768}, true},   {1.2, {14342, 14342, 17077}, true},
    {7, {192, 192, 419}, false},        {99.5, {36453, 36453, 49417}, true},
};
static const VtAdmCsf csfs32[] = {
    {100, {137373792, 137373792, 61414028}, true},  {1, {134217728, 134217728, 134217728}, true},
    {1.2, {18092448, 18092448, 4226468}, true},     {7, {137373792, 137373792, 61414028}, false},
    {99.5, {137373792, 137373792, 61414028}, true}, {1, {193000000, 193000000, 193000000}, true},
};

static void check_details(unsigned n, size_t element, KcFill fill, Relation relation)
{
    Details d = details_new(n, element, element == 2 ? BAND16 : BAND32, fill, relation);
    decouple(&scalar, &d, n, 0);
    decouple(&simd, &d, n, 1);
    for (int b = 0; b < 3; b++)
        kc_equal(d.r[0][b], d.r[1][b], n * element, "%s decouple%zu band %d, width %u",
                 kc_set_name(flags), element * 8, b, n);
    kc_equal(d.flag[0], d.flag[1], n * element, "%s decouple%zu flag, relation %d, width %u",
             kc_set_name(flags), element * 8, (int)relation, n);

    uint64_t want[2][3], got[2][3];
    denominator(&scalar, &d, n, want);
    denominator(&simd, &d, n, got);
    kc_equal(want, got, sizeof(want), "%s den%zu, width %u", kc_set_name(flags), element * 8, n);

    for (size_t c = 0; c < sizeof(csfs16) / sizeof(csfs16[0]); c++) {
        const VtAdmCsf *csf = element == 2 ? &csfs16[c] : &csfs32[c];
        Masked m[2] = {masked_new(n, element), masked_new(n, element)};
        weight(&scalar, csf, &d, n, &m[0]);
        weight(&simd, csf, &d, n, &m[1]);
        masked_compare(m, element, n, csf->aim, csf->gain);
        check_mask(csf, &m[0], element, n);
        masked_free(&m[0], element);
        masked_free(&m[1], element);
    }
    details_free(&d);
}

/* Every divisor, and of small ones, whose reciprocal is not exact, every quotient. */
static void check_ratios(void)
{
    Details d = details_new(MAX_N, 2, 1, KC_ZERO, EQUAL);
    unsigned n = 0;
    for (int m = 1; m <= BAND16; m++)
        for (int k = 0; k <= (m < 192 ? m : 24); k++) {
            const int t = m < 192 ? k : k < 12 ? m - k : (int)(kc_random() % (uint32_t)m);
            for (int b = 0; b < 3; b++) {
                put(d.o[b], 2, n, b == 1 ? -m : m);
                put(d.t[b], 2, n, b == 1 ? -t : b == 2 ? t + 1 : t);
            }
            if (++n < MAX_N) continue;
            decouple(&scalar, &d, n, 0);
            decouple(&simd, &d, n, 1);
            for (int b = 0; b < 3; b++)
                kc_equal(d.r[0][b], d.r[1][b], n * 2, "%s ratios up to o = %d", kc_set_name(flags),
                         m);
            n = 0;
        }
    details_free(&d);
}

/* ------------------------------------------------------------------------------------------ time
 */

typedef struct Timing {
    const VtAdmDsp *dsp;
    const Details *details;
    const Masked *masked;
    const Wavelet *wavelet;
    unsigned scale;
    bool words;
    VtAdmCsf csf;
    int role;
    uint64_t sum[2][3];
} Timing;

enum { TIMED = 960 };

static void time_plane(void *arg)
{
    const Timing *t = arg;
    int16_t *const d[] = {t->wavelet->detail[0][0], t->wavelet->detail[0][1],
                          t->wavelet->detail[0][2]};
    t->dsp->dwt_plane[t->words]((const void *const *)inputs, t->words ? 10 : 8, 2 * TIMED,
                                &t->wavelet->temp[0], t->wavelet->ll[0], d);
}

static void time_coarse(void *arg)
{
    const Timing *t = arg;
    run_coarse(t->dsp, t->scale, inputs, 2 * TIMED, t->wavelet, 0, true, true);
}

static void time_decouple(void *arg)
{
    const Timing *t = arg;
    decouple(t->dsp, t->details, TIMED, 0);
}

static void time_den(void *arg)
{
    Timing *t = arg;
    denominator(t->dsp, t->details, TIMED, t->sum);
}

static void time_csf(void *arg)
{
    const Timing *t = arg;
    weight(t->dsp, &t->csf, t->details, TIMED, t->masked);
}

static void time_mask(void *arg)
{
    Timing *t = arg;
    const int32_t *f = t->masked->f[t->role];
    const int32_t *const rows[] = {f, f, f};
    mask(t->dsp, &t->csf, t->masked, t->details->element, rows, TIMED, t->role, t->sum[0]);
}

static void time_wavelets(Timing *t, unsigned set)
{
    Wavelet narrow = wavelet_new(TIMED, 2), wide = wavelet_new(TIMED, 4);
    t->wavelet = &narrow;
    t->words = false;
    kc_time("dwt bytes", set, TIMED, time_plane, t);
    t->words = true;
    kc_time("dwt words", set, TIMED, time_plane, t);
    t->wavelet = &wide;
    for (t->scale = 1; t->scale < 4; t->scale++)
        kc_time(t->scale == 1 ? "dwt fine" : "dwt coarse", set, TIMED, time_coarse, t);
    wavelet_free(&narrow, 2, "timed");
    wavelet_free(&wide, 4, "timed");
}

static void time_details(Timing *t, unsigned set, size_t element)
{
    static const char *const names[2][5] = {
        {"decouple16", "den16", "csf16", "mask16 dlm", "mask16 aim"},
        {"decouple32", "den32, twice", "csf32", "mask32 dlm", "mask32 aim"}};
    const char *const *name = names[element == 4];
    Details d = details_new(TIMED, element, element == 2 ? 500 : 20000000, KC_RANDOM, REDUCED);
    Masked m = masked_new(TIMED, element);
    t->details = &d;
    t->masked = &m;
    t->csf = element == 2 ? csfs16[0] : csfs32[0];
    kc_time(name[0], set, TIMED, time_decouple, t);
    kc_time(name[1], set, TIMED, time_den, t);
    kc_time(name[2], set, TIMED, time_csf, t);
    for (t->role = 0; t->role < 2; t->role++) kc_time(name[3 + t->role], set, TIMED, time_mask, t);
    details_free(&d);
    masked_free(&m, element);
}

static void time_all(const VtAdmDsp *dsp, unsigned set)
{
    Timing t = {.dsp = dsp};
    for (int k = 0; k < 4; k++) {
        inputs[k] = row_new(2 * TIMED, 4);
        kc_fill(inputs[k], 2 * TIMED, 2, 1000, false, KC_RANDOM);
    }
    time_wavelets(&t, set);
    time_details(&t, set, 2);
    time_details(&t, set, 4);
    for (int k = 0; k < 4; k++) row_free(inputs[k], 4, "timed");
}

static void check_all(void)
{
    static const unsigned depths[] = {8, 9, 10, 12, 16, 17};
    for (KcFill fill = 0; fill < KC_FILLS; fill++) {
        for (size_t i = 0; i < sizeof(depths) / sizeof(depths[0]); i++)
            check_plane(depths[i], fill);
        for (unsigned s = 1; s < 4; s++) check_coarse(s, fill);
        for (unsigned n = 2; n; n = next_width(n)) {
            const Relation relation = (n + (unsigned)fill) % RELATIONS;
            check_details(n, 2, fill, relation);
            check_details(n, 4, fill, relation);
        }
    }
    for (unsigned n = 2; n; n = next_width(n))
        for (Relation relation = 0; relation < RELATIONS; relation++) {
            check_details(n, 2, KC_RANDOM, relation);
            check_details(n, 4, KC_RANDOM, relation);
        }
    check_ratios();
}

int main(int argc, char **argv)
{
    kc_init(argc, argv, "adm");
    vt_adm_dsp_init(&scalar, 0);
    if (kc_bench()) time_all(&scalar, 0);
    for (const unsigned *set = kc_sets(); *set; set++) {
        flags = *set;
        vt_adm_dsp_init(&simd, flags);
        check_all();
        if (kc_bench()) time_all(&simd, flags);
    }
    return kc_finish();
}
