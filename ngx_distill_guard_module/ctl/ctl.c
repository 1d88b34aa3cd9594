/*
 * Copyright (C) 2026 Distill Guard
 */


#include "ctl.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>


#define CTL_ERROR  1024


static const ctl_command_t *ctl_find(const char *name);


const ctl_command_t  ctl_commands[] = {

    { "replay", ctl_replay,
      "[-c FILE] [--interactive] [--summary] [--campaigns] [FILE ...]",
      "what the guard would have made of a trace",

      "Reads a trace, or several as one, and prints what the guard would\n"
      "have made of each line. No FILE, or -, is standard input.\n"
      "\n"
      "  -c FILE        settings: a file with distill_guard directives as in\n"
      "                 nginx.conf, without blocks\n"
      "  --interactive  write each line before the next one is read, for a\n"
      "                 client that reacts to its verdict\n"
      "  --summary      at the end, a table of the labels on standard error\n"
      "  --campaigns    at the end, a line for each campaign that was found,\n"
      "                 and none where there is none\n"
      "\n"
      "Verdicts are those of \"enforce\", whatever mode is set. The\n"
      "clock is that of the trace: time must not go back from line to line.\n"
      "Events are logged as exchanges end, so what access_log wrote with\n"
      "$distill_guard_event is to be sorted first:\n"
      "\n"
      "  LC_ALL=C sort -s -t, -k2,2 events.log | distillctl replay\n"
      "\n"
      "Without distill_guard_secret ids are made with a key that everybody\n"
      "knows; with it they are those of the nginx that has the same secret.\n"
      "\n"
      "Empty lines are passed over. The exit status is 1 if there were lines\n"
      "that were not understood, 2 if nothing could be done.\n" },

    { NULL, NULL, NULL, NULL, NULL }
};


/* in one write, so that lines of several processes do not mix */

void
ctl_error(const char *fmt, ...)
{
    char     text[CTL_ERROR];
    va_list  args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);

    fprintf(stderr, "distillctl: %s\n", text);
}


int
ctl_usage(const char *command)
{
    const ctl_command_t  *cmd;

    cmd = ctl_find(command);

    fprintf(stderr, "usage: distillctl %s %s\n", cmd->name, cmd->usage);

    return CTL_FAILED;
}


int
ctl_help(const char *command)
{
    const ctl_command_t  *cmd;

    cmd = ctl_find(command);

    printf("usage: distillctl %s %s\n\n%s", cmd->name, cmd->usage, cmd->help);

    return CTL_OK;
}


static const ctl_command_t *
ctl_find(const char *name)
{
    const ctl_command_t  *cmd;

    for (cmd = ctl_commands; strcmp(cmd->name, name) != 0; cmd++) {
        /* void */
    }

    return cmd;
}
