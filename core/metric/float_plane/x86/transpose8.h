/* 8 vectors of 8 floats, and sums in order across them. */
#ifndef VT_METRIC_FLOAT_PLANE_TRANSPOSE8_H
#define VT_METRIC_FLOAT_PLANE_TRANSPOSE8_H

#include <immintrin.h>

/* Lane i of v[j] becomes lane j of v[i]. */
static inline void transpose8(__m256 v[8])
{
    __m256 a[8], b[8];
    for (int i = 0; i < 8; i += 2) {
        a[i] = _mm256_unpacklo_ps(v[i], v[i + 1]);
        a[i + 1] = _mm256_unpackhi_ps(v[i], v[i + 1]);
    }
    for (int i = 0; i < 8; i += 4) {
        b[i] = _mm256_shuffle_ps(a[i], a[i + 2], _MM_SHUFFLE(1, 0, 1, 0));
        b[i + 1] = _mm256_shuffle_ps(a[i], a[i + 2], _MM_SHUFFLE(3, 2, 3, 2));
        b[i + 2] = _mm256_shuffle_ps(a[i + 1], a[i + 3], _MM_SHUFFLE(1, 0, 1, 0));
        b[i + 3] = _mm256_shuffle_ps(a[i + 1], a[i + 3], _MM_SHUFFLE(3, 2, 3, 2));
    }
    for (int i = 0; i < 4; i++) {
        v[i] = _mm256_permute2f128_ps(b[i], b[i + 4], 0x20);
        v[i + 4] = _mm256_permute2f128_ps(b[i], b[i + 4], 0x31);
    }
}

/* Lane q of the result: sum's lane q plus the lanes of term[q], one after the other. */
static inline __m256 add_in_order8(__m256 sum, const __m256 term[8])
{
    __m256 v[8];
    for (int i = 0; i < 8; i++) v[i] = term[i];
    transpose8(v);
    for (int i = 0; i < 8; i++) sum = _mm256_add_ps(sum, v[i]);
    return sum;
}

#endif
