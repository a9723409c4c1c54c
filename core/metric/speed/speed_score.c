#include "metric/speed/speed_score.h"

#include <math.h>

#include "base/mem.h"

#define N VT_SPEED_N

static size_t carve(VtSpeedPair *p, const VtSpeedSetup *s, void *base)
{
    VtCarve c = {.base = base};
    const size_t size = s->padded_blocks * sizeof(float);
    vt_speed_carve(&p->work, s, &c);
    p->ref.variance = vt_carve(&c, size);
    p->dis.variance = vt_carve(&c, size);
    p->ref_entropy = vt_carve(&c, size);
    p->dis_entropy = vt_carve(&c, size);
    return c.used;
}

size_t vt_speed_scratch_size(const VtSpeedSetup *s)
{
    VtSpeedPair p = {0};
    return carve(&p, s, NULL);
}

void vt_speed_pair_init(VtSpeedPair *pair, const VtSpeedSetup *s, void *scratch)
{
    *pair = (VtSpeedPair){0};
    carve(pair, s, scratch);
}

bool vt_speed_pair_run(const VtSpeedSetup *s, VtSpeedPair *pair, const VtSpeedSource *ref,
                       const VtSpeedSource *dis)
{
    vt_speed_plane(s, ref, &pair->work, &pair->ref);
    if (pair->ref.singular) return false; /* what dis is does not matter then */
    vt_speed_plane(s, dis, &pair->work, &pair->dis);
    return !pair->dis.singular;
}

/* log2(2 pi e) */
static double entropy_constant(void)
{
    return log2(2 * M_PI * M_E);
}

/* E of every block, rounded to f32 after each eigenvalue (spec: speed 10). */
static void entropies(const VtSpeedStatistics *st, unsigned blocks, float sigma_nn, float *entropy)
{
    const double constant = entropy_constant();
    for (unsigned q = 0; q < blocks; q++) {
        float e = 0;
        for (unsigned k = 0; k < N; k++) {
            const float lambda = st->lambda[k] < 0 ? 0 : st->lambda[k];
            const float arg = lambda * st->variance[q] + sigma_nn;
            e = (float)((double)e + (log2((double)arg) + constant));
        }
        entropy[q] = e;
    }
}

/* Weights of both entropies by mode (spec: speed 11). What is rounded where matters: identical
 * planes score a little above 0 in modes 4 to 6. */
static void weights(int mode, float sr, float sd, double *wr, double *wd)
{
    const double lr = log2((double)(1 + sr)), ld = log2((double)(1 + sd));
    const double lm = log2(1 + (double)(sr + sd) / 2);
    *wr = mode == 2 ? ld : mode == 3 ? lm : lr;
    switch (mode) {
    case 1:
        *wd = lr;
        break;
    case 3:
    case 4:
        *wd = lm;
        break;
    case 5:
        *wd = log2(1 + (0.75 * (double)sr + 0.25 * (double)sd));
        break;
    case 6:
        *wd = log2(1 + (0.25 * (double)sr + 0.75 * (double)sd));
        break;
    default:
        *wd = ld;
    }
}

float vt_speed_pair_score(const VtSpeedSetup *s, VtSpeedPair *pair, const VtSpeedOptions *o)
{
    const float snn = (float)o->sigma_nn, nnf = (float)o->nn_floor;
    const float base = (float)(25 * (log2((double)((1 + nnf) * snn)) + entropy_constant()));
    entropies(&pair->ref, s->blocks, snn, pair->ref_entropy);
    entropies(&pair->dis, s->blocks, snn, pair->dis_entropy);
    float acc = 0;
    for (unsigned q = 0; q < s->blocks; q++) {
        const float er = pair->ref_entropy[q], ed = pair->dis_entropy[q];
        double wr, wd;
        if (er < base && ed < base) continue; /* false for NaN */
        weights(o->weight_var_mode, pair->ref.variance[q], pair->dis.variance[q], &wr, &wd);
        acc += fabsf((float)((double)er * wr) - (float)((double)ed * wd));
    }
    return acc / (float)s->blocks;
}
