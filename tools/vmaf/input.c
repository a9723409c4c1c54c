#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "input_internal.h"
#include "libav/libav.h"

/* A frame larger than this must be in the file before memory is set aside for it. */
#define TRUSTED_FRAME_BYTES (UINT64_C(256) << 20)
#define Y4M_FRAME_HEADER_BYTES 6

int input_fail(Input *in, int code, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(in->error, sizeof(in->error), fmt, args);
    va_end(args);
    /* Texts from the file may hold anything, such as a terminal's control sequences. */
    for (char *c = in->error; *c; c++)
        if (*c < ' ' || *c > '~') *c = '?';
    return code;
}

static unsigned chroma_width(unsigned w, enum VmafPixelFormat pix_fmt, FileChroma chroma)
{
    if (chroma == CHROMA_411) return (w + 3) / 4;
    return pix_fmt == VMAF_PIX_FMT_YUV444P ? w : (w + 1) / 2;
}

static void set_layout(Input *in, FileChroma chroma)
{
    const InputFormat *f = &in->format;
    FrameLayout *l = &in->layout;

    l->format = in->format;
    l->chroma = chroma;
    l->n_planes = chroma == CHROMA_NONE ? 1 : chroma == CHROMA_AND_ALPHA ? 4 : 3;
    l->sample_bytes = f->bpc > 8 ? 2 : 1;
    for (unsigned p = 0; p < l->n_planes; p++) {
        bool is_chroma = p == 1 || p == 2;
        l->w[p] = is_chroma ? chroma_width(f->w, f->pix_fmt, chroma) : f->w;
        l->h[p] = is_chroma && f->pix_fmt == VMAF_PIX_FMT_YUV420P ? (f->h + 1) / 2 : f->h;
        l->frame_bytes += (uint64_t)l->w[p] * l->h[p] * l->sample_bytes;
    }
}

/* Frames left in a regular file, if frame headers carry no parameters: for the time left. */
static int count_frames(Input *in)
{
    uint64_t frame_bytes = in->layout.frame_bytes + (in->y4m ? Y4M_FRAME_HEADER_BYTES : 0);
    struct stat st;

    if (fstat(in->fd, &st)) return input_fail(in, -errno, "cannot stat: %s", strerror(errno));
    off_t at = lseek(in->fd, 0, SEEK_CUR);
    bool is_known = S_ISREG(st.st_mode) && at >= 0 && st.st_size >= at;
    if (is_known) in->frames = (uint64_t)(st.st_size - at) / frame_bytes;
    if (in->layout.frame_bytes > TRUSTED_FRAME_BYTES && is_known && !in->frames)
        return input_fail(in, -EINVAL, "the file holds no complete frame of %ux%u", in->format.w,
                          in->format.h);
    return 0;
}

/* Room for planes that cannot be read straight into a picture. */
static int allocate_planes(Input *in)
{
    const FrameLayout *l = &in->layout;
    uint64_t size = (uint64_t)l->w[0] * l->h[0] * l->sample_bytes;
    bool converts = l->chroma == CHROMA_411 || l->chroma == CHROMA_PALDV;

    if (size > SIZE_MAX) return input_fail(in, -ENOMEM, "pictures are too large");
    in->plane = malloc((size_t)size);
    in->work = converts ? malloc((size_t)size) : NULL;
    if (!in->plane || (converts && !in->work)) return input_fail(in, -ENOMEM, "out of memory");
    return 0;
}

static int open_file(Input *in)
{
    struct stat st;

    in->fd = open(in->path, O_RDONLY | O_CLOEXEC);
    if (in->fd < 0) return input_fail(in, -errno, "cannot open: %s", strerror(errno));
    if (!fstat(in->fd, &st) && S_ISDIR(st.st_mode))
        return input_fail(in, -EISDIR, "cannot open: %s", strerror(EISDIR));
    posix_fadvise(in->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    return 0;
}

static int read_y4m_format(Input *in, FileChroma *chroma)
{
    Y4mHeader header;
    int err = y4m_read_header(in, &header);

    if (err) return err;
    in->format = header.format;
    in->fps_num = header.fps_num;
    in->fps_den = header.fps_den;
    in->layout.is_centred = header.is_centred;
    *chroma = header.chroma;
    return 0;
}

static int check_raw_format(Input *in, const InputFormat *raw, FileChroma *chroma)
{
    in->format = *raw;
    if (!raw->w || !raw->h || raw->w > MAX_DIMENSION || raw->h > MAX_DIMENSION)
        return input_fail(in, -EINVAL, "%ux%u is out of range (1 to %d)", raw->w, raw->h,
                          MAX_DIMENSION);
    *chroma = raw->pix_fmt == VMAF_PIX_FMT_YUV400P ? CHROMA_NONE : CHROMA_AS_IS;
    if (*chroma == CHROMA_NONE) in->format.pix_fmt = VMAF_PIX_FMT_YUV420P;
    return 0;
}

/* A shorter file with Y4M's first bytes is one that breaks off. */
static int read_head(Input *in)
{
    int64_t n = file_read(in->fd, in->head, sizeof(in->head));

    if (n < 0) return input_fail(in, (int)n, "cannot read: %s", strerror((int)-n));
    in->head_bytes = (unsigned)n;
    in->y4m = !memcmp(in->head, Y4M_MAGIC, in->head_bytes);
    return 0;
}

static int open_planes(Input *in, const InputFormat *raw)
{
    FileChroma chroma = CHROMA_AS_IS;
    int err = raw ? check_raw_format(in, raw, &chroma) : read_y4m_format(in, &chroma);

    if (err) return err;
    set_layout(in, chroma);
    err = count_frames(in);
    return err ? err : allocate_planes(in);
}

int input_open(Input *in, const char *path, const InputOptions *options)
{
    *in = (Input){.path = path, .fd = -1, .time = NAN, .traits.start = NAN};
    int err = open_file(in);
    if (!err && !options->raw) err = read_head(in);
    if (err) return err;
    return options->raw || in->y4m ? open_planes(in, options->raw)
                                   : lav_open(in, options->decode_threads);
}

bool input_same_format(const InputFormat *a, const InputFormat *b)
{
    return a->w == b->w && a->h == b->h && a->bpc == b->bpc && a->pix_fmt == b->pix_fmt;
}

int input_convert(Input *in, const InputFormat *to, ScaleFilter filter)
{
    return input_same_format(&in->format, to) ? 0 : lav_convert(in, to, filter);
}

int input_start(Input *in, const InputOptions *options)
{
    return options->decode_threads ? lav_start(in) : 0;
}

bool input_complaint(Input *in, char *text, size_t size)
{
    return lav_complaint(in, text, size);
}

bool input_lends(const Input *in, unsigned bpc)
{
    return lav_lends(in, bpc);
}

void input_close(Input *in)
{
    lav_close(in);
    if (in->path && in->fd >= 0) close(in->fd);
    free(in->plane);
    free(in->work);
    *in = (Input){.fd = -1};
}

int input_read(Input *in, const VmafPicture *pic)
{
    return lav_is_used(in) ? lav_read(in, pic) : input_read_planes(in, pic);
}

int input_picture(Input *in, VmafContext *vmaf, unsigned bpc, VmafPicture *pic)
{
    if (lav_is_used(in)) return lav_picture(in, vmaf, bpc, pic);
    VmafPicture p = {0};
    int err = vmaf_fetch_preallocated_picture(vmaf, &p);
    if (err) return input_fail(in, err, "cannot get a picture: %s", strerror(-err));
    int result = input_read(in, &p);
    if (result == INPUT_FRAME)
        *pic = p;
    else
        vmaf_picture_unref(&p);
    return result;
}

int input_read_planes(Input *in, const VmafPicture *pic)
{
    if (!in->y4m) return planes_read(in, pic, true);
    int result = y4m_read_frame_header(in);
    return result == INPUT_FRAME ? planes_read(in, pic, false) : result;
}
