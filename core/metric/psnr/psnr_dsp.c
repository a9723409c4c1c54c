/* Scalar kernels of psnr and float_psnr (spec: classic 1, float 5). */
#include "metric/psnr/psnr_dsp.h"

#include "cpu/cpu.h"

static uint64_t square(unsigned a, unsigned b)
{
    const uint64_t d = a > b ? a - b : b - a;
    return d * d;
}

static uint64_t sse8(const uint8_t *ref, const uint8_t *dis, size_t n)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++) sum += square(ref[i], dis[i]);
    return sum;
}

static uint64_t sse16(const uint16_t *ref, const uint16_t *dis, size_t n)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++) sum += square(ref[i], dis[i]);
    return sum;
}

/* The conversion rounds the exact square to nearest even, as a float product would. */
static uint64_t sse16_rounded(const uint16_t *ref, const uint16_t *dis, size_t n)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++) sum += (uint64_t)(float)square(ref[i], dis[i]);
    return sum;
}

static const void *row(const void *plane, ptrdiff_t stride, unsigned y)
{
    return (const char *)plane + (ptrdiff_t)y * stride;
}

uint64_t vt_psnr_sse(const VtPsnrDsp *dsp, const VtPsnrPlane *p)
{
    uint64_t sum = 0;
    for (unsigned y = 0; y < p->h; y++) {
        const void *ref = row(p->ref, p->ref_stride, y), *dis = row(p->dis, p->dis_stride, y);
        sum += p->bpc == 8 ? dsp->sse8(ref, dis, p->w) : dsp->sse16(ref, dis, p->w);
    }
    return sum;
}

/* Squares of up to 12-bit samples have at most 24 bits. */
uint64_t vt_psnr_sse_rounded(const VtPsnrDsp *dsp, const VtPsnrPlane *p)
{
    if (p->bpc <= 12) return vt_psnr_sse(dsp, p);
    uint64_t sum = 0;
    for (unsigned y = 0; y < p->h; y++)
        sum +=
            dsp->sse16_rounded(row(p->ref, p->ref_stride, y), row(p->dis, p->dis_stride, y), p->w);
    return sum;
}

void vt_psnr_dsp_init(VtPsnrDsp *dsp, unsigned cpu_flags)
{
    *dsp = (VtPsnrDsp){.sse8 = sse8, .sse16 = sse16, .sse16_rounded = sse16_rounded};
#if defined(__x86_64__)
    if (cpu_flags & VT_CPU_AVX2) vt_psnr_dsp_init_avx2(dsp);
    if (cpu_flags & VT_CPU_AVX512) vt_psnr_dsp_init_avx512(dsp);
#else
    (void)cpu_flags;
#endif
}
