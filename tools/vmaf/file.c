#include <errno.h>
#include <sys/uio.h>
#include <unistd.h>

#include "input_internal.h"

#define ROWS_AT_ONCE 256

int64_t file_read(int fd, void *buffer, size_t size)
{
    size_t done = 0;

    while (done < size) {
        ssize_t n = read(fd, (char *)buffer + done, size - done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return -errno;
        if (n == 0) break;
        done += (size_t)n;
    }
    return (int64_t)done;
}

/* Reads all of the vector, which it changes, or up to the end of the file. */
static int64_t read_vector(int fd, struct iovec *v, unsigned count)
{
    int64_t done = 0;

    while (count) {
        ssize_t n = readv(fd, v, (int)count);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return -errno;
        if (n == 0) break;
        done += n;
        for (; count && (size_t)n >= v->iov_len; v++, count--) n -= (ssize_t)v->iov_len;
        if (!count) break;
        v->iov_base = (char *)v->iov_base + n;
        v->iov_len -= (size_t)n;
    }
    return done;
}

/* The kernel scatters the file straight into the rows: no buffer in between. */
int64_t file_read_rows(int fd, uint8_t *first, ptrdiff_t stride, size_t row_bytes, unsigned rows)
{
    int64_t done = 0;

    if (stride == (ptrdiff_t)row_bytes) return file_read(fd, first, row_bytes * rows);
    for (unsigned row = 0; row < rows;) {
        struct iovec v[ROWS_AT_ONCE];
        unsigned count = rows - row < ROWS_AT_ONCE ? rows - row : ROWS_AT_ONCE;

        for (unsigned i = 0; i < count; i++)
            v[i] = (struct iovec){.iov_base = first + (ptrdiff_t)(row + i) * stride,
                                  .iov_len = row_bytes};
        int64_t n = read_vector(fd, v, count);
        if (n < 0) return n;
        done += n;
        if ((uint64_t)n < (uint64_t)count * row_bytes) break;
        row += count;
    }
    return done;
}
