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

static void fill_slot(VmafContext *c, VtSlot *s, const VmafPicture *ref, const VmafPicture *dis,
                      unsigned index)
{
    s->error = 0;
    s->scored = c->cfg.n_subsample < 2 || index % c->cfg.n_subsample == 0;
    s->frame = (VtFrame){.index = index, .ref = &s->ref, .dis = &s->dis};
    vt_picture_ref(&s->ref, ref);
    vt_picture_ref(&s->dis, dis);
    for (unsigned k = 0; k < VT_MAX_HISTORY; k++) {
        if (c->prev_ref[k].ref) {
            vt_picture_ref(&s->prev_ref[k], &c->prev_ref[k]);
            s->frame.prev_ref[k] = &s->prev_ref[k];
        }
        if (c->prev_dis[k].ref) {
            vt_picture_ref(&s->prev_dis[k], &c->prev_dis[k]);
            s->frame.prev_dis[k] = &s->prev_dis[k];
        }
    }
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

/* References to what the metrics read: the pictures, or copies of device pictures on the host, one
 * for all metrics. On failure there is none. */
static int on_host(VmafContext *c, const VmafPicture *ref, const VmafPicture *dis,
                   VmafPicture host[2])
{
    if (!ref->ref->device) {
        vt_picture_ref(&host[0], ref);
        vt_picture_ref(&host[1], dis);
        return 0;
    }
    const unsigned planes = c->luma_only || c->format.pix_fmt == VMAF_PIX_FMT_YUV400P ? 1 : 3;
    int err = c->device->to_host(c->device, ref, planes, &host[0]);
    if (err) return err;
    err = c->device->to_host(c->device, dis, planes, &host[1]);
    if (err) vt_picture_unref(&host[0]);
    return err;
}

/* Takes the caller's references and keeps those to what was read. */
static void accepted(VmafContext *c, VmafPicture *ref, VmafPicture *dis, VmafPicture host[2])
{
    vt_picture_unref(ref);
    vt_picture_unref(dis);
    keep(c->prev_ref, c->n_history_ref, &host[0]);
    keep(c->prev_dis, c->n_history_dis, &host[1]);
    c->n_pairs++;
}

/* The pictures are on the host or on their way. */
static int submit(VmafContext *c, VmafPicture host[2], unsigned slot, unsigned index)
{
    const int err = vt_index_set_add(&c->seen, index);
    if (err) return err;
    if (!c->n_pairs) c->first_time = vt_now();
    fill_slot(c, &c->slot[slot], &host[0], &host[1], index);
    c->delivery.last_read = index;
    vt_pipeline_submit(c->pipeline);
    return c->cfg.n_threads ? 0 : vt_context_take_error(c);
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
    VmafPicture host[2] = {0};
    err = on_host(c, ref, dis, host);
    if (err) return err;
    err = submit(c, host, slot, index);
    if (!err) {
        accepted(c, ref, dis, host);
    } else {
        vt_picture_unref(&host[0]);
        vt_picture_unref(&host[1]);
    }
    return err;
}

int vt_context_fetch(VmafContext *c, VmafPicture *pic)
{
    int err;
    bool busy;
    do {
        busy = vt_pipeline_busy(c->pipeline);
        err = vt_ring_fetch_within(c->device_ring, pic, c->fetch_ms);
    } while (err == -ETIMEDOUT && busy);
    if (err == -ETIMEDOUT)
        vt_error(
            &c->log,
            "no picture came back in %u ms: all %u are held outside the library, so waiting "
            "longer would be for ever; give pictures to vmaf_read_pictures or vmaf_picture_unref",
            c->fetch_ms, vt_ring_count(c->device_ring));
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
