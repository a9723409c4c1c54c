/* What the engine needs to know of a device that pictures may lie on. */
#ifndef VT_PICTURE_DEVICE_H
#define VT_PICTURE_DEVICE_H

#include "picture/picture.h"

typedef struct VtDevice VtDevice;

struct VtDevice {
    /* Starts the copy of a device picture's first `planes` planes to the host and gives one
     * reference to the copy, which refers to the device picture until the samples are there (see
     * vt_picture_wait). 0 or a negative errno with one log line. One caller at a time. */
    int (*to_host)(VtDevice *device, const VmafPicture *pic, unsigned planes, VmafPicture *host);
    /* Lets go; pictures that are still out stay valid. */
    void (*close)(VtDevice *device);
};

#endif
