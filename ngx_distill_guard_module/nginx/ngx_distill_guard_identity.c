/*
 * Copyright (C) 2026 Distill Guard
 *
 * Who is asking: the key, the account, the origin and its network, and the
 * client's fingerprint.  Raw credentials are read where they stand in the
 * request and leave this file only as keyed hashes.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_distill_guard.h"
#include "dg_identity.h"


static void ngx_distill_guard_identify_headers(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx);
#if (NGX_HTTP_SSL)
static void ngx_distill_guard_identify_tls(ngx_http_request_t *r,
    dg_identity_t *who);
#endif
static ngx_int_t ngx_distill_guard_identify_named(ngx_http_request_t *r,
    ngx_distill_guard_loc_conf_t *glcf, ngx_distill_guard_ctx_t *ctx);
static void ngx_distill_guard_identify_origin(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx);


ngx_int_t
ngx_distill_guard_identify(ngx_http_request_t *r,
    ngx_distill_guard_loc_conf_t *glcf, ngx_distill_guard_ctx_t *ctx)
{
    ngx_distill_guard_main_conf_t  *mcf;

    ngx_distill_guard_identify_headers(r, ctx);

    if (ngx_distill_guard_identify_named(r, glcf, ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_distill_guard_identify_origin(r, ctx);

    ctx->exchange.ids[DG_KIND_KEY] = ctx->key;

    mcf = ngx_http_get_module_main_conf(r, ngx_distill_guard_module);

    if (mcf->geo) {
        ngx_distill_guard_geo_lookup(mcf->geo, r->connection->sockaddr,
                                     &ctx->place);
        ctx->exchange.hosting = ctx->place.hosting;

        if (ctx->place.asn) {
            dg_asn_id(&ctx->exchange.ids[DG_KIND_ASN], ctx->place.asn);
        }
    }

    return NGX_OK;
}


static void
ngx_distill_guard_identify_headers(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx)
{
    dg_str_t          name, value;
    ngx_uint_t        i;
    dg_identity_t     who;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    dg_identity_init(&who, &ctx->zone->key, r->http_version / 1000);

    part = &r->headers_in.headers.part;
    i = 0;

    while ((h = ngx_distill_guard_next_header(&part, &i)) != NULL) {

        name.data = h->key.data;
        name.len = h->key.len;
        value.data = h->value.data;
        value.len = h->value.len;

        dg_identity_header(&who, &name, &value);
    }

    value.data = r->args.data;
    value.len = r->args.len;

    dg_identity_query(&who, &value);

#if (NGX_HTTP_SSL)
    if (r->connection->ssl) {
        ngx_distill_guard_identify_tls(r, &who);
    }
#endif

    ctx->key = dg_identity_key(&who, ctx->endpoint.shape);
    ctx->client = dg_identity_client(&who);
    ctx->exchange.client = ctx->client;
    ctx->exchange.relay = dg_identity_relay(&who);
}


#if (NGX_HTTP_SSL)

/* only what is known of resumed sessions, too; the texts are OpenSSL's own */

static void
ngx_distill_guard_identify_tls(ngx_http_request_t *r, dg_identity_t *who)
{
    dg_str_t   trait;
    ngx_str_t  value;

    if (ngx_ssl_get_protocol(r->connection, r->pool, &value) == NGX_OK) {
        trait.data = value.data;
        trait.len = ngx_strlen(value.data);
        dg_identity_trait(who, &trait);
    }

    if (ngx_ssl_get_cipher_name(r->connection, r->pool, &value) == NGX_OK
        && value.data)
    {
        trait.data = value.data;
        trait.len = ngx_strlen(value.data);
        dg_identity_trait(who, &trait);
    }
}

#endif


/* the key and the account that the configuration names */

static ngx_int_t
ngx_distill_guard_identify_named(ngx_http_request_t *r,
    ngx_distill_guard_loc_conf_t *glcf, ngx_distill_guard_ctx_t *ctx)
{
    ngx_str_t  value;

    if (glcf->key) {

        if (ngx_http_complex_value(r, glcf->key, &value) != NGX_OK) {
            return NGX_ERROR;
        }

        ngx_memzero(&ctx->key, sizeof(dg_id_t));

        if (value.len) {
            ctx->key = dg_hash(&ctx->zone->key, DG_HASH_KEY, value.data,
                               value.len);
        }
    }

    ctx->account = ctx->key;

    if (glcf->account) {

        if (ngx_http_complex_value(r, glcf->account, &value) != NGX_OK) {
            return NGX_ERROR;
        }

        if (value.len) {
            ctx->account = dg_hash(&ctx->zone->key, DG_HASH_ACCOUNT,
                                   value.data, value.len);
            ctx->exchange.ids[DG_KIND_ACCOUNT] = ctx->account;
        }
    }

    return NGX_OK;
}


/* the address is the connection's, as realip has left it */

static void
ngx_distill_guard_identify_origin(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx)
{
    dg_id_t              *id;
    struct sockaddr      *sa;
    struct sockaddr_in   *sin;
#if (NGX_HAVE_INET6)
    struct sockaddr_in6  *sin6;
#endif

    id = &ctx->exchange.ids[DG_KIND_ORIGIN];
    sa = r->connection->sockaddr;

    switch (sa->sa_family) {

#if (NGX_HAVE_INET6)
    case AF_INET6:
        sin6 = (struct sockaddr_in6 *) sa;
        dg_origin_v6(id, sin6->sin6_addr.s6_addr);
        break;
#endif

#if (NGX_HAVE_UNIX_DOMAIN)
    case AF_UNIX:
        dg_origin_unix(id);
        break;
#endif

    default: /* AF_INET */
        sin = (struct sockaddr_in *) sa;
        dg_origin_v4(id, (u_char *) &sin->sin_addr.s_addr);
        break;
    }
}


ngx_table_elt_t *
ngx_distill_guard_next_header(ngx_list_part_t **part, ngx_uint_t *i)
{
    ngx_table_elt_t  *h;

    while (*part && *i >= (*part)->nelts) {
        *part = (*part)->next;
        *i = 0;
    }

    if (*part == NULL) {
        return NULL;
    }

    h = (*part)->elts;

    return &h[(*i)++];
}


ngx_log_t
ngx_distill_guard_log(ngx_http_request_t *r)
{
    ngx_log_t  log;

    log = *r->connection->log;
    log.handler = NULL;

    return log;
}
