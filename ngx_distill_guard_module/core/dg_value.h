/*
 * Copyright (C) 2026 Distill Guard
 *
 * What both readers do with a string of which they keep no more than they
 * need: a short word, or the hash of an id.
 */


#ifndef _DG_VALUE_H_INCLUDED_
#define _DG_VALUE_H_INCLUDED_


#include "dg_core.h"
#include "dg_facts.h"
#include "dg_hash.h"
#include "dg_json.h"


#define DG_SCALAR_BYTES  4       /* of text that a number is taken for */


/* the beginning of a string; what is longer is cut */

typedef struct {
    unsigned       len;
    u_char         data[DG_MODEL];
} dg_term_t;


/* what a word stands for, by the words themselves or how they end */

typedef struct {
    dg_str_t       text;
    unsigned       value;
} dg_term_value_t;


/* returns 1 when the string has ended */
int dg_term_push(dg_term_t *term, const dg_json_event_t *ev);

/* the value of a word, or other; a text that begins with "*" is an ending */
unsigned dg_term_value(const dg_term_t *term, const dg_term_value_t *values,
    size_t n, unsigned other);

/* writes at most size bytes; returns their number */
unsigned dg_term_copy(const dg_term_t *term, u_char *p, unsigned size);


/*
 * Ids are bytes as they came, but base64 and its variant for URLs are one
 * spelling: clients change one into the other.
 */
void dg_value_hash(dg_hash_t *hash, const u_char *p, size_t len);

/* an id that is one string: adds it when the string has ended */
void dg_value_id(dg_hash_t *hash, const dg_hash_key_t *key, dg_ids_t *ids,
    const dg_json_event_t *ev);

/* adds what was hashed, if it was anything and is not among them */
void dg_value_id_add(dg_ids_t *ids, dg_hash_t *hash);


#endif /* _DG_VALUE_H_INCLUDED_ */
