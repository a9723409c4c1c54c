/* Test conditions of AOM and Netflix as ready-made lists of models and features (spec:
 * cli-and-output 1.5). */
#include <errno.h>
#include <string.h>

#include "message.h"
#include "options.h"

static int add_models(Options *o, const char *const *models)
{
    int err = 0;

    for (; !err && *models; models++) err = options_add_model(o, *models);
    return err;
}

static int add_features(Options *o, const char *const *features)
{
    int err = 0;

    for (; !err && *features; features++) err = options_add_feature(o, *features);
    return err;
}

int preset_aom_ctc(Options *o, const char *version)
{
    static const char *const models[] = {"version=vmaf_v0.6.1:name=vmaf",
                                         "version=vmaf_v0.6.1neg:name=vmaf_neg", NULL};
    if (!strcmp(version, "proposed")) {
        message("--aom_ctc proposed is no longer supported: name a version, v1.0 to v7.0");
        return -EINVAL;
    }
    int number = strlen(version) == 4 && version[0] == 'v' && !strcmp(version + 2, ".0")
                     ? version[1] - '0'
                     : 0;
    if (number < 1 || number > 7) {
        message("unknown --aom_ctc \"%s\" (expected v1.0 to v7.0)", version);
        return -EINVAL;
    }

    const char *const features[] = {
        "psnr=reduced_hbd_peak=true:enable_apsnr=true:min_sse=0.5",
        "ciede",
        number == 7 ? "float_ssim=scale=1:enable_db=true:clip_db=true"
                    : "float_ssim=enable_db=true:clip_db=true",
        "float_ms_ssim=enable_db=true:clip_db=true",
        "psnr_hvs",
        number >= 3 ? "cambi" : NULL,
        NULL,
    };
    if (number >= 6) o->any_depth = true;
    int err = add_models(o, models);
    return err ? err : add_features(o, features);
}

int preset_nflx_ctc(Options *o, const char *version)
{
    static const char *const models[] = {"version=vmaf_4k_v0.6.1:name=vmaf",
                                         "version=vmaf_4k_v0.6.1neg:name=vmaf_neg", NULL};
    static const char *const features[] = {"psnr=enable_chroma=true:enable_apsnr=true",
                                           "float_ssim=enable_db=true:clip_db=true", "cambi", NULL};

    if (strcmp(version, "v1.0")) {
        message("unknown --nflx_ctc \"%s\" (expected v1.0)", version);
        return -EINVAL;
    }
    int err = add_models(o, models);
    return err ? err : add_features(o, features);
}
