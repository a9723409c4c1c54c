#include "metric/cambi/cambi_setup.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SMALLEST_SIDE 216
#define CODE_MIN 64 /* of 10-bit luma */
#define CODE_MAX 940
#define CODE_LIMIT 1024 /* rounding up of deeper input may give one code more than 1023 */

bool vt_cambi_knows_eotf(const char *eotf)
{
    return !strcmp(eotf, "bt1886") || !strcmp(eotf, "pq");
}

/* spec: cambi 3.5 */
double vt_cambi_luminance(const char *eotf, unsigned code)
{
    const unsigned clipped = code < CODE_MIN ? CODE_MIN : code > CODE_MAX ? CODE_MAX : code;
    const double v = (double)(clipped - CODE_MIN) / (CODE_MAX - CODE_MIN);
    if (!strcmp(eotf, "pq")) {
        const double m1 = 0.1593017578125, m2 = 78.84375;
        const double c1 = 0.8359375, c2 = 18.8515625, c3 = 18.6875;
        const double e = pow(v, 1 / m2);
        return 10000 * pow(fmax(e - c1, 0) / (c2 - c3 * e), 1 / m1);
    }
    const double white = 300, black = 0.01, g = 1 / 2.4;
    const double range = pow(white, g) - pow(black, g);
    return pow(range, 2.4) * pow(fmax(v + pow(black, g) / range, 0), 2.4);
}

static bool visible(const char *eotf, double threshold, unsigned code, unsigned d)
{
    const double l = vt_cambi_luminance(eotf, code);
    return vt_cambi_luminance(eotf, code + d) - l > threshold * l;
}

typedef enum { LOW, FOUND, HIGH } Place;

static Place place(const char *eotf, double threshold, unsigned code, unsigned d)
{
    if (!visible(eotf, threshold, code, d)) return HIGH;
    return visible(eotf, threshold, code + 1, d) ? LOW : FOUND;
}

unsigned vt_cambi_visible_to(const char *eotf, double tvi_threshold, unsigned d)
{
    unsigned lo = CODE_MIN, hi = CODE_MAX - d - 1;
    const Place first = place(eotf, tvi_threshold, lo, d);
    if (first != LOW) return first == HIGH ? 0 : CODE_MIN;
    const Place last = place(eotf, tvi_threshold, hi, d);
    if (last != HIGH) return last == LOW ? 1023 : hi;
    for (;;) { /* lo is LOW and hi HIGH, so they are at least 2 apart */
        const unsigned mid = lo + (hi - lo) / 2;
        const Place p = place(eotf, tvi_threshold, mid, d);
        if (p == FOUND) return mid;
        if (p == HIGH)
            hi = mid;
        else
            lo = mid;
    }
}

/* The code from which on banding can be seen at all (spec: cambi 3.7). */
static unsigned first_visible(const VtCambiOptions *o, const char *eotf)
{
    unsigned code = CODE_MIN;
    while (code < CODE_MAX && vt_cambi_luminance(eotf, code) < o->vis_lum_threshold) code++;
    return code == CODE_MIN ? 0 : code;
}

/* The f32 nearest to 1/i written with 9 digits: 1/i but for a few (spec: cambi 3.8). */
static void fill_reciprocals(float *r)
{
    static const uint16_t above[] = {82,   83,   244,  488,  564,  614,  664,
                                     1419, 1699, 1906, 2443, 2740, 3812, 4130};
    static const uint16_t below[] = {504,  510,  528,  749,  760,  892,  2040, 2071, 2112, 2223,
                                     2555, 2927, 3285, 3515, 3525, 3705, 3795, 3797, 3837, 3885,
                                     4033, 4080, 4091, 4095, 4142, 4203, 4218, 4224};
    r[0] = 0;
    for (int i = 1; i <= VT_CAMBI_MAX_WINDOW * VT_CAMBI_MAX_WINDOW; i++) r[i] = 1.0f / (float)i;
    for (size_t i = 0; i < sizeof(above) / sizeof(above[0]); i++)
        r[above[i]] = nextafterf(r[above[i]], 1);
    for (size_t i = 0; i < sizeof(below) / sizeof(below[0]); i++)
        r[below[i]] = nextafterf(r[below[i]], 0);
}

static unsigned larger(unsigned a, unsigned b)
{
    return a > b ? a : b;
}

static unsigned smaller(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* The codes that contrast d looks at: *from .. *to, false if none. The index offset in the lower
 * test is libvmaf's (spec: cambi 8.1). */
static bool codes_of(const VtCambiOptions *o, const char *eotf, unsigned n, unsigned d,
                     unsigned *from, unsigned *to)
{
    const unsigned dark = first_visible(o, eotf);
    *from = dark >= n + d ? dark - n - d + 1 : 0;
    *to = vt_cambi_visible_to(eotf, o->tvi_threshold, d);
    return *from <= *to;
}

/* Visibility by contrast, and the range of codes that can matter to any. */
static void fill_contrast(VtCambiSetup *s, VtCambiContrast *k, const VtCambiOptions *o)
{
    static const uint8_t weight[VT_CAMBI_MAX_CONTRASTS] = {1, 2, 3, 4, 4, 5, 5, 6, 6, 6, 6,
                                                           7, 7, 7, 7, 8, 8, 8, 8, 8, 8, 8,
                                                           9, 9, 9, 9, 9, 9, 9, 9, 9, 9};
    const char *eotf = strcmp(o->cambi_eotf, "bt1886") ? o->cambi_eotf : o->eotf;
    unsigned from[VT_CAMBI_MAX_CONTRASTS], to[VT_CAMBI_MAX_CONTRASTS];
    bool any[VT_CAMBI_MAX_CONTRASTS];
    unsigned lowest = CODE_LIMIT, highest = 0, last = 0;
    k->n = 1u << o->max_log_contrast;
    k->n_codes = 0;
    for (unsigned d = 1; d <= k->n; d++) {
        any[d - 1] = codes_of(o, eotf, k->n, d, &from[d - 1], &to[d - 1]);
        if (!any[d - 1]) continue;
        lowest = smaller(lowest, from[d - 1] > d ? from[d - 1] - d : 0);
        highest = larger(highest, smaller(to[d - 1] + d, CODE_LIMIT));
        last = larger(last, to[d - 1]);
    }
    if (lowest <= highest) k->n_codes = highest - lowest + 1;
    s->lowest = lowest;
    k->last_eval = (uint16_t)(k->n_codes ? last - lowest : 0);
    for (unsigned d = 1; d <= k->n; d++) {
        k->from[d - 1] = (uint16_t)(any[d - 1] ? from[d - 1] - lowest : 1);
        k->to[d - 1] = (uint16_t)(any[d - 1] ? to[d - 1] - lowest : 0);
        k->weight[d - 1] = weight[d - 1];
        k->float_weight[d - 1] = weight[d - 1];
    }
    k->reciprocal = s->reciprocal;
}

/* Smallest c with 2^c >= n; 0 for n <= 1. */
static unsigned log2_up(unsigned n)
{
    unsigned c = 0;
    while (c < 31 && 1u << c < n) c++;
    return c;
}

/* Nearest neighbour with libvmaf's arithmetic (spec: cambi 4.2). */
static unsigned *resample_table(unsigned in, unsigned out)
{
    unsigned *table = malloc(out * sizeof(*table));
    if (!table) return NULL;
    const float ratio = (float)in / (float)out;
    float p = (float)((double)(ratio / 2) - 0.5);
    for (unsigned i = 0; i < out; i++, p += ratio)
        table[i] = smaller((unsigned)((double)p + 0.5), in - 1);
    return table;
}

static int side_setup(VtCambiSetup *s, VtCambiSide *side, const VtCambiOptions *o,
                      const VtFormat *format)
{
    const unsigned window = (unsigned)o->window_size * (side->w + side->h) / 6000;
    side->window = (s->speedup ? (window + 1) >> 1 : window) | 1;
    const unsigned blocks = log2_up((side->w >> 6) * (side->h >> 6));
    side->mask_threshold = (49 + 3 * blocks - 33 - 1) >> 1;
    fill_contrast(s, &side->contrast, o);
    side->contrast.pad = side->window >> 1;
    if (side->w == format->w && side->h == format->h) return 0;
    side->column = resample_table(format->w, side->w);
    side->row = resample_table(format->h, side->h);
    return side->column && side->row ? 0 : -ENOMEM;
}

/* The sizes to work at (spec: cambi 3.1). */
static void choose_sizes(VtCambiSetup *s, const VtCambiOptions *o, const VtFormat *f)
{
    const bool enc = o->enc_width && o->enc_height, src = o->src_width && o->src_height;
    s->dis.w = enc ? (unsigned)o->enc_width : f->w;
    s->dis.h = enc ? (unsigned)o->enc_height : f->h;
    s->ref.w = src ? (unsigned)o->src_width : f->w;
    s->ref.h = src ? (unsigned)o->src_height : f->h;
    if (s->dis.w <= f->w && s->dis.h <= f->h) return;
    s->dis.w = f->w;
    s->dis.h = f->h;
}

static int check_sizes(const VtCambiSetup *s, const VtLog *log)
{
    const VtCambiSide *dis = &s->dis, *ref = &s->ref;
    if (dis->w < SMALLEST_SIDE && dis->h < SMALLEST_SIDE) {
        vt_error(log, "cambi: %ux%u is too small, one side must be at least %d", dis->w, dis->h,
                 SMALLEST_SIDE);
        return -EINVAL;
    }
    if (ref->w < SMALLEST_SIDE && ref->h < SMALLEST_SIDE) {
        vt_error(log, "cambi: source of %ux%u is too small, one side must be at least %d", ref->w,
                 ref->h, SMALLEST_SIDE);
        return -EINVAL;
    }
    if ((ref->w > dis->w && ref->h < dis->h) || (ref->w < dis->w && ref->h > dis->h)) {
        vt_error(log, "cambi: source of %ux%u does not go with an encode of %ux%u", ref->w, ref->h,
                 dis->w, dis->h);
        return -EINVAL;
    }
    return 0;
}

static bool speeds_up(const VtCambiOptions *o, const VtCambiSide *dis)
{
    const uint64_t positions = (uint64_t)dis->w * dis->h;
    switch (o->high_res_speedup) {
    case 1080:
        return positions >= 1920 * 1080;
    case 1440:
        return positions >= 2560 * 1440;
    case 2160:
        return positions >= 3840 * 2160;
    }
    return false;
}

static double heat_max(const VtCambiSide *side)
{
    const VtCambiContrast *k = &side->contrast;
    return fmax(1, floor((double)k->weight[k->n - 1] * side->window * side->window / 4));
}

int vt_cambi_setup(VtCambiSetup *s, const VtCambiOptions *o, const VtFormat *format,
                   unsigned cpu_flags, const VtLog *log)
{
    choose_sizes(s, o, format);
    int err = check_sizes(s, log);
    if (err) return err;

    const int bits = o->enc_bitdepth ? o->enc_bitdepth : (int)format->bpc;
    s->anti_dither = bits < 10;
    s->topk = o->topk == 0.6 ? o->cambi_topk : o->topk;
    s->picture_w = format->w;
    s->speedup = speeds_up(o, &s->dis);
    fill_reciprocals(s->reciprocal);
    vt_cambi_dsp_init(&s->dsp, cpu_flags);

    err = side_setup(s, &s->dis, o, format);
    if (!err) err = side_setup(s, &s->ref, o, format);
    const unsigned window = larger(s->dis.window, s->ref.window);
    if (!err && window > VT_CAMBI_MAX_WINDOW) {
        vt_error(log, "cambi: window_size %d gives a window of %u, the largest is %d",
                 o->window_size, window, VT_CAMBI_MAX_WINDOW);
        err = -EINVAL;
    }
    if (err == -ENOMEM) vt_error(log, "cambi: out of memory");
    if (err) vt_cambi_setup_free(s);
    s->heat_max = heat_max(&s->dis);
    return err;
}

void vt_cambi_setup_free(VtCambiSetup *s)
{
    free(s->dis.column);
    free(s->dis.row);
    free(s->ref.column);
    free(s->ref.row);
    s->dis.column = s->dis.row = s->ref.column = s->ref.row = NULL;
}
