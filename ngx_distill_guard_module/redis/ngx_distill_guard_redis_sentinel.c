/*
 * Copyright (C) 2026 Distill Guard
 *
 * A master that sentinels watch over.  One of them, the guide, is asked who
 * the master is, once a second and in every interval while there is none;
 * another connection listens to what they tell of a switch.  Whoever they
 * name has to say itself that it is a master before anything is sent to it:
 * for some time a sentinel may not know better.
 */


#include "ngx_distill_guard_redis.h"


/* milliseconds */
#define NGX_DISTILL_GUARD_REDIS_POLL   1000
#define NGX_DISTILL_GUARD_REDIS_HURRY  100


static ngx_int_t ngx_distill_guard_redis_sentinel_open(
    ngx_distill_guard_redis_sync_t *sync);
static void ngx_distill_guard_redis_sentinel_tick(
    ngx_distill_guard_redis_sync_t *sync);
static void ngx_distill_guard_redis_sentinel_ready(
    ngx_distill_guard_redis_link_t *link);
static void ngx_distill_guard_redis_sentinel_lost(
    ngx_distill_guard_redis_link_t *link);
static ngx_int_t ngx_distill_guard_redis_sentinel_answer(
    ngx_distill_guard_redis_link_t *link,
    ngx_distill_guard_redis_expected_t *e, redisReply *reply);
static void ngx_distill_guard_redis_role_handler(void *data, void *item,
    redisReply *reply);
static void ngx_distill_guard_redis_sentinel_ask(
    ngx_distill_guard_redis_sync_t *sync);
static void ngx_distill_guard_redis_master_handler(void *data, void *item,
    redisReply *reply);
static void ngx_distill_guard_redis_switch(
    ngx_distill_guard_redis_sync_t *sync, u_char *host, size_t len,
    ngx_int_t port);
static void ngx_distill_guard_redis_guide_ready(
    ngx_distill_guard_redis_connection_t *rc);
static void ngx_distill_guard_redis_guide_lost(
    ngx_distill_guard_redis_connection_t *rc);
static void ngx_distill_guard_redis_listener_ready(
    ngx_distill_guard_redis_connection_t *rc);
static void ngx_distill_guard_redis_listener_lost(
    ngx_distill_guard_redis_connection_t *rc);
static void ngx_distill_guard_redis_listener_push(
    ngx_distill_guard_redis_connection_t *rc, redisReply *reply);
static void ngx_distill_guard_redis_listener_handler(void *data, void *item,
    redisReply *reply);


const ngx_distill_guard_redis_topology_t  ngx_distill_guard_redis_sentinel = {
    ngx_distill_guard_redis_sentinel_open,
    ngx_distill_guard_redis_sentinel_tick,
    ngx_distill_guard_redis_sentinel_ready,
    ngx_distill_guard_redis_sentinel_lost,
    ngx_distill_guard_redis_sentinel_answer
};


static ngx_distill_guard_redis_owner_t  ngx_distill_guard_redis_guide_owner = {
    ngx_distill_guard_redis_guide_ready,
    ngx_distill_guard_redis_guide_progress,
    ngx_distill_guard_redis_guide_lost,
    ngx_distill_guard_redis_guide_leave,
    ngx_distill_guard_redis_guide_answer,
    NULL
};


static ngx_distill_guard_redis_owner_t
    ngx_distill_guard_redis_listener_owner =
{
    ngx_distill_guard_redis_listener_ready,
    ngx_distill_guard_redis_guide_progress,
    ngx_distill_guard_redis_listener_lost,
    ngx_distill_guard_redis_guide_leave,
    ngx_distill_guard_redis_guide_answer,
    ngx_distill_guard_redis_listener_push
};


/* nodes do not all go to the first sentinel */

static ngx_int_t
ngx_distill_guard_redis_sentinel_open(ngx_distill_guard_redis_sync_t *sync)
{
    ngx_distill_guard_redis_route_t  *route;

    route = sync->route;

    route->guide.target = ngx_random() % sync->conf->ntargets;
    route->listener.target = route->guide.target;

    if (ngx_distill_guard_redis_route_guide(sync, &route->guide,
                                         &ngx_distill_guard_redis_guide_owner)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_distill_guard_redis_route_guide(sync, &route->listener,
                                      &ngx_distill_guard_redis_listener_owner);
}


static void
ngx_distill_guard_redis_sentinel_tick(ngx_distill_guard_redis_sync_t *sync)
{
    uint64_t                          now, pause;
    ngx_str_t                         args[1];
    ngx_distill_guard_redis_route_t  *route;

    route = sync->route;
    now = ngx_distill_guard_now();

    pause = (ngx_distill_guard_redis_route_any(sync) && !route->stale)
            ? NGX_DISTILL_GUARD_REDIS_POLL
            : ngx_max(sync->conf->sync, NGX_DISTILL_GUARD_REDIS_HURRY);

    if (now < route->asked + pause && now >= route->asked) {
        return;
    }

    route->asked = now;

    ngx_distill_guard_redis_sentinel_ask(sync);
    ngx_distill_guard_redis_flush(&route->guide);

    /* one that is silent for good is to be noticed */

    if (route->listens && route->listener.nexpected == 0) {
        ngx_str_set(&args[0], "PING");

        (void) ngx_distill_guard_redis_command(&route->listener,
                          ngx_distill_guard_redis_listener_handler, NULL, 1,
                          args);
        ngx_distill_guard_redis_flush(&route->listener);
    }
}


/* --- the master --- */


static void
ngx_distill_guard_redis_sentinel_ready(ngx_distill_guard_redis_link_t *link)
{
    ngx_str_t  args[1];

    ngx_str_set(&args[0], "ROLE");

    (void) ngx_distill_guard_redis_command(&link->connection,
                                ngx_distill_guard_redis_role_handler, link, 1,
                                args);
}


static void
ngx_distill_guard_redis_role_handler(void *data, void *item,
    redisReply *reply)
{
    ngx_distill_guard_redis_link_t *link = item;

    if (reply == NULL) {
        return;
    }

    if (reply->type == REDIS_REPLY_ERROR) {
        ngx_distill_guard_redis_refused(&link->connection, reply);
        return;
    }

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements == 0
        || reply->element[0]->type != REDIS_REPLY_STRING
        || ngx_strcmp(reply->element[0]->str, "master") != 0)
    {
        ngx_distill_guard_redis_fail(&link->connection,
                                     NGX_DISTILL_GUARD_REDIS_BUSY, 0,
                                     "the sentinels name it, but it is no "
                                     "master");
        return;
    }

    link->sync->route->stale = 0;
    ngx_distill_guard_redis_serve(link);
}


static void
ngx_distill_guard_redis_sentinel_lost(ngx_distill_guard_redis_link_t *link)
{
    ngx_distill_guard_redis_route_t       *route;
    ngx_distill_guard_redis_connection_t  *rc;

    rc = &link->connection;
    route = link->sync->route;

    route->stale = 1;

    ngx_distill_guard_redis_trouble(link->sync, rc->failure, rc->err,
                                    "%*s (master %s:%ui)",
                                    rc->reason_len, rc->reason,
                                    link->target.host,
                                    (ngx_uint_t) link->target.port);

    ngx_distill_guard_redis_sentinel_ask(link->sync);
    ngx_distill_guard_redis_flush(&route->guide);
}


static ngx_int_t
ngx_distill_guard_redis_sentinel_answer(ngx_distill_guard_redis_link_t *link,
    ngx_distill_guard_redis_expected_t *e, redisReply *reply)
{
    return NGX_OK;
}


/* --- the guide --- */


static void
ngx_distill_guard_redis_sentinel_ask(ngx_distill_guard_redis_sync_t *sync)
{
    ngx_str_t                         args[3];
    ngx_distill_guard_redis_route_t  *route;

    route = sync->route;

    if (!route->guided || route->asking) {
        return;
    }

    ngx_str_set(&args[0], "SENTINEL");
    ngx_str_set(&args[1], "get-master-addr-by-name");
    args[2].data = (u_char *) sync->conf->url.master.data;
    args[2].len = sync->conf->url.master.len;

    if (ngx_distill_guard_redis_command(&route->guide,
                             ngx_distill_guard_redis_master_handler, NULL, 3,
                             args)
        == NGX_OK)
    {
        route->asking = 1;
    }
}


static void
ngx_distill_guard_redis_master_handler(void *data, void *item,
    redisReply *reply)
{
    ngx_distill_guard_redis_sync_t *sync = data;

    redisReply                       **e;
    ngx_distill_guard_redis_route_t   *route;

    route = sync->route;
    route->asking = 0;

    if (reply == NULL) {
        return;
    }

    if (reply->type == REDIS_REPLY_ERROR) {
        ngx_distill_guard_redis_refused(&route->guide, reply);
        return;
    }

    if (reply->type == REDIS_REPLY_NIL) {
        ngx_distill_guard_redis_fail(&route->guide,
                                     NGX_DISTILL_GUARD_REDIS_REFUSED, 0,
                                     "it knows no master \"%*s\"",
                                     sync->conf->url.master.len,
                                     sync->conf->url.master.data);
        return;
    }

    e = reply->element;

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2
        || e[0]->type != REDIS_REPLY_STRING
        || e[1]->type != REDIS_REPLY_STRING)
    {
        ngx_distill_guard_redis_fail(&route->guide,
                                     NGX_DISTILL_GUARD_REDIS_UNFIT, 0,
                                     "what it says is no address");
        return;
    }

    ngx_distill_guard_redis_proved(&route->guide);

    ngx_distill_guard_redis_switch(sync, (u_char *) e[0]->str, e[0]->len,
                                   ngx_atoi((u_char *) e[1]->str, e[1]->len));
}


static void
ngx_distill_guard_redis_switch(ngx_distill_guard_redis_sync_t *sync,
    u_char *host, size_t len, ngx_int_t port)
{
    ngx_distill_guard_redis_link_t    *link;
    ngx_distill_guard_redis_route_t   *route;
    ngx_distill_guard_redis_target_t  *target;

    route = sync->route;

    if (port < 1 || port > 65535 || len == 0 || len > DG_URL_HOST) {
        return;
    }

    link = route->nlinks ? route->links[0] : NULL;

    if (link == NULL) {
        link = ngx_distill_guard_redis_link(sync, host, len,
                                            (in_port_t) port);
        if (link) {
            link->wanted = 1;
            route->mapped = 1;
        }

        return;
    }

    target = &link->target;

    if (target->port == port && target->len == len
        && ngx_memcmp(target->host, host, len) == 0)
    {
        return;
    }

    ngx_distill_guard_redis_fail(&link->connection,
                                 NGX_DISTILL_GUARD_REDIS_GONE, 0,
                                 "the sentinels name another, %*s:%i", len,
                                 host, port);

    ngx_memzero(target, sizeof(ngx_distill_guard_redis_target_t));
    ngx_memcpy(target->host, host, len);
    target->len = len;
    target->port = (in_port_t) port;

    ngx_distill_guard_redis_redirect(&link->connection);
}


static void
ngx_distill_guard_redis_guide_ready(ngx_distill_guard_redis_connection_t *rc)
{
    ngx_distill_guard_redis_sync_t *sync = rc->data;

    sync->route->guided = 1;
    sync->route->asking = 0;

    ngx_distill_guard_redis_sentinel_ask(sync);
}


/* as long as the master is there the sentinels are not missed */

static void
ngx_distill_guard_redis_guide_lost(ngx_distill_guard_redis_connection_t *rc)
{
    ngx_distill_guard_redis_sync_t *sync = rc->data;

    sync->route->guided = 0;
    sync->route->asking = 0;

    if (ngx_distill_guard_redis_route_any(sync)) {
        return;
    }

    sync->failures++;

    ngx_distill_guard_redis_trouble(sync, rc->failure, rc->err,
                                    "%*s (no sentinel has named a master)",
                                    rc->reason_len, rc->reason);
}


/* --- the listener --- */


static void
ngx_distill_guard_redis_listener_ready(
    ngx_distill_guard_redis_connection_t *rc)
{
    ngx_str_t                        args[2];
    ngx_distill_guard_redis_sync_t  *sync;

    sync = rc->data;
    sync->route->listens = 1;

    ngx_str_set(&args[0], "SUBSCRIBE");
    ngx_str_set(&args[1], "+switch-master");

    (void) ngx_distill_guard_redis_command(rc,
                          ngx_distill_guard_redis_listener_handler, NULL, 2,
                          args);
}


static void
ngx_distill_guard_redis_listener_handler(void *data, void *item,
    redisReply *reply)
{
    ngx_distill_guard_redis_sync_t *sync = data;

    if (reply == NULL) {
        return;
    }

    if (reply->type == REDIS_REPLY_ERROR) {
        ngx_distill_guard_redis_refused(&sync->route->listener, reply);
        return;
    }

    ngx_distill_guard_redis_proved(&sync->route->listener);
}


/* polling goes on all the same */

static void
ngx_distill_guard_redis_listener_lost(
    ngx_distill_guard_redis_connection_t *rc)
{
    ngx_distill_guard_redis_sync_t *sync = rc->data;

    sync->route->listens = 0;
}


/* "name old-host old-port new-host new-port" */

static void
ngx_distill_guard_redis_listener_push(
    ngx_distill_guard_redis_connection_t *rc, redisReply *reply)
{
    ngx_distill_guard_redis_sync_t *sync = rc->data;

    u_char      *p, *last, *end;
    dg_str_t    *master;
    ngx_str_t    word[5];
    redisReply  *text;
    ngx_uint_t   n;

    text = reply->element[2];

    if (text->type != REDIS_REPLY_STRING) {
        return;
    }

    p = (u_char *) text->str;
    last = p + text->len;

    for (n = 0; n < 5 && p <= last; n++) {
        end = ngx_strlchr(p, last, ' ');

        if (end == NULL) {
            end = last;
        }

        word[n].data = p;
        word[n].len = end - p;
        p = end + 1;
    }

    master = &sync->conf->url.master;

    if (n == 5 && word[0].len == master->len
        && ngx_memcmp(word[0].data, master->data, master->len) == 0)
    {
        ngx_distill_guard_redis_switch(sync, word[3].data, word[3].len,
                                       ngx_atoi(word[4].data, word[4].len));
    }
}
