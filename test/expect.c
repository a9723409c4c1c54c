#include "expect.h"

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "cpu/cpu.h"
#include "metric/registry.h"
#include "picture/picture.h"
#include "synth.h"

#define MAX_FRAMES 16

/* What the engine would store. */
typedef struct Table {
    bool has[VT_MAX_OUTPUTS][MAX_FRAMES], has_aggregate[VT_MAX_OUTPUTS];
    double value[VT_MAX_OUTPUTS][MAX_FRAMES], aggregate[VT_MAX_OUTPUTS];
} Table;

static bool get(void *ctx, unsigned output, unsigned index, double *value)
{
    const Table *t = ctx;
    if (index >= MAX_FRAMES || !t->has[output][index]) return false;
    *value = t->value[output][index];
    return true;
}

static int put(void *ctx, unsigned output, unsigned index, double value)
{
    Table *t = ctx;
    assert_true(index < MAX_FRAMES);
    assert_false(t->has[output][index]);
    t->has[output][index] = true;
    t->value[output][index] = value;
    return 0;
}

static int put_aggregate(void *ctx, unsigned output, double value)
{
    Table *t = ctx;
    t->has_aggregate[output] = true;
    t->aggregate[output] = value;
    return 0;
}

static VmafFeatureDictionary *dictionary(const char *options)
{
    VmafFeatureDictionary *dict = NULL;
    char *copy = strdup(options ? options : ""), *save = NULL;
    for (char *o = strtok_r(copy, ":", &save); o; o = strtok_r(NULL, ":", &save)) {
        char *eq = strchr(o, '=');
        assert_non_null(eq);
        *eq = 0;
        assert_int_equal(vmaf_feature_dictionary_set(&dict, o, eq + 1), 0);
    }
    free(copy);
    return dict;
}

static json_t *load(const char *clip_and_group)
{
    char path[4096];
    const char *dir = getenv("VMAF_TEST_EXPECTED");
    assert_non_null(dir);
    snprintf(path, sizeof(path), "%s/%s.json", dir, clip_and_group);
    json_error_t error;
    json_t *doc = json_load_file(path, 0, &error);
    if (!doc) fail_msg("%s: %s", path, error.text);
    return doc;
}

static VtFormat clip_format(const char *name)
{
    VtFormat f = {.pix_fmt = VMAF_PIX_FMT_UNKNOWN};
    unsigned chroma = 0;
    assert_int_equal(sscanf(name, "synth_%ux%u_%u_%ub", &f.w, &f.h, &chroma, &f.bpc), 4);
    f.pix_fmt = chroma == 420   ? VMAF_PIX_FMT_YUV420P
                : chroma == 422 ? VMAF_PIX_FMT_YUV422P
                : chroma == 444 ? VMAF_PIX_FMT_YUV444P
                                : VMAF_PIX_FMT_YUV400P;
    return f;
}

static void store(Table *t, const VtInstance *inst, const VtResult *r, unsigned index)
{
    for (unsigned o = 0; o < inst->metric->n_outputs; o++)
        if (r->written & UINT32_C(1) << o && inst->metric->outputs[o].kind == VT_OUTPUT_FRAME)
            put(t, o, index, r->value[o]);
}

static void run(const VtGroup *group, unsigned frames, Table *table)
{
    const VtMetric *m = group->metric;
    const VtInstance *inst = group->member[0];
    const VtSeries series = {
        .ctx = table, .get = get, .put = put, .put_aggregate = put_aggregate};
    const size_t scratch_size = m->scratch_size ? m->scratch_size(group) : 0;
    void *scratch = vt_aligned_alloc(scratch_size);
    void *state = calloc(1, m->state_size ? m->state_size : 1);
    VmafPicture ref[MAX_FRAMES], dis[MAX_FRAMES];
    for (unsigned t = 0; t < frames; t++) {
        assert_int_equal(synth_pair(&ref[t], &dis[t], group->format.pix_fmt, group->format.bpc,
                                    group->format.w, group->format.h, t),
                         0);
        VtFrame frame = {.index = t, .ref = &ref[t], .dis = &dis[t]};
        for (unsigned k = 0; k < VT_MAX_HISTORY && k < t; k++) {
            frame.prev_ref[k] = &ref[t - 1 - k];
            frame.prev_dis[k] = &dis[t - 1 - k];
        }
        memset(scratch, t % 2 ? 0xff : 0x5a, scratch_size); /* what it holds must not matter */
        VtResult result = {0}, *results = &result;
        assert_int_equal(m->extract(group, scratch, &frame, &results), 0);
        if (m->join) assert_int_equal(m->join(inst, state, t, &result, &series), 0);
        store(table, inst, &result, t);
    }
    if (m->flush) assert_int_equal(m->flush(inst, state, &series), 0);
    for (unsigned t = 0; t < frames; t++) {
        vmaf_picture_unref(&ref[t]);
        vmaf_picture_unref(&dis[t]);
    }
    free(state);
    vt_aligned_free(scratch);
}

static unsigned compare(const json_t *doc, const VtInstance *inst, const Table *t, const char *what,
                        double tolerance)
{
    unsigned compared = 0;
    size_t i;
    json_t *frame, *aggregates = json_object_get(doc, "aggregate_metrics");
    json_array_foreach(json_object_get(doc, "frames"), i, frame)
    {
        const unsigned index = (unsigned)json_integer_value(json_object_get(frame, "frameNum"));
        json_t *metrics = json_object_get(frame, "metrics");
        for (unsigned o = 0; o < inst->metric->n_outputs; o++) {
            const json_t *want = json_object_get(metrics, vt_feature_alias(inst->name[o]));
            if (!json_is_number(want)) continue;
            const double w = json_number_value(want);
            if (!t->has[o][index]) fail_msg("%s frame %u: no %s", what, index, inst->name[o]);
            if (!(fabs(t->value[o][index] - w) <= tolerance))
                fail_msg("%s frame %u %s: %.17g, expected %.17g", what, index, inst->name[o],
                         t->value[o][index], w);
            compared++;
        }
    }
    for (unsigned o = 0; o < inst->metric->n_outputs; o++) {
        const json_t *want = json_object_get(aggregates, inst->name[o]);
        if (!json_is_number(want)) continue;
        if (!t->has_aggregate[o] || !(fabs(t->aggregate[o] - json_number_value(want)) <= tolerance))
            fail_msg("%s %s: %.17g, expected %.17g", what, inst->name[o], t->aggregate[o],
                     json_number_value(want));
        compared++;
    }
    return compared;
}

unsigned expect_metric(const char *clip_and_group, const char *metric, const char *options,
                       uint64_t cpumask, double tolerance)
{
    json_t *doc = load(clip_and_group);
    const unsigned frames = (unsigned)json_array_size(json_object_get(doc, "frames"));
    assert_in_range(frames, 1, MAX_FRAMES);

    VmafFeatureDictionary *dict = dictionary(options);
    VtInstance *inst = NULL;
    const VtMetric *m = vt_metric_find(metric);
    assert_non_null(m);
    assert_int_equal(vt_instance_create(&inst, m, dict, NULL), 0);
    VtGroup group = {.metric = m,
                     .member = &inst,
                     .n_members = 1,
                     .format = clip_format(clip_and_group),
                     .cpu_flags = vt_cpu_flags(cpumask)};
    if (m->init) assert_int_equal(m->init(&group), 0);

    Table *table = calloc(1, sizeof(*table));
    assert_non_null(table);
    run(&group, frames, table);
    const unsigned compared = compare(doc, inst, table, clip_and_group, tolerance);
    assert_int_not_equal(compared, 0);

    free(table);
    if (m->close) m->close(&group);
    vt_instance_destroy(inst);
    vt_dictionary_free(&dict);
    json_decref(doc);
    return compared;
}
