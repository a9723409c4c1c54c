/* The job queue: a ring of slots that workers run in any order and that are committed in the order
 * in which they were submitted. Its depth bounds the frames in flight. The slots' contents are the
 * owner's.
 *
 *     free -> (acquire) -> filled by the caller -> (submit) -> run on workers -> committed in
 * order -> free
 *
 * The work of a slot falls into tasks. A worker takes the oldest slot that none has started and
 * works through its tasks; one that finds no such slot helps with the oldest that has tasks left.
 * How finely a slot is divided is up to its owner, who is told when there are workers to spare: as
 * long as slots wait for workers, each worker has one of its own and nothing need be divided.
 *
 * Normally the worker that finds the oldest slot run commits it. A lazy pipeline leaves that to the
 * thread that acquires, drains or asks for it, so that frames stay in flight on a device while
 * their slots are only waited for when they are needed. */
#ifndef VT_ENGINE_PIPELINE_H
#define VT_ENGINE_PIPELINE_H

#include <stdbool.h>

typedef struct VtPipeline VtPipeline;

typedef struct VtPipelineOps {
    void *ctx;
    /* Divides a slot's work; share: how many workers it has, 1 if there are as many slots as
     * workers. Returns the number of tasks, which may be 0. */
    unsigned (*start)(void *ctx, unsigned slot, unsigned share);
    /* In parallel, at most one per worker. */
    void (*run)(void *ctx, unsigned slot, unsigned task, unsigned worker);
    void (*finish)(void *ctx, unsigned slot); /* once, after all tasks of a slot */
    void (*commit)(void *ctx, unsigned slot); /* one at a time, in order of submission */
} VtPipelineOps;

/* Slots for n_threads workers: each has one to work on and there is one more for every two of them,
 * so that a worker that finishes finds the next frame waiting. 1 without workers. */
unsigned vt_pipeline_depth(unsigned n_threads);

/* Starts the workers. With n_threads 0 the caller of submit does all the work. capacity: slots that
 * there are; the first vt_pipeline_depth(n_threads) of them are used until told otherwise. -ENOMEM,
 * -EAGAIN (no thread). */
int vt_pipeline_create(VtPipeline **out, unsigned n_threads, unsigned capacity,
                       const VtPipelineOps *ops);

/* Sets how many slots are used (1 .. capacity), and makes the pipeline lazy or not. Nothing may be
 * in flight. */
void vt_pipeline_configure(VtPipeline *p, unsigned depth, bool lazy);

/* In a lazy pipeline: waits until the oldest slot is run and commits it; false if none is in flight
 * or the pipeline is not lazy. */
bool vt_pipeline_commit_oldest(VtPipeline *p);

/* The slot to fill next; waits while all are in flight. One caller at a time. */
unsigned vt_pipeline_acquire(VtPipeline *p);

/* Hands over the slot acquired last. */
void vt_pipeline_submit(VtPipeline *p);

/* Waits until every submitted slot is committed. */
void vt_pipeline_drain(VtPipeline *p);

/* Whether a submitted slot is not committed yet. */
bool vt_pipeline_busy(VtPipeline *p);

/* Drains, ends the workers and frees; NULL allowed. */
void vt_pipeline_destroy(VtPipeline *p);

#endif
