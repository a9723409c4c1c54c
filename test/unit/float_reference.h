/* Floating-point VIF, ADM and motion once more, on whole planes and straight from the formulas
 * (spec: float 2 to 4), to check the streaming ones against. */
#ifndef TEST_FLOAT_REFERENCE_H
#define TEST_FLOAT_REFERENCE_H

#include <stdbool.h>

#include "libvmaf/picture.h"

typedef struct FloatPlane {
    unsigned w, h;
    float *v;
} FloatPlane;

FloatPlane float_plane(const VmafPicture *pic, unsigned plane);
FloatPlane float_plane_new(unsigned w, unsigned h);
void float_plane_free(FloatPlane *p);

typedef struct ReferenceVif {
    double kernel_scale, noise;
    float gain_limit;
    bool skip_scale0;
    float num[4], den[4]; /* results */
} ReferenceVif;

void reference_vif(const FloatPlane *ref, const FloatPlane *dis, ReferenceVif *v);

typedef struct ReferenceAdm {
    float factor1[4], factor2[4], p;
    double gain_limit, noise_weight;
    bool bypass_masking, skip_scale0;
    float num[4], den[4], aim[4]; /* results */
} ReferenceAdm;

void reference_adm(const FloatPlane *ref, const FloatPlane *dis, ReferenceAdm *a);

/* taps: 1, 3 or 5. */
float reference_motion(const FloatPlane *earlier, const FloatPlane *current, int taps);

#endif
