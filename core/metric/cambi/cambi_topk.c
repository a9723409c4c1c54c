#include "metric/cambi/cambi_topk.h"

#include <string.h>

/* c-values lie in 0.5 .. 9506.25, so their bits less those of 0.5 fit 12 + 15 bits, and floats
 * above 0 are ordered like their bits. */
#define HALF_BITS 0x3f000000u
#define FINE_BITS 15

static uint32_t bits_of(float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof(bits));
    return bits - HALF_BITS;
}

static void count_coarse(VtCambiTopK *s, const float *v, size_t n)
{
    memset(s->coarse, 0, sizeof(s->coarse));
    size_t i = 0;
    for (; i + VT_CAMBI_COARSE_LANES <= n; i += VT_CAMBI_COARSE_LANES)
        for (unsigned lane = 0; lane < VT_CAMBI_COARSE_LANES; lane++)
            s->coarse[lane][bits_of(v[i + lane]) >> FINE_BITS]++;
    for (; i < n; i++) s->coarse[0][bits_of(v[i]) >> FINE_BITS]++;
    for (unsigned lane = 1; lane < VT_CAMBI_COARSE_LANES; lane++)
        for (unsigned b = 0; b < VT_CAMBI_COARSE; b++) s->coarse[0][b] += s->coarse[lane][b];
}

/* The bucket that holds the k-th largest, counted from the top; *k becomes its rank in there. */
static uint32_t bucket_of(const uint32_t *buckets, uint32_t n, size_t *k)
{
    uint32_t b = n - 1;
    while (b && *k > buckets[b]) *k -= buckets[b--];
    return b;
}

/* The k-th largest of n > k values. */
static float kth_largest(const float *v, size_t n, size_t k, VtCambiTopK *s)
{
    count_coarse(s, v, n);
    const uint32_t coarse = bucket_of(s->coarse[0], VT_CAMBI_COARSE, &k);
    memset(s->fine, 0, sizeof(s->fine));
    for (size_t i = 0; i < n; i++)
        if (bits_of(v[i]) >> FINE_BITS == coarse) s->fine[bits_of(v[i]) & (VT_CAMBI_FINE - 1)]++;
    const uint32_t fine = bucket_of(s->fine, VT_CAMBI_FINE, &k);
    const uint32_t bits = (coarse << FINE_BITS | fine) + HALF_BITS;
    float value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

double vt_cambi_top_mean(const VtCambiDsp *dsp, const float *v, size_t n, size_t k,
                         VtCambiTopK *scratch)
{
    const float limit = n > k ? kth_largest(v, n, k, scratch) : 0;
    size_t above;
    uint64_t sum = dsp->sum_above(v, n, limit, &above);
    if (n > k) sum += (k - above) * (uint64_t)(limit * 0x1p24f);
    return (double)sum * 0x1p-24 / (double)k;
}
