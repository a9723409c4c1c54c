#include "cuda/driver.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define LIBRARY "libcuda.so.1"

/* Results that nv-codec-headers do not name. */
#define INVALID_VALUE 1
#define OUT_OF_MEMORY 2
#define NO_DEVICE 100
#define INVALID_DEVICE 101
#define INVALID_CONTEXT 201
#define INVALID_HANDLE 400

/* The address of a data pointer's function, without a cast that ISO C forbids. */
static bool find(void *library, const char *symbol, void *field, size_t size)
{
    void *address = dlsym(library, symbol);
    memcpy(field, &address, size);
    return address;
}

int vt_cuda_driver_open(VtCudaDriver *d, const VtLog *log)
{
    memset(d, 0, sizeof(*d));
    d->library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (!d->library) {
        vt_error(log, "CUDA: cannot load the driver " LIBRARY);
        return -EINVAL;
    }
    const char *missing = NULL;
#define FIND(field, symbol, params)                                                                \
    if (!missing && !find(d->library, symbol, &d->field, sizeof(d->field))) missing = symbol;
    VT_CUDA_CALLS(FIND)
#undef FIND
    if (!missing) return 0;
    vt_error(log, "CUDA: the driver has no %s", missing);
    vt_cuda_driver_close(d);
    return -EINVAL;
}

void vt_cuda_driver_close(VtCudaDriver *d)
{
    void *library = d->library;
    memset(d, 0, sizeof(*d));
    if (library) dlclose(library);
}

int vt_cuda_result(const VtCudaDriver *d, const VtLog *log, CUresult result, const char *what)
{
    if (result == CUDA_SUCCESS) return 0;
    const char *name = NULL;
    if (d->GetErrorName(result, &name) != CUDA_SUCCESS || !name) name = "unknown error";
    vt_error(log, "CUDA: %s: %s (%d)", what, name, (int)result);
    switch ((int)result) {
    case OUT_OF_MEMORY:
        return -ENOMEM;
    case INVALID_VALUE:
    case NO_DEVICE:
    case INVALID_DEVICE:
    case INVALID_CONTEXT:
    case INVALID_HANDLE:
        return -EINVAL;
    default:
        return -EIO;
    }
}
