/* Shared by the parts of the input: input.c (opening), y4m.c (headers), planes.c (samples), file.c
 * (bytes). */
#ifndef VMAF_TOOL_INPUT_INTERNAL_H
#define VMAF_TOOL_INPUT_INTERNAL_H

#include "input.h"

bool input_same_format(const InputFormat *a, const InputFormat *b);

/* Sets in->error and returns code. */
int input_fail(Input *in, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* file.c: as read(2) until size bytes or the end of the file; the number of bytes, or a negative
 * errno. */
int64_t file_read(int fd, void *buffer, size_t size);

/* The same into `rows` rows of row_bytes that are `stride` bytes apart. */
int64_t file_read_rows(int fd, uint8_t *first, ptrdiff_t stride, size_t row_bytes, unsigned rows);

/* y4m.c */
#define Y4M_MAGIC "YUV4MPEG"

typedef struct Y4mHeader {
    InputFormat format;
    FileChroma chroma;
    bool is_centred;
    unsigned fps_num, fps_den;
    bool has_rate, has_interlacing;
} Y4mHeader;

int y4m_read_header(Input *in, Y4mHeader *header);
int y4m_read_frame_header(Input *in); /* INPUT_FRAME, INPUT_END or a negative errno */

/* planes.c: a frame's samples. at_end_is_end: nothing left before the first byte is INPUT_END, not
 * an error. */
int planes_read(Input *in, const VmafPicture *pic, bool at_end_is_end);
void planes_fill_grey(const VmafPicture *pic); /* the chroma */

/* input.c: input_read of Y4M and raw video, before conversion. */
int input_read_planes(Input *in, const VmafPicture *pic);

/* chroma.c: spec cli-and-output 3.7. src and dst do not overlap; dst of the first has dst_w
 * columns. */
void chroma_from_411(uint8_t *dst, unsigned dst_w, const uint8_t *src, unsigned w, unsigned h);
/* In place, with a second plane to work in. */
void chroma_from_paldv(uint8_t *plane, uint8_t *work, unsigned w, unsigned h, bool is_cr);

#endif
