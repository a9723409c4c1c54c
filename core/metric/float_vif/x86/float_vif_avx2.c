/* Kernels of floating-point VIF with AVX2. */
#include "metric/float_plane/x86/lanes_avx2.h"

#include "metric/float_vif/x86/float_vif_kernels.h"

void vt_fvif_dsp_init_avx2(VtFvifDsp *dsp)
{
    *dsp = (VtFvifDsp){statistics, thin};
}
