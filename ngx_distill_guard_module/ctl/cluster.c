/*
 * Copyright (C) 2026 Distill Guard
 *
 * A Redis Cluster: a command goes to the master that has the slot of its key,
 * by the map that any server gives, and where it is sent on from there.
 */


#include "redis.h"
#include "dg_slot.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>


/* a slot that moves, or whose master has died, may soon be there again */

#define CTL_CLUSTER_PATIENCE  10             /* seconds */
#define CTL_CLUSTER_PAUSE     100            /* milliseconds */

#define CTL_CLUSTER_NONE      255            /* a slot that no server has */


static int ctl_cluster_map_of(ctl_redis_t *redis, unsigned link);
static int ctl_cluster_take(ctl_redis_t *redis, unsigned link,
    const redisReply *reply);
static int ctl_cluster_range(ctl_redis_t *redis, unsigned link,
    const redisReply *range);
static redisReply *ctl_cluster_at(ctl_redis_t *redis, unsigned link,
    unsigned asking, unsigned n, const dg_str_t *args);
static int ctl_cluster_named(ctl_redis_t *redis, const redisReply *reply,
    unsigned *link);
static void ctl_cluster_pause(void);


/* those known from the map first: those in the URL may be gone */

int
ctl_cluster_map(ctl_redis_t *redis)
{
    unsigned         i, link, known;
    const dg_url_t  *url;

    url = &redis->conf->url;
    known = redis->nlinks;

    for (i = 0; i < known; i++) {
        if (ctl_cluster_map_of(redis, i) == DG_OK) {
            return DG_OK;
        }
    }

    for (i = 0; i < url->n; i++) {
        if (ctl_redis_link(redis, (const char *) url->hosts[i].host.data,
                           url->hosts[i].host.len, url->hosts[i].port, &link)
            != DG_OK)
        {
            return DG_ERROR;
        }

        if (link >= known && ctl_cluster_map_of(redis, link) == DG_OK) {
            return DG_OK;
        }
    }

    return DG_ERROR;
}


static int
ctl_cluster_map_of(ctl_redis_t *redis, unsigned link)
{
    int          rc;
    dg_str_t     args[2];
    const char  *hint;
    redisReply  *reply;

    if (ctl_redis_ready(redis, link) != DG_OK) {
        return DG_ERROR;
    }

    args[0] = ctl_redis_word("CLUSTER");
    args[1] = ctl_redis_word("SLOTS");

    reply = ctl_redis_exchange(redis, link, 2, args);

    if (reply == NULL) {
        return DG_ERROR;
    }

    if (ctl_redis_refused(reply, NULL)) {
        hint = ctl_redis_hint(reply);
        ctl_redis_wrong(redis, "Redis at %s gives no map of a cluster: "
                        "%.200s%s%s", redis->links[link]->place,
                        ctl_redis_text(reply), hint[0] ? ": " : "", hint);
        rc = DG_ERROR;

    } else {
        rc = ctl_cluster_take(redis, link, reply);
    }

    freeReplyObject(reply);

    return rc;
}


static int
ctl_cluster_take(ctl_redis_t *redis, unsigned link, const redisReply *reply)
{
    size_t  i;

    if (redis->slots == NULL) {
        redis->slots = malloc(DG_SLOTS);

        if (redis->slots == NULL) {
            ctl_redis_wrong(redis, "no memory");
            return DG_ERROR;
        }
    }

    memset(redis->slots, CTL_CLUSTER_NONE, DG_SLOTS);

    for (i = 0;
         reply->type == REDIS_REPLY_ARRAY && i < (size_t) reply->elements;
         i++)
    {
        if (ctl_cluster_range(redis, link, reply->element[i]) != DG_OK) {
            ctl_redis_wrong(redis, "what Redis at %s says is no map of "
                            "slots", redis->links[link]->place);
            return DG_ERROR;
        }
    }

    redis->home = link;

    return DG_OK;
}


/* [first slot, last slot, [host, port, ...], replicas ...]; no host: its own */

static int
ctl_cluster_range(ctl_redis_t *redis, unsigned link, const redisReply *range)
{
    size_t              len;
    unsigned            to;
    long long           slot;
    redisReply        **e, *server;
    const char         *host;

    if (range->type != REDIS_REPLY_ARRAY || range->elements < 3) {
        return DG_ERROR;
    }

    e = range->element;
    server = e[2];

    if (e[0]->type != REDIS_REPLY_INTEGER || e[0]->integer < 0
        || e[1]->type != REDIS_REPLY_INTEGER || e[1]->integer >= DG_SLOTS
        || server->type != REDIS_REPLY_ARRAY || server->elements < 2
        || server->element[1]->type != REDIS_REPLY_INTEGER
        || server->element[1]->integer < 1
        || server->element[1]->integer > 65535)
    {
        return DG_ERROR;
    }

    host = redis->links[link]->host;
    len = strlen(host);

    if (server->element[0]->type == REDIS_REPLY_STRING
        && server->element[0]->len)
    {
        host = server->element[0]->str;
        len = (size_t) server->element[0]->len;
    }

    if (ctl_redis_link(redis, host, len,
                       (unsigned) server->element[1]->integer, &to)
        != DG_OK)
    {
        return DG_ERROR;
    }

    for (slot = e[0]->integer; slot <= e[1]->integer; slot++) {
        redis->slots[slot] = (uint8_t) to;
    }

    return DG_OK;
}


redisReply *
ctl_cluster_ask(ctl_redis_t *redis, const dg_str_t *key, unsigned n,
    const dg_str_t *args)
{
    time_t       end;
    unsigned     slot, link, asking;
    redisReply  *reply;

    end = time(NULL) + CTL_CLUSTER_PATIENCE;

    slot = dg_slot(key->data, key->len);
    link = redis->slots[slot];
    asking = 0;

    do {
        reply = ctl_cluster_at(redis, link, asking, n, args);
        asking = 0;

        if (reply == NULL || ctl_redis_refused(reply, "CLUSTERDOWN")) {

            /* a replica may take its place */

            if (reply) {
                ctl_redis_wrong(redis, "%.200s", ctl_redis_text(reply));
                freeReplyObject(reply);
            }

            ctl_cluster_pause();
            (void) ctl_cluster_map(redis);
            link = redis->slots[slot];

        } else if (ctl_redis_refused(reply, "TRYAGAIN")) {
            ctl_redis_wrong(redis, "slot %u of the cluster is moving, and "
                            "nobody has the key: try again", slot);
            freeReplyObject(reply);
            ctl_cluster_pause();

        } else if (ctl_redis_refused(reply, "MOVED")
                   || ctl_redis_refused(reply, "ASK"))
        {
            asking = ctl_redis_refused(reply, "ASK");

            if (ctl_cluster_named(redis, reply, &link) != DG_OK) {
                freeReplyObject(reply);
                return NULL;
            }

            if (!asking) {
                redis->slots[slot] = (uint8_t) link;
            }

            freeReplyObject(reply);

        } else {
            return reply;
        }
    } while (time(NULL) < end);

    return NULL;
}


/* with ASK it is only for the next command that the server is to have it */

static redisReply *
ctl_cluster_at(ctl_redis_t *redis, unsigned link, unsigned asking, unsigned n,
    const dg_str_t *args)
{
    dg_str_t     word;
    redisReply  *reply;

    if (link == CTL_CLUSTER_NONE) {
        ctl_redis_wrong(redis, "slots of the cluster have no server: see "
                        "\"redis-cli --cluster check\"");
        return NULL;
    }

    if (ctl_redis_ready(redis, link) != DG_OK) {
        return NULL;
    }

    if (asking) {
        word = ctl_redis_word("ASKING");
        reply = ctl_redis_exchange(redis, link, 1, &word);

        if (reply == NULL) {
            return NULL;
        }

        freeReplyObject(reply);
    }

    return ctl_redis_exchange(redis, link, n, args);
}


/* "MOVED slot host:port", "ASK slot host:port"; no host: that of the sender */

static int
ctl_cluster_named(ctl_redis_t *redis, const redisReply *reply,
    unsigned *link)
{
    int          end;
    unsigned     port;
    const char  *host, *colon;

    end = 0;
    (void) sscanf(reply->str, "%*s %*u %n", &end);

    /* the last colon, as there are some in an IPv6 address */

    host = reply->str + end;
    colon = strrchr(host, ':');

    if (end == 0 || colon == NULL || sscanf(colon + 1, "%u", &port) != 1
        || port < 1 || port > 65535)
    {
        ctl_redis_wrong(redis, "Redis at %s sends to a place that is none",
                        redis->links[*link]->place);
        return DG_ERROR;
    }

    if (colon == host) {
        host = redis->links[*link]->host;
        colon = host + strlen(host);
    }

    return ctl_redis_link(redis, host, (size_t) (colon - host), port, link);
}


static void
ctl_cluster_pause(void)
{
    struct timespec  pause;

    pause.tv_sec = 0;
    pause.tv_nsec = CTL_CLUSTER_PAUSE * 1000000L;

    (void) nanosleep(&pause, NULL);
}
