/* Scores out: per frame and pooled. */
#include <errno.h>

#include "api/export.h"
#include "engine/context.h"
#include "engine/pooling.h"
#include "model/model.h"

/* A value that is missing before the flush may still come (from a frame in flight, or a metric that
 * looks ahead); afterwards it never will. */
static int missing(const VmafContext *c, unsigned index)
{
    return !c->flushed && vt_index_set_has(&c->seen, index) ? -EAGAIN : -EINVAL;
}

VT_EXPORT int vmaf_feature_score_at_index(VmafContext *vmaf, const char *feature_name,
                                          double *score, unsigned index)
{
    if (!vmaf || !feature_name || !score) return -EINVAL;
    return vt_scores_get(vmaf->scores, feature_name, index, score) ? 0 : missing(vmaf, index);
}

VT_EXPORT int vmaf_score_at_index(VmafContext *vmaf, VmafModel *model, double *score,
                                  unsigned index)
{
    if (!vmaf || !model || !score) return -EINVAL;
    const int err = vt_model_predict(model, vmaf->scores, index, score, &vmaf->log);
    return err == -EINVAL ? missing(vmaf, index) : err;
}

VT_EXPORT int vmaf_score_at_index_model_collection(VmafContext *vmaf,
                                                   VmafModelCollection *model_collection,
                                                   VmafModelCollectionScore *score, unsigned index)
{
    if (!vmaf || !model_collection || !score) return -EINVAL;
    const int err = vt_collection_predict(model_collection, vmaf->scores, index, score, &vmaf->log);
    return err == -EINVAL ? missing(vmaf, index) : err;
}

static bool bad_range(enum VmafPoolingMethod method, unsigned low, unsigned high)
{
    return method <= VMAF_POOL_METHOD_UNKNOWN || method >= VMAF_POOL_METHOD_NB || low > high;
}

static bool skipped(const VmafContext *c, unsigned index)
{
    return c->cfg.n_subsample > 1 && index % c->cfg.n_subsample;
}

VT_EXPORT int vmaf_feature_score_pooled(VmafContext *vmaf, const char *feature_name,
                                        enum VmafPoolingMethod pool_method, double *score,
                                        unsigned index_low, unsigned index_high)
{
    if (!vmaf || !feature_name || !score || bad_range(pool_method, index_low, index_high))
        return -EINVAL;
    VtPool pool;
    const int err = vt_pool_column(vmaf->scores, feature_name, index_low, index_high,
                                   vmaf->cfg.n_subsample, &pool);
    if (!err) *score = vt_pool_result(&pool, pool_method);
    return err;
}

VT_EXPORT int vmaf_score_pooled(VmafContext *vmaf, VmafModel *model,
                                enum VmafPoolingMethod pool_method, double *score,
                                unsigned index_low, unsigned index_high)
{
    if (!vmaf || !model || !score || bad_range(pool_method, index_low, index_high)) return -EINVAL;
    VtPool pool = {0};
    for (unsigned i = index_low; i <= index_high && i >= index_low; i++) {
        if (skipped(vmaf, i)) continue;
        double value;
        const int err = vmaf_score_at_index(vmaf, model, &value, i);
        if (err) return err;
        vt_pool_add(&pool, value);
    }
    if (!pool.count) return -EINVAL;
    *score = vt_pool_result(&pool, pool_method);
    return 0;
}

VT_EXPORT int vmaf_score_pooled_model_collection(VmafContext *vmaf,
                                                 VmafModelCollection *model_collection,
                                                 enum VmafPoolingMethod pool_method,
                                                 VmafModelCollectionScore *score,
                                                 unsigned index_low, unsigned index_high)
{
    if (!vmaf || !model_collection || !score || bad_range(pool_method, index_low, index_high))
        return -EINVAL;
    VtPool bagging = {0}, stddev = {0}, lo = {0}, hi = {0};
    VmafModelCollectionScore s = {.type = VMAF_MODEL_COLLECTION_SCORE_BOOTSTRAP};
    for (unsigned i = index_low; i <= index_high && i >= index_low; i++) {
        if (skipped(vmaf, i)) continue;
        const int err = vmaf_score_at_index_model_collection(vmaf, model_collection, &s, i);
        if (err) return err;
        vt_pool_add(&bagging, s.bootstrap.bagging_score);
        vt_pool_add(&stddev, s.bootstrap.stddev);
        vt_pool_add(&lo, s.bootstrap.ci.p95.lo);
        vt_pool_add(&hi, s.bootstrap.ci.p95.hi);
    }
    if (!bagging.count) return -EINVAL;
    s.bootstrap.bagging_score = vt_pool_result(&bagging, pool_method);
    s.bootstrap.stddev = vt_pool_result(&stddev, pool_method);
    s.bootstrap.ci.p95.lo = vt_pool_result(&lo, pool_method);
    s.bootstrap.ci.p95.hi = vt_pool_result(&hi, pool_method);
    *score = s;
    return 0;
}
