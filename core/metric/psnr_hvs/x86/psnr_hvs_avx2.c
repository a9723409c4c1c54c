#include "metric/psnr_hvs/psnr_hvs_dsp.h"
void vt_hvs_dsp_init_avx2(VtHvsDsp *dsp) { (void)dsp; }
