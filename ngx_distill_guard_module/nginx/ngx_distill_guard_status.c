/*
 * Copyright (C) 2026 Distill Guard
 *
 * The status page, in three forms: for people, if the request accepts HTML;
 * as the text that Prometheus reads, if it accepts OpenMetrics or version
 * 0.0.4 of that text, as Prometheus does by itself; else as JSON.  ?format=
 * says which without a guess.
 */


#include "ngx_distill_guard_metrics.h"
#include "ngx_distill_guard_status.h"
#include "ngx_distill_guard_compat.h"


typedef ngx_buf_t *(*ngx_distill_guard_status_pt)(ngx_pool_t *pool,
    ngx_distill_guard_snapshot_t *zones, ngx_uint_t n);


typedef struct {
    ngx_str_t                     name;      /* in ?format= */
    ngx_str_t                     type;
    ngx_distill_guard_status_pt   write;     /* NULL: the page */
} ngx_distill_guard_format_t;


static ngx_int_t ngx_distill_guard_status_handler(ngx_http_request_t *r);
static ngx_int_t ngx_distill_guard_status_write(ngx_http_request_t *r,
    ngx_distill_guard_format_t *format);
static ngx_distill_guard_format_t *ngx_distill_guard_status_format(
    ngx_http_request_t *r);
static ngx_uint_t ngx_distill_guard_status_accepted(ngx_http_request_t *r);
static ngx_distill_guard_snapshot_t *ngx_distill_guard_status_zones(
    ngx_http_request_t *r, ngx_distill_guard_main_conf_t *mcf);
static ngx_int_t ngx_distill_guard_status_zone(ngx_http_request_t *r,
    ngx_distill_guard_zone_t *zone, ngx_distill_guard_snapshot_t *shot);
static uint64_t ngx_distill_guard_status_contents(const dg_stats_t *stats);
static ngx_int_t ngx_distill_guard_status_name(ngx_http_request_t *r,
    ngx_str_t *name, ngx_str_t *escaped);


static ngx_distill_guard_format_t  ngx_distill_guard_formats[] = {

    { ngx_string("json"),
      ngx_string("application/json"),
      ngx_distill_guard_metrics_json },

    { ngx_string("prometheus"),
      ngx_string("text/plain; version=0.0.4; charset=utf-8"),
      ngx_distill_guard_metrics_prometheus },

    { ngx_string("html"),
      ngx_string("text/html; charset=utf-8"),
      NULL }
};

#define NGX_DISTILL_GUARD_JSON        0    /* in this table */
#define NGX_DISTILL_GUARD_PROMETHEUS  1
#define NGX_DISTILL_GUARD_HTML        2


/* distill_guard_status [control] */

char *
ngx_distill_guard_status(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_distill_guard_loc_conf_t *glcf = conf;

    ngx_str_t                 *value;
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->handler == ngx_distill_guard_status_handler) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2) {

        if (ngx_strcmp(value[1].data, "control") != 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid value \"%V\" in "
                               "\"distill_guard_status\": it is control, or "
                               "left out", &value[1]);
            return NGX_CONF_ERROR;
        }

        glcf->control = 1;
    }

    clcf->handler = ngx_distill_guard_status_handler;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_distill_guard_status_handler(ngx_http_request_t *r)
{
    ngx_int_t                      rc;
    ngx_distill_guard_format_t    *format;
    ngx_distill_guard_loc_conf_t  *glcf;

    glcf = ngx_http_get_module_loc_conf(r, ngx_distill_guard_module);

    if (r->method == NGX_HTTP_POST && glcf->control) {
        return ngx_distill_guard_control(r);
    }

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_distill_guard_view(r);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    format = ngx_distill_guard_status_format(r);
    if (format == NULL) {
        return NGX_HTTP_BAD_REQUEST;
    }

    if (format->write == NULL) {
        return ngx_distill_guard_page(r);
    }

    return ngx_distill_guard_status_write(r, format);
}


static ngx_int_t
ngx_distill_guard_status_write(ngx_http_request_t *r,
    ngx_distill_guard_format_t *format)
{
    ngx_buf_t                      *b;
    ngx_distill_guard_snapshot_t   *zones;
    ngx_distill_guard_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_distill_guard_module);

    zones = ngx_distill_guard_status_zones(r, mcf);
    if (zones == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    b = format->write(r->pool, zones, mcf->zones.nelts);
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_distill_guard_status_send(r, NGX_HTTP_OK, &format->type, b);
}


ngx_int_t
ngx_distill_guard_status_json(ngx_http_request_t *r, ngx_uint_t status,
    ngx_buf_t *b)
{
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_distill_guard_status_send(r, status,
                   &ngx_distill_guard_formats[NGX_DISTILL_GUARD_JSON].type,
                   b);
}


ngx_int_t
ngx_distill_guard_status_send(ngx_http_request_t *r, ngx_uint_t status,
    ngx_str_t *type, ngx_buf_t *b)
{
    ngx_int_t         rc;
    ngx_chain_t       out;
    static ngx_str_t  no_store = ngx_string("no-store");

    if (ngx_distill_guard_status_header(r, "Cache-Control", &no_store)
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->headers_out.status = status;
    r->headers_out.content_length_n = b->last - b->pos;
    r->headers_out.content_type = *type;
    r->headers_out.content_type_len = type->len;
    r->headers_out.content_type_lowcase = NULL;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    b->last_buf = (r == r->main);
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


static ngx_distill_guard_format_t *
ngx_distill_guard_status_format(ngx_http_request_t *r)
{
    ngx_str_t                    value;
    ngx_uint_t                   i;
    ngx_distill_guard_format_t  *format;

    format = ngx_distill_guard_formats;

    if (r->args.len == 0
        || ngx_http_arg(r, (u_char *) "format", 6, &value) != NGX_OK)
    {
        return &format[ngx_distill_guard_status_accepted(r)];
    }

    for (i = 0; i < dg_nelts(ngx_distill_guard_formats); i++) {
        if (format[i].name.len == value.len
            && ngx_strncmp(format[i].name.data, value.data, value.len) == 0)
        {
            return &format[i];
        }
    }

    return NULL;
}


static ngx_uint_t
ngx_distill_guard_status_accepted(ngx_http_request_t *r)
{
    ngx_str_t  *accept;

    accept = ngx_distill_guard_status_asked(r, "accept",
                                            sizeof("accept") - 1);
    if (accept == NULL) {
        return NGX_DISTILL_GUARD_JSON;
    }

    if (ngx_strstr(accept->data, "openmetrics-text")
        || ngx_strstr(accept->data, "version=0.0.4"))
    {
        return NGX_DISTILL_GUARD_PROMETHEUS;
    }

    return ngx_strstr(accept->data, "text/html") ? NGX_DISTILL_GUARD_HTML
                                                 : NGX_DISTILL_GUARD_JSON;
}


/* nginx has a zero behind each value */

ngx_str_t *
ngx_distill_guard_status_asked(ngx_http_request_t *r, const char *key,
    size_t len)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    part = &r->headers_in.headers.part;
    i = 0;

    for ( ;; ) {
        header = ngx_distill_guard_next_header(&part, &i);

        if (header == NULL) {
            return NULL;
        }

        if (header->key.len == len
            && ngx_strncasecmp(header->key.data, (u_char *) key, len) == 0)
        {
            return &header->value;
        }
    }
}


ngx_distill_guard_zone_t *
ngx_distill_guard_status_zone_named(ngx_http_request_t *r, ngx_str_t *name)
{
    ngx_distill_guard_zone_t       **zones;
    ngx_distill_guard_main_conf_t   *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_distill_guard_module);

    if (name->len) {
        return ngx_distill_guard_zone_find(mcf, name);
    }

    zones = mcf->zones.elts;

    return mcf->zones.nelts ? zones[0] : NULL;
}


static ngx_distill_guard_snapshot_t *
ngx_distill_guard_status_zones(ngx_http_request_t *r,
    ngx_distill_guard_main_conf_t *mcf)
{
    ngx_uint_t                      i;
    ngx_distill_guard_zone_t      **zones;
    ngx_distill_guard_snapshot_t   *shots;

    shots = ngx_palloc(r->pool, (mcf->zones.nelts + 1)
                                * sizeof(ngx_distill_guard_snapshot_t));
    if (shots == NULL) {
        return NULL;
    }

    zones = mcf->zones.elts;

    for (i = 0; i < mcf->zones.nelts; i++) {
        if (ngx_distill_guard_status_zone(r, zones[i], &shots[i]) != NGX_OK) {
            return NULL;
        }
    }

    return shots;
}


static ngx_int_t
ngx_distill_guard_status_zone(ngx_http_request_t *r,
    ngx_distill_guard_zone_t *zone, ngx_distill_guard_snapshot_t *shot)
{
    uint64_t     now;
    dg_store_t  *st;

    if (ngx_distill_guard_status_name(r, &zone->name, &shot->name)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    now = ngx_distill_guard_now();

    st = ngx_distill_guard_lock(zone);

    dg_store_rulings_turn(st, now / 1000);

    shot->store = *st;
    shot->arena = *dg_store_subjects(st);
    shot->used = dg_store_used(st);
    shot->sync = zone->shared->sync;
    ngx_memcpy(shot->stages, zone->shared->stages, sizeof(shot->stages));
    shot->campaigns = dg_store_arena(st, DG_PART_CAMPAIGNS)
                      ->queue[DG_CONVICTED].n;
    shot->templates = dg_store_arena(st, DG_PART_TEMPLATES)->used;
    shot->profiles = dg_store_arena(st, DG_PART_PROFILES)->used;
    shot->rulings = dg_store_arena(st, DG_PART_RULINGS)->ncells;
    shot->unruled = dg_store_arena(st, DG_PART_RULINGS)->refused;

    ngx_distill_guard_unlock(zone);

    shot->contents = ngx_distill_guard_status_contents(&shot->store.stats);

    /* the worker that has the lease may be ahead by a tick */

    if (shot->sync.last == 0) {
        shot->age = NGX_DISTILL_GUARD_UNKNOWN;
        shot->lag = NGX_DISTILL_GUARD_UNKNOWN;

    } else {
        shot->lag = shot->sync.lag;
        shot->age = now > shot->sync.last ? now - shot->sync.last : 0;
    }

    return NGX_OK;
}


/* of all that is refused for a time, what no limit has refused */

static uint64_t
ngx_distill_guard_status_contents(const dg_stats_t *stats)
{
    uint64_t    n;
    ngx_uint_t  i, k;

    n = stats->verdicts[DG_THROTTLE][0] + stats->verdicts[DG_THROTTLE][1];

    for (i = 0; i < DG_KINDS; i++) {
        for (k = 0; k < DG_METRICS; k++) {
            n -= stats->refused[i][k];
        }
    }

    return n;
}


/* both forms escape these two alike; what breaks a line is taken out */

static ngx_int_t
ngx_distill_guard_status_name(ngx_http_request_t *r, ngx_str_t *name,
    ngx_str_t *escaped)
{
    u_char  *p;
    size_t   i;

    escaped->data = ngx_pnalloc(r->pool, 2 * name->len);
    if (escaped->data == NULL) {
        return NGX_ERROR;
    }

    p = escaped->data;

    for (i = 0; i < name->len; i++) {

        if (name->data[i] < 0x20 || name->data[i] == 0x7f) {
            *p++ = '?';
            continue;
        }

        if (name->data[i] == '"' || name->data[i] == '\\') {
            *p++ = '\\';
        }

        *p++ = name->data[i];
    }

    escaped->len = p - escaped->data;

    return NGX_OK;
}


ngx_int_t
ngx_distill_guard_status_header(ngx_http_request_t *r, const char *key,
    ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    ngx_distill_guard_single(h);

    h->hash = 1;
    h->key.data = (u_char *) key;
    h->key.len = ngx_strlen(key);
    h->value = *value;

    return NGX_OK;
}
