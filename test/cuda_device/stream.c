/* Streams: work is queued, and done only when something waits for it or for what comes after it.
 * That is the latest a device may be, so a missing event or a buffer used again too early gives
 * wrong samples every time. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif
#ifdef WITH_ASAN
#include <sanitizer/asan_interface.h>
#endif

struct CUstream_st {
    SwOp *first, **last;
    unsigned long queued, done;
    unsigned long stamp; /* streams come and go; a waiter knows the one it meant by this */
    struct CUstream_st *next;
};

struct CUevent_st {
    CUstream stream;
    unsigned long stamp, until; /* 0: never recorded */
};

static struct CUstream_st legacy = {.stamp = 1};
static CUstream streams = &legacy;
static unsigned long stamps = 1;

static void poison(const void *p, size_t size)
{
#ifdef WITH_ASAN
    __asan_poison_memory_region(p, size);
#endif
    (void)p;
    (void)size;
}

static void unpoison(const void *p, size_t size)
{
#ifdef WITH_ASAN
    __asan_unpoison_memory_region(p, size);
#endif
    (void)p;
    (void)size;
}

void sw_device_memory_open(void)
{
    sw_each(SW_DEVICE_MEMORY, unpoison);
}

void sw_device_memory_close(void)
{
    sw_each(SW_DEVICE_MEMORY, poison);
}

static CUstream of(CUstream s)
{
    if (s) return s;
    if (!legacy.last) legacy.last = &legacy.first;
    return &legacy;
}

static const char *row(const void *host, CUdeviceptr device, CUmemorytype type, size_t x)
{
    return (type == CU_MEMORYTYPE_DEVICE ? (const char *)(uintptr_t)device : (const char *)host) +
           x;
}

void sw_copy_now(const CUDA_MEMCPY2D *c)
{
    const char *src = row(c->srcHost, c->srcDevice, c->srcMemoryType, c->srcXInBytes);
    char *dst = (char *)(uintptr_t)row(c->dstHost, c->dstDevice, c->dstMemoryType, c->dstXInBytes);
    sw_device_memory_open();
    for (size_t y = 0; y < c->Height; y++)
        memcpy(dst + (c->dstY + y) * c->dstPitch, src + (c->srcY + y) * c->srcPitch,
               c->WidthInBytes);
    sw_device_memory_close();
}

static void run_until(CUstream s, unsigned long until);

static bool exists(CUstream s, unsigned long stamp)
{
    for (CUstream i = streams; i; i = i->next)
        if (i == s) return i->stamp == stamp;
    return false;
}

static void execute(const SwOp *op)
{
    switch (op->kind) {
    case SW_COPY:
        sw_copy_now(&op->copy);
        break;
    case SW_SET:
        sw_device_memory_open();
        for (size_t i = 0; i < op->set.n; i++) {
            if (op->set.bytes == 2)
                ((uint16_t *)op->set.p)[i] = (uint16_t)op->set.value;
            else
                ((uint8_t *)op->set.p)[i] = (uint8_t)op->set.value;
        }
        sw_device_memory_close();
        break;
    case SW_LAUNCH:
        sw_device_memory_open();
        sw_launch(op->launch.function, op->launch.grid, op->launch.block, op->launch.params);
        sw_device_memory_close();
        break;
    case SW_WAIT:
        if (exists(op->wait.stream, op->wait.stamp)) run_until(op->wait.stream, op->wait.until);
        break;
    case SW_MARK:
        break;
    }
}

static void run_until(CUstream s, unsigned long until)
{
    while (s->done < until && s->first) {
        SwOp *op = s->first;
        s->first = op->next;
        if (!s->first) s->last = &s->first;
        s->done++;
        execute(op);
        if (op->kind == SW_LAUNCH) free(op->launch.params);
        free(op->staged);
        free(op);
    }
}

CUresult sw_enqueue(CUstream stream, const SwOp *op)
{
    SwOp *mine = malloc(sizeof(*mine));
    if (!mine) abort();
    *mine = *op;
    mine->next = NULL;
    sw_lock();
    CUstream s = of(stream);
    *s->last = mine;
    s->last = &mine->next;
    s->queued++;
    sw_unlock();
    return CUDA_SUCCESS;
}

void sw_run_stream(CUstream stream)
{
    sw_lock();
    run_until(of(stream), of(stream)->queued);
    sw_unlock();
}

void sw_run_all(void)
{
    sw_lock();
    for (CUstream s = streams; s; s = s->next) run_until(s, s->queued);
    sw_unlock();
}

static bool overlaps(const void *a, size_t a_size, const void *b, size_t b_size)
{
    return (uintptr_t)a < (uintptr_t)b + b_size && (uintptr_t)b < (uintptr_t)a + a_size;
}

bool sw_queue_touches(const void *p, size_t size)
{
    for (CUstream s = streams; s; s = s->next)
        for (const SwOp *op = s->first; op; op = op->next) {
            const CUDA_MEMCPY2D *c = &op->copy;
            if (op->kind == SW_SET && overlaps(p, size, op->set.p, op->set.n * op->set.bytes))
                return true;
            if (op->kind != SW_COPY) continue;
            const size_t src = c->srcPitch * (c->srcY + c->Height);
            const size_t dst = c->dstPitch * (c->dstY + c->Height);
            if (overlaps(p, size, row(c->srcHost, c->srcDevice, c->srcMemoryType, 0), src) ||
                overlaps(p, size, row(c->dstHost, c->dstDevice, c->dstMemoryType, 0), dst))
                return true;
        }
    return false;
}

/* ---- the driver's calls on streams and events ---- */

SW_EXPORT tcuStreamCreate cuStreamCreate;
SW_EXPORT CUresult cuStreamCreateWithPriority(CUstream *stream, unsigned flags, int priority);
SW_EXPORT tcuStreamDestroy_v2 cuStreamDestroy_v2;
SW_EXPORT tcuStreamSynchronize cuStreamSynchronize;
SW_EXPORT CUresult cuStreamWaitEvent(CUstream stream, CUevent event, unsigned flags);
SW_EXPORT tcuEventCreate cuEventCreate;
SW_EXPORT tcuEventDestroy_v2 cuEventDestroy_v2;
SW_EXPORT tcuEventRecord cuEventRecord;
SW_EXPORT tcuEventSynchronize cuEventSynchronize;

#define BEGIN(name)                                                                                \
    if (sw_begin(#name, false)) return CUDA_ERROR_UNKNOWN;                                         \
    if (!sw_current()) return SW_INVALID_CONTEXT

static CUresult make_stream(CUstream *stream)
{
    CUstream s = calloc(1, sizeof(*s));
    if (!s) return SW_OUT_OF_MEMORY;
    s->last = &s->first;
    sw_lock();
    s->stamp = ++stamps;
    s->next = streams;
    streams = s;
    sw_add(SW_STREAM, s, 0);
    sw_unlock();
    *stream = s;
    return CUDA_SUCCESS;
}

CUresult cuStreamCreate(CUstream *stream, unsigned flags)
{
    BEGIN(cuStreamCreate);
    (void)flags;
    return make_stream(stream);
}

CUresult cuStreamCreateWithPriority(CUstream *stream, unsigned flags, int priority)
{
    BEGIN(cuStreamCreateWithPriority);
    if (flags > CU_STREAM_NON_BLOCKING || priority > 0 || priority < -5) return SW_INVALID_VALUE;
    return make_stream(stream);
}

CUresult cuStreamDestroy_v2(CUstream stream)
{
    const bool failed = sw_begin("cuStreamDestroy_v2", true);
    if (!sw_current()) return SW_INVALID_CONTEXT;
    if (sw_planted(SW_KEEP_STREAMS)) return CUDA_SUCCESS;
    if (!sw_remove(SW_STREAM, stream)) return SW_INVALID_HANDLE;
    sw_lock();
    run_until(stream, stream->queued); /* a device finishes what is queued */
    CUstream *at = &streams;
    while (*at != stream) at = &(*at)->next;
    *at = stream->next;
    sw_unlock();
    free(stream);
    return failed ? CUDA_ERROR_UNKNOWN : CUDA_SUCCESS;
}

CUresult cuStreamSynchronize(CUstream stream)
{
    BEGIN(cuStreamSynchronize);
    if (stream && !sw_live(SW_STREAM, stream)) return SW_INVALID_HANDLE;
    sw_run_stream(stream);
    return CUDA_SUCCESS;
}

CUresult cuStreamWaitEvent(CUstream stream, CUevent event, unsigned flags)
{
    BEGIN(cuStreamWaitEvent);
    if (flags) return SW_INVALID_VALUE;
    if (!sw_live(SW_EVENT, event)) {
        sw_misuse("cuStreamWaitEvent on an event that is not live");
        return SW_INVALID_HANDLE;
    }
    if (!event->until || sw_planted(SW_IGNORE_WAITS)) return CUDA_SUCCESS;
    const SwOp op = {.kind = SW_WAIT, .wait = {event->stream, event->stamp, event->until}};
    return sw_enqueue(stream, &op);
}

CUresult cuEventCreate(CUevent *event, unsigned flags)
{
    BEGIN(cuEventCreate);
    (void)flags;
    *event = calloc(1, sizeof(**event));
    if (!*event) return SW_OUT_OF_MEMORY;
    sw_add(SW_EVENT, *event, 0);
    return CUDA_SUCCESS;
}

CUresult cuEventDestroy_v2(CUevent event)
{
    const bool failed = sw_begin("cuEventDestroy_v2", true);
    if (!sw_current()) return SW_INVALID_CONTEXT;
    if (!sw_remove(SW_EVENT, event)) return SW_INVALID_HANDLE;
    free(event);
    return failed ? CUDA_ERROR_UNKNOWN : CUDA_SUCCESS;
}

CUresult cuEventRecord(CUevent event, CUstream stream)
{
    BEGIN(cuEventRecord);
    if (!sw_live(SW_EVENT, event)) {
        sw_misuse("cuEventRecord on an event that is not live");
        return SW_INVALID_HANDLE;
    }
    const SwOp op = {.kind = SW_MARK};
    sw_lock();
    sw_enqueue(stream, &op);
    event->stream = of(stream);
    event->stamp = of(stream)->stamp;
    event->until = of(stream)->queued;
    sw_unlock();
    return CUDA_SUCCESS;
}

CUresult cuEventSynchronize(CUevent event)
{
    BEGIN(cuEventSynchronize);
    if (!sw_live(SW_EVENT, event)) {
        sw_misuse("cuEventSynchronize on an event that is not live");
        return SW_INVALID_HANDLE;
    }
    if (sw_planted(SW_IGNORE_SYNCS)) return CUDA_SUCCESS;
    sw_lock();
    if (event->until && exists(event->stream, event->stamp)) run_until(event->stream, event->until);
    sw_unlock();
    return CUDA_SUCCESS;
}
