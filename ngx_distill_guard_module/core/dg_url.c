/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_url.h"

#include <stdio.h>
#include <strings.h>


#define DG_URL_WHAT   256
#define DG_URL_SHOWN  128        /* bytes of what is wrong, in a message */


typedef struct {
    dg_str_t       name;         /* with "://" */
    dg_url_kind_t  kind;
    unsigned       tls;
    unsigned       port;
} dg_url_scheme_t;


static int dg_url_scheme(dg_url_t *url, dg_str_t *rest, unsigned *port);
static int dg_url_path(dg_url_t *url, dg_str_t *rest,
    char what[DG_URL_WHAT]);
static int dg_url_user(dg_url_t *url, dg_str_t *rest);
static int dg_url_tail(dg_url_t *url, dg_str_t *rest,
    char what[DG_URL_WHAT]);
static int dg_url_db(dg_url_t *url, const dg_str_t *text,
    char what[DG_URL_WHAT]);
static int dg_url_host(dg_url_t *url, dg_str_t text, unsigned port,
    char what[DG_URL_WHAT]);
static int dg_url_number(const dg_str_t *text, unsigned max, unsigned *n);
static int dg_url_cut(dg_str_t *text, u_char c, dg_str_t *after);
static int dg_url_wrong(char what[DG_URL_WHAT], const char *wrong,
    const dg_str_t *text, const char *hint);


static const dg_url_scheme_t  dg_url_schemes[] = {
    { dg_string("redis://"), DG_URL_SERVER, 0, 6379 },
    { dg_string("rediss://"), DG_URL_SERVER, 1, 6379 },
    { dg_string("sentinel://"), DG_URL_SENTINEL, 0, 26379 },
    { dg_string("sentinels://"), DG_URL_SENTINEL, 1, 26379 },
    { dg_string("cluster://"), DG_URL_CLUSTER, 0, 6379 },
    { dg_string("clusters://"), DG_URL_CLUSTER, 1, 6379 },
    { dg_string("unix:"), DG_URL_UNIX, 0, 0 }
};


int
dg_url_parse(dg_url_t *url, const dg_str_t *text, char error[DG_URL_ERROR])
{
    unsigned  port;
    dg_str_t  rest, next;
    char      what[DG_URL_WHAT];

    memset(url, 0, sizeof(dg_url_t));
    rest = *text;

    if (dg_url_scheme(url, &rest, &port) != DG_OK) {
        snprintf(error, DG_URL_ERROR, "invalid URL \"%.*s\": write "
                 DG_URL_FORMS, (int) dg_min(text->len, DG_URL_SHOWN),
                 (const char *) text->data);
        return DG_ERROR;
    }

    if (dg_url_user(url, &rest) != DG_OK) {
        snprintf(error, DG_URL_ERROR, "the URL holds a password: put it into "
                 "a file and name that with password_file=");
        return DG_ERROR;
    }

    url->place = rest;

    if (url->kind == DG_URL_UNIX) {
        if (dg_url_path(url, &rest, what) != DG_OK) {
            goto wrong;
        }

        return DG_OK;
    }

    if (dg_url_tail(url, &rest, what) != DG_OK) {
        goto wrong;
    }

    do {
        next.len = 0;
        next.data = NULL;

        if (url->kind != DG_URL_SERVER) {
            (void) dg_url_cut(&rest, ',', &next);
        }

        if (dg_url_host(url, rest, port, what) != DG_OK) {
            goto wrong;
        }

        rest = next;

    } while (next.data != NULL);

    return DG_OK;

wrong:

    snprintf(error, DG_URL_ERROR, "%s in the URL \"%.*s\"", what,
             (int) dg_min(text->len, DG_URL_SHOWN),
             (const char *) text->data);

    return DG_ERROR;
}


static int
dg_url_scheme(dg_url_t *url, dg_str_t *rest, unsigned *port)
{
    size_t                  i;
    const dg_url_scheme_t  *s;

    for (i = 0; i < dg_nelts(dg_url_schemes); i++) {
        s = &dg_url_schemes[i];

        if (rest->len < s->name.len
            || strncasecmp((const char *) rest->data,
                           (const char *) s->name.data, s->name.len) != 0)
        {
            continue;
        }

        rest->data += s->name.len;
        rest->len -= s->name.len;

        url->kind = s->kind;
        url->tls = s->tls;
        *port = s->port;

        /* unix:/path, unix:///path and unix://user@/path */

        if (url->kind == DG_URL_UNIX && rest->len >= 2
            && rest->data[0] == '/' && rest->data[1] == '/')
        {
            rest->data += 2;
            rest->len -= 2;
        }

        return DG_OK;
    }

    return DG_ERROR;
}


/* takes "user@" off the front; DG_ERROR if there is a password in it */

static int
dg_url_user(dg_url_t *url, dg_str_t *rest)
{
    dg_str_t  user, after;

    user = *rest;

    if (dg_url_cut(&user, '@', &after) != DG_OK) {
        return DG_OK;
    }

    if (user.len != 0 && memchr(user.data, ':', user.len) != NULL) {
        return DG_ERROR;
    }

    url->user = user;
    *rest = after;

    return DG_OK;
}


/* /path[?db=N] */

static int
dg_url_path(dg_url_t *url, dg_str_t *rest, char what[DG_URL_WHAT])
{
    dg_str_t  db;

    if (dg_url_cut(rest, '?', &db) == DG_OK) {

        if (db.len > 3 && memcmp(db.data, "db=", 3) == 0) {
            db.data += 3;
            db.len -= 3;
        }

        if (dg_url_db(url, &db, what) != DG_OK) {
            return DG_ERROR;
        }
    }

    if (rest->len == 0) {
        snprintf(what, DG_URL_WHAT, "no path of a socket");
        return DG_ERROR;
    }

    url->n = 1;
    url->hosts[0].host = *rest;

    return DG_OK;
}


/* takes what follows the hosts off the end: [/master][/db] */

static int
dg_url_tail(dg_url_t *url, dg_str_t *rest, char what[DG_URL_WHAT])
{
    dg_str_t  db, tail;

    if (dg_url_cut(rest, '/', &tail) != DG_OK) {
        tail.len = 0;
        tail.data = rest->data + rest->len;
    }

    db = tail;

    if (url->kind == DG_URL_SENTINEL) {
        url->master = tail;
        db.len = 0;

        (void) dg_url_cut(&url->master, '/', &db);

        if (url->master.len == 0) {
            snprintf(what, DG_URL_WHAT, "no name of a master, as in "
                     "sentinel://10.0.0.1,10.0.0.2/mymaster,");
            return DG_ERROR;
        }
    }

    if (url->kind == DG_URL_CLUSTER && db.len != 0) {
        snprintf(what, DG_URL_WHAT, "a cluster has one database, and none "
                 "to choose,");
        return DG_ERROR;
    }

    return db.len ? dg_url_db(url, &db, what) : DG_OK;
}


static int
dg_url_db(dg_url_t *url, const dg_str_t *text, char what[DG_URL_WHAT])
{
    if (dg_url_number(text, DG_URL_DB_MAX, &url->db) == DG_OK) {
        return DG_OK;
    }

    return dg_url_wrong(what, "invalid database", text,
                        ", which is a number,");
}


/* host, host:port, [address], [address]:port */

static int
dg_url_host(dg_url_t *url, dg_str_t text, unsigned port,
    char what[DG_URL_WHAT])
{
    dg_str_t        tail;
    dg_url_host_t  *host;

    if (url->n == DG_URL_HOSTS) {
        snprintf(what, DG_URL_WHAT, "more than %d hosts, name some of them,",
                 DG_URL_HOSTS);
        return DG_ERROR;
    }

    host = &url->hosts[url->n++];
    host->host = text;
    host->port = port;

    if (text.len != 0 && text.data[0] == '[') {
        host->host.data++;
        host->host.len--;

        if (dg_url_cut(&host->host, ']', &tail) != DG_OK
            || (tail.len != 0 && tail.data[0] != ':'))
        {
            return dg_url_wrong(what, "invalid address", &text, "");
        }

        if (tail.len != 0) {
            tail.data++;
            tail.len--;

        } else {
            tail.data = NULL;
        }

    } else if (dg_url_cut(&host->host, ':', &tail) != DG_OK) {
        tail.data = NULL;
    }

    if (host->host.len == 0 || host->host.len > DG_URL_HOST) {
        snprintf(what, DG_URL_WHAT, host->host.len ? "host is too long"
                                                     : "no host");
        return DG_ERROR;
    }

    if (tail.data != NULL
        && (dg_url_number(&tail, 65535, &host->port) != DG_OK
            || host->port == 0))
    {
        return dg_url_wrong(what, "invalid port", &tail, "");
    }

    return DG_OK;
}


static int
dg_url_number(const dg_str_t *text, unsigned max, unsigned *n)
{
    size_t  i;

    *n = 0;

    for (i = 0; i < text->len; i++) {
        if (text->data[i] < '0' || text->data[i] > '9') {
            return DG_ERROR;
        }

        *n = *n * 10 + (text->data[i] - '0');

        if (*n > max) {
            return DG_ERROR;
        }
    }

    return text->len ? DG_OK : DG_ERROR;
}


/* at the first c, which is in neither part */

static int
dg_url_cut(dg_str_t *text, u_char c, dg_str_t *after)
{
    const u_char  *p;

    p = text->len ? memchr(text->data, c, text->len) : NULL;

    if (p == NULL) {
        return DG_ERROR;
    }

    after->data = p + 1;
    after->len = (size_t) (text->data + text->len - after->data);
    text->len = (size_t) (p - text->data);

    return DG_OK;
}


static int
dg_url_wrong(char what[DG_URL_WHAT], const char *wrong,
    const dg_str_t *text, const char *hint)
{
    snprintf(what, DG_URL_WHAT, "%s \"%.*s\"%s", wrong,
             (int) dg_min(text->len, DG_URL_SHOWN), (const char *) text->data,
             hint);

    return DG_ERROR;
}
