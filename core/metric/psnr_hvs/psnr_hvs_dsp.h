/* Kernels of psnr_hvs, on up to 16 blocks that lie side by side. The scalar ones (psnr_hvs_dsp.c)
 * are the formula; every instruction set fills the same table and gives the same bits. */
#ifndef VT_METRIC_PSNR_HVS_DSP_H
#define VT_METRIC_PSNR_HVS_DSP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define VT_HVS_GROUP 16 /* blocks of one call */
#define VT_HVS_SIDE 8
#define VT_HVS_STEP 7 /* from block to block */
#define VT_HVS_SIZE (VT_HVS_SIDE * VT_HVS_SIDE)

/* Contrast sensitivity by frequency, 8 down by 8 across, and the masking weights made from it. */
typedef struct VtHvsTable {
    float csf[VT_HVS_SIZE], mask[VT_HVS_SIZE];
} VtHvsTable;

/* The table of plane 0, 1 or 2 (spec: classic 5). */
void vt_hvs_table(VtHvsTable *table, unsigned plane);

/* The first of `blocks` blocks, 1 to VT_HVS_GROUP. Samples are bytes if bpc is 8, else 16-bit
 * words; bpc is at most 12. Strides are in bytes. */
typedef struct VtHvsGroup {
    const void *ref, *dis;
    ptrdiff_t ref_stride, dis_stride;
    unsigned blocks, bpc;
} VtHvsGroup;

/* Weighted squared differences: term[i][b] is that of coefficient i of block b. */
typedef float VtHvsTerms[VT_HVS_SIZE][VT_HVS_GROUP];

typedef struct VtHvsDsp {
    /* Terms of blocks beyond group->blocks are arbitrary. */
    void (*terms)(const VtHvsGroup *group, const VtHvsTable *table, VtHvsTerms term);

    /* (acc + term[0][0]) + term[1][0] ...: one float after the other, block after block. */
    float (*add)(float acc, VtHvsTerms term, unsigned blocks);
} VtHvsDsp;

float vt_hvs_add_scalar(float acc, VtHvsTerms term, unsigned blocks);

/* acc = count / scale with 2^23 <= count < 2^24 and scale a power of two; false if acc is too small
 * or too large for that. */
static inline bool vt_hvs_binade(float acc, float *scale, uint32_t *count)
{
    uint32_t bits;
    memcpy(&bits, &acc, sizeof(bits));
    const int exponent = (int)(bits >> 23) - 127;
    if (exponent < -64 || exponent > 64) return false;
    const uint32_t scale_bits = (uint32_t)(127 + 23 - exponent) << 23;
    memcpy(scale, &scale_bits, sizeof(*scale));
    *count = (bits & 0x7fffff) | 0x800000;
    return true;
}

void vt_hvs_dsp_init(VtHvsDsp *dsp, unsigned cpu_flags);
void vt_hvs_dsp_init_avx2(VtHvsDsp *dsp);
void vt_hvs_dsp_init_avx512(VtHvsDsp *dsp);

/* Words by place in the block and by block; the last block is repeated. */
void vt_hvs_samples_avx2(const void *plane, ptrdiff_t stride, unsigned blocks, unsigned bpc,
                         uint16_t out[VT_HVS_SIZE][VT_HVS_GROUP]);

#endif
