/* AVX-512 kernels of float_ansnr, for the filters; the rest stays with AVX2. */
#include <immintrin.h>

#include "metric/ansnr/ansnr_dsp.h"

static void filter_dis(const float *src, VtAnsnrFiltered *dst, unsigned n)
{
    __m512 tap[3][3];
    for (unsigned k = 0; k < 3; k++)
        for (unsigned j = 0; j < 3; j++) tap[k][j] = _mm512_set1_ps(vt_ansnr_tap[k][j]);
    for (unsigned i = 0; i < n; i += 16) {
        __m512 s[5];
        for (int j = 0; j < 5; j++) s[j] = _mm512_loadu_ps(src + (int)i + j - VT_ANSNR_RADIUS);
        for (unsigned k = 0; k < 3; k++) {
            __m512 sum = _mm512_mul_ps(s[0], tap[k][0]);
            sum = _mm512_add_ps(sum, _mm512_mul_ps(s[1], tap[k][1]));
            sum = _mm512_add_ps(sum, _mm512_mul_ps(s[2], tap[k][2]));
            sum = _mm512_add_ps(sum, _mm512_mul_ps(s[3], tap[k][1]));
            sum = _mm512_add_ps(sum, _mm512_mul_ps(s[4], tap[k][0]));
            _mm512_store_ps(dst->row[k] + i, sum);
        }
    }
}

static void terms(const float *const ref[3], const VtAnsnrFiltered *const dis[5], float *sig,
                  float *noise, unsigned n)
{
    for (unsigned i = 0; i < n; i += 16) {
        const __m512 middle = _mm512_load_ps(ref[1] + i);
        __m512 r = _mm512_add_ps(_mm512_load_ps(ref[0] + i), _mm512_add_ps(middle, middle));
        r = _mm512_mul_ps(_mm512_add_ps(r, _mm512_load_ps(ref[2] + i)), _mm512_set1_ps(0.25f));
        __m512 d = _mm512_load_ps(dis[0]->row[0] + i);
        d = _mm512_add_ps(d, _mm512_load_ps(dis[1]->row[1] + i));
        d = _mm512_add_ps(d, _mm512_load_ps(dis[2]->row[2] + i));
        d = _mm512_add_ps(d, _mm512_load_ps(dis[3]->row[1] + i));
        d = _mm512_add_ps(d, _mm512_load_ps(dis[4]->row[0] + i));
        const __m512 diff = _mm512_sub_ps(r, d);
        _mm512_store_ps(sig + i, _mm512_mul_ps(r, r));
        _mm512_store_ps(noise + i, _mm512_mul_ps(diff, diff));
    }
}

void vt_ansnr_dsp_init_avx512(VtAnsnrDsp *dsp)
{
    dsp->filter_dis = filter_dis;
    dsp->terms = terms;
}
