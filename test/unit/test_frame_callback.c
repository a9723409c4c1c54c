/* The frame callback: every scored frame once, in order, with the values that it has after the
 * flush, as early as they can be known; and what may not be done from inside it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "libvmaf/turbo.h"
#include "synth.h"

#define W 64
#define H 48
#define MAX_FRAMES 32
#define MAX_VALUES 64
#define SAD "VMAF_integer_feature_motion_sad_score"
#define VIF0 "VMAF_integer_feature_vif_scale0_score"

/* A copy of what was delivered. */
typedef struct Got {
    unsigned index, n_values;
    int error;
    char feature[MAX_VALUES][64], name[MAX_VALUES][64];
    double value[MAX_VALUES];
} Got;

typedef struct Listener {
    VmafContext *vmaf;
    Got got[MAX_FRAMES];
    atomic_uint n, read;
    unsigned most_ahead; /* of the reader before the delivered frame */
    useconds_t sleep;
    atomic_int inside;
    bool overlapped, misuse;
    int misused[8];
} Listener;

static VmafContext *context(unsigned threads, unsigned subsample)
{
    VmafContext *vmaf = NULL;
    const VmafConfiguration cfg = {
        .log_level = VMAF_LOG_LEVEL_NONE, .n_threads = threads, .n_subsample = subsample};
    assert_int_equal(vmaf_init(&vmaf, cfg), 0);
    return vmaf;
}

static void try_what_is_refused(Listener *l)
{
    VmafPicture pic = {0};
    const VmafTurboReport report = {.precision = 6};
    l->misused[0] = vmaf_read_pictures(l->vmaf, NULL, NULL, 0);
    l->misused[1] = vmaf_close(l->vmaf);
    l->misused[2] = vmaf_import_feature_score(l->vmaf, "x", 1, 0);
    l->misused[3] = vmaf_use_feature(l->vmaf, "psnr", NULL);
    l->misused[4] = vmaf_turbo_write_report(l->vmaf, "/dev/null", VMAF_OUTPUT_FORMAT_CSV, &report);
    l->misused[5] = vmaf_turbo_set_frame_callback(l->vmaf, NULL, NULL);
    l->misused[6] = vmaf_read_pictures(l->vmaf, &pic, &pic, 9);
    l->misused[7] = vmaf_turbo_print_summary(l->vmaf, stdout, &report);
}

static void listen(void *user, const VmafTurboFrame *frame)
{
    Listener *l = user;
    if (atomic_fetch_add(&l->inside, 1)) l->overlapped = true;
    const unsigned n = atomic_load(&l->n);
    if (n < MAX_FRAMES && frame->n_values <= MAX_VALUES) {
        Got *g = &l->got[n];
        g->index = frame->index;
        g->error = frame->error;
        g->n_values = frame->n_values;
        for (unsigned i = 0; i < frame->n_values; i++) {
            snprintf(g->feature[i], sizeof(g->feature[i]), "%s", frame->value[i].feature);
            snprintf(g->name[i], sizeof(g->name[i]), "%s", frame->value[i].name);
            g->value[i] = frame->value[i].value;
        }
    }
    const unsigned ahead = atomic_load(&l->read) - frame->index;
    if (ahead > l->most_ahead) l->most_ahead = ahead;
    if (l->sleep) usleep(l->sleep);
    if (l->misuse) try_what_is_refused(l);
    atomic_store(&l->n, n + 1);
    atomic_fetch_sub(&l->inside, 1);
}

static Listener *listener(VmafContext *vmaf)
{
    Listener *l = calloc(1, sizeof(*l));
    assert_non_null(l);
    l->vmaf = vmaf;
    assert_int_equal(vmaf_turbo_set_frame_callback(vmaf, listen, l), 0);
    return l;
}

static int read_frame(VmafContext *vmaf, unsigned index)
{
    VmafPicture ref, dis;
    assert_int_equal(synth_pair(&ref, &dis, VMAF_PIX_FMT_YUV420P, 8, W, H, index), 0);
    const int err = vmaf_read_pictures(vmaf, &ref, &dis, index);
    if (err) {
        assert_int_equal(vmaf_picture_unref(&ref), 0);
        assert_int_equal(vmaf_picture_unref(&dis), 0);
    }
    return err;
}

static int flush(VmafContext *vmaf)
{
    return vmaf_read_pictures(vmaf, NULL, NULL, 0);
}

static VmafModel *model(const char *version, const char *name)
{
    VmafModel *m = NULL;
    VmafModelConfig cfg = {.name = name};
    assert_int_equal(vmaf_model_load(&m, &cfg, version), 0);
    return m;
}

static void use(VmafContext *vmaf, const char *feature, const char *option)
{
    VmafFeatureDictionary *d = NULL;
    if (option) assert_int_equal(vmaf_feature_dictionary_set(&d, option, "true"), 0);
    assert_int_equal(vmaf_use_feature(vmaf, feature, d), 0);
}

/* After the flush: what was delivered for a frame is what the context has, all of it, to the bit.
 */
static void same_as_stored(VmafContext *vmaf, const Got *g)
{
    const char *name, *feature;
    unsigned stored = 0;
    for (unsigned i = 0; !vmaf_turbo_column(vmaf, i, &name, &feature); i++) {
        double value;
        if (vmaf_feature_score_at_index(vmaf, feature, &value, g->index)) continue;
        stored++;
        unsigned k = 0;
        while (k < g->n_values && strcmp(g->feature[k], feature)) k++;
        if (k == g->n_values) fail_msg("frame %u was delivered without %s", g->index, feature);
        assert_string_equal(g->name[k], name);
        assert_memory_equal(&g->value[k], &value, sizeof(value));
    }
    assert_int_equal(stored, g->n_values);
}

/* ---- what arrives ---- */

static void every_frame_comes_once_in_order_and_final(void **state)
{
    (void)state;
    static const unsigned threads[] = {0, 2, 8};
    for (unsigned k = 0; k < 3; k++) {
        const unsigned frames = 24, in_flight = threads[k] + (threads[k] + 1) / 2;
        VmafContext *vmaf = context(threads[k], 0);
        VmafModel *m = model("vmaf_v0.6.1", "vmaf");
        Listener *l = listener(vmaf);
        assert_int_equal(vmaf_use_features_from_model(vmaf, m), 0);
        assert_int_equal(vmaf_turbo_add_frame_model(vmaf, m, NULL), 0);
        use(vmaf, "float_motion", NULL);
        use(vmaf, "psnr", NULL);
        for (unsigned t = 0; t < frames; t++) {
            assert_int_equal(read_frame(vmaf, t), 0);
            if (!threads[k]) assert_int_equal(l->n, t); /* all but the last, which looks ahead */
        }
        assert_true(l->n + in_flight + 1 >= frames);
        assert_int_equal(flush(vmaf), 0);
        assert_int_equal(l->n, frames);
        double score;
        assert_int_equal(vmaf_score_pooled(vmaf, m, VMAF_POOL_METHOD_MEAN, &score, 0, frames - 1),
                         0);
        for (unsigned t = 0; t < frames; t++) {
            assert_int_equal(l->got[t].index, t);
            assert_int_equal(l->got[t].error, 0);
            same_as_stored(vmaf, &l->got[t]);
        }
        assert_false(l->overlapped);
        assert_int_equal(vmaf_close(vmaf), 0);
        vmaf_model_destroy(m);
        free(l);
    }
}

/* motion looks ahead in several ways; what comes early must be what the flush then finds. */
static void early_values_are_the_final_ones(void **state)
{
    (void)state;
    static const char *const options[] = {NULL, "motion_five_frame_window", "motion_moving_average",
                                          "motion_force_zero", "debug"};
    static const unsigned lengths[] = {1, 2, 3, 4, 9};
    for (unsigned o = 0; o < 5; o++)
        for (unsigned k = 0; k < 5; k++) {
            VmafContext *vmaf = context(0, 0);
            Listener *l = listener(vmaf);
            use(vmaf, "motion", options[o]);
            for (unsigned t = 0; t < lengths[k]; t++) assert_int_equal(read_frame(vmaf, t), 0);
            if (lengths[k] > 2) assert_int_equal(l->n, lengths[k] - 1);
            assert_int_equal(flush(vmaf), 0);
            assert_int_equal(l->n, lengths[k]);
            for (unsigned t = 0; t < lengths[k]; t++) same_as_stored(vmaf, &l->got[t]);
            assert_int_equal(vmaf_close(vmaf), 0);
            free(l);
        }
}

static void only_scored_frames_come_when_subsampling(void **state)
{
    (void)state;
    for (unsigned threads = 0; threads <= 2; threads += 2) {
        VmafContext *vmaf = context(threads, 3);
        Listener *l = listener(vmaf);
        use(vmaf, "motion", NULL);
        use(vmaf, "vif", NULL);
        for (unsigned t = 0; t < 11; t++) assert_int_equal(read_frame(vmaf, t), 0);
        if (!threads) assert_int_equal(l->n, 4);
        assert_int_equal(flush(vmaf), 0);
        assert_int_equal(l->n, 4);
        for (unsigned i = 0; i < 4; i++) {
            assert_int_equal(l->got[i].index, 3 * i);
            same_as_stored(vmaf, &l->got[i]);
        }
        assert_int_equal(vmaf_close(vmaf), 0);
        free(l);
    }
}

static void gaps_are_allowed_and_steps_back_are_not(void **state)
{
    (void)state;
    static const unsigned indices[] = {0, 1, 2, 5, 6, 1000000};
    for (unsigned threads = 0; threads <= 2; threads += 2) {
        VmafContext *vmaf = context(threads, 0);
        Listener *l = listener(vmaf);
        use(vmaf, "motion", NULL);
        use(vmaf, "vif", NULL);
        for (unsigned i = 0; i < 6; i++) assert_int_equal(read_frame(vmaf, indices[i]), 0);
        assert_int_equal(read_frame(vmaf, 999999), -EINVAL);
        assert_int_equal(read_frame(vmaf, 3), -EINVAL);
        if (!threads) assert_int_equal(l->n, 6); /* motion2 ends at the gap: nothing is awaited */
        assert_int_equal(flush(vmaf), 0);
        assert_int_equal(l->n, 6);
        for (unsigned i = 0; i < 6; i++) {
            assert_int_equal(l->got[i].index, indices[i]);
            same_as_stored(vmaf, &l->got[i]);
        }
        assert_int_equal(vmaf_close(vmaf), 0);
        free(l);
    }
}

/* motion of a frame other than 0 without a picture before it fails on the worker. */
static void a_failed_frame_comes_with_its_error_and_the_rest(void **state)
{
    (void)state;
    for (unsigned threads = 0; threads <= 2; threads += 2) {
        VmafContext *vmaf = context(threads, 0);
        VmafModel *m = model("vmaf_v0.6.1", "vmaf");
        Listener *l = listener(vmaf);
        int errors = 0;
        use(vmaf, "motion", NULL);
        use(vmaf, "float_motion", NULL);
        use(vmaf, "vif", NULL);
        assert_int_equal(vmaf_turbo_add_frame_model(vmaf, m, NULL), 0);
        for (unsigned t = 3; t < 9; t++) errors += read_frame(vmaf, t) != 0;
        errors += flush(vmaf) != 0;
        assert_true(errors > 0);
        assert_true(l->n >= 5);
        double value;
        assert_int_equal(l->got[0].index, 3);
        assert_int_equal(l->got[0].error, -EINVAL);
        for (unsigned i = 0; i < l->n; i++) {
            if (i) assert_true(l->got[i].index > l->got[i - 1].index);
            assert_int_equal(l->got[i].error, -EINVAL); /* the model lacks adm and motion2 */
            assert_int_equal(vmaf_feature_score_at_index(vmaf, VIF0, &value, l->got[i].index), 0);
            same_as_stored(vmaf, &l->got[i]);
        }
        assert_int_equal(vmaf_close(vmaf), 0);
        vmaf_model_destroy(m);
        free(l);
    }
}

static void collections_and_leads_have_their_columns(void **state)
{
    (void)state;
    VmafContext *vmaf = context(2, 0);
    VmafModel *lead;
    VmafModelCollection *c;
    VmafModelConfig cfg = {.name = "b"};
    assert_int_equal(vmaf_model_collection_load(&lead, &c, &cfg, "vmaf_b_v0.6.3"), 0);
    Listener *l = listener(vmaf);
    assert_int_equal(vmaf_use_features_from_model_collection(vmaf, c), 0);
    assert_int_equal(vmaf_turbo_add_frame_model(vmaf, lead, c), 0);
    for (unsigned t = 0; t < 4; t++) assert_int_equal(read_frame(vmaf, t), 0);
    assert_int_equal(flush(vmaf), 0);
    assert_int_equal(l->n, 4);
    double score;
    VmafModelCollectionScore cs;
    assert_int_equal(vmaf_score_pooled(vmaf, lead, VMAF_POOL_METHOD_MEAN, &score, 0, 3), 0);
    assert_int_equal(vmaf_score_pooled_model_collection(vmaf, c, VMAF_POOL_METHOD_MEAN, &cs, 0, 3),
                     0);
    for (unsigned t = 0; t < 4; t++) {
        same_as_stored(vmaf, &l->got[t]);
        assert_string_equal(l->got[t].name[l->got[t].n_values - 1], "b_ci_p95_hi");
    }
    assert_int_equal(vmaf_close(vmaf), 0);
    vmaf_model_collection_destroy(c);
    vmaf_model_destroy(lead);
    free(l);
}

static void values_imported_before_a_frame_are_among_its_values(void **state)
{
    (void)state;
    VmafContext *vmaf = context(2, 0);
    Listener *l = listener(vmaf);
    use(vmaf, "vif", NULL);
    for (unsigned t = 0; t < 3; t++) {
        assert_int_equal(vmaf_import_feature_score(vmaf, "mine", t + 0.5, t), 0);
        assert_int_equal(read_frame(vmaf, t), 0);
    }
    assert_int_equal(flush(vmaf), 0);
    assert_int_equal(l->n, 3);
    for (unsigned t = 0; t < 3; t++) same_as_stored(vmaf, &l->got[t]);
    assert_string_equal(l->got[2].name[0], "mine");
    assert_true(l->got[2].value[0] == 2.5);
    assert_int_equal(vmaf_close(vmaf), 0);
    free(l);
}

/* ---- how it is called ---- */

static void a_slow_callback_holds_up_the_reader(void **state)
{
    (void)state;
    VmafContext *vmaf = context(2, 0);
    Listener *l = listener(vmaf);
    l->sleep = 3000;
    use(vmaf, "motion", NULL);
    for (unsigned t = 0; t < 30; t++) {
        assert_int_equal(read_frame(vmaf, t), 0);
        atomic_store(&l->read, t + 1);
    }
    assert_int_equal(flush(vmaf), 0);
    assert_int_equal(l->n, 30);
    assert_false(l->overlapped);
    assert_in_range(l->most_ahead, 1, 3 + 1 + 1); /* in flight, looking ahead, the one being read */
    assert_int_equal(vmaf_close(vmaf), 0);
    free(l);
}

static void waiting_inside_the_callback_is_refused(void **state)
{
    (void)state;
    for (unsigned threads = 0; threads <= 2; threads += 2) {
        VmafContext *vmaf = context(threads, 0);
        Listener *l = listener(vmaf);
        l->misuse = true;
        use(vmaf, "vif", NULL);
        for (unsigned t = 0; t < 3; t++) assert_int_equal(read_frame(vmaf, t), 0);
        assert_int_equal(flush(vmaf), 0);
        assert_int_equal(l->n, 3);
        for (unsigned i = 0; i < 8; i++) assert_int_equal(l->misused[i], -EDEADLK);
        assert_int_equal(vmaf_close(vmaf), 0);
        free(l);
    }
}

static void nothing_comes_after_the_first_frame_or_without_a_flush(void **state)
{
    (void)state;
    VmafModel *m = model("vmaf_v0.6.1", "vmaf");
    VmafContext *vmaf = context(2, 0);
    Listener *l = listener(vmaf);
    assert_int_equal(vmaf_turbo_set_frame_callback(NULL, listen, l), -EINVAL);
    assert_int_equal(vmaf_turbo_add_frame_model(vmaf, NULL, NULL), -EINVAL);
    assert_int_equal(vmaf_turbo_add_frame_model(NULL, m, NULL), -EINVAL);
    use(vmaf, "motion", NULL);
    for (unsigned t = 0; t < 4; t++) assert_int_equal(read_frame(vmaf, t), 0);
    assert_int_equal(vmaf_turbo_set_frame_callback(vmaf, listen, l), -EINVAL);
    assert_int_equal(vmaf_turbo_add_frame_model(vmaf, m, NULL), -EINVAL);
    assert_int_equal(vmaf_close(vmaf), 0);
    assert_int_equal(l->n, 3); /* the last one looks ahead */
    vmaf_model_destroy(m);
    free(l);
}

/* ---- lines ---- */

static void lines_are_json(void **state)
{
    (void)state;
    const VmafTurboValue values[] = {{"a", "long_a", 1.5}, {"q\"\\", "q", 1.0 / 0.0}};
    const VmafTurboFrame frame = {.index = 7, .n_values = 2, .value = values};
    const VmafTurboFrame failed = {.index = 8, .error = -EINVAL};
    char text[512] = {0};
    FILE *to = fmemopen(text, sizeof(text), "w");
    assert_non_null(to);
    assert_int_equal(vmaf_turbo_print_frame(&frame, to, VMAF_TURBO_PRECISION_DEFAULT), 0);
    assert_int_equal(vmaf_turbo_print_frame(&failed, to, 0), 0);
    assert_int_equal(vmaf_turbo_print_frame(&frame, to, 18), -EINVAL);
    assert_int_equal(vmaf_turbo_print_frame(NULL, to, 6), -EINVAL);
    assert_int_equal(vmaf_turbo_print_frame(&frame, NULL, 6), -EINVAL);
    fclose(to);
    assert_string_equal(text,
                        "{\"frameNum\":7,\"metrics\":{\"a\":1.500000,\"q\\u0022\\u005c\":null}}\n"
                        "{\"frameNum\":8,\"metrics\":{},\"error\":\"Invalid argument\"}\n");
    double v = 0;
    assert_int_equal(vmaf_turbo_frame_value(&frame, "long_a", &v), 0);
    assert_true(v == 1.5);
    assert_int_equal(vmaf_turbo_frame_value(&frame, "a", &v), 0);
    assert_int_equal(vmaf_turbo_frame_value(&frame, "b", &v), -EINVAL);
    assert_int_equal(vmaf_turbo_frame_value(&frame, NULL, &v), -EINVAL);
    to = fopen("/dev/full", "w");
    assert_non_null(to);
    assert_int_equal(vmaf_turbo_print_frame(&frame, to, 6), -ENOSPC);
    fclose(to);
}

static void the_summary_is_a_report_without_frames(void **state)
{
    (void)state;
    VmafContext *vmaf = context(0, 0);
    const VmafTurboReport report = {.precision = 2, .statistics = "p50"};
    use(vmaf, "psnr", "enable_apsnr");
    for (unsigned t = 0; t < 3; t++) assert_int_equal(read_frame(vmaf, t), 0);
    assert_int_equal(flush(vmaf), 0);
    static char text[4096];
    FILE *to = fmemopen(text, sizeof(text), "w");
    assert_int_equal(vmaf_turbo_print_summary(vmaf, to, &report), 0);
    assert_int_equal(vmaf_turbo_print_report(vmaf, to, VMAF_OUTPUT_FORMAT_CSV, &report), 0);
    assert_int_equal(vmaf_turbo_print_report(vmaf, to, VMAF_OUTPUT_FORMAT_NONE, &report), -EINVAL);
    assert_int_equal(vmaf_turbo_print_summary(vmaf, NULL, &report), -EINVAL);
    fclose(to);
    assert_memory_equal(text, "{\"version\":\"3.2.0\",\"fps\":", 25);
    assert_non_null(strstr(text, ",\"pooled_metrics\":{\"psnr_y\":{\"min\":"));
    assert_non_null(strstr(text, "\"p50\":"));
    assert_non_null(strstr(text, "},\"aggregate_metrics\":{\"apsnr_y\":"));
    assert_non_null(strstr(text, "}}\nFrame,psnr_y,"));
    assert_int_equal(vmaf_close(vmaf), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_frame_comes_once_in_order_and_final),
        cmocka_unit_test(early_values_are_the_final_ones),
        cmocka_unit_test(only_scored_frames_come_when_subsampling),
        cmocka_unit_test(gaps_are_allowed_and_steps_back_are_not),
        cmocka_unit_test(a_failed_frame_comes_with_its_error_and_the_rest),
        cmocka_unit_test(collections_and_leads_have_their_columns),
        cmocka_unit_test(values_imported_before_a_frame_are_among_its_values),
        cmocka_unit_test(a_slow_callback_holds_up_the_reader),
        cmocka_unit_test(waiting_inside_the_callback_is_refused),
        cmocka_unit_test(nothing_comes_after_the_first_frame_or_without_a_flush),
        cmocka_unit_test(lines_are_json),
        cmocka_unit_test(the_summary_is_a_report_without_frames),
    };
    return cmocka_run_group_tests_name("frame callback", tests, NULL, NULL);
}
