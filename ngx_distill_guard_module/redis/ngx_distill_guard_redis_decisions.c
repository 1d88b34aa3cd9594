/*
 * Copyright (C) 2026 Distill Guard
 *
 * What operators decide, as it is heard from Redis.
 *
 * Decisions stand in a hash, by subject, and in a stream, in the order in
 * which they were made.  After each connect, and from time to time, the hash
 * is read whole; what the zones hold and Redis does not is put back; then the
 * stream is followed from where it ended before all this, and what is decided
 * on a node itself is put there in between.  A later decision takes the place
 * of an earlier one wherever they meet, so nothing is lost or undone by doing
 * any of this again.
 *
 * No command waits: a few times a second it is asked what is new.
 */


#include "ngx_distill_guard_redis.h"


/* milliseconds */
#define NGX_DISTILL_GUARD_REDIS_ASK      250    /* for what is new */
#define NGX_DISTILL_GUARD_REDIS_REREAD   600000
#define NGX_DISTILL_GUARD_REDIS_DENIED   60000

#define NGX_DISTILL_GUARD_REDIS_ENTRIES  "64"   /* in a reply */
#define NGX_DISTILL_GUARD_REDIS_FIELDS   "100"

#define NGX_DISTILL_GUARD_REDIS_TOLD     16     /* in a command */

#define NGX_DISTILL_GUARD_REDIS_NAME                                          \
    (NGX_DISTILL_GUARD_REDIS_PREFIX_MAX + 1 + sizeof(DG_SCHEMA_NOW))

/* room for a command that tells of so many */
#define NGX_DISTILL_GUARD_REDIS_TELLING                                       \
    (512 + 2 * NGX_DISTILL_GUARD_REDIS_NAME                                   \
     + NGX_DISTILL_GUARD_REDIS_TOLD                                           \
       * (DG_RULING_SUBJECT + DG_RULING_TEXT + 64))


/* subjects and what was decided on them, for the script */

typedef struct {
    ngx_uint_t                        n;
    size_t                            subject_len
                                          [NGX_DISTILL_GUARD_REDIS_TOLD];
    size_t                            text_len[NGX_DISTILL_GUARD_REDIS_TOLD];
    u_char                            subject[NGX_DISTILL_GUARD_REDIS_TOLD]
                                          [DG_RULING_SUBJECT];
    u_char                            text[NGX_DISTILL_GUARD_REDIS_TOLD]
                                          [1 + DG_RULING_TEXT];
} ngx_distill_guard_redis_told_t;


static ngx_int_t ngx_distill_guard_redis_decisions_send(
    ngx_distill_guard_redis_sync_t *sync, const char *name,
    ngx_distill_guard_redis_reply_pt handler, ngx_uint_t n, ngx_uint_t key,
    ngx_str_t *args);
static void ngx_distill_guard_redis_decisions_last(
    ngx_distill_guard_redis_sync_t *sync);
static void ngx_distill_guard_redis_decisions_last_handler(void *data,
    void *item, redisReply *reply);
static void ngx_distill_guard_redis_decisions_scan(
    ngx_distill_guard_redis_sync_t *sync);
static void ngx_distill_guard_redis_decisions_scan_handler(void *data,
    void *item, redisReply *reply);
static void ngx_distill_guard_redis_decisions_prune(
    ngx_distill_guard_redis_sync_t *sync, redisReply *fields);
static void ngx_distill_guard_redis_decisions_tell(
    ngx_distill_guard_redis_sync_t *sync);
static ngx_int_t ngx_distill_guard_redis_decisions_decide(
    ngx_distill_guard_redis_sync_t *sync,
    ngx_distill_guard_redis_told_t *told,
    ngx_distill_guard_redis_reply_pt handler);
static void ngx_distill_guard_redis_decisions_tell_handler(void *data,
    void *item, redisReply *reply);
static void ngx_distill_guard_redis_decisions_prune_handler(void *data,
    void *item, redisReply *reply);
static void ngx_distill_guard_redis_decisions_told(
    ngx_distill_guard_redis_sync_t *sync);
static void ngx_distill_guard_redis_decisions_keep(
    ngx_distill_guard_redis_sync_t *sync, const char *name);
static void ngx_distill_guard_redis_decisions_keep_handler(void *data,
    void *item, redisReply *reply);
static void ngx_distill_guard_redis_decisions_follow(
    ngx_distill_guard_redis_sync_t *sync, uint64_t now);
static void ngx_distill_guard_redis_decisions_follow_handler(void *data,
    void *item, redisReply *reply);
static ngx_uint_t ngx_distill_guard_redis_decisions_entry(
    ngx_distill_guard_redis_sync_t *sync, redisReply *entry,
    uint64_t id[2]);
static void ngx_distill_guard_redis_decisions_enter(
    ngx_distill_guard_redis_sync_t *sync, redisReply *subject,
    redisReply *text, ngx_uint_t news);
static void ngx_distill_guard_redis_decisions_full(
    ngx_distill_guard_redis_sync_t *sync,
    ngx_distill_guard_redis_node_t *node, ngx_uint_t n);
static ngx_uint_t ngx_distill_guard_redis_decisions_good(
    ngx_distill_guard_redis_sync_t *sync, redisReply *reply);
static void ngx_distill_guard_redis_decisions_wrong(
    ngx_distill_guard_redis_sync_t *sync);


void
ngx_distill_guard_redis_decide(ngx_distill_guard_redis_sync_t *sync)
{
    uint64_t                              now;
    ngx_distill_guard_redis_decisions_t  *d;

    d = &sync->decisions;

    if (d->waiting) {
        return;
    }

    now = ngx_distill_guard_now();

    if (now < d->next && d->next <= now + NGX_DISTILL_GUARD_REDIS_DENIED) {
        return;
    }

    if (d->stale
        || (d->stage == NGX_DISTILL_GUARD_REDIS_FOLLOW
            && (now >= d->again
                || d->again > now + 2 * NGX_DISTILL_GUARD_REDIS_REREAD)))
    {
        d->stale = 0;
        d->stage = NGX_DISTILL_GUARD_REDIS_STALE;
    }

    switch (d->stage) {

    case NGX_DISTILL_GUARD_REDIS_STALE:
        ngx_distill_guard_redis_decisions_last(sync);
        break;

    case NGX_DISTILL_GUARD_REDIS_SCAN:
        ngx_distill_guard_redis_decisions_scan(sync);
        break;

    case NGX_DISTILL_GUARD_REDIS_TELL:
        ngx_distill_guard_redis_decisions_tell(sync);
        break;

    default: /* NGX_DISTILL_GUARD_REDIS_FOLLOW */
        ngx_distill_guard_redis_decisions_follow(sync, now);
        break;
    }
}


void
ngx_distill_guard_redis_decided(ngx_distill_guard_redis_sync_t *sync)
{
    int                              rc;
    u_char                           subject[DG_RULING_SUBJECT];
    size_t                           len;
    ngx_uint_t                       i;
    dg_ruled_t                       ruled;
    dg_store_t                      *store;
    ngx_distill_guard_redis_node_t  *node;

    for (i = 0; i < sync->nnodes; i++) {
        node = &sync->nodes[i];

        do {
            store = ngx_distill_guard_lock(node->zone);
            dg_store_rulings_turn(store, ngx_distill_guard_now() / 1000);
            rc = dg_store_ended(store, &ruled);
            ngx_distill_guard_unlock(node->zone);

            /* all zones hold the same */

            if (rc == DG_OK && i == 0) {
                len = dg_ruling_subject_text(subject, ruled.cell.kind,
                                             &ruled.cell.id)
                      - subject;

                ngx_log_error(NGX_LOG_NOTICE, sync->cycle->log, 0,
                              "distill guard: audit: %*s %*s by %*s has ended",
                              dg_rulings[ruled.ruling.id].len,
                              dg_rulings[ruled.ruling.id].data, len, subject,
                              (size_t) ruled.ruling.author_len,
                              ruled.ruling.author);
            }

        } while (rc == DG_OK);
    }
}


void
ngx_distill_guard_redis_undecided(ngx_distill_guard_redis_sync_t *sync)
{
    sync->decisions.stale = 1;
    sync->decisions.next = 0;
}


/* the name goes to args[key] */

static ngx_int_t
ngx_distill_guard_redis_decisions_send(ngx_distill_guard_redis_sync_t *sync,
    const char *name, ngx_distill_guard_redis_reply_pt handler, ngx_uint_t n,
    ngx_uint_t key, ngx_str_t *args)
{
    u_char  buf[NGX_DISTILL_GUARD_REDIS_NAME];

    args[key].data = buf;
    args[key].len = ngx_sprintf(buf, "%V:%s", &sync->conf->prefix, name) - buf;

    return ngx_distill_guard_redis_send(sync, &args[key], handler, NULL, n,
                                        args);
}


/* where the stream ends before the hash is read */

static void
ngx_distill_guard_redis_decisions_last(ngx_distill_guard_redis_sync_t *sync)
{
    ngx_str_t  args[6];

    ngx_str_set(&args[0], "XREVRANGE");
    ngx_str_set(&args[2], "+");
    ngx_str_set(&args[3], "-");
    ngx_str_set(&args[4], "COUNT");
    ngx_str_set(&args[5], "1");

    if (ngx_distill_guard_redis_decisions_send(sync, DG_SCHEMA_DECISIONS,
                               ngx_distill_guard_redis_decisions_last_handler,
                               6, 1, args)
        == NGX_OK)
    {
        sync->decisions.waiting = 1;
    }
}


static void
ngx_distill_guard_redis_decisions_last_handler(void *data, void *item,
    redisReply *reply)
{
    ngx_distill_guard_redis_sync_t *sync = data;

    ngx_uint_t                            i;
    ngx_distill_guard_redis_node_t       *node;
    ngx_distill_guard_redis_decisions_t  *d;

    d = &sync->decisions;

    if (ngx_distill_guard_redis_decisions_good(sync, reply)) {

        /* an empty stream begins behind this one */

        d->last[0] = 0;
        d->last[1] = 1;

        if (reply->type != REDIS_REPLY_ARRAY
            || (reply->elements
                && (reply->element[0]->type != REDIS_REPLY_ARRAY
                    || reply->element[0]->elements < 1
                    || ngx_distill_guard_redis_stream_id(d->last,
                                              reply->element[0]->element[0])
                       != NGX_OK)))
        {
            ngx_distill_guard_redis_decisions_wrong(sync);

        } else {
            for (i = 0; i < sync->nnodes; i++) {
                node = &sync->nodes[i];
                dg_store_untold(ngx_distill_guard_lock(node->zone));
                ngx_distill_guard_unlock(node->zone);
            }

            d->was_full = d->full;
            d->full = 0;

            d->cursor[0] = '0';
            d->cursor_len = 1;
            d->stage = NGX_DISTILL_GUARD_REDIS_SCAN;

            ngx_distill_guard_redis_decide(sync);
        }
    }

    ngx_distill_guard_redis_answered(sync);
}


static void
ngx_distill_guard_redis_decisions_scan(ngx_distill_guard_redis_sync_t *sync)
{
    ngx_str_t  args[5];

    ngx_str_set(&args[0], "HSCAN");
    args[2].data = sync->decisions.cursor;
    args[2].len = sync->decisions.cursor_len;
    ngx_str_set(&args[3], "COUNT");
    ngx_str_set(&args[4], NGX_DISTILL_GUARD_REDIS_FIELDS);

    if (ngx_distill_guard_redis_decisions_send(sync, DG_SCHEMA_NOW,
                               ngx_distill_guard_redis_decisions_scan_handler,
                               5, 1, args)
        == NGX_OK)
    {
        sync->decisions.waiting = 1;
    }
}


static void
ngx_distill_guard_redis_decisions_scan_handler(void *data, void *item,
    redisReply *reply)
{
    ngx_distill_guard_redis_sync_t *sync = data;

    size_t                                i;
    redisReply                           *cursor, *fields;
    ngx_distill_guard_redis_decisions_t  *d;

    d = &sync->decisions;

    if (!ngx_distill_guard_redis_decisions_good(sync, reply)) {
        goto done;
    }

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2
        || reply->element[0]->type != REDIS_REPLY_STRING
        || (size_t) reply->element[0]->len > sizeof(d->cursor)
        || reply->element[1]->type != REDIS_REPLY_ARRAY)
    {
        ngx_distill_guard_redis_decisions_wrong(sync);
        goto done;
    }

    cursor = reply->element[0];
    fields = reply->element[1];

    for (i = 0; i + 1 < (size_t) fields->elements; i += 2) {
        ngx_distill_guard_redis_decisions_enter(sync, fields->element[i],
                                                fields->element[i + 1], 0);
    }

    ngx_distill_guard_redis_decisions_prune(sync, fields);

    d->cursor_len = cursor->len;
    ngx_memcpy(d->cursor, cursor->str, cursor->len);

    if (cursor->len == 1 && cursor->str[0] == '0') {
        d->stage = NGX_DISTILL_GUARD_REDIS_TELL;
        d->node = 0;
        d->at = 0;
    }

    ngx_distill_guard_redis_decide(sync);

done:

    ngx_distill_guard_redis_answered(sync);
}


/* what has been over for so long that nobody needs to know goes */

static void
ngx_distill_guard_redis_decisions_prune(ngx_distill_guard_redis_sync_t *sync,
    redisReply *fields)
{
    size_t                           i, now;
    redisReply                      *subject, *text;
    dg_ruling_t                      ruling;
    ngx_distill_guard_redis_told_t   told;

    now = (ngx_distill_guard_now() + sync->skew) / 1000;
    told.n = 0;

    for (i = 0;
         i + 1 < (size_t) fields->elements
         && told.n < NGX_DISTILL_GUARD_REDIS_TOLD;
         i += 2)
    {
        subject = fields->element[i];
        text = fields->element[i + 1];

        if (subject->type != REDIS_REPLY_STRING
            || text->type != REDIS_REPLY_STRING
            || (size_t) subject->len > DG_RULING_SUBJECT
            || dg_ruling_parse(&ruling, (u_char *) text->str, text->len)
               != DG_OK
            || !dg_ruling_forgotten(&ruling, now))
        {
            continue;
        }

        told.subject_len[told.n] = subject->len;
        ngx_memcpy(told.subject[told.n], subject->str, subject->len);

        told.text_len[told.n] = 1 + text->len;
        told.text[told.n][0] = '-';
        ngx_memcpy(&told.text[told.n][1], text->str, text->len);
        told.n++;
    }

    if (told.n) {
        (void) ngx_distill_guard_redis_decisions_decide(sync, &told,
                             ngx_distill_guard_redis_decisions_prune_handler);
    }
}


/* Redis, or another one, may not have what it once had */

static void
ngx_distill_guard_redis_decisions_tell(ngx_distill_guard_redis_sync_t *sync)
{
    size_t                                room, i, n;
    uint64_t                              now;
    dg_store_t                           *store;
    dg_ruled_t                            ruled[NGX_DISTILL_GUARD_REDIS_TOLD];
    ngx_uint_t                            replies;
    ngx_distill_guard_redis_node_t       *node;
    ngx_distill_guard_redis_told_t        told;
    ngx_distill_guard_redis_decisions_t  *d;

    d = &sync->decisions;

    room = ngx_distill_guard_redis_route_room(sync, &replies);

    if (room < NGX_DISTILL_GUARD_REDIS_TELLING || replies == 0) {
        return;
    }

    now = (ngx_distill_guard_now() + sync->skew) / 1000;
    n = 0;

    while (d->node < sync->nnodes && n == 0) {
        node = &sync->nodes[d->node];

        store = ngx_distill_guard_lock(node->zone);
        n = dg_store_tell(store, &d->at, ruled, NGX_DISTILL_GUARD_REDIS_TOLD,
                          now);
        ngx_distill_guard_unlock(node->zone);

        if (d->at == 0) {
            d->node++;
        }
    }

    if (n == 0) {
        ngx_distill_guard_redis_decisions_told(sync);
        return;
    }

    for (i = 0; i < n; i++) {
        told.subject_len[i] = dg_ruling_subject_text(told.subject[i],
                                                     ruled[i].cell.kind,
                                                     &ruled[i].cell.id)
                              - told.subject[i];
        told.text_len[i] = dg_ruling_text(told.text[i], &ruled[i].ruling)
                           - told.text[i];
    }

    told.n = n;

    if (ngx_distill_guard_redis_decisions_decide(sync, &told,
                               ngx_distill_guard_redis_decisions_tell_handler)
        == NGX_OK)
    {
        d->waiting = 1;

    } else {
        ngx_distill_guard_redis_undecided(sync);
    }
}


static ngx_int_t
ngx_distill_guard_redis_decisions_decide(
    ngx_distill_guard_redis_sync_t *sync,
    ngx_distill_guard_redis_told_t *told,
    ngx_distill_guard_redis_reply_pt handler)
{
    u_char      now[NGX_DISTILL_GUARD_REDIS_NAME];
    u_char      entries[NGX_INT_T_LEN], keep[NGX_INT_T_LEN];
    ngx_str_t   args[7 + 2 * NGX_DISTILL_GUARD_REDIS_TOLD];
    ngx_uint_t  i;

    ngx_str_set(&args[0], "EVALSHA");
    args[1].data = sync->sha[NGX_DISTILL_GUARD_REDIS_DECIDE];
    args[1].len = NGX_DISTILL_GUARD_REDIS_SHA;
    ngx_str_set(&args[2], "2");
    args[4].data = now;
    args[4].len = ngx_sprintf(now, "%V:%s", &sync->conf->prefix,
                              DG_SCHEMA_NOW)
                  - now;
    args[5].data = entries;
    args[5].len = ngx_sprintf(entries, "%d", DG_SCHEMA_STREAM) - entries;
    args[6].data = keep;
    args[6].len = ngx_sprintf(keep, "%d", DG_SCHEMA_KEEP) - keep;

    for (i = 0; i < told->n; i++) {
        args[7 + 2 * i].data = told->subject[i];
        args[7 + 2 * i].len = told->subject_len[i];
        args[8 + 2 * i].data = told->text[i];
        args[8 + 2 * i].len = told->text_len[i];
    }

    return ngx_distill_guard_redis_decisions_send(sync, DG_SCHEMA_DECISIONS,
                                                  handler, 7 + 2 * told->n, 3,
                                                  args);
}


static void
ngx_distill_guard_redis_decisions_tell_handler(void *data, void *item,
    redisReply *reply)
{
    ngx_distill_guard_redis_sync_t *sync = data;

    if (ngx_distill_guard_redis_decisions_good(sync, reply)) {
        ngx_distill_guard_redis_decide(sync);
    }

    ngx_distill_guard_redis_answered(sync);
}


/* whatever became of it, somebody will prune what is left */

static void
ngx_distill_guard_redis_decisions_prune_handler(void *data, void *item,
    redisReply *reply)
{
    ngx_distill_guard_redis_sync_t *sync = data;

    if (reply && reply->type == REDIS_REPLY_ERROR) {
        sync->errors++;
    }

    ngx_distill_guard_redis_answered(sync);
}


/* Redis has what we have, and we what it has: from now on what is new */

static void
ngx_distill_guard_redis_decisions_told(ngx_distill_guard_redis_sync_t *sync)
{
    uint64_t                              now;
    dg_store_t                           *store;
    ngx_uint_t                            i;
    ngx_distill_guard_redis_decisions_t  *d;

    d = &sync->decisions;
    now = ngx_distill_guard_now();

    for (i = 0; i < sync->nnodes; i++) {
        store = ngx_distill_guard_lock(sync->nodes[i].zone);
        store->followed[0] = d->last[0];
        store->followed[1] = d->last[1];
        ngx_distill_guard_unlock(sync->nodes[i].zone);
    }

    d->stage = NGX_DISTILL_GUARD_REDIS_FOLLOW;
    d->denied = 0;
    d->next = 0;
    d->again = now + NGX_DISTILL_GUARD_REDIS_REREAD
               + ngx_random() % (NGX_DISTILL_GUARD_REDIS_REREAD / 4);

    ngx_distill_guard_redis_decisions_keep(sync, DG_SCHEMA_DECISIONS);
    ngx_distill_guard_redis_decisions_keep(sync, DG_SCHEMA_NOW);
    ngx_distill_guard_redis_decisions_follow(sync, now);
}


/* they last as long as there are nodes, like the schema */

static void
ngx_distill_guard_redis_decisions_keep(ngx_distill_guard_redis_sync_t *sync,
    const char *name)
{
    u_char     keep[NGX_INT_T_LEN];
    ngx_str_t  args[3];

    ngx_str_set(&args[0], "EXPIRE");
    args[2].data = keep;
    args[2].len = ngx_sprintf(keep, "%d", DG_SCHEMA_KEEP) - keep;

    (void) ngx_distill_guard_redis_decisions_send(sync, name,
                     ngx_distill_guard_redis_decisions_keep_handler, 3, 1,
                     args);
}


static void
ngx_distill_guard_redis_decisions_keep_handler(void *data, void *item,
    redisReply *reply)
{
    ngx_distill_guard_redis_sync_t *sync = data;

    if (reply && reply->type == REDIS_REPLY_ERROR) {
        (void) ngx_distill_guard_redis_error(sync, reply,
                                      NGX_DISTILL_GUARD_REDIS_DECIDED);
    }

    ngx_distill_guard_redis_answered(sync);
}


static void
ngx_distill_guard_redis_decisions_follow(ngx_distill_guard_redis_sync_t *sync,
    uint64_t now)
{
    u_char       from[2 * NGX_INT64_LEN + 1];
    uint64_t     id[2];
    ngx_str_t    args[6];
    ngx_uint_t   i, decided;
    dg_store_t  *store;

    id[0] = UINT64_MAX;
    id[1] = UINT64_MAX;
    decided = 0;

    /* a zone that has begun anew has followed nothing */

    for (i = 0; i < sync->nnodes; i++) {
        store = ngx_distill_guard_lock(sync->nodes[i].zone);

        if (store->followed[0] < id[0]
            || (store->followed[0] == id[0] && store->followed[1] < id[1]))
        {
            id[0] = store->followed[0];
            id[1] = store->followed[1];
        }

        decided |= store->decided;

        ngx_distill_guard_unlock(sync->nodes[i].zone);
    }

    if (id[0] == 0 && id[1] == 0) {
        ngx_distill_guard_redis_undecided(sync);
        return;
    }

    /* what was decided here goes to the others before what they say is read */

    if (decided) {
        sync->decisions.stage = NGX_DISTILL_GUARD_REDIS_TELL;
        sync->decisions.last[0] = id[0];
        sync->decisions.last[1] = id[1];
        sync->decisions.node = 0;
        sync->decisions.at = 0;

        ngx_distill_guard_redis_decisions_tell(sync);
        return;
    }

    ngx_str_set(&args[0], "XREAD");
    ngx_str_set(&args[1], "COUNT");
    ngx_str_set(&args[2], NGX_DISTILL_GUARD_REDIS_ENTRIES);
    ngx_str_set(&args[3], "STREAMS");
    args[5].data = from;
    args[5].len = ngx_sprintf(from, "%uL-%uL", id[0], id[1]) - from;

    if (ngx_distill_guard_redis_decisions_send(sync, DG_SCHEMA_DECISIONS,
                             ngx_distill_guard_redis_decisions_follow_handler,
                             6, 4, args)
        == NGX_OK)
    {
        sync->decisions.waiting = 1;
        sync->decisions.next = now + NGX_DISTILL_GUARD_REDIS_ASK;
    }
}


static void
ngx_distill_guard_redis_decisions_follow_handler(void *data, void *item,
    redisReply *reply)
{
    ngx_distill_guard_redis_sync_t *sync = data;

    size_t       i;
    uint64_t     id[2];
    dg_store_t  *store;
    redisReply  *entries;

    if (!ngx_distill_guard_redis_decisions_good(sync, reply)
        || reply->type == REDIS_REPLY_NIL)
    {
        goto done;
    }

    entries = ngx_distill_guard_redis_stream_entries(reply);

    if (entries == NULL) {
        ngx_distill_guard_redis_decisions_wrong(sync);
        goto done;
    }

    for (i = 0; i < (size_t) entries->elements; i++) {
        if (!ngx_distill_guard_redis_decisions_entry(sync,
                                                     entries->element[i], id))
        {
            ngx_distill_guard_redis_decisions_wrong(sync);
            goto done;
        }
    }

    for (i = 0; i < sync->nnodes; i++) {
        store = ngx_distill_guard_lock(sync->nodes[i].zone);

        /* but not one that began anew meanwhile */

        if (store->followed[0] || store->followed[1]) {
            store->followed[0] = id[0];
            store->followed[1] = id[1];
        }

        ngx_distill_guard_unlock(sync->nodes[i].zone);
    }

    /* there may be more */

    sync->decisions.next = 0;

done:

    ngx_distill_guard_redis_answered(sync);
}


static ngx_uint_t
ngx_distill_guard_redis_decisions_entry(ngx_distill_guard_redis_sync_t *sync,
    redisReply *entry, uint64_t id[2])
{
    ngx_int_t    rc;
    redisReply  *values[2];

    static const char  *names[2] = {
        DG_SCHEMA_SUBJECT, DG_SCHEMA_DECISION
    };

    rc = ngx_distill_guard_redis_stream_entry(entry, id, names, values, 2);

    if (rc == NGX_OK) {
        ngx_distill_guard_redis_decisions_enter(sync, values[0], values[1],
                                                1);
    }

    return rc != NGX_ERROR;
}


/* into all zones; what is not written as it should be is passed over */

static void
ngx_distill_guard_redis_decisions_enter(ngx_distill_guard_redis_sync_t *sync,
    redisReply *subject, redisReply *text, ngx_uint_t news)
{
    int                              rc;
    dg_id_t                          id;
    int64_t                          skew;
    uint64_t                         now;
    unsigned                         kind;
    dg_store_t                      *store;
    ngx_uint_t                       i, n, heard;
    dg_ruling_t                      ruling;
    ngx_distill_guard_redis_node_t  *node;

    if (subject->type != REDIS_REPLY_STRING || text->type != REDIS_REPLY_STRING
        || dg_ruling_subject_parse(&kind, &id, (u_char *) subject->str,
                                   subject->len)
           != DG_OK
        || dg_ruling_parse(&ruling, (u_char *) text->str, text->len) != DG_OK
        || !dg_ruling_fits(ruling.id, kind))
    {
        return;
    }

    now = ngx_distill_guard_now() / 1000;
    skew = sync->skew / 1000;
    heard = 0;

    for (i = 0; i < sync->nnodes; i++) {
        node = &sync->nodes[i];

        store = ngx_distill_guard_lock(node->zone);
        rc = dg_store_rule(store, kind, &id, &ruling, skew, now);
        n = dg_store_arena(store, DG_PART_RULINGS)->queue[DG_CONVICTED].n;
        ngx_distill_guard_unlock(node->zone);

        if (rc == DG_FULL) {
            ngx_distill_guard_redis_decisions_full(sync, node, n);
        }

        heard |= (rc == 1);
    }

    /* of what was decided before only what is in force is of interest */

    if (heard && (news || (ruling.id != DG_RULING_RELEASE
                           && (ruling.expires == 0
                               || ruling.expires > now + skew))))
    {
        ngx_distill_guard_log_decided(sync->cycle->log,
                                      (u_char *) subject->str, subject->len,
                                      &ruling);
    }
}


/* once, until all of them have found room */

static void
ngx_distill_guard_redis_decisions_full(ngx_distill_guard_redis_sync_t *sync,
    ngx_distill_guard_redis_node_t *node, ngx_uint_t n)
{
    ngx_distill_guard_redis_decisions_t  *d;

    d = &sync->decisions;

    if (!d->full && !d->was_full) {
        ngx_log_error(NGX_LOG_ERR, sync->cycle->log, 0,
                      "distill guard: zone \"%V\" has room for %ui decisions, "
                      "and some are not in force here: release some, or make "
                      "the zone larger", &node->zone->name, n);
    }

    d->full = 1;
}


/*
 * Whether a reply is of use.  A user without the rights for decisions, as
 * older versions did not need them, goes on without: counts are not to suffer.
 */

static ngx_uint_t
ngx_distill_guard_redis_decisions_good(ngx_distill_guard_redis_sync_t *sync,
    redisReply *reply)
{
    ngx_distill_guard_redis_decisions_t  *d;

    d = &sync->decisions;
    d->waiting = 0;

    if (reply && reply->type != REDIS_REPLY_ERROR) {
        return 1;
    }

    ngx_distill_guard_redis_undecided(sync);

    if (reply == NULL) {
        return 0;
    }

    if (ngx_distill_guard_redis_denied(reply)) {
        sync->errors++;
        d->next = ngx_distill_guard_now() + NGX_DISTILL_GUARD_REDIS_DENIED;

        if (!d->denied) {
            d->denied = 1;
            ngx_log_error(NGX_LOG_ERR, sync->cycle->log, 0,
                          "distill guard: redis %V does not let its user read "
                          "decisions of operators, which are not in force "
                          "here: give it the rights in docs/redis.md",
                          &sync->conf->name);
        }

    } else if (ngx_distill_guard_redis_error(sync, reply,
                                      NGX_DISTILL_GUARD_REDIS_DECIDED)
               == NGX_OK)
    {
        d->next = ngx_distill_guard_now() + NGX_DISTILL_GUARD_REDIS_DENIED;
    }

    return 0;
}


static void
ngx_distill_guard_redis_decisions_wrong(ngx_distill_guard_redis_sync_t *sync)
{
    ngx_distill_guard_redis_fail(sync->answering,
                                 NGX_DISTILL_GUARD_REDIS_UNFIT, 0,
                                 "what it answers on decisions is wrong");
}
