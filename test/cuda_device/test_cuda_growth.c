/* What grows: ten cycles of the reducer, a thousand cycles, and frames within one context. On the
 * software device, or with --real on a GPU. */
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "wrap.h"

static unsigned passed, failed;

static void check(bool ok, const char *what)
{
    if (ok) {
        passed++;
        return;
    }
    failed++;
    printf("FAILED: %s\n", what);
    if (software) software->report(stdout);
}

static void cycle(Mode mode, unsigned threads, unsigned frames)
{
    Life life = {.mode = mode, .threads = threads, .frames = frames};
    double score = -1;
    if (life_run(&life, &score)) check(false, "a cycle that fails");
}

/* Init, preallocate, ten pictures, score, close, free: ten times. */
static void reducer(void)
{
    for (Mode mode = NONE; mode < MODES; mode++)
        for (unsigned threads = 0; threads <= 2; threads += 2) {
            Growth g = {0};
            for (unsigned i = 1; i <= 10; i++) {
                cycle(mode, threads, 5);
                if (i == 2 || i == 10) growth_sample(&g, i);
            }
            char what[80];
            snprintf(what, sizeof(what), "reducer: %s, %u threads, cycles 2 and 10 equal",
                     mode_names[mode], threads);
            const bool same = g.handles[0] == g.handles[1] && g.blocks[0] == g.blocks[1];
            check(same, what);
            if (!same) growth_report(&g, what, stdout);
        }
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#define SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define SANITIZED 0
#endif
/* Blocks are counted one by one; resident memory shows what is not a block, such as stacks of
 * threads that nobody joined, of which one in ten cycles would be seen. Less is the
 * allocator's own: pages of arenas that come and go with threads. */
#define PAGE_NOISE (1u << 20)

static void many_cycles(void)
{
    const char *text = getenv("VMAF_CUDA_CYCLES");
    const unsigned cycles = text && atoi(text) > 0 ? (unsigned)atoi(text) : 1000;
    for (unsigned i = 0; i < cycles / 10; i++) cycle(DEVICE, i & 1 ? 2 : 0, 2); /* warm up */
    Growth g = {0};
    growth_sample(&g, cycles / 10);
    for (unsigned i = cycles / 10; i < cycles; i++) cycle(DEVICE, i & 1 ? 2 : 0, 2);
    growth_sample(&g, cycles);
    growth_report(&g, "cycles (a frame is a cycle here)", stdout);
    check(growth_blocks(&g) == 0 && growth_handles(&g) == 0, "cycles leave nothing");
    /* A sanitizer keeps what was freed; a real driver has memory of its own. */
    if (!SANITIZED && software)
        check(growth_resident(&g) * (cycles - cycles / 10) < PAGE_NOISE, "resident memory is flat");
}

/* One context, sampled after N and after 10 N frames: only the score table may grow. */
typedef struct Meter {
    VmafContext *vmaf;
    VmafCudaState *state;
} Meter;

static void ignore(void *user, const VmafTurboFrame *frame)
{
    (void)user;
    (void)frame;
}

static int open_meter(Meter *m, unsigned threads)
{
    const VmafConfiguration cfg = {.log_level = VMAF_LOG_LEVEL_ERROR, .n_threads = threads};
    const VmafCudaConfiguration cuda_cfg = {NULL};
    const VmafCudaPictureConfiguration shape = {{LIFE_W, LIFE_H, 8, VMAF_PIX_FMT_YUV420P},
                                                VMAF_CUDA_PICTURE_PREALLOCATION_METHOD_DEVICE};
    int err = vmaf_init(&m->vmaf, cfg);
    if (!err) err = vmaf_cuda_state_init(&m->state, cuda_cfg);
    if (!err) err = vmaf_cuda_import_state(m->vmaf, m->state);
    if (!err) err = vmaf_cuda_preallocate_pictures(m->vmaf, shape);
    if (!err) err = vmaf_turbo_set_frame_callback(m->vmaf, ignore, NULL);
    if (!err) err = vmaf_use_feature(m->vmaf, "float_moment", NULL);
    return err;
}

static int read_frames(Meter *m, unsigned first, unsigned end, void **planted)
{
    int err = 0;
    for (unsigned t = first; t < end && !err; t++) {
        VmafPicture pic[2];
        err = vmaf_cuda_fetch_preallocated_picture(m->vmaf, &pic[0]);
        if (!err) err = vmaf_cuda_fetch_preallocated_picture(m->vmaf, &pic[1]);
        if (!err) err = vmaf_read_pictures(m->vmaf, &pic[0], &pic[1], t);
        if (planted) planted[t] = malloc(24);
    }
    return err;
}

#define N 1000
#define COLUMNS 4 /* that float_moment stores: 8 bytes and a flag a frame */

static void frames(unsigned threads, bool plant)
{
    static void *planted[10 * N];
    Meter m;
    Growth g = {0};
    check(!open_meter(&m, threads), "a context for the meter");
    check(!read_frames(&m, 0, N, plant ? planted : NULL), "N frames");
    growth_sample(&g, N);
    check(!read_frames(&m, N, 10 * N, plant ? planted : NULL), "10 N frames");
    growth_sample(&g, 10 * N);
    char what[80];
    snprintf(what, sizeof(what), "%u threads%s", threads, plant ? ", with a planted leak" : "");
    growth_report(&g, what, stdout);
    const bool flat = growth_handles(&g) == 0 && growth_blocks(&g) < 0.05 &&
                      growth_bytes(&g) < COLUMNS * 16.0 + 8;
    check(flat != plant, plant ? "the planted leak is seen" : "frames leave scores only");
    for (unsigned t = 0; t < 10 * N && plant; t++) free(planted[t]);
    vmaf_close(m.vmaf);
    vmaf_cuda_state_free(m.state);
}

int main(int argc, char **argv)
{
    cuda_setup(argc, argv, "cuda_growth");
    wrap_track();
    reducer();
    many_cycles();
    frames(0, false);
    frames(2, false);
    if (software) {
        frames(0, true);
        software->plant(SW_KEEP_STREAMS); /* the accounting must see a leaked stream */
        cycle(DEVICE, 0, 2);
        software->plant(0);
        SwCounts c;
        software->counts(&c);
        check(c.streams > 0, "leaked streams are seen");
        software->reset();
    }
    printf("cuda_growth: %u passed, %u failed\n", passed, failed);
    return failed || !passed;
}
