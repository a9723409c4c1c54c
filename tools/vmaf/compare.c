#include "compare.h"

#include <errno.h>

#include "message.h"

static const char *format_name(enum VmafPixelFormat f)
{
    switch (f) {
    case VMAF_PIX_FMT_YUV420P:
        return "4:2:0";
    case VMAF_PIX_FMT_YUV422P:
        return "4:2:2";
    case VMAF_PIX_FMT_YUV444P:
        return "4:4:4";
    case VMAF_PIX_FMT_YUV400P:
        return "4:0:0";
    case VMAF_PIX_FMT_UNKNOWN:
        break;
    }
    return "unknown";
}

static void warn_of_frame_rates(const Input *ref, const Input *dis)
{
    if (!ref->fps_num || !dis->fps_num) return;
    if ((uint64_t)ref->fps_num * dis->fps_den == (uint64_t)dis->fps_num * ref->fps_den) return;
    message("warning: frame rates differ (reference %u:%u, distorted %u:%u); frames are paired one "
            "by one",
            ref->fps_num, ref->fps_den, dis->fps_num, dis->fps_den);
}

int compare_inputs(const Input *ref_input, const Input *dis_input, bool any_depth)
{
    const InputFormat *ref = &ref_input->format, *dis = &dis_input->format;
    unsigned problems = 0;

    if (ref->w != dis->w || ref->h != dis->h) {
        message("sizes differ: reference %ux%u, distorted %ux%u", ref->w, ref->h, dis->w, dis->h);
        problems++;
    }
    if (ref->pix_fmt != dis->pix_fmt) {
        message("chroma formats differ: reference %s, distorted %s", format_name(ref->pix_fmt),
                format_name(dis->pix_fmt));
        problems++;
    }
    if (ref->bpc != dis->bpc && !any_depth) {
        message("bit depths differ: reference %u, distorted %u", ref->bpc, dis->bpc);
        problems++;
    }
    if (problems) {
        message("the videos cannot be compared: %u problem%s", problems, problems > 1 ? "s" : "");
        return -EINVAL;
    }
    warn_of_frame_rates(ref_input, dis_input);
    return 0;
}
