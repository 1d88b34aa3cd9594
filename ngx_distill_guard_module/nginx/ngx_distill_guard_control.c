/*
 * Copyright (C) 2026 Distill Guard
 *
 * What an operator decides on the status page.  Only the page itself may ask
 * for it: who does must have read the token in it, which no other origin can,
 * and the browser must say that the request comes from there.  All else
 * changes nothing.
 */


#include "ngx_distill_guard_status.h"
#include "dg_order.h"
#include "dg_print.h"


#define NGX_DISTILL_GUARD_ANSWER  1024

/* who decides, if nobody has logged in */
#define NGX_DISTILL_GUARD_AUTHOR  "page"


static ngx_int_t ngx_distill_guard_control_check(ngx_http_request_t *r,
    const char **error);
static ngx_uint_t ngx_distill_guard_control_type(ngx_http_request_t *r);
static ngx_uint_t ngx_distill_guard_control_origin(ngx_http_request_t *r);
static ngx_uint_t ngx_distill_guard_control_given(ngx_http_request_t *r);
static void ngx_distill_guard_control_handler(ngx_http_request_t *r);
static ngx_int_t ngx_distill_guard_control_order(ngx_http_request_t *r,
    dg_order_t *order);
static ngx_int_t ngx_distill_guard_control_body(ngx_http_request_t *r,
    u_char *buf, size_t *len);
static ngx_int_t ngx_distill_guard_control_decide(ngx_http_request_t *r,
    ngx_distill_guard_zone_t *zone, dg_order_t *order);
static void ngx_distill_guard_control_author(ngx_http_request_t *r,
    dg_ruling_t *ruling);
static ngx_int_t ngx_distill_guard_control_done(ngx_http_request_t *r,
    dg_order_t *order);
static ngx_int_t ngx_distill_guard_control_large(ngx_http_request_t *r);
static ngx_int_t ngx_distill_guard_control_error(ngx_http_request_t *r,
    ngx_uint_t status, const char *text);


/*
 * The body is read before anything is said: over HTTP/2 clients may lose an
 * answer that comes first.
 */

ngx_int_t
ngx_distill_guard_control(ngx_http_request_t *r)
{
    ngx_int_t  rc;

    if (r->headers_in.content_length_n > DG_ORDER_MAX) {
        rc = ngx_http_discard_request_body(r);

        return rc == NGX_OK ? ngx_distill_guard_control_large(r) : rc;
    }

    r->request_body_in_single_buf = 1;

    rc = ngx_http_read_client_request_body(r,
                                           ngx_distill_guard_control_handler);

    return rc >= NGX_HTTP_SPECIAL_RESPONSE ? rc : NGX_DONE;
}


/* NGX_OK, or the status to refuse with */

static ngx_int_t
ngx_distill_guard_control_check(ngx_http_request_t *r, const char **error)
{
    if (!ngx_distill_guard_control_type(r)) {
        *error = "a decision is application/json";
        return NGX_HTTP_UNSUPPORTED_MEDIA_TYPE;
    }

    if (!ngx_distill_guard_control_origin(r)) {
        *error = "this does not come from the page itself";
        return NGX_HTTP_FORBIDDEN;
    }

    if (!ngx_distill_guard_control_given(r)) {
        *error = "the page is of another start of nginx: load it again";
        return NGX_HTTP_FORBIDDEN;
    }

    return NGX_OK;
}


/* no form sends this type, and no other origin may without being asked */

static ngx_uint_t
ngx_distill_guard_control_type(ngx_http_request_t *r)
{
    size_t            len;
    ngx_str_t        *value;
    static ngx_str_t  json = ngx_string("application/json");

    if (r->headers_in.content_type == NULL) {
        return 0;
    }

    value = &r->headers_in.content_type->value;
    len = value->len;

    return len >= json.len
           && ngx_strncasecmp(value->data, json.data, json.len) == 0
           && (len == json.len || value->data[json.len] == ';'
               || value->data[json.len] == ' ');
}


/* browsers say where a POST comes from */

static ngx_uint_t
ngx_distill_guard_control_origin(ngx_http_request_t *r)
{
    u_char     *p;
    size_t      len;
    ngx_str_t  *origin, *site;

    site = ngx_distill_guard_status_asked(r, "sec-fetch-site",
                                          sizeof("sec-fetch-site") - 1);

    if (site && (site->len != sizeof("same-origin") - 1
                 || ngx_strncmp(site->data, "same-origin", site->len) != 0))
    {
        return 0;
    }

    origin = ngx_distill_guard_status_asked(r, "origin", sizeof("origin") - 1);

    if (origin == NULL || r->headers_in.host == NULL) {
        return 0;
    }

    p = origin->data;
    len = origin->len;

    if (len > 8 && ngx_strncasecmp(p, (u_char *) "https://", 8) == 0) {
        p += 8;
        len -= 8;

    } else if (len > 7 && ngx_strncasecmp(p, (u_char *) "http://", 7) == 0) {
        p += 7;
        len -= 7;

    } else {
        return 0;
    }

    return len == r->headers_in.host->value.len
           && ngx_strncasecmp(p, r->headers_in.host->value.data, len) == 0;
}


/* how long this takes tells nothing of the token */

static ngx_uint_t
ngx_distill_guard_control_given(ngx_http_request_t *r)
{
    u_char      token[NGX_DISTILL_GUARD_TOKEN];
    ngx_str_t  *given;
    ngx_uint_t  i, differ;

    given = ngx_distill_guard_status_asked(r, "x-csrf-token",
                                           sizeof("x-csrf-token") - 1);

    if (given == NULL || given->len != NGX_DISTILL_GUARD_TOKEN
        || ngx_distill_guard_control_token(r, token) != NGX_OK)
    {
        return 0;
    }

    differ = 0;

    for (i = 0; i < NGX_DISTILL_GUARD_TOKEN; i++) {
        differ |= given->data[i] ^ token[i];
    }

    return differ == 0;
}


ngx_int_t
ngx_distill_guard_control_token(ngx_http_request_t *r,
    u_char token[NGX_DISTILL_GUARD_TOKEN])
{
    ngx_str_t                      first;
    ngx_distill_guard_zone_t      *zone;
    ngx_distill_guard_loc_conf_t  *glcf;

    glcf = ngx_http_get_module_loc_conf(r, ngx_distill_guard_module);

    ngx_str_null(&first);
    zone = ngx_distill_guard_status_zone_named(r, &first);

    if (!glcf->control || zone == NULL) {
        return NGX_DECLINED;
    }

    ngx_hex_dump(token, zone->shared->token, NGX_DISTILL_GUARD_TOKEN / 2);

    return NGX_OK;
}


static void
ngx_distill_guard_control_handler(ngx_http_request_t *r)
{
    ngx_int_t    rc, status;
    dg_order_t  *order;
    const char  *error;

    status = ngx_distill_guard_control_check(r, &error);

    if (status != NGX_OK) {
        rc = ngx_distill_guard_control_error(r, status, error);

    } else {
        order = ngx_palloc(r->pool, sizeof(dg_order_t));

        rc = order ? ngx_distill_guard_control_order(r, order)
                   : NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_http_finalize_request(r, rc);
}


static ngx_int_t
ngx_distill_guard_control_order(ngx_http_request_t *r, dg_order_t *order)
{
    char                       error[DG_RECORD_ERROR];
    size_t                     len;
    u_char                     body[DG_ORDER_MAX];
    ngx_str_t                  name;
    ngx_distill_guard_zone_t  *zone;

    if (ngx_distill_guard_control_body(r, body, &len) != NGX_OK) {
        return ngx_distill_guard_control_large(r);
    }

    if (dg_order_read(order, body, len, error) != DG_OK) {
        return ngx_distill_guard_control_error(r, NGX_HTTP_BAD_REQUEST, error);
    }

    name.data = (u_char *) order->zone.data;
    name.len = order->zone.len;

    zone = ngx_distill_guard_status_zone_named(r, &name);

    if (zone == NULL) {
        return ngx_distill_guard_control_error(r, NGX_HTTP_NOT_FOUND,
                                               "there is no such zone");
    }

    return ngx_distill_guard_control_decide(r, zone, order);
}


static ngx_int_t
ngx_distill_guard_control_body(ngx_http_request_t *r, u_char *buf,
    size_t *len)
{
    size_t        n;
    ngx_chain_t  *cl;

    *len = 0;

    if (r->request_body == NULL) {
        return NGX_OK;
    }

    for (cl = r->request_body->bufs; cl; cl = cl->next) {

        if (!ngx_buf_in_memory(cl->buf)) {

            if (ngx_buf_size(cl->buf) == 0) {
                continue;
            }

            return NGX_ERROR;
        }

        n = cl->buf->last - cl->buf->pos;

        if (n > DG_ORDER_MAX - *len) {
            return NGX_ERROR;
        }

        ngx_memcpy(buf + *len, cl->buf->pos, n);
        *len += n;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_distill_guard_control_decide(ngx_http_request_t *r,
    ngx_distill_guard_zone_t *zone, dg_order_t *order)
{
    int          rc;
    u_char       subject[DG_RULING_SUBJECT];
    size_t       len;
    ngx_log_t    log;
    dg_store_t  *store;

    ngx_distill_guard_control_author(r, &order->ruling);

    store = ngx_distill_guard_lock(zone);
    rc = dg_store_decide(store, order->kind, &order->id, &order->ruling,
                         order->seconds, zone->shared->sync.skew,
                         ngx_distill_guard_now());
    ngx_distill_guard_unlock(zone);

    if (rc == DG_FULL) {
        return ngx_distill_guard_control_error(r,
                                               NGX_HTTP_INSUFFICIENT_STORAGE,
                                               "there is no room for more "
                                               "decisions: release some, or "
                                               "make the zone larger");
    }

    if (rc == 0) {
        return ngx_distill_guard_control_error(r, NGX_HTTP_CONFLICT,
                                               "there is nothing to release: "
                                               "no decision on it is in "
                                               "force");
    }

    len = dg_ruling_subject_text(subject, order->kind, &order->id) - subject;
    log = ngx_distill_guard_log(r);

    ngx_distill_guard_log_decided(&log, subject, len, &order->ruling);

    return ngx_distill_guard_control_done(r, order);
}


/* what is no plain character of a name becomes a line */

static void
ngx_distill_guard_control_author(ngx_http_request_t *r, dg_ruling_t *ruling)
{
    u_char     *p;
    size_t      i;
    ngx_str_t   user;

    ngx_str_set(&user, NGX_DISTILL_GUARD_AUTHOR);

    if (ngx_http_auth_basic_user(r) == NGX_OK && r->headers_in.user.len) {
        user = r->headers_in.user;
    }

    ruling->author_len = (uint8_t) ngx_min(user.len, DG_RULING_AUTHOR);

    for (i = 0; i < ruling->author_len; i++) {
        p = &user.data[i];
        ruling->author[i] = dg_ruling_plain(p, 1, 0) ? *p : '_';
    }
}


void
ngx_distill_guard_log_decided(ngx_log_t *log, u_char *subject, size_t len,
    const dg_ruling_t *ruling)
{
    u_char           until[sizeof(" until 2026-11-23 15:30:00 UTC")];
    size_t           n;
    ngx_tm_t         tm;
    const dg_str_t  *what;

    what = &dg_rulings[ruling->id];
    n = 0;

    if (ruling->expires && ruling->id != DG_RULING_RELEASE) {
        ngx_gmtime((time_t) ngx_min(ruling->expires, 253402300799), &tm);

        n = ngx_sprintf(until, " until %4d-%02d-%02d %02d:%02d:%02d UTC",
                        tm.ngx_tm_year, tm.ngx_tm_mon, tm.ngx_tm_mday,
                        tm.ngx_tm_hour, tm.ngx_tm_min, tm.ngx_tm_sec)
            - until;
    }

    ngx_log_error(NGX_LOG_NOTICE, log, 0,
                  "distill guard: audit: %*s has decided: %*s %*s%*s%s%*s",
                  (size_t) ruling->author_len, ruling->author, what->len,
                  what->data, len, subject, n, until,
                  ruling->reason_len ? ", " : "",
                  (size_t) ruling->reason_len, ruling->reason);
}


static ngx_int_t
ngx_distill_guard_control_done(ngx_http_request_t *r, dg_order_t *order)
{
    u_char       *p;
    ngx_buf_t    *b;
    dg_ruling_t  *ruling;

    b = ngx_create_temp_buf(r->pool, NGX_DISTILL_GUARD_ANSWER);
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ruling = &order->ruling;

    p = dg_print(b->last, "{\"subject\":\"");
    p = dg_ruling_subject_text(p, order->kind, &order->id);
    p = dg_print(p, "\",\"decision\":\"");
    p = dg_print_str(p, &dg_rulings[ruling->id]);
    p = dg_print(p, "\",\"until\":");
    p = ruling->expires ? dg_print_u64(p, ruling->expires)
                        : dg_print(p, "null");
    p = dg_print(p, ",\"author\":\"");
    p = dg_print_json(p, ruling->author, ruling->author_len);
    b->last = dg_print(p, "\"}\n");

    return ngx_distill_guard_status_json(r, NGX_HTTP_OK, b);
}


static ngx_int_t
ngx_distill_guard_control_large(ngx_http_request_t *r)
{
    return ngx_distill_guard_control_error(r,
                                        NGX_HTTP_REQUEST_ENTITY_TOO_LARGE,
                                        "this is more than a decision takes");
}


static ngx_int_t
ngx_distill_guard_control_error(ngx_http_request_t *r, ngx_uint_t status,
    const char *text)
{
    u_char     *p;
    ngx_buf_t  *b;

    b = ngx_create_temp_buf(r->pool, NGX_DISTILL_GUARD_ANSWER);
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    p = dg_print(b->last, "{\"error\":\"");
    p = dg_print_json(p, (u_char *) text, ngx_strlen(text));
    b->last = dg_print(p, "\"}\n");

    return ngx_distill_guard_status_json(r, status, b);
}
