/* Shared by the parts: input.c (what the tool calls), decode.c (files to frames), convert.c
 * (libswscale), frame.c (frames to pictures), queue.c (reading ahead). */
#ifndef VMAF_TOOL_LIBAV_PRIVATE_H
#define VMAF_TOOL_LIBAV_PRIVATE_H

#include <pthread.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/pixdesc.h>

#include "input_internal.h"
#include "libav/libav.h"

#define LAV_AHEAD 4 /* frames that wait decoded */
#define LAV_SAID_BYTES 120

typedef struct LavConverter LavConverter;

/* A frame on its way to a picture. While a picture is lent, the last reference puts it back. */
typedef struct LavFrame {
    AVFrame *frame;
    struct LavInput *owner;
    struct LavFrame *next; /* in the list of free ones */
} LavFrame;

typedef struct LavSource {
    AVIOContext *io;
    AVFormatContext *format;
    AVCodecContext *decoder;
    AVPacket *packet;
    AVStream *stream;
    AVFrame *first; /* decoded at opening, until it is asked for */
    bool draining;  /* the decoder has got all packets */
    int failure;    /* told when the decoder has given what it holds; in->error says why */
    int64_t last_pts;
} LavSource;

struct LavInput {
    Input *in;
    LavSource source; /* source.decoder NULL: frames of other inputs are only converted here */
    enum AVPixelFormat pixel_format; /* of the frames that become pictures */
    AVFrame *raw;                    /* before conversion */
    VmafPicture view;                /* raw's planes, for what is not decoded */
    LavConverter *converter;

    /* queue.c */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool has_lock, has_thread;
    pthread_t thread;
    LavFrame *ahead[LAV_AHEAD];
    unsigned first_ahead, n_ahead;
    int result; /* after the frames ahead: INPUT_FRAME for more to come, INPUT_END or an error */
    bool stop;
    /* What the demuxer and the decoder logged, which go on after damage. Under the lock. */
    char demuxer_complaint[LAV_SAID_BYTES], decoder_complaint[LAV_SAID_BYTES];
    LavFrame *free;
};

/* decode.c. The text is empty afterwards; false if it was. */
bool lav_take_complaint(struct LavInput *a, char *complaint, char *text, size_t size);
/* Results as input_read. */
int lav_decode(struct LavInput *a, AVFrame *frame);
int lav_source_open(struct LavInput *a, unsigned threads);
void lav_source_close(LavSource *s);
/* in->error: what was tried, what libav calls the error and what it last logged on this thread. */
int lav_fail(Input *in, const char *what, int averror);

/* convert.c */
int lav_converter_open(struct LavInput *a, const InputFormat *to, ScaleFilter filter);
int lav_converter_run(LavConverter *c, Input *in, const AVFrame *from, AVFrame *to);
void lav_converter_close(LavConverter **c);
/* libav's name for planes of this format; AV_PIX_FMT_NONE if it has none. */
enum AVPixelFormat lav_planar_format(const InputFormat *f);

/* frame.c. The format of pictures that hold such frames without loss; pix_fmt is
 * VMAF_PIX_FMT_UNKNOWN if there is none. */
InputFormat lav_picture_format(enum AVPixelFormat f, unsigned w, unsigned h);
bool lav_can_lend(enum AVPixelFormat f, unsigned bpc);
void lav_store(const AVFrame *frame, const VmafPicture *pic);

/* queue.c. The next frame, for lav_put. Results as input_read. */
int lav_take(struct LavInput *a, LavFrame **frame);
void lav_put(void *frame);
int lav_queue_init(struct LavInput *a);
int lav_queue_start(struct LavInput *a);
void lav_queue_close(struct LavInput *a);

/* input.c: what is queued. */
int lav_produce(struct LavInput *a, AVFrame *out);

#endif
