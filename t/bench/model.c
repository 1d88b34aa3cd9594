/*
 * Copyright (C) 2026 Distill Guard
 *
 * The model behind the proxy: reads requests, gives the reply.
 */


#define _GNU_SOURCE

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load.h"


static char  scratch[1024 * 1024];


void
server_send(server_t *s, size_t until)
{
    ssize_t   n;
    piece_t  *piece;

    s->blocked = 0;

    while (s->next < until) {
        piece = &reply.piece[s->next];

        n = send(s->fd, piece->data + s->sent, piece->len - s->sent,
                 MSG_NOSIGNAL);

        if (n == -1 && errno != EAGAIN) {
            die("the proxy left the model", errno);
        }

        s->sent += n == -1 ? 0 : n;

        if (s->sent < piece->len) {
            s->blocked = 1;
            return;
        }

        s->sent = 0;
        s->next++;
    }

    if (s->next == reply.n) {
        s->answering = 0;
    }
}


static void
server_answer(server_t *s)
{
    char      *p;
    unsigned   number = 0;

    p = memmem(s->in, s->got, "\r\nX-Bench: ", 11);
    if (p == NULL || sscanf(p + 11, "%u", &number) != 1
        || number >= options.connections)
    {
        die("the model got another request than was sent", 0);
    }

    s->client = &clients[number];
    s->client->server = s;
    s->body = 0;
    s->got = 0;
    s->next = 0;
    s->sent = 0;
    s->answering = 1;

    if (options.paced) {
        s->client->start = now();
    }

    server_send(s, options.paced ? 1 : reply.n);
}


/* returns 1 when the head is there, and the bytes behind it are counted */

static int
server_head(server_t *s)
{
    char  *end, *p;

    end = memmem(s->in, s->got, "\r\n\r\n", 4);

    if (end == NULL) {
        if (s->got == HEAD) {
            die("the proxy sent a long head", 0);
        }

        return 0;
    }

    *end = '\0';
    p = strcasestr(s->in, "\r\nContent-Length: ");

    if (p == NULL) {
        die("the proxy sent a request without its length", 0);
    }

    s->left = strtoul(p + 18, NULL, 10);
    s->left -= s->in + s->got - (end + 4);
    s->got = end - s->in;
    s->body = 1;

    return 1;
}


/* 0 when there is nothing more to read */

static int
server_read(server_t *s)
{
    size_t   size;
    ssize_t  n;

    if (s->body) {
        /* nobody looks at the body: it need not be copied */

        size = sizeof(scratch);
        n = recv(s->fd, scratch, size, MSG_TRUNC);

    } else {
        size = HEAD - s->got;
        n = recv(s->fd, s->in + s->got, size, 0);
    }

    if (n == -1) {
        if (errno == EAGAIN) {
            return 0;
        }

        die("the model lost the proxy", errno);
    }

    if (n == 0) {
        close(s->fd);
        s->fd = -1;
        return 0;
    }

    if (s->body) {
        s->left -= n;

    } else {
        s->got += n;

        if (!server_head(s)) {
            return (size_t) n == size;
        }
    }

    if (s->left == 0) {
        server_answer(s);
    }

    return (size_t) n == size;
}


void
server_event(server_t *s, uint32_t what)
{
    if (s->fd == -1) {
        return;
    }

    if (s->blocked && (what & EPOLLOUT)) {
        server_send(s, options.paced ? s->next + 1 : reply.n);
    }

    if (what & (EPOLLIN|EPOLLRDHUP|EPOLLERR|EPOLLHUP)) {
        while (server_read(s)) { /* void */ }
    }
}
