/*
 * Copyright (C) 2026 Distill Guard
 */


#include "wire.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <unistd.h>


#define CTL_WIRE_BUF  16384
#define CTL_WIRE_MAX  (256 * 1024 * 1024)    /* bytes of one reply */


static int ctl_wire_connect(ctl_wire_t *w, const char *host, unsigned port);
static int ctl_wire_connect_path(ctl_wire_t *w, const char *path);
static int ctl_wire_socket(ctl_wire_t *w, int family,
    const struct sockaddr *sa, socklen_t len);
static int ctl_wire_send(ctl_wire_t *w, const char *p, size_t len);
static redisReply *ctl_wire_receive(ctl_wire_t *w);
static ssize_t ctl_wire_read(ctl_wire_t *w, char *buf, size_t size);
static void ctl_wire_wrong(ctl_wire_t *w, int err);


void
ctl_wire_init(ctl_wire_t *w)
{
    memset(w, 0, sizeof(ctl_wire_t));
    w->fd = -1;
}


void
ctl_wire_close(ctl_wire_t *w)
{
    SSL_free(w->ssl);
    w->ssl = NULL;

    if (w->reader) {
        redisReaderFree(w->reader);
        w->reader = NULL;
    }

    if (w->fd != -1) {
        (void) close(w->fd);
        w->fd = -1;
    }
}


int
ctl_wire_open(ctl_wire_t *w, const char *host, unsigned port, SSL_CTX *ctx,
    const ctl_tls_conf_t *tls)
{
    int  rc;

    ctl_wire_close(w);

    rc = port ? ctl_wire_connect(w, host, port)
              : ctl_wire_connect_path(w, host);

    if (rc == DG_OK) {
        w->reader = redisReaderCreate();

        if (w->reader == NULL) {
            ctl_wire_wrong(w, ENOMEM);
            rc = DG_ERROR;
        }
    }

    if (rc == DG_OK && ctx) {
        w->ssl = ctl_tls_open(ctx, tls, w->fd, host, w->error);
        rc = w->ssl ? DG_OK : DG_ERROR;
    }

    if (rc != DG_OK) {
        ctl_wire_close(w);
    }

    return rc;
}


static int
ctl_wire_connect(ctl_wire_t *w, const char *host, unsigned port)
{
    int               rc;
    char              service[16];
    struct addrinfo   hints, *found, *a;

    memset(&hints, 0, sizeof(struct addrinfo));
    hints.ai_socktype = SOCK_STREAM;

    snprintf(service, sizeof(service), "%u", port);

    rc = getaddrinfo(host, service, &hints, &found);

    if (rc != 0) {
        snprintf(w->error, CTL_WIRE_ERROR, "%s",
                 rc == EAI_SYSTEM ? strerror(errno) : gai_strerror(rc));
        return DG_ERROR;
    }

    rc = DG_ERROR;

    for (a = found; a && rc != DG_OK; a = a->ai_next) {
        rc = ctl_wire_socket(w, a->ai_family, a->ai_addr, a->ai_addrlen);
    }

    freeaddrinfo(found);

    return rc;
}


static int
ctl_wire_connect_path(ctl_wire_t *w, const char *path)
{
    struct sockaddr_un  sun;

    if (strlen(path) >= sizeof(sun.sun_path)) {
        ctl_wire_wrong(w, ENAMETOOLONG);
        return DG_ERROR;
    }

    memset(&sun, 0, sizeof(struct sockaddr_un));
    sun.sun_family = AF_UNIX;
    memcpy(sun.sun_path, path, strlen(path));

    return ctl_wire_socket(w, AF_UNIX, (struct sockaddr *) &sun,
                           sizeof(struct sockaddr_un));
}


/* Linux lets connect() wait no longer than it lets send() */

static int
ctl_wire_socket(ctl_wire_t *w, int family, const struct sockaddr *sa,
    socklen_t len)
{
    int             on;
    struct timeval  patience;

    on = 1;
    patience.tv_sec = CTL_WIRE_PATIENCE;
    patience.tv_usec = 0;

    w->fd = socket(family, SOCK_STREAM|SOCK_CLOEXEC, 0);

    if (w->fd == -1) {
        ctl_wire_wrong(w, errno);
        return DG_ERROR;
    }

    if (setsockopt(w->fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
                   sizeof(struct timeval))
        == -1
        || setsockopt(w->fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
                      sizeof(struct timeval))
           == -1
        || connect(w->fd, sa, len) == -1)
    {
        ctl_wire_wrong(w, errno == EINPROGRESS ? ETIMEDOUT : errno);
        (void) close(w->fd);
        w->fd = -1;

        return DG_ERROR;
    }

    if (family != AF_UNIX) {

        /* a matter of speed alone */

        (void) setsockopt(w->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }

    return DG_OK;
}


redisReply *
ctl_wire_command(ctl_wire_t *w, unsigned n, const dg_str_t *args)
{
    int          rc, len;
    char        *text;
    size_t       lens[CTL_WIRE_ARGS];
    unsigned     i;
    redisReply  *reply;
    const char  *words[CTL_WIRE_ARGS];

    if (n > CTL_WIRE_ARGS) {
        snprintf(w->error, CTL_WIRE_ERROR, "a command of %u words", n);
        return NULL;
    }

    for (i = 0; i < n; i++) {
        words[i] = (const char *) args[i].data;
        lens[i] = args[i].len;
    }

    len = (int) redisFormatCommandArgv(&text, (int) n, words, lens);

    if (len < 0) {
        ctl_wire_wrong(w, ENOMEM);
        return NULL;
    }

    rc = ctl_wire_send(w, text, (size_t) len);

    /* it may have held a password */

    explicit_bzero(text, (size_t) len);
    redisFreeCommand(text);

    reply = rc == DG_OK ? ctl_wire_receive(w) : NULL;

    if (reply == NULL) {
        ctl_wire_close(w);
    }

    return reply;
}


static int
ctl_wire_send(ctl_wire_t *w, const char *p, size_t len)
{
    ssize_t  n;

    while (len) {

        if (w->ssl) {
            n = ctl_tls_write(w->ssl, p, len, w->error);

        } else {
            n = send(w->fd, p, len, MSG_NOSIGNAL);

            if (n == -1 && errno == EINTR) {
                continue;
            }

            if (n == -1) {
                ctl_wire_wrong(w, errno);
            }
        }

        if (n <= 0) {
            return DG_ERROR;
        }

        p += n;
        len -= (size_t) n;
    }

    return DG_OK;
}


static redisReply *
ctl_wire_receive(ctl_wire_t *w)
{
    char     buf[CTL_WIRE_BUF];
    void    *reply;
    size_t   got;
    ssize_t  n;

    got = 0;

    for ( ;; ) {
        reply = NULL;

        if (redisReaderGetReply(w->reader, &reply) != REDIS_OK) {
            snprintf(w->error, CTL_WIRE_ERROR, "what it says is not as Redis "
                     "speaks: %.100s", w->reader->errstr);
            return NULL;
        }

        if (reply) {
            return reply;
        }

        n = ctl_wire_read(w, buf, sizeof(buf));

        if (n <= 0) {
            return NULL;
        }

        got += (size_t) n;

        if (got > CTL_WIRE_MAX
            || redisReaderFeed(w->reader, buf, (size_t) n) != REDIS_OK)
        {
            ctl_wire_wrong(w, ENOMEM);
            return NULL;
        }
    }
}


static ssize_t
ctl_wire_read(ctl_wire_t *w, char *buf, size_t size)
{
    ssize_t  n;

    if (w->ssl) {
        n = ctl_tls_read(w->ssl, buf, size, w->error);

    } else {

        do {
            n = recv(w->fd, buf, size, 0);
        } while (n == -1 && errno == EINTR);

        if (n == -1) {
            ctl_wire_wrong(w, errno);
        }
    }

    if (n == 0) {
        snprintf(w->error, CTL_WIRE_ERROR, "it closed the connection");
    }

    return n;
}


static void
ctl_wire_wrong(ctl_wire_t *w, int err)
{
    if (err == EAGAIN || err == EWOULDBLOCK) {
        snprintf(w->error, CTL_WIRE_ERROR, "no answer within %d seconds",
                 CTL_WIRE_PATIENCE);
        return;
    }

    snprintf(w->error, CTL_WIRE_ERROR, "%s", strerror(err));
}
