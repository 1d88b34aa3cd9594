/*
 * Copyright (C) 2026 Distill Guard
 *
 * distillctl man: what the tables of commands say, as a manual page.
 */


#include "ctl.h"
#include "fleet.h"

#include <stdio.h>


static void ctl_man_synopsis(void);
static void ctl_man_command(const ctl_command_t *cmd);
static void ctl_man_flag(const ctl_flag_t *flag);
static void ctl_man_fleet(void);
static void ctl_man_environment(void);
static void ctl_man_exits(void);
static void ctl_man_exit(int status, const ctl_command_t *like);
static void ctl_man_text(const char *text);
static void ctl_man_line(char c);


int
ctl_man(int argc, char **argv)
{
    int                   c;
    const ctl_command_t  *cmd;

    c = ctl_flag(argc, argv);

    if (c != -1) {
        return c == 'h' ? ctl_help(argv[0]) : ctl_usage(argv[0]);
    }

    if (optind != argc) {
        return ctl_usage(argv[0]);
    }

    printf(".TH DISTILLCTL 8 \"\" \"Distill Guard\" "
           "\"System administration\"\n"
           ".SH NAME\ndistillctl \\- the tool beside Distill Guard\n");

    ctl_man_synopsis();

    printf(".SH DESCRIPTION\n"
           "Distill Guard is a module of nginx that finds and slows who\n"
           "harvests the answers of a model. Some commands read what it has\n"
           "logged; all others speak with the Redis that its nodes share.\n"
           ".SH COMMANDS\n");

    for (cmd = ctl_commands; cmd->name; cmd++) {
        ctl_man_command(cmd);
    }

    ctl_man_fleet();

    printf(".SH SUBJECTS\n");
    ctl_man_text(ctl_subject_about);

    ctl_man_environment();
    ctl_man_exits();

    printf(".SH SEE ALSO\n.BR nginx (8),\n.BR redis\\-server (1)\n");

    return ctl_written();
}


static void
ctl_man_synopsis(void)
{
    char                  synopsis[CTL_FLAG_TEXT];
    const ctl_command_t  *cmd;

    printf(".SH SYNOPSIS\n.ad l\n");

    for (cmd = ctl_commands; cmd->name; cmd++) {
        ctl_synopsis(cmd, synopsis);
        ctl_man_text(synopsis);
        printf("\n.br\n");
    }

    printf(".ad\n");
}


static void
ctl_man_command(const ctl_command_t *cmd)
{
    char               synopsis[CTL_FLAG_TEXT];
    const ctl_flag_t  *flag;

    ctl_synopsis(cmd, synopsis);

    printf(".SS ");
    ctl_man_text(synopsis);
    printf("\n");
    ctl_man_text(cmd->about);

    for (flag = cmd->flags; flag->code; flag++) {
        ctl_man_flag(flag);
    }

    if (cmd->notes) {
        printf(".PP\n");
        ctl_man_text(cmd->notes);
    }
}


static void
ctl_man_flag(const ctl_flag_t *flag)
{
    char  text[CTL_FLAG_TEXT];

    ctl_flag_head(flag, text);
    printf(".TP\n.B ");
    ctl_man_text(text);
    printf("\n");

    ctl_flag_text(flag, text);
    ctl_man_text(text);
    printf("\n");
}


/* and of all, that is --help */

static void
ctl_man_fleet(void)
{
    unsigned              i;
    const ctl_flag_t     *flag;
    const ctl_command_t  *cmd;

    printf(".SH FLAGS\nAll commands that end in .\\|.\\|. above take these, "
           "and each of all commands the last.\n");

    for (cmd = ctl_commands; cmd->flags[0].code || !cmd->fleet; cmd++) {
        /* void */
    }

    i = 0;

    while ((flag = ctl_flag_next(cmd, &i)) != NULL) {
        ctl_man_flag(flag);
    }
}


static void
ctl_man_environment(void)
{
    char               variable[CTL_FLEET_VARIABLE];
    const ctl_flag_t  *flag;

    printf(".SH ENVIRONMENT\n");
    ctl_man_text(ctl_fleet_about);

    for (flag = ctl_fleet_flags; flag->code != CTL_FLEET_JSON; flag++) {
        printf(".TP\n.B %s\n", ctl_fleet_variable(flag, variable));
        printf("as \\-\\-");
        ctl_man_text(flag->name);
        printf("\n");
    }

    printf(".TP\n.B NO_COLOR\nif it is set to anything, nothing is colored\n");
}


/* once each, with the commands that it is of, unless it is of all */

static void
ctl_man_exits(void)
{
    int                   status;
    const char           *text, *said;
    const ctl_command_t  *cmd, *before;

    printf(".SH EXIT STATUS\n");

    for (status = CTL_OK; status <= CTL_REDIS; status++) {

        for (cmd = ctl_commands; cmd->name; cmd++) {
            text = ctl_exit(cmd, status);

            for (before = ctl_commands; text && before < cmd; before++) {
                said = ctl_exit(before, status);

                if (said && strcmp(said, text) == 0) {
                    text = NULL;
                }
            }

            if (text) {
                ctl_man_exit(status, cmd);
            }
        }
    }
}


static void
ctl_man_exit(int status, const ctl_command_t *like)
{
    unsigned              all;
    const char           *text, *said, *comma;
    const ctl_command_t  *cmd;

    text = ctl_exit(like, status);
    all = 1;

    for (cmd = ctl_commands; cmd->name; cmd++) {
        said = ctl_exit(cmd, status);
        all = all && said && strcmp(said, text) == 0;
    }

    printf(".TP\n.B %d\n", status);
    comma = "";

    for (cmd = like; cmd->name && !all; cmd++) {
        said = ctl_exit(cmd, status);

        if (said && strcmp(said, text) == 0) {
            printf("%s%s", comma, cmd->name);
            comma = ", ";
        }
    }

    printf("%s", all ? "" : ": ");
    ctl_man_text(text);
    printf("\n");
}


/*
 * Text whose lines may end anywhere but where they begin with a space, as
 * roff: those are shown as they are.
 */

static void
ctl_man_text(const char *text)
{
    unsigned  begins, example;

    begins = 1;
    example = 0;

    for ( /* void */ ; *text; text++) {

        if (begins && (*text == ' ') != example && *text != '\n') {
            example = !example;
            printf("%s", example ? ".PP\n.nf\n" : ".fi\n");
        }

        if (begins) {
            ctl_man_line(*text);
        }

        begins = 0;

        switch (*text) {

        case '-':
            printf("\\-");
            break;

        case '\\':
            printf("\\e");
            break;

        case '\n':
            begins = 1;
            /* fall through */

        default:
            putchar(*text);
        }
    }

    printf("%s", example ? ".fi\n" : "");
}


/* what roff would take for a command, and an empty line, which is none */

static void
ctl_man_line(char c)
{
    if (c == '\n') {
        printf(".PP");

    } else if (c == '.' || c == '\'') {
        printf("\\&");
    }
}
