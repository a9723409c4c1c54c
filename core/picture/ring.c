#include "picture/ring.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"

typedef struct Slot {
    VmafRef ref; /* first: release() gets back from it to the slot */
    struct VtRing *ring;
    struct Slot *next_free;
    void *memory;
    bool prepared;
    VmafPicture picture;
} Slot;

struct VtRing {
    VtRingMemory memory;
    pthread_mutex_t lock;
    pthread_cond_t came_back;
    Slot *free;   /* stack of pictures nobody references */
    unsigned out; /* pictures in use */
    bool closed;
    unsigned count;
    Slot slot[];
};

static void *host_alloc(void *ctx, size_t size)
{
    (void)ctx;
    return vt_aligned_calloc(size);
}

static void host_free(void *ctx, void *memory)
{
    (void)ctx;
    vt_aligned_free(memory);
}

const VtRingMemory vt_ring_host_memory = {.alloc = host_alloc, .free = host_free};

static void free_memory(VtRing *ring)
{
    for (unsigned i = 0; i < ring->count; i++) {
        Slot *slot = &ring->slot[i];
        if (slot->prepared && ring->memory.dispose)
            ring->memory.dispose(ring->memory.ctx, &slot->picture);
        if (slot->memory) ring->memory.free(ring->memory.ctx, slot->memory);
    }
}

static void destroy(VtRing *ring)
{
    free_memory(ring);
    if (ring->memory.close_ctx) ring->memory.close_ctx(ring->memory.ctx);
    pthread_cond_destroy(&ring->came_back);
    pthread_mutex_destroy(&ring->lock);
    free(ring);
}

/* The last reference to a slot's picture is gone. */
static void release(VmafRef *ref)
{
    Slot *slot = (Slot *)ref;
    VtRing *ring = slot->ring;
    if (ring->memory.idle) ring->memory.idle(ring->memory.ctx, &slot->picture);
    pthread_mutex_lock(&ring->lock);
    slot->next_free = ring->free;
    ring->free = slot;
    const bool last = --ring->out == 0 && ring->closed;
    pthread_cond_signal(&ring->came_back);
    pthread_mutex_unlock(&ring->lock);
    if (last) destroy(ring);
}

static int fill(VtRing *ring, enum VmafPixelFormat pix_fmt, unsigned bpc, unsigned w, unsigned h)
{
    for (unsigned i = 0; i < ring->count; i++) {
        Slot *slot = &ring->slot[i];
        const size_t size = vt_picture_layout(&slot->picture, pix_fmt, bpc, w, h, NULL);
        slot->memory = ring->memory.alloc(ring->memory.ctx, size);
        if (!slot->memory) return -ENOMEM;
        vt_picture_layout(&slot->picture, pix_fmt, bpc, w, h, slot->memory);
        slot->ring = ring;
        slot->ref.release = release;
        slot->ref.device = ring->memory.device;
        slot->ref.page_locked = ring->memory.page_locked;
        slot->ref.wait = ring->memory.wait;
        slot->picture.ref = &slot->ref;
        const int err =
            ring->memory.prepare ? ring->memory.prepare(ring->memory.ctx, &slot->picture) : 0;
        if (err) return err;
        slot->prepared = true;
        slot->next_free = ring->free;
        ring->free = slot;
    }
    return 0;
}

/* Deadlines must not move with the wall clock. */
static int init_cond(pthread_cond_t *cond)
{
    pthread_condattr_t attr;
    int err = -pthread_condattr_init(&attr);
    if (err) return err;
    err = -pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    if (!err) err = -pthread_cond_init(cond, &attr);
    pthread_condattr_destroy(&attr);
    return err;
}

int vt_ring_create(VtRing **out, const VtRingMemory *memory, enum VmafPixelFormat pix_fmt,
                   unsigned bpc, unsigned w, unsigned h, unsigned count)
{
    *out = NULL;
    int err = vt_picture_check(pix_fmt, bpc, w, h);
    if (err || !count || count > 1u << 20) return -EINVAL;

    VtRing *ring = calloc(1, sizeof(*ring) + count * sizeof(ring->slot[0]));
    if (!ring) return -ENOMEM;
    ring->memory = *memory;
    ring->count = count;
    err = -pthread_mutex_init(&ring->lock, NULL);
    if (err) goto fail_lock;
    err = init_cond(&ring->came_back);
    if (err) goto fail_cond;
    err = fill(ring, pix_fmt, bpc, w, h);
    if (err) goto fail_memory;
    *out = ring;
    return 0;

fail_memory:
    free_memory(ring);
    pthread_cond_destroy(&ring->came_back);
fail_cond:
    pthread_mutex_destroy(&ring->lock);
fail_lock:
    free(ring);
    return err;
}

/* Takes the first free slot; called with the lock held, which it gives up. */
static void take(VtRing *ring, VmafPicture *pic)
{
    Slot *slot = ring->free;
    ring->free = slot->next_free;
    ring->out++;
    pthread_mutex_unlock(&ring->lock);
    atomic_store_explicit(&slot->ref.count, 1, memory_order_relaxed);
    *pic = slot->picture;
}

void vt_ring_fetch(VtRing *ring, VmafPicture *pic)
{
    pthread_mutex_lock(&ring->lock);
    while (!ring->free) pthread_cond_wait(&ring->came_back, &ring->lock);
    take(ring, pic);
}

int vt_ring_fetch_within(VtRing *ring, VmafPicture *pic, unsigned ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
    pthread_mutex_lock(&ring->lock);
    while (!ring->free) {
        const int err = pthread_cond_timedwait(&ring->came_back, &ring->lock, &until);
        if (err != ETIMEDOUT || ring->free) continue;
        pthread_mutex_unlock(&ring->lock);
        return -ETIMEDOUT;
    }
    take(ring, pic);
    return 0;
}

unsigned vt_ring_count(const VtRing *ring)
{
    return ring->count;
}

void vt_ring_close(VtRing *ring)
{
    if (!ring) return;
    pthread_mutex_lock(&ring->lock);
    ring->closed = true;
    const bool idle = !ring->out;
    pthread_mutex_unlock(&ring->lock);
    if (idle) destroy(ring);
}
