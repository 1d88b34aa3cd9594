/*
 * Copyright (C) 2026 Distill Guard
 *
 * One connection to Redis that never blocks and keeps itself open: nginx is
 * the transport, hiredis takes replies apart.
 *
 * A failure is told to the owner with its reason, the handlers of replies
 * that will not come are called without one, and another attempt is made,
 * at the next address if there are several and this one was never of use.
 * A name is looked up again when its addresses have been tried, or what was
 * of use is gone.  How soon the next attempt is made depends on the
 * failure.  Where asking costs nobody anything, as with a port that nobody
 * listens on, it is after one sync interval.  A server that does not answer
 * is waited for with growing patience, rather than left alone for growing
 * times, so that it is heard in the moment it comes back.  A server that
 * answers but is of no use is left alone, longer each time.  All times have
 * a jitter, so that nodes that lost Redis together do not return together.
 */


#include "ngx_distill_guard_redis.h"


#define NGX_DISTILL_GUARD_REDIS_RECV      16384
#define NGX_DISTILL_GUARD_REDIS_RECVS     16    /* per event */

#define NGX_DISTILL_GUARD_REDIS_DELAY     100
#define NGX_DISTILL_GUARD_REDIS_DELAY_MAX 5000


static void ngx_distill_guard_redis_open(
    ngx_distill_guard_redis_connection_t *rc);
static void ngx_distill_guard_redis_connect_failed(
    ngx_distill_guard_redis_connection_t *rc, ngx_err_t err);
static void ngx_distill_guard_redis_close(
    ngx_distill_guard_redis_connection_t *rc);
static void ngx_distill_guard_redis_failed(
    ngx_distill_guard_redis_connection_t *rc);
static ngx_msec_t ngx_distill_guard_redis_pause(
    ngx_distill_guard_redis_connection_t *rc);
static void ngx_distill_guard_redis_retry_handler(ngx_event_t *ev);
static ngx_int_t ngx_distill_guard_redis_test_connect(ngx_connection_t *c);
static void ngx_distill_guard_redis_connected(
    ngx_distill_guard_redis_connection_t *rc);
static void ngx_distill_guard_redis_auth_handler(void *data, void *item,
    redisReply *reply);
static void ngx_distill_guard_redis_select_handler(void *data, void *item,
    redisReply *reply);
static void ngx_distill_guard_redis_greeted(
    ngx_distill_guard_redis_connection_t *rc);
static void ngx_distill_guard_redis_read(
    ngx_distill_guard_redis_connection_t *rc);
static void ngx_distill_guard_redis_closed(
    ngx_distill_guard_redis_connection_t *rc, ngx_err_t err,
    const char *what);


ngx_int_t
ngx_distill_guard_redis_start(ngx_distill_guard_redis_connection_t *rc)
{
    ngx_log_t  *log;

    log = ngx_cycle->log;

    rc->start = ngx_alloc(NGX_DISTILL_GUARD_REDIS_SEND, log);
    if (rc->start == NULL) {
        return NGX_ERROR;
    }

    rc->expected = ngx_alloc(NGX_DISTILL_GUARD_REDIS_EXPECTED
                             * sizeof(ngx_distill_guard_redis_expected_t),
                             log);
    if (rc->expected == NULL) {
        ngx_free(rc->start);
        rc->start = NULL;
        return NGX_ERROR;
    }

    rc->end = rc->start + NGX_DISTILL_GUARD_REDIS_SEND;

    /*
     * A log that logs nothing: nginx would tell of each attempt that fails,
     * the owner tells of a change.
     */
    ngx_memzero(&rc->quiet, sizeof(ngx_log_t));

    rc->retry.handler = ngx_distill_guard_redis_retry_handler;
    rc->retry.data = rc;
    rc->retry.log = log;
    rc->retry.cancelable = 1;

    rc->patience = rc->conf->timeout;
    rc->delay = NGX_DISTILL_GUARD_REDIS_DELAY;
    rc->naddrs = 0;
    rc->started = 1;

    ngx_distill_guard_redis_open(rc);

    return NGX_OK;
}


void
ngx_distill_guard_redis_stop(ngx_distill_guard_redis_connection_t *rc)
{
    if (!rc->started) {
        return;
    }

    rc->started = 0;

    if (rc->retry.timer_set) {
        ngx_del_timer(&rc->retry);
    }

    ngx_distill_guard_redis_resolve_stop(rc);
    ngx_distill_guard_redis_close(rc);

    ngx_free(rc->start);
    ngx_free(rc->expected);
    rc->start = NULL;
    rc->expected = NULL;
}


void
ngx_distill_guard_redis_proved(ngx_distill_guard_redis_connection_t *rc)
{
    rc->proved = 1;
    rc->patience = rc->conf->timeout;
    rc->delay = NGX_DISTILL_GUARD_REDIS_DELAY;
}


void
ngx_distill_guard_redis_redirect(ngx_distill_guard_redis_connection_t *rc)
{
    rc->naddrs = 0;
    rc->address = 0;
    rc->patience = rc->conf->timeout;
    rc->delay = NGX_DISTILL_GUARD_REDIS_DELAY;

    if (rc->resolving) {
        ngx_distill_guard_redis_resolve_stop(rc);
        ngx_add_timer(&rc->retry, 0);

    } else if (rc->retry.timer_set) {
        ngx_del_timer(&rc->retry);
        ngx_add_timer(&rc->retry, 0);
    }
}


static void
ngx_distill_guard_redis_open(ngx_distill_guard_redis_connection_t *rc)
{
    rc->failed = 0;
    rc->proved = 0;
    rc->hello = 0;
    rc->alert = NULL;
    rc->front = rc->start;
    rc->pos = rc->start;
    rc->last = rc->start;

    if (ngx_distill_guard_redis_reader(rc) != NGX_OK) {
        ngx_distill_guard_redis_fail(rc, NGX_DISTILL_GUARD_REDIS_UNFIT,
                                     NGX_ENOMEM, "no memory");
        return;
    }

    if (rc->naddrs) {
        ngx_distill_guard_redis_resolved(rc);
        return;
    }

    rc->address = 0;
    ngx_distill_guard_redis_resolve(rc);
}


void
ngx_distill_guard_redis_resolved(ngx_distill_guard_redis_connection_t *rc)
{
    ngx_int_t          n;
    ngx_err_t          err;
    ngx_connection_t  *c;

    static ngx_str_t   name = ngx_string("redis");

    ngx_memzero(&rc->peer, sizeof(ngx_peer_connection_t));

    rc->peer.sockaddr = &rc->addrs[rc->address].sockaddr;
    rc->peer.socklen = rc->socklens[rc->address];
    rc->peer.name = &name;
    rc->peer.get = ngx_event_get_peer;
    rc->peer.log = &rc->quiet;
    rc->peer.log_error = NGX_ERROR_ERR;
    rc->peer.so_keepalive = 1;

    ngx_set_errno(0);

    n = ngx_event_connect_peer(&rc->peer);

    if (n != NGX_OK && n != NGX_AGAIN) {
        err = ngx_socket_errno;
        rc->peer.connection = NULL;

        if (n == NGX_ERROR && err == 0) {
            ngx_distill_guard_redis_fail(rc, NGX_DISTILL_GUARD_REDIS_UNFIT, 0,
                                         "worker_connections are not enough");
            return;
        }

        ngx_distill_guard_redis_connect_failed(rc, err);
        return;
    }

    c = rc->peer.connection;

    c->data = rc;
    c->read->handler = ngx_distill_guard_redis_read_handler;
    c->write->handler = ngx_distill_guard_redis_write_handler;
    c->read->cancelable = 1;
    c->write->cancelable = 1;

    /* a worker that leaves calls the read handler with c->close set */
    c->idle = 1;

    ngx_add_timer(c->read, rc->patience);

    if (n == NGX_OK) {
        ngx_distill_guard_redis_connected(rc);
    }
}


static void
ngx_distill_guard_redis_connect_failed(
    ngx_distill_guard_redis_connection_t *rc, ngx_err_t err)
{
    ngx_distill_guard_redis_fail(rc, err == NGX_ECONNREFUSED
                                     || err == NGX_ENOENT
                                     ? NGX_DISTILL_GUARD_REDIS_GONE
                                     : NGX_DISTILL_GUARD_REDIS_UNFIT,
                                 err, "connect() failed");
}


static void
ngx_distill_guard_redis_close(ngx_distill_guard_redis_connection_t *rc)
{
    ngx_connection_t                    *c;
    ngx_distill_guard_redis_expected_t  *e;

    c = rc->peer.connection;
    rc->peer.connection = NULL;
    rc->connected = 0;

    if (c) {
        ngx_distill_guard_redis_tls_close(c);
        ngx_close_connection(c);
    }

    if (rc->reader) {
        redisReaderFree(rc->reader);
        rc->reader = NULL;
    }

    while (rc->nexpected) {
        e = &rc->expected[rc->first];
        rc->first = (rc->first + 1) % NGX_DISTILL_GUARD_REDIS_EXPECTED;
        rc->nexpected--;

        e->handler(rc->data, e->item, NULL);
    }

    rc->front = rc->start;
    rc->pos = rc->start;
    rc->last = rc->start;
}


void
ngx_distill_guard_redis_fail(ngx_distill_guard_redis_connection_t *rc,
    ngx_distill_guard_redis_failure_t failure, ngx_err_t err,
    const char *fmt, ...)
{
    u_char   *last;
    va_list   args;

    if (rc->failed) {
        return;
    }

    va_start(args, fmt);
    last = ngx_vslprintf(rc->reason, rc->reason + sizeof(rc->reason), fmt,
                         args);
    va_end(args);

    rc->reason_len = last - rc->reason;
    rc->failure = failure;
    rc->err = err;
    rc->failed = 1;

    /* the reader in use must not be freed */

    if (!rc->reading) {
        ngx_distill_guard_redis_failed(rc);
    }
}


static void
ngx_distill_guard_redis_failed(ngx_distill_guard_redis_connection_t *rc)
{
    ngx_distill_guard_redis_close(rc);

    if (rc->proved || rc->address + 1 >= rc->naddrs) {

        if (!rc->proved) {
            rc->target = (rc->target + 1) % rc->ntargets;
        }

        rc->naddrs = 0;

    } else {
        rc->address++;
    }

    rc->owner->lost(rc);

    if (rc->started && !rc->retry.timer_set) {
        ngx_add_timer(&rc->retry, ngx_distill_guard_redis_pause(rc));
    }
}


static ngx_msec_t
ngx_distill_guard_redis_pause(ngx_distill_guard_redis_connection_t *rc)
{
    ngx_msec_t  pause;

    pause = ngx_max(rc->conf->sync, NGX_DISTILL_GUARD_REDIS_DELAY);

    switch (rc->failure) {

    case NGX_DISTILL_GUARD_REDIS_GONE:
    case NGX_DISTILL_GUARD_REDIS_BUSY:
        break;

    case NGX_DISTILL_GUARD_REDIS_SILENT:
        rc->patience = ngx_min(2 * rc->patience,
                               ngx_max(rc->conf->timeout,
                                       NGX_DISTILL_GUARD_REDIS_DELAY_MAX));
        break;

    default: /* of no use, for whatever reason */
        pause = rc->delay;
        rc->delay = ngx_min(2 * rc->delay, NGX_DISTILL_GUARD_REDIS_DELAY_MAX);
        break;
    }

    /* 75 to 125 % */
    return pause - pause / 4 + ngx_random() % (pause / 2 + 1);
}


static void
ngx_distill_guard_redis_retry_handler(ngx_event_t *ev)
{
    ngx_distill_guard_redis_open(ev->data);
}


static ngx_int_t
ngx_distill_guard_redis_test_connect(ngx_connection_t *c)
{
    int        err;
    socklen_t  len;

    err = 0;
    len = sizeof(int);

    /* Linux and BSD write the error there, Solaris returns it */

    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, (void *) &err, &len) == -1) {
        err = ngx_socket_errno;
    }

    return err;
}


static void
ngx_distill_guard_redis_connected(ngx_distill_guard_redis_connection_t *rc)
{
    ngx_int_t  err;

    err = ngx_distill_guard_redis_test_connect(rc->peer.connection);

    if (err) {
        ngx_distill_guard_redis_connect_failed(rc, err);
        return;
    }

    if (rc->peer.sockaddr->sa_family != AF_UNIX) {
        /* a failure costs time, not the connection */
        (void) ngx_tcp_nodelay(rc->peer.connection);
    }

    if (rc->conf->ssl) {
        ngx_distill_guard_redis_tls(rc);
        return;
    }

    ngx_distill_guard_redis_greet(rc);
}


void
ngx_distill_guard_redis_greet(ngx_distill_guard_redis_connection_t *rc)
{
    u_char      db[NGX_INT_T_LEN];
    ngx_str_t   args[3];
    ngx_uint_t  n;

    rc->connected = 1;

    if (rc->login->password.len) {
        n = 0;
        ngx_str_set(&args[n], "AUTH");
        n++;

        if (rc->login->user.len) {
            args[n++] = rc->login->user;
        }

        args[n++] = rc->login->password;

        (void) ngx_distill_guard_redis_command(rc,
                          ngx_distill_guard_redis_auth_handler, rc, n, args);
        rc->hello++;
    }

    if (rc->db) {
        ngx_str_set(&args[0], "SELECT");
        args[1].data = db;
        args[1].len = ngx_sprintf(db, "%ui", rc->db) - db;

        (void) ngx_distill_guard_redis_command(rc,
                          ngx_distill_guard_redis_select_handler, rc, 2,
                          args);
        rc->hello++;
    }

    if (rc->hello == 0) {
        rc->owner->ready(rc);
    }

    ngx_distill_guard_redis_flush(rc);
}


static void
ngx_distill_guard_redis_auth_handler(void *data, void *item,
    redisReply *reply)
{
    ngx_distill_guard_redis_connection_t *rc = item;

    if (reply == NULL) {
        return;
    }

    if (reply->type != REDIS_REPLY_ERROR) {
        ngx_distill_guard_redis_greeted(rc);
        return;
    }

    if (ngx_distill_guard_redis_passes(reply)) {
        ngx_distill_guard_redis_refused(rc, reply);
        return;
    }

    /* the reply is not told: old servers repeat in it what they were sent */

    ngx_distill_guard_redis_fail(rc, NGX_DISTILL_GUARD_REDIS_REFUSED, 0,
                                 rc->login == &rc->conf->sentinel
                                 ? "AUTH was refused, check sentinel_user and "
                                   "sentinel_password_file of "
                                   "\"distill_guard_redis\""
                                 : "AUTH was refused, check the user and "
                                   "password_file of "
                                   "\"distill_guard_redis\"");
}


static void
ngx_distill_guard_redis_select_handler(void *data, void *item,
    redisReply *reply)
{
    ngx_distill_guard_redis_connection_t *rc = item;

    if (reply == NULL) {
        return;
    }

    if (reply->type == REDIS_REPLY_ERROR) {
        ngx_distill_guard_redis_refused(rc, reply);
        return;
    }

    ngx_distill_guard_redis_greeted(rc);
}


static void
ngx_distill_guard_redis_greeted(ngx_distill_guard_redis_connection_t *rc)
{
    if (--rc->hello == 0) {
        rc->owner->ready(rc);
    }
}


void
ngx_distill_guard_redis_flush(ngx_distill_guard_redis_connection_t *rc)
{
    ssize_t            n;
    ngx_connection_t  *c;

    c = rc->peer.connection;

    if (!rc->connected || rc->failed) {
        return;
    }

    while (rc->pos < rc->last) {

        n = c->send(c, rc->pos, rc->last - rc->pos);

        if (n == NGX_AGAIN) {
            break;
        }

        if (n == NGX_ERROR || n == 0) {
            ngx_distill_guard_redis_closed(rc, ngx_socket_errno,
                                           "send() failed");
            return;
        }

        rc->pos += n;
        rc->sent += n;
    }

    if (ngx_handle_write_event(c->write, 0) != NGX_OK) {
        ngx_distill_guard_redis_closed(rc, 0, "no event for its socket");
        return;
    }

    if (rc->nexpected && !c->read->timer_set) {
        ngx_distill_guard_redis_wait(rc);
    }
}


void
ngx_distill_guard_redis_write_handler(ngx_event_t *wev)
{
    ngx_connection_t                      *c;
    ngx_distill_guard_redis_connection_t  *rc;

    c = wev->data;
    rc = c->data;

    if (!rc->connected) {
        ngx_distill_guard_redis_connected(rc);
        return;
    }

    ngx_distill_guard_redis_flush(rc);

    if (rc->connected) {
        rc->owner->progress(rc);
    }
}


void
ngx_distill_guard_redis_read_handler(ngx_event_t *rev)
{
    ngx_connection_t                      *c;
    ngx_distill_guard_redis_connection_t  *rc;

    c = rev->data;
    rc = c->data;

    if (c->close) {
        rc->owner->leave(rc);
        return;
    }

    if (rev->timedout) {
        ngx_distill_guard_redis_fail(rc, NGX_DISTILL_GUARD_REDIS_SILENT,
                                     NGX_ETIMEDOUT,
                                     rc->connected ? "no answer"
                                                   : "connect() failed");
        return;
    }

    if (!rc->connected) {
        ngx_distill_guard_redis_connected(rc);

        /* with TLS it goes on after the handshake */

        if (!rc->connected || rc->conf->ssl) {
            return;
        }
    }

    rc->reading = 1;
    ngx_distill_guard_redis_read(rc);
    rc->reading = 0;

    if (rc->failed) {
        ngx_distill_guard_redis_failed(rc);
        return;
    }

    if (ngx_handle_read_event(rev, 0) != NGX_OK) {
        ngx_distill_guard_redis_closed(rc, 0, "no event for its socket");
        return;
    }

    rc->owner->progress(rc);
}


static void
ngx_distill_guard_redis_read(ngx_distill_guard_redis_connection_t *rc)
{
    u_char             buf[NGX_DISTILL_GUARD_REDIS_RECV];
    ssize_t            n;
    ngx_uint_t         i;
    ngx_connection_t  *c;

    c = rc->peer.connection;

    for (i = 0; i < NGX_DISTILL_GUARD_REDIS_RECVS; i++) {

        n = c->recv(c, buf, NGX_DISTILL_GUARD_REDIS_RECV);

        if (n == NGX_AGAIN) {
            return;
        }

        if (n == NGX_ERROR || n == 0) {
            ngx_distill_guard_redis_closed(rc, n ? ngx_socket_errno : 0,
                                           n ? "recv() failed"
                                             : "it closed the connection");
            return;
        }

        rc->received += n;
        ngx_distill_guard_redis_feed(rc, buf, n);

        if (rc->failed) {
            return;
        }
    }

    /* the rest after everybody else had a turn */

    ngx_post_event(c->read, &ngx_posted_next_events);
}


ngx_int_t
ngx_distill_guard_redis_poll(ngx_distill_guard_redis_connection_t *rc,
    struct pollfd *pfd)
{
    ngx_connection_t  *c;

    c = rc->peer.connection;

    if (!rc->connected || rc->failed) {
        return NGX_DECLINED;
    }

    c->close = 0;

    pfd->fd = c->fd;
    pfd->events = POLLIN;
    pfd->revents = 0;

    if (rc->pos < rc->last) {
        pfd->events |= POLLOUT;
    }

    return NGX_OK;
}


void
ngx_distill_guard_redis_polled(ngx_distill_guard_redis_connection_t *rc,
    struct pollfd *pfd)
{
    ngx_connection_t  *c;

    if (!rc->connected || rc->failed) {
        return;
    }

    c = rc->peer.connection;

    if (pfd->revents & POLLOUT) {
        c->write->ready = 1;
        ngx_distill_guard_redis_write_handler(c->write);
    }

    if ((pfd->revents & ~POLLOUT) && rc->connected && !rc->failed) {
        c->read->ready = 1;
        ngx_distill_guard_redis_read_handler(c->read);
    }
}


/*
 * For the next reply, if there is one to come.  nginx moves no timer by less
 * than 300 ms, so it is set anew.
 */

void
ngx_distill_guard_redis_wait(ngx_distill_guard_redis_connection_t *rc)
{
    ngx_event_t  *rev;

    rev = rc->peer.connection->read;

    if (rev->timer_set) {
        ngx_del_timer(rev);
    }

    if (rc->nexpected) {
        ngx_add_timer(rev, rc->proved ? rc->conf->timeout : rc->patience);
    }
}


/* a server that accepts and closes is not worth asking at once again */

static void
ngx_distill_guard_redis_closed(ngx_distill_guard_redis_connection_t *rc,
    ngx_err_t err, const char *what)
{
    if (rc->alert) {
        ngx_distill_guard_redis_fail(rc, NGX_DISTILL_GUARD_REDIS_REFUSED, 0,
                                     "TLS: %s", rc->alert);
        return;
    }

    ngx_distill_guard_redis_fail(rc, rc->proved
                                     ? NGX_DISTILL_GUARD_REDIS_GONE
                                     : NGX_DISTILL_GUARD_REDIS_UNFIT,
                                 err, "%s", what);
}
