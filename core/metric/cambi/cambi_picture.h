/* From a picture to its CAMBI score (spec: cambi 4). */
#ifndef VT_METRIC_CAMBI_PICTURE_H
#define VT_METRIC_CAMBI_PICTURE_H

#include "metric/cambi/cambi_setup.h"

size_t vt_cambi_scratch_size(const VtCambiSetup *s);

/* Luma of pic at the size of side, which is s->dis or s->ref; heat maps are written for s->dis.
 * -EINVAL for samples beyond the depth, or a file's error, with one log line. */
int vt_cambi_score(const VtCambiSetup *s, const VtCambiSide *side, const VmafPicture *pic,
                   unsigned frame, void *scratch, const VtLog *log, double *score);

#endif
