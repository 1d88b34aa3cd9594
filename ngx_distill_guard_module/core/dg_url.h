/*
 * Copyright (C) 2026 Distill Guard
 *
 * Where Redis is, as an operator writes it:
 *
 *     redis://[user@]host[:port][/db]
 *     unix:/path[?db=N] or unix://[user@]/path[?db=N]
 *     sentinel://[user@]host[:port],.../master[/db]
 *     cluster://[user@]host[:port],...
 *
 * rediss, sentinels and clusters are the same over TLS.
 */


#ifndef _DG_URL_H_INCLUDED_
#define _DG_URL_H_INCLUDED_


#include "dg_core.h"


#define DG_URL_HOSTS   16
#define DG_URL_HOST    255       /* bytes of a name */
#define DG_URL_DB_MAX  999999
#define DG_URL_ERROR   512

#define DG_URL_FORMS                                                          \
    "redis://[user@]host[:port][/db], unix:[//user@]/path[?db=N], "           \
    "sentinel://[user@]host[:port],.../master[/db] or "                       \
    "cluster://[user@]host[:port],..."


typedef enum {
    DG_URL_SERVER = 0,
    DG_URL_UNIX,
    DG_URL_SENTINEL,
    DG_URL_CLUSTER
} dg_url_kind_t;


typedef struct {
    dg_str_t       host;         /* without brackets; of a socket its path */
    unsigned       port;
} dg_url_host_t;


/* all text lies in what was parsed */

typedef struct {
    dg_url_kind_t  kind;
    unsigned       tls;
    dg_str_t       user;         /* empty: none is given */
    dg_str_t       place;        /* all but scheme and user, for logs */
    dg_str_t       master;       /* as sentinels know it */
    unsigned       db;
    unsigned       n;
    dg_url_host_t  hosts[DG_URL_HOSTS];
} dg_url_t;


/*
 * DG_ERROR and what is wrong.  The text is repeated in it unless it holds a
 * password, which must not be in a log.
 */
int dg_url_parse(dg_url_t *url, const dg_str_t *text,
    char error[DG_URL_ERROR]);


#endif /* _DG_URL_H_INCLUDED_ */
