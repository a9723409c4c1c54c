/* Every kernel of the library, for one image. */
#include "cuda/kernels/plane.cu"
#include "metric/adm/cuda/adm.cu"
#include "metric/motion/cuda/motion.cu"
#include "metric/vif/cuda/vif.cu"
