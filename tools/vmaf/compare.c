#include "compare.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "message.h"

#define RATE_TOLERANCE 5e-4 /* 23.976 and 24 lie 1e-3 apart */

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

int compare_check_format(const Input *in)
{
    if (in->format.pix_fmt != VMAF_PIX_FMT_UNKNOWN) return 0;
    message("%s: pixel format %s cannot be scored as it is (--convert 420, 444, 420p10 or the like "
            "converts)",
            in->path, in->traits.pixel_format ? in->traits.pixel_format : "unknown");
    return -EINVAL;
}

static unsigned compare_formats(const InputFormat *ref, const InputFormat *dis, bool any_depth)
{
    unsigned problems = 0;

    if (ref->w != dis->w || ref->h != dis->h) {
        message("sizes differ: reference %ux%u, distorted %ux%u (--scale scales)", ref->w, ref->h,
                dis->w, dis->h);
        problems++;
    }
    if (ref->pix_fmt != dis->pix_fmt) {
        message("chroma formats differ: reference %s, distorted %s (--convert converts)",
                format_name(ref->pix_fmt), format_name(dis->pix_fmt));
        problems++;
    }
    if (ref->bpc != dis->bpc && !any_depth) {
        message("bit depths differ: reference %u, distorted %u (--convert converts)", ref->bpc,
                dis->bpc);
        problems++;
    }
    return problems;
}

/* Containers round time stamps: the rates of one video in two of them are not quite the same. */
static bool is_same_rate(const Input *ref, const Input *dis, bool containers)
{
    uint64_t a = (uint64_t)ref->fps_num * dis->fps_den, b = (uint64_t)dis->fps_num * ref->fps_den;

    return a == b || (containers && fabs((double)a / (double)b - 1) < RATE_TOLERANCE);
}

/* Y4M's are only warned of, as libvmaf's tool does not look at them. */
static unsigned compare_frame_rates(const Input *ref, const Input *dis, const Options *o)
{
    bool containers = ref->traits.is_known || dis->traits.is_known;
    bool refuse = containers && !o->ignore_fps;

    if (!ref->fps_num || !dis->fps_num || is_same_rate(ref, dis, containers)) return 0;
    message("%sframe rates differ (reference %u:%u, distorted %u:%u); %s",
            refuse ? "" : "warning: ", ref->fps_num, ref->fps_den, dis->fps_num, dis->fps_den,
            refuse ? "--ignore-fps pairs frames all the same" : "frames are paired one by one");
    return refuse;
}

static void warn_of_text(const char *what, const char *ref, const char *dis)
{
    if (ref && dis && strcmp(ref, dis))
        message("warning: %s differ (reference %s, distorted %s)", what, ref, dis);
}

static void warn_of_traits(const Input *ref_input, const Input *dis_input)
{
    const InputTraits *ref = &ref_input->traits, *dis = &dis_input->traits;

    if (!ref->is_known || !dis->is_known) return;
    warn_of_text("sample ranges", ref->full_range ? "full" : "limited",
                 dis->full_range ? "full" : "limited");
    warn_of_text("colour matrices", ref->matrix, dis->matrix);
    warn_of_text("transfer functions", ref->transfer, dis->transfer);
    if (ref->interlaced != dis->interlaced)
        message("warning: the %s video is interlaced, the other is not",
                ref->interlaced ? "reference" : "distorted");
    if (ref->rotation != dis->rotation)
        message(
            "warning: rotations differ (reference %d degrees, distorted %d); frames are compared "
            "as they are coded",
            ref->rotation, dis->rotation);
    if ((int64_t)ref->aspect_num * dis->aspect_den != (int64_t)dis->aspect_num * ref->aspect_den)
        message("warning: sample aspect ratios differ (reference %d:%d, distorted %d:%d)",
                ref->aspect_num, ref->aspect_den, dis->aspect_num, dis->aspect_den);
    double frame = ref_input->fps_num ? (double)ref_input->fps_den / ref_input->fps_num : 0.04;
    if (fabs(ref->start - dis->start) > frame / 2)
        message(
            "warning: start times differ (reference %.3f s, distorted %.3f s); the first frames "
            "are paired",
            ref->start, dis->start);
}

int compare_inputs(const Input *ref, const Input *dis, const Options *o)
{
    if (compare_check_format(dis)) return -EINVAL;
    unsigned problems = compare_formats(&ref->format, &dis->format, o->any_depth);

    problems += compare_frame_rates(ref, dis, o);
    if (problems) {
        message("the videos cannot be compared: %u problem%s", problems, problems > 1 ? "s" : "");
        return -EINVAL;
    }
    warn_of_traits(ref, dis);
    return 0;
}
