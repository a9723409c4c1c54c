/* Models: built-in by name, or JSON files. */
#ifndef LIBVMAF_MODEL_H
#define LIBVMAF_MODEL_H

#include <stdint.h>

#include "feature.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct VmafModel VmafModel;
typedef struct VmafModelCollection VmafModelCollection;

enum VmafModelFlags {
    VMAF_MODEL_FLAGS_DEFAULT = 0,
    VMAF_MODEL_FLAG_DISABLE_CLIP = (1 << 0), /* ignore the file's score_clip */
    VMAF_MODEL_FLAG_ENABLE_TRANSFORM =
        (1 << 1), /* apply the file's score_transform if it has one */
    VMAF_MODEL_FLAG_DISABLE_TRANSFORM = (1 << 2), /* never apply it; wins over ENABLE */
};

typedef struct VmafModelConfig {
    const char *name; /* name of the score, copied; NULL means "vmaf" */
    uint64_t flags;   /* enum VmafModelFlags, or-ed */
} VmafModelConfig;

enum VmafModelCollectionScoreType {
    VMAF_MODEL_COLLECTION_SCORE_UNKNOWN = 0,
    VMAF_MODEL_COLLECTION_SCORE_BOOTSTRAP,
};

/* Score of a bootstrap collection, on the scale of the model's score. */
typedef struct VmafModelCollectionScore {
    enum VmafModelCollectionScoreType type;
    struct {
        double bagging_score; /* mean of the members */
        double stddev;        /* population standard deviation of the members */
        struct {
            struct {
                double lo, hi;
            } p95; /* 2.5th and 97.5th percentile of the members */
        } ci;
    } bootstrap;
} VmafModelCollectionScore;

/* All four load functions: cfg is only read during the call. On success the caller owns *model (and
 * *collection) and frees it with the destroy function. On failure *model and *collection are NULL.
 * -EINVAL: a NULL argument, an unknown name, an unreadable or invalid file (one log line says
 * what); -ENOMEM: out of memory, or a support-vector text that cannot be read. */

/* A built-in single model by its exact name, for example "vmaf_v0.6.1". A collection's name is
 * -EINVAL. */
int vmaf_model_load(VmafModel **model, VmafModelConfig *cfg, const char *version);

/* A single model from a JSON file. */
int vmaf_model_load_from_path(VmafModel **model, VmafModelConfig *cfg, const char *path);

/* Sets options of the metric `feature_name` (extractor name, for example "vif") in every model
 * feature that it provides, before the model is registered. No such feature: 0, nothing changes.
 * Returns 0; -EINVAL for a NULL argument; -ENOMEM.
 * Ownership: opts is taken whenever all arguments are non-NULL, else it stays the caller's. */
int vmaf_model_feature_overload(VmafModel *model, const char *feature_name,
                                VmafFeatureDictionary *opts);

/* Frees the model; NULL is allowed. A registered model may be destroyed before vmaf_close, but not
 * before the last score call that names it. */
void vmaf_model_destroy(VmafModel *model);

/* A built-in collection by name: its lead model and the collection of its members, both the
 * caller's and destroyed separately. The name of a single model is -EINVAL. */
int vmaf_model_collection_load(VmafModel **model, VmafModelCollection **model_collection,
                               VmafModelConfig *cfg, const char *version);

int vmaf_model_collection_load_from_path(VmafModel **model, VmafModelCollection **model_collection,
                                         VmafModelConfig *cfg, const char *path);

/* As vmaf_model_feature_overload, for the lead model and every member. Same ownership of opts. */
int vmaf_model_collection_feature_overload(VmafModel *model, VmafModelCollection **model_collection,
                                           const char *feature_name, VmafFeatureDictionary *opts);

/* Frees the collection and its members, not the lead model; NULL is allowed. */
void vmaf_model_collection_destroy(VmafModelCollection *model_collection);

#ifdef __cplusplus
}
#endif

#endif
