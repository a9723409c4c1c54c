/* The parts of one context's device that its files share. */
#ifndef VT_CUDA_DEVICE_H
#define VT_CUDA_DEVICE_H

#include "cuda/cuda.h"
#include "cuda/resource.h"

/* What a ring's memory belongs to: a user of the resources. The log is the context's, so it is for
 * what happens while that is open; pictures may come back later, and are freed silently. */
typedef struct VtCudaOwner {
    VtCuda *cuda;
    const VtLog *log;
} VtCudaOwner;

/* A group that runs on the device. */
typedef struct VtCudaGroup {
    const VtGroup *group;
    CUfunction kernel[VT_GPU_KERNELS];
    size_t scratch, sums; /* bytes a frame */
    size_t sums_at;       /* within a slot's sums */
} VtCudaGroup;

typedef enum { VT_CUDA_IDLE, VT_CUDA_PENDING, VT_CUDA_LAUNCHED, VT_CUDA_READY } VtCudaSlotState;

/* A frame in flight. */
typedef struct VtCudaSlot {
    CUstream stream;
    CUevent done; /* recorded behind the last of a batch's work, if this is its first slot */
    VtCudaSlotState state;
    int error;
    unsigned first, batched; /* the first slot of its batch, and how many there are */
    uint64_t groups;
    VtGpuFrame frame;
} VtCudaSlot;

/* Frames in flight on the device (stage.c). Slots lie next to each other in both arrays of sums, so
 * that a batch is cleared and copied at once. */
typedef struct VtCudaStage {
    VtCudaGroup group[VT_DEVICE_GROUPS];
    unsigned n_groups;
    VtCudaSlot *slot;
    unsigned n_slots, batch;
    size_t scratch_size, sums_size; /* of a slot; groups use its scratch one after the other */
    CUdeviceptr scratch, sums;
    char *sums_on_host;
    unsigned pending; /* frames that are not launched yet, the last ones submitted */
    unsigned last;    /* slot submitted last */
} VtCudaStage;

typedef struct VtCudaDevice {
    VtDevice device; /* first */
    VtCuda *cuda;
    const VtLog *log;
    VtRing *copies;  /* on the host, made with the first device picture */
    VtRing *uploads; /* on the device, made with the first host picture */
    VtCudaStage stage;
} VtCudaDevice;

/* Memory of rings; ctx is a VtCudaOwner. */
void *vt_cuda_device_alloc(void *ctx, size_t size);
void vt_cuda_device_free(void *ctx, void *memory);
void *vt_cuda_pinned_alloc(void *ctx, size_t size);
void vt_cuda_pinned_free(void *ctx, void *memory);
void vt_cuda_close_ring(void *ctx);
int vt_cuda_make_ring(VtRing **out, const VtCudaDevice *d, const VtRingMemory *kind,
                      const VmafPicture *shape, unsigned count);

/* See VtDevice. */
int vt_cuda_to_host(VtDevice *device, const VmafPicture *pic, unsigned planes, VmafPicture *host);
int vt_cuda_to_device(VtDevice *device, const VmafPicture *pic, VmafPicture *on_device);
int vt_cuda_transfer(VtDevice *device, const VmafPicture *to, const VmafPicture *from);
int vt_cuda_add_group(VtDevice *device, const VtGroup *group, unsigned *number);
void vt_cuda_drop_groups(VtDevice *device, unsigned first);
int vt_cuda_reserve(VtDevice *device, unsigned n_slots, unsigned batch);
void vt_cuda_submit(VtDevice *device, unsigned slot, const VtGpuFrame *frame, uint64_t groups);
int vt_cuda_finish(VtDevice *device, unsigned slot);
const void *vt_cuda_sums(VtDevice *device, unsigned slot, unsigned number);

/* Something that comes after the picture's upload, if it was one, was waited for. */
void vt_cuda_upload_arrived(const VmafPicture *pic);

/* Nothing is in flight. */
void vt_cuda_stage_close(VtCudaStage *stage, VtCuda *cuda);

#endif
