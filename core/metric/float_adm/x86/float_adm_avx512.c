/* Kernels of floating-point ADM with AVX512. */
#include "metric/float_plane/x86/lanes_avx512.h"

#include "metric/float_adm/x86/float_adm_kernels.h"

void vt_fadm_dsp_init_avx512(VtFadmDsp *dsp)
{
    *dsp = (VtFadmDsp){wavelet, decouple, pool};
}
