#include "metric/speed/speed_dsp.h"

void vt_speed_dsp_init_avx512(VtSpeedDsp *dsp)
{
    (void)dsp;
}
