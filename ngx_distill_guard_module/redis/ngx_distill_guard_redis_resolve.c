/*
 * Copyright (C) 2026 Distill Guard
 *
 * Where a connection goes.  The addresses that a name had when the
 * configuration was read are good until they change; where there is a
 * "resolver" names are looked up anew, by nginx's own, which does not wait.
 * Names that a cluster or a sentinel gives are known to a resolver only.
 */


#include "ngx_distill_guard_redis.h"


#define NGX_DISTILL_GUARD_REDIS_RESOLVE  5000   /* ms, unless configured */


static ngx_int_t ngx_distill_guard_redis_numeric(
    ngx_distill_guard_redis_connection_t *rc,
    ngx_distill_guard_redis_target_t *target);
static ngx_int_t ngx_distill_guard_redis_configured(
    ngx_distill_guard_redis_connection_t *rc,
    ngx_distill_guard_redis_target_t *target);
static void ngx_distill_guard_redis_resolve_handler(ngx_resolver_ctx_t *ctx);
static void ngx_distill_guard_redis_unresolved(
    ngx_distill_guard_redis_connection_t *rc, const char *why);


char *
ngx_distill_guard_redis_locate(ngx_conf_t *cf,
    ngx_distill_guard_redis_target_t *target, ngx_distill_guard_redis_t *redis,
    dg_url_host_t *host)
{
    u_char     *p;
    size_t      len;
    ngx_url_t   u;

    target->len = ngx_min(host->host.len, sizeof(target->host) - 1);
    ngx_memcpy(target->host, host->host.data, target->len);
    target->port = (in_port_t) host->port;

    ngx_memzero(&u, sizeof(ngx_url_t));

    len = sizeof("unix:[]:65535") + host->host.len;

    u.url.data = ngx_pnalloc(cf->pool, len);
    if (u.url.data == NULL) {
        return NGX_CONF_ERROR;
    }

    if (redis->url.kind == DG_URL_UNIX) {
        p = ngx_sprintf(u.url.data, "unix:%*s%Z", host->host.len,
                        host->host.data);

    } else if (ngx_strlchr((u_char *) host->host.data,
                           (u_char *) host->host.data + host->host.len, ':'))
    {
        p = ngx_sprintf(u.url.data, "[%*s]:%ui%Z", host->host.len,
                        host->host.data, (ngx_uint_t) host->port);

    } else {
        p = ngx_sprintf(u.url.data, "%*s:%ui%Z", host->host.len,
                        host->host.data, (ngx_uint_t) host->port);
    }

    u.url.len = p - u.url.data - 1;

    if (ngx_parse_url(cf->pool, &u) != NGX_OK) {

        /* a resolver may know it, see ngx_distill_guard_redis_finish() */

        if (u.err && ngx_strcmp(u.err, "host not found") == 0) {
            return NGX_CONF_OK;
        }

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "%s in \"%V\" of \"distill_guard_redis\"",
                           u.err ? u.err : "invalid address", &u.url);
        return NGX_CONF_ERROR;
    }

    target->addrs = u.addrs;
    target->naddrs = u.naddrs;

    return NGX_CONF_OK;
}


ngx_int_t
ngx_distill_guard_redis_finish(ngx_conf_t *cf,
    ngx_distill_guard_redis_t *redis)
{
    ngx_uint_t                 i;
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->resolver && clcf->resolver->connections.nelts) {
        redis->resolver = clcf->resolver;
        redis->resolver_timeout = clcf->resolver_timeout;
        return NGX_OK;
    }

    for (i = 0; i < redis->ntargets; i++) {
        if (redis->targets[i].naddrs == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "host not found: \"%s\" in the URL in "
                               "\"distill_guard_redis\", which has to be "
                               "known at start, or to a \"resolver\" in http",
                               redis->targets[i].host);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


void
ngx_distill_guard_redis_resolve(ngx_distill_guard_redis_connection_t *rc)
{
    ngx_resolver_ctx_t                *ctx;
    ngx_distill_guard_redis_target_t  *target;

    target = &rc->targets[rc->target];

    if (ngx_distill_guard_redis_numeric(rc, target) == NGX_OK) {
        ngx_distill_guard_redis_resolved(rc);
        return;
    }

    if (rc->conf->resolver == NULL
        || (target->naddrs
            && target->addrs[0].sockaddr->sa_family == AF_UNIX))
    {
        ngx_distill_guard_redis_unresolved(rc, NULL);
        return;
    }

    ctx = ngx_resolve_start(rc->conf->resolver, NULL);

    if (ctx == NULL || ctx == NGX_NO_RESOLVER) {
        ngx_distill_guard_redis_unresolved(rc, NULL);
        return;
    }

    ctx->name.data = target->host;
    ctx->name.len = target->len;
    ctx->handler = ngx_distill_guard_redis_resolve_handler;
    ctx->data = rc;
    ctx->timeout = rc->conf->resolver_timeout == NGX_CONF_UNSET_MSEC
                   ? NGX_DISTILL_GUARD_REDIS_RESOLVE
                   : rc->conf->resolver_timeout;
    ctx->cancelable = 1;

    rc->resolving = ctx;

    if (ngx_resolve_name(ctx) != NGX_OK) {
        rc->resolving = NULL;
        ngx_distill_guard_redis_unresolved(rc, "no memory");
    }
}


void
ngx_distill_guard_redis_resolve_stop(ngx_distill_guard_redis_connection_t *rc)
{
    if (rc->resolving) {
        ngx_resolve_name_done(rc->resolving);
        rc->resolving = NULL;
    }
}


static void
ngx_distill_guard_redis_resolve_handler(ngx_resolver_ctx_t *ctx)
{
    ngx_uint_t                             i, n;
    const char                            *why;
    ngx_distill_guard_redis_target_t      *target;
    ngx_distill_guard_redis_connection_t  *rc;

    rc = ctx->data;
    target = &rc->targets[rc->target];
    why = NULL;
    n = 0;

    if (ctx->state) {
        why = ngx_resolver_strerror(ctx->state);

    } else {
        for (i = 0; i < ctx->naddrs; i++) {

            if (n == NGX_DISTILL_GUARD_REDIS_ADDRS
                || ctx->addrs[i].socklen > (socklen_t) sizeof(ngx_sockaddr_t))
            {
                continue;
            }

            ngx_memcpy(&rc->addrs[n], ctx->addrs[i].sockaddr,
                       ctx->addrs[i].socklen);
            ngx_inet_set_port(&rc->addrs[n].sockaddr, target->port);
            rc->socklens[n++] = ctx->addrs[i].socklen;
        }
    }

    ngx_resolve_name_done(ctx);
    rc->resolving = NULL;

    if (n == 0) {
        ngx_distill_guard_redis_unresolved(rc, why);
        return;
    }

    rc->naddrs = n;

    ngx_distill_guard_redis_resolved(rc);
}


/* what the configuration knows is better than nothing */

static void
ngx_distill_guard_redis_unresolved(ngx_distill_guard_redis_connection_t *rc,
    const char *why)
{
    ngx_distill_guard_redis_target_t  *target;

    target = &rc->targets[rc->target];

    if (ngx_distill_guard_redis_configured(rc, target) == NGX_OK) {
        ngx_distill_guard_redis_resolved(rc);
        return;
    }

    ngx_distill_guard_redis_fail(rc, NGX_DISTILL_GUARD_REDIS_UNFIT, 0,
                                 why ? "its name cannot be resolved: %s"
                                     : "its name cannot be resolved, set "
                                       "\"resolver\" in http%s",
                                 why ? why : "");
}


static ngx_int_t
ngx_distill_guard_redis_configured(ngx_distill_guard_redis_connection_t *rc,
    ngx_distill_guard_redis_target_t *target)
{
    ngx_uint_t  i;

    rc->naddrs = ngx_min(target->naddrs, NGX_DISTILL_GUARD_REDIS_ADDRS);

    for (i = 0; i < rc->naddrs; i++) {
        rc->socklens[i] = ngx_min(target->addrs[i].socklen,
                                  (socklen_t) sizeof(ngx_sockaddr_t));
        ngx_memcpy(&rc->addrs[i], target->addrs[i].sockaddr, rc->socklens[i]);
    }

    return rc->naddrs ? NGX_OK : NGX_DECLINED;
}


static ngx_int_t
ngx_distill_guard_redis_numeric(ngx_distill_guard_redis_connection_t *rc,
    ngx_distill_guard_redis_target_t *target)
{
    in_addr_t             addr;
    struct sockaddr_in   *sin;
#if (NGX_HAVE_INET6)
    struct sockaddr_in6  *sin6;
#endif

    ngx_memzero(&rc->addrs[0], sizeof(ngx_sockaddr_t));

    addr = ngx_inet_addr(target->host, target->len);

    if (addr != INADDR_NONE) {
        sin = &rc->addrs[0].sockaddr_in;
        sin->sin_family = AF_INET;
        sin->sin_port = htons(target->port);
        sin->sin_addr.s_addr = addr;
        rc->socklens[0] = sizeof(struct sockaddr_in);
        rc->naddrs = 1;

        return NGX_OK;
    }

#if (NGX_HAVE_INET6)

    sin6 = &rc->addrs[0].sockaddr_in6;

    if (ngx_inet6_addr(target->host, target->len, sin6->sin6_addr.s6_addr)
        == NGX_OK)
    {
        sin6->sin6_family = AF_INET6;
        sin6->sin6_port = htons(target->port);
        rc->socklens[0] = sizeof(struct sockaddr_in6);
        rc->naddrs = 1;

        return NGX_OK;
    }

#endif

    return NGX_DECLINED;
}
