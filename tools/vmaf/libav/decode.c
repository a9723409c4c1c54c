/* Files through libavformat and libavcodec: the frames of the best video stream, in the order in
 * which they are shown. */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libavutil/display.h>
#include <libavutil/pixdesc.h>

#include "libav/private.h"

#define IO_BUFFER_BYTES 65536

/* The last thing that libav complained of on this thread: its errors are only numbers. */
static _Thread_local char said[LAV_SAID_BYTES];

/* Demuxers and decoders go on after much that is damaged, and only log it, on any thread. */
static void remember_complaint(void *about, const char *text)
{
    const AVClass *class = about ? *(const AVClass **)about : NULL;
    bool demuxes = class == avformat_get_class(), decodes = class == avcodec_get_class();
    struct LavInput *a = demuxes   ? ((AVFormatContext *)about)->opaque
                         : decodes ? ((AVCodecContext *)about)->opaque
                                   : NULL;

    if (!a) return;
    char *complaint = demuxes ? a->demuxer_complaint : a->decoder_complaint;
    pthread_mutex_lock(&a->lock);
    if (!complaint[0]) memcpy(complaint, text, LAV_SAID_BYTES); /* what follows may continue it */
    pthread_mutex_unlock(&a->lock);
}

static void remember(void *about, int level, const char *fmt, va_list args)
{
    if (level > AV_LOG_ERROR) return;
    vsnprintf(said, sizeof(said), fmt, args);
    said[strcspn(said, "\r\n")] = '\0';
    if (said[0]) remember_complaint(about, said);
}

bool lav_take_complaint(struct LavInput *a, char *complaint, char *text, size_t size)
{
    pthread_mutex_lock(&a->lock);
    bool has_text = complaint[0];
    if (has_text) snprintf(text, size, "%s", complaint);
    complaint[0] = '\0';
    pthread_mutex_unlock(&a->lock);
    return has_text;
}

int lav_fail(Input *in, const char *what, int averror)
{
    char text[AV_ERROR_MAX_STRING_SIZE] = "";
    bool is_errno = averror < 0 && averror > -4096; /* libav's own codes lie far below */

    av_strerror(averror, text, sizeof(text));
    input_fail(in, 0, said[0] ? "%s: %s (%s)" : "%s: %s", what, text, said);
    said[0] = '\0';
    return is_errno ? averror : -EINVAL;
}

/* --- bytes ----------------------------------------------------------------------------------- */

/* The first bytes were read already, to see what the file is. */
static int read_bytes(void *input, uint8_t *buffer, int size)
{
    Input *in = input;
    unsigned left = in->head_bytes - in->head_taken;

    if (left) {
        unsigned n = (unsigned)size < left ? (unsigned)size : left;
        memcpy(buffer, in->head + in->head_taken, n);
        in->head_taken += n;
        return (int)n;
    }
    for (;;) {
        ssize_t n = read(in->fd, buffer, (size_t)size);
        if (n > 0) return (int)n;
        if (n == 0) return AVERROR_EOF;
        if (errno != EINTR) return AVERROR(errno);
    }
}

static int64_t seek_bytes(void *input, int64_t offset, int whence)
{
    Input *in = input;
    struct stat st;

    if (whence == AVSEEK_SIZE) return fstat(in->fd, &st) ? AVERROR(errno) : st.st_size;
    off_t at = lseek(in->fd, offset, whence & ~AVSEEK_FORCE);
    return at < 0 ? AVERROR(errno) : at;
}

/* A pipe cannot go back to its first bytes: they come from in->head. */
static int open_io(struct LavInput *a)
{
    Input *in = a->in;
    bool can_seek = lseek(in->fd, 0, SEEK_SET) == 0;
    uint8_t *buffer = av_malloc(IO_BUFFER_BYTES);

    if (can_seek) in->head_bytes = 0;
    a->source.io = buffer ? avio_alloc_context(buffer, IO_BUFFER_BYTES, 0, in, read_bytes, NULL,
                                               can_seek ? seek_bytes : NULL)
                          : NULL;
    if (a->source.io) return 0;
    av_free(buffer);
    return input_fail(in, -ENOMEM, "out of memory");
}

/* Playlists and the like name further files; only what the user named is opened. */
static int refuse_other_files(AVFormatContext *format, AVIOContext **io, const char *url, int flags,
                              AVDictionary **options)
{
    (void)format;
    (void)io;
    (void)flags;
    (void)options;
    snprintf(said, sizeof(said), "it refers to another file, %.60s", url);
    return AVERROR(EPERM);
}

/* --- opening --------------------------------------------------------------------------------- */

static int open_format(struct LavInput *a)
{
    LavSource *s = &a->source;
    AVDictionary *options = NULL;

    s->format = avformat_alloc_context();
    if (!s->format) return input_fail(a->in, -ENOMEM, "out of memory");
    s->format->pb = s->io;
    s->format->flags |= AVFMT_FLAG_CUSTOM_IO;
    s->format->io_open = refuse_other_files;
    s->format->opaque = a;
    av_dict_set(&options, "protocol_whitelist", "none", 0);
    int err =
        avformat_open_input(&s->format, a->in->path, NULL, &options); /* frees it on failure */
    av_dict_free(&options);
    if (err < 0)
        return lav_fail(a->in,
                        "not a Y4M file, and libavformat cannot read it either (raw video "
                        "needs -w, -h, -p and -b)",
                        err);
    err = avformat_find_stream_info(s->format, NULL);
    return err < 0 ? lav_fail(a->in, "cannot find out what the file has", err) : 0;
}

static int find_stream(struct LavInput *a, const AVCodec **codec)
{
    LavSource *s = &a->source;
    int index = av_find_best_stream(s->format, AVMEDIA_TYPE_VIDEO, -1, -1, codec, 0);

    if (index == AVERROR_DECODER_NOT_FOUND)
        return input_fail(a->in, -ENOTSUP, "libavcodec has no decoder for its video");
    if (index < 0 || s->format->streams[index]->disposition & AV_DISPOSITION_ATTACHED_PIC)
        return input_fail(a->in, -EINVAL, "the file has no video");
    s->stream = s->format->streams[index];
    for (unsigned i = 0; i < s->format->nb_streams; i++)
        if ((int)i != index) s->format->streams[i]->discard = AVDISCARD_ALL;
    return 0;
}

/* What is damaged is an error: a concealed frame would be scored as if it were the encoder's. */
static int open_decoder(struct LavInput *a, const AVCodec *codec, unsigned threads)
{
    LavSource *s = &a->source;

    s->last_pts = AV_NOPTS_VALUE;
    s->packet = av_packet_alloc();
    s->decoder = avcodec_alloc_context3(codec);
    if (!s->packet || !s->decoder) return input_fail(a->in, -ENOMEM, "out of memory");
    int err = avcodec_parameters_to_context(s->decoder, s->stream->codecpar);
    if (err >= 0) {
        s->decoder->opaque = a;
        s->decoder->pkt_timebase = s->stream->time_base;
        s->decoder->thread_count = threads ? (int)threads : 1;
        s->decoder->err_recognition =
            AV_EF_EXPLODE | AV_EF_CRCCHECK | AV_EF_BITSTREAM | AV_EF_BUFFER;
        err = avcodec_open2(s->decoder, codec, NULL);
    }
    return err < 0 ? lav_fail(a->in, "cannot open the decoder", err) : 0;
}

/* --- frames ---------------------------------------------------------------------------------- */

/* The decoder may hold frames that come before the failure. */
static int fail_after_held_frames(struct LavInput *a, int code)
{
    LavSource *s = &a->source;

    s->failure = code;
    s->draining = true;
    return avcodec_send_packet(s->decoder, NULL) < 0 ? code : 0;
}

static int read_packet(LavSource *s)
{
    int err;

    do {
        av_packet_unref(s->packet);
        err = av_read_frame(s->format, s->packet);
    } while (err >= 0 && s->packet->stream_index != s->stream->index);
    return err == AVERROR_EOF && s->io->error < 0 ? s->io->error : err;
}

/* Some demuxers only log that the file breaks off. */
static int at_end(struct LavInput *a)
{
    LavSource *s = &a->source;
    char text[LAV_SAID_BYTES];

    if (lav_take_complaint(a, a->demuxer_complaint, text, sizeof(text)))
        return fail_after_held_frames(
            a, input_fail(a->in, -EINVAL, "the file is damaged or breaks off (%s)", text));
    s->draining = true;
    int err = avcodec_send_packet(s->decoder, NULL);
    return err < 0 ? lav_fail(a->in, "cannot decode", err) : 0;
}

/* A packet, or the end of all packets, for the decoder. */
static int feed(struct LavInput *a)
{
    LavSource *s = &a->source;
    int err = read_packet(s);

    if (err == AVERROR_EOF) return at_end(a);
    if (err < 0) return fail_after_held_frames(a, lav_fail(a->in, "cannot read", err));
    if (s->packet->flags & AV_PKT_FLAG_CORRUPT)
        return fail_after_held_frames(
            a, input_fail(a->in, -EINVAL, "the file is damaged or ends inside a frame"));
    err = avcodec_send_packet(s->decoder, s->packet);
    return err < 0 ? lav_fail(a->in, "cannot decode", err) : 0;
}

/* After a failure, frames that the decoder held back to put them in order may have gaps. */
static bool follows(const struct LavInput *a, const AVFrame *frame)
{
    const LavSource *s = &a->source;
    const AVCodecDescriptor *d = avcodec_descriptor_get(s->decoder->codec_id);

    if (d && !(d->props & AV_CODEC_PROP_REORDER)) return true;
    if (frame->pts == AV_NOPTS_VALUE || s->last_pts == AV_NOPTS_VALUE) return false;
    double step = (double)(frame->pts - s->last_pts) * av_q2d(s->stream->time_base);
    return a->in->fps_num && step * a->in->fps_num / a->in->fps_den < 1.5;
}

static int check_frame(struct LavInput *a, AVFrame *frame)
{
    LavSource *s = &a->source;
    bool is_damaged = frame->flags & AV_FRAME_FLAG_CORRUPT || frame->decode_error_flags;

    frame->pts = frame->best_effort_timestamp;
    if (!is_damaged && (!s->failure || follows(a, frame))) {
        s->last_pts = frame->pts;
        return INPUT_FRAME;
    }
    av_frame_unref(frame);
    return s->failure ? s->failure : input_fail(a->in, -EINVAL, "the frame is damaged");
}

int lav_decode(struct LavInput *a, AVFrame *frame)
{
    LavSource *s = &a->source;

    if (s->first) {
        av_frame_move_ref(frame, s->first);
        av_frame_free(&s->first);
        return INPUT_FRAME;
    }
    for (;;) {
        int err = avcodec_receive_frame(s->decoder, frame);
        if (err >= 0) return check_frame(a, frame);
        if (err == AVERROR_EOF) return s->failure ? s->failure : INPUT_END;
        if (err == AVERROR(EAGAIN))
            err = s->draining ? -EINVAL : feed(a);
        else
            err = lav_fail(a->in, "cannot decode", err);
        if (err) return err;
    }
}

/* --- what the file says of itself ------------------------------------------------------------ */

static int rotation(const AVStream *stream)
{
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 31, 102)
    const AVPacketSideData *d =
        av_packet_side_data_get(stream->codecpar->coded_side_data,
                                stream->codecpar->nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX);
    const uint8_t *matrix = d ? d->data : NULL;
#else
    const uint8_t *matrix = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, NULL);
#endif
    double degrees = matrix ? av_display_rotation_get((const int32_t *)(const void *)matrix) : 0;

    return isfinite(degrees) ? (int)lround(degrees) : 0;
}

static bool is_interlaced(const AVFrame *frame)
{
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(58, 7, 100)
    return frame->flags & AV_FRAME_FLAG_INTERLACED;
#else
    return frame->interlaced_frame;
#endif
}

static bool is_full_range(const AVFrame *frame)
{
    switch ((enum AVPixelFormat)frame->format) {
    case AV_PIX_FMT_YUVJ420P:
    case AV_PIX_FMT_YUVJ422P:
    case AV_PIX_FMT_YUVJ444P:
        return true;
    default:
        return frame->color_range == AVCOL_RANGE_JPEG;
    }
}

/* Formats whose clock starts anywhere say where. */
static double start_time(const LavSource *s, const AVFrame *frame)
{
    if (frame->pts == AV_NOPTS_VALUE) return NAN;
    double start = (double)frame->pts * av_q2d(s->stream->time_base);
    if (s->format->iformat->flags & AVFMT_TS_DISCONT && s->format->start_time != AV_NOPTS_VALUE)
        start -= (double)s->format->start_time / AV_TIME_BASE;
    return start;
}

static void read_traits(struct LavInput *a, const AVFrame *frame)
{
    const LavSource *s = &a->source;
    AVRational aspect = av_guess_sample_aspect_ratio(s->format, s->stream, (AVFrame *)frame);

    a->in->traits = (InputTraits){
        .is_known = true,
        .full_range = is_full_range(frame),
        .interlaced = is_interlaced(frame),
        .rotation = rotation(s->stream),
        .aspect_num = aspect.num > 0 && aspect.den > 0 ? aspect.num : 1,
        .aspect_den = aspect.num > 0 && aspect.den > 0 ? aspect.den : 1,
        .matrix = frame->colorspace == AVCOL_SPC_UNSPECIFIED
                      ? NULL
                      : av_color_space_name(frame->colorspace),
        .transfer = frame->color_trc == AVCOL_TRC_UNSPECIFIED
                        ? NULL
                        : av_color_transfer_name(frame->color_trc),
        .start = start_time(s, frame),
        .pixel_format = av_get_pix_fmt_name(frame->format),
    };
}

static void read_length(struct LavInput *a)
{
    const LavSource *s = &a->source;
    AVRational rate = av_guess_frame_rate(s->format, s->stream, NULL);
    bool has_rate = rate.num > 0 && rate.den > 0;
    double seconds = s->stream->duration != AV_NOPTS_VALUE
                         ? (double)s->stream->duration * av_q2d(s->stream->time_base)
                     : s->format->duration != AV_NOPTS_VALUE
                         ? (double)s->format->duration / AV_TIME_BASE
                         : 0;

    a->in->fps_num = has_rate ? (unsigned)rate.num : 0;
    a->in->fps_den = has_rate ? (unsigned)rate.den : 0;
    if (s->stream->nb_frames > 0)
        a->in->frames = (uint64_t)s->stream->nb_frames;
    else if (has_rate && seconds > 0 && seconds < 1e9)
        a->in->frames = (uint64_t)llround(seconds * av_q2d(rate));
}

/* The decoder knows the format better than the container. */
static int decode_first(struct LavInput *a)
{
    AVFrame *first = av_frame_alloc();

    if (!first) return input_fail(a->in, -ENOMEM, "out of memory");
    int result = lav_decode(a, first);
    if (result == INPUT_FRAME) {
        read_traits(a, first);
        read_length(a);
        a->in->format =
            lav_picture_format(first->format, (unsigned)first->width, (unsigned)first->height);
        a->in->time_unit = av_q2d(a->source.stream->time_base);
        a->pixel_format = first->format;
        a->source.first = first;
        return 0;
    }
    av_frame_free(&first);
    return result == INPUT_END ? input_fail(a->in, -EINVAL, "the video has no frames") : result;
}

int lav_source_open(struct LavInput *a, unsigned threads)
{
    const AVCodec *codec = NULL;

    av_log_set_callback(remember);
    said[0] = '\0';
    int err = open_io(a);
    if (!err) err = open_format(a);
    if (!err) err = find_stream(a, &codec);
    if (!err) err = open_decoder(a, codec, threads);
    return err ? err : decode_first(a);
}

void lav_source_close(LavSource *s)
{
    av_frame_free(&s->first);
    av_packet_free(&s->packet);
    avcodec_free_context(&s->decoder);
    avformat_close_input(&s->format);
    if (s->io) av_freep(&s->io->buffer);
    avio_context_free(&s->io);
}
