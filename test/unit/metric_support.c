#include "metric_support.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "cpu/cpu.h"
#include "metric/registry.h"
#include "synth.h"

const uint64_t metric_mask[METRIC_MASKS] = {~UINT64_C(0), VT_CPU_AVX512 | VT_CPU_AVX512ICL, 0};

static VmafFeatureDictionary *dictionary(const char *options)
{
    VmafFeatureDictionary *dict = NULL;
    char *copy = strdup(options ? options : ""), *save = NULL;
    assert_non_null(copy);
    for (char *o = strtok_r(copy, ":", &save); o; o = strtok_r(NULL, ":", &save)) {
        char *eq = strchr(o, '=');
        assert_non_null(eq);
        *eq = 0;
        assert_int_equal(vmaf_feature_dictionary_set(&dict, o, eq + 1), 0);
    }
    free(copy);
    return dict;
}

static int put_aggregate(void *ctx, unsigned output, double value)
{
    vt_emit(ctx, output, value);
    return 0;
}

static int run(const VtGroup *group, const VmafPicture *ref, const VmafPicture *dis,
               VtResult *result)
{
    const VtMetric *m = group->metric;
    const VtSeries series = {.ctx = result, .put_aggregate = put_aggregate};
    const VtFrame frame = {.ref = ref, .dis = dis};
    const size_t size = m->scratch_size ? m->scratch_size(group) : 0;
    void *scratch = vt_aligned_alloc(size), *state = calloc(1, m->state_size ? m->state_size : 1);
    assert_non_null(scratch);
    assert_non_null(state);
    memset(scratch, 0x7b, size); /* a block of arbitrary content */
    int err = m->extract(group, scratch, &frame, &result);
    if (!err && m->join) err = m->join(group->member[0], state, 0, result, &series);
    if (!err && m->flush) err = m->flush(group->member[0], state, &series);
    vt_aligned_free(scratch);
    free(state);
    return err;
}

static void silent(void *user, enum VmafLogLevel level, const char *line)
{
    (void)user, (void)level, (void)line;
}

int metric_once(const char *name, const char *options, uint64_t cpumask, const VmafPicture *ref,
                const VmafPicture *dis, VtResult *result)
{
    const VtLog log = {.level = VMAF_LOG_LEVEL_NONE, .callback = silent};
    const VtMetric *m = vt_metric_find(name);
    assert_non_null(m);
    VmafFeatureDictionary *dict = dictionary(options);
    VtInstance *inst = NULL;
    *result = (VtResult){0};
    int err = vt_instance_create(&inst, m, dict, &log);
    vt_dictionary_free(&dict);
    if (err) return err;
    VtGroup group = {.metric = m,
                     .member = &inst,
                     .n_members = 1,
                     .format = {ref->pix_fmt, ref->bpc, ref->w[0], ref->h[0]},
                     .cpu_flags = vt_cpu_flags(cpumask),
                     .log = &log};
    err = m->init ? m->init(&group) : 0;
    if (!err) {
        err = run(&group, ref, dis, result);
        if (m->close) m->close(&group);
    }
    vt_instance_destroy(inst);
    return err;
}

int metric_synth(const char *name, const char *options, uint64_t cpumask,
                 enum VmafPixelFormat pix_fmt, unsigned bpc, unsigned w, unsigned h, unsigned t,
                 VtResult *result)
{
    VmafPicture ref, dis;
    assert_int_equal(synth_pair(&ref, &dis, pix_fmt, bpc, w, h, t), 0);
    const int err = metric_once(name, options, cpumask, &ref, &dis, result);
    vmaf_picture_unref(&ref);
    vmaf_picture_unref(&dis);
    return err;
}

static void same(const char *name, const char *options, enum VmafPixelFormat fmt, unsigned bpc,
                 unsigned w, unsigned h, double tolerance)
{
    VtResult want, got;
    assert_int_equal(metric_synth(name, options, metric_mask[0], fmt, bpc, w, h, 1, &want), 0);
    assert_int_not_equal(want.written, 0);
    for (unsigned m = 1; m < METRIC_MASKS; m++) {
        assert_int_equal(metric_synth(name, options, metric_mask[m], fmt, bpc, w, h, 1, &got), 0);
        assert_int_equal(got.written, want.written);
        for (unsigned o = 0; o < VT_MAX_OUTPUTS; o++) {
            const double a = want.value[o], b = got.value[o];
            if (!(want.written & UINT32_C(1) << o)) continue;
            if (!memcmp(&a, &b, sizeof(a)) || fabs(a - b) <= tolerance * fabs(a)) continue;
            fail_msg("%s, %ux%u, format %d, %u bit, mask %u, output %u: %.17g, scalar %.17g", name,
                     w, h, (int)fmt, bpc, m, o, b, a);
        }
    }
}

void metric_same_everywhere(const char *name, const char *options, unsigned max_bpc, bool mono,
                            unsigned min_w, unsigned min_h, double tolerance)
{
    static const unsigned more_w[] = {0, 1, 15, 118, 242}, more_h[] = {0, 7, 33, 58, 5};
    static const unsigned depths[] = {8, 9, 10, 12, 16};
    static const enum VmafPixelFormat formats[] = {VMAF_PIX_FMT_YUV420P, VMAF_PIX_FMT_YUV422P,
                                                   VMAF_PIX_FMT_YUV444P, VMAF_PIX_FMT_YUV400P};
    for (unsigned f = 0; f < (mono ? 4 : 3); f++)
        for (unsigned b = 0; b < 5 && depths[b] <= max_bpc; b++)
            for (unsigned i = 0; i < 5; i++)
                same(name, options, formats[f], depths[b], min_w + more_w[i], min_h + more_h[i],
                     tolerance);
}
