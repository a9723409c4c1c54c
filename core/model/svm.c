#include "model/svm.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"

#define BLOCK 16          /* support vectors whose distances are computed together */
#define MAX_VECTORS 65536 /* shipped models have about 200 */
#define MAX_TOKEN 80

typedef struct Reader {
    const char *p;
    unsigned line;
    const char *label;
} Reader;

static int fail(const Reader *r, const char *what)
{
    vt_error(NULL, "%s: support-vector text, line %u: %s", r->label, r->line, what);
    return -ENOMEM;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip_space(Reader *r)
{
    for (; is_space(*r->p); r->p++)
        if (*r->p == '\n') r->line++;
}

/* The next word; "" at the end of the text. */
static void next_token(Reader *r, char token[MAX_TOKEN])
{
    size_t n = 0;
    skip_space(r);
    for (; *r->p && !is_space(*r->p); r->p++)
        if (n < MAX_TOKEN - 1) token[n++] = *r->p;
    token[n] = '\0';
}

/* A finite number, followed by white space or the end. */
static int read_number(Reader *r, double *value, const char *what)
{
    char *end;
    *value = strtod(r->p, &end);
    if (end == r->p || (*end && !is_space(*end)) || !isfinite(*value)) return fail(r, what);
    r->p = end;
    return 0;
}

static int header_number(Reader *r, double *value, const char *what)
{
    skip_space(r);
    return read_number(r, value, what);
}

static int skip_numbers(Reader *r, unsigned count, const char *what)
{
    double ignored;
    int err = 0;
    for (unsigned i = 0; i < count && !err; i++) err = header_number(r, &ignored, what);
    return err;
}

static int check_word(Reader *r, const char *a, const char *b, const char *what)
{
    char token[MAX_TOKEN];
    next_token(r, token);
    return strcmp(token, a) && strcmp(token, b) ? fail(r, what) : 0;
}

typedef struct Header {
    bool svm_type, kernel_type, gamma, classes, rho;
    double n_vectors;
} Header;

/* The value of one header line. The lists of classifiers hold one number a class or a pair of
 * classes. */
static int read_header_value(Reader *r, const char *key, Header *h, VtSvm *svm)
{
    double v = 0;
    int err;
    if (!strcmp(key, "svm_type")) {
        h->svm_type = true;
        return check_word(r, "nu_svr", "epsilon_svr", "svm_type must be nu_svr or epsilon_svr");
    }
    if (!strcmp(key, "kernel_type")) {
        h->kernel_type = true;
        return check_word(r, "rbf", "rbf", "kernel_type must be rbf");
    }
    if (!strcmp(key, "gamma")) {
        h->gamma = true;
        return header_number(r, &svm->gamma, "gamma is not a number");
    }
    if (!strcmp(key, "nr_class")) {
        h->classes = true;
        err = header_number(r, &v, "nr_class is not a number");
        return err ? err : v == 2 ? 0 : fail(r, "nr_class must be 2");
    }
    if (!strcmp(key, "total_sv"))
        return header_number(r, &h->n_vectors, "total_sv is not a number");
    if (!strcmp(key, "degree") || !strcmp(key, "coef0")) return skip_numbers(r, 1, "bad number");
    if (!h->classes) return fail(r, "unknown key, or one that must come after nr_class");
    if (!strcmp(key, "rho")) {
        h->rho = true;
        return header_number(r, &svm->rho, "rho is not a number");
    }
    if (!strcmp(key, "label") || !strcmp(key, "nr_sv")) return skip_numbers(r, 2, "bad number");
    if (!strcmp(key, "probA") || !strcmp(key, "probB")) return skip_numbers(r, 1, "bad number");
    return fail(r, "unknown key");
}

static int read_header(Reader *r, VtSvm *svm)
{
    Header h = {0};
    char key[MAX_TOKEN];
    for (next_token(r, key); strcmp(key, "SV"); next_token(r, key)) {
        if (!key[0]) return fail(r, "the text ends before the line SV");
        const int err = read_header_value(r, key, &h, svm);
        if (err) return err;
    }
    if (!h.svm_type || !h.kernel_type || !h.gamma || !h.classes || !h.rho)
        return fail(r, "svm_type, kernel_type, gamma, nr_class or rho is missing");

    /* A support vector takes at least two characters. */
    const double most = fmin((double)strlen(r->p) / 2, MAX_VECTORS);
    if (!(h.n_vectors >= 1 && h.n_vectors <= most) || h.n_vectors != floor(h.n_vectors))
        return fail(r, "total_sv is missing, or is not the number of lines that follow");
    svm->n_vectors = (unsigned)h.n_vectors;
    return 0;
}

static void skip_blanks(Reader *r)
{
    while (*r->p != '\n' && is_space(*r->p)) r->p++;
}

/* "coef index:value index:value ..." in one line, indices from 1 and ascending; an absent one means
 * 0. */
static int read_vector(Reader *r, VtSvm *svm, unsigned j)
{
    unsigned long previous = 0;
    skip_blanks(r);
    if (*r->p != '\n') return fail(r, "unexpected text at the end of the line");
    r->p++, r->line++;
    skip_blanks(r);
    if (!*r->p || *r->p == '\n') return fail(r, "a support vector is missing");
    int err = read_number(r, &svm->coef[j], "the coefficient is not a number");

    for (skip_blanks(r); !err && *r->p && *r->p != '\n'; skip_blanks(r)) {
        char *end;
        const unsigned long index = strtoul(r->p, &end, 10);
        if (*r->p < '0' || *r->p > '9' || *end != ':') return fail(r, "expected index:value");
        if (index <= previous || index > svm->dims)
            return fail(r, "indices must ascend, from 1 to the number of features");
        r->p = end + 1;
        err = is_space(*r->p) ? fail(r, "expected a value after ':'")
                              : read_number(r, &svm->vector[(index - 1) * svm->stride + j],
                                            "a value is not a number");
        previous = index;
    }
    return err;
}

static int allocate(VtSvm *svm, const char *label)
{
    svm->stride = ((size_t)svm->n_vectors + BLOCK - 1) / BLOCK * BLOCK;
    const size_t size = svm->stride * (svm->dims + 1) * sizeof(double);
    svm->coef = vt_aligned_alloc(size);
    if (!svm->coef) {
        vt_error(NULL, "%s: out of memory for %u support vectors", label, svm->n_vectors);
        return -ENOMEM;
    }
    memset(svm->coef, 0, size);
    svm->vector = svm->coef + svm->stride;
    return 0;
}

int vt_svm_parse(VtSvm *svm, const char *text, unsigned dims, const char *label)
{
    Reader r = {text, 1, label};
    *svm = (VtSvm){.dims = dims};
    int err = read_header(&r, svm);
    if (!err) err = allocate(svm, label);
    for (unsigned j = 0; j < svm->n_vectors && !err; j++) err = read_vector(&r, svm, j);
    if (err) vt_svm_free(svm);
    return err;
}

double vt_svm_predict(const VtSvm *svm, const double *x)
{
    double sum = 0;
    for (unsigned first = 0; first < svm->n_vectors; first += BLOCK) {
        double distance[BLOCK] = {0};
        for (unsigned i = 0; i < svm->dims; i++) {
            const double *v = svm->vector + i * svm->stride + first;
            for (unsigned j = 0; j < BLOCK; j++) {
                const double diff = x[i] - v[j];
                distance[j] += diff * diff;
            }
        }
        const unsigned left = svm->n_vectors - first, n = left < BLOCK ? left : BLOCK;
        for (unsigned j = 0; j < n; j++)
            sum += svm->coef[first + j] * exp(-svm->gamma * distance[j]);
    }
    return sum - svm->rho;
}

void vt_svm_free(VtSvm *svm)
{
    vt_aligned_free(svm->coef); /* the vectors are in the same block */
    *svm = (VtSvm){0};
}
