/* CAMBI's kernels (spec: cambi 4). Rows are of 10-bit codes (0..1024, uint16_t) unless stated
 * otherwise; every pointer may be unaligned, but hist (64 bytes). Rows other than the picture's own
 * are readable for SLACK samples past their end, and where nothing else is said may be overwritten
 * there. All paths give equal results to the last bit. */
#ifndef VT_METRIC_CAMBI_DSP_H
#define VT_METRIC_CAMBI_DSP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VT_CAMBI_MAX_WINDOW 65
#define VT_CAMBI_MAX_PAD (VT_CAMBI_MAX_WINDOW / 2)
#define VT_CAMBI_MAX_CONTRASTS 32
/* The strips of the c-value stage: at most this many output columns; a row of codes reaches pad
 * columns further on each side. */
#define VT_CAMBI_STRIP 256
#define VT_CAMBI_SLACK 64
/* A histogram row holds column c of the strip at VT_CAMBI_MARGIN + c; the margins on both sides
 * catch what runs of samples in the halo add, so that updating needs no clipping. */
#define VT_CAMBI_MARGIN 64
#define VT_CAMBI_HIST_ROW 544
#define VT_CAMBI_NONE 0xffff /* code row: masked out, outside the picture or of no use */

/* What c-values depend on besides the picture (spec: cambi 3). Code indices are code - lowest. */
typedef struct VtCambiContrast {
    unsigned pad;       /* W >> 1 */
    unsigned n;         /* contrasts d = 1..n */
    unsigned n_codes;   /* useful codes: lowest .. lowest + n_codes - 1 */
    uint16_t last_eval; /* largest code index with a visible contrast */
    /* Contrast d is looked at for index i if from[d - 1] <= i <= to[d - 1]; empty if from > to. */
    uint16_t from[VT_CAMBI_MAX_CONTRASTS], to[VT_CAMBI_MAX_CONTRASTS];
    uint16_t weight[VT_CAMBI_MAX_CONTRASTS];
    float float_weight[VT_CAMBI_MAX_CONTRASTS]; /* the same */
    const float *reciprocal;                    /* R of spec cambi 3.8, index 0..4225 */
} VtCambiContrast;

typedef struct VtCambiDsp {
    /* 4.2: samples of 8 bits, or of bpc 9..16 bits in words, to 10-bit codes. Returns the largest
     * sample. */
    unsigned (*from_8bit)(uint16_t *out, const uint8_t *in, unsigned w);
    unsigned (*from_words)(uint16_t *out, const uint16_t *in, unsigned w, unsigned bpc);

    /* 4.3: in place; below is the next row, still unfiltered. */
    void (*anti_dither)(uint16_t *row, const uint16_t *below, unsigned w);

    /* 4.4: z of one row as bytes 0 or 1; below is row itself for the last row. */
    void (*flat)(uint8_t *z, const uint16_t *row, const uint16_t *below, unsigned w);

    /* 4.4: column_sum[x] += enter[x] - leave[x] (sums over 7 rows, at most 7; 3 bytes in front and
     * SLACK behind are 0 and stay so), then bit x of mask = (column_sum[x-3] + ... +
     * column_sum[x+3] > threshold), threshold < 128. Writes whole words; bits from w on are 0. */
    void (*mask_row)(uint64_t *mask, uint8_t *column_sum, const uint8_t *enter,
                     const uint8_t *leave, unsigned w, unsigned threshold);

    /* 4.5.1: every second sample. */
    void (*decimate)(uint16_t *out, const uint16_t *in, unsigned out_w);

    /* 4.5.2 */
    void (*mode_horizontal)(uint16_t *out, const uint16_t *in, unsigned w);
    void (*mode_vertical)(uint16_t *out, const uint16_t *above, const uint16_t *row,
                          const uint16_t *below, unsigned w);

    /* out[i] = in[i] - lowest where bit first + i of mask is set and that is below n_codes, else
     * NONE; i < n, and nothing else is written. Reads one word of mask past the last needed one. */
    void (*code_row)(uint16_t *out, const uint16_t *in, const uint64_t *mask, size_t first,
                     unsigned n, unsigned lowest, unsigned n_codes);

    /* 4.6: moves the histograms hist[code index][MARGIN + c] (rows of HIST_ROW) one row down: the
     * code row `enter` joins the windows and `leave` goes out of them. Both have n + 2 * pad
     * samples, then SLACK readable ones; sample i lies in the windows of columns i - 2 * pad .. i.
     */
    void (*update)(uint16_t *hist, const uint16_t *enter, const uint16_t *leave, unsigned n,
                   unsigned pad);

    /* 4.6: c[0..n-1] of a row of the strip whose codes are code[0..n-1] (SLACK readable behind).
     * hist here points at the row of code index 0; n rows above and below it are readable. Writes
     * up to 31 zeros more. Returns whether any c is not 0. */
    bool (*c_row)(float *c, const uint16_t *hist, const uint16_t *code, unsigned n,
                  const VtCambiContrast *k);

    /* Appends the values of c[0..n-1] that are not 0 to list (16 more floats writable) in order;
     * returns how many. */
    size_t (*collect)(float *list, const float *c, unsigned n);

    /* Sum of floor(v * 2^24) over the values above `above`; *count: how many those are. All values
     * are multiples of 2^-24 below 2^14. */
    uint64_t (*sum_above)(const float *v, size_t n, float above, size_t *count);
} VtCambiDsp;

void vt_cambi_dsp_init(VtCambiDsp *dsp, unsigned cpu_flags);
void vt_cambi_dsp_init_avx2(VtCambiDsp *dsp);
void vt_cambi_dsp_init_avx512(VtCambiDsp *dsp);

#endif
