#include "page/html.h"

#include <errno.h>
#include <math.h>
#include <png.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* ---- text ---- */

/* Length of the well-formed UTF-8 character at s, 0 if there is none. */
static unsigned utf8_length(const unsigned char *s)
{
    const unsigned length = s[0] < 0x80                   ? 1
                            : s[0] >= 0xc2 && s[0] < 0xe0 ? 2
                            : s[0] >= 0xe0 && s[0] < 0xf0 ? 3
                            : s[0] >= 0xf0 && s[0] < 0xf5 ? 4
                                                          : 0;
    for (unsigned i = 1; i < length; i++)
        if ((s[i] & 0xc0) != 0x80) return 0;
    /* overlong forms, surrogates, beyond U+10FFFF */
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
        (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return length;
}

static bool needs_escape(unsigned char c)
{
    return c < ' ' || c == 0x7f || strchr("<>&\"'\\", c) != NULL;
}

/* Writes each character through one of the formats: escaped (its number) or as it is. */
static void write_text(FILE *to, const char *text, const char *escaped)
{
    const unsigned char *s = (const unsigned char *)text;

    while (*s) {
        const unsigned length = utf8_length(s);
        if (!length)
            fputs("\xef\xbf\xbd", to); /* U+FFFD */
        else if (length == 1 && needs_escape(*s))
            fprintf(to, escaped, (unsigned)*s);
        else
            fwrite(s, 1, length, to);
        s += length ? length : 1;
    }
}

void html_text(FILE *to, const char *text)
{
    write_text(to, text, "&#%u;");
}

void html_json_string(FILE *to, const char *text)
{
    fputc('"', to);
    write_text(to, text, "\\u%04x");
    fputc('"', to);
}

void html_json_number(FILE *to, double x)
{
    if (isfinite(x))
        fprintf(to, "%.7g", x);
    else
        fputs("null", to);
}

/* ---- pictures ---- */

static void write_base64(FILE *to, const uint8_t *data, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < size; i += 3) {
        const unsigned left = size - i < 3 ? (unsigned)(size - i) : 3;
        const uint32_t v = (uint32_t)data[i] << 16 | (left > 1 ? (uint32_t)data[i + 1] << 8 : 0) |
                           (left > 2 ? data[i + 2] : 0);
        fputc(digits[v >> 18], to);
        fputc(digits[v >> 12 & 63], to);
        fputc(left > 1 ? digits[v >> 6 & 63] : '=', to);
        fputc(left > 2 ? digits[v & 63] : '=', to);
    }
}

int html_png(FILE *to, const uint8_t *rgb, unsigned w, unsigned h)
{
    png_image image = {
        .version = PNG_IMAGE_VERSION, .width = w, .height = h, .format = PNG_FORMAT_RGB};
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
    uint8_t *data = malloc(size);

    if (!data) return -ENOMEM;
    const bool done = png_image_write_to_memory(&image, data, &size, 0, rgb, 0, NULL);
    if (done) {
        fputs("data:image/png;base64,", to);
        write_base64(to, data, size);
    }
    free(data);
    return done ? 0 : -ENOMEM;
}
