/* The command line (spec: cli-and-output 1). */
#ifndef VMAF_TOOL_OPTIONS_H
#define VMAF_TOOL_OPTIONS_H

#include <stdbool.h>

#include "conversion.h"
#include "libvmaf/libvmaf.h"
#include "model_string.h"

#define MAX_MODELS 32
#define MAX_FEATURES 32
#define MAX_THREADS 1024
#define MAX_DISTORTED 64
#define MAX_DECODE_THREADS 64

typedef enum { BACKEND_AUTO, BACKEND_CPU, BACKEND_CUDA } BackendChoice;

typedef struct Options {
    const char *reference;
    const char *distorted[MAX_DISTORTED];
    unsigned n_distorted;
    const char
        *output[MAX_DISTORTED]; /* one per distorted video, or one name for all (outfile.h) */
    unsigned n_outputs;
    const char *page[MAX_DISTORTED]; /* --report: likewise */
    unsigned n_pages;
    enum VmafOutputFormat format;
    bool ndjson;            /* instead of format: lines while running */
    int precision;          /* enum VmafTurboPrecision or a number of decimals */
    const char *statistics; /* for the pooled values; NULL: none */

    bool raw; /* both inputs are raw planar video of this format */
    unsigned w, h, bpc;
    enum VmafPixelFormat pix_fmt;
    bool any_depth; /* the inputs may differ in bit depth */

    Conversion conversion;
    bool ignore_fps;         /* pairs frames of containers whatever their rates are */
    unsigned decode_threads; /* per video */

    unsigned threads, subsample, cpumask, gpumask;
    BackendChoice backend;
    unsigned bench; /* pairs to score from memory; 0: score the videos */
    unsigned frame_count; /* 0: all */
    unsigned skip_reference, skip_distorted;
    bool no_prediction, quiet;

    ModelSpec model[MAX_MODELS];
    unsigned n_models;
    FeatureSpec feature[MAX_FEATURES];
    unsigned n_features;
} Options;

enum { OPTIONS_RUN, OPTIONS_EXIT };

/* OPTIONS_RUN; OPTIONS_EXIT when all that was asked for is printed already; negative errno after a
 * message and the usage text. In every case options_free may follow. */
int options_parse(Options *o, int argc, char **argv);
void options_free(Options *o);

/* Append to the lists; messages and results as in options_parse. */
int options_add_model(Options *o, const char *text);
int options_add_feature(Options *o, const char *text);

/* presets.c: --aom_ctc and --nflx_ctc. */
int preset_aom_ctc(Options *o, const char *version);
int preset_nflx_ctc(Options *o, const char *version);

/* lists.c: --list-models and --list-features, on stdout. */
void list_models(void);
void list_features(void);

#endif
