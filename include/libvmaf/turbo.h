/* What vmaf-turbo offers beyond libvmaf's API. Only additions: programs that use this header need
 * vmaf-turbo. */
#ifndef LIBVMAF_TURBO_H
#define LIBVMAF_TURBO_H

#include <stdio.h>

#include "libvmaf.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Version of vmaf-turbo itself, for example "0.1.0". */
const char *vmaf_turbo_version(void);

/* Name of the i-th built-in model, or NULL past the last. Static strings. */
const char *vmaf_turbo_builtin_model(unsigned i);

/* Load a model of either kind: built-in or found by name, or from a file. A single model leaves
 * *collection NULL. Otherwise as vmaf_model_collection_load: arguments, results and ownership. */
int vmaf_turbo_model_load(VmafModel **model, VmafModelCollection **collection, VmafModelConfig *cfg,
                          const char *version);
int vmaf_turbo_model_load_from_path(VmafModel **model, VmafModelCollection **collection,
                                    VmafModelConfig *cfg, const char *path);

/* Name and one-line description of the i-th metric; -EINVAL past the last or for NULL. Static
 * strings. */
int vmaf_turbo_metric(unsigned i, const char **name, const char **help);

typedef struct VmafTurboOption {
    const char *name;
    const char *alias; /* short form in feature names, or NULL */
    const char *type;  /* "bool", "int", "double" or "string" */
    const char *help;
    char default_value[32]; /* as text; empty if there is none */
    double min, max;        /* inclusive; of int and double options */
} VmafTurboOption;

/* The j-th option of a metric; -EINVAL past the last, for an unknown metric or NULL. Static
 * strings. */
int vmaf_turbo_metric_option(const char *metric, unsigned j, VmafTurboOption *option);

/* Receives every log line of a context instead of stderr. `line` has no newline and is valid during
 * the call. May be called from worker threads, one call at a time per context is not guaranteed.
 * callback NULL: back to stderr. Returns 0 or -EINVAL for a NULL context. Call before the first
 * frame. */
int vmaf_turbo_set_log_callback(VmafContext *vmaf,
                                void (*callback)(void *user, enum VmafLogLevel level,
                                                 const char *line),
                                void *user);

/* Receives the warnings and errors of the calling thread's calls that have no context: loading
 * models, options, pictures. `line` as above. callback NULL: back to stderr. */
void vmaf_turbo_set_thread_log_callback(void (*callback)(void *user, enum VmafLogLevel level,
                                                         const char *line),
                                        void *user);

/* How numbers are written: */
enum VmafTurboPrecision {
    VMAF_TURBO_PRECISION_DEFAULT = -1, /* as libvmaf: 6 decimals, 16 for tiny fractions */
    VMAF_TURBO_PRECISION_MAX = -2,     /* the shortest text that reads back as the same double */
    /* 0 to 17: that many decimals */
};

typedef struct VmafTurboReport {
    int precision; /* enum VmafTurboPrecision, or 0 to 17 decimals */
    /* More pooled values for XML and JSON, separated by commas: percentiles "p0" to "p100" ("p5",
     * "p99.5") and "stddev" (population). NULL: none. A percentile p lies at rank p (n - 1) / 100
     * of the n sorted values, interpolated linearly. */
    const char *statistics;
} VmafTurboReport;

/* Whether a list of statistics can be read: 0 or -EINVAL (-ENOMEM). NULL: 0. To refuse a bad one
 * before scoring. */
int vmaf_turbo_check_statistics(const char *statistics);

/* vmaf_write_output with choices. Same results, plus -EINVAL for a NULL report, a precision out of
 * range or a list of statistics that cannot be read. */
int vmaf_turbo_write_report(VmafContext *vmaf, const char *output_path, enum VmafOutputFormat fmt,
                            const VmafTurboReport *report);

/* The same to a stream, which is flushed and stays open. */
int vmaf_turbo_print_report(VmafContext *vmaf, FILE *to, enum VmafOutputFormat fmt,
                            const VmafTurboReport *report);

/* ---- results while running ---- */

typedef struct VmafTurboValue {
    const char *name;    /* as reports have it */
    const char *feature; /* as vmaf_feature_score_at_index takes it; of a model's score the same */
    double value;
} VmafTurboValue;

/* All values of one frame. What it points to is valid during the callback; the names until
 * vmaf_close. */
typedef struct VmafTurboFrame {
    unsigned index;
    int error; /* 0, or the negative errno of the first thing that failed; what did not is there */
    unsigned n_values;
    const VmafTurboValue *value;
} VmafTurboFrame;

/* Calls back for every scored frame (with n_subsample: every n-th), once, in order of indices, as
 * soon as its values are final: with most features when the frame is done, with motion2 or motion3
 * one frame later (two at the start with motion_five_frame_window), with the last frames at the
 * flush. A frame that failed is delivered too. Call before the first frame; callback NULL: none.
 *
 * With a callback, indices must increase from frame to frame (gaps are allowed);
 * vmaf_read_pictures returns -EINVAL otherwise. Scores imported for a frame before it is read are
 * among its values. Frames that are not final when a context is closed without a flush are not
 * delivered.
 *
 * The callback runs on a worker thread, or inside a call that reads, flushes or waits for frames
 * (n_threads 0, a GPU, the flush); never two at once for one context. While it runs, frames go on
 * being computed until as many are in flight as may be; then vmaf_read_pictures waits. Inside it, of this context's
 * functions only those that end in _at_index may be called (features that look ahead have no value
 * there before the flush, but are among the frame's values); those that would wait for frames
 * return -EDEADLK. Returns 0; -EINVAL for a NULL context or after the first frame; -ENOMEM. */
int vmaf_turbo_set_frame_callback(VmafContext *vmaf,
                                  void (*callback)(void *user, const VmafTurboFrame *frame),
                                  void *user);

/* Adds a model, a collection, or both (a collection and its lead) whose scores are among the values
 * of every delivered frame; names and order as in reports. The features must be registered as
 * always. Call before the first frame. The models stay the caller's and must live until the flush
 * or vmaf_close. Returns 0; -EINVAL for a NULL context, nothing to add, or after the first frame;
 * -ENOMEM. */
int vmaf_turbo_add_frame_model(VmafContext *vmaf, VmafModel *model,
                               VmafModelCollection *collection);

/* A value of a frame by name or feature. Returns 0; -EINVAL if there is none or for NULL. */
int vmaf_turbo_frame_value(const VmafTurboFrame *frame, const char *name, double *value);

/* Writes a frame as one line of JSON, {"frameNum":0,"metrics":{"name":1.000000}}, numbers as in
 * reports, with "error" after a failure, and flushes the stream. Returns 0; -EINVAL for NULL or a
 * precision out of range; -ENOMEM; the negative errno of a failed write. */
int vmaf_turbo_print_frame(const VmafTurboFrame *frame, FILE *to, int precision);

/* The line after the last frame: all of a JSON report but its frames. Returns as
 * vmaf_turbo_write_report. */
int vmaf_turbo_print_summary(VmafContext *vmaf, FILE *to, const VmafTurboReport *report);

/* One statistic ("p5", "stddev") of a feature by its stored name, or of a model by its score's
 * name, over index_low .. index_high. Returns 0; -EINVAL for NULL, an unreadable statistic or a
 * missing value; -ENOMEM. On failure *value is untouched. */
int vmaf_turbo_feature_statistic(VmafContext *vmaf, const char *feature_name, const char *statistic,
                                 double *value, unsigned index_low, unsigned index_high);

/* The i-th column of reports: its name there, and the one by which vmaf_feature_score_at_index and
 * vmaf_feature_score_pooled know it. Columns come in the order of reports and stay; a model's exists
 * once its score was asked for. -EINVAL past the last or for NULL. The texts live as long as the
 * context. */
int vmaf_turbo_column(VmafContext *vmaf, unsigned i, const char **name, const char **stored_name);

/* The i-th column's values at indices index_low .. index_high, as far as they exist by now: present[k]
 * is 1 and values[k] set, or 0 and untouched, for index_low + k. Both hold index_high - index_low + 1
 * elements. May be called while frames are scored. Returns 0, or -EINVAL past the last column, for
 * NULL or index_low > index_high. */
int vmaf_turbo_column_values(VmafContext *vmaf, unsigned i, unsigned index_low, unsigned index_high,
                             double *values, unsigned char *present);

/* The i-th aggregate value of reports; -EINVAL past the last or for NULL. */
int vmaf_turbo_aggregate(VmafContext *vmaf, unsigned i, const char **name, double *value);

/* How many frames before and after a frame decide its values, over all registered metrics: scored with
 * that many neighbours (those that exist) a frame gets the values that it has in the whole clip, so
 * that a clip can be scored in parts. UINT_MAX: all, since a metric has aggregate values. Returns 0,
 * or -EINVAL for NULL. */
int vmaf_turbo_temporal_window(VmafContext *vmaf, unsigned *before, unsigned *after);

/* Where lent planes lie. */
enum VmafTurboMemory {
    VMAF_TURBO_MEMORY_HOST = 0,
    VMAF_TURBO_MEMORY_CUDA, /* data[] are device addresses in the imported state's context */
};

typedef struct VmafTurboPlanes {
    enum VmafTurboMemory memory;
    enum VmafPixelFormat pix_fmt;
    unsigned bpc, w, h; /* luma size; chroma sizes are those of VmafPicture */
    void *data[3];      /* for 4:0:0 only the first counts */
    ptrdiff_t stride[3]; /* bytes, at least a row's */
    void *cuda_event;   /* a CUevent after which the samples may be read; NULL: after what was queued
                           on the legacy default stream before vmaf_read_pictures. Must live until
                           release is called. Unused for host planes. */
    void (*release)(void *user); /* may be NULL; may be called from a worker thread, and must not
                                    call the library */
    void *user;
} VmafTurboPlanes;

/* Makes a picture of planes that belong to the caller, without a copy: they are read where they
 * lie, must not change until release is called, and are never written. release(user) is called
 * exactly once: when the picture's last reference is gone, or before this function returns a
 * failure. Words of pictures with bpc above 8 must lie at even addresses and strides. Returns 0;
 * -EINVAL for a NULL, a bad format, size, stride or address, or CUDA planes in a context without an
 * imported state; -ENOMEM. On failure *pic is untouched (planes NULL: there is nothing to release).
 * Ownership: *pic is the caller's, given back by vmaf_read_pictures or vmaf_picture_unref, also
 * after vmaf_close. */
int vmaf_turbo_lend_planes(VmafContext *vmaf, const VmafTurboPlanes *planes, VmafPicture *pic);

/* Another reference to a picture, in an empty structure: one picture can be scored in several
 * contexts, which read it at the same time. Give each reference back by vmaf_read_pictures or
 * vmaf_picture_unref, on any thread. Device pictures only where their context's state is. Returns 0
 * or -EINVAL for NULL or an empty picture. */
int vmaf_turbo_picture_ref(VmafPicture *to, const VmafPicture *pic);

/* Copies the samples of one picture to another of the same format, depth and size. Either may be a
 * host picture or, in a context with an imported state, a device picture, so that programs can fill
 * device pictures without CUDA code of their own. Waits until the samples are there. Both stay the
 * caller's. Returns 0; -EINVAL for NULL, an empty or a different picture, or a device picture
 * without a state; -ENOMEM, -EIO. */
int vmaf_turbo_copy_picture(VmafContext *vmaf, const VmafPicture *to, const VmafPicture *from);

/* Changes the 5 seconds after which vmaf_cuda_fetch_preallocated_picture gives up, and
 * vmaf_fetch_preallocated_picture logs a warning, when no frame is in flight. Returns 0 or -EINVAL for
 * NULL or 0. */
int vmaf_turbo_set_fetch_timeout(VmafContext *vmaf, unsigned milliseconds);

#ifdef __cplusplus
}
#endif

#endif
