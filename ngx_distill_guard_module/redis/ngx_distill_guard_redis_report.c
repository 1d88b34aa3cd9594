/*
 * Copyright (C) 2026 Distill Guard
 *
 * What is said of a subject, and what is heard in return.
 *
 * One command tells Redis this node's totals of a subject in all buckets
 * that are kept, and is answered with the fleet's.  It is a script, so that
 * the totals a person reads stand in Redis as plain fields, moved in one
 * step with the node's own.  It only ever raises what is known of the node:
 * a command that is repeated, late or out of order changes nothing.
 *
 * Scripts, keys and fields are described in docs/redis.md.
 */


#include "ngx_distill_guard_redis.h"


/* doubles are exact up to there, and Lua knows no other numbers */
#define NGX_DISTILL_GUARD_REDIS_EXACT    9007199254740991ull

/* buckets in one report: current ones, and those before */
#define NGX_DISTILL_GUARD_REDIS_BUCKETS  (2 * (DG_WINDOWS - DG_MINUTE))

/* of a bucket's totals as an argument: counters, two reserved, when, ttl */
#define NGX_DISTILL_GUARD_REDIS_VALUES   ((DG_COUNTERS + 4) * 21)

#define NGX_DISTILL_GUARD_REDIS_BATCH    32

/*
 * Room that is left in the connection before reports are taken: for a
 * report's largest set of commands, and for rankings, which are sent while
 * replies are read.
 */
#define NGX_DISTILL_GUARD_REDIS_REPORT_ROOM   8192
#define NGX_DISTILL_GUARD_REDIS_REPORT_SETS   (1 + DG_ORIGINS)
#define NGX_DISTILL_GUARD_REDIS_RANK_ROOM     65536
#define NGX_DISTILL_GUARD_REDIS_RANK_SETS     256

#define NGX_DISTILL_GUARD_REDIS_ORIGINS  1000   /* kept of a key */
#define NGX_DISTILL_GUARD_REDIS_KEYS     1000   /* kept of an origin */

/* the buckets before are asked about for so long, then they have settled */
#define NGX_DISTILL_GUARD_REDIS_SETTLE   2000


typedef struct {
    dg_period_t    period;
    ngx_uint_t     before;       /* 0: current */
} ngx_distill_guard_redis_bucket_t;


static void ngx_distill_guard_redis_send_report(
    ngx_distill_guard_redis_sync_t *sync,
    ngx_distill_guard_redis_slot_t *slot, uint64_t now);
static void ngx_distill_guard_redis_send_origins(
    ngx_distill_guard_redis_sync_t *sync,
    ngx_distill_guard_redis_slot_t *slot, uint64_t now);
static void ngx_distill_guard_redis_send_origin(
    ngx_distill_guard_redis_sync_t *sync,
    ngx_distill_guard_redis_slot_t *slot, ngx_distill_guard_redis_set_t *set);
static void ngx_distill_guard_redis_origins_handler(void *data, void *item,
    redisReply *reply);
static void ngx_distill_guard_redis_report_handler(void *data, void *item,
    redisReply *reply);
static void ngx_distill_guard_redis_slot_answered(
    ngx_distill_guard_redis_sync_t *sync,
    ngx_distill_guard_redis_slot_t *slot);
static void ngx_distill_guard_redis_close_slot(
    ngx_distill_guard_redis_sync_t *sync,
    ngx_distill_guard_redis_slot_t *slot);
static ngx_int_t ngx_distill_guard_redis_parse(
    ngx_distill_guard_redis_slot_t *slot, redisReply *reply);
static void ngx_distill_guard_redis_heard(
    ngx_distill_guard_redis_sync_t *sync,
    ngx_distill_guard_redis_slot_t *slot);
static void ngx_distill_guard_redis_again(
    ngx_distill_guard_redis_sync_t *sync,
    ngx_distill_guard_redis_slot_t *slot);
static u_char *ngx_distill_guard_redis_values(u_char *p,
    ngx_distill_guard_redis_sync_t *sync, const dg_report_t *report,
    ngx_distill_guard_redis_bucket_t *b, uint64_t now);
static uint64_t ngx_distill_guard_redis_digest(const dg_report_t *report);
static uint64_t *ngx_distill_guard_redis_settled(
    ngx_distill_guard_redis_sync_t *sync, const dg_report_t *report);


/* in this order in a report; those before may be left out */

static ngx_distill_guard_redis_bucket_t
    ngx_distill_guard_redis_buckets[NGX_DISTILL_GUARD_REDIS_BUCKETS] =
{
    { DG_MINUTE, 0 },
    { DG_HOUR, 0 },
    { DG_DAY, 0 },
    { DG_MINUTE, 1 },
    { DG_HOUR, 1 },
    { DG_DAY, 1 }
};


ngx_uint_t
ngx_distill_guard_redis_send_reports(ngx_distill_guard_redis_node_t *node,
    ngx_uint_t n)
{
    size_t                           room, got, i;
    uint64_t                         now;
    ngx_uint_t                       replies;
    dg_store_t                      *store;
    dg_report_t                      batch[NGX_DISTILL_GUARD_REDIS_BATCH];
    ngx_distill_guard_redis_slot_t  *slot;
    ngx_distill_guard_redis_sync_t  *sync;

    sync = node->sync;

    room = ngx_distill_guard_redis_route_room(sync, &replies);

    if (room < NGX_DISTILL_GUARD_REDIS_RANK_ROOM
        || replies < NGX_DISTILL_GUARD_REDIS_RANK_SETS)
    {
        return 0;
    }

    room -= NGX_DISTILL_GUARD_REDIS_RANK_ROOM;
    replies -= NGX_DISTILL_GUARD_REDIS_RANK_SETS;

    n = ngx_min(n, NGX_DISTILL_GUARD_REDIS_BATCH);
    n = ngx_min(n, node->left);
    n = ngx_min(n, sync->nfree);
    n = ngx_min(n, room / NGX_DISTILL_GUARD_REDIS_REPORT_ROOM);
    n = ngx_min(n, replies / (1 + NGX_DISTILL_GUARD_REDIS_REPORT_SETS));

    if (n == 0) {
        return 0;
    }

    now = ngx_distill_guard_now();

    store = ngx_distill_guard_lock(node->zone);
    got = dg_store_take(store, batch, n, now);
    ngx_distill_guard_redis_identify(node, store);
    ngx_distill_guard_unlock(node->zone);

    node->left = (got < n) ? 0 : node->left - got;

    for (i = 0; i < got; i++) {
        slot = sync->free;
        sync->free = slot->next;
        sync->nfree--;

        slot->node = node;
        slot->awaited = 0;
        slot->failed = 0;
        slot->heard = 0;
        slot->report = batch[i];

        ngx_distill_guard_redis_send_report(sync, slot, now);

        if (slot->awaited == 0) {
            ngx_distill_guard_redis_close_slot(sync, slot);
        }
    }

    return got;
}


static void
ngx_distill_guard_redis_send_report(ngx_distill_guard_redis_sync_t *sync,
    ngx_distill_guard_redis_slot_t *slot, uint64_t now)
{
    u_char                            *p, *tag;
    u_char                             buf[NGX_DISTILL_GUARD_REDIS_BUCKETS
                                           * (NGX_DISTILL_GUARD_REDIS_KEY_MAX
                                              + NGX_DISTILL_GUARD_REDIS_VALUES)
                                           + NGX_DISTILL_GUARD_REDIS_KEY_MAX];
    u_char                             id[sizeof("node:.") - 1 + DG_ID_TEXT
                                          + NGX_INT32_LEN];
    size_t                             len;
    ngx_str_t                          args[4 + 2
                                            * NGX_DISTILL_GUARD_REDIS_BUCKETS];
    ngx_uint_t                         i, n;
    dg_report_t                       *report;
    ngx_distill_guard_redis_bucket_t  *b;

    report = &slot->report;

    slot->digest = ngx_distill_guard_redis_digest(report);
    slot->before = (*ngx_distill_guard_redis_settled(sync, report)
                    != slot->digest);

    n = slot->before ? NGX_DISTILL_GUARD_REDIS_BUCKETS
                     : NGX_DISTILL_GUARD_REDIS_BUCKETS / 2;

    ngx_distill_guard_redis_send_origins(sync, slot, now);

    tag = buf;
    p = ngx_distill_guard_redis_subject(tag, sync, report->kind, &report->id);
    len = p - tag;

    ngx_str_set(&args[0], "EVALSHA");
    args[1].data = sync->sha[NGX_DISTILL_GUARD_REDIS_MERGE];
    args[1].len = NGX_DISTILL_GUARD_REDIS_SHA;

    args[2].data = p;
    p = ngx_sprintf(p, "%ui", n);
    args[2].len = p - args[2].data;

    (void) dg_id_text(ngx_cpymem(id, "node:", 5), &slot->node->node);
    args[3 + n].data = id;
    args[3 + n].len = 5 + NGX_DISTILL_GUARD_REDIS_ID;

    /* what was evicted and came back counts from 0, beside what it sent */

    if (report->life) {
        args[3 + n].len = ngx_sprintf(id + args[3 + n].len, ".%uD",
                                      report->life) - id;
    }

    for (i = 0; i < n; i++) {
        b = &ngx_distill_guard_redis_buckets[i];

        args[3 + i].data = p;
        p = ngx_cpymem(p, tag, len);
        p = ngx_distill_guard_redis_bucket(p, b->period,
                                report->share[b->period][b->before].bucket);
        args[3 + i].len = p - args[3 + i].data;

        args[4 + n + i].data = p;
        p = ngx_distill_guard_redis_values(p, sync, report, b, now);
        args[4 + n + i].len = p - args[4 + n + i].data;
    }

    if (ngx_distill_guard_redis_send(sync, &args[3],
                                     ngx_distill_guard_redis_report_handler,
                                     slot, 4 + 2 * n, args)
        == NGX_OK)
    {
        slot->awaited++;

    } else {
        slot->failed = 1;
    }
}


/*
 * Where a key was used from, and by which keys an origin.  They may go to
 * other servers than the report, and be answered after it; if one fails all
 * of it goes again.
 */

static void
ngx_distill_guard_redis_send_origins(ngx_distill_guard_redis_sync_t *sync,
    ngx_distill_guard_redis_slot_t *slot, uint64_t now)
{
    u_char                         *p;
    u_char                          key[NGX_DISTILL_GUARD_REDIS_KEY_MAX];
    u_char                          text[DG_ORIGINS + 1][DG_SUBJECT_TEXT];
    uint64_t                        scores[DG_ORIGINS];
    ngx_str_t                       members[DG_ORIGINS], self;
    ngx_uint_t                      i;
    dg_report_t                    *report;
    ngx_distill_guard_redis_set_t   set;

    report = &slot->report;

    if (report->norigins == 0) {
        return;
    }

    for (i = 0; i < report->norigins; i++) {
        members[i].data = text[i];
        members[i].len = dg_subject_text(text[i], DG_KIND_ORIGIN,
                                         &report->origin[i]) - text[i];
        scores[i] = now / 1000;
    }

    self.data = text[DG_ORIGINS];
    self.len = dg_subject_text(self.data, report->kind, &report->id)
               - self.data;

    set.ttl = dg_periods[DG_DAY].ttl;
    set.scores = scores;
    set.key.data = key;

    p = ngx_distill_guard_redis_subject(key, sync, report->kind, &report->id);
    p = ngx_cpymem(p, "origins:", sizeof("origins:") - 1);
    p = ngx_distill_guard_redis_bucket(p, DG_DAY,
                                       report->share[DG_DAY][0].bucket);
    set.key.len = p - key;
    set.limit = NGX_DISTILL_GUARD_REDIS_ORIGINS;
    set.n = report->norigins;
    set.members = members;

    ngx_distill_guard_redis_send_origin(sync, slot, &set);

    set.limit = NGX_DISTILL_GUARD_REDIS_KEYS;
    set.n = 1;
    set.members = &self;

    for (i = 0; i < report->norigins; i++) {
        p = ngx_distill_guard_redis_subject(key, sync, DG_KIND_ORIGIN,
                                            &report->origin[i]);
        p = ngx_cpymem(p, "keys:", sizeof("keys:") - 1);
        p = ngx_distill_guard_redis_bucket(p, DG_DAY,
                                           report->share[DG_DAY][0].bucket);
        set.key.len = p - key;

        ngx_distill_guard_redis_send_origin(sync, slot, &set);
    }
}


static void
ngx_distill_guard_redis_send_origin(ngx_distill_guard_redis_sync_t *sync,
    ngx_distill_guard_redis_slot_t *slot, ngx_distill_guard_redis_set_t *set)
{
    if (ngx_distill_guard_redis_send_set(sync, set,
                               ngx_distill_guard_redis_origins_handler, slot)
        == NGX_OK)
    {
        slot->awaited++;

    } else {
        slot->failed = 1;
    }
}


static void
ngx_distill_guard_redis_origins_handler(void *data, void *item,
    redisReply *reply)
{
    ngx_distill_guard_redis_sync_t *sync = data;
    ngx_distill_guard_redis_slot_t *slot = item;

    if (reply == NULL
        || (reply->type == REDIS_REPLY_ERROR
            && ngx_distill_guard_redis_error(sync, reply,
                                             NGX_DISTILL_GUARD_REDIS_ORIGINS)
               != NGX_OK))
    {
        slot->failed = 1;
    }

    ngx_distill_guard_redis_slot_answered(sync, slot);
}


static void
ngx_distill_guard_redis_report_handler(void *data, void *item,
    redisReply *reply)
{
    ngx_distill_guard_redis_sync_t *sync = data;
    ngx_distill_guard_redis_slot_t *slot = item;

    if (reply == NULL) {
        slot->failed = 1;

    } else if (reply->type == REDIS_REPLY_ERROR) {

        /*
         * If it would fail for ever nothing was heard, and the subject is
         * sent again when it changes.
         */

        if (ngx_distill_guard_redis_error(sync, reply,
                                          NGX_DISTILL_GUARD_REDIS_TOTALS)
            != NGX_OK)
        {
            slot->failed = 1;
        }

    } else if (ngx_distill_guard_redis_parse(slot, reply) != NGX_OK) {
        slot->failed = 1;
        ngx_distill_guard_redis_fail(sync->answering,
                                     NGX_DISTILL_GUARD_REDIS_UNFIT, 0,
                                     "what it answers to scripts is wrong");

    } else {
        slot->heard = 1;
    }

    ngx_distill_guard_redis_slot_answered(sync, slot);
}


static void
ngx_distill_guard_redis_slot_answered(ngx_distill_guard_redis_sync_t *sync,
    ngx_distill_guard_redis_slot_t *slot)
{
    if (--slot->awaited == 0) {
        ngx_distill_guard_redis_close_slot(sync, slot);
    }

    ngx_distill_guard_redis_answered(sync);
}


/* all of a report has been answered, or has failed */

static void
ngx_distill_guard_redis_close_slot(ngx_distill_guard_redis_sync_t *sync,
    ngx_distill_guard_redis_slot_t *slot)
{
    dg_share_t  *share;
    ngx_uint_t   i;

    if (slot->failed) {
        ngx_distill_guard_redis_again(sync, slot);

    } else {
        if (!slot->heard) {
            ngx_memzero(&slot->fleet, sizeof(dg_fleet_t));
        }

        ngx_distill_guard_redis_heard(sync, slot);

        for (i = 0; i < 2; i++) {
            share = &slot->fleet.share[DG_DAY][i];

            if (share->bucket && (slot->changed[i] || sync->resending)) {
                ngx_distill_guard_redis_rank(sync, &slot->report, share,
                                             sync->resending
                                             ? ~0u : slot->changed[i]);
            }
        }
    }

    slot->next = sync->free;
    sync->free = slot;
    sync->nfree++;
}


static ngx_int_t
ngx_distill_guard_redis_parse(ngx_distill_guard_redis_slot_t *slot,
    redisReply *reply)
{
    size_t                              e;
    dg_fleet_t                         *fleet;
    dg_share_t                         *share;
    ngx_uint_t                          i, c, n;
    ngx_distill_guard_redis_bucket_t   *b;

    n = slot->before ? NGX_DISTILL_GUARD_REDIS_BUCKETS
                     : NGX_DISTILL_GUARD_REDIS_BUCKETS / 2;

    if (reply->type != REDIS_REPLY_ARRAY
        || (size_t) reply->elements != n * (1 + DG_COUNTERS) + 2)
    {
        return NGX_ERROR;
    }

    for (e = 0; e < (size_t) reply->elements; e++) {
        if (reply->element[e]->type != REDIS_REPLY_INTEGER
            || reply->element[e]->integer < 0)
        {
            return NGX_ERROR;
        }
    }

    fleet = &slot->fleet;
    ngx_memzero(fleet, sizeof(dg_fleet_t));
    slot->changed[0] = 0;
    slot->changed[1] = 0;

    e = 0;

    for (i = 0; i < n; i++) {
        b = &ngx_distill_guard_redis_buckets[i];
        share = &fleet->share[b->period][b->before];

        share->bucket = slot->report.share[b->period][b->before].bucket;

        if (b->period == DG_DAY) {
            slot->changed[b->before] = reply->element[e]->integer;
        }

        e++;

        for (c = 0; c < DG_COUNTERS; c++) {
            share->own[c] = reply->element[e++]->integer;
        }

        if (i == 0) {
            fleet->reserved_input = reply->element[e++]->integer;
            fleet->reserved_output = reply->element[e++]->integer;
        }
    }

    return NGX_OK;
}


static void
ngx_distill_guard_redis_heard(ngx_distill_guard_redis_sync_t *sync,
    ngx_distill_guard_redis_slot_t *slot)
{
    uint64_t      now, minute;
    dg_store_t   *store;
    dg_report_t  *report;

    now = ngx_distill_guard_now();
    report = &slot->report;

    store = ngx_distill_guard_lock(slot->node->zone);
    dg_store_hear(store, report, &slot->fleet, now);
    ngx_distill_guard_unlock(slot->node->zone);

    slot->node->reports++;

    /*
     * What all nodes counted up to the turn of the minute has arrived some
     * time after it: from then on the buckets before stand as they are,
     * unless this node's own change.
     */

    minute = (uint64_t) report->share[DG_MINUTE][0].bucket * 60000;

    if (slot->fleet.share[DG_MINUTE][1].bucket
        && now >= minute + NGX_DISTILL_GUARD_REDIS_SETTLE
                  + 2 * sync->conf->sync)
    {
        *ngx_distill_guard_redis_settled(sync, report) = slot->digest;
    }
}


static void
ngx_distill_guard_redis_again(ngx_distill_guard_redis_sync_t *sync,
    ngx_distill_guard_redis_slot_t *slot)
{
    dg_store_t  *store;

    store = ngx_distill_guard_lock(slot->node->zone);
    dg_store_again(store, &slot->report);
    ngx_distill_guard_unlock(slot->node->zone);

    sync->spoiled = 1;
}


/*
 * A bucket with nothing in it is only asked about.  The current minute is
 * told of all the same, for reservations may just have gone down to nothing;
 * but not when all subjects are sent, for most of them are idle.
 */

static u_char *
ngx_distill_guard_redis_values(u_char *p,
    ngx_distill_guard_redis_sync_t *sync, const dg_report_t *report,
    ngx_distill_guard_redis_bucket_t *b, uint64_t now)
{
    uint64_t           any, start;
    ngx_uint_t         c, minute;
    const dg_share_t  *share;

    share = &report->share[b->period][b->before];
    minute = (b->period == DG_MINUTE && !b->before);
    any = (minute && !sync->resending)
          || (minute && (report->reserved_input || report->reserved_output));

    for (c = 0; c < DG_COUNTERS; c++) {
        any |= share->own[c];
    }

    if (any == 0) {
        return p;
    }

    for (c = 0; c < DG_COUNTERS; c++) {
        p = ngx_sprintf(p, "%uL ", ngx_min(share->own[c],
                                           NGX_DISTILL_GUARD_REDIS_EXACT));
    }

    if (minute) {
        start = (uint64_t) share->bucket * 60000;

        p = ngx_sprintf(p, "%uL %uL %uL ",
                        ngx_min(report->reserved_input,
                                NGX_DISTILL_GUARD_REDIS_EXACT),
                        ngx_min(report->reserved_output,
                                NGX_DISTILL_GUARD_REDIS_EXACT),
                        now > start ? now - start : 0);
    }

    return ngx_sprintf(p, "%uD", dg_periods[b->period].ttl);
}


/* of the subject, the minute, and all that goes into the buckets before */

static uint64_t
ngx_distill_guard_redis_digest(const dg_report_t *report)
{
    uint64_t           h;
    ngx_uint_t         i, c;
    const dg_share_t  *share;

    h = report->id.v[0] ^ report->share[DG_MINUTE][0].bucket;

    for (i = NGX_DISTILL_GUARD_REDIS_BUCKETS / 2;
         i < NGX_DISTILL_GUARD_REDIS_BUCKETS;
         i++)
    {
        share = &report->share[ngx_distill_guard_redis_buckets[i].period][1];

        for (c = 0; c < DG_COUNTERS; c++) {
            h = (h ^ share->own[c]) * 0x9e3779b97f4a7c15ull;
            h ^= h >> 32;
        }
    }

    h = (h ^ report->id.v[1] ^ report->kind) * 0x9e3779b97f4a7c15ull;

    return h ^ (h >> 32);
}


/* one place for many subjects: who finds another's digest only asks again */

static uint64_t *
ngx_distill_guard_redis_settled(ngx_distill_guard_redis_sync_t *sync,
    const dg_report_t *report)
{
    uint64_t  h;

    h = (report->id.v[0] ^ report->id.v[1] ^ report->kind)
        * 0x9e3779b97f4a7c15ull;

    return &sync->desk->settled[(h >> 32)
                                & (NGX_DISTILL_GUARD_REDIS_SETTLED - 1)];
}
