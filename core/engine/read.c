/* Pictures in, flush. */
#include "engine/context.h"

#include <errno.h>
#include <string.h>

static bool same_format(const VmafPicture *p, const VtFormat *f)
{
    return p->pix_fmt == f->pix_fmt && p->bpc == f->bpc && p->w[0] == f->w && p->h[0] == f->h;
}

static const char *format_name(enum VmafPixelFormat f)
{
    static const char *const names[] = {"unknown", "4:2:0", "4:2:2", "4:4:4", "4:0:0"};
    return f <= VMAF_PIX_FMT_YUV400P ? names[f] : names[0];
}

/* Both pictures must be alike and like the ones before. */
static int check_pair(VmafContext *c, const VmafPicture *ref, const VmafPicture *dis,
                      unsigned index)
{
    if (!ref->ref || !dis->ref) {
        vt_error(&c->log, "frame %u: picture without memory", index);
        return -EINVAL;
    }
    const VtFormat of_ref = {ref->pix_fmt, ref->bpc, ref->w[0], ref->h[0]};
    const VtFormat *want = c->has_format ? &c->format : &of_ref;
    const VmafPicture *pics[2] = {ref, dis};
    for (unsigned i = 0; i < 2; i++) {
        const VmafPicture *p = pics[i];
        if (same_format(p, want)) continue;
        vt_error(&c->log, "frame %u: the %s picture is %ux%u %s %u bit, expected %ux%u %s %u bit",
                 index, i ? "distorted" : "reference", p->w[0], p->h[0], format_name(p->pix_fmt),
                 p->bpc, want->w, want->h, format_name(want->pix_fmt), want->bpc);
        return -EINVAL;
    }
    if (ref->ref->device != dis->ref->device || (ref->ref->device && !c->device)) {
        vt_error(&c->log, "frame %u: %s", index,
                 c->device ? "one picture is on the device and one is not"
                           : "device pictures need vmaf_cuda_import_state");
        return -EINVAL;
    }
    if (vt_index_set_has(&c->seen, index)) {
        vt_error(&c->log, "frame %u was read before", index);
        return -EINVAL;
    }
    if (c->delivery.callback && index < c->delivery.last_read) {
        vt_error(&c->log, "frame %u comes after frame %u: with a frame callback indices increase",
                 index, c->delivery.last_read);
        return -EINVAL;
    }
    return 0;
}

/* Metrics registered since the last frame get ready; the first frame fixes the format. */
static int prepare(VmafContext *c, const VmafPicture *ref)
{
    if (c->has_format && c->n_prepared == c->n_instances) return 0;
    vt_pipeline_drain(c->pipeline);
    if (!c->has_format) c->format = (VtFormat){ref->pix_fmt, ref->bpc, ref->w[0], ref->h[0]};
    const int err = vt_context_prepare(c);
    if (!err) c->has_format = true;
    return err;
}

/* The caller's reference becomes the newest of the n kept pictures, or ends. */
static void keep(VmafPicture *kept, unsigned n, VmafPicture *pic)
{
    if (!n) {
        vt_picture_unref(pic);
        return;
    }
    vt_picture_unref(&kept[n - 1]);
    for (unsigned k = n - 1; k > 0; k--) kept[k] = kept[k - 1];
    kept[0] = *pic;
    memset(pic, 0, sizeof(*pic));
}

/* The pair and the earlier pictures for a slot; the pair then becomes the newest earlier one. */
static void fill(VtPictures *to, VtHistory *history, VmafPicture pair[2])
{
    vt_picture_ref(&to->ref, &pair[0]);
    vt_picture_ref(&to->dis, &pair[1]);
    for (unsigned k = 0; k < VT_MAX_HISTORY; k++) {
        if (history->ref[k].ref) vt_picture_ref(&to->prev_ref[k], &history->ref[k]);
        if (history->dis[k].ref) vt_picture_ref(&to->prev_dis[k], &history->dis[k]);
    }
    keep(history->ref, history->n_ref, &pair[0]);
    keep(history->dis, history->n_dis, &pair[1]);
}

/* ---- where the pictures are and where they are wanted ---- */

typedef struct Pair {
    VmafPicture pic[2];
} Pair;

static void unref_pair(Pair *p)
{
    vt_picture_unref(&p->pic[0]);
    vt_picture_unref(&p->pic[1]);
}

/* References to what metrics on the CPU read: the pictures, or copies of device pictures, one for
 * all metrics. On failure there is none. */
static int pair_on_host(VmafContext *c, const VmafPicture *ref, const VmafPicture *dis, Pair *p)
{
    if (!ref->ref->device) {
        vt_picture_ref(&p->pic[0], ref);
        vt_picture_ref(&p->pic[1], dis);
        return 0;
    }
    const unsigned planes = c->luma_only || c->format.pix_fmt == VMAF_PIX_FMT_YUV400P ? 1 : 3;
    int err = c->device->to_host(c->device, ref, planes, &p->pic[0]);
    if (!err) err = c->device->to_host(c->device, dis, planes, &p->pic[1]);
    if (err) unref_pair(p);
    return err;
}

/* The same for metrics on the device. */
static int pair_on_device(VmafContext *c, const VmafPicture *ref, const VmafPicture *dis, Pair *p)
{
    if (ref->ref->device) {
        vt_picture_ref(&p->pic[0], ref);
        vt_picture_ref(&p->pic[1], dis);
        return 0;
    }
    int err = c->device->to_device(c->device, ref, &p->pic[0]);
    if (!err) err = c->device->to_device(c->device, dis, &p->pic[1]);
    if (err) unref_pair(p);
    return err;
}

static void submit_to_device(VmafContext *c, VtSlot *s, unsigned slot)
{
    const VtPictures *p = &s->on_device;
    VtGpuFrame f = {.index = s->index, .ref = &p->ref, .dis = &p->dis};
    for (unsigned k = 0; k < VT_MAX_HISTORY; k++) {
        f.prev_ref[k] = p->prev_ref[k].ref ? &p->prev_ref[k] : NULL;
        f.prev_dis[k] = p->prev_dis[k].ref ? &p->prev_dis[k] : NULL;
    }
    uint64_t groups = 0;
    for (unsigned i = 0; i < c->n_teams; i++) {
        const VtTeam *t = &c->team[i];
        if (t->on_device && (s->scored || t->group.metric->every_frame))
            groups |= UINT64_C(1) << t->device_number;
    }
    c->device->submit(c->device, slot, &f, groups);
    s->submitted = true;
}

/* The pictures are where they are wanted, or on their way. */
static int submit(VmafContext *c, Pair *host, Pair *device, unsigned slot, unsigned index)
{
    const int err = vt_index_set_add(&c->seen, index);
    if (err) return err;
    if (!c->n_pairs) c->first_time = vt_now();
    VtSlot *s = &c->slot[slot];
    s->index = index;
    s->error = 0;
    s->scored = c->cfg.n_subsample < 2 || index % c->cfg.n_subsample == 0;
    if (host->pic[0].ref) fill(&s->on_host, &c->host_history, host->pic);
    if (device->pic[0].ref) {
        fill(&s->on_device, &c->device_history, device->pic);
        submit_to_device(c, s, slot);
    }
    c->delivery.last_read = index;
    vt_pipeline_submit(c->pipeline);
    return 0;
}

static int gather(VmafContext *c, const VmafPicture *ref, const VmafPicture *dis, Pair *host,
                  Pair *device)
{
    int err = c->n_host_teams ? pair_on_host(c, ref, dis, host) : 0;
    if (!err && c->n_device_teams) err = pair_on_device(c, ref, dis, device);
    if (err) unref_pair(host);
    return err;
}

int vt_context_read(VmafContext *c, VmafPicture *ref, VmafPicture *dis, unsigned index)
{
    if (c->flushed) {
        vt_error(&c->log, "frame %u comes after the flush", index);
        return -EINVAL;
    }
    int err = vt_context_take_error(c); /* of an earlier frame, from a worker */
    if (!err) err = check_pair(c, ref, dis, index);
    if (!err) err = prepare(c, ref);
    if (err) return err;

    const unsigned slot = vt_pipeline_acquire(c->pipeline);
    Pair host = {0}, device = {0};
    err = gather(c, ref, dis, &host, &device);
    if (!err) err = submit(c, &host, &device, slot, index);
    unref_pair(&host);
    unref_pair(&device);
    if (!err && !c->cfg.n_threads) err = vt_context_take_error(c);
    if (err) return err;
    vt_picture_unref(ref);
    vt_picture_unref(dis);
    c->n_pairs++;
    return 0;
}

int vt_context_fetch(VmafContext *c, VtRing *ring, VmafPicture *pic)
{
    int err;
    bool busy;
    do {
        /* Frames that nobody waits for yet may hold all pictures. */
        while ((err = vt_ring_fetch_within(ring, pic, 0)) == -ETIMEDOUT &&
               vt_pipeline_commit_oldest(c->pipeline))
            continue;
        busy = vt_pipeline_busy(c->pipeline);
        if (err == -ETIMEDOUT) err = vt_ring_fetch_within(ring, pic, c->fetch_ms);
    } while (err == -ETIMEDOUT && busy);
    return err;
}

int vt_context_flush(VmafContext *c)
{
    if (c->flushed) return -EINVAL;
    vt_pipeline_drain(c->pipeline);
    if (!c->has_format && c->n_instances) {
        vt_error(&c->log, "flush before any frame was read");
        return -EINVAL;
    }
    int first_error = vt_context_take_error(c);
    for (unsigned i = 0; i < c->n_prepared; i++) {
        const VtMetric *m = c->instance[i]->metric;
        if (!m->flush) continue;
        VtSeriesContext sc;
        const VtSeries series = vt_series(&sc, c, i);
        const int err = m->flush(c->instance[i], c->state[i], &series);
        if (err) vt_error(&c->log, "flush of %s failed: %s", m->name, strerror(-err));
        if (err && !first_error) first_error = err;
    }
    c->flushed = true;
    if (c->delivery.callback) vt_delivery_flush(c);
    return first_error;
}
