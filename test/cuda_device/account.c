/* What is live, where it was made, and what was done wrong. */
#include <dlfcn.h>
#include <execinfo.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define DEPTH 12
#define MAX_CALLS 96
#define MAX_MISUSES 32

typedef struct Entry {
    SwKind kind;
    const void *handle;
    size_t size;
    void *stack[DEPTH];
    int depth;
    struct Entry *next;
} Entry;

static pthread_mutex_t lock;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static Entry *entries;
static bool (*fails)(const char *call, bool release);
static unsigned plants;
static struct {
    const char *name;
    unsigned long n, before; /* before: the last reset */
} called[MAX_CALLS];
static char misuse[MAX_MISUSES][200];
static unsigned n_misuses;

static void make_lock(void)
{
    pthread_mutexattr_t attr;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&lock, &attr);
    pthread_mutexattr_destroy(&attr);
}

void sw_lock(void)
{
    pthread_once(&once, make_lock);
    pthread_mutex_lock(&lock);
}

void sw_unlock(void)
{
    pthread_mutex_unlock(&lock);
}

bool sw_begin(const char *call, bool release)
{
    sw_lock();
    unsigned i = 0;
    while (i < MAX_CALLS - 1 && called[i].name && strcmp(called[i].name, call)) i++;
    called[i].name = call;
    called[i].n++;
    bool (*const ask)(const char *, bool) = fails;
    sw_unlock();
    return ask && ask(call, release);
}

bool sw_planted(SwPlant plant)
{
    return plants & plant;
}

void sw_add(SwKind kind, const void *handle, size_t size)
{
    Entry *e = calloc(1, sizeof(*e));
    if (!e) abort();
    e->kind = kind;
    e->handle = handle;
    e->size = size;
    e->depth = backtrace(e->stack, DEPTH);
    sw_lock();
    e->next = entries;
    entries = e;
    sw_unlock();
}

static Entry **find(SwKind kind, const void *handle)
{
    Entry **e = &entries;
    while (*e && ((*e)->kind != kind || (*e)->handle != handle)) e = &(*e)->next;
    return e;
}

static const char *const kind_names[SW_KINDS] = {
    "context", "pushed context", "stream", "event", "module", "device memory", "pinned memory"};

bool sw_remove(SwKind kind, const void *handle)
{
    sw_lock();
    Entry **at = find(kind, handle), *e = *at;
    if (e) {
        *at = e->next;
        free(e);
    } else {
        sw_misuse("a %s is given back that is not live", kind_names[kind]);
    }
    sw_unlock();
    return e;
}

bool sw_live(SwKind kind, const void *handle)
{
    sw_lock();
    const bool live = *find(kind, handle);
    sw_unlock();
    return live;
}

void sw_misuse(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    sw_lock();
    vsnprintf(misuse[n_misuses < MAX_MISUSES ? n_misuses : MAX_MISUSES - 1], sizeof(misuse[0]), fmt,
              args);
    n_misuses++;
    sw_unlock();
    va_end(args);
}

void sw_each(SwKind kind, void (*visit)(const void *handle, size_t size))
{
    for (const Entry *e = entries; e; e = e->next)
        if (e->kind == kind) visit(e->handle, e->size);
}

/* "function at file:line" by addr2line, so that hidden functions have names too. */
static void name_frame(FILE *out, void *address)
{
    Dl_info info;
    if (!dladdr(address, &info) || !info.dli_fname) return;
    const char *self = strrchr(info.dli_fname, '/');
    if (!strncmp(self ? self + 1 : info.dli_fname, "libcuda.so", 10)) return;
    char command[512];
    snprintf(command, sizeof(command), "addr2line -Cfpse '%s' 0x%lx 2>/dev/null", info.dli_fname,
             (unsigned long)((char *)address - (char *)info.dli_fbase) - 1);
    FILE *p = popen(command, "r");
    char line[300] = "";
    const bool known = p && fgets(line, sizeof(line), p) && line[0] != '?';
    if (p) pclose(p);
    line[strcspn(line, "\n")] = 0;
    if (known) fprintf(out, "        %s\n", line);
}

static unsigned report(FILE *out)
{
    sw_lock();
    unsigned n = 0;
    for (const Entry *e = entries; e; e = e->next, n++) {
        if (!out) continue;
        fprintf(out, "    leftover: %s, %zu bytes, made at\n", kind_names[e->kind], e->size);
        for (int i = 0; i < e->depth; i++) name_frame(out, e->stack[i]);
    }
    for (unsigned i = 0; i < n_misuses && out; i++)
        if (i < MAX_MISUSES) fprintf(out, "    misuse: %s\n", misuse[i]);
    n += n_misuses;
    sw_unlock();
    return n;
}

static void counts(SwCounts *c)
{
    memset(c, 0, sizeof(*c));
    sw_lock();
    c->misuses = n_misuses;
    for (const Entry *e = entries; e; e = e->next) {
        switch (e->kind) {
        case SW_CONTEXT:
            c->contexts++;
            break;
        case SW_PUSH:
            c->pushes++;
            break;
        case SW_STREAM:
            c->streams++;
            break;
        case SW_EVENT:
            c->events++;
            break;
        case SW_MODULE:
            c->modules++;
            break;
        case SW_DEVICE_MEMORY:
            c->device_blocks++;
            c->device_bytes += e->size;
            break;
        default:
            c->pinned_blocks++;
            c->pinned_bytes += e->size;
        }
    }
    sw_unlock();
}

static void set_fail(bool (*f)(const char *call, bool release))
{
    sw_lock();
    fails = f;
    sw_unlock();
}

static void plant(unsigned p)
{
    sw_lock();
    plants = p;
    sw_unlock();
}

static unsigned long calls(const char *name)
{
    unsigned long n = 0;
    sw_lock();
    for (unsigned i = 0; i < MAX_CALLS && called[i].name; i++)
        if (!strcmp(called[i].name, name)) n = called[i].n;
    sw_unlock();
    return n;
}

static bool ever(const char *name)
{
    bool made = false;
    sw_lock();
    for (unsigned i = 0; i < MAX_CALLS && called[i].name; i++)
        if (!strcmp(called[i].name, name)) made = called[i].n + called[i].before;
    sw_unlock();
    return made;
}

static void reset(void)
{
    sw_lock();
    for (unsigned i = 0; i < MAX_CALLS; i++) called[i].before += called[i].n, called[i].n = 0;
    n_misuses = 0;
    while (entries) {
        Entry *e = entries;
        entries = e->next;
        free(e);
    }
    sw_unlock();
}

SW_EXPORT extern const SoftwareDevice sw_device;
SW_EXPORT const SoftwareDevice sw_device = {set_fail, plant, counts, report, calls, ever, reset};
