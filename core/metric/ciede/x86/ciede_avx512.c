#include "metric/ciede/ciede_dsp.h"
void vt_ciede_dsp_init_avx512(VtCiedeDsp *dsp) { (void)dsp; }
