/* The software CUDA device: a libcuda.so.1 that does on host memory what the library asks of a
 * driver, keeps account of every handle, runs queued work as late as it may, and fails on demand.
 * A test opens the library by its path before it uses vmaf; the same soname is then found again. */
#ifndef TEST_CUDA_DEVICE_SOFTWARE_H
#define TEST_CUDA_DEVICE_SOFTWARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef enum SwPlant {
    SW_NOTHING = 0,
    SW_NO_DEVICE = 1,     /* cuDeviceGetCount says 0 */
    SW_NO_KERNELS = 2,    /* cuModuleLoadData: no binary for this GPU */
    SW_IGNORE_WAITS = 4,  /* cuStreamWaitEvent does nothing: a missing event */
    SW_IGNORE_SYNCS = 8,  /* cuEventSynchronize does nothing: a missing wait */
    SW_KEEP_STREAMS = 16, /* cuStreamDestroy does nothing: a leak */
} SwPlant;

typedef struct SwCounts {
    unsigned contexts, pushes, streams, events, modules, device_blocks, pinned_blocks, misuses;
    size_t device_bytes, pinned_bytes;
} SwCounts;

typedef struct SoftwareDevice {
    /* Called at the start of every driver call; true: it fails. release: the call gives something
     * back, which it does all the same, and then reports the failure, as a driver does with the
     * errors of earlier asynchronous work. NULL: nothing fails. */
    void (*set_fail)(bool (*fails)(const char *call, bool release));
    void (*plant)(unsigned plants);
    void (*counts)(SwCounts *counts); /* what is live now */
    /* Names every live handle and where it was made, and every misuse; returns how many. */
    unsigned (*report)(FILE *out);
    unsigned long (*calls)(const char *name); /* how often a call was made */
    bool (*ever)(const char *name);           /* whether it was made since the program started */
    void (*reset)(void);                      /* forgets misuse and counts of calls */
} SoftwareDevice;

/* The name under which the library exports its table. */
#define SOFTWARE_DEVICE_SYMBOL "sw_device"

#endif
