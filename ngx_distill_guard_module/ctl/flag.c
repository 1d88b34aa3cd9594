/*
 * Copyright (C) 2026 Distill Guard
 *
 * Flags: from the tables of commands to getopt_long() and to --help.
 */


#include "ctl.h"
#include "fleet.h"

#include <errno.h>
#include <stdio.h>


#define CTL_FLAGS        32      /* of one command, and the end */
#define CTL_FLAG_COLUMN  24      /* where help begins */
#define CTL_FLAG_WIDTH   76


static unsigned ctl_flag_letter(const ctl_flag_t *flag);
static void ctl_flag_add(char buf[CTL_FLAG_TEXT], const char *text);
static void ctl_flag_print(const ctl_flag_t *flag);
static void ctl_flag_wrap(const char *text, size_t column, size_t indent);
static void ctl_flag_exits(const ctl_command_t *cmd);


static const ctl_flag_t  ctl_flag_help = {
    "help", 'h', NULL, NULL, 0, "print this"
};


int
ctl_flag(int argc, char **argv)
{
    unsigned           i, n;
    const ctl_flag_t  *flag;

    /* a program has one command: what there is of it is kept */

    static char           letters[2 * CTL_FLAGS + 1], *p;
    static struct option  options[CTL_FLAGS];

    if (p == NULL) {
        p = letters;
        i = 0;
        n = 0;

        while ((flag = ctl_flag_next(ctl_command(argv[0]), &i)) != NULL
               && i < CTL_FLAGS)
        {
            if (ctl_flag_letter(flag)) {
                *p++ = (char) flag->code;

                if (flag->argument) {
                    *p++ = ':';
                }
            }

            if (flag->name) {
                options[n].name = flag->name;
                options[n].has_arg = flag->argument ? required_argument
                                                    : no_argument;
                options[n].val = flag->code;
                n++;
            }
        }
    }

    return getopt_long(argc, argv, letters, options, NULL);
}


const ctl_flag_t *
ctl_flag_next(const ctl_command_t *cmd, unsigned *i)
{
    unsigned           n;
    const ctl_flag_t  *flag;

    n = (*i)++;

    for (flag = cmd->flags; flag->code; flag++) {
        if (n-- == 0) {
            return flag;
        }
    }

    for (flag = ctl_fleet_flags; cmd->fleet && flag->code; flag++) {
        if (n-- == 0) {
            return flag;
        }
    }

    return n == 0 ? &ctl_flag_help : NULL;
}


static unsigned
ctl_flag_letter(const ctl_flag_t *flag)
{
    return flag->code < CTL_FLAG_INTERACTIVE;
}


static void
ctl_flag_add(char buf[CTL_FLAG_TEXT], const char *text)
{
    size_t  len;

    len = strlen(buf);
    snprintf(buf + len, CTL_FLAG_TEXT - len, "%s", text);
}


void
ctl_flag_name(const ctl_flag_t *flag, char buf[CTL_FLAG_TEXT])
{
    if (flag->name) {
        snprintf(buf, CTL_FLAG_TEXT, "--%s", flag->name);

    } else {
        snprintf(buf, CTL_FLAG_TEXT, "-%c", flag->code);
    }
}


void
ctl_flag_head(const ctl_flag_t *flag, char buf[CTL_FLAG_TEXT])
{
    char  name[CTL_FLAG_TEXT];

    buf[0] = '\0';
    ctl_flag_name(flag, name);

    if (flag->name && ctl_flag_letter(flag)) {
        snprintf(buf, CTL_FLAG_TEXT, "-%c, ", flag->code);
    }

    ctl_flag_add(buf, name);

    if (flag->argument) {
        ctl_flag_add(buf, " ");
        ctl_flag_add(buf, flag->argument);
    }
}


void
ctl_flag_text(const ctl_flag_t *flag, char buf[CTL_FLAG_TEXT])
{
    unsigned  i;

    buf[0] = '\0';

    for (i = 0; i < flag->nwords; i++) {
        ctl_flag_add(buf, i == 0 ? "" : i + 1 < flag->nwords ? ", " : " or ");
        ctl_flag_add(buf, (const char *) flag->words[i].data);
    }

    ctl_flag_add(buf, flag->help);
}


/* subjects are in front of flags, files behind them */

void
ctl_synopsis(const ctl_command_t *cmd, char buf[CTL_FLAG_TEXT])
{
    char               head[CTL_FLAG_TEXT];
    const ctl_flag_t  *flag;

    snprintf(buf, CTL_FLAG_TEXT, "distillctl %s", cmd->name);

    if (cmd->operand && cmd->takes != CTL_TAKES_FILES) {
        ctl_flag_add(buf, " ");
        ctl_flag_add(buf, cmd->operand);
    }

    for (flag = cmd->flags; flag->code; flag++) {
        ctl_flag_head(flag, head);
        ctl_flag_add(buf, " [");
        ctl_flag_add(buf, head);
        ctl_flag_add(buf, "]");
    }

    if (cmd->takes == CTL_TAKES_FILES) {
        ctl_flag_add(buf, " ");
        ctl_flag_add(buf, cmd->operand);
    }

    ctl_flag_add(buf, cmd->fleet ? " ..." : "");
}


const char *
ctl_exit(const ctl_command_t *cmd, int status)
{
    switch (status) {

    case CTL_OK:
        return "it was done";

    case CTL_DENIED:
        return cmd->failed;

    case CTL_FAILED:
        return "usage, settings or a file are wrong, or there is no memory";

    case CTL_REDIS:
        return cmd->fleet && cmd->failed
               ? "Redis is not there, or does not let it be done" : NULL;

    default:
        return NULL;
    }
}


int
ctl_usage(const char *command)
{
    char  synopsis[CTL_FLAG_TEXT];

    ctl_synopsis(ctl_command(command), synopsis);
    fprintf(stderr, "usage: %s\n", synopsis);

    return CTL_FAILED;
}


int
ctl_help(const char *command)
{
    char                  synopsis[CTL_FLAG_TEXT];
    unsigned              i;
    const ctl_flag_t     *flag;
    const ctl_command_t  *cmd;

    cmd = ctl_command(command);
    ctl_synopsis(cmd, synopsis);

    printf("usage: %s\n\n%s\n", synopsis, cmd->about);

    if (cmd->takes == CTL_TAKES_SUBJECT) {
        printf("%s\n", ctl_subject_about);
    }

    i = 0;

    while ((flag = ctl_flag_next(cmd, &i)) != NULL) {
        ctl_flag_print(flag);
    }

    if (cmd->notes) {
        printf("\n%s", cmd->notes);
    }

    if (cmd->fleet) {
        printf("\n%s", ctl_fleet_about);
    }

    ctl_flag_exits(cmd);

    return ctl_written();
}


static void
ctl_flag_print(const ctl_flag_t *flag)
{
    char    text[CTL_FLAG_TEXT];
    size_t  column;

    ctl_flag_head(flag, text);
    column = (size_t) printf("  %s", text);

    if (column + 2 > CTL_FLAG_COLUMN) {
        printf("\n");
        column = 0;
    }

    printf("%*s", (int) (CTL_FLAG_COLUMN - column), "");

    ctl_flag_text(flag, text);
    ctl_flag_wrap(text, CTL_FLAG_COLUMN, CTL_FLAG_COLUMN);
}


/* from a column on, and other lines from indent on */

static void
ctl_flag_wrap(const char *text, size_t column, size_t indent)
{
    size_t  len;

    for ( ;; ) {
        len = strcspn(text, " ");
        printf("%.*s", (int) len, text);
        column += len;
        text += len;

        if (*text == '\0') {
            break;
        }

        text++;

        if (column + 1 + strcspn(text, " ") > CTL_FLAG_WIDTH) {
            printf("\n%*s", (int) indent, "");
            column = indent;

        } else {
            printf(" ");
            column++;
        }
    }

    printf("\n");
}


static void
ctl_flag_exits(const ctl_command_t *cmd)
{
    int          status;
    const char  *text;

    printf("\nThe exit status is\n");

    for (status = CTL_OK; status <= CTL_REDIS; status++) {
        text = ctl_exit(cmd, status);

        if (text) {
            printf("  %d  ", status);
            ctl_flag_wrap(text, 5, 5);
        }
    }
}


int
ctl_written(void)
{
    if (fflush(stdout) == EOF || ferror(stdout)) {
        ctl_error("cannot write: %s", strerror(errno));
        return CTL_FAILED;
    }

    return CTL_OK;
}
