#include "metric/speed/speed_dsp.h"

void vt_speed_dsp_init_avx2(VtSpeedDsp *dsp)
{
    (void)dsp;
}
