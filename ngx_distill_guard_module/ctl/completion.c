/*
 * Copyright (C) 2026 Distill Guard
 *
 * distillctl completion: what the tables of commands say, for shells.
 */


#include "ctl.h"
#include "dg_subject.h"

#include <getopt.h>
#include <stdio.h>


static int ctl_completion_find(const char *name);
static void ctl_completion_bash(void);
static void ctl_completion_bash_command(const ctl_command_t *cmd);
static void ctl_completion_bash_operand(const ctl_command_t *cmd);
static void ctl_completion_zsh(void);
static void ctl_completion_zsh_command(const ctl_command_t *cmd);
static void ctl_completion_zsh_flag(const ctl_flag_t *flag);
static void ctl_completion_zsh_operand(const ctl_command_t *cmd);
static void ctl_completion_quoted(const char *text);
static void ctl_completion_words(const dg_str_t *words, unsigned n,
    const char *behind);
static void ctl_completion_subjects(void);
static unsigned ctl_completion_file(const ctl_flag_t *flag);


/*
 * bash takes "key:" apart, and "--by=score", where a variable that is the
 * user's has these marks: what is before them is looked at then.
 */

static const char  ctl_completion_bash_head[] =
    "# completion of distillctl for bash, by \"distillctl completion bash\"\n"
    "\n"
    "_distillctl()\n"
    "{\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} prev= words= files= kinds=\n"
    "\n"
    "    COMPREPLY=()\n"
    "    (( COMP_CWORD > 0 )) && prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
    "\n"
    "    if [ \"$cur\" = = ]; then\n"
    "        cur=\n"
    "    elif [ \"$prev\" = = ]; then\n"
    "        prev=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "    elif [ \"$prev\" = : ] || [ \"$cur\" = : ]; then\n"
    "        return\n"
    "    fi\n"
    "\n"
    "    if (( COMP_CWORD == 1 )); then\n"
    "        words=\"";

static const char  ctl_completion_bash_tail[] =
    "        esac\n"
    "    fi\n"
    "\n"
    "    if [ \"$kinds\" ] && [[ $cur != -* ]]; then\n"
    "        compopt -o nospace 2> /dev/null\n"
    "        words=$kinds\n"
    "    elif [ \"$files\" ] && [[ $cur != -* ]]; then\n"
    "        compopt -o filenames 2> /dev/null\n"
    "        mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
    "        return\n"
    "    fi\n"
    "\n"
    "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
    "}\n"
    "\n"
    "complete -F _distillctl distillctl\n";


int
ctl_completion(int argc, char **argv)
{
    int  c, shell;

    c = ctl_flag(argc, argv);

    if (c != -1) {
        return c == 'h' ? ctl_help(argv[0]) : ctl_usage(argv[0]);
    }

    shell = (optind == argc - 1) ? ctl_completion_find(argv[optind]) : -1;

    switch (shell) {

    case CTL_SHELL_BASH:
        ctl_completion_bash();
        break;

    case CTL_SHELL_ZSH:
        ctl_completion_zsh();
        break;

    default:
        return ctl_usage(argv[0]);
    }

    return ctl_written();
}


static int
ctl_completion_find(const char *name)
{
    int  i;

    for (i = 0; i < CTL_SHELLS; i++) {
        if (strcmp((const char *) ctl_shells[i].data, name) == 0) {
            return i;
        }
    }

    return -1;
}


static void
ctl_completion_bash(void)
{
    const ctl_command_t  *cmd;

    fputs(ctl_completion_bash_head, stdout);

    for (cmd = ctl_commands; cmd->name; cmd++) {
        printf("%s%s", cmd == ctl_commands ? "" : " ", cmd->name);
    }

    printf("\"\n    else\n        case ${COMP_WORDS[1]} in\n");

    for (cmd = ctl_commands; cmd->name; cmd++) {
        ctl_completion_bash_command(cmd);
    }

    fputs(ctl_completion_bash_tail, stdout);
}


/* what a flag takes, and where none is before the word, flags and operands */

static void
ctl_completion_bash_command(const ctl_command_t *cmd)
{
    char               name[CTL_FLAG_TEXT];
    unsigned           i;
    const ctl_flag_t  *flag;

    printf("        %s)\n            case $prev in\n", cmd->name);

    i = 0;

    while ((flag = ctl_flag_next(cmd, &i)) != NULL) {

        if (flag->argument == NULL) {
            continue;
        }

        ctl_flag_name(flag, name);
        printf("            %s) ", name);

        if (flag->nwords) {
            printf("words=\"");
            ctl_completion_words(flag->words, flag->nwords, "");
            printf("\" ;;\n");

        } else {
            printf("%s ;;\n", ctl_completion_file(flag) ? "files=1"
                                                        : "return");
        }
    }

    printf("            *) words=\"");
    ctl_completion_bash_operand(cmd);
    printf(" ;;\n            esac ;;\n");
}


static void
ctl_completion_bash_operand(const ctl_command_t *cmd)
{
    char               name[CTL_FLAG_TEXT];
    unsigned           i;
    const ctl_flag_t  *flag;

    i = 0;

    while ((flag = ctl_flag_next(cmd, &i)) != NULL) {
        ctl_flag_name(flag, name);
        printf("%s%s", i == 1 ? "" : " ", name);
    }

    switch (cmd->takes) {

    case CTL_TAKES_SUBJECT:
        printf("\" kinds=\"");
        ctl_completion_subjects();
        printf("\"");
        break;

    case CTL_TAKES_FILES:
        printf("\" files=1");
        break;

    case CTL_TAKES_SHELL:
        printf(" ");
        ctl_completion_words(ctl_shells, CTL_SHELLS, "");
        printf("\"");
        break;

    default:
        printf("\"");
    }
}


static void
ctl_completion_zsh(void)
{
    const ctl_command_t  *cmd;

    printf("#compdef distillctl\n"
           "# completion of distillctl for zsh, by "
           "\"distillctl completion zsh\"\n\n"
           "_distillctl()\n{\n"
           "    local -a commands\n\n"
           "    commands=(\n");

    for (cmd = ctl_commands; cmd->name; cmd++) {
        printf("        '%s:", cmd->name);
        ctl_completion_quoted(cmd->brief);
        printf("'\n");
    }

    printf("    )\n\n"
           "    if (( CURRENT == 2 )); then\n"
           "        _describe -t commands command commands\n"
           "        return\n"
           "    fi\n\n"
           "    shift words\n"
           "    (( CURRENT-- ))\n\n"
           "    case $words[1] in\n");

    for (cmd = ctl_commands; cmd->name; cmd++) {
        ctl_completion_zsh_command(cmd);
    }

    printf("    esac\n}\n\n"
           "if [ \"$funcstack[1]\" = _distillctl ]; then\n"
           "    _distillctl \"$@\"\n"
           "else\n"
           "    compdef _distillctl distillctl\n"
           "fi\n");
}


static void
ctl_completion_zsh_command(const ctl_command_t *cmd)
{
    unsigned           i;
    const ctl_flag_t  *flag;

    printf("    %s)\n        _arguments", cmd->name);

    i = 0;

    while ((flag = ctl_flag_next(cmd, &i)) != NULL) {
        ctl_completion_zsh_flag(flag);
    }

    ctl_completion_zsh_operand(cmd);
    printf(" ;;\n");
}


static void
ctl_completion_zsh_flag(const ctl_flag_t *flag)
{
    char  text[CTL_FLAG_TEXT];

    ctl_flag_name(flag, text);
    printf(" \\\n            '%s[", text);

    ctl_flag_text(flag, text);
    ctl_completion_quoted(text);
    printf("]");

    if (flag->argument) {
        printf(":%s:", flag->argument);

        if (flag->nwords) {
            printf("(");
            ctl_completion_words(flag->words, flag->nwords, "");
            printf(")");

        } else {
            printf("%s", ctl_completion_file(flag) ? "_files" : "");
        }
    }

    printf("'");
}


static void
ctl_completion_zsh_operand(const ctl_command_t *cmd)
{
    switch (cmd->takes) {

    case CTL_TAKES_SUBJECT:
        printf(" \\\n            '1:SUBJECT:{compadd -S \"\" -- ");
        ctl_completion_subjects();
        printf("}'");
        break;

    case CTL_TAKES_FILES:
        printf(" \\\n            '*:FILE:_files'");
        break;

    case CTL_TAKES_SHELL:
        printf(" \\\n            '1:SHELL:(");
        ctl_completion_words(ctl_shells, CTL_SHELLS, "");
        printf(")'");
        break;

    default:
        break;
    }
}


/* within single quotes, where zsh knows brackets and colons, too */

static void
ctl_completion_quoted(const char *text)
{
    for ( /* void */ ; *text; text++) {

        if (*text == '\'') {
            printf("'\\''");
            continue;
        }

        if (strchr("[]:\\", *text)) {
            putchar('\\');
        }

        putchar(*text);
    }
}


static void
ctl_completion_words(const dg_str_t *words, unsigned n, const char *behind)
{
    unsigned  i;

    for (i = 0; i < n; i++) {
        printf("%s%.*s%s", i == 0 ? "" : " ", (int) words[i].len,
               words[i].data, behind);
    }
}


static void
ctl_completion_subjects(void)
{
    ctl_completion_words(&dg_kinds[DG_KIND_KEY], DG_NAMED_KINDS - DG_KIND_KEY,
                         ":");
}


static unsigned
ctl_completion_file(const ctl_flag_t *flag)
{
    return strcmp(flag->argument, "FILE") == 0;
}
