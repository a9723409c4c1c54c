/* What floating-point VIF derives from its options once (spec: float 2). */
#ifndef VT_METRIC_FLOAT_VIF_SETUP_H
#define VT_METRIC_FLOAT_VIF_SETUP_H

#include "metric/float_vif/float_vif_dsp.h"

/* Is this one of the kernel scales for which filters are defined? */
bool vt_fvif_kernel_scale_known(double kernel_scale);

void vt_fvif_make_filters(VtFvifFilter filter[VT_FVIF_SCALES], double kernel_scale);

/* Without gain limits. */
void vt_fvif_make_model(VtFvifModel *model, double noise);

/* The least width and height that these filters can work on. */
unsigned vt_fvif_smallest(const VtFvifFilter filter[VT_FVIF_SCALES], bool skip_scale0);

#endif
