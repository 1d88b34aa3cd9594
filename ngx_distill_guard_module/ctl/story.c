/*
 * Copyright (C) 2026 Distill Guard
 */


#include "story.h"
#include "decision.h"
#include "dg_event.h"
#include "dg_print.h"
#include "dg_recall.h"
#include "dg_signal.h"
#include "merge.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>


#define ctl_story_is(of, name)  (ctl_merge_number(of, name) > 0)


static void ctl_story_time(const json_t *of, const char *name,
    char text[CTL_DECISION_TIME]);
static void ctl_story_families(const json_t *of);
static void ctl_story_signal(const json_t *signal);
static const dg_signal_desc_t *ctl_story_signal_of(const char *name);
static void ctl_story_evidence(const json_t *c);
static void ctl_story_ties(const json_t *c);
static void ctl_story_got(const json_t *c, int enforced);


const char *
ctl_story_number(double n, char buf[CTL_STORY_NUMBER])
{
    char    digits[CTL_STORY_NUMBER], *p;
    size_t  i, len;

    if (n != floor(n) || n < 0 || n > 1e15) {
        p = (char *) dg_print_double((u_char *) buf, n);
        *p = '\0';
        return buf;
    }

    len = (size_t) snprintf(digits, sizeof(digits), "%.0f", n);
    p = buf;

    for (i = 0; i < len; i++) {
        *p++ = digits[i];

        if ((len - i) % 3 == 1 && i + 1 < len) {
            *p++ = ',';
        }
    }

    *p = '\0';

    return buf;
}


const char *
ctl_story_text(const json_t *object, const char *name)
{
    const char  *text;

    text = json_string_value(json_object_get(object, name));

    return text ? text : "-";
}


static void
ctl_story_time(const json_t *of, const char *name,
    char text[CTL_DECISION_TIME])
{
    ctl_decision_time((uint64_t) ctl_merge_number(of, name), text);
}


void
ctl_story_verdict(const char *verdict, int enforced, int columns)
{
    char        text[DG_EVENT_VERDICT + 1];
    const char *color;

    color = strcmp(verdict, "BLOCK") == 0
            ? ctl_decision_color(DG_RULING_BLOCK)
            : (strcmp(verdict, "THROTTLE") == 0
               || strcmp(verdict, "PACE") == 0)
              ? ctl_decision_color(DG_RULING_EXEMPT)
              : "";

    snprintf(text, sizeof(text), "%s%s", verdict,
             enforced || strcmp(verdict, "PASS") == 0 ? ""
                                                      : DG_EVENT_DRY_RUN);

    printf("%s%-*s%s", color, columns, text,
           color[0] ? ctl_decision_plain() : "");
}


void
ctl_story_standing(const json_t *of, int enforced)
{
    char           text[CTL_DECISION_TIME], pace[CTL_STORY_NUMBER];
    const char    *verdict;
    const json_t  *s;

    s = json_object_get(of, "standing");
    verdict = ctl_story_text(s, "verdict");

    printf("  ");
    ctl_story_verdict(verdict, enforced, 0);
    printf(" by a score of %.0f", ctl_merge_number(of, "score"));
    ctl_story_families(of);

    if (ctl_story_is(s, "until")) {
        ctl_story_time(s, "until", text);
        printf(", until %s", text);

    } else if (strcmp(verdict, "THROTTLE") == 0) {
        printf(": what is beyond %s %s refused, %s used",
               ctl_story_text(s, "limit"), enforced ? "is" : "would be",
               ctl_story_number(ctl_merge_number(s, "used"), pace));

    } else if (strcmp(verdict, "PACE") == 0) {
        printf(": answers %s at %s tokens a second",
               enforced ? "pass" : "would pass",
               ctl_story_number(ctl_merge_number(s, "pace"), pace));

    } else if (strcmp(verdict, "TAG") == 0) {
        printf(": the upstream %s told", enforced ? "is" : "would be");
    }

    printf("\n");
}


static void
ctl_story_families(const json_t *of)
{
    size_t         i;
    const char    *separator;
    const json_t  *family;

    separator = " (";

    json_array_foreach(json_object_get(of, "families"), i, family) {
        if (ctl_story_is(family, "points")) {
            printf("%s%s %.0f", separator, ctl_story_text(family, "family"),
                   ctl_merge_number(family, "points"));
            separator = ", ";
        }
    }

    printf("%s", separator[0] == ',' ? ")" : "");
}


void
ctl_story_decision(const json_t *of, const char *on)
{
    const json_t  *d;

    d = json_object_get(of, "decision");

    if (json_is_object(d)) {
        ctl_story_decided(d, on);
    }
}


void
ctl_story_decided(const json_t *d, const char *on)
{
    char         text[CTL_DECISION_TIME];
    unsigned     i;
    const char  *what, *reason;

    what = ctl_story_text(d, "decision");

    for (i = 0; i < DG_RULINGS - 1; i++) {
        if (strcmp((const char *) dg_rulings[i].data, what) == 0) {
            break;
        }
    }

    printf("  %s has decided%s: %s%s%s", ctl_story_text(d, "author"), on,
           ctl_decision_color(i), what, ctl_decision_plain());

    if (ctl_story_is(d, "until")) {
        ctl_story_time(d, "until", text);
        printf(" until %s", text);
    }

    reason = ctl_story_text(d, "reason");
    printf("%s%s\n", reason[0] ? ", " : "", reason);
}


void
ctl_story_signals(const json_t *of)
{
    int            points;
    size_t         i, n;
    const json_t  *signal;

    n = 0;

    /* there are few, and points are few */

    for (points = 60; points > 0; points--) {
        json_array_foreach(json_object_get(of, "signals"), i, signal) {

            if ((int) ctl_merge_number(signal, "points") != points) {
                continue;
            }

            if (n++ == 0) {
                printf("\n  POINTS  SIGNAL         VALUE\n");
            }

            ctl_story_signal(signal);
        }
    }
}


static void
ctl_story_signal(const json_t *signal)
{
    char                     value[CTL_STORY_NUMBER], soft[CTL_STORY_NUMBER];
    char                     hard[CTL_STORY_NUMBER];
    const char              *name;
    const dg_signal_desc_t  *desc;

    name = ctl_story_text(signal, "signal");

    printf("  %6.0f  %-13s  %s", ctl_merge_number(signal, "points"), name,
           ctl_story_number(ctl_merge_number(signal, "value"), value));

    desc = ctl_story_signal_of(name);

    if (desc == NULL) {
        printf("\n");
        return;
    }

    printf(" %s", desc->unit);

    if (json_object_get(signal, "soft")) {
        printf(" (from %s to %s)",
               ctl_story_number(ctl_merge_number(signal, "soft"), soft),
               ctl_story_number(ctl_merge_number(signal, "hard"), hard));
    }

    printf(": %s\n", desc->help);
}


static const dg_signal_desc_t *
ctl_story_signal_of(const char *name)
{
    unsigned  i;

    for (i = 0; i < DG_SIGNALS; i++) {
        if (strcmp((const char *) dg_signals[i].name.data, name) == 0) {
            return &dg_signals[i];
        }
    }

    return NULL;
}


void
ctl_story_campaign(const json_t *c, int enforced)
{
    char    since[CTL_DECISION_TIME], first[CTL_DECISION_TIME];
    char    n[CTL_STORY_NUMBER];
    double  accounts;

    accounts = ctl_merge_number(c, "accounts");

    ctl_story_time(c, "first_seen", first);

    if (ctl_story_is(c, "named")) {
        ctl_story_time(c, "named", since);
        printf("  A campaign since %s, first seen %s.\n", since, first);

    } else {
        printf("  No campaign so far: a cohort, first seen %s.\n", first);
    }

    printf("  %s accounts", ctl_story_number(accounts, n));

    if (ctl_story_is(c, "uses")) {
        printf(" were used %s times",
               ctl_story_number(ctl_merge_number(c, "uses"), n));
        printf(" for the same %s templates",
               ctl_story_number(ctl_merge_number(
                                       json_object_get(c, "evidence"),
                                       "templates"), n));
    }

    printf("%s.\n", ctl_story_is(c, "by_origin")
                    ? ", from crowded hosting networks" : "");

    ctl_story_evidence(c);
    ctl_story_ties(c);
    ctl_story_got(c, enforced);
}


/* what speaks for one hand behind all of them */

static void
ctl_story_evidence(const json_t *c)
{
    char           n[CTL_STORY_NUMBER], m[CTL_STORY_NUMBER];
    double         balance;
    const json_t  *e, *of;

    e = json_object_get(c, "evidence");
    of = json_object_get(e, "balance");
    balance = json_number_value(of);

    if (json_is_number(of)) {
        printf("  They were used %s: %s of chance.\n",
               balance < 0.8 ? "evenly, as if in turn"
               : balance < 1.5 ? "as evenly as by lot" : "unevenly",
               ctl_story_number(balance, n));
    }

    if (ctl_story_is(e, "synchrony")) {
        printf("  They are active at the same times: %s of 1.\n",
               ctl_story_number(ctl_merge_number(e, "synchrony"), n));
    }

    if (ctl_story_is(c, "crowded")) {
        printf("  %s came from crowded hosting networks, from one of them "
               "%s.\n", ctl_story_number(ctl_merge_number(c, "crowded"), n),
               ctl_story_number(ctl_merge_number(e, "crowd"), m));
    }

    if (ctl_story_is(c, "relayed")) {
        printf("  %s sent headers that contradict each other.\n",
               ctl_story_number(ctl_merge_number(c, "relayed"), n));
    }

    if (ctl_story_is(c, "old")) {
        printf("  %s were there long before it, and are not refused as its "
               "own.\n", ctl_story_number(ctl_merge_number(c, "old"), n));
    }
}


/* one thing that one account alone should have, and another had, too */

static void
ctl_story_ties(const json_t *c)
{
    char           n[CTL_STORY_NUMBER];
    unsigned       i;
    const char    *separator;
    const json_t  *e;

    static const char  *const what[DG_TIES] = {
        "one presented what this gateway had issued to another",
        "one asked within a minute what another was refused"
    };

    if (!ctl_story_is(c, "tied")) {
        return;
    }

    e = json_object_get(c, "evidence");
    separator = ":";

    printf("  %s of them are tied to each other",
           ctl_story_number(ctl_merge_number(c, "tied"), n));

    for (i = 0; i < DG_TIES; i++) {
        if (ctl_story_is(e, (const char *) dg_ties[i].data)) {
            printf("%s %s times %s", separator,
                   ctl_story_number(ctl_merge_number(e,
                                      (const char *) dg_ties[i].data), n),
                   what[i]);
            separator = ",";
        }
    }

    printf(".\n");
}


static void
ctl_story_got(const json_t *c, int enforced)
{
    char  output[CTL_STORY_NUMBER], requests[CTL_STORY_NUMBER];
    char  refused[CTL_STORY_NUMBER];

    printf("  In the last 24 hours they got %s output tokens with %s "
           "requests; %s %s refused.\n",
           ctl_story_number(ctl_story_had(c, "output_tokens"), output),
           ctl_story_number(dg_max(ctl_story_had(c, "requests")
                                   - ctl_story_had(c, "returned"), 0),
                            requests),
           ctl_story_number(ctl_story_had(c, "refused"), refused),
           enforced ? "were" : "would have been");
}


/* a node does not know all accounts, and one may not have answered */

double
ctl_story_had(const json_t *c, const char *counter)
{
    return dg_max(ctl_merge_number(json_object_get(c, "own"), counter),
                  ctl_merge_number(json_object_get(c, "day"), counter));
}


void
ctl_story_members(const json_t *c, size_t most)
{
    char           text[CTL_DECISION_TIME], output[CTL_STORY_NUMBER];
    char           requests[CTL_STORY_NUMBER];
    double         more;
    size_t         i;
    json_t        *members;
    const json_t  *m;

    members = json_array();
    ctl_merge_sorted(members, json_object_get(c, "members"), "output_tokens",
                     most);

    if (json_array_size(members)) {
        printf("\n  %-40s  %8s  %13s  %5s  %s\n", "ACCOUNT", "REQUESTS",
               "OUTPUT TOKENS", "USES", "LAST SEEN");
    }

    json_array_foreach(members, i, m) {
        ctl_story_time(m, "last_seen", text);

        printf("  %-40s  %8s  %13s  %5.0f  %s\n",
               ctl_story_text(m, "subject"),
               ctl_story_number(ctl_merge_number(m, "requests"), requests),
               ctl_story_number(ctl_merge_number(m, "output_tokens"),
                                output),
               ctl_merge_number(m, "uses"), text);
    }

    more = ctl_merge_number(c, "accounts")
           - (double) json_array_size(members);

    if (more > 0) {
        printf("  and %s more\n", ctl_story_number(more, output));
    }

    json_decref(members);
}
