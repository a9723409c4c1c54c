/* Checks what becomes of libav's frames in every pixel format that pictures can hold: libavutil
 * writes known samples, lav_store must find them. Prints one line for scripts and a name for each
 * format that fails. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libavutil/frame.h>
#include <libavutil/pixdesc.h>

#include "libav/private.h"

enum { W = 35, H = 18 };

static unsigned passed, failed;

static unsigned sample(unsigned p, unsigned x, unsigned y, unsigned depth)
{
    return (x * 2654435761u + y * 40503u + p * 977u + (x ^ y) * 131u) >> 7 & ((1u << depth) - 1);
}

static unsigned chroma_size(unsigned size, unsigned shift)
{
    return (size + (1u << shift) - 1) >> shift;
}

static void fill(AVFrame *f, const AVPixFmtDescriptor *d)
{
    for (unsigned p = 0; p < 3 && p < d->nb_components; p++) {
        bool chroma = p > 0 && d->nb_components > 2;
        unsigned w = chroma ? chroma_size(W, d->log2_chroma_w) : W;
        unsigned h = chroma ? chroma_size(H, d->log2_chroma_h) : H;
        for (unsigned y = 0; y < h; y++) {
            uint16_t row[W];
            for (unsigned x = 0; x < w; x++)
                row[x] = (uint16_t)sample(p, x, y, (unsigned)d->comp[p].depth);
            av_write_image_line(row, f->data, f->linesize, d, 0, (int)y, (int)p, (int)w);
        }
    }
}

static unsigned read_sample(const VmafPicture *pic, unsigned p, unsigned x, unsigned y)
{
    const uint8_t *row = (const uint8_t *)pic->data[p] + (ptrdiff_t)y * pic->stride[p];

    return pic->bpc > 8 ? ((const uint16_t *)(const void *)row)[x] : row[x];
}

static bool is_right(const VmafPicture *pic, const AVPixFmtDescriptor *d)
{
    unsigned depth = (unsigned)d->comp[0].depth, up = pic->bpc - depth;

    for (unsigned p = 0; p < 3; p++)
        for (unsigned y = 0; y < pic->h[p]; y++)
            for (unsigned x = 0; x < pic->w[p]; x++) {
                bool grey = p && d->nb_components < 3;
                unsigned want = grey ? 1u << (pic->bpc - 1) : sample(p, x, y, depth) << up;
                if (read_sample(pic, p, x, y) != want) return false;
            }
    return true;
}

static void check(const AVPixFmtDescriptor *d, enum AVPixelFormat format, const InputFormat *f,
                  unsigned bpc)
{
    AVFrame *frame = av_frame_alloc();
    VmafPicture pic;

    if (!frame || vmaf_picture_alloc(&pic, f->pix_fmt, bpc, W, H)) exit(1);
    frame->format = format;
    frame->width = W;
    frame->height = H;
    if (av_frame_get_buffer(frame, 0) < 0) exit(1);
    for (unsigned i = 0; i < AV_NUM_DATA_POINTERS && frame->buf[i]; i++)
        memset(frame->buf[i]->data, 0, (size_t)frame->buf[i]->size);
    fill(frame, d);
    lav_store(frame, &pic);
    if (is_right(&pic, d)) {
        passed++;
    } else {
        printf("%s at %u bits is wrong\n", d->name, bpc);
        failed++;
    }
    vmaf_picture_unref(&pic);
    av_frame_free(&frame);
}

int main(void)
{
    const AVPixFmtDescriptor *d = NULL;

    while ((d = av_pix_fmt_desc_next(d))) {
        enum AVPixelFormat format = av_pix_fmt_desc_get_id(d);
        InputFormat f = lav_picture_format(format, W, H);
        if (f.pix_fmt == VMAF_PIX_FMT_UNKNOWN) continue;
        printf("%s %u %d%s\n", d->name, f.bpc, (int)f.pix_fmt,
               lav_can_lend(format, f.bpc) ? " lent" : "");
        check(d, format, &f, f.bpc);
        if (f.bpc < 10) check(d, format, &f, 10);
        if (f.bpc < 16) check(d, format, &f, 16);
    }
    printf("lav_frames: %u passed, %u failed\n", passed, failed);
    return failed || !passed;
}
