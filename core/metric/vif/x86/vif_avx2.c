/* Integer VIF for AVX2. */
#include <immintrin.h>
#include <stdbool.h>
#include <string.h>

#include "metric/vif/vif_dsp.h"

#define V __m256i
#define WORDS 16
#define REGISTER "x"
#define GROUP 4
#define TARGET
#define DOT dot
#define LOAD(p) _mm256_loadu_si256((const __m256i *)(const void *)(p))
#define STORE(p, v) _mm256_storeu_si256((__m256i *)(void *)(p), v)
#define SET16 _mm256_set1_epi16
#define SET32 _mm256_set1_epi32
#define SET64 _mm256_set1_epi64x
#define XOR _mm256_xor_si256
#define ADD32 _mm256_add_epi32
#define SUB32 _mm256_sub_epi32
#define ADD64 _mm256_add_epi64
#define MULLO16 _mm256_mullo_epi16
#define MULHI16 _mm256_mulhi_epu16
#define MUL32 _mm256_mul_epu32
#define SRL32 _mm256_srl_epi32
#define SLL32 _mm256_sll_epi32
#define SRL32_16(v) _mm256_srli_epi32(v, 16)
#define SRL64_32(v) _mm256_srli_epi64(v, 32)
#define UNPACK_LOW _mm256_unpacklo_epi16
#define UNPACK_HIGH _mm256_unpackhi_epi16

#define LANE static inline __attribute__((always_inline))

/* The empty asm keeps the compiler from regrouping long sums: all products would come first, and
 * leave the registers. */
LANE __m256i dot(__m256i acc, __m256i a, __m256i b)
{
    acc = _mm256_add_epi32(acc, _mm256_madd_epi16(a, b));
    __asm__("" : "+x"(acc));
    return acc;
}

/* Low or high words of two vectors whose lanes come from UNPACK_LOW and UNPACK_HIGH, in order. */
LANE __m256i low_words(__m256i lo, __m256i hi)
{
    const __m256i mask = _mm256_set1_epi32(0xffff);
    return _mm256_packus_epi32(_mm256_and_si256(lo, mask), _mm256_and_si256(hi, mask));
}

LANE __m256i high_words(__m256i lo, __m256i hi)
{
    return _mm256_packus_epi32(SRL32_16(lo), SRL32_16(hi));
}

/* n samples as words; the lanes after them have any content. */
LANE __m256i load_samples(const void *row, unsigned x, unsigned n, bool bytes)
{
    uint16_t part[16] = {0};
    if (bytes) {
        const uint8_t *p = (const uint8_t *)row + x;
        if (n < 16) p = memcpy(part, p, n);
        return _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(const void *)p));
    }
    const uint16_t *p = (const uint16_t *)row + x;
    if (n < 16) p = memcpy(part, p, n * sizeof(*p));
    return LOAD(p);
}

/* The first n of 8 lanes, or all if n is larger, as words. */
LANE void store_words(uint16_t *p, __m256i v, unsigned n)
{
    const __m256i words = _mm256_permute4x64_epi64(_mm256_packus_epi32(v, v), 0x88);
    uint16_t part[8];
    _mm_storeu_si128((__m128i *)(void *)(n < 8 ? part : p), _mm256_castsi256_si128(words));
    if (n < 8) memcpy(p, part, n * sizeof(*p));
}

/* High halves of 64-bit lanes: even ones to even places, odd ones to odd places. */
LANE __m256i join_high(__m256i even, __m256i odd)
{
    return _mm256_blend_epi32(SRL64_32(even), odd, 0xaa);
}

/* Rows of coefficients for vt_vif_log. */
typedef struct LogTable {
    __m256i c0[4], c[4]; /* 16 c2 in the high half, c1 in the low half */
} LogTable;

static LogTable make_log_table(void)
{
    LogTable t;
    uint32_t c[32];
    for (int i = 0; i < 32; i++) c[i] = (uint32_t)vt_vif_log_c2[i] << 20 | vt_vif_log_c1[i];
    for (int i = 0; i < 4; i++) {
        t.c0[i] = LOAD(vt_vif_log_c0 + 8 * i);
        t.c[i] = LOAD(c + 8 * i);
    }
    return t;
}

/* Sum of logarithms: 2048 log2(n / 2^17) is fraction + 2048 (exponent - 144), exponent being that of
 * binary32. 32-bit lanes are wide enough: a strip adds at most 512 terms a lane. */
typedef struct LogSum {
    __m256i fraction, exponent;
} LogSum;

/* Pixels that have information terms, in groups of 8; other pixels of a group are 0, which adds
 * nothing. They are collected over a few rows, for long loops. Arguments of logarithms take the
 * place of s1 and s2. */
typedef struct Pixels {
    _Alignas(64) int32_t s1[VT_VIF_LIST], s2[VT_VIF_LIST], s12[VT_VIF_LIST];
    _Alignas(64) int32_t n2[][VT_VIF_LIST]; /* for every gain limit */
} Pixels;

/* Information terms of a strip (spec: vif 8). */
typedef struct Terms {
    LogSum den, n1, n2[VT_MAX_MEMBERS];
    __m256i flat_variance;
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

LANE unsigned lanes_set(__m256i mask)
{
    return (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(mask));
}

/* Puts the first n of 8 pixels (or all) on the list, or counts them as flat. */
LANE void sort_pixels(Terms *t, __m256i s1, __m256i s2, __m256i s12, unsigned n)
{
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    const __m256i valid = _mm256_cmpgt_epi32(SET32((int)n), lane);
    const __m256i rich = _mm256_cmpgt_epi32(s1, SET32(VT_VIF_NOISE - 1));
    const __m256i log = _mm256_and_si256(valid, rich), flat = _mm256_andnot_si256(rich, valid);
    s2 = _mm256_max_epi32(s2, _mm256_setzero_si256());
    STORE(t->list->s1 + t->count, _mm256_and_si256(log, s1));
    STORE(t->list->s2 + t->count, _mm256_and_si256(log, s2));
    STORE(t->list->s12 + t->count, _mm256_and_si256(log, s12));
    t->count += lanes_set(log) ? 8 : 0;

    const __m256i variance = _mm256_and_si256(flat, s2);
    t->flat_count += (unsigned)__builtin_popcount(lanes_set(flat));
    t->flat_variance =
        ADD64(t->flat_variance,
              ADD64(_mm256_and_si256(variance, SET64(UINT32_MAX)), SRL64_32(variance)));
}

LANE __m128i load_int(const int32_t *p)
{
    return _mm_load_si128((const __m128i *)(const void *)p);
}

LANE void store_int(int32_t *p, __m128i v)
{
    _mm_store_si128((__m128i *)(void *)p, v);
}

/* Gains of 4 pixels. */
typedef struct Gain {
    __m256d s1, s12, g;
} Gain;

LANE Gain gain(const Pixels *list, unsigned k)
{
    const __m256d s1 = _mm256_cvtepi32_pd(load_int(list->s1 + k));
    const __m256d s12 = _mm256_cvtepi32_pd(load_int(list->s12 + k));
    const __m256d eps = _mm256_set1_pd(65536 * 1.0e-10);
    return (Gain){s1, s12, _mm256_div_pd(s12, _mm256_add_pd(s1, eps))};
}

/* From variances to arguments of logarithms: n1 in place of s2, n2 for every gain limit. Pixels with
 * s12 <= 0 or s2 = 0 get n1 = n2. The division of the next 4 pixels starts before these 4 are done,
 * since it takes long. */
static __attribute__((noinline)) void log_arguments(Pixels *restrict list, unsigned count,
                                                    const VtVifLimits *restrict limits)
{
    const __m128i noise = _mm_set1_epi32(VT_VIF_NOISE), zero = _mm_setzero_si128();
    Gain next = gain(list, 0);
    for (unsigned k = 0; k < count; k += 4) {
        const Gain now = next;
        next = gain(list, k + 4 < count ? k + 4 : k);
        const __m128i s2 = load_int(list->s2 + k);
        const __m128i both = _mm_and_si128(_mm_cmpgt_epi32(load_int(list->s12 + k), zero),
                                           _mm_cmpgt_epi32(s2, zero));
        const __m128i v = _mm256_cvttpd_epi32(
            _mm256_sub_pd(_mm256_cvtepi32_pd(s2), _mm256_mul_pd(now.g, now.s12)));
        const __m128i n1 = _mm_add_epi32(_mm_and_si128(both, _mm_max_epi32(v, zero)), noise);
        for (unsigned l = 0; l < limits->count; l++) {
            const __m256d g = _mm256_min_pd(now.g, _mm256_set1_pd(limits->value[l]));
            const __m128i z = _mm256_cvttpd_epi32(_mm256_mul_pd(_mm256_mul_pd(g, g), now.s1));
            store_int(list->n2[l] + k, _mm_add_epi32(n1, _mm_and_si128(both, z)));
        }
        store_int(list->s2 + k, n1);
    }
}

/* Entry of 32 that bits 18 to 22 number; by_bit4 and by_bit3 have those bits as signs. */
LANE __m256i look_up(const __m256i table[4], __m256i number, __m256 by_bit3, __m256 by_bit4)
{
    __m256 row[4];
    for (int i = 0; i < 4; i++)
        row[i] = _mm256_castsi256_ps(_mm256_permutevar8x32_epi32(table[i], number));
    return _mm256_castps_si256(_mm256_blendv_ps(_mm256_blendv_ps(row[0], row[1], by_bit3),
                                                _mm256_blendv_ps(row[2], row[3], by_bit3),
                                                by_bit4));
}

/* Adds count values, plus `add`, from 2^17 to 2^31 - 1 (count is a multiple of 8). binary32 has the
 * leading 16 bits where they are wanted. Its rounding must truncate: clearing the bits of n >> 24
 * clears the highest bit that does not fit, so what is lost is below one half. */
static __attribute__((noinline)) void add_logs(LogSum *restrict sum, const int32_t *restrict value,
                                               unsigned count, int add, const LogTable *restrict t)
{
    LogSum s = *sum;
    for (unsigned i = 0; i < count; i += 8) {
        const __m256i n = ADD32(LOAD(value + i), SET32(add));
        const __m256i exact = _mm256_andnot_si256(_mm256_srli_epi32(n, 24), n);
        const __m256i bits = _mm256_castps_si256(_mm256_cvtepi32_ps(exact));
        const __m256i number = _mm256_srli_epi32(bits, 18);
        const __m256 by_bit3 = _mm256_castsi256_ps(_mm256_slli_epi32(bits, 10));
        const __m256 by_bit4 = _mm256_castsi256_ps(_mm256_slli_epi32(bits, 9));
        const __m256i c0 = look_up(t->c0, number, by_bit3, by_bit4);
        const __m256i c = look_up(t->c, number, by_bit3, by_bit4);
        const __m256i low = _mm256_and_si256(_mm256_slli_epi32(bits, 8), SET32(1023 << 16));
        const __m256i slope =
            SUB32(_mm256_slli_epi32(c, 16), _mm256_mulhi_epu16(c, low)); /* both in the high half */
        s.fraction = ADD32(s.fraction, _mm256_srli_epi32(DOT(c0, slope, low), 18));
        s.exponent = ADD32(s.exponent, _mm256_srli_epi32(bits, 23));
    }
    *sum = s;
}

/* Adds the terms of the pixels on the list and empties it. */
LANE void add_listed(Terms *t, const VtVifLimits *limits)
{
    if (!t->count) return;
    log_arguments(t->list, t->count, limits);
    add_logs(&t->den, t->list->s1, t->count, VT_VIF_NOISE, &t->table);
    add_logs(&t->n1, t->list->s2, t->count, 0, &t->table);
    for (unsigned l = 0; l < limits->count; l++)
        add_logs(&t->n2[l], t->list->n2[l], t->count, 0, &t->table);
    t->log_count += t->count;
    t->count = 0;
}

static int64_t reduce(__m256i v)
{
    int32_t lane[8];
    int64_t sum = 0;
    STORE(lane, v);
    for (int i = 0; i < 8; i++) sum += lane[i];
    return sum;
}

static int64_t reduce_logs(const LogSum *s, unsigned count)
{
    return reduce(s->fraction) + 2048 * (reduce(s->exponent) - 144 * (int64_t)count);
}

LANE void finish_terms(const Terms *t, const VtVifLimits *limits, VtVifSums *sums)
{
    const int64_t n1 = reduce_logs(&t->n1, t->log_count);
    for (unsigned l = 0; l < limits->count; l++)
        sums->num_log[l] += reduce_logs(&t->n2[l], t->log_count) - n1;
    sums->den_log += reduce_logs(&t->den, t->log_count);
    int64_t variance[4];
    STORE(variance, t->flat_variance);
    sums->flat_variance += variance[0] + variance[1] + variance[2] + variance[3];
    sums->flat_count += t->flat_count;
}

#include "metric/vif/x86/vif_filters.h"

void vt_vif_dsp_init_avx2(VtVifDsp *dsp)
{
    *dsp = (VtVifDsp){any_statistics, thin};
}
