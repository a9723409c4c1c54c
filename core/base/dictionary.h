/* The ordered string dictionary behind VmafFeatureDictionary. */
#ifndef VT_BASE_DICTIONARY_H
#define VT_BASE_DICTIONARY_H

#include "libvmaf/feature.h"

typedef struct VtDictionaryEntry {
    char *key, *value;
} VtDictionaryEntry;

struct VmafFeatureDictionary {
    VtDictionaryEntry *entry;
    unsigned count, capacity;
};

/* Sets key to value verbatim (the public setter normalises numbers first, see
 * vt_dictionary_set_normalised). Creates *dict if NULL. On failure *dict is as before. -EINVAL,
 * -ENOMEM. */
int vt_dictionary_set(VmafFeatureDictionary **dict, const char *key, const char *value);

/* If the whole text is one number, stores it read as binary32 and printed with %g (spec:
 * models 3.3). */
int vt_dictionary_set_normalised(VmafFeatureDictionary **dict, const char *key, const char *value);

/* NULL if absent; dict may be NULL. */
const char *vt_dictionary_get(const VmafFeatureDictionary *dict, const char *key);

/* Appends or replaces every entry of src in *dst. */
int vt_dictionary_merge(VmafFeatureDictionary **dst, const VmafFeatureDictionary *src);

/* A deep copy of src (NULL stays NULL). */
int vt_dictionary_copy(VmafFeatureDictionary **dst, const VmafFeatureDictionary *src);

void vt_dictionary_free(VmafFeatureDictionary **dict);

#endif
