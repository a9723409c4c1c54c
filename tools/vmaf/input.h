/* Video inputs: Y4M files, raw planar video and, through libav (libav/libav.h), others, read frame
 * by frame into pictures.
 *
 * Files are read front to back, so pipes work. Sizes in headers are not trusted (spec:
 * cli-and-output 3). */
#ifndef VMAF_TOOL_INPUT_H
#define VMAF_TOOL_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libvmaf/libvmaf.h"

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

/* How pictures are scaled; any but the first is asked for by name. */
typedef enum {
    SCALE_BICUBIC,
    SCALE_BILINEAR,
    SCALE_LANCZOS,
    SCALE_SPLINE,
    SCALE_AREA,
    SCALE_POINT,
} ScaleFilter;

/* What a container says of its video and should be alike in two that are compared. */
typedef struct InputTraits {
    bool is_known;
    bool full_range, interlaced;
    int rotation;                  /* degrees */
    int aspect_num, aspect_den;    /* of a sample */
    const char *matrix, *transfer; /* NULL if unknown */
    double start;                  /* seconds; NAN if unknown */
    const char *pixel_format;      /* libav's name of what the decoder gives */
} InputTraits;

/* The planes of one frame in the file; chroma sizes round up there. */
typedef struct FrameLayout {
    InputFormat format; /* before conversion */
    FileChroma chroma;
    bool is_centred; /* chroma samples lie between luma samples, not at them, across */
    unsigned n_planes;
    unsigned w[4], h[4];   /* samples */
    unsigned sample_bytes; /* 1, or 2 little-endian */
    uint64_t frame_bytes;  /* all planes */
} FrameLayout;

typedef struct Input {
    const char *path;
    int fd;
    bool y4m;
    InputFormat format; /* pix_fmt is VMAF_PIX_FMT_UNKNOWN if pictures cannot hold such frames */
    FrameLayout layout;
    unsigned fps_num, fps_den; /* of the header, 0 if unknown */
    uint64_t frames;           /* in the file, 0 if unknown */
    uint8_t head[8];           /* the first bytes, read to tell what the file is */
    unsigned head_bytes, head_taken;
    InputTraits traits;
    double time, time_unit; /* of the last frame, in seconds, NAN if unknown; of the file's clock */
    struct LavInput *lav;   /* libav's part, NULL if it has none */
    uint8_t *plane,
        *work;       /* a plane of the file and room to convert it, where it cannot go straight */
    char error[192]; /* why the last call failed */
} Input;

enum { INPUT_FRAME, INPUT_END };

typedef struct InputOptions {
    const InputFormat *raw;  /* format of raw video; NULL: the file says what it is */
    unsigned decode_threads; /* 0: decode in the calling thread */
} InputOptions;

/* Opens a file. 0, or a negative errno with the reason in in->error. input_close may follow in
 * every case. */
int input_open(Input *in, const char *path, const InputOptions *options);

/* No picture of input_picture may be left. */
void input_close(Input *in);

/* Frames are converted to this format, which is the input's from now on. Before the first frame.
 * Results as of input_open. */
int input_convert(Input *in, const InputFormat *to, ScaleFilter filter);

/* Files that are decoded or converted begin to be, on a thread of their own. Results as above. */
int input_start(Input *in, const InputOptions *options);

/* Pictures of bpc bits that the input needs from the context's pool come from elsewhere. */
bool input_lends(const Input *in, unsigned bpc);

/* Reads the next frame into a picture of the input's size and pixel format; samples are shifted
 * left if it is deeper than the input. pic NULL: the frame is dropped. INPUT_FRAME, INPUT_END at
 * the end of the file, or a negative errno with the reason in in->error. */
int input_read(Input *in, const VmafPicture *pic);

/* What the decoder complained of since the last call while it gave frames all the same, or false.
 */
bool input_complaint(Input *in, char *text, size_t size);

/* The next frame as a picture of bpc bits: from the context's pool, or lent. Results as above; the
 * picture is set only with INPUT_FRAME. */
int input_picture(Input *in, VmafContext *vmaf, unsigned bpc, VmafPicture *pic);

#endif
