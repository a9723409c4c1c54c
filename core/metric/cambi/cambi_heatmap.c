/* Heat maps: raw 16-bit pictures of the c-values of every scale (spec: cambi 6). */
#include "metric/cambi/cambi_setup.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 4096

static int make_folder(const char *path)
{
    if (!mkdir(path, 0770) || errno == EEXIST) return 0;
    return -errno;
}

/* Makes the folder and its parents. */
static int make_folders(const char *path)
{
    char part[PATH_SIZE];
    const size_t n = strlen(path);
    if (!n || n >= sizeof(part)) return n ? -ENAMETOOLONG : -ENOENT;
    for (size_t i = 1; i < n; i++) {
        if (path[i] != '/') continue;
        memcpy(part, path, i);
        part[i] = 0;
        const int err = make_folder(part);
        if (err) return err;
    }
    return make_folder(path);
}

static int open_map(const char *folder, unsigned scale, unsigned w, unsigned h)
{
    char path[PATH_SIZE];
    const int n = snprintf(path, sizeof(path), "%s/cambi_heatmap_scale_%u_%ux%u_16b.gray", folder,
                           scale, w, h);
    if (n < 0 || (size_t)n >= sizeof(path)) return -ENAMETOOLONG;
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0660);
    return fd < 0 ? -errno : fd;
}

int vt_cambi_heatmaps_open(VtCambiSetup *s, const char *path, const VtLog *log)
{
    for (unsigned k = 0; k < VT_CAMBI_SCALES; k++) s->heatmap[k] = -1;
    if (!path) return 0;

    if (make_folders(path)) {
        vt_error(log, "cambi: cannot make the folder %s for heat maps", path);
        return -EINVAL;
    }
    unsigned w = s->dis.w, h = s->dis.h;
    for (unsigned k = 0; k < VT_CAMBI_SCALES; k++, w = (w + 1) >> 1, h = (h + 1) >> 1) {
        const int fd = open_map(path, k, w, h);
        if (fd < 0) {
            vt_error(log, "cambi: cannot open the heat map of scale %u in %s: %s", k, path,
                     strerror(-fd));
            vt_cambi_heatmaps_close(s);
            return fd;
        }
        s->heatmap[k] = fd;
    }
    return 0;
}

void vt_cambi_heatmaps_close(VtCambiSetup *s)
{
    for (unsigned k = 0; k < VT_CAMBI_SCALES; k++) {
        if (s->heatmap[k] >= 0) close(s->heatmap[k]);
        s->heatmap[k] = -1;
    }
}

void vt_cambi_heat_row(const VtCambiSetup *s, uint16_t *out, const float *c, unsigned n)
{
    for (unsigned x = 0; x < n; x++) {
        const uint16_t v = (uint16_t)fmin(c[x] * 65535.0 / s->heat_max, 65535);
        const uint8_t bytes[2] = {(uint8_t)v, (uint8_t)(v >> 8)}; /* little-endian files */
        memcpy(&out[x], bytes, 2);
    }
}

int vt_cambi_heatmap_write(const VtCambiSetup *s, unsigned scale, unsigned frame,
                           const uint16_t *map, unsigned w, unsigned h, const VtLog *log)
{
    const char *data = (const char *)map;
    size_t left = (size_t)w * h * sizeof(*map);
    off_t at = (off_t)frame * (off_t)left;
    while (left) {
        const ssize_t n = pwrite(s->heatmap[scale], data, left, at);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {
            const int err = n < 0 ? -errno : -EIO;
            vt_error(log, "cambi: cannot write frame %u of the heat map of scale %u: %s", frame,
                     scale, strerror(-err));
            return err;
        }
        data += n;
        at += n;
        left -= (size_t)n;
    }
    return 0;
}
