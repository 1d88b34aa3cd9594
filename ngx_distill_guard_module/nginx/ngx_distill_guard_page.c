/*
 * Copyright (C) 2026 Distill Guard
 *
 * The page that browsers show: one file, put together of its text, its style
 * and its script, which may speak to nobody but the place it came from.  What
 * it shows it asks for itself, so nothing of that stands in it.
 */


#include "ngx_distill_guard_status.h"
#include "ngx_distill_guard_page.h"


#define NGX_DISTILL_GUARD_NONCE  32     /* hex digits */

#define NGX_DISTILL_GUARD_CSP                                                 \
    "default-src 'none'; connect-src 'self'; img-src data:; base-uri 'none';" \
    " form-action 'none'; frame-ancestors 'none'"


/* @name@ in the text */

typedef struct {
    ngx_str_t   name;
    ngx_str_t   value;
} ngx_distill_guard_page_part_t;


static ngx_int_t ngx_distill_guard_page_headers(ngx_http_request_t *r,
    ngx_str_t *nonce);
static ngx_buf_t *ngx_distill_guard_page_make(ngx_pool_t *pool,
    ngx_distill_guard_page_part_t *parts, ngx_uint_t n);
static ngx_distill_guard_page_part_t *ngx_distill_guard_page_part(
    ngx_distill_guard_page_part_t *parts, ngx_uint_t n, u_char *p,
    u_char *last);


ngx_int_t
ngx_distill_guard_page(ngx_http_request_t *r)
{
    u_char                          random[NGX_DISTILL_GUARD_NONCE / 2];
    u_char                          token[NGX_DISTILL_GUARD_TOKEN];
    u_char                         *nonce;
    ngx_buf_t                      *b;
    ngx_distill_guard_page_part_t   parts[] = {
        { ngx_string("nonce"), ngx_null_string },
        { ngx_string("token"), ngx_null_string },
        { ngx_string("style"), ngx_null_string },
        { ngx_string("script"), ngx_null_string },
        { ngx_string("version"), ngx_string(NGX_DISTILL_GUARD_VERSION) }
    };

    static ngx_str_t  type = ngx_string("text/html; charset=utf-8");

    nonce = ngx_pnalloc(r->pool, NGX_DISTILL_GUARD_NONCE);

    if (nonce == NULL
        || ngx_distill_guard_random(random, sizeof(random),
                                    r->connection->log)
           != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_hex_dump(nonce, random, sizeof(random));

    parts[0].value.data = nonce;
    parts[0].value.len = NGX_DISTILL_GUARD_NONCE;

    if (ngx_distill_guard_control_token(r, token) == NGX_OK) {
        parts[1].value.data = token;
        parts[1].value.len = NGX_DISTILL_GUARD_TOKEN;
    }

    parts[2].value.data = ngx_distill_guard_page_css;
    parts[2].value.len = sizeof(ngx_distill_guard_page_css);
    parts[3].value.data = ngx_distill_guard_page_js;
    parts[3].value.len = sizeof(ngx_distill_guard_page_js);

    b = ngx_distill_guard_page_make(r->pool, parts, dg_nelts(parts));

    if (b == NULL
        || ngx_distill_guard_page_headers(r, &parts[0].value) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_distill_guard_status_send(r, NGX_HTTP_OK, &type, b);
}


static ngx_int_t
ngx_distill_guard_page_headers(ngx_http_request_t *r, ngx_str_t *nonce)
{
    size_t     size;
    ngx_str_t  policy;

    static ngx_str_t  nosniff = ngx_string("nosniff");
    static ngx_str_t  referrer = ngx_string("same-origin");

    size = sizeof(NGX_DISTILL_GUARD_CSP "; script-src 'nonce-'"
                  "; style-src 'nonce-'")
           + 2 * NGX_DISTILL_GUARD_NONCE;

    policy.data = ngx_pnalloc(r->pool, size);
    if (policy.data == NULL) {
        return NGX_ERROR;
    }

    policy.len = ngx_snprintf(policy.data, size,
                              NGX_DISTILL_GUARD_CSP "; script-src 'nonce-%V'"
                              "; style-src 'nonce-%V'", nonce, nonce)
                 - policy.data;

    if (ngx_distill_guard_status_header(r, "Content-Security-Policy", &policy)
        != NGX_OK
        || ngx_distill_guard_status_header(r, "X-Content-Type-Options",
                                           &nosniff)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_distill_guard_status_header(r, "Referrer-Policy", &referrer);
}


/* each part stands in the text once or twice */

static ngx_buf_t *
ngx_distill_guard_page_make(ngx_pool_t *pool,
    ngx_distill_guard_page_part_t *parts, ngx_uint_t n)
{
    size_t                          size;
    u_char                         *p, *last;
    ngx_buf_t                      *b;
    ngx_uint_t                      i;
    ngx_distill_guard_page_part_t  *part;

    size = sizeof(ngx_distill_guard_page_html);

    for (i = 0; i < n; i++) {
        size += 2 * parts[i].value.len;
    }

    b = ngx_create_temp_buf(pool, size);
    if (b == NULL) {
        return NULL;
    }

    p = ngx_distill_guard_page_html;
    last = p + sizeof(ngx_distill_guard_page_html);

    while (p < last) {
        part = (*p == '@') ? ngx_distill_guard_page_part(parts, n, p + 1, last)
                           : NULL;

        if (part == NULL) {
            *b->last++ = *p++;
            continue;
        }

        if (part->value.len + (last - p) > (size_t) (b->end - b->last)) {
            return NULL;
        }

        b->last = ngx_cpymem(b->last, part->value.data, part->value.len);
        p += part->name.len + 2;
    }

    return b;
}


static ngx_distill_guard_page_part_t *
ngx_distill_guard_page_part(ngx_distill_guard_page_part_t *parts,
    ngx_uint_t n, u_char *p, u_char *last)
{
    ngx_uint_t  i;
    ngx_str_t  *name;

    for (i = 0; i < n; i++) {
        name = &parts[i].name;

        if ((size_t) (last - p) > name->len && p[name->len] == '@'
            && ngx_strncmp(p, name->data, name->len) == 0)
        {
            return &parts[i];
        }
    }

    return NULL;
}
