/*
 * Copyright (C) 2026 Distill Guard
 *
 * What the files of the status page share: its forms, its views of what a
 * zone holds, and what is decided there.
 */


#ifndef _NGX_DISTILL_GUARD_STATUS_H_INCLUDED_
#define _NGX_DISTILL_GUARD_STATUS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_distill_guard.h"


/* sends what nobody is to keep; the buffer is not in a chain */
ngx_int_t ngx_distill_guard_status_send(ngx_http_request_t *r,
    ngx_uint_t status, ngx_str_t *type, ngx_buf_t *b);

/* the same, of JSON; no buffer is an error */
ngx_int_t ngx_distill_guard_status_json(ngx_http_request_t *r,
    ngx_uint_t status, ngx_buf_t *b);

/* a header that there is no other of; neither key nor value is copied */
ngx_int_t ngx_distill_guard_status_header(ngx_http_request_t *r,
    const char *key, ngx_str_t *value);

/* a header of the request, or NULL */
ngx_str_t *ngx_distill_guard_status_asked(ngx_http_request_t *r,
    const char *key, size_t len);

/* the zone that "zone=" names, else the first; NULL: there is none */
ngx_distill_guard_zone_t *ngx_distill_guard_status_zone_named(
    ngx_http_request_t *r, ngx_str_t *name);


/* page: what browsers show */

ngx_int_t ngx_distill_guard_page(ngx_http_request_t *r);


/*
 * view: what a zone holds, as JSON, in parts that the page shows.
 * NGX_DECLINED: the request asks for none of them.
 */
ngx_int_t ngx_distill_guard_view(ngx_http_request_t *r);


/*
 * control: what an operator decides on the page.  The token stands in the
 * page as hex digits; it is the first zone's, so without a zone there is
 * none, and NGX_DECLINED is returned.
 */

#define NGX_DISTILL_GUARD_TOKEN  32

ngx_int_t ngx_distill_guard_control(ngx_http_request_t *r);
ngx_int_t ngx_distill_guard_control_token(ngx_http_request_t *r,
    u_char token[NGX_DISTILL_GUARD_TOKEN]);


#endif /* _NGX_DISTILL_GUARD_STATUS_H_INCLUDED_ */
