/* Frames of libav as pictures: which formats hold the same samples, and moving them. */
#include <string.h>

#include "libav/private.h"

/* Components that can be read one by one: whole bytes or 16-bit words. */
static bool is_readable(const AVComponentDescriptor *c)
{
    bool is_byte = c->depth == 8 && c->shift == 0 && c->step >= 1;
    bool is_word = c->depth > 8 && c->depth + c->shift <= 16 && c->step >= 2;

    return is_byte || is_word;
}

static bool is_yuv(const AVPixFmtDescriptor *d)
{
    const uint64_t other = AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BITSTREAM |
                           AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_BAYER | AV_PIX_FMT_FLAG_FLOAT;

    return !(d->flags & other) && strncmp(d->name, "xyz", 3) != 0;
}

static bool is_luma_only(const AVPixFmtDescriptor *d)
{
    return d->nb_components < 3;
}

static enum VmafPixelFormat chroma_layout(const AVPixFmtDescriptor *d)
{
    if (is_luma_only(d)) return VMAF_PIX_FMT_YUV420P; /* the chroma is grey, as for Y4M */
    if (d->log2_chroma_w == 1 && d->log2_chroma_h == 1) return VMAF_PIX_FMT_YUV420P;
    if (d->log2_chroma_w == 1 && d->log2_chroma_h == 0) return VMAF_PIX_FMT_YUV422P;
    if (d->log2_chroma_w == 0 && d->log2_chroma_h == 0) return VMAF_PIX_FMT_YUV444P;
    return VMAF_PIX_FMT_UNKNOWN;
}

InputFormat lav_picture_format(enum AVPixelFormat f, unsigned w, unsigned h)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(f);
    InputFormat format = {.w = w, .h = h};

    if (!d) return format;
    format.bpc = (unsigned)d->comp[0].depth;
    if (!is_yuv(d)) return format;
    for (unsigned i = 0; i < (is_luma_only(d) ? 1 : 3); i++)
        if (!is_readable(&d->comp[i]) || d->comp[i].depth != d->comp[0].depth) return format;
    format.pix_fmt = chroma_layout(d);
    return format;
}

static bool is_native_endian(const AVPixFmtDescriptor *d)
{
    return d->comp[0].depth == 8 || !(d->flags & AV_PIX_FMT_FLAG_BE) == !AV_HAVE_BIGENDIAN;
}

/* One component after the other in a plane, as in a picture. */
static bool is_plain(const AVPixFmtDescriptor *d, unsigned component)
{
    const AVComponentDescriptor *c = &d->comp[component];

    return is_native_endian(d) && c->shift == 0 && c->offset == 0 &&
           c->step == (c->depth > 8 ? 2 : 1);
}

bool lav_can_lend(enum AVPixelFormat f, unsigned bpc)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(f);

    return d && is_yuv(d) && !is_luma_only(d) && (unsigned)d->comp[0].depth == bpc &&
           is_plain(d, 0) && is_plain(d, 1) && is_plain(d, 2);
}

typedef struct RowReader {
    int step, shift; /* bytes from one sample to the next, bits below it */
    unsigned up;     /* bits by which pictures are deeper */
    bool swap;
    uint16_t mask;
} RowReader;

static void read_bytes(void *dst, bool is_wide, const uint8_t *src, unsigned w, const RowReader *r)
{
    if (is_wide)
        for (unsigned x = 0; x < w; x++)
            ((uint16_t *)dst)[x] = (uint16_t)(src[(ptrdiff_t)x * r->step] << r->up);
    else
        for (unsigned x = 0; x < w; x++) ((uint8_t *)dst)[x] = src[(ptrdiff_t)x * r->step];
}

static void read_words(uint16_t *dst, const uint8_t *src, unsigned w, const RowReader *r)
{
    for (unsigned x = 0; x < w; x++) {
        uint16_t v;
        memcpy(&v, src + (ptrdiff_t)x * r->step, sizeof(v));
        if (r->swap) v = (uint16_t)(v << 8 | v >> 8);
        dst[x] = (uint16_t)(((v >> r->shift) & r->mask) << r->up);
    }
}

static void store_plane(const AVFrame *frame, const AVPixFmtDescriptor *d, const VmafPicture *pic,
                        unsigned p)
{
    const AVComponentDescriptor *c = &d->comp[p];
    const RowReader reader = {.step = c->step,
                              .shift = c->shift,
                              .up = pic->bpc - (unsigned)c->depth,
                              .swap = !is_native_endian(d),
                              .mask = (uint16_t)((1u << c->depth) - 1)};
    const bool is_wide = pic->bpc > 8, copies = is_plain(d, p) && !reader.up;

    for (unsigned y = 0; y < pic->h[p]; y++) {
        const uint8_t *src =
            frame->data[c->plane] + (ptrdiff_t)y * frame->linesize[c->plane] + c->offset;
        uint8_t *dst = (uint8_t *)pic->data[p] + (ptrdiff_t)y * pic->stride[p];
        if (copies)
            memcpy(dst, src, (size_t)pic->w[p] << is_wide);
        else if (c->depth == 8)
            read_bytes(dst, is_wide, src, pic->w[p], &reader);
        else
            read_words((uint16_t *)(void *)dst, src, pic->w[p], &reader);
    }
}

void lav_store(const AVFrame *frame, const VmafPicture *pic)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(frame->format);

    store_plane(frame, d, pic, 0);
    if (is_luma_only(d)) {
        planes_fill_grey(pic);
        return;
    }
    store_plane(frame, d, pic, 1);
    store_plane(frame, d, pic, 2);
}
