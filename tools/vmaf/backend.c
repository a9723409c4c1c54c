#include "backend.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "libvmaf/turbo.h"
#include "message.h"

#define REASON 200

/* Keeps the first line: the cause. */
static void keep_reason(void *user, enum VmafLogLevel level, const char *line)
{
    char *reason = user;
    if (level == VMAF_LOG_LEVEL_ERROR && !*reason) snprintf(reason, REASON, "%s", line);
}

int backend_open(Backend *b, const Options *o, bool verbose)
{
    const VmafCudaConfiguration cfg = {NULL};
    char reason[REASON] = "";

    b->state = NULL;
    if (o->backend == BACKEND_CPU || o->gpumask) return 0;
    vmaf_turbo_set_thread_log_callback(keep_reason, reason);
    int err = vmaf_cuda_state_init(&b->state, cfg);
    vmaf_turbo_set_thread_log_callback(NULL, NULL);
    if (err == -ENOSYS) snprintf(reason, REASON, "this vmaf was built without CUDA");
    if (o->backend == BACKEND_CUDA && err) {
        message("no GPU to score with: %s", *reason ? reason : strerror(-err));
        return err;
    }
    if (verbose) message("%s", err ? "scoring on the CPU" : "scoring on a GPU (CUDA)");
    return 0;
}

int backend_join(const Backend *b, VmafContext *vmaf)
{
    int err = b->state ? vmaf_cuda_import_state(vmaf, b->state) : 0;

    if (err) message("cannot use the GPU: %s", strerror(-err));
    return err;
}

void backend_close(Backend *b)
{
    if (b->state) vmaf_cuda_state_free(b->state);
    b->state = NULL;
}
