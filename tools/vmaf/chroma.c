/* Chroma layouts of old 8-bit Y4M files. Samples beyond a plane repeat its edge; every filter sums
 * to 128. spec: cli-and-output 3.7 */
#include "input_internal.h"

static int at(const uint8_t *a, int i, int n, ptrdiff_t step)
{
    return a[(i < 0 ? 0 : i >= n ? n - 1 : i) * step];
}

static uint8_t scale(int sum)
{
    int v = (sum + 64) >> 7;
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* Filters a line of n samples that are `step` apart, with taps for the samples from x - before to x
 * + 5 - before. */
static void filter_line(uint8_t *dst, const uint8_t *src, int n, ptrdiff_t step, const int tap[6],
                        int before)
{
    for (int x = 0; x < n; x++) {
        int sum = 0;
        for (int k = 0; k < 6; k++) sum += tap[k] * at(src, x + k - before, n, step);
        dst[x * step] = scale(sum);
    }
}

/* dst[2x]     = a[x-1] + 110 a[x] + 18 a[x+1] - a[x+2]
 * dst[2x + 1] = -3 a[x-1] + 50 a[x] + 86 a[x+1] - 5 a[x+2] */
void chroma_from_411(uint8_t *dst, unsigned dst_w, const uint8_t *src, unsigned w, unsigned h)
{
    for (unsigned y = 0; y < h; y++, src += w, dst += dst_w) {
        for (int x = 0; x < (int)w; x++) {
            int a = at(src, x - 1, (int)w, 1), b = src[x];
            int c = at(src, x + 1, (int)w, 1), d = at(src, x + 2, (int)w, 1);
            if (2 * (unsigned)x < dst_w) dst[2 * x] = scale(a + 110 * b + 18 * c - d);
            if (2 * (unsigned)x + 1 < dst_w)
                dst[2 * x + 1] = scale(-3 * a + 50 * b + 86 * c - 5 * d);
        }
    }
}

/* Rows:       4 a[x-2] - 17 a[x-1] + 114 a[x] + 35 a[x+1] - 9 a[x+2] + a[x+3]
 * Cr columns: the same taps; Cb columns: the same mirrored, from a[y-3] to a[y+2]. */
void chroma_from_paldv(uint8_t *plane, uint8_t *work, unsigned w, unsigned h, bool is_cr)
{
    static const int forward[6] = {4, -17, 114, 35, -9, 1};
    static const int mirrored[6] = {1, -9, 35, 114, -17, 4};

    for (unsigned y = 0; y < h; y++)
        filter_line(work + (size_t)y * w, plane + (size_t)y * w, (int)w, 1, forward, 2);
    for (unsigned x = 0; x < w; x++)
        filter_line(plane + x, work + x, (int)h, w, is_cr ? forward : mirrored, is_cr ? 2 : 3);
}
