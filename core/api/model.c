#include "libvmaf/model.h"

#include <errno.h>

#include "api/export.h"
#include "base/dictionary.h"
#include "model/model.h"

VT_EXPORT int vmaf_model_load(VmafModel **model, VmafModelConfig *cfg, const char *version)
{
    if (model) *model = NULL;
    return model && cfg && version ? vt_model_load(model, cfg, version) : -EINVAL;
}

VT_EXPORT int vmaf_model_load_from_path(VmafModel **model, VmafModelConfig *cfg, const char *path)
{
    if (model) *model = NULL;
    return model && cfg && path ? vt_model_load_path(model, cfg, path) : -EINVAL;
}

VT_EXPORT int vmaf_model_feature_overload(VmafModel *model, const char *feature_name,
                                          VmafFeatureDictionary *opts)
{
    if (!model || !feature_name || !opts) return -EINVAL;
    const int err = vt_model_overload(model, feature_name, opts);
    vt_dictionary_free(&opts);
    return err;
}

VT_EXPORT void vmaf_model_destroy(VmafModel *model)
{
    vt_model_destroy(model);
}

VT_EXPORT int vmaf_model_collection_load(VmafModel **model, VmafModelCollection **model_collection,
                                         VmafModelConfig *cfg, const char *version)
{
    if (model) *model = NULL;
    if (model_collection) *model_collection = NULL;
    if (!model || !model_collection || !cfg || !version) return -EINVAL;
    return vt_collection_load(model, model_collection, cfg, version);
}

VT_EXPORT int vmaf_model_collection_load_from_path(VmafModel **model,
                                                   VmafModelCollection **model_collection,
                                                   VmafModelConfig *cfg, const char *path)
{
    if (model) *model = NULL;
    if (model_collection) *model_collection = NULL;
    if (!model || !model_collection || !cfg || !path) return -EINVAL;
    return vt_collection_load_path(model, model_collection, cfg, path);
}

VT_EXPORT int vmaf_model_collection_feature_overload(VmafModel *model,
                                                     VmafModelCollection **model_collection,
                                                     const char *feature_name,
                                                     VmafFeatureDictionary *opts)
{
    if (!model || !model_collection || !*model_collection || !feature_name || !opts) return -EINVAL;
    const int err = vt_collection_overload(model, *model_collection, feature_name, opts);
    vt_dictionary_free(&opts);
    return err;
}

VT_EXPORT void vmaf_model_collection_destroy(VmafModelCollection *model_collection)
{
    vt_collection_destroy(model_collection);
}
