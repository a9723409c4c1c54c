#include "models.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "libvmaf/turbo.h"
#include "message.h"

static int failed(const ModelSpec *spec, const char *what, int err)
{
    message("%s model %s: %s", what, model_spec_label(spec), strerror(-err));
    return err;
}

static bool is_extractor(const char *name)
{
    const char *known, *help;

    for (unsigned i = 0; !vmaf_turbo_metric(i, &known, &help); i++)
        if (!strcmp(name, known)) return true;
    return false;
}

static int load(Models *m, unsigned i)
{
    const ModelSpec *s = &m->spec[i];
    VmafModelConfig cfg = {.name = s->name, .flags = s->flags};

    if (s->version) return vmaf_turbo_model_load(&m->model[i], &m->collection[i], &cfg, s->version);
    return vmaf_turbo_model_load_from_path(&m->model[i], &m->collection[i], &cfg, s->path);
}

static int overload(Models *m, unsigned i, const Setting *s)
{
    VmafFeatureDictionary *options = NULL;

    if (!is_extractor(s->extractor)) {
        message("model %s: there is no feature \"%s\"", model_spec_label(&m->spec[i]),
                s->extractor);
        return -EINVAL;
    }
    int err = vmaf_feature_dictionary_set(&options, s->option, s->value);
    if (err) return err;
    return m->collection[i] ? vmaf_model_collection_feature_overload(m->model[i], &m->collection[i],
                                                                     s->extractor, options)
                            : vmaf_model_feature_overload(m->model[i], s->extractor, options);
}

int models_load(Models *m, const ModelSpec *spec, unsigned count)
{
    *m = (Models){.spec = spec, .count = count};
    for (unsigned i = 0; i < count; i++) {
        int err = load(m, i);
        for (unsigned k = 0; !err && k < spec[i].n_overloads; k++)
            err = overload(m, i, &spec[i].overload[k]);
        if (err) return failed(&spec[i], "cannot load", err);
    }
    return 0;
}

void models_free(Models *m)
{
    for (unsigned i = 0; i < m->count; i++) {
        vmaf_model_destroy(m->model[i]);
        vmaf_model_collection_destroy(m->collection[i]);
    }
    *m = (Models){0};
}

int models_register(Models *m, VmafContext *vmaf)
{
    for (unsigned i = 0; i < m->count; i++) {
        int err = m->collection[i] ? vmaf_use_features_from_model_collection(vmaf, m->collection[i])
                                   : vmaf_use_features_from_model(vmaf, m->model[i]);
        if (err) return failed(&m->spec[i], "cannot use", err);
    }
    return 0;
}

int models_follow(Models *m, VmafContext *vmaf)
{
    int err = 0;

    for (unsigned i = 0; !err && i < m->count; i++)
        err = vmaf_turbo_add_frame_model(vmaf, m->model[i], NULL);
    for (unsigned i = 0; !err && i < m->count; i++)
        if (m->collection[i]) err = vmaf_turbo_add_frame_model(vmaf, NULL, m->collection[i]);
    return err;
}

static int score_model(Models *m, VmafContext *vmaf, unsigned i, unsigned last, const char *prefix)
{
    double score;
    int err = vmaf_score_pooled(vmaf, m->model[i], VMAF_POOL_METHOD_MEAN, &score, 0, last);

    if (err) return failed(&m->spec[i], "cannot score", err);
    if (prefix) fprintf(stderr, "%s%s: %f\n", prefix, model_spec_label(&m->spec[i]), score);
    return 0;
}

static int score_collection(Models *m, VmafContext *vmaf, unsigned i, unsigned last,
                            const char *prefix)
{
    VmafModelCollectionScore score;
    int err = vmaf_score_pooled_model_collection(vmaf, m->collection[i], VMAF_POOL_METHOD_MEAN,
                                                 &score, 0, last);

    if (err) return failed(&m->spec[i], "cannot score", err);
    if (prefix)
        fprintf(stderr, "%s%s: %f, ci.p95: [%f, %f], stddev: %f\n", prefix,
                model_spec_label(&m->spec[i]), score.bootstrap.bagging_score,
                score.bootstrap.ci.p95.lo, score.bootstrap.ci.p95.hi, score.bootstrap.stddev);
    return 0;
}

/* All single and lead models first: that is the order of their columns in reports. */
int models_score(Models *m, VmafContext *vmaf, unsigned n_frames, const char *prefix)
{
    int first_error = 0;

    for (unsigned i = 0; i < m->count; i++) {
        int err = score_model(m, vmaf, i, n_frames - 1, prefix);
        if (err && !first_error) first_error = err;
    }
    for (unsigned i = 0; i < m->count; i++) {
        int err = m->collection[i] ? score_collection(m, vmaf, i, n_frames - 1, prefix) : 0;
        if (err && !first_error) first_error = err;
    }
    return first_error;
}
