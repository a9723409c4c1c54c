/* The library's kernels, compiled for the host. Each takes one structure. */
#include "kernel_host.h"

#include "cuda/kernels/all.cu"
#include "reduce.cu"
#include "vif_pixels.cu"

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
    {"vt_vif_scale0_8", call<VtVifParams, vt_vif_scale0_8>, sizeof(VtVifParams), false},
    {"vt_vif_scale0_16", call<VtVifParams, vt_vif_scale0_16>, sizeof(VtVifParams), false},
    {"vt_vif_scale1", call<VtVifParams, vt_vif_scale1>, sizeof(VtVifParams), false},
    {"vt_vif_scale2", call<VtVifParams, vt_vif_scale2>, sizeof(VtVifParams), false},
    {"vt_vif_scale3", call<VtVifParams, vt_vif_scale3>, sizeof(VtVifParams), false},
    {"vt_adm_plane", call<VtAdmGpuLevelParams, vt_adm_plane>, sizeof(VtAdmGpuLevelParams), false},
    {"vt_adm_plane_pair", call<VtAdmGpuLevelParams, vt_adm_plane_pair>, sizeof(VtAdmGpuLevelParams),
     false},
    {"vt_adm_band", call<VtAdmGpuLevelParams, vt_adm_band>, sizeof(VtAdmGpuLevelParams), false},
    {"vt_adm_band_pair", call<VtAdmGpuLevelParams, vt_adm_band_pair>, sizeof(VtAdmGpuLevelParams),
     false},
    {"vt_adm_rows", call<VtAdmGpuRowsParams, vt_adm_rows>, sizeof(VtAdmGpuRowsParams), false},
    {"test_reduce", call<ReduceParams, test_reduce>, sizeof(ReduceParams), false},
    {"test_intrinsics", call<IntrinsicsParams, test_intrinsics>, sizeof(IntrinsicsParams), true},
    {"test_toy", call<ToyParams, test_toy>, sizeof(ToyParams), false},
    {"test_vif_pixels", call<VifPixelsParams, test_vif_pixels>, sizeof(VifPixelsParams), true},
    {nullptr, nullptr, 0, false},
};
