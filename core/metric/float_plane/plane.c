#include "metric/float_plane/plane.h"

#include <string.h>

VtFloatPlane vt_float_plane(const VmafPicture *pic, unsigned plane, float offset)
{
    const VtSampleType type = pic->bpc > 8 ? VT_SAMPLE_U16 : VT_SAMPLE_U8;
    const float scale = 1.0f / (float)(1u << (pic->bpc - 8));
    return (VtFloatPlane){.data = pic->data[plane],
                          .stride = pic->stride[plane],
                          .w = pic->w[plane],
                          .h = pic->h[plane],
                          .samples = {type, scale, offset}};
}

void vt_float_read_row(const VtSamples *samples, const void *row, unsigned w, float *out)
{
    const float scale = samples->scale, offset = samples->offset;
    const uint8_t *u8 = row;
    const uint16_t *u16 = row;
    switch (samples->type) {
    case VT_SAMPLE_U8:
        for (unsigned x = 0; x < w; x++) out[x] = (float)u8[x] + offset;
        break;
    case VT_SAMPLE_U16:
        for (unsigned x = 0; x < w; x++) out[x] = (float)u16[x] * scale + offset;
        break;
    case VT_SAMPLE_F32:
        memcpy(out, row, w * sizeof(*out));
        break;
    }
}
