/* A program as a user writes it: public headers, pkg-config. Scores a small pair, ten times over, and prints the
 * last score. Run under valgrind it must leave nothing behind. */
#include <stdint.h>
#include <stdio.h>

#include <libvmaf.h>

static int frame(VmafPicture *pic, unsigned t, unsigned coarse)
{
    const int err = vmaf_picture_alloc(pic, VMAF_PIX_FMT_YUV420P, 8, 176, 144);
    if (err) return err;
    for (unsigned p = 0; p < 3; p++)
        for (unsigned y = 0; y < pic->h[p]; y++)
            for (unsigned x = 0; x < pic->w[p]; x++) {
                const unsigned v = (x * x / 7 + y * 3 + t * 5 + x * y % 11) & 255;
                ((uint8_t *)pic->data[p])[y * (size_t)pic->stride[p] + x] = (uint8_t)(v / coarse * coarse);
            }
    return 0;
}

static int score(double *result)
{
    VmafConfiguration cfg = {VMAF_LOG_LEVEL_WARNING, 2, 0, 0, 0};
    VmafModelConfig model_cfg = {0, VMAF_MODEL_FLAGS_DEFAULT};
    VmafContext *vmaf;
    VmafModel *model;
    int err = vmaf_init(&vmaf, cfg);
    if (err) return err;
    err = vmaf_model_load(&model, &model_cfg, "vmaf_v0.6.1");
    if (err) return err;
    err = vmaf_use_features_from_model(vmaf, model);
    for (unsigned i = 0; i < 3 && !err; i++) {
        VmafPicture ref, dis;
        err = frame(&ref, i, 1);
        if (!err) err = frame(&dis, i, 9);
        if (!err) err = vmaf_read_pictures(vmaf, &ref, &dis, i);
    }
    if (!err) err = vmaf_read_pictures(vmaf, NULL, NULL, 0);
    if (!err) err = vmaf_score_pooled(vmaf, model, VMAF_POOL_METHOD_MEAN, result, 0, 2);
    vmaf_model_destroy(model);
    vmaf_close(vmaf);
    return err;
}

int main(void)
{
    double result = 0;
    for (int cycle = 0; cycle < 10; cycle++) {
        const int err = score(&result);
        if (err) {
            fprintf(stderr, "cycle %d: error %d\n", cycle, err);
            return 1;
        }
    }
    printf("%.6f\n", result);
    return 0;
}
