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
    if (vmaf->has_format) {
        vt_error(&vmaf->log, "CUDA: the state must be imported before the first frame");
        return -EINVAL;
    }
    return vt_cuda_import(&vmaf->device, cu_state, &vmaf->log);
}

static int make_pictures(VmafContext *vmaf, const VmafCudaPictureConfiguration *cfg)
{
    const VmafPicture shape = {.pix_fmt = cfg->pic_params.pix_fmt,
                               .bpc = cfg->pic_params.bpc,
                               .w = {cfg->pic_params.w},
                               .h = {cfg->pic_params.h}};
    /* A frame in flight refers to its pair and to earlier ones; one more pair is being filled. */
    unsigned batch;
    const unsigned frames =
        vt_device_depth(vmaf->cfg.n_threads, cfg->pic_params.w, cfg->pic_params.h, &batch);
    const unsigned count = 2 * (frames + 1) + 2 * VT_MAX_HISTORY;
    switch (cfg->pic_prealloc_method) {
    case VMAF_CUDA_PICTURE_PREALLOCATION_METHOD_DEVICE:
        return vt_cuda_ring(&vmaf->device_ring, vmaf->device, true, &shape, count);
    case VMAF_CUDA_PICTURE_PREALLOCATION_METHOD_HOST_PINNED:
        return vt_cuda_ring(&vmaf->device_ring, vmaf->device, false, &shape, count);
    case VMAF_CUDA_PICTURE_PREALLOCATION_METHOD_HOST:
        return vt_ring_create(&vmaf->device_ring, &vt_ring_host_memory, shape.pix_fmt, shape.bpc,
                              shape.w[0], shape.h[0], count);
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
    const int err = vt_context_fetch(vmaf, vmaf->device_ring, pic);
    if (err)
        vt_error(
            &vmaf->log,
            "no picture came back in %u ms: all %u are held outside the library, so waiting "
            "longer would be for ever; give pictures to vmaf_read_pictures or vmaf_picture_unref",
            vmaf->fetch_ms, vt_ring_count(vmaf->device_ring));
    return err;
}
