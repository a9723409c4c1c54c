/* Options of metrics: their table, parsing from text, and the suffix they give to feature names.
 * Rules: spec "models and prediction" 3.3 and 3.4. */
#ifndef VT_METRIC_OPTION_H
#define VT_METRIC_OPTION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/dictionary.h"
#include "base/log.h"

typedef enum { VT_OPTION_BOOL, VT_OPTION_INT, VT_OPTION_DOUBLE, VT_OPTION_STRING } VtOptionType;

typedef struct VtOption {
    const char *name;
    const char *alias; /* short form in feature names; NULL: the name itself */
    const char *help;  /* one line for the user guide and --list-features */
    VtOptionType type;
    size_t offset; /* of the bool, int, double or const char * in the metric's option structure */
    bool in_name;  /* takes part in feature names and so in an instance's identity */
    double number; /* default of bool (0, 1), int and double options */
    const char *text; /* default of string options, may be NULL */
    double min, max;  /* inclusive, for int and double */
} VtOption;

/* Fills the option structure (zeroed by the caller) from the dictionary (may be NULL) and the
 * defaults. String options point into the dictionary, which must outlive the structure. A bad value
 * or an option the table does not have: -EINVAL and one log line that names it. The table ends with
 * a NULL name. */
int vt_options_parse(const VtOption *table, const VmafFeatureDictionary *dict, void *options,
                     const char *metric, const VtLog *log);

/* Writes the stored name of a feature: base as it is when every in_name option is at its default,
 * else the alias of base and the options' suffixes in byte order of their full names. At most size
 * - 1 bytes. */
void vt_feature_name(char *out, size_t size, const char *base, const VtOption *table,
                     const void *options);

/* Printed form of a stored name (the alias table); the name itself if it has no alias. */
const char *vt_feature_alias(const char *name);

#endif
