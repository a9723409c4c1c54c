/* SpEED's kernels. Every operation rounds once and in the order of spec speed 0, so all paths give
 * the same bits. */
#ifndef VT_METRIC_SPEED_DSP_H
#define VT_METRIC_SPEED_DSP_H

#include <stddef.h>
#include <stdint.h>

#define VT_SPEED_PATCH 5
#define VT_SPEED_N 25     /* elements of a patch */
#define VT_SPEED_ROW 32   /* floats or doubles from one row of a 25 x 25 matrix to the next */
#define VT_SPEED_LANES 16 /* block counts are padded to this */

typedef struct VtSpeedDsp {
    /* acc[x] += tap * p[x] (spec: speed 5.2), where p is a sample as in spec speed 3.1, v * scale -
     * 128, ... */
    void (*add_8bit)(float *acc, const uint8_t *in, float tap, unsigned w);
    void (*add_words)(float *acc, const uint16_t *in, float scale, float tap, unsigned w);
    /* ... or the difference (a - b) * scale of two frames (spec: speed 13), ... */
    void (*add_difference_8bit)(float *acc, const uint8_t *a, const uint8_t *b, float tap,
                                unsigned w);
    void (*add_difference_words)(float *acc, const uint16_t *a, const uint16_t *b, float scale,
                                 float tap, unsigned w);
    /* ... or given. */
    void (*add)(float *acc, const float *in, float tap, unsigned w);

    /* Bilinear resampling (spec: speed 4) of one row from the rows top and bottom:
     * out[x] = ((1-dy)(1-dx)) T[i] + ((1-dy)dx) T[j] + (dy(1-dx)) B[i] + (dy dx) B[j], where i, j =
     * index[2x], index[2x + 1] and dx = weight[x]. 32 floats are readable behind top and bottom. */
    void (*bilinear)(float *out, const float *top, const float *bottom, const int32_t *index,
                     const float *weight, float dy, unsigned w);

    /* Running sums of the elements of 5x5 patches (spec: speed 7.1): sum[k] of b_k over pw x ph
     * patches, row by row. b: 8 floats readable behind each row. */
    void (*sums)(float *sum, const float *b, size_t stride, unsigned pw, unsigned ph);

    /* Covariance sums of 5x5 patches (spec: speed 7.2): c[k][l] = sum of (b_k - mean[k]) * (b_l -
     * mean[l]) for l <= k over pw x ph patches, row by row, in f64. c: 25 rows of ROW, what lies
     * right of the diagonal is arbitrary. row: ROW * pw doubles of scratch. b as above. */
    void (*covariance)(double *c, const float *b, size_t stride, unsigned pw, unsigned ph,
                       const float *mean, double *row);

    /* m[i][j] = sum over l = k..24 of (I - 2 v v')[i][l] * m[l][j] for i >= k and j >= first_column
     * (spec: speed 9.5 to 9.7); columns before may be changed. m: 25 rows of ROW; v: ROW floats,
     * the first k and the last 7 unused.
     */
    void (*reflect)(float *m, const float *v, unsigned k, unsigned first_column);

    /* out[i][q] = sum over m = 0..24 of a[i][m] * b[m][q]; a: 25 rows of ROW; out, b: 25 rows of n
     * floats, n a multiple of LANES. */
    void (*product)(float *out, const float *a, const float *b, unsigned n);

    /* Back substitution (spec: speed 9) of all columns: x[i][q] = (x[i][q] - x[i+1][q] * r[i][i+1]
     * -
     * ... - x[24][q] * r[i][24]) / r[i][i] from i = 24 down. */
    void (*back_substitute)(float *x, const float *r, unsigned n);

    /* s[q] = z_0 + ... + z_24, z_k = (x[k][q] * y[k][q]) / 25 (spec: speed 10). */
    void (*variance)(float *s, const float *x, const float *y, unsigned n);
} VtSpeedDsp;

void vt_speed_dsp_init(VtSpeedDsp *dsp, unsigned cpu_flags);
void vt_speed_dsp_init_avx2(VtSpeedDsp *dsp);
void vt_speed_dsp_init_avx512(VtSpeedDsp *dsp);

#endif
