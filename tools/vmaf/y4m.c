/* YUV4MPEG2 headers (spec: cli-and-output 3.3). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "input_internal.h"
#include "message.h"

#define MAX_HEADER 4096
#define FRAME_MAGIC "FRAME"
#define MAX_FRAME_PARAMETERS 79

/* Reads up to a newline, which becomes the zero byte; the first bytes were read already. One byte
 * at a time: what follows is frame data. */
static int read_line(Input *in, char *line, size_t size)
{
    memcpy(line, in->head, in->head_bytes);
    for (size_t i = in->head_bytes; i < size; i++) {
        int64_t n = file_read(in->fd, line + i, 1);
        if (n < 0) return input_fail(in, (int)n, "cannot read the header: %s", strerror((int)-n));
        if (n == 0) return input_fail(in, -EINVAL, "the file ends inside the Y4M header");
        if (line[i] == '\n') {
            line[i] = '\0';
            return 0;
        }
    }
    return input_fail(in, -EINVAL, "the Y4M header is longer than %zu bytes", size);
}

static int parse_dimension(Input *in, unsigned *out, const char *tag)
{
    char *end;
    long value = strtol(tag + 1, &end, 10);

    if (end == tag + 1) return input_fail(in, -EINVAL, "malformed Y4M tag \"%.32s\"", tag);
    if (value < 1 || value > MAX_DIMENSION)
        return input_fail(in, -EINVAL, "%s of %ld in the Y4M header is out of range (1 to %d)",
                          tag[0] == 'W' ? "width" : "height", value, MAX_DIMENSION);
    *out = (unsigned)value;
    return 0;
}

/* "n:d"; values that make no rate count as unknown. */
static int parse_ratio(Input *in, unsigned *num, unsigned *den, const char *tag)
{
    char *end;
    long n = strtol(tag + 1, &end, 10);
    const char *second = end + 1;

    if (end != tag + 1 && *end == ':') {
        long d = strtol(second, &end, 10);
        if (end != second) {
            bool is_rate = n > 0 && d > 0 && n <= INT32_MAX && d <= INT32_MAX;
            *num = is_rate ? (unsigned)n : 0;
            *den = is_rate ? (unsigned)d : 0;
            return 0;
        }
    }
    return input_fail(in, -EINVAL, "malformed Y4M tag \"%.32s\" (expected n:d)", tag);
}

static int parse_interlacing(Input *in, const char *tag)
{
    if (tag[1] == 'p') return 0;
    if (tag[1] != '?')
        return input_fail(in, -EINVAL, "interlaced video (Y4M tag \"%.32s\") is not supported",
                          tag);
    message("%s: unknown interlacing, taken as progressive", in->path);
    return 0;
}

/* Depth from "9" to "16" as written after a deep layout's name; 0 if it is none of them. */
static unsigned parse_depth(const char *text)
{
    static const char *const depths[] = {"9", "10", "11", "12", "13", "14", "15", "16"};

    for (unsigned i = 0; i < sizeof(depths) / sizeof(depths[0]); i++)
        if (!strcmp(text, depths[i])) return 9 + i;
    return 0;
}

/* Where mjpegtools has the chroma samples of these. */
static bool is_centred(const char *name)
{
    return !strcmp(name, "420") || !strcmp(name, "420jpeg") || !strcmp(name, "420paldv");
}

static int parse_colour(Input *in, Y4mHeader *header, const char *tag)
{
    static const struct {
        const char *name;
        enum VmafPixelFormat pix_fmt;
        FileChroma chroma;
        bool deep; /* a depth follows the name */
    } layouts[] = {
        {"420", VMAF_PIX_FMT_YUV420P, CHROMA_AS_IS, false},
        {"420jpeg", VMAF_PIX_FMT_YUV420P, CHROMA_AS_IS, false},
        {"420mpeg2", VMAF_PIX_FMT_YUV420P, CHROMA_AS_IS, false},
        {"420paldv", VMAF_PIX_FMT_YUV420P, CHROMA_PALDV, false},
        {"411", VMAF_PIX_FMT_YUV422P, CHROMA_411, false},
        {"422", VMAF_PIX_FMT_YUV422P, CHROMA_AS_IS, false},
        {"444", VMAF_PIX_FMT_YUV444P, CHROMA_AS_IS, false},
        {"444alpha", VMAF_PIX_FMT_YUV444P, CHROMA_AND_ALPHA, false},
        {"mono", VMAF_PIX_FMT_YUV420P, CHROMA_NONE, false},
        {"420p", VMAF_PIX_FMT_YUV420P, CHROMA_AS_IS, true},
        {"422p", VMAF_PIX_FMT_YUV422P, CHROMA_AS_IS, true},
        {"444p", VMAF_PIX_FMT_YUV444P, CHROMA_AS_IS, true},
        {"mono", VMAF_PIX_FMT_YUV420P, CHROMA_NONE, true},
    };
    const char *name = tag + 1;

    for (unsigned i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
        size_t length = strlen(layouts[i].name);
        if (strncmp(name, layouts[i].name, length)) continue;
        unsigned bpc = layouts[i].deep ? parse_depth(name + length) : name[length] ? 0 : 8;
        if (!bpc) continue;
        header->format.pix_fmt = layouts[i].pix_fmt;
        header->format.bpc = bpc;
        header->chroma = layouts[i].chroma;
        header->is_centred = is_centred(name);
        return 0;
    }
    return input_fail(in, -EINVAL, "unsupported Y4M colour format \"%.32s\"", name);
}

static int parse_tag(Input *in, Y4mHeader *header, const char *tag)
{
    unsigned aspect_num, aspect_den;

    switch (tag[0]) {
    case 'W':
        return parse_dimension(in, &header->format.w, tag);
    case 'H':
        return parse_dimension(in, &header->format.h, tag);
    case 'F':
        header->has_rate = true;
        return parse_ratio(in, &header->fps_num, &header->fps_den, tag);
    case 'I':
        header->has_interlacing = true;
        return parse_interlacing(in, tag);
    case 'A':
        return parse_ratio(in, &aspect_num, &aspect_den, tag);
    case 'C':
        return parse_colour(in, header, tag);
    default:
        return 0;
    }
}

static int check_required(Input *in, const Y4mHeader *header)
{
    const char *missing = !header->format.w ? "W" : !header->format.h ? "H" : "F";

    if (!header->format.w || !header->format.h || !header->has_rate)
        return input_fail(in, -EINVAL, "the Y4M header has no %s tag", missing);
    if (!header->has_interlacing) return parse_interlacing(in, "I?");
    return 0;
}

int y4m_read_header(Input *in, Y4mHeader *header)
{
    char line[MAX_HEADER], *rest = line, *tag;
    int err = read_line(in, line, sizeof(line));

    if (err) return err;
    if (line[strlen(Y4M_MAGIC)] != '2') message("%s: unknown version of Y4M", in->path);

    *header =
        (Y4mHeader){.format = {.bpc = 8, .pix_fmt = VMAF_PIX_FMT_YUV420P}, .is_centred = true};
    strsep(&rest, " ");
    while (!err && (tag = strsep(&rest, " "))) err = parse_tag(in, header, tag);
    return err ? err : check_required(in, header);
}

/* "FRAME", then a newline, or parameters up to one. Fewer than six bytes are the end of the video.
 */
int y4m_read_frame_header(Input *in)
{
    char bytes[sizeof(FRAME_MAGIC)];
    int64_t n = file_read(in->fd, bytes, sizeof(bytes));

    if (n < 0) return input_fail(in, (int)n, "cannot read a frame header: %s", strerror((int)-n));
    if (n < (int64_t)sizeof(bytes)) return INPUT_END;
    if (memcmp(bytes, FRAME_MAGIC, strlen(FRAME_MAGIC)))
        return input_fail(in, -EINVAL, "lost framing: no %s where a frame should begin",
                          FRAME_MAGIC);
    char last = bytes[strlen(FRAME_MAGIC)];
    for (unsigned i = 0; last != '\n'; i++) {
        if (i == MAX_FRAME_PARAMETERS || file_read(in->fd, &last, 1) != 1)
            return input_fail(in, -EINVAL, "bad Y4M frame header");
    }
    return INPUT_FRAME;
}
