/* Runs one metric alone, without the engine, over a synthetic clip and compares every value with
 * the expected figures of golden/NAME.json. */
#ifndef TEST_EXPECT_H
#define TEST_EXPECT_H

#include <stdint.h>

/* clip_and_group: for example "synth_320x180_420_8b.debug"; options: "debug=true:x=1" or NULL;
 * cpumask: 0 for all instruction sets, ~0 for scalar. Fails the cmocka test when a value is off by
 * more than tolerance or is missing. Returns how many figures were compared (never 0: that fails
 * too). */
unsigned expect_metric(const char *clip_and_group, const char *metric, const char *options,
                       uint64_t cpumask, double tolerance);

#endif
