/*
 * Copyright (C) 2026 Distill Guard
 *
 * TLS to Redis, over sockets that wait.
 */


#ifndef _TLS_H_INCLUDED_
#define _TLS_H_INCLUDED_


#include <openssl/ssl.h>

#include "dg_core.h"


#define CTL_TLS_ERROR  256


typedef struct {
    const char    *ca;           /* NULL: the system's authorities */
    const char    *cert;         /* NULL: none is presented */
    const char    *key;
    const char    *name;         /* NULL: that of the host */
    unsigned       unverified;
} ctl_tls_conf_t;


/* DG_ERROR and what is wrong with the files; *ctx is to be freed */
int ctl_tls_init(SSL_CTX **ctx, const ctl_tls_conf_t *conf,
    char error[CTL_TLS_ERROR]);

/* a handshake over a socket; NULL and why there is none */
SSL *ctl_tls_open(SSL_CTX *ctx, const ctl_tls_conf_t *conf, int fd,
    const char *host, char error[CTL_TLS_ERROR]);

/* bytes, 0 at the end, or -1 and why */
ssize_t ctl_tls_read(SSL *ssl, void *buf, size_t size,
    char error[CTL_TLS_ERROR]);
ssize_t ctl_tls_write(SSL *ssl, const void *buf, size_t size,
    char error[CTL_TLS_ERROR]);


#endif /* _TLS_H_INCLUDED_ */
