/* Support-vector regression: reading libsvm's model text, and prediction (spec: models 2.4 and 4).
 */
#ifndef VT_MODEL_SVM_H
#define VT_MODEL_SVM_H

#include <stddef.h>

typedef struct VtSvm {
    double gamma, rho;
    unsigned n_vectors, dims;
    size_t stride;  /* doubles per dimension: n_vectors, padded with zeros to whole blocks */
    double *coef;   /* dual coefficients, [stride] */
    double *vector; /* the support vectors, [dims][stride] */
} VtSvm;

/* Reads nu_svr or epsilon_svr with an rbf kernel over dims features. Any error in the text is
 * -ENOMEM, as in libvmaf, with one log line that starts with label. The thread's locale must be
 * "C". */
int vt_svm_parse(VtSvm *svm, const char *text, unsigned dims, const char *label);

/* sum of coef_j * exp(-gamma * |x - v_j|^2) - rho, summed in file order. x has dims values. */
double vt_svm_predict(const VtSvm *svm, const double *x);

void vt_svm_free(VtSvm *svm);

#endif
