#include "progress.h"

#include <stdio.h>
#include <time.h>

#define INTERVAL 0.1 /* seconds */
#define CLEAR_TO_END_OF_LINE "\033[K"

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void draw_time_left(double seconds)
{
    unsigned long s = (unsigned long)(seconds + 0.5);

    if (s >= 3600)
        fprintf(stderr, ", %lu:%02lu:%02lu left", s / 3600, s / 60 % 60, s % 60);
    else
        fprintf(stderr, ", %lu:%02lu left", s / 60, s % 60);
}

static void draw(Progress *p, unsigned frames, double time)
{
    static const char spinner[] = "|/-\\";
    double elapsed = time - p->start, rate = elapsed > 0 ? frames / elapsed : 0;

    fprintf(stderr, "\r%u frame%s %c %.2f FPS", frames, frames > 1 ? "s" : " ",
            spinner[p->turn++ % 4], rate);
    if (rate > 0 && p->total > frames) draw_time_left((double)(p->total - frames) / rate);
    fputs(CLEAR_TO_END_OF_LINE, stderr);
    fflush(stderr);
    p->last = time;
    p->drawn = p->on_line = true;
}

void progress_start(Progress *p, bool enabled, uint64_t total)
{
    *p = (Progress){.enabled = enabled, .on_line = true, .total = total, .start = now()};
}

void progress_update(Progress *p, unsigned frames)
{
    if (!p->enabled) return;
    double time = now();
    if (!p->drawn || time - p->last >= INTERVAL) draw(p, frames, time);
}

void progress_break(Progress *p, unsigned frames)
{
    if (!p->enabled || !p->on_line) return;
    if (frames) draw(p, frames, now());
    fputc('\n', stderr);
    p->on_line = p->drawn = false;
}

void progress_end(Progress *p, unsigned frames)
{
    progress_break(p, frames);
    p->enabled = false;
}
