/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_conf.h"
#include "dg_print.h"

#include <stdio.h>


typedef struct {
    u_char         letter;
    uint32_t       seconds;
} dg_conf_unit_t;


static void dg_conf_space(dg_conf_t *conf);
static int dg_conf_word(dg_conf_t *conf, char error[DG_CONF_ERROR]);
static u_char *dg_conf_plain(dg_conf_t *conf, u_char *out);
static u_char *dg_conf_quoted(dg_conf_t *conf, u_char *out);
static u_char *dg_conf_escape(dg_conf_t *conf, u_char *out);
static int dg_conf_ends(const dg_conf_t *conf);
static int dg_conf_fail(dg_conf_t *conf, char error[DG_CONF_ERROR],
    const char *what);


/* as nginx reads a time, the greatest first; a month has 30 days */

static const dg_conf_unit_t  dg_conf_units[] = {
    { 'y', 365 * 86400 },
    { 'M', 30 * 86400 },
    { 'w', 7 * 86400 },
    { 'd', 86400 },
    { 'h', 3600 },
    { 'm', 60 },
    { 's', 1 }
};


void
dg_conf_init(dg_conf_t *conf, u_char *text, size_t len)
{
    conf->line = 1;
    conf->n = 0;
    conf->p = text;
    conf->last = text + len;
    conf->at = 1;
    conf->blocks = 0;
}


int
dg_conf_next(dg_conf_t *conf, char error[DG_CONF_ERROR])
{
    conf->n = 0;

    for ( ;; ) {
        dg_conf_space(conf);

        if (conf->p == conf->last) {
            return conf->n ? dg_conf_fail(conf, error,
                                          "the end comes before a \";\"")
                           : 0;
        }

        if (conf->n == 0) {
            conf->line = conf->at;
        }

        switch (*conf->p) {

        case ';':
            if (conf->n == 0) {
                return dg_conf_fail(conf, error, "unexpected \";\"");
            }

            conf->p++;
            return 1;

        case '{':
        case '}':
            if (conf->blocks && (conf->n != 0) == (*conf->p == '{')) {
                conf->p++;

                if (conf->n) {
                    return 1;
                }

                continue;
            }

            return dg_conf_fail(conf, error,
                                "blocks have no place here: give the "
                                "directives alone, not http, server or "
                                "location");
        }

        if (conf->n == DG_CONF_WORDS) {
            return dg_conf_fail(conf, error, "too many words before a \";\"");
        }

        if (dg_conf_word(conf, error) != DG_OK) {
            return DG_ERROR;
        }
    }
}


/* and comments */

static void
dg_conf_space(dg_conf_t *conf)
{
    for ( /* void */ ; conf->p < conf->last; conf->p++) {

        switch (*conf->p) {

        case '\n':
            conf->at++;
            continue;

        case ' ':
        case '\t':
        case '\r':
            continue;

        case '#':
            while (conf->p + 1 < conf->last && conf->p[1] != '\n') {
                conf->p++;
            }

            continue;
        }

        break;
    }
}


static int
dg_conf_word(dg_conf_t *conf, char error[DG_CONF_ERROR])
{
    u_char    *start, *out;
    dg_str_t  *word;

    if (*conf->p == '"' || *conf->p == '\'') {
        start = conf->p + 1;
        out = dg_conf_quoted(conf, start);

        if (out == NULL) {
            return dg_conf_fail(conf, error, "the end comes before the end "
                                "of a quotation");
        }

        if (!dg_conf_ends(conf)) {
            return dg_conf_fail(conf, error, "something stands right behind "
                                "a quotation");
        }

    } else {
        start = conf->p;
        out = dg_conf_plain(conf, start);
    }

    word = &conf->words[conf->n++];
    word->data = start;
    word->len = out - start;

    return DG_OK;
}


/* a brace behind "$" is part of the name of a variable */

static u_char *
dg_conf_plain(dg_conf_t *conf, u_char *out)
{
    unsigned  variable;

    variable = 0;

    while (conf->p < conf->last) {

        if (dg_conf_ends(conf) && !(variable && *conf->p == '{')) {
            break;
        }

        variable = (*conf->p == '$');

        if (*conf->p == '\\') {
            out = dg_conf_escape(conf, out);

        } else {
            *out++ = *conf->p++;
        }
    }

    return out;
}


static u_char *
dg_conf_quoted(dg_conf_t *conf, u_char *out)
{
    u_char  quote;

    quote = *conf->p++;

    while (conf->p < conf->last) {

        if (*conf->p == quote) {
            conf->p++;
            return out;
        }

        if (*conf->p == '\n') {
            conf->at++;
        }

        if (*conf->p == '\\') {
            out = dg_conf_escape(conf, out);

        } else {
            *out++ = *conf->p++;
        }
    }

    return NULL;
}


/* behind a backslash that stands for nothing else both are kept */

static u_char *
dg_conf_escape(dg_conf_t *conf, u_char *out)
{
    u_char  ch;

    if (++conf->p == conf->last) {
        *out++ = '\\';
        return out;
    }

    ch = *conf->p++;

    switch (ch) {

    case '"':
    case '\'':
    case '\\':
        break;

    case 't':
        ch = '\t';
        break;

    case 'r':
        ch = '\r';
        break;

    case 'n':
        ch = '\n';
        break;

    case '\n':
        conf->at++;

        /* fall through */

    default:
        *out++ = '\\';
    }

    *out++ = ch;

    return out;
}


/* does a word end here? */

static int
dg_conf_ends(const dg_conf_t *conf)
{
    if (conf->p == conf->last) {
        return 1;
    }

    switch (*conf->p) {

    case ' ':
    case '\t':
    case '\r':
    case '\n':
    case ';':
    case '{':
        return 1;
    }

    return 0;
}


static int
dg_conf_fail(dg_conf_t *conf, char error[DG_CONF_ERROR], const char *what)
{
    conf->line = conf->at;

    snprintf(error, DG_CONF_ERROR, "%s", what);

    return DG_ERROR;
}


int
dg_conf_split(const dg_str_t *word, u_char c, dg_str_t *before,
    dg_str_t *after)
{
    const u_char  *p;

    p = (word->len == 0) ? NULL : memchr(word->data, c, word->len);

    if (p == NULL || p == word->data || p == word->data + word->len - 1) {
        return DG_ERROR;
    }

    before->data = word->data;
    before->len = (size_t) (p - word->data);

    after->data = p + 1;
    after->len = word->len - before->len - 1;

    return DG_OK;
}


unsigned
dg_conf_name(const dg_str_t *names, unsigned first, unsigned n,
    const dg_str_t *name)
{
    unsigned  i;

    for (i = first; i < n; i++) {

        if (names[i].len == name->len
            && memcmp(names[i].data, name->data, name->len) == 0)
        {
            break;
        }
    }

    return i;
}


u_char *
dg_conf_names(u_char *p, const dg_str_t *names, unsigned first, unsigned n)
{
    unsigned  i;

    for (i = first; i < n; i++) {

        if (i > first) {
            p = dg_print(p, (i + 1 < n) ? ", " : " or ");
        }

        p = dg_print_str(p, &names[i]);
    }

    return p;
}


uint64_t
dg_conf_unit(dg_str_t *number, uint64_t k)
{
    if (number->len > 1) {
        switch (number->data[number->len - 1] | 0x20) {

        case 'k':
            number->len--;
            return k;

        case 'm':
            number->len--;
            return k * k;
        }
    }

    return 1;
}


int
dg_conf_time(uint32_t *seconds, const dg_str_t *text, uint32_t max)
{
    size_t         i;
    uint64_t       n, sum;
    unsigned       unit, digits;
    const u_char  *p;

    p = text->data;
    n = 0;
    sum = 0;
    unit = 0;
    digits = 0;

    for (i = 0; i < text->len; i++) {

        if (p[i] >= '0' && p[i] <= '9' && n <= max) {
            n = n * 10 + (uint64_t) (p[i] - '0');
            digits++;
            continue;
        }

        while (unit < dg_nelts(dg_conf_units)
               && dg_conf_units[unit].letter != p[i])
        {
            unit++;
        }

        if (unit == dg_nelts(dg_conf_units) || digits == 0) {
            return DG_ERROR;
        }

        sum += n * dg_conf_units[unit++].seconds;
        n = 0;
        digits = 0;
    }

    if (digits && unit == dg_nelts(dg_conf_units)) {
        return DG_ERROR;
    }

    sum += n;

    if (sum == 0 || sum > max) {
        return DG_ERROR;
    }

    *seconds = (uint32_t) sum;

    return DG_OK;
}
