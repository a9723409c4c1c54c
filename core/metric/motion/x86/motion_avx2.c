/* Integer motion, 16 columns at a time. */
#include <immintrin.h>

#define V __m256i
#define LANES 16
#define LOAD(p) _mm256_loadu_si256((const __m256i *)(const void *)(p))
#define WIDEN(p) _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(const void *)(p)))
#define STORE(p, v) _mm256_storeu_si256((__m256i *)(void *)(p), v)
#define SET16(v) _mm256_set1_epi16(v)
#define SET32(v) _mm256_set1_epi32(v)
#define ADD16 _mm256_add_epi16
#define SUB16 _mm256_sub_epi16
#define ADD32 _mm256_add_epi32
#define MADD _mm256_madd_epi16
#define LOW _mm256_unpacklo_epi16
#define HIGH _mm256_unpackhi_epi16
#define PACK _mm256_packs_epi32
#define AND _mm256_and_si256
#define OR _mm256_or_si256
#define SRA32 _mm256_sra_epi32
#define SRA32_16(v) _mm256_srai_epi32(v, 16)
#define SRA32_15(v) _mm256_srai_epi32(v, 15)
#define SRA32_1(v) _mm256_srai_epi32(v, 1)
#define SRL32_16(v) _mm256_srli_epi32(v, 16)
#define ABS32 _mm256_abs_epi32
#define ALL_ZERO(v) _mm256_testz_si256(v, v)
#define REDUCE reduce

#include <stdint.h>

static inline uint64_t reduce(__m256i v)
{
    uint32_t lane[8];
    uint64_t sum = 0;
    _mm256_storeu_si256((__m256i *)(void *)lane, v);
    for (int i = 0; i < 8; i++) sum += lane[i];
    return sum;
}

#include "metric/motion/x86/motion_kernel.h"

void vt_motion_dsp_init_avx2(VtMotionDsp *dsp)
{
    dsp->sad = sad;
}
