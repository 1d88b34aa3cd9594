/*
 * Copyright (C) 2026 Distill Guard
 *
 * Which connection a command goes to: all that is sent of the guard's state
 * goes through here, by its key.
 *
 * A link is a connection to a server that holds keys.  A single server has
 * one; with sentinels there is one, too, which goes where they say; a cluster
 * has one for each master, and a map of slots says which of them has a key.
 */


#include "ngx_distill_guard_redis.h"


/*
 * Of one reply.  The largest that is asked for are 100 decisions out of a
 * hash; of one that Redis keeps in one piece, as it does with 128 short ones
 * or 512, it sends all.  A cluster has a map of its slots, too.
 */
#define NGX_DISTILL_GUARD_REDIS_REPLY      (256 * 1024)
#define NGX_DISTILL_GUARD_REDIS_REPLY_MAP  (4 * 1024 * 1024)


static ngx_int_t ngx_distill_guard_redis_single_open(
    ngx_distill_guard_redis_sync_t *sync);
static void ngx_distill_guard_redis_single_tick(
    ngx_distill_guard_redis_sync_t *sync);
static void ngx_distill_guard_redis_single_lost(
    ngx_distill_guard_redis_link_t *link);
static ngx_int_t ngx_distill_guard_redis_single_answer(
    ngx_distill_guard_redis_link_t *link,
    ngx_distill_guard_redis_expected_t *e, redisReply *reply);
static ngx_distill_guard_redis_link_t *ngx_distill_guard_redis_find(
    ngx_distill_guard_redis_sync_t *sync, ngx_str_t *key);
static void ngx_distill_guard_redis_prepare(
    ngx_distill_guard_redis_sync_t *sync,
    ngx_distill_guard_redis_connection_t *rc);
static void ngx_distill_guard_redis_link_ready(
    ngx_distill_guard_redis_connection_t *rc);
static void ngx_distill_guard_redis_link_progress(
    ngx_distill_guard_redis_connection_t *rc);
static void ngx_distill_guard_redis_link_lost(
    ngx_distill_guard_redis_connection_t *rc);
static void ngx_distill_guard_redis_link_leave(
    ngx_distill_guard_redis_connection_t *rc);
static ngx_int_t ngx_distill_guard_redis_link_answer(
    ngx_distill_guard_redis_connection_t *rc,
    ngx_distill_guard_redis_expected_t *e, redisReply *reply);


static ngx_distill_guard_redis_owner_t  ngx_distill_guard_redis_link_owner = {
    ngx_distill_guard_redis_link_ready,
    ngx_distill_guard_redis_link_progress,
    ngx_distill_guard_redis_link_lost,
    ngx_distill_guard_redis_link_leave,
    ngx_distill_guard_redis_link_answer,
    NULL
};


static const ngx_distill_guard_redis_topology_t
    ngx_distill_guard_redis_single =
{
    ngx_distill_guard_redis_single_open,
    ngx_distill_guard_redis_single_tick,
    ngx_distill_guard_redis_serve,
    ngx_distill_guard_redis_single_lost,
    ngx_distill_guard_redis_single_answer
};


/* by kind of URL */

static const ngx_distill_guard_redis_topology_t
    *ngx_distill_guard_redis_topologies[] =
{
    &ngx_distill_guard_redis_single,
    &ngx_distill_guard_redis_single,
    &ngx_distill_guard_redis_sentinel,
    &ngx_distill_guard_redis_cluster
};


ngx_int_t
ngx_distill_guard_redis_route_open(ngx_distill_guard_redis_sync_t *sync)
{
    ngx_distill_guard_redis_route_t  *route;

    route = ngx_calloc(sizeof(ngx_distill_guard_redis_route_t),
                       sync->cycle->log);
    if (route == NULL) {
        return NGX_ERROR;
    }

    ngx_memset(route->slots, NGX_DISTILL_GUARD_REDIS_NO_LINK,
               sizeof(route->slots));
    route->topology = ngx_distill_guard_redis_topologies[sync->conf->url.kind];

    sync->route = route;
    sync->answering = NULL;

    return route->topology->open(sync);
}


void
ngx_distill_guard_redis_route_close(ngx_distill_guard_redis_sync_t *sync)
{
    ngx_uint_t                        i;
    ngx_distill_guard_redis_route_t  *route;

    route = sync->route;

    if (route == NULL) {
        return;
    }

    ngx_distill_guard_redis_stop(&route->guide);
    ngx_distill_guard_redis_stop(&route->listener);

    /* no link is there any more for what others give up */

    for (i = 0; i < route->nlinks; i++) {
        if (route->links[i]) {
            ngx_distill_guard_redis_stop(&route->links[i]->connection);
        }
    }

    for (i = 0; i < route->nlinks; i++) {
        if (route->links[i]) {
            ngx_distill_guard_redis_unlink(route->links[i]);
        }
    }

    sync->sent += route->guide.sent + route->listener.sent;
    sync->received += route->guide.received + route->listener.received;

    ngx_free(route);
    sync->route = NULL;
}


void
ngx_distill_guard_redis_route_tick(ngx_distill_guard_redis_sync_t *sync)
{
    sync->route->topology->tick(sync);
}


/* --- one server --- */


static ngx_int_t
ngx_distill_guard_redis_single_open(ngx_distill_guard_redis_sync_t *sync)
{
    ngx_distill_guard_redis_link_t    *link;
    ngx_distill_guard_redis_target_t  *target;

    target = sync->conf->targets;

    link = ngx_distill_guard_redis_link(sync, target->host, target->len,
                                        target->port);
    if (link == NULL) {
        return NGX_ERROR;
    }

    link->wanted = 1;
    sync->route->mapped = 1;

    return NGX_OK;
}


static void
ngx_distill_guard_redis_single_tick(ngx_distill_guard_redis_sync_t *sync)
{
}


static void
ngx_distill_guard_redis_single_lost(ngx_distill_guard_redis_link_t *link)
{
    ngx_distill_guard_redis_connection_t  *rc;

    rc = &link->connection;

    ngx_distill_guard_redis_trouble(link->sync, rc->failure, rc->err, "%*s",
                                    rc->reason_len, rc->reason);
}


static ngx_int_t
ngx_distill_guard_redis_single_answer(ngx_distill_guard_redis_link_t *link,
    ngx_distill_guard_redis_expected_t *e, redisReply *reply)
{
    return NGX_OK;
}


/* --- sending --- */


ngx_int_t
ngx_distill_guard_redis_send(ngx_distill_guard_redis_sync_t *sync,
    ngx_str_t *key, ngx_distill_guard_redis_reply_pt handler, void *item,
    ngx_uint_t n, ngx_str_t *args)
{
    ngx_int_t                        rc;
    ngx_distill_guard_redis_link_t  *link;

    link = ngx_distill_guard_redis_find(sync, key);

    if (link == NULL || !link->ready) {
        return NGX_DECLINED;
    }

    rc = ngx_distill_guard_redis_command(&link->connection, handler, item, n,
                                         args);
    if (rc == NGX_OK) {
        sync->awaited++;
    }

    return rc;
}


static ngx_distill_guard_redis_link_t *
ngx_distill_guard_redis_find(ngx_distill_guard_redis_sync_t *sync,
    ngx_str_t *key)
{
    ngx_uint_t                        i;
    ngx_distill_guard_redis_route_t  *route;

    route = sync->route;

    if (key && sync->conf->url.kind == DG_URL_CLUSTER) {
        i = route->slots[dg_slot(key->data, key->len)];

        return (i < route->nlinks) ? route->links[i] : NULL;
    }

    for (i = 0; i < route->nlinks; i++) {
        if (route->links[i] && route->links[i]->ready) {
            return route->links[i];
        }
    }

    return NULL;
}


size_t
ngx_distill_guard_redis_route_room(ngx_distill_guard_redis_sync_t *sync,
    ngx_uint_t *replies)
{
    size_t                            room, least;
    ngx_uint_t                        i, n;
    ngx_distill_guard_redis_link_t   *link;
    ngx_distill_guard_redis_route_t  *route;

    route = sync->route;
    least = NGX_MAX_SIZE_T_VALUE;
    *replies = NGX_DISTILL_GUARD_REDIS_EXPECTED;

    for (i = 0; i < route->nlinks; i++) {
        link = route->links[i];

        if (link == NULL || !link->ready) {
            continue;
        }

        room = ngx_distill_guard_redis_room(&link->connection, &n);

        least = ngx_min(least, room);
        *replies = ngx_min(*replies, n);
    }

    return least;
}


void
ngx_distill_guard_redis_route_flush(ngx_distill_guard_redis_sync_t *sync)
{
    ngx_uint_t                        i;
    ngx_distill_guard_redis_route_t  *route;

    route = sync->route;

    for (i = 0; i < route->nlinks; i++) {
        if (route->links[i]) {
            ngx_distill_guard_redis_flush(&route->links[i]->connection);
        }
    }
}


void
ngx_distill_guard_redis_route_pump(ngx_distill_guard_redis_sync_t *sync,
    ngx_msec_t time)
{
    nfds_t                            n;
    ngx_uint_t                        i;
    struct pollfd                     pfds[NGX_DISTILL_GUARD_REDIS_LINKS];
    ngx_distill_guard_redis_link_t   *links[NGX_DISTILL_GUARD_REDIS_LINKS];
    ngx_distill_guard_redis_route_t  *route;

    route = sync->route;
    n = 0;

    for (i = 0; i < route->nlinks; i++) {
        links[n] = route->links[i];

        if (links[n]
            && ngx_distill_guard_redis_poll(&links[n]->connection, &pfds[n])
               == NGX_OK)
        {
            n++;
        }
    }

    if (poll(pfds, n, (int) time) > 0) {
        for (i = 0; i < n; i++) {
            ngx_distill_guard_redis_polled(&links[i]->connection, &pfds[i]);
        }
    }

    ngx_time_update();
}


/* --- links --- */


ngx_distill_guard_redis_link_t *
ngx_distill_guard_redis_link(ngx_distill_guard_redis_sync_t *sync,
    u_char *host, size_t len, in_port_t port)
{
    ngx_uint_t                         i, n;
    ngx_distill_guard_redis_link_t    *link;
    ngx_distill_guard_redis_route_t   *route;
    ngx_distill_guard_redis_target_t  *target;

    route = sync->route;
    n = route->nlinks;

    for (i = route->nlinks; i > 0; i--) {
        link = route->links[i - 1];

        if (link == NULL) {
            n = i - 1;

        } else if (link->target.port == port && link->target.len == len
                   && ngx_memcmp(link->target.host, host, len) == 0)
        {
            return link;
        }
    }

    if (n == NGX_DISTILL_GUARD_REDIS_LINKS || len == 0
        || len >= sizeof(link->target.host))
    {
        return NULL;
    }

    link = ngx_calloc(sizeof(ngx_distill_guard_redis_link_t),
                      sync->cycle->log);
    if (link == NULL) {
        return NULL;
    }

    link->sync = sync;
    link->number = n;
    link->target.port = port;
    link->target.len = len;
    ngx_memcpy(link->target.host, host, len);

    /* a name that the configuration has, too, has addresses there */

    for (i = 0; i < sync->conf->ntargets; i++) {
        target = &sync->conf->targets[i];

        if (target->port == port && target->len == len
            && ngx_memcmp(target->host, host, len) == 0)
        {
            link->target = *target;
        }
    }

    ngx_distill_guard_redis_prepare(sync, &link->connection);

    link->connection.owner = &ngx_distill_guard_redis_link_owner;
    link->connection.login = &sync->conf->login;
    link->connection.db = sync->conf->url.db;
    link->connection.targets = &link->target;
    link->connection.ntargets = 1;

    route->links[n] = link;
    route->nlinks = ngx_max(route->nlinks, n + 1);

    if (ngx_distill_guard_redis_start(&link->connection) != NGX_OK) {
        ngx_distill_guard_redis_unlink(link);
        return NULL;
    }

    return link;
}


void
ngx_distill_guard_redis_unlink(ngx_distill_guard_redis_link_t *link)
{
    ngx_uint_t                        i;
    ngx_distill_guard_redis_sync_t   *sync;
    ngx_distill_guard_redis_route_t  *route;

    sync = link->sync;
    route = sync->route;

    link->ready = 0;
    ngx_distill_guard_redis_stop(&link->connection);

    sync->sent += link->connection.sent;
    sync->received += link->connection.received;

    for (i = 0; i < DG_SLOTS; i++) {
        if (route->slots[i] == link->number) {
            route->slots[i] = NGX_DISTILL_GUARD_REDIS_NO_LINK;
        }
    }

    route->links[link->number] = NULL;

    if (sync->answering == &link->connection) {
        sync->answering = NULL;
    }

    ngx_free(link);
}


static void
ngx_distill_guard_redis_prepare(ngx_distill_guard_redis_sync_t *sync,
    ngx_distill_guard_redis_connection_t *rc)
{
    rc->data = sync;
    rc->conf = sync->conf;
    rc->most = (sync->conf->url.kind == DG_URL_CLUSTER)
               ? NGX_DISTILL_GUARD_REDIS_REPLY_MAP
               : NGX_DISTILL_GUARD_REDIS_REPLY;
}


static void
ngx_distill_guard_redis_link_ready(ngx_distill_guard_redis_connection_t *rc)
{
    ngx_distill_guard_redis_link_t *link;

    link = (ngx_distill_guard_redis_link_t *) rc;

    link->sync->route->topology->ready(link);
}


void
ngx_distill_guard_redis_serve(ngx_distill_guard_redis_link_t *link)
{
    link->ready = 1;
    link->tried = 1;

    ngx_distill_guard_redis_load(link);
    ngx_distill_guard_redis_sync_ready(link);
}


static void
ngx_distill_guard_redis_link_progress(
    ngx_distill_guard_redis_connection_t *rc)
{
    ngx_distill_guard_redis_sync_t *sync = rc->data;

    ngx_distill_guard_redis_sync_progress(sync);
}


static void
ngx_distill_guard_redis_link_lost(ngx_distill_guard_redis_connection_t *rc)
{
    ngx_distill_guard_redis_link_t  *link;

    link = (ngx_distill_guard_redis_link_t *) rc;

    link->ready = 0;
    link->tried = 1;

    link->sync->failures++;
    ngx_distill_guard_redis_sync_lost(link->sync);
    link->sync->route->topology->lost(link);
}


static void
ngx_distill_guard_redis_link_leave(ngx_distill_guard_redis_connection_t *rc)
{
    ngx_distill_guard_redis_sync_leave(rc->data);
}


static ngx_int_t
ngx_distill_guard_redis_link_answer(ngx_distill_guard_redis_connection_t *rc,
    ngx_distill_guard_redis_expected_t *e, redisReply *reply)
{
    ngx_distill_guard_redis_link_t  *link;

    link = (ngx_distill_guard_redis_link_t *) rc;

    link->sync->answering = rc;

    return link->sync->route->topology->answer(link, e, reply);
}


/* --- all of them --- */


ngx_uint_t
ngx_distill_guard_redis_route_whole(ngx_distill_guard_redis_sync_t *sync)
{
    ngx_uint_t                        i;
    ngx_distill_guard_redis_link_t   *link;
    ngx_distill_guard_redis_route_t  *route;

    route = sync->route;

    for (i = 0; i < route->nlinks; i++) {
        link = route->links[i];

        if (link && link->wanted && !link->ready) {
            return 0;
        }
    }

    return route->mapped && route->uncovered == 0;
}


ngx_uint_t
ngx_distill_guard_redis_route_stands(ngx_distill_guard_redis_sync_t *sync)
{
    ngx_uint_t                        i;
    ngx_distill_guard_redis_link_t   *link;
    ngx_distill_guard_redis_route_t  *route;

    route = sync->route;

    for (i = 0; i < route->nlinks; i++) {
        link = route->links[i];

        if (link && link->wanted && !link->tried) {
            return 0;
        }
    }

    return route->mapped && ngx_distill_guard_redis_route_any(sync);
}


ngx_uint_t
ngx_distill_guard_redis_route_any(ngx_distill_guard_redis_sync_t *sync)
{
    return ngx_distill_guard_redis_find(sync, NULL) != NULL;
}


void
ngx_distill_guard_redis_route_fail(ngx_distill_guard_redis_sync_t *sync,
    const char *fmt, ...)
{
    u_char                           *last;
    u_char                            reason[256];
    va_list                           args;
    ngx_uint_t                        i;
    ngx_distill_guard_redis_route_t  *route;

    route = sync->route;

    va_start(args, fmt);
    last = ngx_vslprintf(reason, reason + sizeof(reason), fmt, args);
    va_end(args);

    for (i = 0; i < route->nlinks; i++) {
        if (route->links[i] && route->links[i]->ready) {
            ngx_distill_guard_redis_fail(&route->links[i]->connection,
                                         NGX_DISTILL_GUARD_REDIS_REFUSED, 0,
                                         "%*s", (size_t) (last - reason),
                                         reason);
        }
    }
}


void
ngx_distill_guard_redis_route_traffic(ngx_distill_guard_redis_sync_t *sync,
    uint64_t *sent, uint64_t *received)
{
    ngx_uint_t                             i;
    ngx_distill_guard_redis_route_t       *route;
    ngx_distill_guard_redis_connection_t  *rc;

    route = sync->route;

    *sent = sync->sent;
    *received = sync->received;
    sync->sent = 0;
    sync->received = 0;

    for (i = 0; route && i < route->nlinks + 2; i++) {

        if (i < route->nlinks) {
            if (route->links[i] == NULL) {
                continue;
            }

            rc = &route->links[i]->connection;

        } else {
            rc = (i == route->nlinks) ? &route->guide : &route->listener;
        }

        *sent += rc->sent;
        *received += rc->received;
        rc->sent = 0;
        rc->received = 0;
    }
}


void
ngx_distill_guard_redis_route_proved(ngx_distill_guard_redis_sync_t *sync)
{
    ngx_uint_t                        i;
    ngx_distill_guard_redis_route_t  *route;

    route = sync->route;

    for (i = 0; i < route->nlinks; i++) {
        if (route->links[i] && route->links[i]->ready) {
            ngx_distill_guard_redis_proved(&route->links[i]->connection);
        }
    }
}


/* --- connections that are no links --- */


ngx_int_t
ngx_distill_guard_redis_route_guide(ngx_distill_guard_redis_sync_t *sync,
    ngx_distill_guard_redis_connection_t *rc,
    ngx_distill_guard_redis_owner_t *owner)
{
    ngx_distill_guard_redis_prepare(sync, rc);

    rc->owner = owner;
    rc->login = (sync->conf->url.kind == DG_URL_SENTINEL)
                ? &sync->conf->sentinel : &sync->conf->login;
    rc->targets = sync->conf->targets;
    rc->ntargets = sync->conf->ntargets;

    return ngx_distill_guard_redis_start(rc);
}


void
ngx_distill_guard_redis_guide_progress(
    ngx_distill_guard_redis_connection_t *rc)
{
    ngx_distill_guard_redis_flush(rc);
}


void
ngx_distill_guard_redis_guide_leave(ngx_distill_guard_redis_connection_t *rc)
{
    ngx_distill_guard_redis_sync_leave(rc->data);
}


ngx_int_t
ngx_distill_guard_redis_guide_answer(ngx_distill_guard_redis_connection_t *rc,
    ngx_distill_guard_redis_expected_t *e, redisReply *reply)
{
    return NGX_OK;
}
