/*
 * Copyright (C) 2026 Distill Guard
 *
 * Origins: the network a client comes from, as a packed id and as text.  An
 * origin is packed as {family, prefix}: family 4 with the three leading
 * bytes, family 6 with the eight leading bytes, and family 1 for clients on
 * a Unix-domain socket.
 */


#ifndef _DG_ORIGIN_H_INCLUDED_
#define _DG_ORIGIN_H_INCLUDED_


#include "dg_core.h"


#define DG_ORIGIN_TEXT  24


void dg_origin_v4(dg_id_t *id, const u_char addr[4]);
void dg_origin_v6(dg_id_t *id, const u_char addr[16]);  /* mapped v4 is v4 */
void dg_origin_unix(dg_id_t *id);

/*
 * "203.0.113.0/24", "2001:db8:1:2::/64" (RFC 5952), "unix".  Writes at most
 * DG_ORIGIN_TEXT bytes, no zero; returns the end.
 */
u_char *dg_origin_text(u_char *p, const dg_id_t *id);

/*
 * The reverse; zeros of an IPv6 prefix may be written out or left out
 * anywhere.  DG_ERROR if the text is no origin, or is not of that length.
 */
int dg_origin_parse(dg_id_t *id, const u_char *p, size_t len);


#endif /* _DG_ORIGIN_H_INCLUDED_ */
