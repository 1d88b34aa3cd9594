/*
 * Copyright (C) 2026 Distill Guard
 *
 * JSON that the guard writes, as whoever asked reads it.
 */


#ifndef _WHY_KIT_H_INCLUDED_
#define _WHY_KIT_H_INCLUDED_


#include "dg_json.h"
#include "dg_hash.h"
#include "dg_ruling.h"
#include "dg_test.h"


static inline void
why_nothing(void *ctx, const dg_json_event_t *ev)
{
    (void) ctx;
    (void) ev;
}


/* is it one value, and nothing else? */

static inline int
why_json(const u_char *p, const u_char *end)
{
    dg_json_t                json;
    static dg_json_schema_t  schema;

    if (dg_json_schema(&schema, NULL, 0, 0) != DG_OK) {
        abort();
    }

    dg_json_init(&json, &schema, why_nothing, NULL);
    dg_json_push(&json, p, (size_t) (end - p));
    dg_json_end(&json);

    return json.documents == 1 && !json.malformed && !json.deep;
}


/* does it say that?  The caller has ended it with a zero */

static inline int
why_says(const u_char *json, const char *what)
{
    return strstr((const char *) json, what) != NULL;
}


static inline unsigned
why_times(const u_char *json, const char *what)
{
    unsigned     n;
    const char  *p;

    n = 0;

    for (p = (const char *) json; (p = strstr(p, what)) != NULL; p++) {
        n++;
    }

    return n;
}


/* the number behind the first of a name; -1: there is none */

static inline double
why_number(const u_char *json, const char *name)
{
    char         member[64];
    const char  *p;

    snprintf(member, sizeof(member), "\"%s\":", name);
    p = strstr((const char *) json, member);

    return p ? strtod(p + strlen(member), NULL) : -1;
}


/* an operator decides */

static inline void
why_rule(dg_store_t *st, dg_ruling_id_t id, unsigned kind,
    const dg_id_t *subject, uint64_t now_ms)
{
    dg_ruling_t  r;

    memset(&r, 0, sizeof(dg_ruling_t));

    r.id = (uint8_t) id;
    r.time = now_ms;
    r.author_len = 5;
    memcpy(r.author, "alice", 5);
    r.reason_len = 9;
    memcpy(r.reason, "a \"rival\"", 9);

    (void) dg_store_rule(st, kind, subject, &r, 0, now_ms / 1000);
}


#endif /* _WHY_KIT_H_INCLUDED_ */
