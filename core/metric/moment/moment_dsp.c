/* Scalar kernels of float_moment (spec: float 7). */
#include "metric/moment/moment_dsp.h"

#include "cpu/cpu.h"

static uint64_t square(unsigned v)
{
    return (uint64_t)v * v;
}

static void add8(const uint8_t *row, size_t n, VtMoments *sums)
{
    for (size_t i = 0; i < n; i++) {
        sums->first += row[i];
        sums->second += square(row[i]);
    }
}

static void add16(const uint16_t *row, size_t n, VtMoments *sums)
{
    for (size_t i = 0; i < n; i++) {
        sums->first += row[i];
        sums->second += square(row[i]);
    }
}

/* The conversion rounds the exact square to nearest even, as a float product would. */
static void add16_rounded(const uint16_t *row, size_t n, VtMoments *sums)
{
    for (size_t i = 0; i < n; i++) {
        sums->first += row[i];
        sums->second += (uint64_t)(float)square(row[i]);
    }
}

void vt_moment_dsp_init(VtMomentDsp *dsp, unsigned cpu_flags)
{
    *dsp = (VtMomentDsp){.add8 = add8, .add16 = add16, .add16_rounded = add16_rounded};
#if defined(__x86_64__)
    if (cpu_flags & VT_CPU_AVX2) vt_moment_dsp_init_avx2(dsp);
    if (cpu_flags & VT_CPU_AVX512) vt_moment_dsp_init_avx512(dsp);
#else
    (void)cpu_flags;
#endif
}
