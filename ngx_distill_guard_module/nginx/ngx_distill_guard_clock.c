/*
 * Copyright (C) 2026 Distill Guard
 *
 * What the guard itself takes: of one request in 64 it is measured how long
 * each stage is at work, and how long it waits for the lock at its end.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_distill_guard.h"


#define NGX_DISTILL_GUARD_SAMPLE  64


const dg_str_t  ngx_distill_guard_stages[NGX_DISTILL_GUARD_STAGES] = {
    dg_string("head"),
    dg_string("body"),
    dg_string("response"),
    dg_string("end"),
    dg_string("lock")
};


/* nanoseconds, as the names of them in seconds have it */

static const uint64_t  ngx_distill_guard_bounds[DG_HISTOGRAM - 1] = {
    1000, 2000, 5000, 10000, 20000, 50000, 100000, 200000, 500000, 1000000,
    2000000, 5000000, 10000000, 20000000, 50000000, 100000000
};


const dg_str_t  ngx_distill_guard_bound_names[DG_HISTOGRAM] = {
    dg_string("1e-06"), dg_string("2e-06"), dg_string("5e-06"),
    dg_string("1e-05"), dg_string("2e-05"), dg_string("5e-05"),
    dg_string("0.0001"), dg_string("0.0002"), dg_string("0.0005"),
    dg_string("0.001"), dg_string("0.002"), dg_string("0.005"),
    dg_string("0.01"), dg_string("0.02"), dg_string("0.05"),
    dg_string("0.1"), dg_string("+Inf")
};


static uint64_t ngx_distill_guard_clock_now(void);


void
ngx_distill_guard_clock_choose(ngx_distill_guard_ctx_t *ctx)
{
    static ngx_uint_t  n;

    ctx->timed = (n++ % NGX_DISTILL_GUARD_SAMPLE == 0);
}


uint64_t
ngx_distill_guard_clock(ngx_distill_guard_ctx_t *ctx)
{
    return ctx->timed ? ngx_distill_guard_clock_now() : 0;
}


void
ngx_distill_guard_clock_spent(ngx_distill_guard_ctx_t *ctx,
    ngx_distill_guard_stage_t stage, uint64_t since)
{
    if (ctx->timed) {
        ctx->spent[stage] += ngx_distill_guard_clock_now() - since;
    }
}


void
ngx_distill_guard_clock_count(ngx_distill_guard_ctx_t *ctx)
{
    ngx_uint_t       i;
    dg_histogram_t  *h;

    if (!ctx->timed) {
        return;
    }

    h = ctx->zone->shared->stages;

    for (i = 0; i < NGX_DISTILL_GUARD_STAGES; i++) {

        /* not every request comes to every stage */

        if (ctx->spent[i]) {
            dg_histogram_add(&h[i], ngx_distill_guard_bounds, ctx->spent[i]);
        }
    }
}


static uint64_t
ngx_distill_guard_clock_now(void)
{
    struct timespec  ts;

    if (clock_gettime(CLOCK_MONOTONIC, &ts) != 0) {
        return 0;
    }

    return (uint64_t) ts.tv_sec * 1000000000 + ts.tv_nsec;
}
