/* Fails the k-th driver call, allocation, thread or lock, for every k, over a whole life with CUDA.
 * Each time: a negative errno, nothing left on the device or in memory, and a second life that
 * succeeds. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "cuda/resource.h"
#include "support.h"
#include "wrap.h"

#define FRAMES 10

static atomic_long calls;
static long fail_at;
static atomic_bool failed_release, failed_closing;
static const char *failed_call;
static Life life;

/* Also says what failed: giving something back may fail without an error coming out. */
static bool fails(const char *call, bool release)
{
    if (atomic_fetch_add(&calls, 1) + 1 != fail_at) return false;
    failed_call = call;
    failed_release = release;
    failed_closing = life.closing;
    return true;
}

static unsigned long passed, failed;

static void check(bool ok, long k, const char *what, int err)
{
    if (ok) {
        passed++;
        return;
    }
    if (failed++ > 20) return;
    printf("%s, %u threads, call %ld (%s) failed: %s, result %d\n", mode_names[life.mode],
           life.threads, k, failed_call ? failed_call : "none", what, err);
    software->report(stdout);
}

static void leave_nothing(long k, size_t blocks, const char *what)
{
    size_t now, bytes;
    wrap_live(&now, &bytes);
    check(!software->report(NULL), k, what, (int)software->report(NULL));
    check(now == blocks, k, "memory left over", (int)(now - blocks));
    check(!lent_out, k, "lent pictures not released", lent_out);
    software->reset();
    lent_out = 0;
}

static void once(long k, size_t blocks, double expected)
{
    double score = -1;
    fail_at = k;
    calls = 0;
    failed_call = NULL;
    failed_release = failed_closing = false;
    wrap_set_fail(fails);
    const int err = life_run(&life, &score);
    wrap_set_fail(NULL);
    const bool harmless = !failed_call || failed_release || failed_closing;
    check(err < 0 || (!err && harmless && score == expected), k, "no error came out", err);
    leave_nothing(k, blocks, "leftovers");
    score = -1;
    check(!life_run(&life, &score) && score == expected, k, "no second attempt", 0);
    leave_nothing(k, blocks, "leftovers of the second attempt");
}

static void walk(Mode mode, unsigned threads, unsigned bpc, long step)
{
    double score = -1;
    life = (Life){.mode = mode, .threads = threads, .frames = FRAMES, .bpc = bpc};
    const double expected = life_on_cpu(&life);
    check(!life_run(&life, &score) && score == expected, 0, "the plain life", 0);
    size_t blocks, bytes;
    wrap_live(&blocks, &bytes);
    fail_at = 0;
    calls = 0;
    wrap_set_fail(fails);
    life_run(&life, &score);
    wrap_set_fail(NULL);
    const long total = calls;
    leave_nothing(0, blocks, "leftovers of a plain life");
    for (long k = 1; k <= total; k += step) once(k, blocks, expected);
    printf("%s, %u bit, %u threads: %ld calls that can fail\n", mode_names[mode], bpc, threads,
           total);
}

/* The library's driver calls, all of them. */
static void every_call_was_made(void)
{
    static const char *const names[] = {
#define NAME(field, symbol, params) symbol,
        VT_CUDA_CALLS(NAME)
#undef NAME
    };
    const size_t n = sizeof(names) / sizeof(names[0]);
    for (size_t i = 0; i < n; i++) {
        failed_call = names[i];
        check(software->ever(names[i]), 0, "a driver call that no test makes", 0);
    }
    printf("%zu driver calls covered\n", n);
}

int main(int argc, char **argv)
{
    cuda_setup(argc, argv, "cuda_torture");
    const char *step_text = getenv("VMAF_CUDA_TORTURE_STEP");
    const long step = step_text && atol(step_text) > 0 ? atol(step_text) : 1;
    if (!software || !freopen("/dev/null", "w", stderr)) return 2;
    wrap_track();
    for (unsigned threads = 0; threads <= 2; threads += 2)
        for (Mode mode = NONE; mode < MODES; mode++) walk(mode, threads, 8, step);
    software->plant(SW_NO_KERNELS); /* the other way to fill pictures */
    walk(DEVICE, 0, 8, step);
    walk(DEVICE, 0, 10, step);
    software->plant(0);
    every_call_was_made();
    printf("cuda_torture: %lu passed, %lu failed\n", passed, failed);
    return failed || !passed;
}
