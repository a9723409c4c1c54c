#include "ndjson.h"

#include <errno.h>

#include "outfile.h"

static FILE *open_file(const char *path)
{
    return outfile_is_stdout(path) ? stdout : fopen(path, "we");
}

static void fail(Ndjson *n, int err)
{
    if (err && !atomic_load(&n->error)) atomic_store(&n->error, err);
}

void ndjson_frame(Ndjson *n, const VmafTurboFrame *frame)
{
    if (atomic_load(&n->error)) return;
    if (!n->file) n->file = open_file(n->path);
    fail(n, n->file ? vmaf_turbo_print_frame(frame, n->file, n->precision) : -errno);
}

int ndjson_end(Ndjson *n, VmafContext *vmaf, const VmafTurboReport *report)
{
    if (n->file && !atomic_load(&n->error))
        fail(n, vmaf_turbo_print_summary(vmaf, n->file, report));
    ndjson_close(n);
    return atomic_load(&n->error);
}

void ndjson_close(Ndjson *n)
{
    errno = 0;
    if (n->file && n->file != stdout && fclose(n->file)) fail(n, errno ? -errno : -EIO);
    n->file = NULL;
}
