#include "model_string.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"

/* Cuts "key=value" at the first '=' (a second one and what follows is dropped); the value is NULL
 * without '='. */
static char *cut_value(char *field)
{
    char *value = strchr(field, '=');

    if (!value) return NULL;
    *value++ = '\0';
    value[strcspn(value, "=")] = '\0';
    return value;
}

/* "EXTRACTOR.OPTION"; a second '.' and what follows is dropped. */
static int add_overload(ModelSpec *spec, char *key, const char *value)
{
    char *option = strchr(key, '.');

    if (!option) {
        message("unknown key \"%s\" in model \"%s\"", key, spec->text);
        return -EINVAL;
    }
    *option++ = '\0';
    option[strcspn(option, ".")] = '\0';
    if (!*key || !*option) return 0;
    if (spec->n_overloads == MAX_OVERLOADS) {
        message("more than %d feature options in one model", MAX_OVERLOADS);
        return -EINVAL;
    }
    spec->overload[spec->n_overloads++] =
        (Setting){.extractor = key, .option = option, .value = value};
    return 0;
}

static int set_flag(ModelSpec *spec, uint64_t flag, const char *value)
{
    if (!value || !strcmp(value, "true")) spec->flags |= flag;
    return 0;
}

static int parse_model_field(ModelSpec *spec, char *field)
{
    char *value = cut_value(field);

    if (!strcmp(field, "disable_clip")) return set_flag(spec, VMAF_MODEL_FLAG_DISABLE_CLIP, value);
    if (!strcmp(field, "enable_transform"))
        return set_flag(spec, VMAF_MODEL_FLAG_ENABLE_TRANSFORM, value);
    if (!value) {
        message("model field \"%s\" has no value (expected key=value)", field);
        return -EINVAL;
    }
    if (!strcmp(field, "version"))
        spec->version = value;
    else if (!strcmp(field, "path"))
        spec->path = value;
    else if (!strcmp(field, "name"))
        spec->name = value;
    else
        return add_overload(spec, field, value);
    return 0;
}

int model_spec_parse(ModelSpec *spec, const char *text)
{
    *spec = (ModelSpec){.text = strdup(text), .name = "vmaf"};
    if (!spec->text) {
        message("out of memory");
        return -ENOMEM;
    }

    int err = 0;
    char *rest = spec->text, *field;
    while (!err && (field = strsep(&rest, ":"))) err = parse_model_field(spec, field);
    if (!err && !spec->version && !spec->path) {
        message("model \"%s\" has neither version= nor path=", text);
        err = -EINVAL;
    }
    if (err) model_spec_free(spec);
    return err;
}

static int set_feature_options(const FeatureSpec *spec, char *rest, VmafFeatureDictionary **options)
{
    char *field;

    while ((field = strsep(&rest, ":"))) {
        char *value = cut_value(field);
        if (!value) {
            message("option \"%s\" of feature \"%s\" has no value (expected option=value)", field,
                    spec->name);
            return -EINVAL;
        }
        int err = vmaf_feature_dictionary_set(options, field, value);
        if (err) {
            message("cannot set option \"%s\" of feature \"%s\"", field, spec->name);
            return err;
        }
    }
    return 0;
}

int feature_spec_options(const FeatureSpec *spec, VmafFeatureDictionary **options)
{
    *options = NULL;
    if (!spec->settings) return 0;
    char *copy = strdup(spec->settings);
    if (!copy) {
        message("out of memory");
        return -ENOMEM;
    }
    int err = set_feature_options(spec, copy, options);
    free(copy);
    if (err && *options) vmaf_feature_dictionary_free(options);
    return err;
}

int feature_spec_parse(FeatureSpec *spec, const char *text)
{
    VmafFeatureDictionary *options;

    *spec = (FeatureSpec){.text = strdup(text)};
    if (!spec->text) {
        message("out of memory");
        return -ENOMEM;
    }

    char *settings = strchr(spec->text, '=');
    if (settings) *settings++ = '\0';
    spec->name = spec->text;
    spec->settings = settings;
    int err = feature_spec_options(spec, &options); /* can they be read? */
    if (options) vmaf_feature_dictionary_free(&options);
    if (err) feature_spec_free(spec);
    return err;
}

void model_spec_free(ModelSpec *spec)
{
    free(spec->text);
    *spec = (ModelSpec){0};
}

void feature_spec_free(FeatureSpec *spec)
{
    free(spec->text);
    *spec = (FeatureSpec){0};
}

const char *model_spec_label(const ModelSpec *spec)
{
    return spec->version ? spec->version : spec->path;
}
