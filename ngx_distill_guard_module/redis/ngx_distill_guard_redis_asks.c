/*
 * Copyright (C) 2026 Distill Guard
 *
 * What distillctl asks the nodes: why a subject is treated as it is, who is
 * the worst, which campaigns there are.
 *
 * Asks stand in a stream, and each node answers for each of its zones in a
 * hash that is the ask's own.  Nobody waits for it: a few times a second it
 * is looked what is new, and an answer is looked up a slice at a time, between
 * other things.  An ask that is lost, or too old, was asked by somebody who is
 * gone by now.
 */


#include "ngx_distill_guard_redis.h"
#include "dg_explain.h"
#include "dg_survey.h"


/* milliseconds */
#define NGX_DISTILL_GUARD_REDIS_LISTEN    250
#define NGX_DISTILL_GUARD_REDIS_TOO_OLD   10000

#define NGX_DISTILL_GUARD_REDIS_NEW_ASKS  "64"   /* in a reply */

/* cells that are looked at under the lock, and how often in a turn: about
   0.05 milliseconds, and three */
#define NGX_DISTILL_GUARD_REDIS_LOOK      256
#define NGX_DISTILL_GUARD_REDIS_LOOKS     64

#define NGX_DISTILL_GUARD_REDIS_ANSWER    65536  /* bytes of one at most */

#define NGX_DISTILL_GUARD_REDIS_ASK_KEY                                       \
    (NGX_DISTILL_GUARD_REDIS_PREFIX_MAX + 1 + sizeof(DG_SCHEMA_ANSWERS)       \
     + DG_SCHEMA_ASK_ID)


/* what is worked at */

struct ngx_distill_guard_redis_work_s {
    union {
        dg_explain_t                  explain;
        dg_survey_t                   survey;
    };

    size_t                            len;      /* of the answer; 0: not yet */
    u_char                            answer[NGX_DISTILL_GUARD_REDIS_ANSWER];
};


static void ngx_distill_guard_redis_asks_read(
    ngx_distill_guard_redis_sync_t *sync, uint64_t now);
static void ngx_distill_guard_redis_asks_handler(void *data, void *item,
    redisReply *reply);
static ngx_int_t ngx_distill_guard_redis_asks_entry(
    ngx_distill_guard_redis_sync_t *sync, redisReply *entry);
static ngx_int_t ngx_distill_guard_redis_asks_parse(
    ngx_distill_guard_redis_ask_t *ask, redisReply **values);
static ngx_int_t ngx_distill_guard_redis_asks_top(
    ngx_distill_guard_redis_ask_t *ask, u_char *p, size_t len);
static ngx_int_t ngx_distill_guard_redis_asks_begin(
    ngx_distill_guard_redis_sync_t *sync);
static ngx_int_t ngx_distill_guard_redis_asks_look(
    ngx_distill_guard_redis_sync_t *sync);
static ngx_int_t ngx_distill_guard_redis_asks_answer(
    ngx_distill_guard_redis_sync_t *sync);
static void ngx_distill_guard_redis_asks_done(
    ngx_distill_guard_redis_sync_t *sync);
static void ngx_distill_guard_redis_asks_answer_handler(void *data,
    void *item, redisReply *reply);
static ngx_uint_t ngx_distill_guard_redis_asks_good(
    ngx_distill_guard_redis_sync_t *sync, redisReply *reply);


void
ngx_distill_guard_redis_asks(ngx_distill_guard_redis_sync_t *sync)
{
    uint64_t                         now;
    ngx_distill_guard_redis_asks_t  *a;

    a = &sync->asks;
    now = ngx_distill_guard_now();

    if (a->n) {

        if ((a->work || ngx_distill_guard_redis_asks_begin(sync) == NGX_OK)
            && ngx_distill_guard_redis_asks_look(sync) == NGX_OK
            && ngx_distill_guard_redis_asks_answer(sync) != NGX_AGAIN)
        {
            ngx_distill_guard_redis_asks_done(sync);
        }

        return;
    }

    if (!a->waiting
        && !ngx_distill_guard_redis_barred(&a->right, now)
        && (now >= a->next
            || a->next > now + NGX_DISTILL_GUARD_REDIS_LISTEN))
    {
        ngx_distill_guard_redis_asks_read(sync, now);
    }
}


void
ngx_distill_guard_redis_asks_drop(ngx_distill_guard_redis_sync_t *sync)
{
    ngx_distill_guard_redis_asks_t  *a;

    a = &sync->asks;

    if (a->work) {
        ngx_free(a->work);
    }

    ngx_memzero(a, sizeof(ngx_distill_guard_redis_asks_t));
}


/*
 * Whoever has the lease anew begins where the stream does, which is short:
 * what is too old is told by Redis' clock, which may be not known yet.
 */

static void
ngx_distill_guard_redis_asks_read(ngx_distill_guard_redis_sync_t *sync,
    uint64_t now)
{
    u_char                           key[NGX_DISTILL_GUARD_REDIS_ASK_KEY];
    u_char                           from[2 * NGX_INT64_LEN + 1];
    ngx_str_t                        args[6];
    ngx_distill_guard_redis_asks_t  *a;

    a = &sync->asks;

    ngx_str_set(&args[0], "XREAD");
    ngx_str_set(&args[1], "COUNT");
    ngx_str_set(&args[2], NGX_DISTILL_GUARD_REDIS_NEW_ASKS);
    ngx_str_set(&args[3], "STREAMS");
    args[4].data = key;
    args[4].len = ngx_sprintf(key, "%V:" DG_SCHEMA_ASKS, &sync->conf->prefix)
                  - key;
    args[5].data = from;
    args[5].len = ngx_sprintf(from, "%uL-%uL", a->last[0], a->last[1]) - from;

    if (ngx_distill_guard_redis_send(sync, &args[4],
                                     ngx_distill_guard_redis_asks_handler,
                                     NULL, 6, args)
        == NGX_OK)
    {
        a->waiting = 1;
        a->next = now + NGX_DISTILL_GUARD_REDIS_LISTEN;
    }
}


static void
ngx_distill_guard_redis_asks_handler(void *data, void *item,
    redisReply *reply)
{
    ngx_distill_guard_redis_sync_t *sync = data;

    size_t       i;
    redisReply  *entries;

    if (!ngx_distill_guard_redis_asks_good(sync, reply)
        || reply->type == REDIS_REPLY_NIL)
    {
        goto done;
    }

    entries = ngx_distill_guard_redis_stream_entries(reply);

    for (i = 0; entries && i < (size_t) entries->elements; i++) {
        if (ngx_distill_guard_redis_asks_entry(sync, entries->element[i])
            != NGX_OK)
        {
            entries = NULL;
        }
    }

    if (entries == NULL) {
        ngx_distill_guard_redis_fail(sync->answering,
                                     NGX_DISTILL_GUARD_REDIS_UNFIT, 0,
                                     "what it answers on asks is wrong");
        goto done;
    }

    /* there may be more */

    sync->asks.next = 0;

done:

    ngx_distill_guard_redis_answered(sync);
}


/*
 * What other versions may ask is passed over, and so is what comes while there
 * is enough to do: whoever asks is told that this node does not answer.
 */

static ngx_int_t
ngx_distill_guard_redis_asks_entry(ngx_distill_guard_redis_sync_t *sync,
    redisReply *entry)
{
    uint64_t                         id[2];
    ngx_int_t                        rc;
    redisReply                      *values[3];
    ngx_distill_guard_redis_asks_t  *a;

    static const char  *names[3] = {
        DG_SCHEMA_ASK, DG_SCHEMA_ASK_WHAT, DG_SCHEMA_ASK_ARGUMENT
    };

    a = &sync->asks;

    rc = ngx_distill_guard_redis_stream_entry(entry, id, names, values, 3);

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    a->last[0] = id[0];
    a->last[1] = id[1];

    if (rc == NGX_OK && a->n < NGX_DISTILL_GUARD_REDIS_ASKS
        && ngx_distill_guard_now() + sync->skew
           <= id[0] + NGX_DISTILL_GUARD_REDIS_TOO_OLD
        && ngx_distill_guard_redis_asks_parse(&a->ask[a->n], values)
           == NGX_OK)
    {
        a->n++;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_distill_guard_redis_asks_parse(ngx_distill_guard_redis_ask_t *ask,
    redisReply **values)
{
    size_t     len;
    u_char    *p;
    uint64_t   id;

    if (values[0]->len != DG_SCHEMA_ASK_ID
        || dg_hash_parse(&id, (u_char *) values[0]->str, values[0]->len)
           != DG_OK)
    {
        return NGX_DECLINED;
    }

    ngx_memcpy(ask->id, values[0]->str, DG_SCHEMA_ASK_ID);

    p = (u_char *) values[2]->str;
    len = values[2]->len;

    if (ngx_strcmp(values[1]->str, DG_SCHEMA_ASK_EXPLAIN) == 0) {
        ask->what = NGX_DISTILL_GUARD_REDIS_EXPLAIN;

        return dg_ruling_subject_parse(&ask->kind, &ask->subject, p, len)
               == DG_OK ? NGX_OK : NGX_DECLINED;
    }

    if (ngx_strcmp(values[1]->str, DG_SCHEMA_ASK_CAMPAIGNS) == 0) {
        ask->what = NGX_DISTILL_GUARD_REDIS_CAMPAIGNS;

        return NGX_OK;
    }

    if (ngx_strcmp(values[1]->str, DG_SCHEMA_ASK_TOP) == 0) {
        ask->what = NGX_DISTILL_GUARD_REDIS_TOP;

        return ngx_distill_guard_redis_asks_top(ask, p, len);
    }

    return NGX_DECLINED;
}


/* "output_tokens account 20" */

static ngx_int_t
ngx_distill_guard_redis_asks_top(ngx_distill_guard_redis_ask_t *ask,
    u_char *p, size_t len)
{
    u_char     *kind, *most, *last;
    ngx_int_t   n;

    last = p + len;

    kind = ngx_strlchr(p, last, ' ');
    most = kind ? ngx_strlchr(kind + 1, last, ' ') : NULL;

    if (most == NULL
        || dg_survey_measure(&ask->measure, p, kind - p) != DG_OK
        || dg_survey_kind(&ask->kind, kind + 1, most - kind - 1) != DG_OK)
    {
        return NGX_DECLINED;
    }

    n = ngx_atoi(most + 1, last - most - 1);

    if (n == NGX_ERROR) {
        return NGX_DECLINED;
    }

    ask->most = ngx_min(n, DG_SURVEY_TOP);

    return NGX_OK;
}


static ngx_int_t
ngx_distill_guard_redis_asks_begin(ngx_distill_guard_redis_sync_t *sync)
{
    uint64_t                               now;
    dg_store_t                            *store;
    ngx_distill_guard_zone_t              *zone;
    ngx_distill_guard_redis_ask_t         *ask;
    ngx_distill_guard_redis_work_t        *work;
    ngx_distill_guard_redis_asks_t        *a;

    a = &sync->asks;

    work = ngx_alloc(sizeof(ngx_distill_guard_redis_work_t),
                     sync->cycle->log);
    if (work == NULL) {
        a->n = 0;
        return NGX_ERROR;
    }

    a->work = work;
    work->len = 0;

    ask = &a->ask[0];
    zone = sync->nodes[a->node].zone;
    now = ngx_distill_guard_now();

    store = ngx_distill_guard_lock(zone);

    switch (ask->what) {

    case NGX_DISTILL_GUARD_REDIS_EXPLAIN:
        dg_explain_begin(store, &work->explain, &zone->rules, ask->kind,
                         &ask->subject, now);
        break;

    case NGX_DISTILL_GUARD_REDIS_TOP:
        dg_survey_top(&work->survey, store, &zone->rules, ask->measure,
                      ask->kind, ask->most, now);
        break;

    default: /* NGX_DISTILL_GUARD_REDIS_CAMPAIGNS */
        dg_survey_campaigns(&work->survey, store, &zone->rules, now);
        break;
    }

    ngx_distill_guard_unlock(zone);

    return NGX_OK;
}


/* NGX_OK: the answer is there; NGX_AGAIN: it takes another turn */

static ngx_int_t
ngx_distill_guard_redis_asks_look(ngx_distill_guard_redis_sync_t *sync)
{
    int                              rc;
    u_char                          *p;
    ngx_uint_t                       i, explain;
    dg_store_t                      *store;
    ngx_distill_guard_zone_t        *zone;
    ngx_distill_guard_redis_asks_t  *a;
    ngx_distill_guard_redis_work_t  *work;

    a = &sync->asks;
    work = a->work;

    if (work->len) {
        return NGX_OK;
    }

    explain = (a->ask[0].what == NGX_DISTILL_GUARD_REDIS_EXPLAIN);
    zone = sync->nodes[a->node].zone;
    rc = DG_FULL;

    for (i = 0; i < NGX_DISTILL_GUARD_REDIS_LOOKS && rc != DG_OK; i++) {
        store = ngx_distill_guard_lock(zone);

        rc = explain ? dg_explain_step(store, &work->explain,
                                       NGX_DISTILL_GUARD_REDIS_LOOK)
                     : dg_survey_step(store, &work->survey,
                                      NGX_DISTILL_GUARD_REDIS_LOOK);

        ngx_distill_guard_unlock(zone);
    }

    if (rc != DG_OK) {
        return NGX_AGAIN;
    }

    p = explain ? dg_explain_write(work->answer, &work->explain)
                : dg_survey_write(work->answer,
                                  NGX_DISTILL_GUARD_REDIS_ANSWER,
                                  &work->survey);

    work->len = p - work->answer;

    return NGX_OK;
}


/* NGX_AGAIN: there is no room for it now */

static ngx_int_t
ngx_distill_guard_redis_asks_answer(ngx_distill_guard_redis_sync_t *sync)
{
    u_char                           key[NGX_DISTILL_GUARD_REDIS_ASK_KEY];
    u_char                           node[DG_ID_TEXT], keep[NGX_INT_T_LEN];
    ngx_int_t                        rc;
    ngx_str_t                        args[4];
    ngx_distill_guard_redis_asks_t  *a;

    a = &sync->asks;

    (void) dg_id_text(node, &sync->nodes[a->node].node);

    ngx_str_set(&args[0], "HSET");
    args[1].data = key;
    args[1].len = ngx_sprintf(key, "%V:" DG_SCHEMA_ANSWERS "%*s",
                              &sync->conf->prefix,
                              (size_t) DG_SCHEMA_ASK_ID, a->ask[0].id)
                  - key;
    args[2].data = node;
    args[2].len = NGX_DISTILL_GUARD_REDIS_ID;
    args[3].data = a->work->answer;
    args[3].len = a->work->len;

    rc = ngx_distill_guard_redis_send(sync, &args[1],
                                 ngx_distill_guard_redis_asks_answer_handler,
                                 NULL, 4, args);

    if (rc == NGX_BUSY) {
        return NGX_AGAIN;
    }

    if (rc != NGX_OK) {
        return NGX_DECLINED;
    }

    ngx_str_set(&args[0], "EXPIRE");
    args[2].data = keep;
    args[2].len = ngx_sprintf(keep, "%d", DG_SCHEMA_ANSWER_KEEP) - keep;

    (void) ngx_distill_guard_redis_send(sync, &args[1],
                                 ngx_distill_guard_redis_asks_answer_handler,
                                 NULL, 3, args);

    return NGX_OK;
}


/* the next zone, and then the next ask */

static void
ngx_distill_guard_redis_asks_done(ngx_distill_guard_redis_sync_t *sync)
{
    ngx_distill_guard_redis_asks_t  *a;

    a = &sync->asks;

    ngx_free(a->work);
    a->work = NULL;

    if (++a->node < sync->nnodes) {
        return;
    }

    a->node = 0;
    a->n--;

    ngx_memmove(&a->ask[0], &a->ask[1],
                a->n * sizeof(ngx_distill_guard_redis_ask_t));
}


static void
ngx_distill_guard_redis_asks_answer_handler(void *data, void *item,
    redisReply *reply)
{
    ngx_distill_guard_redis_sync_t *sync = data;

    (void) ngx_distill_guard_redis_asks_good(sync, reply);

    ngx_distill_guard_redis_answered(sync);
}


/* a user without the rights does not make counts suffer */

static ngx_uint_t
ngx_distill_guard_redis_asks_good(ngx_distill_guard_redis_sync_t *sync,
    redisReply *reply)
{
    sync->asks.waiting = 0;

    return ngx_distill_guard_redis_allowed(sync, &sync->asks.right, reply,
                                           NGX_DISTILL_GUARD_REDIS_ASKED,
                                           "hear what is asked, so that this "
                                           "node does not answer distillctl");
}
