#include "outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message.h"

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

static int is_an_input(const struct stat *file, const Input *inputs, unsigned n_inputs)
{
    for (unsigned i = 0; i < n_inputs; i++) {
        struct stat st;
        if (!fstat(inputs[i].fd, &st) && st.st_dev == file->st_dev && st.st_ino == file->st_ino)
            return 1;
    }
    return 0;
}

int outfile_check(const char *path, const Input *inputs, unsigned n_inputs)
{
    struct stat st;
    int err;

    if (stat(path, &st)) {
        err = errno == ENOENT ? try_create(path) : -errno;
    } else if (S_ISREG(st.st_mode)) {
        if (is_an_input(&st, inputs, n_inputs)) {
            message("output %s is one of the inputs", path);
            return -EINVAL;
        }
        err = try_open(path);
    } else {
        /* Opening a pipe could block or tell its reader that the report has ended. */
        err = S_ISDIR(st.st_mode) ? -EISDIR : access(path, W_OK) ? -errno : 0;
    }
    if (err) message("cannot write output %s: %s", path, strerror(-err));
    return err;
}
