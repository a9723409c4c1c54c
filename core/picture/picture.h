/* Reference-counted pictures. The sample memory hangs on a VmafRef; the last reference calls
 * release, which frees the memory or returns it to its ring. */
#ifndef VT_PICTURE_PICTURE_H
#define VT_PICTURE_PICTURE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "libvmaf/picture.h"

#define VT_MAX_DIMENSION 65536

struct VmafRef {
    atomic_uint count;
    void (*release)(struct VmafRef *ref); /* with the last reference; owns the memory around ref */
    /* Samples still on their way to the host: waits for them, any number of times, from any thread;
     * 0 or a negative errno. NULL: they are there. */
    int (*wait)(const VmafPicture *pic);
    bool device;      /* data points into a device's memory */
    bool page_locked; /* host memory that a device copies from without a detour */
    void *event; /* the device's event after which the samples may be read; NULL: whatever was done
                    on its default stream */
};

/* 0, or -EINVAL for a format, depth or size that no picture can have. */
int vt_picture_check(enum VmafPixelFormat pix_fmt, unsigned bpc, unsigned w, unsigned h);

/* Fills the geometry (format, depth, sizes, strides) and points data into memory; returns the bytes
 * needed. memory may be NULL to learn the size. ref and priv are left alone. */
size_t vt_picture_layout(VmafPicture *pic, enum VmafPixelFormat pix_fmt, unsigned bpc, unsigned w,
                         unsigned h, void *memory);

/* Another reference to the same picture in an empty structure. */
void vt_picture_ref(VmafPicture *dst, const VmafPicture *src);

/* Waits until the samples are there; 0 or a negative errno. */
int vt_picture_wait(const VmafPicture *pic);

/* Drops the reference and clears the structure; an empty one is left as it is. */
void vt_picture_unref(VmafPicture *pic);

#endif
