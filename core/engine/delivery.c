#include "engine/delivery.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "engine/context.h"
#include "metric/option.h"

/* The callbacks that a thread is inside of; of different contexts. */
typedef struct Call {
    const VmafContext *context;
    const struct Call *outer;
} Call;

static _Thread_local const Call *innermost;

bool vt_delivery_refuses(const VmafContext *c, const char *function)
{
    for (const Call *call = innermost; call; call = call->outer) {
        if (call->context != c) continue;
        vt_error(&c->log, "%s must not be called from the frame callback", function);
        return true;
    }
    return false;
}

int vt_delivery_start(VmafContext *c, VtFrameCallback callback, void *user)
{
    VtDelivery *d = &c->delivery;
    if (callback && !d->early) {
        const int err = vt_scores_create_over(&d->early, c->scores);
        if (err) return err;
    }
    d->callback = callback;
    d->user = user;
    return 0;
}

void vt_delivery_free(VtDelivery *d)
{
    vt_scores_destroy(d->early);
    free(d->pending);
    free(d->value);
    free(d->model);
}

/* ---- what a frame has ---- */

/* Room for every column; it grows when a name is new, not with frames. */
static int grow_values(VtDelivery *d, unsigned columns)
{
    if (columns <= d->value_capacity) return 0;
    VmafTurboValue *value = realloc(d->value, columns * sizeof(*value));
    if (!value) return -ENOMEM;
    d->value = value;
    d->value_capacity = columns;
    return 0;
}

/* The values of a store's columns; those that `but` has too are left out. */
static unsigned collect(VtDelivery *d, VtScores *from, VtScores *but, unsigned index, unsigned n)
{
    const unsigned columns = vt_scores_columns(from);
    for (unsigned i = 0; i < columns && n < d->value_capacity; i++) {
        VmafTurboValue *v = &d->value[n];
        double ignored;
        if (!vt_scores_column_get(from, i, index, &v->value)) continue;
        v->feature = vt_scores_column_name(from, i);
        v->name = vt_feature_alias(v->feature);
        if (!but || !vt_scores_get(but, v->feature, index, &ignored)) n++;
    }
    return n;
}

static void call(VmafContext *c, const VtPending *p)
{
    VtDelivery *d = &c->delivery;
    VmafTurboFrame frame = {.index = p->index, .error = p->error};
    if (d->score) {
        const int err = d->score(c, p->index, p->error != 0);
        if (!frame.error) frame.error = err;
    }
    const int err = grow_values(d, vt_scores_columns(c->scores) + vt_scores_columns(d->early));
    if (!frame.error) frame.error = err;
    frame.n_values = collect(d, c->scores, NULL, p->index, 0);
    frame.n_values = collect(d, d->early, c->scores, p->index, frame.n_values);
    frame.value = d->value;

    const Call here = {c, innermost};
    innermost = &here;
    d->callback(d->user, &frame);
    innermost = here.outer;
}

/* ---- whose turn it is ---- */

/* The index below which every frame has its values, `index` being the last committed. */
static unsigned settled(VmafContext *c, unsigned index, int *err)
{
    unsigned least = UINT_MAX;
    for (unsigned i = 0; i < c->n_prepared; i++) {
        const VtInstance *inst = c->instance[i];
        if (!inst->metric->settle) continue;
        VtSeriesContext sc;
        const VtSeries series = vt_series(&sc, c, i);
        const unsigned below = inst->metric->settle(inst, c->state[i], index, &series);
        if (below < least) least = below;
        if (sc.early_error) *err = sc.early_error;
    }
    return least;
}

static void deliver_below(VmafContext *c, unsigned end)
{
    VtDelivery *d = &c->delivery;
    unsigned n = 0;
    while (n < d->n_pending && d->pending[n].index < end) call(c, &d->pending[n++]);
    d->n_pending -= n;
    for (unsigned i = 0; n && i < d->n_pending; i++) d->pending[i] = d->pending[i + n];
}

/* Metrics look one or two frames ahead, so this does not grow with frames. */
static int append(VtDelivery *d, VtPending p)
{
    if (d->n_pending == d->capacity) {
        const unsigned capacity = d->capacity ? 2 * d->capacity : 8;
        VtPending *pending = realloc(d->pending, capacity * sizeof(*pending));
        if (!pending) return -ENOMEM;
        d->pending = pending;
        d->capacity = capacity;
    }
    d->pending[d->n_pending++] = p;
    return 0;
}

int vt_delivery_commit(VmafContext *c, unsigned index, bool scored, int error)
{
    VtPending p = {index, error};
    int early_error = 0;
    const int err = scored ? append(&c->delivery, p) : 0;
    const unsigned below = settled(c, index, &early_error);
    deliver_below(c, err ? UINT_MAX : below);
    if (!err) return early_error;
    if (!p.error) p.error = err; /* it cannot wait: at least its turn is right */
    call(c, &p);
    return err;
}

void vt_delivery_flush(VmafContext *c)
{
    deliver_below(c, UINT_MAX);
}
