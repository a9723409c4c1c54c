/* Small versions of a pair of pictures and of their difference, made by averaging boxes. */
#ifndef VMAF_TOOL_PAGE_THUMBNAIL_H
#define VMAF_TOOL_PAGE_THUMBNAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "libvmaf/picture.h"

#define THUMBNAIL_MAX_W 384
#define THUMBNAIL_MAX_H 288

/* What all thumbnails of a video have in common, and room to make one. */
typedef struct ThumbnailMaker {
    unsigned w, h;    /* of the pictures */
    unsigned tw, th;  /* of the thumbnails: an integer fraction */
    uint32_t *sums;   /* of the columns of a row of boxes */
    unsigned *column; /* where its boxes begin */
} ThumbnailMaker;

/* tw x th each: Y, Cb, Cr of the reference and of the distorted picture as 8 bits, and the mean
 * absolute difference of luma in 1/256 of an 8-bit step. */
typedef struct Thumbnail {
    uint8_t *plane[2][3];
    uint16_t *difference;
    uint8_t *block; /* owns all of it */
} Thumbnail;

/* -ENOMEM. */
int thumbnail_maker_init(ThumbnailMaker *m, unsigned w, unsigned h);
void thumbnail_maker_free(ThumbnailMaker *m);

int thumbnail_alloc(Thumbnail *t, const ThumbnailMaker *m); /* -ENOMEM */
void thumbnail_free(Thumbnail *t);

/* Whether a thumbnail can be made of them: they have the maker's size and one format. */
bool thumbnail_fits(const ThumbnailMaker *m, const VmafPicture *ref, const VmafPicture *dis);
void thumbnail_make(Thumbnail *t, ThumbnailMaker *m, const VmafPicture *ref,
                    const VmafPicture *dis);

/* How samples become colours: the weights of red and blue in luma, and whether samples have the
 * full range. */
typedef struct ThumbnailColours {
    double kr, kb;
    bool full_range;
} ThumbnailColours;

/* matrix: libav's name, NULL if unknown; then BT.709 for more than 576 lines of video, else BT.601.
 */
ThumbnailColours thumbnail_colours(const char *matrix, bool full_range, unsigned h);

/* One of the two pictures as tw x th RGB triples. */
void thumbnail_rgb(const Thumbnail *t, const ThumbnailMaker *m, const ThumbnailColours *colours,
                   unsigned side, uint8_t *rgb);

/* The difference as RGB, dark to bright; what is 1 / gain of the full range or more is brightest.
 * gain: chosen so that the larger differences of this frame are seen, at least 1. */
unsigned thumbnail_difference(const Thumbnail *t, const ThumbnailMaker *m, uint8_t *rgb);

#endif
