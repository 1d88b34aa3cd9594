/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_repeat.h"
#include "dg_json_state.h"


typedef struct {
    dg_repeat_t     *r;
    const u_char    *from;       /* what is not in a part yet */
    size_t           kept;       /* bytes */
    uint64_t         text;
    unsigned         texts;
} dg_repeat_cut_t;


static const u_char *dg_repeat_string(dg_repeat_cut_t *cut,
    const u_char *p, const u_char *end);
static const u_char *dg_repeat_number(dg_repeat_cut_t *cut,
    const u_char *p, const u_char *end);
static int dg_repeat_part(dg_repeat_cut_t *cut, const u_char *p,
    const u_char *next, dg_repeat_kind_t kind);
static const dg_repeat_asked_t *dg_repeat_asked(const dg_repeat_t *r,
    const u_char *p);
static const u_char *dg_repeat_digits(const u_char *p, const u_char *end);


void
dg_repeat_init(dg_repeat_t *r)
{
    r->n = 0;
    r->tries = 0;
    r->asking = 0;
    r->nasked = 0;
}


unsigned
dg_repeat_wanted(const dg_repeat_t *r)
{
    return r->tries < DG_REPEAT_TRIES;
}


void
dg_repeat_begin(dg_repeat_t *r)
{
    r->n = 0;
    r->nasked = 0;
    r->asking = 1;
    r->tries++;
}


void
dg_repeat_ask(dg_repeat_t *r, const u_char *begin, const u_char *end,
    unsigned text)
{
    dg_repeat_asked_t  *asked;

    if (r->nasked == DG_REPEAT_ASKED) {
        r->asking = 0;
        return;
    }

    asked = &r->asked[r->nasked++];
    asked->begin = begin;
    asked->end = end;
    asked->text = text;
}


void
dg_repeat_drop(dg_repeat_t *r)
{
    r->n = 0;
    r->asking = 0;
}


void
dg_repeat_keep(dg_repeat_t *r, const u_char *p, size_t len, uint64_t text)
{
    const u_char     *end;
    dg_repeat_cut_t   cut;

    if (!r->asking || len > DG_REPEAT_BYTES) {
        dg_repeat_drop(r);
        return;
    }

    r->asking = 0;

    cut.r = r;
    cut.from = p;
    cut.kept = 0;
    cut.text = 0;
    cut.texts = 0;

    end = p + len;
    p = memchr(p, '{', len);

    while (p && p < end) {

        if (*p == '"') {
            p = dg_repeat_string(&cut, p, end);

        } else if (*p == '-' || (*p >= '0' && *p <= '9')) {
            p = dg_repeat_number(&cut, p, end);

        } else {
            p++;
        }
    }

    if (p == NULL || cut.texts > 1 || cut.text > text
        || dg_repeat_part(&cut, end, end, DG_REPEAT_END) != DG_OK)
    {
        dg_repeat_drop(r);
        return;
    }

    r->text = text - cut.text;
    r->some = (cut.text != 0);
}


/* a name, or a value; returns what is behind it, or NULL */

static const u_char *
dg_repeat_string(dg_repeat_cut_t *cut, const u_char *p, const u_char *end)
{
    uint64_t                  len;
    const u_char             *close, *next;
    dg_repeat_kind_t          kind;
    const dg_repeat_asked_t  *asked;

    close = dg_json_inside(p + 1, end, &len);

    if (close == NULL) {
        return NULL;
    }

    for (next = close + 1; next < end && *next == ' '; next++) { /* void */ }

    if (next < end && *next == ':') {
        return next;
    }

    /* only what is surely a value may differ */

    if (next == end || (*next != ',' && *next != '}' && *next != ']')) {
        return NULL;
    }

    asked = dg_repeat_asked(cut->r, p);
    kind = DG_REPEAT_STRING;

    if (asked) {

        if (!asked->text) {
            return close + 1;
        }

        if (asked->end != close + 1) {
            return NULL;
        }

        kind = DG_REPEAT_TEXT;
        cut->text += len;
        cut->texts++;
    }

    return dg_repeat_part(cut, p + 1, close, kind) == DG_OK ? close + 1 : NULL;
}


static const u_char *
dg_repeat_number(dg_repeat_cut_t *cut, const u_char *p, const u_char *end)
{
    const u_char  *start, *next;

    start = p;
    next = dg_repeat_digits(p, end);

    for (p++; p < end && ((*p >= '0' && *p <= '9') || *p == '.' || *p == '-'
                          || *p == '+' || *p == 'e' || *p == 'E');
         p++)
    { /* void */ }

    if (next != p || dg_repeat_asked(cut->r, start)) {
        return p;
    }

    return dg_repeat_part(cut, start, p, DG_REPEAT_DIGITS) == DG_OK ? p : NULL;
}


/* ends at p, and the next one begins at next */

static int
dg_repeat_part(dg_repeat_cut_t *cut, const u_char *p, const u_char *next,
    dg_repeat_kind_t kind)
{
    size_t             len;
    dg_repeat_t       *r;
    dg_repeat_part_t  *part;

    r = cut->r;
    len = (size_t) (p - cut->from);

    if (r->n == DG_REPEAT_PARTS) {
        return DG_ERROR;
    }

    memcpy(r->bytes + cut->kept, cut->from, len);

    part = &r->part[r->n++];
    part->len = (uint16_t) len;
    part->kind = (uint16_t) kind;

    cut->kept += len;
    cut->from = next;

    return DG_OK;
}


static const dg_repeat_asked_t *
dg_repeat_asked(const dg_repeat_t *r, const u_char *p)
{
    unsigned  i;

    for (i = 0; i < r->nasked; i++) {
        if (r->asked[i].begin == p) {
            return &r->asked[i];
        }
    }

    return NULL;
}


size_t
dg_repeat_match(dg_repeat_t *r, const u_char *p, size_t len, uint64_t *text)
{
    uint64_t                 n, counted;
    const u_char            *start, *end, *bytes;
    const dg_repeat_part_t  *part;

    if (r->n == 0) {
        return 0;
    }

    start = p;
    end = p + len;
    bytes = r->bytes;
    counted = 0;

    for (part = r->part; /* void */ ; part++) {

        if ((size_t) (end - p) < part->len
            || memcmp(p, bytes, part->len) != 0)
        {
            return 0;
        }

        p += part->len;
        bytes += part->len;

        if (part->kind == DG_REPEAT_END) {
            break;
        }

        if (part->kind == DG_REPEAT_DIGITS) {
            p = dg_repeat_digits(p, end);

        } else {
            p = dg_json_inside(p, end, &n);

            if (part->kind == DG_REPEAT_TEXT) {
                counted = n;
            }
        }

        if (p == NULL) {
            return 0;
        }
    }

    /* where there was text it must not be empty: that tells of the end */

    if (r->some != (counted != 0)) {
        return 0;
    }

    r->tries = 0;
    *text = r->text + counted;

    return (size_t) (p - start);
}


/* what is behind a whole number; NULL: it is none as JSON has them */

static const u_char *
dg_repeat_digits(const u_char *p, const u_char *end)
{
    const u_char  *start;

    for (start = p; p < end && *p >= '0' && *p <= '9'; p++) { /* void */ }

    if (p == start || p == end || (*start == '0' && p - start > 1)) {
        return NULL;
    }

    return p;
}
