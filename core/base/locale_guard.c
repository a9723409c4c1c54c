#include "base/locale_guard.h"

#include <errno.h>

int vt_locale_enter(VtLocaleGuard *g)
{
    g->c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!g->c) return -ENOMEM;
    g->previous = uselocale(g->c);
    return 0;
}

void vt_locale_leave(VtLocaleGuard *g)
{
    uselocale(g->previous);
    freelocale(g->c);
}
