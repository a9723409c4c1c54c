#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "message.h"
#include "options.h"
#include "run.h"

int main(int argc, char **argv)
{
    Options options;
    int status;

    signal(SIGPIPE, SIG_IGN); /* a closed pipe is a write error like others */
    int parsed = options_parse(&options, argc, argv);
    if (parsed == OPTIONS_RUN)
        status = run(&options);
    else
        status = parsed == OPTIONS_EXIT ? EXIT_SUCCESS : EXIT_FAILURE;
    options_free(&options);
    if (fflush(stdout) && status == EXIT_SUCCESS) {
        message("cannot write to standard output");
        status = EXIT_FAILURE;
    }
    return status;
}
