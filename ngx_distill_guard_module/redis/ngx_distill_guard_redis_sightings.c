/*
 * Copyright (C) 2026 Distill Guard
 *
 * What nodes tell each other besides totals: who was seen with what.
 *
 * It goes to a stream that every node reads, in batches: one or a few in a
 * round, however many requests there are.  What is told is joined with what
 * is known, so nothing is lost or wrong if it is told again.  After each
 * connect a node tells all that it knows; one that knows nothing, as its zone
 * was damaged or is new, or was away for longer than the stream reaches back,
 * asks all others to do so.
 */


#include "ngx_distill_guard_redis.h"


/* bytes of a batch, and batches of a node in one round */
#define NGX_DISTILL_GUARD_REDIS_SIGHTING   8192
#define NGX_DISTILL_GUARD_REDIS_SIGHTINGS  4

/*
 * Batches that the stream holds, about, and for how long; and those in one
 * reply, which has to be one that a connection takes.
 */
#define NGX_DISTILL_GUARD_REDIS_STREAM     "8192"
#define NGX_DISTILL_GUARD_REDIS_STREAM_TTL "86400"
#define NGX_DISTILL_GUARD_REDIS_BATCHES    16

/* cells that a sweep looks at in a round; sightings heard at a time */
#define NGX_DISTILL_GUARD_REDIS_CELLS      1024
#define NGX_DISTILL_GUARD_REDIS_HEARD      16

/* milliseconds */
#define NGX_DISTILL_GUARD_REDIS_KEEP       60000

#define NGX_DISTILL_GUARD_REDIS_STREAM_ID  (2 * NGX_INT64_LEN + 1)

/* fields of an entry: who says it, and what; an empty batch asks for all */
#define NGX_DISTILL_GUARD_REDIS_NODE_FIELD   "node"
#define NGX_DISTILL_GUARD_REDIS_BATCH_FIELD  "batch"


static void ngx_distill_guard_redis_sightings_oldest(
    ngx_distill_guard_redis_sync_t *sync);
static void ngx_distill_guard_redis_sightings_oldest_handler(void *data,
    void *item, redisReply *reply);
static void ngx_distill_guard_redis_sightings_tell(
    ngx_distill_guard_redis_node_t *node);
static ngx_int_t ngx_distill_guard_redis_sightings_add(
    ngx_distill_guard_redis_node_t *node, u_char *batch, size_t len);
static void ngx_distill_guard_redis_sightings_keep(
    ngx_distill_guard_redis_sync_t *sync);
static void ngx_distill_guard_redis_sightings_handler(void *data,
    void *item, redisReply *reply);
static void ngx_distill_guard_redis_sightings_read(
    ngx_distill_guard_redis_sync_t *sync);
static void ngx_distill_guard_redis_sightings_read_handler(void *data,
    void *item, redisReply *reply);
static ngx_uint_t ngx_distill_guard_redis_sightings_entry(
    ngx_distill_guard_redis_sync_t *sync, redisReply *entry,
    uint64_t id[2]);
static void ngx_distill_guard_redis_sightings_hear(
    ngx_distill_guard_redis_sync_t *sync, redisReply *from,
    redisReply *batch);
static ngx_uint_t ngx_distill_guard_redis_sightings_good(
    ngx_distill_guard_redis_sync_t *sync, redisReply *reply);
static void ngx_distill_guard_redis_sightings_wrong(
    ngx_distill_guard_redis_sync_t *sync);
static void ngx_distill_guard_redis_sightings_key(
    ngx_distill_guard_redis_sync_t *sync, ngx_str_t *key, u_char *buf);


#define ngx_distill_guard_redis_earlier(a, b)                                 \
    ((a)[0] < (b)[0] || ((a)[0] == (b)[0] && (a)[1] < (b)[1]))


void
ngx_distill_guard_redis_sightings_begin(ngx_distill_guard_redis_sync_t *sync)
{
    ngx_uint_t  i;

    for (i = 0; i < sync->nnodes; i++) {
        sync->nodes[i].retell = 1;
    }

    sync->sightings.joined = 0;
    sync->sightings.waiting = 0;
    sync->sightings.kept = 0;
}


void
ngx_distill_guard_redis_sightings_round(ngx_distill_guard_redis_sync_t *sync)
{
    uint64_t                              now;
    ngx_uint_t                            i;
    ngx_distill_guard_redis_node_t       *node;
    ngx_distill_guard_redis_sightings_t  *s;

    s = &sync->sightings;
    now = ngx_distill_guard_now();

    if (s->waiting || ngx_distill_guard_redis_barred(&s->right, now)) {
        return;
    }

    if (!s->joined) {
        ngx_distill_guard_redis_sightings_oldest(sync);
        return;
    }

    for (i = 0; i < sync->nnodes; i++) {
        node = &sync->nodes[i];

        if (node->forgot
            && ngx_distill_guard_redis_sightings_add(node, NULL, 0) == NGX_OK)
        {
            node->forgot = 0;
        }

        ngx_distill_guard_redis_sightings_tell(node);
    }

    if (s->added
        && (now >= s->kept + NGX_DISTILL_GUARD_REDIS_KEEP || now < s->kept))
    {
        s->added = 0;
        s->kept = now;
        ngx_distill_guard_redis_sightings_keep(sync);
    }

    ngx_distill_guard_redis_sightings_read(sync);
}


/* how far back does the stream reach? */

static void
ngx_distill_guard_redis_sightings_oldest(ngx_distill_guard_redis_sync_t *sync)
{
    u_char     buf[NGX_DISTILL_GUARD_REDIS_KEY_MAX];
    ngx_str_t  args[6];

    ngx_str_set(&args[0], "XRANGE");
    ngx_distill_guard_redis_sightings_key(sync, &args[1], buf);
    ngx_str_set(&args[2], "-");
    ngx_str_set(&args[3], "+");
    ngx_str_set(&args[4], "COUNT");
    ngx_str_set(&args[5], "1");

    if (ngx_distill_guard_redis_send(sync, &args[1],
                             ngx_distill_guard_redis_sightings_oldest_handler,
                             NULL, 6, args)
        == NGX_OK)
    {
        sync->sightings.waiting = 1;
    }
}


static void
ngx_distill_guard_redis_sightings_oldest_handler(void *data, void *item,
    redisReply *reply)
{
    ngx_distill_guard_redis_sync_t *sync = data;

    uint64_t                         id[2];
    dg_store_t                      *store;
    ngx_uint_t                       i, missed;
    ngx_distill_guard_redis_node_t  *node;

    if (!ngx_distill_guard_redis_sightings_good(sync, reply)) {
        goto done;
    }

    id[0] = 0;
    id[1] = 0;

    if (reply->type != REDIS_REPLY_ARRAY
        || (reply->elements
            && (reply->element[0]->type != REDIS_REPLY_ARRAY
                || reply->element[0]->elements < 1
                || ngx_distill_guard_redis_stream_id(id,
                                              reply->element[0]->element[0])
                   != NGX_OK)))
    {
        ngx_distill_guard_redis_sightings_wrong(sync);
        goto done;
    }

    for (i = 0; i < sync->nnodes; i++) {
        node = &sync->nodes[i];

        store = ngx_distill_guard_lock(node->zone);

        /* one that is empty was trimmed, or has expired: nobody knows when */

        missed = (reply->elements == 0
                  || ngx_distill_guard_redis_earlier(store->heard, id));

        if (missed) {
            store->heard[0] = 0;
            store->heard[1] = 0;
        }

        ngx_distill_guard_unlock(node->zone);

        if (missed) {
            (void) ngx_distill_guard_redis_sightings_add(node, NULL, 0);
        }
    }

    sync->sightings.joined = 1;

done:

    ngx_distill_guard_redis_answered(sync);
}


/* what was seen since, and some of the rest if all has to be told */

static void
ngx_distill_guard_redis_sightings_tell(ngx_distill_guard_redis_node_t *node)
{
    u_char       batch[NGX_DISTILL_GUARD_REDIS_SIGHTING], *end;
    size_t       room;
    dg_store_t  *store;
    ngx_uint_t   n, replies;

    if (node->retell && !node->telling) {
        node->retell = 0;
        node->telling = 1;
        node->part = 0;
        node->cell = 0;
    }

    for (n = 0; n < NGX_DISTILL_GUARD_REDIS_SIGHTINGS; n++) {
        room = ngx_distill_guard_redis_route_room(node->sync, &replies);

        if (room < 2 * NGX_DISTILL_GUARD_REDIS_SIGHTING || replies == 0) {
            return;
        }

        store = ngx_distill_guard_lock(node->zone);

        if (dg_sightings_missed(store)) {
            node->retell = 1;
        }

        if (node->telling
            && dg_sightings_sweep(store, &node->part, &node->cell,
                                  NGX_DISTILL_GUARD_REDIS_CELLS)
               == DG_OK)
        {
            node->telling = 0;
        }

        end = dg_sightings_take(store, batch, sizeof(batch),
                                ngx_distill_guard_now());

        ngx_distill_guard_unlock(node->zone);

        if (end == batch) {
            return;
        }

        if (ngx_distill_guard_redis_sightings_add(node, batch, end - batch)
            != NGX_OK)
        {
            node->retell = 1;
            return;
        }
    }
}


/* with no batch, all others are asked for all that they know */

static ngx_int_t
ngx_distill_guard_redis_sightings_add(ngx_distill_guard_redis_node_t *node,
    u_char *batch, size_t len)
{
    u_char     buf[NGX_DISTILL_GUARD_REDIS_KEY_MAX];
    u_char     id[DG_ID_TEXT];
    ngx_str_t  args[10];

    ngx_str_set(&args[0], "XADD");
    ngx_distill_guard_redis_sightings_key(node->sync, &args[1], buf);
    ngx_str_set(&args[2], "MAXLEN");
    ngx_str_set(&args[3], "~");
    ngx_str_set(&args[4], NGX_DISTILL_GUARD_REDIS_STREAM);
    ngx_str_set(&args[5], "*");
    ngx_str_set(&args[6], NGX_DISTILL_GUARD_REDIS_NODE_FIELD);
    (void) dg_id_text(id, &node->node);
    args[7].data = id;
    args[7].len = NGX_DISTILL_GUARD_REDIS_ID;
    ngx_str_set(&args[8], NGX_DISTILL_GUARD_REDIS_BATCH_FIELD);
    args[9].data = batch;
    args[9].len = len;

    node->sync->sightings.added = 1;

    return ngx_distill_guard_redis_send(node->sync, &args[1],
                                    ngx_distill_guard_redis_sightings_handler,
                                    NULL, 10, args);
}


static void
ngx_distill_guard_redis_sightings_keep(ngx_distill_guard_redis_sync_t *sync)
{
    u_char     buf[NGX_DISTILL_GUARD_REDIS_KEY_MAX];
    ngx_str_t  args[3];

    ngx_str_set(&args[0], "EXPIRE");
    ngx_distill_guard_redis_sightings_key(sync, &args[1], buf);
    ngx_str_set(&args[2], NGX_DISTILL_GUARD_REDIS_STREAM_TTL);

    (void) ngx_distill_guard_redis_send(sync, &args[1],
                                    ngx_distill_guard_redis_sightings_handler,
                                    NULL, 3, args);
}


/* what did not arrive is told again with all the rest */

static void
ngx_distill_guard_redis_sightings_handler(void *data, void *item,
    redisReply *reply)
{
    ngx_distill_guard_redis_sync_t *sync = data;

    ngx_uint_t  i;

    if (!ngx_distill_guard_redis_sightings_good(sync, reply)) {
        for (i = 0; i < sync->nnodes; i++) {
            sync->nodes[i].retell = 1;
        }
    }

    ngx_distill_guard_redis_answered(sync);
}


static void
ngx_distill_guard_redis_sightings_read(ngx_distill_guard_redis_sync_t *sync)
{
    u_char       buf[NGX_DISTILL_GUARD_REDIS_KEY_MAX];
    u_char       from[NGX_DISTILL_GUARD_REDIS_STREAM_ID];
    u_char       count[NGX_INT_T_LEN];
    uint64_t     id[2];
    ngx_str_t    args[6];
    dg_store_t  *store;
    ngx_uint_t   i;

    id[0] = UINT64_MAX;
    id[1] = UINT64_MAX;

    for (i = 0; i < sync->nnodes; i++) {
        store = ngx_distill_guard_lock(sync->nodes[i].zone);

        if (ngx_distill_guard_redis_earlier(store->heard, id)) {
            id[0] = store->heard[0];
            id[1] = store->heard[1];
        }

        ngx_distill_guard_unlock(sync->nodes[i].zone);
    }

    ngx_str_set(&args[0], "XREAD");
    ngx_str_set(&args[1], "COUNT");
    args[2].data = count;
    args[2].len = ngx_sprintf(count, "%d", NGX_DISTILL_GUARD_REDIS_BATCHES)
                  - count;
    ngx_str_set(&args[3], "STREAMS");
    ngx_distill_guard_redis_sightings_key(sync, &args[4], buf);
    args[5].data = from;
    args[5].len = ngx_sprintf(from, "%uL-%uL", id[0], id[1]) - from;

    if (ngx_distill_guard_redis_send(sync, &args[4],
                               ngx_distill_guard_redis_sightings_read_handler,
                               NULL, 6, args)
        == NGX_OK)
    {
        sync->sightings.waiting = 1;
    }
}


static void
ngx_distill_guard_redis_sightings_read_handler(void *data, void *item,
    redisReply *reply)
{
    ngx_distill_guard_redis_sync_t *sync = data;

    size_t       i;
    uint64_t     id[2];
    redisReply  *entries;
    dg_store_t  *store;

    if (!ngx_distill_guard_redis_sightings_good(sync, reply)
        || reply->type == REDIS_REPLY_NIL)
    {
        goto done;
    }

    entries = ngx_distill_guard_redis_stream_entries(reply);

    if (entries == NULL) {
        ngx_distill_guard_redis_sightings_wrong(sync);
        goto done;
    }

    for (i = 0; i < (size_t) entries->elements; i++) {
        if (!ngx_distill_guard_redis_sightings_entry(sync,
                                                     entries->element[i], id))
        {
            ngx_distill_guard_redis_sightings_wrong(sync);
            goto done;
        }
    }

    for (i = 0; i < sync->nnodes; i++) {
        store = ngx_distill_guard_lock(sync->nodes[i].zone);
        store->heard[0] = id[0];
        store->heard[1] = id[1];
        ngx_distill_guard_unlock(sync->nodes[i].zone);
    }

    /* there is more */

    if (entries->elements == NGX_DISTILL_GUARD_REDIS_BATCHES) {
        ngx_distill_guard_redis_sightings_read(sync);
    }

done:

    ngx_distill_guard_redis_answered(sync);
}


static ngx_uint_t
ngx_distill_guard_redis_sightings_entry(ngx_distill_guard_redis_sync_t *sync,
    redisReply *entry, uint64_t id[2])
{
    ngx_int_t    rc;
    redisReply  *values[2];

    static const char  *names[2] = {
        NGX_DISTILL_GUARD_REDIS_NODE_FIELD,
        NGX_DISTILL_GUARD_REDIS_BATCH_FIELD
    };

    rc = ngx_distill_guard_redis_stream_entry(entry, id, names, values, 2);

    if (rc == NGX_OK) {
        ngx_distill_guard_redis_sightings_hear(sync, values[0], values[1]);
    }

    return rc != NGX_ERROR;
}


/* by all zones but the one whose it is */

static void
ngx_distill_guard_redis_sightings_hear(ngx_distill_guard_redis_sync_t *sync,
    redisReply *from, redisReply *batch)
{
    int                              rc;
    size_t                           at;
    u_char                           id[DG_ID_TEXT];
    ngx_uint_t                       i;
    ngx_distill_guard_redis_node_t  *node;

    for (i = 0; i < sync->nnodes; i++) {
        node = &sync->nodes[i];

        (void) dg_id_text(id, &node->node);

        if (from->len == NGX_DISTILL_GUARD_REDIS_ID
            && ngx_memcmp(from->str, id, NGX_DISTILL_GUARD_REDIS_ID) == 0)
        {
            continue;
        }

        if (batch->len == 0) {
            node->retell = 1;
            continue;
        }

        at = 0;

        do {
            rc = dg_sightings_hear(ngx_distill_guard_lock(node->zone),
                                   (u_char *) batch->str, batch->len, &at,
                                   NGX_DISTILL_GUARD_REDIS_HEARD,
                                   ngx_distill_guard_now());

            ngx_distill_guard_unlock(node->zone);

        } while (rc == DG_OK && at < (size_t) batch->len);

        if (rc != DG_OK) {
            sync->errors++;
        }
    }
}


static ngx_uint_t
ngx_distill_guard_redis_sightings_good(ngx_distill_guard_redis_sync_t *sync,
    redisReply *reply)
{
    sync->sightings.waiting = 0;

    return ngx_distill_guard_redis_allowed(sync, &sync->sightings.right,
                                           reply,
                                           NGX_DISTILL_GUARD_REDIS_SIGHTED,
                                           "share what nodes see, so that "
                                           "each links accounts by itself");
}


static void
ngx_distill_guard_redis_sightings_wrong(ngx_distill_guard_redis_sync_t *sync)
{
    ngx_distill_guard_redis_fail(sync->answering,
                                 NGX_DISTILL_GUARD_REDIS_UNFIT, 0,
                                 "what it answers on sightings is wrong");
}


static void
ngx_distill_guard_redis_sightings_key(ngx_distill_guard_redis_sync_t *sync,
    ngx_str_t *key, u_char *buf)
{
    key->data = buf;
    key->len = ngx_sprintf(buf, "%V:sightings", &sync->conf->prefix) - buf;
}
