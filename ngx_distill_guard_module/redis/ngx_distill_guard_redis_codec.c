/*
 * Copyright (C) 2026 Distill Guard
 *
 * The bytes of a connection: commands as they are written, replies as
 * hiredis takes them apart.  Whatever a server sends, it is bounded here.
 */


#include "ngx_distill_guard_redis.h"


/*
 * Of one reply.  The largest that is asked for are 100 decisions out of a
 * hash; of one that Redis keeps in one piece, as it does with 128 short ones
 * or 512, it sends all.
 */
#define NGX_DISTILL_GUARD_REDIS_REPLY     (256 * 1024)
#define NGX_DISTILL_GUARD_REDIS_ELEMENTS  4096


/* hiredis counts elements in another type since 1.0 */

#if (HIREDIS_MAJOR >= 1)
typedef size_t  ngx_distill_guard_redis_count_t;
#else
typedef int     ngx_distill_guard_redis_count_t;
#endif


static void *ngx_distill_guard_redis_array(const redisReadTask *task,
    ngx_distill_guard_redis_count_t n);


/* hiredis' own, but for arrays; set once and alike for all readers */

static redisReplyObjectFunctions  ngx_distill_guard_redis_objects;
static void  *(*ngx_distill_guard_redis_array_of)(const redisReadTask *task,
    ngx_distill_guard_redis_count_t n);


/* states of a server that pass without anybody's doing */

static ngx_str_t  ngx_distill_guard_redis_passing[] = {
    ngx_string("LOADING"),
    ngx_string("BUSY"),
    ngx_string("MASTERDOWN"),
    ngx_string("CLUSTERDOWN"),
    ngx_string("TRYAGAIN"),
    ngx_null_string
};


ngx_int_t
ngx_distill_guard_redis_reader(ngx_distill_guard_redis_connection_t *rc)
{
    rc->reader = redisReaderCreate();
    if (rc->reader == NULL) {
        return NGX_ERROR;
    }

    if (ngx_distill_guard_redis_array_of == NULL) {
        ngx_distill_guard_redis_objects = *rc->reader->fn;
        ngx_distill_guard_redis_array_of = rc->reader->fn->createArray;
        ngx_distill_guard_redis_objects.createArray =
                                                ngx_distill_guard_redis_array;
    }

    rc->reader->fn = &ngx_distill_guard_redis_objects;
    rc->unread = 0;

    return NGX_OK;
}


/* hiredis takes memory for as many elements as a server says will follow */

static void *
ngx_distill_guard_redis_array(const redisReadTask *task,
    ngx_distill_guard_redis_count_t n)
{
    if ((size_t) n > NGX_DISTILL_GUARD_REDIS_ELEMENTS) {
        return NULL;
    }

    return ngx_distill_guard_redis_array_of(task, n);
}


ngx_int_t
ngx_distill_guard_redis_command(ngx_distill_guard_redis_connection_t *rc,
    ngx_distill_guard_redis_reply_pt handler, void *item, ngx_uint_t n,
    ngx_str_t *args)
{
    u_char                              *p;
    size_t                               len;
    ngx_uint_t                           i;
    ngx_distill_guard_redis_expected_t  *e;

    if (!rc->connected || rc->failed) {
        return NGX_DECLINED;
    }

    /* "*n", and for each "$len", the argument: the lines' ends included */

    len = NGX_INT_T_LEN + 3;

    for (i = 0; i < n; i++) {
        len += NGX_SIZE_T_LEN + 3 + args[i].len + 2;
    }

    if (rc->nexpected == NGX_DISTILL_GUARD_REDIS_EXPECTED) {
        return NGX_BUSY;
    }

    if ((size_t) (rc->end - rc->last) < len) {

        if ((size_t) (rc->end - rc->last) + (rc->pos - rc->start) < len) {
            return NGX_BUSY;
        }

        rc->last = ngx_movemem(rc->start, rc->pos, rc->last - rc->pos);
        rc->pos = rc->start;
    }

    p = ngx_sprintf(rc->last, "*%ui" CRLF, n);

    for (i = 0; i < n; i++) {
        p = ngx_sprintf(p, "$%uz" CRLF, args[i].len);
        p = ngx_cpymem(p, args[i].data, args[i].len);
        *p++ = CR;
        *p++ = LF;
    }

    rc->last = p;

    e = &rc->expected[(rc->first + rc->nexpected)
                      % NGX_DISTILL_GUARD_REDIS_EXPECTED];
    e->handler = handler;
    e->item = item;
    rc->nexpected++;

    return NGX_OK;
}


size_t
ngx_distill_guard_redis_room(ngx_distill_guard_redis_connection_t *rc,
    ngx_uint_t *replies)
{
    if (!rc->connected || rc->failed) {
        *replies = 0;
        return 0;
    }

    *replies = NGX_DISTILL_GUARD_REDIS_EXPECTED - rc->nexpected;

    return (rc->end - rc->last) + (rc->pos - rc->start);
}


void
ngx_distill_guard_redis_feed(ngx_distill_guard_redis_connection_t *rc,
    u_char *buf, size_t n)
{
    void                                *reply;
    ngx_distill_guard_redis_expected_t  *e;

    if (redisReaderFeed(rc->reader, (char *) buf, n) != REDIS_OK) {
        goto invalid;
    }

    rc->unread += n;

    for ( ;; ) {

        if (redisReaderGetReply(rc->reader, &reply) != REDIS_OK) {
            goto invalid;
        }

        if (reply == NULL) {
            break;
        }

        if (rc->nexpected == 0) {
            freeReplyObject(reply);
            goto invalid;
        }

        e = &rc->expected[rc->first];
        rc->first = (rc->first + 1) % NGX_DISTILL_GUARD_REDIS_EXPECTED;
        rc->nexpected--;

        rc->unread = rc->reader->len - rc->reader->pos;

        rc->answer(rc->data, rc);
        e->handler(rc->data, e->item, reply);
        freeReplyObject(reply);

        if (rc->failed) {
            return;
        }

        ngx_distill_guard_redis_wait(rc);
    }

    if (rc->unread <= NGX_DISTILL_GUARD_REDIS_REPLY) {
        return;
    }

invalid:

    ngx_distill_guard_redis_fail(rc, NGX_DISTILL_GUARD_REDIS_UNFIT, 0,
                                 "what it sends is no Redis reply");
}


ngx_uint_t
ngx_distill_guard_redis_passes(redisReply *reply)
{
    ngx_str_t  *word;

    for (word = ngx_distill_guard_redis_passing; word->len; word++) {
        if ((size_t) reply->len > word->len
            && ngx_strncmp(reply->str, word->data, word->len) == 0
            && reply->str[word->len] == ' ')
        {
            return 1;
        }
    }

    return 0;
}


void
ngx_distill_guard_redis_refused(ngx_distill_guard_redis_connection_t *rc,
    redisReply *reply)
{
    char    *p, *last, *at, *hint;
    size_t   i, len;
    u_char   text[100];

    p = reply->str;
    last = reply->str + reply->len;

    /* where in a script it happened is of no use to anybody */

    if (ngx_strncmp(p, "ERR Error running script", 24) == 0) {

        /* before 7.0: "... (call to f_...): @user_script:12: OOM ..." */

        while ((at = ngx_strstr(p, "@user_script:")) != NULL) {
            p = at + sizeof("@user_script:") - 1;
            p += strspn(p, " 0123456789:-");
        }

    } else {
        at = ngx_strstr(p, " script: ");

        if (at) {
            last = at;
        }
    }

    len = ngx_min((size_t) (last - p), sizeof(text));

    for (i = 0; i < len; i++) {
        text[i] = (p[i] < ' ' || p[i] > '~') ? '?' : p[i];
    }

    hint = (ngx_strncmp(reply->str, "ERR unknown command", 19) == 0)
           ? ", Redis 6.2 or newer is needed" : "";

    ngx_distill_guard_redis_fail(rc, ngx_distill_guard_redis_passes(reply)
                                     ? NGX_DISTILL_GUARD_REDIS_BUSY
                                     : NGX_DISTILL_GUARD_REDIS_REFUSED,
                                 0, "%*s%s", len, text, hint);
}
