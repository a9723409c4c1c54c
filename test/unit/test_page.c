/* Parts of the tool's page: thumbnails against the formula, and which frames are kept. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "page/html.h"
#include "page/worst.h"
#include "synth.h"

static unsigned sample(const VmafPicture *p, unsigned plane, unsigned x, unsigned y)
{
    const uint8_t *row = (const uint8_t *)p->data[plane] + y * p->stride[plane];
    return p->bpc > 8 ? ((const uint16_t *)row)[x] : row[x];
}

/* Every thumbnail pixel is the mean of its box; boxes tile the picture. */
static void thumbnails_are_means_of_boxes(void **state)
{
    (void)state;
    static const struct {
        enum VmafPixelFormat fmt;
        unsigned bpc, w, h, tw, th;
    } shapes[] = {{VMAF_PIX_FMT_YUV420P, 8, 64, 48, 64, 48},
                  {VMAF_PIX_FMT_YUV420P, 10, 799, 433, 266, 144},
                  {VMAF_PIX_FMT_YUV444P, 16, 385, 7, 192, 3},
                  {VMAF_PIX_FMT_YUV422P, 8, 5, 1000, 1, 250},
                  {VMAF_PIX_FMT_YUV400P, 8, 400, 300, 200, 150}};
    for (size_t k = 0; k < sizeof(shapes) / sizeof(shapes[0]); k++) {
        VmafPicture ref, dis;
        ThumbnailMaker m;
        Thumbnail t;
        assert_int_equal(
            synth_pair(&ref, &dis, shapes[k].fmt, shapes[k].bpc, shapes[k].w, shapes[k].h, 1), 0);
        assert_int_equal(thumbnail_maker_init(&m, shapes[k].w, shapes[k].h), 0);
        assert_int_equal(m.tw, shapes[k].tw);
        assert_int_equal(m.th, shapes[k].th);
        assert_int_equal(thumbnail_alloc(&t, &m), 0);
        thumbnail_make(&t, &m, &ref, &dis);
        for (unsigned ty = 0; ty < m.th; ty++)
            for (unsigned tx = 0; tx < m.tw; tx++) {
                const unsigned x0 = tx * ref.w[0] / m.tw, y0 = ty * ref.h[0] / m.th;
                const unsigned x1 = (tx + 1) * ref.w[0] / m.tw, y1 = (ty + 1) * ref.h[0] / m.th;
                double sum = 0, difference = 0;
                for (unsigned y = y0; y < y1; y++)
                    for (unsigned x = x0; x < x1; x++) {
                        sum += sample(&ref, 0, x, y);
                        difference += fabs((double)sample(&ref, 0, x, y) - sample(&dis, 0, x, y));
                    }
                const double n = (x1 - x0) * (y1 - y0), scale = 1u << (ref.bpc - 8);
                assert_true(fabs(sum / n / scale - t.plane[0][0][ty * m.tw + tx]) < 1);
                assert_true(fabs(difference * 256 / n / scale - t.difference[ty * m.tw + tx]) < 1);
            }
        if (shapes[k].fmt == VMAF_PIX_FMT_YUV400P) assert_int_equal(t.plane[1][2][7], 128);
        thumbnail_free(&t);
        thumbnail_maker_free(&m);
        vmaf_picture_unref(&ref);
        vmaf_picture_unref(&dis);
    }
}

static void fill(VmafPicture *p, unsigned y, unsigned cb, unsigned cr)
{
    const unsigned v[3] = {y, cb, cr};
    assert_int_equal(vmaf_picture_alloc(p, VMAF_PIX_FMT_YUV420P, 8, 16, 16), 0);
    for (unsigned i = 0; i < 3; i++) memset(p->data[i], (int)v[i], (size_t)p->stride[i] * p->h[i]);
}

/* Limited-range BT.601 of black, white and red (81, 90, 240). */
static void colours_are_right(void **state)
{
    (void)state;
    static const unsigned yuv[3][3] = {{16, 128, 128}, {235, 128, 128}, {81, 90, 240}};
    static const uint8_t rgb[3][3] = {{0, 0, 0}, {255, 255, 255}, {255, 0, 0}};
    ThumbnailMaker m;
    Thumbnail t;
    uint8_t out[3 * 16 * 16];
    assert_int_equal(thumbnail_maker_init(&m, 16, 16), 0);
    assert_int_equal(thumbnail_alloc(&t, &m), 0);
    for (unsigned i = 0; i < 3; i++) {
        VmafPicture ref, dis;
        fill(&ref, 16, 128, 128);
        fill(&dis, yuv[i][0], yuv[i][1], yuv[i][2]);
        thumbnail_make(&t, &m, &ref, &dis);
        const ThumbnailColours sd = thumbnail_colours(NULL, false, 16);
        thumbnail_rgb(&t, &m, &sd, 1, out);
        for (unsigned c = 0; c < 3; c++)
            assert_in_range(out[3 * 17 + c] + 2, rgb[i][c], rgb[i][c] + 4);
        assert_int_equal(t.difference[5], 256 * (yuv[i][0] - 16));
        const unsigned gain = thumbnail_difference(&t, &m, out);
        assert_int_equal(gain, 256 / (yuv[i][0] - 16 + 1));
        vmaf_picture_unref(&ref);
        vmaf_picture_unref(&dis);
    }
    thumbnail_free(&t);
    thumbnail_maker_free(&m);
}

/* Luma tells the frame of a thumbnail. */
static void add(Worst *w, unsigned index)
{
    VmafPicture pic;
    fill(&pic, index % 200, 128, 128);
    worst_add(w, index, &pic, &pic);
    vmaf_picture_unref(&pic);
}

static void the_matrix_is_the_one_of_the_video(void **state)
{
    (void)state;
    assert_true(thumbnail_colours(NULL, false, 576).kr == 0.299);
    assert_true(thumbnail_colours(NULL, false, 720).kr == 0.2126);
    assert_true(thumbnail_colours("smpte170m", false, 1080).kr == 0.299);
    assert_true(thumbnail_colours("bt709", true, 480).kr == 0.2126);
    assert_true(thumbnail_colours("bt2020nc", false, 480).kb == 0.0593);
    assert_true(thumbnail_colours("bt709", true, 480).full_range);
}

static void pictures_of_another_shape_are_left_alone(void **state)
{
    (void)state;
    Worst w;
    VmafPicture a, b;
    assert_int_equal(worst_init(&w, 16, 16, 4, 1), 0);
    fill(&a, 16, 128, 128);
    assert_int_equal(vmaf_picture_alloc(&b, VMAF_PIX_FMT_YUV420P, 10, 16, 16), 0);
    worst_add(&w, 0, &a, &b);
    vmaf_picture_unref(&b);
    assert_int_equal(vmaf_picture_alloc(&b, VMAF_PIX_FMT_YUV420P, 8, 32, 16), 0);
    worst_add(&w, 0, &b, &b);
    worst_score(&w, 0, 1);
    assert_null(w.frame[0].cell);
    vmaf_picture_unref(&a);
    vmaf_picture_unref(&b);
    worst_free(&w);
}

static void the_worst_frames_keep_their_pictures(void **state)
{
    (void)state;
    Worst w;
    assert_int_equal(worst_init(&w, 16, 16, 4, 3), 0);
    for (unsigned i = 0; i < 100; i++) {
        add(&w, i);
        if (i >= 2) worst_score(&w, i - 2, i % 10 == 5 ? i : 1000 + i); /* 3, 13, 23, ... */
    }
    worst_sort(&w);
    assert_int_equal(w.n_frames, WORST_FRAMES);
    for (unsigned k = 0; k < WORST_FRAMES; k++) {
        assert_int_equal(w.frame[k].index, 3 + 10 * k);
        assert_true(w.frame[k].score == 5 + 10 * k);
        assert_non_null(w.frame[k].cell);
        assert_int_equal(w.frame[k].cell->index, w.frame[k].index);
        assert_int_equal(w.frame[k].cell->thumbnail.plane[0][0][0], w.frame[k].index);
    }
    worst_free(&w);
}

static void neighbours_of_a_worse_frame_are_left_out(void **state)
{
    (void)state;
    static const double scores[] = {50, 40, 30, 20, 30, 40, 10, 90, NAN, 15};
    Worst w;
    assert_int_equal(worst_init(&w, 16, 16, 4, 3), 0);
    for (unsigned i = 0; i < 10; i++) {
        add(&w, i);
        worst_score(&w, i, scores[i]);
    }
    worst_sort(&w);
    assert_int_equal(w.n_frames, 3);
    assert_int_equal(w.frame[0].index, 6);
    assert_int_equal(w.frame[1].index, 9);
    assert_int_equal(w.frame[2].index, 3);
    worst_free(&w);

    assert_int_equal(worst_init(&w, 16, 16, 4, 1), 0);
    w.high_is_worse = true;
    for (unsigned i = 0; i < 10; i++) worst_score(&w, i, scores[i]);
    worst_sort(&w);
    assert_int_equal(w.frame[0].index, 7);
    assert_null(w.frame[0].cell); /* it had no picture */
    worst_free(&w);
}

/* More frames wait than were announced: the oldest give way, and memory does not grow. */
static void late_scores_lose_old_pictures_only(void **state)
{
    (void)state;
    Worst w;
    assert_int_equal(worst_init(&w, 16, 16, 4, 1), 0);
    for (unsigned i = 0; i < 50; i++) add(&w, i);
    for (unsigned i = 0; i < 50; i++) worst_score(&w, i, 100 - i);
    worst_sort(&w);
    assert_int_equal(w.n_frames, WORST_FRAMES);
    assert_int_equal(w.n_cells, 4 + WORST_FRAMES);
    for (unsigned k = 0; k < WORST_FRAMES; k++) {
        assert_int_equal(w.frame[k].index, 49 - k);
        assert_non_null(w.frame[k].cell);
    }
    worst_free(&w);
}

static void text_cannot_leave_its_place(void **state)
{
    (void)state;
    char text[512] = {0};
    FILE *to = fmemopen(text, sizeof(text), "w");
    assert_non_null(to);
    html_text(to, "<b>&\"'\n\xc3\xa9\xff\xed\xa0\x80.");
    fputc('|', to);
    html_json_string(to, "</script>\"\\\x01\xe2\x82\xac\xc0");
    fputc('|', to);
    html_json_number(to, 1.0 / 3);
    html_json_number(to, -INFINITY);
    fclose(to);
    assert_string_equal(text, "&#60;b&#62;&#38;&#34;&#39;&#10;\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd"
                              "\xef\xbf\xbd\xef\xbf\xbd.|\"\\u003c/script\\u003e\\u0022\\u005c"
                              "\\u0001\xe2\x82\xac\xef\xbf\xbd\"|0.3333333null");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thumbnails_are_means_of_boxes),
        cmocka_unit_test(colours_are_right),
        cmocka_unit_test(the_matrix_is_the_one_of_the_video),
        cmocka_unit_test(pictures_of_another_shape_are_left_alone),
        cmocka_unit_test(the_worst_frames_keep_their_pictures),
        cmocka_unit_test(neighbours_of_a_worse_frame_are_left_out),
        cmocka_unit_test(late_scores_lose_old_pictures_only),
        cmocka_unit_test(text_cannot_leave_its_place),
    };
    return cmocka_run_group_tests_name("page", tests, NULL, NULL);
}
