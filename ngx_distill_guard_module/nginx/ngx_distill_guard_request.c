/*
 * Copyright (C) 2026 Distill Guard
 *
 * The way in: who asks is known at PREACCESS and judged there; the body is
 * read as it passes the request body filters and judged on its last buffer.
 * In between nothing is refused: a body cut off in the middle would be taken
 * for the next request on the connection.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_distill_guard.h"


static ngx_distill_guard_ctx_t *ngx_distill_guard_create_ctx(
    ngx_http_request_t *r, ngx_distill_guard_loc_conf_t *glcf);
static void ngx_distill_guard_cleanup(void *data);
static ngx_int_t ngx_distill_guard_ask_identity(ngx_http_request_t *r);
static ngx_int_t ngx_distill_guard_body_filter(ngx_http_request_t *r,
    ngx_chain_t *in);
static void ngx_distill_guard_read_body(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx, ngx_chain_t *in, ngx_uint_t *last);
static void ngx_distill_guard_open_body(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx);
static ngx_uint_t ngx_distill_guard_encoded(ngx_http_request_t *r);
static ngx_int_t ngx_distill_guard_judge_body(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx);
static void ngx_distill_guard_end_body(ngx_http_request_t *r);
static ngx_uint_t ngx_distill_guard_judged(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx, const dg_decision_t *decision,
    ngx_uint_t enforce);
static void ngx_distill_guard_log_limit(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx);
static void ngx_distill_guard_log_ladder(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx);
static void ngx_distill_guard_log_ruling(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx);


static ngx_http_request_body_filter_pt  ngx_http_next_request_body_filter;


ngx_int_t
ngx_distill_guard_request_init(ngx_conf_t *cf)
{
    ngx_http_next_request_body_filter = ngx_http_top_request_body_filter;
    ngx_http_top_request_body_filter = ngx_distill_guard_body_filter;

    return NGX_OK;
}


/*
 * An internal redirect clears r->ctx, but the cleanups of the pool stay: the
 * request must not be counted twice, nor its verdict be lost.
 */

ngx_distill_guard_ctx_t *
ngx_distill_guard_get_ctx(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t       *cln;
    ngx_distill_guard_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_distill_guard_module);

    if (ctx == NULL && (r->internal || r->filter_finalize)) {

        for (cln = r->pool->cleanup; cln; cln = cln->next) {
            if (cln->handler == ngx_distill_guard_cleanup) {
                ctx = cln->data;
                break;
            }
        }
    }

    return ctx;
}


/* only marks the context in the pool; nothing is held that needs freeing */

static void
ngx_distill_guard_cleanup(void *data)
{
    return;
}


static ngx_distill_guard_ctx_t *
ngx_distill_guard_create_ctx(ngx_http_request_t *r,
    ngx_distill_guard_loc_conf_t *glcf)
{
    ngx_pool_cleanup_t       *cln;
    ngx_distill_guard_ctx_t  *ctx;

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_distill_guard_ctx_t));
    if (cln == NULL) {
        return NULL;
    }

    ctx = cln->data;
    ngx_memzero(ctx, sizeof(ngx_distill_guard_ctx_t));

    ctx->zone = glcf->zone;
    ctx->conf = glcf;

    cln->handler = ngx_distill_guard_cleanup;

    return ctx;
}


/*
 * NGX_DECLINED lets the other handlers of the phase run; NGX_OK would skip
 * limit_req and limit_conn.
 */

ngx_int_t
ngx_distill_guard_preaccess_handler(ngx_http_request_t *r)
{
    dg_str_t                       method, path;
    uint64_t                       begun;
    ngx_log_t                      log;
    dg_store_t                    *st;
    dg_decision_t                  decision;
    ngx_distill_guard_ctx_t       *ctx;
    ngx_distill_guard_loc_conf_t  *glcf;

    glcf = ngx_http_get_module_loc_conf(r, ngx_distill_guard_module);

    if (glcf->mode == DG_MODE_OFF
        || ngx_distill_guard_get_ctx(r->main) != NULL)
    {
        return NGX_DECLINED;
    }

    ngx_distill_guard_clear_request(r);

    if (r != r->main) {
        return NGX_DECLINED;
    }

    ctx = ngx_distill_guard_create_ctx(r, glcf);
    if (ctx == NULL) {
        goto failed;
    }

    ngx_distill_guard_clock_choose(ctx);
    begun = ngx_distill_guard_clock(ctx);

    method.data = r->method_name.data;
    method.len = r->method_name.len;
    path.data = r->uri.data;
    path.len = r->uri.len;

    dg_dialect_match(&ctx->endpoint, &method, &path);

    /* $distill_guard_key may tell the account, or that it is exempt */

    ngx_http_set_ctx(r, ctx, ngx_distill_guard_module);

    if (ngx_distill_guard_identify(r, glcf, ctx) != NGX_OK) {
        goto failed;
    }

    ctx->exempt = ngx_http_test_predicates(r, glcf->exempt) == NGX_DECLINED;

    ngx_distill_guard_rules(glcf, &ctx->rules);

    /* no rule concerns who is exempt */

    if (ctx->exempt) {
        ctx->rules.policy = NULL;
        ctx->rules.nlimits = 0;
    }

    if (!ctx->endpoint.charged) {
        return NGX_DECLINED;
    }

    if (ngx_distill_guard_ask_identity(r) != NGX_OK) {
        goto failed;
    }

    st = ngx_distill_guard_lock(ctx->zone);

    dg_guard_head(st, &ctx->exchange, &ctx->rules, ngx_distill_guard_now(),
                  &ctx->finding, &decision);

    ngx_distill_guard_unlock(ctx->zone);
    ngx_distill_guard_clock_spent(ctx, NGX_DISTILL_GUARD_STAGE_HEAD, begun);

    return ngx_distill_guard_judged(r, ctx, &decision, ctx->rules.enforce)
           ? ngx_distill_guard_refuse(r, ctx) : NGX_DECLINED;

failed:

    /* the guard's own failure never fails a request */

    if (ctx) {
        ctx->endpoint.charged = 0;
    }

    log = ngx_distill_guard_log(r);

    ngx_log_error(NGX_LOG_ERR, &log, 0,
                  "distill guard: no memory, the request passes unseen");

    return NGX_DECLINED;
}


/*
 * Compressed answers cannot be read, so the upstream is asked for plain
 * ones.  Only the headers that are passed on change, all of that name: gzip
 * and its kin look at r->headers_in.accept_encoding, which goes on saying
 * what the client said.
 */

static ngx_int_t
ngx_distill_guard_ask_identity(ngx_http_request_t *r)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

#if (NGX_HTTP_GZIP)

    if (r->headers_in.accept_encoding) {

        h = ngx_palloc(r->pool, sizeof(ngx_table_elt_t));
        if (h == NULL) {
            return NGX_ERROR;
        }

        *h = *r->headers_in.accept_encoding;
        r->headers_in.accept_encoding = h;
    }

#endif

    part = &r->headers_in.headers.part;
    i = 0;

    while ((h = ngx_distill_guard_next_header(&part, &i)) != NULL) {

        if (h->key.len == sizeof("Accept-Encoding") - 1
            && ngx_strcasecmp(h->key.data, (u_char *) "Accept-Encoding") == 0)
        {
            ngx_str_set(&h->value, "identity");
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_distill_guard_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_int_t                 rc;
    ngx_uint_t                last;
    ngx_distill_guard_ctx_t  *ctx;

    ctx = ngx_distill_guard_get_ctx(r);

    if (ctx == NULL || r != r->main || ctx->judged || ctx->refused
        || !ctx->endpoint.charged)
    {
        return ngx_http_next_request_body_filter(r, in);
    }

    last = 0;

    ngx_distill_guard_read_body(r, ctx, in, &last);

    /* error_page may send a refused request elsewhere, with all its body */

    rc = ngx_http_next_request_body_filter(r, in);

    if (rc != NGX_OK || !last) {
        return rc;
    }

    return ngx_distill_guard_judge_body(r, ctx);
}


static void
ngx_distill_guard_read_body(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx, ngx_chain_t *in, ngx_uint_t *last)
{
    uint64_t      begun;
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    begun = ngx_distill_guard_clock(ctx);

    if (!ctx->request.present) {
        ngx_distill_guard_open_body(r, ctx);
    }

    for (cl = in; cl; cl = cl->next) {
        b = cl->buf;

        if (ctx->request_reader && ngx_buf_in_memory(b)) {
            dg_request_push(ctx->request_reader, b->pos, b->last - b->pos);
        }

        if (b->last_buf) {
            *last = 1;
        }
    }

    ngx_distill_guard_clock_spent(ctx, NGX_DISTILL_GUARD_STAGE_BODY, begun);
}


/*
 * The bytes of a body that is not read are counted all the same; without
 * memory for that the head says how many they are, if it does.
 */

static void
ngx_distill_guard_open_body(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx)
{
    ngx_distill_guard_reader_t  *reader;

    reader = ngx_palloc(r->pool, sizeof(ngx_distill_guard_reader_t));

    if (reader) {
        ctx->request_reader = &reader->request;

        dg_request_init(ctx->request_reader, &ctx->endpoint, &ctx->zone->key,
                        &ctx->zone->marks, &ctx->request);

    } else if (r->headers_in.content_length_n > 0) {
        ctx->request.bytes = r->headers_in.content_length_n;
    }

    ctx->request.present = 1;
    ctx->request.encoded = ngx_distill_guard_encoded(r);
}


static ngx_uint_t
ngx_distill_guard_encoded(ngx_http_request_t *r)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    part = &r->headers_in.headers.part;
    i = 0;

    while ((h = ngx_distill_guard_next_header(&part, &i)) != NULL) {

        if (h->key.len == sizeof("Content-Encoding") - 1
            && ngx_strcasecmp(h->key.data, (u_char *) "Content-Encoding") == 0
            && ngx_strcasecmp(h->value.data, (u_char *) "identity") != 0)
        {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_distill_guard_judge_body(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx)
{
    uint64_t        begun;
    dg_rules_t      rules;
    dg_store_t     *st;
    dg_decision_t   decision;

    begun = ngx_distill_guard_clock(ctx);
    ctx->judged = 1;

    if (ctx->request_reader) {
        dg_request_end(ctx->request_reader);
    }

    /*
     * With proxy_request_buffering off the upstream may have had the head of
     * the request by now: it is too late to refuse, or to tell it anything.
     */

    rules = ctx->rules;

    if (r->upstream && r->upstream->peer.connection) {
        rules.enforce = 0;
    }

    st = ngx_distill_guard_lock(ctx->zone);

    dg_guard_body(st, &ctx->exchange, &rules, &ctx->request,
                  ngx_distill_guard_now(), &ctx->shared, &ctx->finding,
                  &decision);

    ngx_distill_guard_unlock(ctx->zone);
    ngx_distill_guard_clock_spent(ctx, NGX_DISTILL_GUARD_STAGE_BODY, begun);

    if (!ngx_distill_guard_judged(r, ctx, &decision, rules.enforce)) {
        return NGX_OK;
    }

    ngx_distill_guard_end_body(r);

    return ngx_distill_guard_refuse(r, ctx);
}


/*
 * What nginx itself does only with a body that it has taken: the reading is
 * over, and so is its timer.  What was read beyond the body would be the
 * beginning of the next request and is lost, so there must not be one.
 */

static void
ngx_distill_guard_end_body(ngx_http_request_t *r)
{
    ngx_buf_t    *b;
    ngx_event_t  *rev;

    r->read_event_handler = ngx_http_block_reading;

    rev = r->connection->read;

    if (rev->timer_set) {
        ngx_del_timer(rev);
    }

    b = r->request_body->buf;

    if (b && b->pos < b->last) {
        r->keepalive = 0;
        r->lingering_close = 1;
    }
}


/*
 * The greater verdict of both stages is the request's.  Returns whether it is
 * to be refused; without memory to tell the upstream, it passes untold.
 */

static ngx_uint_t
ngx_distill_guard_judged(ngx_http_request_t *r, ngx_distill_guard_ctx_t *ctx,
    const dg_decision_t *decision, ngx_uint_t enforce)
{
    ngx_log_t  log;

    if (decision->verdict > ctx->decision.verdict) {
        ctx->decision = *decision;
        ctx->enforced = enforce;
        ctx->refused = enforce && decision->verdict >= DG_THROTTLE;

        if (decision->limit && decision->limit != ctx->exchange.throttle) {
            ngx_distill_guard_log_limit(r, ctx);

        } else if (ctx->finding.ruling.id == DG_RULING_BLOCK) {
            ngx_distill_guard_log_ruling(r, ctx);

        } else {
            ngx_distill_guard_log_ladder(r, ctx);
        }
    }

    if (enforce && ngx_distill_guard_tell(r, ctx) != NGX_OK) {
        log = ngx_distill_guard_log(r);

        ngx_log_error(NGX_LOG_ERR, &log, 0,
                      "distill guard: no memory, the upstream is not told of "
                      "the score");
    }

    return ctx->refused;
}


static void
ngx_distill_guard_log_limit(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx)
{
    u_char                text[DG_SUBJECT_TEXT], limit[DG_LIMIT_TEXT];
    size_t                text_len, limit_len;
    unsigned              kind;
    ngx_log_t             log;
    ngx_str_t             name;
    ngx_uint_t            level;
    const dg_decision_t  *decision;

    decision = &ctx->decision;

    /* where no account is given a limit of accounts is one of keys */

    kind = decision->limit->kind;

    if (kind == DG_KIND_ACCOUNT && dg_id_none(&ctx->exchange.ids[kind])) {
        kind = DG_KIND_KEY;
    }

    name.data = (u_char *) dg_kinds[kind].data;
    name.len = dg_kinds[kind].len;
    text_len = dg_subject_text(text, kind, &ctx->exchange.ids[kind]) - text;
    limit_len = dg_limit_text(limit, decision->limit) - limit;

    level = ctx->enforced ? NGX_LOG_WARN : NGX_LOG_NOTICE;
    log = ngx_distill_guard_log(r);

    ngx_log_error(level, &log, 0,
                  "distill guard%s refuses %V %*s: over \"%*s\" with %uL, "
                  "free again in %uL ms",
                  ctx->enforced ? "" : " (dry run)", &name, text_len, text,
                  limit_len, limit, decision->value, decision->wait_ms);
}


/* refusals are worth a warning; what only tags or slows is not */

static void
ngx_distill_guard_log_ladder(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx)
{
    u_char                text[DG_SUBJECT_TEXT], campaign[DG_SUBJECT_TEXT];
    size_t                text_len, campaign_len;
    unsigned              kind;
    ngx_log_t             log;
    ngx_str_t             name;
    ngx_uint_t            level;
    const char           *dry_run;
    const dg_decision_t  *decision;

    static const char  *const does[DG_VERDICTS] = {
        "passes", "tags", "paces", "refuses", "blocks"
    };

    decision = &ctx->decision;

    kind = dg_id_none(&ctx->exchange.ids[DG_KIND_ACCOUNT]) ? DG_KIND_KEY
                                                           : DG_KIND_ACCOUNT;

    name.data = (u_char *) dg_kinds[kind].data;
    name.len = dg_kinds[kind].len;
    text_len = dg_subject_text(text, kind, &ctx->exchange.ids[kind]) - text;

    dry_run = ctx->enforced ? "" : " (dry run)";
    log = ngx_distill_guard_log(r);

    if (decision->verdict < DG_THROTTLE) {
        level = NGX_LOG_INFO;

    } else {
        level = ctx->enforced ? NGX_LOG_WARN : NGX_LOG_NOTICE;
    }

    if (decision->verdict == DG_THROTTLE && decision->limit == NULL) {

        ngx_log_error(level, &log, 0,
                      "distill guard%s refuses %V %*s: another was just "
                      "refused the same content, free again in %uL ms",
                      dry_run, &name, text_len, text, decision->wait_ms);
        return;
    }

    if (dg_id_none(&ctx->finding.campaign)) {
        campaign_len = ngx_cpymem(campaign, "none", 4) - campaign;

    } else {
        campaign_len = dg_subject_text(campaign, DG_KIND_CAMPAIGN,
                                       &ctx->finding.campaign)
                       - campaign;
    }

    ngx_log_error(level, &log, 0,
                  "distill guard%s %s %V %*s: score %ui, campaign %*s",
                  dry_run, does[decision->verdict], &name, text_len, text,
                  (ngx_uint_t) ctx->finding.score.score, campaign_len,
                  campaign);
}


/* by whom it was decided is for the operator's eyes, not for the client's */

static void
ngx_distill_guard_log_ruling(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx)
{
    u_char              text[DG_SUBJECT_TEXT], subject[DG_RULING_SUBJECT];
    size_t              text_len, subject_len;
    unsigned            kind;
    ngx_log_t           log;
    ngx_uint_t          level;
    dg_ruling_found_t  *ruling;

    ruling = &ctx->finding.ruling;

    kind = dg_id_none(&ctx->exchange.ids[DG_KIND_ACCOUNT]) ? DG_KIND_KEY
                                                           : DG_KIND_ACCOUNT;

    text_len = dg_subject_text(text, kind, &ctx->exchange.ids[kind]) - text;
    subject_len = dg_ruling_subject_text(subject, ruling->kind,
                                         &ruling->subject)
                  - subject;

    level = ctx->enforced ? NGX_LOG_WARN : NGX_LOG_NOTICE;
    log = ngx_distill_guard_log(r);

    ngx_log_error(level, &log, 0,
                  "distill guard%s blocks %*s %*s: %*s is blocked by %*s",
                  ctx->enforced ? "" : " (dry run)", dg_kinds[kind].len,
                  dg_kinds[kind].data, text_len, text, subject_len, subject,
                  (size_t) ruling->author_len, ruling->author);
}
