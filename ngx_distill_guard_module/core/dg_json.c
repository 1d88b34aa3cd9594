/*
 * Copyright (C) 2026 Distill Guard
 *
 * The grammar, and what of it is reported.
 *
 * What no path asks for is read by the same code with the node DG_JSON_NONE.
 */


#include "dg_json_state.h"
#include "dg_number.h"


/* in json->stack[] beside the node: the container is an object */
#define DG_JSON_IS_OBJECT  0x8000


static const u_char *dg_json_structure(dg_json_t *json, const u_char *p,
    const u_char *end);
static const u_char *dg_json_token(dg_json_t *json, const u_char *p,
    const u_char *end);
static const u_char *dg_json_value(dg_json_t *json, const u_char *p,
    const u_char *end);
static const u_char *dg_json_literal(dg_json_t *json, const u_char *p,
    const u_char *end);
static const u_char *dg_json_number(dg_json_t *json, const u_char *p,
    const u_char *end);
static void dg_json_number_value(dg_json_t *json, const u_char *p,
    size_t len);
static void dg_json_keep(dg_json_t *json, const u_char *p, size_t len);
static void dg_json_member(dg_json_t *json, const u_char *name, size_t len);
static const u_char *dg_json_open(dg_json_t *json, const u_char *p,
    unsigned object);
static const u_char *dg_json_close(dg_json_t *json, const u_char *p,
    unsigned object);
static void dg_json_ended(dg_json_t *json);
static void dg_json_report(dg_json_t *json, unsigned node,
    dg_json_type_t type, unsigned first, unsigned last);
static const u_char *dg_json_stop(dg_json_t *json, const u_char *p);


/* classes of the characters of numbers; 0 is any other */

static const uint8_t  dg_json_number_class[256] = {
    ['0'] = 1,
    ['1'] = 2, ['2'] = 2, ['3'] = 2, ['4'] = 2, ['5'] = 2, ['6'] = 2,
    ['7'] = 2, ['8'] = 2, ['9'] = 2,
    ['-'] = 3, ['+'] = 4, ['.'] = 5, ['e'] = 6, ['E'] = 6
};


#define MINUS  dg_json_s_minus
#define ZERO   dg_json_s_zero
#define INT    dg_json_s_int
#define POINT  dg_json_s_point
#define FRAC   dg_json_s_fraction
#define E      dg_json_s_e
#define SIGN   dg_json_s_e_sign
#define EXP    dg_json_s_exponent
#define END    dg_json_s_number_end

/* the state that follows, by state and class; 0 is bad JSON */

static const uint8_t  dg_json_number_next[][7] = {
             /* other   0      1-9    -      +      .      e  */
    /* number */ { 0,   ZERO,  INT,   MINUS, 0,     0,     0 },
    /* minus  */ { 0,   ZERO,  INT,   0,     0,     0,     0 },
    /* zero   */ { END, 0,     0,     0,     0,     POINT, E },
    /* int    */ { END, INT,   INT,   0,     0,     POINT, E },
    /* point  */ { 0,   FRAC,  FRAC,  0,     0,     0,     0 },
    /* frac   */ { END, FRAC,  FRAC,  0,     0,     0,     E },
    /* e      */ { 0,   EXP,   EXP,   SIGN,  SIGN,  0,     0 },
    /* sign   */ { 0,   EXP,   EXP,   0,     0,     0,     0 },
    /* exp    */ { END, EXP,   EXP,   0,     0,     0,     0 }
};

#undef MINUS
#undef ZERO
#undef INT
#undef POINT
#undef FRAC
#undef E
#undef SIGN
#undef EXP
#undef END


void
dg_json_init(dg_json_t *json, const dg_json_schema_t *schema,
    dg_json_handler_pt handler, void *ctx)
{
    json->schema = schema;
    json->handler = handler;
    json->ctx = ctx;

    json->malformed = 0;
    json->deep = 0;
    json->wide = 0;
    json->duplicate = 0;
    json->surrogate = 0;
    json->documents = 0;

    dg_json_next(json);
}


void
dg_json_next(dg_json_t *json)
{
    json->state = dg_json_s_start;
    json->depth = 0;
    json->base = 0;
    json->node = DG_JSON_ROOT;
    json->naming = 0;
    json->high = 0;
}


void
dg_json_push(dg_json_t *json, const u_char *p, size_t len)
{
    const u_char  *end;

    if (len == 0) {
        return;
    }

    end = p + len;

    while (p < end) {

        switch (json->state) {

        case dg_json_s_text:
        case dg_json_s_escape:
        case dg_json_s_hex:
            p = dg_json_string(json, p, end);
            break;

        case dg_json_s_literal:
            p = dg_json_literal(json, p, end);
            break;

        case dg_json_s_number:
        case dg_json_s_minus:
        case dg_json_s_zero:
        case dg_json_s_int:
        case dg_json_s_point:
        case dg_json_s_fraction:
        case dg_json_s_e:
        case dg_json_s_e_sign:
        case dg_json_s_exponent:
            p = dg_json_number(json, p, end);
            break;

        case dg_json_s_stop:
            return;

        case dg_json_s_resync:
            p = memchr(p, '\n', end - p);

            if (p == NULL) {
                return;
            }

            p++;
            dg_json_next(json);
            break;

        default:
            p = dg_json_structure(json, p, end);
        }
    }
}


void
dg_json_end(dg_json_t *json)
{
    static const u_char  space = ' ';

    /* only a number does not say itself where it ends */

    if (json->state > dg_json_s_number
        && json->state < dg_json_s_number_end)
    {
        dg_json_push(json, &space, 1);
    }

    if (json->state == dg_json_s_start || json->state == dg_json_s_done) {
        json->state = dg_json_s_done;
        return;
    }

    if (json->state != dg_json_s_stop && json->state != dg_json_s_resync) {
        json->malformed = 1;
    }

    json->state = dg_json_s_stop;
}


/* up to where input was cut within a string, a number or a literal */

static const u_char *
dg_json_structure(dg_json_t *json, const u_char *p, const u_char *end)
{
    do {
        while (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t') {
            if (++p == end) {
                return p;
            }
        }

        p = dg_json_token(json, p, end);

    } while (p < end && json->state < dg_json_s_text);

    return p;
}


static const u_char *
dg_json_token(dg_json_t *json, const u_char *p, const u_char *end)
{
    unsigned  top;

    switch (json->state) {

    case dg_json_s_first_item:

        if (*p == ']') {
            return dg_json_close(json, p, 0);
        }

        return dg_json_value(json, p, end);

    case dg_json_s_start:
    case dg_json_s_value:

        return dg_json_value(json, p, end);

    case dg_json_s_first_name:

        if (*p == '}') {
            return dg_json_close(json, p, DG_JSON_IS_OBJECT);
        }

        /* fall through */

    case dg_json_s_name:

        if (*p != '"') {
            return dg_json_bad(json, p);
        }

        json->naming = 1;
        json->len = 0;

        return dg_json_string_begin(json, p + 1, end);

    case dg_json_s_colon:

        if (*p != ':') {
            return dg_json_bad(json, p);
        }

        json->state = dg_json_s_value;

        return p + 1;

    case dg_json_s_after:

        if (*p == ']') {
            return dg_json_close(json, p, 0);
        }

        if (*p == '}') {
            return dg_json_close(json, p, DG_JSON_IS_OBJECT);
        }

        if (*p != ',') {
            return dg_json_bad(json, p);
        }

        top = json->stack[json->depth - 1];

        if (top & DG_JSON_IS_OBJECT) {
            json->state = dg_json_s_name;

        } else {
            json->node = json->schema->nodes[top].item;
            json->state = dg_json_s_value;
        }

        return p + 1;

    default: /* dg_json_s_done */

        return dg_json_bad(json, p);
    }
}


static const u_char *
dg_json_value(dg_json_t *json, const u_char *p, const u_char *end)
{
    json->begin = p;

    switch (*p) {

    case '"':
        json->first = 1;
        return dg_json_string_begin(json, p + 1, end);

    case '{':
        return dg_json_open(json, p, DG_JSON_IS_OBJECT);

    case '[':
        return dg_json_open(json, p, 0);

    case 't':
        json->literal = "true";
        json->type = DG_JSON_TRUE;
        json->state = dg_json_s_literal;
        return dg_json_literal(json, p, end);

    case 'f':
        json->literal = "false";
        json->type = DG_JSON_FALSE;
        json->state = dg_json_s_literal;
        return dg_json_literal(json, p, end);

    case 'n':
        json->literal = "null";
        json->type = DG_JSON_NULL;
        json->state = dg_json_s_literal;
        return dg_json_literal(json, p, end);

    default:

        /* a number, or nothing that a number may begin with */

        json->len = 0;
        json->state = dg_json_s_number;
        return dg_json_number(json, p, end);
    }
}


static const u_char *
dg_json_literal(dg_json_t *json, const u_char *p, const u_char *end)
{
    while (p < end) {

        if (*p != (u_char) *json->literal) {
            return dg_json_bad(json, p);
        }

        p++;
        json->literal++;

        if (*json->literal == '\0') {
            json->end = p;
            dg_json_report(json, json->node, json->type, 1, 1);
            dg_json_ended(json);
            break;
        }
    }

    return p;
}


static const u_char *
dg_json_number(dg_json_t *json, const u_char *p, const u_char *end)
{
    unsigned       state;
    const u_char  *start;

    start = p;
    state = json->state;

    do {
        state = dg_json_number_next[state - dg_json_s_number]
                                   [dg_json_number_class[*p]];

        if (state == 0) {
            return dg_json_bad(json, p);
        }

        if (state == dg_json_s_number_end) {
            json->end = p;
            dg_json_number_value(json, start, p - start);
            dg_json_ended(json);
            return p;
        }

    } while (++p < end);

    json->state = state;

    if (json->schema->nodes[json->node].field) {
        dg_json_keep(json, start, p - start);
    }

    return p;
}


/* the last piece of a number, after those that were kept */

static void
dg_json_number_value(dg_json_t *json, const u_char *p, size_t len)
{
    dg_json_event_t  ev;

    ev.field = json->schema->nodes[json->node].field;

    if (ev.field == 0) {
        return;
    }

    if (json->len) {
        dg_json_keep(json, p, len);
        p = json->text;
        len = json->len;
    }

    if (len <= DG_JSON_NUMBER) {
        dg_number_read(p, len, &ev.number, &ev.integer);

    } else {
        json->wide = 1;
        ev.number = 0;
        ev.integer = 0;
    }

    ev.type = DG_JSON_NUMBER_VALUE;
    ev.first = 1;
    ev.last = 1;
    ev.data = NULL;
    ev.len = 0;

    json->handler(json->ctx, &ev);
}


/* a decoded piece of a name or a value, and its end if last is set */

void
dg_json_text(dg_json_t *json, const u_char *p, size_t len, unsigned last)
{
    dg_json_event_t  ev;

    if (json->naming) {

        if (last && json->len == 0) {
            dg_json_member(json, p, len);
            return;
        }

        dg_json_keep(json, p, len);

        if (last) {
            dg_json_member(json, json->text, json->len);
        }

        return;
    }

    ev.field = json->schema->nodes[json->node].field;

    if (ev.field) {
        ev.type = DG_JSON_STRING;
        ev.first = json->first;
        ev.last = last;
        ev.data = p;
        ev.len = len;
        ev.number = 0;
        ev.integer = 0;

        json->first = 0;
        json->handler(json->ctx, &ev);
    }

    if (last) {
        dg_json_ended(json);
    }
}


static void
dg_json_keep(dg_json_t *json, const u_char *p, size_t len)
{
    if (json->len > DG_JSON_NAME || len > DG_JSON_NAME - json->len) {
        json->len = DG_JSON_NAME + 1;
        return;
    }

    memcpy(json->text + json->len, p, len);
    json->len += (unsigned) len;
}


static void
dg_json_member(dg_json_t *json, const u_char *name, size_t len)
{
    unsigned               parent;
    uint64_t               bit, *seen;
    const dg_json_node_t  *node;

    parent = json->stack[json->depth - 1] & ~DG_JSON_IS_OBJECT;

    json->node = dg_json_schema_member(json->schema, parent, name, len);
    json->naming = 0;
    json->state = dg_json_s_colon;

    node = &json->schema->nodes[json->node];

    if (node->len) {
        seen = &json->seen[json->depth - 1];
        bit = (uint64_t) 1 << node->order;

        if (*seen & bit) {
            json->duplicate = 1;
        }

        *seen |= bit;
    }
}


static const u_char *
dg_json_open(dg_json_t *json, const u_char *p, unsigned object)
{
    unsigned                 node;
    const dg_json_schema_t  *schema;

    if (json->depth == DG_JSON_DEPTH) {
        json->deep = 1;
        return dg_json_stop(json, p);
    }

    schema = json->schema;
    node = json->node;

    if (json->depth == 0 && !object && (schema->flags & DG_JSON_ROOT_ITEMS)) {
        node = DG_JSON_ITEMS;
        json->base = 1;
    }

    json->stack[json->depth] = (uint16_t) (node | object);
    json->seen[json->depth] = 0;
    json->depth++;

    dg_json_report(json, node, object ? DG_JSON_OBJECT : DG_JSON_ARRAY, 1, 0);

    if (object) {
        json->state = dg_json_s_first_name;

    } else {
        json->node = schema->nodes[node].item;
        json->state = dg_json_s_first_item;
    }

    return p + 1;
}


static const u_char *
dg_json_close(dg_json_t *json, const u_char *p, unsigned object)
{
    unsigned  top;

    top = json->stack[json->depth - 1];

    if ((top & DG_JSON_IS_OBJECT) != object) {
        return dg_json_bad(json, p);
    }

    json->depth--;
    json->end = p + 1;

    dg_json_report(json, top & ~DG_JSON_IS_OBJECT,
                   object ? DG_JSON_OBJECT : DG_JSON_ARRAY, 0, 1);

    dg_json_ended(json);

    return p + 1;
}


static void
dg_json_ended(dg_json_t *json)
{
    if (json->depth == json->base) {
        json->documents++;
    }

    if (json->depth == 0) {
        json->base = 0;
        json->node = DG_JSON_ROOT;
        json->state = (json->schema->flags & DG_JSON_SEQUENCE)
                      ? dg_json_s_start : dg_json_s_done;
        return;
    }

    json->state = dg_json_s_after;
}


/* everything but strings and numbers */

static void
dg_json_report(dg_json_t *json, unsigned node, dg_json_type_t type,
    unsigned first, unsigned last)
{
    dg_json_event_t  ev;

    ev.field = json->schema->nodes[node].field;

    if (ev.field == 0) {
        return;
    }

    ev.type = type;
    ev.first = first;
    ev.last = last;
    ev.data = NULL;
    ev.len = 0;
    ev.number = 0;
    ev.integer = 0;

    json->handler(json->ctx, &ev);
}


const u_char *
dg_json_bad(dg_json_t *json, const u_char *p)
{
    json->malformed = 1;

    return dg_json_stop(json, p);
}


static const u_char *
dg_json_stop(dg_json_t *json, const u_char *p)
{
    json->state = (json->schema->flags & DG_JSON_SEQUENCE)
                  ? dg_json_s_resync : dg_json_s_stop;

    return p;
}
