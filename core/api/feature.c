#include "libvmaf/feature.h"

#include <errno.h>

#include "api/export.h"
#include "base/dictionary.h"

VT_EXPORT int vmaf_feature_dictionary_set(VmafFeatureDictionary **dict, const char *key,
                                          const char *val)
{
    return vt_dictionary_set_normalised(dict, key, val);
}

VT_EXPORT int vmaf_feature_dictionary_free(VmafFeatureDictionary **dict)
{
    if (!dict) return -EINVAL;
    vt_dictionary_free(dict);
    return 0;
}
