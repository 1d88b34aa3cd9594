/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_sheet.h"
#include "dg_print.h"
#include "dg_ruling.h"


/* of a number as dg_print_double() writes it, and more */
#define DG_SHEET_NUMBER  32


static int dg_sheet_member(dg_sheet_t *s, const char *name, size_t size);


void
dg_sheet_init(dg_sheet_t *s, u_char *p, size_t size)
{
    s->p = p;
    s->last = p + size;
    s->more = 0;
    s->full = 0;
}


void
dg_sheet_open(dg_sheet_t *s, const char *name, u_char bracket)
{
    if (dg_sheet_member(s, name, 1) == DG_OK) {
        *s->p++ = bracket;
        s->more = 0;
    }
}


void
dg_sheet_close(dg_sheet_t *s, u_char bracket)
{
    if (s->full || s->p == s->last) {
        s->full = 1;
        return;
    }

    *s->p++ = bracket;
    s->more = 1;
}


void
dg_sheet_u64(dg_sheet_t *s, const char *name, uint64_t n)
{
    if (dg_sheet_member(s, name, DG_PRINT_U64) == DG_OK) {
        s->p = dg_print_u64(s->p, n);
    }
}


void
dg_sheet_double(dg_sheet_t *s, const char *name, double value)
{
    if (dg_sheet_member(s, name, DG_SHEET_NUMBER) == DG_OK) {
        s->p = dg_print_double(s->p, value);
    }
}


void
dg_sheet_true(dg_sheet_t *s, const char *name, unsigned set)
{
    if (dg_sheet_member(s, name, sizeof("false") - 1) == DG_OK) {
        s->p = dg_print(s->p, set ? "true" : "false");
    }
}


void
dg_sheet_null(dg_sheet_t *s, const char *name)
{
    if (dg_sheet_member(s, name, sizeof("null") - 1) == DG_OK) {
        s->p = dg_print(s->p, "null");
    }
}


void
dg_sheet_time(dg_sheet_t *s, const char *name, uint64_t seconds)
{
    if (seconds) {
        dg_sheet_u64(s, name, seconds);

    } else {
        dg_sheet_null(s, name);
    }
}


void
dg_sheet_text(dg_sheet_t *s, const char *name, const u_char *text,
    size_t len)
{
    if (dg_sheet_member(s, name, 2 + 6 * len) == DG_OK) {
        *s->p++ = '"';
        s->p = dg_print_json(s->p, text, len);
        *s->p++ = '"';
    }
}


void
dg_sheet_str(dg_sheet_t *s, const char *name, const dg_str_t *text)
{
    dg_sheet_text(s, name, text->data, text->len);
}


void
dg_sheet_words(dg_sheet_t *s, const char *name, const char *text)
{
    dg_sheet_text(s, name, (const u_char *) text, strlen(text));
}


void
dg_sheet_id(dg_sheet_t *s, const char *name, unsigned kind,
    const dg_id_t *id)
{
    u_char  text[DG_SUBJECT_TEXT];

    if (dg_id_none(id)) {
        dg_sheet_null(s, name);
        return;
    }

    dg_sheet_text(s, name, text, dg_subject_text(text, kind, id) - text);
}


void
dg_sheet_subject(dg_sheet_t *s, const char *name, unsigned kind,
    const dg_id_t *id)
{
    u_char  text[DG_RULING_SUBJECT];

    if (dg_id_none(id)) {
        dg_sheet_null(s, name);
        return;
    }

    dg_sheet_text(s, name, text,
                  dg_ruling_subject_text(text, kind, id) - text);
}


/* what stands before a value of at most so many bytes */

static int
dg_sheet_member(dg_sheet_t *s, const char *name, size_t size)
{
    size_t  len;

    len = name ? strlen(name) : 0;

    if (s->full || (size_t) (s->last - s->p) < len + 4 + size) {
        s->full = 1;
        return DG_ERROR;
    }

    if (s->more) {
        *s->p++ = ',';
    }

    if (name) {
        *s->p++ = '"';
        memcpy(s->p, name, len);
        s->p += len;
        *s->p++ = '"';
        *s->p++ = ':';
    }

    s->more = 1;

    return DG_OK;
}
