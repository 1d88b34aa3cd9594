/*
 * Copyright (C) 2026 Distill Guard
 */


#include "ctl.h"
#include "dg_subject.h"
#include "dg_survey.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>


#define CTL_ERROR  1024


/* what exit status 1 says */

#define CTL_ONE_STRANGE                                                       \
    "this is not the Redis, the prefix or the secret of the nodes"

#define CTL_ONE_DECIDE                                                        \
    "it was refused: somebody else decided at this moment, a node has no "    \
    "room, or " CTL_ONE_STRANGE

#define CTL_ONE_RELEASE                                                       \
    "there was nothing to release, or " CTL_ONE_DECIDE

#define CTL_ONE_ASK                                                           \
    "no node has answered, or " CTL_ONE_STRANGE

#define CTL_ONE_EXPLAIN                                                       \
    "no node has heard of the subject, or " CTL_ONE_ASK

#define CTL_ONE_TRACE   "there were lines that were not understood"
#define CTL_ONE_DOCTOR  "something is wrong that is more than a warning"


static const ctl_flag_t  ctl_no_flags[] = {
    { NULL, 0, NULL, NULL, 0, NULL }
};


static const ctl_flag_t  ctl_replay_flags[] = {

    { NULL, 'c', "FILE", NULL, 0,
      "settings: a file with distill_guard directives as in nginx.conf, "
      "without blocks" },

    { "interactive", CTL_FLAG_INTERACTIVE, NULL, NULL, 0,
      "write each line before the next one is read, for a client that reacts "
      "to its verdict" },

    { "summary", CTL_FLAG_SUMMARY, NULL, NULL, 0,
      "at the end, a table of the labels on standard error" },

    { "campaigns", CTL_FLAG_CAMPAIGNS, NULL, NULL, 0,
      "at the end, a line for each campaign that was found, with its accounts "
      "and the last label of each" },

    { NULL, 0, NULL, NULL, 0, NULL }
};


static const ctl_flag_t  ctl_tune_flags[] = {

    { NULL, 'c', "FILE", NULL, 0,
      "settings, as for \"distillctl replay\"; what is printed takes the "
      "place of distill_guard_signal in them" },

    { NULL, 0, NULL, NULL, 0, NULL }
};


/* a release is no matter of time, and has all but the first */

static const ctl_flag_t  ctl_decide_flags[] = {

    { "for", CTL_FLAG_FOR, "TIME", NULL, 0,
      "as in 30m, 2h or 1d; until it is released if nothing is said" },

    { "reason", CTL_FLAG_REASON, "TEXT", NULL, 0,
      "why, for those who list it: 128 characters" },

    { "author", CTL_FLAG_AUTHOR, "NAME", NULL, 0,
      "who; the user's name if nothing is said" },

    { NULL, 0, NULL, NULL, 0, NULL }
};


static const ctl_flag_t  ctl_list_flags[] = {

    { "all", CTL_FLAG_ALL, NULL, NULL, 0,
      "also those that are over, for a month" },

    { NULL, 0, NULL, NULL, 0, NULL }
};


static const ctl_flag_t  ctl_top_flags[] = {

    { "by", CTL_FLAG_BY, "MEASURE", dg_measures, DG_MEASURES,
      ", of the last day; score if nothing is said" },

    { "kind", CTL_FLAG_KIND, "KIND", &dg_kinds[DG_KIND_KEY],
      DG_KINDS - DG_KIND_KEY, " alone; networks have no score" },

    { "rows", CTL_FLAG_ROWS, "N", NULL, 0,
      "100 at most; 20, or what a terminal has room for, if nothing is said" },

    { "once", CTL_FLAG_ONCE, NULL, NULL, 0,
      "print it once, on a terminal, too" },

    { NULL, 0, NULL, NULL, 0, NULL }
};


static const ctl_flag_t  ctl_doctor_flags[] = {

    { "as-node", CTL_FLAG_AS_NODE, NULL, NULL, 0,
      "the user is that of nodes, and is to have the rights that they need" },

    { NULL, 0, NULL, NULL, 0, NULL }
};


const dg_str_t  ctl_shells[CTL_SHELLS] = {
    dg_string("bash"),
    dg_string("zsh")
};


const char  ctl_subject_about[] =
    "SUBJECT is key:, account:, client: or campaign: with an id, as logs\n"
    "have it, origin: with an address or its network, or asn: with a\n"
    "number. key:- and account:- are read from standard input: as they\n"
    "are known to clients, for the id is made of them with the secret.\n";


const char  ctl_fleet_about[] =
    "What no flag says is taken from the environment: DISTILL_GUARD_ and\n"
    "the name of the flag in capitals, as DISTILL_GUARD_PASSWORD_FILE; and\n"
    "then from the nginx.conf.\n";


const ctl_command_t  ctl_commands[] = {

    { "replay", ctl_replay, CTL_TAKES_FILES, "[FILE ...]",
      "what the guard would have made of a trace",

      "Reads a trace, or several as one, and prints what the guard would\n"
      "have made of each line. No FILE, or -, is standard input.\n",

      ctl_replay_flags, 0,

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
      "Empty lines are passed over.\n",

      CTL_ONE_TRACE },

    { "tune", ctl_tune, CTL_TAKES_FILES, "FILE ...",
      "soft and hard of the signals, as a trace speaks for",

      "Reads a trace, or several as one, and prints directives to paste:\n"
      "soft and hard of every signal, from what its accounts are like. Let\n"
      "it be a trace of usual traffic, of several days.\n",

      ctl_tune_flags, 0,

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
      "must be in files.\n",

      CTL_ONE_TRACE },

    { "block", ctl_block, CTL_TAKES_SUBJECT, "SUBJECT",
      "refuse a key, an account, a network, a client or a campaign",

      "All nodes answer 403 to the subject within a second, and tell\n"
      "nobody why.\n",

      ctl_decide_flags, 1,

      NULL, CTL_ONE_DECIDE },

    { "allow", ctl_allow, CTL_TAKES_SUBJECT, "SUBJECT",
      "let one pass, whatever limits and scores say",

      "No limit holds for the subject, and nothing is made of what it does;\n"
      "it is still counted.\n",

      ctl_decide_flags, 1,

      NULL, CTL_ONE_DECIDE },

    { "exempt", ctl_exempt, CTL_TAKES_SUBJECT, "SUBJECT",
      "take a key or an account out of campaigns",

      "A key or an account is of no campaign, whatever it has in common with\n"
      "others. Limits, and what it does by itself, count as before.\n",

      ctl_decide_flags, 1,

      NULL, CTL_ONE_DECIDE },

    { "release", ctl_release, CTL_TAKES_SUBJECT, "SUBJECT",
      "end what was decided",

      "What was decided on the subject is over on all nodes within a second.\n",

      &ctl_decide_flags[1], 1,

      NULL, CTL_ONE_RELEASE },

    { "list", ctl_list, CTL_TAKES_NOTHING, NULL,
      "what has been decided",

      "Prints the decisions in force, the latest first.\n",

      ctl_list_flags, 1,

      NULL, CTL_ONE_STRANGE },

    { "watch", ctl_watch, CTL_TAKES_NOTHING, NULL,
      "decisions and steps as they are made",

      "Prints each decision, and each step of an account or a campaign on the\n"
      "ladder, as it is made, until it is interrupted.\n",

      ctl_no_flags, 1,

      NULL, CTL_ONE_STRANGE },

    { "top", ctl_top, CTL_TAKES_NOTHING, NULL,
      "who is the worst",

      "Asks all nodes, and prints campaigns, if there are any, and then\n"
      "accounts: those that score most, or got most. On a terminal, again and\n"
      "again until it is interrupted.\n",

      ctl_top_flags, 1,

      NULL, CTL_ONE_ASK },

    { "explain", ctl_explain, CTL_TAKES_SUBJECT, "SUBJECT",
      "why a subject is treated as it is",

      "Asks all nodes what they know of a key, an account, a network, a\n"
      "client or a campaign: where it stands and why, what it had, who it is\n"
      "tied to, what was decided.\n",

      ctl_no_flags, 1,

      NULL, CTL_ONE_EXPLAIN },

    { "campaigns", ctl_campaigns, CTL_TAKES_NOTHING, NULL,
      "which campaigns there are, and the evidence",

      "Asks all nodes for the campaigns that they know: what their accounts\n"
      "have in common, what they got, who some of them are.\n",

      ctl_no_flags, 1,

      NULL, CTL_ONE_ASK },

    { "id", ctl_id, CTL_TAKES_SUBJECT, "[SUBJECT]",
      "the id of a key",

      "Prints the id by which logs, Redis and other commands know a subject;\n"
      "of the key on standard input if nothing is said. Redis is not asked.\n",

      ctl_no_flags, 1,

      NULL, NULL },

    { "doctor", ctl_doctor, CTL_TAKES_NOTHING, NULL,
      "what is wrong with Redis and the nodes, and what to do",

      "Looks whether Redis can be reached and written to, is what the nodes\n"
      "share, and has room; at clocks, nodes and rights, and whether all\n"
      "keys expire. Prints a line for each, and what to do under it. It\n"
      "changes nothing.\n",

      ctl_doctor_flags, 1,

      NULL, CTL_ONE_DOCTOR },

    { "completion", ctl_completion, CTL_TAKES_SHELL, "bash|zsh",
      "a script that lets a shell complete all this",

      "Prints a script that completes commands, flags and what they take:\n"
      "\n"
      "  source <(distillctl completion bash)\n"
      "\n"
      "in ~/.bashrc, or in a file for everybody:\n"
      "\n"
      "  distillctl completion bash > /etc/bash_completion.d/distillctl\n"
      "\n"
      "That for zsh is to be _distillctl in a directory of $fpath.\n",

      ctl_no_flags, 0,

      NULL, NULL },

    { "man", ctl_man, CTL_TAKES_NOTHING, NULL,
      "the manual page",

      "Prints distillctl(8), for man or groff:\n"
      "\n"
      "  distillctl man | man -l -\n",

      ctl_no_flags, 0,

      NULL, NULL },

    { NULL, NULL, CTL_TAKES_NOTHING, NULL, NULL, NULL, NULL, 0, NULL, NULL }
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


const ctl_command_t *
ctl_command(const char *name)
{
    const ctl_command_t  *cmd;

    for (cmd = ctl_commands; cmd->name; cmd++) {
        if (strcmp(cmd->name, name) == 0) {
            return cmd;
        }
    }

    return NULL;
}
