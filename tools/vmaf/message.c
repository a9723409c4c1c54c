#include "message.h"

#include <stdarg.h>
#include <stdio.h>

void message(const char *fmt, ...)
{
    va_list args;

    flockfile(stderr);
    fputs("vmaf: ", stderr);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
    funlockfile(stderr);
}
