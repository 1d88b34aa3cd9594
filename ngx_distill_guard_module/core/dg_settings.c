/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_settings.h"

#include <stdio.h>


#define DG_SETTING_SHOWN  48     /* of a word that an error repeats */

#define dg_setting_shown(s)                                                   \
    (int) dg_min((s)->len, (size_t) DG_SETTING_SHOWN),                        \
    (const char *) (s)->data


static int dg_setting_size(uint64_t *size, const dg_str_t *text);
static int dg_setting_same(const dg_str_t *one, const dg_str_t *two);
static int dg_setting_begins(const dg_str_t *word, const char *with,
    dg_str_t *rest);

static int dg_settings_zone(dg_settings_t *s, const dg_str_t *words,
    unsigned n, char error[DG_CONF_ERROR]);
static int dg_settings_secret(dg_settings_t *s, const dg_str_t *words,
    unsigned n, char error[DG_CONF_ERROR]);
static int dg_settings_place(dg_settings_t *s, const dg_str_t *words,
    unsigned n, char error[DG_CONF_ERROR]);
static int dg_settings_hosting(dg_settings_t *s, const dg_str_t *words,
    unsigned n, char error[DG_CONF_ERROR]);
static int dg_settings_file(dg_str_t *file, const dg_str_t *words,
    unsigned i, char error[DG_CONF_ERROR]);
static int dg_settings_mode(dg_settings_t *s, const dg_str_t *words,
    unsigned n, char error[DG_CONF_ERROR]);
static int dg_settings_limit(dg_settings_t *s, const dg_str_t *words,
    unsigned n, char error[DG_CONF_ERROR]);
static int dg_settings_signal(dg_settings_t *s, const dg_str_t *words,
    unsigned n, char error[DG_CONF_ERROR]);
static int dg_settings_action(dg_settings_t *s, const dg_str_t *words,
    unsigned n, char error[DG_CONF_ERROR]);

static int dg_settings_directive(dg_settings_t *s, const dg_conf_t *conf,
    char error[DG_CONF_ERROR]);
static dg_zone_t *dg_settings_find(dg_settings_t *s, const dg_str_t *name);
static int dg_settings_choose(dg_settings_t *s, unsigned *line,
    char error[DG_CONF_ERROR]);


static const dg_str_t  dg_modes[DG_MODES] = {
    dg_string("off"),
    dg_string("observe"),
    dg_string("enforce")
};


const dg_directive_desc_t  dg_directives[DG_DIRECTIVES] = {

    { dg_string("distill_guard_zone"), 1, 1, 0, dg_settings_zone, NULL },

    { dg_string("distill_guard_secret"), 1, 1, 1, dg_settings_secret, NULL },

    { dg_string("distill_guard_redis"), 1, DG_CONF_WORDS, 1, NULL,
      "one node counts, by itself" },

    { dg_string("distill_guard_geoip"), 2, 3, 0, dg_settings_place, NULL },

    { dg_string("distill_guard_hosting"), 1, 1, 1, dg_settings_hosting,
      NULL },

    { dg_string("distill_guard"), 1, 2, 1, dg_settings_mode, NULL },

    { dg_string("distill_guard_key"), 1, 1, 1, NULL,
      "keys are looked for where the APIs put them" },

    { dg_string("distill_guard_account"), 1, 1, 1, NULL,
      "accounts are what the trace calls \"account\"" },

    { dg_string("distill_guard_exempt"), 1, DG_CONF_WORDS, 0, NULL,
      "exempt is what the trace calls \"exempt\"" },

    { dg_string("distill_guard_limit"), 2, DG_CONF_WORDS, 0,
      dg_settings_limit, NULL },

    { dg_string("distill_guard_signal"), 2, 4, 0, dg_settings_signal, NULL },

    { dg_string("distill_guard_action"), 2, 3, 0, dg_settings_action, NULL },

    { dg_string("distill_guard_status"), 0, 0, 0, NULL,
      "nothing is served" }
};


int
dg_setting_zone(dg_zone_t *zone, const dg_str_t *words, unsigned n,
    char error[DG_CONF_ERROR])
{
    dg_str_t       size;
    const u_char  *p;

    (void) n;

    if (dg_setting_begins(&words[1], "zone=", &zone->name) != DG_OK) {
        goto invalid;
    }

    p = memchr(zone->name.data, ':', zone->name.len);

    if (p == NULL || p == zone->name.data) {
        goto invalid;
    }

    size.data = p + 1;
    size.len = zone->name.data + zone->name.len - size.data;
    zone->name.len = p - zone->name.data;

    if (dg_setting_size(&zone->size, &size) != DG_OK) {
        goto invalid;
    }

    if (zone->size < DG_ZONE_MIN) {
        snprintf(error, DG_CONF_ERROR, "zone \"%.*s\" in \"%.*s\" is too "
                 "small: give it %dk or more", dg_setting_shown(&zone->name),
                 dg_setting_shown(&words[0]), DG_ZONE_MIN / 1024);
        return DG_ERROR;
    }

    return DG_OK;

invalid:

    snprintf(error, DG_CONF_ERROR, "invalid parameter \"%.*s\" in \"%.*s\": "
             "write zone=name:size, as in zone=guard:64m",
             dg_setting_shown(&words[1]), dg_setting_shown(&words[0]));

    return DG_ERROR;
}


int
dg_setting_mode(dg_mode_t *mode, dg_str_t *zone, const dg_str_t *words,
    unsigned n, char error[DG_CONF_ERROR])
{
    unsigned  i;

    for (i = 0; i < DG_MODES; i++) {
        if (dg_setting_same(&dg_modes[i], &words[1])) {
            break;
        }
    }

    if (i == DG_MODES) {
        snprintf(error, DG_CONF_ERROR, "invalid value \"%.*s\" in \"%.*s\": "
                 "it is off, observe or enforce",
                 dg_setting_shown(&words[1]), dg_setting_shown(&words[0]));
        return DG_ERROR;
    }

    *mode = (dg_mode_t) i;
    zone->len = 0;

    if (n > 2 && dg_setting_begins(&words[2], "zone=", zone) != DG_OK) {
        snprintf(error, DG_CONF_ERROR, "invalid parameter \"%.*s\" in "
                 "\"%.*s\": only zone=name may follow the mode",
                 dg_setting_shown(&words[2]), dg_setting_shown(&words[0]));
        return DG_ERROR;
    }

    return DG_OK;
}


int
dg_setting_limit(dg_limit_t *limits, size_t *nlimits, const dg_str_t *words,
    unsigned n, char error[DG_CONF_ERROR])
{
    char        reason[DG_ERROR_TEXT];
    size_t      i;
    unsigned    w;
    dg_limit_t  limit;

    memset(&limit, 0, sizeof(dg_limit_t));

    if (dg_limit_kind(&limit, &words[1], reason) != DG_OK) {
        goto invalid;
    }

    for (w = 2; w < n; w++) {

        if (dg_limit_parse(&limit, &words[w], reason) != DG_OK) {
            goto invalid;
        }

        for (i = 0; i < *nlimits; i++) {
            if (limits[i].kind == limit.kind
                && limits[i].metric == limit.metric
                && limits[i].period == limit.period)
            {
                snprintf(error, DG_CONF_ERROR, "\"%.*s %.*s\" in \"%.*s\" "
                         "limits again what is limited already on this level",
                         dg_setting_shown(&words[1]),
                         dg_setting_shown(&words[w]),
                         dg_setting_shown(&words[0]));
                return DG_ERROR;
            }
        }

        limits[(*nlimits)++] = limit;
    }

    return DG_OK;

invalid:

    snprintf(error, DG_CONF_ERROR, "%s in \"%.*s\"", reason,
             dg_setting_shown(&words[0]));

    return DG_ERROR;
}


int
dg_setting_place(dg_place_kind_t *kind, const dg_str_t *words,
    char error[DG_CONF_ERROR])
{
    unsigned  i;

    for (i = 0; i < DG_PLACE_KINDS; i++) {
        if (dg_setting_same(&dg_places[i].name, &words[1])) {
            *kind = (dg_place_kind_t) i;
            return DG_OK;
        }
    }

    snprintf(error, DG_CONF_ERROR, "invalid kind \"%.*s\" in \"%.*s\": it is "
             "asn, country or anonymous", dg_setting_shown(&words[1]),
             dg_setting_shown(&words[0]));

    return DG_ERROR;
}


/* as nginx reads a size: bytes, or with k or m behind the number */

static int
dg_setting_size(uint64_t *size, const dg_str_t *text)
{
    size_t    i;
    uint64_t  unit;
    dg_str_t  digits;

    digits = *text;
    unit = dg_conf_unit(&digits, 1024);
    *size = 0;

    for (i = 0; i < digits.len; i++) {

        if (digits.data[i] < '0' || digits.data[i] > '9'
            || *size > (uint64_t) PTRDIFF_MAX / unit / 10 - 1)
        {
            return DG_ERROR;
        }

        *size = *size * 10 + (uint64_t) (digits.data[i] - '0');
    }

    *size *= unit;

    return digits.len == 0 ? DG_ERROR : DG_OK;
}


static int
dg_setting_same(const dg_str_t *one, const dg_str_t *two)
{
    return one->len == two->len && memcmp(one->data, two->data, one->len) == 0;
}


/* something has to follow */

static int
dg_setting_begins(const dg_str_t *word, const char *with, dg_str_t *rest)
{
    size_t  len;

    len = strlen(with);

    if (word->len <= len || memcmp(word->data, with, len) != 0) {
        return DG_ERROR;
    }

    rest->data = word->data + len;
    rest->len = word->len - len;

    return DG_OK;
}


int
dg_settings_read(dg_settings_t *s, u_char *text, size_t len, unsigned *line,
    char error[DG_CONF_ERROR])
{
    int        rc;
    dg_conf_t  conf;

    memset(s, 0, sizeof(dg_settings_t));
    dg_policy_init(&s->policy);

    dg_conf_init(&conf, text, len);

    for ( ;; ) {
        rc = dg_conf_next(&conf, error);
        *line = conf.line;

        if (rc == 0) {
            break;
        }

        if (rc == DG_ERROR
            || dg_settings_directive(s, &conf, error) != DG_OK)
        {
            return DG_ERROR;
        }
    }

    if (dg_policy_check(&s->policy, error) != DG_OK) {
        *line = s->line[DG_DIRECTIVE_ACTION];
        return DG_ERROR;
    }

    return dg_settings_choose(s, line, error);
}


static int
dg_settings_directive(dg_settings_t *s, const dg_conf_t *conf,
    char error[DG_CONF_ERROR])
{
    unsigned                    i;
    const dg_str_t             *name;
    const dg_directive_desc_t  *directive;

    name = &conf->words[0];

    for (i = 0; i < DG_DIRECTIVES; i++) {
        if (dg_setting_same(&dg_directives[i].name, name)) {
            break;
        }
    }

    if (i == DG_DIRECTIVES) {
        snprintf(error, DG_CONF_ERROR, "unknown directive \"%.*s\": only "
                 "those of the guard have a place here",
                 dg_setting_shown(name));
        return DG_ERROR;
    }

    directive = &dg_directives[i];

    if (conf->n - 1 < directive->min || conf->n - 1 > directive->max) {
        snprintf(error, DG_CONF_ERROR, "invalid number of arguments in "
                 "\"%.*s\" directive", dg_setting_shown(name));
        return DG_ERROR;
    }

    if (s->line[i] && directive->once) {
        snprintf(error, DG_CONF_ERROR, "\"%.*s\" directive is duplicate",
                 dg_setting_shown(name));
        return DG_ERROR;
    }

    if (s->line[i] == 0) {
        s->line[i] = conf->line;
    }

    return directive->set ? directive->set(s, conf->words, conf->n, error)
                          : DG_OK;
}


static int
dg_settings_zone(dg_settings_t *s, const dg_str_t *words, unsigned n,
    char error[DG_CONF_ERROR])
{
    dg_zone_t  zone;

    if (dg_setting_zone(&zone, words, n, error) != DG_OK) {
        return DG_ERROR;
    }

    if (dg_settings_find(s, &zone.name)) {
        snprintf(error, DG_CONF_ERROR, "\"%.*s\" defines zone \"%.*s\" twice",
                 dg_setting_shown(&words[0]), dg_setting_shown(&zone.name));
        return DG_ERROR;
    }

    if (s->nzones == DG_ZONES) {
        snprintf(error, DG_CONF_ERROR, "\"%.*s\" defines more than %d zones: "
                 "give the one that counts", dg_setting_shown(&words[0]),
                 DG_ZONES);
        return DG_ERROR;
    }

    s->zones[s->nzones++] = zone;

    return DG_OK;
}


static int
dg_settings_secret(dg_settings_t *s, const dg_str_t *words, unsigned n,
    char error[DG_CONF_ERROR])
{
    (void) n;

    return dg_settings_file(&s->secret, words, 1, error);
}


static int
dg_settings_place(dg_settings_t *s, const dg_str_t *words, unsigned n,
    char error[DG_CONF_ERROR])
{
    dg_place_kind_t  kind;

    (void) n;

    if (dg_setting_place(&kind, words, error) != DG_OK) {
        return DG_ERROR;
    }

    if (s->places[kind].len) {
        snprintf(error, DG_CONF_ERROR, "\"%.*s\" directive is duplicate",
                 dg_setting_shown(&words[0]));
        return DG_ERROR;
    }

    return dg_settings_file(&s->places[kind], words, 2, error);
}


static int
dg_settings_hosting(dg_settings_t *s, const dg_str_t *words, unsigned n,
    char error[DG_CONF_ERROR])
{
    (void) n;

    return dg_settings_file(&s->hosting, words, 1, error);
}


static int
dg_settings_file(dg_str_t *file, const dg_str_t *words, unsigned i,
    char error[DG_CONF_ERROR])
{
    *file = words[i];

    if (file->len == 0) {
        snprintf(error, DG_CONF_ERROR, "\"%.*s\" names no file",
                 dg_setting_shown(&words[0]));
        return DG_ERROR;
    }

    return DG_OK;
}


static int
dg_settings_mode(dg_settings_t *s, const dg_str_t *words, unsigned n,
    char error[DG_CONF_ERROR])
{
    return dg_setting_mode(&s->mode, &s->zone_name, words, n, error);
}


static int
dg_settings_limit(dg_settings_t *s, const dg_str_t *words, unsigned n,
    char error[DG_CONF_ERROR])
{
    return dg_setting_limit(s->limits, &s->nlimits, words, n, error);
}


/* the rest of the ladder may be there later, so that is not looked at */

static int
dg_settings_signal(dg_settings_t *s, const dg_str_t *words, unsigned n,
    char error[DG_CONF_ERROR])
{
    dg_policy_t  policy;

    if (dg_policy_signal(&s->policy, words, n, error) != DG_OK) {
        return DG_ERROR;
    }

    policy = s->policy;
    memset(policy.actions, 0, sizeof(policy.actions));

    return dg_policy_check(&policy, error);
}


static int
dg_settings_action(dg_settings_t *s, const dg_str_t *words, unsigned n,
    char error[DG_CONF_ERROR])
{
    return dg_policy_action(&s->policy, words, n, error);
}


static dg_zone_t *
dg_settings_find(dg_settings_t *s, const dg_str_t *name)
{
    size_t  i;

    for (i = 0; i < s->nzones; i++) {
        if (dg_setting_same(&s->zones[i].name, name)) {
            return &s->zones[i];
        }
    }

    return NULL;
}


/* the zone may be left out: whoever reads a piece knows what to do then */

static int
dg_settings_choose(dg_settings_t *s, unsigned *line,
    char error[DG_CONF_ERROR])
{
    const dg_str_t  *name;

    if (s->nzones == 0) {
        return DG_OK;
    }

    name = &s->zone_name;
    *line = s->line[DG_DIRECTIVE_MODE];

    if (name->len) {
        s->zone = dg_settings_find(s, name);

        if (s->zone == NULL) {
            snprintf(error, DG_CONF_ERROR, "\"distill_guard\" names an "
                     "unknown zone \"%.*s\": define it with "
                     "\"distill_guard_zone zone=%.*s:64m;\"",
                     dg_setting_shown(name), dg_setting_shown(name));
            return DG_ERROR;
        }

        return DG_OK;
    }

    if (s->nzones > 1) {
        *line = s->line[DG_DIRECTIVE_ZONE];
        snprintf(error, DG_CONF_ERROR, "there are several zones, so say "
                 "which, with \"distill_guard enforce zone=name;\"");
        return DG_ERROR;
    }

    s->zone = &s->zones[0];

    return DG_OK;
}
