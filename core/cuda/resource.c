#include "cuda/resource.h"

#include <errno.h>
#include <stdlib.h>

#include "cuda/kernels/plane.h"

/* Results of loading kernels that mean "not for this GPU", which is no failure. */
#define INVALID_IMAGE 200
#define NO_BINARY_FOR_GPU 209
#define INVALID_PTX 218
#define UNSUPPORTED_PTX_VERSION 222

#define FILL_THREADS 256

static int result(const VtCuda *c, const VtLog *log, CUresult r, const char *what)
{
    return vt_cuda_result(&c->driver, log, r, what);
}

int vt_cuda_enter(VtCuda *c, const VtLog *log)
{
    return result(c, log, c->driver.CtxPushCurrent(c->ctx), "cannot enter the context");
}

bool vt_cuda_enter_to_free(VtCuda *c)
{
    return c->driver.CtxPushCurrent(c->ctx) == CUDA_SUCCESS ||
           c->driver.CtxPushCurrent(c->ctx) == CUDA_SUCCESS;
}

void vt_cuda_leave(VtCuda *c)
{
    CUcontext popped;
    c->driver.CtxPopCurrent(&popped);
}

int vt_cuda_sync(VtCuda *c, CUstream stream, const VtLog *log)
{
    const CUresult r = c->driver.StreamSynchronize(stream);
    if (r != CUDA_SUCCESS) c->driver.StreamSynchronize(stream);
    return result(c, log, r, "cannot wait for the stream");
}

int vt_cuda_stream(VtCuda *c, CUstream *stream, const VtLog *log)
{
    return result(c, log,
                  c->driver.StreamCreateWithPriority(stream, CU_STREAM_NON_BLOCKING, c->priority),
                  "cannot make a stream");
}

int vt_cuda_order(VtCuda *c, CUstream stream, CUevent event, const VtLog *log)
{
    const VtCudaDriver *d = &c->driver;
    if (event)
        return result(c, log, d->StreamWaitEvent(stream, event, 0),
                      "cannot wait for the picture's event");
    /* The pair must not be torn apart by another context that shares the event. */
    pthread_mutex_lock(&c->lock);
    CUresult r = d->EventRecord(c->legacy, NULL);
    if (r == CUDA_SUCCESS) r = d->StreamWaitEvent(stream, c->legacy, 0);
    pthread_mutex_unlock(&c->lock);
    return result(c, log, r, "cannot wait for the default stream");
}

int vt_cuda_fill(VtCuda *c, CUdeviceptr p, unsigned value, size_t n, bool words, const VtLog *log)
{
    const VtCudaDriver *d = &c->driver;
    CUresult r;
    if (c->fill) {
        VtFillParams params = {(void *)(uintptr_t)p, n, value, words};
        void *pointers[] = {&params};
        const size_t blocks = (n + FILL_THREADS - 1) / FILL_THREADS;
        r = d->LaunchKernel(c->fill, (unsigned)(blocks < 1024 ? blocks : 1024), 1, 1, FILL_THREADS,
                            1, 1, 0, c->stream, pointers, NULL);
    } else {
        r = words ? d->MemsetD16Async(p, (unsigned short)value, n, c->stream)
                  : d->MemsetD8Async(p, (unsigned char)value, n, c->stream);
    }
    return result(c, log, r, "cannot fill a picture");
}

/* The first device's primary context, or a look at the caller's. */
static int open_context(VtCuda *c, void *cu_ctx, const VtLog *log)
{
    const VtCudaDriver *d = &c->driver;
    int n = 0;
    int err = result(c, log, d->Init(0), "cannot initialise the driver");
    if (err) return -EINVAL; /* a driver without a GPU, or one that does not fit the kernel's */
    err = result(c, log, d->DeviceGetCount(&n), "cannot count devices");
    if (err) return err;
    if (n < 1) {
        vt_error(log, "CUDA: there is no device");
        return -EINVAL;
    }
    c->ctx = cu_ctx;
    if (cu_ctx) return 0;
    err = result(c, log, d->DeviceGet(&c->device, 0), "cannot get device 0");
    if (err) return err;
    err = result(c, log, d->PrimaryCtxRetain(&c->ctx, c->device), "cannot retain the context");
    c->primary = !err;
    return err;
}

static int load_kernels(VtCuda *c, const VtLog *log)
{
    const int r = (int)c->driver.ModuleLoadData(&c->module, vt_cuda_image);
    if (r == INVALID_IMAGE || r == NO_BINARY_FOR_GPU || r == INVALID_PTX ||
        r == UNSUPPORTED_PTX_VERSION) {
        vt_warning(log, "CUDA: no kernels for this GPU in the library; going on without");
        return 0;
    }
    const int err = result(c, log, (CUresult)r, "cannot load the kernels");
    if (err) return err;
    return result(c, log, c->driver.ModuleGetFunction(&c->fill, c->module, "vt_fill"),
                  "cannot find the kernel vt_fill");
}

/* Inside the context. What was made before a failure is freed by close_device. */
static int open_device(VtCuda *c, const VtLog *log)
{
    const VtCudaDriver *d = &c->driver;
    int least = 0, greatest = 0;
    int err = result(c, log, d->CtxGetStreamPriorityRange(&least, &greatest),
                     "cannot get stream priorities");
    if (err) return err;
    c->priority = least < 0 ? least : greatest > 0 ? greatest : 0;
    err = vt_cuda_stream(c, &c->stream, log);
    if (err) return err;
    err =
        result(c, log, d->EventCreate(&c->legacy, CU_EVENT_DISABLE_TIMING), "cannot make an event");
    return err ? err : load_kernels(c, log);
}

/* In reverse; inside the context. Results are ignored: there is nothing left to try. */
static void close_device(VtCuda *c)
{
    const VtCudaDriver *d = &c->driver;
    if (c->stream && d->StreamSynchronize(c->stream) != CUDA_SUCCESS)
        d->StreamSynchronize(c->stream);
    if (c->module) d->ModuleUnload(c->module);
    if (c->legacy) d->EventDestroy(c->legacy);
    if (c->stream) d->StreamDestroy(c->stream);
}

static int open_all(VtCuda *c, void *cu_ctx, const VtLog *log)
{
    int err = vt_cuda_driver_open(&c->driver, log);
    if (err) return err;
    err = open_context(c, cu_ctx, log);
    if (!err) err = vt_cuda_enter(c, log);
    if (err) goto fail_context;
    err = open_device(c, log);
    if (err) close_device(c);
    vt_cuda_leave(c);
    if (!err) return 0;

fail_context:
    if (c->primary) c->driver.PrimaryCtxRelease(c->device);
    vt_cuda_driver_close(&c->driver);
    return err;
}

/* The last user is gone. Without a context that can be entered (the caller destroyed it) its
 * handles are gone too. */
static void close_all(VtCuda *c)
{
    if (vt_cuda_enter_to_free(c)) {
        close_device(c);
        vt_cuda_leave(c);
    }
    if (c->primary) c->driver.PrimaryCtxRelease(c->device);
    vt_cuda_driver_close(&c->driver);
}

int vt_cuda_open(VtCuda **out, void *cu_ctx, const VtLog *log)
{
    *out = NULL;
    VtCuda *c = calloc(1, sizeof(*c));
    int err = c ? -pthread_mutex_init(&c->lock, NULL) : -ENOMEM;
    if (err) {
        vt_error(log, "CUDA: out of memory");
        goto fail_lock;
    }
    err = open_all(c, cu_ctx, log);
    if (err) goto fail_open;
    c->users = c->holders = 1;
    c->state_uses = true;
    *out = c;
    return 0;

fail_open:
    pthread_mutex_destroy(&c->lock);
fail_lock:
    free(c);
    return err;
}

int vt_cuda_use(VtCuda *c)
{
    pthread_mutex_lock(&c->lock);
    const bool alive = c->users;
    if (alive) c->users++, c->holders++;
    pthread_mutex_unlock(&c->lock);
    return alive ? 0 : -EINVAL;
}

static void drop(VtCuda *c, bool user, bool holder)
{
    pthread_mutex_lock(&c->lock);
    const bool last_user = user && !--c->users;
    pthread_mutex_unlock(&c->lock);
    if (last_user) close_all(c); /* nobody can become a user any more */
    pthread_mutex_lock(&c->lock);
    const bool last_holder = holder && !--c->holders;
    pthread_mutex_unlock(&c->lock);
    if (!last_holder) return;
    pthread_mutex_destroy(&c->lock);
    free(c);
}

void vt_cuda_unuse(VtCuda *c)
{
    drop(c, true, true);
}

static bool stop_state(VtCuda *c)
{
    pthread_mutex_lock(&c->lock);
    const bool used = c->state_uses;
    c->state_uses = false;
    pthread_mutex_unlock(&c->lock);
    return used;
}

void vt_cuda_hand_over(VtCuda *c)
{
    drop(c, stop_state(c), false);
}

void vt_cuda_let_go(VtCuda *c)
{
    drop(c, stop_state(c), true);
}
