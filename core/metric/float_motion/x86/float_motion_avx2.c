/* Kernel of floating-point motion with AVX2. */
#include "metric/float_plane/x86/lanes_avx2.h"

#include "metric/float_motion/x86/float_motion_kernels.h"

void vt_fmotion_dsp_init_avx2(VtFmotionDsp *dsp)
{
    dsp->sad = sad;
}
