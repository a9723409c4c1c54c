#include "metric/cambi/cambi_dsp.h"

void vt_cambi_dsp_init_avx512(VtCambiDsp *dsp)
{
    (void)dsp;
}
