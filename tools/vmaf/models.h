/* Models of a run: loading, registering, scoring, and the summary lines. */
#ifndef VMAF_TOOL_MODELS_H
#define VMAF_TOOL_MODELS_H

#include "libvmaf/libvmaf.h"
#include "options.h"

typedef struct Models {
    unsigned count;
    const ModelSpec *spec;
    VmafModel *model[MAX_MODELS];                /* of a collection: its lead model */
    VmafModelCollection *collection[MAX_MODELS]; /* NULL for a single model */
} Models;

/* Loads all models, with their feature options. 0 or a negative errno after a message; models_free
 * may follow. */
int models_load(Models *m, const ModelSpec *spec, unsigned count);
void models_free(Models *m);

int models_register(Models *m, VmafContext *vmaf);

/* Has every frame delivered with the scores of all models, in the order of reports. */
int models_follow(Models *m, VmafContext *vmaf);

/* Scores frames 0 .. n_frames - 1 with every model, which stores the scores of all frames, and
 * prints the pooled scores, each line after a prefix, unless that is NULL. Goes on after a failure;
 * the first error is returned. */
int models_score(Models *m, VmafContext *vmaf, unsigned n_frames, const char *prefix);

#endif
