/* Puts the process into a locale whose numbers have a decimal comma, made on the spot if none is
 * installed. */
#ifndef TEST_COMMA_LOCALE_H
#define TEST_COMMA_LOCALE_H

#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* A locale of LC_NUMERIC alone, compiled by localedef, which complains about the other categories.
 */
static inline bool make_comma_locale(const char *folder)
{
    char command[512];

    snprintf(
        command, sizeof(command),
        "cd %s && printf 'LC_NUMERIC\\ndecimal_point \",\"\\nthousands_sep \"\"\\ngrouping -1\\n"
        "END LC_NUMERIC\\n' >comma.src && localedef -c -i comma.src ./comma 2>/dev/null; "
        "test -f comma/LC_NUMERIC",
        folder);
    return !system(command) && !setenv("LOCPATH", folder, 1);
}

/* false if the system has no such locale and no localedef. Undo with setlocale(LC_ALL, "C"). */
static inline bool set_comma_locale(void)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "de_DE", "fr_FR.UTF-8"};
    char folder[] = "/tmp/comma-locale-XXXXXX", command[64];

    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (setlocale(LC_NUMERIC, names[i])) return true;
    if (!mkdtemp(folder)) return false;
    bool set = make_comma_locale(folder) && setlocale(LC_NUMERIC, "comma");
    snprintf(command, sizeof(command), "rm -r %s", folder);
    return !system(command) && set;
}

#endif
