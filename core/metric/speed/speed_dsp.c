#include "metric/speed/speed_dsp.h"

#include <string.h>

#include "cpu/cpu.h"

#define N VT_SPEED_N
#define ROW VT_SPEED_ROW

static void add_8bit(float *acc, const uint8_t *in, float tap, unsigned w)
{
    for (unsigned x = 0; x < w; x++) acc[x] += tap * (float)(in[x] - 128);
}

static void add_words(float *acc, const uint16_t *in, float scale, float tap, unsigned w)
{
    for (unsigned x = 0; x < w; x++) acc[x] += tap * ((float)in[x] * scale - 128);
}

static void add_difference_8bit(float *acc, const uint8_t *a, const uint8_t *b, float tap,
                                unsigned w)
{
    for (unsigned x = 0; x < w; x++) acc[x] += tap * (float)(a[x] - b[x]);
}

static void add_difference_words(float *acc, const uint16_t *a, const uint16_t *b, float scale,
                                 float tap, unsigned w)
{
    for (unsigned x = 0; x < w; x++) acc[x] += tap * ((float)(a[x] - b[x]) * scale);
}

static void add(float *acc, const float *in, float tap, unsigned w)
{
    for (unsigned x = 0; x < w; x++) acc[x] += tap * in[x];
}

static void bilinear(float *out, const float *top, const float *bottom, const int32_t *index,
                     const float *weight, float dy, unsigned w)
{
    for (unsigned x = 0; x < w; x++) {
        const int32_t i = index[2 * x], j = index[2 * x + 1];
        const float dx = weight[x];
        out[x] = ((1 - dy) * (1 - dx)) * top[i] + ((1 - dy) * dx) * top[j] +
                 (dy * (1 - dx)) * bottom[i] + (dy * dx) * bottom[j];
    }
}

static void sums(float *sum, const float *b, size_t stride, unsigned pw, unsigned ph)
{
    memset(sum, 0, N * sizeof(*sum));
    for (unsigned i = 0; i < ph; i++)
        for (unsigned j = 0; j < pw; j++)
            for (unsigned k = 0; k < N; k++)
                sum[k] += b[(i + k / VT_SPEED_PATCH) * stride + j + k % VT_SPEED_PATCH];
}

static void covariance(double *c, const float *b, size_t stride, unsigned pw, unsigned ph,
                       const float *mean, double *row)
{
    double *a = row;
    memset(c, 0, N * ROW * sizeof(*c));
    for (unsigned i = 0; i < ph; i++) {
        for (unsigned j = 0; j < pw; j++) {
            for (unsigned k = 0; k < N; k++)
                a[k] = (double)b[(i + k / VT_SPEED_PATCH) * stride + j + k % VT_SPEED_PATCH] -
                       (double)mean[k];
            for (unsigned k = 0; k < N; k++)
                for (unsigned l = 0; l <= k; l++) c[k * ROW + l] += a[k] * a[l];
        }
    }
}

static void reflect(float *m, const float *v, unsigned k, unsigned first_column)
{
    float out[N * ROW];
    for (unsigned i = k; i < N; i++) {
        float *o = out + i * ROW;
        for (unsigned j = first_column; j < N; j++) o[j] = 0;
        for (unsigned l = k; l < N; l++) {
            const float r = (-2 * v[i]) * v[l] + (i == l ? 1.0f : 0.0f);
            for (unsigned j = first_column; j < N; j++) o[j] += r * m[l * ROW + j];
        }
    }
    for (unsigned i = k; i < N; i++)
        memcpy(m + i * ROW + first_column, out + i * ROW + first_column,
               (N - first_column) * sizeof(*m));
}

static void product(float *out, const float *a, const float *b, unsigned n)
{
    for (unsigned i = 0; i < N; i++) {
        float *o = out + (size_t)i * n;
        memset(o, 0, n * sizeof(*o));
        for (unsigned m = 0; m < N; m++)
            for (unsigned q = 0; q < n; q++) o[q] += a[i * ROW + m] * b[(size_t)m * n + q];
    }
}

static void back_substitute(float *x, const float *r, unsigned n)
{
    for (unsigned i = N; i-- > 0;) {
        float *xi = x + (size_t)i * n;
        for (unsigned m = i + 1; m < N; m++)
            for (unsigned q = 0; q < n; q++) xi[q] -= x[(size_t)m * n + q] * r[i * ROW + m];
        for (unsigned q = 0; q < n; q++) xi[q] /= r[i * ROW + i];
    }
}

static void variance(float *s, const float *x, const float *y, unsigned n)
{
    for (unsigned q = 0; q < n; q++) s[q] = x[q] * y[q] / 25;
    for (unsigned k = 1; k < N; k++)
        for (unsigned q = 0; q < n; q++) s[q] += x[(size_t)k * n + q] * y[(size_t)k * n + q] / 25;
}

void vt_speed_dsp_init(VtSpeedDsp *dsp, unsigned cpu_flags)
{
    *dsp = (VtSpeedDsp){
        .add_8bit = add_8bit,
        .add_words = add_words,
        .add_difference_8bit = add_difference_8bit,
        .add_difference_words = add_difference_words,
        .add = add,
        .bilinear = bilinear,
        .sums = sums,
        .covariance = covariance,
        .reflect = reflect,
        .product = product,
        .back_substitute = back_substitute,
        .variance = variance,
    };
#if defined(__x86_64__)
    if (cpu_flags & VT_CPU_AVX2) vt_speed_dsp_init_avx2(dsp);
    if (cpu_flags & VT_CPU_AVX512) vt_speed_dsp_init_avx512(dsp);
#else
    (void)cpu_flags;
#endif
}
