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

/* A slot's work: tasks that were given out, that there are, that are not finished. */
typedef struct Job {
    unsigned claimed, tasks, left;
    bool done; /* waiting for its turn to be committed */
} Job;

struct VtPipeline {
    VtPipelineOps ops;
    unsigned n_threads, capacity, depth; /* depth: slots in use, of those there are */
    bool lazy;
    pthread_mutex_t lock;
    /* A slot was submitted or divided; a slot was committed or, if lazy, run. */
    pthread_cond_t work, room;
    /* Running counts; a slot's number is its count modulo depth. committed <= started <= submitted.
     */
    unsigned long submitted, started, committed;
    unsigned long unfinished; /* slots submitted whose work is not done */
    unsigned long unclaimed;  /* tasks of started slots */
    Job *job;                 /* by slot */
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
    p->job[slot].done = false;
    p->committed++;
    pthread_cond_broadcast(&p->room);
}

static bool oldest_is_run(const VtPipeline *p)
{
    return p->job[p->committed % p->depth].done;
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

/* ---- workers; all of this is called with the lock held ---- */

static void finish(VtPipeline *p, unsigned slot)
{
    pthread_mutex_unlock(&p->lock);
    p->ops.finish(p->ops.ctx, slot);
    pthread_mutex_lock(&p->lock);
    p->unfinished--;
    p->job[slot].done = true;
    if (p->lazy)
        pthread_cond_broadcast(&p->room);
    else
        commit_ready(p);
}

/* Works on a slot until none of its tasks is left to take. */
static void run_tasks(VtPipeline *p, unsigned slot, unsigned worker)
{
    Job *job = &p->job[slot];
    while (job->claimed < job->tasks) {
        const unsigned task = job->claimed++;
        p->unclaimed--;
        pthread_mutex_unlock(&p->lock);
        p->ops.run(p->ops.ctx, slot, task, worker);
        pthread_mutex_lock(&p->lock);
        if (!--job->left) {
            finish(p, slot); /* after which the slot may be another one's */
            return;
        }
    }
}

/* The workers, divided among the slots that have or wait for one. */
static unsigned share(const VtPipeline *p)
{
    return (unsigned)((p->n_threads + p->unfinished - 1) / p->unfinished);
}

static void start_next(VtPipeline *p, unsigned worker)
{
    const unsigned slot = (unsigned)(p->started++ % p->depth), workers = share(p);
    pthread_mutex_unlock(&p->lock);
    const unsigned tasks = p->ops.start(p->ops.ctx, slot, workers);
    pthread_mutex_lock(&p->lock);
    p->job[slot] = (Job){.tasks = tasks, .left = tasks};
    p->unclaimed += tasks;
    for (unsigned i = 1; i < workers && i < tasks; i++) pthread_cond_signal(&p->work);
    if (tasks)
        run_tasks(p, slot, worker);
    else
        finish(p, slot);
}

/* Takes tasks of the oldest slot that has any. */
static void help(VtPipeline *p, unsigned worker)
{
    unsigned long i = p->committed;
    while (p->job[i % p->depth].claimed == p->job[i % p->depth].tasks) i++;
    run_tasks(p, (unsigned)(i % p->depth), worker);
}

static void *work(void *arg)
{
    const Worker *w = arg;
    VtPipeline *p = w->pipeline;
    pthread_mutex_lock(&p->lock);
    for (;;) {
        if (p->started != p->submitted)
            start_next(p, w->number);
        else if (p->unclaimed)
            help(p, w->number);
        else if (p->stop)
            break;
        else
            pthread_cond_wait(&p->work, &p->lock);
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
    free(p->job);
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
    p->job = calloc(capacity, sizeof(*p->job));
    p->worker = calloc(n_threads ? n_threads : 1, sizeof(*p->worker));
    int err = p->job && p->worker ? init_sync(p) : -ENOMEM;
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
    const unsigned tasks = p->ops.start(p->ops.ctx, slot, 1);
    for (unsigned i = 0; i < tasks; i++) p->ops.run(p->ops.ctx, slot, i, 0);
    p->ops.finish(p->ops.ctx, slot);
    p->submitted++;
    p->started++;
    if (p->lazy) {
        p->job[slot].done = true;
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
    p->unfinished++;
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
