#include "conversion.h"

#include <errno.h>
#include <string.h>

static bool parse_side(ConvertTo *to, const char *text, size_t length)
{
    if (length != 3) return false;
    if (!strncmp(text, "ref", length))
        *to = CONVERT_TO_REFERENCE;
    else if (!strncmp(text, "dis", length))
        *to = CONVERT_TO_DISTORTED;
    else
        return false;
    return true;
}

static int parse_filter(ScaleFilter *filter, const char *name)
{
    static const char *const names[] = {
        [SCALE_BICUBIC] = "bicubic", [SCALE_BILINEAR] = "bilinear", [SCALE_LANCZOS] = "lanczos",
        [SCALE_SPLINE] = "spline",   [SCALE_AREA] = "area",         [SCALE_POINT] = "point",
    };

    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(name, names[i])) continue;
        *filter = (ScaleFilter)i;
        return 0;
    }
    return -EINVAL;
}

/* Digits up to `end`. */
static int parse_dimension(unsigned *out, const char *text, const char *end)
{
    unsigned value = 0;

    if (text == end) return -EINVAL;
    for (; text < end; text++) {
        if (*text < '0' || *text > '9') return -EINVAL;
        value = value * 10 + (unsigned)(*text - '0');
        if (value > MAX_DIMENSION) return -EINVAL;
    }
    *out = value;
    return value ? 0 : -EINVAL;
}

int conversion_parse_scale(Conversion *c, const char *text)
{
    const char *end = text + strcspn(text, ":"), *x = memchr(text, 'x', (size_t)(end - text));

    c->filter = SCALE_BICUBIC;
    if (*end && parse_filter(&c->filter, end + 1)) return -EINVAL;
    if (parse_side(&c->scale, text, (size_t)(end - text))) return 0;
    c->scale = CONVERT_TO_GIVEN;
    if (!x || parse_dimension(&c->given.w, text, x)) return -EINVAL;
    return parse_dimension(&c->given.h, x + 1, end);
}

int conversion_parse_format(Conversion *c, const char *text)
{
    static const struct {
        const char *name;
        enum VmafPixelFormat pix_fmt;
    } layouts[] = {{"420", VMAF_PIX_FMT_YUV420P},
                   {"422", VMAF_PIX_FMT_YUV422P},
                   {"444", VMAF_PIX_FMT_YUV444P}};

    if (parse_side(&c->convert, text, strlen(text))) return 0;
    c->convert = CONVERT_TO_GIVEN;
    for (unsigned i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
        if (strncmp(text, layouts[i].name, 3)) continue;
        c->given.pix_fmt = layouts[i].pix_fmt;
        c->given.bpc = 8;
        if (!text[3]) return 0;
        if (text[3] != 'p' || parse_dimension(&c->given.bpc, text + 4, text + strlen(text)))
            return -EINVAL;
        return c->given.bpc >= 8 && c->given.bpc <= 16 ? 0 : -EINVAL;
    }
    return -EINVAL;
}

bool conversion_needs_distorted(const Conversion *c)
{
    return c->scale == CONVERT_TO_DISTORTED || c->convert == CONVERT_TO_DISTORTED;
}

static const InputFormat *choose(ConvertTo to, const Conversion *c, const InputFormat *own,
                                 const InputFormat *ref, const InputFormat *dis)
{
    switch (to) {
    case CONVERT_TO_REFERENCE:
        return ref;
    case CONVERT_TO_DISTORTED:
        return dis;
    case CONVERT_TO_GIVEN:
        return &c->given;
    case CONVERT_NOTHING:
        break;
    }
    return own;
}

InputFormat conversion_target(const Conversion *c, const InputFormat *own, const InputFormat *ref,
                              const InputFormat *dis)
{
    const InputFormat *size = choose(c->scale, c, own, ref, dis);
    const InputFormat *format = choose(c->convert, c, own, ref, dis);

    return (InputFormat){
        .w = size->w, .h = size->h, .bpc = format->bpc, .pix_fmt = format->pix_fmt};
}
