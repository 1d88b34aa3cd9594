/*
 * Copyright (C) 2026 Distill Guard
 *
 * What the parts of the JSON reader share: dg_json.c, which knows the grammar,
 * and dg_json_string.c, which decodes strings.
 *
 * There is one state per place in the grammar where input may be cut.  Each
 * reading function takes what it can from p, which is before end, and returns
 * where it stopped; json->state says what comes there.
 */


#ifndef _DG_JSON_STATE_H_INCLUDED_
#define _DG_JSON_STATE_H_INCLUDED_


#include "dg_json.h"


enum {
    dg_json_s_start = 0,         /* a value, or the end of input */
    dg_json_s_value,
    dg_json_s_first_item,        /* a value or "]" */
    dg_json_s_first_name,        /* a name or "}" */
    dg_json_s_name,
    dg_json_s_colon,
    dg_json_s_after,             /* "," or the end of the container */
    dg_json_s_done,              /* nothing but space */

    dg_json_s_text,              /* within a string; all before: outside */
    dg_json_s_escape,            /* behind a backslash */
    dg_json_s_hex,               /* behind \u */

    dg_json_s_literal,

    dg_json_s_number,            /* in the order of dg_json_number_next[] */
    dg_json_s_minus,
    dg_json_s_zero,
    dg_json_s_int,
    dg_json_s_point,
    dg_json_s_fraction,
    dg_json_s_e,
    dg_json_s_e_sign,
    dg_json_s_exponent,
    dg_json_s_number_end,

    dg_json_s_stop,              /* nothing is read any more */
    dg_json_s_resync             /* nothing is read up to a newline */
};


/* from behind the opening quote on, where the input may have been cut */
const u_char *dg_json_string_begin(dg_json_t *json, const u_char *p,
    const u_char *end);

/* reads on while the state is one within a string */
const u_char *dg_json_string(dg_json_t *json, const u_char *p,
    const u_char *end);

/*
 * Of a string that ends before end and has no escapes but of one letter:
 * returns where its closing quote is, and its decoded length; else NULL.
 */
const u_char *dg_json_inside(const u_char *p, const u_char *end,
    uint64_t *len);

/* takes a decoded piece of a name or a value, and its end if last is set */
void dg_json_text(dg_json_t *json, const u_char *p, size_t len,
    unsigned last);

/* stops reading at p, or up to the next newline */
const u_char *dg_json_bad(dg_json_t *json, const u_char *p);


#endif /* _DG_JSON_STATE_H_INCLUDED_ */
