/* Kernels of cambi_window_avx2.c, for the table of cambi_avx2.c. */
#ifndef VT_METRIC_CAMBI_AVX2_H
#define VT_METRIC_CAMBI_AVX2_H

#include "metric/cambi/cambi_dsp.h"

void vt_cambi_update_avx2(uint16_t *hist, const uint16_t *enter, const uint16_t *leave, unsigned n,
                          unsigned pad);
bool vt_cambi_c_row_avx2(float *c, const uint16_t *hist, const uint16_t *code, unsigned n,
                         const VtCambiContrast *k);

#endif
