/* Writes what the tool's input hands to the library: a line "WIDTH HEIGHT FORMAT DEPTH", then the
 * samples of every frame, plane by plane without padding. For tests, which compare them with
 * samples that they know.
 *
 * usage: dump_frames PATH DEPTH_OF_PICTURES(0: the input's) [WIDTH HEIGHT 400|420|422|444 DEPTH] */
#include <stdio.h>
#include <stdlib.h>

#include "input.h"

static enum VmafPixelFormat pixel_format(int name)
{
    switch (name) {
    case 400:
        return VMAF_PIX_FMT_YUV400P;
    case 420:
        return VMAF_PIX_FMT_YUV420P;
    case 422:
        return VMAF_PIX_FMT_YUV422P;
    case 444:
        return VMAF_PIX_FMT_YUV444P;
    default:
        return VMAF_PIX_FMT_UNKNOWN;
    }
}

static void write_planes(const VmafPicture *pic)
{
    size_t sample_bytes = pic->bpc > 8 ? 2 : 1;

    for (unsigned p = 0; p < 3; p++)
        for (unsigned y = 0; y < pic->h[p]; y++)
            fwrite((char *)pic->data[p] + (ptrdiff_t)y * pic->stride[p], sample_bytes, pic->w[p],
                   stdout);
}

static int dump(Input *in, unsigned bpc)
{
    const InputFormat *f = &in->format;
    VmafPicture pic;
    int result;

    printf("%u %u %d %u\n", f->w, f->h, (int)f->pix_fmt, f->bpc);
    if (vmaf_picture_alloc(&pic, f->pix_fmt, bpc ? bpc : f->bpc, f->w, f->h)) return -1;
    while ((result = input_read(in, &pic)) == INPUT_FRAME) write_planes(&pic);
    vmaf_picture_unref(&pic);
    return result == INPUT_END ? 0 : result;
}

int main(int argc, char **argv)
{
    Input in;
    InputFormat raw = {0};

    if (argc != 3 && argc != 7) return 2;
    if (argc == 7)
        raw = (InputFormat){.w = (unsigned)atoi(argv[3]),
                            .h = (unsigned)atoi(argv[4]),
                            .pix_fmt = pixel_format(atoi(argv[5])),
                            .bpc = (unsigned)atoi(argv[6])};
    const InputOptions options = {.raw = argc == 7 ? &raw : NULL};
    int err = input_open(&in, argv[1], &options);
    if (!err) err = dump(&in, (unsigned)atoi(argv[2]));
    if (err) fprintf(stderr, "%s\n", in.error);
    input_close(&in);
    return err ? 1 : 0;
}
