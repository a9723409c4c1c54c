/* Models inside the library: loading, the metrics they need, and prediction. */
#ifndef VT_MODEL_MODEL_H
#define VT_MODEL_MODEL_H

#include <stdbool.h>

#include "base/log.h"
#include "engine/score_store.h"
#include "libvmaf/model.h"

/* Loading, behind the public functions of the same names; arguments are not NULL. A name is looked
 * up among the built-in models, then as NAME.json in the folders of the environment variable
 * VMAF_MODEL_PATH (separated by
 * ':'), then in the data folder of the installation. On failure the outputs are NULL and one line
 * was logged. -EINVAL; -ENOMEM also for a support-vector text that cannot be read (spec:
 * models 2.4). */
int vt_model_load(VmafModel **model, const VmafModelConfig *cfg, const char *name);
int vt_model_load_path(VmafModel **model, const VmafModelConfig *cfg, const char *path);
int vt_collection_load(VmafModel **lead, VmafModelCollection **c, const VmafModelConfig *cfg,
                       const char *name);
int vt_collection_load_path(VmafModel **lead, VmafModelCollection **c, const VmafModelConfig *cfg,
                            const char *path);
/* Either kind: a single model leaves *c NULL. */
int vt_any_load(VmafModel **model, VmafModelCollection **c, const VmafModelConfig *cfg,
                const char *name);
int vt_any_load_path(VmafModel **model, VmafModelCollection **c, const VmafModelConfig *cfg,
                     const char *path);
void vt_model_destroy(VmafModel *m);                /* NULL is allowed */
void vt_collection_destroy(VmafModelCollection *c); /* with its members; NULL is allowed */

/* Merges opts into the options of every feature that the metric provides. 0, also when there is
 * none (with a warning if no metric has that name at all); -ENOMEM, then the model is as before. */
int vt_model_overload(VmafModel *m, const char *metric, const VmafFeatureDictionary *opts);

/* The same for the lead model and every member; after -ENOMEM some of them may have the new
 * options. */
int vt_collection_overload(VmafModel *lead, VmafModelCollection *c, const char *metric,
                           const VmafFeatureDictionary *opts);

const char *vt_model_name(const VmafModel *m);

/* The features in model order: base name and options (NULL if none; the model's). */
unsigned vt_model_features(const VmafModel *m);
const char *vt_model_feature(const VmafModel *m, unsigned i, const VmafFeatureDictionary **options);

/* Predicts one frame from the stored features, stores the score under the model's name and returns
 * it in *score; a score that is stored already is returned as it is. -EINVAL with one log line that
 * names the missing feature; -ENOMEM. */
int vt_model_predict(VmafModel *m, VtScores *scores, unsigned index, double *score,
                     const VtLog *log);

unsigned vt_collection_size(const VmafModelCollection *c);
VmafModel *vt_collection_member(VmafModelCollection *c, unsigned i);
const char *vt_collection_name(const VmafModelCollection *c);

/* Predicts all members, stores N + 4 values (spec: models 6) and fills *score; stored values are
 * returned as they are. Errors as above; -EINVAL also for a collection that is not a bootstrap one.
 */
int vt_collection_predict(VmafModelCollection *c, VtScores *scores, unsigned index,
                          VmafModelCollectionScore *score, const VtLog *log);

/* Built-in models, generated at build time from model/ (JSON texts). */
typedef struct VtBuiltinModel {
    const char *name;
    const char *json;
    size_t size;
} VtBuiltinModel;

extern const VtBuiltinModel vt_builtin_models[];
extern const unsigned vt_builtin_models_count;

#endif
