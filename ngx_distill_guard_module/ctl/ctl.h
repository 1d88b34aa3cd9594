/*
 * Copyright (C) 2026 Distill Guard
 *
 * What the commands of distillctl share.
 */


#ifndef _CTL_H_INCLUDED_
#define _CTL_H_INCLUDED_


#include "dg_core.h"


/* exit statuses */

#define CTL_OK      0
#define CTL_LINES   1            /* some lines were not understood */
#define CTL_DENIED  1            /* there is nothing to do it to */
#define CTL_FAILED  2            /* wrong usage or settings, or no memory */
#define CTL_REDIS   3            /* Redis is not there, or does not want to */

#define CTL_GO_ON  -1            /* none yet: there is something to do */


typedef struct {
    const char    *name;
    int          (*run)(int argc, char **argv);
    const char    *usage;        /* what follows the name */
    const char    *brief;
    const char    *help;
} ctl_command_t;


extern const ctl_command_t  ctl_commands[];      /* ends with a NULL name */


int ctl_replay(int argc, char **argv);
int ctl_tune(int argc, char **argv);
int ctl_block(int argc, char **argv);
int ctl_allow(int argc, char **argv);
int ctl_exempt(int argc, char **argv);
int ctl_release(int argc, char **argv);
int ctl_list(int argc, char **argv);
int ctl_watch(int argc, char **argv);
int ctl_top(int argc, char **argv);
int ctl_explain(int argc, char **argv);
int ctl_campaigns(int argc, char **argv);
int ctl_id(int argc, char **argv);
int ctl_doctor(int argc, char **argv);


/* one line on standard error, behind the name of the program */
void ctl_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* what getopt_long() has complained of: CTL_FAILED */
int ctl_usage(const char *command);

/* prints the help of a command: CTL_OK */
int ctl_help(const char *command);


#endif /* _CTL_H_INCLUDED_ */
