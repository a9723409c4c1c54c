#include "metric/ssim/ssim_dsp.h"
void vt_ssim_dsp_init_avx512(VtSsimDsp *dsp) { (void)dsp; }
