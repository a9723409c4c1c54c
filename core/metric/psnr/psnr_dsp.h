/* Kernels of psnr and float_psnr: exact integer sums over a row of at most 65536 samples. The
 * scalar ones (psnr_dsp.c) are the formula; every instruction set fills the same table and gives
 * the same integers. */
#ifndef VT_METRIC_PSNR_DSP_H
#define VT_METRIC_PSNR_DSP_H

#include <stddef.h>
#include <stdint.h>

typedef struct VtPsnrDsp {
    /* Sum of (ref - dis)^2 over n samples. */
    uint64_t (*sse8)(const uint8_t *ref, const uint8_t *dis, size_t n);
    uint64_t (*sse16)(const uint16_t *ref, const uint16_t *dis, size_t n);
    /* The same with every square rounded to the 24 significant bits of a float. */
    uint64_t (*sse16_rounded)(const uint16_t *ref, const uint16_t *dis, size_t n);
} VtPsnrDsp;

/* Sum of squared differences of a plane; samples are bytes if bpc is 8, else 16-bit words. */
typedef struct VtPsnrPlane {
    const void *ref, *dis;
    ptrdiff_t ref_stride, dis_stride; /* bytes */
    unsigned w, h, bpc;
} VtPsnrPlane;

uint64_t vt_psnr_sse(const VtPsnrDsp *dsp, const VtPsnrPlane *plane);
uint64_t vt_psnr_sse_rounded(const VtPsnrDsp *dsp, const VtPsnrPlane *plane);

void vt_psnr_dsp_init(VtPsnrDsp *dsp, unsigned cpu_flags);
void vt_psnr_dsp_init_avx2(VtPsnrDsp *dsp);
void vt_psnr_dsp_init_avx512(VtPsnrDsp *dsp);

#endif
