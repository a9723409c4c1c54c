#include "metric/cambi/cambi_dsp.h"

void vt_cambi_dsp_init_avx2(VtCambiDsp *dsp)
{
    (void)dsp;
}
