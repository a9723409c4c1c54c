/* Sliding histograms and c-values (spec: cambi 4.6) with AVX2. */
#include <immintrin.h>

#include "metric/cambi/x86/cambi_avx2.h"

#define ROW VT_CAMBI_HIST_ROW
#define WORDS ((VT_CAMBI_STRIP + 2 * VT_CAMBI_MAX_PAD + 63) / 64)

static inline __m256i load(const void *p)
{
    return _mm256_loadu_si256(p);
}

/* A run of `length` <= 64 equal samples changes the counts of its code by
 * min(t + 1, length) - max(t - 2 pad, 0) at hist[start + t]: a trapezoid, 0 beyond its end. */
static inline __attribute__((always_inline)) void change_run(uint16_t *hist, unsigned length,
                                                             unsigned pad, bool add)
{
    const __m256i top = _mm256_set1_epi16((short)length);
    const __m256i edge = _mm256_set1_epi16((short)(2 * pad + 1));
    __m256i up = _mm256_set_epi16(16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1);
    for (unsigned t = 0; t < length + 2 * pad; t += 16) {
        const __m256i change =
            _mm256_subs_epu16(_mm256_min_epu16(up, top), _mm256_subs_epu16(up, edge));
        const __m256i old = load(hist + t);
        _mm256_storeu_si256((void *)(hist + t),
                            add ? _mm256_add_epi16(old, change) : _mm256_sub_epi16(old, change));
        up = _mm256_add_epi16(up, _mm256_set1_epi16(16));
    }
}

/* The runs that begin in 64 samples; runs longer than that count as several. codes: the samples;
 * used, borders: bits. */
static inline __attribute__((always_inline)) void change_runs(uint16_t *hist, const uint16_t *codes,
                                                              uint64_t used, uint64_t borders,
                                                              unsigned i, unsigned pad, bool add)
{
    const unsigned margin = VT_CAMBI_MARGIN - 2 * pad;
    uint64_t starts = borders & used;
    while (starts) {
        const unsigned s = (unsigned)_tzcnt_u64(starts);
        const unsigned end = (unsigned)_tzcnt_u64(borders & (~UINT64_C(1) << s)); /* 64: none */
        change_run(hist + (size_t)codes[i + s] * ROW + margin + i + s, end - s, pad, add);
        starts &= starts - 1;
    }
}

static inline uint32_t equal_32(const uint16_t *a, const uint16_t *b)
{
    const __m256i low = _mm256_cmpeq_epi16(load(a), load(b));
    const __m256i high = _mm256_cmpeq_epi16(load(a + 16), load(b + 16));
    const __m256i bytes = _mm256_permute4x64_epi64(_mm256_packs_epi16(low, high), 0xd8);
    return (uint32_t)_mm256_movemask_epi8(bytes);
}

static inline uint64_t differ_64(const uint16_t *a, const uint16_t *b)
{
    return ~(equal_32(a, b) | (uint64_t)equal_32(a + 32, b + 32) << 32);
}

/* Which samples of the two rows count and where their runs end, 64 at a time. */
typedef struct Runs {
    uint64_t enter[WORDS], enter_borders[WORDS], leave[WORDS], leave_borders[WORDS];
} Runs;

/* Where both rows have the same code nothing changes; between changed and unchanged samples there
 * is a border too. */
static inline void find_runs(Runs *r, const uint16_t *enter, const uint16_t *leave, unsigned width)
{
    uint16_t none[64];
    for (unsigned i = 0; i < 64; i += 16)
        _mm256_storeu_si256((void *)(none + i), _mm256_set1_epi16(-1));
    for (unsigned i = 0; i < width; i += 64) {
        const uint64_t in_row = width - i >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << (width - i)) - 1;
        const uint64_t changed = in_row & differ_64(enter + i, leave + i);
        r->enter[i / 64] = r->leave[i / 64] = 0;
        if (!changed) continue;
        const uint64_t edges = (changed ^ changed << 1) | 1;
        r->enter[i / 64] = changed & differ_64(enter + i, none);
        r->leave[i / 64] = changed & differ_64(leave + i, none);
        r->enter_borders[i / 64] = edges | differ_64(enter + i, enter + i + 1) << 1;
        r->leave_borders[i / 64] = edges | differ_64(leave + i, leave + i + 1) << 1;
    }
}

void vt_cambi_update_avx2(uint16_t *hist, const uint16_t *enter, const uint16_t *leave, unsigned n,
                          unsigned pad)
{
    const unsigned width = n + 2 * pad;
    Runs r;
    find_runs(&r, enter, leave, width);
    for (unsigned i = 0; i < width; i += 64)
        change_runs(hist, enter, r.enter[i / 64], r.enter_borders[i / 64], i, pad, true);
    for (unsigned i = 0; i < width; i += 64)
        change_runs(hist, leave, r.leave[i / 64], r.leave_borders[i / 64], i, pad, false);
}

/* f32(weight * p0 * q) * R[p0 + q] for 8 positions; p0 * q < 2^23 is exact in f32, so the product
 * with the weight is rounded once, as the integer product would be. */
static inline __m256 candidate(__m128i p0, __m128i q, float weight, const float *reciprocal)
{
    const __m256i a = _mm256_cvtepu16_epi32(p0), b = _mm256_cvtepu16_epi32(q);
    const __m256 product =
        _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_madd_epi16(a, b)), _mm256_set1_ps(weight));
    return _mm256_mul_ps(product, _mm256_i32gather_ps(reciprocal, _mm256_add_epi32(a, b), 4));
}

/* c = max(c, candidate) in the lanes of seen. */
static inline void improve(__m256 *c, __m256i p0, __m256i q, __m256i seen, float weight,
                           const float *reciprocal)
{
    const __m128i p[2] = {_mm256_castsi256_si128(p0), _mm256_extracti128_si256(p0, 1)};
    const __m128i n[2] = {_mm256_castsi256_si128(q), _mm256_extracti128_si256(q, 1)};
    const __m128i k[2] = {_mm256_castsi256_si128(seen), _mm256_extracti128_si256(seen, 1)};
    for (unsigned i = 0; i < 2; i++) {
        const __m256 lanes = _mm256_castsi256_ps(_mm256_cvtepi16_epi32(k[i]));
        c[i] = _mm256_max_ps(c[i], _mm256_and_ps(lanes, candidate(p[i], n[i], weight, reciprocal)));
    }
}

static inline __m256i at_least(__m256i a, __m256i b)
{
    return _mm256_cmpeq_epi16(_mm256_max_epu16(a, b), a);
}

/* One bit a lane. */
static inline unsigned lanes_of(__m256i mask)
{
    return _pext_u32((unsigned)_mm256_movemask_epi8(mask), 0x55555555);
}

/* Lanes in which contrast d + 1 is looked at and not beaten. A contrast is beaten by a larger one
 * if its weight times its count is smaller: w q < w' q' gives w q / (p0 + q) < w' q' / (p0 + q'),
 * and by more than rounding can hide as long as the weights differ, as those of the first four do.
 */
static inline __m256i worth(__m256i codes, __m256i weighted, __m256i beaten,
                            const VtCambiContrast *k, unsigned d)
{
    const __m256i from = _mm256_set1_epi16((short)k->from[d]);
    const __m256i to = _mm256_set1_epi16((short)k->to[d]);
    const __m256i visible = _mm256_and_si256(at_least(codes, from), at_least(to, codes));
    return _mm256_and_si256(at_least(weighted, beaten), visible);
}

/* c-values of 16 columns, see cambi_window_avx512.c. */
static inline __attribute__((always_inline)) bool c_block(float *out, const uint16_t *hist,
                                                          const uint16_t *code, unsigned todo,
                                                          const VtCambiContrast *k, unsigned n)
{
    const __m256i codes = load(code);
    __m256i p0 = _mm256_setzero_si256(), q[VT_CAMBI_MAX_CONTRASTS];
    for (unsigned d = 0; d < n; d++) q[d] = _mm256_setzero_si256();
    while (todo) {
        const unsigned v = code[_tzcnt_u32(todo)];
        const __m256i same = _mm256_cmpeq_epi16(codes, _mm256_set1_epi16((short)v));
        const uint16_t *h = hist + (size_t)v * ROW;
        todo &= ~lanes_of(same);
        p0 = _mm256_blendv_epi8(p0, load(h), same);
        for (unsigned d = 1; d <= n; d++) {
            const __m256i most = _mm256_max_epu16(load(h + d * ROW), load(h - (ptrdiff_t)d * ROW));
            q[d - 1] = _mm256_blendv_epi8(q[d - 1], most, same);
        }
    }
    __m256 c[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
    __m256i beaten = _mm256_set1_epi16(1);
    for (unsigned d = n; d-- > 0;) {
        const __m256i weight = _mm256_set1_epi16((short)k->weight[d]);
        const __m256i weighted = n == 4 ? _mm256_mullo_epi16(q[d], weight) : q[d];
        const __m256i seen = worth(codes, weighted, beaten, k, d);
        if (_mm256_testz_si256(seen, seen)) continue;
        if (n == 4) beaten = _mm256_blendv_epi8(beaten, weighted, seen);
        improve(c, p0, q[d], seen, k->float_weight[d], k->reciprocal);
    }
    _mm256_storeu_ps(out, c[0]);
    _mm256_storeu_ps(out + 8, c[1]);
    return _mm256_movemask_ps(
        _mm256_cmp_ps(_mm256_max_ps(c[0], c[1]), _mm256_setzero_ps(), _CMP_GT_OQ));
}

static inline __attribute__((always_inline)) bool c_row(float *c, const uint16_t *hist,
                                                        const uint16_t *code, unsigned n,
                                                        const VtCambiContrast *k,
                                                        unsigned contrasts)
{
    const __m256i last = _mm256_set1_epi16((short)k->last_eval);
    bool any = false;
    for (unsigned x = 0; x < n; x += 16) {
        const unsigned in_row = n - x >= 16 ? 0xffff : (1u << (n - x)) - 1;
        const unsigned todo = in_row & lanes_of(at_least(last, load(code + x)));
        if (todo) {
            any |= c_block(c + x, hist + VT_CAMBI_MARGIN + x, code + x, todo, k, contrasts);
        } else {
            _mm256_storeu_ps(c + x, _mm256_setzero_ps());
            _mm256_storeu_ps(c + x + 8, _mm256_setzero_ps());
        }
    }
    return any;
}

bool vt_cambi_c_row_avx2(float *c, const uint16_t *hist, const uint16_t *code, unsigned n,
                         const VtCambiContrast *k)
{
    if (k->n == 4) return c_row(c, hist, code, n, k, 4); /* the default, all in registers */
    return c_row(c, hist, code, n, k, k->n);
}
