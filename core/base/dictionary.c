#include "base/dictionary.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stdbool.h>

#include "base/locale_guard.h"

static VtDictionaryEntry *find(const VmafFeatureDictionary *dict, const char *key)
{
    if (!dict) return NULL;
    for (unsigned i = 0; i < dict->count; i++)
        if (!strcmp(dict->entry[i].key, key)) return &dict->entry[i];
    return NULL;
}

static int append(VmafFeatureDictionary *dict, const char *key, char *value)
{
    if (dict->count == dict->capacity) {
        const unsigned capacity = dict->capacity ? 2 * dict->capacity : 4;
        VtDictionaryEntry *entry = realloc(dict->entry, capacity * sizeof(*entry));
        if (!entry) return -ENOMEM;
        dict->entry = entry;
        dict->capacity = capacity;
    }
    char *k = strdup(key);
    if (!k) return -ENOMEM;
    dict->entry[dict->count++] = (VtDictionaryEntry){k, value};
    return 0;
}

int vt_dictionary_set(VmafFeatureDictionary **dict, const char *key, const char *value)
{
    if (!dict || !key || !value) return -EINVAL;
    char *copy = strdup(value);
    if (!copy) return -ENOMEM;

    VtDictionaryEntry *old = find(*dict, key);
    if (old) {
        free(old->value);
        old->value = copy;
        return 0;
    }

    VmafFeatureDictionary *d = *dict ? *dict : calloc(1, sizeof(*d));
    int err = d ? append(d, key, copy) : -ENOMEM;
    if (err) {
        free(copy);
        if (d && d != *dict) vt_dictionary_free(&d);
        return err;
    }
    *dict = d;
    return 0;
}

int vt_dictionary_set_normalised(VmafFeatureDictionary **dict, const char *key, const char *value)
{
    if (!dict || !key || !value) return -EINVAL;
    VtLocaleGuard guard;
    int err = vt_locale_enter(&guard);
    if (err) return err;

    char text[32], *end;
    const float number = strtof(value, &end);
    const bool any = end != value;
    while (*end == ' ' || (*end >= '\t' && *end <= '\r')) end++;
    if (any && !*end) {
        snprintf(text, sizeof(text), "%g", (double)number);
        value = text;
    }
    err = vt_dictionary_set(dict, key, value);
    vt_locale_leave(&guard);
    return err;
}

const char *vt_dictionary_get(const VmafFeatureDictionary *dict, const char *key)
{
    const VtDictionaryEntry *e = find(dict, key);
    return e ? e->value : NULL;
}

int vt_dictionary_merge(VmafFeatureDictionary **dst, const VmafFeatureDictionary *src)
{
    for (unsigned i = 0; src && i < src->count; i++) {
        int err = vt_dictionary_set(dst, src->entry[i].key, src->entry[i].value);
        if (err) return err;
    }
    return 0;
}

int vt_dictionary_copy(VmafFeatureDictionary **dst, const VmafFeatureDictionary *src)
{
    *dst = NULL;
    int err = vt_dictionary_merge(dst, src);
    if (err) vt_dictionary_free(dst);
    return err;
}

void vt_dictionary_free(VmafFeatureDictionary **dict)
{
    if (!dict || !*dict) return;
    for (unsigned i = 0; i < (*dict)->count; i++) {
        free((*dict)->entry[i].key);
        free((*dict)->entry[i].value);
    }
    free((*dict)->entry);
    free(*dict);
    *dict = NULL;
}
