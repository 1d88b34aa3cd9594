/*
 * Copyright (C) 2026 Distill Guard
 *
 * Replies about streams, which are read in the same way whatever they tell.
 */


#include "ngx_distill_guard_redis.h"


redisReply *
ngx_distill_guard_redis_stream_entries(redisReply *reply)
{
    redisReply  *stream;

    stream = (reply->type == REDIS_REPLY_ARRAY && reply->elements == 1)
             ? reply->element[0] : NULL;

    if (stream == NULL || stream->type != REDIS_REPLY_ARRAY
        || stream->elements != 2
        || stream->element[1]->type != REDIS_REPLY_ARRAY
        || stream->element[1]->elements == 0)
    {
        return NULL;
    }

    return stream->element[1];
}


ngx_int_t
ngx_distill_guard_redis_stream_entry(redisReply *entry, uint64_t id[2],
    const char **names, redisReply **values, ngx_uint_t n)
{
    size_t       i;
    ngx_uint_t   k;
    redisReply  *fields, *name;

    for (k = 0; k < n; k++) {
        values[k] = NULL;
    }

    if (entry->type != REDIS_REPLY_ARRAY || entry->elements != 2
        || ngx_distill_guard_redis_stream_id(id, entry->element[0])
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* one that was deleted meanwhile has no fields */

    fields = entry->element[1];

    if (fields->type != REDIS_REPLY_ARRAY) {
        return fields->type == REDIS_REPLY_NIL ? NGX_DECLINED : NGX_ERROR;
    }

    for (i = 0; i + 1 < (size_t) fields->elements; i += 2) {
        name = fields->element[i];

        if (name->type != REDIS_REPLY_STRING
            || fields->element[i + 1]->type != REDIS_REPLY_STRING)
        {
            return NGX_ERROR;
        }

        for (k = 0; k < n; k++) {
            if (ngx_strcmp(name->str, names[k]) == 0) {
                values[k] = fields->element[i + 1];
            }
        }
    }

    for (k = 0; k < n; k++) {
        if (values[k] == NULL) {
            return NGX_DECLINED;
        }
    }

    return NGX_OK;
}


/* "1795469280123-0" */

ngx_int_t
ngx_distill_guard_redis_stream_id(uint64_t id[2], redisReply *reply)
{
    u_char     *p, *last, *dash;
    ngx_int_t   ms, n;

    if (reply->type != REDIS_REPLY_STRING) {
        return NGX_ERROR;
    }

    p = (u_char *) reply->str;
    last = p + reply->len;
    dash = ngx_strlchr(p, last, '-');

    if (dash == NULL) {
        return NGX_ERROR;
    }

    ms = ngx_atoof(p, dash - p);
    n = ngx_atoof(dash + 1, last - dash - 1);

    if (ms == NGX_ERROR || n == NGX_ERROR) {
        return NGX_ERROR;
    }

    id[0] = ms;
    id[1] = n;

    return NGX_OK;
}
