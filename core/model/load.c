/* Where a model's text comes from: built-in, a file by path, or a file found on the search path. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/locale_guard.h"
#include "model/model_dir.h"
#include "model/model_private.h"

#define MAX_FILE_SIZE ((size_t)64 << 20) /* shipped models have at most 0.4 MiB */
#define FIRST_READ ((size_t)64 << 10)

typedef struct Text {
    char *data; /* of a file; NULL for a built-in model */
    const char *json;
    size_t size;
} Text;

static int read_failed(const char *path, const char *why)
{
    vt_error(NULL, "cannot read model file %s: %s", path, why);
    return -EINVAL;
}

/* Reads to the end; pipes have no size to ask for. */
static int read_all(FILE *f, const char *path, Text *text)
{
    size_t capacity = 0;
    while (!feof(f)) {
        if (text->size == capacity) {
            if (capacity >= MAX_FILE_SIZE) return read_failed(path, "larger than 64 MiB");
            capacity = capacity ? 2 * capacity : FIRST_READ;
            char *data = realloc(text->data, capacity);
            if (!data) {
                vt_error(NULL, "out of memory for model file %s", path);
                return -ENOMEM;
            }
            text->data = data;
        }
        text->size += fread(text->data + text->size, 1, capacity - text->size, f);
        if (ferror(f)) return read_failed(path, strerror(errno));
    }
    text->json = text->data;
    return 0;
}

static int read_file(const char *path, Text *text)
{
    *text = (Text){0};
    FILE *f = fopen(path, "rbe");
    if (!f) {
        const char *dot = strrchr(path, '.');
        read_failed(path, strerror(errno));
        if (dot && !strcmp(dot, ".pkl"))
            vt_error(NULL, "models in pickle files (.pkl) cannot be read: use the .json file");
        return -EINVAL;
    }
    struct stat st;
    int err;
    if (fstat(fileno(f), &st))
        err = read_failed(path, strerror(errno));
    else if (S_ISDIR(st.st_mode))
        err = read_failed(path, "it is a folder");
    else if (S_ISREG(st.st_mode) && st.st_size > (off_t)MAX_FILE_SIZE)
        err = read_failed(path, "larger than 64 MiB");
    else
        err = read_all(f, path, text);
    fclose(f);
    if (err) {
        free(text->data);
        *text = (Text){0};
    }
    return err;
}

static bool find_builtin(const char *name, Text *text)
{
    for (unsigned i = 0; i < vt_builtin_models_count; i++) {
        const VtBuiltinModel *b = &vt_builtin_models[i];
        if (strcmp(b->name, name)) continue;
        *text = (Text){NULL, b->json, b->size};
        return true;
    }
    return false;
}

/* FOLDER/NAME.json if it can be read. 1 found, 0 not, -ENOMEM. */
static int try_folder(const char *folder, size_t length, const char *name, char **path)
{
    if (!length) return 0;
    if (asprintf(path, "%.*s/%s.json", (int)length, folder, name) < 0) {
        *path = NULL;
        return -ENOMEM;
    }
    if (!access(*path, R_OK)) return 1;
    free(*path);
    *path = NULL;
    return 0;
}

/* Names are not paths: no '/', so that a name from outside cannot leave the folders. */
static int search(const char *name, char **path)
{
    const char *list = secure_getenv("VMAF_MODEL_PATH");
    int found = 0;
    *path = NULL;
    if (!*name || strchr(name, '/')) return 0;
    for (const char *end; list && !found; list = *end ? end + 1 : NULL) {
        end = strchrnul(list, ':');
        found = try_folder(list, (size_t)(end - list), name, path);
    }
    return found ? found : try_folder(VT_MODEL_DIR, strlen(VT_MODEL_DIR), name, path);
}

/* What to build from the JSON: collection NULL means a single model; either: whatever the JSON is.
 */
typedef struct Target {
    VmafModel **model;
    VmafModelCollection **collection;
    const VmafModelConfig *cfg;
    bool either;
} Target;

static int build(const Target *t, const json_t *root, const char *label)
{
    const VtModelSource source = {label, t->cfg->flags};
    const char *name = t->cfg->name ? t->cfg->name : "vmaf";
    const bool is_collection = !json_object_get(root, "model_dict") && vt_json_is_collection(root);
    if (t->collection && (is_collection || !t->either))
        return vt_collection_from_json(t->model, t->collection, root, name, &source);
    if (is_collection) {
        vt_error(NULL, "%s is a model collection: use vmaf_model_collection_load", label);
        return -EINVAL;
    }
    return vt_model_from_json(t->model, root, name, &source);
}

static int load_text(const Target *t, const Text *text, const char *label)
{
    VtLocaleGuard guard;
    json_t *root;
    int err = vt_locale_enter(&guard);
    if (err) {
        vt_error(NULL, "%s: out of memory for the model", label);
        return err;
    }
    err = vt_json_read(&root, text->json, text->size, label);
    if (!err) {
        err = build(t, root, label);
        json_decref(root);
    }
    vt_locale_leave(&guard);
    return err;
}

static int load_path(const Target *t, const char *path)
{
    Text text;
    *t->model = NULL;
    if (t->collection) *t->collection = NULL;
    int err = read_file(path, &text);
    if (!err) err = load_text(t, &text, path);
    free(text.data);
    return err;
}

static int load_name(const Target *t, const char *name)
{
    Text text;
    char *path;
    *t->model = NULL;
    if (t->collection) *t->collection = NULL;
    if (find_builtin(name, &text)) return load_text(t, &text, name);
    int err = search(name, &path);
    if (err > 0)
        err = load_path(t, path);
    else if (err < 0)
        vt_error(NULL, "out of memory for the search of model %s", name);
    else {
        vt_error(NULL, "no model %s: not built in, and no %s.json in VMAF_MODEL_PATH or %s", name,
                 name, VT_MODEL_DIR);
        err = -EINVAL;
    }
    free(path);
    return err;
}

int vt_model_load(VmafModel **model, const VmafModelConfig *cfg, const char *name)
{
    return load_name(&(Target){model, NULL, cfg, false}, name);
}

int vt_model_load_path(VmafModel **model, const VmafModelConfig *cfg, const char *path)
{
    return load_path(&(Target){model, NULL, cfg, false}, path);
}

int vt_collection_load(VmafModel **lead, VmafModelCollection **c, const VmafModelConfig *cfg,
                       const char *name)
{
    return load_name(&(Target){lead, c, cfg, false}, name);
}

int vt_collection_load_path(VmafModel **lead, VmafModelCollection **c, const VmafModelConfig *cfg,
                            const char *path)
{
    return load_path(&(Target){lead, c, cfg, false}, path);
}

int vt_any_load(VmafModel **model, VmafModelCollection **c, const VmafModelConfig *cfg,
                const char *name)
{
    return load_name(&(Target){model, c, cfg, true}, name);
}

int vt_any_load_path(VmafModel **model, VmafModelCollection **c, const VmafModelConfig *cfg,
                     const char *path)
{
    return load_path(&(Target){model, c, cfg, true}, path);
}
