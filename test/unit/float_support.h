/* Groups of instances of one metric over a few frames, without the engine. */
#ifndef TEST_FLOAT_SUPPORT_H
#define TEST_FLOAT_SUPPORT_H

#include "metric/metric.h"

#define SUPPORT_FRAMES 8
#define SUPPORT_MEMBERS 4

/* Values by member, output and frame. */
typedef struct Scores {
    bool has[SUPPORT_MEMBERS][VT_MAX_OUTPUTS][SUPPORT_FRAMES];
    double value[SUPPORT_MEMBERS][VT_MAX_OUTPUTS][SUPPORT_FRAMES];
} Scores;

typedef struct Clip {
    unsigned frames;
    VmafPicture ref[SUPPORT_FRAMES], dis[SUPPORT_FRAMES];
} Clip;

/* Synthetic frames. */
void clip_make(Clip *c, enum VmafPixelFormat fmt, unsigned bpc, unsigned w, unsigned h,
               unsigned frames);
/* Random samples; the distorted ones are near the reference. */
void clip_make_noise(Clip *c, unsigned bpc, unsigned w, unsigned h, unsigned frames);
void clip_free(Clip *c);

/* The error of creating an instance, of init() or of extract(), else 0. options ends with NULL; its
 * texts are like "a=1:b=true". All must share a group. The lines logged
 * meanwhile are counted in support_lines_logged. */
int clip_score(const Clip *c, const char *metric, const char *const *options, uint64_t cpumask,
               Scores *scores);

/* Are the two members' values the same bits? */
bool scores_equal(const Scores *a, unsigned member_a, const Scores *b, unsigned member_b);

extern unsigned support_lines_logged;

#endif
