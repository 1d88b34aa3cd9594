/*
 * Copyright (C) 2026 Distill Guard
 *
 * Where an address belongs: its network, its country, whether it hides
 * somebody.  Looked up once per request in mapped memory.
 *
 * A file is to be replaced by rename(2), as geoipupdate and "mv" within one
 * file system do.  Whoever writes into it in place pulls the pages from
 * under the workers, and the system ends them with SIGBUS.
 */


#include "ngx_distill_guard_geo.h"
#include "dg_hosting.h"


#define NGX_DISTILL_GUARD_GEO_RELOAD      (60 * 1000)
#define NGX_DISTILL_GUARD_GEO_RELOAD_MAX  (7 * 24 * 60 * 60 * 1000)


static ngx_int_t ngx_distill_guard_geo_reload(ngx_conf_t *cf,
    ngx_distill_guard_geo_file_t *file, ngx_str_t *value);
static ngx_int_t ngx_distill_guard_geo_open(ngx_conf_t *cf,
    ngx_distill_guard_geo_file_t *file);
static ngx_uint_t ngx_distill_guard_geo_changed(
    ngx_distill_guard_geo_file_t *file, ngx_file_info_t *fi);
static void ngx_distill_guard_geo_check(ngx_distill_guard_geo_file_t *file,
    ngx_log_t *log);
static void ngx_distill_guard_geo_timer(ngx_event_t *ev);
static void ngx_distill_guard_geo_add_timer(
    ngx_distill_guard_geo_file_t *file);
static void ngx_distill_guard_geo_cleanup(void *data);


ngx_distill_guard_geo_t *
ngx_distill_guard_geo_create(ngx_conf_t *cf,
    ngx_distill_guard_main_conf_t *mcf)
{
    if (mcf->geo == NULL) {
        mcf->geo = ngx_pcalloc(cf->pool, sizeof(ngx_distill_guard_geo_t));
    }

    return mcf->geo;
}


/* distill_guard_geoip asn|country|anonymous file [reload=time] */

char *
ngx_distill_guard_geoip(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_distill_guard_main_conf_t *mcf = conf;

    char                           error[DG_CONF_ERROR];
    dg_str_t                       words[DG_CONF_WORDS];
    ngx_str_t                     *value;
    dg_place_kind_t                kind;
    ngx_pool_cleanup_t            *cln;
    ngx_distill_guard_geo_t       *geo;
    ngx_distill_guard_geo_file_t  *file;

    value = cf->args->elts;

    if (ngx_distill_guard_words(cf, words) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (dg_setting_place(&kind, words, error) != DG_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%s", error);
        return NGX_CONF_ERROR;
    }

    geo = ngx_distill_guard_geo_create(cf, mcf);
    if (geo == NULL) {
        return NGX_CONF_ERROR;
    }

    if (geo->files[kind]) {
        return "is duplicate";
    }

    cln = ngx_pool_cleanup_add(cf->pool, sizeof(ngx_distill_guard_geo_file_t));
    if (cln == NULL) {
        return NGX_CONF_ERROR;
    }

    file = cln->data;
    ngx_memzero(file, sizeof(ngx_distill_guard_geo_file_t));

    cln->handler = ngx_distill_guard_geo_cleanup;

    geo->files[kind] = file;

    file->kind = kind;
    file->name = value[2];
    file->reload = NGX_DISTILL_GUARD_GEO_RELOAD;

    if (ngx_conf_full_name(cf->cycle, &file->name, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (cf->args->nelts == 4
        && ngx_distill_guard_geo_reload(cf, file, &value[3]) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (ngx_distill_guard_geo_open(cf, file) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_distill_guard_geo_reload(ngx_conf_t *cf,
    ngx_distill_guard_geo_file_t *file, ngx_str_t *value)
{
    ngx_int_t  n;
    ngx_str_t  s;

    if (value->len <= 7 || ngx_strncmp(value->data, "reload=", 7) != 0) {
        goto invalid;
    }

    s.data = value->data + 7;
    s.len = value->len - 7;

    n = ngx_parse_time(&s, 0);

    if (n == NGX_ERROR || n > NGX_DISTILL_GUARD_GEO_RELOAD_MAX) {
        goto invalid;
    }

    file->reload = n;

    return NGX_OK;

invalid:

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid parameter \"%V\" in \"distill_guard_geoip\": "
                       "write reload=time, at most 7d, as in reload=1m, or "
                       "reload=0 for never", value);

    return NGX_ERROR;
}


static ngx_int_t
ngx_distill_guard_geo_open(ngx_conf_t *cf, ngx_distill_guard_geo_file_t *file)
{
    const char                    *error;
    ngx_file_info_t                fi;

    if (ngx_file_info(file->name.data, &fi) != NGX_FILE_ERROR) {
        (void) ngx_distill_guard_geo_changed(file, &fi);
    }

    error = dg_geo_open(&file->db, (char *) file->name.data, file->kind);

    if (error == NULL) {
        file->open = 1;
        return NGX_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                       "\"%V\" in \"distill_guard_geoip\" %s: give the path "
                       "of a MaxMind database of %s, such as %s",
                       &file->name, error, dg_places[file->kind].holds,
                       dg_places[file->kind].example);

    return NGX_ERROR;
}


/* remembers what stands under the name now, and says if that is new */

static ngx_uint_t
ngx_distill_guard_geo_changed(ngx_distill_guard_geo_file_t *file,
    ngx_file_info_t *fi)
{
    if (file->device == fi->st_dev
        && file->uniq == ngx_file_uniq(fi)
        && file->size == ngx_file_size(fi)
        && file->mtime == ngx_file_mtime(fi))
    {
        return 0;
    }

    file->device = fi->st_dev;
    file->uniq = ngx_file_uniq(fi);
    file->size = ngx_file_size(fi);
    file->mtime = ngx_file_mtime(fi);

    return 1;
}


void
ngx_distill_guard_geo_warn(ngx_conf_t *cf, ngx_distill_guard_geo_t *geo)
{
    if (geo->hosting && geo->files[DG_PLACE_ASN] == NULL) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "\"distill_guard_hosting\" has no effect without "
                           "\"distill_guard_geoip asn file;\"");
    }
}


void
ngx_distill_guard_geo_lookup(ngx_distill_guard_geo_t *geo,
    struct sockaddr *sa, dg_place_t *place)
{
    ngx_uint_t            kind;
    struct sockaddr_in    sin;
#if (NGX_HAVE_INET6)
    struct sockaddr_in6  *sin6;
#endif

    ngx_memzero(place, sizeof(dg_place_t));

    switch (sa->sa_family) {

    case AF_INET:
        break;

#if (NGX_HAVE_INET6)
    case AF_INET6:
        sin6 = (struct sockaddr_in6 *) sa;

        if (IN6_IS_ADDR_V4MAPPED(&sin6->sin6_addr)) {
            ngx_memzero(&sin, sizeof(struct sockaddr_in));
            sin.sin_family = AF_INET;
            ngx_memcpy(&sin.sin_addr, &sin6->sin6_addr.s6_addr[12], 4);
            sa = (struct sockaddr *) &sin;
        }

        break;
#endif

    default: /* a Unix-domain socket is nowhere */
        return;
    }

    for (kind = 0; kind < DG_PLACE_KINDS; kind++) {
        if (geo->files[kind]) {
            dg_geo_lookup(&geo->files[kind]->db, kind, sa, place);
        }
    }

    if (geo->hosting && place->asn
        && dg_hosting_find(geo->hosting, geo->nhosting, place->asn))
    {
        place->hosting = 1;
    }
}


/* a worker may be younger than what the master has opened */

ngx_int_t
ngx_distill_guard_geo_init_process(ngx_cycle_t *cycle,
    ngx_distill_guard_geo_t *geo)
{
    ngx_uint_t                     kind;
    ngx_distill_guard_geo_file_t  *file;

    for (kind = 0; kind < DG_PLACE_KINDS; kind++) {
        file = geo->files[kind];

        if (file == NULL || file->reload == 0) {
            continue;
        }

        file->timer.handler = ngx_distill_guard_geo_timer;
        file->timer.data = file;
        file->timer.log = cycle->log;
        file->timer.cancelable = 1;

        ngx_distill_guard_geo_check(file, cycle->log);
        ngx_distill_guard_geo_add_timer(file);
    }

    return NGX_OK;
}


static void
ngx_distill_guard_geo_timer(ngx_event_t *ev)
{
    ngx_distill_guard_geo_file_t  *file;

    if (ngx_exiting) {
        return;
    }

    file = ev->data;

    ngx_distill_guard_geo_check(file, ev->log);
    ngx_distill_guard_geo_add_timer(file);
}


/* the workers take turns, they do not all map a new file at once */

static void
ngx_distill_guard_geo_add_timer(ngx_distill_guard_geo_file_t *file)
{
    ngx_add_timer(&file->timer,
                  file->reload + ngx_random() % (file->reload / 10 + 1));
}


/*
 * A worker does one thing at a time, and what a lookup finds is copied, so
 * nobody holds the old file when it is closed.
 */

static void
ngx_distill_guard_geo_check(ngx_distill_guard_geo_file_t *file,
    ngx_log_t *log)
{
    MMDB_s            db;
    const char       *error;
    ngx_file_info_t   fi;

    if (ngx_file_info(file->name.data, &fi) == NGX_FILE_ERROR) {

        if (!file->missing) {
            ngx_log_error(NGX_LOG_ERR, log, ngx_errno,
                          "\"%V\" of \"distill_guard_geoip\" is gone, what "
                          "was read stays in use", &file->name);
        }

        file->missing = 1;
        return;
    }

    file->missing = 0;

    if (!ngx_distill_guard_geo_changed(file, &fi)) {
        return;
    }

    error = dg_geo_open(&db, (char *) file->name.data, file->kind);

    if (error) {
        ngx_log_error(NGX_LOG_ERR, log, ngx_errno,
                      "new \"%V\" of \"distill_guard_geoip\" %s, the old one "
                      "stays in use", &file->name, error);
        return;
    }

    MMDB_close(&file->db);
    file->db = db;

    ngx_log_error(NGX_LOG_NOTICE, log, 0,
                  "new \"%V\" of \"distill_guard_geoip\" is in use",
                  &file->name);
}


/* a single process outlives its configuration, and so would the timer */

static void
ngx_distill_guard_geo_cleanup(void *data)
{
    ngx_distill_guard_geo_file_t *file = data;

    if (file->timer.timer_set) {
        ngx_del_timer(&file->timer);
    }

    if (file->open) {
        MMDB_close(&file->db);
        file->open = 0;
    }
}
