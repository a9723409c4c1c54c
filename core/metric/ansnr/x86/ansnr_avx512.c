#include "metric/ansnr/ansnr_dsp.h"
void vt_ansnr_dsp_init_avx512(VtAnsnrDsp *dsp) { (void)dsp; }
