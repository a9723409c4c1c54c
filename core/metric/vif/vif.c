/* Integer VIF: visual information fidelity on luma at four scales (spec: vif).
 *
 * One pass down the picture: scale 0 goes in bands of 8 rows, each band also makes 4 rows of the
 * next plane, and a coarser scale does a band of its own as soon as the rows it reaches are there.
 * Planes 1 to 3 are windows of 32 rows.
 *
 * A part of a frame sums over its own rows of every scale and makes for itself those rows of planes
 * 1 to 3 that it reaches beyond them (spec: vif 13.6): some 30 rows of low-pass on either side. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "metric/metric.h"
#include "metric/vif/vif_private.h"

#define SMALLEST 16 /* scale 3 then has at least 2 rows and columns */
#define WINDOW 32   /* rows; a band, its reach and what arrives between bands stay below it */
#define N_SUMS (VT_VIF_SCALES * sizeof(VtVifSums) / sizeof(uint64_t))

_Static_assert(N_SUMS <= VT_MAX_SUMS, "the sums of a part");

typedef VtVifOptions Options;
typedef VtVifShared Shared;

enum { SCORE, COMBINED = SCORE + VT_VIF_SCALES, NUM, DEN, PER_SCALE, OUTPUTS = PER_SCALE + 8 };

static const VtOption options[] = {
    {.name = "debug",
     .help = "also report numerators and denominators",
     .type = VT_OPTION_BOOL,
     .offset = offsetof(Options, debug)},
    {.name = "vif_enhn_gain_limit",
     .alias = "egl",
     .help = "largest gain that counts as preserved information (1.0 for NEG models)",
     .type = VT_OPTION_DOUBLE,
     .offset = offsetof(Options, gain_limit),
     .in_name = true,
     .number = 100,
     .min = 1,
     .max = 100},
    {.name = "vif_skip_scale0",
     .alias = "ssclz",
     .help = "do not compute scale 0; it scores 0",
     .type = VT_OPTION_BOOL,
     .offset = offsetof(Options, skip_scale0),
     .in_name = true},
    {0},
};

static const VtOutput outputs[OUTPUTS] = {
    {.base = "VMAF_integer_feature_vif_scale0_score"},
    {.base = "VMAF_integer_feature_vif_scale1_score"},
    {.base = "VMAF_integer_feature_vif_scale2_score"},
    {.base = "VMAF_integer_feature_vif_scale3_score"},
    {.base = "integer_vif"},
    {.base = "integer_vif_num"},
    {.base = "integer_vif_den"},
    {.base = "integer_vif_num_scale0"},
    {.base = "integer_vif_den_scale0"},
    {.base = "integer_vif_num_scale1"},
    {.base = "integer_vif_den_scale1"},
    {.base = "integer_vif_num_scale2"},
    {.base = "integer_vif_den_scale2"},
    {.base = "integer_vif_num_scale3"},
    {.base = "integer_vif_den_scale3"},
};

/* One scale of the pair while the frame streams through. */
typedef struct Scale {
    uint8_t *data[2]; /* reference, distorted */
    ptrdiff_t stride[2];
    unsigned row_mask; /* row y lies at y & row_mask */
    unsigned w, h, bpc;
    unsigned first, end; /* rows whose statistics are summed */
    unsigned low, high;  /* rows of the plane that are read */
    unsigned ready;      /* rows below are present, from low on */
    unsigned next, stop; /* first row of the next band, end of the last one */
} Scale;

typedef struct Pass {
    const Shared *shared;
    Scale scale[VT_VIF_SCALES];
    VtVifSums sums[VT_VIF_SCALES];
    void *strip_scratch, *thin_scratch;
} Pass;

static const Options *options_of(const VtGroup *group, unsigned member)
{
    return group->member[member]->options;
}

/* ---- set-up ---- */

static bool shares(const void *a, const void *b)
{
    (void)a, (void)b;
    return true; /* all options act late, or only save work */
}

static unsigned add_limit(VtVifLimits *limits, double value)
{
    for (unsigned i = 0; i < limits->count; i++)
        if (limits->value[i] == value) return i;
    limits->value[limits->count] = value;
    return limits->count++;
}

static int init(VtGroup *group)
{
    const VtFormat *f = &group->format;
    if (f->w < SMALLEST || f->h < SMALLEST) {
        vt_error(group->log, "vif: pictures of %ux%u are too small, at least %dx%d are needed",
                 f->w, f->h, SMALLEST, SMALLEST);
        return -EINVAL;
    }
    Shared *s = calloc(1, sizeof(*s));
    if (!s) {
        vt_error(group->log, "vif: out of memory");
        return -ENOMEM;
    }
    vt_vif_dsp_init(&s->dsp, group->cpu_flags);
    s->skip_scale0 = true;
    for (unsigned m = 0; m < group->n_members; m++) {
        s->limit_of[m] = add_limit(&s->limits, options_of(group, m)->gain_limit);
        if (!options_of(group, m)->skip_scale0) s->skip_scale0 = false;
    }
    group->shared = s;
    return 0;
}

static void close_group(VtGroup *group)
{
    free(group->shared);
    group->shared = NULL;
}

/* Cuts the scratch block; the planes of scale 0 are the pictures. */
static size_t layout(Pass *p, const VtFormat *f, void *scratch)
{
    VtCarve c = {.base = scratch};
    for (unsigned s = 0; s < VT_VIF_SCALES; s++) {
        Scale *sc = &p->scale[s];
        sc->w = f->w >> s;
        sc->h = f->h >> s;
        sc->bpc = s ? 16 : f->bpc;
        sc->row_mask = s ? WINDOW - 1 : UINT32_MAX;
        for (unsigned i = 0; i < 2 && s; i++) {
            sc->stride[i] = (ptrdiff_t)VT_ALIGN_UP(sc->w * sizeof(uint16_t));
            sc->data[i] = vt_carve(&c, WINDOW * (size_t)sc->stride[i]);
        }
    }
    p->strip_scratch = vt_carve(&c, vt_vif_strip_scratch(p->shared->limits.count));
    p->thin_scratch = vt_carve(&c, vt_vif_thin_scratch(f->w));
    return c.used;
}

static size_t scratch_size(const VtGroup *group)
{
    Pass p = {.shared = group->shared};
    return layout(&p, &group->format, NULL);
}

/* ---- rows of a part ---- */

static unsigned below(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static unsigned above(unsigned a, unsigned b)
{
    return a > b ? a : b;
}

static unsigned less(unsigned a, unsigned b)
{
    return a > b ? a - b : 0;
}

/* Rows of scale s in this part: 8 rows of scale 0 go with 4, 2 and 1 of the others, and what is
 * left over with the last part. */
static void own_rows(Scale *sc, unsigned s, unsigned h, unsigned part, unsigned n_parts)
{
    const unsigned end = vt_part_row(h / 8, part + 1, n_parts);
    sc->first = vt_part_row(h / 8, part, n_parts) << (3 - s);
    sc->end = end == h / 8 ? sc->h : end << (3 - s);
}

/* Adds to a scale's rows those that the rows read of the next plane are made from. */
static void reach_up(Scale *sc, const Scale *coarse, unsigned s)
{
    const unsigned reach = vt_vif_reach(s + 1), last = 2 * (coarse->high - 1);
    sc->low = below(sc->low, less(2 * coarse->low, reach));
    sc->high = above(sc->high, below(last + reach + 1, sc->h));
    sc->next = below(sc->next, 2 * coarse->low);
    sc->stop = above(sc->stop, last + 1);
}

/* What the pass does at every scale. Mirrored rows lie within the reach of the rows at the border,
 * or the plane is so small that it is read from row 0. */
static void plan(Pass *p, unsigned part, unsigned n_parts)
{
    for (int s = VT_VIF_SCALES - 1; s >= 0; s--) {
        Scale *sc = &p->scale[s];
        const unsigned reach = vt_vif_reach((unsigned)s);
        own_rows(sc, (unsigned)s, p->scale[0].h, part, n_parts);
        sc->next = sc->first;
        sc->stop = sc->end;
        sc->low = less(sc->first, reach);
        sc->high = below(sc->end + reach, sc->h);
        if (s + 1 < VT_VIF_SCALES) reach_up(sc, &p->scale[s + 1], (unsigned)s);
        sc->ready = s ? sc->low : sc->h;
    }
}

/* ---- one frame ---- */

static uint8_t *row(const Scale *sc, unsigned picture, unsigned y)
{
    return sc->data[picture] + (ptrdiff_t)(y & sc->row_mask) * sc->stride[picture];
}

/* Pointers to rows first .. first + n - 1, mirrored. */
static void collect(const Scale *sc, unsigned picture, int first, unsigned n, const void **out)
{
    for (unsigned i = 0; i < n; i++)
        out[i] = row(sc, picture, vt_vif_mirror(first + (int)i, sc->h));
}

static void band_statistics(Pass *p, unsigned s, unsigned rows)
{
    const Scale *sc = &p->scale[s];
    const unsigned reach = vt_vif_reach(s);
    const unsigned y = above(sc->next, sc->first), end = below(sc->next + rows, sc->end);
    if (y >= end) return;
    VtVifStrip strip = {.rows = end - y, .w = sc->w, .scale = s, .bpc = sc->bpc};
    collect(sc, 0, (int)y - (int)reach, strip.rows + 2 * reach, strip.ref);
    collect(sc, 1, (int)y - (int)reach, strip.rows + 2 * reach, strip.dis);
    for (unsigned x = 0; x < sc->w; x += VT_VIF_STRIP) {
        strip.x0 = x;
        strip.x1 = sc->w - x < VT_VIF_STRIP ? sc->w : x + VT_VIF_STRIP;
        p->shared->dsp.statistics(&strip, p->strip_scratch, &p->shared->limits, &p->sums[s]);
    }
}

/* The rows of plane s + 1 at the even rows of a band of scale s, which starts at an even row. */
static void band_thin(Pass *p, unsigned s, unsigned rows)
{
    const Scale *sc = &p->scale[s];
    Scale *coarse = &p->scale[s + 1];
    const unsigned reach = vt_vif_reach(s + 1);
    const unsigned y = above(sc->next / 2, coarse->low);
    const unsigned end = below((sc->next + rows + 1) / 2, coarse->high);
    if (y >= end) return;
    VtVifThin t = {.rows = end - y, .w = sc->w, .scale = s + 1, .bpc = sc->bpc};
    for (unsigned i = 0; i < 2; i++) {
        collect(sc, i, (int)(2 * y) - (int)reach, 2 * t.rows - 1 + 2 * reach, t.src);
        for (unsigned j = 0; j < t.rows; j++) t.dst[j] = (uint16_t *)(void *)row(coarse, i, y + j);
        p->shared->dsp.thin(&t, p->thin_scratch);
    }
    coarse->ready = y + t.rows;
}

/* Does every band of scale s that the rows present allow. */
static void advance(Pass *p, unsigned s)
{
    Scale *sc = &p->scale[s];
    while (sc->next < sc->stop) {
        const unsigned rows = below(sc->stop - sc->next, VT_VIF_BAND);
        if (sc->ready < below(sc->next + rows + vt_vif_reach(s), sc->high)) return;
        if (s || !p->shared->skip_scale0) band_statistics(p, s, rows);
        if (s + 1 < VT_VIF_SCALES) {
            band_thin(p, s, rows);
            sc->next += rows;
            advance(p, s + 1);
        } else {
            sc->next += rows;
        }
    }
}

/* A scale's numerator and denominator, rounded to binary32. */
static void terms(const VtVifSums *k, unsigned limit, float *num, float *den)
{
    *num = (float)((double)k->num_log[limit] / 2048.0 +
                   ((double)k->flat_count - ((double)k->flat_variance / 16384.0) / 65025.0));
    *den = (float)((double)k->den_log / 2048.0 + (double)k->flat_count);
}

void vt_vif_scores(const VtVifSums sums[VT_VIF_SCALES], const VtVifOptions *o, unsigned limit,
                   VtResult *out)
{
    double total_num = 0, total_den = 0;
    for (unsigned s = 0; s < VT_VIF_SCALES; s++) {
        float num, den;
        terms(&sums[s], limit, &num, &den);
        const bool skipped = !s && o->skip_scale0;
        if (skipped) num = 0, den = -1;
        vt_emit(out, SCORE + s, skipped ? 0.0 : num / den);
        if (!o->debug) continue;
        vt_emit(out, PER_SCALE + 2 * s, num);
        vt_emit(out, PER_SCALE + 2 * s + 1, den);
        if (skipped) continue;
        total_num += num;
        total_den += den;
    }
    if (!o->debug) return;
    vt_emit(out, COMBINED, total_den == 0 ? 1.0 : total_num / total_den);
    vt_emit(out, NUM, total_num);
    vt_emit(out, DEN, total_den);
}

static void extract_part(const VtGroup *group, void *scratch, const VtFrame *frame, unsigned part,
                         unsigned n_parts, uint64_t *sums)
{
    Pass p = {.shared = group->shared};
    layout(&p, &group->format, scratch);
    const VmafPicture *const pair[2] = {frame->ref, frame->dis};
    for (unsigned i = 0; i < 2; i++) {
        p.scale[0].data[i] = pair[i]->data[0];
        p.scale[0].stride[i] = pair[i]->stride[0];
    }
    plan(&p, part, n_parts);
    if (p.scale[0].first == p.scale[0].end) return;
    advance(&p, 0);
    memcpy(sums, p.sums, sizeof(p.sums));
}

static int finish(const VtGroup *group, const VtFrame *frame, const uint64_t *totals,
                  VtResult *const *results)
{
    (void)frame;
    const Shared *shared = group->shared;
    VtVifSums sums[VT_VIF_SCALES];
    memcpy(sums, totals, sizeof(sums));
    for (unsigned m = 0; m < group->n_members; m++)
        vt_vif_scores(sums, options_of(group, m), shared->limit_of[m], results[m]);
    return 0;
}

const VtMetric vt_metric_vif = {
    .name = "vif",
    .help = "visual information fidelity at four scales (integer)",
    .luma_only = true,
    .options = options,
    .options_size = sizeof(Options),
    .outputs = outputs,
    .n_outputs = OUTPUTS,
    .shares = shares,
    .init = init,
    .close = close_group,
    .scratch_size = scratch_size,
    .extract = vt_extract_whole,
    .n_sums = N_SUMS,
    .extract_part = extract_part,
    .finish = finish,
    .gpu = &vt_vif_gpu,
};
