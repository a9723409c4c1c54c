/* Integer VIF for AVX-512 F, CD, BW, DQ and VL. */
#define DOT(acc, a, b) _mm512_add_epi32(acc, _mm512_madd_epi16(a, b))
#define INIT vt_vif_dsp_init_avx512
#include "metric/vif/x86/vif_avx512_kernels.h"
