/*
 * Copyright (C) 2026 Distill Guard
 *
 * What the commands of distillctl share.
 */


#ifndef _CTL_H_INCLUDED_
#define _CTL_H_INCLUDED_


#include "dg_core.h"


/* exit statuses: what they say is in flag.c, and of 1 with each command */

#define CTL_OK      0
#define CTL_LINES   1            /* some lines were not understood */
#define CTL_DENIED  1            /* there is nothing to do it to */
#define CTL_FAILED  2            /* wrong usage or settings, or no memory */
#define CTL_REDIS   3            /* Redis is not there, or does not want to */

#define CTL_GO_ON  -1            /* none yet: there is something to do */


typedef struct {
    const char       *name;      /* NULL: a letter alone */
    int               code;      /* what ctl_flag() gives; a letter is one
                                    for the user, too */
    const char       *argument;  /* NULL: none */
    const dg_str_t   *words;     /* that the argument may be, if listed */
    unsigned          nwords;
    const char       *help;      /* what follows the words */
} ctl_flag_t;


/* what getopt_long() gives for flags that have no letter */

enum {
    CTL_FLAG_INTERACTIVE = 256,
    CTL_FLAG_SUMMARY,
    CTL_FLAG_CAMPAIGNS,
    CTL_FLAG_FOR,
    CTL_FLAG_REASON,
    CTL_FLAG_AUTHOR,
    CTL_FLAG_ALL,
    CTL_FLAG_BY,
    CTL_FLAG_KIND,
    CTL_FLAG_ROWS,
    CTL_FLAG_ONCE,
    CTL_FLAG_AS_NODE
};


typedef enum {
    CTL_TAKES_NOTHING = 0,
    CTL_TAKES_SUBJECT,
    CTL_TAKES_FILES,
    CTL_TAKES_SHELL
} ctl_takes_t;


/*
 * Of about and notes, a line that begins with a space is to stay a line;
 * paragraphs are apart by an empty one.  What getopt_long() looks for, the
 * help, the completion and the manual page follow from this.
 */

typedef struct {
    const char        *name;
    int              (*run)(int argc, char **argv);
    ctl_takes_t        takes;
    const char        *operand;  /* how that is written, or NULL */
    const char        *brief;
    const char        *about;
    const ctl_flag_t  *flags;    /* of its own: ends with a code of 0 */
    unsigned           fleet;    /* and those of ctl_fleet_flags */
    const char        *notes;    /* behind the flags, or NULL */
    const char        *failed;   /* what exit status 1 says; NULL: there is
                                    neither that nor CTL_REDIS */
} ctl_command_t;


extern const ctl_command_t  ctl_commands[];      /* ends with a NULL name */

/* paragraphs as about: of all that take a subject, or speak with Redis */
extern const char  ctl_subject_about[];
extern const char  ctl_fleet_about[];

/* that completion is for */

enum {
    CTL_SHELL_BASH = 0,
    CTL_SHELL_ZSH,
    CTL_SHELLS
};

extern const dg_str_t  ctl_shells[CTL_SHELLS];


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
int ctl_completion(int argc, char **argv);
int ctl_man(int argc, char **argv);


/* one line on standard error, behind the name of the program */
void ctl_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* NULL if there is none */
const ctl_command_t *ctl_command(const char *name);

/* of a command, which argv[0] names: as getopt_long() */
int ctl_flag(int argc, char **argv);

/*
 * All flags of a command in turn, from i of 0 on: its own, those of the fleet,
 * --help.  NULL: there are no more.
 */
const ctl_flag_t *ctl_flag_next(const ctl_command_t *cmd, unsigned *i);

/*
 * "--by"; "--by MEASURE"; and what it is for, the words that it takes in
 * front.
 */

#define CTL_FLAG_TEXT  512

void ctl_flag_name(const ctl_flag_t *flag, char buf[CTL_FLAG_TEXT]);
void ctl_flag_head(const ctl_flag_t *flag, char buf[CTL_FLAG_TEXT]);
void ctl_flag_text(const ctl_flag_t *flag, char buf[CTL_FLAG_TEXT]);

/* "distillctl top [--by MEASURE] ...", with "..." for those of the fleet */
void ctl_synopsis(const ctl_command_t *cmd, char buf[CTL_FLAG_TEXT]);

/* what an exit status says after a command; NULL: it is none of its */
const char *ctl_exit(const ctl_command_t *cmd, int status);

/* what getopt_long() has complained of: CTL_FAILED */
int ctl_usage(const char *command);

/* prints the help of a command: CTL_OK */
int ctl_help(const char *command);

/* standard output was written to: CTL_OK, or that it could not be */
int ctl_written(void);


#endif /* _CTL_H_INCLUDED_ */
