/* What a kernel sees of the host that runs it. */
#ifndef TEST_CUDA_DEVICE_FIBRE_H
#define TEST_CUDA_DEVICE_FIBRE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SW_WARP 32

typedef struct SwIndex {
    unsigned x, y, z;
} SwIndex;

extern SwIndex sw_thread, sw_block, sw_block_size, sw_grid_size;

void sw_syncthreads(void);
/* Every living thread of the warp gives a value and gets that of a lane; its own if there is none.
 */
uint64_t sw_shuffle(uint64_t value, unsigned from_lane);

#ifdef __cplusplus
}
#endif

#endif
