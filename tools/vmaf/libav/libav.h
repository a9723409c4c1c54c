/* Inputs that libavformat and libavcodec read, and conversion by libswscale, of any input. Built
 * without them, none.c says so. */
#ifndef VMAF_TOOL_LIBAV_H
#define VMAF_TOOL_LIBAV_H

#include "input.h"
#include "libvmaf/libvmaf.h"

bool lav_is_built_in(void);

/* Opens the file whose first bytes are in->head, and decodes its first frame: sets the format, the
 * traits, the rate and the number of frames. threads: of the decoder; 0: all is done in the calling
 * thread. 0 or a negative errno with the reason in in->error. lav_close may follow in every case.
 */
int lav_open(Input *in, unsigned threads);

/* From now on frames (of an input of any kind) are converted to this format, and in->format is
 * that. Results as above. Before the first frame is read. */
int lav_convert(Input *in, const InputFormat *to, ScaleFilter filter);

/* Whether pictures come from here, because libav reads the file or converts its frames. */
bool lav_is_used(const Input *in);

/* Begins to read ahead on a thread of its own. Results as above. Without it, frames are read when
 * they are asked for. */
int lav_start(Input *in);

/* Whether frames can be scored where they lie, as far as the format tells. */
bool lav_lends(const Input *in, unsigned bpc);

/* As input_read and input_picture. */
int lav_read(Input *in, const VmafPicture *pic);
int lav_picture(Input *in, VmafContext *vmaf, unsigned bpc, VmafPicture *pic);

/* As input_complaint. */
bool lav_complaint(Input *in, char *text, size_t size);

/* No picture may be left that was lent. */
void lav_close(Input *in);

#endif
