/* Integer ADM on a GPU: what to launch, and where things lie in scratch. */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "metric/adm/adm_private.h"
#include "metric/adm/cuda/adm_kernels.h"
#include "metric/gpu.h"

_Static_assert(VT_ADM_GPU_FRAMES >= VT_GPU_BATCH, "frames of a launch");
_Static_assert(VT_ADM_GPU_VARIANTS >= VT_MAX_MEMBERS, "variants of a group");
_Static_assert(sizeof(VtAdmGpuLevelParams) <= 4096, "parameters of a launch");
_Static_assert(sizeof(VtAdmGpuRowsParams) <= 4096, "parameters of a launch");

/* By levels (scale 0, the others) and whether one or two variants are done at once. */
enum { PLANE, PLANE_PAIR, BAND, BAND_PAIR, ROWS };

static const char *const kernels[] = {"vt_adm_plane",     "vt_adm_plane_pair", "vt_adm_band",
                                      "vt_adm_band_pair", "vt_adm_rows",       NULL};

/* How a scale is cut into tiles. */
typedef struct Tiling {
    unsigned pairs, columns;     /* input column pairs and band columns of a tile */
    unsigned before_x, before_y; /* tiles left of and above the crop */
    unsigned n_x, n_y;
    unsigned n_segments;
} Tiling;

/* The largest tiles are the cheapest per position, as long as they keep a GPU's multiprocessors
 * busy. */
#define ENOUGH_TILES 128

static unsigned over(unsigned n, unsigned by)
{
    return (n + by - 1) / by;
}

static Tiling tiling(const VtAdmScale *sc, unsigned s, unsigned n_frames)
{
    const unsigned columns = sc->right - sc->left, rows = sc->bottom - sc->top;
    const unsigned tile_rows = over(rows, VT_ADM_GPU_TILE_ROWS);
    Tiling t = {.pairs = s ? VT_ADM_GPU_MAX_WIDE_PAIRS : VT_ADM_GPU_MAX_PAIRS};
    while (t.pairs > VT_ADM_GPU_MIN_PAIRS &&
           n_frames * over(columns, t.pairs - 4) * tile_rows < ENOUGH_TILES)
        t.pairs /= 2;
    t.columns = t.pairs - 4;
    t.before_x = over(sc->left, t.columns);
    t.before_y = over(sc->top, VT_ADM_GPU_TILE_ROWS);
    t.n_x = t.before_x + over(sc->w - sc->left, t.columns);
    t.n_y = t.before_y + over(sc->h - sc->top, VT_ADM_GPU_TILE_ROWS);
    t.n_segments = over(columns, VT_ADM_GPU_SEGMENT(t.pairs));
    return t;
}

/* The variants that want a scale. */
static unsigned active_variants(const VtAdmShared *shared, unsigned s, uint8_t *index)
{
    unsigned n = 0;
    for (unsigned v = 0; v < shared->n_variants; v++)
        if (s >= shared->variant[v].first_scale) index[n++] = (uint8_t)v;
    return n;
}

/* Scratch of a frame, in bytes from its start: the LL bands that enter scales 1 to 3, the rows'
 * sums. */
typedef struct Layout {
    size_t ll[VT_ADM_SCALES], sums[VT_ADM_SCALES], size;
} Layout;

static size_t place(Layout *layout, size_t bytes)
{
    const size_t at = layout->size;
    layout->size += (bytes + 255) / 256 * 256;
    return at;
}

static Layout lay_out(const VtAdmShared *shared)
{
    Layout layout = {0};
    for (unsigned s = 0; s < VT_ADM_SCALES; s++) {
        const VtAdmScale *sc = &shared->scale[s];
        uint8_t index[VT_MAX_MEMBERS];
        const unsigned n = active_variants(shared, s, index);
        /* A single frame has the smallest tiles and thus the most segments. */
        const size_t rows = (size_t)tiling(sc, s, 1).n_segments * (sc->bottom - sc->top);
        if (s) layout.ll[s] = place(&layout, (s == 1 ? 4 : 8) * (size_t)sc->w_in * sc->h_in);
        if (n) layout.sums[s] = place(&layout, VT_ADM_GPU_VALUES(n) * rows * sizeof(uint64_t));
    }
    return layout;
}

static void sizes(const VtGroup *group, size_t *scratch, size_t *sums)
{
    const VtAdmShared *shared = group->shared;
    *scratch = lay_out(shared).size;
    *sums = offsetof(VtAdmSums, num) + shared->n_variants * sizeof(((VtAdmSums *)NULL)->num[0]);
}

/* ------------------------------------------------------------------------------------ launches */

static void set_frame(VtAdmGpuLevelFrame *to, const VtGpuFrame *frame, const Layout *layout,
                      unsigned s)
{
    const VmafPicture *side[2] = {frame->ref, frame->dis};
    char *scratch = frame->scratch;
    for (int i = 0; i < 2 && !s; i++) {
        to->plane[i] = side[i]->data[0];
        to->stride[i] = (int32_t)side[i]->stride[0];
    }
    if (s) to->ll_in = scratch + layout->ll[s];
    if (s + 1 < VT_ADM_SCALES) to->ll_out = scratch + layout->ll[s + 1];
    to->sums = (uint64_t *)(scratch + layout->sums[s]);
}

static void set_variant(VtAdmGpuVariant *to, const VtAdmCsf *csf)
{
    to->gain = csf->gain;
    to->whole_gain = csf->gain == (int)csf->gain ? (int)csf->gain : 0;
    to->largest = INT32_MAX / (to->whole_gain ? to->whole_gain : 1);
    to->aim = csf->aim;
    memcpy(to->weight, csf->weight, sizeof(to->weight));
}

static VtAdmGpuRounding rounding(unsigned shift)
{
    return (VtAdmGpuRounding){shift ? INT64_C(1) << (shift - 1) : 0, shift};
}

static int run_level(const VtAdmShared *shared, const Layout *layout, unsigned s,
                     const VtGpuQueue *queue, const VtGpuFrame *frame, unsigned n)
{
    const VtAdmScale *sc = &shared->scale[s];
    const Tiling t = tiling(sc, s, n);
    VtAdmGpuLevelParams p = {.scale = s,
                             .bpc = shared->bpc,
                             .w_in = (int)sc->w_in,
                             .h_in = (int)sc->h_in,
                             .w = (int)sc->w,
                             .h = (int)sc->h,
                             .left = (int)sc->left,
                             .right = (int)sc->right,
                             .top = (int)sc->top,
                             .bottom = (int)sc->bottom,
                             .origin_x = (int)sc->left - (int)(t.before_x * t.columns),
                             .origin_y = (int)sc->top - (int)(t.before_y * VT_ADM_GPU_TILE_ROWS),
                             .pairs = t.pairs,
                             .den = rounding(s ? sc->log2_columns : 0),
                             .num = {rounding(s ? sc->log2_w : sc->log2_w - 4),
                                     rounding(s ? sc->log2_w : sc->log2_w - 3)}};
    uint8_t index[VT_MAX_MEMBERS];
    p.n_variants = active_variants(shared, s, index);
    for (unsigned k = 0; k < p.n_variants; k++)
        set_variant(&p.variant[k], &shared->variant[index[k]].csf[s]);
    for (unsigned i = 0; i < n; i++) set_frame(&p.frame[i], &frame[i], layout, s);
    const unsigned kernel = (s ? BAND : PLANE) + (p.n_variants > 1);
    return queue->launch(queue->ctx, kernel, (VtGpuDim){t.n_x, t.n_y, n},
                         (VtGpuDim){VT_ADM_GPU_THREADS, 1, 1}, &p);
}

static int run_rows(const VtAdmShared *shared, const Layout *layout, const VtGpuQueue *queue,
                    const VtGpuFrame *frame, unsigned n)
{
    VtAdmGpuRowsParams p = {0};
    unsigned n_blocks = 0, n_values = 0;
    for (unsigned s = 0; s < VT_ADM_SCALES; s++) {
        const VtAdmScale *sc = &shared->scale[s];
        VtAdmGpuRowsScale *to = &p.scale[s];
        const unsigned variants = active_variants(shared, s, to->variant);
        to->first_block = n_blocks;
        if (!variants) continue;
        to->offset = layout->sums[s];
        to->n_rows = sc->bottom - sc->top;
        to->n_segments = tiling(sc, s, n).n_segments;
        to->n_values = VT_ADM_GPU_VALUES(variants);
        to->den_shift = s ? sc->log2_rows : sc->log2_area > 20 ? sc->log2_area - 20 : 0;
        to->num_shift = sc->log2_h;
        n_blocks += over(to->n_rows, 32);
        if (to->n_values > n_values) n_values = to->n_values;
    }
    for (unsigned i = 0; i < n; i++) {
        p.frame[i].scratch = frame[i].scratch;
        p.frame[i].sums = frame[i].sums;
    }
    return queue->launch(queue->ctx, ROWS, (VtGpuDim){n_blocks, n_values, n},
                         (VtGpuDim){32 * VT_ADM_GPU_ROWS_GROUPS, 1, 1}, &p);
}

/* Kernels count a row's bytes with 32 bits. */
static int check_strides(const VtGroup *group, const VtGpuFrame *frame, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        const ptrdiff_t stride[2] = {frame[i].ref->stride[0], frame[i].dis->stride[0]};
        for (int k = 0; k < 2; k++) {
            if (stride[k] == (int32_t)stride[k]) continue;
            vt_error(group->log, "adm: rows that lie %td bytes apart are too far for the GPU",
                     stride[k]);
            return -EINVAL;
        }
    }
    return 0;
}

static int run(const VtGroup *group, const VtGpuQueue *queue, const VtGpuFrame *frame, unsigned n)
{
    const VtAdmShared *shared = group->shared;
    const Layout layout = lay_out(shared);
    int err = check_strides(group, frame, n);
    for (unsigned s = 0; s < VT_ADM_SCALES && !err; s++)
        err = run_level(shared, &layout, s, queue, frame, n);
    return err ? err : run_rows(shared, &layout, queue, frame, n);
}

/* The block has no more of a VtAdmSums than there are variants. */
static int finish(const VtGroup *group, const void *sums, unsigned index,
                  const bool has_prev[VT_MAX_HISTORY], VtResult *const *results)
{
    (void)index, (void)has_prev;
    vt_adm_results(group, sums, results);
    return 0;
}

const VtGpuMetric vt_adm_gpu = {kernels, sizes, run, finish};
