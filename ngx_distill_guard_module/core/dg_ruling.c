/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_ruling.h"
#include "dg_hash.h"
#include "dg_print.h"


#define DG_RULING_TIME     13    /* digits, enough until the year 2286 */
#define DG_RULING_TIME_MAX 9999999999999ull


static int dg_ruling_word(const u_char **p, const u_char *last,
    dg_str_t *word);
static int dg_ruling_number(uint64_t *n, const dg_str_t *word);
static unsigned dg_ruling_find(const dg_str_t *names, unsigned n,
    const dg_str_t *name);


const dg_str_t  dg_rulings[DG_RULINGS] = {
    dg_string("release"),
    dg_string("block"),
    dg_string("allow"),
    dg_string("exempt")
};


u_char *
dg_ruling_text(u_char *p, const dg_ruling_t *r)
{
    dg_str_t  author, reason;

    author.data = r->author;
    author.len = r->author_len;
    reason.data = r->reason;
    reason.len = r->reason_len;

    p = dg_print_padded(p, dg_min(r->time, DG_RULING_TIME_MAX),
                        DG_RULING_TIME);
    *p++ = ' ';
    p = dg_print_str(p, &author);
    *p++ = ' ';
    p = dg_print_str(p, &dg_rulings[r->id]);
    *p++ = ' ';
    p = dg_print_u64(p, r->expires);

    if (reason.len) {
        *p++ = ' ';
        p = dg_print_str(p, &reason);
    }

    return p;
}


int
dg_ruling_parse(dg_ruling_t *r, const u_char *p, size_t len)
{
    unsigned       id;
    dg_str_t       time, author, name, expires;
    const u_char  *last;

    last = p + len;

    if (dg_ruling_word(&p, last, &time) != DG_OK
        || dg_ruling_word(&p, last, &author) != DG_OK
        || dg_ruling_word(&p, last, &name) != DG_OK
        || dg_ruling_word(&p, last, &expires) != DG_OK)
    {
        return DG_ERROR;
    }

    memset(r, 0, sizeof(dg_ruling_t));

    id = dg_ruling_find(dg_rulings, DG_RULINGS, &name);

    if (time.len != DG_RULING_TIME
        || dg_ruling_number(&r->time, &time) != DG_OK
        || dg_ruling_number(&r->expires, &expires) != DG_OK
        || id == DG_RULINGS || author.len > DG_RULING_AUTHOR
        || !dg_ruling_plain(author.data, author.len, 0))
    {
        return DG_ERROR;
    }

    r->id = (uint8_t) id;
    r->author_len = (uint8_t) author.len;
    memcpy(r->author, author.data, author.len);

    if (p == last) {
        return expires.data + expires.len == last ? DG_OK : DG_ERROR;
    }

    len = last - p;

    if (len > DG_RULING_REASON || !dg_ruling_plain(p, len, 1)) {
        return DG_ERROR;
    }

    r->reason_len = (uint8_t) len;
    memcpy(r->reason, p, len);

    return DG_OK;
}


/* up to the next space, which is stepped over; it is not empty */

static int
dg_ruling_word(const u_char **p, const u_char *last, dg_str_t *word)
{
    const u_char  *space;

    space = memchr(*p, ' ', last - *p);

    word->data = *p;
    word->len = (space ? space : last) - *p;

    *p = space ? space + 1 : last;

    return word->len ? DG_OK : DG_ERROR;
}


/* there is one way to write a number */

static int
dg_ruling_number(uint64_t *n, const dg_str_t *word)
{
    size_t  i;

    if (word->len > DG_RULING_TIME || (word->data[0] == '0' && word->len > 1))
    {
        return DG_ERROR;
    }

    *n = 0;

    for (i = 0; i < word->len; i++) {

        if (word->data[i] < '0' || word->data[i] > '9') {
            return DG_ERROR;
        }

        *n = *n * 10 + (uint64_t) (word->data[i] - '0');
    }

    return DG_OK;
}


static unsigned
dg_ruling_find(const dg_str_t *names, unsigned n, const dg_str_t *name)
{
    unsigned  i;

    for (i = 0; i < n; i++) {
        if (names[i].len == name->len
            && memcmp(names[i].data, name->data, name->len) == 0)
        {
            break;
        }
    }

    return i;
}


int
dg_ruling_compare(const dg_ruling_t *one, const dg_ruling_t *two)
{
    int     rc;
    size_t  n, m;
    u_char  a[DG_RULING_TEXT], b[DG_RULING_TEXT];

    if (one->time != two->time) {
        return one->time < two->time ? -1 : 1;
    }

    n = dg_ruling_text(a, one) - a;
    m = dg_ruling_text(b, two) - b;

    rc = memcmp(a, b, dg_min(n, m));

    return rc ? rc : (n > m) - (n < m);
}


int
dg_ruling_stands(const dg_ruling_t *r, uint64_t now)
{
    return r->id != DG_RULING_RELEASE
           && (r->expires == 0 || now < r->expires);
}


int
dg_ruling_forgotten(const dg_ruling_t *r, uint64_t now)
{
    uint64_t  over;

    over = (r->id == DG_RULING_RELEASE) ? r->time / 1000 : r->expires;

    return over != 0 && now >= over + DG_RULING_KEEP;
}


int
dg_ruling_fits(unsigned id, unsigned kind)
{
    return id != DG_RULING_EXEMPT || kind == DG_KIND_KEY
           || kind == DG_KIND_ACCOUNT;
}


int
dg_ruling_plain(const u_char *p, size_t len, int spaces)
{
    size_t  i;

    for (i = 0; i < len; i++) {
        if (p[i] < ' ' || p[i] > '~' || (p[i] == ' ' && !spaces)) {
            return 0;
        }
    }

    return 1;
}


u_char *
dg_ruling_subject_text(u_char *p, unsigned kind, const dg_id_t *id)
{
    p = dg_print_str(p, &dg_kinds[kind]);
    *p++ = ':';

    return dg_subject_text(p, kind, id);
}


int
dg_ruling_subject_parse(unsigned *kind, dg_id_t *id, const u_char *p,
    size_t len)
{
    dg_str_t       name;
    const u_char  *colon;

    colon = memchr(p, ':', len);

    if (colon == NULL || colon == p) {
        return DG_ERROR;
    }

    name.data = p;
    name.len = colon - p;

    *kind = dg_ruling_find(dg_kinds, DG_NAMED_KINDS, &name);

    if (*kind == DG_NAMED_KINDS) {
        return DG_ERROR;
    }

    return dg_subject_parse(id, *kind, colon + 1, p + len - (colon + 1));
}
