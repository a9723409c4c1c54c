#include "synth.h"

#include <stdint.h>

static uint32_t hash(uint32_t n)
{
    n ^= n >> 16;
    n *= 0x7feb352du;
    n ^= n >> 15;
    n *= 0x846ca68bu;
    return n ^ n >> 16;
}

static unsigned wave(unsigned a)
{
    a %= 256;
    return a < 128 ? a : 255 - a;
}

/* What both sides share, before grain. */
static unsigned flat(unsigned x, unsigned y, unsigned t, unsigned p)
{
    const unsigned base =
        16 + wave(3 * x + 5 * t + 40 * p) * 3 / 4 + wave(2 * y + 251 * t + 17 * p) / 2;
    return base + (((x + 2 * t) / 24 + y / 16) % 3 == 0 ? 40 : 0);
}

static unsigned min255(unsigned v)
{
    return v < 255 ? v : 255;
}

static unsigned sample(int distorted, unsigned x, unsigned y, unsigned t, unsigned p, unsigned w)
{
    const uint32_t i = x + y * 8192u + t * 67108864u + p * 16777619u;
    if (!distorted) return min255(flat(x, y, t, p) + hash(i) % 13);
    const unsigned left = flat(x ? x - 1 : 0, y, t, p);
    const unsigned right = flat(x + 1 < w ? x + 1 : w - 1, y, t, p);
    return min255((left + 2 * flat(x, y, t, p) + right + 2) / 4 / 6 * 6 + hash(7 + i) % 5);
}

static void fill(VmafPicture *pic, int distorted, unsigned full_w, unsigned t)
{
    const unsigned extra = pic->bpc - 8;
    for (unsigned p = 0; p < 3 && pic->data[p]; p++) {
        /* The formula's chroma planes round up; the picture keeps their top left part. */
        const unsigned w = p && pic->w[p] != full_w ? (full_w + 1) / 2 : full_w;
        for (unsigned y = 0; y < pic->h[p]; y++) {
            uint8_t *row = (uint8_t *)pic->data[p] + y * pic->stride[p];
            for (unsigned x = 0; x < pic->w[p]; x++) {
                const unsigned v = sample(distorted, x, y, t, p, w);
                const uint32_t i = x + y * 8192u + t * 67108864u + p * 16777619u;
                if (extra)
                    ((uint16_t *)row)[x] = (uint16_t)((v << extra) + hash(99 + i) % (1u << extra));
                else
                    row[x] = (uint8_t)v;
            }
        }
    }
}

int synth_pair(VmafPicture *ref, VmafPicture *dis, enum VmafPixelFormat fmt, unsigned bpc,
               unsigned w, unsigned h, unsigned t)
{
    int err = vmaf_picture_alloc(ref, fmt, bpc, w, h);
    if (err) return err;
    err = vmaf_picture_alloc(dis, fmt, bpc, w, h);
    if (err) {
        vmaf_picture_unref(ref);
        return err;
    }
    fill(ref, 0, w, t);
    fill(dis, 1, w, t);
    return 0;
}
