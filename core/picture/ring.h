/* The picture ring: a fixed number of pictures that are handed out again once nobody references
 * them. The ring lives until its owner closed it and the last picture came back, whichever is
 * later, so closing never waits for pictures. Where the memory comes from is the owner's choice
 * (host, pinned, device). */
#ifndef VT_PICTURE_RING_H
#define VT_PICTURE_RING_H

#include "picture/picture.h"

typedef struct VtRing VtRing;

/* Memory of one picture. ctx outlives the ring's last picture: close_ctx (may be NULL) is called
 * when no memory is left. */
typedef struct VtRingMemory {
    void *ctx;
    void *(*alloc)(void *ctx, size_t size); /* NULL when out of memory */
    void (*free)(void *ctx, void *memory);
    void (*close_ctx)(void *ctx);
    bool device, page_locked; /* what alloc gives, see VmafRef */
    /* Each may be NULL. prepare: once per picture, after its geometry is set; may set priv; 0 or a
     * negative errno. dispose: undoes prepare. idle: the last reference is gone, before the picture
     * can be handed out again. wait: see VmafRef. */
    int (*prepare)(void *ctx, VmafPicture *pic);
    void (*dispose)(void *ctx, VmafPicture *pic);
    void (*idle)(void *ctx, VmafPicture *pic);
    int (*wait)(const VmafPicture *pic);
} VtRingMemory;

extern const VtRingMemory vt_ring_host_memory;

/* -EINVAL (format, size, count 0), -ENOMEM, or what prepare returned; on failure nothing is left
 * and close_ctx was not called. */
int vt_ring_create(VtRing **out, const VtRingMemory *memory, enum VmafPixelFormat pix_fmt,
                   unsigned bpc, unsigned w, unsigned h, unsigned count);

/* Takes a free picture with one reference; waits while there is none. Thread-safe. */
void vt_ring_fetch(VtRing *ring, VmafPicture *pic);

/* The same, but waits no longer than so many milliseconds: -ETIMEDOUT. */
int vt_ring_fetch_within(VtRing *ring, VmafPicture *pic, unsigned ms);

unsigned vt_ring_count(const VtRing *ring);

/* The owner lets go; NULL allowed. No fetch may follow or be waiting. */
void vt_ring_close(VtRing *ring);

#endif
