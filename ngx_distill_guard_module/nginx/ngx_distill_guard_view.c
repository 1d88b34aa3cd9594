/*
 * Copyright (C) 2026 Distill Guard
 *
 * What a zone holds, as JSON, part by part:
 *
 *     ?history      counts of the last two hours, minute by minute
 *     ?decisions    what operators have decided and is in force
 *     ?explain=     why a subject is treated as it is
 *     ?top=         who is the worst by a measure, of "kind="
 *     ?campaigns    which campaigns there are
 */


#include "ngx_distill_guard_status.h"
#include "ngx_distill_guard_survey.h"
#include "dg_conf.h"
#include "dg_sheet.h"
#include "dg_standing.h"


#define NGX_DISTILL_GUARD_DECISIONS  200    /* that are listed */

/* a decision, all of it escaped */
#define NGX_DISTILL_GUARD_DECISION                                            \
    (256 + DG_RULING_SUBJECT + 6 * (DG_RULING_AUTHOR + DG_RULING_REASON))


typedef ngx_int_t (*ngx_distill_guard_view_pt)(ngx_http_request_t *r,
    ngx_distill_guard_zone_t *zone, ngx_str_t *value);


typedef struct {
    ngx_str_t                   name;
    ngx_distill_guard_view_pt   handler;
} ngx_distill_guard_view_t;


static ngx_uint_t ngx_distill_guard_view_arg(ngx_http_request_t *r,
    ngx_str_t *name, ngx_str_t *value);
static ngx_int_t ngx_distill_guard_view_history(ngx_http_request_t *r,
    ngx_distill_guard_zone_t *zone, ngx_str_t *value);
static ngx_int_t ngx_distill_guard_view_decisions(ngx_http_request_t *r,
    ngx_distill_guard_zone_t *zone, ngx_str_t *value);
static ngx_int_t ngx_distill_guard_view_explain(ngx_http_request_t *r,
    ngx_distill_guard_zone_t *zone, ngx_str_t *value);
static ngx_int_t ngx_distill_guard_view_top(ngx_http_request_t *r,
    ngx_distill_guard_zone_t *zone, ngx_str_t *value);
static ngx_int_t ngx_distill_guard_view_campaigns(ngx_http_request_t *r,
    ngx_distill_guard_zone_t *zone, ngx_str_t *value);


static ngx_distill_guard_view_t  ngx_distill_guard_views[] = {

    { ngx_string("history"),
      ngx_distill_guard_view_history },

    { ngx_string("decisions"),
      ngx_distill_guard_view_decisions },

    { ngx_string("explain"),
      ngx_distill_guard_view_explain },

    { ngx_string("top"),
      ngx_distill_guard_view_top },

    { ngx_string("campaigns"),
      ngx_distill_guard_view_campaigns }
};


ngx_int_t
ngx_distill_guard_view(ngx_http_request_t *r)
{
    ngx_str_t                  name, value;
    ngx_uint_t                 i;
    ngx_distill_guard_view_t  *view;
    ngx_distill_guard_zone_t  *zone;

    static ngx_str_t  zone_arg = ngx_string("zone");

    view = ngx_distill_guard_views;

    for (i = 0; i < dg_nelts(ngx_distill_guard_views); i++) {
        if (ngx_distill_guard_view_arg(r, &view[i].name, &value)) {
            break;
        }
    }

    if (i == dg_nelts(ngx_distill_guard_views)) {
        return NGX_DECLINED;
    }

    ngx_str_null(&name);
    (void) ngx_distill_guard_view_arg(r, &zone_arg, &name);

    zone = ngx_distill_guard_status_zone_named(r, &name);

    return zone ? view[i].handler(r, zone, &value) : NGX_HTTP_NOT_FOUND;
}


/* with a value, which is unescaped, or without one */

static ngx_uint_t
ngx_distill_guard_view_arg(ngx_http_request_t *r, ngx_str_t *name,
    ngx_str_t *value)
{
    u_char  *p, *last, *end, *equals, *to, *from;

    p = r->args.data;
    last = p + r->args.len;

    for ( /* void */ ; p < last; p = end + 1) {
        end = ngx_strlchr(p, last, '&');
        end = end ? end : last;
        equals = ngx_strlchr(p, end, '=');
        equals = equals ? equals : end;

        if ((size_t) (equals - p) != name->len
            || ngx_strncmp(p, name->data, name->len) != 0)
        {
            continue;
        }

        from = equals < end ? equals + 1 : end;

        value->data = ngx_pnalloc(r->pool, end - from + 1);
        if (value->data == NULL) {
            return 0;
        }

        to = value->data;
        ngx_unescape_uri(&to, &from, end - from, 0);
        value->len = to - value->data;

        return 1;
    }

    return 0;
}


static ngx_int_t
ngx_distill_guard_view_history(ngx_http_request_t *r,
    ngx_distill_guard_zone_t *zone, ngx_str_t *value)
{
    ngx_buf_t     *b;
    dg_store_t    *store;
    dg_history_t  *history;

    b = ngx_create_temp_buf(r->pool, DG_HISTORY_TEXT);
    history = ngx_palloc(r->pool, sizeof(dg_history_t));

    if (b == NULL || history == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    store = ngx_distill_guard_lock(zone);
    dg_history_note(&zone->shared->history, &store->stats, ngx_time());
    *history = zone->shared->history;
    ngx_distill_guard_unlock(zone);

    b->last = dg_history_json(b->last, history, ngx_time());

    return ngx_distill_guard_status_json(r, NGX_HTTP_OK, b);
}


static ngx_int_t
ngx_distill_guard_view_decisions(ngx_http_request_t *r,
    ngx_distill_guard_zone_t *zone, ngx_str_t *value)
{
    size_t       n, i, of;
    ngx_buf_t   *b;
    dg_ruled_t  *ruled;
    dg_sheet_t   sheet;
    dg_store_t  *store;

    ruled = ngx_palloc(r->pool,
                       NGX_DISTILL_GUARD_DECISIONS * sizeof(dg_ruled_t));
    if (ruled == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    store = ngx_distill_guard_lock(zone);
    dg_store_rulings_turn(store, ngx_time());
    n = dg_store_decisions(store, ruled, NGX_DISTILL_GUARD_DECISIONS);
    of = dg_store_arena(store, DG_PART_RULINGS)->queue[DG_CONVICTED].n;
    ngx_distill_guard_unlock(zone);

    b = ngx_create_temp_buf(r->pool, 256 + n * NGX_DISTILL_GUARD_DECISION);
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    dg_sheet_init(&sheet, b->last, b->end - b->last);

    dg_sheet_open(&sheet, NULL, '{');
    dg_sheet_open(&sheet, "decisions", '[');

    for (i = 0; i < n; i++) {
        dg_standing_ruling(&sheet, NULL, &ruled[i]);
    }

    dg_sheet_close(&sheet, ']');
    dg_sheet_u64(&sheet, "of", of);
    dg_sheet_close(&sheet, '}');

    if (sheet.full) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    b->last = sheet.p;

    return ngx_distill_guard_status_json(r, NGX_HTTP_OK, b);
}


static ngx_int_t
ngx_distill_guard_view_explain(ngx_http_request_t *r,
    ngx_distill_guard_zone_t *zone, ngx_str_t *value)
{
    dg_id_t   id;
    unsigned  kind;

    if (dg_ruling_subject_parse(&kind, &id, value->data, value->len)
        != DG_OK)
    {
        return NGX_HTTP_BAD_REQUEST;
    }

    return ngx_distill_guard_survey_explain(r, zone, kind, &id);
}


static ngx_int_t
ngx_distill_guard_view_top(ngx_http_request_t *r,
    ngx_distill_guard_zone_t *zone, ngx_str_t *value)
{
    dg_str_t          name;
    unsigned          kind;
    ngx_str_t         text;
    dg_measure_t      measure;
    static ngx_str_t  kind_arg = ngx_string("kind");

    kind = DG_KIND_ACCOUNT;

    if (ngx_distill_guard_view_arg(r, &kind_arg, &text)) {
        name.data = text.data;
        name.len = text.len;

        kind = dg_conf_name(dg_kinds, DG_KIND_KEY, DG_KINDS, &name);
    }

    if (kind == DG_KINDS
        || dg_survey_measure(&measure, value->data, value->len) != DG_OK)
    {
        return NGX_HTTP_BAD_REQUEST;
    }

    return ngx_distill_guard_survey_top(r, zone, measure, kind);
}


static ngx_int_t
ngx_distill_guard_view_campaigns(ngx_http_request_t *r,
    ngx_distill_guard_zone_t *zone, ngx_str_t *value)
{
    return ngx_distill_guard_survey_campaigns(r, zone);
}
