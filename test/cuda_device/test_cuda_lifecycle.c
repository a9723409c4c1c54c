/* The CUDA backend's promises, one test each; on the software device, or with --real on a GPU. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "../synth.h"
#include "support.h"
#include "wrap.h"

static const VmafConfiguration quiet = {.log_level = VMAF_LOG_LEVEL_NONE};
static const VmafCudaConfiguration primary = {NULL};
static size_t in_use_before;

static int begin(void **state)
{
    (void)state;
    if (software) software->reset();
    in_use_before = device_in_use();
    return 0;
}

/* Nothing may be left after any test. A real driver may keep some of a context's memory. */
static int end(void **state)
{
    (void)state;
    if (software) {
        software->plant(0);
        if (software->report(stdout)) return -1;
    }
    return lent_out || (software && device_in_use() != in_use_before) ? -1 : 0;
}

static VmafContext *open_context(unsigned threads)
{
    VmafConfiguration cfg = quiet;
    cfg.n_threads = threads;
    VmafContext *vmaf;
    assert_int_equal(vmaf_init(&vmaf, cfg), 0);
    return vmaf;
}

static VmafCudaState *open_state(void)
{
    VmafCudaState *s = NULL;
    assert_int_equal(vmaf_cuda_state_init(&s, primary), 0);
    assert_non_null(s);
    return s;
}

static VmafCudaPictureConfiguration shape(Mode mode)
{
    return (VmafCudaPictureConfiguration){{LIFE_W, LIFE_H, 8, VMAF_PIX_FMT_YUV420P},
                                          (enum VmafCudaPicturePreallocationMethod)mode};
}

static void read_frame(VmafContext *vmaf, unsigned t)
{
    VmafPicture from[2], pic[2];
    assert_int_equal(synth_pair(&from[0], &from[1], VMAF_PIX_FMT_YUV420P, 8, LIFE_W, LIFE_H, t), 0);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(vmaf_cuda_fetch_preallocated_picture(vmaf, &pic[i]), 0);
        fill_picture(&pic[i], &from[i], true, false);
        vmaf_picture_unref(&from[i]);
    }
    assert_int_equal(vmaf_read_pictures(vmaf, &pic[0], &pic[1], t), 0);
    assert_null(pic[0].ref);
    assert_null(pic[1].ref);
}

static void scores_equal_those_of_the_cpu(void **state)
{
    (void)state;
    for (unsigned threads = 0; threads <= 3; threads++)
        for (Mode mode = NONE; mode < MODES; mode++) {
            Life life = {
                .mode = mode, .threads = threads, .frames = 12, .bpc = threads & 1 ? 10 : 8};
            double score = -1;
            assert_int_equal(life_run(&life, &score), 0);
            assert_true(score == life_on_cpu(&life));
            assert_int_equal(lent_out, 0);
        }
}

static void a_machine_without_a_device_goes_on_with_the_cpu(void **state)
{
    (void)state;
    if (!software) skip();
    software->plant(SW_NO_DEVICE);
    VmafContext *vmaf = open_context(0);
    VmafCudaState *s = (VmafCudaState *)1;
    assert_int_equal(vmaf_cuda_state_init(&s, primary), -EINVAL);
    assert_null(s);
    assert_int_equal(vmaf_cuda_state_free(s), 0);
    assert_int_equal(vmaf_cuda_import_state(vmaf, s), -EINVAL);
    assert_int_equal(vmaf_cuda_preallocate_pictures(vmaf, shape(DEVICE)), -EINVAL);
    assert_int_equal(vmaf_use_feature(vmaf, "psnr", NULL), 0);
    VmafPicture a, b;
    assert_int_equal(synth_pair(&a, &b, VMAF_PIX_FMT_YUV420P, 8, LIFE_W, LIFE_H, 0), 0);
    assert_int_equal(vmaf_read_pictures(vmaf, &a, &b, 0), 0);
    assert_int_equal(vmaf_read_pictures(vmaf, NULL, NULL, 0), 0);
    double v;
    assert_int_equal(vmaf_feature_score_at_index(vmaf, "psnr_y", &v, 0), 0);
    assert_int_equal(vmaf_close(vmaf), 0);
}

static const char *refused;

static bool refuse(const char *call, bool release)
{
    return !release && !strcmp(call, refused);
}

static void a_failed_init_leaves_nothing(void **state)
{
    (void)state;
    if (!software) skip();
    static const char *const calls[] = {"dlopen",
                                        "dlsym",
                                        "cuInit",
                                        "cuDeviceGetCount",
                                        "cuDevicePrimaryCtxRetain",
                                        "cuCtxPushCurrent_v2",
                                        "cuStreamCreateWithPriority",
                                        "cuEventCreate",
                                        "cuModuleLoadData",
                                        "cuModuleGetFunction"};
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        VmafCudaState *s = (VmafCudaState *)1;
        refused = calls[i];
        wrap_set_fail(refuse);
        const int err = vmaf_cuda_state_init(&s, primary);
        wrap_set_fail(NULL);
        /* Built without kernels there is nothing to load; wrap.c may not reach the loader. */
        if ((i < 2 || i >= 8) && !err) {
            assert_int_equal(vmaf_cuda_state_free(s), 0);
            continue;
        }
        assert_true(err < 0);
        assert_null(s);
        assert_int_equal(software->report(stdout), 0);
    }
}

static void a_state_is_the_callers_and_may_never_be_imported(void **state)
{
    (void)state;
    assert_int_equal(vmaf_cuda_state_init(NULL, primary), -EINVAL);
    assert_int_equal(vmaf_cuda_state_free(NULL), 0);
    assert_int_equal(vmaf_cuda_state_free(open_state()), 0);
}

static void import_twice_is_refused(void **state)
{
    (void)state;
    VmafContext *vmaf = open_context(0);
    VmafCudaState *a = open_state(), *b = open_state();
    assert_int_equal(vmaf_cuda_import_state(NULL, a), -EINVAL);
    assert_int_equal(vmaf_cuda_import_state(vmaf, NULL), -EINVAL);
    assert_int_equal(vmaf_cuda_import_state(vmaf, a), 0);
    assert_int_equal(vmaf_cuda_import_state(vmaf, a), -EINVAL);
    assert_int_equal(vmaf_cuda_import_state(vmaf, b), -EINVAL);
    assert_int_equal(vmaf_cuda_preallocate_pictures(vmaf, shape(DEVICE)), 0); /* a still serves */
    assert_int_equal(vmaf_close(vmaf), 0);
    assert_int_equal(vmaf_cuda_state_free(a), 0);
    assert_int_equal(vmaf_cuda_state_free(b), 0);
}

static void two_contexts_share_a_state(void **state)
{
    (void)state;
    VmafContext *one = open_context(0), *two = open_context(2);
    VmafCudaState *s = open_state();
    assert_int_equal(vmaf_cuda_import_state(one, s), 0);
    assert_int_equal(vmaf_cuda_import_state(two, s), 0);
    assert_int_equal(vmaf_cuda_preallocate_pictures(one, shape(DEVICE)), 0);
    assert_int_equal(vmaf_cuda_preallocate_pictures(two, shape(DEVICE)), 0);
    assert_int_equal(vmaf_use_feature(one, "psnr", NULL), 0);
    assert_int_equal(vmaf_use_feature(two, "psnr", NULL), 0);
    staging_begin();
    for (unsigned t = 0; t < 4; t++) read_frame(one, t), read_frame(two, t);
    assert_int_equal(vmaf_read_pictures(one, NULL, NULL, 0), 0);
    assert_int_equal(vmaf_close(one), 0);
    for (unsigned t = 4; t < 8; t++) read_frame(two, t); /* its resources are still there */
    assert_int_equal(vmaf_read_pictures(two, NULL, NULL, 0), 0);
    staging_end();
    assert_int_equal(vmaf_close(two), 0);
    /* All are closed: the device resources are gone, and the state can only be freed. */
    VmafContext *late = open_context(0);
    assert_int_equal(vmaf_cuda_import_state(late, s), -EINVAL);
    assert_int_equal(vmaf_close(late), 0);
    assert_int_equal(vmaf_cuda_state_free(s), 0);
}

static void free_before_close_is_harmless(void **state)
{
    (void)state;
    VmafContext *vmaf = open_context(2);
    VmafCudaState *s = open_state();
    assert_int_equal(vmaf_cuda_import_state(vmaf, s), 0);
    assert_int_equal(vmaf_cuda_state_free(s), 0);
    assert_int_equal(vmaf_cuda_preallocate_pictures(vmaf, shape(DEVICE)), 0);
    assert_int_equal(vmaf_use_feature(vmaf, "psnr", NULL), 0);
    staging_begin();
    for (unsigned t = 0; t < 4; t++) read_frame(vmaf, t);
    assert_int_equal(vmaf_read_pictures(vmaf, NULL, NULL, 0), 0);
    staging_end();
    assert_int_equal(vmaf_close(vmaf), 0);
}

static void close_without_scoring(void **state)
{
    (void)state;
    for (Mode mode = NONE; mode <= HOST_PINNED; mode++) {
        VmafContext *vmaf = open_context(mode & 1 ? 2 : 0);
        VmafCudaState *s = open_state();
        assert_int_equal(vmaf_cuda_import_state(vmaf, s), 0);
        assert_int_equal(vmaf_cuda_preallocate_pictures(vmaf, shape(mode)), 0);
        assert_int_equal(vmaf_cuda_preallocate_pictures(vmaf, shape(mode)), mode ? -EINVAL : 0);
        VmafPicture pic;
        assert_int_equal(vmaf_cuda_fetch_preallocated_picture(vmaf, &pic), mode ? 0 : -EINVAL);
        if (mode) assert_int_equal(vmaf_picture_unref(&pic), 0);
        assert_int_equal(vmaf_close(vmaf), 0);
        assert_int_equal(vmaf_cuda_state_free(s), 0);
    }
}

static void bad_preallocations_are_refused(void **state)
{
    (void)state;
    VmafContext *vmaf = open_context(0);
    VmafCudaState *s = open_state();
    VmafPicture pic;
    assert_int_equal(vmaf_cuda_preallocate_pictures(vmaf, shape(DEVICE)), -EINVAL);
    assert_int_equal(vmaf_cuda_fetch_preallocated_picture(vmaf, &pic), -EINVAL);
    assert_int_equal(vmaf_cuda_import_state(vmaf, s), 0);
    for (unsigned i = 0; i < 6; i++) {
        VmafCudaPictureConfiguration cfg = shape(DEVICE);
        if (i == 0) cfg.pic_params.w = 0;
        if (i == 1) cfg.pic_params.h = 0;
        if (i == 2) cfg.pic_params.bpc = 0;
        if (i == 3) cfg.pic_params.pix_fmt = VMAF_PIX_FMT_UNKNOWN;
        if (i == 4) cfg.pic_prealloc_method = (enum VmafCudaPicturePreallocationMethod)4;
        assert_int_equal(vmaf_cuda_preallocate_pictures(i == 5 ? NULL : vmaf, cfg), -EINVAL);
    }
    assert_int_equal(vmaf_cuda_fetch_preallocated_picture(vmaf, NULL), -EINVAL);
    assert_int_equal(vmaf_cuda_fetch_preallocated_picture(NULL, &pic), -EINVAL);
    assert_int_equal(vmaf_close(vmaf), 0);
    assert_int_equal(vmaf_cuda_state_free(s), 0);
}

/* The whole of FFmpeg's use: its own context, luma only, a state that is never freed. */
static void ffmpeg_leaves_nothing_on_the_device(void **state)
{
    (void)state;
    CUcontext ctx, current;
    assert_int_equal(driver.ctx_create(&ctx, 0, 0), 0);
    SwCounts before, after;
    if (software) software->counts(&before);
    Life life = {.mode = DEVICE,
                 .threads = 2,
                 .frames = 8,
                 .ctx = ctx,
                 .luma_only = true,
                 .keep_state = true};
    double one = -1, two = -2;
    assert_int_equal(life_run(&life, &one), 0);
    driver.current(&current);
    assert_ptr_equal(current, ctx); /* the caller's current context is what it was */
    if (software) {
        software->counts(&after);
        assert_memory_equal(&before, &after, sizeof(before));
    }
    VmafCudaState *left = life.state;
    assert_int_equal(life_run(&life, &two), 0);
    assert_true(one == two); /* chroma that nobody filled is the same every time */
    assert_int_equal(driver.ctx_destroy(ctx), 0);
    /* Freed after all, when the context is gone: the device is not touched. */
    const unsigned long pushes = software ? software->calls("cuCtxPushCurrent_v2") : 0;
    assert_int_equal(vmaf_cuda_state_free(left), 0);
    assert_int_equal(vmaf_cuda_state_free(life.state), 0);
    if (software) assert_int_equal(software->calls("cuCtxPushCurrent_v2"), pushes);
}

static char last_line[300];

static void remember(void *user, enum VmafLogLevel level, const char *line)
{
    (void)user;
    (void)level;
    snprintf(last_line, sizeof(last_line), "%s", line);
}

static void fetch_says_when_it_would_wait_for_ever(void **state)
{
    (void)state;
    for (Mode mode = DEVICE; mode <= HOST_PINNED; mode++) {
        VmafConfiguration cfg = {.log_level = VMAF_LOG_LEVEL_ERROR};
        VmafContext *vmaf;
        assert_int_equal(vmaf_init(&vmaf, cfg), 0);
        VmafCudaState *s = open_state();
        assert_int_equal(vmaf_turbo_set_log_callback(vmaf, remember, NULL), 0);
        assert_int_equal(vmaf_cuda_import_state(vmaf, s), 0);
        assert_int_equal(vmaf_cuda_preallocate_pictures(vmaf, shape(mode)), 0);
        assert_int_equal(vmaf_turbo_set_fetch_timeout(vmaf, 0), -EINVAL);
        assert_int_equal(vmaf_turbo_set_fetch_timeout(NULL, 50), -EINVAL);
        assert_int_equal(vmaf_turbo_set_fetch_timeout(vmaf, 50), 0);
        VmafPicture pic[64];
        unsigned n = 0;
        while (n < 64 && !vmaf_cuda_fetch_preallocated_picture(vmaf, &pic[n])) {
            for (unsigned i = 0; i < n; i++) /* never a slot that is still referenced */
                assert_ptr_not_equal(pic[i].data[0], pic[n].data[0]);
            n++;
        }
        assert_int_equal(n, 22); /* 2 x (8 frames in flight + 1) + 4 earlier ones */
        VmafPicture more = {0};
        assert_int_equal(vmaf_cuda_fetch_preallocated_picture(vmaf, &more), -ETIMEDOUT);
        assert_non_null(strstr(last_line, "for ever"));
        assert_int_equal(vmaf_picture_unref(&pic[--n]), 0);
        assert_int_equal(vmaf_cuda_fetch_preallocated_picture(vmaf, &more), 0);
        assert_int_equal(vmaf_picture_unref(&more), 0);
        while (n) assert_int_equal(vmaf_picture_unref(&pic[--n]), 0);
        assert_int_equal(vmaf_close(vmaf), 0);
        assert_int_equal(vmaf_cuda_state_free(s), 0);
    }
}

static void pictures_of_a_failed_read_return_to_their_ring(void **state)
{
    (void)state;
    VmafContext *vmaf = open_context(0);
    VmafCudaState *s = open_state();
    assert_int_equal(vmaf_cuda_import_state(vmaf, s), 0);
    assert_int_equal(vmaf_cuda_preallocate_pictures(vmaf, shape(DEVICE)), 0);
    assert_int_equal(vmaf_use_feature(vmaf, "psnr", NULL), 0);
    assert_int_equal(vmaf_turbo_set_fetch_timeout(vmaf, 50), 0);
    staging_begin();
    read_frame(vmaf, 0);
    for (unsigned t = 0; t < 10; t++) { /* more often than there are slots */
        VmafPicture pic[2], host, other;
        for (unsigned i = 0; i < 2; i++)
            assert_int_equal(vmaf_cuda_fetch_preallocated_picture(vmaf, &pic[i]), 0);
        assert_int_equal(vmaf_read_pictures(vmaf, &pic[0], &pic[1], 0), -EINVAL); /* index again */
        assert_int_equal(vmaf_read_pictures(vmaf, &pic[0], NULL, 1), -EINVAL);
        assert_int_equal(synth_pair(&host, &other, VMAF_PIX_FMT_YUV420P, 8, LIFE_W, LIFE_H, 0), 0);
        assert_int_equal(vmaf_read_pictures(vmaf, &pic[0], &host, 1), -EINVAL); /* mixed kinds */
        assert_int_equal(vmaf_read_pictures(vmaf, &host, &pic[1], 1), -EINVAL);
        assert_int_equal(vmaf_picture_unref(&host), 0);
        assert_int_equal(vmaf_picture_unref(&other), 0);
        for (unsigned i = 0; i < 2; i++) assert_int_equal(vmaf_picture_unref(&pic[i]), 0);
    }
    read_frame(vmaf, 1); /* the context is as usable as before */
    assert_int_equal(vmaf_read_pictures(vmaf, NULL, NULL, 0), 0);
    staging_end();
    assert_int_equal(vmaf_close(vmaf), 0);
    assert_int_equal(vmaf_cuda_state_free(s), 0);
}

static void a_failed_copy_is_reported_and_the_frame_can_be_read_again(void **state)
{
    (void)state;
    if (!software) skip();
    VmafContext *vmaf = open_context(0);
    VmafCudaState *s = open_state();
    assert_int_equal(vmaf_cuda_import_state(vmaf, s), 0);
    assert_int_equal(vmaf_cuda_preallocate_pictures(vmaf, shape(DEVICE)), 0);
    assert_int_equal(vmaf_use_feature(vmaf, "psnr", NULL), 0);
    staging_begin();
    read_frame(vmaf, 0);
    VmafPicture pic[2];
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(vmaf_cuda_fetch_preallocated_picture(vmaf, &pic[i]), 0);
    refused = "cuMemcpy2DAsync_v2";
    wrap_set_fail(refuse);
    assert_int_equal(vmaf_read_pictures(vmaf, &pic[0], &pic[1], 1), -EIO);
    wrap_set_fail(NULL);
    assert_int_equal(vmaf_read_pictures(vmaf, &pic[0], &pic[1], 1), 0);
    assert_int_equal(vmaf_read_pictures(vmaf, NULL, NULL, 0), 0);
    staging_end();
    assert_int_equal(vmaf_close(vmaf), 0);
    assert_int_equal(vmaf_cuda_state_free(s), 0);
}

static void close_with_frames_in_flight_and_pictures_held(void **state)
{
    (void)state;
    for (unsigned threads = 0; threads <= 2; threads++) {
        VmafContext *vmaf = open_context(threads);
        VmafCudaState *s = open_state();
        assert_int_equal(vmaf_cuda_import_state(vmaf, s), 0);
        assert_int_equal(vmaf_cuda_preallocate_pictures(vmaf, shape(DEVICE)), 0);
        assert_int_equal(vmaf_use_feature(vmaf, "psnr", NULL), 0);
        assert_int_equal(vmaf_use_feature(vmaf, "motion", NULL), 0);
        staging_begin();
        for (unsigned t = 0; t < 5; t++) read_frame(vmaf, t);
        VmafPicture held;
        assert_int_equal(vmaf_cuda_fetch_preallocated_picture(vmaf, &held), 0);
        assert_int_equal(vmaf_close(vmaf), 0);
        staging_end();
        assert_int_equal(vmaf_cuda_state_free(s), 0);
        assert_int_equal(vmaf_picture_unref(&held), 0); /* the last: now the ring goes */
    }
}

static unsigned released;

static void count_release(void *user)
{
    assert_ptr_equal(user, &released);
    released++;
}

static void lent_planes_are_released_exactly_once(void **state)
{
    (void)state;
    static uint16_t samples[LIFE_W * LIFE_H + 1];
    VmafContext *vmaf = open_context(0);
    const VmafTurboPlanes good = {.pix_fmt = VMAF_PIX_FMT_YUV400P,
                                  .bpc = 8,
                                  .w = LIFE_W,
                                  .h = LIFE_H,
                                  .data = {samples},
                                  .stride = {LIFE_W},
                                  .release = count_release,
                                  .user = &released};
    VmafPicture a, b, untouched;
    memset(&untouched, 7, sizeof(untouched));
    a = untouched;
    released = 0;
    assert_int_equal(vmaf_turbo_lend_planes(vmaf, NULL, &a), -EINVAL);
    assert_int_equal(vmaf_turbo_lend_planes(NULL, &good, &a), -EINVAL);
    assert_int_equal(vmaf_turbo_lend_planes(vmaf, &good, NULL), -EINVAL);
    assert_int_equal(released, 2);
    for (unsigned i = 0; i < 8; i++) {
        VmafTurboPlanes bad = good;
        if (i == 0) bad.pix_fmt = VMAF_PIX_FMT_UNKNOWN;
        if (i == 1) bad.w = 0;
        if (i == 2) bad.data[0] = NULL;
        if (i == 3) bad.stride[0] = LIFE_W - 1;
        if (i == 4) bad.memory = VMAF_TURBO_MEMORY_CUDA; /* no state */
        if (i == 5) bad.bpc = 10, bad.stride[0] = 2 * LIFE_W + 1;
        if (i == 6) bad.bpc = 10, bad.stride[0] = 2 * LIFE_W, bad.data[0] = (char *)samples + 1;
        if (i == 7) bad.memory = (enum VmafTurboMemory)2;
        released = 0;
        assert_int_equal(vmaf_turbo_lend_planes(vmaf, &bad, &a), -EINVAL);
        assert_int_equal(released, 1);
        assert_memory_equal(&a, &untouched, sizeof(a));
    }
    refused = "calloc";
    released = 0;
    wrap_set_fail(refuse);
    assert_int_equal(vmaf_turbo_lend_planes(vmaf, &good, &a), -ENOMEM);
    wrap_set_fail(NULL);
    assert_int_equal(released, 1);

    assert_int_equal(vmaf_use_feature(vmaf, "float_moment", NULL), 0);
    released = 0;
    assert_int_equal(vmaf_turbo_lend_planes(vmaf, &good, &a), 0);
    assert_int_equal(vmaf_turbo_lend_planes(vmaf, &good, &b), 0);
    assert_ptr_equal(a.data[0], samples); /* no copy */
    assert_int_equal(vmaf_read_pictures(vmaf, &a, &b, 0), 0);
    assert_int_equal(released, 2);
    assert_int_equal(vmaf_turbo_lend_planes(vmaf, &good, &a), 0);
    assert_int_equal(vmaf_turbo_lend_planes(vmaf, &good, &b), 0);
    assert_int_equal(vmaf_read_pictures(vmaf, &a, &b, 0),
                     -EINVAL); /* a failed read takes nothing */
    assert_int_equal(released, 2);
    assert_int_equal(vmaf_picture_unref(&a), 0);
    assert_int_equal(vmaf_close(vmaf), 0);
    assert_int_equal(vmaf_picture_unref(&b), 0); /* also after close */
    assert_int_equal(released, 4);
}

static void one_copy_serves_every_metric(void **state)
{
    (void)state;
    if (!software) skip();
    Life life = {.mode = DEVICE, .frames = 5, .features = {"motion", "vif", "float_moment"}};
    double score;
    assert_int_equal(life_run(&life, &score), 0);
    /* Luma is all they read; the device sends one block of sums for four frames. */
    assert_int_equal(software->calls("cuMemcpy2DAsync_v2"), 2 * 5 + 2);
    software->reset();
    life = (Life){.mode = DEVICE, .frames = 5, .features = {"psnr", "motion", "ciede"}};
    assert_int_equal(life_run(&life, &score), 0);
    assert_int_equal(software->calls("cuMemcpy2DAsync_v2"), 2 * 5 * 3 + 2);
}

static void pictures_are_copied_to_the_device_and_back(void **state)
{
    (void)state;
    VmafContext *vmaf = open_context(0);
    VmafCudaState *s = open_state();
    VmafPicture host, other, back, device, small;
    assert_int_equal(synth_pair(&host, &other, VMAF_PIX_FMT_YUV420P, 8, LIFE_W, LIFE_H, 3), 0);
    assert_int_equal(vmaf_picture_alloc(&back, VMAF_PIX_FMT_YUV420P, 8, LIFE_W, LIFE_H), 0);
    assert_int_equal(vmaf_picture_alloc(&small, VMAF_PIX_FMT_YUV420P, 8, LIFE_W, LIFE_H - 2), 0);
    assert_int_equal(vmaf_turbo_copy_picture(vmaf, &back, &host), 0); /* needs no state */
    assert_int_equal(vmaf_cuda_import_state(vmaf, s), 0);
    assert_int_equal(vmaf_cuda_preallocate_pictures(vmaf, shape(DEVICE)), 0);
    assert_int_equal(vmaf_cuda_fetch_preallocated_picture(vmaf, &device), 0);
    assert_int_equal(vmaf_turbo_copy_picture(vmaf, &device, &other), 0);
    assert_int_equal(vmaf_turbo_copy_picture(vmaf, &back, &device), 0);
    for (unsigned p = 0; p < 3; p++)
        for (unsigned y = 0; y < back.h[p]; y++)
            assert_memory_equal((char *)back.data[p] + y * back.stride[p],
                                (char *)other.data[p] + y * other.stride[p], back.w[p]);
    assert_int_equal(vmaf_turbo_copy_picture(vmaf, &small, &device), -EINVAL);
    assert_int_equal(vmaf_turbo_copy_picture(vmaf, NULL, &device), -EINVAL);
    assert_int_equal(vmaf_turbo_copy_picture(NULL, &back, &device), -EINVAL);
    VmafContext *without = open_context(0);
    assert_int_equal(vmaf_turbo_copy_picture(without, &back, &device), -EINVAL);
    assert_int_equal(vmaf_close(without), 0);
    VmafPicture *all[] = {&host, &other, &back, &device, &small};
    for (unsigned i = 0; i < 5; i++) assert_int_equal(vmaf_picture_unref(all[i]), 0);
    assert_int_equal(vmaf_close(vmaf), 0);
    assert_int_equal(vmaf_cuda_state_free(s), 0);
}

static void a_missing_event_or_wait_is_caught(void **state)
{
    (void)state;
    if (!software) skip();
    static const struct {
        unsigned plant;
        Mode mode;
    } cases[] = {
        {SW_IGNORE_WAITS, DEVICE}, {SW_IGNORE_WAITS, LENT_DEVICE}, {SW_IGNORE_SYNCS, DEVICE}};
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        Life life = {.mode = cases[i].mode, .frames = 6};
        const double expected = life_on_cpu(&life);
        double score = -1;
        software->plant(cases[i].plant);
        const int err = life_run(&life, &score);
        software->plant(0);
        assert_true(err || score != expected);
        software->reset();
        assert_int_equal(life_run(&life, &score), 0);
        assert_true(score == expected);
    }
}

static void a_gpu_without_kernels_gets_the_same_scores(void **state)
{
    (void)state;
    if (!software) skip();
    Life life = {.mode = DEVICE, .frames = 4, .luma_only = true};
    double with = -1, without = -2;
    assert_int_equal(life_run(&life, &with), 0);
    software->plant(SW_NO_KERNELS);
    assert_int_equal(life_run(&life, &without), 0);
    assert_true(with == without);
}

int main(int argc, char **argv)
{
    cuda_setup(argc, argv, "cuda_lifecycle");
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(scores_equal_those_of_the_cpu),
        TEST(a_machine_without_a_device_goes_on_with_the_cpu),
        TEST(a_failed_init_leaves_nothing),
        TEST(a_state_is_the_callers_and_may_never_be_imported),
        TEST(import_twice_is_refused),
        TEST(two_contexts_share_a_state),
        TEST(free_before_close_is_harmless),
        TEST(close_without_scoring),
        TEST(bad_preallocations_are_refused),
        TEST(ffmpeg_leaves_nothing_on_the_device),
        TEST(fetch_says_when_it_would_wait_for_ever),
        TEST(pictures_of_a_failed_read_return_to_their_ring),
        TEST(a_failed_copy_is_reported_and_the_frame_can_be_read_again),
        TEST(close_with_frames_in_flight_and_pictures_held),
        TEST(lent_planes_are_released_exactly_once),
        TEST(one_copy_serves_every_metric),
        TEST(pictures_are_copied_to_the_device_and_back),
        TEST(a_missing_event_or_wait_is_caught),
        TEST(a_gpu_without_kernels_gets_the_same_scores),
    };
    return cmocka_run_group_tests_name("cuda_lifecycle", tests, NULL, NULL);
}
