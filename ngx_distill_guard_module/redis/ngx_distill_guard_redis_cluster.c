/*
 * Copyright (C) 2026 Distill Guard
 *
 * A Redis Cluster: a link to each master, and a map that says which of them
 * has a slot.
 *
 * The map is asked of any of the servers: at first, when one of them is lost
 * or says that a slot has moved, in every interval while some server is
 * missing, and else every few seconds.  Servers named in the directive are
 * asked only while there is no other.
 *
 * A command that went to the wrong server is repeated to the one it names.
 * While a slot is being moved that may be for this command only, and is said
 * with "ASKING".  A command whose keys are on either side at that moment has
 * no place to go: its subject stays dirty, and goes with the next round.
 */


#include "ngx_distill_guard_redis.h"


/* milliseconds */
#define NGX_DISTILL_GUARD_REDIS_REFRESH  10000
#define NGX_DISTILL_GUARD_REDIS_URGENT   100
#define NGX_DISTILL_GUARD_REDIS_IDLE     10000  /* of a link without slots */

#define NGX_DISTILL_GUARD_REDIS_HOPS     4      /* of one command */


static ngx_int_t ngx_distill_guard_redis_cluster_open(
    ngx_distill_guard_redis_sync_t *sync);
static void ngx_distill_guard_redis_cluster_tick(
    ngx_distill_guard_redis_sync_t *sync);
static void ngx_distill_guard_redis_cluster_tidy(
    ngx_distill_guard_redis_sync_t *sync, uint64_t now);
static void ngx_distill_guard_redis_cluster_lost(
    ngx_distill_guard_redis_link_t *link);
static ngx_int_t ngx_distill_guard_redis_cluster_answer(
    ngx_distill_guard_redis_link_t *link,
    ngx_distill_guard_redis_expected_t *e, redisReply *reply);
static ngx_distill_guard_redis_link_t *ngx_distill_guard_redis_named(
    ngx_distill_guard_redis_link_t *from, redisReply *reply,
    ngx_int_t *slot);
static void ngx_distill_guard_redis_cluster_refresh(
    ngx_distill_guard_redis_sync_t *sync);
static ngx_int_t ngx_distill_guard_redis_cluster_ask(
    ngx_distill_guard_redis_sync_t *sync,
    ngx_distill_guard_redis_connection_t *rc);
static void ngx_distill_guard_redis_slots_handler(void *data, void *item,
    redisReply *reply);
static ngx_uint_t ngx_distill_guard_redis_is_map(redisReply *reply);
static void ngx_distill_guard_redis_map(ngx_distill_guard_redis_sync_t *sync,
    ngx_distill_guard_redis_connection_t *rc, redisReply *reply);
static ngx_distill_guard_redis_link_t *ngx_distill_guard_redis_map_link(
    ngx_distill_guard_redis_sync_t *sync,
    ngx_distill_guard_redis_connection_t *rc, redisReply *server);
static ngx_uint_t ngx_distill_guard_redis_map_host(
    ngx_distill_guard_redis_connection_t *rc, redisReply *server,
    ngx_str_t *host);
static void ngx_distill_guard_redis_seed_ready(
    ngx_distill_guard_redis_connection_t *rc);
static void ngx_distill_guard_redis_seed_lost(
    ngx_distill_guard_redis_connection_t *rc);


const ngx_distill_guard_redis_topology_t  ngx_distill_guard_redis_cluster = {
    ngx_distill_guard_redis_cluster_open,
    ngx_distill_guard_redis_cluster_tick,
    ngx_distill_guard_redis_serve,
    ngx_distill_guard_redis_cluster_lost,
    ngx_distill_guard_redis_cluster_answer
};


static ngx_distill_guard_redis_owner_t  ngx_distill_guard_redis_seed_owner = {
    ngx_distill_guard_redis_seed_ready,
    ngx_distill_guard_redis_guide_progress,
    ngx_distill_guard_redis_seed_lost,
    ngx_distill_guard_redis_guide_leave,
    ngx_distill_guard_redis_guide_answer,
    NULL
};


static ngx_int_t
ngx_distill_guard_redis_cluster_open(ngx_distill_guard_redis_sync_t *sync)
{
    sync->route->guide.target = ngx_random() % sync->conf->ntargets;

    return ngx_distill_guard_redis_route_guide(sync, &sync->route->guide,
                                         &ngx_distill_guard_redis_seed_owner);
}


static void
ngx_distill_guard_redis_cluster_tick(ngx_distill_guard_redis_sync_t *sync)
{
    uint64_t                          now, pause;
    ngx_distill_guard_redis_route_t  *route;

    route = sync->route;
    now = ngx_distill_guard_now();

    ngx_distill_guard_redis_cluster_tidy(sync, now);

    pause = (route->stale || !ngx_distill_guard_redis_route_whole(sync))
            ? ngx_max(sync->conf->sync, NGX_DISTILL_GUARD_REDIS_URGENT)
            : NGX_DISTILL_GUARD_REDIS_REFRESH;

    if (now < route->asked + pause && now >= route->asked) {
        return;
    }

    route->asked = now;
    ngx_distill_guard_redis_cluster_refresh(sync);
}


/* connections that are of no more use; not within one of their handlers */

static void
ngx_distill_guard_redis_cluster_tidy(ngx_distill_guard_redis_sync_t *sync,
    uint64_t now)
{
    ngx_uint_t                        i;
    ngx_distill_guard_redis_link_t   *link;
    ngx_distill_guard_redis_route_t  *route;

    route = sync->route;

    for (i = 0; i < route->nlinks; i++) {
        link = route->links[i];

        if (link && !link->wanted && link->connection.nexpected == 0
            && (link->connection.failed
                || now >= link->named + NGX_DISTILL_GUARD_REDIS_IDLE))
        {
            ngx_distill_guard_redis_unlink(link);
        }
    }

    if (route->guide.started && ngx_distill_guard_redis_route_any(sync)) {
        ngx_distill_guard_redis_stop(&route->guide);
        route->guided = 0;
    }
}


static void
ngx_distill_guard_redis_cluster_lost(ngx_distill_guard_redis_link_t *link)
{
    ngx_distill_guard_redis_connection_t  *rc;

    rc = &link->connection;
    link->sync->route->stale = 1;

    if (!link->wanted) {
        return;
    }

    ngx_distill_guard_redis_trouble(link->sync, rc->failure, rc->err,
                                    "%*s (master %s:%ui)",
                                    rc->reason_len, rc->reason,
                                    link->target.host,
                                    (ngx_uint_t) link->target.port);
}


/* --- redirections --- */


static ngx_int_t
ngx_distill_guard_redis_cluster_answer(ngx_distill_guard_redis_link_t *link,
    ngx_distill_guard_redis_expected_t *e, redisReply *reply)
{
    ngx_int_t                         slot;
    ngx_uint_t                        moved;
    ngx_distill_guard_redis_link_t   *to;
    ngx_distill_guard_redis_route_t  *route;

    if (reply->type != REDIS_REPLY_ERROR) {
        return NGX_OK;
    }

    route = link->sync->route;

    if (ngx_strncmp(reply->str, "TRYAGAIN", 8) == 0) {
        return NGX_DECLINED;
    }

    if (ngx_strncmp(reply->str, "CLUSTERDOWN", 11) == 0) {
        route->stale = 1;
        ngx_distill_guard_redis_trouble(link->sync,
                                        NGX_DISTILL_GUARD_REDIS_BUSY, 0,
                                        "%*s", (size_t) reply->len,
                                        reply->str);
        return NGX_DECLINED;
    }

    moved = (ngx_strncmp(reply->str, "MOVED ", 6) == 0);

    if (!moved && ngx_strncmp(reply->str, "ASK ", 4) != 0) {
        return NGX_OK;
    }

    to = ngx_distill_guard_redis_named(link, reply, &slot);

    if (to == NULL) {
        route->stale = 1;
        return NGX_DECLINED;
    }

    if (moved) {
        route->slots[slot] = to->number;
        route->stale = 1;
    }

    if (to == link || e->hops == NGX_DISTILL_GUARD_REDIS_HOPS || !to->ready
        || ngx_distill_guard_redis_forward(&to->connection, &link->connection,
                                           e, !moved)
           != NGX_OK)
    {
        return NGX_DECLINED;
    }

    return NGX_DONE;
}


/* "MOVED slot host:port", "ASK slot host:port"; no host: that of the sender */

static ngx_distill_guard_redis_link_t *
ngx_distill_guard_redis_named(ngx_distill_guard_redis_link_t *from,
    redisReply *reply, ngx_int_t *slot)
{
    u_char                          *p, *last, *end, *colon;
    ngx_int_t                        port;
    ngx_str_t                        host;
    ngx_distill_guard_redis_link_t  *link;

    last = (u_char *) reply->str + reply->len;
    p = ngx_strlchr((u_char *) reply->str, last, ' ') + 1;
    end = ngx_strlchr(p, last, ' ');

    if (end == NULL) {
        return NULL;
    }

    *slot = ngx_atoi(p, end - p);

    /* the last one, as there are some in an IPv6 address */

    host.data = end + 1;
    colon = last;

    while (colon > host.data && *--colon != ':') { /* void */ }

    if (colon == last || *colon != ':') {
        return NULL;
    }

    host.len = colon - host.data;
    port = ngx_atoi(colon + 1, last - colon - 1);

    if (*slot < 0 || *slot >= DG_SLOTS || port < 1 || port > 65535) {
        return NULL;
    }

    if (host.len == 0) {
        host.data = from->target.host;
        host.len = from->target.len;
    }

    link = ngx_distill_guard_redis_link(from->sync, host.data, host.len,
                                        (in_port_t) port);
    if (link) {
        link->named = ngx_distill_guard_now();
    }

    return link;
}


/* --- the map --- */


/* of a server that can be spoken to, each in turn; else those configured */

static void
ngx_distill_guard_redis_cluster_refresh(ngx_distill_guard_redis_sync_t *sync)
{
    ngx_uint_t                        i;
    ngx_distill_guard_redis_link_t   *link;
    ngx_distill_guard_redis_route_t  *route;

    route = sync->route;

    if (route->asking) {
        return;
    }

    for (i = 0; i < route->nlinks; i++) {
        link = route->links[route->turn++ % route->nlinks];

        if (link && link->ready
            && ngx_distill_guard_redis_cluster_ask(sync, &link->connection)
               == NGX_OK)
        {
            return;
        }
    }

    if (!route->guide.started) {

        /* no memory: another attempt is made soon */

        (void) ngx_distill_guard_redis_cluster_open(sync);
        return;
    }

    if (route->guided) {
        (void) ngx_distill_guard_redis_cluster_ask(sync, &route->guide);
    }
}


static ngx_int_t
ngx_distill_guard_redis_cluster_ask(ngx_distill_guard_redis_sync_t *sync,
    ngx_distill_guard_redis_connection_t *rc)
{
    ngx_str_t  args[2];

    ngx_str_set(&args[0], "CLUSTER");
    ngx_str_set(&args[1], "SLOTS");

    if (ngx_distill_guard_redis_command(rc,
                                 ngx_distill_guard_redis_slots_handler, rc, 2,
                                 args)
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    sync->route->asking = 1;
    ngx_distill_guard_redis_flush(rc);

    return NGX_OK;
}


static void
ngx_distill_guard_redis_slots_handler(void *data, void *item,
    redisReply *reply)
{
    ngx_distill_guard_redis_sync_t       *sync = data;
    ngx_distill_guard_redis_connection_t *rc = item;

    sync->route->asking = 0;

    if (reply == NULL) {
        return;
    }

    if (reply->type == REDIS_REPLY_ERROR) {
        ngx_distill_guard_redis_refused(rc, reply);
        return;
    }

    if (!ngx_distill_guard_redis_is_map(reply)) {
        ngx_distill_guard_redis_fail(rc, NGX_DISTILL_GUARD_REDIS_UNFIT, 0,
                                     "what it says is no map of slots");
        return;
    }

    ngx_distill_guard_redis_proved(rc);
    ngx_distill_guard_redis_map(sync, rc, reply);
}


/* [[first slot, last slot, [host, port, ...], replicas ...] ...] */

static ngx_uint_t
ngx_distill_guard_redis_is_map(redisReply *reply)
{
    size_t        i;
    redisReply   *range, **e, *server;

    if (reply->type != REDIS_REPLY_ARRAY) {
        return 0;
    }

    for (i = 0; i < (size_t) reply->elements; i++) {
        range = reply->element[i];

        if (range->type != REDIS_REPLY_ARRAY || range->elements < 3) {
            return 0;
        }

        e = range->element;

        if (e[0]->type != REDIS_REPLY_INTEGER || e[0]->integer < 0
            || e[1]->type != REDIS_REPLY_INTEGER
            || e[1]->integer < e[0]->integer || e[1]->integer >= DG_SLOTS)
        {
            return 0;
        }

        server = e[2];

        if (server->type != REDIS_REPLY_ARRAY || server->elements < 2
            || (server->element[0]->type != REDIS_REPLY_STRING
                && server->element[0]->type != REDIS_REPLY_NIL)
            || server->element[1]->type != REDIS_REPLY_INTEGER)
        {
            return 0;
        }
    }

    return 1;
}


static void
ngx_distill_guard_redis_map(ngx_distill_guard_redis_sync_t *sync,
    ngx_distill_guard_redis_connection_t *rc, redisReply *reply)
{
    size_t                            i;
    ngx_uint_t                        n, slot;
    redisReply                      **e;
    ngx_distill_guard_redis_link_t   *link;
    ngx_distill_guard_redis_route_t  *route;

    route = sync->route;

    route->mapped = 1;
    route->stale = 0;
    route->uncovered = DG_SLOTS;

    for (n = 0; n < route->nlinks; n++) {
        if (route->links[n]) {
            route->links[n]->wanted = 0;
        }
    }

    ngx_memset(route->slots, NGX_DISTILL_GUARD_REDIS_NO_LINK,
               sizeof(route->slots));

    for (i = 0; i < (size_t) reply->elements; i++) {
        e = reply->element[i]->element;

        link = ngx_distill_guard_redis_map_link(sync, rc, e[2]);

        if (link == NULL) {
            continue;
        }

        link->wanted = 1;

        for (slot = e[0]->integer; slot <= (ngx_uint_t) e[1]->integer; slot++)
        {
            if (route->slots[slot] == NGX_DISTILL_GUARD_REDIS_NO_LINK) {
                route->uncovered--;
            }

            route->slots[slot] = link->number;
        }
    }

    if (route->uncovered) {
        ngx_distill_guard_redis_trouble(sync, NGX_DISTILL_GUARD_REDIS_UNFIT,
                                        0, "no server that can be reached "
                                        "has %ui of the cluster's slots",
                                        route->uncovered);
    }
}


static ngx_distill_guard_redis_link_t *
ngx_distill_guard_redis_map_link(ngx_distill_guard_redis_sync_t *sync,
    ngx_distill_guard_redis_connection_t *rc, redisReply *server)
{
    ngx_str_t  host;
    long long  port;

    port = server->element[1]->integer;

    if (port < 1 || port > 65535
        || !ngx_distill_guard_redis_map_host(rc, server, &host))
    {
        return NULL;
    }

    return ngx_distill_guard_redis_link(sync, host.data, host.len,
                                        (in_port_t) port);
}


/*
 * No host means that of the server asked.  One that is to have a name and has
 * none is called "?", and says elsewhere what its address is.
 */

static ngx_uint_t
ngx_distill_guard_redis_map_host(ngx_distill_guard_redis_connection_t *rc,
    redisReply *server, ngx_str_t *host)
{
    size_t       i;
    redisReply  *name, *more;

    name = server->element[0];

    if (name->type == REDIS_REPLY_NIL || name->len == 0) {
        host->data = rc->targets[rc->target].host;
        host->len = rc->targets[rc->target].len;
        return 1;
    }

    if (ngx_strcmp(name->str, "?") != 0) {
        host->data = (u_char *) name->str;
        host->len = name->len;
        return 1;
    }

    more = (server->elements > 3) ? server->element[3] : NULL;

    if (more == NULL || more->type != REDIS_REPLY_ARRAY) {
        return 0;
    }

    for (i = 0; i + 1 < (size_t) more->elements; i += 2) {
        if (more->element[i]->type == REDIS_REPLY_STRING
            && more->element[i + 1]->type == REDIS_REPLY_STRING
            && ngx_strcmp(more->element[i]->str, "ip") == 0)
        {
            host->data = (u_char *) more->element[i + 1]->str;
            host->len = more->element[i + 1]->len;
            return 1;
        }
    }

    return 0;
}


/* --- the servers configured --- */


static void
ngx_distill_guard_redis_seed_ready(ngx_distill_guard_redis_connection_t *rc)
{
    ngx_distill_guard_redis_sync_t *sync = rc->data;

    sync->route->guided = 1;

    if (!sync->route->asking) {
        (void) ngx_distill_guard_redis_cluster_ask(sync, rc);
    }
}


static void
ngx_distill_guard_redis_seed_lost(ngx_distill_guard_redis_connection_t *rc)
{
    ngx_distill_guard_redis_sync_t *sync = rc->data;

    sync->route->guided = 0;

    if (ngx_distill_guard_redis_route_any(sync)) {
        return;
    }

    sync->failures++;

    ngx_distill_guard_redis_trouble(sync, rc->failure, rc->err,
                                    "%*s (no server of a cluster was found)",
                                    rc->reason_len, rc->reason);
}
