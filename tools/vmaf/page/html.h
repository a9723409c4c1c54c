/* Pieces of the page that need care: text from outside, pictures. */
#ifndef VMAF_TOOL_PAGE_HTML_H
#define VMAF_TOOL_PAGE_HTML_H

#include <stdint.h>
#include <stdio.h>

/* Text as it is to be read: &, <, >, quotes and control characters escaped, bytes that are not
 * UTF-8 replaced. */
void html_text(FILE *to, const char *text);

/* A string of JSON for a script element: nothing in it can end the element. */
void html_json_string(FILE *to, const char *text);

/* A number of JSON: null for infinities and NaN; seven significant digits. */
void html_json_number(FILE *to, double x);

/* An RGB picture as a data: URL of a PNG. 0 or -ENOMEM; then nothing was written. */
int html_png(FILE *to, const uint8_t *rgb, unsigned w, unsigned h);

#endif
