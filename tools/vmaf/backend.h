/* What scores: the CPU alone, or a GPU with the CPU beside it. */
#ifndef VMAF_TOOL_BACKEND_H
#define VMAF_TOOL_BACKEND_H

#include "libvmaf/libvmaf_cuda.h"
#include "options.h"

typedef struct Backend {
    VmafCudaState *state; /* NULL: the CPU alone */
} Backend;

/* Finds a GPU if one is wanted. Without one --backend auto goes on with the CPU (verbose: and says
 * so), --backend cuda is a negative errno after a message. */
int backend_open(Backend *b, const Options *o, bool verbose);

/* Lets a new context use it, before pictures and features are asked for. 0 or a negative errno
 * after a message. */
int backend_join(const Backend *b, VmafContext *vmaf);

/* After the contexts are closed. */
void backend_close(Backend *b);

#endif
