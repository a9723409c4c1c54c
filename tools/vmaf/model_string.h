/* The arguments of --model and --feature (spec: cli-and-output 1.2, 1.3). */
#ifndef VMAF_TOOL_MODEL_STRING_H
#define VMAF_TOOL_MODEL_STRING_H

#include <stdbool.h>

#include "libvmaf/libvmaf.h"

#define MAX_OVERLOADS 32

/* An option of a feature, or, in a model, of one of its features. Strings point into the argument's
 * copy. */
typedef struct Setting {
    const char *extractor, *option, *value;
} Setting;

typedef struct ModelSpec {
    char *text;                 /* copy of the argument, cut into the strings below */
    const char *version, *path; /* version wins; exactly one is used */
    const char *name;
    uint64_t flags; /* enum VmafModelFlags */
    Setting overload[MAX_OVERLOADS];
    unsigned n_overloads;
} ModelSpec;

typedef struct FeatureSpec {
    char *text;
    const char *name, *settings; /* "OPTION=VALUE:...", NULL if none */
} FeatureSpec;

/* -EINVAL (with a message that names the bad part), -ENOMEM. On failure there is nothing to free.
 */
int model_spec_parse(ModelSpec *spec, const char *text);
int feature_spec_parse(FeatureSpec *spec, const char *text);

/* The options of a feature for one context, NULL if it has none. 0 or a negative errno after a
 * message. */
int feature_spec_options(const FeatureSpec *spec, VmafFeatureDictionary **options);

void model_spec_free(ModelSpec *spec);
void feature_spec_free(FeatureSpec *spec);

/* What the user called the model: its built-in name or its path. */
const char *model_spec_label(const ModelSpec *spec);

#endif
