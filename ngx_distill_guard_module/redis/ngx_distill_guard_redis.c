/*
 * Copyright (C) 2026 Distill Guard
 *
 * The distill_guard_redis directive.
 */


#include "ngx_distill_guard_redis.h"


#define NGX_DISTILL_GUARD_REDIS_PASSWORD_MAX  1024


/* which URLs a parameter goes with; 0: all */
#define NGX_DISTILL_GUARD_REDIS_OF_TLS        1
#define NGX_DISTILL_GUARD_REDIS_OF_SENTINELS  2


typedef struct {
    ngx_str_t      name;         /* with "=" */
    ngx_uint_t     of;
    char        *(*set)(ngx_conf_t *cf, ngx_command_t *cmd,
                       ngx_distill_guard_redis_t *redis, ngx_str_t *value);
} ngx_distill_guard_redis_param_t;


static char *ngx_distill_guard_redis_url(ngx_conf_t *cf,
    ngx_distill_guard_redis_t *redis, ngx_str_t *text);
static char *ngx_distill_guard_redis_param(ngx_conf_t *cf, ngx_command_t *cmd,
    ngx_distill_guard_redis_t *redis, ngx_str_t *text, ngx_uint_t *seen);
static char *ngx_distill_guard_redis_check(ngx_conf_t *cf,
    ngx_distill_guard_redis_t *redis, ngx_uint_t seen);
static char *ngx_distill_guard_redis_set_password(ngx_conf_t *cf,
    ngx_command_t *cmd, ngx_distill_guard_redis_t *redis, ngx_str_t *value);
static char *ngx_distill_guard_redis_set_sentinel_user(ngx_conf_t *cf,
    ngx_command_t *cmd, ngx_distill_guard_redis_t *redis, ngx_str_t *value);
static char *ngx_distill_guard_redis_set_sentinel_password(ngx_conf_t *cf,
    ngx_command_t *cmd, ngx_distill_guard_redis_t *redis, ngx_str_t *value);
static char *ngx_distill_guard_redis_read_password(ngx_conf_t *cf,
    ngx_command_t *cmd, const char *name, ngx_str_t *value,
    ngx_str_t *password);
static char *ngx_distill_guard_redis_set_prefix(ngx_conf_t *cf,
    ngx_command_t *cmd, ngx_distill_guard_redis_t *redis, ngx_str_t *value);
static char *ngx_distill_guard_redis_set_sync(ngx_conf_t *cf,
    ngx_command_t *cmd, ngx_distill_guard_redis_t *redis, ngx_str_t *value);
static char *ngx_distill_guard_redis_set_timeout(ngx_conf_t *cf,
    ngx_command_t *cmd, ngx_distill_guard_redis_t *redis, ngx_str_t *value);
static char *ngx_distill_guard_redis_time(ngx_conf_t *cf, const char *name,
    ngx_str_t *value, ngx_msec_t *time);
static char *ngx_distill_guard_redis_set_ca(ngx_conf_t *cf,
    ngx_command_t *cmd, ngx_distill_guard_redis_t *redis, ngx_str_t *value);
static char *ngx_distill_guard_redis_set_cert(ngx_conf_t *cf,
    ngx_command_t *cmd, ngx_distill_guard_redis_t *redis, ngx_str_t *value);
static char *ngx_distill_guard_redis_set_key(ngx_conf_t *cf,
    ngx_command_t *cmd, ngx_distill_guard_redis_t *redis, ngx_str_t *value);
static char *ngx_distill_guard_redis_set_name(ngx_conf_t *cf,
    ngx_command_t *cmd, ngx_distill_guard_redis_t *redis, ngx_str_t *value);
static char *ngx_distill_guard_redis_set_verify(ngx_conf_t *cf,
    ngx_command_t *cmd, ngx_distill_guard_redis_t *redis, ngx_str_t *value);
static char *ngx_distill_guard_redis_text(ngx_conf_t *cf, const char *name,
    ngx_str_t *value, ngx_str_t *text);


static ngx_distill_guard_redis_param_t  ngx_distill_guard_redis_params[] = {
    { ngx_string("password_file="), 0, ngx_distill_guard_redis_set_password },
    { ngx_string("prefix="), 0, ngx_distill_guard_redis_set_prefix },
    { ngx_string("sync="), 0, ngx_distill_guard_redis_set_sync },
    { ngx_string("timeout="), 0, ngx_distill_guard_redis_set_timeout },
    { ngx_string("ca="), NGX_DISTILL_GUARD_REDIS_OF_TLS,
      ngx_distill_guard_redis_set_ca },
    { ngx_string("cert="), NGX_DISTILL_GUARD_REDIS_OF_TLS,
      ngx_distill_guard_redis_set_cert },
    { ngx_string("key="), NGX_DISTILL_GUARD_REDIS_OF_TLS,
      ngx_distill_guard_redis_set_key },
    { ngx_string("name="), NGX_DISTILL_GUARD_REDIS_OF_TLS,
      ngx_distill_guard_redis_set_name },
    { ngx_string("verify="), NGX_DISTILL_GUARD_REDIS_OF_TLS,
      ngx_distill_guard_redis_set_verify },
    { ngx_string("sentinel_user="), NGX_DISTILL_GUARD_REDIS_OF_SENTINELS,
      ngx_distill_guard_redis_set_sentinel_user },
    { ngx_string("sentinel_password_file="),
      NGX_DISTILL_GUARD_REDIS_OF_SENTINELS,
      ngx_distill_guard_redis_set_sentinel_password },
    { ngx_null_string, 0, NULL }
};


/* distill_guard_redis url [parameter=value ...] */

char *
ngx_distill_guard_redis(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_distill_guard_main_conf_t *mcf = conf;

    char                       *rv;
    ngx_str_t                  *value;
    ngx_uint_t                  i, seen;
    ngx_distill_guard_redis_t  *redis;

    if (mcf->redis) {
        return "is duplicate";
    }

    redis = ngx_pcalloc(cf->pool, sizeof(ngx_distill_guard_redis_t));
    if (redis == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_str_set(&redis->prefix, "dg");
    redis->sync = 100;
    redis->timeout = 250;
    redis->verify = 1;
    redis->resolver_timeout = NGX_CONF_UNSET_MSEC;

    value = cf->args->elts;

    rv = ngx_distill_guard_redis_url(cf, redis, &value[1]);

    seen = 0;

    for (i = 2; i < cf->args->nelts && rv == NGX_CONF_OK; i++) {
        rv = ngx_distill_guard_redis_param(cf, cmd, redis, &value[i], &seen);
    }

    if (rv == NGX_CONF_OK) {
        rv = ngx_distill_guard_redis_check(cf, redis, seen);
    }

    if (rv == NGX_CONF_OK && redis->url.tls) {
        rv = ngx_distill_guard_redis_tls_init(cf, redis);
    }

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    mcf->redis = redis;

    return NGX_CONF_OK;
}


static char *
ngx_distill_guard_redis_param(ngx_conf_t *cf, ngx_command_t *cmd,
    ngx_distill_guard_redis_t *redis, ngx_str_t *text, ngx_uint_t *seen)
{
    ngx_str_t                         value;
    ngx_uint_t                        bit;
    ngx_distill_guard_redis_param_t  *param;

    for (param = ngx_distill_guard_redis_params; param->set; param++) {
        if (ngx_strncmp(text->data, param->name.data, param->name.len) == 0) {
            break;
        }
    }

    if (param->set == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid parameter \"%V\" in "
                           "\"distill_guard_redis\": password_file=, "
                           "prefix=, sync=, timeout=, and with TLS ca=, "
                           "cert=, key=, name= and verify= may follow the "
                           "URL", text);
        return NGX_CONF_ERROR;
    }

    bit = (ngx_uint_t) 1 << (param - ngx_distill_guard_redis_params);

    if (*seen & bit) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" in \"distill_guard_redis\" is given "
                           "twice", &param->name);
        return NGX_CONF_ERROR;
    }

    *seen |= bit;

    if (param->of == NGX_DISTILL_GUARD_REDIS_OF_TLS && !redis->url.tls) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" in \"distill_guard_redis\" is for TLS: "
                           "let the URL begin with rediss://, sentinels:// "
                           "or clusters://", &param->name);
        return NGX_CONF_ERROR;
    }

    if (param->of == NGX_DISTILL_GUARD_REDIS_OF_SENTINELS
        && redis->url.kind != DG_URL_SENTINEL)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" in \"distill_guard_redis\" is for "
                           "sentinel:// and sentinels://", &param->name);
        return NGX_CONF_ERROR;
    }

    value.data = text->data + param->name.len;
    value.len = text->len - param->name.len;

    return param->set(cf, cmd, redis, &value);
}


static char *
ngx_distill_guard_redis_check(ngx_conf_t *cf,
    ngx_distill_guard_redis_t *redis, ngx_uint_t seen)
{
    if (redis->login.user.len && redis->login.password.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "user \"%V\" in \"distill_guard_redis\" has no "
                           "password: name a file that holds it with "
                           "password_file=", &redis->login.user);
        return NGX_CONF_ERROR;
    }

    if (redis->sentinel.user.len && redis->sentinel.password.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "sentinel_user=\"%V\" in \"distill_guard_redis\" "
                           "has no password: name a file that holds it with "
                           "sentinel_password_file=", &redis->sentinel.user);
        return NGX_CONF_ERROR;
    }

    if ((redis->cert.len == 0) != (redis->key.len == 0)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "cert= and key= in \"distill_guard_redis\" go "
                           "together: name the certificate and its key");
        return NGX_CONF_ERROR;
    }

    if (!redis->verify && (redis->ca.len || redis->tls_name.len)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "ca= and name= in \"distill_guard_redis\" have no "
                           "use with verify=off: leave out the one or the "
                           "other");
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_distill_guard_redis_url(ngx_conf_t *cf, ngx_distill_guard_redis_t *redis,
    ngx_str_t *text)
{
    char        *rv, error[DG_URL_ERROR];
    dg_str_t     s, *place;
    ngx_uint_t   i;

    s.data = text->data;
    s.len = text->len;

    if (dg_url_parse(&redis->url, &s, error) != DG_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "%s in \"distill_guard_redis\"", error);
        return NGX_CONF_ERROR;
    }

    place = &redis->url.place;

    redis->name.data = (u_char *) place->data;
    redis->name.len = place->len;
    redis->login.user.data = (u_char *) redis->url.user.data;
    redis->login.user.len = redis->url.user.len;

    redis->ntargets = redis->url.n;
    redis->targets = ngx_pcalloc(cf->pool, redis->ntargets
                                  * sizeof(ngx_distill_guard_redis_target_t));
    if (redis->targets == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 0; i < redis->ntargets; i++) {
        rv = ngx_distill_guard_redis_locate(cf, &redis->targets[i], redis,
                                            &redis->url.hosts[i]);
        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_distill_guard_redis_set_password(ngx_conf_t *cf, ngx_command_t *cmd,
    ngx_distill_guard_redis_t *redis, ngx_str_t *value)
{
    return ngx_distill_guard_redis_read_password(cf, cmd, "password_file",
                                                 value,
                                                 &redis->login.password);
}


static char *
ngx_distill_guard_redis_set_sentinel_user(ngx_conf_t *cf, ngx_command_t *cmd,
    ngx_distill_guard_redis_t *redis, ngx_str_t *value)
{
    return ngx_distill_guard_redis_text(cf, "sentinel_user", value,
                                        &redis->sentinel.user);
}


static char *
ngx_distill_guard_redis_set_sentinel_password(ngx_conf_t *cf,
    ngx_command_t *cmd, ngx_distill_guard_redis_t *redis, ngx_str_t *value)
{
    return ngx_distill_guard_redis_read_password(cf, cmd,
                                                 "sentinel_password_file",
                                                 value,
                                                 &redis->sentinel.password);
}


static char *
ngx_distill_guard_redis_read_password(ngx_conf_t *cf, ngx_command_t *cmd,
    const char *name, ngx_str_t *value, ngx_str_t *password)
{
    ngx_str_t  file;

    file = *value;

    if (file.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%s=\" in \"distill_guard_redis\" names no "
                           "file", name);
        return NGX_CONF_ERROR;
    }

    if (ngx_conf_full_name(cf->cycle, &file, 1) != NGX_OK
        || ngx_distill_guard_read_secret(cf, cmd, &file,
                                         NGX_DISTILL_GUARD_REDIS_PASSWORD_MAX,
                                         password)
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_distill_guard_redis_set_prefix(ngx_conf_t *cf, ngx_command_t *cmd,
    ngx_distill_guard_redis_t *redis, ngx_str_t *value)
{
    dg_str_t  prefix;

    prefix.data = value->data;
    prefix.len = value->len;

    if (dg_schema_prefix(&prefix) != DG_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid prefix \"%V\" in \"distill_guard_redis\":"
                           " it is 1 to %d letters, digits and \"_-.:\"",
                           value, NGX_DISTILL_GUARD_REDIS_PREFIX_MAX);
        return NGX_CONF_ERROR;
    }

    redis->prefix = *value;

    return NGX_CONF_OK;
}


static char *
ngx_distill_guard_redis_set_sync(ngx_conf_t *cf, ngx_command_t *cmd,
    ngx_distill_guard_redis_t *redis, ngx_str_t *value)
{
    return ngx_distill_guard_redis_time(cf, "sync", value, &redis->sync);
}


static char *
ngx_distill_guard_redis_set_timeout(ngx_conf_t *cf, ngx_command_t *cmd,
    ngx_distill_guard_redis_t *redis, ngx_str_t *value)
{
    return ngx_distill_guard_redis_time(cf, "timeout", value,
                                        &redis->timeout);
}


static char *
ngx_distill_guard_redis_time(ngx_conf_t *cf, const char *name,
    ngx_str_t *value, ngx_msec_t *time)
{
    ngx_int_t  n;

    n = ngx_parse_time(value, 0);

    if (n == NGX_ERROR || n < 10 || n > 60000) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid time \"%V\" for %s= in "
                           "\"distill_guard_redis\": it is 10ms to 1m",
                           value, name);
        return NGX_CONF_ERROR;
    }

    *time = n;

    return NGX_CONF_OK;
}


static char *
ngx_distill_guard_redis_set_ca(ngx_conf_t *cf, ngx_command_t *cmd,
    ngx_distill_guard_redis_t *redis, ngx_str_t *value)
{
    return ngx_distill_guard_redis_text(cf, "ca", value, &redis->ca);
}


static char *
ngx_distill_guard_redis_set_cert(ngx_conf_t *cf, ngx_command_t *cmd,
    ngx_distill_guard_redis_t *redis, ngx_str_t *value)
{
    return ngx_distill_guard_redis_text(cf, "cert", value, &redis->cert);
}


static char *
ngx_distill_guard_redis_set_key(ngx_conf_t *cf, ngx_command_t *cmd,
    ngx_distill_guard_redis_t *redis, ngx_str_t *value)
{
    return ngx_distill_guard_redis_text(cf, "key", value, &redis->key);
}


static char *
ngx_distill_guard_redis_set_name(ngx_conf_t *cf, ngx_command_t *cmd,
    ngx_distill_guard_redis_t *redis, ngx_str_t *value)
{
    return ngx_distill_guard_redis_text(cf, "name", value, &redis->tls_name);
}


static char *
ngx_distill_guard_redis_set_verify(ngx_conf_t *cf, ngx_command_t *cmd,
    ngx_distill_guard_redis_t *redis, ngx_str_t *value)
{
    if (ngx_strcmp(value->data, "on") == 0) {
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(value->data, "off") == 0) {
        redis->verify = 0;
        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid value \"%V\" for verify= in "
                       "\"distill_guard_redis\": it is on or off", value);

    return NGX_CONF_ERROR;
}


static char *
ngx_distill_guard_redis_text(ngx_conf_t *cf, const char *name,
    ngx_str_t *value, ngx_str_t *text)
{
    if (value->len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%s=\" in \"distill_guard_redis\" is empty",
                           name);
        return NGX_CONF_ERROR;
    }

    *text = *value;

    return NGX_CONF_OK;
}
