/*
 * Copyright (C) 2026 Distill Guard
 *
 * The bytes of a connection: commands as they are written, replies as
 * hiredis takes them apart.  Whatever a server sends, it is bounded here.
 */


#include "ngx_distill_guard_redis.h"


/* of one array: a range for each slot of a cluster is the most there is */
#define NGX_DISTILL_GUARD_REDIS_ELEMENTS  DG_SLOTS


/* hiredis counts elements in another type since 1.0 */

#if (HIREDIS_MAJOR >= 1)
typedef size_t  ngx_distill_guard_redis_count_t;
#else
typedef int     ngx_distill_guard_redis_count_t;
#endif


static void *ngx_distill_guard_redis_array(const redisReadTask *task,
    ngx_distill_guard_redis_count_t n);
static u_char *ngx_distill_guard_redis_reserve(
    ngx_distill_guard_redis_connection_t *rc, size_t len);
static size_t ngx_distill_guard_redis_front(
    ngx_distill_guard_redis_connection_t *rc);
static void ngx_distill_guard_redis_expect(
    ngx_distill_guard_redis_connection_t *rc, size_t len,
    ngx_distill_guard_redis_reply_pt handler, void *item, ngx_uint_t hops);
static void ngx_distill_guard_redis_asking_handler(void *data, void *item,
    redisReply *reply);
static ngx_int_t ngx_distill_guard_redis_answer(
    ngx_distill_guard_redis_connection_t *rc, redisReply *reply);


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


/*
 * A command stays where it is until it is answered, as it may have to be
 * repeated to another server.  Those that were make room at the front, which
 * is used when it is worth moving the others.
 */

static u_char *
ngx_distill_guard_redis_reserve(ngx_distill_guard_redis_connection_t *rc,
    size_t len)
{
    size_t  front;

    if (rc->nexpected == NGX_DISTILL_GUARD_REDIS_EXPECTED) {
        return NULL;
    }

    if ((size_t) (rc->end - rc->last) >= len) {
        return rc->last;
    }

    front = ngx_distill_guard_redis_front(rc);

    if ((size_t) (rc->end - rc->last) + front < len) {
        return NULL;
    }

    ngx_memmove(rc->start, rc->front, rc->last - rc->front);

    rc->front -= front;
    rc->pos -= front;
    rc->last -= front;

    return rc->last;
}


static size_t
ngx_distill_guard_redis_front(ngx_distill_guard_redis_connection_t *rc)
{
    size_t  front;

    front = rc->front - rc->start;

    return (front >= NGX_DISTILL_GUARD_REDIS_SEND / 4) ? front : 0;
}


static void
ngx_distill_guard_redis_expect(ngx_distill_guard_redis_connection_t *rc,
    size_t len, ngx_distill_guard_redis_reply_pt handler, void *item,
    ngx_uint_t hops)
{
    ngx_distill_guard_redis_expected_t  *e;

    e = &rc->expected[(rc->first + rc->nexpected)
                      % NGX_DISTILL_GUARD_REDIS_EXPECTED];
    e->handler = handler;
    e->item = item;
    e->len = len;
    e->hops = hops;

    rc->last += len;
    rc->nexpected++;
}


ngx_int_t
ngx_distill_guard_redis_command(ngx_distill_guard_redis_connection_t *rc,
    ngx_distill_guard_redis_reply_pt handler, void *item, ngx_uint_t n,
    ngx_str_t *args)
{
    u_char      *p;
    size_t       len;
    ngx_uint_t   i;

    if (!rc->connected || rc->failed) {
        return NGX_DECLINED;
    }

    /* "*n", and for each "$len", the argument: the lines' ends included */

    len = NGX_INT_T_LEN + 3;

    for (i = 0; i < n; i++) {
        len += NGX_SIZE_T_LEN + 3 + args[i].len + 2;
    }

    p = ngx_distill_guard_redis_reserve(rc, len);

    if (p == NULL) {
        return NGX_BUSY;
    }

    p = ngx_sprintf(p, "*%ui" CRLF, n);

    for (i = 0; i < n; i++) {
        p = ngx_sprintf(p, "$%uz" CRLF, args[i].len);
        p = ngx_cpymem(p, args[i].data, args[i].len);
        *p++ = CR;
        *p++ = LF;
    }

    ngx_distill_guard_redis_expect(rc, p - rc->last, handler, item, 0);

    return NGX_OK;
}


ngx_int_t
ngx_distill_guard_redis_forward(ngx_distill_guard_redis_connection_t *rc,
    ngx_distill_guard_redis_connection_t *from,
    ngx_distill_guard_redis_expected_t *e, ngx_uint_t asking)
{
    u_char     *p;
    size_t      len;
    ngx_str_t   args[1];

    if (!rc->connected || rc->failed) {
        return NGX_DECLINED;
    }

    /* room for both, so that there is not one without the other */

    len = e->len + 2 * (NGX_INT_T_LEN + 3 + NGX_SIZE_T_LEN + 3)
          + sizeof("ASKING" CRLF) - 1;

    if (rc->nexpected + 2 > NGX_DISTILL_GUARD_REDIS_EXPECTED
        || ngx_distill_guard_redis_reserve(rc, len) == NULL)
    {
        return NGX_BUSY;
    }

    if (asking) {
        ngx_str_set(&args[0], "ASKING");

        (void) ngx_distill_guard_redis_command(rc,
                            ngx_distill_guard_redis_asking_handler, NULL, 1,
                            args);
    }

    p = ngx_distill_guard_redis_reserve(rc, e->len);

    if (p == NULL) {
        return NGX_BUSY;
    }

    ngx_memcpy(p, from->front, e->len);

    ngx_distill_guard_redis_expect(rc, e->len, e->handler, e->item,
                                   e->hops + 1);

    return NGX_OK;
}


/* whatever it says, the command that follows is answered for itself */

static void
ngx_distill_guard_redis_asking_handler(void *data, void *item,
    redisReply *reply)
{
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

    return (rc->end - rc->last) + ngx_distill_guard_redis_front(rc);
}


void
ngx_distill_guard_redis_feed(ngx_distill_guard_redis_connection_t *rc,
    u_char *buf, size_t n)
{
    void       *reply;
    ngx_int_t   status;

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

        rc->unread = rc->reader->len - rc->reader->pos;

        status = ngx_distill_guard_redis_answer(rc, reply);
        freeReplyObject(reply);

        if (status != NGX_OK) {
            goto invalid;
        }

        if (rc->failed) {
            return;
        }

        ngx_distill_guard_redis_wait(rc);
    }

    if (rc->unread <= rc->most) {
        return;
    }

invalid:

    ngx_distill_guard_redis_fail(rc, NGX_DISTILL_GUARD_REDIS_UNFIT, 0,
                                 "what it sends is no Redis reply");
}


/* NGX_ERROR if nothing was asked, or not yet */

static ngx_int_t
ngx_distill_guard_redis_answer(ngx_distill_guard_redis_connection_t *rc,
    redisReply *reply)
{
    ngx_int_t                           n;
    ngx_distill_guard_redis_expected_t  e;

    if (rc->owner->push
        && reply->type == REDIS_REPLY_ARRAY && reply->elements == 3
        && reply->element[0]->type == REDIS_REPLY_STRING
        && ngx_strcmp(reply->element[0]->str, "message") == 0)
    {
        rc->owner->push(rc, reply);
        return NGX_OK;
    }

    if (rc->nexpected == 0) {
        return NGX_ERROR;
    }

    e = rc->expected[rc->first];

    if (e.len > (size_t) (rc->pos - rc->front)) {
        return NGX_ERROR;
    }

    n = rc->owner->answer(rc, &e, reply);

    rc->first = (rc->first + 1) % NGX_DISTILL_GUARD_REDIS_EXPECTED;
    rc->nexpected--;
    rc->front += e.len;

    if (rc->front == rc->last) {
        rc->front = rc->start;
        rc->pos = rc->start;
        rc->last = rc->start;
    }

    if (n == NGX_OK) {
        e.handler(rc->data, e.item, reply);

    } else if (n == NGX_DECLINED) {
        e.handler(rc->data, e.item, NULL);
    }

    return NGX_OK;
}


/* of a command, and of one within a script */

ngx_uint_t
ngx_distill_guard_redis_denied(redisReply *reply)
{
    return ngx_strncmp(reply->str, "NOPERM", 6) == 0
           || ngx_strstr(reply->str, "ACL failure")
           || ngx_strstr(reply->str, "can't run this command");
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
