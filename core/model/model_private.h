/* What a model is made of; only for the files of this folder. */
#ifndef VT_MODEL_MODEL_PRIVATE_H
#define VT_MODEL_MODEL_PRIVATE_H

#include "base/dictionary.h"
#include "model/model.h"
#include "model/svm.h"
#include "model/transform.h"

#define VT_MAX_FEATURES 64
#define VT_MAX_COLLECTION 1000 /* of a collection; shipped ones have 19 or 20 */

typedef enum {
    VT_MODEL_UNKNOWN, /* the file does not say */
    VT_MODEL_SVR,
    VT_MODEL_BOOTSTRAP,
    VT_MODEL_RESIDUE_BOOTSTRAP
} VtModelType;

/* A feature's part in the chroma correction (spec: models 5). */
typedef enum { VT_ROLE_NONE, VT_ROLE_GUIDING, VT_ROLE_GUIDED } VtRole;

typedef struct VtModelFeature {
    char *base;                     /* as the model names it */
    VmafFeatureDictionary *options; /* NULL: none */
    char *stored; /* the score table's name; NULL if no metric provides the feature or
                   * refuses the options, which registration and prediction report */
    double slope, intercept;
    VtRole role;
} VtModelFeature;

/* Read-only after loading and overloads, so that several contexts may predict with it at once. */
struct VmafModel {
    char *name;
    VtModelType type;
    bool rescale;            /* norm_type linear_rescale, else none */
    double slope, intercept; /* of the score */
    VtModelFeature *feature;
    unsigned n_features;
    double chroma_correction; /* 0: none */
    VtSvm svm;
    VtTransform transform;
    VtClip clip;
};

enum { VT_BAGGING, VT_STDDEV, VT_CI_LO, VT_CI_HI, VT_SUMMARIES };

struct VmafModelCollection {
    char *name;
    VtModelType type; /* of every member */
    VmafModel **member;
    unsigned n_members;
    char *summary[VT_SUMMARIES]; /* stored names of the summary values */
};

/* What is being loaded: for error lines and the caller's flags. */
typedef struct VtModelSource {
    const char *label; /* file name or built-in name */
    uint64_t flags;    /* enum VmafModelFlags */
} VtModelSource;

struct json_t;

/* Parses a whole file's text (spec: models 2). The caller holds a VtLocaleGuard and drops *root. */
int vt_json_read(struct json_t **root, const char *text, size_t size, const char *label);

/* Builds a model from the object that has the member model_dict. */
int vt_model_from_json(VmafModel **out, const struct json_t *root, const char *name,
                       const VtModelSource *source);

/* Builds the lead model and the collection from the object with the members "0", "1", ... */
int vt_collection_from_json(VmafModel **lead, VmafModelCollection **out, const struct json_t *root,
                            const char *name, const VtModelSource *source);

/* Does the object look like a collection: has it a member "0" that is a model? */
bool vt_json_is_collection(const struct json_t *root);

/* Makes the stored name of a feature. -EINVAL if no metric provides it or refuses its options,
 * -ENOMEM. */
int vt_model_feature_name(char **stored, const char *base, const VmafFeatureDictionary *options,
                          const VtLog *log);

/* The score up to and including denormalisation (spec: models 4, steps 1 to 5), and the rest of it.
 */
int vt_model_raw_score(const VmafModel *m, VtScores *scores, unsigned index, double *raw,
                       const VtLog *log);
double vt_model_finish(const VmafModel *m, double raw);

#endif
