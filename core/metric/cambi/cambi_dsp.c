#include "metric/cambi/cambi_dsp.h"

#include <string.h>

#include "cpu/cpu.h"

static unsigned from_8bit(uint16_t *out, const uint8_t *in, unsigned w)
{
    for (unsigned x = 0; x < w; x++) out[x] = (uint16_t)(in[x] << 2);
    return 255; /* the largest there can be; only words can exceed their depth */
}

static unsigned from_words(uint16_t *out, const uint16_t *in, unsigned w, unsigned bpc)
{
    unsigned largest = 0;
    for (unsigned x = 0; x < w; x++) {
        const unsigned v = in[x];
        if (v > largest) largest = v;
        out[x] = (uint16_t)(bpc == 9    ? v << 1
                            : bpc == 10 ? v
                                        : (v + (1u << (bpc - 11))) >> (bpc - 10));
    }
    return largest;
}

static void anti_dither(uint16_t *row, const uint16_t *below, unsigned w)
{
    for (unsigned x = 0; x + 1 < w; x++)
        row[x] = (uint16_t)((row[x] + row[x + 1] + below[x] + below[x + 1]) >> 2);
    row[w - 1] = (uint16_t)((row[w - 1] + below[w - 1]) >> 1);
}

static void flat(uint8_t *z, const uint16_t *row, const uint16_t *below, unsigned w)
{
    for (unsigned x = 0; x + 1 < w; x++) z[x] = row[x] == row[x + 1] && row[x] == below[x];
    z[w - 1] = row[w - 1] == below[w - 1];
}

static void mask_row(uint64_t *mask, uint8_t *column_sum, const uint8_t *enter,
                     const uint8_t *leave, unsigned w, unsigned threshold)
{
    for (unsigned x = 0; x < w; x++) column_sum[x] = (uint8_t)(column_sum[x] + enter[x] - leave[x]);
    for (unsigned x = 0; x < w; x += 64) {
        uint64_t word = 0;
        for (unsigned i = 0; i < 64 && x + i < w; i++) {
            const uint8_t *s = column_sum + x + i - 3;
            const int sum = s[0] + s[1] + s[2] + s[3] + s[4] + s[5] + s[6];
            word |= (uint64_t)(sum > (int)threshold) << i;
        }
        mask[x / 64] = word;
    }
}

static void decimate(uint16_t *out, const uint16_t *in, unsigned out_w)
{
    for (unsigned x = 0; x < out_w; x++) out[x] = in[2 * x];
}

/* The value that occurs at least twice, else the smallest. */
static uint16_t mode3(uint16_t a, uint16_t b, uint16_t c)
{
    if (a == b || a == c) return a;
    if (b == c) return b;
    const uint16_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

static void mode_horizontal(uint16_t *out, const uint16_t *in, unsigned w)
{
    out[0] = in[0];
    for (unsigned x = 1; x + 1 < w; x++) out[x] = mode3(in[x - 1], in[x], in[x + 1]);
    out[w - 1] = in[w - 1];
}

static void mode_vertical(uint16_t *out, const uint16_t *above, const uint16_t *row,
                          const uint16_t *below, unsigned w)
{
    for (unsigned x = 0; x < w; x++) out[x] = mode3(above[x], row[x], below[x]);
}

static void code_row(uint16_t *out, const uint16_t *in, const uint64_t *mask, size_t first,
                     unsigned n, unsigned lowest, unsigned n_codes)
{
    for (unsigned i = 0; i < n; i++) {
        const bool in_mask = mask[(first + i) / 64] >> (first + i) % 64 & 1;
        const unsigned index = in[i] - lowest; /* wraps below lowest */
        out[i] = in_mask && index < n_codes ? (uint16_t)index : VT_CAMBI_NONE;
    }
}

/* Adds `by` to the windows that hold sample i. */
static void count(uint16_t *hist, unsigned code, unsigned i, unsigned n, unsigned pad, int by)
{
    uint16_t *row = hist + (size_t)code * VT_CAMBI_HIST_ROW + VT_CAMBI_MARGIN;
    const unsigned first = i > 2 * pad ? i - 2 * pad : 0, last = i < n ? i : n - 1;
    for (unsigned c = first; c <= last; c++) row[c] = (uint16_t)(row[c] + by);
}

static void update(uint16_t *hist, const uint16_t *enter, const uint16_t *leave, unsigned n,
                   unsigned pad)
{
    for (unsigned i = 0; i < n + 2 * pad; i++) {
        if (enter[i] == leave[i]) continue;
        if (enter[i] != VT_CAMBI_NONE) count(hist, enter[i], i, n, pad, 1);
        if (leave[i] != VT_CAMBI_NONE) count(hist, leave[i], i, n, pad, -1);
    }
}

/* The c-value of a position: at column's counters of its code, which are ROW apart by code.
 * max over d of f32(weight[d] * p0 * q) * R[p0 + q]; the product is below 2^26. */
static float c_value(const uint16_t *counter, unsigned index, const VtCambiContrast *k)
{
    const unsigned p0 = *counter;
    float c = 0;
    for (unsigned d = 1; d <= k->n; d++) {
        if (index < k->from[d - 1] || index > k->to[d - 1]) continue;
        const uint16_t above = counter[(ptrdiff_t)d * VT_CAMBI_HIST_ROW];
        const uint16_t below = counter[-(ptrdiff_t)d * VT_CAMBI_HIST_ROW];
        const unsigned q = above > below ? above : below;
        const float candidate = (float)(k->weight[d - 1] * p0 * q) * k->reciprocal[p0 + q];
        if (candidate > c) c = candidate;
    }
    return c;
}

static bool c_row(float *c, const uint16_t *hist, const uint16_t *code, unsigned n,
                  const VtCambiContrast *k)
{
    bool any = false;
    for (unsigned x = 0; x < n; x++) {
        c[x] = 0;
        if (code[x] > k->last_eval) continue; /* NONE is the largest */
        c[x] =
            c_value(hist + (size_t)code[x] * VT_CAMBI_HIST_ROW + VT_CAMBI_MARGIN + x, code[x], k);
        any |= c[x] > 0;
    }
    return any;
}

static size_t collect(float *list, const float *c, unsigned n)
{
    size_t count = 0;
    for (unsigned x = 0; x < n; x++)
        if (c[x] > 0) list[count++] = c[x];
    return count;
}

static uint64_t sum_above(const float *v, size_t n, float above, size_t *count)
{
    uint64_t sum = 0;
    *count = 0;
    for (size_t i = 0; i < n; i++) {
        if (!(v[i] > above)) continue;
        sum += (uint64_t)(v[i] * 0x1p24f);
        (*count)++;
    }
    return sum;
}

void vt_cambi_dsp_init(VtCambiDsp *dsp, unsigned cpu_flags)
{
    *dsp = (VtCambiDsp){
        .from_8bit = from_8bit,
        .from_words = from_words,
        .anti_dither = anti_dither,
        .flat = flat,
        .mask_row = mask_row,
        .decimate = decimate,
        .mode_horizontal = mode_horizontal,
        .mode_vertical = mode_vertical,
        .code_row = code_row,
        .update = update,
        .c_row = c_row,
        .collect = collect,
        .sum_above = sum_above,
    };
#if defined(__x86_64__)
    if (cpu_flags & VT_CPU_AVX2) vt_cambi_dsp_init_avx2(dsp);
    if (cpu_flags & VT_CPU_AVX512) vt_cambi_dsp_init_avx512(dsp);
#else
    (void)cpu_flags;
#endif
}
