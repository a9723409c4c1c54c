/* Integer ADM: weights (spec: adm 8), golden figures, options, limits, groups. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "cpu/cpu.h"
#include "expect.h"
#include "metric/adm/adm_private.h"
#include "metric/registry.h"
#include "synth.h"

static const uint64_t masks[] = {~UINT64_C(0), VT_CPU_AVX512 | VT_CPU_AVX512ICL, VT_CPU_AVX512ICL,
                                 0};
#define MASKS (sizeof(masks) / sizeof(masks[0]))

/* ------------------------------------------------------------------------------------ weights */

static uint32_t bits(float f)
{
    uint32_t u;
    memcpy(&u, &f, sizeof(u));
    return u;
}

static void weights_match(void **state)
{
    (void)state;
    static const struct {
        int mode;
        double dist;
        int height;
        uint32_t f[4][2], fixed[4][2]; /* f of 0: not given */
    } want[] = {
        {0,
         3,
         1080,
         {{0x3C8E63BA, 0x3BC106AA},
          {0x3D030286, 0x3C6A46A3},
          {0x3D31A788, 0x3CC7DC06},
          {0x3D3B140B, 0x3D0041C9}},
         {{36453, 49417}, {137373792, 61414028}, {186284160, 104783920}, {196165808, 134487184}}},
        {0,
         5,
         1080,
         {{0x3BE01B27, 0x3B056BFF},
          {0x3C6DF82C, 0x3BBAE33C},
          {0x3CBA3608, 0x3C380033},
          {0x3CE24E24, 0x3C884687}},
         {{14342, 17077}, {62382256, 24495736}, {97628224, 48234700}, {118649120, 71447608}}},
        {2,
         3,
         1080,
         {{0x3C41D29E, 0x3B8CF7CB},
          {0x3CCD0353, 0x3C40F883},
          {0x3D2FEC57, 0x3CC3EFAE},
          {0x3D701C93, 0x3D130CED}},
         {{24809, 36087}, {107485848, 50586124}, {184468848, 102727024}, {251775280, 154193616}}},
        {2,
         1.5,
         2160,
         {{0}},
         {{24809, 36087}, {107485848, 50586124}, {184468848, 102727024}, {251775280, 154193616}}},
        {2,
         5,
         1080,
         {{0}},
         {{8833, 8254}, {63604172, 25134148}, {127311424, 62706524}, {203856320, 118429432}}},
        {2,
         3,
         2160,
         {{0}},
         {{4739, 4018}, {50809464, 18476950}, {107485848, 50586124}, {184468848, 102727024}}},
        {3,
         3,
         1080,
         {{0}},
         {{23590, 34368}, {97092032, 46905336}, {154318176, 92041152}, {196164048, 134488304}}},
    };
    for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
        const VtAdmOptions opt = {
            .csf_mode = want[i].mode, .view_dist = want[i].dist, .display_height = want[i].height};
        VtAdmWeights w[4];
        assert_int_equal(vt_adm_weights(&opt, w), 0);
        for (unsigned s = 0; s < 4; s++) {
            for (int d = 0; d < 2; d++)
                if (want[i].f[s][d]) assert_int_equal(bits(w[s].f[d]), want[i].f[s][d]);
            assert_int_equal(w[s].fixed[VT_ADM_H], want[i].fixed[s][0]);
            assert_int_equal(w[s].fixed[VT_ADM_V], want[i].fixed[s][0]);
            assert_int_equal(w[s].fixed[VT_ADM_D], want[i].fixed[s][1]);
            assert_true(vt_adm_weights_in_range(s, w[s].fixed));
        }
    }
}

static void barten_weights(void **state)
{
    (void)state;
    static const uint32_t f[4] = {0x3F9AF18D, 0x40A159E3, 0x416A0875, 0x41D7CE9B};
    const VtAdmOptions opt = {
        .csf_mode = 1, .view_dist = 3, .display_height = 1080, .csf_scale = 1, .csf_diag_scale = 1};
    VtAdmWeights w[4];
    assert_int_equal(vt_adm_weights(&opt, w), 0);
    for (unsigned s = 0; s < 4; s++) {
        assert_int_equal(bits(w[s].f[0]), f[s]);
        assert_int_equal(bits(w[s].f[1]), f[s]);
    }
}

static void pairs_without_figures(void **state)
{
    (void)state;
    VtAdmWeights w[4];
    VtAdmOptions opt = {.csf_mode = 2, .view_dist = 3.5, .display_height = 1080};
    assert_int_equal(vt_adm_weights(&opt, w), -EINVAL);
    opt.csf_mode = 3;
    assert_int_equal(vt_adm_weights(&opt, w), -EINVAL);
    opt.view_dist = 5;
    opt.display_height = 720;
    assert_int_equal(vt_adm_weights(&opt, w), 0);
}

/* Every weight of the Watson mode that passes the check fits the narrow lanes. */
static void watson_weights_fit(void **state)
{
    (void)state;
    for (int height = 1; height <= 4320; height += 7)
        for (double dist = 0.75; dist <= 24; dist += 0.25) {
            const VtAdmOptions opt = {.view_dist = dist, .display_height = height};
            if (dist * height < 3240) continue;
            VtAdmWeights w[4];
            assert_int_equal(vt_adm_weights(&opt, w), 0);
            for (unsigned s = 0; s < 4; s++) assert_true(vt_adm_weights_in_range(s, w[s].fixed));
        }
}

/* ------------------------------------------------------------------------------------- golden */

static const char *const clips[] = {
    "synth_64x48_420_8b",    "synth_33x35_444_10b",   "synth_192x176_400_8b",
    "synth_208x192_444_8b",  "synth_257x193_420_8b",  "synth_320x180_420_8b",
    "synth_320x180_420_10b", "synth_240x176_420_12b", "synth_240x176_420_16b",
    "synth_352x288_422_10b",
};
#define CLIPS (sizeof(clips) / sizeof(clips[0]))

static unsigned expect(const char *clip, const char *group, const char *opt, uint64_t mask)
{
    char name[64];
    snprintf(name, sizeof(name), "%s.%s", clip, group);
    return expect_metric(name, "adm", opt, mask, 0);
}

static void golden_debug(void **state)
{
    (void)state;
    for (size_t c = 0; c < CLIPS; c++)
        for (size_t m = 0; m < MASKS; m++)
            assert_int_equal(expect(clips[c], "debug", "debug=true", masks[m]) % 18, 0);
}

static void golden_v0(void **state)
{
    (void)state;
    for (size_t c = 0; c < CLIPS; c++)
        for (size_t m = 0; m < MASKS; m++) {
            assert_int_equal(expect(clips[c], "models-v0", NULL, masks[m]) % 7, 0);
            expect(clips[c], "models-v0", "adm_enhn_gain_limit=1", masks[m]);
        }
}

#define V1                                                                                         \
    "adm_csf_mode=2:adm_dlm_weight=0.7:adm_enhn_gain_limit=1:adm_min_val=0.5:adm_noise_weight=0."  \
    "02"

/* Clips with figures of these options; each clip was scored with those of its size. */
static void golden_v1(void **state)
{
    (void)state;
    static const char *const v1_clips[] = {"synth_257x193_420_8b",  "synth_320x180_420_8b",
                                           "synth_320x180_420_10b", "synth_240x176_420_12b",
                                           "synth_240x176_420_16b", "synth_352x288_422_10b"};
    static const char *const sets[] = {
        V1 ":adm_norm_view_dist=3:adm_ref_display_height=1080",
        V1 ":adm_norm_view_dist=1.5:adm_ref_display_height=2160",
    };
    for (size_t c = 0; c < sizeof(v1_clips) / sizeof(v1_clips[0]); c++)
        for (size_t o = 0; o < sizeof(sets) / sizeof(sets[0]); o++)
            for (size_t m = 0; m < MASKS; m++)
                assert_int_equal(expect(v1_clips[c], "models-v1", sets[o], masks[m]) % 7, 0);
}

/* ---------------------------------------------------------------------------- groups, options */

#define MEMBERS 13

static const char *const member_options[MEMBERS] = {
    "debug=true",
    "adm_enhn_gain_limit=1:debug=true",
    "adm_enhn_gain_limit=1.2:debug=true",
    V1 ":debug=true",
    V1 ":adm_norm_view_dist=5:debug=true",
    "adm_csf_mode=3:adm_norm_view_dist=3:adm_ref_display_height=2160:debug=true",
    "adm_skip_aim=true:adm_enhn_gain_limit=7",
    "adm_skip_scale0=true:debug=true",
    "adm_noise_weight=0:debug=true",
    "adm_csf_mode=1:debug=true",
    "adm_csf_mode=1:adm_csf_scale=0.004:adm_csf_diag_scale=0.003:debug=true",
    "adm_norm_view_dist=4.3:adm_noise_weight=0.1:debug=true",
    "adm_dlm_weight=0.25:adm_min_val=0.9",
};

static VmafFeatureDictionary *dictionary(const char *text)
{
    VmafFeatureDictionary *dict = NULL;
    char *copy = strdup(text), *save = NULL;
    for (char *o = strtok_r(copy, ":", &save); o; o = strtok_r(NULL, ":", &save)) {
        char *eq = strchr(o, '=');
        *eq = 0;
        assert_int_equal(vmaf_feature_dictionary_set(&dict, o, eq + 1), 0);
    }
    free(copy);
    return dict;
}

static VtInstance *instance(const char *text)
{
    VmafFeatureDictionary *dict = dictionary(text);
    VtInstance *inst = NULL;
    assert_int_equal(vt_instance_create(&inst, vt_metric_find("adm"), dict, NULL), 0);
    vt_dictionary_free(&dict);
    return inst;
}

static void run_group(VtInstance *const *member, unsigned n, uint64_t mask, const VmafPicture *ref,
                      const VmafPicture *dis, VtResult *result)
{
    VtGroup group = {.metric = member[0]->metric,
                     .member = member,
                     .n_members = n,
                     .format = {ref->pix_fmt, ref->bpc, ref->w[0], ref->h[0]},
                     .cpu_flags = vt_cpu_flags(mask)};
    assert_int_equal(group.metric->init(&group), 0);
    void *scratch = vt_aligned_alloc(group.metric->scratch_size(&group));
    assert_non_null(scratch);
    const VtFrame frame = {.ref = ref, .dis = dis};
    VtResult *results[MEMBERS];
    memset(result, 0, n * sizeof(*result));
    for (unsigned i = 0; i < n; i++) results[i] = &result[i];
    assert_int_equal(group.metric->extract(&group, scratch, &frame, results), 0);
    vt_aligned_free(scratch);
    group.metric->close(&group);
    assert_null(group.shared);
}

static void groups_equal_separate_runs(void **state)
{
    (void)state;
    static const struct {
        unsigned bpc, w, h;
    } sizes[] = {{8, 131, 97}, {10, 64, 50}, {16, 45, 33}, {8, 17, 19}, {8, 24, 70}};
    VtInstance *member[MEMBERS];
    for (unsigned i = 0; i < MEMBERS; i++) member[i] = instance(member_options[i]);
    for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
        VmafPicture ref, dis;
        assert_int_equal(
            synth_pair(&ref, &dis, VMAF_PIX_FMT_YUV420P, sizes[k].bpc, sizes[k].w, sizes[k].h, 3),
            0);
        VtResult truth[MEMBERS], together[MEMBERS];
        for (unsigned i = 0; i < MEMBERS; i++)
            run_group(&member[i], 1, ~UINT64_C(0), &ref, &dis, &truth[i]);
        for (size_t m = 0; m < MASKS; m++) {
            run_group(member, MEMBERS, masks[m], &ref, &dis, together);
            assert_memory_equal(truth, together, sizeof(truth));
            for (unsigned i = 0; i < MEMBERS; i++) {
                run_group(&member[i], 1, masks[m], &ref, &dis, together);
                assert_memory_equal(&truth[i], together, sizeof(*truth));
            }
        }
        vmaf_picture_unref(&ref);
        vmaf_picture_unref(&dis);
    }
    for (unsigned i = 0; i < MEMBERS; i++) vt_instance_destroy(member[i]);
}

/* Pictures at the ends of the ranges: noise, two-valued noise, checker boards of several sizes, all
 * against another or its negative. */
static void extreme_pair(unsigned kind, VmafPicture *ref, VmafPicture *dis)
{
    uint32_t seed = kind * 2654435761u + 1;
    const unsigned max = (1u << ref->bpc) - 1;
    for (unsigned y = 0; y < ref->h[0]; y++)
        for (unsigned x = 0; x < ref->w[0]; x++) {
            seed = seed * 1664525u + 1013904223u;
            const unsigned noise = seed >> 16, board = (x >> (kind % 4)) + (y >> (kind / 2 % 4));
            const unsigned r = kind < 4    ? noise & max
                               : kind < 10 ? (noise & 1) * max
                                           : (board & 1) * max;
            const unsigned d = kind % 3 == 0 ? max - r : kind % 3 == 1 ? (seed >> 30 & 1) * max : r;
            char *rows[2] = {(char *)ref->data[0] + y * ref->stride[0],
                             (char *)dis->data[0] + y * dis->stride[0]};
            if (ref->bpc > 8) {
                ((uint16_t *)rows[0])[x] = (uint16_t)r;
                ((uint16_t *)rows[1])[x] = (uint16_t)d;
            } else {
                rows[0][x] = (char)r;
                rows[1][x] = (char)d;
            }
        }
}

static void extremes_equal_scalar(void **state)
{
    (void)state;
    VtInstance *member[] = {instance("debug=true"), instance("adm_enhn_gain_limit=1:debug=true"),
                            instance(V1 ":debug=true")};
    enum { N = sizeof(member) / sizeof(member[0]) };
    for (unsigned kind = 0; kind < 24; kind++) {
        VmafPicture ref, dis;
        const unsigned bpc = kind & 1 ? 16 : 8;
        assert_int_equal(vmaf_picture_alloc(&ref, VMAF_PIX_FMT_YUV400P, bpc, 150, 110), 0);
        assert_int_equal(vmaf_picture_alloc(&dis, VMAF_PIX_FMT_YUV400P, bpc, 150, 110), 0);
        extreme_pair(kind, &ref, &dis);
        VtResult truth[N], got[N];
        run_group(member, N, ~UINT64_C(0), &ref, &dis, truth);
        for (size_t m = 1; m < MASKS; m++) {
            run_group(member, N, masks[m], &ref, &dis, got);
            assert_memory_equal(truth, got, sizeof(truth));
        }
        vmaf_picture_unref(&ref);
        vmaf_picture_unref(&dis);
    }
    for (int i = 0; i < N; i++) vt_instance_destroy(member[i]);
}

enum { ADM2, AIM, ADM3, SCALE0 };

static void options_do_what_they_say(void **state)
{
    (void)state;
    VtInstance *member[] = {instance("debug=false"),          instance("adm_skip_aim=true"),
                            instance("adm_dlm_weight=0.25"),  instance("adm_min_val=1"),
                            instance("adm_skip_scale0=true"), instance("debug=true")};
    enum { N = sizeof(member) / sizeof(member[0]) };
    VmafPicture ref, dis;
    assert_int_equal(synth_pair(&ref, &dis, VMAF_PIX_FMT_YUV420P, 8, 100, 80, 0), 0);
    VtResult r[N];
    run_group(member, N, 0, &ref, &dis, r);
    const double adm2 = r[0].value[ADM2], aim = r[0].value[AIM];
    assert_true(adm2 > 0.2 && adm2 < 1 && aim > 0 && aim < 1);
    assert_int_equal(r[0].written, 0x7f);
    assert_int_equal(r[5].written, 0x3ffff);
    assert_true(r[0].value[ADM3] == adm2 * 0.5 + (1 - aim) * 0.5);
    assert_true(r[1].value[ADM2] == adm2 && r[1].value[AIM] == 0);
    assert_true(r[1].value[ADM3] == adm2 * 0.5 + 0.5);
    assert_true(r[2].value[ADM3] == adm2 * 0.25 + (1 - aim) * 0.75);
    assert_true(r[3].value[ADM3] == 1);
    assert_true(r[4].value[SCALE0] == 0 && r[4].value[SCALE0 + 1] == r[0].value[SCALE0 + 1]);
    assert_string_equal(member[4]->name[SCALE0], "integer_adm_scale0_ssz");
    assert_string_equal(member[1]->name[ADM2], "VMAF_integer_feature_adm2_score");
    assert_string_equal(member[5]->identity, "adm");
    vmaf_picture_unref(&ref);
    vmaf_picture_unref(&dis);
    for (int i = 0; i < N; i++) vt_instance_destroy(member[i]);
}

static void flat_pictures(void **state)
{
    (void)state;
    VtInstance *member[] = {instance("debug=true"), instance("adm_noise_weight=0")};
    VmafPicture ref;
    assert_int_equal(vmaf_picture_alloc(&ref, VMAF_PIX_FMT_YUV420P, 8, 90, 70), 0);
    VtResult r[2];
    run_group(member, 2, 0, &ref, &ref, r);
    assert_true(r[0].value[ADM2] == 1 && r[0].value[AIM] == 0 && r[0].value[ADM3] == 1);
    assert_true(r[1].value[ADM2] == 1 && r[1].value[AIM] == 0 && r[1].value[ADM3] == 1);
    for (int s = 0; s < 4; s++) {
        assert_true(r[0].value[SCALE0 + s] == 1);
        assert_true(isnan(r[1].value[SCALE0 + s]));
    }
    vmaf_picture_unref(&ref);
    vt_instance_destroy(member[0]);
    vt_instance_destroy(member[1]);
}

/* ------------------------------------------------------------------------------------- limits */

static char line[512];
static unsigned lines;

static void keep_line(void *user, enum VmafLogLevel level, const char *text)
{
    (void)user, (void)level;
    snprintf(line, sizeof(line), "%s", text);
    lines++;
}

static int init_with(const char *opt, unsigned w, unsigned h)
{
    const VtLog log = {VMAF_LOG_LEVEL_ERROR, keep_line, NULL};
    VtInstance *inst = instance(opt);
    VtGroup group = {.metric = inst->metric,
                     .member = &inst,
                     .n_members = 1,
                     .format = {VMAF_PIX_FMT_YUV420P, 8, w, h},
                     .log = &log};
    lines = 0;
    const int err = group.metric->init(&group);
    if (err)
        assert_null(group.shared);
    else
        group.metric->close(&group);
    vt_instance_destroy(inst);
    assert_int_equal(lines, err ? 1 : 0);
    return err;
}

static void limits_are_refused(void **state)
{
    (void)state;
    assert_int_equal(init_with("debug=true", 16, 64), -EINVAL);
    assert_non_null(strstr(line, "16x64"));
    assert_non_null(strstr(line, "17x17"));
    assert_int_equal(init_with("debug=true", 64, 16), -EINVAL);
    assert_int_equal(init_with("debug=true", 17, 17), 0);
    assert_int_equal(init_with("adm_norm_view_dist=2.9", 64, 64), -EINVAL);
    assert_non_null(strstr(line, "3240"));
    assert_int_equal(init_with("adm_ref_display_height=720", 64, 64), -EINVAL);
    assert_int_equal(init_with("adm_norm_view_dist=1.5:adm_ref_display_height=2160", 64, 64), 0);
    assert_int_equal(init_with("adm_norm_view_dist=5:adm_ref_display_height=720", 64, 64), 0);
    assert_int_equal(init_with("adm_csf_mode=2:adm_norm_view_dist=4", 64, 64), -EINVAL);
    assert_non_null(strstr(line, "adm_csf_mode 2"));
    assert_int_equal(init_with("adm_csf_mode=0:adm_norm_view_dist=4", 64, 64), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_match),
        cmocka_unit_test(barten_weights),
        cmocka_unit_test(pairs_without_figures),
        cmocka_unit_test(watson_weights_fit),
        cmocka_unit_test(golden_debug),
        cmocka_unit_test(golden_v0),
        cmocka_unit_test(golden_v1),
        cmocka_unit_test(groups_equal_separate_runs),
        cmocka_unit_test(extremes_equal_scalar),
        cmocka_unit_test(options_do_what_they_say),
        cmocka_unit_test(flat_pictures),
        cmocka_unit_test(limits_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
