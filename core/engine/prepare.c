/* From registered instances to groups that are ready to run. */
#include "engine/context.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cpu/cpu.h"

#define LARGE_LUMA (UINT64_C(8) << 20) /* bytes of luma of a pair */

static bool may_join(const VtTeam *t, const VtInstance *inst)
{
    const VtMetric *m = inst->metric;
    if (t->group.n_members == VT_MAX_MEMBERS) return false;
    return t->group.metric == m && m->shares && m->shares(t->member[0]->options, inst->options);
}

static int add_member(VtTeam *t, VtInstance *inst, unsigned number)
{
    const unsigned n = t->group.n_members + 1;
    VtInstance **member = realloc(t->member, n * sizeof(*member));
    if (!member) return -ENOMEM;
    t->member = member;
    unsigned *instance = realloc(t->instance, n * sizeof(*instance));
    if (!instance) return -ENOMEM;
    t->instance = instance;
    member[n - 1] = inst;
    instance[n - 1] = number;
    t->group.member = member;
    t->group.n_members = n;
    return 0;
}

/* Puts instance `number` into a team of the new ones (from first_team on) or starts one. */
static int place(VmafContext *c, unsigned first_team, unsigned number)
{
    VtInstance *inst = c->instance[number];
    for (unsigned i = first_team; i < c->n_teams; i++)
        if (may_join(&c->team[i], inst)) return add_member(&c->team[i], inst, number);

    VtTeam *team = realloc(c->team, (c->n_teams + 1) * sizeof(*team));
    if (!team) return -ENOMEM;
    c->team = team;
    VtTeam *t = &team[c->n_teams];
    *t = (VtTeam){.group = {.metric = inst->metric,
                            .format = c->format,
                            .log = &c->log,
                            .cpu_flags = vt_cpu_flags(c->cfg.cpumask)}};
    c->n_teams++;
    return add_member(t, inst, number);
}

static int grow_scratch(VmafContext *c, size_t size)
{
    if (size <= c->scratch_size) return 0;
    for (unsigned i = 0; i < c->n_workers; i++) {
        void *block = vt_aligned_alloc(size);
        if (!block) return -ENOMEM; /* blocks swapped so far are only larger than needed */
        vt_aligned_free(c->scratch[i]);
        c->scratch[i] = block;
    }
    c->scratch_size = size;
    return 0;
}

/* Says where each team's sums lie in a slot, and how many there are. */
static unsigned place_sums(VmafContext *c)
{
    unsigned n = 0;
    for (unsigned i = 0; i < c->n_teams; i++) {
        c->team[i].first_sum = n;
        n += c->team[i].group.metric->n_sums;
    }
    return n;
}

static int grow_slot(const VmafContext *c, VtSlot *s, unsigned n_sums)
{
    VtResult *r = realloc(s->result, c->n_instances * sizeof(*r));
    if (!r) return -ENOMEM;
    s->result = r;
    VtShare *share = realloc(s->share, c->n_teams * sizeof(*share));
    if (!share) return -ENOMEM;
    s->share = share;
    VtTotal *sum = realloc(s->sum, (n_sums ? n_sums : 1) * sizeof(*sum));
    if (!sum) return -ENOMEM;
    s->sum = sum;
    return 0;
}

static int grow_slots(VmafContext *c)
{
    const unsigned n_sums = place_sums(c);
    for (unsigned i = 0; i < c->n_slots; i++) {
        const int err = grow_slot(c, &c->slot[i], n_sums);
        if (err) return err;
    }
    return 0;
}

static void want_history(VmafContext *c, const VtTeam *t)
{
    VtHistory *h = t->on_device ? &c->device_history : &c->host_history;
    for (unsigned m = 0; m < t->group.n_members; m++) {
        unsigned ref = 0, dis = 0;
        if (t->group.metric->history) t->group.metric->history(t->member[m]->options, &ref, &dis);
        if (ref > h->n_ref) h->n_ref = ref;
        if (dis > h->n_dis) h->n_dis = dis;
    }
}

/* The device takes what it has kernels for; the rest runs on the CPU beside it. */
static int place_on_device(VmafContext *c, VtTeam *t)
{
    if (!c->device || c->cfg.gpumask) return 0;
    const VtMetric *m = t->group.metric;
    const int err =
        m->gpu ? c->device->add_group(c->device, &t->group, &t->device_number) : -ENOTSUP;
    t->on_device = !err;
    if (err != -ENOTSUP) return err;
    vt_info(&c->log, "%s has no CUDA kernels for this and runs on the CPU", m->name);
    return 0;
}

/* Initialises the new teams; *ready counts those that must be closed again on failure. */
static int init_teams(VmafContext *c, unsigned first, unsigned *ready)
{
    size_t scratch = 0;
    for (unsigned i = first; i < c->n_teams; i++) {
        VtGroup *g = &c->team[i].group;
        int err = g->metric->init ? g->metric->init(g) : 0;
        if (err) return err;
        (*ready)++;
        err = place_on_device(c, &c->team[i]);
        if (err) return err;
        const size_t size = g->metric->scratch_size ? g->metric->scratch_size(g) : 0;
        if (size > scratch && !c->team[i].on_device) scratch = size;
    }
    const int err = grow_scratch(c, scratch);
    return err ? err : grow_slots(c);
}

static void drop_teams(VmafContext *c, unsigned first, unsigned ready)
{
    for (unsigned i = first; i < c->n_teams; i++) {
        VtTeam *t = &c->team[i];
        if (i < first + ready && t->group.metric->close) t->group.metric->close(&t->group);
        free(t->member);
        free(t->instance);
    }
    c->n_teams = first;
    if (c->device) c->device->drop_groups(c->device, c->n_device_teams);
}

static unsigned device_teams(const VmafContext *c)
{
    unsigned n = 0;
    for (unsigned i = 0; i < c->n_teams; i++) n += c->team[i].on_device;
    return n;
}

/* With work on the device frames stay in flight there, also without threads. */
static int reserve_device(VmafContext *c)
{
    if (device_teams(c) == c->n_device_teams) return 0;
    unsigned batch;
    const unsigned depth = vt_device_depth(c->cfg.n_threads, c->format.w, c->format.h, &batch);
    const int err = c->device->reserve(c->device, depth, batch);
    if (!err) vt_pipeline_configure(c->pipeline, depth, true);
    return err;
}

/* One worker and large pictures: a frame is read while the one before is scored, but none waits in
 * between, which would only save the time of a wake-up (some 50 us) per frame. */
static void bound_memory(VmafContext *c)
{
    const VtFormat *f = &c->format;
    const uint64_t luma = 2 * (uint64_t)f->w * f->h * (f->bpc > 8 ? 2 : 1);
    if (c->cfg.n_threads == 1 && luma >= LARGE_LUMA) vt_pipeline_configure(c->pipeline, 1, false);
}

int vt_context_prepare(VmafContext *c)
{
    if (c->n_prepared == c->n_instances) return 0;
    if (!c->has_format) bound_memory(c);
    unsigned batch;
    if (c->device)
        c->device->pairs = vt_device_depth(c->cfg.n_threads, c->format.w, c->format.h, &batch) +
                           VT_MAX_HISTORY + 1;
    const unsigned first = c->n_teams;
    unsigned ready = 0;
    int err = 0;
    for (unsigned i = c->n_prepared; i < c->n_instances && !err; i++) err = place(c, first, i);
    if (!err) err = init_teams(c, first, &ready);
    if (!err) err = reserve_device(c);
    if (err) {
        drop_teams(c, first, ready);
        return err;
    }
    c->luma_only = c->n_prepared ? c->luma_only : true;
    for (unsigned i = first; i < c->n_teams; i++) {
        const VtTeam *t = &c->team[i];
        want_history(c, t);
        if (!t->on_device && !t->group.metric->luma_only) c->luma_only = false;
    }
    c->n_device_teams = device_teams(c);
    c->n_host_teams = c->n_teams - c->n_device_teams;
    c->n_prepared = c->n_instances;
    return 0;
}
