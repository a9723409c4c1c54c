/* What the tool calls. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "libav/private.h"
#include "libvmaf/turbo.h"

bool lav_is_built_in(void)
{
    return true;
}

static int make(Input *in)
{
    struct LavInput *a = calloc(1, sizeof(*a));

    if (!a) return input_fail(in, -ENOMEM, "out of memory");
    in->lav = a;
    a->in = in;
    a->raw = av_frame_alloc();
    return !a->raw || lav_queue_init(a) ? input_fail(in, -ENOMEM, "out of memory") : 0;
}

int lav_open(Input *in, unsigned threads)
{
    int err = make(in);

    return err ? err : lav_source_open(in->lav, threads);
}

void lav_close(Input *in)
{
    struct LavInput *a = in->lav;

    if (!a) return;
    lav_queue_close(a);
    lav_source_close(&a->source);
    lav_converter_close(&a->converter);
    av_frame_free(&a->raw);
    free(a);
    in->lav = NULL;
}

/* Frames that are not decoded are read into planes as libswscale takes them: chroma rounded up. */
static int make_view(struct LavInput *a)
{
    const InputFormat *f = &a->in->format;
    AVFrame *raw = a->raw;

    raw->format = lav_planar_format(f);
    raw->width = (int)f->w;
    raw->height = (int)f->h;
    raw->chroma_location = a->in->layout.is_centred ? AVCHROMA_LOC_CENTER : AVCHROMA_LOC_LEFT;
    if (raw->format == AV_PIX_FMT_NONE)
        return input_fail(a->in, -ENOTSUP, "libswscale has no format of %u bits", f->bpc);
    int err = av_frame_get_buffer(raw, 0);
    if (err < 0) return lav_fail(a->in, "cannot convert", err);
    a->view = (VmafPicture){.pix_fmt = f->pix_fmt, .bpc = f->bpc};
    for (unsigned p = 0; p < 3; p++) {
        bool half_w = p && f->pix_fmt != VMAF_PIX_FMT_YUV444P;
        bool half_h = p && f->pix_fmt == VMAF_PIX_FMT_YUV420P;
        a->view.w[p] = half_w ? (f->w + 1) / 2 : f->w;
        a->view.h[p] = half_h ? (f->h + 1) / 2 : f->h;
        a->view.data[p] = raw->data[p];
        a->view.stride[p] = raw->linesize[p];
    }
    return 0;
}

int lav_convert(Input *in, const InputFormat *to, ScaleFilter filter)
{
    int err = 0;

    if (!in->lav) {
        err = make(in);
        if (!err) err = make_view(in->lav);
    }
    if (!err) err = lav_converter_open(in->lav, to, filter);
    if (!err) in->format = *to;
    return err;
}

bool lav_is_used(const Input *in)
{
    return in->lav;
}

int lav_start(Input *in)
{
    return in->lav ? lav_queue_start(in->lav) : 0;
}

bool lav_lends(const Input *in, unsigned bpc)
{
    return in->lav && lav_can_lend(in->lav->pixel_format, bpc);
}

/* Without conversion all frames must be like the first. */
static int check_format(struct LavInput *a, const AVFrame *frame)
{
    const InputFormat *f = &a->in->format;
    const char *name = av_get_pix_fmt_name(frame->format);

    if ((unsigned)frame->width != f->w || (unsigned)frame->height != f->h)
        return input_fail(a->in, -EINVAL, "its size changes from %ux%u to %dx%d (--scale converts)",
                          f->w, f->h, frame->width, frame->height);
    InputFormat now = lav_picture_format(frame->format, f->w, f->h);
    if (input_same_format(&now, f)) return INPUT_FRAME;
    return input_fail(a->in, -EINVAL, "its pixel format changes from %s to %s (--convert converts)",
                      a->in->traits.pixel_format, name ? name : "unknown");
}

static int read_view(struct LavInput *a)
{
    int result = input_read_planes(a->in, &a->view);

    a->raw->pts = AV_NOPTS_VALUE;
    return result;
}

int lav_produce(struct LavInput *a, AVFrame *out)
{
    bool decodes = a->source.decoder;
    AVFrame *raw = a->converter ? a->raw : out;
    int result = decodes ? lav_decode(a, raw) : read_view(a);

    if (result != INPUT_FRAME) return result;
    if (!a->converter) return check_format(a, raw);
    result = lav_converter_run(a->converter, a->in, raw, out);
    if (decodes) av_frame_unref(raw);
    return result;
}

bool lav_complaint(Input *in, char *text, size_t size)
{
    return in->lav && lav_take_complaint(in->lav, in->lav->decoder_complaint, text, size);
}

static int take(Input *in, LavFrame **frame)
{
    int result = lav_take(in->lav, frame);

    if (result != INPUT_FRAME) return result;
    int64_t pts = (*frame)->frame->pts;
    in->time = pts == AV_NOPTS_VALUE ? NAN : (double)pts * in->time_unit;
    return result;
}

int lav_read(Input *in, const VmafPicture *pic)
{
    LavFrame *frame;
    int result = take(in, &frame);

    if (result != INPUT_FRAME) return result;
    if (pic) lav_store(frame->frame, pic);
    lav_put(frame);
    return INPUT_FRAME;
}

/* The library refuses what it cannot read where it lies: rows from the bottom up, words at odd
 * addresses. */
static bool can_lend(const AVFrame *f, unsigned bpc)
{
    if (!lav_can_lend(f->format, bpc)) return false;
    for (unsigned p = 0; p < 3; p++)
        if (f->linesize[p] <= 0 ||
            (bpc > 8 && ((uintptr_t)f->data[p] | (unsigned)f->linesize[p]) & 1))
            return false;
    return true;
}

static int lend(Input *in, VmafContext *vmaf, LavFrame *frame, VmafPicture *pic)
{
    const AVFrame *f = frame->frame;
    VmafTurboPlanes planes = {.memory = VMAF_TURBO_MEMORY_HOST,
                              .pix_fmt = in->format.pix_fmt,
                              .bpc = in->format.bpc,
                              .w = in->format.w,
                              .h = in->format.h,
                              .release = lav_put,
                              .user = frame};

    for (unsigned p = 0; p < 3; p++) {
        planes.data[p] = f->data[p];
        planes.stride[p] = f->linesize[p];
    }
    int err = vmaf_turbo_lend_planes(vmaf, &planes, pic); /* releases the frame if it fails */
    return err ? input_fail(in, err, "the frame cannot be scored") : INPUT_FRAME;
}

int lav_picture(Input *in, VmafContext *vmaf, unsigned bpc, VmafPicture *pic)
{
    const InputFormat *f = &in->format;
    LavFrame *frame;
    int result = take(in, &frame);

    if (result != INPUT_FRAME) return result;
    if (bpc == f->bpc && can_lend(frame->frame, bpc)) return lend(in, vmaf, frame, pic);
    /* The pool has no pictures for an input whose format can be lent: this one is odd. */
    int err = lav_lends(in, bpc) ? vmaf_picture_alloc(pic, f->pix_fmt, bpc, f->w, f->h)
                                 : vmaf_fetch_preallocated_picture(vmaf, pic);
    if (!err) lav_store(frame->frame, pic);
    lav_put(frame);
    return err ? input_fail(in, err, "cannot get a picture") : INPUT_FRAME;
}
