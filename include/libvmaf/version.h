/* Version of the libvmaf API that this library implements. Not the version of vmaf-turbo itself,
 * which vmaf_turbo_version() in turbo.h tells. */
#ifndef LIBVMAF_VERSION_H
#define LIBVMAF_VERSION_H

#define VMAF_API_VERSION_MAJOR 3
#define VMAF_API_VERSION_MINOR 2
#define VMAF_API_VERSION_PATCH 0

#endif
