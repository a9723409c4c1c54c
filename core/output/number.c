#include "output/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "libvmaf/turbo.h"

#define MAX_DECIMALS 17

bool vt_precision_valid(int precision)
{
    return precision == VMAF_TURBO_PRECISION_DEFAULT || precision == VMAF_TURBO_PRECISION_MAX ||
           (precision >= 0 && precision <= MAX_DECIMALS);
}

/* libvmaf's rule: 6 decimals, or 16 where the fraction f starts with more than five zeros. c counts
 * how often f must be multiplied by ten to reach 1, in doubles as libvmaf does (spec:
 * cli-and-output 5). */
static int default_decimals(double x)
{
    double magnitude = fabs(x);
    int c = 0;

    if (magnitude < 2147483648.0)
        for (double f = magnitude - trunc(magnitude); f < 1.0 && f != 0.0; f *= 10.0) c++;
    return c <= 6 ? 6 : 16;
}

static void format_shortest(char *out, double x)
{
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(out, VT_NUMBER_SIZE, "%.*g", digits, x);
        if (strtod(out, NULL) == x) return;
    }
}

void vt_number_format(char out[VT_NUMBER_SIZE], double x, int precision)
{
    if (precision == VMAF_TURBO_PRECISION_MAX)
        format_shortest(out, x);
    else if (precision == VMAF_TURBO_PRECISION_DEFAULT)
        snprintf(out, VT_NUMBER_SIZE, "%.*f", default_decimals(x), x);
    else
        snprintf(out, VT_NUMBER_SIZE, "%.*f", precision, x);
}
