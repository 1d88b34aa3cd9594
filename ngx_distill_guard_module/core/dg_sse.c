/*
 * Copyright (C) 2026 Distill Guard
 *
 * A line is a field, a colon, at most one space that is not part of the value,
 * and the value; a line without a colon is a field with an empty value.  An
 * empty field starts a comment.
 */


#include "dg_sse.h"


enum {
    dg_sse_s_mark = 0,           /* the start of the stream */
    dg_sse_s_field,
    dg_sse_s_data,
    dg_sse_s_name,
    dg_sse_s_skip                /* a value that nobody asks for */
};


static const u_char *dg_sse_mark(dg_sse_t *sse, const u_char *p,
    const u_char *end);
static void dg_sse_text(dg_sse_t *sse, const u_char *p, const u_char *eol);
static const u_char *dg_sse_field(dg_sse_t *sse, const u_char *p,
    const u_char *eol);
static void dg_sse_known(dg_sse_t *sse);
static void dg_sse_line(dg_sse_t *sse);
static void dg_sse_event(dg_sse_t *sse);
static const u_char *dg_sse_find(const u_char *p, const u_char *end,
    u_char c);


void
dg_sse_init(dg_sse_t *sse, dg_sse_data_pt data, dg_sse_event_pt event,
    void *ctx)
{
    memset(sse, 0, sizeof(dg_sse_t));

    sse->data = data;
    sse->event = event;
    sse->ctx = ctx;
}


void
dg_sse_push(dg_sse_t *sse, const u_char *p, size_t len)
{
    const u_char  *end, *eol, *lf, *cr;

    if (len == 0) {
        return;
    }

    end = p + len;

    if (sse->state == dg_sse_s_mark) {
        p = dg_sse_mark(sse, p, end);
    }

    /* kept from line to line: no byte is searched twice for either end */

    lf = dg_sse_find(p, end, '\n');
    cr = dg_sse_find(p, end, '\r');

    while (p < end) {

        if (lf < p) {
            lf = dg_sse_find(p, end, '\n');
        }

        if (cr < p) {
            cr = dg_sse_find(p, end, '\r');
        }

        if (sse->cr) {
            sse->cr = 0;

            if (p == lf) {
                p++;
                continue;
            }
        }

        eol = dg_min(lf, cr);

        if (p < eol) {
            dg_sse_text(sse, p, eol);
        }

        if (eol == end) {
            return;
        }

        dg_sse_line(sse);

        sse->cr = (eol == cr);
        p = eol + 1;
    }
}


unsigned
dg_sse_between(const dg_sse_t *sse)
{
    return sse->state == dg_sse_s_field && sse->field_len == 0
           && sse->name_len == 0 && !sse->pending && !sse->cr;
}


size_t
dg_sse_whole(const u_char *p, size_t len)
{
    const u_char  *start, *end, *eol;

    start = p;
    end = p + len;

    for (/* void */ ; end - p >= 2; p = eol + 1) {
        eol = memchr(p, '\n', end - p - 1);

        if (eol == NULL) {
            break;
        }

        if (eol[1] == '\n') {
            return (size_t) (eol + 2 - start);
        }
    }

    return 0;
}


/* one U+FEFF may stand before the first line */

static const u_char *
dg_sse_mark(dg_sse_t *sse, const u_char *p, const u_char *end)
{
    static const u_char  mark[3] = { 0xef, 0xbb, 0xbf };

    for ( /* void */ ; p < end; p++) {

        if (*p != mark[sse->field_len]) {
            sse->state = dg_sse_s_field;
            break;
        }

        sse->field[sse->field_len++] = *p;

        if (sse->field_len == sizeof(mark)) {
            sse->field_len = 0;
            sse->state = dg_sse_s_field;
            p++;
            break;
        }
    }

    return p;
}


/* a piece of a line, without its end */

static void
dg_sse_text(dg_sse_t *sse, const u_char *p, const u_char *eol)
{
    size_t  len;

    if (sse->state == dg_sse_s_field) {
        p = dg_sse_field(sse, p, eol);

        if (p == eol) {
            return;
        }
    }

    if (sse->space) {
        sse->space = 0;
        p += (*p == ' ');
    }

    len = eol - p;

    if (len == 0) {
        return;
    }

    if (sse->state == dg_sse_s_data) {
        sse->data(sse->ctx, p, len);

    } else if (sse->state == dg_sse_s_name) {
        len = dg_min(len, DG_SSE_NAME - sse->name_len);
        memcpy(sse->name + sse->name_len, p, len);
        sse->name_len += (unsigned) len;
    }
}


static const u_char *
dg_sse_field(dg_sse_t *sse, const u_char *p, const u_char *eol)
{
    size_t         len;
    const u_char  *colon;

    colon = dg_sse_find(p, eol, ':');
    len = colon - p;

    if (sse->field_len > DG_SSE_FIELD || len > DG_SSE_FIELD - sse->field_len) {
        sse->field_len = DG_SSE_FIELD + 1;

    } else {
        memcpy(sse->field + sse->field_len, p, len);
        sse->field_len += (unsigned) len;
    }

    if (colon == eol) {
        return eol;
    }

    sse->space = 1;
    dg_sse_known(sse);

    return colon + 1;
}


/* the name of the field is complete: what is done with its value? */

static void
dg_sse_known(dg_sse_t *sse)
{
    static const u_char  newline = '\n';

    if (sse->field_len == 4 && memcmp(sse->field, "data", 4) == 0) {

        if (sse->pending) {
            sse->data(sse->ctx, &newline, 1);
        }

        sse->pending = 1;
        sse->state = dg_sse_s_data;

    } else if (sse->field_len == 5 && memcmp(sse->field, "event", 5) == 0) {
        sse->name_len = 0;
        sse->state = dg_sse_s_name;

    } else {
        sse->state = dg_sse_s_skip;
    }
}


static void
dg_sse_line(dg_sse_t *sse)
{
    if (sse->state == dg_sse_s_field) {

        if (sse->field_len == 0) {
            dg_sse_event(sse);

        } else {
            dg_sse_known(sse);
        }
    }

    sse->state = dg_sse_s_field;
    sse->field_len = 0;
}


static void
dg_sse_event(dg_sse_t *sse)
{
    if (sse->pending) {
        sse->pending = 0;
        sse->events++;
        sse->event(sse->ctx, sse);
    }

    sse->name_len = 0;
}


static const u_char *
dg_sse_find(const u_char *p, const u_char *end, u_char c)
{
    const u_char  *found;

    found = memchr(p, c, end - p);

    return found == NULL ? end : found;
}
