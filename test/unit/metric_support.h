/* One metric on one pair of pictures, without the engine. */
#ifndef TEST_METRIC_SUPPORT_H
#define TEST_METRIC_SUPPORT_H

#include <stdint.h>

#include "metric/metric.h"

/* Instruction sets to test: cpumasks for scalar, up to AVX2, and all. */
#define METRIC_MASKS 3
extern const uint64_t metric_mask[METRIC_MASKS];

/* The error of creating the instance, of init() or of extract(), else 0. Ends with flush(), whose
 * aggregates are written to the result too. options: "a=1:b=true" or NULL. */
int metric_once(const char *name, const char *options, uint64_t cpumask, const VmafPicture *ref,
                const VmafPicture *dis, VtResult *result);

/* The same on frame t of a synthetic pair. */
int metric_synth(const char *name, const char *options, uint64_t cpumask,
                 enum VmafPixelFormat pix_fmt, unsigned bpc, unsigned w, unsigned h, unsigned t,
                 VtResult *result);

/* Every output has the same bits with every instruction set, over formats, depths and odd sizes
 * from min_w x min_h on. tolerance: relative, 0 for the same bits. */
void metric_same_everywhere(const char *name, const char *options, unsigned max_bpc, bool mono,
                            unsigned min_w, unsigned min_h, double tolerance);

#endif
