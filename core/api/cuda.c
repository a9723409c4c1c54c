#include "libvmaf/libvmaf_cuda.h"

#include <errno.h>

#include "api/export.h"
#include "cuda/cuda.h"
#include "engine/context.h"

VT_EXPORT int vmaf_cuda_state_init(VmafCudaState **cu_state, VmafCudaConfiguration cfg)
{
    if (!cu_state) return -EINVAL;
    return vt_cuda_state_create(cu_state, cfg.cu_ctx, &vt_log_default);
}

VT_EXPORT int vmaf_cuda_state_free(VmafCudaState *cu_state)
{
    if (!cu_state) return 0;
    if (!vt_cuda_enabled) return -ENOSYS;
    vt_cuda_state_destroy(cu_state);
    return 0;
}

VT_EXPORT int vmaf_cuda_import_state(VmafContext *vmaf, VmafCudaState *cu_state)
{
    if (!vt_cuda_enabled) return -ENOSYS;
    if (!vmaf || !cu_state) return -EINVAL;
    if (vmaf->device) {
        vt_error(&vmaf->log, "CUDA: this context has imported a state before");
        return -EINVAL;
    }
    /* A frame in flight refers to its pair and to earlier ones. */
    const unsigned pairs = vmaf->n_slots + VT_MAX_HISTORY + 1;
    return vt_cuda_import(&vmaf->device, cu_state, pairs, &vmaf->log);
}

static int make_pictures(VmafContext *vmaf, const VmafCudaPictureConfiguration *cfg)
{
    const VmafPicture shape = {.pix_fmt = cfg->pic_params.pix_fmt,
                               .bpc = cfg->pic_params.bpc,
                               .w = {cfg->pic_params.w},
                               .h = {cfg->pic_params.h}};
    const unsigned of_device = 2 * vmaf->n_slots + 2;
    const unsigned of_host = of_device + 4 * VT_MAX_HISTORY;
    switch (cfg->pic_prealloc_method) {
    case VMAF_CUDA_PICTURE_PREALLOCATION_METHOD_DEVICE:
        return vt_cuda_ring(&vmaf->device_ring, vmaf->device, true, &shape, of_device);
    case VMAF_CUDA_PICTURE_PREALLOCATION_METHOD_HOST_PINNED:
        return vt_cuda_ring(&vmaf->device_ring, vmaf->device, false, &shape, of_host);
    case VMAF_CUDA_PICTURE_PREALLOCATION_METHOD_HOST:
        return vt_ring_create(&vmaf->device_ring, &vt_ring_host_memory, shape.pix_fmt, shape.bpc,
                              shape.w[0], shape.h[0], of_host);
    default:
        return -EINVAL;
    }
}

VT_EXPORT int vmaf_cuda_preallocate_pictures(VmafContext *vmaf, VmafCudaPictureConfiguration cfg)
{
    if (!vt_cuda_enabled) return -ENOSYS;
    if (!vmaf) return -EINVAL;
    if (!vmaf->device) {
        vt_error(&vmaf->log, "CUDA: pictures need vmaf_cuda_import_state first");
        return -EINVAL;
    }
    if (cfg.pic_prealloc_method == VMAF_CUDA_PICTURE_PREALLOCATION_METHOD_NONE) return 0;
    if (vmaf->device_ring) {
        vt_error(&vmaf->log, "CUDA: pictures were preallocated before");
        return -EINVAL;
    }
    const int err = make_pictures(vmaf, &cfg);
    if (err)
        vt_error(&vmaf->log, "CUDA: cannot preallocate pictures of %ux%u, %u bit (method %d)",
                 cfg.pic_params.w, cfg.pic_params.h, cfg.pic_params.bpc,
                 (int)cfg.pic_prealloc_method);
    return err;
}

VT_EXPORT int vmaf_cuda_fetch_preallocated_picture(VmafContext *vmaf, VmafPicture *pic)
{
    if (!vt_cuda_enabled) return -ENOSYS;
    if (!vmaf || !pic || !vmaf->device_ring) return -EINVAL;
    if (vt_delivery_refuses(vmaf, __func__)) return -EDEADLK;
    return vt_context_fetch(vmaf, pic);
}
