/* The context: registered metrics, frames in flight, scores. Arguments are checked by api/. */
#ifndef VT_ENGINE_CONTEXT_H
#define VT_ENGINE_CONTEXT_H

#include <pthread.h>
#include <stdbool.h>

#include "base/log.h"
#include "engine/delivery.h"
#include "engine/index_set.h"
#include "engine/pipeline.h"
#include "engine/score_store.h"
#include "metric/device.h"
#include "metric/registry.h"
#include "picture/ring.h"

/* A pair and the pictures before it; empty where there is none. */
typedef struct VtPictures {
    VmafPicture ref, dis, prev_ref[VT_MAX_HISTORY], prev_dis[VT_MAX_HISTORY];
} VtPictures;

/* Earlier pictures are kept apart for metrics on the CPU and on the device. */
typedef struct VtHistory {
    VmafPicture ref[VT_MAX_HISTORY], dis[VT_MAX_HISTORY];
    unsigned n_ref, n_dis; /* how many the metrics want */
} VtHistory;

/* A team's part in the work on one frame. */
typedef struct VtShare {
    unsigned n_parts; /* 0: it does not run */
    int error;        /* of a team that is not cut into parts */
} VtShare;

typedef _Atomic uint64_t VtTotal; /* of the parts that are done so far */

/* One frame in flight. */
typedef struct VtSlot {
    unsigned index;
    VtPictures on_host, on_device; /* as far as metrics there read them */
    bool scored;      /* its index is one of the subsampled ones, so every metric runs */
    bool submitted;   /* to the device */
    int error;        /* the first one of this frame */
    VtResult *result; /* by instance */
    VtShare *share;   /* by team */
    VtTotal *sum;     /* of all teams */
} VtSlot;

/* A group and where its members stand in the context's list of instances. */
typedef struct VtTeam {
    VtGroup group;
    VtInstance **member;
    unsigned *instance;
    unsigned first_sum; /* in a slot */
    bool on_device;
    unsigned device_number; /* of its group there */
} VtTeam;

typedef struct VtSeriesContext {
    VtScores *scores, *early;
    const VtInstance *instance;
    int early_error; /* of a value put early */
} VtSeriesContext;

struct VmafContext {
    VmafConfiguration cfg;
    VtLog log;
    VtScores *scores;
    VtRing *ring;        /* the caller's preallocated pictures, or NULL */
    VtRing *device_ring; /* the same, from vmaf_cuda_preallocate_pictures */
    VtDevice *device;    /* where device pictures lie and metrics may run, or NULL */
    unsigned fetch_ms;   /* how long a fetch from device_ring waits while no frame is in flight */

    VtInstance **instance; /* in order of registration, which is the order of their scores */
    void **state;          /* of each instance's ordered part */
    unsigned n_instances;

    /* Made from the instances when the format is known (prepare.c). */
    VtTeam *team;
    unsigned n_teams, n_prepared; /* n_prepared: instances that belong to a team */
    unsigned n_host_teams, n_device_teams;
    bool luma_only; /* no prepared metric on the CPU reads chroma */
    void **scratch; /* one block per worker, shared by its teams one after the other */
    size_t scratch_size;
    bool has_format;
    VtFormat format;

    VtPipeline *pipeline;
    VtSlot *slot;
    unsigned n_slots, n_workers;
    unsigned n_parts; /* that every frame is cut into; 0: as workers can be spared. For tests. */

    VtHistory host_history, device_history;
    VtIndexSet seen;
    unsigned n_pairs; /* accepted */
    VtDelivery delivery;
    bool flushed;
    int late_error; /* of a committed frame, not reported yet; changed by commit only, read after a
                       drain or under error_lock */
    pthread_mutex_t error_lock;
    double first_time,
        last_time; /* wall clock, seconds: first pair accepted, last frame committed */
};

int vt_context_create(VmafContext **out, VmafConfiguration cfg);
void vt_context_destroy(VmafContext *c);

/* Registers a metric unless an instance with the same identity exists. */
int vt_context_use(VmafContext *c, const VtMetric *metric, const VmafFeatureDictionary *options);

/* Builds the groups of instances registered since the last call, for c->format. Nothing may be in
 * flight. On failure the context is as before. */
int vt_context_prepare(VmafContext *c);

/* Scores a pair; see vmaf_read_pictures. */
int vt_context_read(VmafContext *c, VmafPicture *ref, VmafPicture *dis, unsigned index);
int vt_context_flush(VmafContext *c);

/* Takes a picture from a ring, committing frames that wait for that. -ETIMEDOUT when none came back
 * within the bound although no frame was in flight, so that only the caller can hold them. */
int vt_context_fetch(VmafContext *c, VtRing *ring, VmafPicture *pic);

/* Frames that the device may have in flight at this size and how many of them a launch serves. */
unsigned vt_device_depth(unsigned n_threads, unsigned w, unsigned h, unsigned *batch);

/* The pipeline's callbacks (frame.c). */
unsigned vt_frame_start(void *context, unsigned slot, unsigned share);
void vt_frame_run(void *context, unsigned slot, unsigned task, unsigned worker);
void vt_frame_finish(void *context, unsigned slot);
void vt_frame_commit(void *context, unsigned slot);

/* The view that an instance's join and flush have of the scores. */
VtSeries vt_series(VtSeriesContext *s, VmafContext *c, unsigned instance);

/* Takes the error that a worker left behind, if any. */
int vt_context_take_error(VmafContext *c);

double vt_now(void);

#endif
