/* Logging. A logger belongs to a context; calls that have none (model loading, dictionaries,
 * pictures) use vt_log_default, which lets warnings and errors through. */
#ifndef VT_BASE_LOG_H
#define VT_BASE_LOG_H

#include "libvmaf/libvmaf.h"

typedef void (*VtLogCallback)(void *user, enum VmafLogLevel level, const char *line);

typedef struct VtLog {
    enum VmafLogLevel level; /* lines above this level are dropped */
    VtLogCallback callback;  /* NULL: write "libvmaf LEVEL text" to stderr */
    void *user;
} VtLog;

extern const VtLog vt_log_default;

/* Where vt_log_default's lines of the calling thread go; NULL: to stderr. */
void vt_log_set_thread(VtLogCallback callback, void *user);

/* Writes one line; fmt carries no newline. A NULL log means vt_log_default. Thread-safe. */
void vt_log(const VtLog *log, enum VmafLogLevel level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#define vt_error(log, ...) vt_log(log, VMAF_LOG_LEVEL_ERROR, __VA_ARGS__)
#define vt_warning(log, ...) vt_log(log, VMAF_LOG_LEVEL_WARNING, __VA_ARGS__)
#define vt_info(log, ...) vt_log(log, VMAF_LOG_LEVEL_INFO, __VA_ARGS__)

#endif
