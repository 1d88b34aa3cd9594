/*
 * Copyright (C) 2026 Distill Guard
 *
 * Which connection a command goes to: all that is sent of the guard's state
 * goes through here, by its key.
 */


#include "ngx_distill_guard_redis.h"


ngx_int_t
ngx_distill_guard_redis_send(ngx_distill_guard_redis_sync_t *sync,
    ngx_str_t *key, ngx_distill_guard_redis_reply_pt handler, void *item,
    ngx_uint_t n, ngx_str_t *args)
{
    ngx_int_t  rc;

    rc = ngx_distill_guard_redis_command(&sync->connection, handler, item, n,
                                         args);
    if (rc == NGX_OK) {
        sync->awaited++;
    }

    return rc;
}


size_t
ngx_distill_guard_redis_route_room(ngx_distill_guard_redis_sync_t *sync,
    ngx_uint_t *replies)
{
    return ngx_distill_guard_redis_room(&sync->connection, replies);
}


void
ngx_distill_guard_redis_route_flush(ngx_distill_guard_redis_sync_t *sync)
{
    ngx_distill_guard_redis_flush(&sync->connection);
}
