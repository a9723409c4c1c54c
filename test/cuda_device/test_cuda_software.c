/* The software device itself: kernels, order, accounting. With --real: the same kernel results on a
 * GPU are not checked here, since the test kernel is not in the library. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "reduce.h"
#include "support.h"

static CUcontext ctx;

static int begin(void **state)
{
    (void)state;
    software->reset();
    return driver.ctx_create(&ctx, 0, 0) != CUDA_SUCCESS;
}

static int end(void **state)
{
    (void)state;
    software->plant(0);
    if (driver.ctx_destroy(ctx) != CUDA_SUCCESS) return -1;
    return software->report(stdout) ? -1 : 0;
}

static void kernels_meet_at_barriers_and_shuffles(void **state)
{
    (void)state;
    CUmodule module;
    CUfunction reduce;
    CUdeviceptr data, sum;
    assert_int_equal(driver.module_load(&module, "image"), 0);
    assert_int_not_equal(driver.module_function(&reduce, module, "no_such_kernel"), 0);
    assert_int_equal(driver.module_function(&reduce, module, "test_reduce"), 0);
    enum { COUNT = 5000 };
    static uint32_t values[COUNT];
    unsigned long long expected = 0, got = 0;
    for (unsigned i = 0; i < COUNT; i++) expected += values[i] = i * 2654435761u;
    assert_int_equal(driver.alloc(&data, sizeof(values)), 0);
    assert_int_equal(driver.alloc(&sum, sizeof(got)), 0);
    for (unsigned threads = 32; threads <= 1024; threads *= 2)
        for (unsigned blocks = 1; blocks <= 7; blocks += 3) {
            const unsigned long long zero = 0;
            ReduceParams p = {(const uint32_t *)(uintptr_t)data,
                              (unsigned long long *)(uintptr_t)sum, COUNT};
            void *params[] = {&p};
            driver.upload(data, values, sizeof(values));
            driver.upload(sum, &zero, sizeof(zero));
            assert_int_equal(
                driver.launch(reduce, blocks, 1, 1, threads, 1, 1, 0, NULL, params, NULL), 0);
            p.n = 0; /* a launch keeps a copy of its parameters */
            driver.download(&got, sum, sizeof(got));
            assert_int_equal(got, expected);
        }
    driver.free(data);
    driver.free(sum);
    driver.module_unload(module);
}

/* By definition, as CUDA's guide states them. */
static void check_intrinsics(const Intrinsics *v)
{
    int zeros = 0;
    while (zeros < 32 && !(v->a & UINT32_C(1) << (31 - zeros))) zeros++;
    assert_int_equal(v->zeros, zeros);

    const int64_t whole = v->a >> 8;
    const int64_t floor = v->b & 1 ? -((whole + 255) / 256) : whole / 256;
    assert_int_equal(v->floor, floor);

    for (unsigned i = 0; i < 4; i++) {
        const unsigned which = v->b >> 4 * i & 7, from = which < 4 ? v->a : v->b;
        assert_int_equal(v->bytes >> 8 * i & 255, from >> which % 4 * 8 & 255);
    }

    const double exact = (double)(float)v->a / (double)(float)v->b;
    assert_true(fabs((double)v->quotient - exact) <= 2.5 * exact * 0x1p-23);
}

static void functions_of_cuda_are_what_the_guide_says(void **state)
{
    (void)state;
    enum { COUNT = 4096 };
    static Intrinsics values[COUNT];
    CUmodule module;
    CUfunction kernel;
    CUdeviceptr data;
    for (unsigned i = 0; i < COUNT; i++) {
        const uint32_t bits = i * 2654435761u;
        values[i] = (Intrinsics){.a = bits >> i % 33 % 32, .b = (bits ^ bits << 7) | 1u << i % 32};
    }
    values[0].a = 0;
    assert_int_equal(driver.module_load(&module, "image"), 0);
    assert_int_equal(driver.module_function(&kernel, module, "test_intrinsics"), 0);
    assert_int_equal(driver.alloc(&data, sizeof(values)), 0);
    driver.upload(data, values, sizeof(values));
    IntrinsicsParams p = {(Intrinsics *)(uintptr_t)data, COUNT};
    void *params[] = {&p};
    assert_int_equal(driver.launch(kernel, COUNT / 128, 1, 1, 128, 1, 1, 0, NULL, params, NULL), 0);
    driver.download(values, data, sizeof(values));
    for (unsigned i = 0; i < COUNT; i++) check_intrinsics(&values[i]);
    driver.free(data);
    driver.module_unload(module);
}

static void work_waits_until_somebody_waits_for_it(void **state)
{
    (void)state;
    CUstream a, b;
    CUevent event;
    CUdeviceptr p;
    unsigned char host = 1, back = 0;
    driver.alloc(&p, 1);
    driver.stream_create(&a, CU_STREAM_NON_BLOCKING);
    driver.stream_create(&b, CU_STREAM_NON_BLOCKING);
    driver.event_create(&event, 0);
    const CUDA_MEMCPY2D up = {.srcMemoryType = CU_MEMORYTYPE_HOST,
                              .srcHost = &host,
                              .srcPitch = 1,
                              .dstMemoryType = CU_MEMORYTYPE_DEVICE,
                              .dstDevice = p,
                              .dstPitch = 1,
                              .WidthInBytes = 1,
                              .Height = 1};
    const CUDA_MEMCPY2D down = {.srcMemoryType = CU_MEMORYTYPE_DEVICE,
                                .srcDevice = p,
                                .srcPitch = 1,
                                .dstMemoryType = CU_MEMORYTYPE_HOST,
                                .dstHost = &back,
                                .dstPitch = 1,
                                .WidthInBytes = 1,
                                .Height = 1};
    driver.copy_async(&up, a);
    host = 2; /* a host buffer used again too early shows */
    driver.copy_async(&down, b);
    assert_int_equal(back, 0);
    driver.synchronize();
    assert_int_equal(host, 2);
    driver.stream_destroy(a);
    driver.stream_destroy(b);
    driver.event_destroy(event);
    driver.free(p);
}

static void leftovers_and_misuse_are_counted(void **state)
{
    (void)state;
    CUdeviceptr p;
    CUevent event;
    SwCounts c;
    const unsigned before = software->report(NULL);
    driver.alloc(&p, 100);
    driver.event_create(&event, 0);
    software->counts(&c);
    assert_int_equal(c.device_blocks, 1);
    assert_int_equal(c.device_bytes, 100);
    assert_int_equal(c.events, 1);
    assert_int_equal(software->report(NULL), before + 2);
    /* The report names the place. */
    char text[4000] = "";
    FILE *f = fmemopen(text, sizeof(text) - 1, "w");
    assert_non_null(f);
    software->report(f);
    fclose(f);
    assert_non_null(strstr(text, "device memory, 100 bytes"));
    assert_non_null(strstr(text, "leftovers_and_misuse_are_counted"));
    driver.free(p);
    driver.event_destroy(event);
    assert_int_equal(software->report(NULL), before);
    assert_int_not_equal(driver.free(p), 0); /* twice */
    assert_int_equal(software->report(NULL), before + 1);

    const CUDA_MEMCPY2D copy = {.srcMemoryType = CU_MEMORYTYPE_HOST,
                                .srcHost = text,
                                .srcPitch = 8,
                                .dstMemoryType = CU_MEMORYTYPE_DEVICE,
                                .dstPitch = 8,
                                .WidthInBytes = 8,
                                .Height = 1};
    CUDA_MEMCPY2D queued = copy;
    driver.alloc(&p, 8);
    CUdeviceptr other;
    driver.alloc(&other, 8);
    queued.dstDevice = other;
    driver.copy_async(&queued, NULL);
    driver.free(p);
    assert_int_equal(software->report(NULL), before + 2); /* `other` is live, nothing else */
    driver.synchronize();
    driver.free(other);
    software->reset(); /* forgets the misuse, and the test's context: made anew for end() */
    CUcontext popped;
    driver.pop(&popped);
    software->reset();
    assert_int_equal(driver.ctx_create(&ctx, 0, 0), 0);
    free(popped);
}

int main(int argc, char **argv)
{
    cuda_setup(argc, argv, "cuda_software");
    if (!software) {
        printf("cuda_software: the driver probe skipped the real device: it is not software\n");
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(kernels_meet_at_barriers_and_shuffles, begin, end),
        cmocka_unit_test_setup_teardown(functions_of_cuda_are_what_the_guide_says, begin, end),
        cmocka_unit_test_setup_teardown(work_waits_until_somebody_waits_for_it, begin, end),
        cmocka_unit_test_setup_teardown(leftovers_and_misuse_are_counted, begin, end),
    };
    return cmocka_run_group_tests_name("cuda_software", tests, NULL, NULL);
}
