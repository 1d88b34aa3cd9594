/*
 * Copyright (C) 2026 Distill Guard
 *
 * Names of keys: each writes at p, no zero, and returns the end.  And the
 * ids of entries of streams.
 */


#include "ngx_distill_guard_redis.h"


/* "dg:{key:9f3a...}:", its braces make it one slot of a Redis Cluster */

u_char *
ngx_distill_guard_redis_subject(u_char *p,
    ngx_distill_guard_redis_sync_t *sync, unsigned kind, const dg_id_t *id)
{
    p = ngx_sprintf(p, "%V:{%*s:", &sync->conf->prefix, dg_kinds[kind].len,
                    dg_kinds[kind].data);
    p = dg_subject_text(p, kind, id);
    *p++ = '}';
    *p++ = ':';

    return p;
}


/* "m:202611231530", "h:2026112315", "d:20261123": in UTC */

u_char *
ngx_distill_guard_redis_bucket(u_char *p, dg_period_t period, uint32_t bucket)
{
    ngx_tm_t  tm;

    ngx_gmtime((time_t) bucket * dg_periods[period].seconds, &tm);

    p = ngx_sprintf(p, "%c:%04d%02d%02d", dg_periods[period].letter,
                    tm.ngx_tm_year, tm.ngx_tm_mon, tm.ngx_tm_mday);

    if (period <= DG_HOUR) {
        p = ngx_sprintf(p, "%02d", tm.ngx_tm_hour);
    }

    if (period <= DG_MINUTE) {
        p = ngx_sprintf(p, "%02d", tm.ngx_tm_min);
    }

    return p;
}
