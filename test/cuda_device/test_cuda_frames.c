/* The frame callback where a device has frames in flight and they are committed late: every frame
 * once, in order, with the values that it has after the flush. On the software device, or with
 * --real on a GPU. */
#include <stdio.h>
#include <string.h>

#include "support.h"

#define FRAMES 21
#define MAX_VALUES 32

typedef struct Listener {
    VmafModel *model;
    unsigned n, n_values[FRAMES], wrong;
    char feature[FRAMES][MAX_VALUES][64];
    double value[FRAMES][MAX_VALUES];
} Listener;

static unsigned passed, failed;

static void listen(void *user, const VmafTurboFrame *frame)
{
    Listener *l = user;
    if (frame->index != l->n || frame->error || l->n >= FRAMES || frame->n_values > MAX_VALUES) {
        l->wrong++;
        return;
    }
    for (unsigned i = 0; i < frame->n_values; i++) {
        snprintf(l->feature[l->n][i], sizeof(l->feature[l->n][i]), "%s", frame->value[i].feature);
        l->value[l->n][i] = frame->value[i].value;
    }
    l->n_values[l->n++] = frame->n_values;
}

static int use(VmafContext *vmaf, void *user)
{
    Listener *l = user;
    int err = vmaf_use_features_from_model(vmaf, l->model);
    if (!err) err = vmaf_turbo_set_frame_callback(vmaf, listen, l);
    return err ? err : vmaf_turbo_add_frame_model(vmaf, l->model, NULL);
}

/* After the flush. */
static int look(VmafContext *vmaf, void *user)
{
    Listener *l = user;
    double score;
    int err = vmaf_score_pooled(vmaf, l->model, VMAF_POOL_METHOD_MEAN, &score, 0, FRAMES - 1);
    for (unsigned t = 0; t < l->n && !err; t++)
        for (unsigned i = 0; i < l->n_values[t] && !err; i++) {
            err = vmaf_feature_score_at_index(vmaf, l->feature[t][i], &score, t);
            if (!err && memcmp(&score, &l->value[t][i], sizeof(score))) l->wrong++;
        }
    return err;
}

static void one(Mode mode, unsigned threads, VmafModel *model)
{
    static Listener l;
    Life life = {.mode = mode, .threads = threads, .frames = FRAMES, .use = use, .look = look};
    double score;
    memset(&l, 0, sizeof(l));
    l.model = model;
    life.user = &l;
    const int err = life_run(&life, &score);
    if (!err && !l.wrong && l.n == FRAMES && l.n_values[0] > 6) {
        passed++;
        return;
    }
    failed++;
    printf("FAILED: %s, %u threads: result %d, %u frames, %u wrong\n", mode_names[mode], threads,
           err, l.n, l.wrong);
}

int main(int argc, char **argv)
{
    cuda_setup(argc, argv, "cuda_frames");
    VmafModelConfig cfg = {.name = "vmaf"};
    VmafModel *model;
    if (vmaf_model_load(&model, &cfg, "vmaf_v0.6.1")) return 1;
    for (Mode mode = NONE; mode < MODES; mode++)
        for (unsigned threads = 0; threads <= 2; threads += 2) one(mode, threads, model);
    vmaf_model_destroy(model);
    printf("cuda_frames: %u passed, %u failed\n", passed, failed);
    return failed || !passed;
}
