/* The job queue: a ring of slots that workers run in any order and that are committed in the order
 * in which they were submitted. Its depth bounds the frames in flight. The slots' contents are the
 * owner's.
 *
 *     free -> (acquire) -> filled by the caller -> (submit) -> run on a worker -> committed in
 * order -> free
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
    void (*run)(void *ctx, unsigned slot,
                unsigned worker);             /* in parallel, at most one per worker */
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
