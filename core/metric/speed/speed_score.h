/* Entropies and the score of a pair of planes (spec: speed 10, 11). */
#ifndef VT_METRIC_SPEED_SCORE_H
#define VT_METRIC_SPEED_SCORE_H

#include "metric/speed/speed_plane.h"

/* All of the core's scratch. */
typedef struct VtSpeedPair {
    VtSpeedWork work;
    VtSpeedStatistics ref, dis;
    float *ref_entropy, *dis_entropy;
} VtSpeedPair;

size_t vt_speed_scratch_size(const VtSpeedSetup *s);
void vt_speed_pair_init(VtSpeedPair *pair, const VtSpeedSetup *s, void *scratch);

/* Statistics of both planes. False if one is singular: then the score is 0. */
bool vt_speed_pair_run(const VtSpeedSetup *s, VtSpeedPair *pair, const VtSpeedSource *ref,
                       const VtSpeedSource *dis);

/* Score of a pair that is not singular. */
float vt_speed_pair_score(const VtSpeedSetup *s, VtSpeedPair *pair, const VtSpeedOptions *o);

#endif
