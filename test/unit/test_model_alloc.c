/* Every allocation of loading, overloading and predicting fails once: a negative code, no crash,
 * nothing leaked. jansson counts as one allocation: inside, version 2.14 reads past its string
 * buffer when that cannot grow (docs/adr/0003-json-library.md). */
#include <dlfcn.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

#include "model/model_private.h"
#include "model_support.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#endif

#if defined(__GLIBC__) && !defined(SANITIZED)
#define CAN_INTERPOSE 1

/* The C library's allocator under the names that all libraries call; they must see ours. */
#pragma GCC visibility push(default)
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *p);

static unsigned long countdown; /* 0: nothing fails; 1: the next allocation fails */
static long live;
static bool paused;

static bool fails(void)
{
    return !paused && countdown && !--countdown;
}

json_t *json_loadb(const char *buffer, size_t size, size_t flags, json_error_t *error)
{
    json_t *(*load)(const char *, size_t, size_t, json_error_t *);
    *(void **)&load = dlsym(RTLD_NEXT, "json_loadb");
    assert_non_null(load);
    if (fails()) {
        error->text[sizeof(error->text) - 1] = json_error_out_of_memory;
        return NULL;
    }
    paused = true;
    json_t *json = load(buffer, size, flags, error);
    paused = false;
    return json;
}

static void *counted(void *p)
{
    live += p != NULL;
    return p;
}

void *malloc(size_t size)
{
    return fails() ? NULL : counted(__libc_malloc(size));
}

void *calloc(size_t n, size_t size)
{
    return fails() ? NULL : counted(__libc_calloc(n, size));
}

void *realloc(void *p, size_t size)
{
    if (fails()) return NULL;
    void *q = __libc_realloc(p, size);
    live += q && !p;
    live -= p && !q && !size;
    return q;
}

int posix_memalign(void **p, size_t alignment, size_t size)
{
    *p = fails() ? NULL : counted(__libc_memalign(alignment, size));
    return *p ? 0 : ENOMEM;
}

void free(void *p)
{
    live -= p != NULL;
    __libc_free(p);
}
#pragma GCC visibility pop
#endif

static const char *collection_path;

/* Each returns 0 or a negative errno and leaves nothing behind. */
static int load_single(void)
{
    VmafModelConfig cfg = {.name = "x"};
    VmafModel *m;
    const int err = vmaf_model_load(&m, &cfg, "vmaf_v0.6.1neg");
    if (err) assert_null(m);
    vmaf_model_destroy(m);
    return err;
}

static int load_collection(void)
{
    VmafModelConfig cfg = {.name = "x"};
    VmafModel *m;
    VmafModelCollection *c;
    const int err = vmaf_model_collection_load_from_path(&m, &c, &cfg, collection_path);
    if (err) assert_true(!m && !c);
    vmaf_model_destroy(m);
    vmaf_model_collection_destroy(c);
    return err;
}

static VmafModel *shared_model;

static int overload_and_predict(void)
{
    VmafFeatureDictionary *opts = NULL;
    VtScores *scores = NULL;
    double score;
    int err = vmaf_feature_dictionary_set(&opts, "vif_enhn_gain_limit", "1.5");
    if (!err) err = vmaf_model_feature_overload(shared_model, "vif", opts);
    if (!err) err = vt_scores_create(&scores);
    for (unsigned i = 0; i < 6 && !err; i++)
        err = vt_scores_put(scores, shared_model->feature[i].stored, 0, 0.5);
    if (!err) err = vt_model_predict(shared_model, scores, 0, &score, NULL);
    vt_scores_destroy(scores);
    return err;
}

#ifdef CAN_INTERPOSE
static void walk(int (*action)(void))
{
    unsigned long k = 0;
    long leaked = 0;
    int err = action(); /* makes what is made once */
    bool reached = true;
    assert_int_equal(err, 0);
    capture_log();
    while (reached && err <= 0 && !leaked && k < 100000) {
        const long before = live;
        countdown = ++k;
        err = action();
        reached = !countdown;
        countdown = 0;
        leaked = live - before;
    }
    end_capture();
    if (leaked || err) fail_msg("allocation %lu: returned %d, leaked %ld blocks", k, err, leaked);
    assert_true(k > 20 && k < 100000);
    print_message("%lu allocations\n", k - 1);
}
#else
static void walk(int (*action)(void))
{
    (void)action;
    print_message("SKIPPED: this build's allocator cannot be replaced\n");
    skip();
}
#endif

static void loading_survives(void **state)
{
    (void)state;
    walk(load_single);
}

static void loading_a_collection_survives(void **state)
{
    (void)state;
    char text[4096];
    snprintf(text, sizeof(text), "{\"0\":%s,\"1\":%s,\"2\":%s}", small_model, small_model,
             small_model);
    collection_path = write_model(text, strlen(text));
    walk(load_collection);
    remove_model();
}

/* An overload that fails leaves the model as it was. */
static void overloading_and_predicting_survive(void **state)
{
    (void)state;
    shared_model = builtin("vmaf_v0.6.1", 0);
    walk(overload_and_predict);
    vmaf_model_destroy(shared_model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loading_survives),
        cmocka_unit_test(loading_a_collection_survives),
        cmocka_unit_test(overloading_and_predicting_survive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
