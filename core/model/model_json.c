/* The JSON schema of a model (spec: models 2.1 to 2.3). What prediction needs is required here, so
 * that a model that loads also predicts. */
#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/model_private.h"

static int fail(const VtModelSource *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int fail(const VtModelSource *s, const char *fmt, ...)
{
    char text[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    vt_error(NULL, "%s: %s", s->label, text);
    return -EINVAL;
}

static int no_memory(const VtModelSource *s)
{
    vt_error(NULL, "%s: out of memory for the model", s->label);
    return -ENOMEM;
}

/* Texts of the file end up in log lines and output files. */
static bool has_control_characters(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f) return true;
    return false;
}

static int parse_model_type(VmafModel *m, const json_t *dict, const VtModelSource *s)
{
    static const char *const names[] = {
        [VT_MODEL_SVR] = "LIBSVMNUSVR",
        [VT_MODEL_BOOTSTRAP] = "BOOTSTRAP_LIBSVMNUSVR",
        [VT_MODEL_RESIDUE_BOOTSTRAP] = "RESIDUEBOOTSTRAP_LIBSVMNUSVR",
    };
    const json_t *type = json_object_get(dict, "model_type");
    if (!type) return 0;
    for (int i = VT_MODEL_SVR; i <= VT_MODEL_RESIDUE_BOOTSTRAP; i++) {
        if (!json_is_string(type) || strcmp(json_string_value(type), names[i])) continue;
        m->type = (VtModelType)i;
        return 0;
    }
    return fail(s, "model_type is not one of LIBSVMNUSVR, BOOTSTRAP_LIBSVMNUSVR and "
                   "RESIDUEBOOTSTRAP_LIBSVMNUSVR");
}

static int parse_norm_type(VmafModel *m, const json_t *dict, const VtModelSource *s)
{
    const char *type = json_string_value(json_object_get(dict, "norm_type"));
    m->rescale = type && !strcmp(type, "linear_rescale");
    if (!m->rescale && (!type || strcmp(type, "none")))
        return fail(s, "norm_type must be linear_rescale or none");
    return 0;
}

static VtRole role_of(const char *base)
{
    if (strstr(base, "adm3")) return VT_ROLE_GUIDING;
    return strstr(base, "speed_chroma") ? VT_ROLE_GUIDED : VT_ROLE_NONE;
}

static int parse_feature_names(VmafModel *m, const json_t *dict, const VtModelSource *s)
{
    const json_t *names = json_object_get(dict, "feature_names");
    const size_t n = json_array_size(names);
    if (!n || n > VT_MAX_FEATURES)
        return fail(s, "feature_names must be an array of 1 to %d names", VT_MAX_FEATURES);
    m->feature = calloc(n, sizeof(*m->feature));
    if (!m->feature) return no_memory(s);
    m->n_features = (unsigned)n;
    for (unsigned i = 0; i < n; i++) {
        const char *base = json_string_value(json_array_get(names, i));
        if (!base || !*base || has_control_characters(base))
            return fail(s, "feature_names[%u] is not a name", i);
        m->feature[i].base = strdup(base);
        if (!m->feature[i].base) return no_memory(s);
        m->feature[i].role = role_of(base);
    }
    return 0;
}

/* A number is read as binary32 and printed with six significant digits, as libvmaf stores it. (It
 * is rounded to binary64 first, which the six digits do not show.) */
static const char *option_text(const json_t *value, char number[32])
{
    if (json_is_number(value)) {
        snprintf(number, 32, "%g", (double)(float)json_number_value(value));
        return number;
    }
    if (json_is_boolean(value)) return json_is_true(value) ? "true" : "false";
    return json_string_value(value);
}

static int parse_feature_options(VtModelFeature *f, json_t *options, const VtModelSource *s)
{
    const char *key;
    json_t *value;
    json_object_foreach(options, key, value)
    {
        char number[32];
        const char *text = option_text(value, number);
        if (!text || has_control_characters(text) || has_control_characters(key))
            return fail(s,
                        "options of feature %s: a value must be a number, true, false or a string",
                        f->base);
        const int err = vt_dictionary_set(&f->options, key, text);
        if (err) return no_memory(s);
    }
    return 0;
}

static int parse_options(VmafModel *m, const json_t *dict, const VtModelSource *s)
{
    const json_t *list = json_object_get(dict, "feature_opts_dicts");
    if (!list) return 0;
    if (!json_is_array(list) || json_array_size(list) > m->n_features)
        return fail(s, "feature_opts_dicts must be an array of one object a feature");
    for (unsigned i = 0; i < json_array_size(list); i++) {
        json_t *options = json_array_get(list, i);
        if (!json_is_object(options)) return fail(s, "feature_opts_dicts[%u] is not an object", i);
        const int err = parse_feature_options(&m->feature[i], options, s);
        if (err) return err;
    }
    return 0;
}

static int number_in(const json_t *array, size_t i, double *value)
{
    const json_t *number = json_array_get(array, i);
    if (!json_is_number(number)) return -EINVAL;
    *value = json_number_value(number);
    return 0;
}

/* slopes or intercepts: element 0 is the score's, element i + 1 feature i's. */
static int parse_line(double line[VT_MAX_FEATURES + 1], const char *key, const VmafModel *m,
                      const json_t *dict, const VtModelSource *s)
{
    const json_t *array = json_object_get(dict, key);
    if (json_array_size(array) != m->n_features + 1)
        return fail(s, "%s must be an array of %u numbers", key, m->n_features + 1);
    for (unsigned i = 0; i <= m->n_features; i++)
        if (number_in(array, i, &line[i])) return fail(s, "%s[%u] is not a number", key, i);
    return 0;
}

static int parse_normalisation(VmafModel *m, const json_t *dict, const VtModelSource *s)
{
    double slope[VT_MAX_FEATURES + 1], intercept[VT_MAX_FEATURES + 1];
    if (!m->rescale) return 0;
    int err = parse_line(slope, "slopes", m, dict, s);
    if (!err) err = parse_line(intercept, "intercepts", m, dict, s);
    if (err) return err;
    for (unsigned i = 0; i <= m->n_features; i++)
        if (slope[i] == 0) return fail(s, "slopes[%u] is 0", i);
    m->slope = slope[0];
    m->intercept = intercept[0];
    for (unsigned i = 0; i < m->n_features; i++) {
        m->feature[i].slope = slope[i + 1];
        m->feature[i].intercept = intercept[i + 1];
    }
    return 0;
}

static int parse_clip(VmafModel *m, const json_t *dict, const VtModelSource *s)
{
    const json_t *clip = json_object_get(dict, "score_clip");
    if (!clip) return 0;
    if (number_in(clip, 0, &m->clip.min) || number_in(clip, 1, &m->clip.max) ||
        m->clip.min > m->clip.max)
        return fail(s, "score_clip must be two numbers, the lower one first");
    m->clip.enabled = !(s->flags & VMAF_MODEL_FLAG_DISABLE_CLIP);
    return 0;
}

static int parse_knots(VtTransform *t, const json_t *knots, const VtModelSource *s)
{
    const size_t n = json_array_size(knots);
    if (!knots || json_is_null(knots)) return 0;
    if (!json_is_array(knots) || n > VT_MAX_KNOTS)
        return fail(s, "knots must be an array of at most %d pairs", VT_MAX_KNOTS);
    for (size_t i = 0; i < n; i++) {
        const json_t *pair = json_array_get(knots, i);
        if (json_array_size(pair) != 2 || number_in(pair, 0, &t->knot[i].x) ||
            number_in(pair, 1, &t->knot[i].y))
            return fail(s, "knots[%zu] is not a pair of numbers", i);
    }
    t->n_knots = (unsigned)n;
    return 0;
}

/* A string; only "true" means yes. */
static int parse_rectification(bool *on, const char *key, const json_t *transform,
                               const VtModelSource *s)
{
    const json_t *value = json_object_get(transform, key);
    if (!value) return 0;
    if (!json_is_string(value)) return fail(s, "%s must be a string, \"true\" or \"false\"", key);
    *on = !strcmp(json_string_value(value), "true");
    return 0;
}

static int parse_transform(VmafModel *m, const json_t *dict, const VtModelSource *s)
{
    static const char *const terms[] = {"p0", "p1", "p2"};
    const json_t *transform = json_object_get(dict, "score_transform");
    VtTransform *t = &m->transform;
    if (!transform) return 0;
    if (!json_is_object(transform)) return fail(s, "score_transform is not an object");

    const json_t *enabled = json_object_get(transform, "enabled");
    if (enabled && !json_is_boolean(enabled)) return fail(s, "enabled must be true or false");
    t->enabled = json_is_true(enabled) || (s->flags & VMAF_MODEL_FLAG_ENABLE_TRANSFORM);
    if (s->flags & VMAF_MODEL_FLAG_DISABLE_TRANSFORM) t->enabled = false;

    for (int i = 0; i < 3; i++) {
        const json_t *term = json_object_get(transform, terms[i]);
        if (!term || json_is_null(term)) continue;
        if (!json_is_number(term)) return fail(s, "%s is not a number", terms[i]);
        t->has_term[i] = true;
        t->term[i] = json_number_value(term);
    }
    int err = parse_knots(t, json_object_get(transform, "knots"), s);
    if (!err) err = parse_rectification(&t->out_lte_in, "out_lte_in", transform, s);
    if (!err) err = parse_rectification(&t->out_gte_in, "out_gte_in", transform, s);
    return err;
}

static int parse_chroma_correction(VmafModel *m, const json_t *dict, const VtModelSource *s)
{
    const json_t *c = json_object_get(dict, "chroma_correction_parameter");
    if (!c) return 0;
    if (!json_is_number(c)) return fail(s, "chroma_correction_parameter is not a number");
    m->chroma_correction = json_number_value(c);
    return 0;
}

static int parse_svm(VmafModel *m, const json_t *dict, const VtModelSource *s)
{
    const char *text = json_string_value(json_object_get(dict, "model"));
    if (!text) return fail(s, "model, the support-vector text, is missing");
    return vt_svm_parse(&m->svm, text, m->n_features, s->label);
}

/* Names are made now, so that prediction only reads the model. Features that no metric provides are
 * reported when the model is registered or predicts. */
static int make_stored_names(VmafModel *m, const VtModelSource *s)
{
    static const VtLog silent = {.level = VMAF_LOG_LEVEL_NONE};
    for (unsigned i = 0; i < m->n_features; i++) {
        VtModelFeature *f = &m->feature[i];
        if (vt_model_feature_name(&f->stored, f->base, f->options, &silent) == -ENOMEM)
            return no_memory(s);
    }
    return 0;
}

static int parse_dict(VmafModel *m, const json_t *dict, const VtModelSource *s)
{
    int err = parse_model_type(m, dict, s);
    if (!err) err = parse_norm_type(m, dict, s);
    if (!err) err = parse_feature_names(m, dict, s);
    if (!err) err = parse_options(m, dict, s);
    if (!err) err = parse_normalisation(m, dict, s);
    if (!err) err = parse_clip(m, dict, s);
    if (!err) err = parse_transform(m, dict, s);
    if (!err) err = parse_chroma_correction(m, dict, s);
    if (!err) err = parse_svm(m, dict, s);
    if (!err) err = make_stored_names(m, s);
    return err;
}

int vt_model_from_json(VmafModel **out, const json_t *root, const char *name,
                       const VtModelSource *source)
{
    const json_t *dict = json_object_get(root, "model_dict");
    *out = NULL;
    if (!json_is_object(dict)) return fail(source, "the object model_dict is missing: not a model");
    VmafModel *m = calloc(1, sizeof(*m));
    if (!m) return no_memory(source);
    m->name = strdup(name);
    const int err = m->name ? parse_dict(m, dict, source) : no_memory(source);
    if (err) {
        vt_model_destroy(m);
        return err;
    }
    *out = m;
    return 0;
}

/* jansson quotes the text near an error: keep the line one line. */
static void replace_control_characters(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f) *text = ' ';
}

/* jansson 2.14 reads past its buffer for strings when that cannot grow. See first that there is
 * memory for it: it holds one string of the text and doubles. */
static bool has_memory_for_strings(size_t size)
{
    void *volatile p = malloc(4 * size + 4096); /* volatile: not optimised away */
    free(p);
    return p;
}

int vt_json_read(json_t **root, const char *text, size_t size, const char *label)
{
    json_error_t error = {0};
    *root = NULL;
    if (!has_memory_for_strings(size)) {
        vt_error(NULL, "%s: out of memory for the model", label);
        return -ENOMEM;
    }
    *root = json_loadb(text, size,
                       JSON_DISABLE_EOF_CHECK | JSON_DECODE_INT_AS_REAL | JSON_REJECT_DUPLICATES,
                       &error);
    if (!*root) {
        error.text[sizeof(error.text) - 2] = '\0'; /* the last byte is the error code */
        replace_control_characters(error.text);
        vt_error(NULL, "%s: line %d: %s", label, error.line, error.text);
        return json_error_code(&error) == json_error_out_of_memory ? -ENOMEM : -EINVAL;
    }
    if (json_is_object(*root)) return 0;
    json_decref(*root);
    *root = NULL;
    vt_error(NULL, "%s: not a JSON object", label);
    return -EINVAL;
}
