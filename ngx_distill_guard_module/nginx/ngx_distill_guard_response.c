/*
 * Copyright (C) 2026 Distill Guard
 *
 * The way out: a tap.  Headers and bodies go on as they came and when they
 * came; the guard reads what passes and holds nothing.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_distill_guard.h"


static ngx_int_t ngx_distill_guard_header_filter(ngx_http_request_t *r);
static void ngx_distill_guard_open_response(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx);
static ngx_int_t ngx_distill_guard_body_filter(ngx_http_request_t *r,
    ngx_chain_t *in);
static void ngx_distill_guard_read_response(ngx_distill_guard_ctx_t *ctx,
    ngx_chain_t *in);


static ngx_http_output_header_filter_pt  ngx_http_next_header_filter;
static ngx_http_output_body_filter_pt    ngx_http_next_body_filter;


ngx_int_t
ngx_distill_guard_response_init(ngx_conf_t *cf)
{
    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_distill_guard_header_filter;

    ngx_http_next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = ngx_distill_guard_body_filter;

    return NGX_OK;
}


static ngx_int_t
ngx_distill_guard_header_filter(ngx_http_request_t *r)
{
    ngx_distill_guard_ctx_t  *ctx;

    if (r != r->main) {
        return ngx_http_next_header_filter(r);
    }

    ctx = ngx_distill_guard_get_ctx(r);

    if (ctx == NULL) {
        return ngx_http_next_header_filter(r);
    }

    ngx_distill_guard_clear_response(&r->headers_out.headers);

    if (!ctx->endpoint.charged) {
        return ngx_http_next_header_filter(r);
    }

    if (ctx->refused) {
        if (ngx_distill_guard_refusal_due(r, ctx)) {
            ngx_distill_guard_refusal_header(r, ctx);
        }

        return ngx_http_next_header_filter(r);
    }

    ctx->status = r->headers_out.status;

    /* those without a body nginx makes header_only further down */

    ctx->finished = r->header_only || ctx->status == NGX_HTTP_NO_CONTENT
                    || ctx->status == NGX_HTTP_NOT_MODIFIED;

    if (!ctx->finished) {
        ngx_distill_guard_open_response(r, ctx);
    }

    return ngx_http_next_header_filter(r);
}


static void
ngx_distill_guard_open_response(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx)
{
    ngx_log_t                    log;
    dg_format_t                  format;
    ngx_table_elt_t             *encoding;
    ngx_distill_guard_reader_t  *reader;

    log = ngx_distill_guard_log(r);
    encoding = r->headers_out.content_encoding;

    if (encoding && encoding->value.len
        && ngx_strcasecmp(encoding->value.data, (u_char *) "identity") != 0)
    {
        format = DG_FORMAT_NONE;

    } else {
        encoding = NULL;
        format = dg_response_format(r->headers_out.content_type.data,
                                    r->headers_out.content_type.len);
    }

    if (ctx->response_reader == NULL) {

        if (ctx->judged && ctx->request_reader) {
            reader = (ngx_distill_guard_reader_t *) ctx->request_reader;
            ctx->request_reader = NULL;

        } else {
            reader = ngx_palloc(r->pool, sizeof(ngx_distill_guard_reader_t));
        }

        if (reader == NULL) {
            ngx_log_error(NGX_LOG_ERR, &log, 0,
                          "distill guard: no memory, the answer passes "
                          "unread");
            return;
        }

        ctx->response_reader = &reader->response;
    }

    dg_response_init(ctx->response_reader, ctx->endpoint.dialect, format,
                     &ctx->zone->key, &ctx->response);

    if (encoding) {
        ctx->response.encoded = 1;

        ngx_log_error(NGX_LOG_INFO, &log, 0,
                      "distill guard: the upstream answers in \"%V\" though "
                      "asked for plain text, tokens are estimated",
                      &encoding->value);
    }

    /* what comes from a cache is to be read from memory, too */

    if (format != DG_FORMAT_NONE) {
        r->filter_need_in_memory = 1;
    }

    if (ctx->decision.verdict == DG_PACE && ctx->enforced
        && ctx->status < NGX_HTTP_SPECIAL_RESPONSE
        && ngx_distill_guard_pace_open(r, ctx, format) != NGX_OK)
    {
        ngx_log_error(NGX_LOG_ERR, &log, 0,
                      "distill guard: no memory, the answer is not paced");
    }
}


static ngx_int_t
ngx_distill_guard_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_int_t                 rc;
    ngx_distill_guard_ctx_t  *ctx;

    if (r != r->main) {
        return ngx_http_next_body_filter(r, in);
    }

    ctx = ngx_distill_guard_get_ctx(r);

    if (ctx == NULL || (in == NULL && ctx->pace == NULL)) {
        return ngx_http_next_body_filter(r, in);
    }

    if (ctx->refused) {
        if (ngx_distill_guard_refusal_due(r, ctx)) {
            in = ngx_distill_guard_refusal_body(r, ctx, in);
        }

        return ngx_http_next_body_filter(r, in);
    }

    if (ctx->status && !ctx->finished) {
        ngx_distill_guard_read_response(ctx, in);
    }

    if (ctx->finished) {
        ngx_distill_guard_clear_response(&r->headers_out.trailers);
    }

    if (ctx->pace == NULL) {
        return ngx_http_next_body_filter(r, in);
    }

    ngx_distill_guard_pace_set(r, ctx);

    rc = ngx_http_next_body_filter(r, in);

    ngx_distill_guard_pace_wait(r, ctx);

    return rc;
}


static void
ngx_distill_guard_read_response(ngx_distill_guard_ctx_t *ctx, ngx_chain_t *in)
{
    uint64_t      begun;
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    begun = ngx_distill_guard_clock(ctx);

    for (cl = in; cl; cl = cl->next) {
        b = cl->buf;

        if (ngx_buf_in_memory(b)) {

            if (ctx->response_reader) {
                dg_response_push(ctx->response_reader, b->pos,
                                 b->last - b->pos);
            }

        } else if (b->in_file) {
            ctx->response.bytes += b->file_last - b->file_pos;
        }

        if (b->last_buf) {
            ctx->finished = 1;

            if (ctx->response_reader) {
                dg_response_end(ctx->response_reader);
            }
        }
    }

    ngx_distill_guard_clock_spent(ctx, NGX_DISTILL_GUARD_STAGE_RESPONSE,
                                  begun);
}
