/* Runs a kernel's blocks one after the other, the threads of a block as fibres of one host thread.
 * A fibre runs until it ends or meets the others: at a barrier of the block, or at a warp
 * operation. */
#include "fibre.h"

#include <stdlib.h>

#include "internal.h"
#include "switch.h"

#define MAX_THREADS 1024
#define STACK 65536

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif
#ifdef WITH_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

typedef enum State { READY, AT_BARRIER, AT_WARP, ENDED } State;

typedef struct Fibre {
    SwContext context;
    State state;
    void *fake_stack;
} Fibre;

SwIndex sw_thread, sw_block, sw_block_size, sw_grid_size;

static Fibre fibre[MAX_THREADS];
static char *stacks;
static SwContext scheduler;
#ifdef WITH_ASAN
static void *scheduler_fake;
static const void *scheduler_bottom;
static size_t scheduler_size;
#endif
static unsigned n_threads, current;
static const SwFunction *function;
static const void *function_params;
static uint64_t warp_value[MAX_THREADS];

/* The fibre gives up control; ending: for ever. */
static void yield(State state)
{
    if (function->flat) {
        sw_misuse("kernel %s is registered as flat, but its threads meet", function->name);
        return;
    }
    Fibre *f = &fibre[current];
    f->state = state;
#ifdef WITH_ASAN
    __sanitizer_start_switch_fiber(state == ENDED ? NULL : &f->fake_stack, scheduler_bottom,
                                   scheduler_size);
#endif
    sw_switch(&f->context, &scheduler);
#ifdef WITH_ASAN
    __sanitizer_finish_switch_fiber(f->fake_stack, &scheduler_bottom, &scheduler_size);
#endif
}

static void start(void)
{
#ifdef WITH_ASAN
    __sanitizer_finish_switch_fiber(NULL, &scheduler_bottom, &scheduler_size);
#endif
    function->run(function_params);
    yield(ENDED);
}

static void set_thread(unsigned i)
{
    current = i;
    sw_thread.x = i % sw_block_size.x;
    sw_thread.y = i / sw_block_size.x % sw_block_size.y;
    sw_thread.z = i / sw_block_size.x / sw_block_size.y;
}

static void resume(unsigned i)
{
    set_thread(i);
#ifdef WITH_ASAN
    __sanitizer_start_switch_fiber(&scheduler_fake, stacks + (size_t)i * STACK, STACK);
#endif
    sw_switch(&scheduler, &fibre[i].context);
#ifdef WITH_ASAN
    __sanitizer_finish_switch_fiber(scheduler_fake, NULL, NULL);
#endif
}

void sw_syncthreads(void)
{
    yield(AT_BARRIER);
}

uint64_t sw_shuffle(uint64_t value, unsigned from_lane)
{
    warp_value[current] = value;
    yield(AT_WARP);
    const unsigned from = current / SW_WARP * SW_WARP + from_lane;
    const uint64_t got = from_lane < SW_WARP && from < n_threads ? warp_value[from] : value;
    yield(AT_WARP); /* nobody overwrites a value before all have read */
    return got;
}

/* Makes fibres ready whose meeting is complete; false if none is. */
static bool meet(void)
{
    bool some = false, all_at_barrier = true;
    for (unsigned w = 0; w < n_threads; w += SW_WARP) {
        const unsigned end = w + SW_WARP < n_threads ? w + SW_WARP : n_threads;
        bool whole_warp = true;
        for (unsigned i = w; i < end; i++) {
            if (fibre[i].state != ENDED && fibre[i].state != AT_WARP) whole_warp = false;
            if (fibre[i].state != ENDED && fibre[i].state != AT_BARRIER) all_at_barrier = false;
        }
        for (unsigned i = w; i < end && whole_warp; i++)
            if (fibre[i].state == AT_WARP) fibre[i].state = READY, some = true;
    }
    for (unsigned i = 0; i < n_threads && all_at_barrier; i++)
        if (fibre[i].state == AT_BARRIER) fibre[i].state = READY, some = true;
    return some;
}

static void run_flat_block(void)
{
    for (unsigned i = 0; i < n_threads; i++) {
        set_thread(i);
        function->run(function_params);
    }
}

static void run_block(void)
{
    for (unsigned i = 0; i < n_threads; i++) {
        sw_make(&fibre[i].context, stacks + (size_t)i * STACK, STACK, start);
        fibre[i].state = READY;
    }
    unsigned left = n_threads;
    while (left) {
        for (unsigned i = 0; i < n_threads; i++) {
            if (fibre[i].state != READY) continue;
            resume(i);
            if (fibre[i].state == ENDED) left--;
        }
        if (left && !meet()) {
            sw_misuse("kernel %s: threads of a block wait at different places", function->name);
            return;
        }
    }
}

void sw_launch(const SwFunction *f, const unsigned grid[3], const unsigned block[3],
               const void *params)
{
    if (!stacks) stacks = malloc((size_t)MAX_THREADS * STACK);
    if (!stacks) abort();
    function = f;
    function_params = params;
    n_threads = block[0] * block[1] * block[2];
    sw_block_size = (SwIndex){block[0], block[1], block[2]};
    sw_grid_size = (SwIndex){grid[0], grid[1], grid[2]};
    for (unsigned z = 0; z < grid[2]; z++)
        for (unsigned y = 0; y < grid[1]; y++)
            for (unsigned x = 0; x < grid[0]; x++) {
                sw_block = (SwIndex){x, y, z};
                f->flat ? run_flat_block() : run_block();
            }
}

__attribute__((destructor)) static void end(void)
{
    free(stacks);
}
