/*
 * Copyright (C) 2026 Distill Guard
 *
 * distillctl top.
 */


#include "ask.h"
#include "ctl.h"
#include "decision.h"
#include "dg_ruling.h"
#include "dg_survey.h"
#include "fleet.h"
#include "merge.h"
#include "output.h"
#include "story.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <sys/ioctl.h>


#define CTL_TOP_ROWS   20
#define CTL_TOP_LINES  5         /* of a screen, that are no rows */
#define CTL_TOP_EVERY  2         /* seconds */

#define CTL_TOP_ARGUMENT  64


typedef struct {
    ctl_fleet_t    fleet;
    dg_measure_t   measure;
    unsigned       kind;         /* DG_KIND_NONE: campaigns, then accounts */
    unsigned       rows;         /* 0: as many as there is room for */
    unsigned       once;
} ctl_top_run_t;


static int ctl_top_options(ctl_top_run_t *t, int argc, char **argv);
static int ctl_top_rows(ctl_top_run_t *t, const char *text);
static int ctl_top_live(ctl_top_run_t *t);
static int ctl_top_look(ctl_top_run_t *t);
static int ctl_top_ask(ctl_top_run_t *t, ctl_ask_t *first,
    ctl_ask_t *second);
static int ctl_top_wait(ctl_top_run_t *t, ctl_ask_t *ask, json_t **answer);
static int ctl_top_tell(ctl_top_run_t *t, json_t *campaigns, json_t *top,
    const ctl_ask_t *ask);
static json_t *ctl_top_campaigns(const json_t *campaigns);
static unsigned ctl_top_room(const ctl_top_run_t *t);
static void ctl_top_print(const ctl_top_run_t *t, const json_t *top,
    const json_t *rows);
static void ctl_top_row(const json_t *row, int enforced);


int
ctl_top(int argc, char **argv)
{
    int             status;
    ctl_top_run_t   t;

    memset(&t, 0, sizeof(ctl_top_run_t));

    status = ctl_top_options(&t, argc, argv);

    if (status != CTL_GO_ON) {
        goto done;
    }

    status = ctl_fleet_init(&t.fleet);

    if (status == CTL_OK) {
        status = ctl_fleet_open(&t.fleet);
    }

    if (status == CTL_OK) {
        status = (t.once || t.fleet.json || !isatty(STDOUT_FILENO))
                 ? ctl_top_look(&t) : ctl_top_live(&t);
    }

done:

    ctl_fleet_close(&t.fleet);

    return status;
}


static int
ctl_top_options(ctl_top_run_t *t, int argc, char **argv)
{
    int  c;

    while ((c = ctl_flag(argc, argv)) != -1) {

        switch (c) {

        case CTL_FLAG_BY:
            if (dg_survey_measure(&t->measure, (u_char *) optarg,
                                  strlen(optarg))
                != DG_OK)
            {
                ctl_error("\"%.80s\" is nothing to sort by: score, "
                          "output_tokens, requests or refused", optarg);
                return CTL_FAILED;
            }

            break;

        case CTL_FLAG_KIND:
            if (dg_survey_kind(&t->kind, (u_char *) optarg, strlen(optarg))
                != DG_OK)
            {
                ctl_error("\"%.80s\" is no kind: key, account, origin, asn or "
                          "campaign", optarg);
                return CTL_FAILED;
            }

            break;

        case CTL_FLAG_ROWS:
            if (ctl_top_rows(t, optarg) != DG_OK) {
                return CTL_FAILED;
            }

            break;

        case CTL_FLAG_ONCE:
            t->once = 1;
            break;

        case 'h':
            return ctl_help("top");

        default:
            if (ctl_fleet_flag(&t->fleet, c, optarg) != DG_OK) {
                return ctl_usage("top");
            }
        }
    }

    if (t->measure == DG_MEASURE_SCORE
        && (t->kind == DG_KIND_ORIGIN || t->kind == DG_KIND_ASN))
    {
        ctl_error("networks have no score: sort them --by output_tokens, "
                  "requests or refused");
        return CTL_FAILED;
    }

    return optind == argc ? CTL_GO_ON : ctl_usage("top");
}


static int
ctl_top_rows(ctl_top_run_t *t, const char *text)
{
    char           *end;
    unsigned long   n;

    n = strtoul(text, &end, 10);

    if (end == text || *end || text[0] == '-' || n == 0 || n > DG_SURVEY_TOP)
    {
        ctl_error("--rows %.20s: 1 to %d rows can be had", text,
                  DG_SURVEY_TOP);
        return DG_ERROR;
    }

    t->rows = (unsigned) n;

    return DG_OK;
}


/* until it is interrupted, or something is wrong */

static int
ctl_top_live(ctl_top_run_t *t)
{
    int              status;
    struct timespec  every = { CTL_TOP_EVERY, 0 };

    for ( ;; ) {
        status = ctl_top_look(t);

        if (status != CTL_OK) {
            return status;
        }

        (void) nanosleep(&every, NULL);
    }
}


static int
ctl_top_look(ctl_top_run_t *t)
{
    int         status;
    json_t     *campaigns, *top;
    ctl_ask_t   first, second;

    campaigns = NULL;
    top = NULL;

    memset(&first, 0, sizeof(ctl_ask_t));
    memset(&second, 0, sizeof(ctl_ask_t));

    status = ctl_top_ask(t, &first, &second);

    if (status == CTL_OK && first.n) {
        status = ctl_top_wait(t, &first, &campaigns);
    }

    if (status == CTL_OK && second.n) {
        status = ctl_top_wait(t, &second, &top);
    }

    if (status == CTL_OK) {
        status = ctl_top_tell(t, campaigns, top, first.n ? &first : &second);
    }

    json_decref(campaigns);
    json_decref(top);
    ctl_ask_free(&first);
    ctl_ask_free(&second);

    return status;
}


/* both at once; what a campaign got is told with its accounts */

static int
ctl_top_ask(ctl_top_run_t *t, ctl_ask_t *first, ctl_ask_t *second)
{
    int       status;
    char      argument[CTL_TOP_ARGUMENT];
    unsigned  kind;

    status = CTL_OK;

    if (t->kind == DG_KIND_NONE || t->kind == DG_KIND_CAMPAIGN) {
        status = ctl_ask(&t->fleet, first, DG_SCHEMA_ASK_CAMPAIGNS, "");
    }

    if (status == CTL_OK && t->kind != DG_KIND_CAMPAIGN) {
        kind = t->kind ? t->kind : DG_KIND_ACCOUNT;

        snprintf(argument, sizeof(argument), "%s %s %u",
                 (const char *) dg_measures[t->measure].data,
                 (const char *) dg_kinds[kind].data, ctl_top_room(t));

        status = ctl_ask(&t->fleet, second, DG_SCHEMA_ASK_TOP, argument);
    }

    return status;
}


static int
ctl_top_wait(ctl_top_run_t *t, ctl_ask_t *ask, json_t **answer)
{
    int  status;

    status = ctl_ask_wait(&t->fleet, ask);

    if (status == CTL_OK) {
        *answer = ctl_ask_merged(ask);
        status = *answer ? CTL_OK : CTL_FAILED;
    }

    return status;
}


static int
ctl_top_tell(ctl_top_run_t *t, json_t *campaigns, json_t *top,
    const ctl_ask_t *ask)
{
    json_t      *rows, *list;
    unsigned     room;
    const char  *by;

    by = (const char *) dg_measures[t->measure].data;
    room = ctl_top_room(t);

    rows = json_array();
    list = ctl_top_campaigns(campaigns);

    ctl_merge_sorted(rows, list, by, room);
    json_decref(list);

    ctl_merge_sorted(rows, json_object_get(top, "top"), by,
                 dg_sub(room, json_array_size(rows)));

    if (top == NULL) {
        top = campaigns;
    }

    if (t->fleet.json) {
        (void) json_object_set(top, "top", rows);
        (void) json_object_del(top, "campaigns");
        (void) json_object_del(top, "of");
        (void) json_object_set_new(top, "by", json_string(by));
        ctl_output_json(top);

    } else {
        ctl_top_print(t, top, rows);
        ctl_ask_print(ask, stdout);
        fflush(stdout);
    }

    json_decref(rows);

    return CTL_OK;
}


/* as rows like those of others; an empty list if there are none */

static json_t *
ctl_top_campaigns(const json_t *campaigns)
{
    char           subject[DG_RULING_SUBJECT + 1];
    size_t         i;
    json_t        *rows, *row;
    unsigned       k;
    const char    *counter, *decision;
    const json_t  *c;

    rows = json_array();

    json_array_foreach(json_object_get(campaigns, "campaigns"), i, c) {

        snprintf(subject, sizeof(subject), "%s:%s",
                 (const char *) dg_kinds[DG_KIND_CAMPAIGN].data,
                 ctl_story_text(c, "campaign"));

        row = json_object();

        (void) json_object_set_new(row, "subject", json_string(subject));
        (void) json_object_set(row, "score", json_object_get(c, "score"));
        (void) json_object_set(row, "verdict",
                               json_object_get(json_object_get(c, "standing"),
                                               "verdict"));

        for (k = 0; k < DG_COUNTERS; k++) {
            counter = (const char *) dg_counters[k].name.data;
            (void) json_object_set_new(row, counter,
                      json_integer((json_int_t) ctl_story_had(c, counter)));
        }

        (void) json_object_set(row, "campaign",
                               json_object_get(c, "campaign"));

        decision = json_string_value(json_object_get(
                                json_object_get(c, "decision"), "decision"));

        (void) json_object_set_new(row, "decision",
                                   decision ? json_string(decision)
                                            : json_null());
        (void) json_object_set(row, "accounts",
                               json_object_get(c, "accounts"));
        (void) json_object_set(row, "first_seen",
                               json_object_get(c, "first_seen"));
        (void) json_object_set(row, "last_seen",
                               json_object_get(c, "last_seen"));

        (void) json_array_append_new(rows, row);
    }

    return rows;
}


static unsigned
ctl_top_room(const ctl_top_run_t *t)
{
    struct winsize  size;

    if (t->rows) {
        return t->rows;
    }

    if (!t->once && isatty(STDOUT_FILENO)
        && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0
        && size.ws_row > CTL_TOP_LINES + 1)
    {
        return dg_min(size.ws_row - CTL_TOP_LINES, DG_SURVEY_TOP);
    }

    return CTL_TOP_ROWS;
}


static void
ctl_top_print(const ctl_top_run_t *t, const json_t *top, const json_t *rows)
{
    char           at[CTL_DECISION_TIME];
    int            enforced;
    size_t         i;
    const json_t  *row;

    if (!t->once && isatty(STDOUT_FILENO)) {
        printf("\x1b[H\x1b[2J");
    }

    enforced = json_is_true(json_object_get(top, "enforced"));
    ctl_decision_time((uint64_t) ctl_merge_number(top, "time"), at);

    printf("%s, by %s%s\n\n", at,
           (const char *) dg_measures[t->measure].data,
           t->measure == DG_MEASURE_SCORE ? "" : " of the last day");

    if (json_array_size(rows) == 0) {
        printf("nobody\n\n");
        return;
    }

    printf("%-41s  %5s  %-16s  %9s  %13s  %8s  %s\n", "SUBJECT", "SCORE",
           "VERDICT", "REQUESTS", "OUTPUT TOKENS", "REFUSED", "OF");

    json_array_foreach(rows, i, row) {
        ctl_top_row(row, enforced);
    }

    printf("\n");
}


static void
ctl_top_row(const json_t *row, int enforced)
{
    char         requests[CTL_STORY_NUMBER], output[CTL_STORY_NUMBER];
    char         refused[CTL_STORY_NUMBER];
    const char  *decision, *campaign;

    decision = json_string_value(json_object_get(row, "decision"));
    campaign = json_string_value(json_object_get(row, "campaign"));

    printf("%-41s  %5.0f  ", ctl_story_text(row, "subject"),
           ctl_merge_number(row, "score"));

    ctl_story_verdict(ctl_story_text(row, "verdict"), enforced, 16);

    printf("  %9s  %13s  %8s  ",
           ctl_story_number(ctl_merge_number(row, "requests"), requests),
           ctl_story_number(ctl_merge_number(row, "output_tokens"), output),
           ctl_story_number(ctl_merge_number(row, "refused"), refused));

    if (json_object_get(row, "accounts")) {
        printf("%.0f accounts", ctl_merge_number(row, "accounts"));

    } else if (campaign) {
        printf("campaign %.8s", campaign);

    } else {
        printf("-");
    }

    printf("%s%s\n", decision ? "; decided: " : "",
           decision ? decision : "");
}
