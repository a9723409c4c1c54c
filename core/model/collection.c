/* Bootstrap collections: loading and prediction (spec: models 2.5 and 6). */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/model_private.h"

static const char *const summary_suffix[VT_SUMMARIES] = {
    [VT_BAGGING] = "bagging",
    [VT_STDDEV] = "stddev",
    [VT_CI_LO] = "ci_p95_lo",
    [VT_CI_HI] = "ci_p95_hi",
};

bool vt_json_is_collection(const json_t *root)
{
    return json_is_object(json_object_get(json_object_get(root, "0"), "model_dict"));
}

static int no_memory(const VtModelSource *s)
{
    vt_error(NULL, "%s: out of memory for the model collection", s->label);
    return -ENOMEM;
}

static int add_member(VmafModelCollection *c, const json_t *json, const VtModelSource *s)
{
    const unsigned number = c->n_members + 1;
    if (number > VT_MAX_COLLECTION) {
        vt_error(NULL, "%s: more than %d models in the collection", s->label, VT_MAX_COLLECTION);
        return -EINVAL;
    }
    VmafModel **member = realloc(c->member, number * sizeof(*member));
    if (!member) return no_memory(s);
    c->member = member;

    char *name;
    if (asprintf(&name, "%s_%04u", c->name, number) < 0) return no_memory(s);
    const int err = vt_model_from_json(&member[c->n_members], json, name, s);
    free(name);
    if (err) return err;
    c->n_members = number;
    if (member[number - 1]->type != member[0]->type) {
        vt_error(NULL, "%s: model \"%u\" has another model_type than model \"1\"", s->label,
                 number);
        return -EINVAL;
    }
    c->type = member[0]->type;
    return 0;
}

/* Members must come as "0", "1", "2", ... in the file; any other member is skipped. */
static int add_members(VmafModel **lead, VmafModelCollection *c, const json_t *root,
                       const VtModelSource *s)
{
    unsigned next = 0;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)root, key, value)
    {
        char expected[16], label[512];
        snprintf(expected, sizeof(expected), "%u", next);
        if (strcmp(key, expected)) continue;
        snprintf(label, sizeof(label), "%s: model \"%u\"", s->label, next);
        const VtModelSource source = {label, s->flags};
        const int err = next ? add_member(c, value, &source)
                             : vt_model_from_json(lead, value, c->name, &source);
        if (err) return err;
        next++;
    }
    if (next >= 2) return 0;
    if (json_object_get(root, "model_dict"))
        vt_error(NULL, "%s is a single model, not a collection: use vmaf_model_load", s->label);
    else
        vt_error(NULL, "%s: not a model collection, which has models \"0\", \"1\", ...", s->label);
    return -EINVAL;
}

static int make_names(VmafModelCollection *c, const char *name, const VtModelSource *s)
{
    c->name = strdup(name);
    if (!c->name) return no_memory(s);
    for (int i = 0; i < VT_SUMMARIES; i++) {
        if (asprintf(&c->summary[i], "%s_%s", name, summary_suffix[i]) >= 0) continue;
        c->summary[i] = NULL; /* asprintf leaves it undefined */
        return no_memory(s);
    }
    return 0;
}

int vt_collection_from_json(VmafModel **lead, VmafModelCollection **out, const json_t *root,
                            const char *name, const VtModelSource *source)
{
    *lead = NULL;
    *out = NULL;
    VmafModelCollection *c = calloc(1, sizeof(*c));
    if (!c) return no_memory(source);
    int err = make_names(c, name, source);
    if (!err) err = add_members(lead, c, root, source);
    if (err) {
        vt_model_destroy(*lead);
        *lead = NULL;
        vt_collection_destroy(c);
        return err;
    }
    *out = c;
    return 0;
}

void vt_collection_destroy(VmafModelCollection *c)
{
    if (!c) return;
    for (unsigned i = 0; i < c->n_members; i++) vt_model_destroy(c->member[i]);
    for (int i = 0; i < VT_SUMMARIES; i++) free(c->summary[i]);
    free(c->member);
    free(c->name);
    free(c);
}

unsigned vt_collection_size(const VmafModelCollection *c)
{
    return c->n_members;
}

VmafModel *vt_collection_member(VmafModelCollection *c, unsigned i)
{
    return c->member[i];
}

const char *vt_collection_name(const VmafModelCollection *c)
{
    return c->name;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Between the two neighbours of rank percent * (n - 1) / 100. */
static double percentile(const double *sorted, unsigned n, double percent)
{
    const double rank = percent * (n - 1) / 100.0;
    const double lower = floor(rank), upper = ceil(rank);
    if (lower == upper) return sorted[(unsigned)lower];
    return sorted[(unsigned)lower] * (upper - rank) + sorted[(unsigned)upper] * (rank - lower);
}

/* Mean, deviation and 95 % interval of the members' raw scores, carried to the scale of the score
 * by the first member's transform and clip; the deviation by their slope at the mean. Sorts raw. */
static void summarise(const VmafModelCollection *c, double *raw, double summary[VT_SUMMARIES])
{
    const VmafModel *first = c->member[0];
    const unsigned n = c->n_members;
    const double step = 0.01;
    double sum = 0, squares = 0;
    for (unsigned i = 0; i < n; i++) sum += raw[i];
    const double mean = sum / n;
    for (unsigned i = 0; i < n; i++) squares += (raw[i] - mean) * (raw[i] - mean);
    const double deviation = sqrt(squares / n);
    const double slope =
        (vt_model_finish(first, mean + step) - vt_model_finish(first, mean - step)) / (2.0 * step);

    qsort(raw, n, sizeof(*raw), ascending);
    summary[VT_BAGGING] = vt_model_finish(first, mean);
    summary[VT_STDDEV] = deviation * slope;
    summary[VT_CI_LO] = vt_model_finish(first, percentile(raw, n, 2.5));
    summary[VT_CI_HI] = vt_model_finish(first, percentile(raw, n, 97.5));
}

/* Values stored by an earlier call that ran out of memory stay. */
static int store(VtScores *scores, const char *name, unsigned index, double value)
{
    double stored;
    return vt_scores_get(scores, name, index, &stored) ? 0
                                                       : vt_scores_put(scores, name, index, value);
}

static bool read_stored(const VmafModelCollection *c, VtScores *scores, unsigned index,
                        double summary[VT_SUMMARIES])
{
    for (int i = 0; i < VT_SUMMARIES; i++)
        if (!vt_scores_get(scores, c->summary[i], index, &summary[i])) return false;
    return true;
}

static int predict(VmafModelCollection *c, VtScores *scores, unsigned index,
                   double summary[VT_SUMMARIES], const VtLog *log)
{
    double raw[VT_MAX_COLLECTION];
    int err = 0;
    for (unsigned i = 0; i < c->n_members && !err; i++)
        err = vt_model_raw_score(c->member[i], scores, index, &raw[i], log);
    for (unsigned i = 0; i < c->n_members && !err; i++)
        err = store(scores, c->member[i]->name, index, vt_model_finish(c->member[i], raw[i]));
    if (err) return err;
    summarise(c, raw, summary);
    for (int i = 0; i < VT_SUMMARIES && !err; i++)
        err = store(scores, c->summary[i], index, summary[i]);
    return err;
}

int vt_collection_predict(VmafModelCollection *c, VtScores *scores, unsigned index,
                          VmafModelCollectionScore *score, const VtLog *log)
{
    double summary[VT_SUMMARIES];
    if (c->type != VT_MODEL_BOOTSTRAP && c->type != VT_MODEL_RESIDUE_BOOTSTRAP) {
        vt_error(log, "%s: the collection's model_type is not a bootstrap one", c->name);
        return -EINVAL;
    }
    if (!read_stored(c, scores, index, summary)) {
        const int err = predict(c, scores, index, summary, log);
        if (err) return err;
    }
    *score = (VmafModelCollectionScore){.type = VMAF_MODEL_COLLECTION_SCORE_BOOTSTRAP};
    score->bootstrap.bagging_score = summary[VT_BAGGING];
    score->bootstrap.stddev = summary[VT_STDDEV];
    score->bootstrap.ci.p95.lo = summary[VT_CI_LO];
    score->bootstrap.ci.p95.hi = summary[VT_CI_HI];
    return 0;
}
