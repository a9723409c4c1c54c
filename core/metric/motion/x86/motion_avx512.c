/* Integer motion, 32 columns at a time. */
#include <immintrin.h>

#define V __m512i
#define LANES 32
#define LOAD(p) _mm512_loadu_si512((const __m512i *)(const void *)(p))
#define WIDEN(p) _mm512_cvtepu8_epi16(_mm256_loadu_si256((const __m256i *)(const void *)(p)))
#define STORE(p, v) _mm512_storeu_si512((__m512i *)(void *)(p), v)
#define SET16(v) _mm512_set1_epi16(v)
#define SET32(v) _mm512_set1_epi32(v)
#define ADD16 _mm512_add_epi16
#define SUB16 _mm512_sub_epi16
#define ADD32 _mm512_add_epi32
#define MADD _mm512_madd_epi16
#define LOW _mm512_unpacklo_epi16
#define HIGH _mm512_unpackhi_epi16
#define PACK _mm512_packs_epi32
#define AND _mm512_and_si512
#define OR _mm512_or_si512
#define SRA32 _mm512_sra_epi32
#define SRA32_16(v) _mm512_srai_epi32(v, 16)
#define SRA32_15(v) _mm512_srai_epi32(v, 15)
#define SRA32_1(v) _mm512_srai_epi32(v, 1)
#define SRL32_16(v) _mm512_srli_epi32(v, 16)
#define ABS32 _mm512_abs_epi32
#define ALL_ZERO(v) (!_mm512_test_epi32_mask(v, v))
#define REDUCE reduce

#include <stdint.h>

static inline uint64_t reduce(__m512i v)
{
    uint32_t lane[16];
    uint64_t sum = 0;
    _mm512_storeu_si512((__m512i *)(void *)lane, v);
    for (int i = 0; i < 16; i++) sum += lane[i];
    return sum;
}

#include "metric/motion/x86/motion_kernel.h"

void vt_motion_dsp_init_avx512(VtMotionDsp *dsp)
{
    dsp->sad = sad;
}
