/* Helpers of the model tests. */
#ifndef TEST_MODEL_SUPPORT_H
#define TEST_MODEL_SUPPORT_H

#include <stddef.h>
#include <stdint.h>

#include "libvmaf/model.h"
#include "model/model.h"

/* A model with two features, adm2 (no options) and vif scale 0 with vif_enhn_gain_limit 1, and two
 * support vectors. */
extern const char small_model[];

/* Writes the text to a file in a folder of this process and returns its path (one file at a time).
 */
const char *write_model(const char *text, size_t size);
void remove_model(void);

/* Loads a text through a file; on success the model is the caller's. What the library wrote to
 * stderr is in last_log() afterwards. */
int load_model_text(VmafModel **model, const char *text, size_t size, uint64_t flags);
int load_collection_text(VmafModel **lead, VmafModelCollection **c, const char *text);

void capture_log(void); /* until end_capture, stderr goes to a file */
void end_capture(void);
const char *last_log(void);
unsigned last_log_lines(void);

/* Fails the test unless a load returned expected, left *m NULL and logged one line with part in it.
 */
void assert_refused(int err, int expected, VmafModel *const *m, const char *part);

/* text with the first occurrence of from replaced; fails the test if there is none. Free it. */
char *replaced(const char *text, const char *from, const char *to);

/* Stores value under the stored name of the model's feature i. */
void put_feature(const VmafModel *m, VtScores *scores, unsigned i, unsigned index, double value);

/* The name under which the model reads its feature i; free it. */
char *stored_name(const VmafModel *m, unsigned i);

/* libvmaf's own model files, for comparison: the folder VMAF_TEST_MODELS names, else
 * ../shared/models beside the checkout. NULL if the file is not there. One path at a time. */
const char *reference_model(const char *name);

VmafModel *builtin(const char *name, uint64_t flags);

#endif
