/*
 * Copyright (C) 2026 Distill Guard
 *
 * The list of hosting networks, a text file that is read at start and at
 * reload.
 */


#include "ngx_distill_guard_geo.h"
#include "dg_hosting.h"


static ngx_int_t ngx_distill_guard_hosting_read(ngx_conf_t *cf,
    ngx_str_t *name, ngx_str_t *text);


/* distill_guard_hosting file */

char *
ngx_distill_guard_hosting(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_distill_guard_main_conf_t *mcf = conf;

    dg_str_t                  list;
    unsigned                  line;
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

    if (ngx_conf_full_name(cf->cycle, &name, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    ngx_str_null(&text);

    if (ngx_distill_guard_hosting_read(cf, &name, &text) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    list.data = text.data;
    list.len = text.len;

    geo->hosting = ngx_palloc(cf->pool,
                              dg_hosting_room(&list) * sizeof(uint32_t));
    if (geo->hosting == NULL) {
        return NGX_CONF_ERROR;
    }

    if (dg_hosting_read(geo->hosting, &geo->nhosting, &list, &line)
        != DG_OK)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" in \"%V\" has no AS number in line %ud: "
                           "write one per line, as in 64500 or AS64500",
                           &name, &cmd->name, line);
        return NGX_CONF_ERROR;
    }

    if (geo->nhosting == 0) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "\"%V\" in \"%V\" lists no network", &name,
                           &cmd->name);
    }

    return NGX_CONF_OK;
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
        || ngx_file_size(&fi) > DG_HOSTING_MAX)
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
