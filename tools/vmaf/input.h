/* Video inputs: Y4M files and raw planar video, read frame by frame into pictures.
 *
 * Files are read front to back, so pipes work. Sizes in headers are not trusted (spec:
 * cli-and-output 3). */
#ifndef VMAF_TOOL_INPUT_H
#define VMAF_TOOL_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libvmaf/picture.h"

#define MAX_DIMENSION 65536

/* What the file has for chroma, where that differs from the picture's (spec:
 * cli-and-output 3.3, 3.7). */
typedef enum {
    CHROMA_AS_IS,
    CHROMA_AND_ALPHA, /* a fourth plane, dropped */
    CHROMA_NONE,      /* luma only: the picture gets mid-grey */
    CHROMA_411,       /* becomes 4:2:2 */
    CHROMA_PALDV,     /* 4:2:0 with the sample positions of DV, moved to the usual ones */
} FileChroma;

/* What a picture of this input is. Its chroma sizes are the library's, which round down. */
typedef struct InputFormat {
    unsigned w, h, bpc;
    enum VmafPixelFormat pix_fmt;
} InputFormat;

/* The planes of one frame in the file; chroma sizes round up there. */
typedef struct FrameLayout {
    FileChroma chroma;
    unsigned n_planes;
    unsigned w[4], h[4];   /* samples */
    unsigned sample_bytes; /* 1, or 2 little-endian */
    uint64_t frame_bytes;  /* all planes */
} FrameLayout;

typedef struct Input {
    const char *path;
    int fd;
    bool y4m;
    InputFormat format;
    FrameLayout layout;
    unsigned fps_num, fps_den; /* of the header, 0 if unknown */
    uint64_t frames;           /* in the file, 0 if unknown */
    uint8_t *plane,
        *work;       /* a plane of the file and room to convert it, where it cannot go straight */
    char error[192]; /* why the last call failed */
} Input;

enum { INPUT_FRAME, INPUT_END };

/* Opens a file. raw: format of raw video, NULL for Y4M. 0, or a negative errno with the reason in
 * in->error. input_close may follow in every case. */
int input_open(Input *in, const char *path, const InputFormat *raw);
void input_close(Input *in);

/* Reads the next frame into a picture of the input's size and pixel format; samples are shifted
 * left if it is deeper than the input. pic NULL: the frame is dropped. INPUT_FRAME, INPUT_END at
 * the end of the file, or a negative errno with the reason in in->error. */
int input_read(Input *in, const VmafPicture *pic);

#endif
