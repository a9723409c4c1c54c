#include "libvmaf/libvmaf.h"

#include <errno.h>
#include <string.h>

#include "api/export.h"
#include "cuda/cuda.h"
#include "engine/context.h"
#include "libvmaf/version.h"
#include "model/model.h"

#define TEXT(x) #x
#define VERSION(major, minor, patch) TEXT(major) "." TEXT(minor) "." TEXT(patch)

VT_EXPORT const char *vmaf_version(void)
{
    return VERSION(VMAF_API_VERSION_MAJOR, VMAF_API_VERSION_MINOR, VMAF_API_VERSION_PATCH);
}

VT_EXPORT int vmaf_init(VmafContext **vmaf, VmafConfiguration cfg)
{
    if (!vmaf) return -EINVAL;
    return vt_context_create(vmaf, cfg);
}

VT_EXPORT int vmaf_close(VmafContext *vmaf)
{
    if (!vmaf) return -EINVAL;
    if (vt_delivery_refuses(vmaf, __func__)) return -EDEADLK;
    vt_context_destroy(vmaf);
    return 0;
}

/* libvmaf has extractors of their own for CUDA, such as "vif_cuda"; here it is the same metric.
 * They need a state, as there. */
static const VtMetric *find_metric(const VmafContext *vmaf, const char *name)
{
    static const char suffix[] = "_cuda";
    const VtMetric *metric = vt_metric_find(name);
    const size_t length = strlen(name), tail = sizeof(suffix) - 1;
    char base[64];
    if (metric || length <= tail || length - tail >= sizeof(base)) return metric;
    if (strcmp(name + length - tail, suffix)) return NULL;
    memcpy(base, name, length - tail);
    base[length - tail] = 0;
    metric = vt_metric_find(base);
    if (!metric || !metric->gpu) return NULL;
    if (vmaf->device) return metric;
    vt_error(&vmaf->log, "%s needs vmaf_cuda_import_state first", name);
    return NULL;
}

VT_EXPORT int vmaf_use_feature(VmafContext *vmaf, const char *feature_name,
                               VmafFeatureDictionary *opts_dict)
{
    if (!vmaf || !feature_name) return -EINVAL;
    if (vt_delivery_refuses(vmaf, __func__)) return -EDEADLK;
    const VtMetric *metric = find_metric(vmaf, feature_name);
    if (!metric) {
        vt_error(&vmaf->log, "there is no feature extractor '%s'", feature_name);
        return -EINVAL;
    }
    const int err = vt_context_use(vmaf, metric, opts_dict);
    if (!err) vt_dictionary_free(&opts_dict); /* taken: the instance has its own copy */
    return err;
}

VT_EXPORT int vmaf_use_features_from_model(VmafContext *vmaf, VmafModel *model)
{
    if (!vmaf || !model) return -EINVAL;
    if (vt_delivery_refuses(vmaf, __func__)) return -EDEADLK;
    for (unsigned i = 0; i < vt_model_features(model); i++) {
        const VmafFeatureDictionary *options;
        const char *name = vt_model_feature(model, i, &options);
        const VtMetric *metric = vt_metric_of_feature(name);
        if (!metric) {
            vt_error(&vmaf->log, "model %s: no feature extractor provides %s", vt_model_name(model),
                     name);
            return -EINVAL;
        }
        const int err = vt_context_use(vmaf, metric, options);
        if (err) return err;
    }
    return 0;
}

VT_EXPORT int vmaf_use_features_from_model_collection(VmafContext *vmaf,
                                                      VmafModelCollection *model_collection)
{
    if (!vmaf || !model_collection) return -EINVAL;
    for (unsigned i = 0; i < vt_collection_size(model_collection); i++) {
        const int err =
            vmaf_use_features_from_model(vmaf, vt_collection_member(model_collection, i));
        if (err) return err;
    }
    return 0;
}

VT_EXPORT int vmaf_import_feature_score(VmafContext *vmaf, const char *feature_name, double value,
                                        unsigned index)
{
    if (!vmaf || !feature_name) return -EINVAL;
    if (vt_delivery_refuses(vmaf, __func__)) return -EDEADLK;
    vt_pipeline_drain(vmaf->pipeline); /* so that the order of columns does not depend on threads */
    const int err = vt_scores_put(vmaf->scores, feature_name, index, value);
    if (err == -EINVAL)
        vt_warning(&vmaf->log, "%s has a value at index %u already", feature_name, index);
    return err;
}

VT_EXPORT int vmaf_read_pictures(VmafContext *vmaf, VmafPicture *ref, VmafPicture *dist,
                                 unsigned index)
{
    if (!vmaf || !ref != !dist) return -EINVAL;
    if (vt_delivery_refuses(vmaf, __func__)) return -EDEADLK;
    return ref ? vt_context_read(vmaf, ref, dist, index) : vt_context_flush(vmaf);
}

/* Page-locked where a device will read them: they then go there without another copy. */
static int make_pictures(VmafContext *vmaf, const VmafPictureConfiguration *cfg)
{
    const VmafPicture shape = {.pix_fmt = cfg->pic_params.pix_fmt,
                               .bpc = cfg->pic_params.bpc,
                               .w = {cfg->pic_params.w},
                               .h = {cfg->pic_params.h}};
    if (vmaf->device) return vt_cuda_ring(&vmaf->ring, vmaf->device, false, &shape, cfg->pic_cnt);
    return vt_ring_create(&vmaf->ring, &vt_ring_host_memory, shape.pix_fmt, shape.bpc, shape.w[0],
                          shape.h[0], cfg->pic_cnt);
}

VT_EXPORT int vmaf_preallocate_pictures(VmafContext *vmaf, VmafPictureConfiguration cfg)
{
    if (!vmaf) return -EINVAL;
    if (vt_delivery_refuses(vmaf, __func__)) return -EDEADLK;
    if (vmaf->ring) {
        vt_error(&vmaf->log, "pictures were preallocated before");
        return -EINVAL;
    }
    const int err = make_pictures(vmaf, &cfg);
    if (err)
        vt_error(&vmaf->log, "cannot preallocate %u pictures of %ux%u, %u bit", cfg.pic_cnt,
                 cfg.pic_params.w, cfg.pic_params.h, cfg.pic_params.bpc);
    return err;
}

VT_EXPORT int vmaf_fetch_preallocated_picture(VmafContext *vmaf, VmafPicture *pic)
{
    if (!vmaf || !pic || !vmaf->ring) return -EINVAL;
    if (vt_delivery_refuses(vmaf, __func__)) return -EDEADLK;
    if (!vt_context_fetch(vmaf, vmaf->ring, pic)) return 0;
    vt_warning(&vmaf->log,
               "no picture came back in %u ms and no frame is in flight: unless another thread "
               "gives back one of the %u pictures, this waits for ever",
               vmaf->fetch_ms, vt_ring_count(vmaf->ring));
    vt_ring_fetch(vmaf->ring, pic);
    return 0;
}
