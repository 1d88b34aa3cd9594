/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_record.h"

#include <stdio.h>


/* subjects keep seconds of Unix time in 32 bits */
#define DG_RECORD_TIME  4294967295.0


static void dg_record_value(void *ctx, const dg_json_event_t *ev);
static int dg_record_plain(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *ev);
static int dg_record_text(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *ev);
static void dg_record_error(const dg_record_t *r,
    char error[DG_RECORD_ERROR]);


int
dg_record_schema(dg_json_schema_t *schema, const dg_member_t *members,
    size_t n)
{
    size_t          i;
    dg_json_path_t  paths[DG_RECORD_MEMBERS];

    if (n > DG_RECORD_MEMBERS) {
        return DG_ERROR;
    }

    for (i = 0; i < n; i++) {
        paths[i].path = members[i].path;
        paths[i].field = (unsigned) i + 1;
    }

    return dg_json_schema(schema, paths, n, 0);
}


int
dg_record_read(dg_record_t *r, const dg_json_schema_t *schema,
    const dg_member_t *members, const u_char *line, size_t len,
    char error[DG_RECORD_ERROR])
{
    r->seen = 0;
    r->members = members;
    r->wrong = NULL;
    r->mistyped = 0;
    r->crowded = 0;
    r->line = line;
    r->last = line + len;
    r->used = 0;
    r->len = 0;

    dg_json_init(&r->json, schema, dg_record_value, r);
    dg_json_push(&r->json, line, len);
    dg_json_end(&r->json);

    if (r->wrong || r->json.malformed || r->json.deep || r->json.wide
        || r->json.duplicate || r->json.documents == 0)
    {
        dg_record_error(r, error);
        return DG_ERROR;
    }

    return DG_OK;
}


static void
dg_record_value(void *ctx, const dg_json_event_t *ev)
{
    dg_record_t *r = ctx;

    int                 rc;
    unsigned            type;
    const dg_member_t  *m;

    if (r->wrong) {
        return;
    }

    m = &r->members[ev->field - 1];
    type = dg_record_type(ev->type);

    if (m->plain & type) {
        rc = dg_record_plain(r, m, ev);

    } else if (m->types & type) {
        rc = ev->type == DG_JSON_STRING ? dg_record_text(r, m, ev)
                                        : m->take(r, m, ev);

    } else {
        rc = ev->type == DG_JSON_NULL ? DG_OK : DG_ERROR;
        r->mistyped = (rc != DG_OK);
    }

    if (rc != DG_OK) {
        r->wrong = m;

    } else if (ev->type != DG_JSON_NULL) {
        r->seen |= m->marks;
    }
}


/* nothing within it is in the table, so there is but one at a time */

static int
dg_record_plain(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *ev)
{
    dg_json_event_t  whole;

    if (ev->first) {
        r->begin = r->json.begin;
    }

    if (!ev->last) {
        return DG_OK;
    }

    whole = *ev;
    whole.first = 1;
    whole.data = r->begin;
    whole.len = r->json.end - r->begin;

    return m->take(r, m, &whole);
}


/* what does not stand in the line is gone after the call */

static int
dg_record_text(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *ev)
{
    u_char           *text;
    dg_json_event_t   whole;

    if (ev->first && ev->last
        && (ev->len == 0 || (ev->data >= r->line && ev->data < r->last)))
    {
        return m->take(r, m, ev);
    }

    text = r->text + r->used;

    if (ev->len > r->size - r->used - r->len) {
        r->crowded = 1;
        return DG_ERROR;
    }

    if (ev->len) {
        memcpy(text + r->len, ev->data, ev->len);
        r->len += ev->len;
    }

    if (!ev->last) {
        return DG_OK;
    }

    whole = *ev;
    whole.first = 1;
    whole.data = text;
    whole.len = r->len;

    r->used += r->len;
    r->len = 0;

    return m->take(r, m, &whole);
}


static void
dg_record_error(const dg_record_t *r, char error[DG_RECORD_ERROR])
{
    const char  *what;

    if (r->wrong) {
        what = r->crowded ? "is too long"
               : r->mistyped ? "is not of the type it should be"
               : "has a value that cannot be";

        snprintf(error, DG_RECORD_ERROR, "\"%s\" %s", r->wrong->path, what);
        return;
    }

    what = r->json.deep ? "is nested too deep"
           : r->json.malformed ? "is not JSON, or not all of it is there"
           : r->json.wide ? "has a number that is too long"
           : r->json.duplicate ? "has a member twice"
           : "is empty";

    snprintf(error, DG_RECORD_ERROR, "the line %s", what);
}


int
dg_member_u64(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value)
{
    uint64_t  n;

    if (value->integer < 0) {
        return DG_ERROR;
    }

    n = (uint64_t) value->integer;
    memcpy((u_char *) r->out + m->data, &n, sizeof(n));

    return DG_OK;
}


int
dg_member_u32(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value)
{
    uint32_t  n;

    if (value->integer < 0 || value->integer > UINT32_MAX) {
        return DG_ERROR;
    }

    n = (uint32_t) value->integer;
    memcpy((u_char *) r->out + m->data, &n, sizeof(n));

    return DG_OK;
}


int
dg_member_time(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value)
{
    uint64_t  ms;

    if (!(value->number >= 0 && value->number < DG_RECORD_TIME)) {
        return DG_ERROR;
    }

    ms = (uint64_t) (value->number * 1000 + 0.5);
    memcpy((u_char *) r->out + m->data, &ms, sizeof(ms));

    return DG_OK;
}


int
dg_member_str(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value)
{
    dg_str_t  s;

    s.data = value->data;
    s.len = value->len;
    memcpy((u_char *) r->out + m->data, &s, sizeof(s));

    return DG_OK;
}
