/* Checking SIMD kernels against the scalar ones, and timing them (after dav1d's checkasm).
 *
 *     int main(int argc, char **argv)
 *     {
 *         kc_init(argc, argv, "vif");                   // --bench, --seed N
 *         for each instruction set in kc_sets() ...     // scalar is the truth
 *         return kc_finish();                           // prints "N passed, N failed"
 *     }
 */
#ifndef TEST_KERNEL_CHECK_H
#define TEST_KERNEL_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads --bench and --seed N; name is printed with every line. */
void kc_init(int argc, char **argv, const char *name);

/* True when --bench was given: after checking, time the kernels. */
bool kc_bench(void);

/* The instruction sets this machine has, beyond scalar, one at a time: cpu flags for *_dsp_init,
 * oldest first. Ends with 0. Each entry includes the older sets. */
const unsigned *kc_sets(void);
const char *kc_set_name(unsigned flags);

/* Deterministic random numbers. */
uint32_t kc_random(void);

typedef enum {
    KC_RANDOM,
    KC_ZERO,
    KC_MAX,
    KC_EXTREMES,
    KC_GRADIENT,
    KC_SMALL,
    KC_NOISE_ON_FLAT,
    KC_FILLS
} KcFill;

/* A buffer of `size` bytes with 64 guard bytes on both sides; the start is at `offset` (0..63) from
 * a 64-byte boundary. kc_buffer_free reports (as a failure) a changed guard. Aborts the program
 * only when out of memory. */
void *kc_buffer(size_t size, unsigned offset);
void kc_buffer_free(void *p, const char *what);

/* Fills with samples 0..max of the given width in bytes (1, 2 or 4) and kind; signed_ also gives
 * -max. */
void kc_fill(void *p, size_t count, unsigned bytes, uint32_t max, bool signed_, KcFill kind);

/* One comparison of `size` bytes: counted; a difference is a failure, printed with the text. */
bool kc_equal(const void *want, const void *got, size_t size, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* For floating-point kernels: |want - got| <= tolerance (relative to max(1, |want|)). */
bool kc_close(double want, double got, double tolerance, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Timing: cycles (time-stamp counter) per pixel of the fastest of several runs, printed as one
 * line. */
typedef void (*KcBody)(void *arg);
void kc_time(const char *kernel, unsigned flags, size_t pixels, KcBody body, void *arg);

/* Prints "NAME: N passed, N failed"; the exit status. */
int kc_finish(void);

#endif
