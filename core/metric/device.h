/* What the engine needs to know of a device that pictures may lie on and that metrics may run on.
 * One thread at a time uses a device.
 *
 *     add_group per group, reserve -> per frame: submit -> finish -> sums */
#ifndef VT_METRIC_DEVICE_H
#define VT_METRIC_DEVICE_H

#include "metric/gpu.h"

typedef struct VtDevice VtDevice;

struct VtDevice {
    unsigned pairs; /* the most that the engine refers to at a time; set before the first frame */

    /* Starts the copy of a device picture's first `planes` planes to the host and gives one
     * reference to the copy, which refers to the device picture until the samples are there (see
     * vt_picture_wait). 0 or a negative errno with one log line. */
    int (*to_host)(VtDevice *device, const VmafPicture *pic, unsigned planes, VmafPicture *host);
    /* Starts the copy of a host picture's luma to the device and gives one reference to the copy. A
     * page-locked picture is referred to until the copy is given back; of others the samples are
     * read before this returns. 0 or a negative errno with one log line. */
    int (*to_device)(VtDevice *device, const VmafPicture *pic, VmafPicture *on_device);

    /* Copies all planes between pictures of one format, of which at least one is on the device, and
     * waits for that. 0 or a negative errno with one log line. */
    int (*transfer)(VtDevice *device, const VmafPicture *to, const VmafPicture *from);

    /* A group to run on the device; *number tells it from others. -ENOTSUP without a log line if
     * the device has no kernels for it, else 0 or a negative errno with one log line. */
    int (*add_group)(VtDevice *device, const VtGroup *group, unsigned *number);
    /* Forgets the groups from number `first` on. */
    void (*drop_groups)(VtDevice *device, unsigned first);
    /* Makes what frames need in slots 0 .. n_slots - 1, of which `batch` in a row may share their
     * launches.
     * Nothing may be in flight. 0 or a negative errno with one log line; then as before. */
    int (*reserve)(VtDevice *device, unsigned n_slots, unsigned batch);

    /* Queues a frame, whose pictures must stay until finish, for those groups whose bit is set in
     * `groups`. Its launches may wait for those of later frames, at the latest until finish. Slots
     * are used round robin. */
    void (*submit)(VtDevice *device, unsigned slot, const VtGpuFrame *frame, uint64_t groups);
    /* Waits for the frame of a slot; 0 or a negative errno with one log line. */
    int (*finish)(VtDevice *device, unsigned slot);
    /* A group's sums of a finished frame, until the slot is used again. */
    const void *(*sums)(VtDevice *device, unsigned slot, unsigned number);

    /* Lets go; pictures that are still out stay valid. */
    void (*close)(VtDevice *device);
};

#define VT_DEVICE_GROUPS 64 /* that a device runs; more run on the CPU */

#endif
