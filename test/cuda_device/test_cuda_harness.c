/* The harness of the metrics' GPU tests finds what it is there to find: a toy metric, the sum of a
 * reference picture's samples (and of those before), whose kernel does one thing wrong. */
#include <stddef.h>
#include <stdio.h>

#include "gpu_harness.h"
#include "reduce.h"
#include "support.h"

typedef struct Options {
    bool two;
    int fault;
} Options;

static const VtOption options[] = {
    {.name = "two", .type = VT_OPTION_BOOL, .offset = offsetof(Options, two)},
    {.name = "fault", .type = VT_OPTION_INT, .offset = offsetof(Options, fault), .max = TOY_FAULTS},
    {0},
};

static const VtOutput outputs[] = {{.base = "sum"}, {.base = "sum_before"}};

static const Options *of(const VtGroup *group, unsigned member)
{
    return group->member[member]->options;
}

static bool shares(const void *a, const void *b)
{
    return ((const Options *)a)->fault == ((const Options *)b)->fault;
}

static void history(const void *o, unsigned *n_ref, unsigned *n_dis)
{
    (void)o;
    *n_ref = 1;
    *n_dis = 0;
}

static double sum_of(const VmafPicture *pic)
{
    double sum = 0;
    for (unsigned y = 0; y < pic->h[0]; y++) {
        const char *row = (const char *)pic->data[0] + (ptrdiff_t)y * pic->stride[0];
        for (unsigned x = 0; x < pic->w[0]; x++)
            sum += pic->bpc == 8 ? ((const uint8_t *)row)[x]
                                 : ((const uint16_t *)(const void *)row)[x];
    }
    return sum;
}

static int extract(const VtGroup *group, void *scratch, const VtFrame *frame,
                   VtResult *const *results)
{
    (void)scratch;
    for (unsigned m = 0; m < group->n_members; m++) {
        vt_emit(results[m], 0, sum_of(frame->ref));
        if (of(group, m)->two && frame->prev_ref[0])
            vt_emit(results[m], 1, sum_of(frame->prev_ref[0]));
    }
    return 0;
}

static void sizes(const VtGroup *group, size_t *scratch, size_t *sums)
{
    (void)group;
    *scratch = 100;
    *sums = 2 * sizeof(uint64_t);
}

static ToyParams params_of(const VtGroup *group, const VtGpuFrame *frame, unsigned n, bool before)
{
    ToyParams p = {.w = group->format.w, .bytes = group->format.bpc > 8 ? 2 : 1};
    for (unsigned i = 0; i < n; i++) {
        const VmafPicture *pic = before ? frame[i].prev_ref[0] : frame[i].ref;
        p.frame[i].data = pic->data[0];
        p.frame[i].scratch = frame[i].scratch;
        p.frame[i].sum = (unsigned long long *)frame[i].sums + before;
        p.stride = pic->stride[0];
    }
    return p;
}

/* Strides differ from picture to picture here, so a launch takes one frame of each batch. */
static int run(const VtGroup *group, const VtGpuQueue *queue, const VtGpuFrame *frame, unsigned n)
{
    const VtGpuDim grid = {1, group->format.h, 1}, block = {32, 1, 1};
    int err = 0;
    for (unsigned i = 0; i < n && !err; i++) {
        ToyParams p = params_of(group, frame + i, 1, false);
        if (frame[i].prev_ref[0]) {
            const ToyParams before = params_of(group, frame + i, 1, true);
            err = queue->launch(queue->ctx, 0, grid, block, &before);
        }
        p.fault = (uint32_t)of(group, 0)->fault;
        /* The last sum, so that one beyond it is beyond the block. */
        if (p.fault == TOY_BEYOND_SUMS) p.frame[0].sum++;
        if (!err) err = queue->launch(queue->ctx, 0, grid, block, &p);
    }
    return err;
}

static int finish(const VtGroup *group, const void *sums, unsigned index,
                  const bool has_prev[VT_MAX_HISTORY], VtResult *const *results)
{
    const uint64_t *sum = sums;
    (void)index;
    for (unsigned m = 0; m < group->n_members; m++) {
        vt_emit(results[m], 0, (double)sum[0]);
        if (of(group, m)->two && has_prev[0]) vt_emit(results[m], 1, (double)sum[1]);
    }
    return 0;
}

static const char *const kernels[] = {"test_toy", NULL};
static const VtGpuMetric gpu = {kernels, sizes, run, finish};
static const VtMetric toy = {.name = "toy",
                             .options = options,
                             .options_size = sizeof(Options),
                             .outputs = outputs,
                             .n_outputs = 2,
                             .luma_only = true,
                             .history = history,
                             .shares = shares,
                             .extract = extract,
                             .gpu = &gpu};

static const char *const faulty[TOY_FAULTS] = {"fault=0", "fault=1", "fault=2", "fault=3",
                                               "fault=4"};

int main(int argc, char **argv)
{
    gpu_begin(argc, argv, "cuda_harness");
    if (!software) {
        printf("cuda_harness: the driver probe skipped the real device: it is not software\n");
        return 0;
    }
    GpuCase c = {
        .metric = &toy, .member = {"", "two=true"}, .w = 37, .h = 21, .frames = 7, .mix = true};
    for (c.bpc = 8; c.bpc <= 16; c.bpc += 4)
        for (c.batch = 1; c.batch <= VT_GPU_BATCH; c.batch++) gpu_compare(&c);
    c = (GpuCase){.metric = &toy, .bpc = 8, .w = 37, .h = 21, .frames = 2, .batch = 2};
    for (unsigned fault = TOY_WRONG_SUM; fault < TOY_FAULTS; fault++) {
        c.member[0] = faulty[fault];
        gpu_check(gpu_failures(&c) >= 2, "fault %u was not found", fault);
    }
    return gpu_end();
}
