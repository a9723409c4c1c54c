/* The information terms of given pixels, which no picture may have. */
#include "vif_pixels.h"

extern "C" __global__ void test_vif_pixels(VifPixelsParams p)
{
    vt_vif::LogRow table[32];
    for (int i = 0; i < 32; i++) table[i] = {p.vif.log[i].c0, p.vif.log[i].c1_c2};
    for (uint32_t i = blockIdx.x * blockDim.x + threadIdx.x; i < p.n; i += blockDim.x * gridDim.x) {
        VifPixel &k = p.pixel[i];
        vt_vif::Sums sums = {};
        unsigned more[VT_VIF_LIMITS] = {};
        k.exactly = !vt_vif::add_pixel(k.s1, k.s2, k.s12, p.vif, table, more, sums);
        if (k.exactly) vt_vif::add_exactly(k.s1, k.s2, k.s12, p.vif, table, more, sums);
        k.count = sums.den_count >> vt_vif::COUNT_SHIFT;
        k.den = sums.den_count & ((1u << vt_vif::COUNT_SHIFT) - 1);
        k.num[0] = sums.num[0];
        k.num[1] = sums.num[1];
        k.num[2] = more[2];
        k.variance = sums.variance_low + (sums.variance_up << 16);
    }
}
