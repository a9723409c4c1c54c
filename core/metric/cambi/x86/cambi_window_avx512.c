/* Sliding histograms and c-values (spec: cambi 4.6) with AVX-512 (F, BW, DQ, VL). */
#include <immintrin.h>

#include "metric/cambi/x86/cambi_avx512.h"

#define ROW VT_CAMBI_HIST_ROW

static inline __m512i lane_numbers(void)
{
    return _mm512_set_epi16(31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14,
                            13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
}

/* The rising and falling sides of a run's trapezoid: t + 1 and max(t - 2 pad, 0) for t < 128. */
typedef struct Sides {
    __m512i up[4], down[4];
} Sides;

static inline Sides sides_of(unsigned pad)
{
    Sides s;
    for (unsigned i = 0; i < 4; i++) {
        s.up[i] = _mm512_add_epi16(lane_numbers(), _mm512_set1_epi16((short)(32 * i + 1)));
        s.down[i] = _mm512_subs_epu16(s.up[i], _mm512_set1_epi16((short)(2 * pad + 1)));
    }
    return s;
}

static inline __attribute__((always_inline)) void change_vector(uint16_t *hist, __m512i up,
                                                                __m512i down, __m512i top, bool add)
{
    const __m512i change = _mm512_subs_epu16(_mm512_min_epu16(up, top), down);
    const __m512i old = _mm512_loadu_si512(hist);
    _mm512_storeu_si512(hist, add ? _mm512_add_epi16(old, change) : _mm512_sub_epi16(old, change));
}

/* A run of `length` <= 64 equal samples changes the counts of its code by
 * min(t + 1, length) - max(t - 2 pad, 0) at hist[start + t]: a trapezoid, 0 beyond its end. */
static inline __attribute__((always_inline)) void change_run(uint16_t *hist, unsigned length,
                                                             unsigned pad, const Sides *s, bool add)
{
    const __m512i top = _mm512_set1_epi16((short)length);
    change_vector(hist, s->up[0], s->down[0], top, add);
    change_vector(hist + 32, s->up[1], s->down[1], top, add);
    if (length + 2 * pad <= 64) return;
    change_vector(hist + 64, s->up[2], s->down[2], top, add);
    change_vector(hist + 96, s->up[3], s->down[3], top, add);
}

/* The runs that begin in 64 samples; runs longer than that count as several. codes: the samples;
 * starts, borders: bits. */
static inline __attribute__((always_inline)) void change_runs(uint16_t *hist, const uint16_t *codes,
                                                              uint64_t used, uint64_t borders,
                                                              unsigned i, unsigned pad,
                                                              const Sides *sides, bool add)
{
    const unsigned margin = VT_CAMBI_MARGIN - 2 * pad;
    uint64_t starts = borders & used;
    while (starts) {
        const unsigned s = (unsigned)_tzcnt_u64(starts);
        const unsigned end = (unsigned)_tzcnt_u64(borders & (~UINT64_C(1) << s)); /* 64: none */
        uint16_t *row = hist + (size_t)codes[i + s] * ROW;
        change_run(row + margin + i + s, end - s, pad, sides, add);
        starts &= starts - 1;
    }
}

static inline uint64_t join(__mmask32 low, __mmask32 high)
{
    return low | (uint64_t)high << 32;
}

/* Bits where a sample differs from the one before it; bit 0 is set. codes: those of low, high. */
static inline uint64_t borders_of(const uint16_t *codes, __m512i low, __m512i high)
{
    const uint64_t differs_from_next =
        join(_mm512_cmpneq_epi16_mask(low, _mm512_loadu_si512(codes + 1)),
             _mm512_cmpneq_epi16_mask(high, _mm512_loadu_si512(codes + 33)));
    return differs_from_next << 1 | 1;
}

#define WORDS ((VT_CAMBI_STRIP + 2 * VT_CAMBI_MAX_PAD + 63) / 64)

/* Which samples of the two rows count and where their runs end, 64 at a time. */
typedef struct Runs {
    uint64_t enter[WORDS], enter_borders[WORDS], leave[WORDS], leave_borders[WORDS];
} Runs;

/* Where both rows have the same code nothing changes; between changed and unchanged samples there
 * is a border too. */
static inline void find_runs(Runs *r, const uint16_t *enter, const uint16_t *leave, unsigned width)
{
    const __m512i none = _mm512_set1_epi16(-1);
    for (unsigned i = 0; i < width; i += 64) {
        const uint64_t in_row = width - i >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << (width - i)) - 1;
        const __m512i e0 = _mm512_loadu_si512(enter + i), e1 = _mm512_loadu_si512(enter + i + 32);
        const __m512i l0 = _mm512_loadu_si512(leave + i), l1 = _mm512_loadu_si512(leave + i + 32);
        const uint64_t changed =
            in_row & join(_mm512_cmpneq_epi16_mask(e0, l0), _mm512_cmpneq_epi16_mask(e1, l1));
        r->enter[i / 64] = r->leave[i / 64] = 0;
        if (!changed) continue;
        const uint64_t edges = changed ^ changed << 1;
        r->enter[i / 64] =
            changed & join(_mm512_cmpneq_epi16_mask(e0, none), _mm512_cmpneq_epi16_mask(e1, none));
        r->leave[i / 64] =
            changed & join(_mm512_cmpneq_epi16_mask(l0, none), _mm512_cmpneq_epi16_mask(l1, none));
        r->enter_borders[i / 64] = edges | borders_of(enter + i, e0, e1);
        r->leave_borders[i / 64] = edges | borders_of(leave + i, l0, l1);
    }
}

/* All that enters, then all that leaves: a load that overlaps a store just made elsewhere in the
 * same counters would have to wait for it. */
void vt_cambi_update_avx512(uint16_t *hist, const uint16_t *enter, const uint16_t *leave,
                            unsigned n, unsigned pad)
{
    const unsigned width = n + 2 * pad;
    const Sides sides = sides_of(pad);
    Runs r;
    find_runs(&r, enter, leave, width);
    for (unsigned i = 0; i < width; i += 64)
        change_runs(hist, enter, r.enter[i / 64], r.enter_borders[i / 64], i, pad, &sides, true);
    for (unsigned i = 0; i < width; i += 64)
        change_runs(hist, leave, r.leave[i / 64], r.leave_borders[i / 64], i, pad, &sides, false);
}

/* The indices at which R is not 1/i correctly rounded (spec: cambi 3.8), one f32 step above or
 * below, each at slot (i * HASH mod 65536) >> 10. */
#define HASH 1659
static const uint16_t above_table[64] __attribute__((aligned(64))) = {
    1699, 0,    0, 0, 82, 0, 83, 0,   0, 0,    0, 244, 0,   0,    0,    1906, 0, 564, 0, 0, 0, 0,
    488,  2740, 0, 0, 0,  0, 0,  0,   0, 3812, 0, 0,   614, 4130, 0,    0,    0, 0,   0, 0, 0, 0,
    0,    0,    0, 0, 0,  0, 0,  664, 0, 2443, 0, 0,   0,   0,    1419, 0,    0, 0,   0, 0};
static const uint16_t below_table[64] __attribute__((aligned(64))) = {
    0,   0,    0,    0,    3795, 4033, 2927, 3797, 3837, 0,    3285, 0,    0, 0,    3525, 760,
    0,   2223, 4080, 0,    0,    0,    3885, 528,  0,    4203, 0,    2071, 0, 2112, 0,    0,
    0,   0,    0,    4091, 0,    892,  0,    0,    0,    2040, 4095, 2555, 0, 0,    0,    0,
    504, 4218, 3705, 0,    0,    0,    4142, 0,    0,    0,    510,  4224, 0, 749,  3515, 0};

typedef struct Exceptions {
    __m512i above[2], below[2];
} Exceptions;

static inline __m512 reciprocal(__m512i i, __mmask16 above, __mmask16 below)
{
    const __m512i one = _mm512_set1_epi32(1);
    __m512i r = _mm512_castps_si512(_mm512_div_ps(_mm512_set1_ps(1), _mm512_cvtepi32_ps(i)));
    r = _mm512_mask_add_epi32(r, above, r, one);
    return _mm512_castsi512_ps(_mm512_mask_sub_epi32(r, below, r, one));
}

/* f32(weight * p0 * q) * R[p0 + q] for 16 positions; p0 * q < 2^23 is exact in f32, so the product
 * with the weight is rounded once, as the integer product would be. */
static inline __m512 candidate(__m256i p0, __m256i q, __m512 weight, __mmask16 above,
                               __mmask16 below)
{
    const __m512i a = _mm512_cvtepu16_epi32(p0), b = _mm512_cvtepu16_epi32(q);
    const __m512 product = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_madd_epi16(a, b)), weight);
    return _mm512_mul_ps(product, reciprocal(_mm512_add_epi32(a, b), above, below));
}

/* c = max(c, candidate) in the lanes of k. */
static inline __attribute__((always_inline)) void
improve(__m512 *c, __m512i p0, __m512i q, __mmask32 k, float weight, const Exceptions *e)
{
    const __m512i sum = _mm512_add_epi16(p0, q);
    const __m512i slot = _mm512_srli_epi16(_mm512_mullo_epi16(sum, _mm512_set1_epi16(HASH)), 10);
    const __mmask32 above =
        _mm512_cmpeq_epi16_mask(sum, _mm512_permutex2var_epi16(e->above[0], slot, e->above[1]));
    const __mmask32 below =
        _mm512_cmpeq_epi16_mask(sum, _mm512_permutex2var_epi16(e->below[0], slot, e->below[1]));
    const __m512 w = _mm512_set1_ps(weight);
    const __m512 low = candidate(_mm512_castsi512_si256(p0), _mm512_castsi512_si256(q), w,
                                 (__mmask16)above, (__mmask16)below);
    const __m512 high = candidate(_mm512_extracti64x4_epi64(p0, 1), _mm512_extracti64x4_epi64(q, 1),
                                  w, (__mmask16)(above >> 16), (__mmask16)(below >> 16));
    c[0] = _mm512_mask_max_ps(c[0], (__mmask16)k, c[0], low);
    c[1] = _mm512_mask_max_ps(c[1], (__mmask16)(k >> 16), c[1], high);
}

/* Lanes in which contrast d + 1 is looked at and not beaten. A contrast is beaten by a larger one
 * if its weight times its count is smaller: w q < w' q' gives w q / (p0 + q) < w' q' / (p0 + q'),
 * and by more than rounding can hide as long as the weights differ, as those of the first four do.
 */
static inline __mmask32 worth(__m512i codes, __m512i weighted, __m512i beaten,
                              const VtCambiContrast *k, unsigned d)
{
    const __mmask32 open = _mm512_cmpge_epu16_mask(weighted, beaten);
    if (!open) return 0;
    const __m512i from = _mm512_set1_epi16((short)k->from[d]);
    const __m512i to = _mm512_set1_epi16((short)k->to[d]);
    return _mm512_mask_cmple_epu16_mask(_mm512_mask_cmpge_epu16_mask(open, codes, from), codes, to);
}

/* c-values of 32 columns, those of `todo` at least having a code to look at: first the counts of
 * each position's own and neighbouring codes are put together, one code at a time, then all
 * positions are computed at once. */
static inline __attribute__((always_inline)) bool c_block(float *out, const uint16_t *hist,
                                                          const uint16_t *code, __mmask32 todo,
                                                          const VtCambiContrast *k,
                                                          const Exceptions *e, unsigned n)
{
    const __m512i codes = _mm512_loadu_si512(code);
    __m512i p0 = _mm512_setzero_si512(), q[VT_CAMBI_MAX_CONTRASTS];
    for (unsigned d = 0; d < n; d++) q[d] = _mm512_setzero_si512();
    while (todo) {
        const unsigned v = code[_tzcnt_u32(todo)];
        const __mmask32 same = _mm512_cmpeq_epi16_mask(codes, _mm512_set1_epi16((short)v));
        const uint16_t *h = hist + (size_t)v * ROW;
        todo &= ~same;
        p0 = _mm512_mask_loadu_epi16(p0, same, h);
        for (unsigned d = 1; d <= n; d++) {
            const __m512i most = _mm512_max_epu16(_mm512_loadu_si512(h + d * ROW),
                                                  _mm512_loadu_si512(h - (ptrdiff_t)d * ROW));
            q[d - 1] = _mm512_mask_mov_epi16(q[d - 1], same, most);
        }
    }
    __m512 c[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()};
    __m512i beaten = _mm512_set1_epi16(1);
    for (unsigned d = n; d-- > 0;) {
        const __m512i weight = _mm512_set1_epi16((short)k->weight[d]);
        const __m512i weighted = n == 4 ? _mm512_mullo_epi16(q[d], weight) : q[d];
        const __mmask32 seen = worth(codes, weighted, beaten, k, d);
        if (!seen) continue;
        if (n == 4) beaten = _mm512_mask_mov_epi16(beaten, seen, weighted);
        improve(c, p0, q[d], seen, k->float_weight[d], e);
    }
    _mm512_storeu_ps(out, c[0]);
    _mm512_storeu_ps(out + 16, c[1]);
    return _mm512_cmp_ps_mask(_mm512_max_ps(c[0], c[1]), _mm512_setzero_ps(), _CMP_GT_OQ);
}

static inline __attribute__((always_inline)) bool c_row(float *c, const uint16_t *hist,
                                                        const uint16_t *code, unsigned n,
                                                        const VtCambiContrast *k,
                                                        unsigned contrasts)
{
    const Exceptions e = {
        {_mm512_load_si512(above_table), _mm512_load_si512(above_table + 32)},
        {_mm512_load_si512(below_table), _mm512_load_si512(below_table + 32)},
    };
    const __m512i last = _mm512_set1_epi16((short)k->last_eval);
    bool any = false;
    for (unsigned x = 0; x < n; x += 32) {
        const __mmask32 in_row = n - x >= 32 ? ~(__mmask32)0 : ((__mmask32)1 << (n - x)) - 1;
        const __mmask32 todo =
            _mm512_mask_cmple_epu16_mask(in_row, _mm512_loadu_si512(code + x), last);
        if (todo) {
            any |= c_block(c + x, hist + VT_CAMBI_MARGIN + x, code + x, todo, k, &e, contrasts);
        } else {
            _mm512_storeu_ps(c + x, _mm512_setzero_ps());
            _mm512_storeu_ps(c + x + 16, _mm512_setzero_ps());
        }
    }
    return any;
}

bool vt_cambi_c_row_avx512(float *c, const uint16_t *hist, const uint16_t *code, unsigned n,
                           const VtCambiContrast *k)
{
    if (k->n == 4) return c_row(c, hist, code, n, k, 4); /* the default, all in registers */
    return c_row(c, hist, code, n, k, k->n);
}
