/* Integer VIF for AVX-512 with VNNI, whose dot product accumulates. */
#define DOT(acc, a, b) _mm512_dpwssd_epi32(acc, a, b)
#define TARGET __attribute__((target("avx512vnni")))
#define INIT vt_vif_dsp_init_avx512icl
#include "metric/vif/x86/vif_avx512_kernels.h"
