/*
 * Copyright (C) 2026 Distill Guard
 *
 * distillctl explain.
 */


#include "ask.h"
#include "ctl.h"
#include "decision.h"
#include "dg_recall.h"
#include "dg_window.h"
#include "fleet.h"
#include "merge.h"
#include "output.h"
#include "story.h"

#include <stdio.h>
#include <stdlib.h>


#define CTL_EXPLAIN_MEMBERS  10
#define CTL_EXPLAIN_LINKED   10


static int ctl_explain_ask(ctl_fleet_t *f, ctl_ask_t *ask, unsigned kind,
    const dg_id_t *id);
static void ctl_explain_print(const ctl_ask_t *ask, const json_t *e);
static void ctl_explain_campaign(const json_t *c, int enforced);
static void ctl_explain_account(const json_t *e, int enforced);
static void ctl_explain_unjudged(const char *subject);
static void ctl_explain_counts(const json_t *e);
static void ctl_explain_links(const json_t *e);
static void ctl_explain_seen(const json_t *e);
static void ctl_explain_nodes(const ctl_ask_t *ask);


int
ctl_explain(int argc, char **argv)
{
    int           status;
    json_t       *e;
    dg_id_t       id;
    unsigned      kind;
    ctl_ask_t     ask;
    ctl_fleet_t   f;

    memset(&f, 0, sizeof(ctl_fleet_t));
    memset(&ask, 0, sizeof(ctl_ask_t));

    status = ctl_fleet_options(&f, argc, argv, 1, 1);

    if (status != CTL_GO_ON) {
        goto done;
    }

    status = ctl_fleet_init(&f);

    if (status == CTL_OK) {
        status = ctl_fleet_subject(&f, argv[optind], &kind, &id);
    }

    if (status == CTL_OK) {
        status = ctl_fleet_open(&f);
    }

    if (status == CTL_OK) {
        status = ctl_explain_ask(&f, &ask, kind, &id);
    }

    if (status != CTL_OK) {
        goto done;
    }

    e = ctl_ask_merged(&ask);

    if (e == NULL) {
        status = CTL_FAILED;
        goto done;
    }

    if (!json_is_true(json_object_get(e, "known"))) {
        status = CTL_DENIED;
    }

    if (f.json) {
        ctl_output_json(e);

    } else {
        ctl_explain_print(&ask, e);
    }

    json_decref(e);

done:

    ctl_ask_free(&ask);
    ctl_fleet_close(&f);

    return status;
}


static int
ctl_explain_ask(ctl_fleet_t *f, ctl_ask_t *ask, unsigned kind,
    const dg_id_t *id)
{
    int   status;
    char  subject[DG_RULING_SUBJECT + 1];

    *dg_ruling_subject_text((u_char *) subject, kind, id) = '\0';

    status = ctl_ask(f, ask, DG_SCHEMA_ASK_EXPLAIN, subject);

    return status == CTL_OK ? ctl_ask_wait(f, ask) : status;
}


static void
ctl_explain_print(const ctl_ask_t *ask, const json_t *e)
{
    int            enforced;
    const char    *subject;
    const json_t  *c;

    enforced = json_is_true(json_object_get(e, "enforced"));
    subject = ctl_story_text(e, "subject");
    c = json_object_get(e, "campaign");

    printf("%s\n", subject);

    if (!json_is_true(json_object_get(e, "known"))) {
        printf("  No node has heard of it.\n\n");
        ctl_ask_print(ask, stdout);
        return;
    }

    ctl_story_decision(e, "");

    if (strncmp(subject, "campaign:", sizeof("campaign:") - 1) != 0) {
        ctl_explain_account(e, enforced);

        if (json_is_object(c)) {
            printf("\ncampaign:%s%s\n", ctl_story_text(c, "campaign"),
                   json_is_true(json_object_get(e, "member"))
                   ? "" : " (it has something to do with it, and is no "
                          "member)");
            ctl_story_campaign(c, enforced);
            ctl_story_members(c, CTL_EXPLAIN_MEMBERS);
        }

    } else if (json_is_object(c)) {

        /* it may have had another id when that was decided */

        if (!json_is_object(json_object_get(e, "decision"))) {
            ctl_story_decision(c, "");
        }

        ctl_explain_campaign(c, enforced);
    }

    printf("\n");
    ctl_explain_nodes(ask);
    ctl_ask_print(ask, stdout);
}


static void
ctl_explain_campaign(const json_t *c, int enforced)
{
    ctl_story_standing(c, enforced);
    ctl_story_campaign(c, enforced);
    ctl_story_signals(c);
    ctl_story_members(c, CTL_EXPLAIN_MEMBERS);
}


static void
ctl_explain_account(const json_t *e, int enforced)
{
    char           on[DG_RULING_SUBJECT + 32];
    size_t         i;
    const json_t  *d;

    if (json_is_true(json_object_get(e, "member"))) {
        ctl_story_decision(json_object_get(e, "campaign"),
                           " on its campaign");
    }

    json_array_foreach(json_object_get(e, "decisions"), i, d) {
        snprintf(on, sizeof(on), " on %s, which it came from",
                 ctl_story_text(d, "subject"));
        ctl_story_decided(d, on);
    }

    if (json_object_get(e, "standing")) {
        ctl_story_standing(e, enforced);

    } else {
        ctl_explain_unjudged(ctl_story_text(e, "subject"));
    }

    ctl_explain_seen(e);

    if (json_object_get(e, "signals")) {
        ctl_story_signals(e);
        ctl_explain_links(e);
    }

    if (json_object_get(e, "totals")) {
        ctl_explain_counts(e);
    }
}


/* a key of an account is counted, and the account is judged */

static void
ctl_explain_unjudged(const char *subject)
{
    if (strncmp(subject, "key:", sizeof("key:") - 1) == 0) {
        printf("  Was never answered by the upstream, or is one of an "
               "account: then the account is\n  judged, which logs name.\n");
    }
}


static void
ctl_explain_seen(const json_t *e)
{
    char           first[CTL_DECISION_TIME], last[CTL_DECISION_TIME];
    char           n[CTL_STORY_NUMBER], m[CTL_STORY_NUMBER];
    size_t         i;
    const char    *separator;
    const json_t  *origin;

    if (json_object_get(e, "first_seen")) {
        ctl_decision_time((uint64_t) ctl_merge_number(e, "first_seen"),
                          first);
        ctl_decision_time((uint64_t) ctl_merge_number(e, "last_seen"), last);

        printf("  First seen %s, last seen %s%s.\n", first, last,
               ctl_merge_number(e, "accepted") > 0
               ? "" : "; the upstream has never accepted it");
    }

    separator = "  Came from ";

    json_array_foreach(json_object_get(e, "origins"), i, origin) {
        printf("%s%s", separator, json_string_value(origin));
        separator = ", ";
    }

    if (separator[0] == ',') {
        printf(".\n");
    }

    if (ctl_merge_number(e, "networks") > 0) {
        printf("  Networks in the last hour: %s, of hosting: %s.\n",
               ctl_story_number(ctl_merge_number(e, "networks"), n),
               ctl_story_number(ctl_merge_number(e, "hosting_networks"), m));
    }

    if (ctl_merge_number(e, "accounts") > 0) {
        printf("  %s accounts came from there today.\n",
               ctl_story_number(ctl_merge_number(e, "accounts"), n));
    }
}


static void
ctl_explain_links(const json_t *e)
{
    char           n[CTL_STORY_NUMBER];
    size_t         i, k;
    double         partners;
    unsigned       t;
    const json_t  *link, *tie;

    partners = 0;

    for (t = 0; t < DG_TIES; t++) {
        partners = dg_max(partners,
                          ctl_merge_number(json_object_get(e, "partners"),
                                           (const char *) dg_ties[t].data));
    }

    if (partners == 0) {
        return;
    }

    printf("\n  Tied to %s accounts%s\n", ctl_story_number(partners, n),
           json_array_size(json_object_get(e, "linked")) ? ", among them:"
                                                         : ".");

    json_array_foreach(json_object_get(e, "linked"), i, link) {

        if (i == CTL_EXPLAIN_LINKED) {
            break;
        }

        printf("    %s ", ctl_story_text(link, "subject"));

        json_array_foreach(json_object_get(link, "ties"), k, tie) {
            printf(" %s", json_string_value(tie));
        }

        printf("\n");
    }
}


/* all nodes' */

static void
ctl_explain_counts(const json_t *e)
{
    char           name[2], number[CTL_STORY_NUMBER];
    size_t         k;
    unsigned       i;
    const char    *counter;
    const json_t  *all, *limit;

    static const char  *const windows[DG_WINDOWS] = {
        "", "last minute", "last hour", "last day"
    };

    json_array_foreach(json_object_get(e, "limits"), k, limit) {
        printf("%s  Limit %s: %s used.\n", k ? "" : "\n",
               ctl_story_text(limit, "limit"),
               ctl_story_number(ctl_merge_number(limit, "used"), number));
    }

    printf("\n  %-11s", "");

    for (k = 0; k < DG_COUNTERS; k++) {
        printf("  %13.*s", (int) dg_counters[k].name.len,
               (const char *) dg_counters[k].name.data);
    }

    printf("\n");

    for (i = DG_MINUTE; i < DG_WINDOWS; i++) {
        name[0] = (char) dg_periods[i].letter;
        name[1] = '\0';

        all = json_object_get(json_object_get(json_object_get(e, "totals"),
                                              name), "all");
        printf("  %-11s", windows[i]);

        for (k = 0; k < DG_COUNTERS; k++) {
            counter = (const char *) dg_counters[k].name.data;
            printf("  %13s", ctl_story_number(ctl_merge_number(all, counter),
                                              number));
        }

        printf("\n");
    }
}


/* where they differ people want to know */

static void
ctl_explain_nodes(const ctl_ask_t *ask)
{
    char                   number[CTL_STORY_NUMBER];
    unsigned               i;
    const json_t          *e, *own;
    const ctl_ask_node_t  *n;

    if (ask->answered < 2) {
        return;
    }

    printf("%-16s  %-20s  %-10s  %5s  %-9s  %s\n", "NODE", "HOST", "ZONE",
           "SCORE", "VERDICT", "REQUESTS OF ITS OWN TODAY");

    for (i = 0; i < ask->n; i++) {
        n = &ask->node[i];

        if (n->answer == NULL) {
            continue;
        }

        e = n->answer;
        own = json_object_get(json_object_get(json_object_get(e, "totals"),
                                              "d"), "own");

        if (json_object_get(e, "score") == NULL) {
            e = json_object_get(e, "campaign");
        }

        printf("%-16s  %-20.20s  %-10.10s  %5.0f  %-9s  %s\n", n->id, n->host,
               n->zone, ctl_merge_number(e, "score"),
               ctl_story_text(json_object_get(e, "standing"), "verdict"),
               ctl_story_number(ctl_merge_number(own, "requests"), number));
    }
}
