#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "model/model_private.h"
#include "model_support.h"

const char small_model[] =
    "{\"param_dict\":{\"score_clip\":null},\"model_dict\":{\"model_type\":\"LIBSVMNUSVR\","
    "\"norm_type\":\"linear_rescale\",\"feature_names\":[\"VMAF_integer_feature_adm2_score\","
    "\"VMAF_integer_feature_vif_scale0_score\"],\"feature_opts_dicts\":[{},"
    "{\"vif_enhn_gain_limit\":1.0}],\"slopes\":[0.01,1.5,2],\"intercepts\":[-0.1,-0.5,-0.25],"
    "\"score_clip\":[0,100],\"score_transform\":{\"p0\":1.5,\"p1\":2,\"p2\":-0.01,"
    "\"out_gte_in\":\"true\"},\"model\":\"svm_type nu_svr\\nkernel_type rbf\\ngamma 0.5\\n"
    "nr_class 2\\ntotal_sv 2\\nrho -0.25\\nSV\\n1 1:0.5 2:0.25 \\n-0.5 1:1 \\n\"}}";

static char log_text[8192], path[128], reference_path[1024];
static FILE *log_file;
static int saved_stderr = -1;

void capture_log(void)
{
    fflush(stderr);
    if (!log_file) log_file = tmpfile();
    assert_non_null(log_file);
    assert_int_equal(ftruncate(fileno(log_file), 0), 0);
    saved_stderr = dup(STDERR_FILENO);
    assert_true(dup2(fileno(log_file), STDERR_FILENO) >= 0);
    lseek(STDERR_FILENO, 0, SEEK_SET);
}

void end_capture(void)
{
    fflush(stderr);
    dup2(saved_stderr, STDERR_FILENO);
    close(saved_stderr);
    const ssize_t n = pread(fileno(log_file), log_text, sizeof(log_text) - 1, 0);
    log_text[n > 0 ? n : 0] = '\0';
}

const char *last_log(void)
{
    return log_text;
}

unsigned last_log_lines(void)
{
    unsigned n = 0;
    for (const char *p = log_text; *p; p++) n += *p == '\n';
    return n;
}

const char *write_model(const char *text, size_t size)
{
    const char *folder = getenv("TMPDIR");
    snprintf(path, sizeof(path), "%.60s/vmaf-test-model-%d.json", folder ? folder : "/tmp",
             (int)getpid());
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
    return path;
}

void remove_model(void)
{
    unlink(path);
}

int load_model_text(VmafModel **model, const char *text, size_t size, uint64_t flags)
{
    VmafModelConfig cfg = {.flags = flags};
    write_model(text, size);
    capture_log();
    const int err = vmaf_model_load_from_path(model, &cfg, path);
    end_capture();
    remove_model();
    return err;
}

int load_collection_text(VmafModel **lead, VmafModelCollection **c, const char *text)
{
    VmafModelConfig cfg = {0};
    write_model(text, strlen(text));
    capture_log();
    const int err = vmaf_model_collection_load_from_path(lead, c, &cfg, path);
    end_capture();
    remove_model();
    return err;
}

char *replaced(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    if (!at) fail_msg("no '%s' in the model", from);
    const size_t size = strlen(text) - strlen(from) + strlen(to) + 1;
    char *out = malloc(size);
    assert_non_null(out);
    snprintf(out, size, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    return out;
}

char *stored_name(const VmafModel *m, unsigned i)
{
    const VmafFeatureDictionary *options;
    const char *base = vt_model_feature(m, i, &options);
    char *stored;
    assert_int_equal(vt_model_feature_name(&stored, base, options, NULL), 0);
    return stored;
}

void put_feature(const VmafModel *m, VtScores *scores, unsigned i, unsigned index, double value)
{
    char *name = stored_name(m, i);
    double old;
    if (!vt_scores_get(scores, name, index, &old))
        assert_int_equal(vt_scores_put(scores, name, index, value), 0);
    free(name);
}

const char *reference_model(const char *name)
{
    const char *folder = getenv("VMAF_TEST_MODELS"), *expected = getenv("VMAF_TEST_EXPECTED");
    if (folder)
        snprintf(reference_path, sizeof(reference_path), "%s/%s.json", folder, name);
    else
        snprintf(reference_path, sizeof(reference_path), "%s/../../../shared/models/%s.json",
                 expected ? expected : ".", name);
    return access(reference_path, R_OK) ? NULL : reference_path;
}

VmafModel *builtin(const char *name, uint64_t flags)
{
    VmafModelConfig cfg = {.flags = flags};
    VmafModel *m;
    assert_int_equal(vmaf_model_load(&m, &cfg, name), 0);
    return m;
}

void assert_refused(int err, int expected, VmafModel *const *m, const char *part)
{
    if (err != expected || *m || last_log_lines() != 1 || !strstr(last_log(), part))
        fail_msg("returned %d, not %d; log: %s(wanted: %s)", err, expected, last_log(), part);
}
