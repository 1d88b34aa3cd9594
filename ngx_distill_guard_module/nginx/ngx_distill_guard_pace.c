/*
 * Copyright (C) 2026 Distill Guard
 *
 * Answers at a reading speed.  nginx limits the bytes sent since the request
 * came, on average; what was sent may be slow or fast in between.  So the rate
 * is that of tokens times the bytes that a token has taken so far, and the end
 * comes when it should.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_distill_guard.h"


/* bytes that pass at once: the headers, and the beginning of the answer */
#define NGX_DISTILL_GUARD_PACE_AFTER  1024

/* before that many tokens nobody knows what the others will take */
#define NGX_DISTILL_GUARD_PACE_KNOWN  16

/* until then: an event of its own for each, and a few letters */
#define NGX_DISTILL_GUARD_PACE_EVENT  256
#define NGX_DISTILL_GUARD_PACE_TEXT   8


static size_t ngx_distill_guard_pace_rate(ngx_distill_guard_ctx_t *ctx);
static void ngx_distill_guard_pace_handler(ngx_event_t *ev);
static void ngx_distill_guard_pace_cleanup(void *data);


ngx_int_t
ngx_distill_guard_pace_open(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx, dg_format_t format)
{
    ngx_http_cleanup_t        *cln;
    ngx_distill_guard_pace_t  *pace;
    ngx_http_core_loc_conf_t  *clcf;

    if (ctx->pace) {
        return NGX_OK;
    }

    pace = ngx_pcalloc(r->pool, sizeof(ngx_distill_guard_pace_t));
    cln = ngx_http_cleanup_add(r, 0);

    if (pace == NULL || cln == NULL) {
        return NGX_ERROR;
    }

    pace->tokens = dg_max(ctx->finding.pace, 1);
    pace->guess = format == DG_FORMAT_SSE || format == DG_FORMAT_NDJSON
                  ? NGX_DISTILL_GUARD_PACE_EVENT
                  : NGX_DISTILL_GUARD_PACE_TEXT;

    pace->timer.handler = ngx_distill_guard_pace_handler;
    pace->timer.data = r;
    pace->timer.log = r->connection->log;

    cln->handler = ngx_distill_guard_pace_cleanup;
    cln->data = pace;

    /* limit_rate, or what the upstream or a variable has said in its place */

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    pace->other = r->limit_rate_set ? r->limit_rate
                  : ngx_http_complex_value_size(r, clcf->limit_rate, 0);

    if (!r->limit_rate_after_set) {
        r->limit_rate_after = ngx_http_complex_value_size(r,
                                                    clcf->limit_rate_after, 0);
        r->limit_rate_after_set = 1;
    }

    r->limit_rate_after = ngx_max(r->limit_rate_after,
                                  NGX_DISTILL_GUARD_PACE_AFTER);

    ctx->pace = pace;

    ngx_distill_guard_pace_set(r, ctx);

    return NGX_OK;
}


/* nginx takes the limit off answers that it does not buffer: set it again */

void
ngx_distill_guard_pace_set(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx)
{
    size_t  rate;

    rate = ngx_distill_guard_pace_rate(ctx);

    if (ctx->pace->other) {
        rate = ngx_min(rate, ctx->pace->other);
    }

    r->limit_rate = rate;
    r->limit_rate_set = 1;
}


static size_t
ngx_distill_guard_pace_rate(ngx_distill_guard_ctx_t *ctx)
{
    uint64_t  tokens, rate;

    tokens = dg_max(dg_tokens_of_text(ctx->response.text),
                    ctx->response.output_tokens);

    if (tokens < NGX_DISTILL_GUARD_PACE_KNOWN) {
        rate = (uint64_t) ctx->pace->tokens * ctx->pace->guess;

    } else {
        rate = ctx->pace->tokens
               * dg_min(ctx->response.bytes, NGX_MAX_INT32_VALUE) / tokens;
    }

    return dg_max(dg_min(rate, NGX_MAX_INT32_VALUE), 1);
}


/*
 * Where nginx does not buffer an answer, it does not expect the limit: after
 * each write it stops the timer that the limit has set, and nothing would ever
 * go on.  So that timer has a twin.
 */

void
ngx_distill_guard_pace_wait(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx)
{
    ngx_event_t     *wev, *timer;
    ngx_msec_int_t   delay;

    wev = r->connection->write;
    timer = &ctx->pace->timer;

    if (r->upstream == NULL || r->upstream->buffering
        || !wev->delayed || !wev->timer_set)
    {
        return;
    }

    delay = (ngx_msec_int_t) (wev->timer.key - ngx_current_msec);

    if (timer->timer_set) {
        ngx_del_timer(timer);
    }

    ngx_add_timer(timer, (ngx_msec_t) ngx_max(delay, 1));
}


/* as if the timer of the write event had expired */

static void
ngx_distill_guard_pace_handler(ngx_event_t *ev)
{
    ngx_event_t         *wev;
    ngx_http_request_t  *r;

    r = ev->data;
    wev = r->connection->write;

    if (!wev->delayed) {
        return;
    }

    if (wev->timer_set) {
        ngx_del_timer(wev);
    }

    wev->timedout = 1;
    wev->handler(wev);
}


static void
ngx_distill_guard_pace_cleanup(void *data)
{
    ngx_distill_guard_pace_t *pace = data;

    if (pace->timer.timer_set) {
        ngx_del_timer(&pace->timer);
    }
}
