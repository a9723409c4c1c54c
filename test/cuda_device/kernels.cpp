/* The library's kernels, compiled for the host. Each takes one structure. */
#include "kernel_host.h"

#include "cuda/kernels/all.cu"
#include "reduce.cu"

#include "internal.h"

template <typename Params, void (*kernel)(Params)> static void call(const void *params)
{
    Params p;
    memcpy(&p, params, sizeof(p));
    kernel(p);
}

extern "C" const SwFunction sw_functions[] = {
    {"vt_fill", call<VtFillParams, vt_fill>, sizeof(VtFillParams), true},
    {"vt_motion_8", call<VtMotionGpuParams, vt_motion_8>, sizeof(VtMotionGpuParams), false},
    {"vt_motion_14", call<VtMotionGpuParams, vt_motion_14>, sizeof(VtMotionGpuParams), false},
    {"vt_motion_16", call<VtMotionGpuParams, vt_motion_16>, sizeof(VtMotionGpuParams), false},
    {"test_reduce", call<ReduceParams, test_reduce>, sizeof(ReduceParams), false},
    {"test_toy", call<ToyParams, test_toy>, sizeof(ToyParams), false},
    {nullptr, nullptr, 0, false},
};
