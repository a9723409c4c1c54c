#include "engine/context.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "cpu/cpu.h"

#define MAX_THREADS 1024
#define VT_FETCH_MS 5000
#define DEVICE_SLOTS (2 * VT_GPU_BATCH) /* most frames that a device has in flight */

double vt_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static enum VmafLogLevel clamp_level(enum VmafLogLevel level)
{
    const int l = (int)level;
    return l < VMAF_LOG_LEVEL_NONE    ? VMAF_LOG_LEVEL_NONE
           : l > VMAF_LOG_LEVEL_DEBUG ? VMAF_LOG_LEVEL_DEBUG
                                      : level;
}

int vt_context_create(VmafContext **out, VmafConfiguration cfg)
{
    *out = NULL;
    VmafContext *c = calloc(1, sizeof(*c));
    if (!c) return -ENOMEM;
    c->cfg = cfg;
    c->log.level = clamp_level(cfg.log_level);
    if (cfg.n_threads > MAX_THREADS) {
        vt_warning(&c->log, "%u threads asked for, using %d", cfg.n_threads, MAX_THREADS);
        c->cfg.n_threads = MAX_THREADS;
    }
    c->n_workers = c->cfg.n_threads ? c->cfg.n_threads : 1;
    const unsigned of_threads = vt_pipeline_depth(c->cfg.n_threads);
    c->n_slots = of_threads > DEVICE_SLOTS ? of_threads : DEVICE_SLOTS;
    c->fetch_ms = VT_FETCH_MS;

    int err = vt_scores_create(&c->scores);
    if (err) goto fail_scores;
    err = -pthread_mutex_init(&c->error_lock, NULL);
    if (err) goto fail_lock;
    c->slot = calloc(c->n_slots, sizeof(*c->slot));
    c->scratch = calloc(c->n_workers, sizeof(*c->scratch));
    err = c->slot && c->scratch ? 0 : -ENOMEM;
    if (err) goto fail_memory;
    const VtPipelineOps ops = {c, vt_frame_start, vt_frame_run, vt_frame_finish, vt_frame_commit};
    err = vt_pipeline_create(&c->pipeline, c->cfg.n_threads, c->n_slots, &ops);
    if (err) goto fail_memory;
    *out = c;
    return 0;

fail_memory:
    free(c->scratch);
    free(c->slot);
    pthread_mutex_destroy(&c->error_lock);
fail_lock:
    vt_scores_destroy(c->scores);
fail_scores:
    vt_error(&c->log, "cannot make a context with %u threads: %s", c->cfg.n_threads,
             strerror(-err));
    free(c);
    return err;
}

/* A launch serves as many frames as fill a device, and two such lots are in flight; of large frames
 * four, so that copies, kernels and the last steps on the host overlap. */
unsigned vt_device_depth(unsigned n_threads, unsigned w, unsigned h, unsigned *batch)
{
    const uint64_t pixels = (uint64_t)w * h, enough = 1280 * 720;
    const uint64_t frames = pixels ? (enough + pixels - 1) / pixels : 1;
    *batch = frames < VT_GPU_BATCH ? (unsigned)frames : VT_GPU_BATCH;
    const unsigned device = 2 * *batch > 4 ? 2 * *batch : 4, host = vt_pipeline_depth(n_threads);
    return device > host ? device : host;
}

static void drop_history(VtHistory *h)
{
    for (unsigned k = 0; k < VT_MAX_HISTORY; k++) {
        vt_picture_unref(&h->ref[k]);
        vt_picture_unref(&h->dis[k]);
    }
}

void vt_context_destroy(VmafContext *c)
{
    vt_pipeline_destroy(c->pipeline); /* waits for the frames in flight */
    drop_history(&c->host_history);
    drop_history(&c->device_history);
    vt_ring_close(c->ring);
    vt_ring_close(c->device_ring);
    if (c->device) c->device->close(c->device);
    for (unsigned i = 0; i < c->n_teams; i++) {
        VtTeam *t = &c->team[i];
        if (t->group.metric->close) t->group.metric->close(&t->group);
        free(t->member);
        free(t->instance);
    }
    free(c->team);
    for (unsigned i = 0; i < c->n_instances; i++) {
        vt_instance_destroy(c->instance[i]);
        free(c->state[i]);
    }
    free(c->instance);
    free(c->state);
    for (unsigned i = 0; i < c->n_workers; i++) vt_aligned_free(c->scratch[i]);
    free(c->scratch);
    for (unsigned i = 0; i < c->n_slots; i++) {
        free(c->slot[i].result);
        free(c->slot[i].share);
        free(c->slot[i].sum);
    }
    free(c->slot);
    vt_index_set_free(&c->seen);
    vt_delivery_free(&c->delivery);
    pthread_mutex_destroy(&c->error_lock);
    vt_scores_destroy(c->scores);
    free(c);
}

static int append(VmafContext *c, VtInstance *inst)
{
    const unsigned n = c->n_instances + 1;
    VtInstance **instance = realloc(c->instance, n * sizeof(*instance));
    if (!instance) return -ENOMEM;
    c->instance = instance;
    void **state = realloc(c->state, n * sizeof(*state));
    if (!state) return -ENOMEM;
    c->state = state;
    const size_t size = inst->metric->state_size;
    state[n - 1] = calloc(1, size ? size : 1);
    if (!state[n - 1]) return -ENOMEM;
    instance[n - 1] = inst;
    c->n_instances = n;
    return 0;
}

int vt_context_use(VmafContext *c, const VtMetric *metric, const VmafFeatureDictionary *options)
{
    VtInstance *inst;
    int err = vt_instance_create(&inst, metric, options, &c->log);
    if (err) return err;
    for (unsigned i = 0; i < c->n_instances; i++) {
        if (!strcmp(c->instance[i]->identity, inst->identity)) {
            vt_instance_destroy(inst); /* the first registration wins */
            return 0;
        }
    }
    vt_pipeline_drain(c->pipeline); /* workers walk the list */
    err = append(c, inst);
    if (err) vt_instance_destroy(inst);
    return err;
}

int vt_context_take_error(VmafContext *c)
{
    pthread_mutex_lock(&c->error_lock);
    const int err = c->late_error;
    c->late_error = 0;
    pthread_mutex_unlock(&c->error_lock);
    return err;
}
