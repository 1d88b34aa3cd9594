/*
 * Copyright (C) 2026 Distill Guard
 *
 * TLS to Redis, by nginx's own non-blocking layer.  A server has to present a
 * certificate that the configured authority, or one of the system's, has
 * signed for the name it was asked for.
 */


#include "ngx_distill_guard_redis.h"


#if (NGX_SSL)

#define NGX_DISTILL_GUARD_REDIS_CHAIN  10    /* certificates, at most */


static char *ngx_distill_guard_redis_tls_files(ngx_conf_t *cf,
    ngx_distill_guard_redis_t *redis, ngx_ssl_t *ssl);
static const char *ngx_distill_guard_redis_tls_name(
    ngx_distill_guard_redis_connection_t *rc, size_t *len);
static void ngx_distill_guard_redis_tls_handler(ngx_connection_t *c);
static const char *ngx_distill_guard_redis_tls_verify(
    ngx_distill_guard_redis_connection_t *rc, ngx_connection_t *c);
static ngx_uint_t ngx_distill_guard_redis_tls_matches(X509 *cert,
    const char *name, size_t len);
static ngx_uint_t ngx_distill_guard_redis_is_address(const char *name,
    size_t len);
static void ngx_distill_guard_redis_tls_info(const SSL *s, int where,
    int ret);


char *
ngx_distill_guard_redis_tls_init(ngx_conf_t *cf,
    ngx_distill_guard_redis_t *redis)
{
    char                *rv;
    ngx_ssl_t           *ssl;
    ngx_pool_cleanup_t  *cln;

    ssl = ngx_pcalloc(cf->pool, sizeof(ngx_ssl_t));
    if (ssl == NULL) {
        return NGX_CONF_ERROR;
    }

    ssl->log = cf->log;

    if (ngx_ssl_create(ssl, NGX_SSL_TLSv1_2|NGX_SSL_TLSv1_3, NULL) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        ngx_ssl_cleanup_ctx(ssl);
        return NGX_CONF_ERROR;
    }

    cln->handler = ngx_ssl_cleanup_ctx;
    cln->data = ssl;

    rv = ngx_distill_guard_redis_tls_files(cf, redis, ssl);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    redis->ssl = ssl;

    return NGX_CONF_OK;
}


/* nginx has said what is wrong with a file; where it is named is said here */

static char *
ngx_distill_guard_redis_tls_files(ngx_conf_t *cf,
    ngx_distill_guard_redis_t *redis, ngx_ssl_t *ssl)
{
    if (redis->cert.len
        && ngx_ssl_certificate(cf, ssl, &redis->cert, &redis->key, NULL)
           != NGX_OK)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "cert= and key= in \"distill_guard_redis\" must "
                           "name PEM files of a certificate and of its key");
        return NGX_CONF_ERROR;
    }

    if (!redis->verify) {
        return NGX_CONF_OK;
    }

    if (redis->ca.len == 0) {
        if (SSL_CTX_set_default_verify_paths(ssl->ctx) == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "no certificate authorities of the system for "
                               "\"distill_guard_redis\": name a file with "
                               "ca=");
            return NGX_CONF_ERROR;
        }

        return NGX_CONF_OK;
    }

    if (ngx_ssl_trusted_certificate(cf, ssl, &redis->ca,
                                    NGX_DISTILL_GUARD_REDIS_CHAIN)
        != NGX_OK)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "ca= in \"distill_guard_redis\" must name a PEM "
                           "file of certificates");
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* the name a server has to prove: the one configured, or that of the host */

static const char *
ngx_distill_guard_redis_tls_name(ngx_distill_guard_redis_connection_t *rc,
    size_t *len)
{
    ngx_distill_guard_redis_target_t  *target;

    if (rc->conf->tls_name.len) {
        *len = rc->conf->tls_name.len;
        return (const char *) rc->conf->tls_name.data;
    }

    target = &rc->targets[rc->target];
    *len = target->len;

    return (const char *) target->host;
}


void
ngx_distill_guard_redis_tls(ngx_distill_guard_redis_connection_t *rc)
{
    size_t             len;
    const char        *name;
    ngx_int_t          n;
    ngx_connection_t  *c;

    c = rc->peer.connection;

    /* nginx's layer takes its memory from there */

    c->pool = ngx_create_pool(256, &rc->quiet);
    if (c->pool == NULL
        || ngx_ssl_create_connection(rc->conf->ssl, c, NGX_SSL_CLIENT)
           != NGX_OK)
    {
        ngx_distill_guard_redis_fail(rc, NGX_DISTILL_GUARD_REDIS_UNFIT,
                                     NGX_ENOMEM, "no memory for TLS");
        return;
    }

    name = ngx_distill_guard_redis_tls_name(rc, &len);

    if (!ngx_distill_guard_redis_is_address(name, len)
        && SSL_set_tlsext_host_name(c->ssl->connection, (char *) name) == 0)
    {
        ngx_distill_guard_redis_fail(rc, NGX_DISTILL_GUARD_REDIS_UNFIT, 0,
                                     "TLS does not take its name");
        return;
    }

    SSL_set_info_callback(c->ssl->connection,
                          ngx_distill_guard_redis_tls_info);

    n = ngx_ssl_handshake(c);

    if (n == NGX_AGAIN) {
        c->ssl->handler = ngx_distill_guard_redis_tls_handler;
        return;
    }

    ngx_distill_guard_redis_tls_handler(c);
}


static void
ngx_distill_guard_redis_tls_handler(ngx_connection_t *c)
{
    const char                            *wrong;
    ngx_distill_guard_redis_connection_t  *rc;

    rc = c->data;

    if (!c->ssl->handshaked) {

        if (c->read->timedout) {
            ngx_distill_guard_redis_fail(rc, NGX_DISTILL_GUARD_REDIS_SILENT,
                                         NGX_ETIMEDOUT,
                                         "no answer to a TLS handshake");
            return;
        }

        ngx_distill_guard_redis_fail(rc, NGX_DISTILL_GUARD_REDIS_REFUSED, 0,
                                     "TLS: the handshake failed%s%s",
                                     rc->alert ? ", " : "",
                                     rc->alert ? rc->alert : "");
        return;
    }

    wrong = rc->conf->verify ? ngx_distill_guard_redis_tls_verify(rc, c)
                             : NULL;

    if (wrong) {
        ngx_distill_guard_redis_fail(rc, NGX_DISTILL_GUARD_REDIS_REFUSED, 0,
                                     "TLS: its certificate is not accepted, "
                                     "%s", wrong);
        return;
    }

    c->read->handler = ngx_distill_guard_redis_read_handler;
    c->write->handler = ngx_distill_guard_redis_write_handler;

    ngx_distill_guard_redis_greet(rc);
}


static const char *
ngx_distill_guard_redis_tls_verify(ngx_distill_guard_redis_connection_t *rc,
    ngx_connection_t *c)
{
    long         result;
    X509        *cert;
    size_t       len;
    const char  *name;
    ngx_uint_t   matches;

    result = SSL_get_verify_result(c->ssl->connection);

    if (result != X509_V_OK) {
        return X509_verify_cert_error_string(result);
    }

    cert = SSL_get_peer_certificate(c->ssl->connection);

    if (cert == NULL) {
        return "there is none";
    }

    name = ngx_distill_guard_redis_tls_name(rc, &len);
    matches = ngx_distill_guard_redis_tls_matches(cert, name, len);

    X509_free(cert);

    return matches ? NULL : "it is for another name, see name=";
}


static ngx_uint_t
ngx_distill_guard_redis_tls_matches(X509 *cert, const char *name, size_t len)
{
    if (ngx_distill_guard_redis_is_address(name, len)) {
        return X509_check_ip_asc(cert, name, 0) == 1;
    }

    return X509_check_host(cert, name, len, 0, NULL) == 1;
}


static ngx_uint_t
ngx_distill_guard_redis_is_address(const char *name, size_t len)
{
    return ngx_inet_addr((u_char *) name, len) != INADDR_NONE
           || ngx_strlchr((u_char *) name, (u_char *) name + len, ':') != NULL;
}


/* the only place where it is told what went wrong, before nginx clears it */

static void
ngx_distill_guard_redis_tls_info(const SSL *s, int where, int ret)
{
    unsigned long                          code;
    ngx_connection_t                      *c;
    ngx_distill_guard_redis_connection_t  *rc;

    c = ngx_ssl_get_connection((SSL *) s);
    rc = c->data;

    if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT
        && (ret >> 8) == SSL3_AL_FATAL)
    {
        /* OpenSSL has more words for an alert as an error */

        rc->alert = ERR_reason_error_string(
                                     ERR_PACK(ERR_LIB_SSL, 0,
                                              SSL_AD_REASON_OFFSET
                                              + (ret & 0xff)));
        if (rc->alert == NULL) {
            rc->alert = SSL_alert_desc_string_long(ret);
        }

        return;
    }

    if ((where & SSL_CB_EXIT) && ret <= 0 && rc->alert == NULL) {
        code = ERR_peek_last_error();

        if (code) {
            rc->alert = ERR_reason_error_string(code);
        }
    }
}


void
ngx_distill_guard_redis_tls_close(ngx_connection_t *c)
{
    if (c->ssl) {

        /* without a word, for whoever is there need not be heard */

        c->ssl->no_wait_shutdown = 1;
        c->ssl->no_send_shutdown = 1;

        (void) ngx_ssl_shutdown(c);
    }

    if (c->pool) {
        ngx_destroy_pool(c->pool);
        c->pool = NULL;
    }
}


#else


char *
ngx_distill_guard_redis_tls_init(ngx_conf_t *cf,
    ngx_distill_guard_redis_t *redis)
{
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "this nginx has no TLS: build it with "
                       "--with-http_ssl_module, or let the URL in "
                       "\"distill_guard_redis\" begin with redis://, "
                       "sentinel:// or cluster://");

    return NGX_CONF_ERROR;
}


/* not reached, as no such configuration is accepted */

void
ngx_distill_guard_redis_tls(ngx_distill_guard_redis_connection_t *rc)
{
    ngx_distill_guard_redis_fail(rc, NGX_DISTILL_GUARD_REDIS_UNFIT, 0,
                                 "this nginx has no TLS");
}


void
ngx_distill_guard_redis_tls_close(ngx_connection_t *c)
{
}


#endif
