/* Time from one frame to its scores, when each frame waits for the one before: what a client sees
 * that scores single frames, or that is slower than the library.
 *
 *     latency REF.y4m DIS.y4m FRAMES THREADS [THREADS ...]
 *
 * Every number of threads has a context of its own; they take turns, frame by frame, so that what
 * else runs on the machine slows all alike. vmaf_v0.6.1; a frame counts from vmaf_read_pictures to
 * the frame callback, which comes when it is committed (with the scores of the frame before, whose
 * motion2 waits for it). Prints the medians, and their ratios to the first. */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "libvmaf/libvmaf.h"
#include "libvmaf/turbo.h"

enum { PAIRS = 4, MAX_CONTEXTS = 16, MAX_FRAMES = 10000 };

typedef struct Client {
    VmafContext *vmaf;
    VmafModel *model;
    pthread_mutex_t lock;
    pthread_cond_t called;
    unsigned frames; /* delivered */
    double ms[MAX_FRAMES];
} Client;

static void die(const char *what, int err)
{
    fprintf(stderr, "latency: %s: %s\n", what, strerror(-err));
    exit(1);
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

/* ---- Y4M, of the kind that bench.py makes: 4:2:0 of 8 or 10 bits ---- */

static void read_plane(FILE *f, VmafPicture *pic, unsigned plane, const char *path)
{
    const size_t bytes = (size_t)pic->w[plane] * (pic->bpc > 8 ? 2 : 1);
    for (unsigned y = 0; y < pic->h[plane]; y++) {
        char *row = (char *)pic->data[plane] + (ptrdiff_t)y * pic->stride[plane];
        if (fread(row, 1, bytes, f) != bytes) die(path, -EIO);
    }
}

static void read_y4m(const char *path, VmafPicture pic[PAIRS])
{
    char line[256];
    unsigned w, h;
    FILE *f = fopen(path, "rb");
    if (!f) die(path, -errno);
    if (!fgets(line, sizeof(line), f) || sscanf(line, "YUV4MPEG2 W%u H%u", &w, &h) != 2)
        die(path, -EINVAL);
    const unsigned bpc = strstr(line, "C420p10") ? 10 : 8;
    for (unsigned i = 0; i < PAIRS; i++) {
        if (!fgets(line, sizeof(line), f)) die(path, -EIO);
        const int err = vmaf_picture_alloc(&pic[i], VMAF_PIX_FMT_YUV420P, bpc, w, h);
        if (err) die(path, err);
        for (unsigned plane = 0; plane < 3; plane++) read_plane(f, &pic[i], plane, path);
    }
    fclose(f);
}

/* ---- clients ---- */

static void on_frame(void *user, const VmafTurboFrame *frame)
{
    Client *c = user;
    if (frame->error) die("frame", frame->error);
    pthread_mutex_lock(&c->lock);
    c->frames++;
    pthread_cond_signal(&c->called);
    pthread_mutex_unlock(&c->lock);
}

static void open_client(Client *c, unsigned threads)
{
    const VmafConfiguration cfg = {.log_level = VMAF_LOG_LEVEL_ERROR, .n_threads = threads};
    VmafModelConfig model = {.name = "vmaf"};
    int err = -pthread_mutex_init(&c->lock, NULL);
    if (!err) err = -pthread_cond_init(&c->called, NULL);
    if (!err) err = vmaf_init(&c->vmaf, cfg);
    if (!err) err = vmaf_model_load(&c->model, &model, "vmaf_v0.6.1");
    if (!err) err = vmaf_use_features_from_model(c->vmaf, c->model);
    if (!err) err = vmaf_turbo_set_frame_callback(c->vmaf, on_frame, c);
    if (err) die("context", err);
}

static void score(Client *c, unsigned index, const VmafPicture *ref, const VmafPicture *dis)
{
    VmafPicture r = {0}, d = {0};
    int err = vmaf_turbo_picture_ref(&r, ref);
    if (!err) err = vmaf_turbo_picture_ref(&d, dis);
    if (err) die("picture", err);
    const double start = now_ms();
    err = vmaf_read_pictures(c->vmaf, &r, &d, index);
    if (err) die("frame", err);
    pthread_mutex_lock(&c->lock);
    while (c->frames < index) pthread_cond_wait(&c->called, &c->lock);
    pthread_mutex_unlock(&c->lock);
    c->ms[index] = now_ms() - start;
}

static void close_client(Client *c)
{
    const int err = vmaf_read_pictures(c->vmaf, NULL, NULL, 0);
    if (err) die("flush", err);
    vmaf_close(c->vmaf);
    vmaf_model_destroy(c->model);
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The first frame, with everything that is made once, does not count: nobody waits for it. */
static double median(Client *c, unsigned frames)
{
    qsort(c->ms + 1, frames - 1, sizeof(*c->ms), by_size);
    return c->ms[1 + (frames - 1) / 2];
}

int main(int argc, char **argv)
{
    static Client client[MAX_CONTEXTS];
    VmafPicture ref[PAIRS], dis[PAIRS];
    const unsigned n = argc > 4 ? (unsigned)argc - 4 : 0;
    const unsigned frames = n ? (unsigned)atoi(argv[3]) : 0;
    if (!n || n > MAX_CONTEXTS || frames < 3 || frames > MAX_FRAMES) {
        fprintf(stderr, "usage: latency REF.y4m DIS.y4m FRAMES THREADS [THREADS ...]\n");
        return 1;
    }
    read_y4m(argv[1], ref);
    read_y4m(argv[2], dis);
    for (unsigned k = 0; k < n; k++) open_client(&client[k], (unsigned)atoi(argv[4 + k]));
    for (unsigned i = 0; i < frames; i++)
        for (unsigned k = 0; k < n; k++) score(&client[k], i, &ref[i % PAIRS], &dis[i % PAIRS]);
    for (unsigned k = 0; k < n; k++) {
        const double ms = median(&client[k], frames), first = median(&client[0], frames);
        printf("%s %.2f %.3f\n", argv[4 + k], ms, first / ms);
        close_client(&client[k]);
    }
    for (unsigned i = 0; i < PAIRS; i++) {
        vmaf_picture_unref(&ref[i]);
        vmaf_picture_unref(&dis[i]);
    }
    return 0;
}
