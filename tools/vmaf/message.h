/* Lines for the user, on stderr. */
#ifndef VMAF_TOOL_MESSAGE_H
#define VMAF_TOOL_MESSAGE_H

/* Writes "vmaf: " and the text as one line. */
void message(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
