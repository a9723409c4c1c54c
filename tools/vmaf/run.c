/* From inputs to report (spec: cli-and-output 2). */
#include "run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "input.h"
#include "libvmaf/turbo.h"
#include "message.h"
#include "models.h"
#include "outfile.h"
#include "progress.h"

/* The exit status is what the shell sees of a returned negative errno, as with libvmaf's tool. */
#define STATUS(err) ((err)&0xff)
#define STATUS_SETUP STATUS(-1)          /* nothing was scored */
#define STATUS_BAD_INPUT STATUS(-EINVAL) /* a frame could not be read, or there was none */

enum { REFERENCE, DISTORTED, N_INPUTS };

typedef struct Run {
    Options *options;
    bool terminal; /* stderr is one */
    Input input[N_INPUTS];
    VmafContext *vmaf;
    Models models;
    Progress progress;
    unsigned n_pairs; /* scored */
    int status;       /* of the first failure */
} Run;

static void fail(Run *r, int status)
{
    if (!r->status) r->status = status;
}

static unsigned skipped(const Run *r, unsigned side)
{
    return side == REFERENCE ? r->options->skip_reference : r->options->skip_distorted;
}

static int open_inputs(Run *r)
{
    const Options *o = r->options;
    const InputFormat raw = {.w = o->w, .h = o->h, .bpc = o->bpc, .pix_fmt = o->pix_fmt};
    const char *paths[N_INPUTS] = {o->reference, o->distorted};

    for (unsigned i = 0; i < N_INPUTS; i++) {
        int err = input_open(&r->input[i], paths[i], o->raw ? &raw : NULL);
        if (!err) continue;
        message("%s: %s", paths[i], r->input[i].error);
        message("cannot open the %s video", i == REFERENCE ? "reference" : "distorted");
        return err;
    }
    return 0;
}

static const char *format_name(enum VmafPixelFormat f)
{
    switch (f) {
    case VMAF_PIX_FMT_YUV420P:
        return "4:2:0";
    case VMAF_PIX_FMT_YUV422P:
        return "4:2:2";
    case VMAF_PIX_FMT_YUV444P:
        return "4:4:4";
    case VMAF_PIX_FMT_YUV400P:
        return "4:0:0";
    case VMAF_PIX_FMT_UNKNOWN:
        break;
    }
    return "unknown";
}

static void warn_of_frame_rates(const Input *ref, const Input *dis)
{
    if (!ref->fps_num || !dis->fps_num) return;
    if ((uint64_t)ref->fps_num * dis->fps_den == (uint64_t)dis->fps_num * ref->fps_den) return;
    message("warning: frame rates differ (reference %u:%u, distorted %u:%u); frames are paired one "
            "by one",
            ref->fps_num, ref->fps_den, dis->fps_num, dis->fps_den);
}

static int check_inputs(const Run *r)
{
    const InputFormat *ref = &r->input[REFERENCE].format, *dis = &r->input[DISTORTED].format;
    unsigned problems = 0;

    if (ref->w != dis->w || ref->h != dis->h) {
        message("sizes differ: reference %ux%u, distorted %ux%u", ref->w, ref->h, dis->w, dis->h);
        problems++;
    }
    if (ref->pix_fmt != dis->pix_fmt) {
        message("chroma formats differ: reference %s, distorted %s", format_name(ref->pix_fmt),
                format_name(dis->pix_fmt));
        problems++;
    }
    if (ref->bpc != dis->bpc && !r->options->any_depth) {
        message("bit depths differ: reference %u, distorted %u", ref->bpc, dis->bpc);
        problems++;
    }
    if (problems) {
        message("the videos cannot be compared: %u problem%s", problems, problems > 1 ? "s" : "");
        return -EINVAL;
    }
    warn_of_frame_rates(&r->input[REFERENCE], &r->input[DISTORTED]);
    return 0;
}

/* Pairs in the files as far as their sizes tell, 0 if unknown. */
static uint64_t expected_pairs(const Run *r)
{
    uint64_t pairs = r->options->frame_count ? r->options->frame_count : UINT64_MAX;

    for (unsigned i = 0; i < N_INPUTS; i++) {
        uint64_t frames = r->input[i].frames;
        if (!frames) return r->options->frame_count;
        frames = frames > skipped(r, i) ? frames - skipped(r, i) : 0;
        if (frames < pairs) pairs = frames;
    }
    return pairs;
}

/* Enough for the pairs that the library keeps in flight, for two earlier ones and for the pair
 * being read; no more than a short video has. */
static unsigned pool_size(const Run *r)
{
    unsigned threads = r->options->threads;
    uint64_t pairs = threads + (threads + 1) / 2 + 3, expected = expected_pairs(r);

    if (expected && expected < pairs) pairs = expected < 2 ? 3 : expected + 1;
    return (unsigned)(2 * pairs);
}

static int make_pool(Run *r)
{
    const InputFormat *ref = &r->input[REFERENCE].format, *dis = &r->input[DISTORTED].format;
    VmafPictureConfiguration cfg = {.pic_cnt = pool_size(r)};

    cfg.pic_params.w = ref->w;
    cfg.pic_params.h = ref->h;
    cfg.pic_params.pix_fmt = ref->pix_fmt;
    cfg.pic_params.bpc = ref->bpc > dis->bpc ? ref->bpc : dis->bpc;
    int err = vmaf_preallocate_pictures(r->vmaf, cfg);
    if (err)
        message("cannot allocate %u pictures: %s", cfg.pic_cnt, strerror(-err));
    else if (r->terminal && !r->options->quiet)
        message("%u threads, %u pictures", r->options->threads, cfg.pic_cnt);
    return err;
}

static int make_context(Run *r)
{
    const Options *o = r->options;
    const VmafConfiguration cfg = {
        .log_level = r->terminal && !o->quiet ? VMAF_LOG_LEVEL_INFO : VMAF_LOG_LEVEL_WARNING,
        .n_threads = o->threads,
        .n_subsample = o->subsample,
        .cpumask = o->cpumask,
        .gpumask = o->gpumask,
    };
    int err = vmaf_init(&r->vmaf, cfg);
    if (err) {
        message("cannot start: %s", strerror(-err));
        return err;
    }
    return make_pool(r);
}

static int register_features(Run *r)
{
    int err = models_load(&r->models, r->options->model, r->options->n_models);

    if (!err) err = models_register(&r->models, r->vmaf);
    for (unsigned i = 0; !err && i < r->options->n_features; i++) {
        FeatureSpec *f = &r->options->feature[i];
        err = vmaf_use_feature(r->vmaf, f->name, f->options);
        if (err)
            message("cannot use feature %s: %s", f->name, strerror(-err));
        else
            f->options = NULL; /* the library's now */
    }
    return err;
}

static void report_read_error(Run *r, unsigned side, uint64_t frame)
{
    progress_end(&r->progress, r->n_pairs);
    message("%s: %s", r->input[side].path, r->input[side].error);
    message("cannot read frame %llu of %s", (unsigned long long)frame, r->input[side].path);
    fail(r, STATUS_BAD_INPUT);
}

/* 0 also at the end of the file: there are no frames to score then. */
static int skip_frames(Run *r, unsigned side)
{
    for (unsigned i = 0; i < skipped(r, side); i++) {
        int result = input_read(&r->input[side], NULL);
        if (result < 0) report_read_error(r, side, i);
        if (result != INPUT_FRAME) return result < 0 ? result : 0;
    }
    return 0;
}

static void report_end(Run *r, const int result[N_INPUTS])
{
    if (result[REFERENCE] == result[DISTORTED]) return;
    unsigned side = result[REFERENCE] == INPUT_END ? REFERENCE : DISTORTED;
    progress_end(&r->progress, r->n_pairs);
    message("%s ended before %s: %u pairs of frames were compared", r->input[side].path,
            r->input[!side].path, r->n_pairs);
}

/* Reads the next pair; false at the end or after an error. */
static bool read_pair(Run *r, VmafPicture pic[N_INPUTS])
{
    int result[N_INPUTS];
    bool failed = false;

    for (unsigned i = 0; i < N_INPUTS; i++) result[i] = input_read(&r->input[i], &pic[i]);
    for (unsigned i = 0; i < N_INPUTS; i++) {
        if (result[i] >= 0) continue;
        report_read_error(r, i, (uint64_t)skipped(r, i) + r->n_pairs);
        failed = true;
    }
    if (failed) return false;
    if (result[REFERENCE] == INPUT_FRAME && result[DISTORTED] == INPUT_FRAME) return true;
    report_end(r, result);
    return false;
}

static bool fetch_pair(Run *r, VmafPicture pic[N_INPUTS])
{
    for (unsigned i = 0; i < N_INPUTS; i++) {
        int err = vmaf_fetch_preallocated_picture(r->vmaf, &pic[i]);
        if (!err) continue;
        message("cannot get a picture: %s", strerror(-err));
        fail(r, STATUS(err));
        return false;
    }
    return true;
}

/* One pair from the files into the library; false when there is no more to do. */
static bool score_pair(Run *r)
{
    VmafPicture pic[N_INPUTS] = {0};
    bool is_handed_over = false;

    if (fetch_pair(r, pic) && read_pair(r, pic)) {
        progress_update(&r->progress, r->n_pairs + 1);
        int err = vmaf_read_pictures(r->vmaf, &pic[REFERENCE], &pic[DISTORTED], r->n_pairs);
        is_handed_over = !err;
        if (err) {
            progress_end(&r->progress, r->n_pairs);
            message("stopped at frame %u (%ux%u): %s", r->n_pairs, pic[REFERENCE].w[0],
                    pic[REFERENCE].h[0], strerror(-err));
            fail(r, STATUS(err));
        }
    }
    if (is_handed_over)
        r->n_pairs++;
    else
        for (unsigned i = 0; i < N_INPUTS; i++)
            if (pic[i].ref) vmaf_picture_unref(&pic[i]);
    return is_handed_over;
}

static void score_frames(Run *r)
{
    unsigned limit = r->options->frame_count;

    if (skip_frames(r, REFERENCE) || skip_frames(r, DISTORTED)) return;
    progress_start(&r->progress, r->terminal && !r->options->quiet, expected_pairs(r));
    while ((!limit || r->n_pairs < limit) && score_pair(r)) continue;
    progress_end(&r->progress, r->n_pairs);
}

static void flush(Run *r)
{
    int err = vmaf_read_pictures(r->vmaf, NULL, NULL, 0);

    if (!err) return;
    message("not all frames could be scored: %s", strerror(-err));
    fail(r, STATUS(err));
}

/* Whatever failed since, what was computed is scored and written. */
static void finish(Run *r)
{
    const Options *o = r->options;
    bool print = r->terminal && (!o->quiet || !o->output);

    if (!r->n_pairs) {
        message("no frames were scored");
        fail(r, STATUS_BAD_INPUT);
        return;
    }
    flush(r);
    if (!o->no_prediction && models_score(&r->models, r->vmaf, r->n_pairs, print))
        fail(r, STATUS_SETUP);
    if (!o->output) return;
    const VmafTurboReport report = {.precision = o->precision, .statistics = o->statistics};
    int err = vmaf_turbo_write_report(r->vmaf, o->output, o->format, &report);
    if (err) {
        message("cannot write output %s: %s", o->output, strerror(-err));
        fail(r, STATUS_SETUP);
    }
}

static int set_up(Run *r)
{
    int err = open_inputs(r);

    if (!err) err = check_inputs(r);
    if (!err && r->options->output) err = outfile_check(r->options->output, r->input, N_INPUTS);
    if (!err) err = make_context(r);
    return err ? err : register_features(r);
}

int run(Options *o)
{
    Run r = {.options = o, .terminal = isatty(STDERR_FILENO)};

    if (r.terminal && !o->quiet)
        fprintf(stderr, "VMAF version %s (vmaf-turbo %s)\n", vmaf_version(), vmaf_turbo_version());
    for (unsigned i = 0; i < N_INPUTS; i++) r.input[i].fd = -1;
    if (set_up(&r)) {
        r.status = STATUS_SETUP;
    } else {
        score_frames(&r);
        finish(&r);
    }
    models_free(&r.models);
    if (r.vmaf) vmaf_close(r.vmaf);
    for (unsigned i = 0; i < N_INPUTS; i++) input_close(&r.input[i]);
    return r.status;
}
