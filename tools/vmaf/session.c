#include "session.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "libvmaf/turbo.h"
#include "message.h"
#include "outfile.h"

#define MOST_ON_GPU 8 /* frames in flight there */

void session_fail(Session *s, int status)
{
    if (!s->status) s->status = status;
    s->running = false;
}

InputOptions session_input_options(const Options *o, InputFormat *raw)
{
    *raw = (InputFormat){.w = o->w, .h = o->h, .bpc = o->bpc, .pix_fmt = o->pix_fmt};
    return (InputOptions){.raw = o->raw ? raw : NULL, .decode_threads = o->decode_threads};
}

static int open_distorted(Session *s, const char *path)
{
    InputFormat raw;
    const InputOptions options = session_input_options(s->options, &raw);
    int err = input_open(&s->input, path, &options);

    if (!err) return 0;
    message("%s: %s", path, s->input.error);
    message("cannot open the distorted video");
    return err;
}

static int not_scored(Session *s, int err)
{
    if (err && s->options->n_distorted > 1) message("%s is not scored", s->input.path);
    if (err) session_fail(s, STATUS_SETUP);
    return err;
}

static int convert(Session *s, const InputFormat *ref)
{
    const Conversion *c = &s->options->conversion;
    InputFormat own = s->input.format, to = conversion_target(c, &own, ref, &own);

    if (to.pix_fmt == VMAF_PIX_FMT_UNKNOWN) return 0; /* the comparison will say so */
    int err = input_convert(&s->input, &to, c->filter);
    if (err) message("%s: %s", s->input.path, s->input.error);
    return err;
}

int session_compare(Session *s, const InputFormat *ref)
{
    int err = convert(s, ref);

    if (!err) err = compare_inputs(s->reference, &s->input, s->options);
    return not_scored(s, err);
}

/* The name of this session's file, from the list of an option. */
static int name_file(char **out, const Session *s, const char *const *list, unsigned count,
                     unsigned index)
{
    if (!count) return 0;
    *out = outfile_name(list[count > 1 ? index : 0], s->input.path, index + 1);
    if (*out) return 0;
    message("out of memory");
    return -ENOMEM;
}

static int name_files(Session *s, unsigned index)
{
    const Options *o = s->options;
    const int err = name_file(&s->output, s, o->output, o->n_outputs, index);

    return err ? err : name_file(&s->page_path, s, o->page, o->n_pages, index);
}

int session_open(Session *s, unsigned index)
{
    int err = open_distorted(s, s->options->distorted[index]);

    if (!err) err = name_files(s, index);
    s->running = !err;
    return not_scored(s, err);
}

static int make_pool(Session *s, const SessionShare *share)
{
    const InputFormat *f = &s->input.format;
    VmafPictureConfiguration cfg = {.pic_cnt = share->pictures};

    if (!cfg.pic_cnt) return 0; /* all are lent */
    cfg.pic_params.w = f->w;
    cfg.pic_params.h = f->h;
    cfg.pic_params.pix_fmt = f->pix_fmt;
    cfg.pic_params.bpc = share->bpc;
    int err = vmaf_preallocate_pictures(s->vmaf, cfg);
    if (err)
        message("cannot allocate %u pictures: %s", cfg.pic_cnt, strerror(-err));
    else if (s->terminal && !s->options->quiet)
        message("%u threads, %u pictures", share->threads, cfg.pic_cnt);
    return err;
}

static int make_context(Session *s, const SessionShare *share)
{
    const Options *o = s->options;
    const VmafConfiguration cfg = {
        .log_level = s->terminal && !o->quiet ? VMAF_LOG_LEVEL_INFO : VMAF_LOG_LEVEL_WARNING,
        .n_threads = share->threads,
        .n_subsample = o->subsample,
        .cpumask = o->cpumask,
        .gpumask = o->gpumask,
    };
    int err = vmaf_init(&s->vmaf, cfg);
    if (err) {
        message("cannot start: %s", strerror(-err));
        return err;
    }
    err = backend_join(share->backend, s->vmaf);
    return err || !share->pictures ? err : make_pool(s, share);
}

static int use_feature(Session *s, const FeatureSpec *f)
{
    VmafFeatureDictionary *options;
    int err = feature_spec_options(f, &options);

    if (err) return err;
    err = vmaf_use_feature(s->vmaf, f->name, options); /* takes the options, unless it fails */
    if (!err) return 0;
    if (options) vmaf_feature_dictionary_free(&options);
    message("cannot use feature %s: %s", f->name, strerror(-err));
    return err;
}

static int register_features(Session *s)
{
    const Options *o = s->options;
    int err = models_load(&s->models, o->model, o->n_models);

    if (!err) err = models_register(&s->models, s->vmaf);
    for (unsigned i = 0; !err && i < o->n_features; i++) err = use_feature(s, &o->feature[i]);
    return err;
}

static void on_frame(void *user, const VmafTurboFrame *frame)
{
    Session *s = user;

    if (s->ndjson.path) ndjson_frame(&s->ndjson, frame);
    if (s->page) page_frame(s->page, frame);
}

static int make_page(Session *s, const SessionShare *share)
{
    const unsigned on_host = share->threads + (share->threads + 1) / 2;
    /* those in the library, two that wait for a successor, the one being read */
    const PageInfo info = {.options = s->options,
                           .reference = s->reference,
                           .distorted = &s->input,
                           .in_flight = (on_host > MOST_ON_GPU ? on_host : MOST_ON_GPU) + 3};

    return s->page_path ? page_create(&s->page, &info) : 0;
}

/* For those who want results while the run goes on. */
static int follow_frames(Session *s, const SessionShare *share)
{
    const Options *o = s->options;
    int err = make_page(s, share);

    if (s->output && o->ndjson) {
        s->ndjson.path = s->output;
        s->ndjson.precision = o->precision;
    }
    if (!err && !s->ndjson.path && !s->page) return 0;
    if (!err) err = vmaf_turbo_set_frame_callback(s->vmaf, on_frame, s);
    if (!err && !o->no_prediction) err = models_follow(&s->models, s->vmaf);
    if (err) message("cannot follow the frames: %s", strerror(-err));
    return err;
}

int session_start(Session *s, const SessionShare *share)
{
    InputFormat raw;
    const InputOptions options = session_input_options(s->options, &raw);
    int err = make_context(s, share);

    s->bpc = share->bpc;
    if (!err) err = register_features(s);
    if (!err) err = follow_frames(s, share);
    if (!err) {
        err = input_start(&s->input, &options);
        if (err) message("%s: %s", s->input.path, s->input.error);
    }
    if (err) session_fail(s, STATUS_SETUP);
    return err;
}

void session_close(Session *s)
{
    if (s->vmaf) vmaf_close(s->vmaf); /* first: frames in flight use what follows */
    s->vmaf = NULL;
    models_free(&s->models);
    ndjson_close(&s->ndjson);
    page_free(s->page);
    free(s->page_path);
    s->page = NULL;
    s->page_path = NULL;
    input_close(&s->input);
    free(s->output);
    s->output = NULL;
}

void session_report_read_error(Progress *progress, unsigned n_pairs, const Input *in,
                               uint64_t frame)
{
    progress_break(progress, n_pairs);
    message("%s: %s", in->path, in->error);
    message("cannot read frame %llu of %s", (unsigned long long)frame, in->path);
}

bool session_report_complaint(Progress *progress, unsigned n_pairs, Input *in, bool *reported)
{
    char text[128];

    if (!input_complaint(in, text, sizeof(text)) || *reported) return false;
    *reported = true;
    progress_break(progress, n_pairs);
    message("%s: damaged near frame %u, scored as it was decoded (%s)", in->path, n_pairs, text);
    return true;
}

static void read_failed(Session *s, uint64_t frame)
{
    session_report_read_error(s->progress, s->n_pairs, &s->input, frame);
    session_fail(s, STATUS_BAD_INPUT);
}

/* At the end of the file there are no frames to score: the first step finds that. */
void session_skip(Session *s)
{
    int result = INPUT_FRAME;

    for (unsigned i = 0; result == INPUT_FRAME && i < s->options->skip_distorted; i++) {
        result = input_read(&s->input, NULL);
        if (result < 0) read_failed(s, i);
    }
}

static void report_end(Session *s, const Input *first, const Input *other)
{
    progress_break(s->progress, s->n_pairs);
    message("%s ended before %s: %u pairs of frames were compared", first->path, other->path,
            s->n_pairs);
}

/* Frames are paired one by one. Where a video has lost or gained one, the time stamps drift apart.
 */
static void check_times(Session *s)
{
    const Input *ref = s->reference, *dis = &s->input;
    double frame = ref->fps_num ? (double)ref->fps_den / ref->fps_num : 0.04;

    if (!s->n_pairs) {
        s->first_time[0] = ref->time;
        s->first_time[1] = dis->time;
    }
    double apart = (dis->time - s->first_time[1]) - (ref->time - s->first_time[0]);
    if (s->out_of_step || s->options->ignore_fps || !(fabs(apart) > 0.75 * frame)) return;
    s->out_of_step = true;
    progress_break(s->progress, s->n_pairs);
    message("warning: at frame %u of %s time stamps differ by %.3f s from those of %s; frames are "
            "paired one by one",
            s->n_pairs, dis->path, apart, ref->path);
}

static void hand_over(Session *s, const VmafPicture *ref, VmafPicture *dis)
{
    VmafPicture shared = {0};
    int err = vmaf_turbo_picture_ref(&shared, ref);

    check_times(s);
    if (!err && s->page) page_pictures(s->page, s->n_pairs, ref, dis);
    if (!err) err = vmaf_read_pictures(s->vmaf, &shared, dis, s->n_pairs);
    if (!err) {
        s->n_pairs++;
        return;
    }
    progress_break(s->progress, s->n_pairs);
    message("stopped at frame %u of %s (%ux%u): %s", s->n_pairs, s->input.path, ref->w[0],
            ref->h[0], strerror(-err));
    session_fail(s, STATUS(err));
    if (shared.ref) vmaf_picture_unref(&shared);
}

/* Nobody takes the lines any more: the scores would be for nothing. Said at the end. */
static bool is_output_lost(Session *s)
{
    if (!atomic_load(&s->ndjson.error)) return false;
    session_fail(s, STATUS_SETUP);
    return true;
}

void session_step(Session *s, const VmafPicture *ref, int reference_result)
{
    VmafPicture dis = {0};

    if (is_output_lost(s)) return;
    int result = input_picture(&s->input, s->vmaf, s->bpc, &dis);

    if (result < 0) read_failed(s, (uint64_t)s->options->skip_distorted + s->n_pairs);
    if (result >= 0 &&
        session_report_complaint(s->progress, s->n_pairs, &s->input, &s->complained) && !s->status)
        s->status = STATUS_BAD_INPUT;
    if (reference_result < 0) session_fail(s, STATUS_BAD_INPUT);
    if (result == INPUT_FRAME && reference_result == INPUT_FRAME) {
        hand_over(s, ref, &dis);
    } else {
        s->running = false;
        if (result == INPUT_END && reference_result == INPUT_FRAME)
            report_end(s, &s->input, s->reference);
        else if (result == INPUT_FRAME && reference_result == INPUT_END)
            report_end(s, s->reference, &s->input);
    }
    if (dis.ref) vmaf_picture_unref(&dis);
}

static void flush(Session *s)
{
    int err = vmaf_read_pictures(s->vmaf, NULL, NULL, 0);

    if (!err) return;
    message("not all frames could be scored: %s", strerror(-err));
    session_fail(s, STATUS(err));
}

/* Prints the pooled scores where somebody looks, after the video's name if there are several. */
static void score_models(Session *s)
{
    const Options *o = s->options;
    char prefix[256] = "";

    if (o->no_prediction) return;
    if (o->n_distorted > 1) snprintf(prefix, sizeof(prefix), "%.250s: ", s->input.path);
    bool print = s->terminal && (!o->quiet || !s->output);
    if (models_score(&s->models, s->vmaf, s->n_pairs, print ? prefix : NULL))
        session_fail(s, STATUS_SETUP);
}

static void write_report(Session *s)
{
    const Options *o = s->options;
    const VmafTurboReport report = {.precision = o->precision, .statistics = o->statistics};
    int err;

    if (o->ndjson)
        err = ndjson_end(&s->ndjson, s->vmaf, &report);
    else if (outfile_is_stdout(s->output))
        err = vmaf_turbo_print_report(s->vmaf, stdout, o->format, &report);
    else
        err = vmaf_turbo_write_report(s->vmaf, s->output, o->format, &report);
    if (!err) return;
    message("cannot write output %s: %s", outfile_label(s->output), strerror(-err));
    session_fail(s, STATUS_SETUP);
}

static void write_page(Session *s)
{
    const int err = page_write(s->page, s->vmaf, s->n_pairs, s->page_path);

    if (!err) return;
    message("cannot write output %s: %s", outfile_label(s->page_path), strerror(-err));
    session_fail(s, STATUS_SETUP);
}

void session_finish(Session *s)
{
    if (s->finished || !s->vmaf) return;
    s->finished = true;
    s->running = false;
    progress_break(s->progress, s->n_pairs);
    if (!s->n_pairs) {
        message(s->options->n_distorted > 1 ? "no frames were scored of %s"
                                            : "no frames were scored",
                s->input.path);
        session_fail(s, STATUS_BAD_INPUT);
        return;
    }
    flush(s);
    score_models(s);
    if (s->output) write_report(s);
    if (s->page) write_page(s);
}
