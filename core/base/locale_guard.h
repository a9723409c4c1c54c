/* Number reading and writing must not depend on the process's locale. Between enter and leave the
 * calling thread (only it) uses the "C" locale, so printf, strtod and libraries built on them use
 * '.'. */
#ifndef VT_BASE_LOCALE_GUARD_H
#define VT_BASE_LOCALE_GUARD_H

#include <locale.h>

typedef struct VtLocaleGuard {
    locale_t c, previous;
} VtLocaleGuard;

/* 0, or -ENOMEM (then nothing to leave). */
int vt_locale_enter(VtLocaleGuard *g);
void vt_locale_leave(VtLocaleGuard *g);

#endif
