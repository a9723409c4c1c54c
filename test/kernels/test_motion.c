/* Integer motion: S of every instruction set against the scalar kernel. */
#include <stdio.h>
#include <stdlib.h>

#include "kernel_check.h"
#include "metric/motion/motion_dsp.h"

typedef struct Planes {
    VtMotionPair pair;
    void *scratch;
    uint64_t (*sad)(const VtMotionPair *pair, void *scratch);
    uint64_t result;
} Planes;

static void run(void *arg)
{
    Planes *p = arg;
    p->result = p->sad(&p->pair, p->scratch);
}

/* Odd strides and starts; the second picture is its own fill, so that differences reach both
 * extremes. */
static void make(Planes *p, unsigned w, unsigned h, unsigned bpc, KcFill a, KcFill b)
{
    const unsigned bytes = bpc > 8 ? 2 : 1;
    const size_t stride = (w + kc_random() % 7) * bytes;
    void *planes[2];
    const KcFill fills[2] = {a, b};
    for (unsigned i = 0; i < 2; i++) {
        planes[i] = kc_buffer(stride * (h - 1) + w * bytes, kc_random() % 32 * bytes);
        kc_fill(planes[i], (stride * (h - 1) + w * bytes) / bytes, bytes, (1u << bpc) - 1, false,
                fills[i]);
    }
    p->pair = (VtMotionPair){planes[0], planes[1], (ptrdiff_t)stride, (ptrdiff_t)stride, w, h, bpc, 0, h};
    p->scratch = kc_buffer(vt_motion_scratch(w), 0);
}

static void drop(Planes *p)
{
    kc_buffer_free((void *)p->pair.earlier, "earlier");
    kc_buffer_free((void *)p->pair.current, "current");
    kc_buffer_free(p->scratch, "scratch");
}

static void check(unsigned w, unsigned h, unsigned bpc, KcFill a, KcFill b)
{
    Planes p;
    make(&p, w, h, bpc, a, b);
    if (kc_random() % 2) { /* some rows only */
        p.pair.first = kc_random() % h;
        p.pair.end = p.pair.first + kc_random() % (h - p.pair.first + 1);
    }
    const uint64_t want = vt_motion_sad_scalar(&p.pair, p.scratch);
    for (const unsigned *set = kc_sets(); *set; set++) {
        VtMotionDsp dsp;
        vt_motion_dsp_init(&dsp, *set);
        const uint64_t got = dsp.sad(&p.pair, p.scratch);
        kc_equal(&want, &got, sizeof(want), "sad %s %ux%u %u bit, fills %d %d: %llu, not %llu",
                 kc_set_name(*set), w, h, bpc, a, b, (unsigned long long)got,
                 (unsigned long long)want);
    }
    drop(&p);
}

int main(int argc, char **argv)
{
    kc_init(argc, argv, "motion");
    static const unsigned depths[] = {8, 9, 10, 12, 14, 15, 16};
    for (unsigned w = 1; w <= 200; w++)
        for (unsigned d = 0; d < sizeof(depths) / sizeof(depths[0]); d++)
            check(w, 1 + kc_random() % 9, depths[d], (KcFill)(kc_random() % KC_FILLS),
                  (KcFill)(kc_random() % KC_FILLS));
    for (int a = 0; a < KC_FILLS; a++)
        for (int b = 0; b < KC_FILLS; b++)
            for (unsigned d = 0; d < sizeof(depths) / sizeof(depths[0]); d++)
                check(97 + kc_random() % 100, 12, depths[d], (KcFill)a, (KcFill)b);

    if (kc_bench()) {
        static const unsigned bits[] = {8, 10};
        for (unsigned i = 0; i < 2; i++) {
            Planes p;
            char name[32];
            make(&p, 1920, 270, bits[i], KC_NOISE_ON_FLAT, KC_NOISE_ON_FLAT);
            snprintf(name, sizeof(name), "sad %u bit", bits[i]);
            p.sad = vt_motion_sad_scalar;
            kc_time(name, 0, 1920 * 270, run, &p);
            for (const unsigned *set = kc_sets(); *set; set++) {
                VtMotionDsp dsp;
                vt_motion_dsp_init(&dsp, *set);
                p.sad = dsp.sad;
                kc_time(name, *set, 1920 * 270, run, &p);
            }
            drop(&p);
        }
    }
    return kc_finish();
}
