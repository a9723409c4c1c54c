/* Instruction sets. Bits are those of the public cpumask: a set bit in the mask disables the set.
 */
#ifndef VT_CPU_CPU_H
#define VT_CPU_CPU_H

#include <stdint.h>

enum {
    VT_CPU_SSE2 = 1,
    VT_CPU_SSSE3 = 2,
    VT_CPU_SSE41 = 4,
    VT_CPU_AVX2 = 8,
    VT_CPU_AVX512 = 16,    /* F, CD, BW, DQ, VL */
    VT_CPU_AVX512ICL = 32, /* Ice Lake: VNNI, VBMI, VBMI2, BITALG, VPOPCNTDQ, ... */
    VT_CPU_NEON = 1        /* on arm64 */
};

/* What this machine has, less the bits of mask. */
unsigned vt_cpu_flags(uint64_t mask);

/* Logical CPUs this process may run on, at least 1. */
unsigned vt_cpu_count(void);

#endif
