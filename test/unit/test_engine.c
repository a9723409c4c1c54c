/* The engine's parts: score table, pooling, picture ring, job queue. */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "engine/index_set.h"
#include "engine/pipeline.h"
#include "engine/pooling.h"
#include "picture/ring.h"

static void scores_keep_order_and_values(void **state)
{
    (void)state;
    VtScores *s;
    assert_int_equal(vt_scores_create(&s), 0);
    char name[16];
    for (unsigned i = 0; i < 100; i++) { /* more columns than one table size */
        snprintf(name, sizeof(name), "f%u", i * 7 % 100);
        assert_int_equal(vt_scores_put(s, name, i * 31, i + 0.5), 0);
    }
    assert_int_equal(vt_scores_columns(s), 100);
    assert_int_equal(vt_scores_end(s), 99 * 31 + 1);
    double v = -1;
    for (unsigned i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "f%u", i * 7 % 100);
        assert_string_equal(vt_scores_column_name(s, i), name);
        assert_true(vt_scores_get(s, name, i * 31, &v) && v == i + 0.5);
        assert_true(vt_scores_column_get(s, i, i * 31, &v) && v == i + 0.5);
        assert_false(vt_scores_get(s, name, i * 31 + 1, &v));
    }
    assert_int_equal(vt_scores_put(s, "f0", 0, 1), -EINVAL); /* never overwritten */
    assert_true(vt_scores_get(s, "f0", 0, &v) && v == 0.5);
    assert_int_equal(vt_scores_put(s, "f0", UINT_MAX, 1), -EINVAL);
    assert_false(vt_scores_get(s, "none", 0, &v));
    assert_null(vt_scores_column_name(s, 100));
    assert_int_equal(vt_scores_put_aggregate(s, "a", 2), 0);
    assert_int_equal(vt_scores_put_aggregate(s, "a", 3), -EINVAL);
    assert_string_equal(vt_scores_aggregate(s, 0, &v), "a");
    assert_true(v == 2);
    vt_scores_destroy(s);
}

static void pooling_follows_the_formulas(void **state)
{
    (void)state;
    VtScores *s;
    assert_int_equal(vt_scores_create(&s), 0);
    const double values[] = {4, 1, 7, 2};
    for (unsigned i = 0; i < 4; i++) assert_int_equal(vt_scores_put(s, "x", i, values[i]), 0);
    VtPool p;
    assert_int_equal(vt_pool_column(s, "x", 0, 3, 0, &p), 0);
    assert_true(vt_pool_result(&p, VMAF_POOL_METHOD_MIN) == 1);
    assert_true(vt_pool_result(&p, VMAF_POOL_METHOD_MAX) == 7);
    assert_true(vt_pool_result(&p, VMAF_POOL_METHOD_MEAN) == 3.5);
    const double h = 4 / (1.0 / 5 + 1.0 / 2 + 1.0 / 8 + 1.0 / 3) - 1;
    assert_true(fabs(vt_pool_result(&p, VMAF_POOL_METHOD_HARMONIC_MEAN) - h) < 1e-15);
    /* Off the grid the first counted frame decides min and max. */
    assert_int_equal(vt_pool_column(s, "x", 1, 3, 2, &p), 0);
    assert_int_equal(p.count, 1);
    assert_true(vt_pool_result(&p, VMAF_POOL_METHOD_MIN) == 7);
    assert_int_equal(vt_pool_column(s, "x", 0, 4, 0, &p), -EINVAL);
    assert_int_equal(vt_pool_column(s, "x", 1, 1, 2, &p), -EINVAL);
    vt_scores_destroy(s);
}

static void index_set_is_sparse(void **state)
{
    (void)state;
    VtIndexSet s = {0};
    const unsigned indices[] = {0, 1, 4095, 4096, 1000000};
    for (size_t i = 0; i < 5; i++) {
        assert_false(vt_index_set_has(&s, indices[i]));
        assert_int_equal(vt_index_set_add(&s, indices[i]), 0);
        assert_true(vt_index_set_has(&s, indices[i]));
    }
    assert_false(vt_index_set_has(&s, 2));
    vt_index_set_free(&s);
}

static void pictures_have_the_documented_geometry(void **state)
{
    (void)state;
    VmafPicture p = {0};
    assert_int_equal(vmaf_picture_alloc(&p, VMAF_PIX_FMT_YUV420P, 10, 351, 287), 0);
    assert_int_equal(p.w[1], 175);
    assert_int_equal(p.h[2], 143);
    assert_true(p.stride[0] >= 702 && p.stride[0] % 64 == 0);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal((uintptr_t)p.data[i] % 64, 0);
        for (unsigned y = 0; y < p.h[i]; y++)
            for (unsigned x = 0; x < p.w[i] * 2; x++)
                assert_int_equal(((uint8_t *)p.data[i])[y * p.stride[i] + x], 0);
    }
    assert_int_equal(vmaf_picture_unref(&p), 0);
    assert_int_equal(vmaf_picture_unref(&p), -EINVAL);
    assert_int_equal(vmaf_picture_unref(NULL), -EINVAL);

    assert_int_equal(vmaf_picture_alloc(&p, VMAF_PIX_FMT_YUV400P, 8, 17, 19), 0);
    assert_null(p.data[1]);
    assert_int_equal(p.w[1] + p.h[1] + p.stride[1], 0);
    assert_int_equal(vmaf_picture_unref(&p), 0);
    assert_int_equal(vmaf_picture_alloc(&p, VMAF_PIX_FMT_YUV422P, 8, 17, 19), 0);
    assert_int_equal(p.w[1], 8);
    assert_int_equal(p.h[1], 19);
    assert_int_equal(vmaf_picture_unref(&p), 0);

    assert_int_equal(vmaf_picture_alloc(NULL, VMAF_PIX_FMT_YUV420P, 8, 16, 16), -EINVAL);
    assert_int_equal(vmaf_picture_alloc(&p, VMAF_PIX_FMT_UNKNOWN, 8, 16, 16), -EINVAL);
    assert_int_equal(vmaf_picture_alloc(&p, (enum VmafPixelFormat)5, 8, 16, 16), -EINVAL);
    assert_int_equal(vmaf_picture_alloc(&p, VMAF_PIX_FMT_YUV420P, 7, 16, 16), -EINVAL);
    assert_int_equal(vmaf_picture_alloc(&p, VMAF_PIX_FMT_YUV420P, 17, 16, 16), -EINVAL);
    assert_int_equal(vmaf_picture_alloc(&p, VMAF_PIX_FMT_YUV420P, 8, 0, 16), -EINVAL);
    assert_int_equal(vmaf_picture_alloc(&p, VMAF_PIX_FMT_YUV420P, 8, 16, 0), -EINVAL);
    assert_int_equal(vmaf_picture_alloc(&p, VMAF_PIX_FMT_YUV420P, 8, 65537, 16), -EINVAL);
}

/* Memory that fails at the n-th allocation and counts what is out. */
typedef struct Counted {
    int left, out, closed;
} Counted;

static void *counted_alloc(void *ctx, size_t size)
{
    Counted *c = ctx;
    if (!c->left--) return NULL;
    c->out++;
    return test_malloc(size);
}

static void counted_free(void *ctx, void *memory)
{
    Counted *c = ctx;
    c->out--;
    test_free(memory);
}

static void counted_close(void *ctx)
{
    ((Counted *)ctx)->closed++;
}

static void ring_unwinds_a_failed_allocation(void **state)
{
    (void)state;
    for (int fail_at = 0; fail_at < 4; fail_at++) {
        Counted c = {.left = fail_at};
        const VtRingMemory memory = {
            .ctx = &c, .alloc = counted_alloc, .free = counted_free, .close_ctx = counted_close};
        VtRing *ring = (VtRing *)1;
        assert_int_equal(vt_ring_create(&ring, &memory, VMAF_PIX_FMT_YUV420P, 8, 32, 32, 4),
                         -ENOMEM);
        assert_null(ring);
        assert_int_equal(c.out, 0);
        assert_int_equal(c.closed, 0);
    }
}

static void ring_outlives_its_owner(void **state)
{
    (void)state;
    Counted c = {.left = 100};
    const VtRingMemory memory = {
        .ctx = &c, .alloc = counted_alloc, .free = counted_free, .close_ctx = counted_close};
    VtRing *ring;
    assert_int_equal(vt_ring_create(&ring, &memory, VMAF_PIX_FMT_YUV420P, 8, 32, 32, 3), 0);
    VmafPicture a = {0}, b = {0}, again = {0};
    vt_ring_fetch(ring, &a);
    vt_ring_fetch(ring, &b);
    assert_ptr_not_equal(a.data[0], b.data[0]);
    vt_picture_ref(&again, &a);
    vt_picture_unref(&a);
    VmafPicture d = {0}, e = {0};
    vt_ring_fetch(ring, &d); /* the third slot: a's is still referenced */
    assert_ptr_not_equal(d.data[0], again.data[0]);
    vt_picture_unref(&d);
    vt_ring_fetch(ring, &e);
    vt_ring_close(ring);
    assert_int_equal(c.out, 3);
    ((uint8_t *)e.data[0])[0] = 1; /* still valid */
    vt_picture_unref(&e);
    vt_picture_unref(&b);
    assert_int_equal(c.closed, 0);
    vt_picture_unref(&again);
    assert_int_equal(c.out, 0);
    assert_int_equal(c.closed, 1);
}

static void *unref_later(void *pic)
{
    usleep(20000);
    vt_picture_unref(pic);
    return NULL;
}

static void ring_fetch_waits_for_a_picture(void **state)
{
    (void)state;
    VtRing *ring;
    assert_int_equal(vt_ring_create(&ring, &vt_ring_host_memory, VMAF_PIX_FMT_YUV400P, 8, 8, 8, 1),
                     0);
    VmafPicture a = {0}, b = {0};
    vt_ring_fetch(ring, &a);
    const void *data = a.data[0];
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, unref_later, &a), 0);
    vt_ring_fetch(ring, &b);
    assert_ptr_equal(b.data[0], data);
    pthread_join(thread, NULL);
    vt_picture_unref(&b);
    vt_ring_close(ring);
    assert_int_equal(vt_ring_create(&ring, &vt_ring_host_memory, VMAF_PIX_FMT_YUV400P, 8, 8, 8, 0),
                     -EINVAL);
    assert_int_equal(vt_ring_create(&ring, &vt_ring_host_memory, VMAF_PIX_FMT_UNKNOWN, 8, 8, 8, 1),
                     -EINVAL);
}

/* Jobs of random length; commits must come in order, one at a time, and runs stay within the depth.
 */
typedef struct Jobs {
    unsigned number[64], committed;
    atomic_int running, most, committing;
} Jobs;

static unsigned job_start(void *ctx, unsigned slot, unsigned share)
{
    (void)ctx, (void)slot, (void)share;
    return 1;
}

static void job_run(void *ctx, unsigned slot, unsigned task, unsigned worker)
{
    (void)task;
    Jobs *j = ctx;
    const int now = atomic_fetch_add(&j->running, 1) + 1;
    int most = atomic_load(&j->most);
    while (now > most && !atomic_compare_exchange_weak(&j->most, &most, now)) {
    }
    usleep((j->number[slot] * 7919 + worker) % 5 * 100);
    atomic_fetch_sub(&j->running, 1);
}

static void job_finish(void *ctx, unsigned slot)
{
    (void)ctx, (void)slot;
}

static void job_commit(void *ctx, unsigned slot)
{
    Jobs *j = ctx;
    assert_int_equal(atomic_fetch_add(&j->committing, 1), 0);
    assert_int_equal(j->number[slot], j->committed);
    j->committed++;
    atomic_fetch_sub(&j->committing, 1);
}

static void pipeline_commits_in_order(void **state)
{
    (void)state;
    for (unsigned threads = 0; threads <= 8; threads++) {
        Jobs j = {.committed = 0};
        VtPipeline *p;
        const VtPipelineOps ops = {&j, job_start, job_run, job_finish, job_commit};
        assert_int_equal(vt_pipeline_create(&p, threads, vt_pipeline_depth(threads), &ops), 0);
        for (unsigned i = 0; i < 100; i++) {
            const unsigned slot = vt_pipeline_acquire(p);
            assert_in_range(slot, 0, vt_pipeline_depth(threads) - 1);
            j.number[slot] = i;
            vt_pipeline_submit(p);
            if (i == 50) {
                vt_pipeline_drain(p);
                assert_int_equal(j.committed, 51);
            }
        }
        vt_pipeline_destroy(p);
        assert_int_equal(j.committed, 100);
        assert_in_range(atomic_load(&j.most), 1, threads ? threads : 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_keep_order_and_values),
        cmocka_unit_test(pooling_follows_the_formulas),
        cmocka_unit_test(index_set_is_sparse),
        cmocka_unit_test(pictures_have_the_documented_geometry),
        cmocka_unit_test(ring_unwinds_a_failed_allocation),
        cmocka_unit_test(ring_outlives_its_owner),
        cmocka_unit_test(ring_fetch_waits_for_a_picture),
        cmocka_unit_test(pipeline_commits_in_order),
    };
    return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
