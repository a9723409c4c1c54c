#include <errno.h>
#include <string.h>

#include "input_internal.h"

static size_t row_bytes(const FrameLayout *l, unsigned p)
{
    return (size_t)l->w[p] * l->sample_bytes;
}

static int short_plane(Input *in, unsigned p, int64_t got, uint64_t wanted)
{
    if (got < 0)
        return input_fail(in, (int)got, "cannot read plane %u: %s", p, strerror((int)-got));
    return input_fail(in, -EINVAL, "the file ends inside a frame: plane %u has %lld of %llu bytes",
                      p, (long long)got, (unsigned long long)wanted);
}

/* Plane p as it is in the file, into memory of the same row length. */
static int read_plane(Input *in, unsigned p, uint8_t *to, ptrdiff_t stride, bool at_end_is_end)
{
    uint64_t wanted = (uint64_t)row_bytes(&in->layout, p) * in->layout.h[p];
    int64_t got = file_read_rows(in->fd, to, stride, row_bytes(&in->layout, p), in->layout.h[p]);

    if (got == (int64_t)wanted) return INPUT_FRAME;
    return got == 0 && at_end_is_end ? INPUT_END : short_plane(in, p, got, wanted);
}

/* The plane's samples have the picture's size and depth: they go straight into it. */
static bool is_direct(const Input *in, const VmafPicture *pic, unsigned p)
{
    const FrameLayout *l = &in->layout;

    return (p == 0 || l->chroma == CHROMA_AS_IS || l->chroma == CHROMA_AND_ALPHA) &&
           l->w[p] == pic->w[p] && l->h[p] == pic->h[p] && in->layout.format.bpc == pic->bpc;
}

static void store_row(void *dst, unsigned w, unsigned bpc, const uint8_t *src, unsigned src_bpc)
{
    unsigned shift = bpc - src_bpc;
    uint16_t *wide = dst;

    if (bpc == 8) {
        memcpy(dst, src, w);
    } else if (src_bpc == 8) {
        for (unsigned x = 0; x < w; x++) wide[x] = (uint16_t)(src[x] << shift);
    } else {
        const uint16_t *deep = (const uint16_t *)(const void *)src;
        for (unsigned x = 0; x < w; x++) wide[x] = (uint16_t)(deep[x] << shift);
    }
}

/* The top left part of a plane with rows of `pitch` bytes. */
static void store_plane(const Input *in, const VmafPicture *pic, unsigned p, const uint8_t *src,
                        size_t pitch)
{
    for (unsigned y = 0; y < pic->h[p]; y++)
        store_row((uint8_t *)pic->data[p] + (ptrdiff_t)y * pic->stride[p], pic->w[p], pic->bpc,
                  src + y * pitch, in->layout.format.bpc);
}

static void convert_plane(Input *in, const VmafPicture *pic, unsigned p)
{
    const FrameLayout *l = &in->layout;
    unsigned half_width = (in->layout.format.w + 1) / 2;

    switch (p == 0 ? CHROMA_AS_IS : l->chroma) {
    case CHROMA_411:
        chroma_from_411(in->work, half_width, in->plane, l->w[p], l->h[p]);
        store_plane(in, pic, p, in->work, half_width);
        return;
    case CHROMA_PALDV:
        chroma_from_paldv(in->plane, in->work, l->w[p], l->h[p], p == 2);
        break;
    case CHROMA_AS_IS:
    case CHROMA_AND_ALPHA:
    case CHROMA_NONE:
        break;
    }
    store_plane(in, pic, p, in->plane, row_bytes(l, p));
}

void planes_fill_grey(const VmafPicture *pic)
{
    for (unsigned p = 1; p < 3; p++) {
        for (unsigned y = 0; y < pic->h[p]; y++) {
            uint8_t *row = (uint8_t *)pic->data[p] + (ptrdiff_t)y * pic->stride[p];
            if (pic->bpc == 8)
                memset(row, 128, pic->w[p]);
            else
                for (unsigned x = 0; x < pic->w[p]; x++)
                    ((uint16_t *)(void *)row)[x] = (uint16_t)(1u << (pic->bpc - 1));
        }
    }
}

int planes_read(Input *in, const VmafPicture *pic, bool at_end_is_end)
{
    for (unsigned p = 0; p < in->layout.n_planes; p++) {
        bool is_wanted = pic && p < 3, direct = is_wanted && is_direct(in, pic, p);
        int err = direct ? read_plane(in, p, pic->data[p], pic->stride[p], at_end_is_end && p == 0)
                         : read_plane(in, p, in->plane, (ptrdiff_t)row_bytes(&in->layout, p),
                                      at_end_is_end && p == 0);
        if (err) return err;
        if (is_wanted && !direct) convert_plane(in, pic, p);
    }
    if (pic && in->layout.chroma == CHROMA_NONE) planes_fill_grey(pic);
    return INPUT_FRAME;
}
