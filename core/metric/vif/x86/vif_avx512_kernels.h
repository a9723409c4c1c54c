/* AVX-512 kernels of integer VIF, compiled once per instruction set: the including file defines
 * DOT, TARGET (see vif_filters.h) and INIT, the name of the table's filler. */
#include <immintrin.h>
#include <stdbool.h>
#include <string.h>

#include "metric/vif/vif_dsp.h"

#define V __m512i
#define WORDS 32
#define REGISTER "v"
#define GROUP 2
#define LOAD(p) _mm512_loadu_si512(p)
#define STORE(p, v) _mm512_storeu_si512(p, v)
#define SET16 _mm512_set1_epi16
#define SET32 _mm512_set1_epi32
#define SET64 _mm512_set1_epi64
#define XOR _mm512_xor_si512
#define ADD32 _mm512_add_epi32
#define SUB32 _mm512_sub_epi32
#define ADD64 _mm512_add_epi64
#define MULLO16 _mm512_mullo_epi16
#define MULHI16 _mm512_mulhi_epu16
#define MUL32 _mm512_mul_epu32
#define SRL32 _mm512_srl_epi32
#define SLL32 _mm512_sll_epi32
#define SRL32_16(v) _mm512_srli_epi32(v, 16)
#define SRL64_32(v) _mm512_srli_epi64(v, 32)
#define UNPACK_LOW _mm512_unpacklo_epi16
#define UNPACK_HIGH _mm512_unpackhi_epi16

#define LANE static inline __attribute__((always_inline))

/* Low or high words of two vectors whose lanes come from UNPACK_LOW and UNPACK_HIGH, in order. */
LANE __m512i low_words(__m512i lo, __m512i hi)
{
    const __m512i index = _mm512_set_epi16(62, 60, 58, 56, 30, 28, 26, 24, 54, 52, 50, 48, 22, 20,
                                           18, 16, 46, 44, 42, 40, 14, 12, 10, 8, 38, 36, 34, 32, 6,
                                           4, 2, 0);
    return _mm512_permutex2var_epi16(lo, index, hi);
}

LANE __m512i high_words(__m512i lo, __m512i hi)
{
    const __m512i index = _mm512_set_epi16(63, 61, 59, 57, 31, 29, 27, 25, 55, 53, 51, 49, 23, 21,
                                           19, 17, 47, 45, 43, 41, 15, 13, 11, 9, 39, 37, 35, 33, 7,
                                           5, 3, 1);
    return _mm512_permutex2var_epi16(lo, index, hi);
}

/* n samples as words; the lanes after them are 0. */
LANE __m512i load_samples(const void *row, unsigned x, unsigned n, bool bytes)
{
    const __mmask32 valid = n < 32 ? (1u << n) - 1 : ~0u;
    if (bytes) return _mm512_cvtepu8_epi16(_mm256_maskz_loadu_epi8(valid, (const uint8_t *)row + x));
    return _mm512_maskz_loadu_epi16(valid, (const uint16_t *)row + x);
}

/* The first n of 16 lanes, or all if n is larger, as words. */
LANE void store_words(uint16_t *p, __m512i v, unsigned n)
{
    if (n >= 16)
        _mm256_storeu_si256((__m256i *)(void *)p, _mm512_cvtepi32_epi16(v));
    else
        _mm256_mask_storeu_epi16(p, (__mmask16)((1u << n) - 1), _mm512_cvtepi32_epi16(v));
}

/* High halves of 64-bit lanes: even ones to even places, odd ones to odd places. */
LANE __m512i join_high(__m512i even, __m512i odd)
{
    return _mm512_mask_shuffle_epi32(odd, 0x5555, even, (_MM_PERM_ENUM)0xf5);
}

/* Rows of coefficients for vt_vif_log. */
typedef struct LogTable {
    __m512i c0[2], c[2]; /* 16 c2 in the high half, c1 in the low half */
} LogTable;

static LogTable make_log_table(void)
{
    LogTable t;
    uint32_t c[32];
    for (int i = 0; i < 32; i++) c[i] = (uint32_t)vt_vif_log_c2[i] << 20 | vt_vif_log_c1[i];
    for (int i = 0; i < 2; i++) {
        t.c0[i] = _mm512_loadu_si512(vt_vif_log_c0 + 16 * i);
        t.c[i] = _mm512_loadu_si512(c + 16 * i);
    }
    return t;
}

/* Sum of logarithms: 2048 log2(n / 2^17) is fraction + 2048 (14 - zeros). 32-bit lanes are wide
 * enough: a strip adds at most 256 terms a lane. */
typedef struct LogSum {
    __m512i fraction, zeros; /* fraction is 4 times too large */
} LogSum;

/* Pixels that have information terms, in groups of 16; other pixels of a group are 0, which adds
 * nothing. They are collected over a few rows, for long loops. Arguments of logarithms take the
 * place of s1 and s2. */
typedef struct Pixels {
    _Alignas(64) int32_t s1[VT_VIF_LIST], s2[VT_VIF_LIST], s12[VT_VIF_LIST];
    _Alignas(64) int32_t n2[][VT_VIF_LIST]; /* for every gain limit */
} Pixels;

/* Information terms of a strip (spec: vif 8). */
typedef struct Terms {
    LogSum den, n1, n2[VT_MAX_MEMBERS];
    __m512i flat_variance;
    unsigned flat_count, log_count;
    LogTable table;
    Pixels *list;
    unsigned count; /* on the list */
} Terms;

LANE void start_terms(Terms *t, void *list)
{
    memset(t, 0, sizeof(*t));
    t->table = make_log_table();
    t->list = list;
}

LANE unsigned listed(const Terms *t)
{
    return t->count;
}

/* Puts the first n of 16 pixels (or all) on the list, or counts them as flat. */
LANE void sort_pixels(Terms *t, __m512i s1, __m512i s2, __m512i s12, unsigned n)
{
    const __mmask16 valid = n < 16 ? (__mmask16)((1u << n) - 1) : 0xffff;
    const __mmask16 log =
        _mm512_mask_cmpge_epi32_mask(valid, s1, _mm512_set1_epi32(VT_VIF_NOISE));
    const __mmask16 flat = (__mmask16)(valid & ~log);
    s2 = _mm512_max_epi32(s2, _mm512_setzero_si512());
    _mm512_store_si512(t->list->s1 + t->count, _mm512_maskz_mov_epi32(log, s1));
    _mm512_store_si512(t->list->s2 + t->count, _mm512_maskz_mov_epi32(log, s2));
    _mm512_store_si512(t->list->s12 + t->count, _mm512_maskz_mov_epi32(log, s12));
    t->count += log ? 16 : 0;

    const __m512i variance = _mm512_maskz_mov_epi32(flat, s2);
    t->flat_count += (unsigned)__builtin_popcount(flat);
    t->flat_variance = _mm512_add_epi64(
        t->flat_variance,
        _mm512_add_epi64(_mm512_and_si512(variance, _mm512_set1_epi64(UINT32_MAX)),
                         _mm512_srli_epi64(variance, 32)));
}

LANE __m512d load_double(const int32_t *v)
{
    return _mm512_cvtepi32_pd(_mm256_load_si256((const __m256i *)(const void *)v));
}

LANE void store_int(int32_t *p, __m256i v)
{
    _mm256_store_si256((__m256i *)(void *)p, v);
}

/* Gains of 8 pixels. */
typedef struct Gain {
    __m512d s1, s12, g;
} Gain;

LANE Gain gain(const Pixels *list, unsigned k)
{
    const __m512d s1 = load_double(list->s1 + k), s12 = load_double(list->s12 + k);
    const __m512d eps = _mm512_set1_pd(65536 * 1.0e-10);
    return (Gain){s1, s12, _mm512_div_pd(s12, _mm512_add_pd(s1, eps))};
}

/* From variances to arguments of logarithms: n1 in place of s2, n2 for every gain limit. Pixels with
 * s12 <= 0 or s2 = 0 get n1 = n2. The division of the next 8 pixels starts before these 8 are done,
 * since it takes long. */
LANE void log_arguments(Pixels *list, unsigned count, const VtVifLimits *limits)
{
    const __m256i noise = _mm256_set1_epi32(VT_VIF_NOISE), zero = _mm256_setzero_si256();
    Gain next = gain(list, 0);
    for (unsigned k = 0; k < count; k += 8) {
        const Gain now = next;
        next = gain(list, k + 8 < count ? k + 8 : k);
        const __m256i s2 = _mm256_load_si256((const __m256i *)(const void *)(list->s2 + k));
        const __mmask8 both = _mm512_cmp_pd_mask(now.s12, _mm512_setzero_pd(), _CMP_GT_OQ) &
                              _mm256_cmpgt_epi32_mask(s2, zero);
        const __m256i v = _mm512_cvttpd_epi32(
            _mm512_sub_pd(_mm512_cvtepi32_pd(s2), _mm512_mul_pd(now.g, now.s12)));
        const __m256i n1 = _mm256_add_epi32(_mm256_maskz_max_epi32(both, v, zero), noise);
        for (unsigned l = 0; l < limits->count; l++) {
            const __m512d g = _mm512_min_pd(now.g, _mm512_set1_pd(limits->value[l]));
            const __m256i z = _mm512_cvttpd_epi32(_mm512_mul_pd(_mm512_mul_pd(g, g), now.s1));
            store_int(list->n2[l] + k, _mm256_mask_add_epi32(n1, both, n1, z));
        }
        store_int(list->s2 + k, n1);
    }
}

static __attribute__((noinline)) void all_log_arguments(Pixels *restrict list, unsigned count,
                                                        const VtVifLimits *restrict limits)
{
    log_arguments(list, count, limits);
}

/* Adds count values, plus `add`, from 2^17 to 2^31 - 1 (count is a multiple of 16). All terms stand
 * in the high words of lanes. */
static inline __attribute__((always_inline)) TARGET void
add_logs(LogSum *sum, const int32_t *value, unsigned count, int add, const LogTable *t)
{
    LogSum s = *sum;
    for (unsigned i = 0; i < count; i += 16) {
        const __m512i n = _mm512_add_epi32(_mm512_load_si512(value + i), _mm512_set1_epi32(add));
        const __m512i zeros = _mm512_lzcnt_epi32(n), norm = _mm512_sllv_epi32(n, zeros);
        const __m512i segment = _mm512_srli_epi32(norm, 26);
        const __m512i low = _mm512_and_si512(norm, _mm512_set1_epi32(1023 << 16));
        const __m512i c0 = _mm512_permutex2var_epi32(t->c0[0], segment, t->c0[1]);
        const __m512i c = _mm512_permutex2var_epi32(t->c[0], segment, t->c[1]);
        const __m512i u = _mm512_mulhi_epu16(c, low);
        const __m512i slope = _mm512_sub_epi32(_mm512_slli_epi32(c, 16), u);
        const __m512i level = _mm512_and_si512(DOT(c0, slope, low), _mm512_set1_epi32(~0x3ffff));
        s.fraction = DOT(s.fraction, level, _mm512_set1_epi32(1 << 16));
        s.zeros = _mm512_add_epi32(s.zeros, zeros);
    }
    *sum = s;
}

/* Adds the terms of the pixels on the list and empties it. */
static inline __attribute__((always_inline)) TARGET void add_listed(Terms *t,
                                                                    const VtVifLimits *limits)
{
    if (!t->count) return;
    const LogTable table = t->table;
    all_log_arguments(t->list, t->count, limits);
    add_logs(&t->den, t->list->s1, t->count, VT_VIF_NOISE, &table);
    add_logs(&t->n1, t->list->s2, t->count, 0, &table);
    for (unsigned l = 0; l < limits->count; l++)
        add_logs(&t->n2[l], t->list->n2[l], t->count, 0, &table);
    t->log_count += t->count;
    t->count = 0;
}

static int64_t reduce(__m512i v)
{
    return _mm512_reduce_add_epi64(
        _mm512_add_epi64(_mm512_cvtepi32_epi64(_mm512_castsi512_si256(v)),
                         _mm512_cvtepi32_epi64(_mm512_extracti64x4_epi64(v, 1))));
}

static int64_t reduce_logs(const LogSum *s, unsigned count)
{
    return reduce(s->fraction) / 4 + 2048 * (14 * (int64_t)count - reduce(s->zeros));
}

LANE void finish_terms(const Terms *t, const VtVifLimits *limits, VtVifSums *sums)
{
    const int64_t n1 = reduce_logs(&t->n1, t->log_count);
    for (unsigned l = 0; l < limits->count; l++)
        sums->num_log[l] += reduce_logs(&t->n2[l], t->log_count) - n1;
    sums->den_log += reduce_logs(&t->den, t->log_count);
    sums->flat_variance += _mm512_reduce_add_epi64(t->flat_variance);
    sums->flat_count += t->flat_count;
}

#include "metric/vif/x86/vif_filters.h"

void INIT(VtVifDsp *dsp)
{
    *dsp = (VtVifDsp){any_statistics, thin};
}
