/* Every kernel of the library, for one image. */
#include "cuda/kernels/plane.cu"
