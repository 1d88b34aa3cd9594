/*
 * Copyright (C) 2026 Distill Guard
 *
 * distillctl: the tool beside the module.
 */


#include "ctl.h"

#include <stdio.h>
#include <string.h>


static int ctl_overview(FILE *to, int status);


int
main(int argc, char **argv)
{
    const ctl_command_t  *cmd;

    if (argc < 2) {
        return ctl_overview(stderr, CTL_FAILED);
    }

    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0
        || strcmp(argv[1], "help") == 0)
    {
        return ctl_overview(stdout, CTL_OK);
    }

    for (cmd = ctl_commands; cmd->name; cmd++) {
        if (strcmp(cmd->name, argv[1]) == 0) {
            return cmd->run(argc - 1, argv + 1);
        }
    }

    ctl_error("unknown command \"%s\"", argv[1]);

    return ctl_overview(stderr, CTL_FAILED);
}


static int
ctl_overview(FILE *to, int status)
{
    const ctl_command_t  *cmd;

    fprintf(to, "usage: distillctl COMMAND [ARGUMENT ...]\n\n");

    for (cmd = ctl_commands; cmd->name; cmd++) {
        fprintf(to, "  %-10s %s\n", cmd->name, cmd->brief);
    }

    fprintf(to, "\n\"distillctl COMMAND --help\" tells more.\n");

    return status;
}
