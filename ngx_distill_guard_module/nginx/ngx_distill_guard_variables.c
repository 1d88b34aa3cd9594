/*
 * Copyright (C) 2026 Distill Guard
 *
 * $distill_guard_*: what is known of a request, for logs, maps and headers.
 * Facts of the body are there once it has been read, which is after the
 * access phases; what an exchange cost is final in the log.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_distill_guard.h"
#include "dg_event.h"
#include "dg_print.h"


/* the longest of them but the event and the reasons */
#define NGX_DISTILL_GUARD_VALUE  96


typedef enum {
    NGX_DISTILL_GUARD_VAR_VERDICT = 0,
    NGX_DISTILL_GUARD_VAR_SCORE,
    NGX_DISTILL_GUARD_VAR_REASONS,
    NGX_DISTILL_GUARD_VAR_CAMPAIGN,
    NGX_DISTILL_GUARD_VAR_TEMPLATE,
    NGX_DISTILL_GUARD_VAR_KEY,
    NGX_DISTILL_GUARD_VAR_ACCOUNT,
    NGX_DISTILL_GUARD_VAR_ORIGIN,
    NGX_DISTILL_GUARD_VAR_ASN,
    NGX_DISTILL_GUARD_VAR_COUNTRY,
    NGX_DISTILL_GUARD_VAR_CLIENT,
    NGX_DISTILL_GUARD_VAR_DIALECT,
    NGX_DISTILL_GUARD_VAR_MODEL,
    NGX_DISTILL_GUARD_VAR_INPUT,
    NGX_DISTILL_GUARD_VAR_OUTPUT,
    NGX_DISTILL_GUARD_VAR_SOURCE,
    NGX_DISTILL_GUARD_VAR_EVENT
} ngx_distill_guard_var_t;


static ngx_int_t ngx_distill_guard_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static size_t ngx_distill_guard_variable_size(uintptr_t data);
static u_char *ngx_distill_guard_variable_text(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx, uintptr_t data, u_char *p);
static u_char *ngx_distill_guard_text_id(u_char *p, const dg_id_t *id);
static ngx_uint_t ngx_distill_guard_dry_run(ngx_distill_guard_ctx_t *ctx);
static u_char *ngx_distill_guard_text_model(ngx_distill_guard_ctx_t *ctx,
    u_char *p);
static u_char *ngx_distill_guard_text_usage(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx, uintptr_t data, u_char *p);
static void ngx_distill_guard_event(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx, dg_event_t *ev, dg_usage_t *usage);


static ngx_http_variable_t  ngx_distill_guard_vars[] = {

    { ngx_string("distill_guard_verdict"), NULL, ngx_distill_guard_variable,
      NGX_DISTILL_GUARD_VAR_VERDICT, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("distill_guard_score"), NULL, ngx_distill_guard_variable,
      NGX_DISTILL_GUARD_VAR_SCORE, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("distill_guard_reasons"), NULL, ngx_distill_guard_variable,
      NGX_DISTILL_GUARD_VAR_REASONS, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("distill_guard_campaign"), NULL, ngx_distill_guard_variable,
      NGX_DISTILL_GUARD_VAR_CAMPAIGN, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("distill_guard_template"), NULL, ngx_distill_guard_variable,
      NGX_DISTILL_GUARD_VAR_TEMPLATE, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("distill_guard_key"), NULL, ngx_distill_guard_variable,
      NGX_DISTILL_GUARD_VAR_KEY, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("distill_guard_account"), NULL, ngx_distill_guard_variable,
      NGX_DISTILL_GUARD_VAR_ACCOUNT, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("distill_guard_origin"), NULL, ngx_distill_guard_variable,
      NGX_DISTILL_GUARD_VAR_ORIGIN, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("distill_guard_asn"), NULL, ngx_distill_guard_variable,
      NGX_DISTILL_GUARD_VAR_ASN, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("distill_guard_country"), NULL, ngx_distill_guard_variable,
      NGX_DISTILL_GUARD_VAR_COUNTRY, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("distill_guard_client"), NULL, ngx_distill_guard_variable,
      NGX_DISTILL_GUARD_VAR_CLIENT, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("distill_guard_dialect"), NULL, ngx_distill_guard_variable,
      NGX_DISTILL_GUARD_VAR_DIALECT, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("distill_guard_model"), NULL, ngx_distill_guard_variable,
      NGX_DISTILL_GUARD_VAR_MODEL, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("distill_guard_input_tokens"), NULL,
      ngx_distill_guard_variable,
      NGX_DISTILL_GUARD_VAR_INPUT, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("distill_guard_output_tokens"), NULL,
      ngx_distill_guard_variable,
      NGX_DISTILL_GUARD_VAR_OUTPUT, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("distill_guard_tokens_source"), NULL,
      ngx_distill_guard_variable,
      NGX_DISTILL_GUARD_VAR_SOURCE, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("distill_guard_event"), NULL, ngx_distill_guard_variable,
      NGX_DISTILL_GUARD_VAR_EVENT, NGX_HTTP_VAR_NOCACHEABLE, 0 },

      ngx_http_null_variable
};


ngx_int_t
ngx_distill_guard_add_variables(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = ngx_distill_guard_vars; v->name.len; v++) {

        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_distill_guard_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char                   *p, *last;
    ngx_distill_guard_ctx_t  *ctx;

    ctx = ngx_distill_guard_get_ctx(r->main);

    if (ctx == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, ngx_distill_guard_variable_size(data));
    if (p == NULL) {
        return NGX_ERROR;
    }

    last = ngx_distill_guard_variable_text(r->main, ctx, data, p);

    if (last == p) {
        v->not_found = 1;
        return NGX_OK;
    }

    v->data = p;
    v->len = last - p;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


static size_t
ngx_distill_guard_variable_size(uintptr_t data)
{
    switch (data) {

    case NGX_DISTILL_GUARD_VAR_EVENT:
        return DG_EVENT_SIZE;

    case NGX_DISTILL_GUARD_VAR_REASONS:
        return DG_EVENT_REASONS;

    default:
        return NGX_DISTILL_GUARD_VALUE;
    }
}


/* writes nothing where the value is not known */

static u_char *
ngx_distill_guard_variable_text(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx, uintptr_t data, u_char *p)
{
    dg_id_t     *origin;
    dg_event_t   ev;
    dg_usage_t   usage;

    switch (data) {

    case NGX_DISTILL_GUARD_VAR_VERDICT:
        return dg_event_verdict(p, ctx->decision.verdict,
                                ngx_distill_guard_dry_run(ctx));

    case NGX_DISTILL_GUARD_VAR_SCORE:
        return ctx->endpoint.charged
               ? dg_print_u64(p, ctx->finding.score.score) : p;

    case NGX_DISTILL_GUARD_VAR_REASONS:
        ngx_distill_guard_event(r, ctx, &ev, &usage);
        return dg_event_reasons(p, &ev);

    case NGX_DISTILL_GUARD_VAR_CAMPAIGN:
        return ngx_distill_guard_text_id(p, &ctx->finding.campaign);

    case NGX_DISTILL_GUARD_VAR_TEMPLATE:
        return ngx_distill_guard_text_id(p, &ctx->finding.template);

    case NGX_DISTILL_GUARD_VAR_KEY:
        return ngx_distill_guard_text_id(p, &ctx->key);

    case NGX_DISTILL_GUARD_VAR_ACCOUNT:
        return ngx_distill_guard_text_id(p, &ctx->account);

    case NGX_DISTILL_GUARD_VAR_ORIGIN:
        origin = &ctx->exchange.ids[DG_KIND_ORIGIN];
        return dg_id_none(origin) ? p
                                  : dg_subject_text(p, DG_KIND_ORIGIN, origin);

    case NGX_DISTILL_GUARD_VAR_ASN:
        return ctx->place.asn ? dg_print_u64(p, ctx->place.asn) : p;

    case NGX_DISTILL_GUARD_VAR_COUNTRY:
        return ctx->place.country[0] ? ngx_cpymem(p, ctx->place.country, 2)
                                     : p;

    case NGX_DISTILL_GUARD_VAR_CLIENT:
        return ngx_distill_guard_text_id(p, &ctx->client);

    case NGX_DISTILL_GUARD_VAR_DIALECT:
        return dg_print_str(p, &dg_dialects[ctx->endpoint.dialect].name);

    case NGX_DISTILL_GUARD_VAR_MODEL:
        return ngx_distill_guard_text_model(ctx, p);

    case NGX_DISTILL_GUARD_VAR_EVENT:
        ngx_distill_guard_event(r, ctx, &ev, &usage);
        return dg_event_write(p, &ev);

    default: /* tokens and their source */
        return ngx_distill_guard_text_usage(r, ctx, data, p);
    }
}


static u_char *
ngx_distill_guard_text_id(u_char *p, const dg_id_t *id)
{
    return dg_id_none(id) ? p : dg_id_text(p, id);
}


static ngx_uint_t
ngx_distill_guard_dry_run(ngx_distill_guard_ctx_t *ctx)
{
    return ctx->decision.verdict != DG_PASS && !ctx->enforced;
}


/*
 * As the request names it, else as the answer does.  It may be put into a
 * header, which must not end within it.
 */

static u_char *
ngx_distill_guard_text_model(ngx_distill_guard_ctx_t *ctx, u_char *p)
{
    u_char  *last;

    if (ctx->request.model_len) {
        last = ngx_cpymem(p, ctx->request.model, ctx->request.model_len);

    } else {
        last = ngx_cpymem(p, ctx->response.model, ctx->response.model_len);
    }

    for ( /* void */ ; p < last; p++) {
        if (*p < 0x20 || *p == 0x7f) {
            *p = '?';
        }
    }

    return last;
}


static u_char *
ngx_distill_guard_text_usage(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx, uintptr_t data, u_char *p)
{
    dg_usage_t  usage;

    if (!ctx->endpoint.charged) {
        return p;
    }

    ngx_distill_guard_usage(r, ctx, &usage);

    if (usage.source == DG_SOURCE_NONE) {
        return p;
    }

    switch (data) {

    case NGX_DISTILL_GUARD_VAR_INPUT:
        return dg_print_u64(p, usage.input);

    case NGX_DISTILL_GUARD_VAR_OUTPUT:
        return dg_print_u64(p, usage.output);

    default: /* NGX_DISTILL_GUARD_VAR_SOURCE */
        return dg_print_str(p, &dg_sources[usage.source]);
    }
}


static void
ngx_distill_guard_event(ngx_http_request_t *r, ngx_distill_guard_ctx_t *ctx,
    dg_event_t *ev, dg_usage_t *usage)
{
    uint64_t  start, now;

    ngx_distill_guard_usage(r, ctx, usage);

    start = (uint64_t) r->start_sec * 1000 + r->start_msec;
    now = ngx_distill_guard_now();

    ngx_memzero(ev, sizeof(dg_event_t));

    ev->t_ms = start;
    ev->duration_ms = now > start ? now - start : 0;
    ev->key = ctx->key;
    ev->account = ctx->account;
    ev->origin = ctx->exchange.ids[DG_KIND_ORIGIN];
    ev->client = ctx->client;
    ev->asn = ctx->place.asn;
    ngx_memcpy(ev->country, ctx->place.country, 2);
    ev->hosting = ctx->place.hosting;
    ev->anonymous = ctx->place.anonymous;
    ev->relay = ctx->exchange.relay;
    ev->exempt = ctx->exempt || ctx->exchange.ruling == DG_RULING_ALLOW;
    ev->aborted = ngx_distill_guard_aborted(ctx);
    ev->dry_run = ngx_distill_guard_dry_run(ctx);
    ev->dialect = ctx->endpoint.dialect;
    ev->status = ngx_distill_guard_status_code(r, ctx);
    ev->verdict = ctx->decision.verdict;
    ev->limit = ctx->decision.limit;
    ev->value = ctx->decision.value;
    ev->wait_ms = ctx->decision.wait_ms;
    ev->ruling = &ctx->finding.ruling;
    ev->score = &ctx->finding.score;
    ev->campaign = ctx->finding.campaign;
    ev->template = ctx->finding.template;
    ev->request = ctx->request.present ? &ctx->request : NULL;
    ev->response = ctx->status ? &ctx->response : NULL;
    ev->shared = &ctx->shared;
    ev->usage = usage;
}
