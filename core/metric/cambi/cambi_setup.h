/* What is fixed once options and picture size are known (spec: cambi 3). */
#ifndef VT_METRIC_CAMBI_SETUP_H
#define VT_METRIC_CAMBI_SETUP_H

#include <stdbool.h>

#include "metric/cambi/cambi_dsp.h"
#include "metric/metric.h"

#define VT_CAMBI_SCALES 5

typedef struct VtCambiOptions {
    double max_val, topk, cambi_topk, tvi_threshold, vis_lum_threshold;
    int enc_width, enc_height, enc_bitdepth, src_width, src_height;
    int window_size, max_log_contrast, high_res_speedup;
    const char *eotf, *cambi_eotf, *heatmaps_path;
    bool full_ref;
} VtCambiOptions;

/* One of the two pictures: the distorted one at the size of its encode, or the reference one at
 * the size of the source. */
typedef struct VtCambiSide {
    unsigned w, h;
    unsigned window;
    unsigned mask_threshold;
    unsigned *column, *row; /* source index of every output column and row; NULL: sizes are equal */
    VtCambiContrast contrast;
} VtCambiSide;

typedef struct VtCambiSetup {
    VtCambiDsp dsp;
    VtCambiSide dis, ref;
    bool speedup;     /* skip full resolution */
    bool anti_dither; /* the encode has less than 10 bits */
    double topk;
    unsigned picture_w; /* of the input */
    unsigned lowest;    /* useful codes, spec: cambi 10 */
    float reciprocal[VT_CAMBI_MAX_WINDOW * VT_CAMBI_MAX_WINDOW + 1];
    double heat_max;              /* the largest c-value the distorted picture can have */
    int heatmap[VT_CAMBI_SCALES]; /* files, -1: none */
} VtCambiSetup;

/* Does `eotf` name a display curve? */
bool vt_cambi_knows_eotf(const char *eotf);

/* Luminance in cd/m2 of a 10-bit code. */
double vt_cambi_luminance(const char *eotf, unsigned code);

/* The largest code for which contrast d is visible, or 0, 64, 1023 at the ends (spec: cambi 3.6).
 */
unsigned vt_cambi_visible_to(const char *eotf, double tvi_threshold, unsigned d);

/* Fills s, except for its files. -EINVAL with one log line, or -ENOMEM. On failure nothing is left
 * to free. */
int vt_cambi_setup(VtCambiSetup *s, const VtCambiOptions *o, const VtFormat *format,
                   unsigned cpu_flags, const VtLog *log);
void vt_cambi_setup_free(VtCambiSetup *s);

/* Opens the files of the heat maps (all -1 if path is NULL), making their folder. A negative errno
 * with one log line; then nothing is left open. */
int vt_cambi_heatmaps_open(VtCambiSetup *s, const char *path, const VtLog *log);
void vt_cambi_heatmaps_close(VtCambiSetup *s);

/* c-values to heat map samples. */
void vt_cambi_heat_row(const VtCambiSetup *s, uint16_t *out, const float *c, unsigned n);

/* Writes one frame's map. A negative errno with one log line. */
int vt_cambi_heatmap_write(const VtCambiSetup *s, unsigned scale, unsigned frame,
                           const uint16_t *map, unsigned w, unsigned h, const VtLog *log);

#endif
