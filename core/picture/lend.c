#include "picture/lend.h"

#include <errno.h>
#include <stdlib.h>

typedef struct Lent {
    VmafRef ref; /* first: end() gets back from it */
    void (*release)(void *user);
    void *user;
} Lent;

static void end(VmafRef *ref)
{
    Lent *lent = (Lent *)ref;
    if (lent->release) lent->release(lent->user);
    free(lent);
}

int vt_picture_lend(VmafPicture *pic, const VtLoan *loan)
{
    Lent *lent = calloc(1, sizeof(*lent));
    if (!lent) return -ENOMEM;
    atomic_init(&lent->ref.count, 1);
    lent->ref.release = end;
    lent->ref.device = loan->device;
    lent->ref.event = loan->event;
    lent->release = loan->release;
    lent->user = loan->user;
    pic->ref = &lent->ref;
    return 0;
}
