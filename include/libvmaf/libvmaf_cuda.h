/* The CUDA backend: pictures on the device or in page-locked memory. Installed only with a library
 * that was built with it; in one that was not, these functions return -ENOSYS.
 *
 *     vmaf_init -> vmaf_cuda_state_init -> vmaf_cuda_import_state -> vmaf_cuda_preallocate_pictures
 *     -> per frame: fetch two pictures, fill them, vmaf_read_pictures -> flush, scores
 *     -> vmaf_close -> vmaf_cuda_state_free
 *
 * The driver is loaded at run time. On a machine without one vmaf_cuda_state_init fails with one
 * log line, and the context goes on with the CPU. A function that fails leaves everything as it
 * was before. The caller's current CUDA context is the same before and after every call. */
#ifndef LIBVMAF_CUDA_H
#define LIBVMAF_CUDA_H

#include "libvmaf.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct VmafCudaState VmafCudaState;

typedef struct VmafCudaConfiguration {
    void *cu_ctx; /* a CUcontext to use, which must live until the last context that imported the
                     state is closed and its pictures are back; NULL: the primary context of device
                     0, retained until then */
} VmafCudaConfiguration;

enum VmafCudaPicturePreallocationMethod {
    VMAF_CUDA_PICTURE_PREALLOCATION_METHOD_NONE = 0,
    VMAF_CUDA_PICTURE_PREALLOCATION_METHOD_DEVICE,
    VMAF_CUDA_PICTURE_PREALLOCATION_METHOD_HOST,
    VMAF_CUDA_PICTURE_PREALLOCATION_METHOD_HOST_PINNED,
};

typedef struct VmafCudaPictureConfiguration {
    struct {
        unsigned w, h;
        unsigned bpc;
        enum VmafPixelFormat pix_fmt;
    } pic_params;
    enum VmafCudaPicturePreallocationMethod pic_prealloc_method;
} VmafCudaPictureConfiguration;

/* Loads the driver and makes a stream and the kernels. Returns 0; -EINVAL for NULL, without a
 * driver or device, or for a bad context; -ENOMEM; -EIO for other errors of the driver (one log
 * line names the call); -ENOSYS. On failure *cu_state is NULL and nothing needs to be freed.
 * Ownership: the caller's, freed by vmaf_cuda_state_free. */
int vmaf_cuda_state_init(VmafCudaState **cu_state, VmafCudaConfiguration cfg);

/* Frees the caller's structure. To be called once per successful init, after vmaf_close of every
 * context that imported the state; what the state holds on the device is freed by the last
 * vmaf_close, or here if it was never imported. (Called too early nothing bad happens: the contexts
 * hold what they need.) Does not touch the device after those vmaf_close calls. Returns 0, also for
 * NULL; -ENOSYS. */
int vmaf_cuda_state_free(VmafCudaState *cu_state);

/* Lets a context use the state. The pointer is not taken and not kept. Any number of contexts may
 * import one state. Returns 0; -EINVAL for NULL, if this context has imported a state before
 * (which it keeps), or if all contexts that imported this state were closed already; -ENOMEM;
 * -ENOSYS. */
int vmaf_cuda_import_state(VmafContext *vmaf, VmafCudaState *cu_state);

/* Makes the pictures that vmaf_cuda_fetch_preallocated_picture hands out: 4, or 2 for every frame
 * that the context's threads keep in flight and 2 more, whichever is more. For HOST and HOST_PINNED
 * 8 more, since earlier pictures are kept for temporal metrics. NONE makes none. Device pictures
 * begin as black with neutral chroma. Returns 0; -EINVAL for NULL, an unknown method, a bad format
 * or size, without an imported state, or if there are such pictures already; -ENOMEM; -EIO;
 * -ENOSYS. */
int vmaf_cuda_preallocate_pictures(VmafContext *vmaf, VmafCudaPictureConfiguration cfg);

/* Takes a picture; its samples are those its last user left. In a DEVICE picture data[] are device
 * addresses; fill it on the legacy default stream (or wait for the copy): vmaf_read_pictures orders
 * itself behind that stream. Waits while none is free and frames are in flight; when none is free,
 * no frame is in flight and none comes back in 5 seconds, so that only the caller can hold them
 * all, returns -ETIMEDOUT with a log line. Returns 0; -EINVAL for NULL or without such pictures;
 * -ENOSYS. Ownership: the caller's, given back by vmaf_read_pictures or vmaf_picture_unref (also
 * after vmaf_close). */
int vmaf_cuda_fetch_preallocated_picture(VmafContext *vmaf, VmafPicture *pic);

#ifdef __cplusplus
}
#endif

#endif
