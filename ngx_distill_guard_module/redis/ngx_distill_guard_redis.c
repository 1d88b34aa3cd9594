/*
 * Copyright (C) 2026 Distill Guard
 *
 * The distill_guard_redis directive.
 */


#include "ngx_distill_guard_redis.h"


#define NGX_DISTILL_GUARD_REDIS_PASSWORD_MAX  1024
#define NGX_DISTILL_GUARD_REDIS_DB_MAX        999999


typedef struct {
    ngx_str_t      name;         /* with "=" */
    char        *(*set)(ngx_conf_t *cf, ngx_command_t *cmd,
                       ngx_distill_guard_redis_t *redis, ngx_str_t *value);
} ngx_distill_guard_redis_param_t;


static char *ngx_distill_guard_redis_url(ngx_conf_t *cf,
    ngx_distill_guard_redis_t *redis, ngx_str_t *url);
static char *ngx_distill_guard_redis_inet(ngx_conf_t *cf,
    ngx_distill_guard_redis_t *redis, ngx_str_t *url, ngx_str_t rest);
static char *ngx_distill_guard_redis_unix(ngx_conf_t *cf,
    ngx_distill_guard_redis_t *redis, ngx_str_t *url, ngx_str_t rest);
static char *ngx_distill_guard_redis_user(ngx_conf_t *cf,
    ngx_distill_guard_redis_t *redis, ngx_str_t *rest);
static char *ngx_distill_guard_redis_database(ngx_conf_t *cf,
    ngx_distill_guard_redis_t *redis, ngx_str_t *url, ngx_str_t *db);
static char *ngx_distill_guard_redis_resolve(ngx_conf_t *cf,
    ngx_distill_guard_redis_t *redis, ngx_str_t *url, ngx_str_t *host);
static char *ngx_distill_guard_redis_set_password(ngx_conf_t *cf,
    ngx_command_t *cmd, ngx_distill_guard_redis_t *redis, ngx_str_t *value);
static char *ngx_distill_guard_redis_set_prefix(ngx_conf_t *cf,
    ngx_command_t *cmd, ngx_distill_guard_redis_t *redis, ngx_str_t *value);
static char *ngx_distill_guard_redis_set_sync(ngx_conf_t *cf,
    ngx_command_t *cmd, ngx_distill_guard_redis_t *redis, ngx_str_t *value);
static char *ngx_distill_guard_redis_set_timeout(ngx_conf_t *cf,
    ngx_command_t *cmd, ngx_distill_guard_redis_t *redis, ngx_str_t *value);
static char *ngx_distill_guard_redis_time(ngx_conf_t *cf, const char *name,
    ngx_str_t *value, ngx_msec_t *time);
static char *ngx_distill_guard_redis_set_later(ngx_conf_t *cf,
    ngx_command_t *cmd, ngx_distill_guard_redis_t *redis, ngx_str_t *value);


static ngx_distill_guard_redis_param_t  ngx_distill_guard_redis_params[] = {
    { ngx_string("password_file="), ngx_distill_guard_redis_set_password },
    { ngx_string("prefix="), ngx_distill_guard_redis_set_prefix },
    { ngx_string("sync="), ngx_distill_guard_redis_set_sync },
    { ngx_string("timeout="), ngx_distill_guard_redis_set_timeout },
    { ngx_string("ca="), ngx_distill_guard_redis_set_later },
    { ngx_string("cert="), ngx_distill_guard_redis_set_later },
    { ngx_string("key="), ngx_distill_guard_redis_set_later },
    { ngx_string("name="), ngx_distill_guard_redis_set_later },
    { ngx_null_string, NULL }
};


static ngx_str_t  ngx_distill_guard_redis_later[] = {
    ngx_string("rediss://"),
    ngx_string("sentinel://"),
    ngx_string("cluster://"),
    ngx_null_string
};


/*
 * distill_guard_redis url [password_file=file] [prefix=string]
 *                         [sync=time] [timeout=time]
 */

char *
ngx_distill_guard_redis(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_distill_guard_main_conf_t *mcf = conf;

    char                             *rv;
    ngx_str_t                        *value, s;
    ngx_uint_t                        i, seen;
    ngx_distill_guard_redis_t        *redis;
    ngx_distill_guard_redis_param_t  *param;

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

    value = cf->args->elts;

    rv = ngx_distill_guard_redis_url(cf, redis, &value[1]);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    seen = 0;

    for (i = 2; i < cf->args->nelts; i++) {

        for (param = ngx_distill_guard_redis_params; param->set; param++) {
            if (ngx_strncmp(value[i].data, param->name.data, param->name.len)
                == 0)
            {
                break;
            }
        }

        if (param->set == NULL) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\" in "
                               "\"distill_guard_redis\": password_file=, "
                               "prefix=, sync= and timeout= may follow the "
                               "URL", &value[i]);
            return NGX_CONF_ERROR;
        }

        if (seen & (1u << (param - ngx_distill_guard_redis_params))) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\" in \"distill_guard_redis\" is given "
                               "twice", &param->name);
            return NGX_CONF_ERROR;
        }

        seen |= 1u << (param - ngx_distill_guard_redis_params);

        s.data = value[i].data + param->name.len;
        s.len = value[i].len - param->name.len;

        rv = param->set(cf, cmd, redis, &s);
        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    if (redis->user.len && redis->password.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "user \"%V\" in \"distill_guard_redis\" has no "
                           "password: name a file that holds it with "
                           "password_file=", &redis->user);
        return NGX_CONF_ERROR;
    }

    mcf->redis = redis;

    return NGX_CONF_OK;
}


static char *
ngx_distill_guard_redis_url(ngx_conf_t *cf, ngx_distill_guard_redis_t *redis,
    ngx_str_t *url)
{
    ngx_str_t  *scheme, rest;

    for (scheme = ngx_distill_guard_redis_later; scheme->len; scheme++) {
        if (ngx_strncasecmp(url->data, scheme->data, scheme->len) == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\" in \"distill_guard_redis\" is not "
                               "supported by this version: use "
                               "redis://host:port or unix:/path", scheme);
            return NGX_CONF_ERROR;
        }
    }

    if (ngx_strncasecmp(url->data, (u_char *) "redis://", 8) == 0) {
        rest.data = url->data + 8;
        rest.len = url->len - 8;

        return ngx_distill_guard_redis_inet(cf, redis, url, rest);
    }

    if (ngx_strncasecmp(url->data, (u_char *) "unix:", 5) == 0) {
        rest.data = url->data + 5;
        rest.len = url->len - 5;

        if (rest.len > 2 && rest.data[0] == '/' && rest.data[1] == '/') {
            rest.data += 2;
            rest.len -= 2;
        }

        return ngx_distill_guard_redis_unix(cf, redis, url, rest);
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid URL \"%V\" in \"distill_guard_redis\": write "
                       "redis://[user@]host[:port][/db] or "
                       "unix:[//user@]/path[?db=N]", url);

    return NGX_CONF_ERROR;
}


/* [user@]host[:port][/db] */

static char *
ngx_distill_guard_redis_inet(ngx_conf_t *cf, ngx_distill_guard_redis_t *redis,
    ngx_str_t *url, ngx_str_t rest)
{
    char       *rv;
    u_char     *slash;
    ngx_str_t   db;

    rv = ngx_distill_guard_redis_user(cf, redis, &rest);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    slash = ngx_strlchr(rest.data, rest.data + rest.len, '/');

    if (slash) {
        db.data = slash + 1;
        db.len = rest.data + rest.len - db.data;
        rest.len = slash - rest.data;

        if (db.len) {
            rv = ngx_distill_guard_redis_database(cf, redis, url, &db);
            if (rv != NGX_CONF_OK) {
                return rv;
            }
        }
    }

    return ngx_distill_guard_redis_resolve(cf, redis, url, &rest);
}


/* [user@]/path[?db=N] */

static char *
ngx_distill_guard_redis_unix(ngx_conf_t *cf, ngx_distill_guard_redis_t *redis,
    ngx_str_t *url, ngx_str_t rest)
{
    char       *rv;
    u_char     *p;
    ngx_str_t   db, path;

    rv = ngx_distill_guard_redis_user(cf, redis, &rest);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    p = ngx_strlchr(rest.data, rest.data + rest.len, '?');

    if (p) {
        db.data = p + 1;
        db.len = rest.data + rest.len - db.data;
        rest.len = p - rest.data;

        if (db.len > 3 && ngx_strncmp(db.data, "db=", 3) == 0) {
            db.data += 3;
            db.len -= 3;
        }

        rv = ngx_distill_guard_redis_database(cf, redis, url, &db);
        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    path.len = sizeof("unix:") - 1 + rest.len;
    path.data = ngx_pnalloc(cf->pool, path.len + 1);
    if (path.data == NULL) {
        return NGX_CONF_ERROR;
    }

    (void) ngx_sprintf(path.data, "unix:%V%Z", &rest);

    return ngx_distill_guard_redis_resolve(cf, redis, url, &path);
}


/* takes "user@" off the front */

static char *
ngx_distill_guard_redis_user(ngx_conf_t *cf, ngx_distill_guard_redis_t *redis,
    ngx_str_t *rest)
{
    u_char  *at, *last;

    last = rest->data + rest->len;
    at = ngx_strlchr(rest->data, last, '@');

    if (at == NULL) {
        return NGX_CONF_OK;
    }

    if (ngx_strlchr(rest->data, at, ':')) {

        /* not repeated: it is in the message what must not be in a log */

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the URL in \"distill_guard_redis\" holds a "
                           "password: put it into a file and name that with "
                           "password_file=");
        return NGX_CONF_ERROR;
    }

    redis->user.data = rest->data;
    redis->user.len = at - rest->data;

    rest->data = at + 1;
    rest->len = last - rest->data;

    return NGX_CONF_OK;
}


static char *
ngx_distill_guard_redis_database(ngx_conf_t *cf,
    ngx_distill_guard_redis_t *redis, ngx_str_t *url, ngx_str_t *db)
{
    ngx_int_t  n;

    n = ngx_atoi(db->data, db->len);

    if (n == NGX_ERROR || n > NGX_DISTILL_GUARD_REDIS_DB_MAX) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid database \"%V\" in the URL \"%V\" in "
                           "\"distill_guard_redis\": it is a number", db, url);
        return NGX_CONF_ERROR;
    }

    redis->db = n;

    return NGX_CONF_OK;
}


/*
 * All addresses of a name are kept and tried in turn.  Names are resolved
 * here and at every reload, never while requests are served.
 */

static char *
ngx_distill_guard_redis_resolve(ngx_conf_t *cf,
    ngx_distill_guard_redis_t *redis, ngx_str_t *url, ngx_str_t *host)
{
    ngx_url_t  u;

    ngx_memzero(&u, sizeof(ngx_url_t));

    u.url = *host;
    u.default_port = 6379;

    if (ngx_parse_url(cf->pool, &u) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "%s in the URL \"%V\" in \"distill_guard_redis\": "
                           "write redis://[user@]host[:port][/db] or "
                           "unix:[//user@]/path[?db=N]",
                           u.err ? u.err : "invalid address", url);
        return NGX_CONF_ERROR;
    }

    redis->addrs = u.addrs;
    redis->naddrs = u.naddrs;
    redis->name = *host;

    return NGX_CONF_OK;
}


static char *
ngx_distill_guard_redis_set_password(ngx_conf_t *cf, ngx_command_t *cmd,
    ngx_distill_guard_redis_t *redis, ngx_str_t *value)
{
    ngx_str_t  file;

    file = *value;

    if (file.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"password_file=\" in \"distill_guard_redis\" "
                           "names no file");
        return NGX_CONF_ERROR;
    }

    if (ngx_conf_full_name(cf->cycle, &file, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (ngx_distill_guard_read_secret(cf, cmd, &file,
                                      NGX_DISTILL_GUARD_REDIS_PASSWORD_MAX,
                                      &redis->password)
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
ngx_distill_guard_redis_set_later(ngx_conf_t *cf, ngx_command_t *cmd,
    ngx_distill_guard_redis_t *redis, ngx_str_t *value)
{
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "TLS parameters in \"distill_guard_redis\" are not "
                       "supported by this version: leave out ca=, cert=, "
                       "key= and name=");

    return NGX_CONF_ERROR;
}
