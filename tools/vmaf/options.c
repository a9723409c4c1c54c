#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libav/libav.h"
#include "libvmaf/turbo.h"
#include "message.h"
#include "outfile.h"
#include "page/page.h"
#include "usage.h"

#define MAX_DEFAULT_THREADS 64
#define MAX_DEFAULT_DECODE_THREADS 8

enum {
    ARG_XML = 256,
    ARG_JSON,
    ARG_CSV,
    ARG_SUB,
    ARG_NDJSON,
    ARG_REPORT,
    ARG_THREADS,
    ARG_FEATURE,
    ARG_CPUMASK,
    ARG_GPUMASK,
    ARG_FRAME_CNT,
    ARG_SKIP_REF,
    ARG_SKIP_DIST,
    ARG_BACKEND,
    ARG_BENCH,
    ARG_SUBSAMPLE,
    ARG_AOM_CTC,
    ARG_NFLX_CTC,
    ARG_PRECISION,
    ARG_STATISTICS,
    ARG_SCALE,
    ARG_CONVERT,
    ARG_IGNORE_FPS,
    ARG_DECODE_THREADS,
    ARG_LIST_MODELS,
    ARG_LIST_FEATURES,
    ARG_HELP,
};

static const char short_options[] = "r:d:w:h:p:b:m:o:nqvc:";

static const struct option long_options[] = {
    {"reference", required_argument, NULL, 'r'},
    {"distorted", required_argument, NULL, 'd'},
    {"width", required_argument, NULL, 'w'},
    {"height", required_argument, NULL, 'h'},
    {"pixel_format", required_argument, NULL, 'p'},
    {"bitdepth", required_argument, NULL, 'b'},
    {"model", required_argument, NULL, 'm'},
    {"output", required_argument, NULL, 'o'},
    {"xml", no_argument, NULL, ARG_XML},
    {"json", no_argument, NULL, ARG_JSON},
    {"csv", no_argument, NULL, ARG_CSV},
    {"sub", no_argument, NULL, ARG_SUB},
    {"ndjson", no_argument, NULL, ARG_NDJSON},
    {"report", required_argument, NULL, ARG_REPORT},
    {"threads", required_argument, NULL, ARG_THREADS},
    {"feature", required_argument, NULL, ARG_FEATURE},
    {"cpumask", required_argument, NULL, ARG_CPUMASK},
    {"gpumask", required_argument, NULL, ARG_GPUMASK},
    {"backend", required_argument, NULL, ARG_BACKEND},
    {"bench", required_argument, NULL, ARG_BENCH},
    {"frame_cnt", required_argument, NULL, ARG_FRAME_CNT},
    {"frame_skip_ref", required_argument, NULL, ARG_SKIP_REF},
    {"frame_skip_dist", required_argument, NULL, ARG_SKIP_DIST},
    {"subsample", required_argument, NULL, ARG_SUBSAMPLE},
    {"aom_ctc", required_argument, NULL, ARG_AOM_CTC},
    {"nflx_ctc", required_argument, NULL, ARG_NFLX_CTC},
    {"no_prediction", no_argument, NULL, 'n'},
    {"quiet", no_argument, NULL, 'q'},
    {"version", no_argument, NULL, 'v'},
    {"precision", required_argument, NULL, ARG_PRECISION},
    {"statistics", required_argument, NULL, ARG_STATISTICS},
    {"scale", required_argument, NULL, ARG_SCALE},
    {"convert", required_argument, NULL, ARG_CONVERT},
    {"ignore-fps", no_argument, NULL, ARG_IGNORE_FPS},
    {"decode-threads", required_argument, NULL, ARG_DECODE_THREADS},
    {"list-models", no_argument, NULL, ARG_LIST_MODELS},
    {"list-features", no_argument, NULL, ARG_LIST_FEATURES},
    {"help", no_argument, NULL, ARG_HELP},
    /* Prefixes that are unambiguous for libvmaf's tool, which has no --help, --precision and the
     * like. */
    {"d", required_argument, NULL, 'd'},
    {"r", required_argument, NULL, 'r'},
    {"re", required_argument, NULL, 'r'},
    {"h", required_argument, NULL, 'h'},
    {"he", required_argument, NULL, 'h'},
    {"p", required_argument, NULL, 'p'},
    {"b", required_argument, NULL, 'b'},
    {NULL, 0, NULL, 0},
};

static int bad_value(const char *option, const char *text, const char *expected)
{
    message("invalid value \"%s\" for %s (expected %s)", text, option, expected);
    return -EINVAL;
}

/* As strtoul with base 0: decimal, 0x hexadecimal or 0 octal, signs allowed, kept modulo 2^32. */
static int parse_unsigned(unsigned *out, const char *option, const char *text)
{
    char *end;
    unsigned long value = strtoul(text, &end, 0);

    if (end == text || *end) return bad_value(option, text, "an integer");
    *out = (unsigned)value;
    return 0;
}

static int parse_pixel_format(Options *o, const char *text)
{
    if (!strcmp(text, "420"))
        o->pix_fmt = VMAF_PIX_FMT_YUV420P;
    else if (!strcmp(text, "422"))
        o->pix_fmt = VMAF_PIX_FMT_YUV422P;
    else if (!strcmp(text, "444"))
        o->pix_fmt = VMAF_PIX_FMT_YUV444P;
    else if (!strcmp(text, "400"))
        o->pix_fmt = VMAF_PIX_FMT_YUV400P;
    else
        return bad_value("--pixel_format", text, "420, 422, 444 or 400");
    return 0;
}

static int parse_bit_depth(Options *o, const char *text)
{
    int err = parse_unsigned(&o->bpc, "--bitdepth", text);

    if (!err && (o->bpc < 8 || o->bpc > 16)) err = bad_value("--bitdepth", text, "8 to 16");
    return err;
}

static int parse_backend(Options *o, const char *text)
{
    if (!strcmp(text, "auto"))
        o->backend = BACKEND_AUTO;
    else if (!strcmp(text, "cpu"))
        o->backend = BACKEND_CPU;
    else if (!strcmp(text, "cuda"))
        o->backend = BACKEND_CUDA;
    else
        return bad_value("--backend", text, "auto, cpu or cuda");
    return 0;
}

static int parse_bench(Options *o, const char *text)
{
    int err = parse_unsigned(&o->bench, "--bench", text);

    if (!err && (!o->bench || o->bench > 100000000))
        err = bad_value("--bench", text, "1 to 100000000 pairs");
    return err;
}

static int parse_threads(Options *o, const char *text)
{
    int err = parse_unsigned(&o->threads, "--threads", text);

    if (!err && o->threads > MAX_THREADS)
        err = bad_value("--threads", text, "at most 1024 threads");
    return err;
}

static int parse_decode_threads(Options *o, const char *text)
{
    int err = parse_unsigned(&o->decode_threads, "--decode-threads", text);

    if (!err && o->decode_threads > MAX_DECODE_THREADS)
        err = bad_value("--decode-threads", text, "at most 64 threads");
    return err;
}

static int parse_conversion(Options *o, int option, const char *text)
{
    const char *name = option == ARG_SCALE ? "--scale" : "--convert";

    if (!lav_is_built_in()) {
        message("%s: this vmaf was built without libswscale", name);
        return -EINVAL;
    }
    if (option == ARG_SCALE && conversion_parse_scale(&o->conversion, text))
        return bad_value(name, text,
                         "WIDTHxHEIGHT, ref or dis, and perhaps :bicubic, :bilinear, :lanczos, "
                         ":spline, :area or :point");
    if (option == ARG_CONVERT && conversion_parse_format(&o->conversion, text))
        return bad_value(name, text, "420, 422 or 444, for more bits as 420p10, or ref or dis");
    return 0;
}

static int parse_precision(Options *o, const char *text)
{
    char *end;
    long decimals = strtol(text, &end, 10);

    if (!strcmp(text, "max"))
        o->precision = VMAF_TURBO_PRECISION_MAX;
    else if (end == text || *end || decimals < 0 || decimals > 17)
        return bad_value("--precision", text, "0 to 17 decimals, or max");
    else
        o->precision = (int)decimals;
    return 0;
}

int options_add_model(Options *o, const char *text)
{
    if (o->n_models == MAX_MODELS) {
        message("more than %d models", MAX_MODELS);
        return -EINVAL;
    }
    int err = model_spec_parse(&o->model[o->n_models], text);
    if (!err) o->n_models++;
    return err;
}

int options_add_feature(Options *o, const char *text)
{
    if (o->n_features == MAX_FEATURES) {
        message("more than %d features", MAX_FEATURES);
        return -EINVAL;
    }
    int err = feature_spec_parse(&o->feature[o->n_features], text);
    if (!err) o->n_features++;
    return err;
}

static int add_path(const char **list, unsigned *count, const char *option, const char *path)
{
    if (*count == MAX_DISTORTED) {
        message("%s: given more than %d times", option, MAX_DISTORTED);
        return -EINVAL;
    }
    list[(*count)++] = path;
    return 0;
}

static int add_page(Options *o, const char *path)
{
    if (page_is_available()) return add_path(o->page, &o->n_pages, "--report", path);
    message("--report: this tool was built without libpng");
    return -EINVAL;
}

static int parse_raw_format(Options *o, int option, const char *arg)
{
    o->raw = true;
    switch (option) {
    case 'w':
        return parse_unsigned(&o->w, "--width", arg);
    case 'h':
        return parse_unsigned(&o->h, "--height", arg);
    case 'p':
        return parse_pixel_format(o, arg);
    default:
        return parse_bit_depth(o, arg);
    }
}

static int set_format(Options *o, enum VmafOutputFormat format)
{
    o->format = format;
    o->ndjson = false;
    return 0;
}

static int parse_flag(Options *o, int option)
{
    switch (option) {
    case ARG_XML:
        return set_format(o, VMAF_OUTPUT_FORMAT_XML);
    case ARG_JSON:
        return set_format(o, VMAF_OUTPUT_FORMAT_JSON);
    case ARG_CSV:
        return set_format(o, VMAF_OUTPUT_FORMAT_CSV);
    case ARG_SUB:
        return set_format(o, VMAF_OUTPUT_FORMAT_SUB);
    case ARG_NDJSON:
        o->ndjson = true;
        return 0;
    case ARG_IGNORE_FPS:
        o->ignore_fps = true;
        return 0;
    case 'n':
        o->no_prediction = true;
        return 0;
    case 'q':
        o->quiet = true;
        return 0;
    default:
        return -EINVAL;
    }
}

/* Options that print something and end the program. libvmaf's tool prints its version to stderr. */
static bool print_and_exit(int option)
{
    switch (option) {
    case 'v':
        fprintf(stderr, "%s\n", vmaf_version());
        return true;
    case ARG_HELP:
        usage(stdout);
        return true;
    case ARG_LIST_MODELS:
        list_models();
        return true;
    case ARG_LIST_FEATURES:
        list_features();
        return true;
    default:
        return false;
    }
}

static int parse_option(Options *o, int option, const char *arg)
{
    switch (option) {
    case 'r':
        o->reference = arg;
        return 0;
    case 'd':
        return add_path(o->distorted, &o->n_distorted, "--distorted", arg);
    case 'o':
        return add_path(o->output, &o->n_outputs, "--output", arg);
    case ARG_REPORT:
        return add_page(o, arg);
    case 'c':
        return 0; /* libvmaf's tool takes it with an argument and ignores it */
    case 'w':
    case 'h':
    case 'p':
    case 'b':
        return parse_raw_format(o, option, arg);
    case 'm':
        return options_add_model(o, arg);
    case ARG_FEATURE:
        return options_add_feature(o, arg);
    case ARG_AOM_CTC:
        return preset_aom_ctc(o, arg);
    case ARG_NFLX_CTC:
        return preset_nflx_ctc(o, arg);
    case ARG_THREADS:
        return parse_threads(o, arg);
    case ARG_SUBSAMPLE:
        return parse_unsigned(&o->subsample, "--subsample", arg);
    case ARG_CPUMASK:
        return parse_unsigned(&o->cpumask, "--cpumask", arg);
    case ARG_GPUMASK:
        return parse_unsigned(&o->gpumask, "--gpumask", arg);
    case ARG_BACKEND:
        return parse_backend(o, arg);
    case ARG_BENCH:
        return parse_bench(o, arg);
    case ARG_FRAME_CNT:
        return parse_unsigned(&o->frame_count, "--frame_cnt", arg);
    case ARG_SKIP_REF:
        return parse_unsigned(&o->skip_reference, "--frame_skip_ref", arg);
    case ARG_SKIP_DIST:
        return parse_unsigned(&o->skip_distorted, "--frame_skip_dist", arg);
    case ARG_PRECISION:
        return parse_precision(o, arg);
    case ARG_SCALE:
    case ARG_CONVERT:
        return parse_conversion(o, option, arg);
    case ARG_DECODE_THREADS:
        return parse_decode_threads(o, arg);
    case ARG_STATISTICS:
        o->statistics = arg;
        return vmaf_turbo_check_statistics(arg)
                   ? bad_value("--statistics", arg, "for example p5,p50,stddev")
                   : 0;
    default:
        return parse_flag(o, option); /* '?' of getopt, after its own message, is an error too */
    }
}

static int check_required(const Options *o)
{
    const char *missing = NULL;

    if (!o->reference)
        missing = "a reference video (-r)";
    else if (!o->n_distorted)
        missing = "a distorted video (-d)";
    else if (o->raw && (!o->w || !o->h || !o->pix_fmt || !o->bpc))
        missing = "all of --width, --height, --pixel_format and --bitdepth for raw video";
    if (!missing) return 0;
    message("%s: required", missing);
    return -EINVAL;
}

/* One for each distorted video, or one name for all. With one distorted video the last one wins, as
 * in libvmaf's tool. */
static int check_paths(const Options *o, const char **list, unsigned *count, const char *option)
{
    if (o->n_distorted == 1 && *count > 1) {
        list[0] = list[*count - 1];
        *count = 1;
    }
    if (!*count || *count == o->n_distorted) return 0;
    if (*count == 1 && outfile_is_template(list[0])) return 0;
    message("%u distorted videos need as many %s, or one with {name} or {number} in it",
            o->n_distorted, option);
    return -EINVAL;
}

static int check_outputs(Options *o)
{
    if (o->bench && (o->n_distorted > 1 || o->n_outputs || o->n_pages)) {
        message("--bench takes one distorted video and no --output or --report");
        return -EINVAL;
    }
    const int err = check_paths(o, o->output, &o->n_outputs, "--output");
    return err ? err : check_paths(o, o->page, &o->n_pages, "--report");
}

static int check_conversion(const Options *o)
{
    if (o->n_distorted == 1 || !conversion_needs_distorted(&o->conversion)) return 0;
    message("--scale dis and --convert dis need exactly one distorted video");
    return -EINVAL;
}

/* Decoding takes a fraction of the time that scoring takes. */
static unsigned default_decode_threads(const Options *o)
{
    unsigned threads = o->threads ? 1 + o->threads / (4 * o->n_distorted) : 0;

    return threads < MAX_DEFAULT_DECODE_THREADS ? threads : MAX_DEFAULT_DECODE_THREADS;
}

static int check_model_names(const Options *o)
{
    for (unsigned i = 1; i < o->n_models; i++) {
        for (unsigned j = 0; j < i; j++) {
            if (strcmp(o->model[i].name, o->model[j].name)) continue;
            message("two models are named \"%s\": give each its own name=", o->model[i].name);
            return -EINVAL;
        }
    }
    return 0;
}

static int check(Options *o)
{
    int err = check_required(o);

    if (!err) err = check_outputs(o);
    if (!err) err = check_conversion(o);
    if (!err && o->decode_threads == UINT_MAX) o->decode_threads = default_decode_threads(o);
    if (!err && !o->n_models && !o->no_prediction)
        err = options_add_model(o, "version=vmaf_v0.6.1");
    return err ? err : check_model_names(o);
}

/* The CPUs that this process may use. */
static unsigned default_threads(void)
{
    cpu_set_t cpus;

    if (sched_getaffinity(0, sizeof(cpus), &cpus)) return 1;
    int count = CPU_COUNT(&cpus);
    return count < 1 ? 1 : count > MAX_DEFAULT_THREADS ? MAX_DEFAULT_THREADS : (unsigned)count;
}

int options_parse(Options *o, int argc, char **argv)
{
    int option, err = 0;

    *o = (Options){.format = VMAF_OUTPUT_FORMAT_XML,
                   .precision = VMAF_TURBO_PRECISION_DEFAULT,
                   .decode_threads = UINT_MAX, /* by the number of threads */
                   .threads = default_threads()};
    while (!err && (option = getopt_long(argc, argv, short_options, long_options, NULL)) != -1) {
        if (print_and_exit(option)) return OPTIONS_EXIT;
        err = parse_option(o, option, optarg);
    }
    if (!err && optind < argc) {
        message("unexpected argument \"%s\"", argv[optind]);
        err = -EINVAL;
    }
    if (!err) err = check(o);
    if (err) usage(stderr);
    return err ? err : OPTIONS_RUN;
}

void options_free(Options *o)
{
    for (unsigned i = 0; i < o->n_models; i++) model_spec_free(&o->model[i]);
    for (unsigned i = 0; i < o->n_features; i++) feature_spec_free(&o->feature[i]);
}
