#include "metric/moment/moment_dsp.h"
void vt_moment_dsp_init_avx512(VtMomentDsp *dsp) { (void)dsp; }
