/* vmaf --bench: how fast scoring is apart from reading. */
#ifndef VMAF_TOOL_BENCHMARK_H
#define VMAF_TOOL_BENCHMARK_H

#include "session.h"

/* Reads a few pairs, then scores options->bench pairs from memory: from host memory, and from the
 * GPU's if there is one. Prints a line for each; returns the exit status. */
int benchmark(const Options *o, const Backend *backend, Input *reference, Session *s);

#endif
