#include "gpu_harness.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "metric/registry.h"
#include "support.h"

#define GUARD 256
#define GUARD_BYTE 0xb7
#define MAX_FRAMES 32
#define MAX_SHOWN 40 /* failures printed */

extern const unsigned char vt_cuda_image[];

static const char *name;
static unsigned long passed, failed;
static bool silent;
static CUcontext ctx;
static CUmodule module;

void gpu_check(bool ok, const char *fmt, ...)
{
    if (ok) {
        passed++;
        return;
    }
    if (failed++ >= MAX_SHOWN || silent) return;
    va_list args;
    va_start(args, fmt);
    printf("FAILED: ");
    vprintf(fmt, args);
    printf("\n");
    va_end(args);
}

static void must(bool ok, const char *what)
{
    if (ok) return;
    printf("%s: cannot go on: %s\n%s: %lu passed, %lu failed\n", name, what, name, passed,
           failed + 1);
    exit(1);
}

static void cu(CUresult r, const char *what)
{
    must(r == CUDA_SUCCESS, what);
}

/* ---- blocks of device memory between guards ---- */

typedef struct Block {
    CUdeviceptr base;
    size_t size, offset; /* of the content */
    unsigned char *host; /* the whole block as it was uploaded */
} Block;

static Block block_new(size_t size, unsigned shift)
{
    Block b = {.size = size, .offset = GUARD + shift};
    const size_t whole = b.offset + size + GUARD;
    b.host = malloc(whole);
    must(b.host, "out of memory");
    memset(b.host, GUARD_BYTE, whole);
    cu(driver.alloc(&b.base, whole), "cuMemAlloc");
    return b;
}

static void *block_host(const Block *b)
{
    return b->host + b->offset;
}

static void *block_device(const Block *b)
{
    return (void *)(uintptr_t)(b->base + b->offset); /* NOLINT: an address of the device */
}

static void block_upload(const Block *b)
{
    cu(driver.upload(b->base, b->host, b->offset + b->size + GUARD), "cuMemcpyHtoD");
}

/* Counts whether the guards, or all of it, are as they were; then fetches the content. */
static void block_fetch(const Block *b, bool all, const char *what)
{
    const size_t whole = b->offset + b->size + GUARD;
    unsigned char *now = malloc(whole);
    must(now, "out of memory");
    cu(driver.download(now, b->base, whole), "cuMemcpyDtoH");
    const bool same =
        all ? !memcmp(now, b->host, whole)
            : !memcmp(now, b->host, b->offset) &&
                  !memcmp(now + b->offset + b->size, b->host + b->offset + b->size, GUARD);
    gpu_check(same, "%s: %s", what, all ? "a picture was written" : "written beyond the block");
    memcpy(b->host, now, whole);
    free(now);
}

static void block_free(Block *b)
{
    cu(driver.free(b->base), "cuMemFree");
    free(b->host);
}

/* ---- pictures on the device ---- */

typedef struct Copy {
    VmafPicture pic;
    Block plane[3];
    unsigned planes;
} Copy;

/* Rows at odd distances from an odd start, as far as the sample size allows. */
static void copy_make(Copy *c, const VmafPicture *from, unsigned planes, unsigned odd)
{
    const size_t bytes = from->bpc > 8 ? 2 : 1;
    *c = (Copy){.pic = *from, .planes = planes};
    for (unsigned p = 0; p < 3; p++) c->pic.data[p] = NULL;
    for (unsigned p = 0; p < planes; p++) {
        const size_t row = from->w[p] * bytes, stride = row + (1 + 2 * (odd % 9)) * bytes;
        c->plane[p] = block_new((from->h[p] - 1) * stride + row, (odd % 3) * (unsigned)bytes);
        for (unsigned y = 0; y < from->h[p]; y++)
            memcpy((char *)block_host(&c->plane[p]) + y * stride,
                   (const char *)from->data[p] + (ptrdiff_t)y * from->stride[p], row);
        block_upload(&c->plane[p]);
        c->pic.data[p] = block_device(&c->plane[p]);
        c->pic.stride[p] = (ptrdiff_t)stride;
    }
}

static void copy_free(Copy *c, const char *what)
{
    for (unsigned p = 0; p < c->planes; p++) {
        block_fetch(&c->plane[p], true, what);
        block_free(&c->plane[p]);
    }
}

/* ---- launches ---- */

typedef struct Launcher {
    CUfunction kernel[VT_GPU_KERNELS];
    unsigned kernels;
} Launcher;

static int launch(void *arg, unsigned kernel, VtGpuDim grid, VtGpuDim block, const void *params)
{
    const Launcher *l = arg;
    must(kernel < l->kernels, "a kernel that the metric does not list");
    void *list[] = {(void *)(uintptr_t)params};
    cu(driver.launch(l->kernel[kernel], grid.x, grid.y, grid.z, block.x, block.y, block.z, 0, NULL,
                     list, NULL),
       "cuLaunchKernel");
    return 0;
}

static Launcher launcher(const VtGpuMetric *gpu)
{
    Launcher l = {.kernels = 0};
    for (; gpu->kernels[l.kernels]; l.kernels++) {
        must(l.kernels < VT_GPU_KERNELS, "the metric lists too many kernels");
        cu(driver.module_function(&l.kernel[l.kernels], module, gpu->kernels[l.kernels]),
           gpu->kernels[l.kernels]);
    }
    return l;
}

/* ---- the two paths ---- */

typedef struct Clip {
    const GpuCase *c;
    char what[200];
    VtInstance *inst[VT_MAX_MEMBERS];
    VtGroup group;
    unsigned history[2]; /* of reference, distorted */
    VmafPicture pic[2][MAX_FRAMES];
    Copy copy[2][MAX_FRAMES];
} Clip;

static VtInstance *instance(const VtMetric *metric, const char *options)
{
    VmafFeatureDictionary *dict = NULL;
    VtInstance *inst = NULL;
    char text[200], *save = NULL;
    must(strlen(options) < sizeof(text), "long options");
    memcpy(text, options, strlen(options) + 1);
    for (char *o = strtok_r(text, ":", &save); o; o = strtok_r(NULL, ":", &save)) {
        char *eq = strchr(o, '=');
        must(eq, "an option without a value");
        *eq = 0;
        must(!vmaf_feature_dictionary_set(&dict, o, eq + 1), "vmaf_feature_dictionary_set");
    }
    must(!vt_instance_create(&inst, metric, dict, NULL), options);
    vt_dictionary_free(&dict);
    return inst;
}

static void make_group(Clip *clip)
{
    const GpuCase *c = clip->c;
    const VtMetric *m = c->metric;
    VtGroup *g = &clip->group;
    *g = (VtGroup){.metric = m,
                   .member = clip->inst,
                   .format = {clip->pic[0][0].pix_fmt, c->bpc, c->w, c->h},
                   .log = &vt_log_default};
    for (; g->n_members < VT_MAX_MEMBERS && c->member[g->n_members]; g->n_members++) {
        const unsigned i = g->n_members;
        clip->inst[i] = instance(m, c->member[i]);
        must(!i || (m->shares && m->shares(clip->inst[0]->options, clip->inst[i]->options)),
             "instances that do not share");
        unsigned n[2] = {0, 0};
        if (m->history) m->history(clip->inst[i]->options, &n[0], &n[1]);
        for (unsigned p = 0; p < 2; p++)
            if (n[p] > clip->history[p]) clip->history[p] = n[p];
    }
    must(g->n_members, "a group without members");
    must(!m->init || !m->init(g), "init()");
}

static void make_pictures(Clip *clip)
{
    const GpuCase *c = clip->c;
    const bool luma = c->metric->luma_only;
    const enum VmafPixelFormat fmt = c->pix_fmt ? c->pix_fmt
                                     : luma     ? VMAF_PIX_FMT_YUV400P
                                                : VMAF_PIX_FMT_YUV420P;
    must(c->frames && c->frames <= MAX_FRAMES && c->batch && c->batch <= VT_GPU_BATCH,
         "a case with a bad number of frames");
    for (unsigned i = 0; i < c->frames; i++) {
        for (unsigned p = 0; p < 2; p++)
            must(!vmaf_picture_alloc(&clip->pic[p][i], fmt, c->bpc, c->w, c->h), "out of memory");
        gpu_fill(&clip->pic[0][i], &clip->pic[1][i],
                 (GpuContent)((c->content + (c->mix ? i : 0)) % GPU_CONTENTS), i);
        for (unsigned p = 0; p < 2; p++)
            copy_make(&clip->copy[p][i], &clip->pic[p][i],
                      luma || fmt == VMAF_PIX_FMT_YUV400P ? 1 : 3, 3 * i + p + c->w);
    }
}

/* Picture k calls before frame i, NULL if there is none or the metric does not look there. */
static const VmafPicture *earlier(const Clip *clip, unsigned p, unsigned i, unsigned k, bool device)
{
    if (k > i || k > clip->history[p]) return NULL;
    return device ? &clip->copy[p][i - k].pic : &clip->pic[p][i - k];
}

static void on_cpu(Clip *clip, unsigned i, VtResult *const *results)
{
    const VtMetric *m = clip->group.metric;
    const size_t size = m->scratch_size ? m->scratch_size(&clip->group) : 0;
    void *scratch = vt_aligned_alloc(size ? size : 1);
    must(scratch, "out of memory");
    memset(scratch, 0x7b, size);
    VtFrame frame = {.index = i, .ref = &clip->pic[0][i], .dis = &clip->pic[1][i]};
    for (unsigned k = 0; k < VT_MAX_HISTORY; k++) {
        frame.prev_ref[k] = earlier(clip, 0, i, k + 1, false);
        frame.prev_dis[k] = earlier(clip, 1, i, k + 1, false);
    }
    must(!m->extract(&clip->group, scratch, &frame, results), "extract()");
    vt_aligned_free(scratch);
}

static void compare(const Clip *clip, unsigned i, unsigned member, const VtResult *want,
                    const VtResult *got)
{
    gpu_check(want->written == got->written, "%s, frame %u, member %u: outputs %x, CPU %x",
              clip->what, i, member, got->written, want->written);
    for (unsigned o = 0; o < clip->group.metric->n_outputs; o++) {
        const double a = want->value[o], b = got->value[o];
        if (!(want->written & got->written & UINT32_C(1) << o)) continue;
        gpu_check(!memcmp(&a, &b, sizeof(a)), "%s, frame %u, member %u, %s: %.17g, CPU %.17g",
                  clip->what, i, member, clip->group.metric->outputs[o].base, b, a);
    }
}

static void compare_frame(Clip *clip, unsigned i, const void *sums)
{
    VtResult value[2][VT_MAX_MEMBERS], *results[2][VT_MAX_MEMBERS];
    bool has_prev[VT_MAX_HISTORY];
    memset(value, 0, sizeof(value));
    for (unsigned m = 0; m < VT_MAX_MEMBERS; m++)
        for (unsigned p = 0; p < 2; p++) results[p][m] = &value[p][m];
    for (unsigned k = 0; k < VT_MAX_HISTORY; k++) has_prev[k] = earlier(clip, 0, i, k + 1, true);
    on_cpu(clip, i, results[0]);
    gpu_check(!clip->group.metric->gpu->finish(&clip->group, sums, i, has_prev, results[1]),
              "%s: finish()", clip->what);
    for (unsigned m = 0; m < clip->group.n_members; m++)
        compare(clip, i, m, &value[0][m], &value[1][m]);
}

static void run_batch(Clip *clip, const VtGpuQueue *queue, unsigned first, unsigned n)
{
    const VtGpuMetric *gpu = clip->group.metric->gpu;
    size_t size[2] = {0, 0};
    Block scratch[VT_GPU_BATCH], sums[VT_GPU_BATCH];
    VtGpuFrame frame[VT_GPU_BATCH];
    gpu->sizes(&clip->group, &size[0], &size[1]);
    must(size[1], "no sums");
    for (unsigned f = 0; f < n; f++) {
        const unsigned i = first + f;
        scratch[f] = block_new(size[0], 0);
        sums[f] = block_new(size[1], 0);
        memset(block_host(&sums[f]), 0, size[1]);
        block_upload(&scratch[f]); /* of arbitrary content */
        block_upload(&sums[f]);
        frame[f] = (VtGpuFrame){.index = i,
                                .ref = &clip->copy[0][i].pic,
                                .dis = &clip->copy[1][i].pic,
                                .scratch = size[0] ? block_device(&scratch[f]) : NULL,
                                .sums = block_device(&sums[f])};
        for (unsigned k = 0; k < VT_MAX_HISTORY; k++) {
            frame[f].prev_ref[k] = earlier(clip, 0, i, k + 1, true);
            frame[f].prev_dis[k] = earlier(clip, 1, i, k + 1, true);
        }
    }
    gpu_check(!gpu->run(&clip->group, queue, frame, n), "%s: run()", clip->what);
    cu(driver.synchronize(), "cuCtxSynchronize");
    for (unsigned f = 0; f < n; f++) {
        block_fetch(&scratch[f], false, clip->what);
        block_fetch(&sums[f], false, clip->what);
        compare_frame(clip, first + f, block_host(&sums[f]));
        block_free(&scratch[f]);
        block_free(&sums[f]);
    }
}

void gpu_compare(const GpuCase *c)
{
    static Clip clip;
    clip = (Clip){.c = c};
    must(c->metric->gpu, "the metric has no GPU path");
    snprintf(clip.what, sizeof(clip.what), "%s %ux%u, %u bit, content %d%s, batches of %u, %s",
             c->metric->name, c->w, c->h, c->bpc, (int)c->content, c->mix ? " mixed" : "", c->batch,
             c->member[0]);
    make_pictures(&clip);
    make_group(&clip);
    Launcher l = launcher(c->metric->gpu);
    const VtGpuQueue queue = {&l, launch};
    for (unsigned i = 0; i < c->frames; i += c->batch)
        run_batch(&clip, &queue, i, c->frames - i < c->batch ? c->frames - i : c->batch);
    if (c->metric->close) c->metric->close(&clip.group);
    for (unsigned m = 0; m < clip.group.n_members; m++) vt_instance_destroy(clip.inst[m]);
    for (unsigned i = 0; i < c->frames; i++)
        for (unsigned p = 0; p < 2; p++) {
            copy_free(&clip.copy[p][i], clip.what);
            vmaf_picture_unref(&clip.pic[p][i]);
        }
}

unsigned long gpu_failures(const GpuCase *c)
{
    const unsigned long before[] = {passed, failed};
    silent = true;
    gpu_compare(c);
    silent = false;
    const unsigned long n = failed - before[1];
    passed = before[0];
    failed = before[1];
    return n;
}

void gpu_begin(int argc, char **argv, const char *suite)
{
    name = suite;
    cuda_setup(argc, argv, suite);
    if (software)
        cu(driver.ctx_create(&ctx, 0, 0), "cuCtxCreate");
    else
        cu(driver.retain(&ctx, 0), "cuDevicePrimaryCtxRetain");
    if (!software) cu(driver.push(ctx), "cuCtxPushCurrent");
    cu(driver.module_load(&module, (const void *)vt_cuda_image), "the kernels' image");
}

unsigned gpu_step(void)
{
    const char *text = getenv("VMAF_TORTURE_STEP");
    const int step = text ? atoi(text) : 1;
    return step > 0 ? (unsigned)step : 1;
}

int gpu_end(void)
{
    driver.module_unload(module);
    if (software) {
        driver.ctx_destroy(ctx);
        gpu_check(!software->report(stdout), "the device holds something or was misused");
    } else {
        driver.pop(&ctx);
        driver.release(0);
    }
    printf("%s: %lu passed, %lu failed\n", name, passed, failed);
    return failed || !passed;
}
