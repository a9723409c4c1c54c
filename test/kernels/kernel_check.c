#include "kernel_check.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cpu/cpu.h"

#define GUARD 64
#define GUARD_BYTE 0xa5

static const char *suite;
static bool bench;
static uint64_t state = 0x9e3779b97f4a7c15u;
static unsigned long passed, failed;

void kc_init(int argc, char **argv, const char *name)
{
    suite = name;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--bench")) bench = true;
        if (!strcmp(argv[i], "--seed") && i + 1 < argc)
            state += strtoull(argv[++i], NULL, 0) * 2 + 1;
    }
}

bool kc_bench(void)
{
    return bench;
}

const unsigned *kc_sets(void)
{
    static unsigned sets[4];
    const unsigned have = vt_cpu_flags(0);
    unsigned n = 0;
#if defined(__aarch64__)
    if (have & VT_CPU_NEON) sets[n++] = VT_CPU_NEON;
#else
    const unsigned avx2 = VT_CPU_SSE2 | VT_CPU_SSSE3 | VT_CPU_SSE41 | VT_CPU_AVX2;
    const unsigned avx512 = avx2 | VT_CPU_AVX512, icl = avx512 | VT_CPU_AVX512ICL;
    if ((have & avx2) == avx2) sets[n++] = avx2;
    if ((have & avx512) == avx512) sets[n++] = avx512;
    if ((have & icl) == icl) sets[n++] = icl;
#endif
    sets[n] = 0;
    return sets;
}

const char *kc_set_name(unsigned flags)
{
    if (!flags) return "scalar";
#if defined(__aarch64__)
    return "neon";
#else
    return flags & VT_CPU_AVX512ICL ? "avx512icl" : flags & VT_CPU_AVX512 ? "avx512" : "avx2";
#endif
}

uint32_t kc_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 32);
}

typedef struct Head {
    void *block;
    size_t size;
} Head;

void *kc_buffer(size_t size, unsigned offset)
{
    const size_t total = 128 + GUARD + offset + size + GUARD;
    void *block = NULL;
    if (posix_memalign(&block, 64, total)) abort();
    uint8_t *p = (uint8_t *)block + 128 + offset;
    memset(p - GUARD, GUARD_BYTE, GUARD);
    memset(p, 0, size);
    memset(p + size, GUARD_BYTE, GUARD);
    const Head head = {block, size};
    memcpy(p - GUARD - sizeof(head), &head, sizeof(head));
    return p;
}

void kc_buffer_free(void *p, const char *what)
{
    Head head;
    uint8_t guard[GUARD], *bytes = p;
    memcpy(&head, bytes - GUARD - sizeof(head), sizeof(head));
    memset(guard, GUARD_BYTE, GUARD);
    kc_equal(guard, bytes - GUARD, GUARD, "%s: written in front of the buffer", what);
    kc_equal(guard, bytes + head.size, GUARD, "%s: written past the buffer", what);
    free(head.block);
}

static uint32_t pick(KcFill kind, uint32_t max, size_t i, uint32_t flat)
{
    const uint64_t range = (uint64_t)max + 1;
    switch (kind) {
    case KC_RANDOM:
        return (uint32_t)(kc_random() % range);
    case KC_ZERO:
        return 0;
    case KC_MAX:
        return max;
    case KC_EXTREMES:
        return kc_random() & 1 ? max : 0;
    case KC_GRADIENT:
        return (uint32_t)(i * 3 % range);
    case KC_SMALL:
        return (uint32_t)(kc_random() % (range < 4 ? range : 4));
    case KC_NOISE_ON_FLAT:
        return (uint32_t)((flat + kc_random() % 5) % range);
    case KC_FILLS:
        break;
    }
    return 0;
}

void kc_fill(void *p, size_t count, unsigned bytes, uint32_t max, bool signed_, KcFill kind)
{
    const uint32_t flat = (uint32_t)(kc_random() % ((uint64_t)max + 1));
    for (size_t i = 0; i < count; i++) {
        uint32_t v = pick(kind, max, i, flat);
        if (signed_ && kc_random() & 1) v = 0u - v;
        if (bytes == 1)
            ((uint8_t *)p)[i] = (uint8_t)v;
        else if (bytes == 2)
            ((uint16_t *)p)[i] = (uint16_t)v;
        else
            ((uint32_t *)p)[i] = v;
    }
}

static bool count(bool ok, const char *fmt, va_list args)
{
    if (ok) {
        passed++;
        return true;
    }
    if (failed++ < 20) {
        fprintf(stderr, "%s: FAILED: ", suite);
        vfprintf(stderr, fmt, args);
        fputc('\n', stderr);
    }
    return false;
}

bool kc_equal(const void *want, const void *got, size_t size, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const bool ok = count(!memcmp(want, got, size), fmt, args);
    va_end(args);
    return ok;
}

bool kc_close(double want, double got, double tolerance, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const bool same = want == got || (isnan(want) && isnan(got));
    const bool ok = count(same || fabs(want - got) <= tolerance * fmax(1, fabs(want)), fmt, args);
    va_end(args);
    return ok;
}

static uint64_t ticks(void)
{
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#else
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
#endif
}

void kc_time(const char *kernel, unsigned flags, size_t pixels, KcBody body, void *arg)
{
    uint64_t best = UINT64_MAX;
    for (int run = 0; run < 50; run++) {
        const uint64_t start = ticks();
        body(arg);
        const uint64_t took = ticks() - start;
        if (took < best) best = took;
    }
    printf("%s: %-32s %-10s %8.3f cycles/pixel\n", suite, kernel, kc_set_name(flags),
           (double)best / (double)pixels);
}

int kc_finish(void)
{
    printf("%s: %lu passed, %lu failed\n", suite, passed, failed);
    return failed || !passed;
}
