/* Size and pixel format by libswscale, in the way that gives the same result on every machine. */
#include <errno.h>
#include <stdlib.h>

#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>

#include "libav/private.h"

#define PLANE_ALIGNMENT 64

struct LavConverter {
    InputFormat to;
    enum AVPixelFormat to_format;
    int flags;
    struct SwsContext *sws; /* for frames like the last one */
    int from_w, from_h, from_format;
    AVBufferPool *pool;
};

static int filter_flag(ScaleFilter filter)
{
    switch (filter) {
    case SCALE_BILINEAR:
        return SWS_BILINEAR;
    case SCALE_LANCZOS:
        return SWS_LANCZOS;
    case SCALE_SPLINE:
        return SWS_SPLINE;
    case SCALE_AREA:
        return SWS_AREA;
    case SCALE_POINT:
        return SWS_POINT;
    case SCALE_BICUBIC:
        break;
    }
    return SWS_BICUBIC;
}

enum AVPixelFormat lav_planar_format(const InputFormat *f)
{
    const char *layout = f->pix_fmt == VMAF_PIX_FMT_YUV420P   ? "420"
                         : f->pix_fmt == VMAF_PIX_FMT_YUV422P ? "422"
                                                              : "444";
    char name[16];

    if (f->bpc == 8)
        snprintf(name, sizeof(name), "yuv%sp", layout);
    else
        snprintf(name, sizeof(name), "yuv%sp%u", layout, f->bpc);
    return av_get_pix_fmt(name); /* in the machine's byte order */
}

/* Full range is told apart by the colour details, not by the format. */
static enum AVPixelFormat without_range(enum AVPixelFormat f)
{
    switch (f) {
    case AV_PIX_FMT_YUVJ420P:
        return AV_PIX_FMT_YUV420P;
    case AV_PIX_FMT_YUVJ422P:
        return AV_PIX_FMT_YUV422P;
    case AV_PIX_FMT_YUVJ444P:
        return AV_PIX_FMT_YUV444P;
    case AV_PIX_FMT_YUVJ440P:
        return AV_PIX_FMT_YUV440P;
    default:
        return f;
    }
}

static bool is_rgb(enum AVPixelFormat f)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(f);

    return d && d->flags & AV_PIX_FMT_FLAG_RGB;
}

/* YUV stays in its matrix and range; RGB becomes BT.709 in limited range. */
static void set_colours(LavConverter *c, const AVFrame *from)
{
    const int *bt709 = sws_getCoefficients(SWS_CS_ITU709);
    bool rgb = is_rgb(from->format), full = from->format != (int)without_range(from->format) ||
                                            from->color_range == AVCOL_RANGE_JPEG;

    /* Refused (-1) where there is nothing to set: between YUV formats of the same matrix. */
    sws_setColorspaceDetails(c->sws, bt709, rgb || full, bt709, !rgb && full, 0, 1 << 16, 1 << 16);
}

/* Where a format's chroma samples lie, in 1/256 of a luma sample; 0 is at one. */
static int chroma_position(bool is_subsampled, bool is_between)
{
    return is_subsampled && is_between ? 128 : 0;
}

/* The same on both sides, so that scaling does not move chroma. */
static void set_chroma_positions(LavConverter *c, const AVFrame *from)
{
    const AVPixFmtDescriptor *src = av_pix_fmt_desc_get(from->format);
    const AVPixFmtDescriptor *dst = av_pix_fmt_desc_get(c->to_format);
    enum AVChromaLocation where = from->chroma_location;
    bool centre = where == AVCHROMA_LOC_CENTER || where == AVCHROMA_LOC_TOP;
    bool between_rows = where != AVCHROMA_LOC_TOPLEFT && where != AVCHROMA_LOC_TOP;

    av_opt_set_int(c->sws, "src_h_chr_pos", chroma_position(src->log2_chroma_w, centre), 0);
    av_opt_set_int(c->sws, "dst_h_chr_pos", chroma_position(dst->log2_chroma_w, centre), 0);
    av_opt_set_int(c->sws, "src_v_chr_pos", chroma_position(src->log2_chroma_h, between_rows), 0);
    av_opt_set_int(c->sws, "dst_v_chr_pos", chroma_position(dst->log2_chroma_h, between_rows), 0);
}

static int make_scaler(LavConverter *c, Input *in, const AVFrame *from)
{
    sws_freeContext(c->sws);
    c->sws = sws_alloc_context();
    if (!c->sws) return input_fail(in, -ENOMEM, "out of memory");
    av_opt_set_int(c->sws, "srcw", from->width, 0);
    av_opt_set_int(c->sws, "srch", from->height, 0);
    av_opt_set_int(c->sws, "src_format", without_range(from->format), 0);
    av_opt_set_int(c->sws, "dstw", c->to.w, 0);
    av_opt_set_int(c->sws, "dsth", c->to.h, 0);
    av_opt_set_int(c->sws, "dst_format", c->to_format, 0);
    av_opt_set_int(c->sws, "sws_flags", c->flags, 0);
    av_opt_set(c->sws, "sws_dither", "none", 0);
    set_chroma_positions(c, from);
    int err = sws_init_context(c->sws, NULL, NULL);
    if (err < 0) return lav_fail(in, "libswscale cannot convert it", err);
    set_colours(c, from);
    c->from_w = from->width;
    c->from_h = from->height;
    c->from_format = from->format;
    return 0;
}

static int take_buffer(LavConverter *c, AVFrame *to)
{
    to->buf[0] = av_buffer_pool_get(c->pool);
    if (!to->buf[0]) return AVERROR(ENOMEM);
    to->width = (int)c->to.w;
    to->height = (int)c->to.h;
    to->format = c->to_format;
    return av_image_fill_arrays(to->data, to->linesize, to->buf[0]->data, c->to_format, to->width,
                                to->height, PLANE_ALIGNMENT);
}

int lav_converter_run(LavConverter *c, Input *in, const AVFrame *from, AVFrame *to)
{
    if (!c->sws || from->width != c->from_w || from->height != c->from_h ||
        from->format != c->from_format) {
        int err = make_scaler(c, in, from);
        if (err) return err;
    }
    int err = take_buffer(c, to);
    if (err < 0) return lav_fail(in, "cannot convert", err);
    err = sws_scale(c->sws, (const uint8_t *const *)from->data, from->linesize, 0, from->height,
                    to->data, to->linesize);
    if (err < 0) return lav_fail(in, "cannot convert", err);
    to->pts = from->pts;
    return INPUT_FRAME;
}

int lav_converter_open(struct LavInput *a, const InputFormat *to, ScaleFilter filter)
{
    LavConverter *c = calloc(1, sizeof(*c));

    if (!c) return input_fail(a->in, -ENOMEM, "out of memory");
    a->converter = c;
    c->to = *to;
    c->flags = filter_flag(filter) | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP |
               SWS_BITEXACT;
    c->to_format = lav_planar_format(to);
    a->pixel_format = c->to_format;
    if (c->to_format == AV_PIX_FMT_NONE)
        return input_fail(a->in, -ENOTSUP, "libswscale has no format of %u bits", to->bpc);
    int size = av_image_get_buffer_size(c->to_format, (int)to->w, (int)to->h, PLANE_ALIGNMENT);
    if (size < 0) return lav_fail(a->in, "cannot convert", size);
    /* libswscale may write and read a little beyond rows. */
    c->pool = av_buffer_pool_init((size_t)size + PLANE_ALIGNMENT, NULL);
    return c->pool ? 0 : input_fail(a->in, -ENOMEM, "out of memory");
}

void lav_converter_close(LavConverter **converter)
{
    LavConverter *c = *converter;

    if (!c) return;
    sws_freeContext(c->sws);
    av_buffer_pool_uninit(&c->pool);
    free(c);
    *converter = NULL;
}
