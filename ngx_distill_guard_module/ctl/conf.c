/*
 * Copyright (C) 2026 Distill Guard
 */


#include "conf.h"
#include "ctl.h"
#include "input.h"
#include "settings.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>


#define CTL_CONF_MAX    (16 * 1024 * 1024)   /* of one file */
#define CTL_CONF_DEPTH  16                   /* of files in files */
#define CTL_CONF_LEVEL  8                    /* of Lua's long brackets */


typedef struct {
    const char    *main;         /* names are beside this one */
    ctl_conf_pt    each;
    void          *ctx;
    unsigned       depth;
} ctl_conf_t;


static int ctl_conf_file(ctl_conf_t *w, const char *name);
static int ctl_conf_directive(ctl_conf_t *w, dg_conf_t *conf);
static int ctl_conf_include(ctl_conf_t *w, const dg_str_t *pattern);
static void ctl_conf_skip(dg_conf_t *conf);
static void ctl_conf_skip_quoted(dg_conf_t *conf);
static int ctl_conf_skip_long(dg_conf_t *conf);
static void ctl_conf_skip_past(dg_conf_t *conf, const char *end);


int
ctl_conf_walk(const char *name, ctl_conf_pt each, void *ctx)
{
    ctl_conf_t  w;

    w.main = name;
    w.each = each;
    w.ctx = ctx;
    w.depth = 0;

    return ctl_conf_file(&w, name);
}


static int
ctl_conf_file(ctl_conf_t *w, const char *name)
{
    int         rc;
    char        error[DG_CONF_ERROR];
    size_t      len;
    u_char     *text;
    dg_conf_t   conf;

    text = ctl_input_file(name, CTL_CONF_MAX, &len);

    if (text == NULL) {
        ctl_error("cannot read %s: %s", name, strerror(errno));
        return DG_ERROR;
    }

    dg_conf_init(&conf, text, len);
    conf.blocks = 1;

    do {
        rc = dg_conf_next(&conf, error);

        if (rc == DG_ERROR) {
            ctl_error("%s:%u: %s", name, conf.line, error);

        } else if (rc == 1 && ctl_conf_directive(w, &conf) != DG_OK) {
            rc = DG_ERROR;
        }
    } while (rc == 1);

    free(text);

    return rc;
}


static int
ctl_conf_directive(ctl_conf_t *w, dg_conf_t *conf)
{
    const dg_str_t  *name;

    static const dg_str_t  include = dg_string("include");
    static const dg_str_t  lua = dg_string("_by_lua_block");

    name = &conf->words[0];

    if (name->len > lua.len
        && memcmp(name->data + name->len - lua.len, lua.data, lua.len) == 0)
    {
        ctl_conf_skip(conf);
        return DG_OK;
    }

    if (name->len == include.len && conf->n == 2
        && memcmp(name->data, include.data, include.len) == 0)
    {
        return ctl_conf_include(w, &conf->words[1]);
    }

    return w->each(w->ctx, conf);
}


/* a pattern may fit no file, a name has to be one */

static int
ctl_conf_include(ctl_conf_t *w, const dg_str_t *pattern)
{
    int     rc;
    char    path[PATH_MAX];
    glob_t  files;
    size_t  i;

    if (w->depth == CTL_CONF_DEPTH) {
        ctl_error("%s includes files that include files, and so on, without "
                  "an end", w->main);
        return DG_ERROR;
    }

    if (ctl_settings_path(path, w->main, pattern) != DG_OK) {
        return DG_ERROR;
    }

    if (strpbrk(path, "*?[") == NULL) {
        w->depth++;
        rc = ctl_conf_file(w, path);
        w->depth--;

        return rc;
    }

    rc = glob(path, 0, NULL, &files);

    if (rc == GLOB_NOMATCH) {
        return DG_OK;
    }

    if (rc != 0) {
        ctl_error("cannot list %s", path);
        return DG_ERROR;
    }

    w->depth++;

    for (i = 0; i < files.gl_pathc && rc != DG_ERROR; i++) {
        rc = ctl_conf_file(w, files.gl_pathv[i]);
    }

    w->depth--;
    globfree(&files);

    return rc;
}


/* Lua, up to the brace that ends it; strings and comments may have others */

static void
ctl_conf_skip(dg_conf_t *conf)
{
    unsigned  depth;

    depth = 1;

    while (conf->p < conf->last && depth) {

        switch (*conf->p) {

        case '"':
        case '\'':
            ctl_conf_skip_quoted(conf);
            continue;

        case '-':
            if (conf->last - conf->p > 1 && conf->p[1] == '-') {
                conf->p += 2;

                if (!ctl_conf_skip_long(conf)) {
                    ctl_conf_skip_past(conf, "\n");
                }

                continue;
            }

            break;

        case '[':
            if (ctl_conf_skip_long(conf)) {
                continue;
            }

            break;

        case '{':
            depth++;
            break;

        case '}':
            depth--;
            break;

        case '\n':
            conf->at++;
            break;
        }

        conf->p++;
    }
}


static void
ctl_conf_skip_quoted(dg_conf_t *conf)
{
    u_char  quote;

    quote = *conf->p++;

    while (conf->p < conf->last && *conf->p != quote) {
        conf->at += (*conf->p == '\n');
        conf->p += (*conf->p == '\\' && conf->last - conf->p > 1) ? 2 : 1;
    }

    conf->p += (conf->p < conf->last);
}


/* [[ ]] or [=[ ]=], if one begins here */

static int
ctl_conf_skip_long(dg_conf_t *conf)
{
    char     end[CTL_CONF_LEVEL + 3];
    u_char  *p;
    size_t   level;

    p = conf->p;

    if (p == conf->last || *p++ != '[') {
        return 0;
    }

    for (level = 0;
         p < conf->last && *p == '=' && level < CTL_CONF_LEVEL;
         level++)
    {
        p++;
    }

    if (p == conf->last || *p++ != '[') {
        return 0;
    }

    memset(end, '=', sizeof(end));
    end[0] = ']';
    end[level + 1] = ']';
    end[level + 2] = '\0';

    conf->p = p;
    ctl_conf_skip_past(conf, end);

    return 1;
}


static void
ctl_conf_skip_past(dg_conf_t *conf, const char *end)
{
    size_t  len;

    len = strlen(end);

    while ((size_t) (conf->last - conf->p) >= len) {
        conf->at += (*conf->p == '\n');

        if (memcmp(conf->p, end, len) == 0) {
            conf->p += len;
            return;
        }

        conf->p++;
    }

    conf->p = conf->last;
}
