/* From one plane to its band-pass image, its statistics, and the solution of the linear system
 * (spec: speed 4 to 9, and S of 10). */
#ifndef VT_METRIC_SPEED_PLANE_H
#define VT_METRIC_SPEED_PLANE_H

#include "base/mem.h"
#include "metric/speed/speed_setup.h"

/* Samples of a plane, less those of `minus` if that is not NULL; both of s->w x s->h. */
typedef struct VtSpeedSource {
    const void *data, *minus;
    ptrdiff_t stride, minus_stride; /* in bytes */
} VtSpeedSource;

/* What the score of a pair needs of each plane. */
typedef struct VtSpeedStatistics {
    bool singular;            /* then the rest is not set */
    float lambda[VT_SPEED_N]; /* eigenvalues, in the order the iteration leaves them */
    float *variance;          /* S of every block, padded_blocks of them */
} VtSpeedStatistics;

/* Scratch of vt_speed_plane. */
typedef struct VtSpeedWork {
    float *row;                   /* vertical filter's output */
    float *scaled;                /* a resampled row */
    float *cache;                 /* source rows for resampling */
    float *image, *mean, *column; /* operating size; rows of image_stride */
    size_t image_stride;
    double *centred;
    float *y, *x;
} VtSpeedWork;

/* Cuts the scratch from c (see vt_carve). */
void vt_speed_carve(VtSpeedWork *work, const VtSpeedSetup *s, VtCarve *c);

void vt_speed_plane(const VtSpeedSetup *s, const VtSpeedSource *source, VtSpeedWork *work,
                    VtSpeedStatistics *out);

/* Eigenvalues of the symmetric matrix in the lower and upper half of a (rows of VT_SPEED_ROW),
 * which is destroyed (spec: speed 8). */
void vt_speed_eigenvalues(float *a, float *lambda);

#endif
