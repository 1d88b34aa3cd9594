/*
 * Copyright (C) 2026 Distill Guard
 *
 * Refusals.  The status goes through nginx's own error handling, so that
 * error_page decides as for any other error; only where nginx would send its
 * own page does the API's error body take that page's place.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_distill_guard.h"
#include "ngx_distill_guard_compat.h"
#include "dg_print.h"
#include "dg_refusal.h"


static ngx_int_t ngx_distill_guard_refusal_text(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx);
static ngx_int_t ngx_distill_guard_refusal_headers(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx);
static ngx_int_t ngx_distill_guard_limit_headers(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx, uint64_t now_ms);
static ngx_int_t ngx_distill_guard_room_headers(ngx_http_request_t *r,
    dg_shape_t shape, const char *what, const dg_room_t *room,
    uint64_t now_ms);
static ngx_int_t ngx_distill_guard_add_header(ngx_http_request_t *r,
    const char *prefix, const char *what, const char *suffix, u_char *value,
    u_char *last);


ngx_int_t
ngx_distill_guard_refuse(ngx_http_request_t *r, ngx_distill_guard_ctx_t *ctx)
{
    ngx_log_t  log;

    ctx->refusal_status = ctx->decision.verdict == DG_BLOCK
                          ? NGX_HTTP_FORBIDDEN : NGX_HTTP_TOO_MANY_REQUESTS;

    /*
     * Without memory for the words the refusal is sent all the same, with
     * nginx's own page.
     */

    if (ngx_distill_guard_refusal_text(r, ctx) != NGX_OK
        || ngx_distill_guard_refusal_headers(r, ctx) != NGX_OK)
    {
        log = ngx_distill_guard_log(r);

        ngx_log_error(NGX_LOG_ERR, &log, 0,
                      "distill guard: no memory for the words of a refusal");
    }

    return ctx->refusal_status;
}


static ngx_int_t
ngx_distill_guard_refusal_text(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx)
{
    u_char            *p, *last;
    const dg_limit_t  *limit;

    limit = ctx->decision.limit;

    p = ngx_pnalloc(r->pool, DG_REFUSAL_BODY);
    if (p == NULL) {
        return NGX_ERROR;
    }

    last = dg_refusal_body(p, ctx->endpoint.shape, ctx->refusal_status,
                           limit ? limit->metric : DG_METRIC_REQUESTS,
                           ctx->decision.wait_ms);

    ctx->refusal.data = p;
    ctx->refusal.len = last - p;

    return NGX_OK;
}


/* who is blocked is not asked to come again */

static ngx_int_t
ngx_distill_guard_refusal_headers(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx)
{
    u_char  value[DG_PRINT_U64], *last;

    if (ctx->refusal_status == NGX_HTTP_FORBIDDEN) {
        return NGX_OK;
    }

    last = dg_print_u64(value, dg_refusal_seconds(ctx->decision.wait_ms));

    if (ngx_distill_guard_add_header(r, "Retry-After", "", "", value, last)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* OpenAI's libraries look at this first */

    last = dg_print_u64(value, ctx->decision.wait_ms);

    if (ngx_distill_guard_add_header(r, "retry-after-ms", "", "", value, last)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_distill_guard_limit_headers(r, ctx, ngx_distill_guard_now());
}


/* only limits that were configured as such are anybody's to know */

static ngx_int_t
ngx_distill_guard_limit_headers(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx, uint64_t now_ms)
{
    dg_room_t    rooms[2];
    dg_store_t  *st;

    if (ctx->decision.limit == NULL
        || ctx->decision.limit == ctx->exchange.throttle)
    {
        return NGX_OK;
    }

    st = ngx_distill_guard_lock(ctx->zone);

    dg_store_rooms(st, &ctx->exchange, ctx->rules.limits, ctx->rules.nlimits,
                   now_ms, rooms);

    ngx_distill_guard_unlock(ctx->zone);

    if (ngx_distill_guard_room_headers(r, ctx->endpoint.shape, "requests",
                                       &rooms[0], now_ms)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_distill_guard_room_headers(r, ctx->endpoint.shape, "tokens",
                                          &rooms[1], now_ms);
}


/* the family that OpenAI's and most other APIs send, and Anthropic's own */

static ngx_int_t
ngx_distill_guard_room_headers(ngx_http_request_t *r, dg_shape_t shape,
    const char *what, const dg_room_t *room, uint64_t now_ms)
{
    u_char  limit[DG_PRINT_U64], remaining[DG_PRINT_U64];
    u_char  reset[DG_REFUSAL_TIME], date[DG_REFUSAL_TIME];
    u_char  *limit_last, *remaining_last, *reset_last, *date_last;

    if (room->limit == NULL) {
        return NGX_OK;
    }

    limit_last = dg_print_u64(limit, room->limit->n);
    remaining_last = dg_print_u64(remaining, room->remaining);
    reset_last = dg_refusal_duration(reset, room->reset_ms);

    if (ngx_distill_guard_add_header(r, "x-ratelimit-limit-", what, "",
                                     limit, limit_last)
        != NGX_OK
        || ngx_distill_guard_add_header(r, "x-ratelimit-remaining-", what, "",
                                        remaining, remaining_last)
           != NGX_OK
        || ngx_distill_guard_add_header(r, "x-ratelimit-reset-", what, "",
                                        reset, reset_last)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (shape != DG_SHAPE_ANTHROPIC) {
        return NGX_OK;
    }

    date_last = dg_refusal_date(date,
                                dg_refusal_seconds(now_ms + room->reset_ms));

    if (ngx_distill_guard_add_header(r, "anthropic-ratelimit-", what,
                                     "-limit", limit, limit_last)
        != NGX_OK
        || ngx_distill_guard_add_header(r, "anthropic-ratelimit-", what,
                                        "-remaining", remaining,
                                        remaining_last)
           != NGX_OK
        || ngx_distill_guard_add_header(r, "anthropic-ratelimit-", what,
                                        "-reset", date, date_last)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_distill_guard_add_header(ngx_http_request_t *r, const char *prefix,
    const char *what, const char *suffix, u_char *value, u_char *last)
{
    u_char           *p;
    size_t            len;
    ngx_table_elt_t  *h;

    len = ngx_strlen(prefix) + ngx_strlen(what) + ngx_strlen(suffix);

    p = ngx_pnalloc(r->pool, len + (last - value));
    if (p == NULL) {
        return NGX_ERROR;
    }

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
    ngx_distill_guard_single(h);

    h->key.data = p;
    h->key.len = len;

    p = dg_print(p, prefix);
    p = dg_print(p, what);
    p = dg_print(p, suffix);

    h->value.data = p;
    h->value.len = last - value;

    ngx_memcpy(p, value, last - value);

    return NGX_OK;
}


/*
 * True where nginx sends its own page for our status.  An error_page that
 * redirects inside nginx has cleared r->ctx; one that redirects elsewhere
 * has changed the status.
 */

ngx_uint_t
ngx_distill_guard_refusal_due(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx)
{
    return ctx->refusal.len
           && ngx_http_get_module_ctx(r, ngx_distill_guard_module) == ctx
           && r->headers_out.status == ctx->refusal_status;
}


void
ngx_distill_guard_refusal_header(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx)
{
    ngx_http_clear_content_length(r);

    r->headers_out.content_length_n = ctx->refusal.len;
    ngx_str_set(&r->headers_out.content_type, "application/json");
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;
    ngx_str_null(&r->headers_out.charset);
}


/*
 * The page comes in one or more buffers, the last of which is marked; the
 * body goes out in the place of that one.  If there is no memory for it the
 * connection is closed, since its length has been announced.
 */

ngx_chain_t *
ngx_distill_guard_refusal_body(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx, ngx_chain_t *in)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl, *out;

    for (cl = in; cl; cl = cl->next) {
        cl->buf->pos = cl->buf->last;

        if (cl->buf->last_buf) {
            break;
        }
    }

    if (cl == NULL) {
        return NULL;
    }

    b = ngx_calloc_buf(r->pool);
    out = ngx_alloc_chain_link(r->pool);

    if (b == NULL || out == NULL) {
        r->keepalive = 0;
        return in;
    }

    b->pos = ctx->refusal.data;
    b->last = b->pos + ctx->refusal.len;
    b->memory = 1;
    b->last_buf = 1;
    b->last_in_chain = 1;

    out->buf = b;
    out->next = NULL;

    return out;
}
