/*
 * Copyright (C) 2026 Distill Guard
 *
 * Phrases of prompts by which training data are made: they ask the model to
 * show how it reasons, to grade answers by a rubric, or to make up tasks.
 * Honest people use them too, so one alone says little.
 *
 * The text comes normalised, as dg_text.h says.  What a phrase ends with is
 * left open, so that other forms of its last word are found as well.
 */


#ifndef _DG_LEXICON_H_INCLUDED_
#define _DG_LEXICON_H_INCLUDED_


#include "dg_core.h"


#define DG_LEXICON_LEAST    15   /* bytes of a phrase */
#define DG_LEXICON_LONGEST  64
#define DG_LEXICON_BUFFER   512


/* the last of a text */

typedef struct {
    unsigned       len;
    unsigned       at;           /* of the next word to be looked up */
    unsigned       found;
    u_char         buf[DG_LEXICON_BUFFER];
} dg_lexicon_t;


void dg_lexicon_init(dg_lexicon_t *lexicon);
void dg_lexicon_push(dg_lexicon_t *lexicon, const u_char *p, size_t len);

/* whether the text has any of the phrases */
unsigned dg_lexicon_end(dg_lexicon_t *lexicon);

/* the n-th phrase as it is looked for; NULL: there are no more */
const dg_str_t *dg_lexicon_phrase(unsigned n);


#endif /* _DG_LEXICON_H_INCLUDED_ */
