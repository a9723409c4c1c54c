/* Pictures: reference-counted planar images. */
#ifndef LIBVMAF_PICTURE_H
#define LIBVMAF_PICTURE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum VmafPixelFormat {
    VMAF_PIX_FMT_UNKNOWN,
    VMAF_PIX_FMT_YUV420P,
    VMAF_PIX_FMT_YUV422P,
    VMAF_PIX_FMT_YUV444P,
    VMAF_PIX_FMT_YUV400P,
};

typedef struct VmafRef VmafRef;

/* Plane 0 is luma, 1 and 2 are Cb and Cr. Samples are bytes for bpc 8, else native-endian 16-bit
 * words holding 0 .. 2^bpc - 1. Chroma sizes round down: w[1] = w[0] >> 1 for 4:2:0 and 4:2:2, h[1]
 * = h[0] >> 1 for 4:2:0. 4:0:0 has no chroma: w, h, stride 0 and data NULL. */
typedef struct VmafPicture {
    enum VmafPixelFormat pix_fmt;
    unsigned bpc;        /* bits per sample, 8 to 16 */
    unsigned w[3], h[3]; /* samples, rows */
    ptrdiff_t stride[3]; /* bytes from one row to the next */
    void *data[3];
    VmafRef *ref; /* the library's; NULL in an empty structure */
    void *priv;   /* the library's */
} VmafPicture;

/* Allocates a zeroed picture with one reference and fills *pic. Rows start at 64-byte boundaries;
 * use stride. Returns 0; -EINVAL for a NULL pic, an unknown format, bpc outside 8..16, w or h of 0
 * or above 65536; -ENOMEM. On failure *pic is untouched. Ownership: the caller's; give it back with
 * vmaf_picture_unref or hand it to vmaf_read_pictures. */
int vmaf_picture_alloc(VmafPicture *pic, enum VmafPixelFormat pix_fmt, unsigned bpc, unsigned w,
                       unsigned h);

/* Drops one reference, frees the picture (or returns it to its pool) with the last one, and clears
 * *pic. Thread-safe for different structures of one picture. Returns 0, or -EINVAL if pic is NULL
 * or already empty. */
int vmaf_picture_unref(VmafPicture *pic);

#ifdef __cplusplus
}
#endif

#endif
