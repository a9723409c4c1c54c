/* Planes lent by the caller and shared pictures (turbo.h). */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "api/export.h"
#include "engine/context.h"
#include "libvmaf/turbo.h"
#include "picture/lend.h"

/* Replaces the library's own plane addresses and strides by the caller's. */
static int take_planes(VmafPicture *pic, const VmafTurboPlanes *planes)
{
    const unsigned odd = pic->bpc > 8;
    for (unsigned p = 0; p < 3; p++) {
        if (!pic->h[p] || !pic->w[p]) { /* no such plane, or a row of one sample has no chroma */
            pic->data[p] = planes->data[p];
            continue;
        }
        const ptrdiff_t row = (ptrdiff_t)pic->w[p] << (pic->bpc > 8);
        if (!planes->data[p] || planes->stride[p] < row) return -EINVAL;
        if ((uintptr_t)planes->data[p] & odd || planes->stride[p] & odd) return -EINVAL;
        pic->data[p] = planes->data[p];
        pic->stride[p] = planes->stride[p];
    }
    if (pic->pix_fmt == VMAF_PIX_FMT_YUV400P) pic->data[1] = pic->data[2] = NULL;
    return 0;
}

static int lend(VmafContext *vmaf, const VmafTurboPlanes *planes, VmafPicture *pic)
{
    const bool device = planes->memory == VMAF_TURBO_MEMORY_CUDA;
    if (!device && planes->memory != VMAF_TURBO_MEMORY_HOST) return -EINVAL;
    if (device && !vmaf->device) {
        vt_error(&vmaf->log, "device planes need vmaf_cuda_import_state");
        return -EINVAL;
    }
    int err = vt_picture_check(planes->pix_fmt, planes->bpc, planes->w, planes->h);
    if (err) goto fail;
    VmafPicture p = {0};
    vt_picture_layout(&p, planes->pix_fmt, planes->bpc, planes->w, planes->h, NULL);
    err = take_planes(&p, planes);
    if (err) goto fail;
    const VtLoan loan = {planes->release, planes->user, device, planes->cuda_event};
    err = vt_picture_lend(&p, &loan);
    if (err) return err;
    *pic = p;
    return 0;

fail:
    vt_error(&vmaf->log, "cannot lend planes of %ux%u, %u bit: bad format, size, address or stride",
             planes->w, planes->h, planes->bpc);
    return err;
}

VT_EXPORT int vmaf_turbo_lend_planes(VmafContext *vmaf, const VmafTurboPlanes *planes,
                                     VmafPicture *pic)
{
    if (!planes) return -EINVAL;
    const int err = vmaf && pic ? lend(vmaf, planes, pic) : -EINVAL;
    if (err && planes->release) planes->release(planes->user);
    return err;
}

VT_EXPORT int vmaf_turbo_picture_ref(VmafPicture *to, const VmafPicture *pic)
{
    if (!to || !pic || !pic->ref) return -EINVAL;
    vt_picture_ref(to, pic);
    return 0;
}

static bool alike(const VmafPicture *a, const VmafPicture *b)
{
    return a->pix_fmt == b->pix_fmt && a->bpc == b->bpc && a->w[0] == b->w[0] && a->h[0] == b->h[0];
}

static void copy_on_host(const VmafPicture *to, const VmafPicture *from)
{
    for (unsigned p = 0; p < 3; p++)
        for (unsigned y = 0; y < to->h[p]; y++)
            memcpy((char *)to->data[p] + y * to->stride[p],
                   (const char *)from->data[p] + y * from->stride[p],
                   (size_t)to->w[p] << (to->bpc > 8));
}

VT_EXPORT int vmaf_turbo_copy_picture(VmafContext *vmaf, const VmafPicture *to,
                                      const VmafPicture *from)
{
    if (!vmaf || !to || !from || !to->ref || !from->ref || !alike(to, from)) return -EINVAL;
    if (!to->ref->device && !from->ref->device) {
        copy_on_host(to, from);
        return 0;
    }
    if (!vmaf->device) {
        vt_error(&vmaf->log, "device pictures need vmaf_cuda_import_state");
        return -EINVAL;
    }
    return vmaf->device->transfer(vmaf->device, to, from);
}

VT_EXPORT int vmaf_turbo_set_fetch_timeout(VmafContext *vmaf, unsigned milliseconds)
{
    if (!vmaf || !milliseconds) return -EINVAL;
    vmaf->fetch_ms = milliseconds;
    return 0;
}
