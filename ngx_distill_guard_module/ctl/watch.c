/*
 * Copyright (C) 2026 Distill Guard
 *
 * distillctl watch.
 */


#include "ctl.h"
#include "decision.h"
#include "fleet.h"
#include "output.h"
#include "step.h"

#include <stdio.h>
#include <stdlib.h>


/*
 * Milliseconds for which a stream is waited at, the other meanwhile not; or,
 * where there may be more than what was read, hardly at all, as 0 is forever.
 */

#define CTL_WATCH_BLOCK    "250"
#define CTL_WATCH_NO_BLOCK "1"

#define CTL_WATCH_ID       48


typedef struct {
    const char    *name;
    const char    *what;         /* for messages */
    void         (*print)(ctl_fleet_t *f, const redisReply *fields);
} ctl_watch_stream_t;


static int ctl_watch_all(ctl_fleet_t *f);
static int ctl_watch_ask(ctl_fleet_t *f, const ctl_watch_stream_t *stream,
    unsigned n, const dg_str_t *args, redisReply **reply);
static int ctl_watch_last(ctl_fleet_t *f, const ctl_watch_stream_t *stream,
    char id[CTL_WATCH_ID]);
static int ctl_watch_next(ctl_fleet_t *f, const ctl_watch_stream_t *stream,
    char id[CTL_WATCH_ID], unsigned *busy);
static int ctl_watch_entry(ctl_fleet_t *f, const ctl_watch_stream_t *stream,
    const redisReply *entry, char id[CTL_WATCH_ID]);
static void ctl_watch_decision(ctl_fleet_t *f, const redisReply *fields);
static void ctl_watch_step(ctl_fleet_t *f, const redisReply *fields);
static void ctl_watch_print(ctl_fleet_t *f, const ctl_decision_t *d);


/* in different slots of a cluster, so that they are read in turn */

static const ctl_watch_stream_t  ctl_watch_streams[] = {
    { DG_SCHEMA_DECISIONS, "decisions", ctl_watch_decision },
    { DG_SCHEMA_AUDIT, "steps on the ladder", ctl_watch_step }
};


int
ctl_watch(int argc, char **argv)
{
    int          status;
    ctl_fleet_t  f;

    memset(&f, 0, sizeof(ctl_fleet_t));

    status = ctl_fleet_options(&f, argc, argv, 0, 0);

    if (status == CTL_GO_ON) {
        status = ctl_fleet_init(&f);

        if (status == CTL_OK) {
            status = ctl_fleet_open(&f);
        }

        if (status == CTL_OK) {
            status = ctl_watch_all(&f);
        }
    }

    ctl_fleet_close(&f);

    return status;
}


/* until it is interrupted, nobody reads it any more, or nothing is left */

static int
ctl_watch_all(ctl_fleet_t *f)
{
    int       status[dg_nelts(ctl_watch_streams)];
    char      id[dg_nelts(ctl_watch_streams)][CTL_WATCH_ID];
    size_t    i, left;
    unsigned  busy;

    for (i = 0; i < dg_nelts(ctl_watch_streams); i++) {
        status[i] = ctl_watch_last(f, &ctl_watch_streams[i], id[i]);
    }

    busy = 0;

    do {
        left = 0;

        for (i = 0; i < dg_nelts(ctl_watch_streams); i++) {

            if (status[i] == CTL_OK) {
                status[i] = ctl_watch_next(f, &ctl_watch_streams[i], id[i],
                                           &busy);
            }

            if (status[i] == CTL_REDIS) {
                return CTL_REDIS;
            }

            left += status[i] == CTL_OK;
        }

        if (left == 0) {
            return CTL_REDIS;
        }
    } while (fflush(stdout) == 0);

    return CTL_OK;
}


/*
 * CTL_DENIED: this stream is refused, and the other may not be; CTL_REDIS:
 * nothing can be had.  Then what is wrong has been said.
 */

static int
ctl_watch_ask(ctl_fleet_t *f, const ctl_watch_stream_t *stream, unsigned n,
    const dg_str_t *args, redisReply **reply)
{
    int       status;
    dg_str_t  what;

    *reply = ctl_redis_ask(&f->redis, n, args);

    if (*reply == NULL) {
        ctl_error("%s", f->redis.error);
        return CTL_REDIS;
    }

    if (!ctl_redis_refused(*reply, NULL)) {
        return CTL_OK;
    }

    status = (ctl_redis_refused(*reply, "NOPERM")
              || ctl_redis_refused(*reply, "WRONGTYPE"))
             ? CTL_DENIED : CTL_REDIS;

    what = ctl_redis_word(stream->what);
    ctl_redis_complain(&what, *reply);

    freeReplyObject(*reply);
    *reply = NULL;

    return status;
}


/* where a stream ends now */

static int
ctl_watch_last(ctl_fleet_t *f, const ctl_watch_stream_t *stream,
    char id[CTL_WATCH_ID])
{
    int          status;
    char         key[CTL_FLEET_NAME];
    dg_str_t     args[6];
    redisReply  *reply, *first;

    args[0] = ctl_redis_word("XREVRANGE");
    args[1] = ctl_fleet_name(f, stream->name, key);
    args[2] = ctl_redis_word("+");
    args[3] = ctl_redis_word("-");
    args[4] = ctl_redis_word("COUNT");
    args[5] = ctl_redis_word("1");

    status = ctl_watch_ask(f, stream, 6, args, &reply);

    if (status != CTL_OK) {
        return status;
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
ctl_watch_next(ctl_fleet_t *f, const ctl_watch_stream_t *stream,
    char id[CTL_WATCH_ID], unsigned *busy)
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
    args[4] = ctl_redis_word(*busy ? CTL_WATCH_NO_BLOCK : CTL_WATCH_BLOCK);
    args[5] = ctl_redis_word("STREAMS");
    args[6] = ctl_fleet_name(f, stream->name, key);
    args[7] = ctl_redis_word(id);

    status = ctl_watch_ask(f, stream, 8, args, &reply);

    if (status != CTL_OK) {
        return status;
    }

    *busy = 0;

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
            status = ctl_watch_entry(f, stream, entries->element[i], id);
            *busy = 1;
        }
    }

    freeReplyObject(reply);

    return status;
}


static int
ctl_watch_entry(ctl_fleet_t *f, const ctl_watch_stream_t *stream,
    const redisReply *entry, char id[CTL_WATCH_ID])
{
    if (entry->type != REDIS_REPLY_ARRAY || entry->elements != 2
        || entry->element[0]->type != REDIS_REPLY_STRING)
    {
        ctl_error("Redis answers what it was not asked");
        return CTL_REDIS;
    }

    snprintf(id, CTL_WATCH_ID, "%s", entry->element[0]->str);

    stream->print(f, entry->element[1]);

    return CTL_OK;
}


/* what is none is passed over */

static void
ctl_watch_decision(ctl_fleet_t *f, const redisReply *fields)
{
    ctl_decision_t     d;
    const redisReply  *subject, *text;

    subject = ctl_redis_field(fields, DG_SCHEMA_SUBJECT);
    text = ctl_redis_field(fields, DG_SCHEMA_DECISION);

    if (subject && text && ctl_decision_read(&d, subject, text) == DG_OK) {
        ctl_watch_print(f, &d);
    }
}


static void
ctl_watch_step(ctl_fleet_t *f, const redisReply *fields)
{
    json_t  *step;

    step = ctl_step_read(fields);

    if (step == NULL) {
        return;
    }

    if (f->json) {
        ctl_output_json(step);

    } else {
        ctl_step_print(step);
    }

    json_decref(step);
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
