/* Frames to the frame callback: in order of their indices, each from the moment its values are
 * complete. Driven by the commit of frames, so one call at a time, and by the flush. */
#ifndef VT_ENGINE_DELIVERY_H
#define VT_ENGINE_DELIVERY_H

#include <stdbool.h>

#include "engine/score_store.h"
#include "libvmaf/turbo.h"

typedef void (*VtFrameCallback)(void *user, const VmafTurboFrame *frame);

/* A committed frame that waits for values that look ahead. */
typedef struct VtPending {
    unsigned index;
    int error;
} VtPending;

typedef struct VtFrameModel {
    VmafModel *model;                /* or */
    VmafModelCollection *collection; /* the other NULL */
    bool failed;                     /* one line was logged */
} VtFrameModel;

typedef struct VtDelivery {
    VtFrameCallback callback; /* NULL: nobody listens, and nothing here is used */
    void *user;
    VtScores *early; /* over the context's scores: values before the flush, scores of the models */
    VtPending *pending;
    unsigned n_pending, capacity;
    unsigned last_read; /* the last index, the highest so far; 0 before the first */
    VmafTurboValue *value;
    unsigned value_capacity;
    VtFrameModel *model;
    unsigned n_models;
    /* Puts the models' scores of a frame into `early`; api/, since the engine knows no models. */
    int (*score)(VmafContext *c, unsigned index, bool quiet);
} VtDelivery;

/* Frames go to this function from now on; nothing was read yet. -ENOMEM. */
int vt_delivery_start(VmafContext *c, VtFrameCallback callback, void *user);
void vt_delivery_free(VtDelivery *d);

/* A frame was committed; scored: it is one of those that are delivered. Calls back for it and for
 * those before it, as far as they are complete. -ENOMEM. */
int vt_delivery_commit(VmafContext *c, unsigned index, bool scored, int error);

/* Calls back for all frames that are left. */
void vt_delivery_flush(VmafContext *c);

/* Whether the calling thread is inside this context's callback, where it must not wait for frames;
 * one log line that names the function if so. */
bool vt_delivery_refuses(const VmafContext *c, const char *function);

#endif
