/* Fails the k-th allocation, thread or lock, for every k, over a context's whole life. Each time: a
 * negative errno, no crash, a context that can be closed, and (in the sanitizer build) nothing
 * left. The linker's --wrap puts this program's functions between the library and the C library. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libvmaf/turbo.h"
#include "synth.h"

static atomic_long calls;
static long fail_at; /* 0: never */

static bool fails(void)
{
    return atomic_fetch_add(&calls, 1) + 1 == fail_at;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
char *__real_strdup(const char *s);
int __real_posix_memalign(void **p, size_t align, size_t size);
int __real_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*f)(void *), void *arg);
int __real_pthread_mutex_init(pthread_mutex_t *m, const pthread_mutexattr_t *a);
int __real_pthread_cond_init(pthread_cond_t *c, const pthread_condattr_t *a);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *s);
int __wrap_posix_memalign(void **p, size_t align, size_t size);
int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*f)(void *), void *arg);
int __wrap_pthread_mutex_init(pthread_mutex_t *m, const pthread_mutexattr_t *a);
int __wrap_pthread_cond_init(pthread_cond_t *c, const pthread_condattr_t *a);

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
    return fails() ? NULL : __real_realloc(p, size);
}

char *__wrap_strdup(const char *s)
{
    return fails() ? NULL : __real_strdup(s);
}

int __wrap_posix_memalign(void **p, size_t align, size_t size)
{
    return fails() ? ENOMEM : __real_posix_memalign(p, align, size);
}

int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*f)(void *), void *arg)
{
    return fails() ? EAGAIN : __real_pthread_create(t, a, f, arg);
}

int __wrap_pthread_mutex_init(pthread_mutex_t *m, const pthread_mutexattr_t *a)
{
    return fails() ? ENOMEM : __real_pthread_mutex_init(m, a);
}

int __wrap_pthread_cond_init(pthread_cond_t *c, const pthread_condattr_t *a)
{
    return fails() ? EAGAIN : __real_pthread_cond_init(c, a);
}

#define FRAMES 3
#define DENSE                                                                                      \
    400 /* up to here every call fails once; later ones (mostly the 20 members of a collection)    \
           may be walked with a step where a build is slow */

static int read_frames(VmafContext *vmaf)
{
    for (unsigned t = 0; t < FRAMES; t++) {
        VmafPicture ref, dis;
        int err = synth_pair(&ref, &dis, VMAF_PIX_FMT_YUV420P, 8, 64, 48, t);
        if (err) return err;
        err = vmaf_read_pictures(vmaf, &ref, &dis, t);
        if (err) {
            vmaf_picture_unref(&ref);
            vmaf_picture_unref(&dis);
            return err;
        }
    }
    return vmaf_read_pictures(vmaf, NULL, NULL, 0);
}

static int use_options(VmafContext *vmaf)
{
    VmafFeatureDictionary *opts = NULL;
    int err = vmaf_feature_dictionary_set(&opts, "debug", "true");
    if (!err) err = vmaf_feature_dictionary_set(&opts, "vif_enhn_gain_limit", "1.5");
    if (!err) err = vmaf_use_feature(vmaf, "vif", opts);
    if (err) vmaf_feature_dictionary_free(&opts);
    return err;
}

static int pool_pictures(VmafContext *vmaf)
{
    const VmafPictureConfiguration cfg = {{64, 48, 8, VMAF_PIX_FMT_YUV420P}, 3};
    int err = vmaf_preallocate_pictures(vmaf, cfg);
    if (err) return err;
    VmafPicture pic;
    err = vmaf_fetch_preallocated_picture(vmaf, &pic);
    return err ? err : vmaf_picture_unref(&pic);
}

/* What fails while a frame is delivered is in the frame. */
static void listen(void *user, const VmafTurboFrame *frame)
{
    int *err = user;
    if (!*err) *err = frame->error;
}

/* Frames in flight are scored with them until the context is closed. */
typedef struct Models {
    VmafModel *model, *lead;
    VmafModelCollection *collection;
} Models;

static void destroy_models(Models *m)
{
    vmaf_model_collection_destroy(m->collection);
    vmaf_model_destroy(m->lead);
    vmaf_model_destroy(m->model);
}

static int score(VmafContext *vmaf, Models *m, const char *path, int *frame_error)
{
    VmafModelConfig cfg = {.name = "a"}, bootstrap_cfg = {.name = "b"};
    VmafModelCollectionScore cs;
    double s;
    int err = vmaf_model_load(&m->model, &cfg, "vmaf_v0.6.1neg");
    if (!err)
        err = vmaf_model_collection_load(&m->lead, &m->collection, &bootstrap_cfg, "vmaf_b_v0.6.3");
    if (!err) err = use_options(vmaf);
    if (!err) err = vmaf_use_features_from_model(vmaf, m->model);
    if (!err) err = vmaf_use_features_from_model_collection(vmaf, m->collection);
    if (!err) err = vmaf_turbo_set_frame_callback(vmaf, listen, frame_error);
    if (!err) err = vmaf_turbo_add_frame_model(vmaf, m->model, NULL);
    if (!err) err = pool_pictures(vmaf);
    if (!err) err = read_frames(vmaf);
    if (!err) err = vmaf_score_pooled(vmaf, m->model, VMAF_POOL_METHOD_MEAN, &s, 0, FRAMES - 1);
    if (!err) err = vmaf_score_pooled(vmaf, m->lead, VMAF_POOL_METHOD_MEAN, &s, 0, FRAMES - 1);
    if (!err)
        err = vmaf_score_pooled_model_collection(vmaf, m->collection, VMAF_POOL_METHOD_MEAN, &cs, 0,
                                                 FRAMES - 1);
    return err ? err : vmaf_write_output(vmaf, path, VMAF_OUTPUT_FORMAT_JSON);
}

static int life(unsigned threads, const char *path)
{
    VmafContext *vmaf = (VmafContext *)1;
    const VmafConfiguration cfg = {.log_level = VMAF_LOG_LEVEL_NONE, .n_threads = threads};
    int err = vmaf_init(&vmaf, cfg);
    if (err) return vmaf ? 1 : err;
    Models models = {NULL};
    int frame_error = 0;
    err = score(vmaf, &models, path, &frame_error);
    if (vmaf_close(vmaf)) return 1;
    destroy_models(&models);
    return err ? err : frame_error;
}

int main(void)
{
    unsigned long passed = 0, failed = 0;
    const char *path = "/dev/null", *step_text = getenv("VMAF_TORTURE_STEP");
    const long step = step_text && atol(step_text) > 0 ? atol(step_text) : 1;
    if (!freopen("/dev/null", "w", stderr))
        return 2; /* model loading has no context to be silent in */
    for (unsigned threads = 0; threads <= 2; threads += 2) {
        fail_at = 0;
        calls = 0;
        const int plain = life(threads, path);
        const long total = calls;
        printf("%u threads: %ld calls that can fail\n", threads, total);
        if (plain) failed++;
        for (long k = 1; k <= total; k += k < DENSE ? 1 : step) {
            fail_at = k;
            calls = 0;
            const int err = life(threads, path);
            /* The k-th call failed: an error must come out (the order of calls may vary with
             * threads). */
            const bool reached = calls >= k;
            if (err < 0 || (!err && !reached))
                passed++;
            else if (failed++ < 10)
                printf("call %ld of %ld failed, %u threads: result %d\n", k, total, threads, err);
        }
        fail_at = 0;
        if (life(threads, path)) failed++;
    }
    printf("torture: %lu passed, %lu failed\n", passed, failed);
    return failed || !passed;
}
