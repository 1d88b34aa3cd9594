/*
 * Copyright (C) 2026 Distill Guard
 *
 * Writes down what the JSON reader reports, so that two readings can be
 * compared and a table can say what is expected:
 *
 *     1<gpt>      field 1, a string; "<" and ">" are its first and last
 *     2{ 2}       an object opened and closed; 2[ 2] an array
 *     3=5/5.5     a number, as integer and as it is
 *     4=true      a literal
 *
 * and at the end the findings and the number of documents: "malformed #0".
 */


#ifndef _DG_JSON_LOG_H_INCLUDED_
#define _DG_JSON_LOG_H_INCLUDED_


#include "dg_json.h"
#include "dg_test.h"


typedef struct {
    char    *text;
    size_t   len;
    size_t   size;
} json_log_t;


static void
json_log_add(json_log_t *log, const void *p, size_t len)
{
    while (log->len + len + 1 > log->size) {
        log->size = log->size * 2 + 1024;
        log->text = realloc(log->text, log->size);

        if (log->text == NULL) {
            abort();
        }
    }

    if (len) {
        memcpy(log->text + log->len, p, len);
    }

    log->len += len;
    log->text[log->len] = '\0';
}


static void
json_log_event(void *ctx, const dg_json_event_t *ev)
{
    char         buf[128];
    const char  *what;
    json_log_t  *log;

    log = ctx;
    what = "";

    switch (ev->type) {

    case DG_JSON_STRING:

        if (ev->first) {
            json_log_add(log, buf, snprintf(buf, sizeof(buf), "%u<",
                                            ev->field));
        }

        json_log_add(log, ev->data, ev->len);

        if (ev->last) {
            json_log_add(log, "> ", 2);
        }

        if (ev->len == 0 && !ev->last) {
            json_log_add(log, "(an empty piece)", 16);
        }

        return;

    case DG_JSON_NUMBER_VALUE:
        json_log_add(log, buf, snprintf(buf, sizeof(buf), "%u=%lld/%.15g ",
                                        ev->field, (long long) ev->integer,
                                        ev->number));
        return;

    case DG_JSON_OBJECT:
        what = ev->first ? "{" : "}";
        break;

    case DG_JSON_ARRAY:
        what = ev->first ? "[" : "]";
        break;

    case DG_JSON_TRUE:
        what = "=true";
        break;

    case DG_JSON_FALSE:
        what = "=false";
        break;

    case DG_JSON_NULL:
        what = "=null";
        break;
    }

    json_log_add(log, buf, snprintf(buf, sizeof(buf), "%u%s ", ev->field,
                                    what));
}


static void
json_log_findings(json_log_t *log, const dg_json_t *json)
{
    char  buf[128];

    json_log_add(log, buf, snprintf(buf, sizeof(buf), "%s%s%s%s%s#%u",
                                    json->malformed ? "malformed " : "",
                                    json->deep ? "deep " : "",
                                    json->wide ? "wide " : "",
                                    json->duplicate ? "duplicate " : "",
                                    json->surrogate ? "surrogate " : "",
                                    json->documents));
}


/*
 * Reads in pieces of step bytes, the first of them of "first" bytes.  Each
 * piece is a block of its own, so that a sanitizer sees one byte too many.
 */

static void
json_log_read(json_log_t *log, const dg_json_schema_t *schema,
    const void *data, size_t len, size_t first, size_t step)
{
    size_t         n;
    u_char        *piece;
    dg_json_t      json;
    const u_char  *p;

    log->len = 0;
    p = data;

    dg_json_init(&json, schema, json_log_event, log);

    for (n = first; len; n = step) {
        n = dg_min(n, len);

        piece = malloc(n + 1);

        if (piece == NULL) {
            abort();
        }

        memcpy(piece + 1, p, n);
        dg_json_push(&json, piece + 1, n);
        free(piece);

        p += n;
        len -= n;
    }

    dg_json_end(&json);

    json_log_findings(log, &json);
}


#endif /* _DG_JSON_LOG_H_INCLUDED_ */
