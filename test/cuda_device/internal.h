/* Between the parts of the software device. */
#ifndef TEST_CUDA_DEVICE_INTERNAL_H
#define TEST_CUDA_DEVICE_INTERNAL_H

#include <ffnvcodec/dynlink_cuda.h>

#include "software.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SW_EXPORT __attribute__((visibility("default")))

/* Results that nv-codec-headers do not name. */
#define SW_INVALID_VALUE ((CUresult)1)
#define SW_OUT_OF_MEMORY ((CUresult)2)
#define SW_NO_SUCH_DEVICE ((CUresult)101)
#define SW_INVALID_CONTEXT ((CUresult)201)
#define SW_NO_BINARY ((CUresult)209)
#define SW_INVALID_HANDLE ((CUresult)400)
#define SW_NOT_FOUND ((CUresult)500)

typedef enum SwKind {
    SW_CONTEXT,
    SW_PUSH,
    SW_STREAM,
    SW_EVENT,
    SW_MODULE,
    SW_DEVICE_MEMORY,
    SW_PINNED_MEMORY,
    SW_KINDS
} SwKind;

/* account.c: one lock for the whole device, recursive. */
void sw_lock(void);
void sw_unlock(void);
bool sw_begin(const char *call, bool release); /* counts the call; true: it is to fail */
bool sw_planted(SwPlant plant);
void sw_add(SwKind kind, const void *handle, size_t size);
bool sw_remove(SwKind kind, const void *handle); /* false, and a misuse, if it is not live */
bool sw_live(SwKind kind, const void *handle);
void sw_misuse(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void sw_each(SwKind kind, void (*visit)(const void *handle, size_t size));

/* driver.c */
CUcontext sw_current(void);
bool sw_primary_active(void);

/* stream.c: queues. NULL is the legacy default stream. */
typedef struct SwFunction SwFunction;
typedef enum SwOpKind { SW_COPY, SW_SET, SW_LAUNCH, SW_MARK, SW_WAIT } SwOpKind;
typedef struct SwOp {
    SwOpKind kind;
    CUDA_MEMCPY2D copy;
    void *staged; /* what the copy reads, if that was not page-locked memory; freed with it */
    struct {
        void *p;
        unsigned value, bytes; /* of one sample */
        size_t n;
    } set;
    struct {
        const SwFunction *function;
        unsigned grid[3], block[3];
        void *params;
    } launch;
    struct {
        CUstream stream;
        unsigned long stamp, until;
    } wait;
    struct SwOp *next;
} SwOp;
void sw_stage(SwOp *copy); /* ffmpeg_calls.c: as a device does before such a call returns */
CUresult sw_enqueue(CUstream stream, const SwOp *op);
void sw_run_stream(CUstream stream);
void sw_run_all(void);
bool sw_queue_touches(const void *p, size_t size);
void sw_copy_now(const CUDA_MEMCPY2D *copy);
void sw_device_memory_open(void); /* device code may touch device memory, host code may not */
void sw_device_memory_close(void);

/* fibre.c: runs a kernel. */
struct SwFunction {
    const char *name;
    void (*run)(const void *params);
    size_t size; /* of the one structure it takes */
    bool flat;   /* its threads never meet, so they need no fibres */
};
extern const SwFunction sw_functions[]; /* kernels.cpp; ends with a NULL name */
void sw_launch(const SwFunction *f, const unsigned grid[3], const unsigned block[3],
               const void *params);

#ifdef __cplusplus
}
#endif

#endif
