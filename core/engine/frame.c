/* One frame's way through the pipeline: run on workers, finish what the device does, commit in
 * order. */
#include "engine/context.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

static bool runs(const VtSlot *s, const VtMetric *m)
{
    return s->scored || m->every_frame;
}

static void drop_pictures(VtPictures *p)
{
    vt_picture_unref(&p->ref);
    vt_picture_unref(&p->dis);
    for (unsigned k = 0; k < VT_MAX_HISTORY; k++) {
        vt_picture_unref(&p->prev_ref[k]);
        vt_picture_unref(&p->prev_dis[k]);
    }
}

static const VmafPicture *or_null(const VmafPicture *pic)
{
    return pic->ref ? pic : NULL;
}

static VtFrame frame_of(const VtSlot *s)
{
    const VtPictures *p = &s->on_host;
    VtFrame f = {.index = s->index, .ref = &p->ref, .dis = &p->dis};
    for (unsigned k = 0; k < VT_MAX_HISTORY; k++) {
        f.prev_ref[k] = or_null(&p->prev_ref[k]);
        f.prev_dis[k] = or_null(&p->prev_dis[k]);
    }
    return f;
}

static void list_results(const VtTeam *t, VtSlot *s, VtResult *results[VT_MAX_MEMBERS])
{
    for (unsigned m = 0; m < t->group.n_members; m++) results[m] = &s->result[t->instance[m]];
}

static void clear_results(const VtTeam *t, VtSlot *s)
{
    for (unsigned m = 0; m < t->group.n_members; m++)
        memset(&s->result[t->instance[m]], 0, sizeof(*s->result));
}

/* Says what failed; nothing of the frame's results counts. */
static int failed(VmafContext *c, const VtTeam *t, const VtSlot *s, VtResult *const *results,
                  int err)
{
    vt_error(&c->log, "frame %u: %s failed: %s", s->index, t->group.metric->name, strerror(-err));
    for (unsigned m = 0; m < t->group.n_members; m++) results[m]->written = 0;
    return err;
}

/* Copies of device pictures may still be on their way. */
static int wait_for_samples(VmafContext *c, VtSlot *s)
{
    const VmafPicture *pics[2 + 2 * VT_MAX_HISTORY] = {&s->on_host.ref, &s->on_host.dis};
    unsigned n = 2;
    for (unsigned k = 0; k < VT_MAX_HISTORY; k++) {
        pics[n++] = &s->on_host.prev_ref[k];
        pics[n++] = &s->on_host.prev_dis[k];
    }
    int first_error = 0;
    for (unsigned i = 0; i < n; i++) {
        const int err = pics[i]->ref ? vt_picture_wait(pics[i]) : 0;
        if (err && !first_error) first_error = err;
    }
    if (first_error)
        vt_error(&c->log, "frame %u: its pictures did not come from the device: %s", s->index,
                 strerror(-first_error));
    return first_error;
}

/* ---- the CPU's part: a task is a team, or one part of it ---- */

/* Teams that are cut into parts come last: what is left of them fills the gaps at the end. */
static bool is_cut(const VtTeam *t)
{
    return t->group.metric->extract_part;
}

static unsigned parts_of(const VmafContext *c, const VtTeam *t, unsigned share)
{
    if (!is_cut(t)) return 1;
    if (c->n_parts) return c->n_parts;
    const unsigned most = vt_most_parts(&t->group);
    return share < most ? share : most;
}

static void clear_sums(const VtTeam *t, VtSlot *s)
{
    for (unsigned i = 0; i < t->group.metric->n_sums; i++)
        atomic_store_explicit(&s->sum[t->first_sum + i], 0, memory_order_relaxed);
}

unsigned vt_frame_start(void *context, unsigned slot, unsigned share)
{
    VmafContext *c = context;
    VtSlot *s = &c->slot[slot];
    s->error = c->n_host_teams ? wait_for_samples(c, s) : 0;
    unsigned tasks = 0;
    for (unsigned i = 0; i < c->n_teams; i++) {
        const VtTeam *t = &c->team[i];
        s->share[i] = (VtShare){0};
        if (t->on_device || !runs(s, t->group.metric)) continue;
        clear_results(t, s);
        if (s->error) continue;
        clear_sums(t, s);
        s->share[i].n_parts = parts_of(c, t, share);
        tasks += s->share[i].n_parts;
    }
    return tasks;
}

/* Which team's task it is; *task becomes the number of its part. */
static unsigned team_of(const VmafContext *c, const VtSlot *s, unsigned *task)
{
    unsigned found = 0;
    for (unsigned cut = 0; cut < 2; cut++)
        for (unsigned i = 0; i < c->n_teams; i++) {
            const unsigned n = is_cut(&c->team[i]) == cut ? s->share[i].n_parts : 0;
            found = i;
            if (*task < n) return i;
            *task -= n;
        }
    return found;
}

static void run_part(const VtTeam *t, VtSlot *s, const VtFrame *frame, unsigned part,
                     unsigned n_parts, void *scratch)
{
    const VtMetric *m = t->group.metric;
    uint64_t sums[VT_MAX_SUMS];
    memset(sums, 0, m->n_sums * sizeof(*sums));
    m->extract_part(&t->group, scratch, frame, part, n_parts, sums);
    for (unsigned i = 0; i < m->n_sums; i++)
        atomic_fetch_add_explicit(&s->sum[t->first_sum + i], sums[i], memory_order_relaxed);
}

static int run_whole(const VtTeam *t, VtSlot *s, const VtFrame *frame, void *scratch)
{
    VtResult *results[VT_MAX_MEMBERS];
    list_results(t, s, results);
    return t->group.metric->extract(&t->group, scratch, frame, results);
}

void vt_frame_run(void *context, unsigned slot, unsigned task, unsigned worker)
{
    VmafContext *c = context;
    VtSlot *s = &c->slot[slot];
    const VtFrame frame = frame_of(s);
    const unsigned i = team_of(c, s, &task);
    const VtTeam *t = &c->team[i];
    if (is_cut(t))
        run_part(t, s, &frame, task, s->share[i].n_parts, c->scratch[worker]);
    else
        s->share[i].error = run_whole(t, s, &frame, c->scratch[worker]);
}

/* Scores of a team from the sums of its parts; or what went wrong. */
static int finish_share(VmafContext *c, unsigned team, VtSlot *s, const VtFrame *frame)
{
    const VtTeam *t = &c->team[team];
    const VtMetric *m = t->group.metric;
    VtResult *results[VT_MAX_MEMBERS];
    list_results(t, s, results);
    int err = s->share[team].error;
    if (is_cut(t)) {
        uint64_t sums[VT_MAX_SUMS];
        for (unsigned i = 0; i < m->n_sums; i++)
            sums[i] = atomic_load_explicit(&s->sum[t->first_sum + i], memory_order_relaxed);
        err = m->finish(&t->group, frame, sums, results);
    }
    return err ? failed(c, t, s, results, err) : 0;
}

void vt_frame_finish(void *context, unsigned slot)
{
    VmafContext *c = context;
    VtSlot *s = &c->slot[slot];
    const VtFrame frame = frame_of(s);
    for (unsigned i = 0; i < c->n_teams; i++) {
        const int err = s->share[i].n_parts ? finish_share(c, i, s, &frame) : 0;
        if (err && !s->error) s->error = err;
    }
    drop_pictures(&s->on_host);
}

/* ---- the device's part ---- */

static int finish_team(VmafContext *c, const VtTeam *t, VtSlot *s, unsigned slot, int error)
{
    VtResult *results[VT_MAX_MEMBERS];
    clear_results(t, s);
    list_results(t, s, results);
    if (error) return error;
    bool has_prev[VT_MAX_HISTORY];
    for (unsigned k = 0; k < VT_MAX_HISTORY; k++) has_prev[k] = s->on_device.prev_ref[k].ref;
    const void *sums = c->device->sums(c->device, slot, t->device_number);
    const int err = t->group.metric->gpu->finish(&t->group, sums, s->index, has_prev, results);
    return err ? failed(c, t, s, results, err) : 0;
}

static void finish_on_device(VmafContext *c, VtSlot *s, unsigned slot)
{
    const int error = c->device->finish(c->device, slot);
    if (error && !s->error) s->error = error;
    for (unsigned i = 0; i < c->n_teams; i++) {
        const VtTeam *t = &c->team[i];
        if (!t->on_device || !runs(s, t->group.metric)) continue;
        const int err = finish_team(c, t, s, slot, error);
        if (err && !s->error) s->error = err;
    }
    drop_pictures(&s->on_device);
    s->submitted = false;
}

/* ---- commit ---- */

static int store(VmafContext *c, unsigned instance, unsigned index, VtResult *r)
{
    const VtInstance *inst = c->instance[instance];
    const VtMetric *m = inst->metric;
    int first_error = 0;
    if (m->join && r->written) {
        VtSeriesContext sc;
        const VtSeries series = vt_series(&sc, c, instance);
        first_error = m->join(inst, c->state[instance], index, r, &series);
    }
    for (unsigned o = 0; o < m->n_outputs; o++) {
        if (!(r->written & UINT32_C(1) << o) || m->outputs[o].kind != VT_OUTPUT_FRAME) continue;
        const int err = vt_scores_put(c->scores, inst->name[o], index, r->value[o]);
        if (err)
            vt_error(&c->log, "frame %u: cannot store %s: %s", index, inst->name[o],
                     strerror(-err));
        if (err && !first_error) first_error = err;
    }
    return first_error;
}

void vt_frame_commit(void *context, unsigned slot)
{
    VmafContext *c = context;
    VtSlot *s = &c->slot[slot];
    if (s->submitted) finish_on_device(c, s, slot);
    for (unsigned i = 0; i < c->n_prepared; i++) {
        if (!runs(s, c->instance[i]->metric)) continue;
        const int err = store(c, i, s->index, &s->result[i]);
        if (err && !s->error) s->error = err;
    }
    const double time = vt_now();
    int err = s->error;
    if (c->delivery.callback) {
        const int failed = vt_delivery_commit(c, s->index, s->scored, s->error);
        if (!err) err = failed;
    }
    pthread_mutex_lock(&c->error_lock);
    c->last_time = time;
    if (!c->late_error) c->late_error = err;
    pthread_mutex_unlock(&c->error_lock);
}

static bool series_get(void *ctx, unsigned output, unsigned index, double *value)
{
    const VtSeriesContext *s = ctx;
    return vt_scores_get(s->scores, s->instance->name[output], index, value);
}

static int series_put(void *ctx, unsigned output, unsigned index, double value)
{
    const VtSeriesContext *s = ctx;
    return vt_scores_put(s->scores, s->instance->name[output], index, value);
}

static int series_put_aggregate(void *ctx, unsigned output, double value)
{
    const VtSeriesContext *s = ctx;
    return vt_scores_put_aggregate(s->scores, s->instance->name[output], value);
}

static int series_put_early(void *ctx, unsigned output, unsigned index, double value)
{
    VtSeriesContext *s = ctx;
    const int err = vt_scores_put(s->early, s->instance->name[output], index, value);
    if (!err || err == -EINVAL) return 0; /* -EINVAL: put before */
    s->early_error = err;
    return err;
}

VtSeries vt_series(VtSeriesContext *s, VmafContext *c, unsigned instance)
{
    *s = (VtSeriesContext){
        .scores = c->scores, .early = c->delivery.early, .instance = c->instance[instance]};
    return (VtSeries){s, series_get, series_put, series_put_aggregate, series_put_early};
}
