#include "benchmark.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "libvmaf/libvmaf_cuda.h"
#include "libvmaf/turbo.h"
#include "message.h"

#define PAIRS 4 /* that are held, and scored over and over */

typedef struct Pairs {
    VmafPicture ref[PAIRS], dis[PAIRS];
    unsigned count;
} Pairs;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void print_rate(const char *what, unsigned pairs, double seconds)
{
    printf("%-34s %10.2f frames/s %10.4f ms a frame\n", what, pairs / seconds,
           1000 * seconds / pairs);
}

static void drop(Pairs *p)
{
    for (unsigned i = 0; i < PAIRS; i++) {
        if (p->ref[i].ref) vmaf_picture_unref(&p->ref[i]);
        if (p->dis[i].ref) vmaf_picture_unref(&p->dis[i]);
    }
}

static int read_one(VmafContext *vmaf, Input *in, VmafPicture *pic)
{
    int err = vmaf_fetch_preallocated_picture(vmaf, pic);
    if (err) return err;
    int result = input_read(in, pic);
    if (result < 0) message("%s: %s", in->path, in->error);
    return result;
}

/* The first pairs of the videos, into the context's own pictures. */
static int read_pairs(VmafContext *vmaf, Input *ref, Input *dis, Pairs *p)
{
    const double start = now();
    for (; p->count < PAIRS; p->count++) {
        int result = read_one(vmaf, ref, &p->ref[p->count]);
        if (result == INPUT_FRAME) result = read_one(vmaf, dis, &p->dis[p->count]);
        if (result < 0) return result;
        if (result == INPUT_END) break;
    }
    if (p->count)
        print_rate("reading", p->count, now() - start);
    else
        message("there is no pair of frames to score");
    return p->count ? 0 : -EINVAL;
}

static int score_pair(VmafContext *vmaf, const Pairs *p, unsigned t)
{
    VmafPicture ref = {0}, dis = {0};
    int err = vmaf_turbo_picture_ref(&ref, &p->ref[t % p->count]);
    if (!err) err = vmaf_turbo_picture_ref(&dis, &p->dis[t % p->count]);
    if (!err) err = vmaf_read_pictures(vmaf, &ref, &dis, t);
    if (!err) return 0;
    if (ref.ref) vmaf_picture_unref(&ref);
    if (dis.ref) vmaf_picture_unref(&dis);
    return err;
}

/* The first tenth, with everything that is made once, does not count. */
static int score(VmafContext *vmaf, const Pairs *p, unsigned count, const char *what)
{
    const unsigned warm = count / 10 + 1;
    double start = now();
    int err = 0;
    for (unsigned t = 0; t < warm + count && !err; t++) {
        if (t == warm) start = now();
        err = score_pair(vmaf, p, t);
    }
    if (!err) err = vmaf_read_pictures(vmaf, NULL, NULL, 0);
    if (err)
        message("cannot score: %s", strerror(-err));
    else
        print_rate(what, count, now() - start);
    return err;
}

static int copy_to_gpu(VmafContext *vmaf, const Pairs *host, Pairs *gpu)
{
    VmafCudaPictureConfiguration cfg = {.pic_prealloc_method =
                                            VMAF_CUDA_PICTURE_PREALLOCATION_METHOD_DEVICE};
    cfg.pic_params.w = host->ref[0].w[0];
    cfg.pic_params.h = host->ref[0].h[0];
    cfg.pic_params.bpc = host->ref[0].bpc;
    cfg.pic_params.pix_fmt = host->ref[0].pix_fmt;
    int err = vmaf_cuda_preallocate_pictures(vmaf, cfg);
    for (; gpu->count < host->count && !err; gpu->count++) {
        const unsigned i = gpu->count;
        err = vmaf_cuda_fetch_preallocated_picture(vmaf, &gpu->ref[i]);
        if (!err) err = vmaf_cuda_fetch_preallocated_picture(vmaf, &gpu->dis[i]);
        if (!err) err = vmaf_turbo_copy_picture(vmaf, &gpu->ref[i], &host->ref[i]);
        if (!err) err = vmaf_turbo_copy_picture(vmaf, &gpu->dis[i], &host->dis[i]);
    }
    if (err) message("cannot copy pictures to the GPU: %s", strerror(-err));
    return err;
}

/* A context of its own: the first one has scored its frames. */
static int score_on_gpu(const Options *o, const Backend *backend, const Pairs *host)
{
    Session s = {.options = o, .input.fd = -1};
    const SessionShare share = {.backend = backend, .threads = o->threads};
    Pairs gpu = {.count = 0};
    int err = session_start(&s, &share);
    if (!err) err = copy_to_gpu(s.vmaf, host, &gpu);
    if (!err) err = score(s.vmaf, &gpu, o->bench, "scoring from the GPU's memory");
    drop(&gpu);
    session_close(&s);
    return err;
}

int benchmark(const Options *o, const Backend *backend, Input *reference, Session *s)
{
    const SessionShare share = {.backend = backend,
                                .threads = o->threads,
                                .bpc = s->input.format.bpc > reference->format.bpc
                                           ? s->input.format.bpc
                                           : reference->format.bpc,
                                .pictures = 2 * PAIRS};
    Pairs host = {.count = 0};
    int err = session_start(s, &share);
    if (!err) err = read_pairs(s->vmaf, reference, &s->input, &host);
    if (!err)
        err = score(s->vmaf, &host, o->bench,
                    backend->state ? "copying to the GPU and scoring" : "scoring");
    if (!err && backend->state) err = score_on_gpu(o, backend, &host);
    drop(&host);
    return err ? STATUS_SETUP : 0;
}
