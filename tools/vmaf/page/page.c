#include "page/page.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "page/page_private.h"

bool page_is_available(void)
{
    return true;
}

double page_rate(const Page *p)
{
    const Input *ref = p->info.reference, *dis = p->info.distorted;
    const Input *in = dis->fps_num && dis->fps_den ? dis : ref;
    return in->fps_num && in->fps_den ? (double)in->fps_num / in->fps_den : 0;
}

const ModelSpec *page_model(const Page *p)
{
    const Options *o = p->info.options;
    return o->n_models && !o->no_prediction ? &o->model[0] : NULL;
}

/* The worst frames are not to be all of one moment: they come from half a second apart, or less in
 * a short clip. */
static unsigned distance(const Page *p)
{
    const uint64_t a = p->info.reference->frames, b = p->info.distorted->frames;
    const uint64_t expected = a && b ? (a < b ? a : b) : 0;
    const double rate = page_rate(p);
    uint64_t frames = rate >= 1 && rate <= 1000 ? (uint64_t)(rate / 2 + 0.5) : 12;

    if (expected && expected / (4 * WORST_FRAMES) < frames) frames = expected / (4 * WORST_FRAMES);
    return (unsigned)frames;
}

/* Of these features a high value is a bad one. */
static bool high_is_worse(const char *name)
{
    return !strncmp(name, "cambi", 5) || !strncmp(name, "speed_", 6);
}

static void set_headline(Page *p, const char *name)
{
    snprintf(p->headline, sizeof(p->headline), "%s", name);
}

int page_create(Page **out, const PageInfo *info)
{
    *out = NULL;
    Page *p = calloc(1, sizeof(*p));
    if (!p) return -ENOMEM;
    p->info = *info;
    const InputFormat *f = &info->distorted->format;
    const int err = worst_init(&p->worst, f->w, f->h, info->in_flight, distance(p));
    if (err) {
        free(p);
        return err;
    }
    if (page_model(p)) set_headline(p, page_model(p)->name);
    *out = p;
    return 0;
}

void page_free(Page *p)
{
    if (!p) return;
    worst_free(&p->worst);
    free(p);
}

void page_pictures(Page *p, unsigned index, const VmafPicture *ref, const VmafPicture *dis)
{
    if (index % page_step(p) == 0) worst_add(&p->worst, index, ref, dis);
}

void page_frame(Page *p, const VmafTurboFrame *frame)
{
    double score;

    if (frame->error) p->failed_frames++;
    if (!*p->headline && frame->n_values) {
        set_headline(p, frame->value[0].name);
        p->worst.high_is_worse = high_is_worse(p->headline);
    }
    if (!*p->headline || vmaf_turbo_frame_value(frame, p->headline, &score)) score = NAN;
    worst_score(&p->worst, frame->index, score);
}
