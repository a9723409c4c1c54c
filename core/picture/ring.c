#include "picture/ring.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"

typedef struct Slot {
    VmafRef ref; /* first: release() gets back from it to the slot */
    struct VtRing *ring;
    struct Slot *next_free;
    void *memory;
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

const VtRingMemory vt_ring_host_memory = {NULL, host_alloc, host_free, NULL};

static void free_memory(VtRing *ring)
{
    for (unsigned i = 0; i < ring->count; i++)
        if (ring->slot[i].memory) ring->memory.free(ring->memory.ctx, ring->slot[i].memory);
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
        slot->picture.ref = &slot->ref;
        slot->next_free = ring->free;
        ring->free = slot;
    }
    return 0;
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
    err = -pthread_cond_init(&ring->came_back, NULL);
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

void vt_ring_fetch(VtRing *ring, VmafPicture *pic)
{
    pthread_mutex_lock(&ring->lock);
    while (!ring->free) pthread_cond_wait(&ring->came_back, &ring->lock);
    Slot *slot = ring->free;
    ring->free = slot->next_free;
    ring->out++;
    pthread_mutex_unlock(&ring->lock);
    atomic_store_explicit(&slot->ref.count, 1, memory_order_relaxed);
    *pic = slot->picture;
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
