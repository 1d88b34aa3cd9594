/*
 * Copyright (C) 2026 Distill Guard
 *
 * Redis, for commands that may wait for it.
 */


#ifndef _REDIS_H_INCLUDED_
#define _REDIS_H_INCLUDED_


#include <hiredis/hiredis.h>

#include "dg_core.h"
#include "dg_url.h"


#define CTL_REDIS_ARGS  16


typedef struct {
    redisContext  *context;
} ctl_redis_t;


/*
 * NULL in *password: there is none.  CTL_OK, or a status, and what is wrong
 * has been said.
 */
int ctl_redis_open(ctl_redis_t *redis, const dg_url_t *url,
    const dg_str_t *password);
void ctl_redis_close(ctl_redis_t *redis);

/*
 * One command of at most CTL_REDIS_ARGS words; the reply is the caller's to
 * free.  NULL: what is wrong has been said, an error that Redis answers
 * included.
 */
redisReply *ctl_redis_command(ctl_redis_t *redis, unsigned n,
    const dg_str_t *args);

/* a text of C as a word */
dg_str_t ctl_redis_word(const char *text);

/* does a reply hold so many strings? */
int ctl_redis_strings(const redisReply *reply, size_t n);


#endif /* _REDIS_H_INCLUDED_ */
