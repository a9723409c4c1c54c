/* Frames are read ahead on a thread, so that the two inputs are decoded at the same time and while
 * frames are scored. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libav/private.h"

static LavFrame *get_free(struct LavInput *a)
{
    pthread_mutex_lock(&a->lock);
    LavFrame *f = a->free;
    if (f) a->free = f->next;
    pthread_mutex_unlock(&a->lock);
    if (f) return f;

    /* There are as many as are ahead and in pictures at once. */
    f = calloc(1, sizeof(*f));
    if (!f) return NULL;
    f->owner = a;
    f->frame = av_frame_alloc();
    if (f->frame) return f;
    free(f);
    return NULL;
}

void lav_put(void *frame)
{
    LavFrame *f = frame;
    struct LavInput *a = f->owner;

    av_frame_unref(f->frame);
    pthread_mutex_lock(&a->lock);
    f->next = a->free;
    a->free = f;
    pthread_mutex_unlock(&a->lock);
}

static int produce(struct LavInput *a, LavFrame **frame)
{
    LavFrame *f = get_free(a);

    if (!f) return input_fail(a->in, -ENOMEM, "out of memory");
    int result = lav_produce(a, f->frame);
    if (result == INPUT_FRAME)
        *frame = f;
    else
        lav_put(f);
    return result;
}

/* Waits for room; false if nobody wants more. */
static bool wait_for_room(struct LavInput *a)
{
    pthread_mutex_lock(&a->lock);
    while (a->n_ahead == LAV_AHEAD && !a->stop) pthread_cond_wait(&a->changed, &a->lock);
    bool go_on = !a->stop;
    pthread_mutex_unlock(&a->lock);
    return go_on;
}

static void *read_ahead(void *input)
{
    struct LavInput *a = input;
    int result = INPUT_FRAME;

    while (result == INPUT_FRAME && wait_for_room(a)) {
        LavFrame *f = NULL;
        result = produce(a, &f);
        pthread_mutex_lock(&a->lock);
        if (f) a->ahead[(a->first_ahead + a->n_ahead++) % LAV_AHEAD] = f;
        a->result = result;
        pthread_cond_signal(&a->changed);
        pthread_mutex_unlock(&a->lock);
    }
    return NULL;
}

int lav_take(struct LavInput *a, LavFrame **frame)
{
    if (!a->has_thread) return produce(a, frame);
    pthread_mutex_lock(&a->lock);
    while (!a->n_ahead && a->result == INPUT_FRAME) pthread_cond_wait(&a->changed, &a->lock);
    int result = a->n_ahead ? INPUT_FRAME : a->result;
    if (a->n_ahead) {
        *frame = a->ahead[a->first_ahead];
        a->first_ahead = (a->first_ahead + 1) % LAV_AHEAD;
        a->n_ahead--;
        pthread_cond_signal(&a->changed);
    }
    pthread_mutex_unlock(&a->lock);
    return result;
}

int lav_queue_init(struct LavInput *a)
{
    int err = -pthread_mutex_init(&a->lock, NULL);

    if (err) return err;
    err = -pthread_cond_init(&a->changed, NULL);
    if (err) pthread_mutex_destroy(&a->lock);
    a->has_lock = !err;
    return err;
}

int lav_queue_start(struct LavInput *a)
{
    int err = -pthread_create(&a->thread, NULL, read_ahead, a);

    if (err) return input_fail(a->in, err, "cannot start a thread: %s", strerror(-err));
    a->has_thread = true;
    return 0;
}

static void free_frame(LavFrame *f)
{
    av_frame_free(&f->frame);
    free(f);
}

void lav_queue_close(struct LavInput *a)
{
    if (!a->has_lock) return;
    if (a->has_thread) {
        pthread_mutex_lock(&a->lock);
        a->stop = true;
        pthread_cond_signal(&a->changed);
        pthread_mutex_unlock(&a->lock);
        pthread_join(a->thread, NULL);
    }
    for (unsigned i = 0; i < a->n_ahead; i++)
        free_frame(a->ahead[(a->first_ahead + i) % LAV_AHEAD]);
    while (a->free) {
        LavFrame *f = a->free;
        a->free = f->next;
        free_frame(f);
    }
    pthread_cond_destroy(&a->changed);
    pthread_mutex_destroy(&a->lock);
}
