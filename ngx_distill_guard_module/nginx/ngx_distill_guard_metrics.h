/*
 * Copyright (C) 2026 Distill Guard
 *
 * What can be told of a zone, and its two forms.
 */


#ifndef _NGX_DISTILL_GUARD_METRICS_H_INCLUDED_
#define _NGX_DISTILL_GUARD_METRICS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_distill_guard.h"


/* in place of a time that is not known */
#define NGX_DISTILL_GUARD_UNKNOWN  INT64_MIN


/* a zone as it was at one moment, copied under its lock */

typedef struct {
    ngx_str_t                 name;      /* escaped, fit for both forms */
    dg_store_t                store;     /* the header alone */
    dg_arena_t                arena;     /* likewise */
    size_t                    used;
    uint32_t                  campaigns;
    uint32_t                  templates;
    uint32_t                  profiles;
    uint32_t                  rulings;   /* there is room for */
    uint64_t                  unruled;   /* there was none for */
    uint64_t                  contents;  /* refused, see dg_decision_t */
    ngx_distill_guard_sync_t  sync;
    int64_t                   lag;       /* of the same, or unknown */
    dg_histogram_t            stages[NGX_DISTILL_GUARD_STAGES];
    int64_t                   age;       /* of the last round, ms */
} ngx_distill_guard_snapshot_t;


/* NULL if there is no memory; the buffer is of the pool and not in a chain */
ngx_buf_t *ngx_distill_guard_metrics_json(ngx_pool_t *pool,
    ngx_distill_guard_snapshot_t *zones, ngx_uint_t n);
ngx_buf_t *ngx_distill_guard_metrics_prometheus(ngx_pool_t *pool,
    ngx_distill_guard_snapshot_t *zones, ngx_uint_t n);


#endif /* _NGX_DISTILL_GUARD_METRICS_H_INCLUDED_ */
