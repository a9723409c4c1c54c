/* What a metric is to the engine.
 *
 * A metric computes a fixed list of outputs per frame. It is stateless per frame: extract() sees
 * the frame, the earlier pictures it asked for, read-only shared tables and a scratch block, and
 * fills a VtResult; so frames run on any thread in any order. What must happen in frame order goes
 * into join() (called once per frame, in submission order, never concurrently) and flush() (once,
 * at the end).
 *
 * Several instances of one metric whose options differ only late in the computation form a group
 * and are computed by one extract() call, which shares the early work between them (for example VIF
 * and its NEG twin).
 *
 * A metric that reduces a frame to integer sums over its rows may let several workers share one
 * frame: each sums over a part of the rows, the engine adds the sums (modulo 2^64, so in any
 * order), and finish() makes scores of them. */
#ifndef VT_METRIC_METRIC_H
#define VT_METRIC_METRIC_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "libvmaf/picture.h"
#include "metric/option.h"

#define VT_MAX_OUTPUTS 32
#define VT_WHOLE_CLIP UINT_MAX
#define VT_MAX_HISTORY 2
#define VT_MAX_MEMBERS 16 /* of a group; more instances make more groups */
#define VT_MAX_SUMS 512   /* of a metric whose frames can be cut into parts */
#define VT_PART_ROWS 64   /* luma rows below which a part is not worth its borders */

typedef struct VtFormat {
    enum VmafPixelFormat pix_fmt;
    unsigned bpc, w, h; /* luma size; chroma sizes are those of VmafPicture (floor) */
} VtFormat;

typedef struct VtFrame {
    unsigned index;
    const VmafPicture *ref, *dis;
    /* Pictures submitted 1 and 2 calls earlier, NULL if there were none or the metric did not ask.
     */
    const VmafPicture *prev_ref[VT_MAX_HISTORY];
    const VmafPicture *prev_dis[VT_MAX_HISTORY];
} VtFrame;

typedef enum {
    VT_OUTPUT_FRAME,     /* a value per frame, from extract(), join() or flush() */
    VT_OUTPUT_AGGREGATE, /* one value per clip, from flush() */
    VT_OUTPUT_HIDDEN     /* only passed from extract() to join(), never stored */
} VtOutputKind;

typedef struct VtOutput {
    const char *base; /* base feature name, for example "VMAF_integer_feature_adm2_score" */
    VtOutputKind kind;
    bool fixed_name; /* the option suffix rule does not apply to this name */
} VtOutput;

/* Values of one frame by output number; only those marked written are stored, in output order. */
typedef struct VtResult {
    uint32_t written;
    double value[VT_MAX_OUTPUTS];
} VtResult;

static inline void vt_emit(VtResult *r, unsigned output, double value)
{
    r->value[output] = value;
    r->written |= UINT32_C(1) << output;
}

typedef struct VtMetric VtMetric;
typedef struct VtGpuMetric VtGpuMetric; /* gpu.h */

typedef struct VtInstance {
    const VtMetric *metric;
    VmafFeatureDictionary *dict; /* owns the strings options points to */
    void *options;               /* the metric's option structure */
    char *identity;              /* metric name with suffix: equal identity = same instance */
    char *name[VT_MAX_OUTPUTS];  /* stored feature names by output */
} VtInstance;

typedef struct VtGroup {
    const VtMetric *metric;
    VtInstance *const *member;
    unsigned n_members;
    VtFormat format;
    unsigned cpu_flags; /* instruction sets to use, cpu/cpu.h */
    const VtLog *log;
    void *shared; /* made by init(), read-only while frames run, freed by close() */
} VtGroup;

/* An instance's stored values, for join() and flush(). */
typedef struct VtSeries {
    void *ctx;
    /* false if nothing is stored. */
    bool (*get)(void *ctx, unsigned output, unsigned index, double *value);
    /* 0, -EINVAL (already stored), -ENOMEM. */
    int (*put)(void *ctx, unsigned output, unsigned index, double value);
    int (*put_aggregate)(void *ctx, unsigned output, double value);
    /* For settle(): a value that flush() will put later, for those who want it at once. 0, also if
     * it was put early before; -ENOMEM. */
    int (*put_early)(void *ctx, unsigned output, unsigned index, double value);
} VtSeries;

struct VtMetric {
    const char *name;        /* extractor name */
    const char *help;        /* one line for the guide and --list-features */
    const VtOption *options; /* ends with a NULL name */
    size_t options_size;
    const VtOutput *outputs;
    unsigned n_outputs;
    bool every_frame; /* temporal: runs on every frame even when subsampling */
    bool luma_only;   /* never reads chroma, which then need not come from a device */

    /* How many earlier reference and distorted pictures extract() needs (at most VT_MAX_HISTORY).
     * NULL: none. */
    void (*history)(const void *options, unsigned *n_ref, unsigned *n_dis);

    /* How many frames before and after a frame decide its values: a frame scored with that many
     * neighbours (those that exist) gets the values that it has in the whole clip. VT_WHOLE_CLIP:
     * all of them. NULL: none. */
    void (*window)(const void *options, unsigned *before, unsigned *after);

    /* Option values that ranges cannot express; -EINVAL with a log line. NULL: none. */
    int (*check)(const void *options, const VtLog *log);

    /* May instances with these options be members of one group? NULL: never. */
    bool (*shares)(const void *a, const void *b);

    /* The format is known: refuse it (-EINVAL with one log line that names the limit) or build
     * group->shared. On failure nothing is left to close. NULL: every format is fine. */
    int (*init)(VtGroup *group);
    void (*close)(VtGroup *group);

    /* Bytes of scratch that one extract() call needs. The block is 64-byte aligned, has arbitrary
     * content and is not kept between calls. NULL: 0. */
    size_t (*scratch_size)(const VtGroup *group);

    /* Computes one frame for all members; results[m] (zeroed by the caller) belongs to
     * group->member[m]. Thread-safe. 0 or a negative errno with one log line. */
    int (*extract)(const VtGroup *group, void *scratch, const VtFrame *frame,
                   VtResult *const *results);

    /* For frames in parts; extract is vt_extract_whole() then. NULL: a frame is always one job.
     * extract_part() fills sums, n_sums zeroed numbers, with what part `part` of n_parts adds to
     * them; a part may be empty. finish() gets the totals, and reports what is wrong with the frame
     * (0 or a negative errno with one log line). Scratch as for extract(). */
    unsigned n_sums;
    void (*extract_part)(const VtGroup *group, void *scratch, const VtFrame *frame, unsigned part,
                         unsigned n_parts, uint64_t *sums);
    int (*finish)(const VtGroup *group, const VtFrame *frame, const uint64_t *sums,
                  VtResult *const *results);

    /* The same on a GPU; NULL: on the CPU only. init() is called in both cases. */
    const VtGpuMetric *gpu;

    /* Ordered part, per instance. state: state_size zeroed bytes that live as long as the instance.
     * NULL: none. May change result before it is stored. */
    size_t state_size;
    int (*join)(const VtInstance *inst, void *state, unsigned index, VtResult *result,
                const VtSeries *series);
    int (*flush)(const VtInstance *inst, void *state, const VtSeries *series);

    /* Only for contexts with a frame callback, whose indices increase: called after the commit of
     * each frame, also of one whose extract() failed. Puts early what is certain by now of the
     * values that flush() will put, and returns the index below which all frames have all their
     * values. What could not be put is tried again next time. NULL: a frame has all its values at
     * once. */
    unsigned (*settle)(const VtInstance *inst, void *state, unsigned index, const VtSeries *series);
};

/* extract() of a metric whose frames can be cut into parts: all of it as one part. */
int vt_extract_whole(const VtGroup *group, void *scratch, const VtFrame *frame,
                     VtResult *const *results);

/* The most parts that frames of a group are worth being cut into. */
unsigned vt_most_parts(const VtGroup *group);

/* The first of n rows that belongs to a part: parts are as equal as they can be. */
static inline unsigned vt_part_row(unsigned n, unsigned part, unsigned n_parts)
{
    return (unsigned)((uint64_t)n * part / n_parts);
}

#endif
