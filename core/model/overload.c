/* Option overloads (spec: models 3.6). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "metric/registry.h"
#include "model/model_private.h"

/* New options and stored name of a feature, not yet in force. */
typedef struct Change {
    bool wanted;
    VmafFeatureDictionary *options;
    char *stored;
} Change;

static int prepare(Change *change, const VtModelFeature *f, const char *metric,
                   const VmafFeatureDictionary *opts)
{
    static const VtLog silent = {.level = VMAF_LOG_LEVEL_NONE};
    const VtMetric *provider = vt_metric_of_feature(f->base);
    change->wanted = provider && !strcmp(provider->name, metric);
    if (!change->wanted) return 0;
    int err = vt_dictionary_copy(&change->options, f->options);
    if (!err) err = vt_dictionary_merge(&change->options, opts);
    if (!err) err = vt_model_feature_name(&change->stored, f->base, change->options, &silent);
    return err == -EINVAL ? 0 : err; /* a bad value is reported when the model is registered */
}

static void swap(Change *change, VtModelFeature *f)
{
    const Change old = {true, f->options, f->stored};
    f->options = change->options;
    f->stored = change->stored;
    *change = old;
}

static int overload(VmafModel *m, const char *metric, const VmafFeatureDictionary *opts)
{
    Change change[VT_MAX_FEATURES] = {0};
    int err = 0;
    for (unsigned i = 0; i < m->n_features && !err; i++)
        err = prepare(&change[i], &m->feature[i], metric, opts);
    if (err) vt_error(NULL, "model %s: out of memory for options of %s", m->name, metric);
    for (unsigned i = 0; i < m->n_features; i++) {
        if (change[i].wanted && !err) swap(&change[i], &m->feature[i]);
        vt_dictionary_free(&change[i].options);
        free(change[i].stored);
    }
    return err;
}

static void warn_of_unknown(const VmafModel *m, const char *metric)
{
    if (!vt_metric_find(metric))
        vt_warning(NULL, "model %s: no metric is named %s, its options have no effect", m->name,
                   metric);
}

int vt_model_overload(VmafModel *m, const char *metric, const VmafFeatureDictionary *opts)
{
    warn_of_unknown(m, metric);
    return overload(m, metric, opts);
}

int vt_collection_overload(VmafModel *lead, VmafModelCollection *c, const char *metric,
                           const VmafFeatureDictionary *opts)
{
    warn_of_unknown(lead, metric);
    int err = overload(lead, metric, opts);
    for (unsigned i = 0; i < c->n_members && !err; i++) err = overload(c->member[i], metric, opts);
    return err;
}
