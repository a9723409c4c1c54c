/* Options for metrics ("feature extractors"): an ordered dictionary of texts. */
#ifndef LIBVMAF_FEATURE_H
#define LIBVMAF_FEATURE_H

#ifdef __cplusplus
extern "C" {
#endif

typedef struct VmafFeatureDictionary VmafFeatureDictionary;

/* Sets option `key` to `val`; both are copied. Start with *dict == NULL: the dictionary is created.
 * An existing key gets the new value. A text that is one number is stored as binary32 printed with
 * six significant digits, as libvmaf does ("1.23456789" becomes "1.23457"). Returns 0; -EINVAL if
 * dict, key or val is NULL; -ENOMEM. On failure *dict is as it was. Ownership: the caller's, until
 * a call that documents taking it succeeds. */
int vmaf_feature_dictionary_set(VmafFeatureDictionary **dict, const char *key, const char *val);

/* Frees the dictionary and sets *dict to NULL; *dict may be NULL already.
 * Returns 0, or -EINVAL if dict is NULL. */
int vmaf_feature_dictionary_free(VmafFeatureDictionary **dict);

#ifdef __cplusplus
}
#endif

#endif
