/*
 * Copyright (C) 2026 Distill Guard
 *
 * A master that sentinels watch over: each in turn is asked who it is.  Whom
 * they name has to say itself that it is a master, for some time they may not
 * know better.
 */


#include "redis.h"

#include <stdio.h>
#include <stdlib.h>


static int ctl_sentinel_ask(ctl_redis_t *redis, const dg_url_host_t *host);
static int ctl_sentinel_master(ctl_redis_t *redis, ctl_redis_link_t *s);
static int ctl_sentinel_role(ctl_redis_t *redis);


int
ctl_sentinel_find(ctl_redis_t *redis)
{
    unsigned         i;
    const dg_url_t  *url;

    url = &redis->conf->url;

    for (i = 0; i < url->n; i++) {
        if (ctl_sentinel_ask(redis, &url->hosts[i]) == DG_OK
            && ctl_redis_ready(redis, redis->home) == DG_OK
            && ctl_sentinel_role(redis) == DG_OK)
        {
            return DG_OK;
        }
    }

    return DG_ERROR;
}


static int
ctl_sentinel_ask(ctl_redis_t *redis, const dg_url_host_t *host)
{
    int               rc;
    ctl_redis_link_t  s;

    memset(&s, 0, sizeof(ctl_redis_link_t));
    ctl_wire_init(&s.wire);

    memcpy(s.host, host->host.data, dg_min(host->host.len, DG_URL_HOST));
    snprintf(s.place, sizeof(s.place), "%s:%u", s.host, host->port);

    if (ctl_wire_open(&s.wire, s.host, host->port, redis->ctx,
                      &redis->conf->tls)
        != DG_OK)
    {
        ctl_redis_wrong(redis, "no connection to the sentinel at %s: %s",
                        s.place, s.wire.error);
        return DG_ERROR;
    }

    if (ctl_redis_login(redis, &s, &redis->conf->sentinel) != DG_OK) {
        ctl_redis_wrong(redis, "the sentinel at %s refuses the user or the "
                        "password: see --sentinel-user and "
                        "--sentinel-password-file", s.place);
        rc = DG_ERROR;

    } else {
        rc = ctl_sentinel_master(redis, &s);
    }

    ctl_wire_close(&s.wire);

    return rc;
}


static int
ctl_sentinel_master(ctl_redis_t *redis, ctl_redis_link_t *s)
{
    int               rc;
    dg_str_t          args[3];
    redisReply       *reply;
    const dg_str_t   *master;

    master = &redis->conf->url.master;

    args[0] = ctl_redis_word("SENTINEL");
    args[1] = ctl_redis_word("get-master-addr-by-name");
    args[2] = *master;

    reply = ctl_wire_command(&s->wire, 3, args);

    if (reply == NULL) {
        ctl_redis_wrong(redis, "the sentinel at %s was lost: %s", s->place,
                        s->wire.error);
        return DG_ERROR;
    }

    rc = DG_ERROR;

    if (ctl_redis_strings(reply, 2)) {
        rc = ctl_redis_link(redis, reply->element[0]->str,
                            (size_t) reply->element[0]->len,
                            (unsigned) atoi(reply->element[1]->str),
                            &redis->home);

    } else if (ctl_redis_refused(reply, "NOAUTH")) {
        ctl_redis_wrong(redis, "the sentinel at %s wants a password: name a "
                        "file that holds it with --sentinel-password-file",
                        s->place);

    } else if (ctl_redis_refused(reply, NULL)) {
        ctl_redis_wrong(redis, "the sentinel at %s refuses to name the "
                        "master: %.200s", s->place, ctl_redis_text(reply));

    } else {
        ctl_redis_wrong(redis, "the sentinel at %s knows no master \"%.*s\"",
                        s->place, (int) master->len,
                        (const char *) master->data);
    }

    freeReplyObject(reply);

    return rc;
}


/* one who may not ask is told READONLY, should it be none and he write */

static int
ctl_sentinel_role(ctl_redis_t *redis)
{
    int                rc;
    dg_str_t           args[1];
    redisReply        *reply;
    ctl_redis_link_t  *l;

    l = redis->links[redis->home];
    args[0] = ctl_redis_word("ROLE");

    reply = ctl_redis_exchange(redis, redis->home, 1, args);

    if (reply == NULL) {
        return DG_ERROR;
    }

    rc = DG_OK;

    if (reply->type == REDIS_REPLY_ARRAY && reply->elements >= 1
        && reply->element[0]->type == REDIS_REPLY_STRING
        && strcmp(reply->element[0]->str, "master") != 0)
    {
        ctl_redis_wrong(redis, "no master: the sentinels name %s, which says "
                        "that it is none: try again in a moment", l->place);
        ctl_wire_close(&l->wire);
        rc = DG_ERROR;
    }

    freeReplyObject(reply);

    return rc;
}
