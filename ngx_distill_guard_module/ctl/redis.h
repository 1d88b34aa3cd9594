/*
 * Copyright (C) 2026 Distill Guard
 *
 * Redis, for commands that may wait for it: one server, the master that
 * sentinels name, or the masters of a cluster, each command at the one that
 * has its key.
 */


#ifndef _REDIS_H_INCLUDED_
#define _REDIS_H_INCLUDED_


#include "dg_core.h"
#include "dg_url.h"
#include "wire.h"


#define CTL_REDIS_ARGS   CTL_WIRE_ARGS
#define CTL_REDIS_LINKS  250     /* servers of a cluster */
#define CTL_REDIS_ERROR  1024
#define CTL_REDIS_PLACE  (DG_URL_HOST + 16)


typedef struct {
    dg_str_t           user;     /* empty: "default" */
    dg_str_t           password;             /* NULL in data: there is none */
} ctl_redis_login_t;


/* all of it is the caller's, and stays */

typedef struct {
    dg_url_t           url;
    ctl_redis_login_t  login;
    ctl_redis_login_t  sentinel;
    ctl_tls_conf_t     tls;
} ctl_redis_conf_t;


typedef struct {
    char               host[DG_URL_HOST + 1];
    char               place[CTL_REDIS_PLACE];       /* for messages */
    unsigned           port;     /* 0: host is a path */
    ctl_wire_t         wire;
} ctl_redis_link_t;


typedef struct {
    const ctl_redis_conf_t  *conf;
    SSL_CTX                 *ctx;            /* NULL: without TLS */
    ctl_redis_link_t        *links[CTL_REDIS_LINKS];
    unsigned                 nlinks;
    unsigned                 home;           /* where all goes that has no
                                                key, and what has one without
                                                a cluster */
    uint8_t                 *slots;          /* NULL: no cluster */
    char                     error[CTL_REDIS_ERROR];
} ctl_redis_t;


/*
 * Into zeroes; to be closed anyway.  CTL_OK, or a status: with ctl_redis_open
 * what is wrong has been said, with ctl_redis_connect it is in error.
 */
int ctl_redis_open(ctl_redis_t *redis, const ctl_redis_conf_t *conf);
int ctl_redis_connect(ctl_redis_t *redis, const ctl_redis_conf_t *conf);
void ctl_redis_close(ctl_redis_t *redis);

/*
 * One command of at most CTL_REDIS_ARGS words; the reply is the caller's to
 * free.  NULL: what is wrong has been said, an error that Redis answers
 * included.
 */
redisReply *ctl_redis_command(ctl_redis_t *redis, unsigned n,
    const dg_str_t *args);

/* the same, but nothing is said: what Redis refuses is a reply, too */
redisReply *ctl_redis_ask(ctl_redis_t *redis, unsigned n,
    const dg_str_t *args);

/* at one of the links, of which not all need have keys */
redisReply *ctl_redis_ask_at(ctl_redis_t *redis, unsigned link, unsigned n,
    const dg_str_t *args);
int ctl_redis_serves(const ctl_redis_t *redis, unsigned link);

/* does a reply refuse something?  With a code: just that */
int ctl_redis_refused(const redisReply *reply, const char *code);

/* what Redis means by an error, and what to do: "" if that is not known */
const char *ctl_redis_hint(const redisReply *reply);

/* an error's text, fit for a terminal; within the reply */
const char *ctl_redis_text(redisReply *reply);

/* says that Redis refuses it, why, and what to do */
void ctl_redis_complain(const dg_str_t *what, redisReply *reply);

/* a text of C as a word */
dg_str_t ctl_redis_word(const char *text);

/* of names and values in turn, a value that is a string; NULL: none is */
const redisReply *ctl_redis_field(const redisReply *fields, const char *name);

/* does a reply hold so many strings? */
int ctl_redis_strings(const redisReply *reply, size_t n);


/* --- what the ways to find a server share --- */


/* one of this host and port, which may be new; DG_ERROR and error */
int ctl_redis_link(ctl_redis_t *redis, const char *host, size_t len,
    unsigned port, unsigned *link);

/* connected and logged in, if it was not; DG_ERROR and error */
int ctl_redis_ready(ctl_redis_t *redis, unsigned link);
int ctl_redis_login(ctl_redis_t *redis, ctl_redis_link_t *link,
    const ctl_redis_login_t *login);

/* one command over a link that is ready; NULL and error: it is lost */
redisReply *ctl_redis_exchange(ctl_redis_t *redis, unsigned link, unsigned n,
    const dg_str_t *args);

void ctl_redis_wrong(ctl_redis_t *redis, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* finds the master and makes it the home; DG_ERROR and error */
int ctl_sentinel_find(ctl_redis_t *redis);

/* reads the map of slots from any server; DG_ERROR and error */
int ctl_cluster_map(ctl_redis_t *redis);

/* with redirections; key is a word of the command */
redisReply *ctl_cluster_ask(ctl_redis_t *redis, const dg_str_t *key,
    unsigned n, const dg_str_t *args);


#endif /* _REDIS_H_INCLUDED_ */
