/*
 * Copyright (C) 2026 Distill Guard
 *
 * The clients of the proxy: each has one request in flight, always.
 */


#define _GNU_SOURCE

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "load.h"


static char  scratch[1024 * 1024];


static void
client_send(client_t *c)
{
    int            i, n;
    size_t         skip, len;
    ssize_t        rc;
    struct iovec   iov[3];
    struct msghdr  msg;

    const char  *data[3] = { c->head->data, c->rest, c->text->data };
    size_t       size[3] = { c->head->len, c->rest_len, c->text->len };

    for ( ;; ) {
        skip = c->sent;
        len = 0;
        n = 0;

        for (i = 0; i < 3; i++) {
            if (skip >= size[i]) {
                skip -= size[i];
                continue;
            }

            iov[n].iov_base = (char *) data[i] + skip;
            iov[n].iov_len = size[i] - skip;
            len += iov[n++].iov_len;
            skip = 0;
        }

        if (n == 0) {
            return;
        }

        memset(&msg, 0, sizeof(msg));
        msg.msg_iov = iov;
        msg.msg_iovlen = n;

        rc = sendmsg(c->fd, &msg, MSG_NOSIGNAL);

        if (rc == -1) {
            if (errno == EAGAIN) {
                return;
            }

            die("the proxy left its client", errno);
        }

        c->sent += rc;

        if ((size_t) rc < len) {
            return;
        }
    }
}


void
client_start(client_t *c)
{
    static size_t  turn;

    c->head = &heads.piece[turn % heads.n];
    c->text = &bodies.piece[turn % bodies.n];
    turn++;

    c->rest_len = snprintf(c->rest, sizeof(c->rest),
                           "X-Bench: %u\r\nContent-Length: %zu\r\n\r\n",
                           (unsigned) (c - clients), c->text->len);
    c->sent = 0;
    c->got = 0;
    c->body = 0;
    c->events = 0;
    c->newline = 0;
    c->matched = 0;
    c->server = NULL;
    c->busy = 1;
    busy++;

    c->start = now();

    client_send(c);
}


static void
client_done(client_t *c)
{
    uint64_t  t;

    t = now();

    if (!options.paced) {
        sample(t - c->start);
    }

    counts.requests++;
    c->busy = 0;
    busy--;

    if (t < deadline) {
        client_start(c);
    }
}


/* events of a stream end in an empty line, which chunk framing has not */

static void
client_stream(client_t *c, const char *p, size_t len)
{
    static const char  end[] = "\r\n0\r\n\r\n";

    size_t       before;
    const char  *last;

    before = c->events;

    if (c->newline && len && *p == '\n') {
        c->events++;
    }

    for (last = p + len; (p = memchr(p, '\n', last - p)) != NULL; p++) {
        if (p + 1 < last && p[1] == '\n') {
            c->events++;
        }
    }

    c->newline = len && last[-1] == '\n';

    if (len >= sizeof(end) - 1) {
        c->matched = 0;
        len = sizeof(end) - 1;
    }

    for (p = last - len; p < last; p++) {
        if (*p != end[c->matched]) {
            c->matched = (*p == end[0]);
            continue;
        }

        if (end[++c->matched] == '\0') {
            break;
        }
    }

    if (c->events > before) {
        counts.events += c->events - before;

        if (options.paced) {
            sample(now() - c->start);
        }
    }

    if (p < last) {
        client_done(c);
        return;
    }

    if (options.paced && c->server && c->events == c->server->next
        && c->events > before && c->server->answering)
    {
        c->start = now();
        server_send(c->server, c->server->next + 1);
    }
}


/* returns what of it belongs to the body, or -1 */

static ssize_t
client_head(client_t *c, char **body)
{
    char      *end, *p;
    size_t     n;
    unsigned   status;

    end = memmem(c->in, c->got, "\r\n\r\n", 4);

    if (end == NULL) {
        if (c->got == HEAD) {
            die("the proxy answered with a long head", 0);
        }

        return -1;
    }

    *end = '\0';
    *body = end + 4;
    n = c->in + c->got - *body;

    status = strtoul(c->in + sizeof("HTTP/1.1"), NULL, 10);

    if (status != 200) {
        counts.status = status;
        counts.failed++;
    }

    p = strcasestr(c->in, "\r\nContent-Length: ");

    c->chunked = (p == NULL);
    c->left = p ? strtoul(p + 18, NULL, 10) : 0;
    c->body = 1;

    if (strcasestr(c->in, "\r\nConnection: close")
        || (c->chunked
            && strcasestr(c->in, "\r\nTransfer-Encoding: chunked") == NULL))
    {
        die("the proxy does not keep the connection", 0);
    }

    return n;
}


static int
client_read(client_t *c)
{
    char     *p;
    size_t    size;
    ssize_t   n, len;

    p = c->body ? scratch : c->in + c->got;
    size = c->body ? sizeof(scratch) : HEAD - c->got;

    n = recv(c->fd, p, size, 0);

    if (n == -1 && errno == EAGAIN) {
        return 0;
    }

    if (n <= 0) {
        die("the proxy closed a connection", n == -1 ? errno : 0);
    }

    len = n;

    if (!c->body) {
        c->got += n;
        len = client_head(c, &p);
    }

    if (len == -1) {
        return (size_t) n == size;
    }

    if (c->chunked) {
        client_stream(c, p, len);

    } else {
        c->left -= len;

        if (c->left == 0) {
            client_done(c);
        }
    }

    return (size_t) n == size;
}


void
client_event(client_t *c, uint32_t what)
{
    if (c->busy && (what & EPOLLOUT)) {
        client_send(c);
    }

    if (what & (EPOLLIN|EPOLLRDHUP|EPOLLERR|EPOLLHUP)) {
        while (client_read(c)) { /* void */ }
    }
}
