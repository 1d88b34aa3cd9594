/*
 * Copyright (C) 2026 Distill Guard
 *
 * distillctl list.
 */


#include "ctl.h"
#include "decision.h"
#include "fleet.h"

#include <stdio.h>
#include <stdlib.h>


#define CTL_LIST_MOST  1000000   /* decisions, with those that are over */


typedef struct {
    ctl_fleet_t       fleet;
    unsigned          all;
    uint64_t          now;       /* Unix seconds */
    ctl_decision_t   *decisions;
    size_t            n;
    size_t            room;
} ctl_list_run_t;


static int ctl_list_options(ctl_list_run_t *l, int argc, char **argv);
static int ctl_list_read(ctl_list_run_t *l);
static int ctl_list_add(ctl_list_run_t *l, const redisReply *fields);
static int ctl_list_newer(const void *one, const void *two);
static void ctl_list_print(const ctl_list_run_t *l);
static void ctl_list_table(const ctl_list_run_t *l);


int
ctl_list(int argc, char **argv)
{
    int              status;
    uint64_t         ms;
    ctl_list_run_t   l;

    memset(&l, 0, sizeof(ctl_list_run_t));

    status = ctl_list_options(&l, argc, argv);

    if (status != CTL_GO_ON) {
        goto done;
    }

    status = ctl_fleet_init(&l.fleet);

    if (status == CTL_OK) {
        status = ctl_fleet_open(&l.fleet);
    }

    if (status == CTL_OK) {
        status = ctl_fleet_time(&l.fleet, &ms);
        l.now = ms / 1000;
    }

    if (status == CTL_OK) {
        status = ctl_list_read(&l);
    }

    if (status == CTL_OK) {
        ctl_list_print(&l);
    }

done:

    free(l.decisions);
    ctl_fleet_close(&l.fleet);

    return status;
}


static int
ctl_list_options(ctl_list_run_t *l, int argc, char **argv)
{
    int  c;

    while ((c = ctl_flag(argc, argv)) != -1) {

        switch (c) {

        case CTL_FLAG_ALL:
            l->all = 1;
            break;

        case 'h':
            return ctl_help("list");

        default:
            if (ctl_fleet_flag(&l->fleet, c, optarg) != DG_OK) {
                return ctl_usage("list");
            }
        }
    }

    return optind == argc ? CTL_GO_ON : ctl_usage("list");
}


static int
ctl_list_read(ctl_list_run_t *l)
{
    int          status;
    char         key[CTL_FLEET_NAME], cursor[24];
    dg_str_t     args[5];
    redisReply  *reply;

    args[0] = ctl_redis_word("HSCAN");
    args[1] = ctl_fleet_name(&l->fleet, DG_SCHEMA_NOW, key);
    args[3] = ctl_redis_word("COUNT");
    args[4] = ctl_redis_word("500");

    snprintf(cursor, sizeof(cursor), "0");

    do {
        args[2] = ctl_redis_word(cursor);

        reply = ctl_redis_command(&l->fleet.redis, 5, args);

        if (reply == NULL) {
            return CTL_REDIS;
        }

        if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2
            || reply->element[0]->type != REDIS_REPLY_STRING
            || reply->element[1]->type != REDIS_REPLY_ARRAY)
        {
            ctl_error("Redis answers what it was not asked");
            status = CTL_REDIS;

        } else {
            snprintf(cursor, sizeof(cursor), "%s", reply->element[0]->str);
            status = ctl_list_add(l, reply->element[1]);
        }

        freeReplyObject(reply);
    } while (status == CTL_OK && strcmp(cursor, "0") != 0);

    return status;
}


static int
ctl_list_add(ctl_list_run_t *l, const redisReply *fields)
{
    size_t           i, room;
    ctl_decision_t  *d;

    for (i = 0; i + 1 < (size_t) fields->elements; i += 2) {

        if (l->n == l->room) {
            room = l->room ? 2 * l->room : 256;
            d = (l->room < CTL_LIST_MOST)
                ? realloc(l->decisions, room * sizeof(ctl_decision_t)) : NULL;

            if (d == NULL) {
                ctl_error("no memory for more than %zu decisions", l->n);
                return CTL_FAILED;
            }

            l->decisions = d;
            l->room = room;
        }

        d = &l->decisions[l->n];

        if (ctl_decision_read(d, fields->element[i], fields->element[i + 1])
            != DG_OK)
        {
            ctl_error("Redis holds something that is no decision, under "
                      "\"%.*s\"", (int) dg_min((size_t)
                      fields->element[i]->len, DG_RULING_SUBJECT),
                      fields->element[i]->str);
            continue;
        }

        l->n += l->all || dg_ruling_stands(&d->ruling, l->now);
    }

    return CTL_OK;
}


static int
ctl_list_newer(const void *one, const void *two)
{
    return dg_ruling_compare(&((const ctl_decision_t *) two)->ruling,
                             &((const ctl_decision_t *) one)->ruling);
}


static void
ctl_list_print(const ctl_list_run_t *l)
{
    size_t  i;

    if (l->n) {
        qsort(l->decisions, l->n, sizeof(ctl_decision_t), ctl_list_newer);
    }

    if (l->fleet.json) {
        for (i = 0; i < l->n; i++) {
            ctl_decision_json(&l->decisions[i],
                              dg_ruling_stands(&l->decisions[i].ruling,
                                               l->now));
        }

    } else if (l->n) {
        ctl_list_table(l);

    } else {
        printf("no decision is in force\n");
    }
}


static void
ctl_list_table(const ctl_list_run_t *l)
{
    int                    subjects, authors;
    char                   subject[DG_RULING_SUBJECT + 1];
    char                   until[CTL_DECISION_TIME], at[CTL_DECISION_TIME];
    size_t                 i;
    const dg_ruling_t     *r;
    const ctl_decision_t  *d;

    subjects = sizeof("SUBJECT") - 1;
    authors = sizeof("AUTHOR") - 1;

    for (i = 0; i < l->n; i++) {
        ctl_decision_subject(&l->decisions[i], subject);
        subjects = dg_max(subjects, (int) strlen(subject));
        authors = dg_max(authors, (int) l->decisions[i].ruling.author_len);
    }

    printf("%-8s  %-*s  %-23s  %-23s  %-*s  %s\n", "DECISION", subjects,
           "SUBJECT", "UNTIL", "SINCE", authors, "AUTHOR", "REASON");

    for (i = 0; i < l->n; i++) {
        d = &l->decisions[i];
        r = &d->ruling;

        ctl_decision_subject(d, subject);
        ctl_decision_time(r->time / 1000, at);

        if (r->expires == 0) {
            snprintf(until, sizeof(until), "%s",
                     r->id == DG_RULING_RELEASE ? "-" : "released");

        } else if (dg_ruling_stands(r, l->now)) {
            ctl_decision_time(r->expires, until);

        } else {
            snprintf(until, sizeof(until), "over");
        }

        printf("%s%-8.*s%s  %-*s  %-23s  %-23s  %-*.*s  %.*s\n",
               ctl_decision_color(r->id), (int) dg_rulings[r->id].len,
               (const char *) dg_rulings[r->id].data, ctl_decision_plain(),
               subjects, subject, until, at, authors, (int) r->author_len,
               (const char *) r->author, (int) r->reason_len,
               (const char *) r->reason);
    }
}
