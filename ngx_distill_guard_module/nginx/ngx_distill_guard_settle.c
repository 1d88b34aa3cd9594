/*
 * Copyright (C) 2026 Distill Guard
 *
 * The end of an exchange: whatever happened to it, it is counted here, once.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_distill_guard.h"


static void ngx_distill_guard_end(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx, dg_end_t *end);


/* runs for every way a request can end, the client's leaving included */

ngx_int_t
ngx_distill_guard_log_handler(ngx_http_request_t *r)
{
    dg_end_t                  end;
    dg_usage_t                usage;
    dg_store_t               *st;
    uint64_t                  begun, lock;
    ngx_uint_t                left;
    ngx_distill_guard_ctx_t  *ctx;

    if (r != r->main) {
        return NGX_OK;
    }

    ctx = ngx_distill_guard_get_ctx(r);

    if (ctx == NULL || ctx->settled || !ctx->endpoint.charged) {
        return NGX_OK;
    }

    ctx->settled = 1;
    begun = ngx_distill_guard_clock(ctx);

    ngx_distill_guard_end(r, ctx, &end);
    dg_facts_usage(&usage, &ctx->request, &ctx->response, &end);

    left = ngx_distill_guard_status_code(r, ctx)
           == NGX_HTTP_CLIENT_CLOSED_REQUEST;

    lock = ngx_distill_guard_clock(ctx);
    st = ngx_distill_guard_lock(ctx->zone);
    ngx_distill_guard_clock_spent(ctx, NGX_DISTILL_GUARD_STAGE_LOCK, lock);

    dg_guard_end(st, &ctx->exchange, &ctx->rules, &end, left, &usage,
                 &ctx->request, &ctx->response, &ctx->shared,
                 ngx_distill_guard_now());

    ngx_distill_guard_clock_spent(ctx, NGX_DISTILL_GUARD_STAGE_END, begun);
    ngx_distill_guard_clock_count(ctx);

    ngx_distill_guard_unlock(ctx->zone);

    return NGX_OK;
}


void
ngx_distill_guard_usage(ngx_http_request_t *r, ngx_distill_guard_ctx_t *ctx,
    dg_usage_t *usage)
{
    dg_end_t  end;

    ngx_distill_guard_end(r, ctx, &end);
    dg_facts_usage(usage, &ctx->request, &ctx->response, &end);
}


static void
ngx_distill_guard_end(ngx_http_request_t *r, ngx_distill_guard_ctx_t *ctx,
    dg_end_t *end)
{
    end->status = ctx->status;
    end->aborted = ngx_distill_guard_aborted(ctx);
    end->charged = ctx->endpoint.charged;
}


/*
 * Cut off by the client, or by the upstream: a stream that ends without its
 * own last word is not whole, even where the connection was closed in order.
 */

ngx_uint_t
ngx_distill_guard_aborted(ngx_distill_guard_ctx_t *ctx)
{
    if (ctx->status == 0) {
        return 0;
    }

    return !ctx->finished || (ctx->response.read && !ctx->response.complete);
}


/*
 * That of the answer, or else as $status has it; 0 before there is one.  Of
 * an answer $status may say 499 if nothing of it was sent yet, and what
 * post_action was answered.
 */

ngx_uint_t
ngx_distill_guard_status_code(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx)
{
    if (ctx->status) {
        return ctx->status;
    }

    return r->err_status ? r->err_status : r->headers_out.status;
}
