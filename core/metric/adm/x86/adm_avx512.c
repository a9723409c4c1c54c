/* Integer ADM with AVX-512. */
#include <immintrin.h>

#define INLINE static inline __attribute__((always_inline))
#define KERNEL static

typedef __m512i Vec;

INLINE Vec dot16(Vec acc, Vec a, Vec b)
{
    return _mm512_add_epi32(acc, _mm512_madd_epi16(a, b));
}

#include "metric/adm/x86/adm_avx512.h"
#include "metric/adm/x86/adm_wavelet.h"
#include "metric/adm/adm_detail.h"

void vt_adm_dsp_init_avx512(VtAdmDsp *dsp)
{
    dsp->dwt_plane[0] = dwt_bytes;
    dsp->dwt_plane[1] = dwt_words;
    dsp->dwt_fine = dwt_fine;
    dsp->dwt_coarse = dwt_coarse;
    dsp->den16 = den16;
    dsp->den32 = den32;
    dsp->decouple16 = decouple16;
    dsp->decouple32 = decouple32;
    dsp->csf16 = csf16;
    dsp->csf32 = csf32;
    dsp->mask16 = mask16;
    dsp->mask32 = mask32;
}
