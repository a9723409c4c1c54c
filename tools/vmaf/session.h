/* One distorted video against the reference: its input, its context and its report. */
#ifndef VMAF_TOOL_SESSION_H
#define VMAF_TOOL_SESSION_H

#include "backend.h"
#include "input.h"
#include "models.h"
#include "ndjson.h"
#include "page/page.h"
#include "progress.h"

/* The exit status is what the shell sees of a returned negative errno, as with libvmaf's tool. */
#define STATUS(err) ((err)&0xff)
#define STATUS_SETUP STATUS(-1)          /* nothing was scored */
#define STATUS_BAD_INPUT STATUS(-EINVAL) /* a frame could not be read, or there was none */

typedef struct Session {
    const Options *options;
    const Input *reference;
    Progress *progress;
    bool terminal; /* stderr is one */
    Input input;   /* the distorted video */
    char *output;  /* the report, NULL for none */
    VmafContext *vmaf;
    Models models;
    Ndjson ndjson;   /* path NULL: no lines while running */
    char *page_path; /* the report as a page, NULL for none */
    Page *page;
    unsigned bpc;         /* of the pictures */
    unsigned n_pairs;     /* scored */
    bool running;         /* takes further frames */
    bool complained;      /* has told of damage that the decoder conceals */
    bool out_of_step;     /* has warned of time stamps that differ */
    double first_time[2]; /* of the reference and the distorted video */
    bool finished;        /* has written what there is to write */
    int status;           /* of the first failure */
} Session;

/* What a session has to itself and what it brings for all. */
typedef struct SessionShare {
    const Backend *backend;
    unsigned threads;
    unsigned bpc;      /* of all pictures */
    unsigned pictures; /* in its pool; 0: none */
} SessionShare;

/* How the options say that inputs are read; raw is room for a format. */
InputOptions session_input_options(const Options *o, InputFormat *raw);

/* Opens the distorted video that is the index-th of the options (from 0). 0, or a negative errno
 * after a message, and the session has failed. session_close may follow in every case. */
int session_open(Session *s, unsigned index);

/* Converts the distorted video if that is asked for, and compares it with the reference; ref is the
 * format that the reference's file has. Results as above. */
int session_compare(Session *s, const InputFormat *ref);

/* Makes the context with its pool, models and features; results as above. */
int session_start(Session *s, const SessionShare *share);
void session_close(Session *s);

/* The first failure decides the status. */
void session_fail(Session *s, int status);

/* Takes one step: the distorted video's next frame, scored against ref if reference_result is
 * INPUT_FRAME. The caller keeps its reference to ref. The session stops running at the end of
 * either video or after an error. */
void session_step(Session *s, const VmafPicture *ref, int reference_result);

/* Drops the frames that the options skip. */
void session_skip(Session *s);

/* Scores what was read, writes the report and prints the pooled scores, once, if it was started.
 * Whatever failed since, what was computed is scored and written. */
void session_finish(Session *s);

/* Says so if the decoder concealed damage, once per input; true then. */
bool session_report_complaint(Progress *progress, unsigned n_pairs, Input *in, bool *reported);

/* A frame of an input could not be read: says so. */
void session_report_read_error(Progress *progress, unsigned n_pairs, const Input *in,
                               uint64_t frame);

#endif
