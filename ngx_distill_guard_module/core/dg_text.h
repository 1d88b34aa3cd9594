/*
 * Copyright (C) 2026 Distill Guard
 *
 * Normalised text on its way into a keyed hash: ASCII letters lower-cased,
 * digits to "0", runs of white space to one space and none at the ends,
 * zero-width characters (U+200B to U+200D, U+2060, U+FEFF) left out.  Two
 * texts that differ in nothing else have the same id.  Text may be cut
 * anywhere, within a UTF-8 sequence too.
 */


#ifndef _DG_TEXT_H_INCLUDED_
#define _DG_TEXT_H_INCLUDED_


#include "dg_core.h"
#include "dg_hash.h"
#include "dg_lexicon.h"


#define DG_TEXT_BUFFER  256


typedef struct {
    dg_hash_t      hash;
    dg_lexicon_t  *lexicon;      /* sees what is hashed; NULL: none */
    uint64_t       bytes;        /* of the text as it came */
    unsigned       invisible;    /* zero-width characters between two ASCII
                                    letters: relays put them there */

    /* private: see dg_text.c */
    unsigned       zero;         /* zero-width characters behind a letter */
    unsigned       len;          /* of buf[] */
    unsigned       gap:1;        /* the last byte is a separator, or none is */
    unsigned       some:1;       /* something is in the hash */
    unsigned       nheld:2;
    u_char         held[2];      /* what may begin a zero-width character */
    u_char         buf[DG_TEXT_BUFFER];
} dg_text_t;


void dg_text_init(dg_text_t *text, const dg_hash_key_t *key,
    dg_hash_domain_t domain);
void dg_text_push(dg_text_t *text, const u_char *p, size_t len);

/* before the first push; the lexicon has been initialised by the caller */
void dg_text_watch(dg_text_t *text, dg_lexicon_t *lexicon);

/*
 * Parts of one message (multi-part content) are separated by a break, so
 * that "a" + "bc" is not "ab" + "c".  A break at either end changes nothing.
 */
void dg_text_break(dg_text_t *text);

/* the "none" id if no text came, or nothing but what is left out */
dg_id_t dg_text_final(dg_text_t *text);


#endif /* _DG_TEXT_H_INCLUDED_ */
