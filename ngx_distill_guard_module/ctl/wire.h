/*
 * Copyright (C) 2026 Distill Guard
 *
 * A connection to one server that speaks as Redis does.  hiredis makes and
 * reads the words; the bytes go over a socket that waits, with TLS or without.
 */


#ifndef _WIRE_H_INCLUDED_
#define _WIRE_H_INCLUDED_


#include <hiredis/hiredis.h>

#include "dg_core.h"
#include "tls.h"


#define CTL_WIRE_PATIENCE  5     /* seconds for which a server is waited for */
#define CTL_WIRE_ARGS      16
#define CTL_WIRE_ERROR     CTL_TLS_ERROR


typedef struct {
    int            fd;           /* -1: there is no connection */
    SSL           *ssl;          /* NULL: without */
    redisReader   *reader;
    char           error[CTL_WIRE_ERROR];    /* what went wrong last */
} ctl_wire_t;


/* zeroes are no connection: this one is, to be closed */
void ctl_wire_init(ctl_wire_t *w);
void ctl_wire_close(ctl_wire_t *w);

/*
 * host may be a path, with port 0.  NULL in ctx: without TLS.  DG_ERROR and
 * error.
 */
int ctl_wire_open(ctl_wire_t *w, const char *host, unsigned port,
    SSL_CTX *ctx, const ctl_tls_conf_t *tls);

/* NULL and error: the connection is closed then.  The reply is the caller's */
redisReply *ctl_wire_command(ctl_wire_t *w, unsigned n, const dg_str_t *args);


#endif /* _WIRE_H_INCLUDED_ */
