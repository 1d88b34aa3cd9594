/*
 * Copyright (C) 2026 Distill Guard
 *
 * The list of hosting networks: a text file with one AS number per line,
 * with or without "AS" before it and columns of CSV behind it.  It is read
 * at start and at reload.
 */


#include "ngx_distill_guard_geo.h"


#define NGX_DISTILL_GUARD_HOSTING_MAX  (16 * 1024 * 1024)


static ngx_int_t ngx_distill_guard_hosting_read(ngx_conf_t *cf,
    ngx_str_t *name, ngx_str_t *text);
static ngx_int_t ngx_distill_guard_hosting_parse(ngx_conf_t *cf,
    ngx_str_t *name, ngx_str_t *text, ngx_array_t *hosting);
static ngx_int_t ngx_distill_guard_hosting_line(u_char *p, u_char *last,
    uint32_t *asn);
static ngx_uint_t ngx_distill_guard_hosting_title(u_char *p, u_char *last);
static int ngx_libc_cdecl ngx_distill_guard_hosting_cmp(const void *one,
    const void *two);


/* distill_guard_hosting file */

char *
ngx_distill_guard_hosting(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_distill_guard_main_conf_t *mcf = conf;

    ngx_str_t                *value, name, text;
    ngx_distill_guard_geo_t  *geo;

    geo = ngx_distill_guard_geo_create(cf, mcf);
    if (geo == NULL) {
        return NGX_CONF_ERROR;
    }

    if (geo->hosting) {
        return "is duplicate";
    }

    value = cf->args->elts;
    name = value[1];
    ngx_str_null(&text);

    if (ngx_conf_full_name(cf->cycle, &name, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    geo->hosting = ngx_array_create(cf->pool, 1024, sizeof(uint32_t));
    if (geo->hosting == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_str_null(&text);

    if (ngx_distill_guard_hosting_read(cf, &name, &text) != NGX_OK
        || ngx_distill_guard_hosting_parse(cf, &name, &text, geo->hosting)
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (geo->hosting->nelts == 0) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "\"%V\" in \"%V\" lists no network", &name,
                           &cmd->name);
    }

    ngx_qsort(geo->hosting->elts, geo->hosting->nelts, sizeof(uint32_t),
              ngx_distill_guard_hosting_cmp);

    return NGX_CONF_OK;
}


ngx_uint_t
ngx_distill_guard_hosting_find(ngx_array_t *hosting, uint32_t asn)
{
    return bsearch(&asn, hosting->elts, hosting->nelts, sizeof(uint32_t),
                   ngx_distill_guard_hosting_cmp)
           != NULL;
}


static int ngx_libc_cdecl
ngx_distill_guard_hosting_cmp(const void *one, const void *two)
{
    const uint32_t *first = one;
    const uint32_t *second = two;

    return (*first > *second) - (*first < *second);
}


/* the text lies in the pool that ends with the configuration's parsing */

static ngx_int_t
ngx_distill_guard_hosting_read(ngx_conf_t *cf, ngx_str_t *name,
    ngx_str_t *text)
{
    ssize_t           n;
    ngx_fd_t          fd;
    const char       *error;
    ngx_file_info_t   fi;

    /* to open a pipe is not to wait for its other end */

    fd = ngx_open_file(name->data, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK,
                       NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           "\"%V\" in \"distill_guard_hosting\" cannot be "
                           "opened: give the path of a list of AS numbers",
                           name);
        return NGX_ERROR;
    }

    error = NULL;

    if (ngx_fd_info(fd, &fi) == NGX_FILE_ERROR
        || !ngx_is_file(&fi)
        || ngx_file_size(&fi) > NGX_DISTILL_GUARD_HOSTING_MAX)
    {
        error = "is not a file of at most 16m";
        goto done;
    }

    text->len = 0;
    text->data = ngx_pnalloc(cf->temp_pool, ngx_file_size(&fi) + 1);

    if (text->data == NULL) {
        error = "takes more memory than there is";
        goto done;
    }

    do {
        n = ngx_read_fd(fd, text->data + text->len,
                        (size_t) ngx_file_size(&fi) - text->len);

        if (n == -1) {
            error = "cannot be read";
            break;
        }

        text->len += n;

    } while (n && text->len < (size_t) ngx_file_size(&fi));

done:

    if (error) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" in \"distill_guard_hosting\" %s: give the "
                           "path of a list of AS numbers", name, error);
    }

    if (ngx_close_file(fd) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_ALERT, cf, ngx_errno,
                           ngx_close_file_n " \"%V\" failed", name);
    }

    return error ? NGX_ERROR : NGX_OK;
}


static ngx_int_t
ngx_distill_guard_hosting_parse(ngx_conf_t *cf, ngx_str_t *name,
    ngx_str_t *text, ngx_array_t *hosting)
{
    u_char      *p, *next, *end, *last;
    uint32_t     asn, *elt;
    ngx_int_t    rc;
    ngx_uint_t   n, content;

    p = text->data;
    end = p + text->len;
    content = 0;

    /* what some editors put before UTF-8 */

    if (text->len >= 3 && ngx_memcmp(p, "\xef\xbb\xbf", 3) == 0) {
        p += 3;
    }

    for (n = 1; p < end; n++, p = next) {

        last = ngx_strlchr(p, end, LF);
        next = last ? last + 1 : end;

        if (last == NULL) {
            last = end;
        }

        if (last > p && last[-1] == CR) {
            last--;
        }

        rc = ngx_distill_guard_hosting_line(p, last, &asn);

        if (rc == NGX_DECLINED) {
            continue;
        }

        if (rc == NGX_OK) {
            elt = ngx_array_push(hosting);
            if (elt == NULL) {
                return NGX_ERROR;
            }

            *elt = asn;

        } else if (content != 0
                   || !ngx_distill_guard_hosting_title(p, last))
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\" in \"distill_guard_hosting\" has no "
                               "AS number in line %ui: write one per line, "
                               "as in 64500 or AS64500", name, n);
            return NGX_ERROR;
        }

        content++;
    }

    return NGX_OK;
}


/* NGX_DECLINED: nothing stands in the line */

static ngx_int_t
ngx_distill_guard_hosting_line(u_char *p, u_char *last, uint32_t *asn)
{
    u_char    quote, *digits;
    uint64_t  n;

    while (p < last && (*p == ' ' || *p == '\t')) {
        p++;
    }

    if (p == last || *p == '#') {
        return NGX_DECLINED;
    }

    quote = 0;

    if (*p == '"' || *p == '\'') {
        quote = *p++;
    }

    if (last - p > 2 && ngx_strncasecmp(p, (u_char *) "as", 2) == 0) {
        p += 2;
    }

    n = 0;

    for (digits = p; p < last && *p >= '0' && *p <= '9'; p++) {
        n = n * 10 + (*p - '0');

        if (n > 0xffffffff) {
            return NGX_ERROR;
        }
    }

    if (p == digits || n == 0) {
        return NGX_ERROR;
    }

    if (quote && (p == last || *p++ != quote)) {
        return NGX_ERROR;
    }

    while (p < last && (*p == ' ' || *p == '\t')) {
        p++;
    }

    if (p < last && *p != ',' && *p != '#') {
        return NGX_ERROR;
    }

    *asn = (uint32_t) n;

    return NGX_OK;
}


/* the first line may name the columns: it has no digit in the first of them */

static ngx_uint_t
ngx_distill_guard_hosting_title(u_char *p, u_char *last)
{
    for ( /* void */ ; p < last && *p != ','; p++) {
        if (*p >= '0' && *p <= '9') {
            return 0;
        }
    }

    return 1;
}
