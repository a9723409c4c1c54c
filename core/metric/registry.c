#include "metric/registry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const VtMetric *vt_metric_find(const char *name)
{
    for (const VtMetric *const *m = vt_metrics; *m; m++)
        if (!strcmp((*m)->name, name)) return *m;
    return NULL;
}

const VtMetric *vt_metric_of_feature(const char *base)
{
    for (const VtMetric *const *m = vt_metrics; *m; m++)
        for (unsigned i = 0; i < (*m)->n_outputs; i++)
            if ((*m)->outputs[i].kind != VT_OUTPUT_HIDDEN && !strcmp((*m)->outputs[i].base, base))
                return *m;
    return NULL;
}

#define NAME_SIZE 256

static int make_names(VtInstance *inst)
{
    const VtMetric *m = inst->metric;
    char name[NAME_SIZE];
    vt_feature_name(name, sizeof(name), m->name, m->options, inst->options);
    inst->identity = strdup(name);
    if (!inst->identity) return -ENOMEM;
    for (unsigned i = 0; i < m->n_outputs; i++) {
        if (!m->outputs[i].fixed_name)
            vt_feature_name(name, sizeof(name), m->outputs[i].base, m->options, inst->options);
        inst->name[i] = strdup(m->outputs[i].fixed_name ? m->outputs[i].base : name);
        if (!inst->name[i]) return -ENOMEM;
    }
    return 0;
}

int vt_instance_create(VtInstance **out, const VtMetric *metric, const VmafFeatureDictionary *dict,
                       const VtLog *log)
{
    *out = NULL;
    VtInstance *inst = calloc(1, sizeof(*inst));
    if (!inst) return -ENOMEM;
    inst->metric = metric;

    int err = vt_dictionary_copy(&inst->dict, dict);
    if (err) goto fail;
    inst->options = calloc(1, metric->options_size ? metric->options_size : 1);
    err = inst->options ? 0 : -ENOMEM;
    if (err) goto fail;
    err = vt_options_parse(metric->options, inst->dict, inst->options, metric->name, log);
    if (!err && metric->check) err = metric->check(inst->options, log);
    if (!err) err = make_names(inst);
    if (err) goto fail;
    *out = inst;
    return 0;

fail:
    vt_instance_destroy(inst);
    return err;
}

void vt_instance_destroy(VtInstance *inst)
{
    if (!inst) return;
    for (unsigned i = 0; i < VT_MAX_OUTPUTS; i++) free(inst->name[i]);
    free(inst->identity);
    free(inst->options);
    vt_dictionary_free(&inst->dict);
    free(inst);
}
