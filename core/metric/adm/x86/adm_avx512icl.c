/* Integer ADM with AVX-512 and VNNI, whose dot product accumulates: the wavelet. */
#include <immintrin.h>

#define VNNI __attribute__((target("avx512vnni")))
#define INLINE static inline __attribute__((always_inline)) VNNI
#define KERNEL static VNNI

typedef __m512i Vec;

INLINE Vec dot16(Vec acc, Vec a, Vec b)
{
    return _mm512_dpwssd_epi32(acc, a, b);
}

#include "metric/adm/x86/adm_avx512.h"
#include "metric/adm/x86/adm_wavelet.h"

void vt_adm_dsp_init_avx512icl(VtAdmDsp *dsp)
{
    dsp->dwt_plane[0] = dwt_bytes;
    dsp->dwt_plane[1] = dwt_words;
    dsp->dwt_fine = dwt_fine;
    dsp->dwt_coarse = dwt_coarse;
}
