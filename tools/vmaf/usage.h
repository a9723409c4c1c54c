#ifndef VMAF_TOOL_USAGE_H
#define VMAF_TOOL_USAGE_H

#include <stdio.h>

void usage(FILE *to);

#endif
