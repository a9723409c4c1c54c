/* Eigenvalues of a symmetric 25 x 25 matrix: Householder tridiagonalisation, then QR steps with
 * implicit shift, all in f32 unless stated otherwise (spec: speed 8). */
#include <math.h>
#include <string.h>

#include "metric/speed/speed_plane.h"

#define N VT_SPEED_N
#define ROW VT_SPEED_ROW
#define MAX_STEPS 500 /* then what there is has to do */

static float hypotenuse(float a, float b)
{
    return sqrtf(a * a + b * b);
}

/* a = H a H for H = I - tau v v' on rows and columns p.. (spec: speed 8.1.5). a stays symmetric, so
 * rows stand for columns. */
static void reflect_both_sides(float *a, const float *v, float tau, unsigned p)
{
    float x[ROW] = {0};
    for (unsigned c = p; c < N; c++)
        for (unsigned r = 0; r < ROW; r++) x[r] += (tau * a[c * ROW + r]) * v[c];
    float q = 0;
    for (unsigned r = p; r < N; r++) q += x[r] * v[r];
    const float h = (-0.5f * tau) * q;
    for (unsigned r = p; r < N; r++) x[r] += h * v[r];
    for (unsigned r = p; r < N; r++)
        for (unsigned c = p; c < N; c++) a[r * ROW + c] -= x[r] * v[c] + v[r] * x[c];
}

/* To diagonal d and sub-diagonal e. */
static void tridiagonalise(float *a, float *d, float *e)
{
    for (unsigned i = 0; i + 2 < N; i++) {
        const unsigned p = i + 1;
        float sum = 0, v[ROW] = {0};
        for (unsigned r = p + 1; r < N; r++) sum += a[r * ROW + i] * a[r * ROW + i];
        const float xn = sqrtf(sum);
        if (xn == 0) continue;
        const float al = a[p * ROW + i];
        const float be = al >= 0 ? -hypotenuse(al, xn) : hypotenuse(al, xn);
        const float tau = (be - al) / be, s = al - be;
        v[p] = 1;
        for (unsigned r = p + 1; r < N; r++) v[r] = a[r * ROW + i] / s;
        a[p * ROW + i] = be;
        if (tau != 0) reflect_both_sides(a, v, tau, p);
    }
    for (unsigned i = 0; i < N; i++) d[i] = a[i * ROW + i];
    for (unsigned i = 0; i + 1 < N; i++) e[i] = a[(i + 1) * ROW + i];
}

/* Sets negligible e[lo..hi] to 0 (spec: speed 8.2). */
static void chop(const float *d, float *e, int lo, int hi)
{
    for (int i = lo; i <= hi; i++)
        if ((double)fabsf(e[i]) < 1e-6 * (double)(fabsf(d[i]) + fabsf(d[i + 1]))) e[i] = 0;
}

static void rotation(float x, float z, float *c, float *s)
{
    if (z == 0) {
        *c = 1;
        *s = 0;
        return;
    }
    const bool steep = fabsf(z) > fabsf(x);
    const float t = steep ? -x / z : -z / x;
    const float w = (float)(1.0 / sqrt((double)(1 + t * t)));
    *s = steep ? w : w * t;
    *c = steep ? w * t : w;
}

static float shift_of(const float *d, const float *e, int m)
{
    const float p = d[m - 2], q = d[m - 1], t = e[m - 2], half = (p - q) / 2;
    float mu;
    if (half > 0)
        mu = q - t * (t / (half + hypotenuse(half, t)));
    else if (half == 0)
        mu = q - fabsf(t);
    else
        mu = q + t * (t / (-half + hypotenuse(half, t)));
    if (1e-6 * (double)fabsf(mu) > (double)(fabsf(d[0]) + fabsf(e[0]))) mu = 0;
    return mu;
}

/* One step on a block of m >= 2 rows: chases the bulge down (spec: speed 8.4, whose names these
 * are). */
static void qr_step(float *d, float *e, int m)
{
    float a = d[0], b = e[0], g = d[1], h = m > 2 ? e[1] : 0, kp = 0, zz = 0;
    float x = d[0] - shift_of(d, e, m), z = e[0];
    for (int k = 0; k <= m - 2; k++) {
        float c, s;
        rotation(x, z, &c, &s);
        const float kq = c * kp - s * zz;
        const float p1 = c * a - s * b, p2 = s * g - c * b;
        const float p3 = s * a + c * b, p4 = s * b + c * g;
        d[k] = c * p1 + s * p2;
        if (k > 0) e[k - 1] = kq;
        kp = c * p3 - s * p4;
        zz = -s * h;
        a = s * p3 + c * p4;
        b = c * h;
        if (k < m - 2) {
            e[k + 1] = b;
            g = d[k + 2];
        }
        if (k < m - 3) h = e[k + 2];
        x = kp;
        z = zz;
    }
    d[m - 1] = a;
    e[m - 2] = kp;
}

void vt_speed_eigenvalues(float *a, float *lambda)
{
    float e[N - 1];
    tridiagonalise(a, lambda, e);
    chop(lambda, e, 0, N - 2);
    int steps = 0;
    for (int b = N - 1; b > 0 && steps < MAX_STEPS;) {
        if (e[b - 1] == 0) {
            b--;
            continue;
        }
        int first = b - 1;
        while (first > 0 && e[first - 1] != 0) first--;
        qr_step(lambda + first, e + first, b - first + 1);
        chop(lambda, e, first, b - 1);
        steps++;
    }
}
