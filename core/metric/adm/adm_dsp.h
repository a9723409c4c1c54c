/* Kernels of integer ADM. Each works on one row; rows are arrays made by vt_adm_row_bytes(), which
 * leave VT_ADM_PAD elements in front of column 0 and at least as many behind the last column. A
 * kernel may read and write that room, whatever it holds; only input planes end where they end.
 *
 * Band order in lists of three: H (vertical high-pass), V (horizontal high-pass), D (both). */
#ifndef VT_METRIC_ADM_ADM_DSP_H
#define VT_METRIC_ADM_ADM_DSP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VT_ADM_SCALES 4
#define VT_ADM_BANDS 3
#define VT_ADM_PAD 32

enum { VT_ADM_H, VT_ADM_V, VT_ADM_D };

/* The two uses of the masked numerator (spec: adm 10). */
enum { VT_ADM_DLM, VT_ADM_AIM, VT_ADM_ROLES };

static inline size_t vt_adm_row_bytes(size_t columns, size_t element)
{
    const size_t whole = (columns + VT_ADM_PAD - 1) / VT_ADM_PAD * VT_ADM_PAD;
    return (whole + 2 * VT_ADM_PAD) * element;
}

/* Four rows for the kernel's own use while it makes one row of a level with `w` output columns:
 * vertically filtered samples, two per output column. */
typedef struct VtAdmTemp {
    int32_t *row[4];
} VtAdmTemp;

/* What the later kernels need of one variant (gain limit and weights) at one scale. */
typedef struct VtAdmCsf {
    double gain;                   /* enhancement gain limit, 1 .. 100 */
    uint32_t weight[VT_ADM_BANDS]; /* fixed point (spec: adm 8) */
    bool aim;                      /* the AIM numerator is wanted */
} VtAdmCsf;

/* A row after gain limit and CSF: per role the signal's magnitudes, the neighbour sum F_H + F_V +
 * F_D and the centre term G_H + G_V + G_D - (F_H + F_V + F_D). AIM's f and e may be left alone if
 * it is not wanted. At scale 0 the signal is the unweighted |r|, |a|, at scales 1 to 3 |X|. */
typedef struct VtAdmMasked16 {
    uint16_t *z[VT_ADM_ROLES][VT_ADM_BANDS];
    int32_t *f[VT_ADM_ROLES], *e[VT_ADM_ROLES];
} VtAdmMasked16;

typedef struct VtAdmMasked32 {
    int32_t *z[VT_ADM_ROLES][VT_ADM_BANDS];
    int32_t *f[VT_ADM_ROLES], *e[VT_ADM_ROLES];
} VtAdmMasked32;

typedef struct VtAdmDsp {
    /* One row of a wavelet level from the four input rows 2i-1 .. 2i+2 (spec: adm 5) of w_in >= 3
     * samples. detail NULL: only LL is made. ll NULL (scales 1 to 3): only details.
     * dwt_plane: [0] for bytes, [1] for words; larger samples than bpc allows count as the largest.
     * dwt_fine makes scale 1, dwt_coarse scales 2 and 3, whose last shift is 16 and 15. */
    void (*dwt_plane[2])(const void *const src[4], unsigned bpc, unsigned w_in,
                         const VtAdmTemp *temp, int16_t *ll, int16_t *const detail[VT_ADM_BANDS]);
    void (*dwt_fine)(const int16_t *const src[4], unsigned w_in, const VtAdmTemp *temp, int32_t *ll,
                     int32_t *const detail[VT_ADM_BANDS]);
    void (*dwt_coarse)(const int32_t *const src[4], unsigned w_in, unsigned shift,
                       const VtAdmTemp *temp, int32_t *ll, int32_t *const detail[VT_ADM_BANDS]);

    /* Adds n columns of the denominator (spec: adm 9); square_shift is 31, 30, 31 at scales 1, 2,
     * 3. */
    void (*den16)(const int16_t *const o[VT_ADM_BANDS], unsigned n, uint64_t sum[VT_ADM_BANDS]);
    void (*den32)(const int32_t *const o[VT_ADM_BANDS], unsigned n, unsigned square_shift,
                  unsigned shift, uint64_t sum[VT_ADM_BANDS]);

    /* The restored bands without gain and the angle flag, 0 or -1 (spec: adm 7). */
    void (*decouple16)(const int16_t *const o[VT_ADM_BANDS], const int16_t *const t[VT_ADM_BANDS],
                       unsigned n, int16_t *const r[VT_ADM_BANDS], int16_t *flag);
    void (*decouple32)(const int32_t *const o[VT_ADM_BANDS], const int32_t *const t[VT_ADM_BANDS],
                       unsigned n, int32_t *const r[VT_ADM_BANDS], int32_t *flag);

    /* Gain limit, CSF and masking terms of one row (spec: adm 7, 10). */
    void (*csf16)(const VtAdmCsf *csf, const int16_t *const r[VT_ADM_BANDS],
                  const int16_t *const t[VT_ADM_BANDS], const int16_t *flag, unsigned n,
                  const VtAdmMasked16 *out);
    void (*csf32)(const VtAdmCsf *csf, const int32_t *const r[VT_ADM_BANDS],
                  const int32_t *const t[VT_ADM_BANDS], const int32_t *flag, unsigned n,
                  const VtAdmMasked32 *out);

    /* Adds n columns of one role's numerator (spec: adm 10): f are the rows above, here and below,
     * readable from column -1 to n; log2_w = clog2 of the full band's width. */
    void (*mask16)(const uint32_t weight[VT_ADM_BANDS], const int32_t *const f[3], const int32_t *e,
                   const uint16_t *const z[VT_ADM_BANDS], unsigned n, unsigned log2_w,
                   uint64_t sum[VT_ADM_BANDS]);
    void (*mask32)(const int32_t *const f[3], const int32_t *e,
                   const int32_t *const z[VT_ADM_BANDS], unsigned n, unsigned log2_w,
                   uint64_t sum[VT_ADM_BANDS]);
} VtAdmDsp;

/* Low-pass taps; high-pass tap k is (-1)^k low-pass tap 3-k negated (spec: adm 5). */
#define VT_ADM_LO0 15826
#define VT_ADM_LO1 27411
#define VT_ADM_LO2 7345
#define VT_ADM_LO3 (-4240)

/* cos^2 of 1 degree as binary32 has it. */
#define VT_ADM_COS2 0x1.ffd814p-1f

/* The angle flag, exactly (spec: adm 7). */
bool vt_adm_angle_flag(int32_t oh, int32_t ov, int32_t th, int32_t tv);

/* Fills the table with the best kernels for these instruction sets (cpu/cpu.h). */
void vt_adm_dsp_init(VtAdmDsp *dsp, unsigned cpu_flags);

/* Called by vt_adm_dsp_init; each replaces kernels in the table. They need weights in the range of
 * vt_adm_weights_in_range(). */
void vt_adm_dsp_init_avx2(VtAdmDsp *dsp);
void vt_adm_dsp_init_avx512(VtAdmDsp *dsp);
void vt_adm_dsp_init_avx512icl(VtAdmDsp *dsp);
void vt_adm_dsp_init_neon(VtAdmDsp *dsp);

/* The SIMD kernels use narrower lanes than the formula: are these weights of a scale small enough?
 * (spec: adm 16.1; all of CSF modes 0, 2 and 3 are.) */
bool vt_adm_weights_in_range(unsigned scale, const uint32_t weight[VT_ADM_BANDS]);

#endif
