#include "outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message.h"

#define NAME "{name}"
#define NUMBER "{number}"

static int try_create(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

    if (fd < 0) return errno == EEXIST ? 0 : -errno; /* a link to a file that is not there yet */
    close(fd);
    return unlink(path) ? -errno : 0;
}

static int try_open(const char *path)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0) return -errno;
    close(fd);
    return 0;
}

bool outfile_is_stdout(const char *path)
{
    return !strcmp(path, "-");
}

const char *outfile_label(const char *path)
{
    return outfile_is_stdout(path) ? "standard output" : path;
}

bool outfile_is_input(const char *path, const Input *input)
{
    struct stat file, st;

    if (outfile_is_stdout(path)) return false;
    if (stat(path, &file) || !S_ISREG(file.st_mode) || fstat(input->fd, &st)) return false;
    if (st.st_dev != file.st_dev || st.st_ino != file.st_ino) return false;
    message("output %s is one of the inputs", path);
    return true;
}

int outfile_check(const char *path)
{
    struct stat st;
    int err;

    if (outfile_is_stdout(path)) return 0;
    if (stat(path, &st))
        err = errno == ENOENT ? try_create(path) : -errno;
    else if (S_ISREG(st.st_mode))
        err = try_open(path);
    else
        /* Opening a pipe could block or tell its reader that the report has ended. */
        err = S_ISDIR(st.st_mode) ? -EISDIR : access(path, W_OK) ? -errno : 0;
    if (err) message("cannot write output %s: %s", path, strerror(-err));
    return err;
}

bool outfile_is_template(const char *text)
{
    return strstr(text, NAME) || strstr(text, NUMBER);
}

static void write_name(FILE *to, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');

    fwrite(name, 1, dot && dot > name ? (size_t)(dot - name) : strlen(name), to);
}

char *outfile_name(const char *text, const char *distorted, unsigned number)
{
    char *out = NULL;
    size_t size;
    FILE *to = open_memstream(&out, &size);

    if (!to) return NULL;
    while (*text) {
        if (!strncmp(text, NAME, strlen(NAME))) {
            write_name(to, distorted);
            text += strlen(NAME);
        } else if (!strncmp(text, NUMBER, strlen(NUMBER))) {
            fprintf(to, "%u", number);
            text += strlen(NUMBER);
        } else {
            fputc(*text++, to);
        }
    }
    bool failed = ferror(to);
    if (fclose(to) || failed) {
        free(out);
        return NULL;
    }
    return out;
}
