/* How a score is written as text (spec: cli-and-output 5), and the names beside it. */
#ifndef VT_OUTPUT_NUMBER_H
#define VT_OUTPUT_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

/* Enough for any double with any precision: sign, 309 digits, point, 17 decimals, zero byte. */
#define VT_NUMBER_SIZE 344

bool vt_precision_valid(int precision);

/* precision: enum VmafTurboPrecision or 0..17 decimals. The calling thread must be in the "C"
 * locale. Infinities and NaN come out as C prints them. */
void vt_number_format(char out[VT_NUMBER_SIZE], double x, int precision);

#endif
