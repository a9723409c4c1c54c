/* From inputs to reports (spec: cli-and-output 2). One reference is read once for all distorted
 * videos; their sessions advance together, frame by frame. */
#include "run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "benchmark.h"
#include "compare.h"
#include "libvmaf/turbo.h"
#include "message.h"
#include "outfile.h"
#include "session.h"

typedef struct Run {
    Options *options;
    bool terminal; /* stderr is one */
    Input reference;
    Session *session;
    unsigned n_sessions;
    Session *first; /* the first that started: its pool has the reference's pictures */
    Backend backend;
    Progress progress;
    unsigned n_pairs; /* frames of the reference that were handed out */
    bool complained;  /* has told of damage that the reference's decoder conceals */
} Run;

static int open_reference(Run *r)
{
    const Options *o = r->options;
    InputFormat raw;
    const InputOptions options = session_input_options(o, &raw);
    int err = input_open(&r->reference, o->reference, &options);

    if (!err) return 0;
    message("%s: %s", o->reference, r->reference.error);
    message("cannot open the reference video");
    return err;
}

static Session *next_running(const Run *r, Session *after)
{
    Session *s = after ? after + 1 : r->session;

    while (s < r->session + r->n_sessions && !s->running) s++;
    return s < r->session + r->n_sessions ? s : NULL;
}

/* Only the reference's conversion may depend on the distorted video, which is the only one then. */
static int convert_reference(Run *r, const InputFormat *own)
{
    const Conversion *c = &r->options->conversion;
    const Session *first = next_running(r, NULL);
    InputFormat to = conversion_target(c, own, own, first ? &first->input.format : own);

    if (to.pix_fmt == VMAF_PIX_FMT_UNKNOWN) return compare_check_format(&r->reference);
    int err = input_convert(&r->reference, &to, c->filter);
    if (err) message("%s: %s", r->reference.path, r->reference.error);
    return err;
}

static int compare_all(Run *r)
{
    const InputFormat own = r->reference.format;
    int err = convert_reference(r, &own);

    if (err) return err;
    for (Session *s = next_running(r, NULL); s; s = next_running(r, s)) session_compare(s, &own);
    return 0;
}

static bool is_same(const char *path, const char *other)
{
    return other && !strcmp(path, other);
}

/* Nothing that is read may be written, and no two reports to one file. */
static int check_output(const Run *r, const Session *s, const char *path)
{
    if (outfile_is_input(path, &r->reference)) return -EINVAL;
    for (unsigned i = 0; i < r->n_sessions; i++) {
        const Session *other = &r->session[i];
        if (outfile_is_input(path, &other->input)) return -EINVAL;
        if (other >= s || !(is_same(path, other->output) || is_same(path, other->page_path)))
            continue;
        message("the reports of %s and %s would both be %s", other->input.path, s->input.path,
                outfile_label(path));
        return -EINVAL;
    }
    return outfile_check(path);
}

static int check_files(const Run *r, const Session *s)
{
    int err = s->output ? check_output(r, s, s->output) : 0;

    if (err || !s->page_path) return err;
    if (s->output && is_same(s->page_path, s->output)) {
        message("both reports of %s would be %s", s->input.path, outfile_label(s->output));
        return -EINVAL;
    }
    return check_output(r, s, s->page_path);
}

static void check_outputs(const Run *r)
{
    for (Session *s = next_running(r, NULL); s; s = next_running(r, s))
        if (check_files(r, s)) session_fail(s, STATUS_SETUP);
}

static unsigned shared_depth(const Run *r)
{
    const Session *first = next_running(r, NULL);
    unsigned bpc = r->reference.format.bpc;

    return first && first->input.format.bpc > bpc ? first->input.format.bpc : bpc;
}

/* The reference's pictures are shared, so all distorted videos that may differ from it in depth
 * must agree. */
static void check_depths(const Run *r)
{
    unsigned shared = shared_depth(r), bpc = r->reference.format.bpc;

    for (Session *s = next_running(r, NULL); s; s = next_running(r, s)) {
        unsigned own = s->input.format.bpc > bpc ? s->input.format.bpc : bpc;
        if (own == shared) continue;
        message("%s is not scored: videos of one run must have the same bit depth", s->input.path);
        session_fail(s, STATUS_SETUP);
    }
}

static uint64_t frames_left(const Input *in, unsigned skip)
{
    return in->frames > skip ? in->frames - skip : 0;
}

/* Pairs in the files as far as their sizes tell, of the longest pairing; 0 if unknown. */
static uint64_t expected_pairs(const Run *r)
{
    const Options *o = r->options;
    uint64_t longest = 0, ref = frames_left(&r->reference, o->skip_reference);

    if (!r->reference.frames) return o->frame_count;
    for (Session *s = next_running(r, NULL); s; s = next_running(r, s)) {
        uint64_t dis = frames_left(&s->input, o->skip_distorted);
        if (!s->input.frames) return o->frame_count;
        if (dis > longest) longest = dis;
    }
    if (longest > ref) longest = ref;
    return o->frame_count && o->frame_count < longest ? o->frame_count : longest;
}

/* Enough for the pairs that the library keeps in flight, for two earlier ones and for the pair
 * being read; no more than a short video has. */
static unsigned pairs_in_pool(const Run *r, unsigned threads)
{
    uint64_t pairs = threads + (threads + 1) / 2 + 3, expected = expected_pairs(r);

    if (expected && expected < pairs) pairs = expected < 2 ? 3 : expected + 1;
    return (unsigned)pairs;
}

/* That come from this session's pool. */
static unsigned pictures_per_pair(const Run *r, const Session *s, unsigned bpc)
{
    unsigned own = input_lends(&s->input, bpc) ? 0 : 1;

    return s == r->first && !input_lends(&r->reference, bpc) ? own + 1 : own;
}

static int start_reference(Run *r)
{
    InputFormat raw;
    const InputOptions options = session_input_options(r->options, &raw);
    int err = input_start(&r->reference, &options);

    if (err) message("%s: %s", r->reference.path, r->reference.error);
    return err;
}

/* The threads are divided among the sessions, at least one for each, the first ones get the rest.
 * The reference's pictures come from the pool of the first session. */
static int start_sessions(Run *r)
{
    unsigned n = 0, i = 0, threads = r->options->threads;
    SessionShare share = {.backend = &r->backend, .bpc = shared_depth(r)};

    for (Session *s = next_running(r, NULL); s; s = next_running(r, s)) n++;
    for (Session *s = next_running(r, NULL); s; s = next_running(r, s), i++) {
        if (!i) r->first = s;
        share.threads = threads / n + (i < threads % n ? 1 : 0);
        if (threads && !share.threads) share.threads = 1;
        share.pictures = pairs_in_pool(r, share.threads) * pictures_per_pair(r, s, share.bpc);
        int err = session_start(s, &share);
        if (err) return err;
    }
    return n ? start_reference(r) : -EINVAL;
}

static int set_up(Run *r)
{
    const Options *o = r->options;
    int err = open_reference(r);

    if (err) return err;
    r->session = calloc(o->n_distorted, sizeof(*r->session));
    if (!r->session) return -ENOMEM;
    for (unsigned i = 0; i < o->n_distorted; i++) {
        Session *s = &r->session[r->n_sessions++];
        *s = (Session){.options = o,
                       .reference = &r->reference,
                       .progress = &r->progress,
                       .terminal = r->terminal,
                       .input.fd = -1};
        session_open(s, i);
    }
    err = compare_all(r);
    if (err) return err;
    check_depths(r);
    check_outputs(r);
    err = backend_open(&r->backend, o, r->terminal && !o->quiet);
    return err ? err : next_running(r, NULL) ? 0 : -EINVAL;
}

static void fail_all(Run *r, int status)
{
    for (Session *s = next_running(r, NULL); s; s = next_running(r, s)) session_fail(s, status);
}

static void reference_failed(Run *r, uint64_t frame)
{
    session_report_read_error(&r->progress, r->n_pairs, &r->reference, frame);
}

/* At the end of the file there are no frames to score: the first step finds that. */
static void skip_frames(Run *r)
{
    int result = INPUT_FRAME;

    for (unsigned i = 0; result == INPUT_FRAME && i < r->options->skip_reference; i++) {
        result = input_read(&r->reference, NULL);
        if (result >= 0) continue;
        reference_failed(r, i);
        fail_all(r, STATUS_BAD_INPUT);
    }
    for (Session *s = next_running(r, NULL); s; s = next_running(r, s)) session_skip(s);
}

/* A session whose video has ended or failed writes its report while the others go on. */
static void step_sessions(Run *r, const VmafPicture *ref, int result)
{
    for (Session *s = next_running(r, NULL); s; s = next_running(r, s)) {
        session_step(s, ref, result);
        if (!s->running) session_finish(s);
    }
}

/* Damage that is concealed ends nothing, but no video counts as scored without fault. */
static void check_reference(Run *r)
{
    if (!session_report_complaint(&r->progress, r->n_pairs, &r->reference, &r->complained)) return;
    for (Session *s = next_running(r, NULL); s; s = next_running(r, s))
        if (!s->status) s->status = STATUS_BAD_INPUT;
}

/* One frame of the reference, and those of all distorted videos. */
static void score_frame(Run *r)
{
    VmafPicture ref = {0};
    int result = input_picture(&r->reference, r->first->vmaf, r->first->bpc, &ref);

    if (result < 0) reference_failed(r, (uint64_t)r->options->skip_reference + r->n_pairs);
    if (result >= 0) check_reference(r);
    if (result == INPUT_FRAME) progress_update(&r->progress, r->n_pairs + 1);
    step_sessions(r, &ref, result);
    if (result != INPUT_FRAME) return;
    r->n_pairs++;
    vmaf_picture_unref(&ref);
}

static void score_frames(Run *r)
{
    unsigned limit = r->options->frame_count;

    skip_frames(r);
    progress_start(&r->progress, r->terminal && !r->options->quiet, expected_pairs(r));
    while (next_running(r, NULL) && (!limit || r->n_pairs < limit)) score_frame(r);
    progress_end(&r->progress, r->n_pairs);
    for (unsigned i = 0; i < r->n_sessions; i++) session_finish(&r->session[i]);
}

/* Of the first video that failed. */
static int exit_status(const Run *r)
{
    for (unsigned i = 0; i < r->n_sessions; i++)
        if (r->session[i].status) return r->session[i].status;
    return 0;
}

static void clean_up(Run *r)
{
    for (unsigned i = 0; i < r->n_sessions; i++) session_close(&r->session[i]);
    backend_close(&r->backend);
    free(r->session);
    input_close(&r->reference);
}

int run(Options *o)
{
    Run r = {.options = o, .terminal = isatty(STDERR_FILENO), .reference.fd = -1};
    int status = STATUS_SETUP;

    if (r.terminal && !o->quiet)
        fprintf(stderr, "VMAF version %s (vmaf-turbo %s)\n", vmaf_version(), vmaf_turbo_version());
    if (!set_up(&r)) {
        if (o->bench) {
            status = benchmark(o, &r.backend, &r.reference, r.session);
        } else if (!start_sessions(&r)) {
            score_frames(&r);
            status = exit_status(&r);
        }
    }
    clean_up(&r);
    return status;
}
