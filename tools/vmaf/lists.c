#include <stdio.h>

#include "libvmaf/turbo.h"
#include "options.h"

void list_models(void)
{
    const char *name;

    for (unsigned i = 0; (name = vmaf_turbo_builtin_model(i)); i++) puts(name);
}

static void print_option(const VmafTurboOption *o)
{
    printf("    %s", o->name);
    if (o->alias) printf(" (%s)", o->alias);
    printf(": %s", o->type);
    if (o->type[0] == 'i' || o->type[0] == 'd') printf(" %.10g to %.10g", o->min, o->max);
    if (o->default_value[0]) printf(", default %s", o->default_value);
    printf(". %s\n", o->help);
}

void list_features(void)
{
    const char *name, *help;

    for (unsigned i = 0; !vmaf_turbo_metric(i, &name, &help); i++) {
        VmafTurboOption option;

        printf("%s: %s\n", name, help);
        for (unsigned j = 0; !vmaf_turbo_metric_option(name, j, &option); j++)
            print_option(&option);
    }
}
