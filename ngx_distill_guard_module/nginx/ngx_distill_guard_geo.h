/*
 * Copyright (C) 2026 Distill Guard
 *
 * MaxMind files and the list of hosting networks, as the files of "geo" and
 * "hosting" share them.
 */


#ifndef _NGX_DISTILL_GUARD_GEO_H_INCLUDED_
#define _NGX_DISTILL_GUARD_GEO_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include <maxminddb.h>

#include "ngx_distill_guard.h"


typedef enum {
    NGX_DISTILL_GUARD_GEO_ASN = 0,
    NGX_DISTILL_GUARD_GEO_COUNTRY,
    NGX_DISTILL_GUARD_GEO_ANONYMOUS,
    NGX_DISTILL_GUARD_GEO_KINDS
} ngx_distill_guard_geo_kind_t;


typedef struct {
    ngx_str_t        name;       /* in the directive */
    const char      *holds;      /* what such a file is for */
    const char      *example;
} ngx_distill_guard_geo_desc_t;


extern ngx_distill_guard_geo_desc_t
    ngx_distill_guard_geo_kinds[NGX_DISTILL_GUARD_GEO_KINDS];


/*
 * A file in use.  Opened by the master, so that workers share its pages;
 * a worker that finds it replaced maps the new one for itself.
 */

typedef struct {
    ngx_str_t        name;       /* full, zero-terminated */
    ngx_uint_t       kind;
    ngx_msec_t       reload;     /* 0: never */
    ngx_event_t      timer;
    MMDB_s           db;

    /* what stood under the name when it was last looked at, usable or not */
    dev_t            device;
    ngx_file_uniq_t  uniq;
    off_t            size;
    time_t           mtime;

    unsigned         open:1;
    unsigned         missing:1;
} ngx_distill_guard_geo_file_t;


struct ngx_distill_guard_geo_s {
    ngx_distill_guard_geo_file_t  *files[NGX_DISTILL_GUARD_GEO_KINDS];
    ngx_array_t                   *hosting;   /* uint32_t, sorted */
};


/* NULL if there is no memory */
ngx_distill_guard_geo_t *ngx_distill_guard_geo_create(ngx_conf_t *cf,
    ngx_distill_guard_main_conf_t *mcf);


/*
 * Opens a file and tries it.  NULL if it is good, else the reason, as words
 * that follow the file's name in a sentence, with ngx_errno set or 0.
 */
const char *ngx_distill_guard_mmdb_open(MMDB_s *db, u_char *name,
    ngx_uint_t kind);

/* adds to place what the file says about an IPv4 or IPv6 address */
void ngx_distill_guard_mmdb_lookup(MMDB_s *db, ngx_uint_t kind,
    struct sockaddr *sa, ngx_distill_guard_place_t *place);

ngx_uint_t ngx_distill_guard_hosting_find(ngx_array_t *hosting, uint32_t asn);


#endif /* _NGX_DISTILL_GUARD_GEO_H_INCLUDED_ */
