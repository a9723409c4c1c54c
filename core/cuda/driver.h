/* The driver's calls that the library uses, found at run time. nv-codec-headers declare the types;
 * their loader prints to stderr, so the table is ours. */
#ifndef VT_CUDA_DRIVER_H
#define VT_CUDA_DRIVER_H

#include <ffnvcodec/dynlink_cuda.h>

#include "base/log.h"

/* Field, symbol, parameters. */
#define VT_CUDA_CALLS(X)                                                                           \
    X(Init, "cuInit", (unsigned flags))                                                            \
    X(DeviceGetCount, "cuDeviceGetCount", (int *count))                                            \
    X(DeviceGet, "cuDeviceGet", (CUdevice * device, int ordinal))                                  \
    X(PrimaryCtxRetain, "cuDevicePrimaryCtxRetain", (CUcontext * ctx, CUdevice device))            \
    X(PrimaryCtxRelease, "cuDevicePrimaryCtxRelease", (CUdevice device))                           \
    X(CtxPushCurrent, "cuCtxPushCurrent_v2", (CUcontext ctx))                                      \
    X(CtxPopCurrent, "cuCtxPopCurrent_v2", (CUcontext * ctx))                                      \
    X(CtxGetStreamPriorityRange, "cuCtxGetStreamPriorityRange", (int *least, int *greatest))       \
    X(StreamCreateWithPriority, "cuStreamCreateWithPriority",                                      \
      (CUstream * stream, unsigned flags, int priority))                                           \
    X(StreamDestroy, "cuStreamDestroy_v2", (CUstream stream))                                      \
    X(StreamSynchronize, "cuStreamSynchronize", (CUstream stream))                                 \
    X(StreamWaitEvent, "cuStreamWaitEvent", (CUstream stream, CUevent event, unsigned flags))      \
    X(EventCreate, "cuEventCreate", (CUevent * event, unsigned flags))                             \
    X(EventDestroy, "cuEventDestroy_v2", (CUevent event))                                          \
    X(EventRecord, "cuEventRecord", (CUevent event, CUstream stream))                              \
    X(EventSynchronize, "cuEventSynchronize", (CUevent event))                                     \
    X(MemAlloc, "cuMemAlloc_v2", (CUdeviceptr * p, size_t size))                                   \
    X(MemFree, "cuMemFree_v2", (CUdeviceptr p))                                                    \
    X(MemHostAlloc, "cuMemHostAlloc", (void **p, size_t size, unsigned flags))                     \
    X(MemFreeHost, "cuMemFreeHost", (void *p))                                                     \
    X(Memcpy2DAsync, "cuMemcpy2DAsync_v2", (const CUDA_MEMCPY2D *copy, CUstream stream))           \
    X(MemsetD8Async, "cuMemsetD8Async",                                                            \
      (CUdeviceptr p, unsigned char value, size_t n, CUstream stream))                             \
    X(MemsetD16Async, "cuMemsetD16Async",                                                          \
      (CUdeviceptr p, unsigned short value, size_t n, CUstream stream))                            \
    X(ModuleLoadData, "cuModuleLoadData", (CUmodule * module, const void *image))                  \
    X(ModuleUnload, "cuModuleUnload", (CUmodule module))                                           \
    X(ModuleGetFunction, "cuModuleGetFunction",                                                    \
      (CUfunction * function, CUmodule module, const char *name))                                  \
    X(LaunchKernel, "cuLaunchKernel",                                                              \
      (CUfunction function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,   \
       unsigned block_y, unsigned block_z, unsigned shared, CUstream stream, void **params,        \
       void **extra))                                                                              \
    X(GetErrorName, "cuGetErrorName", (CUresult error, const char **name))

#define VT_CUDA_FIELD(field, symbol, params) CUresult(CUDAAPI *field) params;
typedef struct VtCudaDriver {
    void *library;
    VT_CUDA_CALLS(VT_CUDA_FIELD)
} VtCudaDriver;
#undef VT_CUDA_FIELD

/* Opens the driver's library and finds every call. -EINVAL with one log line; then nothing is left
 * open. */
int vt_cuda_driver_open(VtCudaDriver *d, const VtLog *log);

/* Clears the table, then closes the library. */
void vt_cuda_driver_close(VtCudaDriver *d);

/* 0, or the negative errno of a driver's result, with one log line that names the call. */
int vt_cuda_result(const VtCudaDriver *d, const VtLog *log, CUresult result, const char *what);

#endif
