/* Puts this program between the library and the C library: what fails, what is live, and where it
 * was allocated. */
#ifndef TEST_CUDA_DEVICE_WRAP_H
#define TEST_CUDA_DEVICE_WRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Asked at every call that can fail, by any thread; NULL: none fails. Also given to the driver. */
void wrap_set_fail(bool (*fails)(const char *call, bool release));

/* Keeps account of every block by call site from now on. */
void wrap_track(void);
void wrap_live(size_t *blocks, size_t *bytes);

/* A growth meter: samples at two numbers of frames, then the slope, and which call sites it comes
 * from. */
typedef struct Growth {
    unsigned frames[2];
    size_t blocks[2], bytes[2], handles[2], resident[2];
    int sample;
} Growth;

void growth_sample(Growth *g, unsigned frames); /* twice */
double growth_bytes(const Growth *g);           /* slopes per frame */
double growth_blocks(const Growth *g);
double growth_handles(const Growth *g);
double growth_resident(const Growth *g);
/* Prints the slopes and the sites with more live blocks than at the first sample; returns how many
 * sites. */
unsigned growth_report(const Growth *g, const char *what, FILE *out);

#endif
