#include "libvmaf/turbo.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/export.h"
#include "base/locale_guard.h"
#include "engine/context.h"
#include "model/model.h"
#include "output/report.h"

VT_EXPORT const char *vmaf_turbo_version(void)
{
    return VT_TURBO_VERSION;
}

VT_EXPORT const char *vmaf_turbo_builtin_model(unsigned i)
{
    return i < vt_builtin_models_count ? vt_builtin_models[i].name : NULL;
}

VT_EXPORT int vmaf_turbo_model_load(VmafModel **model, VmafModelCollection **collection,
                                    VmafModelConfig *cfg, const char *version)
{
    if (model) *model = NULL;
    if (collection) *collection = NULL;
    if (!model || !collection || !cfg || !version) return -EINVAL;
    return vt_any_load(model, collection, cfg, version);
}

VT_EXPORT int vmaf_turbo_model_load_from_path(VmafModel **model, VmafModelCollection **collection,
                                              VmafModelConfig *cfg, const char *path)
{
    if (model) *model = NULL;
    if (collection) *collection = NULL;
    if (!model || !collection || !cfg || !path) return -EINVAL;
    return vt_any_load_path(model, collection, cfg, path);
}

static unsigned count_metrics(void)
{
    unsigned n = 0;
    while (vt_metrics[n]) n++;
    return n;
}

VT_EXPORT int vmaf_turbo_metric(unsigned i, const char **name, const char **help)
{
    if (!name || !help || i >= count_metrics()) return -EINVAL;
    *name = vt_metrics[i]->name;
    *help = vt_metrics[i]->help;
    return 0;
}

static const char *type_name(VtOptionType t)
{
    switch (t) {
    case VT_OPTION_BOOL:
        return "bool";
    case VT_OPTION_INT:
        return "int";
    case VT_OPTION_DOUBLE:
        return "double";
    case VT_OPTION_STRING:
        break;
    }
    return "string";
}

static void default_text(const VtOption *o, char *out, size_t size)
{
    if (o->type == VT_OPTION_BOOL)
        snprintf(out, size, "%s", o->number != 0 ? "true" : "false");
    else if (o->type == VT_OPTION_STRING)
        snprintf(out, size, "%s", o->text ? o->text : "");
    else
        snprintf(out, size, "%g", o->number);
}

VT_EXPORT int vmaf_turbo_metric_option(const char *metric, unsigned j, VmafTurboOption *option)
{
    const VtMetric *m = metric && option ? vt_metric_find(metric) : NULL;
    if (!m) return -EINVAL;
    const VtOption *o = m->options;
    while (o && o->name && j) o++, j--;
    if (!o || !o->name) return -EINVAL;

    VtLocaleGuard guard;
    const int err = vt_locale_enter(&guard);
    if (err) return err;
    *option = (VmafTurboOption){.name = o->name,
                                .alias = o->alias,
                                .type = type_name(o->type),
                                .help = o->help,
                                .min = o->min,
                                .max = o->max};
    default_text(o, option->default_value, sizeof(option->default_value));
    vt_locale_leave(&guard);
    return 0;
}

VT_EXPORT int vmaf_turbo_set_log_callback(VmafContext *vmaf,
                                          void (*callback)(void *user, enum VmafLogLevel level,
                                                           const char *line),
                                          void *user)
{
    if (!vmaf) return -EINVAL;
    if (vt_delivery_refuses(vmaf, __func__)) return -EDEADLK;
    vt_pipeline_drain(vmaf->pipeline);
    vmaf->log.callback = callback;
    vmaf->log.user = user;
    return 0;
}

/* Under the "C" locale, since percentiles may have a point. */
static int parse_statistics(VtStatistics *s, const char *list, const VtLog *log)
{
    VtLocaleGuard guard;
    int err = vt_locale_enter(&guard);
    if (err) return err;
    err = vt_statistics_parse(s, list);
    vt_locale_leave(&guard);
    if (err) vt_error(log, "'%s' is no list of statistics such as p5,p50,stddev", list);
    return err;
}

VT_EXPORT int vmaf_turbo_check_statistics(const char *statistics)
{
    VtStatistics s;
    return parse_statistics(&s, statistics, &vt_log_default);
}

VT_EXPORT int vmaf_turbo_feature_statistic(VmafContext *vmaf, const char *feature_name,
                                           const char *statistic, double *value, unsigned index_low,
                                           unsigned index_high)
{
    if (!vmaf || !feature_name || !statistic || !value) return -EINVAL;
    VtStatistics s;
    double out[VT_MAX_STATISTICS];
    int err = parse_statistics(&s, statistic, &vmaf->log);
    if (!err && s.count != 1) err = -EINVAL;
    if (!err)
        err = vt_statistics_column(vmaf->scores, feature_name, index_low, index_high,
                                   vmaf->cfg.n_subsample, &s, out);
    if (!err) *value = out[0];
    return err;
}

/* What reports are made of, once no frame is in flight. */
static int prepare_report(VmafContext *vmaf, const VmafTurboReport *report, const char *function,
                          VtReport *r)
{
    if (vt_delivery_refuses(vmaf, function)) return -EDEADLK;
    vt_pipeline_drain(vmaf->pipeline);
    const double seconds = vmaf->last_time - vmaf->first_time;
    *r = (VtReport){
        .scores = vmaf->scores,
        .n_pairs = vmaf->n_pairs,
        .n_subsample = vmaf->cfg.n_subsample,
        .w = vmaf->has_format ? vmaf->format.w : 0,
        .h = vmaf->has_format ? vmaf->format.h : 0,
        .fps = vmaf->n_pairs / seconds,
        .precision = report->precision,
    };
    return parse_statistics(&r->statistics, report->statistics, &vmaf->log);
}

VT_EXPORT int vmaf_turbo_write_report(VmafContext *vmaf, const char *output_path,
                                      enum VmafOutputFormat fmt, const VmafTurboReport *report)
{
    VtReport r;
    if (!vmaf || !output_path || !report) return -EINVAL;
    const int err = prepare_report(vmaf, report, __func__, &r);
    return err ? err : vt_report_write(&r, output_path, fmt, &vmaf->log);
}

VT_EXPORT int vmaf_turbo_print_report(VmafContext *vmaf, FILE *to, enum VmafOutputFormat fmt,
                                      const VmafTurboReport *report)
{
    VtReport r;
    if (!vmaf || !to || !report) return -EINVAL;
    const int err = prepare_report(vmaf, report, __func__, &r);
    return err ? err : vt_report_print(&r, to, fmt, &vmaf->log);
}

VT_EXPORT int vmaf_turbo_print_summary(VmafContext *vmaf, FILE *to, const VmafTurboReport *report)
{
    VtReport r;
    if (!vmaf || !to || !report) return -EINVAL;
    const int err = prepare_report(vmaf, report, __func__, &r);
    return err ? err : vt_summary_print(&r, to, &vmaf->log);
}

VT_EXPORT int vmaf_write_output(VmafContext *vmaf, const char *output_path,
                                enum VmafOutputFormat fmt)
{
    const VmafTurboReport report = {.precision = VMAF_TURBO_PRECISION_DEFAULT};
    return vmaf_turbo_write_report(vmaf, output_path, fmt, &report);
}
