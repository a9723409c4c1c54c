/* Kernels of floating-point VIF with AVX512. */
#include "metric/float_plane/x86/lanes_avx512.h"

#include "metric/float_vif/x86/float_vif_kernels.h"

void vt_fvif_dsp_init_avx512(VtFvifDsp *dsp)
{
    *dsp = (VtFvifDsp){statistics, thin};
}
