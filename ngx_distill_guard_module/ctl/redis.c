/*
 * Copyright (C) 2026 Distill Guard
 */


#include "redis.h"
#include "ctl.h"

#include <stdio.h>
#include <sys/time.h>


/* seconds for which a server is waited for */
#define CTL_REDIS_PATIENCE  5


static int ctl_redis_connect(ctl_redis_t *redis, const dg_url_t *url);
static int ctl_redis_login(ctl_redis_t *redis, const dg_url_t *url,
    const dg_str_t *password);
static void ctl_redis_printable(redisReply *reply);


int
ctl_redis_open(ctl_redis_t *redis, const dg_url_t *url,
    const dg_str_t *password)
{
    redis->context = NULL;

    if (url->tls
        || (url->kind != DG_URL_SERVER && url->kind != DG_URL_UNIX))
    {
        ctl_error("this version speaks with redis:// and unix: alone: with "
                  "--redis name the server that holds \"{decisions}\"");
        return CTL_FAILED;
    }

    if (url->user.len && password->data == NULL) {
        ctl_error("user \"%.*s\" has no password: name a file that holds it "
                  "with --password-file", (int) url->user.len,
                  (const char *) url->user.data);
        return CTL_FAILED;
    }

    if (ctl_redis_connect(redis, url) != DG_OK
        || ctl_redis_login(redis, url, password) != DG_OK)
    {
        ctl_redis_close(redis);
        return CTL_REDIS;
    }

    return CTL_OK;
}


static int
ctl_redis_connect(ctl_redis_t *redis, const dg_url_t *url)
{
    char                  host[DG_URL_HOST + 1];
    struct timeval        patience;
    redisContext         *c;
    const dg_url_host_t  *to;

    to = &url->hosts[0];

    patience.tv_sec = CTL_REDIS_PATIENCE;
    patience.tv_usec = 0;

    snprintf(host, sizeof(host), "%.*s", (int) to->host.len,
             (const char *) to->host.data);

    if (url->kind == DG_URL_UNIX) {
        c = redisConnectUnixWithTimeout(host, patience);

    } else {
        c = redisConnectWithTimeout(host, (int) to->port, patience);
    }

    redis->context = c;

    if (c == NULL || c->err
        || redisSetTimeout(c, patience) != REDIS_OK)
    {
        ctl_error("no connection to Redis at %.*s: %s",
                  (int) url->place.len, (const char *) url->place.data,
                  c ? c->errstr : "no memory");
        return DG_ERROR;
    }

    return DG_OK;
}


static int
ctl_redis_login(ctl_redis_t *redis, const dg_url_t *url,
    const dg_str_t *password)
{
    char         db[16];
    unsigned     n;
    dg_str_t     args[3];
    redisReply  *reply;

    if (password->data) {
        n = 0;
        args[n++] = ctl_redis_word("AUTH");

        if (url->user.len) {
            args[n++] = url->user;
        }

        args[n++] = *password;

        reply = ctl_redis_command(redis, n, args);

        if (reply == NULL) {
            return DG_ERROR;
        }

        freeReplyObject(reply);
    }

    if (url->db) {
        snprintf(db, sizeof(db), "%u", url->db);
        args[0] = ctl_redis_word("SELECT");
        args[1] = ctl_redis_word(db);

        reply = ctl_redis_command(redis, 2, args);

        if (reply == NULL) {
            return DG_ERROR;
        }

        freeReplyObject(reply);
    }

    return DG_OK;
}


void
ctl_redis_close(ctl_redis_t *redis)
{
    if (redis->context) {
        redisFree(redis->context);
        redis->context = NULL;
    }
}


redisReply *
ctl_redis_command(ctl_redis_t *redis, unsigned n, const dg_str_t *args)
{
    size_t       len[CTL_REDIS_ARGS];
    unsigned     i;
    redisReply  *reply;
    const char  *arg[CTL_REDIS_ARGS];

    for (i = 0; i < n; i++) {
        arg[i] = (const char *) args[i].data;
        len[i] = args[i].len;
    }

    reply = redisCommandArgv(redis->context, (int) n, arg, len);

    if (reply == NULL) {
        ctl_error("Redis was lost: %s", redis->context->errstr);
        return NULL;
    }

    if (reply->type == REDIS_REPLY_ERROR) {

        /* old servers repeat in it what they were sent */

        if (strcmp(arg[0], "AUTH") == 0) {
            ctl_error("Redis refuses the user or the password");

        } else {
            ctl_redis_printable(reply);
            ctl_error("Redis refuses %s: %.*s", arg[0],
                      (int) dg_min((size_t) reply->len, 200), reply->str);
        }

        freeReplyObject(reply);
        return NULL;
    }

    return reply;
}


/* what comes from elsewhere does not command a terminal */

static void
ctl_redis_printable(redisReply *reply)
{
    size_t  i;

    for (i = 0; i < (size_t) reply->len; i++) {
        if (reply->str[i] < ' ' || reply->str[i] > '~') {
            reply->str[i] = '?';
        }
    }
}


dg_str_t
ctl_redis_word(const char *text)
{
    dg_str_t  word;

    word.data = (const u_char *) text;
    word.len = strlen(text);

    return word;
}


int
ctl_redis_strings(const redisReply *reply, size_t n)
{
    size_t  i;

    if (reply->type != REDIS_REPLY_ARRAY || (size_t) reply->elements != n) {
        return 0;
    }

    for (i = 0; i < n; i++) {
        if (reply->element[i]->type != REDIS_REPLY_STRING) {
            return 0;
        }
    }

    return 1;
}
