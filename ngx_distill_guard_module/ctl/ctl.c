/*
 * Copyright (C) 2026 Distill Guard
 */


#include "ctl.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>


#define CTL_ERROR  1024


/* of all commands that speak with Redis */

#define CTL_FLEET_HELP                                                        \
    "  --conf FILE           a nginx.conf, whose distill_guard_redis and\n"    \
    "                        distill_guard_secret say the rest\n"             \
    "  --redis URL           as in distill_guard_redis\n"                     \
    "  --password-file FILE  that Redis asks for\n"                           \
    "  --prefix PREFIX       of all names in Redis; dg if nothing is said\n"  \
    "  --secret FILE         as in distill_guard_secret\n"                    \
    "  --ca FILE             of authorities that sign Redis' certificate\n"   \
    "  --name NAME           that it is for, if not for the host\n"           \
    "  --cert FILE           a certificate that Redis asks for, with TLS\n"   \
    "  --key FILE            its key\n"                                       \
    "  --verify on|off       Redis' certificate; on if nothing is said\n"     \
    "  --sentinel-user NAME  whom sentinels ask for\n"                        \
    "  --sentinel-password-file FILE\n"                                       \
    "                        the password they ask for\n"                    \
    "  --json                for programs\n"                                  \
    "\n"                                                                      \
    "What no flag says is taken from the environment: DISTILL_GUARD_ and\n"   \
    "the name of the flag in capitals, as DISTILL_GUARD_PASSWORD_FILE; and\n" \
    "then from the nginx.conf.\n"

#define CTL_DECIDE_HELP                                                       \
    "  --for TIME            as in 30m, 2h or 1d; until it is released if\n"  \
    "                        nothing is said\n"                              \
    CTL_SAY_HELP

#define CTL_SAY_HELP                                                          \
    "  --reason TEXT         why, for those who list it: 128 characters\n"    \
    "  --author NAME         who; the user's name if nothing is said\n"       \
    CTL_FLEET_HELP

#define CTL_SUBJECT_HELP                                                      \
    "SUBJECT is key:, account:, client: or campaign: with an id, as logs\n"   \
    "have it, origin: with an address or its network, or asn: with a\n"       \
    "number. key:- and account:- are read from standard input: as they\n"     \
    "are known to clients, for the id is made of them with the secret.\n"     \
    "\n"

#define CTL_EXIT_HELP                                                         \
    "\n"                                                                      \
    "The exit status is 0 if it was done, 1 if there was nothing to do it\n"  \
    "to or it was refused, 2 for wrong usage or settings, 3 if Redis is\n"    \
    "not there or does not let it be done.\n"


#define CTL_ASK_HELP                                                          \
    "\n"                                                                      \
    "The exit status is 0 if a node has answered, 1 if none did or none has\n" \
    "heard of the subject, 2 for wrong usage or settings, 3 if Redis is not\n" \
    "there or does not let it be asked.\n"


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
      "                 with its accounts and the last label of each\n"
      "\n"
      "Verdicts are those of \"enforce\", whatever mode is set. The\n"
      "clock is that of the trace: time must not go back from line to line,\n"
      "and an answer that is paced ends when the trace says it does.\n"
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

    { "tune", ctl_tune,
      "[-c FILE] FILE ...",
      "soft and hard of the signals, as a trace speaks for",

      "Reads a trace, or several as one, and prints directives to paste:\n"
      "soft and hard of every signal, from what its accounts are like. Let\n"
      "it be a trace of usual traffic, of several days.\n"
      "\n"
      "  -c FILE        settings, as for \"distillctl replay\"; what is\n"
      "                 printed takes the place of distill_guard_signal in\n"
      "                 them\n"
      "\n"
      "First nothing is refused, and the worst value of each account and\n"
      "day is noted. Soft is what 99.5 % stay within; hard is beyond it\n"
      "twice as far as it is from the median. Neither is stricter than by\n"
      "default.\n"
      "Where soft would be nearer to the default hard than to the default\n"
      "soft the directive is printed as a comment: that many accounts may\n"
      "not be honest.\n"
      "\n"
      "Then the trace is read once more, with these settings enforced, and\n"
      "comments tell what would have been tagged, paced and refused. So it\n"
      "must be in files.\n"
      "\n"
      "The exit status is 1 if there were lines that were not understood,\n"
      "2 if nothing could be done.\n" },

    { "block", ctl_block,
      "SUBJECT [--for TIME] [--reason TEXT] [--author NAME] ...",
      "refuse a key, an account, a network, a client or a campaign",

      "All nodes answer 403 to the subject within a second, and tell\n"
      "nobody why.\n"
      "\n"
      CTL_SUBJECT_HELP
      CTL_DECIDE_HELP
      CTL_EXIT_HELP },

    { "allow", ctl_allow,
      "SUBJECT [--for TIME] [--reason TEXT] [--author NAME] ...",
      "let one pass, whatever limits and scores say",

      "No limit holds for the subject, and nothing is made of what it does;\n"
      "it is still counted.\n"
      "\n"
      CTL_SUBJECT_HELP
      CTL_DECIDE_HELP
      CTL_EXIT_HELP },

    { "exempt", ctl_exempt,
      "SUBJECT [--for TIME] [--reason TEXT] [--author NAME] ...",
      "take a key or an account out of campaigns",

      "A key or an account is of no campaign, whatever it has in common with\n"
      "others. Limits, and what it does by itself, count as before.\n"
      "\n"
      CTL_SUBJECT_HELP
      CTL_DECIDE_HELP
      CTL_EXIT_HELP },

    { "release", ctl_release,
      "SUBJECT [--reason TEXT] [--author NAME] ...",
      "end what was decided",

      "What was decided on the subject is over on all nodes within a second.\n"
      "\n"
      CTL_SUBJECT_HELP
      CTL_SAY_HELP
      CTL_EXIT_HELP },

    { "list", ctl_list,
      "[--all] ...",
      "what has been decided",

      "Prints the decisions in force, the latest first.\n"
      "\n"
      "  --all                 also those that are over, for a month\n"
      CTL_FLEET_HELP
      CTL_EXIT_HELP },

    { "watch", ctl_watch,
      "...",
      "decisions and steps as they are made",

      "Prints each decision, and each step of an account or a campaign on the\n"
      "ladder, as it is made, until it is interrupted.\n"
      "\n"
      CTL_FLEET_HELP
      CTL_EXIT_HELP },

    { "top", ctl_top,
      "[--by MEASURE] [--kind KIND] [--rows N] [--once] ...",
      "who is the worst",

      "Asks all nodes, and prints campaigns, if there are any, and then\n"
      "accounts: those that score most, or got most. On a terminal, again and\n"
      "again until it is interrupted.\n"
      "\n"
      "  --by MEASURE          score, output_tokens, requests or refused, of\n"
      "                        the last day; score if nothing is said\n"
      "  --kind KIND           key, account, origin, asn or campaign alone;\n"
      "                        networks have no score\n"
      "  --rows N              100 at most; 20, or what a terminal has room\n"
      "                        for, if nothing is said\n"
      "  --once                print it once, on a terminal, too\n"
      CTL_FLEET_HELP
      CTL_ASK_HELP },

    { "explain", ctl_explain,
      "SUBJECT ...",
      "why a subject is treated as it is",

      "Asks all nodes what they know of a key, an account, a network, a\n"
      "client or a campaign: where it stands and why, what it had, who it is\n"
      "tied to, what was decided.\n"
      "\n"
      CTL_SUBJECT_HELP
      CTL_FLEET_HELP
      CTL_ASK_HELP },

    { "campaigns", ctl_campaigns,
      "...",
      "which campaigns there are, and the evidence",

      "Asks all nodes for the campaigns that they know: what their accounts\n"
      "have in common, what they got, who some of them are.\n"
      "\n"
      CTL_FLEET_HELP
      CTL_ASK_HELP },

    { "id", ctl_id,
      "[SUBJECT] ...",
      "the id of a key",

      "Prints the id by which logs, Redis and other commands know a subject;\n"
      "of the key on standard input if nothing is said. Redis is not asked.\n"
      "\n"
      CTL_SUBJECT_HELP
      CTL_FLEET_HELP
      CTL_EXIT_HELP },

    { "doctor", ctl_doctor,
      "[--as-node] ...",
      "what is wrong with Redis and the nodes, and what to do",

      "Looks whether Redis can be reached and written to, is what the nodes\n"
      "share, and has room; at clocks, nodes and rights, and whether all\n"
      "keys expire. Prints a line for each, and what to do under it. It\n"
      "changes nothing.\n"
      "\n"
      "  --as-node             the user is that of nodes, and is to have the\n"
      "                        rights that they need\n"
      CTL_FLEET_HELP
      "\n"
      "The exit status is 0 if nothing is wrong but what is a warning, 1 if\n"
      "something is, 2 for wrong usage or settings, 3 if Redis is not\n"
      "there.\n" },

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
