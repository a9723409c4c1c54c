#include "metric/psnr/psnr_dsp.h"
void vt_psnr_dsp_init_avx2(VtPsnrDsp *dsp) { (void)dsp; }
