#include "cpu/cpu.h"

#include <sched.h>
#include <unistd.h>

#if defined(__x86_64__) || defined(__i386__)

static unsigned detect(void)
{
    unsigned flags = 0;
    __builtin_cpu_init();
    if (__builtin_cpu_supports("sse2")) flags |= VT_CPU_SSE2;
    if (__builtin_cpu_supports("ssse3")) flags |= VT_CPU_SSSE3;
    if (__builtin_cpu_supports("sse4.1")) flags |= VT_CPU_SSE41;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
        __builtin_cpu_supports("bmi2"))
        flags |= VT_CPU_AVX2;
    if (!(flags & VT_CPU_AVX2)) return flags;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl"))
        flags |= VT_CPU_AVX512;
    if ((flags & VT_CPU_AVX512) && __builtin_cpu_supports("avx512vnni") &&
        __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2") &&
        __builtin_cpu_supports("avx512bitalg") && __builtin_cpu_supports("avx512vpopcntdq"))
        flags |= VT_CPU_AVX512ICL;
    return flags;
}

#elif defined(__aarch64__)

static unsigned detect(void)
{
    return VT_CPU_NEON;
}

#else

static unsigned detect(void)
{
    return 0;
}

#endif

unsigned vt_cpu_flags(uint64_t mask)
{
    return detect() & ~(unsigned)mask;
}

unsigned vt_cpu_count(void)
{
    cpu_set_t set;
    if (!sched_getaffinity(0, sizeof(set), &set)) {
        const int n = CPU_COUNT(&set);
        if (n > 0) return (unsigned)n;
    }
    const long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (unsigned)n : 1;
}
