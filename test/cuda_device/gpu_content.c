/* What the pictures of gpu_harness.h show. */
#include "gpu_harness.h"

static uint64_t state = 0x9e3779b97f4a7c15u;

uint32_t gpu_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 24);
}

static void put(VmafPicture *pic, unsigned plane, unsigned x, unsigned y, unsigned v)
{
    char *row = (char *)pic->data[plane] + (ptrdiff_t)y * pic->stride[plane];
    if (pic->bpc == 8)
        ((uint8_t *)row)[x] = (uint8_t)v;
    else
        ((uint16_t *)(void *)row)[x] = (uint16_t)v;
}

static unsigned limited(double v, unsigned max)
{
    return v <= 0 ? 0 : v >= max ? max : (unsigned)v;
}

/* A gradient with edges and a texture that moves, 0 .. 1. */
static double structure(unsigned x, unsigned y, unsigned t)
{
    const unsigned u = x + t, v = y + 2 * t;
    const double wave = (double)((u * u / 7 + v * 13 + u * v / 3) % 64) / 64.0;
    const double edge = (u / 11 + v / 9) % 3 ? 0.35 : 0;
    return 0.1 + 0.25 * wave + edge + 0.2 * (double)((u + 2 * v) % 97) / 97.0;
}

typedef struct Pair {
    unsigned ref, dis;
} Pair;

static Pair structured(GpuContent content, unsigned x, unsigned y, unsigned t, unsigned max)
{
    const double s = structure(x, y, t), next = structure(x + 1, y + 1, t);
    const unsigned ref = limited(s * max, max), step = max / 32 ? max / 32 : 1;
    if (content == GPU_IDENTICAL) return (Pair){ref, ref};
    if (content == GPU_ENHANCED)
        return (Pair){ref, limited((0.5 + (s - 0.5) * 1.6) * max + gpu_random() % 3, max)};
    return (Pair){ref, limited((s + next) / 2 * max, max) / step * step};
}

static Pair sample(GpuContent content, unsigned x, unsigned y, unsigned t, unsigned bpc)
{
    const unsigned max = (1u << bpc) - 1, a = gpu_random() & max, b = gpu_random() & max;
    const unsigned checker = (x / (1 + t % 3) + y / (1 + t % 3)) & 1, wide = bpc == 8 ? 255 : 65535;
    switch (content) {
    case GPU_NOISE:
        return (Pair){a, b};
    case GPU_NEAR:
        return (Pair){a, limited((double)a + (double)(b % 7) - 3, max)};
    case GPU_EXTREMES:
        return (Pair){a & 1 ? max : 0, b & 1 ? max : 0};
    case GPU_CHECKERS:
        return (Pair){checker ? max : 0, checker ? 0 : max};
    case GPU_FLAT:
        return (Pair){max / 3 + t, max / 2};
    case GPU_FLAT_NOISY:
        return (Pair){max / 2, b};
    case GPU_LARGEST:
        return (Pair){max, max};
    case GPU_OUT_OF_RANGE:
        return (Pair){gpu_random() & wide, gpu_random() & wide};
    default:
        return structured(content, x, y, t, max);
    }
}

void gpu_fill(VmafPicture *ref, VmafPicture *dis, GpuContent content, unsigned frame)
{
    for (unsigned p = 0; p < 3; p++)
        for (unsigned y = 0; y < ref->h[p]; y++)
            for (unsigned x = 0; x < ref->w[p]; x++) {
                const Pair s = sample(content, x, y, frame, ref->bpc);
                put(ref, p, x, y, s.ref);
                put(dis, p, x, y, s.dis);
            }
}
