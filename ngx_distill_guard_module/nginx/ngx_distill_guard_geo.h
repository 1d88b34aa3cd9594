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

#include "ngx_distill_guard.h"
#include "dg_geo.h"


/*
 * A file in use.  Opened by the master, so that workers share its pages;
 * a worker that finds it replaced maps the new one for itself.
 */

typedef struct {
    ngx_str_t        name;       /* full, zero-terminated */
    dg_place_kind_t  kind;
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
    ngx_distill_guard_geo_file_t  *files[DG_PLACE_KINDS];
    uint32_t                      *hosting;   /* NULL: no list */
    size_t                         nhosting;
};


/* NULL if there is no memory */
ngx_distill_guard_geo_t *ngx_distill_guard_geo_create(ngx_conf_t *cf,
    ngx_distill_guard_main_conf_t *mcf);


#endif /* _NGX_DISTILL_GUARD_GEO_H_INCLUDED_ */
