/* Marks the public functions; everything else is hidden. */
#ifndef VT_API_EXPORT_H
#define VT_API_EXPORT_H

#define VT_EXPORT __attribute__((visibility("default")))

#endif
