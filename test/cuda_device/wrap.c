#include "wrap.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support.h"

#define DEPTH 6
#define MAX_BLOCKS (1u << 16)
#define MAX_SITES 4096

typedef struct Site {
    void *stack[DEPTH];
    int depth;
    size_t blocks, bytes, blocks_then, bytes_then; /* live now; at the first sample */
} Site;

typedef struct Block {
    void *p;
    size_t size;
    unsigned site;
} Block;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool (*ask)(const char *call, bool release);
static _Thread_local unsigned own;
static bool tracking;
static Block block[MAX_BLOCKS];
static Site site[MAX_SITES];
static unsigned n_sites;

void own_begin(void)
{
    own++;
}

void own_end(void)
{
    own--;
}

static bool fails(const char *call)
{
    return ask && !own && ask(call, false);
}

static bool driver_fails(const char *call, bool release)
{
    return ask && !own && ask(call, release);
}

void wrap_set_fail(bool (*f)(const char *call, bool release))
{
    ask = f;
    if (software) software->set_fail(f ? driver_fails : NULL);
}

static unsigned site_of(void *const *stack, int depth)
{
    for (unsigned i = 0; i < n_sites; i++)
        if (site[i].depth == depth && !memcmp(site[i].stack, stack, sizeof(*stack) * (size_t)depth))
            return i;
    if (n_sites == MAX_SITES) return MAX_SITES - 1;
    memcpy(site[n_sites].stack, stack, sizeof(*stack) * (size_t)depth);
    site[n_sites].depth = depth;
    return n_sites++;
}

static unsigned slot_of(const void *p)
{
    unsigned i = (unsigned)(((uintptr_t)p >> 4) * 2654435761u) % MAX_BLOCKS;
    while (block[i].p && block[i].p != p) i = (i + 1) % MAX_BLOCKS;
    return i;
}

static void *born(void *p, size_t size)
{
    if (!tracking || own || !p) return p;
    own++; /* backtrace may allocate */
    void *stack[DEPTH + 2] = {0};
    const int depth = backtrace(stack, DEPTH + 2) - 2;
    own--;
    pthread_mutex_lock(&lock);
    const unsigned i = slot_of(p), s = site_of(stack + 2, depth > 0 ? depth : 0);
    block[i] = (Block){p, size, s};
    site[s].blocks++;
    site[s].bytes += size;
    pthread_mutex_unlock(&lock);
    return p;
}

static void died(void *p)
{
    if (!tracking || !p) return;
    pthread_mutex_lock(&lock);
    unsigned i = slot_of(p);
    if (block[i].p) {
        site[block[i].site].blocks--;
        site[block[i].site].bytes -= block[i].size;
        block[i].p = NULL;
        for (unsigned j = (i + 1) % MAX_BLOCKS; block[j].p; j = (j + 1) % MAX_BLOCKS) {
            const Block moved = block[j]; /* close the gap in the probe chain */
            block[j].p = NULL;
            block[slot_of(moved.p)] = moved;
        }
    }
    pthread_mutex_unlock(&lock);
}

void wrap_track(void)
{
    tracking = true;
}

void wrap_live(size_t *blocks, size_t *bytes)
{
    *blocks = *bytes = 0;
    pthread_mutex_lock(&lock);
    for (unsigned i = 0; i < n_sites; i++) *blocks += site[i].blocks, *bytes += site[i].bytes;
    pthread_mutex_unlock(&lock);
}

static size_t resident_bytes(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    unsigned long all = 0, resident = 0;
    if (f && fscanf(f, "%lu %lu", &all, &resident) != 2) resident = 0;
    if (f) fclose(f);
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

void growth_sample(Growth *g, unsigned frames)
{
    const int s = g->sample++;
    g->frames[s] = frames;
    wrap_live(&g->blocks[s], &g->bytes[s]);
    g->handles[s] = device_in_use();
    g->resident[s] = resident_bytes();
    for (unsigned i = 0; i < n_sites && !s; i++) {
        site[i].blocks_then = site[i].blocks;
        site[i].bytes_then = site[i].bytes;
    }
}

static double slope(const Growth *g, const size_t v[2])
{
    return ((double)v[1] - (double)v[0]) / (g->frames[1] - g->frames[0]);
}

double growth_bytes(const Growth *g)
{
    return slope(g, g->bytes);
}

double growth_blocks(const Growth *g)
{
    return slope(g, g->blocks);
}

double growth_handles(const Growth *g)
{
    return slope(g, g->handles);
}

double growth_resident(const Growth *g)
{
    return slope(g, g->resident);
}

static void name_frame(FILE *out, void *address)
{
    Dl_info info;
    if (!dladdr(address, &info) || !info.dli_fname) return;
    char command[512], line[300] = "";
    snprintf(command, sizeof(command), "addr2line -Cfpse '%s' 0x%lx 2>/dev/null", info.dli_fname,
             (unsigned long)((char *)address - (char *)info.dli_fbase) - 1);
    FILE *p = popen(command, "r");
    if (p && fgets(line, sizeof(line), p) && line[0] != '?') fprintf(out, "        %s", line);
    if (p) pclose(p);
}

unsigned growth_report(const Growth *g, const char *what, FILE *out)
{
    fprintf(out,
            "%s, from frame %u to %u, per frame: %.4f blocks, %.1f bytes, %.4f handles, %.1f bytes "
            "resident\n",
            what, g->frames[0], g->frames[1], growth_blocks(g), growth_bytes(g), growth_handles(g),
            growth_resident(g));
    unsigned n = 0;
    for (unsigned i = 0; i < n_sites; i++) {
        const Site *s = &site[i];
        if (s->blocks <= s->blocks_then && s->bytes <= s->bytes_then) continue;
        n++;
        fprintf(out, "    grew by %ld blocks, %ld bytes:\n", (long)(s->blocks - s->blocks_then),
                (long)(s->bytes - s->bytes_then));
        for (int d = 0; d < s->depth && d < 4; d++) name_frame(out, s->stack[d]);
    }
    return n;
}

/* ---- the linker's --wrap brings the library's calls here ---- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
char *__real_strdup(const char *s);
int __real_posix_memalign(void **p, size_t align, size_t size);
void __real_free(void *p);
int __real_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*f)(void *), void *arg);
int __real_pthread_mutex_init(pthread_mutex_t *m, const pthread_mutexattr_t *a);
int __real_pthread_cond_init(pthread_cond_t *c, const pthread_condattr_t *a);
void *__real_dlopen(const char *path, int flags);
void *__real_dlsym(void *library, const char *symbol);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *s);
int __wrap_posix_memalign(void **p, size_t align, size_t size);
void __wrap_free(void *p);
int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*f)(void *), void *arg);
int __wrap_pthread_mutex_init(pthread_mutex_t *m, const pthread_mutexattr_t *a);
int __wrap_pthread_cond_init(pthread_cond_t *c, const pthread_condattr_t *a);
void *__wrap_dlopen(const char *path, int flags);
void *__wrap_dlsym(void *library, const char *symbol);

void *__wrap_malloc(size_t size)
{
    return fails("malloc") ? NULL : born(__real_malloc(size), size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails("calloc") ? NULL : born(__real_calloc(n, size), n * size);
}

void *__wrap_realloc(void *p, size_t size)
{
    if (fails("realloc")) return NULL;
    const uintptr_t old = (uintptr_t)p;
    void *q = __real_realloc(p, size);
    if (q) died((void *)old);
    return born(q, size);
}

char *__wrap_strdup(const char *s)
{
    return fails("strdup") ? NULL : born(__real_strdup(s), strlen(s) + 1);
}

int __wrap_posix_memalign(void **p, size_t align, size_t size)
{
    if (fails("posix_memalign")) return ENOMEM;
    const int err = __real_posix_memalign(p, align, size);
    if (!err) born(*p, size);
    return err;
}

void __wrap_free(void *p)
{
    died(p);
    __real_free(p);
}

int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*f)(void *), void *arg)
{
    return fails("pthread_create") ? EAGAIN : __real_pthread_create(t, a, f, arg);
}

int __wrap_pthread_mutex_init(pthread_mutex_t *m, const pthread_mutexattr_t *a)
{
    return fails("pthread_mutex_init") ? ENOMEM : __real_pthread_mutex_init(m, a);
}

int __wrap_pthread_cond_init(pthread_cond_t *c, const pthread_condattr_t *a)
{
    return fails("pthread_cond_init") ? EAGAIN : __real_pthread_cond_init(c, a);
}

#ifndef NO_DL_WRAPS
void *__wrap_dlopen(const char *path, int flags)
{
    return fails("dlopen") ? NULL : __real_dlopen(path, flags);
}

void *__wrap_dlsym(void *library, const char *symbol)
{
    return fails("dlsym") ? NULL : __real_dlsym(library, symbol);
}
#endif
