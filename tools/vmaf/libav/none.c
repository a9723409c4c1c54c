/* A build without libav. */
#include <errno.h>

#include "input_internal.h"
#include "libav/libav.h"

bool lav_is_built_in(void)
{
    return false;
}

int lav_open(Input *in, unsigned threads)
{
    (void)threads;
    return input_fail(in, -ENOTSUP,
                      "not a Y4M file, and this vmaf was built without libavformat, which reads "
                      "others (raw video needs -w, -h, -p and -b)");
}

int lav_convert(Input *in, const InputFormat *to, ScaleFilter filter)
{
    (void)to;
    (void)filter;
    return input_fail(in, -ENOTSUP, "this vmaf was built without libswscale");
}

bool lav_is_used(const Input *in)
{
    (void)in;
    return false;
}

int lav_start(Input *in)
{
    (void)in;
    return 0;
}

bool lav_lends(const Input *in, unsigned bpc)
{
    (void)in;
    (void)bpc;
    return false;
}

int lav_read(Input *in, const VmafPicture *pic)
{
    (void)pic;
    return input_fail(in, -ENOTSUP, "this vmaf was built without libavformat");
}

int lav_picture(Input *in, VmafContext *vmaf, unsigned bpc, VmafPicture *pic)
{
    (void)vmaf;
    (void)bpc;
    return lav_read(in, pic);
}

bool lav_complaint(Input *in, char *text, size_t size)
{
    (void)in;
    (void)text;
    (void)size;
    return false;
}

void lav_close(Input *in)
{
    (void)in;
}
