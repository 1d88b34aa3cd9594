/*
 * Copyright (C) 2026 Distill Guard
 *
 * distillctl watch.
 */


#include "ctl.h"
#include "decision.h"
#include "fleet.h"

#include <stdio.h>
#include <stdlib.h>


/* less than what a silent server is given */
#define CTL_WATCH_BLOCK  "2000"

#define CTL_WATCH_ID     48


static int ctl_watch_options(ctl_fleet_t *f, int argc, char **argv);
static int ctl_watch_last(ctl_fleet_t *f, char id[CTL_WATCH_ID]);
static int ctl_watch_next(ctl_fleet_t *f, char id[CTL_WATCH_ID]);
static int ctl_watch_entry(ctl_fleet_t *f, const redisReply *entry,
    char id[CTL_WATCH_ID]);
static void ctl_watch_print(ctl_fleet_t *f, const ctl_decision_t *d);


int
ctl_watch(int argc, char **argv)
{
    int          status;
    char         id[CTL_WATCH_ID];
    ctl_fleet_t  f;

    memset(&f, 0, sizeof(ctl_fleet_t));

    status = ctl_watch_options(&f, argc, argv);

    if (status == CTL_GO_ON) {
        status = ctl_fleet_init(&f);

        if (status == CTL_OK) {
            status = ctl_fleet_open(&f);
        }

        if (status == CTL_OK) {
            status = ctl_watch_last(&f, id);
        }

        /* until it is interrupted, or nobody reads it any more */

        while (status == CTL_OK && fflush(stdout) == 0) {
            status = ctl_watch_next(&f, id);
        }
    }

    ctl_fleet_close(&f);

    return status;
}


static int
ctl_watch_options(ctl_fleet_t *f, int argc, char **argv)
{
    int  c;

    static const struct option  options[] = {
        CTL_FLEET_FLAGS
    };

    while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {

        if (c == 'h') {
            return ctl_help("watch");
        }

        if (ctl_fleet_flag(f, c, optarg) != DG_OK) {
            return ctl_usage("watch");
        }
    }

    return optind == argc ? CTL_GO_ON : ctl_usage("watch");
}


/* where the stream ends now */

static int
ctl_watch_last(ctl_fleet_t *f, char id[CTL_WATCH_ID])
{
    char         key[CTL_FLEET_NAME];
    dg_str_t     args[6];
    redisReply  *reply, *first;

    args[0] = ctl_redis_word("XREVRANGE");
    args[1] = ctl_fleet_name(f, DG_SCHEMA_DECISIONS, key);
    args[2] = ctl_redis_word("+");
    args[3] = ctl_redis_word("-");
    args[4] = ctl_redis_word("COUNT");
    args[5] = ctl_redis_word("1");

    reply = ctl_redis_command(&f->redis, 6, args);

    if (reply == NULL) {
        return CTL_REDIS;
    }

    snprintf(id, CTL_WATCH_ID, "0-0");

    if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 1) {
        first = reply->element[0];

        if (first->type == REDIS_REPLY_ARRAY && first->elements == 2
            && first->element[0]->type == REDIS_REPLY_STRING)
        {
            snprintf(id, CTL_WATCH_ID, "%s", first->element[0]->str);
        }
    }

    freeReplyObject(reply);

    return CTL_OK;
}


static int
ctl_watch_next(ctl_fleet_t *f, char id[CTL_WATCH_ID])
{
    int          status;
    char         key[CTL_FLEET_NAME];
    size_t       i;
    dg_str_t     args[8];
    redisReply  *reply, *entries;

    args[0] = ctl_redis_word("XREAD");
    args[1] = ctl_redis_word("COUNT");
    args[2] = ctl_redis_word("100");
    args[3] = ctl_redis_word("BLOCK");
    args[4] = ctl_redis_word(CTL_WATCH_BLOCK);
    args[5] = ctl_redis_word("STREAMS");
    args[6] = ctl_fleet_name(f, DG_SCHEMA_DECISIONS, key);
    args[7] = ctl_redis_word(id);

    reply = ctl_redis_command(&f->redis, 8, args);

    if (reply == NULL) {
        return CTL_REDIS;
    }

    status = CTL_OK;

    if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 1
        && reply->element[0]->type == REDIS_REPLY_ARRAY
        && reply->element[0]->elements == 2)
    {
        entries = reply->element[0]->element[1];

        for (i = 0;
             entries->type == REDIS_REPLY_ARRAY
             && i < (size_t) entries->elements && status == CTL_OK;
             i++)
        {
            status = ctl_watch_entry(f, entries->element[i], id);
        }
    }

    freeReplyObject(reply);

    return status;
}


static int
ctl_watch_entry(ctl_fleet_t *f, const redisReply *entry,
    char id[CTL_WATCH_ID])
{
    size_t           i;
    redisReply      *fields, *subject, *text;
    ctl_decision_t   d;

    if (entry->type != REDIS_REPLY_ARRAY || entry->elements != 2
        || entry->element[0]->type != REDIS_REPLY_STRING)
    {
        ctl_error("Redis answers what it was not asked");
        return CTL_REDIS;
    }

    snprintf(id, CTL_WATCH_ID, "%s", entry->element[0]->str);

    fields = entry->element[1];
    subject = NULL;
    text = NULL;

    for (i = 0;
         fields->type == REDIS_REPLY_ARRAY
         && i + 1 < (size_t) fields->elements;
         i += 2)
    {
        if (strcmp(fields->element[i]->str, DG_SCHEMA_SUBJECT) == 0) {
            subject = fields->element[i + 1];

        } else if (strcmp(fields->element[i]->str, DG_SCHEMA_DECISION) == 0) {
            text = fields->element[i + 1];
        }
    }

    if (subject && text && ctl_decision_read(&d, subject, text) == DG_OK) {
        ctl_watch_print(f, &d);
    }

    return CTL_OK;
}


static void
ctl_watch_print(ctl_fleet_t *f, const ctl_decision_t *d)
{
    char                at[CTL_DECISION_TIME], until[CTL_DECISION_TIME];
    char                subject[DG_RULING_SUBJECT + 1];
    const dg_ruling_t  *r;

    r = &d->ruling;

    if (f->json) {
        ctl_decision_json(d, dg_ruling_stands(r, r->time / 1000));
        return;
    }

    ctl_decision_time(r->time / 1000, at);
    ctl_decision_subject(d, subject);

    printf("%s  %.*s  %s%.*s%s %s", at, (int) r->author_len,
           (const char *) r->author, ctl_decision_color(r->id),
           (int) dg_rulings[r->id].len, (const char *) dg_rulings[r->id].data,
           ctl_decision_plain(), subject);

    if (r->expires) {
        ctl_decision_time(r->expires, until);
        printf(" until %s", until);
    }

    printf("%s%.*s\n", r->reason_len ? ": " : "", (int) r->reason_len,
           (const char *) r->reason);
}
