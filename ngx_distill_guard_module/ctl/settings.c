/*
 * Copyright (C) 2026 Distill Guard
 */


#include "settings.h"
#include "ctl.h"
#include "dg_geo.h"
#include "dg_hosting.h"
#include "input.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>


#define CTL_SETTINGS_MAX   (1024 * 1024)
#define CTL_SETTINGS_ZONE  (64 * 1024 * 1024)    /* where none is defined */

/* where no secret is given: not one, as everybody can read it here */
#define CTL_SETTINGS_SECRET  "distillctl without distill_guard_secret"


static int ctl_settings_read(ctl_settings_t *st, const char *name);
static int ctl_settings_secret(ctl_settings_t *st, const char *name);
static int ctl_settings_places(ctl_settings_t *st, const char *name);
static int ctl_settings_list(ctl_settings_t *st, const char *name);


int
ctl_settings_open(ctl_settings_t *st, const char *name)
{
    st->size = CTL_SETTINGS_ZONE;

    dg_policy_init(&st->conf.policy);

    dg_hash_derive(&st->key, (const u_char *) CTL_SETTINGS_SECRET,
                   sizeof(CTL_SETTINGS_SECRET) - 1);
    dg_marks_derive(&st->marks, &st->key);

    if (name == NULL) {
        return DG_OK;
    }

    if (ctl_settings_read(st, name) != DG_OK
        || ctl_settings_secret(st, name) != DG_OK
        || ctl_settings_places(st, name) != DG_OK)
    {
        return DG_ERROR;
    }

    return ctl_settings_list(st, name);
}


void
ctl_settings_close(ctl_settings_t *st)
{
    unsigned  kind;

    for (kind = 0; kind < DG_PLACE_KINDS; kind++) {
        if (st->open & 1u << kind) {
            MMDB_close(&st->db[kind]);
        }
    }

    free(st->hosting);
    free(st->text);
}


void
ctl_settings_idle(const ctl_settings_t *st, const char *name,
    const char *command)
{
    unsigned                    i;
    const dg_directive_desc_t  *directive;

    for (i = 0; i < DG_DIRECTIVES; i++) {
        directive = &dg_directives[i];

        if (st->conf.line[i] && directive->instead) {
            ctl_error("%s:%u: \"%.*s\" is of no use to \"%s\": %s", name,
                      st->conf.line[i], (int) directive->name.len,
                      (const char *) directive->name.data, command,
                      directive->instead);
        }
    }
}


static int
ctl_settings_read(ctl_settings_t *st, const char *name)
{
    char      error[DG_CONF_ERROR];
    size_t    len;
    unsigned  line;

    st->text = ctl_input_file(name, CTL_SETTINGS_MAX, &len);

    if (st->text == NULL) {
        ctl_error("cannot read %s: %s", name, strerror(errno));
        return DG_ERROR;
    }

    if (dg_settings_read(&st->conf, st->text, len, &line, error) != DG_OK) {
        ctl_error("%s:%u: %s", name, line, error);
        return DG_ERROR;
    }

    if (st->conf.zone) {
        st->size = (size_t) st->conf.zone->size;
    }

    return DG_OK;
}


int
ctl_settings_path(char *path, const char *name, const dg_str_t *file)
{
    int          n, dir;
    const char  *slash;

    slash = strrchr(name, '/');
    dir = (slash && file->data[0] != '/') ? (int) (slash + 1 - name) : 0;

    n = snprintf(path, PATH_MAX, "%.*s%.*s", dir, name, (int) file->len,
                 (const char *) file->data);

    if (n >= PATH_MAX || memchr(file->data, '\0', file->len)) {
        ctl_error("%s names a file with a name that cannot be", name);
        return DG_ERROR;
    }

    return DG_OK;
}


static int
ctl_settings_secret(ctl_settings_t *st, const char *name)
{
    char  path[PATH_MAX];

    if (st->conf.secret.len == 0) {
        return DG_OK;
    }

    if (ctl_settings_path(path, name, &st->conf.secret) != DG_OK
        || ctl_settings_key(&st->key, path) != DG_OK)
    {
        return DG_ERROR;
    }

    dg_marks_derive(&st->marks, &st->key);

    return DG_OK;
}


int
ctl_settings_key(dg_hash_key_t *key, const char *path)
{
    size_t   len;
    u_char  *secret;

    secret = ctl_input_secret(path, DG_SECRET_MAX, &len);

    if (secret == NULL) {
        ctl_error("cannot read the secret %s: %s", path, strerror(errno));
        return DG_ERROR;
    }

    if (len < DG_SECRET_MIN) {
        ctl_error("the secret %s holds %zu bytes, %d are the least", path,
                  len, DG_SECRET_MIN);
        free(secret);
        return DG_ERROR;
    }

    dg_hash_derive(key, secret, len);
    explicit_bzero(secret, len);
    free(secret);

    return DG_OK;
}


static int
ctl_settings_places(ctl_settings_t *st, const char *name)
{
    char         path[PATH_MAX];
    unsigned     kind;
    const char  *error;

    for (kind = 0; kind < DG_PLACE_KINDS; kind++) {

        if (st->conf.places[kind].len == 0) {
            continue;
        }

        if (ctl_settings_path(path, name, &st->conf.places[kind]) != DG_OK) {
            return DG_ERROR;
        }

        error = dg_geo_open(&st->db[kind], path, (dg_place_kind_t) kind);

        if (error) {
            ctl_error("%s %s: give the path of a MaxMind database of %s, "
                      "such as %s", path, error, dg_places[kind].holds,
                      dg_places[kind].example);
            return DG_ERROR;
        }

        st->open |= 1u << kind;
    }

    return DG_OK;
}


static int
ctl_settings_list(ctl_settings_t *st, const char *name)
{
    int        rc;
    char       path[PATH_MAX];
    u_char    *data;
    dg_str_t   text;
    unsigned   line;

    if (st->conf.hosting.len == 0) {
        return DG_OK;
    }

    if (ctl_settings_path(path, name, &st->conf.hosting) != DG_OK) {
        return DG_ERROR;
    }

    data = ctl_input_file(path, DG_HOSTING_MAX, &text.len);

    if (data == NULL) {
        ctl_error("cannot read %s: %s", path, strerror(errno));
        return DG_ERROR;
    }

    text.data = data;
    st->hosting = malloc(dg_hosting_room(&text) * sizeof(uint32_t));

    if (st->hosting == NULL) {
        ctl_error("no memory for %s", path);
        free(data);
        return DG_ERROR;
    }

    rc = dg_hosting_read(st->hosting, &st->nhosting, &text, &line);

    if (rc != DG_OK) {
        ctl_error("%s:%u: no AS number: write one per line, as in 64500 or "
                  "AS64500", path, line);
    }

    free(data);

    return rc;
}


void
ctl_settings_place(const ctl_settings_t *st, const struct sockaddr *sa,
    dg_place_t *place)
{
    unsigned  kind;

    for (kind = 0; kind < DG_PLACE_KINDS; kind++) {
        if (st->open & 1u << kind) {
            dg_geo_lookup(&st->db[kind], (dg_place_kind_t) kind, sa, place);
        }
    }
}


void
ctl_settings_hosting(const ctl_settings_t *st, dg_place_t *place)
{
    if (dg_hosting_find(st->hosting, st->nhosting, place->asn)) {
        place->hosting = 1;
    }
}
