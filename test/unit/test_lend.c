/* Lent planes at odd addresses and strides, in blocks that end with their last sample: every metric
 * scores them as it does the library's own pictures, and (in the sanitizer build) reads nothing
 * beside them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "libvmaf/turbo.h"
#include "synth.h"

#define FRAMES 4
#define MAX_TEXT 65536

typedef struct Loan {
    char *block[3];
} Loan;

static int out;

static void release(void *user)
{
    Loan *l = user;
    for (unsigned p = 0; p < 3; p++) free(l->block[p]);
    free(l);
    __atomic_fetch_sub(&out, 1, __ATOMIC_RELAXED);
}

static int lend(VmafContext *vmaf, const VmafPicture *from, VmafPicture *pic)
{
    Loan *l = calloc(1, sizeof(*l));
    VmafTurboPlanes planes = {.pix_fmt = from->pix_fmt,
                              .bpc = from->bpc,
                              .w = from->w[0],
                              .h = from->h[0],
                              .release = release,
                              .user = l};
    for (unsigned p = 0; p < 3; p++) {
        const size_t row = (size_t)from->w[p] << (from->bpc > 8), stride = row + 2;
        l->block[p] = malloc(2 + stride * (from->h[p] - 1) + row);
        planes.data[p] = l->block[p] + 2;
        planes.stride[p] = (ptrdiff_t)stride;
        for (unsigned y = 0; y < from->h[p]; y++)
            memcpy(l->block[p] + 2 + y * stride, (const char *)from->data[p] + y * from->stride[p],
                   row);
    }
    __atomic_fetch_add(&out, 1, __ATOMIC_RELAXED);
    return vmaf_turbo_lend_planes(vmaf, &planes, pic);
}

static void read_frames(VmafContext *vmaf, unsigned bpc, unsigned w, unsigned h, int lent)
{
    for (unsigned t = 0; t < FRAMES; t++) {
        VmafPicture from[2], pic[2];
        assert_int_equal(synth_pair(&from[0], &from[1], VMAF_PIX_FMT_YUV420P, bpc, w, h, t), 0);
        for (unsigned i = 0; i < 2; i++) {
            if (!lent) {
                pic[i] = from[i];
                continue;
            }
            assert_int_equal(lend(vmaf, &from[i], &pic[i]), 0);
            assert_int_equal(vmaf_picture_unref(&from[i]), 0);
        }
        assert_int_equal(vmaf_read_pictures(vmaf, &pic[0], &pic[1], t), 0);
    }
    assert_int_equal(vmaf_read_pictures(vmaf, NULL, NULL, 0), 0);
}

/* All scores of a metric as text. */
static void score(const char *metric, unsigned bpc, unsigned w, unsigned h, int lent, char *text)
{
    const VmafConfiguration cfg = {.log_level = VMAF_LOG_LEVEL_ERROR, .n_threads = 2};
    char path[] = "/tmp/test_lend_XXXXXX";
    VmafContext *vmaf;
    assert_int_equal(vmaf_init(&vmaf, cfg), 0);
    assert_int_equal(vmaf_use_feature(vmaf, metric, NULL), 0);
    read_frames(vmaf, bpc, w, h, lent);
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    const VmafTurboReport report = {.precision = VMAF_TURBO_PRECISION_MAX};
    assert_int_equal(vmaf_turbo_write_report(vmaf, path, VMAF_OUTPUT_FORMAT_CSV, &report), 0);
    const ssize_t n = read(fd, text, MAX_TEXT - 1);
    assert_true(n >= 0);
    text[n] = 0;
    close(fd);
    unlink(path);
    assert_int_equal(vmaf_close(vmaf), 0);
}

static void every_metric_scores_lent_planes_alike(void **state)
{
    (void)state;
    static const struct {
        unsigned bpc, w, h;
    } shapes[] = {{8, 239, 217}, {10, 226, 210}};
    static char own[MAX_TEXT], lent[MAX_TEXT];
    const char *name, *help;
    unsigned metrics = 0;
    for (unsigned i = 0; !vmaf_turbo_metric(i, &name, &help); i++, metrics++)
        for (unsigned s = 0; s < 2; s++) {
            score(name, shapes[s].bpc, shapes[s].w, shapes[s].h, 0, own);
            score(name, shapes[s].bpc, shapes[s].w, shapes[s].h, 1, lent);
            if (strcmp(own, lent))
                print_error("%s, %u bit:\n%s\n%s\n", name, shapes[s].bpc, own, lent);
            assert_string_equal(own, lent);
            assert_int_equal(out, 0);
        }
    assert_true(metrics > 5);
}

/* One reference in three contexts, each with workers; it goes back when the last is done. */
static void one_picture_in_several_contexts(void **state)
{
    (void)state;
    enum { N = 3 };
    const VmafConfiguration cfg = {.log_level = VMAF_LOG_LEVEL_ERROR, .n_threads = 2};
    VmafContext *vmaf[N];
    for (unsigned i = 0; i < N; i++) {
        assert_int_equal(vmaf_init(&vmaf[i], cfg), 0);
        assert_int_equal(vmaf_use_feature(vmaf[i], "psnr", NULL), 0);
    }
    for (unsigned t = 0; t < FRAMES; t++) {
        VmafPicture from, ref, dis;
        assert_int_equal(synth_pair(&from, &dis, VMAF_PIX_FMT_YUV420P, 8, 64, 48, t), 0);
        assert_int_equal(lend(vmaf[0], &from, &ref), 0);
        assert_int_equal(vmaf_picture_unref(&from), 0);
        for (unsigned i = 0; i < N; i++) {
            VmafPicture r, d;
            assert_int_equal(vmaf_turbo_picture_ref(&r, &ref), 0);
            assert_int_equal(vmaf_turbo_picture_ref(&d, i ? &dis : &ref), 0);
            assert_int_equal(vmaf_read_pictures(vmaf[i], &r, &d, t), 0);
        }
        assert_int_equal(vmaf_picture_unref(&ref), 0);
        assert_int_equal(vmaf_picture_unref(&dis), 0);
    }
    double psnr[N];
    for (unsigned i = 0; i < N; i++) {
        assert_int_equal(vmaf_read_pictures(vmaf[i], NULL, NULL, 0), 0);
        assert_int_equal(vmaf_feature_score_pooled(vmaf[i], "psnr_y", VMAF_POOL_METHOD_MEAN,
                                                   &psnr[i], 0, FRAMES - 1),
                         0);
        assert_int_equal(vmaf_close(vmaf[i]), 0);
    }
    assert_true(psnr[0] == 60.0 && psnr[1] < 60.0 && psnr[1] == psnr[2]);
    assert_int_equal(out, 0);
}

static void references_need_a_picture(void **state)
{
    (void)state;
    VmafPicture empty = {0}, to = {.bpc = 99};
    assert_int_equal(vmaf_turbo_picture_ref(&to, NULL), -EINVAL);
    assert_int_equal(vmaf_turbo_picture_ref(&to, &empty), -EINVAL);
    assert_int_equal(vmaf_turbo_picture_ref(NULL, &empty), -EINVAL);
    assert_int_equal(to.bpc, 99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_metric_scores_lent_planes_alike),
                                       cmocka_unit_test(one_picture_in_several_contexts),
                                       cmocka_unit_test(references_need_a_picture)};
    return cmocka_run_group_tests_name("lend", tests, NULL, NULL);
}
