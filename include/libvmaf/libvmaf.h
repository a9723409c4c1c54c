/* libvmaf: scoring a distorted video against its reference.
 *
 *     vmaf_init -> load and register models and features -> vmaf_read_pictures per frame
 *     -> vmaf_read_pictures(ctx, NULL, NULL, 0) to flush -> scores, vmaf_write_output -> vmaf_close
 *
 * Every int function returns 0 on success and a negative errno on failure. A failed call leaves the
 * context usable and closable, and keeps every score computed before. One context must not be used
 * by two threads at once, except that pictures may be fetched and unreferenced, and scores read,
 * from any thread. */
#ifndef LIBVMAF_LIBVMAF_H
#define LIBVMAF_LIBVMAF_H

#include <stdint.h>

#include "model.h"
#include "picture.h"
#include "feature.h"

#ifdef __cplusplus
extern "C" {
#endif

enum VmafLogLevel {
    VMAF_LOG_LEVEL_NONE = 0,
    VMAF_LOG_LEVEL_ERROR,
    VMAF_LOG_LEVEL_WARNING,
    VMAF_LOG_LEVEL_INFO,
    VMAF_LOG_LEVEL_DEBUG,
};

enum VmafOutputFormat {
    VMAF_OUTPUT_FORMAT_NONE = 0,
    VMAF_OUTPUT_FORMAT_XML,
    VMAF_OUTPUT_FORMAT_JSON,
    VMAF_OUTPUT_FORMAT_CSV,
    VMAF_OUTPUT_FORMAT_SUB,
};

enum VmafPoolingMethod {
    VMAF_POOL_METHOD_UNKNOWN = 0,
    VMAF_POOL_METHOD_MIN,
    VMAF_POOL_METHOD_MAX,
    VMAF_POOL_METHOD_MEAN,
    VMAF_POOL_METHOD_HARMONIC_MEAN, /* n / sum(1 / (x + 1)) - 1 */
    VMAF_POOL_METHOD_NB,
};

typedef struct VmafConfiguration {
    enum VmafLogLevel log_level; /* of this context; log lines go to stderr */
    unsigned n_threads;          /* worker threads; 0: all work in the calling thread */
    unsigned n_subsample;        /* score only indices that are multiples of this; 0 and 1: all */
    /* A set bit disables an instruction set, for this context. x86: 1 SSE2, 2 SSSE3, 4 SSE4.1, 8
     * AVX2, 16 AVX-512, 32 AVX-512 Ice Lake. arm64: 1 NEON. Scores do not depend on it. */
    uint64_t cpumask;
    uint64_t gpumask; /* 0: metrics may use CUDA if a state was imported; else CPU only */
} VmafConfiguration;

typedef struct VmafContext VmafContext;

/* Makes a context. Returns 0; -EINVAL if vmaf is NULL; -ENOMEM or -EAGAIN if memory or threads are
 * short. On failure *vmaf is NULL. Ownership: the caller's, freed by vmaf_close. */
int vmaf_init(VmafContext **vmaf, VmafConfiguration cfg);

/* Registers a metric by extractor name ("psnr", "vif", ...). The same metric with the same options
 * again is dropped (the first registration wins). Register before the first frame; a metric
 * registered later sees only later frames. Returns 0; -EINVAL for NULL, an unknown metric, an
 * unknown option or a bad value; -ENOMEM. Ownership: opts_dict (may be NULL) is taken on success
 * and stays the caller's on failure. */
int vmaf_use_feature(VmafContext *vmaf, const char *feature_name, VmafFeatureDictionary *opts_dict);

/* Registers all metrics a model needs. Returns 0; -EINVAL for NULL, a feature no metric provides,
 * or a bad option (metrics of earlier features stay registered); -ENOMEM. Ownership: the model
 * stays the caller's; the library keeps no pointer to it. */
int vmaf_use_features_from_model(VmafContext *vmaf, VmafModel *model);

/* The same for every member of a collection. */
int vmaf_use_features_from_model_collection(VmafContext *vmaf,
                                            VmafModelCollection *model_collection);

/* Stores a score computed elsewhere under `feature_name` (copied). Returns 0; -EINVAL for NULL or
 * if this name has a value at this index already; -ENOMEM. */
int vmaf_import_feature_score(VmafContext *vmaf, const char *feature_name, double value,
                              unsigned index);

/* Scores one pair, or, with both NULL, flushes: waits for all frames and computes what needs the
 * whole clip. The first pair fixes size, format and depth. Each index is used once; frames should
 * come as 0, 1, 2, ... since temporal metrics pair a picture with that of the call before. Blocks
 * while the context has as many frames in flight as its threads can use. Returns 0; -EINVAL for
 * NULL, a size, format or depth that differs, a repeated index, a picture a metric cannot score
 * (too small, no chroma), or any call after a flush; -ENOMEM. An error of a frame on a worker
 * thread is returned by a later call or by the flush, which still completes all other scores.
 * Ownership: on success both pictures are taken and the two structures cleared; on failure they
 * stay the caller's. */
int vmaf_read_pictures(VmafContext *vmaf, VmafPicture *ref, VmafPicture *dist, unsigned index);

/* Score of one frame. The model's metrics must be registered; the score is stored under the model's
 * name. Returns 0; -EAGAIN for a frame that was read but whose score cannot exist yet (it is in flight, or
 * the model uses a feature that looks ahead, such as motion2, which exists after the flush); -EINVAL for
 * NULL or a feature that has no value at this index (one log line names it). On failure *score is
 * untouched. */
int vmaf_score_at_index(VmafContext *vmaf, VmafModel *model, double *score, unsigned index);

int vmaf_score_at_index_model_collection(VmafContext *vmaf, VmafModelCollection *model_collection,
                                         VmafModelCollectionScore *score, unsigned index);

/* Value of one feature by its stored name, for example "VMAF_integer_feature_adm2_score" or "psnr_y".
 * Results as for vmaf_score_at_index. */
int vmaf_feature_score_at_index(VmafContext *vmaf, const char *feature_name, double *score,
                                unsigned index);

/* Pools the scores of indices index_low .. index_high (inclusive; with subsampling only the scored
 * ones). Returns 0; -EINVAL for NULL, an unknown method, index_low > index_high, or a missing
 * value; a range without a scored frame is -EINVAL too. */
int vmaf_score_pooled(VmafContext *vmaf, VmafModel *model, enum VmafPoolingMethod pool_method,
                      double *score, unsigned index_low, unsigned index_high);

/* Pools the four values of the collection's score one by one. */
int vmaf_score_pooled_model_collection(VmafContext *vmaf, VmafModelCollection *model_collection,
                                       enum VmafPoolingMethod pool_method,
                                       VmafModelCollectionScore *score, unsigned index_low,
                                       unsigned index_high);

int vmaf_feature_score_pooled(VmafContext *vmaf, const char *feature_name,
                              enum VmafPoolingMethod pool_method, double *score, unsigned index_low,
                              unsigned index_high);

/* Waits for the frames in flight and frees the context. Allowed at any time, with or without flush.
 * Pictures fetched from the context's pool stay valid until they are unreferenced. Returns 0, or
 * -EINVAL if vmaf is NULL. */
int vmaf_close(VmafContext *vmaf);

/* Writes all scores so far. Returns 0; -EINVAL for NULL or an unknown format (nothing is created);
 * the negative errno of the failed file operation. */
int vmaf_write_output(VmafContext *vmaf, const char *output_path, enum VmafOutputFormat fmt);

/* "3.2.0": the version of libvmaf whose API and numbers these are. */
const char *vmaf_version(void);

typedef struct VmafPictureConfiguration {
    struct {
        unsigned w, h;
        unsigned bpc;
        enum VmafPixelFormat pix_fmt;
    } pic_params;
    unsigned pic_cnt; /* pictures in the pool, not pairs */
} VmafPictureConfiguration;

/* Makes the context's pool of pic_cnt pictures. The library keeps at most n_threads + (n_threads +
 * 1) / 2 pairs in flight and, for temporal metrics, two earlier pairs. Returns 0; -EINVAL for NULL,
 * a bad format or size, pic_cnt 0, or if the context has a pool; -ENOMEM. */
int vmaf_preallocate_pictures(VmafContext *vmaf, VmafPictureConfiguration cfg);

/* Takes a picture from the pool; its samples are those its last user left. Blocks while all are in
 * use. Returns 0; -EINVAL for NULL or without a pool. Ownership: the caller's, given back by
 * vmaf_read_pictures or vmaf_picture_unref. */
int vmaf_fetch_preallocated_picture(VmafContext *vmaf, VmafPicture *pic);

#ifdef __cplusplus
}
#endif

#endif
