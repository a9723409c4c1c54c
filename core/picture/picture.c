#include "picture/picture.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"

int vt_picture_check(enum VmafPixelFormat pix_fmt, unsigned bpc, unsigned w, unsigned h)
{
    const bool format = pix_fmt >= VMAF_PIX_FMT_YUV420P && pix_fmt <= VMAF_PIX_FMT_YUV400P;
    const bool size = w && h && w <= VT_MAX_DIMENSION && h <= VT_MAX_DIMENSION;
    return format && size && bpc >= 8 && bpc <= 16 ? 0 : -EINVAL;
}

size_t vt_picture_layout(VmafPicture *pic, enum VmafPixelFormat pix_fmt, unsigned bpc, unsigned w,
                         unsigned h, void *memory)
{
    const unsigned half_w = pix_fmt == VMAF_PIX_FMT_YUV420P || pix_fmt == VMAF_PIX_FMT_YUV422P;
    const unsigned half_h = pix_fmt == VMAF_PIX_FMT_YUV420P;
    const unsigned planes = pix_fmt == VMAF_PIX_FMT_YUV400P ? 1 : 3;

    pic->pix_fmt = pix_fmt;
    pic->bpc = bpc;
    VtCarve carve = {.base = memory};
    for (unsigned p = 0; p < 3; p++) {
        const bool exists = p < planes;
        pic->w[p] = !exists ? 0 : p ? w >> half_w : w;
        pic->h[p] = !exists ? 0 : p ? h >> half_h : h;
        pic->stride[p] = (ptrdiff_t)VT_ALIGN_UP((size_t)pic->w[p] << (bpc > 8));
        pic->data[p] = exists ? vt_carve(&carve, (size_t)pic->stride[p] * pic->h[p]) : NULL;
    }
    return carve.used;
}

void vt_picture_ref(VmafPicture *dst, const VmafPicture *src)
{
    atomic_fetch_add_explicit(&src->ref->count, 1, memory_order_relaxed);
    *dst = *src;
}

int vt_picture_wait(const VmafPicture *pic)
{
    return pic->ref->wait ? pic->ref->wait(pic) : 0;
}

void vt_picture_unref(VmafPicture *pic)
{
    VmafRef *ref = pic->ref;
    if (!ref) return;
    memset(pic, 0, sizeof(*pic));
    if (atomic_fetch_sub_explicit(&ref->count, 1, memory_order_acq_rel) == 1) ref->release(ref);
}
