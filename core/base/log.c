#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

const VtLog vt_log_default = {.level = VMAF_LOG_LEVEL_WARNING};

static const char *const level_names[] = {"", "ERROR", "WARNING", "INFO", "DEBUG"};
static const char *const level_colours[] = {"", "\x1b[31m", "\x1b[33m", "\x1b[32m", "\x1b[34m"};

static _Thread_local VtLogCallback thread_callback;
static _Thread_local void *thread_user;

void vt_log_set_thread(VtLogCallback callback, void *user)
{
    thread_callback = callback;
    thread_user = user;
}

void vt_log(const VtLog *log, enum VmafLogLevel level, const char *fmt, ...)
{
    if (!log) log = &vt_log_default;
    if (level > log->level || level < VMAF_LOG_LEVEL_ERROR || level > VMAF_LOG_LEVEL_DEBUG) return;

    char line[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);

    if (log->callback)
        log->callback(log->user, level, line);
    else if (log == &vt_log_default && thread_callback)
        thread_callback(thread_user, level, line);
    else if (isatty(STDERR_FILENO)) /* one call a line: lines of several threads do not mix */
        fprintf(stderr, "libvmaf %s%s\x1b[0m %s\n", level_colours[level], level_names[level], line);
    else
        fprintf(stderr, "libvmaf %s %s\n", level_names[level], line);
}
