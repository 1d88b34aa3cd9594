/*
 * Copyright (C) 2026 Distill Guard
 */


#include "redis.h"
#include "ctl.h"
#include "dg_slot.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>


/* where the first key of a command stands, if not behind its name */

typedef struct {
    const char  *name;
    unsigned     key;            /* 0: it has none */
} ctl_redis_place_t;


typedef struct {
    const char  *code;
    const char  *hint;
} ctl_redis_hint_t;


static int ctl_redis_find(ctl_redis_t *redis);
static int ctl_redis_select(ctl_redis_t *redis, ctl_redis_link_t *link);
static redisReply *ctl_redis_say(ctl_redis_t *redis, ctl_redis_link_t *link,
    unsigned n, const dg_str_t *args);
static const dg_str_t *ctl_redis_key(unsigned n, const dg_str_t *args);
static int ctl_redis_is(const dg_str_t *word, const char *name);


static const ctl_redis_place_t  ctl_redis_places[] = {
    { "EVAL", 3 },
    { "TIME", 0 },
    { "SCAN", 0 },
    { "INFO", 0 },
    { "CONFIG", 0 },
    { "ACL", 0 },
    { "ROLE", 0 },
    { NULL, 0 }
};


static const ctl_redis_hint_t  ctl_redis_hints[] = {
    { "NOAUTH", "it wants a password: name a file that holds it with "
                "--password-file" },
    { "WRONGPASS", "see the user in the URL, and --password-file" },
    { "NOPERM", "the user needs more rights, see \"User and rights\" in "
                "docs/redis.md" },
    { "READONLY", "this is a replica: name its master in the URL" },
    { "MOVED", "this is a server of a cluster: let the URL begin with "
               "cluster://" },
    { "OOM", "it is full: raise its maxmemory" },
    { "MISCONF", "it cannot save to its disk: see its log" },
    { "LOADING", "it is starting: try again in a moment" },
    { "BUSY", "a script keeps it busy: see its log" },
    { "MASTERDOWN", "this is a replica that has lost its master" },
    { "CLUSTERDOWN", "some slots of the cluster have no server: see "
                     "\"redis-cli --cluster check\"" },
    { NULL, "" }
};


int
ctl_redis_open(ctl_redis_t *redis, const ctl_redis_conf_t *conf)
{
    int  status;

    status = ctl_redis_connect(redis, conf);

    if (status != CTL_OK) {
        ctl_error("%s", redis->error);
    }

    return status;
}


int
ctl_redis_connect(ctl_redis_t *redis, const ctl_redis_conf_t *conf)
{
    char  error[CTL_TLS_ERROR];

    redis->conf = conf;

    if (conf->login.user.len && conf->login.password.data == NULL) {
        ctl_redis_wrong(redis, "user \"%.*s\" has no password: name a file "
                        "that holds it with --password-file",
                        (int) conf->login.user.len,
                        (const char *) conf->login.user.data);
        return CTL_FAILED;
    }

    if (conf->url.tls
        && ctl_tls_init(&redis->ctx, &conf->tls, error) != DG_OK)
    {
        ctl_redis_wrong(redis, "%s", error);
        return CTL_FAILED;
    }

    return ctl_redis_find(redis) == DG_OK ? CTL_OK : CTL_REDIS;
}


static int
ctl_redis_find(ctl_redis_t *redis)
{
    const dg_url_t  *url;

    url = &redis->conf->url;

    switch (url->kind) {

    case DG_URL_SENTINEL:
        return ctl_sentinel_find(redis);

    case DG_URL_CLUSTER:
        return ctl_cluster_map(redis);

    default:
        if (ctl_redis_link(redis, (const char *) url->hosts[0].host.data,
                           url->hosts[0].host.len, url->hosts[0].port,
                           &redis->home)
            != DG_OK)
        {
            return DG_ERROR;
        }

        return ctl_redis_ready(redis, redis->home);
    }
}


int
ctl_redis_link(ctl_redis_t *redis, const char *host, size_t len,
    unsigned port, unsigned *link)
{
    unsigned           i;
    ctl_redis_link_t  *l;

    for (i = 0; i < redis->nlinks; i++) {
        l = redis->links[i];

        if (l->port == port && strlen(l->host) == len
            && memcmp(l->host, host, len) == 0)
        {
            *link = i;
            return DG_OK;
        }
    }

    if (redis->nlinks == CTL_REDIS_LINKS || len > DG_URL_HOST) {
        ctl_redis_wrong(redis, "a cluster of more than %d servers, or names "
                        "of more than %d characters", CTL_REDIS_LINKS,
                        DG_URL_HOST);
        return DG_ERROR;
    }

    l = calloc(1, sizeof(ctl_redis_link_t));

    if (l == NULL) {
        ctl_redis_wrong(redis, "no memory");
        return DG_ERROR;
    }

    ctl_wire_init(&l->wire);
    memcpy(l->host, host, len);
    l->port = port;

    if (port) {
        snprintf(l->place, sizeof(l->place), strchr(l->host, ':')
                 ? "[%s]:%u" : "%s:%u", l->host, port);

    } else {
        snprintf(l->place, sizeof(l->place), "%s", l->host);
    }

    *link = redis->nlinks;
    redis->links[redis->nlinks++] = l;

    return DG_OK;
}


int
ctl_redis_ready(ctl_redis_t *redis, unsigned link)
{
    ctl_redis_link_t  *l;

    l = redis->links[link];

    if (l->wire.fd != -1) {
        return DG_OK;
    }

    if (ctl_wire_open(&l->wire, l->host, l->port, redis->ctx,
                      &redis->conf->tls)
        != DG_OK)
    {
        ctl_redis_wrong(redis, "no connection to Redis at %s: %s", l->place,
                        l->wire.error);
        return DG_ERROR;
    }

    if (ctl_redis_login(redis, l, &redis->conf->login) != DG_OK
        || ctl_redis_select(redis, l) != DG_OK)
    {
        ctl_wire_close(&l->wire);
        return DG_ERROR;
    }

    return DG_OK;
}


/* old servers repeat in an error what they were sent: it is not shown */

int
ctl_redis_login(ctl_redis_t *redis, ctl_redis_link_t *link,
    const ctl_redis_login_t *login)
{
    int          refused;
    unsigned     n;
    dg_str_t     args[3];
    redisReply  *reply;

    if (login->password.data == NULL) {
        return DG_OK;
    }

    n = 0;
    args[n++] = ctl_redis_word("AUTH");

    if (login->user.len) {
        args[n++] = login->user;
    }

    args[n++] = login->password;

    reply = ctl_redis_say(redis, link, n, args);

    if (reply == NULL) {
        return DG_ERROR;
    }

    refused = ctl_redis_refused(reply, NULL);
    freeReplyObject(reply);

    if (refused) {
        ctl_redis_wrong(redis, "Redis at %s refuses the user or the "
                        "password: see the URL and --password-file",
                        link->place);
        return DG_ERROR;
    }

    return DG_OK;
}


static int
ctl_redis_select(ctl_redis_t *redis, ctl_redis_link_t *link)
{
    int          refused;
    char         db[16];
    dg_str_t     args[2];
    redisReply  *reply;

    if (redis->conf->url.db == 0) {
        return DG_OK;
    }

    snprintf(db, sizeof(db), "%u", redis->conf->url.db);
    args[0] = ctl_redis_word("SELECT");
    args[1] = ctl_redis_word(db);

    reply = ctl_redis_say(redis, link, 2, args);

    if (reply == NULL) {
        return DG_ERROR;
    }

    refused = ctl_redis_refused(reply, NULL);

    if (refused) {
        ctl_redis_wrong(redis, "Redis at %s refuses database %s: %s",
                        link->place, db, ctl_redis_text(reply));
    }

    freeReplyObject(reply);

    return refused ? DG_ERROR : DG_OK;
}


void
ctl_redis_close(ctl_redis_t *redis)
{
    unsigned  i;

    for (i = 0; i < redis->nlinks; i++) {
        ctl_wire_close(&redis->links[i]->wire);
        free(redis->links[i]);
    }

    redis->nlinks = 0;

    free(redis->slots);
    redis->slots = NULL;

    SSL_CTX_free(redis->ctx);
    redis->ctx = NULL;
}


redisReply *
ctl_redis_command(ctl_redis_t *redis, unsigned n, const dg_str_t *args)
{
    redisReply  *reply;

    reply = ctl_redis_ask(redis, n, args);

    if (reply == NULL) {
        ctl_error("%s", redis->error);
        return NULL;
    }

    if (ctl_redis_refused(reply, NULL)) {
        ctl_redis_complain(&args[0], reply);
        freeReplyObject(reply);
        return NULL;
    }

    return reply;
}


void
ctl_redis_complain(const dg_str_t *what, redisReply *reply)
{
    const char  *hint;

    hint = ctl_redis_hint(reply);

    ctl_error("Redis refuses %.*s: %.200s%s%s", (int) what->len,
              (const char *) what->data, ctl_redis_text(reply),
              hint[0] ? ": " : "", hint);
}


redisReply *
ctl_redis_ask(ctl_redis_t *redis, unsigned n, const dg_str_t *args)
{
    const dg_str_t  *key;

    key = redis->slots ? ctl_redis_key(n, args) : NULL;

    if (key) {
        return ctl_cluster_ask(redis, key, n, args);
    }

    /* who was lost is looked for again: it may be another by now */

    if (redis->links[redis->home]->wire.fd == -1
        && ctl_redis_find(redis) != DG_OK)
    {
        return NULL;
    }

    return ctl_redis_exchange(redis, redis->home, n, args);
}


redisReply *
ctl_redis_ask_at(ctl_redis_t *redis, unsigned link, unsigned n,
    const dg_str_t *args)
{
    if (ctl_redis_ready(redis, link) != DG_OK) {
        return NULL;
    }

    return ctl_redis_exchange(redis, link, n, args);
}


int
ctl_redis_serves(const ctl_redis_t *redis, unsigned link)
{
    if (redis->slots == NULL) {
        return link == redis->home;
    }

    return memchr(redis->slots, (int) link, DG_SLOTS) != NULL;
}


redisReply *
ctl_redis_exchange(ctl_redis_t *redis, unsigned link, unsigned n,
    const dg_str_t *args)
{
    return ctl_redis_say(redis, redis->links[link], n, args);
}


static redisReply *
ctl_redis_say(ctl_redis_t *redis, ctl_redis_link_t *link, unsigned n,
    const dg_str_t *args)
{
    redisReply  *reply;

    reply = ctl_wire_command(&link->wire, n, args);

    if (reply == NULL) {
        ctl_redis_wrong(redis, "Redis at %s was lost: %s", link->place,
                        link->wire.error);
    }

    return reply;
}


static const dg_str_t *
ctl_redis_key(unsigned n, const dg_str_t *args)
{
    unsigned  i;

    /* XREAD [COUNT n] [BLOCK ms] STREAMS key id */

    if (ctl_redis_is(&args[0], "XREAD")) {

        for (i = 1; i + 1 < n; i++) {
            if (ctl_redis_is(&args[i], "STREAMS")) {
                return &args[i + 1];
            }
        }

        return NULL;
    }

    for (i = 0; ctl_redis_places[i].name; i++) {
        if (ctl_redis_is(&args[0], ctl_redis_places[i].name)) {
            break;
        }
    }

    i = ctl_redis_places[i].name ? ctl_redis_places[i].key : 1;

    return (i && i < n) ? &args[i] : NULL;
}


static int
ctl_redis_is(const dg_str_t *word, const char *name)
{
    return word->len == strlen(name)
           && strncasecmp((const char *) word->data, name, word->len) == 0;
}


int
ctl_redis_refused(const redisReply *reply, const char *code)
{
    size_t  len;

    if (reply->type != REDIS_REPLY_ERROR || code == NULL) {
        return reply->type == REDIS_REPLY_ERROR;
    }

    len = strlen(code);

    return strncmp(reply->str, code, len) == 0
           && (reply->str[len] == ' ' || reply->str[len] == '\0');
}


const char *
ctl_redis_hint(const redisReply *reply)
{
    const ctl_redis_hint_t  *hint;

    for (hint = ctl_redis_hints; hint->code; hint++) {
        if (ctl_redis_refused(reply, hint->code)) {
            break;
        }
    }

    return hint->hint;
}


/* what comes from elsewhere does not command a terminal */

const char *
ctl_redis_text(redisReply *reply)
{
    size_t  i;

    for (i = 0; i < (size_t) reply->len; i++) {
        if (reply->str[i] < ' ' || reply->str[i] > '~') {
            reply->str[i] = '?';
        }
    }

    return reply->str;
}


void
ctl_redis_wrong(ctl_redis_t *redis, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    vsnprintf(redis->error, CTL_REDIS_ERROR, fmt, args);
    va_end(args);
}


dg_str_t
ctl_redis_word(const char *text)
{
    dg_str_t  word;

    word.data = (const u_char *) text;
    word.len = strlen(text);

    return word;
}


const redisReply *
ctl_redis_field(const redisReply *fields, const char *name)
{
    size_t       i;
    redisReply  *field;

    for (i = 0;
         fields->type == REDIS_REPLY_ARRAY
         && i + 1 < (size_t) fields->elements;
         i += 2)
    {
        field = fields->element[i];

        if (field->type == REDIS_REPLY_STRING && strcmp(field->str, name) == 0
            && fields->element[i + 1]->type == REDIS_REPLY_STRING)
        {
            return fields->element[i + 1];
        }
    }

    return NULL;
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
