#include "engine/pipeline.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

typedef struct Worker {
    VtPipeline *pipeline;
    pthread_t thread;
    unsigned number;
} Worker;

struct VtPipeline {
    VtPipelineOps ops;
    unsigned n_threads, capacity, depth; /* depth: slots in use, of those there are */
    bool lazy;
    pthread_mutex_t lock;
    /* A slot was submitted; a slot was committed or, if lazy, run. */
    pthread_cond_t work, room;
    /* Running counts; a slot's number is its count modulo depth. committed <= started <= submitted.
     */
    unsigned long submitted, started, committed;
    bool *done; /* by slot: run, waiting for its turn to be committed */
    bool committing, stop;
    unsigned n_workers; /* threads that were started */
    Worker *worker;
};

unsigned vt_pipeline_depth(unsigned n_threads)
{
    return n_threads ? n_threads + (n_threads + 1) / 2 : 1;
}

/* Commits the oldest slot, which is run; called with the lock held. */
static void commit(VtPipeline *p)
{
    const unsigned slot = (unsigned)(p->committed % p->depth);
    pthread_mutex_unlock(&p->lock);
    p->ops.commit(p->ops.ctx, slot);
    pthread_mutex_lock(&p->lock);
    p->done[slot] = false;
    p->committed++;
    pthread_cond_broadcast(&p->room);
}

static bool oldest_is_run(const VtPipeline *p)
{
    return p->done[p->committed % p->depth];
}

/* Commits every slot whose turn has come. The thread that finds the oldest slot done does it, for
 * all that follow; others only mark theirs. Called with the lock held. */
static void commit_ready(VtPipeline *p)
{
    if (p->committing) return;
    p->committing = true;
    while (oldest_is_run(p)) commit(p);
    p->committing = false;
}

/* The caller's part of a lazy pipeline; with the lock held and a slot in flight. */
static void commit_oldest(VtPipeline *p)
{
    while (!oldest_is_run(p)) pthread_cond_wait(&p->room, &p->lock);
    commit(p);
}

static void *work(void *arg)
{
    const Worker *w = arg;
    VtPipeline *p = w->pipeline;
    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (p->started == p->submitted && !p->stop) pthread_cond_wait(&p->work, &p->lock);
        if (p->started == p->submitted) break;
        const unsigned slot = (unsigned)(p->started++ % p->depth);
        pthread_mutex_unlock(&p->lock);
        p->ops.run(p->ops.ctx, slot, w->number);
        pthread_mutex_lock(&p->lock);
        p->done[slot] = true;
        if (p->lazy)
            pthread_cond_broadcast(&p->room);
        else
            commit_ready(p);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

static void stop_workers(VtPipeline *p)
{
    pthread_mutex_lock(&p->lock);
    p->stop = true;
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->lock);
    for (unsigned i = 0; i < p->n_workers; i++) pthread_join(p->worker[i].thread, NULL);
}

static int start_workers(VtPipeline *p)
{
    for (unsigned i = 0; i < p->n_threads; i++) {
        p->worker[i] = (Worker){.pipeline = p, .number = i};
        const int err = pthread_create(&p->worker[i].thread, NULL, work, &p->worker[i]);
        if (err) {
            stop_workers(p);
            return -err;
        }
        p->n_workers++;
    }
    return 0;
}

static int init_sync(VtPipeline *p)
{
    int err = -pthread_mutex_init(&p->lock, NULL);
    if (err) return err;
    err = -pthread_cond_init(&p->work, NULL);
    if (err) goto fail_work;
    err = -pthread_cond_init(&p->room, NULL);
    if (err) goto fail_room;
    return 0;

fail_room:
    pthread_cond_destroy(&p->work);
fail_work:
    pthread_mutex_destroy(&p->lock);
    return err;
}

static void destroy_sync(VtPipeline *p)
{
    pthread_cond_destroy(&p->room);
    pthread_cond_destroy(&p->work);
    pthread_mutex_destroy(&p->lock);
}

static void free_memory(VtPipeline *p)
{
    free(p->worker);
    free(p->done);
    free(p);
}

int vt_pipeline_create(VtPipeline **out, unsigned n_threads, unsigned capacity,
                       const VtPipelineOps *ops)
{
    *out = NULL;
    VtPipeline *p = calloc(1, sizeof(*p));
    if (!p) return -ENOMEM;
    p->ops = *ops;
    p->n_threads = n_threads;
    p->capacity = capacity;
    p->depth = vt_pipeline_depth(n_threads) < capacity ? vt_pipeline_depth(n_threads) : capacity;
    p->done = calloc(capacity, sizeof(*p->done));
    p->worker = calloc(n_threads ? n_threads : 1, sizeof(*p->worker));
    int err = p->done && p->worker ? init_sync(p) : -ENOMEM;
    if (err) goto fail;
    err = start_workers(p);
    if (err) {
        destroy_sync(p);
        goto fail;
    }
    *out = p;
    return 0;

fail:
    free_memory(p);
    return err;
}

void vt_pipeline_configure(VtPipeline *p, unsigned depth, bool lazy)
{
    pthread_mutex_lock(&p->lock);
    p->depth = depth < 1 ? 1 : depth < p->capacity ? depth : p->capacity;
    p->lazy = lazy;
    p->submitted = p->started = p->committed = 0;
    pthread_mutex_unlock(&p->lock);
}

/* With the lock held: waits for a slot to be committed, or commits one. */
static void make_room(VtPipeline *p)
{
    if (p->lazy)
        commit_oldest(p);
    else
        pthread_cond_wait(&p->room, &p->lock);
}

bool vt_pipeline_commit_oldest(VtPipeline *p)
{
    pthread_mutex_lock(&p->lock);
    const bool some = p->lazy && p->committed != p->submitted;
    if (some) commit_oldest(p);
    pthread_mutex_unlock(&p->lock);
    return some;
}

unsigned vt_pipeline_acquire(VtPipeline *p)
{
    pthread_mutex_lock(&p->lock);
    while (p->submitted - p->committed == p->depth) make_room(p);
    const unsigned slot = (unsigned)(p->submitted % p->depth);
    pthread_mutex_unlock(&p->lock);
    return slot;
}

/* Without workers: nobody else looks at the slots. */
static void run_here(VtPipeline *p, unsigned slot)
{
    p->ops.run(p->ops.ctx, slot, 0);
    p->submitted++;
    p->started++;
    if (p->lazy) {
        p->done[slot] = true;
        return;
    }
    p->ops.commit(p->ops.ctx, slot);
    p->committed++;
}

void vt_pipeline_submit(VtPipeline *p)
{
    const unsigned slot = (unsigned)(p->submitted % p->depth);
    if (!p->n_threads) {
        run_here(p, slot);
        return;
    }
    pthread_mutex_lock(&p->lock);
    p->submitted++;
    pthread_cond_signal(&p->work);
    pthread_mutex_unlock(&p->lock);
}

void vt_pipeline_drain(VtPipeline *p)
{
    pthread_mutex_lock(&p->lock);
    while (p->committed != p->submitted) make_room(p);
    pthread_mutex_unlock(&p->lock);
}

bool vt_pipeline_busy(VtPipeline *p)
{
    pthread_mutex_lock(&p->lock);
    const bool busy = p->committed != p->submitted;
    pthread_mutex_unlock(&p->lock);
    return busy;
}

void vt_pipeline_destroy(VtPipeline *p)
{
    if (!p) return;
    vt_pipeline_drain(p);
    stop_workers(p);
    destroy_sync(p);
    free_memory(p);
}
