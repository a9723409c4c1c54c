/* Integer VIF: every vector kernel against the scalar one: all strip widths up to 200 and the
 * longest, both plane edges, all scales, depths and contents. */
#include "kernel_check.h"

#include <string.h>

#include "metric/vif/vif_dsp.h"

enum { MAX_W = 2 * VT_VIF_STRIP, MAX_ROWS = VT_VIF_BAND + 2 * VT_VIF_RADIUS };

static VtVifDsp scalar, simd;
static unsigned flags;

/* How the distorted picture comes from the reference. */
typedef enum { UNRELATED, NEAR, ENHANCED, OPPOSITE, EQUAL, RELATIONS } Relation;

static unsigned get(const void *p, unsigned bpc, size_t i)
{
    return bpc == 8 ? ((const uint8_t *)p)[i] : ((const uint16_t *)p)[i];
}

static void put(void *p, unsigned bpc, size_t i, unsigned v)
{
    if (bpc == 8)
        ((uint8_t *)p)[i] = (uint8_t)v;
    else
        ((uint16_t *)p)[i] = (uint16_t)v;
}

static unsigned related(Relation relation, unsigned v, unsigned own, unsigned max)
{
    const unsigned step = kc_random() % 5;
    switch (relation) {
    case NEAR:
        return v + step > max ? max : v + step;
    case ENHANCED:
        return v > max / 3 * 2 ? max : v < max / 3 ? 0 : v / 2 + step % (max / 4);
    case OPPOSITE:
        return max - v;
    case EQUAL:
        return v;
    default:
        return own;
    }
}

/* Rows of both pictures, each a buffer that ends where the row ends. */
typedef struct Rows {
    void *row[2][MAX_ROWS];
    unsigned count;
} Rows;

static Rows rows_new(unsigned w, unsigned count, unsigned bpc, KcFill fill, Relation relation)
{
    const unsigned bytes = bpc == 8 ? 1 : 2, max = (1u << bpc) - 1;
    Rows r = {.count = count};
    for (unsigned i = 0; i < count; i++) {
        for (unsigned p = 0; p < 2; p++) {
            r.row[p][i] = kc_buffer((size_t)w * bytes, (i + p) % 16 * bytes);
            kc_fill(r.row[p][i], w, bytes, max, false, fill);
        }
        for (unsigned x = 0; x < w; x++)
            put(r.row[1][i], bpc, x,
                related(relation, get(r.row[0][i], bpc, x), get(r.row[1][i], bpc, x), max));
    }
    return r;
}

static void rows_free(Rows *r)
{
    for (unsigned i = 0; i < r->count; i++)
        for (unsigned p = 0; p < 2; p++) kc_buffer_free(r->row[p][i], "row");
}

static const VtVifLimits limits[] = {{1, {100}}, {1, {1}}, {3, {1.2, 100, 1}}};

static VtVifSums statistics(const VtVifDsp *dsp, const VtVifStrip *strip, const VtVifLimits *limit)
{
    VtVifSums sums;
    memset(&sums, 0, sizeof(sums));
    void *scratch = kc_buffer(vt_vif_strip_scratch(limit->count), 0);
    dsp->statistics(strip, scratch, limit, &sums);
    kc_buffer_free(scratch, "strip scratch");
    return sums;
}

static void check_strip(unsigned w, unsigned x0, unsigned rows, unsigned scale, unsigned bpc,
                        KcFill fill, Relation relation)
{
    Rows r = rows_new(w, rows + 2 * vt_vif_reach(scale), bpc, fill, relation);
    VtVifStrip strip = {.rows = rows, .w = w, .x0 = x0, .scale = scale, .bpc = bpc};
    strip.x1 = w - x0 < VT_VIF_STRIP ? w : x0 + VT_VIF_STRIP;
    memcpy(strip.ref, r.row[0], r.count * sizeof(void *));
    memcpy(strip.dis, r.row[1], r.count * sizeof(void *));
    const VtVifLimits *limit = &limits[(w + rows) % 3];
    const VtVifSums want = statistics(&scalar, &strip, limit);
    const VtVifSums got = statistics(&simd, &strip, limit);
    kc_equal(&want, &got, sizeof(want),
             "%s statistics, width %u from %u, %u rows, scale %u, %u bits, fill %d, relation %d",
             kc_set_name(flags), w, x0, rows, scale, bpc, (int)fill, (int)relation);
    rows_free(&r);
}

static void check_thin(unsigned w, unsigned rows, unsigned scale, unsigned bpc, KcFill fill)
{
    Rows r = rows_new(w, 2 * rows - 1 + 2 * vt_vif_reach(scale), bpc, fill, EQUAL);
    void *scratch = kc_buffer(vt_vif_thin_scratch(w), 0);
    uint16_t *out[2][VT_VIF_THINNED];
    for (int i = 0; i < 2; i++) {
        VtVifThin t = {.rows = rows, .w = w, .scale = scale, .bpc = bpc};
        memcpy(t.src, r.row[0], r.count * sizeof(void *));
        for (unsigned j = 0; j < rows; j++)
            t.dst[j] = out[i][j] = kc_buffer(w / 2 * sizeof(uint16_t), 2 * j);
        (i ? simd : scalar).thin(&t, scratch);
    }
    for (unsigned j = 0; j < rows; j++) {
        kc_equal(out[0][j], out[1][j], w / 2 * sizeof(uint16_t),
                 "%s thin, width %u, row %u of %u, scale %u, %u bits, fill %d", kc_set_name(flags),
                 w, j, rows, scale, bpc, (int)fill);
        for (int i = 0; i < 2; i++) kc_buffer_free(out[i][j], "thinned row");
    }
    kc_buffer_free(scratch, "thin scratch");
    rows_free(&r);
}

static unsigned rows_for(unsigned w, unsigned most)
{
    return w % 3 ? most : 1 + w % most;
}

static void check_scale(unsigned scale, unsigned bpc)
{
    const unsigned smallest = scale == 0 ? 16 : 2;
    for (unsigned w = smallest; w <= 200; w++) {
        const Relation relation = w % RELATIONS;
        const KcFill fill = (w / RELATIONS) % KC_FILLS;
        check_strip(w, 0, rows_for(w, VT_VIF_BAND), scale, bpc, KC_RANDOM, relation);
        check_strip(w, 0, rows_for(w, VT_VIF_BAND), scale, bpc, fill, relation);
        check_strip(VT_VIF_STRIP + w, VT_VIF_STRIP, VT_VIF_BAND, scale, bpc, fill, relation);
    }
    check_strip(VT_VIF_STRIP + 5, 0, VT_VIF_BAND, scale, bpc, KC_RANDOM, NEAR);
    for (unsigned n = 1; n < 4; n++)
        check_strip(VT_VIF_STRIP + n, VT_VIF_STRIP, VT_VIF_BAND, scale, bpc, KC_RANDOM, NEAR);
    for (KcFill fill = 0; fill < KC_FILLS; fill++)
        for (Relation relation = 0; relation < RELATIONS; relation++)
            check_strip(MAX_W, 0, VT_VIF_BAND, scale, bpc, fill, relation);
}

static void check_all(void)
{
    static const unsigned depths[] = {8, 9, 10, 12, 14, 16};
    for (unsigned i = 0; i < sizeof(depths) / sizeof(depths[0]); i++) {
        check_scale(0, depths[i]);
        for (KcFill fill = 0; fill < KC_FILLS; fill++)
            for (unsigned w = 4; w <= 200; w++)
                check_thin(w, rows_for(w, VT_VIF_THINNED), 1, depths[i], fill);
    }
    for (unsigned scale = 1; scale < VT_VIF_SCALES; scale++) {
        check_scale(scale, 16);
        for (KcFill fill = 0; fill < KC_FILLS && scale > 1; fill++)
            for (unsigned w = 4; w <= 200; w++)
                check_thin(w, rows_for(w, VT_VIF_THINNED), scale, 16, fill);
    }
}

/* ---- time ---- */

typedef struct Timing {
    const VtVifDsp *dsp;
    VtVifStrip strip;
    VtVifThin thin;
    void *scratch;
    VtVifSums sums;
} Timing;

static void time_statistics(void *arg)
{
    Timing *t = arg;
    t->dsp->statistics(&t->strip, t->scratch, &limits[0], &t->sums);
}

static void time_thin(void *arg)
{
    Timing *t = arg;
    t->dsp->thin(&t->thin, t->scratch);
}

static void time_all(const VtVifDsp *dsp, unsigned set)
{
    static uint16_t dst[VT_VIF_THINNED][MAX_W];
    static const char *const names[] = {"statistics 0", "statistics 1", "statistics 2",
                                        "statistics 3"};
    for (unsigned scale = 0; scale < VT_VIF_SCALES; scale++) {
        const unsigned bpc = scale ? 16 : 8;
        Rows r = rows_new(MAX_W, MAX_ROWS, bpc, KC_NOISE_ON_FLAT, NEAR);
        Timing t = {.dsp = dsp, .scratch = kc_buffer(vt_vif_strip_scratch(limits[0].count), 0)};
        t.strip = (VtVifStrip){
            .rows = VT_VIF_BAND, .w = MAX_W, .x1 = VT_VIF_STRIP, .scale = scale, .bpc = bpc};
        memcpy(t.strip.ref, r.row[0], sizeof(t.strip.ref));
        memcpy(t.strip.dis, r.row[1], sizeof(t.strip.dis));
        kc_time(names[scale], set, VT_VIF_STRIP * VT_VIF_BAND, time_statistics, &t);
        if (scale) {
            t.thin = (VtVifThin){.rows = VT_VIF_THINNED, .w = MAX_W, .scale = scale, .bpc = bpc};
            memcpy(t.thin.src, r.row[0], sizeof(t.thin.src));
            for (int j = 0; j < VT_VIF_THINNED; j++) t.thin.dst[j] = dst[j];
            kc_time("thin", set, MAX_W * VT_VIF_THINNED * 2, time_thin, &t);
        }
        kc_buffer_free(t.scratch, "scratch");
        rows_free(&r);
    }
}

int main(int argc, char **argv)
{
    kc_init(argc, argv, "vif");
    vt_vif_dsp_init(&scalar, 0);
    if (kc_bench()) time_all(&scalar, 0);
    for (const unsigned *set = kc_sets(); *set; set++) {
        flags = *set;
        vt_vif_dsp_init(&simd, flags);
        check_all();
        if (kc_bench()) time_all(&simd, flags);
    }
    return kc_finish();
}
