/*
 * Copyright (C) 2026 Distill Guard
 *
 * Directives, configurations and hooks.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_distill_guard.h"
#include "dg_order.h"


typedef int (*ngx_distill_guard_say_pt)(dg_policy_t *policy,
    const dg_str_t *words, unsigned n, char error[DG_CONF_ERROR]);


/* what the directives of one level say of signals and actions */

struct ngx_distill_guard_said_s {
    dg_policy_t                 policy;
    ngx_distill_guard_said_t   *above;    /* level that it inherits from */
    ngx_distill_guard_said_t   *next;
    ngx_str_t                   name;     /* of the first of them, and where
                                             that is */
    ngx_str_t                   file;
    ngx_uint_t                  line;
    unsigned                    used:1;   /* by a guard that is on */
};


static ngx_int_t ngx_distill_guard_preconfiguration(ngx_conf_t *cf);
static ngx_int_t ngx_distill_guard_postconfiguration(ngx_conf_t *cf);
static void *ngx_distill_guard_create_main_conf(ngx_conf_t *cf);
static void *ngx_distill_guard_create_loc_conf(ngx_conf_t *cf);
static char *ngx_distill_guard_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static ngx_int_t ngx_distill_guard_merge_policy(ngx_conf_t *cf,
    ngx_distill_guard_loc_conf_t *prev, ngx_distill_guard_loc_conf_t *conf);
static void ngx_distill_guard_said_warn(ngx_conf_t *cf,
    ngx_distill_guard_main_conf_t *mcf);
static char *ngx_distill_guard(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_distill_guard_secret(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_distill_guard_limit(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_distill_guard_signal(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_distill_guard_action(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_distill_guard_say(ngx_conf_t *cf,
    ngx_distill_guard_loc_conf_t *glcf, ngx_distill_guard_say_pt say);
static ngx_distill_guard_said_t *ngx_distill_guard_said(ngx_conf_t *cf);
static ngx_int_t ngx_distill_guard_phase(ngx_conf_t *cf,
    ngx_http_phases phase, ngx_http_handler_pt handler);
static ngx_int_t ngx_distill_guard_init_process(ngx_cycle_t *cycle);
static void ngx_distill_guard_exit_process(ngx_cycle_t *cycle);


static ngx_command_t  ngx_distill_guard_commands[] = {

    { ngx_string("distill_guard_zone"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_distill_guard_zone,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("distill_guard_secret"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_distill_guard_secret,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("distill_guard_redis"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_1MORE,
      ngx_distill_guard_redis,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("distill_guard_geoip"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE23,
      ngx_distill_guard_geoip,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("distill_guard_hosting"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_distill_guard_hosting,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("distill_guard"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE12,
      ngx_distill_guard,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("distill_guard_key"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_set_complex_value_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_distill_guard_loc_conf_t, key),
      NULL },

    { ngx_string("distill_guard_account"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_set_complex_value_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_distill_guard_loc_conf_t, account),
      NULL },

    { ngx_string("distill_guard_exempt"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_set_predicate_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_distill_guard_loc_conf_t, exempt),
      NULL },

    { ngx_string("distill_guard_limit"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_2MORE,
      ngx_distill_guard_limit,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("distill_guard_signal"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE2
                        |NGX_CONF_TAKE3|NGX_CONF_TAKE4,
      ngx_distill_guard_signal,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("distill_guard_action"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE23,
      ngx_distill_guard_action,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("distill_guard_status"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS|NGX_CONF_TAKE1,
      ngx_distill_guard_status,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_distill_guard_module_ctx = {
    ngx_distill_guard_preconfiguration,    /* preconfiguration */
    ngx_distill_guard_postconfiguration,   /* postconfiguration */

    ngx_distill_guard_create_main_conf,    /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_distill_guard_create_loc_conf,     /* create location configuration */
    ngx_distill_guard_merge_loc_conf       /* merge location configuration */
};


ngx_module_t  ngx_distill_guard_module = {
    NGX_MODULE_V1,
    &ngx_distill_guard_module_ctx,         /* module context */
    ngx_distill_guard_commands,            /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    ngx_distill_guard_init_process,        /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_distill_guard_exit_process,        /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_int_t
ngx_distill_guard_preconfiguration(ngx_conf_t *cf)
{
    if (dg_dialect_init() != DG_OK || dg_order_init() != DG_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "distill guard: the tables of JSON are not well "
                           "formed");
        return NGX_ERROR;
    }

    return ngx_distill_guard_add_variables(cf);
}


static void *
ngx_distill_guard_create_main_conf(ngx_conf_t *cf)
{
    ngx_distill_guard_main_conf_t  *mcf;

    mcf = ngx_pcalloc(cf->pool, sizeof(ngx_distill_guard_main_conf_t));
    if (mcf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     mcf->secret_file = { 0, NULL };
     *     mcf->secret = { 0, NULL };
     *     mcf->redis = NULL;
     *     mcf->geo = NULL;
     *     mcf->said = NULL;
     *     mcf->active = 0;
     *     mcf->limits = 0;
     */

    if (ngx_array_init(&mcf->zones, cf->pool, 1,
                       sizeof(ngx_distill_guard_zone_t *))
        != NGX_OK)
    {
        return NULL;
    }

    return mcf;
}


static void *
ngx_distill_guard_create_loc_conf(ngx_conf_t *cf)
{
    ngx_distill_guard_loc_conf_t  *glcf;

    glcf = ngx_pcalloc(cf->pool, sizeof(ngx_distill_guard_loc_conf_t));
    if (glcf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     glcf->zone_name = { 0, NULL };
     *     glcf->zone = NULL;
     *     glcf->key = NULL;
     *     glcf->account = NULL;
     *     glcf->limits = NULL;
     *     glcf->policy = NULL;
     *     glcf->said = NULL;
     *     glcf->control = 0;
     */

    glcf->mode = NGX_CONF_UNSET_UINT;
    glcf->exempt = NGX_CONF_UNSET_PTR;

    return glcf;
}


static char *
ngx_distill_guard_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_distill_guard_loc_conf_t *prev = parent;
    ngx_distill_guard_loc_conf_t *conf = child;

    ngx_distill_guard_zone_t       **zones;
    ngx_distill_guard_main_conf_t   *mcf;

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_distill_guard_module);

    ngx_conf_merge_uint_value(conf->mode, prev->mode, DG_MODE_OFF);
    ngx_conf_merge_str_value(conf->zone_name, prev->zone_name, "");
    ngx_conf_merge_ptr_value(conf->exempt, prev->exempt, NULL);

    if (conf->key == NULL) {
        conf->key = prev->key;
    }

    if (conf->account == NULL) {
        conf->account = prev->account;
    }

    if (conf->limits == NULL) {
        conf->limits = prev->limits;
    }

    if (ngx_distill_guard_merge_policy(cf, prev, conf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (conf->mode == DG_MODE_OFF) {
        return NGX_CONF_OK;
    }

    if (conf->zone_name.len) {
        conf->zone = ngx_distill_guard_zone_find(mcf, &conf->zone_name);

        if (conf->zone == NULL) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"distill_guard\" names an unknown zone "
                               "\"%V\": define it with "
                               "\"distill_guard_zone zone=%V:64m;\" in http",
                               &conf->zone_name, &conf->zone_name);
            return NGX_CONF_ERROR;
        }

    } else if (mcf->zones.nelts == 1) {
        zones = mcf->zones.elts;
        conf->zone = zones[0];

    } else {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"distill_guard\" needs a zone: %s",
                           mcf->zones.nelts
                           ? "there are several, so say which, with zone=name"
                           : "define one with \"distill_guard_zone "
                             "zone=guard:64m;\" in http");
        return NGX_CONF_ERROR;
    }

    mcf->active = 1;

    if (!conf->zone->ruled) {
        conf->zone->ruled = 1;
        ngx_distill_guard_rules(conf, &conf->zone->rules);
    }

    return NGX_CONF_OK;
}


void
ngx_distill_guard_rules(ngx_distill_guard_loc_conf_t *glcf, dg_rules_t *rules)
{
    rules->policy = glcf->policy;
    rules->enforce = (glcf->mode == DG_MODE_ENFORCE);

    if (glcf->limits) {
        rules->limits = glcf->limits->elts;
        rules->nlimits = glcf->limits->nelts;
    }
}


/* by name: what a level says nothing of is as on the level above */

static ngx_int_t
ngx_distill_guard_merge_policy(ngx_conf_t *cf,
    ngx_distill_guard_loc_conf_t *prev, ngx_distill_guard_loc_conf_t *conf)
{
    char                       error[DG_CONF_ERROR];
    dg_policy_t               *policy;
    ngx_distill_guard_said_t  *said;

    if (prev->policy == NULL) {

        /* http, which all servers inherit from, and which says nothing */

        policy = ngx_palloc(cf->pool, sizeof(dg_policy_t));
        if (policy == NULL) {
            return NGX_ERROR;
        }

        dg_policy_init(policy);
        prev->policy = policy;
    }

    if (conf->said) {
        dg_policy_inherit(&conf->said->policy, prev->policy);
        conf->said->above = prev->said;

    } else {
        conf->policy = prev->policy;
        conf->said = prev->said;
    }

    if (dg_policy_check(conf->policy, error) != DG_OK) {
        said = conf->said;
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "%s in %V:%ui", error,
                      &said->file, said->line);
        return NGX_ERROR;
    }

    if (conf->mode != DG_MODE_OFF) {
        for (said = conf->said; said && !said->used; said = said->above) {
            said->used = 1;
        }
    }

    return NGX_OK;
}


static void
ngx_distill_guard_said_warn(ngx_conf_t *cf,
    ngx_distill_guard_main_conf_t *mcf)
{
    ngx_distill_guard_said_t  *said;

    for (said = mcf->said; said; said = said->next) {

        if (said->used) {
            continue;
        }

        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"%V\" has no effect while \"distill_guard\" is off "
                      "in %V:%ui", &said->name, &said->file, said->line);
    }
}


static ngx_int_t
ngx_distill_guard_postconfiguration(ngx_conf_t *cf)
{
    ngx_distill_guard_main_conf_t  *mcf;

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_distill_guard_module);

    if (mcf->limits && mcf->zones.nelts == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"distill_guard_limit\" needs a zone to count "
                           "in: define one with \"distill_guard_zone "
                           "zone=guard:64m;\" in http");
        return NGX_ERROR;
    }

    if (mcf->redis
        && ngx_distill_guard_redis_finish(cf, mcf->redis) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (mcf->redis && mcf->secret.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"distill_guard_redis\" needs "
                           "\"distill_guard_secret\": all nodes that share "
                           "a Redis must share one secret file");
        return NGX_ERROR;
    }

    if (mcf->redis && mcf->zones.nelts == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"distill_guard_redis\" needs a zone to keep "
                           "counts in: define one with \"distill_guard_zone "
                           "zone=guard:64m;\" in http");
        return NGX_ERROR;
    }

    if (mcf->geo) {
        ngx_distill_guard_geo_warn(cf, mcf->geo);
    }

    ngx_distill_guard_said_warn(cf, mcf);

    ngx_distill_guard_zone_bind(cf, mcf);

    /* hashes are keyed by what was derived from it; it is not needed again */

    if (mcf->secret.len) {
        ngx_explicit_memzero(mcf->secret.data, mcf->secret.len);
    }

    if (!mcf->active) {
        return NGX_OK;
    }

    if (ngx_distill_guard_phase(cf, NGX_HTTP_PREACCESS_PHASE,
                                ngx_distill_guard_preaccess_handler)
        != NGX_OK
        || ngx_distill_guard_phase(cf, NGX_HTTP_LOG_PHASE,
                                   ngx_distill_guard_log_handler)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_distill_guard_request_init(cf) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_distill_guard_response_init(cf);
}


static ngx_int_t
ngx_distill_guard_phase(ngx_conf_t *cf, ngx_http_phases phase,
    ngx_http_handler_pt handler)
{
    ngx_http_handler_pt        *h;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[phase].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = handler;

    return NGX_OK;
}


/* distill_guard off | observe | enforce [zone=name] */

static char *
ngx_distill_guard(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_distill_guard_loc_conf_t *glcf = conf;

    char       error[DG_CONF_ERROR];
    dg_str_t   zone, words[DG_CONF_WORDS];
    dg_mode_t  mode;

    if (glcf->mode != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    if (ngx_distill_guard_words(cf, words) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (dg_setting_mode(&mode, &zone, words, cf->args->nelts, error)
        != DG_OK)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%s", error);
        return NGX_CONF_ERROR;
    }

    glcf->mode = mode;

    if (zone.len) {
        glcf->zone_name.data = (u_char *) zone.data;
        glcf->zone_name.len = zone.len;
    }

    return NGX_CONF_OK;
}


/*
 * The secret is what the file holds, less white space at its end.  It is
 * read by the master at start and at reload, so the file need be readable
 * by nobody else.
 */

static char *
ngx_distill_guard_secret(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_distill_guard_main_conf_t *mcf = conf;

    ngx_str_t  *value;

    if (mcf->secret_file.data) {
        return "is duplicate";
    }

    value = cf->args->elts;
    mcf->secret_file = value[1];

    if (ngx_conf_full_name(cf->cycle, &mcf->secret_file, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (ngx_distill_guard_read_secret(cf, cmd, &mcf->secret_file,
                                      DG_SECRET_MAX,
                                      &mcf->secret)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (mcf->secret.len < DG_SECRET_MIN) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "secret file \"%V\" in \"%V\" holds %uz bytes, %d "
                           "are the least: make one with "
                           "\"openssl rand -hex 32\"",
                           &mcf->secret_file, &cmd->name, mcf->secret.len,
                           DG_SECRET_MIN);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/*
 * Reads a small file that holds a secret or a password; used for
 * distill_guard_secret and for password_file= of distill_guard_redis.  The
 * bytes lie in the configuration's pool and are the caller's to clear.
 */

ngx_int_t
ngx_distill_guard_read_secret(ngx_conf_t *cf, ngx_command_t *cmd,
    ngx_str_t *file, size_t max, ngx_str_t *secret)
{
    ssize_t    n;
    ngx_fd_t   fd;
    ngx_err_t  err;

    secret->data = ngx_pnalloc(cf->pool, max + 1);
    if (secret->data == NULL) {
        return NGX_ERROR;
    }

    fd = ngx_open_file(file->data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           "cannot open \"%V\" of \"%V\": it must exist and "
                           "be readable by the user that starts nginx",
                           file, &cmd->name);
        return NGX_ERROR;
    }

    n = ngx_read_fd(fd, secret->data, max + 1);
    err = ngx_errno;

    if (ngx_close_file(fd) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_ALERT, cf, ngx_errno,
                           ngx_close_file_n " \"%V\" failed", file);
    }

    if (n == -1) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, err,
                           "cannot read \"%V\" of \"%V\"", file, &cmd->name);
        return NGX_ERROR;
    }

    if ((size_t) n > max) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" of \"%V\" is longer than %uz bytes",
                           file, &cmd->name, max);
        return NGX_ERROR;
    }

    while (n && (secret->data[n - 1] == LF || secret->data[n - 1] == CR
                 || secret->data[n - 1] == ' ' || secret->data[n - 1] == '\t'))
    {
        n--;
    }

    if (n == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" of \"%V\" is empty", file, &cmd->name);
        return NGX_ERROR;
    }

    secret->len = n;

    return NGX_OK;
}


/* distill_guard_limit key|account|origin|asn|campaign metric=N/period ... */

static char *
ngx_distill_guard_limit(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_distill_guard_loc_conf_t *glcf = conf;

    char                            error[DG_CONF_ERROR];
    size_t                          n;
    dg_str_t                        words[DG_CONF_WORDS];
    ngx_distill_guard_main_conf_t  *mcf;

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_distill_guard_module);
    mcf->limits = 1;

    if (glcf->limits == NULL) {
        glcf->limits = ngx_array_create(cf->pool, DG_LIMITS,
                                        sizeof(dg_limit_t));
        if (glcf->limits == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    if (ngx_distill_guard_words(cf, words) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    n = glcf->limits->nelts;

    if (dg_setting_limit(glcf->limits->elts, &n, words, cf->args->nelts,
                         error)
        != DG_OK)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%s", error);
        return NGX_CONF_ERROR;
    }

    glcf->limits->nelts = n;

    return NGX_CONF_OK;
}


/* distill_guard_signal name off | [soft=N] [hard=N] [points=N] */

static char *
ngx_distill_guard_signal(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return ngx_distill_guard_say(cf, conf, dg_policy_signal);
}


/* distill_guard_action name off | score=N [rate=N/period] [for=time] */

static char *
ngx_distill_guard_action(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return ngx_distill_guard_say(cf, conf, dg_policy_action);
}


static char *
ngx_distill_guard_say(ngx_conf_t *cf, ngx_distill_guard_loc_conf_t *glcf,
    ngx_distill_guard_say_pt say)
{
    char      error[DG_CONF_ERROR];
    dg_str_t  words[DG_CONF_WORDS];

    if (glcf->said == NULL) {
        glcf->said = ngx_distill_guard_said(cf);
        if (glcf->said == NULL) {
            return NGX_CONF_ERROR;
        }

        glcf->policy = &glcf->said->policy;
    }

    if (ngx_distill_guard_words(cf, words) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (say(&glcf->said->policy, words, cf->args->nelts, error) != DG_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%s", error);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static ngx_distill_guard_said_t *
ngx_distill_guard_said(ngx_conf_t *cf)
{
    ngx_str_t                      *value;
    ngx_distill_guard_said_t       *said;
    ngx_distill_guard_main_conf_t  *mcf;

    said = ngx_pcalloc(cf->pool, sizeof(ngx_distill_guard_said_t));
    if (said == NULL) {
        return NULL;
    }

    value = cf->args->elts;
    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_distill_guard_module);

    dg_policy_init(&said->policy);

    said->name = value[0];
    said->file = cf->conf_file->file.name;
    said->line = cf->conf_file->line;
    said->next = mcf->said;
    mcf->said = said;

    return said;
}


ngx_int_t
ngx_distill_guard_words(ngx_conf_t *cf, dg_str_t words[DG_CONF_WORDS])
{
    ngx_str_t   *value;
    ngx_uint_t   i;

    value = cf->args->elts;

    if (cf->args->nelts > DG_CONF_WORDS) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" has more than %d words", &value[0],
                           DG_CONF_WORDS);
        return NGX_ERROR;
    }

    for (i = 0; i < cf->args->nelts; i++) {
        words[i].data = value[i].data;
        words[i].len = value[i].len;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_distill_guard_init_process(ngx_cycle_t *cycle)
{
    ngx_distill_guard_main_conf_t  *mcf;

    mcf = ngx_http_cycle_get_module_main_conf(cycle,
                                              ngx_distill_guard_module);

    if (mcf == NULL
        || (ngx_process != NGX_PROCESS_WORKER
            && ngx_process != NGX_PROCESS_SINGLE))
    {
        return NGX_OK;
    }

    if (mcf->geo
        && ngx_distill_guard_geo_init_process(cycle, mcf->geo) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (mcf->redis
        && ngx_distill_guard_redis_init_process(cycle, mcf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (mcf->zones.nelts
        && ngx_distill_guard_history_init_process(cycle, mcf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
ngx_distill_guard_exit_process(ngx_cycle_t *cycle)
{
    ngx_distill_guard_main_conf_t  *mcf;

    mcf = ngx_http_cycle_get_module_main_conf(cycle,
                                              ngx_distill_guard_module);

    if (mcf && mcf->redis) {
        ngx_distill_guard_redis_exit_process(cycle, mcf);
    }
}
