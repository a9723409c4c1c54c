/* CIEDE2000 colour difference, averaged over the picture (spec: classic 6).
 *
 * The difference of two pixels is costly, and neighbours are often alike. So pairs of pixels are
 * counted in a small table; a pair that must make way for another is computed once and weighted by
 * its count, as are all pairs that are left in the end. While the picture is too noisy for that,
 * most runs of pixels bypass the table. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "metric/ciede/ciede_dsp.h"
#include "metric/metric.h"

static const VtOutput outputs[] = {{.base = "ciede2000"}};

static int init(VtGroup *group)
{
    if (group->format.pix_fmt == VMAF_PIX_FMT_YUV400P) {
        vt_error(group->log, "ciede: pictures without chroma are not supported");
        return -EINVAL;
    }
    VtCiedeDsp *dsp = malloc(sizeof(*dsp));
    if (!dsp) {
        vt_error(group->log, "ciede: out of memory");
        return -ENOMEM;
    }
    vt_ciede_dsp_init(dsp, group->cpu_flags);
    group->shared = dsp;
    return 0;
}

static void close_group(VtGroup *group)
{
    free(group->shared);
    group->shared = NULL;
}

#define TABLE_BITS 12
#define BYPASS 15 /* runs past the table after one in which it spared less than a quarter */
#define SUMS 8

/* A pixel of the reference and of the distorted side: y, u and v, 16 bits each. */
typedef struct Pair {
    uint64_t ref, dis;
    uint32_t count; /* 0: free */
} Pair;

typedef struct Work {
    const VtCiedeDsp *dsp;
    VtCiedeRun source;             /* pixels of the picture */
    VtCiedeRun batch;              /* pairs to compute */
    uint32_t weight[VT_CIEDE_RUN]; /* of the pairs of the batch */
    _Alignas(64) float delta[VT_CIEDE_RUN];
    unsigned bypass;  /* runs */
    double sum[SUMS]; /* several, for speed; always in the same order */
    Pair table[1 << TABLE_BITS];
} Work;

static size_t scratch_size(const VtGroup *group)
{
    (void)group;
    return sizeof(Work);
}

/* ---- samples of a run ---- */

static unsigned sample(const VmafPicture *pic, unsigned plane, unsigned x, unsigned y)
{
    const void *row = (const char *)pic->data[plane] + (ptrdiff_t)y * pic->stride[plane];
    return pic->bpc == 8 ? ((const uint8_t *)row)[x] : ((const uint16_t *)row)[x];
}

static void copy(const VmafPicture *pic, unsigned plane, unsigned x, unsigned y, unsigned n,
                 uint16_t *dst)
{
    const void *row = (const char *)pic->data[plane] + (ptrdiff_t)y * pic->stride[plane];
    if (pic->bpc == 8)
        for (unsigned i = 0; i < n; i++) dst[i] = ((const uint8_t *)row)[x + i];
    else
        memcpy(dst, (const uint16_t *)row + x, n * sizeof(*dst));
}

/* n samples, each twice. */
static void copy_doubled(const VmafPicture *pic, unsigned plane, unsigned x, unsigned y, unsigned n,
                         uint16_t *dst)
{
    const void *row = (const char *)pic->data[plane] + (ptrdiff_t)y * pic->stride[plane];
    if (pic->bpc == 8)
        for (unsigned i = 0; i < n; i++)
            dst[2 * i] = dst[2 * i + 1] = ((const uint8_t *)row)[x + i];
    else
        for (unsigned i = 0; i < n; i++)
            dst[2 * i] = dst[2 * i + 1] = ((const uint16_t *)row)[x + i];
}

/* Sample x of chroma row y as libvmaf finds it past the end of a row: rows are padded with zeros to
 * a multiple of 32 samples, and the next row follows. */
static uint16_t beyond(const VmafPicture *pic, unsigned plane, unsigned x, unsigned y)
{
    const unsigned w = pic->w[plane], pitch = (w + 31) / 32 * 32;
    if (!pitch) return 0;
    y += x / pitch;
    x %= pitch;
    return (uint16_t)(x < w && y < pic->h[plane] ? sample(pic, plane, x, y) : 0);
}

static unsigned min(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Chroma of pixels x0 to x0 + n - 1 of luma row y; x0 is even.
 * 4:2:0: replicated. The last column of an odd width has no chroma of its own and gets padding, as
 * in libvmaf; the last row of an odd height gets that of the row above (our choice: libvmaf reads
 * outside of the plane).
 * 4:2:2: libvmaf halves the row instead of the column; so do we. */
static void chroma(const VmafPicture *pic, unsigned plane, unsigned x0, unsigned y, unsigned n,
                   uint16_t *dst)
{
    const unsigned w = pic->w[plane], h = pic->h[plane];
    if (pic->pix_fmt == VMAF_PIX_FMT_YUV444P) {
        copy(pic, plane, x0, y, n, dst);
    } else if (pic->pix_fmt == VMAF_PIX_FMT_YUV422P) {
        const unsigned inside = x0 < w ? min(w - x0, n) : 0;
        if (inside) copy(pic, plane, x0, y / 2, inside, dst);
        for (unsigned i = inside; i < n; i++) dst[i] = beyond(pic, plane, x0 + i, y / 2);
    } else {
        const unsigned row = h && y / 2 == h ? h - 1 : y / 2;
        const unsigned pairs = min(n / 2, w - x0 / 2);
        if (h) copy_doubled(pic, plane, x0 / 2, row, pairs, dst);
        for (unsigned i = h ? 2 * pairs : 0; i < n; i++)
            dst[i] = beyond(pic, plane, (x0 + i) / 2, row);
    }
}

static void fill(const VmafPicture *pic, unsigned x0, unsigned y, unsigned n,
                 uint16_t dst[3][VT_CIEDE_RUN])
{
    copy(pic, 0, x0, y, n, dst[0]);
    for (unsigned p = 1; p < 3; p++) chroma(pic, p, x0, y, n, dst[p]);
}

/* ---- pairs ---- */

/* Pairs count as often as they were seen. */
static void compute_batch(Work *k)
{
    k->dsp->differences(&k->batch, k->delta);
    for (unsigned i = 0; i < k->batch.n; i++)
        k->sum[i % SUMS] += (double)k->delta[i] * k->weight[i];
    k->batch.n = 0;
}

/* All pixels of the run, past the table. */
static void add_plain(Work *k)
{
    k->dsp->differences(&k->source, k->delta);
    for (unsigned i = 0; i < k->source.n; i++) k->sum[i % SUMS] += (double)k->delta[i];
}

static void compute(Work *k, const Pair *p)
{
    VtCiedeRun *b = &k->batch;
    for (unsigned c = 0; c < 3; c++) {
        b->ref[c][b->n] = (uint16_t)(p->ref >> 16 * c);
        b->dis[c][b->n] = (uint16_t)(p->dis >> 16 * c);
    }
    k->weight[b->n] = p->count;
    if (++b->n == VT_CIEDE_RUN) compute_batch(k);
}

static uint64_t pixel(const uint16_t sample[3][VT_CIEDE_RUN], unsigned i)
{
    return sample[0][i] | (uint64_t)sample[1][i] << 16 | (uint64_t)sample[2][i] << 32;
}

static unsigned hash(uint64_t ref, uint64_t dis)
{
    const uint64_t mixed =
        (ref * UINT64_C(0x9e3779b97f4a7c15)) ^ (dis * UINT64_C(0xc2b2ae3d27d4eb4f));
    return (unsigned)(mixed >> (64 - TABLE_BITS));
}

/* Equal pixels have no difference. Returns how many pixels need not be computed. */
static unsigned count_pairs(Work *k)
{
    unsigned spared = k->source.n;
    for (unsigned i = 0; i < k->source.n; i++) {
        const uint64_t ref = pixel(k->source.ref, i), dis = pixel(k->source.dis, i);
        if (ref == dis) continue;
        Pair *p = &k->table[hash(ref, dis)];
        if (p->ref == ref && p->dis == dis) {
            p->count++;
            continue;
        }
        if (p->count) compute(k, p);
        *p = (Pair){ref, dis, 1};
        spared--;
    }
    return spared;
}

static void take_run(Work *k)
{
    if (k->bypass) {
        k->bypass--;
        add_plain(k);
    } else if (count_pairs(k) < k->source.n / 4) {
        k->bypass = BYPASS;
    }
}

/* ---- frame ---- */

static double sum_of_differences(Work *k, const VtFrame *frame)
{
    const unsigned w = frame->ref->w[0], h = frame->ref->h[0];
    for (unsigned y = 0; y < h; y++)
        for (unsigned x = 0; x < w; x += VT_CIEDE_RUN) {
            k->source.n = min(w - x, VT_CIEDE_RUN);
            fill(frame->ref, x, y, k->source.n, k->source.ref);
            fill(frame->dis, x, y, k->source.n, k->source.dis);
            take_run(k);
        }
    for (unsigned i = 0; i < 1 << TABLE_BITS; i++)
        if (k->table[i].count) compute(k, &k->table[i]);
    if (k->batch.n) compute_batch(k);
    double sum = 0;
    for (unsigned i = 0; i < SUMS; i++) sum += k->sum[i];
    return sum;
}

static int extract(const VtGroup *group, void *scratch, const VtFrame *frame,
                   VtResult *const *results)
{
    Work *k = scratch;
    memset(k, 0, sizeof(*k));
    k->dsp = group->shared;
    k->source.bpc = k->batch.bpc = group->format.bpc;
    const double sum = sum_of_differences(k, frame);
    const double pixels = (double)((uint64_t)group->format.w * group->format.h);
    vt_emit(results[0], 0, 45 - 20 * log10(sum / pixels));
    return 0;
}

const VtMetric vt_metric_ciede = {
    .name = "ciede",
    .help = "CIEDE2000 colour difference in decibels",
    .outputs = outputs,
    .n_outputs = 1,
    .init = init,
    .close = close_group,
    .scratch_size = scratch_size,
    .extract = extract,
};
