/* --scale and --convert: the formats that the videos are converted to before they are compared. */
#ifndef VMAF_TOOL_CONVERSION_H
#define VMAF_TOOL_CONVERSION_H

#include "input.h"

typedef enum {
    CONVERT_NOTHING,
    CONVERT_TO_REFERENCE,
    CONVERT_TO_DISTORTED,
    CONVERT_TO_GIVEN,
} ConvertTo;

typedef struct Conversion {
    ConvertTo scale, convert; /* size; pixel format */
    ScaleFilter filter;
    InputFormat given; /* what CONVERT_TO_GIVEN means */
} Conversion;

/* "WxH", "ref" or "dis", and ":FILTER". -EINVAL if it is none of these. */
int conversion_parse_scale(Conversion *c, const char *text);

/* "420", "422" or "444" with "p9" to "p16" for more than 8 bits, "ref" or "dis". Results as above.
 */
int conversion_parse_format(Conversion *c, const char *text);

/* Whether the reference depends on the distorted video. */
bool conversion_needs_distorted(const Conversion *c);

/* What a video of one's own format becomes between a reference and a distorted video. */
InputFormat conversion_target(const Conversion *c, const InputFormat *own, const InputFormat *ref,
                              const InputFormat *dis);

#endif
