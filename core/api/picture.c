#include "libvmaf/picture.h"

#include <errno.h>
#include <stdlib.h>

#include "api/export.h"
#include "base/mem.h"
#include "picture/picture.h"

/* Reference and samples in one block: the reference lies in front, the samples at the next 64-byte
 * boundary. */
static void release(VmafRef *ref)
{
    vt_aligned_free(ref);
}

VT_EXPORT int vmaf_picture_alloc(VmafPicture *pic, enum VmafPixelFormat pix_fmt, unsigned bpc,
                                 unsigned w, unsigned h)
{
    if (!pic || vt_picture_check(pix_fmt, bpc, w, h)) return -EINVAL;
    const size_t head = VT_ALIGN_UP(sizeof(VmafRef));
    VmafPicture p = {0};
    const size_t size = vt_picture_layout(&p, pix_fmt, bpc, w, h, NULL);
    char *block = vt_aligned_calloc(head + size);
    if (!block) return -ENOMEM;

    p.ref = (VmafRef *)block;
    atomic_init(&p.ref->count, 1);
    p.ref->release = release;
    vt_picture_layout(&p, pix_fmt, bpc, w, h, block + head);
    *pic = p;
    return 0;
}

VT_EXPORT int vmaf_picture_unref(VmafPicture *pic)
{
    if (!pic || !pic->ref) return -EINVAL;
    vt_picture_unref(pic);
    return 0;
}
