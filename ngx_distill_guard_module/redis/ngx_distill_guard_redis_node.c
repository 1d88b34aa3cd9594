/*
 * Copyright (C) 2026 Distill Guard
 *
 * How a node introduces itself: it brings its scripts, compares the schema
 * and the secret with what the others use, and says every second that it is
 * there.
 */


#include "ngx_distill_guard_redis.h"


/* milliseconds */
#define NGX_DISTILL_GUARD_REDIS_BEAT       1000
#define NGX_DISTILL_GUARD_REDIS_AGREEMENT  60000
#define NGX_DISTILL_GUARD_REDIS_SKEW       1000

/* seconds */
#define NGX_DISTILL_GUARD_REDIS_NODES_TTL  86400
#define NGX_DISTILL_GUARD_REDIS_AGREED_TTL 2592000

#define NGX_DISTILL_GUARD_REDIS_NODES_MAX  10000    /* listed */


static void ngx_distill_guard_redis_agree_on(
    ngx_distill_guard_redis_sync_t *sync, const char *name, ngx_str_t *value,
    ngx_distill_guard_redis_reply_pt handler);
static void ngx_distill_guard_redis_register(
    ngx_distill_guard_redis_node_t *node, uint64_t now);
static ngx_uint_t ngx_distill_guard_redis_is_good(
    ngx_distill_guard_redis_sync_t *sync, redisReply *reply);
static void ngx_distill_guard_redis_plain_handler(void *data, void *item,
    redisReply *reply);
static void ngx_distill_guard_redis_load_handler(void *data, void *item,
    redisReply *reply);
static void ngx_distill_guard_redis_schema_handler(void *data, void *item,
    redisReply *reply);
static void ngx_distill_guard_redis_check_handler(void *data, void *item,
    redisReply *reply);
static ngx_uint_t ngx_distill_guard_redis_is_heard(
    ngx_distill_guard_redis_sync_t *sync, redisReply *reply);
static void ngx_distill_guard_redis_node_handler(void *data, void *item,
    redisReply *reply);
static void ngx_distill_guard_redis_time_handler(void *data, void *item,
    redisReply *reply);
static void ngx_distill_guard_redis_skew(ngx_distill_guard_redis_sync_t *sync,
    int64_t unsure);


/* a zone that was found damaged is another node from then on */

void
ngx_distill_guard_redis_identify(ngx_distill_guard_redis_node_t *node,
    dg_store_t *store)
{
    if (!dg_id_equal(&node->node, &store->node)) {
        node->forgot = !dg_id_none(&node->node);
        node->node = store->node;
        node->known = 0;
    }
}


/* scripts are a connection's matter: each server has to know them */

void
ngx_distill_guard_redis_load(ngx_distill_guard_redis_link_t *link)
{
    ngx_str_t                        args[3];
    ngx_uint_t                       i;
    ngx_distill_guard_redis_sync_t  *sync;

    sync = link->sync;

    if (link->loading) {
        return;
    }

    ngx_str_set(&args[0], "SCRIPT");
    ngx_str_set(&args[1], "LOAD");

    for (i = 0; i < NGX_DISTILL_GUARD_REDIS_SCRIPTS; i++) {
        args[2] = sync->script[i];

        if (ngx_distill_guard_redis_command(&link->connection,
                                         ngx_distill_guard_redis_load_handler,
                                         link, 3, args)
            == NGX_OK)
        {
            link->loading++;
            sync->awaited++;
        }
    }
}


static void
ngx_distill_guard_redis_load_handler(void *data, void *item,
    redisReply *reply)
{
    ngx_distill_guard_redis_sync_t *sync = data;
    ngx_distill_guard_redis_link_t *link = item;

    link->loading--;

    if (ngx_distill_guard_redis_is_good(sync, reply)
        && (reply->type != REDIS_REPLY_STRING
            || (size_t) reply->len != NGX_DISTILL_GUARD_REDIS_SHA))
    {
        ngx_distill_guard_redis_fail(&link->connection,
                                     NGX_DISTILL_GUARD_REDIS_UNFIT, 0,
                                     "SCRIPT LOAD gave no script");
    }

    ngx_distill_guard_redis_answered(sync);
}


/*
 * Who comes first writes the version of the schema and a hash that only the
 * secret gives; who finds others there keeps away.  Both last as long as
 * there are nodes, and longer than anything else under the prefix.
 */

void
ngx_distill_guard_redis_agree(ngx_distill_guard_redis_sync_t *sync)
{
    u_char     schema[NGX_INT_T_LEN], check[16];
    ngx_str_t  value, args[1];

    sync->agreed = ngx_distill_guard_now();
    sync->asked = sync->agreed;

    value.data = schema;
    value.len = ngx_sprintf(schema, "%d", NGX_DISTILL_GUARD_REDIS_SCHEMA)
                - schema;

    ngx_distill_guard_redis_agree_on(sync, "schema", &value,
                                     ngx_distill_guard_redis_schema_handler);

    value.data = check;
    value.len = ngx_sprintf(check, "%016xL", sync->nodes[0].zone->check)
                - check;

    ngx_distill_guard_redis_agree_on(sync, "check", &value,
                                     ngx_distill_guard_redis_check_handler);

    ngx_str_set(&args[0], "TIME");

    (void) ngx_distill_guard_redis_send(sync, NULL,
                         ngx_distill_guard_redis_time_handler, NULL, 1, args);
}


static void
ngx_distill_guard_redis_agree_on(ngx_distill_guard_redis_sync_t *sync,
    const char *name, ngx_str_t *value,
    ngx_distill_guard_redis_reply_pt handler)
{
    u_char     key[NGX_DISTILL_GUARD_REDIS_KEY_MAX], ttl[NGX_INT_T_LEN];
    ngx_str_t  args[6];

    args[1].data = key;
    args[1].len = ngx_sprintf(key, "%V:%s", &sync->conf->prefix, name) - key;

    args[5].data = ttl;
    args[5].len = ngx_sprintf(ttl, "%d", NGX_DISTILL_GUARD_REDIS_AGREED_TTL)
                  - ttl;

    ngx_str_set(&args[0], "SET");
    args[2] = *value;
    ngx_str_set(&args[3], "NX");
    ngx_str_set(&args[4], "EX");

    (void) ngx_distill_guard_redis_send(sync, &args[1],
                        ngx_distill_guard_redis_plain_handler, NULL, 6, args);

    ngx_str_set(&args[0], "GETEX");
    ngx_str_set(&args[2], "EX");
    args[3] = args[5];

    if (ngx_distill_guard_redis_send(sync, &args[1], handler, NULL, 4, args)
        != NGX_OK)
    {
        /* to be tried again before anything else is sent */
        sync->agreeing = 0;
    }
}


static void
ngx_distill_guard_redis_schema_handler(void *data, void *item,
    redisReply *reply)
{
    ngx_distill_guard_redis_sync_t *sync = data;

    if (ngx_distill_guard_redis_is_heard(sync, reply)
        && (reply->type != REDIS_REPLY_STRING
            || ngx_atoi((u_char *) reply->str, reply->len)
               != NGX_DISTILL_GUARD_REDIS_SCHEMA))
    {
        ngx_distill_guard_redis_route_fail(sync,
                               "\"%V:schema\" is of another version than %d, "
                               "give \"distill_guard_redis\" another prefix",
                               &sync->conf->prefix,
                               NGX_DISTILL_GUARD_REDIS_SCHEMA);
    }

    ngx_distill_guard_redis_answered(sync);
}


static void
ngx_distill_guard_redis_check_handler(void *data, void *item,
    redisReply *reply)
{
    ngx_distill_guard_redis_sync_t *sync = data;

    u_char  check[16];

    ngx_sprintf(check, "%016xL", sync->nodes[0].zone->check);

    if (ngx_distill_guard_redis_is_heard(sync, reply)
        && (reply->type != REDIS_REPLY_STRING
            || (size_t) reply->len != sizeof(check)
            || ngx_memcmp(reply->str, check, sizeof(check)) != 0))
    {
        ngx_distill_guard_redis_route_fail(sync,
                               "other nodes have another "
                               "\"distill_guard_secret\", use one on all "
                               "nodes, or another prefix, or delete "
                               "\"%V:check\" where it was replaced",
                               &sync->conf->prefix);
    }

    ngx_distill_guard_redis_answered(sync);
}


/* nothing is begun before it is known that others keep the same */

static ngx_uint_t
ngx_distill_guard_redis_is_heard(ngx_distill_guard_redis_sync_t *sync,
    redisReply *reply)
{
    if (reply == NULL) {
        sync->agreeing = 0;
        return 0;
    }

    if (reply->type == REDIS_REPLY_ERROR) {
        sync->agreeing = 0;
        sync->errors++;
        ngx_distill_guard_redis_refused(sync->answering, reply);
        return 0;
    }

    return 1;
}


/* in the middle between question and answer, as far as that can be known */

static void
ngx_distill_guard_redis_time_handler(void *data, void *item,
    redisReply *reply)
{
    ngx_distill_guard_redis_sync_t *sync = data;

    int64_t        now, asked;
    ngx_int_t      sec, usec;
    redisReply   **e;

    if (ngx_distill_guard_redis_is_good(sync, reply)
        && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2
        && reply->element[0]->type == REDIS_REPLY_STRING
        && reply->element[1]->type == REDIS_REPLY_STRING)
    {
        e = reply->element;
        sec = ngx_atoi((u_char *) e[0]->str, e[0]->len);
        usec = ngx_atoi((u_char *) e[1]->str, e[1]->len);
        asked = (int64_t) sync->asked;
        now = (int64_t) ngx_distill_guard_now();

        if (sec != NGX_ERROR && usec != NGX_ERROR) {
            sync->skew = (int64_t) sec * 1000 + usec / 1000
                         - (asked + now) / 2;
            ngx_distill_guard_redis_skew(sync, (now - asked) / 2);
        }
    }

    ngx_distill_guard_redis_answered(sync);
}


/* minutes, hours and days are told by each node's own clock */

static void
ngx_distill_guard_redis_skew(ngx_distill_guard_redis_sync_t *sync,
    int64_t unsure)
{
    int64_t  skew;

    skew = ngx_abs(sync->skew);

    if (skew >= NGX_DISTILL_GUARD_REDIS_SKEW + unsure && !sync->skewed) {
        sync->skewed = 1;
        ngx_log_error(NGX_LOG_WARN, sync->cycle->log, 0,
                      "distill guard: the clock is %L s %s that of redis %V, "
                      "limits are not shared as they should be: set the "
                      "clocks", skew / 1000,
                      sync->skew < 0 ? "ahead of" : "behind",
                      &sync->conf->name);

    } else if (skew < NGX_DISTILL_GUARD_REDIS_SKEW / 2 && sync->skewed) {
        sync->skewed = 0;
        ngx_log_error(NGX_LOG_NOTICE, sync->cycle->log, 0,
                      "distill guard: the clock agrees with that of redis %V",
                      &sync->conf->name);
    }
}


void
ngx_distill_guard_redis_beat(ngx_distill_guard_redis_sync_t *sync)
{
    u_char      key[NGX_DISTILL_GUARD_REDIS_KEY_MAX], old[NGX_INT64_LEN];
    uint64_t    now;
    ngx_str_t   args[4];
    ngx_uint_t  i;

    now = ngx_distill_guard_now();

    if (now < sync->beat + NGX_DISTILL_GUARD_REDIS_BEAT && now >= sync->beat) {
        return;
    }

    sync->beat = now;

    for (i = 0; i < sync->nnodes; i++) {
        ngx_distill_guard_redis_register(&sync->nodes[i], now / 1000);
    }

    if (now < sync->agreed + NGX_DISTILL_GUARD_REDIS_AGREEMENT
        && now >= sync->agreed)
    {
        return;
    }

    ngx_distill_guard_redis_agree(sync);

    ngx_str_set(&args[0], "ZREMRANGEBYSCORE");
    args[1].data = key;
    args[1].len = ngx_sprintf(key, "%V:" DG_SCHEMA_NODES,
                              &sync->conf->prefix)
                  - key;
    ngx_str_set(&args[2], "-inf");
    args[3].data = old;
    args[3].len = ngx_sprintf(old, "%uL", now / 1000
                              - NGX_DISTILL_GUARD_REDIS_NODES_TTL) - old;

    (void) ngx_distill_guard_redis_send(sync, &args[1],
                        ngx_distill_guard_redis_plain_handler, NULL, 4, args);
}


static void
ngx_distill_guard_redis_register(ngx_distill_guard_redis_node_t *node,
    uint64_t now)
{
    u_char                          *p, *key;
    u_char                           buf[2 * NGX_DISTILL_GUARD_REDIS_KEY_MAX];
    u_char                           id[DG_ID_TEXT];
    uint64_t                         started, held, room;
    ngx_str_t                        args[14], member;
    dg_store_t                      *store;
    dg_arena_t                      *rulings;
    ngx_distill_guard_redis_set_t    set;
    ngx_distill_guard_redis_sync_t  *sync;

    sync = node->sync;

    store = ngx_distill_guard_lock(node->zone);
    dg_store_rulings_turn(store, now);
    ngx_distill_guard_redis_identify(node, store);
    started = store->created;
    rulings = dg_store_arena(store, DG_PART_RULINGS);
    held = rulings->queue[DG_CONVICTED].n;
    room = rulings->ncells;
    ngx_distill_guard_unlock(node->zone);

    (void) dg_id_text(id, &node->node);

    key = buf;
    p = ngx_sprintf(key, "%V:" DG_SCHEMA_NODE "%*s", &sync->conf->prefix,
                    (size_t) NGX_DISTILL_GUARD_REDIS_ID, id);

    ngx_str_set(&args[0], "HSET");
    args[1].data = key;
    args[1].len = p - key;
    ngx_str_set(&args[2], "host");
    args[3] = sync->cycle->hostname;
    ngx_str_set(&args[4], "zone");
    args[5] = node->zone->name;
    ngx_str_set(&args[6], "version");
    ngx_str_set(&args[7], NGX_DISTILL_GUARD_VERSION);
    ngx_str_set(&args[8], "started");
    args[9].data = p;
    p = ngx_sprintf(p, "%uL", started);
    args[9].len = p - args[9].data;
    ngx_str_set(&args[10], "last_seen");
    args[11].data = p;
    p = ngx_sprintf(p, "%uL", now);
    args[11].len = p - args[11].data;
    ngx_str_set(&args[12], "decisions");
    args[13].data = p;
    p = ngx_sprintf(p, "%uL/%uL", held, room);
    args[13].len = p - args[13].data;

    (void) ngx_distill_guard_redis_send(sync, &args[1],
                        ngx_distill_guard_redis_node_handler, node, 14, args);

    ngx_str_set(&args[0], "EXPIRE");
    args[2].data = p;
    p = ngx_sprintf(p, "%d", DG_SCHEMA_NODE_KEEP);
    args[2].len = p - args[2].data;

    (void) ngx_distill_guard_redis_send(sync, &args[1],
                        ngx_distill_guard_redis_plain_handler, NULL, 3, args);

    member.data = id;
    member.len = NGX_DISTILL_GUARD_REDIS_ID;

    set.key.data = p;
    set.key.len = ngx_sprintf(p, "%V:" DG_SCHEMA_NODES, &sync->conf->prefix)
                  - p;
    set.limit = NGX_DISTILL_GUARD_REDIS_NODES_MAX;
    set.ttl = NGX_DISTILL_GUARD_REDIS_NODES_TTL;
    set.n = 1;
    set.members = &member;
    set.scores = &now;

    (void) ngx_distill_guard_redis_send_set(sync, &set,
                                 ngx_distill_guard_redis_plain_handler, NULL);
}


/* fields that were there a second ago and are new now: Redis was emptied */

static void
ngx_distill_guard_redis_node_handler(void *data, void *item,
    redisReply *reply)
{
    ngx_distill_guard_redis_sync_t *sync = data;
    ngx_distill_guard_redis_node_t *node = item;

    if (ngx_distill_guard_redis_is_good(sync, reply)) {

        if (node->known && reply->type == REDIS_REPLY_INTEGER
            && reply->integer)
        {
            ngx_distill_guard_redis_resend(sync);
            ngx_distill_guard_redis_agree(sync);
        }

        node->known = 1;
    }

    ngx_distill_guard_redis_answered(sync);
}


static void
ngx_distill_guard_redis_plain_handler(void *data, void *item,
    redisReply *reply)
{
    ngx_distill_guard_redis_sync_t *sync = data;

    (void) ngx_distill_guard_redis_is_good(sync, reply);

    ngx_distill_guard_redis_answered(sync);
}


static ngx_uint_t
ngx_distill_guard_redis_is_good(ngx_distill_guard_redis_sync_t *sync,
    redisReply *reply)
{
    if (reply == NULL) {
        return 0;
    }

    if (reply->type == REDIS_REPLY_ERROR) {
        (void) ngx_distill_guard_redis_error(sync, reply,
                                             NGX_DISTILL_GUARD_REDIS_NODES);
        return 0;
    }

    return 1;
}
