/*
 * Copyright (C) 2026 Distill Guard
 *
 * A server has to present a certificate that the authority named, or one of
 * the system's, has signed for the name it was asked for: as nginx has it.
 */


#include "tls.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>


static int ctl_tls_files(SSL_CTX *ctx, const ctl_tls_conf_t *conf,
    char error[CTL_TLS_ERROR]);
static int ctl_tls_name(SSL *ssl, const ctl_tls_conf_t *conf,
    const char *host);
static void ctl_tls_refused(SSL *ssl, const ctl_tls_conf_t *conf, int rc,
    char error[CTL_TLS_ERROR]);
static ssize_t ctl_tls_done(SSL *ssl, int n, char error[CTL_TLS_ERROR]);
static const char *ctl_tls_reason(void);


int
ctl_tls_init(SSL_CTX **ctx, const ctl_tls_conf_t *conf,
    char error[CTL_TLS_ERROR])
{
    /* OpenSSL writes to a socket that may have been closed there */

    (void) signal(SIGPIPE, SIG_IGN);

    *ctx = SSL_CTX_new(TLS_client_method());

    if (*ctx == NULL
        || SSL_CTX_set_min_proto_version(*ctx, TLS1_2_VERSION) == 0)
    {
        snprintf(error, CTL_TLS_ERROR, "no TLS: %s", ctl_tls_reason());
        return DG_ERROR;
    }

    SSL_CTX_set_mode(*ctx, SSL_MODE_AUTO_RETRY);
    SSL_CTX_set_verify(*ctx, conf->unverified ? SSL_VERIFY_NONE
                                              : SSL_VERIFY_PEER, NULL);

    return ctl_tls_files(*ctx, conf, error);
}


static int
ctl_tls_files(SSL_CTX *ctx, const ctl_tls_conf_t *conf,
    char error[CTL_TLS_ERROR])
{
    if ((conf->cert == NULL) != (conf->key == NULL)) {
        snprintf(error, CTL_TLS_ERROR, "a certificate and its key go "
                 "together: name both, with --cert and --key");
        return DG_ERROR;
    }

    if (conf->cert
        && (SSL_CTX_use_certificate_chain_file(ctx, conf->cert) != 1
            || SSL_CTX_use_PrivateKey_file(ctx, conf->key, SSL_FILETYPE_PEM)
               != 1))
    {
        snprintf(error, CTL_TLS_ERROR, "%.80s and %.80s must be PEM files of "
                 "a certificate and of its key: %s", conf->cert, conf->key,
                 ctl_tls_reason());
        return DG_ERROR;
    }

    if (conf->unverified) {
        return DG_OK;
    }

    if (conf->ca == NULL) {
        (void) SSL_CTX_set_default_verify_paths(ctx);
        return DG_OK;
    }

    if (SSL_CTX_load_verify_locations(ctx, conf->ca, NULL) != 1) {
        snprintf(error, CTL_TLS_ERROR, "%.120s must be a PEM file of "
                 "certificates: %s", conf->ca, ctl_tls_reason());
        return DG_ERROR;
    }

    return DG_OK;
}


SSL *
ctl_tls_open(SSL_CTX *ctx, const ctl_tls_conf_t *conf, int fd,
    const char *host, char error[CTL_TLS_ERROR])
{
    int   rc;
    SSL  *ssl;

    ERR_clear_error();
    ssl = SSL_new(ctx);

    if (ssl == NULL || SSL_set_fd(ssl, fd) != 1
        || ctl_tls_name(ssl, conf, host) != DG_OK)
    {
        snprintf(error, CTL_TLS_ERROR, "no TLS: %s", ctl_tls_reason());
        SSL_free(ssl);
        return NULL;
    }

    errno = 0;
    rc = SSL_connect(ssl);

    if (rc == 1) {
        return ssl;
    }

    ctl_tls_refused(ssl, conf, rc, error);
    SSL_free(ssl);

    return NULL;
}


/* which the server has to prove; it is told unless it is an address */

static int
ctl_tls_name(SSL *ssl, const ctl_tls_conf_t *conf, const char *host)
{
    u_char             addr[16];
    const char        *name;
    X509_VERIFY_PARAM  *param;

    name = conf->name ? conf->name : host;
    param = SSL_get0_param(ssl);

    if (inet_pton(AF_INET, name, addr) == 1
        || inet_pton(AF_INET6, name, addr) == 1)
    {
        return X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1 ? DG_OK
                                                               : DG_ERROR;
    }

    return (SSL_set_tlsext_host_name(ssl, name) == 1
            && SSL_set1_host(ssl, name) == 1) ? DG_OK : DG_ERROR;
}


static void
ctl_tls_refused(SSL *ssl, const ctl_tls_conf_t *conf, int rc,
    char error[CTL_TLS_ERROR])
{
    int          code;
    long         verdict;
    const char  *todo;

    verdict = SSL_get_verify_result(ssl);
    code = SSL_get_error(ssl, rc);

    if (verdict != X509_V_OK && !conf->unverified) {

        if (verdict == X509_V_ERR_HOSTNAME_MISMATCH
            || verdict == X509_V_ERR_IP_ADDRESS_MISMATCH)
        {
            todo = ": say with --name which name it is for";

        } else if (verdict == X509_V_ERR_CERT_HAS_EXPIRED
                   || verdict == X509_V_ERR_CERT_NOT_YET_VALID)
        {
            todo = ": see the clocks, and renew it";

        } else if (conf->ca == NULL) {
            todo = ": name the authority that has signed it with --ca";

        } else {
            todo = ": --ca names another authority";
        }

        snprintf(error, CTL_TLS_ERROR, "TLS: its certificate is not "
                 "accepted, %s%s", X509_verify_cert_error_string(verdict),
                 todo);

    } else if (code == SSL_ERROR_WANT_READ || errno == EAGAIN) {
        snprintf(error, CTL_TLS_ERROR, "no answer to a TLS handshake: does "
                 "it speak TLS at this port?");

    } else {
        snprintf(error, CTL_TLS_ERROR, "TLS: the handshake failed, %s",
                 ctl_tls_reason());
    }
}


ssize_t
ctl_tls_read(SSL *ssl, void *buf, size_t size, char error[CTL_TLS_ERROR])
{
    ERR_clear_error();
    errno = 0;

    return ctl_tls_done(ssl, SSL_read(ssl, buf, (int) size), error);
}


ssize_t
ctl_tls_write(SSL *ssl, const void *buf, size_t size,
    char error[CTL_TLS_ERROR])
{
    ERR_clear_error();
    errno = 0;

    return ctl_tls_done(ssl, SSL_write(ssl, buf, (int) size), error);
}


/*
 * With TLS 1.3 it is read only now that a client's certificate is wanted, or
 * not even that, if the server has closed the connection before.
 */

static ssize_t
ctl_tls_done(SSL *ssl, int n, char error[CTL_TLS_ERROR])
{
    int  code;

    if (n > 0) {
        return n;
    }

    code = SSL_get_error(ssl, n);

    if (code == SSL_ERROR_ZERO_RETURN) {
        return 0;
    }

    if (code == SSL_ERROR_WANT_READ || code == SSL_ERROR_WANT_WRITE
        || (code == SSL_ERROR_SYSCALL && errno == EAGAIN))
    {
        snprintf(error, CTL_TLS_ERROR, "no answer");

    } else if (code == SSL_ERROR_SYSCALL) {
        snprintf(error, CTL_TLS_ERROR, "%s%s",
                 errno ? strerror(errno) : "the connection was closed",
                 SSL_get_certificate(ssl) ? "" : ": if a certificate "
                 "required is the reason, name it with --cert and --key");

    } else {
        snprintf(error, CTL_TLS_ERROR, "TLS: %s", ctl_tls_reason());
    }

    return -1;
}


static const char *
ctl_tls_reason(void)
{
    const char     *reason;
    unsigned long   code;

    code = ERR_peek_last_error();
    reason = code ? ERR_reason_error_string(code) : NULL;

    return reason ? reason : "the connection was closed";
}
