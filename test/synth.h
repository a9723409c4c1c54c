/* Clips defined by a formula: the same integers everywhere (the golden set's README states the
 * formula). */
#ifndef TEST_SYNTH_H
#define TEST_SYNTH_H

#include "libvmaf/picture.h"

/* Allocates and fills frame t of the synthetic pair. 0 or a negative errno. */
int synth_pair(VmafPicture *ref, VmafPicture *dis, enum VmafPixelFormat fmt, unsigned bpc,
               unsigned w, unsigned h, unsigned t);

#endif
