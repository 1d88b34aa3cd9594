/*
 * Copyright (C) 2026 Distill Guard
 *
 * The lease in the first zone, which one worker of a node holds.
 */


#include "ngx_distill_guard_redis.h"


/* milliseconds, unless rounds are so slow that it would run out */
#define NGX_DISTILL_GUARD_REDIS_LEASE  1000


static ngx_uint_t ngx_distill_guard_redis_dead(ngx_pid_t pid);


/*
 * Takes or renews the lease.  A worker that leaves takes it only if nobody
 * else does: when all of nginx is to end, its last streams still count.
 */

ngx_uint_t
ngx_distill_guard_redis_lease(ngx_distill_guard_redis_sync_t *sync)
{
    uint64_t                   now, lease;
    ngx_pid_t                  pid;
    ngx_uint_t                 mine, dead;
    ngx_distill_guard_sync_t  *s;
    ngx_distill_guard_zone_t  *zone;

    zone = sync->nodes[0].zone;
    s = &zone->shared->sync;

    now = ngx_distill_guard_now();
    lease = ngx_max(NGX_DISTILL_GUARD_REDIS_LEASE, 3 * sync->conf->sync);

    /* system calls are not for the lock */

    pid = s->pid;
    dead = ngx_distill_guard_redis_dead(pid);

    (void) ngx_distill_guard_lock(zone);

    if (s->pid == ngx_pid) {
        mine = 1;

    } else if (sync->exiting) {
        mine = (s->pid == 0 && now >= s->until + lease);

    } else {
        /* a time far ahead is from before the clock was set back */

        mine = (s->pid == 0 || (dead && s->pid == pid) || now >= s->until
                || s->until > now + 2 * lease);
    }

    if (mine) {
        s->pid = ngx_pid;
        s->until = now + lease;
    }

    ngx_distill_guard_unlock(zone);

    return mine;
}


static ngx_uint_t
ngx_distill_guard_redis_dead(ngx_pid_t pid)
{
    return pid && pid != ngx_pid && kill(pid, 0) == -1 && ngx_errno == ESRCH;
}


void
ngx_distill_guard_redis_release(ngx_distill_guard_redis_sync_t *sync)
{
    ngx_distill_guard_sync_t  *s;
    ngx_distill_guard_zone_t  *zone;

    zone = sync->nodes[0].zone;
    s = &zone->shared->sync;

    (void) ngx_distill_guard_lock(zone);

    if (s->pid == ngx_pid) {
        s->pid = 0;
        s->until = ngx_distill_guard_now();
    }

    ngx_distill_guard_unlock(zone);
}
