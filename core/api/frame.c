/* Results while running: the frame callback and what may be done with a frame. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/export.h"
#include "engine/context.h"
#include "model/model.h"
#include "output/report.h"

static const VtLog silent = {.level = VMAF_LOG_LEVEL_NONE};

static int may_set(const VmafContext *vmaf, const char *function)
{
    if (vt_delivery_refuses(vmaf, function)) return -EDEADLK;
    if (!vmaf->has_format && !vmaf->flushed) return 0;
    vt_error(&vmaf->log, "%s comes after the first frame", function);
    return -EINVAL;
}

VT_EXPORT int
vmaf_turbo_set_frame_callback(VmafContext *vmaf,
                              void (*callback)(void *user, const VmafTurboFrame *frame), void *user)
{
    if (!vmaf) return -EINVAL;
    const int err = may_set(vmaf, __func__);
    return err ? err : vt_delivery_start(vmaf, callback, user);
}

/* ---- scores of models ---- */

static int score_one(VtFrameModel *m, VtScores *into, unsigned index, const VtLog *log)
{
    double score;
    VmafModelCollectionScore summary;
    return m->model ? vt_model_predict(m->model, into, index, &score, log)
                    : vt_collection_predict(m->collection, into, index, &summary, log);
}

/* quiet: the frame failed, which was said; a feature may be missing. A model that cannot score says
 * so once. */
static int score_frame(VmafContext *c, unsigned index, bool quiet)
{
    VtDelivery *d = &c->delivery;
    int first_error = 0;
    for (unsigned i = 0; i < d->n_models; i++) {
        VtFrameModel *m = &d->model[i];
        const bool say = !quiet && !m->failed;
        const int err = score_one(m, d->early, index, say ? &c->log : &silent);
        if (err && say) m->failed = true;
        if (err && !first_error) first_error = err;
    }
    return first_error;
}

static int append(VtDelivery *d, VtFrameModel m)
{
    VtFrameModel *model = realloc(d->model, (d->n_models + 1) * sizeof(*model));
    if (!model) return -ENOMEM;
    d->model = model;
    model[d->n_models++] = m;
    d->score = score_frame;
    return 0;
}

VT_EXPORT int vmaf_turbo_add_frame_model(VmafContext *vmaf, VmafModel *model,
                                         VmafModelCollection *collection)
{
    if (!vmaf || (!model && !collection)) return -EINVAL;
    int err = may_set(vmaf, __func__);
    if (!err && model) err = append(&vmaf->delivery, (VtFrameModel){.model = model});
    if (!err && collection) err = append(&vmaf->delivery, (VtFrameModel){.collection = collection});
    return err;
}

/* ---- one frame ---- */

VT_EXPORT int vmaf_turbo_frame_value(const VmafTurboFrame *frame, const char *name, double *value)
{
    if (!frame || !name || !value) return -EINVAL;
    for (unsigned i = 0; i < frame->n_values; i++) {
        const VmafTurboValue *v = &frame->value[i];
        if (strcmp(v->name, name) && strcmp(v->feature, name)) continue;
        *value = v->value;
        return 0;
    }
    return -EINVAL;
}

VT_EXPORT int vmaf_turbo_print_frame(const VmafTurboFrame *frame, FILE *to, int precision)
{
    return frame && to ? vt_frame_print(frame, to, precision) : -EINVAL;
}
