#include "metric/psnr/psnr_dsp.h"
void vt_psnr_dsp_init_avx512(VtPsnrDsp *dsp) { (void)dsp; }
