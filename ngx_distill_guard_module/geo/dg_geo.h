/*
 * Copyright (C) 2026 Distill Guard
 *
 * One MaxMind file: opening and trying it, and asking it for an address.
 * For nginx/ and ctl/ alike; knows core/ and libmaxminddb.
 */


#ifndef _DG_GEO_H_INCLUDED_
#define _DG_GEO_H_INCLUDED_


#include <sys/socket.h>
#include <maxminddb.h>

#include "dg_core.h"
#include "dg_place.h"


/*
 * Opens a file and tries it.  NULL if it is good, else the reason, as words
 * that follow the file's name in a sentence, with errno set or 0.
 */
const char *dg_geo_open(MMDB_s *db, const char *name, dg_place_kind_t kind);

/* adds to place what the file says about an IPv4 or IPv6 address */
void dg_geo_lookup(const MMDB_s *db, dg_place_kind_t kind,
    const struct sockaddr *sa, dg_place_t *place);


#endif /* _DG_GEO_H_INCLUDED_ */
