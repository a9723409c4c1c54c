/* Kernels of floating-point ADM with AVX2. */
#include "metric/float_plane/x86/lanes_avx2.h"

#include "metric/float_adm/x86/float_adm_kernels.h"

void vt_fadm_dsp_init_avx2(VtFadmDsp *dsp)
{
    *dsp = (VtFadmDsp){wavelet, decouple, pool};
}
