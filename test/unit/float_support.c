#include "float_support.h"

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

unsigned support_lines_logged;

void clip_make(Clip *c, enum VmafPixelFormat fmt, unsigned bpc, unsigned w, unsigned h,
               unsigned frames)
{
    c->frames = frames;
    for (unsigned t = 0; t < frames; t++)
        assert_int_equal(synth_pair(&c->ref[t], &c->dis[t], fmt, bpc, w, h, t), 0);
}

static unsigned random_below(unsigned n)
{
    static uint32_t state = 12345;
    state = state * 1664525u + 1013904223u;
    return (unsigned)((uint64_t)state * n >> 32);
}

static void put(VmafPicture *p, unsigned x, unsigned y, unsigned v)
{
    uint8_t *row = (uint8_t *)p->data[0] + (ptrdiff_t)y * p->stride[0];
    if (p->bpc > 8)
        ((uint16_t *)(void *)row)[x] = (uint16_t)v;
    else
        row[x] = (uint8_t)v;
}

void clip_make_noise(Clip *c, unsigned bpc, unsigned w, unsigned h, unsigned frames)
{
    clip_make(c, VMAF_PIX_FMT_YUV400P, bpc, w, h, frames);
    const unsigned range = 1u << bpc;
    for (unsigned t = 0; t < frames; t++)
        for (unsigned y = 0; y < h; y++)
            for (unsigned x = 0; x < w; x++) {
                const unsigned v = random_below(range), near = v / 8 * 7 + random_below(range / 8);
                put(&c->ref[t], x, y, v);
                put(&c->dis[t], x, y, near);
            }
}

void clip_free(Clip *c)
{
    for (unsigned t = 0; t < c->frames; t++) {
        vmaf_picture_unref(&c->ref[t]);
        vmaf_picture_unref(&c->dis[t]);
    }
}

static VmafFeatureDictionary *dictionary(const char *options)
{
    VmafFeatureDictionary *dict = NULL;
    char *copy = strdup(options), *save = NULL;
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

static void count_line(void *user, enum VmafLogLevel level, const char *line)
{
    (void)user, (void)level, (void)line;
    support_lines_logged++;
}

typedef struct Member {
    Scores *scores;
    unsigned member;
} Member;

static bool series_get(void *ctx, unsigned output, unsigned index, double *value)
{
    const Member *m = ctx;
    if (index >= SUPPORT_FRAMES || !m->scores->has[m->member][output][index]) return false;
    *value = m->scores->value[m->member][output][index];
    return true;
}

static int series_put(void *ctx, unsigned output, unsigned index, double value)
{
    const Member *m = ctx;
    assert_true(index < SUPPORT_FRAMES && !m->scores->has[m->member][output][index]);
    m->scores->has[m->member][output][index] = true;
    m->scores->value[m->member][output][index] = value;
    return 0;
}

static void store_result(const VtMetric *m, Member *member, const VtResult *r, unsigned index)
{
    for (unsigned o = 0; o < m->n_outputs; o++)
        if (r->written & UINT32_C(1) << o && m->outputs[o].kind == VT_OUTPUT_FRAME)
            series_put(member, o, index, r->value[o]);
}

static int run(const Clip *c, const VtGroup *g, Scores *scores)
{
    const VtMetric *m = g->metric;
    const size_t size = m->scratch_size ? m->scratch_size(g) : 0;
    void *scratch = vt_aligned_alloc(size);
    assert_non_null(scratch);
    char *state = calloc(g->n_members, m->state_size ? m->state_size : 1);
    assert_non_null(state);
    int err = 0;
    for (unsigned t = 0; t < c->frames && !err; t++) {
        VtResult result[SUPPORT_MEMBERS] = {0}, *results[SUPPORT_MEMBERS];
        for (unsigned i = 0; i < g->n_members; i++) results[i] = &result[i];
        const VtFrame frame = {.index = t,
                               .ref = &c->ref[t],
                               .dis = &c->dis[t],
                               .prev_ref = {t ? &c->ref[t - 1] : NULL}};
        memset(scratch, 0x7b, size); /* a block of arbitrary content */
        err = m->extract(g, scratch, &frame, results);
        for (unsigned i = 0; i < g->n_members && !err; i++) {
            Member member = {scores, i};
            const VtSeries series = {.ctx = &member, .get = series_get, .put = series_put};
            if (m->join)
                err = m->join(g->member[i], state + i * m->state_size, t, &result[i], &series);
            store_result(m, &member, &result[i], t);
        }
    }
    for (unsigned i = 0; i < g->n_members && !err && m->flush; i++) {
        Member member = {scores, i};
        const VtSeries series = {.ctx = &member, .get = series_get, .put = series_put};
        err = m->flush(g->member[i], state + i * m->state_size, &series);
    }
    free(state);
    vt_aligned_free(scratch);
    return err;
}

int clip_score(const Clip *c, const char *metric, const char *const *options, uint64_t cpumask,
               Scores *scores)
{
    const VtLog log = {.level = VMAF_LOG_LEVEL_ERROR, .callback = count_line};
    const VtMetric *m = vt_metric_find(metric);
    assert_non_null(m);
    VtInstance *member[SUPPORT_MEMBERS];
    unsigned n = 0;
    int err = 0;
    memset(scores, 0, sizeof(*scores));
    support_lines_logged = 0;
    for (; options[n] && !err; n++) {
        VmafFeatureDictionary *dict = dictionary(options[n]);
        err = vt_instance_create(&member[n], m, dict, &log);
        vmaf_feature_dictionary_free(&dict);
        if (err) break;
        if (n) assert_true(m->shares(member[0]->options, member[n]->options));
    }
    const VmafPicture *p = &c->ref[0];
    VtGroup g = {.metric = m,
                 .member = member,
                 .n_members = n,
                 .format = {p->pix_fmt, p->bpc, p->w[0], p->h[0]},
                 .cpu_flags = vt_cpu_flags(cpumask),
                 .log = &log};
    if (!err) err = m->init(&g);
    if (!err) {
        err = run(c, &g, scores);
        m->close(&g);
    }
    for (unsigned i = 0; i < n; i++) vt_instance_destroy(member[i]);
    return err;
}

bool scores_equal(const Scores *a, unsigned member_a, const Scores *b, unsigned member_b)
{
    return !memcmp(a->has[member_a], b->has[member_b], sizeof(a->has[0])) &&
           !memcmp(a->value[member_a], b->value[member_b], sizeof(a->value[0]));
}
