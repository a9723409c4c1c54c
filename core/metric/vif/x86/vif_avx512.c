/* Integer VIF for AVX-512 F, CD, BW, DQ and VL. */
#include <immintrin.h>

/* The empty asm keeps the compiler from regrouping long sums: all products would come first, and
 * leave the registers. */
static inline __attribute__((always_inline)) __m512i dot(__m512i acc, __m512i a, __m512i b)
{
    acc = _mm512_add_epi32(acc, _mm512_madd_epi16(a, b));
    __asm__("" : "+v"(acc));
    return acc;
}

#define DOT dot
#define TARGET
#define INIT vt_vif_dsp_init_avx512
#include "metric/vif/x86/vif_avx512_kernels.h"
