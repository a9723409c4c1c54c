/* Pictures around planes that belong to somebody else. */
#ifndef VT_PICTURE_LEND_H
#define VT_PICTURE_LEND_H

#include "picture/picture.h"

typedef struct VtLoan {
    void (*release)(void *user); /* called when the last reference is gone */
    void *user;
    bool device;
    void *event;
} VtLoan;

/* pic's geometry and planes are set; gives it its one reference. -ENOMEM: nothing was called. */
int vt_picture_lend(VmafPicture *pic, const VtLoan *loan);

#endif
