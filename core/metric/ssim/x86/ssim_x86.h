/* What the AVX2 and AVX-512 kernels of SSIM share. */
#ifndef VT_METRIC_SSIM_X86_H
#define VT_METRIC_SSIM_X86_H

#include <immintrin.h>

#include "metric/ssim/ssim_dsp.h"

#define VT_SSIM_LINE (VT_SSIM_STRIP + VT_SSIM_OVERREAD)

/* Samples of a tile, column by column in groups of eight rows, and filtered rows. */
typedef struct VtSsimScratch {
    float ref[VT_SSIM_ROWS / 8][VT_SSIM_LINE][8], dis[VT_SSIM_ROWS / 8][VT_SSIM_LINE][8];
    float filtered[VT_SSIM_IMAGES][VT_SSIM_ROWS][VT_SSIM_LINE];
} VtSsimScratch;

/* Fills ref and dis. */
void vt_ssim_columns(const VtSsimTile *tile, VtSsimScratch *scratch);

static inline void vt_transpose8(__m256 v[8])
{
    __m256 a[8], b[8];
    for (unsigned i = 0; i < 8; i += 2) {
        a[i] = _mm256_unpacklo_ps(v[i], v[i + 1]);
        a[i + 1] = _mm256_unpackhi_ps(v[i], v[i + 1]);
    }
    for (unsigned i = 0; i < 8; i += 4) {
        b[i] = _mm256_shuffle_ps(a[i], a[i + 2], 0x44);
        b[i + 1] = _mm256_shuffle_ps(a[i], a[i + 2], 0xee);
        b[i + 2] = _mm256_shuffle_ps(a[i + 1], a[i + 3], 0x44);
        b[i + 3] = _mm256_shuffle_ps(a[i + 1], a[i + 3], 0xee);
    }
    for (unsigned i = 0; i < 4; i++) {
        v[i] = _mm256_permute2f128_ps(b[i], b[i + 4], 0x20);
        v[i + 4] = _mm256_permute2f128_ps(b[i], b[i + 4], 0x31);
    }
}

#endif
