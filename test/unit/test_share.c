/* Several workers on one frame: who gets what, and that nobody can tell from the scores. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/context.h"
#include "libvmaf/libvmaf.h"
#include "synth.h"

/* ---- metrics made for this test; what they saw is in one place ---- */

enum { W = 32, H = 4 * VT_PART_ROWS, THREADS = 4, FRAMES = 12 };

static struct Seen {
    pthread_mutex_t lock;
    pthread_cond_t entered;
    pthread_t worker[FRAMES][THREADS];
    unsigned n_workers[FRAMES], n_parts[FRAMES];
    unsigned wanted;   /* workers that a frame's tasks wait for */
    bool gave_up;      /* they did not come */
    bool slow;         /* metrics take 20 ms */
    unsigned bad_sums; /* the frame of which finish() fails; UINT_MAX: none */
    unsigned bad_whole;
} seen = {.lock = PTHREAD_MUTEX_INITIALIZER, .entered = PTHREAD_COND_INITIALIZER};

static void reset(unsigned wanted)
{
    memset(seen.n_workers, 0, sizeof(seen.n_workers));
    memset(seen.n_parts, 0, sizeof(seen.n_parts));
    seen.wanted = wanted;
    seen.gave_up = seen.slow = false;
    seen.bad_sums = seen.bad_whole = UINT_MAX;
}

static void add_worker(unsigned frame)
{
    for (unsigned i = 0; i < seen.n_workers[frame]; i++)
        if (pthread_equal(seen.worker[frame][i], pthread_self())) return;
    assert_true(seen.n_workers[frame] < THREADS);
    seen.worker[frame][seen.n_workers[frame]++] = pthread_self();
    pthread_cond_broadcast(&seen.entered);
}

/* Stays until as many workers as wanted are at this frame; the time limit only ends a failed test.
 */
static void enter(unsigned frame, unsigned n_parts)
{
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 30;
    pthread_mutex_lock(&seen.lock);
    add_worker(frame);
    if (n_parts) seen.n_parts[frame] = n_parts;
    while (seen.n_workers[frame] < seen.wanted && !seen.gave_up)
        if (pthread_cond_timedwait(&seen.entered, &seen.lock, &limit)) seen.gave_up = true;
    pthread_mutex_unlock(&seen.lock);
    if (seen.slow) usleep(20000);
}

/* The sum of the luma samples. */
static void sum_part(const VtGroup *group, void *scratch, const VtFrame *frame, unsigned part,
                     unsigned n_parts, uint64_t *sums)
{
    (void)scratch;
    enter(frame->index, n_parts);
    const unsigned h = group->format.h;
    for (unsigned y = vt_part_row(h, part, n_parts); y < vt_part_row(h, part + 1, n_parts); y++)
        for (unsigned x = 0; x < group->format.w; x++)
            sums[x % 2] += ((const uint8_t *)frame->ref->data[0])[y * frame->ref->stride[0] + x];
}

static int sum_finish(const VtGroup *group, const VtFrame *frame, const uint64_t *sums,
                      VtResult *const *results)
{
    (void)group;
    vt_emit(results[0], 0, (double)sums[0] + 1e-6 * (double)sums[1]);
    return frame->index == seen.bad_sums ? -ERANGE : 0;
}

static int whole(const VtGroup *group, void *scratch, const VtFrame *frame,
                 VtResult *const *results)
{
    (void)group, (void)scratch;
    enter(frame->index, 0);
    vt_emit(results[0], 0, frame->index);
    return frame->index == seen.bad_whole ? -EIO : 0;
}

static const VtOutput sum_output[] = {{.base = "sum"}}, whole_output[] = {{.base = "whole"}};
static const VtOption no_options[] = {{0}};

static const VtMetric sum_metric = {.name = "sum",
                                    .options = no_options,
                                    .options_size = 1,
                                    .outputs = sum_output,
                                    .n_outputs = 1,
                                    .extract = vt_extract_whole,
                                    .n_sums = 2,
                                    .extract_part = sum_part,
                                    .finish = sum_finish};
static const VtMetric whole_metric = {.name = "whole",
                                      .options = no_options,
                                      .options_size = 1,
                                      .outputs = whole_output,
                                      .n_outputs = 1,
                                      .extract = whole};

static VmafContext *context(unsigned threads)
{
    VmafContext *c;
    const VmafConfiguration cfg = {.log_level = VMAF_LOG_LEVEL_NONE, .n_threads = threads};
    assert_int_equal(vmaf_init(&c, cfg), 0);
    return c;
}

static int read_frame(VmafContext *c, unsigned index)
{
    VmafPicture ref, dis;
    assert_int_equal(synth_pair(&ref, &dis, VMAF_PIX_FMT_YUV420P, 8, W, H, index), 0);
    const int err = vmaf_read_pictures(c, &ref, &dis, index);
    if (err) {
        vmaf_picture_unref(&ref);
        vmaf_picture_unref(&dis);
    }
    return err;
}

/* ---- who works on what ---- */

/* One frame at a time: all workers come to it, whether it has one metric or two. */
static void a_lone_frame_has_all_workers(void **state)
{
    (void)state;
    double expected[FRAMES], score;
    for (unsigned threads = 0; threads <= THREADS; threads += THREADS) {
        reset(threads);
        VmafContext *c = context(threads);
        assert_int_equal(vt_context_use(c, &sum_metric, NULL), 0);
        assert_int_equal(vt_context_use(c, &whole_metric, NULL), 0);
        for (unsigned i = 0; i < FRAMES; i++) {
            assert_int_equal(read_frame(c, i), 0);
            vt_pipeline_drain(c->pipeline);
            assert_false(seen.gave_up);
            assert_int_equal(seen.n_workers[i], threads ? threads : 1);
            assert_int_equal(seen.n_parts[i], threads ? threads : 1);
        }
        assert_int_equal(vmaf_read_pictures(c, NULL, NULL, 0), 0);
        for (unsigned i = 0; i < FRAMES; i++) {
            assert_int_equal(vmaf_feature_score_at_index(c, "sum", &score, i), 0);
            if (!threads) expected[i] = score;
            assert_true(score == expected[i] && score > 0);
            assert_int_equal(vmaf_feature_score_at_index(c, "whole", &score, i), 0);
            assert_true(score == i);
        }
        vmaf_close(c);
    }
}

/* Frames wait: the one that is taken next is not divided. Both workers are held at frame 0 until
 * frames 1 and 2 are there. */
static void waiting_frames_stay_whole(void **state)
{
    (void)state;
    reset(3); /* the two workers and this thread */
    VmafContext *c = context(2);
    assert_int_equal(vt_context_use(c, &sum_metric, NULL), 0);
    assert_int_equal(read_frame(c, 0), 0);
    assert_int_equal(read_frame(c, 1), 0);
    assert_int_equal(read_frame(c, 2), 0);
    pthread_mutex_lock(&seen.lock);
    while (seen.n_workers[0] < 1) pthread_cond_wait(&seen.entered, &seen.lock);
    seen.wanted = 0;
    pthread_cond_broadcast(&seen.entered);
    pthread_mutex_unlock(&seen.lock);
    assert_int_equal(vmaf_read_pictures(c, NULL, NULL, 0), 0);
    assert_int_equal(seen.n_parts[1], 1);
    vmaf_close(c);
}

/* With one worker a large frame is read while the one before is scored, and no third one waits:
 * when a read returns, the frame before is committed. */
static void large_frames_do_not_wait_in_line(void **state)
{
    (void)state;
    double score;
    reset(0);
    seen.slow = true;
    VmafContext *c = context(1);
    assert_int_equal(vt_context_use(c, &whole_metric, NULL), 0);
    for (unsigned i = 0; i < 3; i++) {
        VmafPicture ref, dis;
        assert_int_equal(vmaf_picture_alloc(&ref, VMAF_PIX_FMT_YUV420P, 10, 2048, 1024), 0);
        assert_int_equal(vmaf_picture_alloc(&dis, VMAF_PIX_FMT_YUV420P, 10, 2048, 1024), 0);
        assert_int_equal(vmaf_read_pictures(c, &ref, &dis, i), 0);
        if (i) assert_int_equal(vmaf_feature_score_at_index(c, "whole", &score, i - 1), 0);
    }
    assert_int_equal(vmaf_read_pictures(c, NULL, NULL, 0), 0);
    vmaf_close(c);
}

/* ---- errors ---- */

/* The first metric's error counts, wherever its parts ran; a frame with an error does not keep
 * others from their scores. */
static void the_first_error_is_reported(void **state)
{
    (void)state;
    double score;
    for (unsigned threads = 0; threads <= THREADS; threads++)
        for (unsigned order = 0; order < 2; order++) {
            reset(0);
            seen.bad_sums = seen.bad_whole = 1;
            VmafContext *c = context(threads);
            assert_int_equal(vt_context_use(c, order ? &whole_metric : &sum_metric, NULL), 0);
            assert_int_equal(vt_context_use(c, order ? &sum_metric : &whole_metric, NULL), 0);
            int err = 0;
            unsigned n = 0;
            while (n < 4 && !err) err = read_frame(c, n++);
            const int at_end = vmaf_read_pictures(c, NULL, NULL, 0);
            assert_int_equal(err ? err : at_end, order ? -EIO : -ERANGE);
            assert_int_equal(vmaf_feature_score_at_index(c, "sum", &score, 0), 0);
            assert_true(vmaf_feature_score_at_index(c, "sum", &score, 1) < 0);
            assert_true(vmaf_feature_score_at_index(c, "whole", &score, 1) < 0);
            vmaf_close(c);
        }
}

/* ---- the real metrics ---- */

enum { CLIP = 7 };
static const char *const features[] = {"vif", "adm", "motion", "psnr", "float_ssim"};
static const char *const names[] = {"VMAF_integer_feature_vif_scale0_score",
                                    "VMAF_integer_feature_vif_scale1_score",
                                    "VMAF_integer_feature_vif_scale2_score",
                                    "VMAF_integer_feature_vif_scale3_score",
                                    "VMAF_integer_feature_adm2_score",
                                    "VMAF_integer_feature_aim_score",
                                    "VMAF_integer_feature_adm3_score",
                                    "VMAF_integer_feature_motion_sad_score",
                                    "VMAF_integer_feature_motion2_score",
                                    "VMAF_integer_feature_motion3_score",
                                    "psnr_y",
                                    "float_ssim"};
enum { NAMES = sizeof(names) / sizeof(names[0]) };

static void score_clip(unsigned threads, unsigned n_parts, unsigned bpc, bool one_at_a_time,
                       double score[CLIP][NAMES])
{
    VmafContext *c = context(threads);
    c->n_parts = n_parts;
    for (unsigned i = 0; i < sizeof(features) / sizeof(features[0]); i++)
        assert_int_equal(vmaf_use_feature(c, features[i], NULL), 0);
    for (unsigned i = 0; i < CLIP; i++) {
        VmafPicture ref, dis;
        assert_int_equal(synth_pair(&ref, &dis, VMAF_PIX_FMT_YUV420P, bpc, 187, 211, i), 0);
        assert_int_equal(vmaf_read_pictures(c, &ref, &dis, i), 0);
        if (one_at_a_time) vt_pipeline_drain(c->pipeline);
    }
    assert_int_equal(vmaf_read_pictures(c, NULL, NULL, 0), 0);
    for (unsigned i = 0; i < CLIP; i++)
        for (unsigned n = 0; n < NAMES; n++)
            assert_int_equal(vmaf_feature_score_at_index(c, names[n], &score[i][n], i), 0);
    vmaf_close(c);
}

static void scores_do_not_depend_on_parts(void **state)
{
    (void)state;
    static const unsigned counts[] = {0, 1, 2, 3, 5, 16};
    static double want[CLIP][NAMES], got[CLIP][NAMES];
    for (unsigned bpc = 8; bpc <= 10; bpc += 2) {
        score_clip(0, 1, bpc, false, want);
        for (unsigned threads = 0; threads <= THREADS; threads++)
            for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
                score_clip(threads, counts[i], bpc, (threads + i) % 2, got);
                assert_memory_equal(want, got, sizeof(want));
            }
    }
}

/* ---- the queue alone ---- */

/* Slots of 0 to 6 tasks of random length. */
typedef struct Jobs {
    unsigned number[64], committed;
    atomic_uint ran[64], running;
    unsigned most; /* tasks of a slot */
} Jobs;

static unsigned tasks_of(const Jobs *j, unsigned slot)
{
    return j->number[slot] * 7919 % (j->most + 1);
}

static unsigned job_start(void *ctx, unsigned slot, unsigned share)
{
    Jobs *j = ctx;
    assert_in_range(share, 1, 8);
    atomic_store(&j->ran[slot], 0);
    return tasks_of(j, slot);
}

static void job_run(void *ctx, unsigned slot, unsigned task, unsigned worker)
{
    Jobs *j = ctx;
    assert_in_range(atomic_fetch_add(&j->running, 1), 0, 7);
    assert_in_range(task, 0, tasks_of(j, slot) - 1);
    usleep((j->number[slot] + 3 * task + worker) % 4 * 50);
    assert_int_equal(atomic_fetch_or(&j->ran[slot], 1u << task) & 1u << task, 0); /* only once */
    atomic_fetch_sub(&j->running, 1);
}

static void job_finish(void *ctx, unsigned slot)
{
    Jobs *j = ctx;
    assert_int_equal(atomic_load(&j->ran[slot]), (1u << tasks_of(j, slot)) - 1);
}

static void job_commit(void *ctx, unsigned slot)
{
    Jobs *j = ctx;
    assert_int_equal(j->number[slot], j->committed++);
}

static void every_task_runs_once(void **state)
{
    (void)state;
    for (unsigned threads = 0; threads <= 8; threads++)
        for (unsigned lazy = 0; lazy < 2; lazy++) {
            Jobs j = {.most = threads % 2 ? 6 : 3};
            VtPipeline *p;
            const VtPipelineOps ops = {&j, job_start, job_run, job_finish, job_commit};
            assert_int_equal(vt_pipeline_create(&p, threads, 64, &ops), 0);
            vt_pipeline_configure(p, threads + 1 + lazy, lazy);
            for (unsigned i = 0; i < 120; i++) {
                j.number[vt_pipeline_acquire(p)] = i;
                vt_pipeline_submit(p);
                if (i % 40 == 11) usleep(2000);
            }
            vt_pipeline_destroy(p);
            assert_int_equal(j.committed, 120);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lone_frame_has_all_workers),
        cmocka_unit_test(waiting_frames_stay_whole),
        cmocka_unit_test(large_frames_do_not_wait_in_line),
        cmocka_unit_test(the_first_error_is_reported),
        cmocka_unit_test(scores_do_not_depend_on_parts),
        cmocka_unit_test(every_task_runs_once),
    };
    return cmocka_run_group_tests_name("share", tests, NULL, NULL);
}
