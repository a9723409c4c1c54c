/* The parts of a model that the engine sees, and prediction of one frame (spec: models 4 and 5). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "metric/registry.h"
#include "model/model_private.h"

const char *vt_model_name(const VmafModel *m)
{
    return m->name;
}

unsigned vt_model_features(const VmafModel *m)
{
    return m->n_features;
}

const char *vt_model_feature(const VmafModel *m, unsigned i, const VmafFeatureDictionary **options)
{
    *options = m->feature[i].options;
    return m->feature[i].base;
}

void vt_model_destroy(VmafModel *m)
{
    if (!m) return;
    for (unsigned i = 0; i < m->n_features; i++) {
        free(m->feature[i].base);
        free(m->feature[i].stored);
        vt_dictionary_free(&m->feature[i].options);
    }
    free(m->feature);
    free(m->name);
    vt_svm_free(&m->svm);
    free(m);
}

static unsigned output_of(const VtMetric *metric, const char *base)
{
    unsigned i = 0;
    while (strcmp(metric->outputs[i].base, base)) i++;
    return i;
}

int vt_model_feature_name(char **stored, const char *base, const VmafFeatureDictionary *options,
                          const VtLog *log)
{
    *stored = NULL;
    const VtMetric *metric = vt_metric_of_feature(base);
    if (!metric) {
        vt_error(log, "no metric provides the feature %s", base);
        return -EINVAL;
    }
    VtInstance *inst;
    const int err = vt_instance_create(&inst, metric, options, log);
    if (err) return err;
    *stored = strdup(inst->name[output_of(metric, base)]);
    vt_instance_destroy(inst);
    return *stored ? 0 : -ENOMEM;
}

/* Makes the name again to have the reason logged. */
static int report_no_name(const VmafModel *m, const VtModelFeature *f, const VtLog *log)
{
    char *stored;
    const int err = vt_model_feature_name(&stored, f->base, f->options, log);
    free(stored);
    if (err) vt_error(log, "model %s: feature %s cannot be had", m->name, f->base);
    return err ? err : -EINVAL;
}

static int read_features(const VmafModel *m, VtScores *scores, unsigned index, double *x,
                         const VtLog *log)
{
    for (unsigned i = 0; i < m->n_features; i++) {
        const VtModelFeature *f = &m->feature[i];
        if (!f->stored) return report_no_name(m, f, log);
        if (vt_scores_get(scores, f->stored, index, &x[i])) continue;
        vt_error(log, "model %s: feature %s has no value at frame %u", m->name, f->stored, index);
        return -EINVAL;
    }
    return 0;
}

static void normalise(const VmafModel *m, double *x)
{
    if (!m->rescale) return;
    for (unsigned i = 0; i < m->n_features; i++)
        x[i] = m->feature[i].slope * x[i] + m->feature[i].intercept;
}

static double denormalised(const VmafModel *m, const double *x, unsigned i)
{
    return m->rescale ? (x[i] - m->feature[i].intercept) / m->feature[i].slope : x[i];
}

/* Where the chroma feature is exactly 0, usually because the chroma planes are flat, takes its
 * value from the luma ADM3: c - c * adm3. */
static int correct_chroma(const VmafModel *m, double *x, const VtLog *log)
{
    int found[] = {[VT_ROLE_GUIDING] = -1, [VT_ROLE_GUIDED] = -1};
    for (unsigned i = 0; i < m->n_features; i++) {
        const VtRole role = m->feature[i].role;
        if (role == VT_ROLE_NONE) continue;
        if (found[role] >= 0) {
            vt_error(log, "model %s: two features could be the one of the chroma correction",
                     m->name);
            return -EINVAL;
        }
        if (role == VT_ROLE_GUIDED && denormalised(m, x, i) != 0.0) return 0;
        found[role] = (int)i;
    }
    const int guiding = found[VT_ROLE_GUIDING], guided = found[VT_ROLE_GUIDED];
    if (guiding < 0 || guided < 0) return 0;

    const double c = m->chroma_correction;
    const double r = -c * denormalised(m, x, (unsigned)guiding) + c;
    const VtModelFeature *f = &m->feature[guided];
    x[guided] = m->rescale ? f->slope * r + f->intercept : r;
    return 0;
}

int vt_model_raw_score(const VmafModel *m, VtScores *scores, unsigned index, double *raw,
                       const VtLog *log)
{
    double x[VT_MAX_FEATURES];
    int err = read_features(m, scores, index, x, log);
    if (err) return err;
    normalise(m, x);
    if (m->chroma_correction != 0) err = correct_chroma(m, x, log);
    if (err) return err;
    const double y = vt_svm_predict(&m->svm, x);
    *raw = m->rescale ? (y - m->intercept) / m->slope : y;
    return 0;
}

double vt_model_finish(const VmafModel *m, double raw)
{
    return vt_clip(&m->clip, vt_transform(&m->transform, raw));
}

int vt_model_predict(VmafModel *m, VtScores *scores, unsigned index, double *score,
                     const VtLog *log)
{
    double raw;
    if (vt_scores_get(scores, m->name, index, score)) return 0;
    int err = vt_model_raw_score(m, scores, index, &raw, log);
    if (err) return err;
    const double value = vt_model_finish(m, raw);
    err = vt_scores_put(scores, m->name, index, value);
    if (!err) *score = value;
    return err;
}
