/* Scalar kernels of float_ansnr (spec: float 6). All arithmetic is in floats, in the order of the
 * formula. */
#include "metric/ansnr/ansnr_dsp.h"

#include "cpu/cpu.h"

#define TAP(n) (float)(n / 571.0)
const float vt_ansnr_tap[3][5] = {
    {TAP(2), TAP(7), TAP(12), TAP(7), TAP(2)},
    {TAP(7), TAP(31), TAP(52), TAP(31), TAP(7)},
    {TAP(12), TAP(52), TAP(127), TAP(52), TAP(12)},
};

static void convert8(const uint8_t *src, float *dst, unsigned n)
{
    for (unsigned i = 0; i < n; i++) dst[i] = (float)src[i] - 128.0f;
}

static void convert16(const uint16_t *src, float *dst, unsigned n, float scale)
{
    for (unsigned i = 0; i < n; i++) dst[i] = (float)src[i] * scale - 128.0f;
}

/* {1, 2, 1} / 4: exact in floats, as is the vertical pass, so the order does not matter. */
static void filter_ref(const float *src, float *dst, unsigned n)
{
    for (unsigned i = 0; i < n; i++) dst[i] = 0.25f * (src[(int)i - 1] + 2 * src[i] + src[i + 1]);
}

static void filter_dis(const float *src, VtAnsnrFiltered *dst, unsigned n)
{
    for (unsigned k = 0; k < 3; k++) {
        const float *tap = vt_ansnr_tap[k];
        for (unsigned i = 0; i < n; i++) {
            const float *s = src + i - VT_ANSNR_RADIUS;
            float sum = s[0] * tap[0];
            for (unsigned j = 1; j < 5; j++) sum += s[j] * tap[j];
            dst->row[k][i] = sum;
        }
    }
}

static void terms(const float *const ref[3], const VtAnsnrFiltered *const dis[5], float *sig,
                  float *noise, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        const float r = 0.25f * (ref[0][i] + 2 * ref[1][i] + ref[2][i]);
        float d = dis[0]->row[0][i];
        d += dis[1]->row[1][i];
        d += dis[2]->row[2][i];
        d += dis[3]->row[1][i];
        d += dis[4]->row[0][i];
        sig[i] = r * r;
        noise[i] = (r - d) * (r - d);
    }
}

static void add(const float term[VT_ANSNR_ROWS][VT_ANSNR_STRIP], float *sum, unsigned n)
{
    for (unsigned r = 0; r < VT_ANSNR_ROWS; r++)
        for (unsigned i = 0; i < n; i++) sum[r] += term[r][i];
}

void vt_ansnr_dsp_init(VtAnsnrDsp *dsp, unsigned cpu_flags)
{
    *dsp = (VtAnsnrDsp){.convert8 = convert8,
                        .convert16 = convert16,
                        .filter_ref = filter_ref,
                        .filter_dis = filter_dis,
                        .terms = terms,
                        .add = add};
#if defined(__x86_64__)
    if (cpu_flags & VT_CPU_AVX2) vt_ansnr_dsp_init_avx2(dsp);
    if (cpu_flags & VT_CPU_AVX512) vt_ansnr_dsp_init_avx512(dsp);
#else
    (void)cpu_flags;
#endif
}
